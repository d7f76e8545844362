"""A number as people answer with it: in its unit or another, in words, about so much, k or 万 behind it."""

from __future__ import annotations

import math
import re

from msgspec import Struct

from quizcli.errors import ExitStatus, QuizError
from quizcli.study.numeral import LONGEST, narrow, read_number
from quizcli.study.spelt import read_spelt
from quizcli.text import Text, tr


class Quantity(Struct, frozen=True):
    """What was typed, in the question's unit; `bare` where no unit stood behind it."""

    value: float
    bare: bool


MEASURES = "次步层位维类张种条块号轮"  # what stands between a Chinese number and what it counts, 个 aside
_FIGURES = "零〇一二两三四五六七八九十百千万亿"
_CALLED = re.compile(r"^.*[=≥≈](?=.*\w)\s*")  # patience = 3, 0.75 * 40 = 30
_ABOUT = re.compile(
    r"^(?:[~≈∼=#]|(?:about|around|roughly|approx(?:imately|\.)?|ca\.|at least)(?!\w)"
    r"|大约|大概|约为|约|至少|第)\s*"
)
_OR_SO = re.compile(r"\s*(?:左右|上下|or so|total|in total|each)$|(?<=\d)(?:st|nd|rd|th)$|[.。]$")
_TIMES = re.compile(r"(?<=[\w)%.])\s*(?:[x×]|times|-?fold|倍)$")
_PER_CENT = re.compile(r"\s*(?:per ?cent|pct)$")
_OF_A_HUNDRED = re.compile(r"^百分之\s*(.+)$")
_COUNTED = re.compile(rf"(?<=[\d{_FIGURES}])\s*[个{MEASURES}]$")
_RANGE = re.compile(r"^([\d.,]+)\s*(?:[-–—~～]|to|至|到)\s*([\d.,]+)$")
_MAGNITUDES = {
    "thousand": 1e3, "million": 1e6, "billion": 1e9, "k": 1e3, "m": 1e6, "b": 1e9,
    "千": 1e3, "万": 1e4, "百万": 1e6, "千万": 1e7, "亿": 1e8, "十亿": 1e9,
}  # fmt: skip
_MAGNITUDE = re.compile(rf"(?<=[\d.)\s])\s*({'|'.join(sorted(_MAGNITUDES, key=len, reverse=True))})$")
_BYTES = {"": 0, "k": 1, "m": 2, "g": 3, "t": 4, "kilo": 1, "mega": 2, "giga": 3, "tera": 4}
_SIZES = frozenset(f"{size}{i}b" for size in "kmgt" for i in ("", "i"))  # units that bytes are told in
_IN_BYTES = re.compile(
    r"(?<=[\d)\s])\s*(?:([kmgt]?)(i?)b|([kmgt])(i?)|(|kilo|mega|giga|tera)()bytes?|()()字节)$"
)
_ALSO = {"percentage points": ("pp", "ppt", "points", "%"), "pixels": ("px", "pix"), "%": ("percent",)}
_WORD = re.compile(rf"(?<=[\d%)a-z{_FIGURES}])\s*([a-z]{{2,}}|[\u4e00-\u9fff]+)$")
_WORD_BEFORE = re.compile(r"^([a-z]{2,})\s*(?=\d)")


def unreadable(message: str, hint: str) -> QuizError:
    """What cannot be read is no wrong answer: it is asked again."""
    return QuizError(message, hint, ExitStatus.USAGE)


def typed_number(typed: str, unit: Text | None, ask: Text | None = None) -> float:
    """The number that was typed, in the question's unit. QuizError where there is none to be read."""
    return read_quantity(typed, unit, ask).value


def read_quantity(typed: str, unit: Text | None, ask: Text | None = None) -> Quantity:
    """What was typed as an answer to `ask`, whose words may stand behind the number: "366,592 parameters".

    QuizError where there is no number to be read, and where it is a range.
    """
    plain = narrow(typed).strip().casefold()
    if (ends := _RANGE.match(plain)) and _is_range(ends[1], ends[2]):
        raise unreadable(
            tr(f"{typed.strip()!r} is a range.", f"{typed.strip()!r} 是一个范围。"),
            tr("Type one number, from the middle of it.", "请只写一个数，例如中间值。"),
        )
    try:
        if len(plain) > LONGEST:
            raise ValueError("too long")
        quantity = _quantity(_OR_SO.sub("", _ABOUT.sub("", _CALLED.sub("", plain))), unit, ask)
        if not math.isfinite(quantity.value):
            raise ValueError("no finite number")
        return quantity
    except ValueError as error:
        raise unreadable(
            tr(f"{typed.strip()!r} cannot be read as a number.", f"无法把 {typed.strip()!r} 理解为数字。"),
            tr(
                "For example 0.5, 1e-3, 1/3, 50 %, 1,000 or 2 ln 2.",
                "可以写 0.5、1e-3、1/3、50 %、1,000 或 2 ln 2。",
            ),
        ) from error


def _is_range(low: str, high: str) -> bool:
    """62-63 and 690–700, but not 12-3, which is 9."""
    try:
        return 0 < read_number(low) < read_number(high)
    except ValueError:
        return False


def _quantity(text: str, unit: Text | None, ask: Text | None) -> Quantity:
    text = _OF_A_HUNDRED.sub(r"\1 %", text)
    if unit is not None:
        if (inner := _without(unit, text)) is not None:
            return Quantity(_value(inner, unit, ask), bare=False)
        if unit.en.casefold() in _SIZES and (found := _IN_BYTES.search(text)):
            return Quantity(_in_bytes(text[: found.start()], found, unit), bare=False)
    text = _PER_CENT.sub(" %", text)
    hundredths = text.endswith("%")
    of_hundred = hundredths and unit is not None and "%" in (unit.en, *_ALSO.get(unit.en, ()))  # 12% - 3%
    return Quantity(_value(text, unit, ask) * (100 if of_hundred else 1), bare=not hundredths)


def _without(unit: Text, text: str) -> str | None:
    """The text before its unit, or behind it ("epoch 5"); None where it has none."""
    words = {
        unit.en.casefold(),
        unit.zh.casefold(),
        unit.en.casefold().removesuffix("s"),
        *_ALSO.get(unit.en, ()),
    }
    for word in sorted(words, key=len, reverse=True):
        if text.endswith(word) and text.count(word) == 1:  # 12% - 3% is a calculation
            return text.removesuffix(word).rstrip()
        if word[:1].isalpha() and text.startswith(word):
            return text.removeprefix(word).lstrip()
    return None


def _in_bytes(number: str, found: re.Match[str], unit: Text) -> float:
    """2048 MiB as GiB. People say MB for MiB: what says no i is taken for the question's kind."""
    own = unit.en.casefold()
    size, i = next((found[n] or "", found[n + 1] or "") for n in (1, 3, 5, 7) if found[n] is not None)
    binary = "i" in own
    step = 1024.0 if i or binary else 1000.0
    return spoken_number(number) * step ** _BYTES[size] / (1024.0 if binary else 1000.0) ** _BYTES[own[0]]


def _value(text: str, unit: Text | None, ask: Text | None) -> float:
    text = _TIMES.sub("", text)
    if found := _MAGNITUDE.search(text):
        own = _MAGNITUDES.get(unit.en, 1.0) if unit is not None else 1.0
        return spoken_number(text[: found.start()]) * _MAGNITUDES[found[1]] / own
    try:
        return spoken_number(text)
    except ValueError:
        pass
    if text.endswith("%"):
        return read_spelt(text.removesuffix("%")) / 100
    if counted := _COUNTED.search(text):
        return spoken_number(text[: counted.start()])
    for pattern in (_WORD, _WORD_BEFORE):
        if ask is not None and (word := pattern.search(text)) and _is_said(word[1], ask):
            return _value((text[: word.start()] + text[word.end() :]).strip(), unit, ask)
    raise ValueError("no number")


def _is_said(word: str, ask: Text) -> bool:
    """Whether the question speaks of it: what it counts, in the singular or the plural, or shortened."""
    said = re.findall("[a-z]+", ask.en.casefold())
    short = word.removesuffix("s")
    return (
        word == "the"
        or (len(short) > 2 and any(each.startswith(short) for each in said))
        or word.removeprefix("个") in ask.zh.casefold()
    )


def spoken_number(text: str) -> float:
    """The value of a number in figures or in words. ValueError for anything else."""
    try:
        return read_number(text)
    except ValueError:
        return read_spelt(text)
