"""Numbers that a text of a question has typed, and whether one lies where a demonstration measured."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from msgspec import Struct

_RAISED = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")
_ALIKE = str.maketrans("０１２３４５６７８９．％−", "0123456789.%-")
_HAIR = 1e-6  # relative: what lies on a border
_GAP = r"(?:\s|\\[,; ])*"
_DIGITS = r"(?:\d{1,3}(?:(?:,|\{,\})\d{3})+|\d+)(?:\.\d+)?|\.\d+"
# Names and shapes hold no numbers of their own: x2, CIFAR-10, 2.14.1, 784-200-20.
_NUMBER = re.compile(
    rf"""(?<![A-Za-z0-9_.])(?<![A-Za-z]-)(?<!\d-)
    (?P<sign>(?<![\w)}}\]])-)?
    (?P<digits>{_DIGITS})(?!\.?\d)(?!(?:-\d+){{2}})
    (?:e(?P<e>[+-]?\d+)
      | {_GAP}(?:\\cdot|\\times|[·×]){_GAP}10(?:\^\{{?(?P<power>-?\d+)\}}?|(?P<raised>[⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+)))?
    """,
    re.VERBOSE,
)
_QUOTIENT = re.compile(
    r"(?<![\w./])(?P<over>\d+(?:\.\d+)?) ?/ ?(?P<under>\d+(?:\.\d+)?)(?![\w/]|\.\d)"
    r"|\\[td]?frac\{(?P<above>\d+(?:\.\d+)?)\}\{(?P<below>\d+(?:\.\d+)?)\}"
)
# What makes a number hundredths: "45 to 55 %", "51 of a hundred", "百分之51", "51 个百分点".
_PER_CENT = re.compile(
    rf"{_GAP}(?:(?:to|and|or|–|-|～|~|到|至|和){_GAP}(?:{_DIGITS}){_GAP})?"
    r"(?:\\?%|per ?cent|percentage|个?百分点|(?:out )?(?:of|in) (?:(?:a|one|every|each|the) hundred|100)\b)"
)
_PER_CENT_BEFORE = re.compile(r"百分之 ?$")


class Typed(Struct, frozen=True):
    """A number as it stands in a text. `step` is half of what its last digit counts; 0 of a single digit."""

    text: str
    value: float
    step: float
    per_cent: bool = False
    whole: bool = False  # no decimals: a count, or a size


class MeasuredRange(Struct, frozen=True):
    """What was measured, between `low` and `high`, and what of. `per_cent`: it counts hundredths itself.

    `exact` is what theory says.
    """

    what: str
    low: float
    high: float
    per_cent: bool = False
    exact: float | None = None


def typed(text: str) -> Iterator[Typed]:
    """The numbers of a stretch of text that have two digits or decimals; of quotients their values too."""
    alike = text.translate(_ALIKE)
    for found in _NUMBER.finditer(alike):
        digits = found["digits"].replace("{,}", "").replace(",", "")
        power = int(found["e"] or found["power"] or (found["raised"] or "0").translate(_RAISED))
        raised = power != 0 and digits != "1"
        if abs(power) > 300 or not (raised or "." in digits or len(digits.lstrip("0")) > 1):
            continue
        scale = 10.0**power
        value = float(digits) * scale
        decimals = len(digits.partition(".")[2])
        yield Typed(
            found[0].strip(),
            -value if found["sign"] else value,
            0.5 * scale / 10**decimals if len(digits.replace(".", "").lstrip("0")) > 1 else 0.0,
            per_cent=bool(
                _PER_CENT.match(alike, found.end()) or _PER_CENT_BEFORE.search(alike[: found.start()])
            ),
            whole="." not in digits and not raised,
        )
    for found in _QUOTIENT.finditer(alike):
        over, under = found["over"] or found["above"], found["under"] or found["below"]
        if float(under) and max(len(over), len(under)) > 1:
            yield Typed(found[0], float(over) / float(under), 0.0)


def lies_in(number: Typed, measured: MeasuredRange, sizes: Collection[float] = ()) -> bool:
    """Whether a typed number is one that may have been measured. `sizes` are whole numbers that may not."""
    if measured.exact is not None and abs(number.value - measured.exact) <= number.step + _HAIR * abs(
        measured.exact
    ):
        return False
    if number.whole and not number.per_cent and (number.value in sizes or measured.high <= 1):
        return False  # a share is no count
    scale = 100.0 if number.per_cent and not measured.per_cent else 1.0
    low, high = measured.low * scale, measured.high * scale
    room = number.step + _HAIR * abs(number.value)  # typed numbers are rounded
    return low - room <= number.value <= high + room
