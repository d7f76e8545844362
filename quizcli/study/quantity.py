"""A number as an answer: with its unit or without, in words, with k or 万 behind it, "about" before it."""

from __future__ import annotations

import re

from quizcli.errors import ExitStatus, QuizError
from quizcli.study.numeral import narrow, read_number
from quizcli.study.spelt import read_spelt
from quizcli.text import Text, tr

_ABOUT = re.compile(
    r"^(?:[~≈∼=]|about|around|roughly|approx(?:imately|\.)?|ca\.|大约|大概|约为|约)\s*", re.IGNORECASE
)
_OR_SO = re.compile(r"\s*(?:左右|or so)$", re.IGNORECASE)
_TIMES = re.compile(r"(?<=[\d)\s%])\s*(?:[x×]|times|-?fold|倍)$", re.IGNORECASE)
_MAGNITUDES = {
    "thousand": 1e3, "million": 1e6, "billion": 1e9, "k": 1e3, "m": 1e6, "b": 1e9,
    "千": 1e3, "万": 1e4, "百万": 1e6, "千万": 1e7, "亿": 1e8, "十亿": 1e9,
}  # fmt: skip
_MAGNITUDE = re.compile(rf"(?<=[\d.)\s])\s*({'|'.join(sorted(_MAGNITUDES, key=len, reverse=True))})$")


def typed_number(typed: str, unit: Text | None) -> float:
    """The number that was typed, in the question's unit. QuizError where there is none to be read."""
    bare = _OR_SO.sub("", _ABOUT.sub("", narrow(typed).strip()))
    try:
        return _value(_TIMES.sub("", bare) if unit is None else _without(unit, bare), unit)
    except ValueError as error:
        raise QuizError(
            tr(f"{typed.strip()!r} cannot be read as a number.", f"无法把 {typed.strip()!r} 理解为数字。"),
            tr(
                "For example 0.5, 1e-3, 1/3, 50 %, 1,000 or 2 ln 2.",
                "可以写 0.5、1e-3、1/3、50 %、1,000 或 2 ln 2。",
            ),
            ExitStatus.USAGE,
        ) from error


def _value(text: str, unit: Text | None) -> float:
    found = _MAGNITUDE.search(text.casefold())
    if found is None:
        return spoken_number(text)
    own = _MAGNITUDES.get(unit.en, 1.0) if unit is not None else 1.0
    return spoken_number(text[: found.start()]) * _MAGNITUDES[found[1]] / own


def spoken_number(text: str) -> float:
    """The value of a number in figures or in words. ValueError for anything else."""
    try:
        return read_number(text)
    except ValueError:
        return float(read_spelt(text))


def _without(unit: Text, text: str) -> str:
    for word in (unit.en, unit.zh, unit.en.removesuffix("s")):
        if word and text.casefold().endswith(word.casefold()):
            return text[: len(text) - len(word)].rstrip()
    return text
