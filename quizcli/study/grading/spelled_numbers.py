"""Numbers in words: eight, twenty-four, a third, fifth, 十二, 三百六十五万, 三分之一, 千分之一."""

from __future__ import annotations

import re
from collections.abc import Sequence

_SMALL = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
)  # fmt: skip
_TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
_DIGITS = (
    {word: value for value, word in enumerate(_SMALL)}
    | {word: 10 * tens for tens, word in enumerate(_TENS, start=2)}
    | {sign: value for value, sign in enumerate("零一二三四五六七八九")}
    | {"〇": 0, "两": 2}
)
_SCALES = {"hundred": 100, "thousand": 1000, "million": 10**6, "billion": 10**9}
_SCALES |= {"十": 10, "百": 100, "千": 1000, "万": 10**4, "亿": 10**8}


_PARTS = {"half": 2, "halves": 2, "third": 3, "quarter": 4, "fourth": 4, "fifth": 5, "sixth": 6, "eighth": 8}
_PARTS |= {"tenth": 10, "hundredth": 100, "thousandth": 1000}
_ORDINALS = {f"{word}th": value for word, value in _DIGITS.items() if word.isascii() and value < 20}
_ORDINALS |= {"first": 1, "second": 2, "third": 3, "fifth": 5, "eighth": 8, "ninth": 9, "twelfth": 12}
_ORDINALS |= {"twentieth": 20}
_PLACE = re.compile(rf"^(?:the\s+)?({'|'.join(_ORDINALS)})\b")
_ANY_PLACE = re.compile(rf"\b(?:the\s+)?({'|'.join(_ORDINALS)})\b(?:\s+one\b)?")
_POINT = re.compile(r"(.*?)(?:点|\bpoint\s)(.+)")  # 零点二五, zero point two five, point five
_PART = re.compile(rf"(?:(.+?)[\s-]+)?({'|'.join(_PARTS)})s?")


def read_spelt(text: str) -> float:
    """The value of a number written in words alone, English or Chinese. ValueError for anything else."""
    plain = text.strip().casefold()
    below, divided, above = plain.partition("分之")  # 三分之二 is 2/3
    if divided:
        if not (parts := _SCALES[below] if below in ("百", "千", "万", "亿") else _whole(below)):
            raise ValueError("no number in words")
        return (_SCALES.get(above) or _whole(above)) / parts  # 百分之百 is all of it
    if point := _POINT.fullmatch(plain):
        digits = point[2].split() if point[2].isascii() else list(point[2])
        if any(_DIGITS.get(digit, 10) > 9 for digit in digits):
            raise ValueError("no number in words")
        whole = _whole(point[1].strip()) if point[1] else 0
        return float(f"{whole}.{''.join(str(_DIGITS[digit]) for digit in digits)}")
    more, also, rest = plain.rpartition(" and ")
    if also and _PART.fullmatch(rest):  # eight and a half
        return _whole(more) + read_spelt(rest)
    part = _PART.fullmatch(plain)
    if part and (part[1] or part[2] == plain):  # "fifth" alone is the place where a question asks for one
        return (1 if part[1] in (None, "a") else _whole(part[1])) / _PARTS[part[2]]
    return _whole(plain)


def with_place(text: str) -> str:
    """The text with a place in figures: "weights of the fifth epoch" is "weights of 5 epoch"."""
    return _ANY_PLACE.sub(lambda place: str(_ORDINALS[place[1]]), text)


def is_spelt(word: str) -> bool:
    """Whether it is the word of a number: two, 两."""
    try:
        read_spelt(word)
    except ValueError:
        return False
    return True


def is_place(text: str) -> bool:
    """Whether the words name a place, and nothing else: the fifth."""
    return _PLACE.fullmatch(text) is not None


def _whole(text: str) -> int:
    plain = re.sub(r"^a(?=\s+(?:hundred|thousand|million)\b)", "one", text)
    if not re.fullmatch(r"[^\W\d_]+(?:(?:\s+and\s+|[\s-]+)[^\W\d_]+)*", plain):
        raise ValueError("no number in words")
    return _value(re.findall("[a-z]+", plain.replace(" and ", " ")) if plain.isascii() else list(plain))


def _value(words: Sequence[str]) -> int:
    """What stands before the largest scale, times it, and what stands after it: 三百 万 · 二十."""
    places = [place for place, word in enumerate(words) if word in _SCALES]
    if not places:
        return _below_hundred(words)
    place = max(places, key=lambda each: _SCALES[words[each]])
    scale = _SCALES[words[place]]
    before, after = words[:place], words[place + 1 :]
    times = _value(before) if before or words[place] != "十" else 1
    skips = len(after) > 1 and after[0] in "零〇"  # 一百零二; 一百二 is 120 to some and 102 to others
    rest = _value(after[skips:]) if after else 0
    if not times or rest >= scale or (0 < rest < 10 < scale and not skips and words[place] in "百千万亿"):
        raise ValueError("no number in words")
    return times * scale + rest


def _below_hundred(words: Sequence[str]) -> int:
    match [_DIGITS.get(word) for word in words]:
        case [int(value)]:
            return value
        case [int(tens), int(value)] if tens >= 20 and 0 < value < 10:
            return tens + value
    raise ValueError("no number in words")
