"""Fuzz: intervals are moved a little, so that cards learnt together part ways.

A pure function of the interval and a place in [0, 1) that belongs to the card until it is answered: a preview
is kept, and the log can be replayed. Every answer names the version of these rules under which it was given.
"""

from __future__ import annotations

import math

from quizcli.study.schedule.study_days import MINUTE

VERSION = 2
VERSIONS = (1, VERSION)

# (from, to, share of the interval): how far fuzz may move it; the ranges of Anki, ts-fsrs and py-fsrs
_RANGES = ((2.5, 7.0, 0.15), (7.0, 20.0, 0.10), (20.0, float("inf"), 0.05))
_MOST_OF_A_STEP = 0.25
_LONGEST_DELAY = 5 * MINUTE


def fuzzed(interval: float, place: float, shortest: int, longest: int) -> int:
    """An interval in days, not rounded before, moved within its range; Anki's `with_review_fuzz`."""
    low, high = fuzz_range(interval, shortest, longest)
    return low + int(place * (high - low + 1))


def fuzz_range(interval: float, shortest: int, longest: int) -> tuple[int, int]:
    """The fewest and the most days that fuzz may make of it, none of them beyond `shortest` and `longest`.

    Where `longest` is less than `shortest`, it holds. Anki's `constrained_fuzz_bounds`: the two ends differ
    where the limits leave room, from three days on.
    """
    shortest = min(shortest, longest)
    interval = min(max(interval, shortest), longest)
    delta = _delta(interval)
    low, high = (min(max(rounded(interval + part), shortest), longest) for part in (-delta, delta))
    return low, low + 1 if low == high and 2 < high < longest else high


def not_back(interval: float, elapsed: int) -> int:
    """The fewest days for a card that was away for `elapsed` days: one more, where FSRS lengthens the wait.

    As in ts-fsrs. A shorter interval is FSRS's will, after a change of retention for one, and not limited.
    """
    return elapsed + 1 if rounded(interval) > elapsed else 1


def delayed(wait: int, place: float) -> int:
    """A learning step in ms with up to a quarter more, at most five minutes; as Anki does it."""
    return wait + int(place * min(wait * _MOST_OF_A_STEP, _LONGEST_DELAY))


def fuzzed_by_version_1(days: int, place: float, longest: int) -> int:
    """What the first version made of an interval that had been rounded, to replay what was answered then."""
    if days < _RANGES[0][0]:
        return days
    delta = _delta(days)
    high = min(round(days + delta), longest)
    low = min(max(2, round(days - delta)), high)
    return low + int(place * (high - low + 1))


def rounded(interval: float) -> int:
    """To whole days, halves up."""
    return math.floor(interval + 0.5)


def _delta(interval: float) -> float:
    """How many days fuzz may add or take."""
    if interval < _RANGES[0][0]:
        return 0.0
    return 1.0 + sum(share * max(min(interval, end) - start, 0.0) for start, end, share in _RANGES)
