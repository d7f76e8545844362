"""What FSRS is told by a person: the retention that they want, and parameters of their own.

There are 17 of them (FSRS-4.5), 19 (FSRS-5) or 21 (FSRS-6); all are brought to the 21 of FSRS-6.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from quizcli.text import tr

RETENTION = (0.70, 0.97)  # the lowest and the highest that may be wanted
COUNTS = (17, 19, 21)

# The curve of FSRS-4.5 and FSRS-5 falls with this fixed exponent; FSRS-6 made it w[20].
_OLD_DECAY = 0.5
# (lowest, highest) of w[0] … w[20]: those of the package `fsrs`, which takes 40 ms to import.
BOUNDS = (
    *[(0.001, 100.0)] * 4,
    (1.0, 10.0),
    (0.001, 4.0),
    (0.001, 4.0),
    (0.001, 0.75),
    (0.0, 4.5),
    (0.0, 0.8),
    (0.001, 3.5),
    (0.001, 5.0),
    (0.001, 0.25),
    (0.001, 0.9),
    (0.0, 4.0),
    (0.0, 1.0),
    (1.0, 6.0),
    (0.0, 2.0),
    (0.0, 2.0),
    (0.0, 0.8),
    (0.1, 0.8),
)


def convert_parameters(parameters: Sequence[float]) -> tuple[float, ...]:
    """The same as 21 parameters of FSRS-6, by the rules of fsrs-rs and ts-fsrs.

    FSRS-6 allows less than its forerunners did: what it does not is brought to the nearest it does. 21
    numbers stay. Raises ValueError, in words for the person, for another count or a number that will not do.
    """
    given = tuple(float(number) for number in parameters)
    if len(given) not in COUNTS:
        raise ValueError(
            tr(
                f"FSRS has 17, 19 or 21 parameters, not {len(given)}",
                f"FSRS 的参数应有 17、19 或 21 个，这里有 {len(given)} 个",
            )
        )
    if len(given) == len(BOUNDS):
        _refuse_outside(given)
        return given
    for place, number in enumerate(given):
        if not math.isfinite(number):
            raise ValueError(
                tr(f"w[{place}] must be a number, not {number}", f"w[{place}] 须为数，不能是 {number}")
            )
    filled = _from_five(given) if len(given) == 19 else _from_four_and_a_half(given)
    return tuple(min(max(number, low), high) for number, (low, high) in zip(filled, BOUNDS, strict=True))


def _from_five(w: tuple[float, ...]) -> tuple[float, ...]:
    """FSRS-5: how a repetition on the same day counts did not yet depend on stability (w[19])."""
    return (*w, 0.0, _OLD_DECAY)


def _from_four_and_a_half(w: tuple[float, ...]) -> tuple[float, ...]:
    """FSRS-4.5: difficulty began in a straight line, undamped; repetitions on one day counted for nothing.

    The new curve of the first difficulty meets the old line at "again" and at "easy".
    """
    slope = max(w[5], 0.0)
    return (
        *w[:4],
        w[4] + 2 * slope,
        math.log(1 + 3 * slope) / 3,
        w[6] + 0.5,
        *w[7:],
        *[0.0] * 3,
        _OLD_DECAY,
    )


def _refuse_outside(w: tuple[float, ...]) -> None:
    for place, (number, (low, high)) in enumerate(zip(w, BOUNDS, strict=True)):
        if not low <= number <= high:
            raise ValueError(
                tr(
                    f"w[{place}] must lie between {low:g} and {high:g}, not {number:g}",
                    f"w[{place}] 须在 {low:g} 与 {high:g} 之间，不能是 {number:g}",
                )
            )
