"""A number as people answer with it: in its unit or another, in words, about so much, k or 万 behind it."""

from __future__ import annotations

import math
import re

from msgspec import Struct

from quizcli.errors import ExitStatus, QuizError
from quizcli.study.grading import question_words
from quizcli.study.grading.number_parser import LONGEST, narrow, read_number, readings
from quizcli.study.grading.phrases import calculation, from_latex
from quizcli.study.grading.spelled_numbers import read_spelt
from quizcli.study.grading.units import (
    FIGURES,
    MAGNITUDE,
    MAGNITUDES,
    MEASURES,
    bytes_behind,
    in_bytes,
    in_nats,
    is_in_bits,
    is_magnitude,
    is_size,
    is_unit,
    names,
)
from quizcli.study.grading.words_around import bare_number, conclusion, named_apart, without_about
from quizcli.text import Text, tr


class Quantity(Struct, frozen=True):
    """What was typed, in the question's unit; `bare` where no unit stood behind it.

    `square`: a picture's two equal sides were typed, 13 × 13, and the value is their product.
    """

    value: float
    bare: bool
    square: bool = False


_TIMES = re.compile(
    r"(?<=[\w)%.])\s*(?:[x×]|times?|-?fold|倍)(?:\s+(?:as (?:large|big|much|many|strong|high)|the size"
    r"|(bigger|larger|greater|higher|stronger|more)|(smaller|less|fewer|lower|weaker)))?$"
)
_IN_PROPORTION = re.compile(r"^([\d.,]+)\s*[:：]\s*([\d.,]+)$")  # 99:1
_OUT_OF = re.compile(r"^([\d.,]+)\s*(out of|in|of)\s*([\d.,]+)$")
_FOR_EACH = re.compile(r"\s*(?:/|\b(?:per|for each|for every|each|every)\b)\s*([a-z]*)$")
_FOR_EACH_ZH = re.compile(r"^每(?:个|一)?([\u4e00-\u9fff]*)\s*([a-z]*)\s*")
_PER_CENT = re.compile(r"\s*(?:per ?cent|pct)$")
_OF_PARTS = re.compile(r"^([百千万])分之\s*(.+)$")
_PARTS = {"百": "%", "千": "‰", "万": "‱"}
_PART_OF = {"%": 100, "‰": 1000, "‱": 10_000}
_COUNTED = re.compile(rf"(?<=[\d{FIGURES}])\s*([个{MEASURES}])$")
_RANGE = re.compile(
    r"^([\d.,]+)\s*(%|[a-z]{1,12}|[\u4e00-\u9fff]{0,4})?\s*(?:[-–—~～]|to|至|到)\s*([\d.,]+)\s*(\D*)$"
)
_BEFORE_DIGITS = re.compile(r"^[a-z\u4e00-\u9fff ]+(?=\d)")  # epochs 27-30
_WORD = re.compile(rf"(?<=[\d%)a-z{FIGURES}{MEASURES}个])\s*(?:/\s*)?([a-z]{{2,}}|[\u4e00-\u9fff]+)$")
_WORD_BEFORE = re.compile(r"^([a-z]{2,}|[\u4e00-\u9fff]+)(?:\s*#?\s*(?=\d)|\s+(?=[a-z]))")
_OF_ANY_UNIT = frozenset(("the", "of", "for", "number", "wide", "more", "large", "high", "long", "宽"))
_SQUARE = re.compile(r"^([\d.]+)\s*(?:(?:[x×*]|by|乘以?)\s*\1|²|\^2|\*\*2)$")
_SIDES = re.compile(
    r"^(?:\d+\s*(?:[x×*]|by)\s*)*(\d+)\s*(?:[x×*]|by)\s*\1(?:\s*(?:[x×*]|by)\s*\d+)*$"
    r"|^[(\[](?:\d+, *)*(\d+), *\2[)\]]$"
)
_SHARE = re.compile(r"^[\d.,]+\s*[%‰‱]$")
_PLAIN = re.compile(r"^[\d.,\s]+\D+$")
_WORKING = re.compile(r"[-+*/^×·–√]|[a-z]\s*\(|\b(?:ln|log|sqrt)")
_ABOUT_THE_SAME = 0.05  # of the value: who rounds says the same
_HEDGE = re.compile(r"\b(?:or|maybe|perhaps|not sure)\b|或|\?")


def unreadable(message: str, hint: str) -> QuizError:
    """What cannot be read is no wrong answer: it is asked again."""
    return QuizError(message, hint, ExitStatus.USAGE)


def read_quantities(
    typed: str, unit: Text | None, ask: Text | None = None, *, notes: bool = True
) -> tuple[Quantity, ...]:
    """What was typed as an answer to `ask`, whose words may stand behind the number: "366,592 parameters".

    More than one where it may be read in several ways, the usual one first. With `notes`, what stands in
    brackets behind the number may be a note on it: 49 (7×7). QuizError where there is no number to be read,
    and where it is a range.
    """
    plain = from_latex(narrow(typed).strip())
    if _is_range(plain.casefold()):
        raise unreadable(
            tr(f"{typed.strip()!r} is a range.", f"{typed.strip()!r} 是一个范围。"),
            tr("Type one number, from the middle of it.", "请只写一个数，例如中间值。"),
        )
    main, note = _parted(typed.strip(), plain) if notes else (plain, "")
    found: list[Quantity] = []
    refusal = ValueError("no finite number")
    try:
        found = _read_noted(plain, main, note, unit, ask) if note else _read_text(main, unit, ask)
    except ValueError as error:
        refusal = error
    if found := [quantity for quantity in found if math.isfinite(quantity.value)]:
        return tuple(found)
    raise unreadable(
        tr(f"{typed.strip()!r} cannot be read as a number.", f"无法把 {typed.strip()!r} 理解为数字。"),
        tr(
            "For example 0.5, 1e-3, 1/3, 50 %, 1,000 or 2 ln 2.",
            "可以写 0.5、1e-3、1/3、50 %、1,000 或 2 ln 2。",
        ),
    ) from refusal


def _is_range(text: str) -> bool:
    """62-63, ~690–700 steps and 62 % to 63 %, but not 12-3, which is 9, nor 12 % - 3 %."""
    ends = _RANGE.match(_BEFORE_DIGITS.sub("", without_about(text)))
    if ends is None or (ends[2] or "") not in ("", ends[4].strip()):
        return False
    try:
        return 0 < read_number(ends[1]) < read_number(ends[3])
    except ValueError:
        return False


def _parted(typed: str, plain: str) -> tuple[str, str]:
    """The text before a note in brackets at its end, and the note: 0.6 (60%). "" where there is none.

    A space before the bracket, or a full-width one, makes it a note; 3(1 + 2) is a product. A unit in
    brackets is the unit of the number.
    """
    start = _bracket_at_end(plain)
    if not start or not (plain[start - 1].isspace() or typed[start : start + 1] == "（"):
        return plain, ""
    main, note = plain[:start].rstrip(), plain[start + 1 : -1].strip()
    return (f"{main} {note}", "") if is_unit(note) else (main, note)


def _read_noted(plain: str, main: str, note: str, unit: Text | None, ask: Text | None) -> list[Quantity]:
    """The number before a note that says the same or how it comes about: 49 (7×7), 0.154 (15.4 %).

    "0.64 (64 %)" is 64 where per cent are asked for, and 2 (ln 2) a product. ValueError where the two say
    different things, 20 (10 nats), and where the note may: 2 GiB (per layer), 5 (or 8).
    """
    if _HEDGE.search(note.casefold()):
        raise ValueError("no answer yet")
    try:
        told = _read_text(main, unit, ask)
    except ValueError:
        return _read_text(plain, unit, ask)  # 2 ln (4 - 2)
    try:
        noted = _read_text(note, unit, ask)
    except ValueError:
        words = re.findall(r"[a-z\d]+|[\u4e00-\u9fff]+", note.casefold())
        own = names(unit) if unit is not None else ()
        if ask is None or not all(word in own or question_words.is_said(word, ask) for word in words):
            raise  # per head, smaller, for all 8: who can tell?
        return told
    if any(_say_the_same(said, other) for said in told for other in noted):
        return noted if _tells_unit(note, unit) and not _tells_unit(main, unit) else told
    if ask is not None and _names_it(main, ask) and not _names_it(note, ask):
        return told  # epoch 5 (0.59)
    if not _WORKING.search(note) or not all(each.bare for each in noted):
        raise ValueError("two numbers")
    try:
        return [*told, *_read_text(plain, unit, ask)]  # how it comes about, or a factor
    except ValueError:
        return told


def _say_the_same(said: Quantity, other: Quantity) -> bool:
    """Whether two numbers are about the same amount, perhaps in another unit: 0.154 and 15.4 %.

    Also 14 (14 × 14), a picture's side and both sides.
    """
    if other.square and other.value == said.value**2:
        return True
    if not said.value or not other.value:
        return said.value == other.value
    powers = {float(base**n) for base in (1000, 1024) for n in range(5)}
    powers |= (
        {1 / power for power in powers}
        | ({0.01} if said.bare else set())
        | ({100.0} if other.bare else set())
    )
    return any(abs(said.value / other.value / power - 1) < _ABOUT_THE_SAME for power in powers)


def _names_it(text: str, ask: Text) -> bool:
    """Whether a word stands beside the number that the question asks for."""
    return any(
        question_words.is_said(word, ask)
        for word in re.findall(r"[a-z]{3,}|[\u4e00-\u9fff]{2,}", text.casefold())
    )


def _tells_unit(text: str, unit: Text | None) -> bool:
    """Whether it is a plain number in a unit, where the question has one: 64 %, 0.5 GiB."""
    if unit is None or not _PLAIN.match(text):
        return False
    try:
        return not any(quantity.bare for quantity in _read_text(text, unit, None))
    except ValueError:
        return False


def _bracket_at_end(text: str) -> int:
    """Where the bracket begins that the text ends with; 0 where it ends with none."""
    depth = 0
    for place in range(len(text) - 1, 0, -1):
        depth += {")": 1, "(": -1}.get(text[place], 0)
        if depth == 0:
            return place if text[place] == "(" else 0
    return 0


def _read_text(text: str, unit: Text | None, ask: Text | None) -> list[Quantity]:
    if len(text) > LONGEST:
        raise ValueError("too long")
    if is_size(unit) and is_in_bits(text):
        raise ValueError("bits are no bytes")
    name, said = named_apart(conclusion(text.casefold(), ask), ask)
    if square := _square_before(name, said):
        return square
    found = _read(calculation(bare_number(said, ask)), unit, ask)
    if name and not _agrees(name, found, ask):
        raise ValueError("two numbers")
    return found


def _agrees(name: str, found: list[Quantity], ask: Text | None) -> bool:
    """Whether what stands before "=" is a calculation of the same, or its name: not 64 = 8, dog = 0.75."""
    try:
        values = _values(calculation(bare_number(name, None)), None, None)
    except ValueError:
        return ask is None or question_words.is_name_of_it(name, ask)
    return any(_say_the_same(Quantity(value, True), each) for value in values for each in found)


def _square_before(left: str, right: str) -> list[Quantity]:
    """13 × 13 = 169: the sides were typed."""
    try:
        found = [quantity for quantity in _as_told(left, None, None) if quantity.square]
        return [square for square in found if square.value in _values(right.strip(), None, None)]
    except ValueError:
        return []


def _read(text: str, unit: Text | None, ask: Text | None) -> list[Quantity]:
    """Read it as it stands, or else without a word that the question asks for.

    Where the question has a unit, such a word behind the number only stands beside it: "44 bits" are no
    44 GB, though the question speaks of bits. So much for each of something is another amount, except where
    the question asks for that.
    """
    try:
        return _as_told(text, unit, ask)
    except ValueError:
        if ask is None:
            raise
        if each := _FOR_EACH.search(text) or _FOR_EACH_ZH.match(text):
            if not all(question_words.is_for_each(word, ask) for word in set(each.groups()) - {None}):
                raise
            return _read((text[: each.start()] + text[each.end() :]).strip(), unit, ask)
        for pattern in (_WORD, _WORD_BEFORE):
            if (word := pattern.search(text)) is None or not question_words.is_said(word[1], ask):
                continue
            found = _read((text[: word.start()] + text[word.end() :]).strip(), unit, ask)
            named = pattern is _WORD_BEFORE and not is_unit(word[1])  # patience 3
            if named or unit is None or is_magnitude(unit) or word[1] in _OF_ANY_UNIT:
                return found
            if any(not quantity.bare for quantity in found):
                return found
        raise


def _as_told(text: str, unit: Text | None, ask: Text | None) -> list[Quantity]:
    text = _OF_PARTS.sub(lambda parts: f"{'100' if parts[2] == '百' else parts[2]} {_PARTS[parts[1]]}", text)
    if unit is not None:
        if (inner := _without(unit, text)) is not None:
            return _with_unit(inner, unit, ask)
        if is_size(unit) and (sized := bytes_behind(text)):
            factors = in_bytes(sized[1], unit)
            return [
                Quantity(value * each, False) for each in factors for value in _values(sized[0], None, ask)
            ]
    if unit is not None and (bits := in_nats(text, unit)):
        return [Quantity(value * math.log(2), False) for value in _values(bits, None, None)]
    text = _PER_CENT.sub(" %", text)
    hundredths = text.endswith("%")
    of_hundred = hundredths and unit is not None and "%" in names(unit)  # 12% - 3%
    if unit is not None and not of_hundred and _SHARE.match(text):
        raise ValueError("a share of what?")
    scaled = is_magnitude(unit) and MAGNITUDE.search(text) is not None
    square = _SQUARE.match(text) is not None
    sides = _sides(text, unit)
    try:
        values = _values(text, unit, ask)
    except ValueError:
        if sides:
            return sides
        raise
    factor = 100 if of_hundred else 1
    return [*(Quantity(value * factor, not (hundredths or scaled), square) for value in values), *sides]


def _sides(text: str, unit: Text | None) -> list[Quantity]:
    """The square of a picture's sides, typed with its channels: 388 × 388 × 2."""
    if unit is None or unit.en != "pixels" or _SQUARE.match(text):
        return []
    sides = _SIDES.match(text)
    side = float(sides[1] or sides[2]) if sides else 0.0
    return [Quantity(side * side, True, True)] if sides else []


def _with_unit(inner: str, unit: Text, ask: Text | None) -> list[Quantity]:
    """What stood beside the unit; the other side of a picture may have it too: 14 px × 14."""
    sides = _read(_without_side(unit, inner), None, ask)
    return [Quantity(each.value, False, each.square) for each in sides]


def _without_side(unit: Text, text: str) -> str:
    """The text without the unit of a picture's first side: 14 px × 14; 16 % × 0.8 is a product."""
    words = "|".join(re.escape(word) for word in names(unit) if word.isalpha())
    return re.sub(rf"(?<=\d)\s*(?:{words})(?=\s*(?:[x×*]|by\b|乘))", "", text) if words else text


def _without(unit: Text, text: str) -> str | None:
    """The text before its unit, or behind it ("epoch 5"); None where it has none."""
    for word in names(unit):
        if text.endswith(word) and (text.count(word) == 1 or _is_sided(text, word)):  # 12% - 3% is a sum
            return text.removesuffix(word).rstrip()
        if word[:1].isalpha() and text.startswith(word):
            return text.removeprefix(word).lstrip()
    inner = _without_side(unit, text)
    return inner if inner != text else None


def _is_sided(text: str, word: str) -> bool:
    """14 px × 14 px"""
    sides = re.split(rf"{re.escape(word)}\s*(?:[x×*]|by|乘以?)", text)
    return len(sides) == 2 and sides[0].strip() == sides[1].removesuffix(word).strip()


def _values(text: str, unit: Text | None, ask: Text | None) -> tuple[float, ...]:
    text = _without_times(text, ask)
    if (ask is None or question_words.is_factor(ask)) and (parts := _IN_PROPORTION.match(text)):
        text = f"{parts[1]}/{parts[2]}"
    if parts := _OUT_OF.match(text):
        return _out_of(parts[1], parts[2], parts[3], unit)
    if found := MAGNITUDE.search(text):
        if is_size(unit):
            raise ValueError("thousands of what?")
        own = MAGNITUDES.get(unit.en, 1.0) if unit is not None else 1.0
        return tuple(value * MAGNITUDES[found[1]] / own for value in spoken_numbers(text[: found.start()]))
    try:
        return spoken_numbers(text)
    except ValueError:
        if text[-1:] in _PART_OF:
            return (read_spelt(text[:-1]) / _PART_OF[text[-1]],)
        counted = _COUNTED.search(text)
        if counted is None or not _is_measure(counted[1], unit, ask):
            raise
        return spoken_numbers(text[: counted.start()])


def _is_measure(sign: str, unit: Text | None, ask: Text | None) -> bool:
    """Whether it may stand behind the number where the question has that unit: 44 位 are no 44 GB."""
    if sign == "个":
        return True
    if unit is None or is_magnitude(unit):
        return ask is None or sign in ask.zh
    return sign in names(unit)


def _out_of(part: str, word: str, whole: str, unit: Text | None) -> tuple[float, ...]:
    """2 out of 13 is a share where one is asked for; 49 of 196 patches are 49, as are 0.25 of 196."""
    if word == "of" and 0 < read_number(part) < 1:
        return spoken_numbers(f"{part}*{whole}")
    is_share = unit is None or "%" in names(unit)
    return spoken_numbers(f"{part}/{whole}" if is_share else part)


def _without_times(text: str, ask: Text | None) -> str:
    """The text without "times" or 倍 behind it, where a factor is asked for, and one in that direction."""
    times = _TIMES.search(text)
    if times is None:
        return text
    if ask is not None:
        against = (times[1] and question_words.goes_down(ask)) or (
            times[2] and not question_words.goes_down(ask)
        )
        if against or not question_words.is_factor(ask):
            raise ValueError("no factor is asked for")
    return text[: times.start()]


def spoken_numbers(text: str) -> tuple[float, ...]:
    """The values that a number in figures or in words may have. ValueError for anything else."""
    try:
        return readings(text)
    except ValueError:
        return (read_spelt(text),)
