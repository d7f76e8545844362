"""The units that people type behind a number, and what they make of it: k and 万, MB and 兆字节, px."""

from __future__ import annotations

import re

from quizcli.text import Text

FIGURES = "零〇一二两三四五六七八九十百千万亿"
MEASURES = "次步层位维类张种条块号轮"  # what stands between a Chinese number and what it counts, 个 aside
MAGNITUDES = {
    "thousand": 1e3, "million": 1e6, "billion": 1e9, "k": 1e3, "m": 1e6, "b": 1e9,
    "thousands": 1e3, "millions": 1e6, "mil": 1e6, "mio": 1e6,
    "千": 1e3, "万": 1e4, "百万": 1e6, "千万": 1e7, "亿": 1e8, "十亿": 1e9,
}  # fmt: skip
MAGNITUDE = re.compile(rf"(?<=[\d.)\s])\s*({'|'.join(sorted(MAGNITUDES, key=len, reverse=True))})$")
# What else a unit is called, by its English name: what a question counts has more than one name.
_ALSO = {
    "percentage points": (
        *("pp", "ppt", "p.p.", "p.p", "points", "pts", "%", "% points", "%-points", "percent points"),
        *("pct points", "percentage-points", "percentage pts", "百分点", "个点"),
    ),
    "pixels": ("px", "pix", "像素点", "个像素"),
    "%": ("percent",),
    "epochs": ("轮", "个轮次", "轮次"),
    "steps": ("iterations", "iteration", "iters", "updates", "次迭代", "次更新", "步更新", "次"),
    "values": (
        "elements",
        "element",
        "numbers",
        "entries",
        "activations",
        "个元素",
        "个数值",
        "个值",
        "个元",
    ),
    "patches": ("patch", "tokens", "个图块", "图块", "块", "个 patch", "个 token"),
    "sequences": ("seqs", "seq", "条序列", "条"),
    "nats": ("奈特", "纳特"),
}
SIZES = frozenset(f"{size}{i}b" for size in "kmgt" for i in ("", "i"))  # units that bytes are told in
_BYTES = {"": 0, "k": 1, "m": 2, "g": 3, "t": 4, "kilo": 1, "mega": 2, "giga": 3, "tera": 4}
_BYTES |= {"gig": 3, "ki": 1, "me": 2, "gi": 3, "te": 4}
_BYTES |= {"千": 1, "兆": 2, "吉": 3, "太": 4}
_IN_BYTES = re.compile(
    rf"(?<=[\d)\s{FIGURES}])\s*"
    r"(?:([kmgt]?)(i?)b|([kmgt])(i?)|([kmgt])()bytes?|(|kilo|mega|giga|tera)()bytes?|(gig)()s?|(ki|me|gi|te)(bi)bytes?|(|[千兆吉太])()字节|([兆吉太])())$"
)
_INFORMATION = re.compile(r"(?<=[\d)\s])\s*(?:bits?|比特|sh)$")
_BITS = re.compile(r"(?<=[\d)\s])[KMGT]i?b$")  # Gb is a gigabit, where GB and gb are bytes
# Whoever writes one of these behind a number, or in brackets, tells what it is measured in.
_UNIT = re.compile(
    r"[kmgt]?i?b(?:its?|ytes?)?|(?:kilo|mega|giga|tera)?(?:bits?|bytes?)|[kmgt]|px|pix|pixels?|%|‰|percent|pp"
    r"|nats?|epochs?|steps?|layers?|heads?|tokens?|seconds?|thousand|million|billion"
    r"|[千兆吉太]?(?:字节|比特)|像素|百分点|步|层|位|千|百?万|千万|十?亿"
)


def names(unit: Text) -> tuple[str, ...]:
    """What the unit is called in either language, the longest name first; all in lower case."""
    known = (unit.en, unit.zh, unit.en.casefold().removesuffix("s"), *_ALSO.get(unit.en, ()))
    return tuple(sorted({word.casefold() for word in known}, key=len, reverse=True))


def is_magnitude(unit: Text | None) -> bool:
    """Whether the unit says how many, and not of what: thousand."""
    return unit is not None and unit.en in MAGNITUDES


def is_size(unit: Text | None) -> bool:
    """Whether it is bytes that are asked for."""
    return unit is not None and unit.en.casefold() in SIZES


def is_unit(text: str) -> bool:
    """Whether it is the name of some unit."""
    return _UNIT.fullmatch(text.casefold()) is not None


def is_in_bits(text: str) -> bool:
    """Whether a number, spelt as it was typed, is told in bits: 44 Gb."""
    return _BITS.search(text) is not None


def in_nats(text: str, unit: Text) -> str | None:
    """The number before "bits", where nats are asked for: one bit is ln 2 of them."""
    found = _INFORMATION.search(text) if unit.en == "nats" else None
    return text[: found.start()].rstrip() if found else None


def bytes_behind(text: str) -> tuple[str, re.Match[str]] | None:
    """The number before a unit of bytes, and that unit."""
    found = _IN_BYTES.search(text)
    return (text[: found.start()].rstrip(), found) if found else None


def in_bytes(found: re.Match[str], unit: Text) -> tuple[float, ...]:
    """How many of the question's unit one of the typed unit is: a MiB is 1/1024 GiB.

    People say MB for MiB: where the question has MiB, what says no i may be either.
    """
    own = unit.en.casefold()
    size, i = next((found[n] or "", found[n + 1] or "") for n in range(1, 16, 2) if found[n] is not None)
    binary = "i" in own
    steps = (1024.0,) if i else (1024.0, 1000.0) if binary else (1000.0,)
    own_size = (1024.0 if binary else 1000.0) ** _BYTES[own[0]]
    return tuple(dict.fromkeys(step ** _BYTES[size] / own_size for step in steps))
