"""Fuzz against the figures that Anki and ts-fsrs publish in their own tests."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quizcli.study.schedule.fuzz import delayed, fuzz_range, fuzzed, fuzzed_by_version_1, not_back
from tests.study.desk import MINUTE

places = st.floats(0, 1, exclude_max=True)


@pytest.mark.parametrize(
    ("interval", "shortest", "longest", "low", "middle", "high"),
    # Anki, rslib/src/scheduler/states/fuzz.rs: the interval at the places 0, 0.5 and 0.99
    [
        (1.0, 1, 1000, 1, 1, 1),
        (2.49, 1, 1000, 2, 2, 2),
        (2.5, 1, 1000, 2, 3, 4),
        (7.0, 1, 1000, 5, 7, 9),
        (17.0, 1, 1000, 14, 17, 20),
        (37.0, 1, 1000, 33, 37, 41),
        (2.0, 2, 1000, 2, 2, 2),
        (2.0, 3, 1000, 3, 4, 4),
        (2.0, 3, 3, 3, 3, 3),
        (6.9, 3, 1000, 5, 7, 9),
        (7.0, 3, 1000, 5, 7, 9),
        (7.1, 3, 1000, 5, 7, 9),
        (19.9, 3, 1000, 17, 20, 23),
        (20.0, 3, 1000, 17, 20, 23),
        (20.1, 3, 1000, 17, 20, 23),
        (100.0, 101, 1000, 101, 105, 108),
        (100.0, 1, 99, 92, 96, 99),
        (100.0, 97, 103, 97, 100, 103),
    ],
)
def test_intervals_are_those_of_anki(
    interval: float, shortest: int, longest: int, low: int, middle: int, high: int
) -> None:
    assert [fuzzed(interval, place, shortest, longest) for place in (0.0, 0.5, 0.99)] == [low, middle, high]


def test_limits_that_cross_are_no_mistake() -> None:
    assert fuzz_range(1.0, 3, 2) == (2, 2)


@pytest.mark.parametrize(
    ("interval", "elapsed", "longest", "low", "high"),
    # worked out by ts-fsrs's get_fuzz_range(interval, elapsed_days, maximum_interval)
    [
        (5.0, 5, 100, 4, 6),
        (10.0, 8, 36_500, 9, 12),
        (50.0, 49, 36_500, 50, 54),
        (50.0, 60, 36_500, 46, 54),
        (20.0, 0, 36_500, 17, 23),
    ],
)
def test_an_interval_that_fsrs_lengthens_is_not_brought_back(
    interval: float, elapsed: int, longest: int, low: int, high: int
) -> None:
    assert fuzz_range(interval, not_back(interval, elapsed), longest) == (low, high)


@given(st.floats(0, 50_000), places, st.integers(1, 36_500), st.integers(1, 36_500))
def test_fuzz_stays_within_its_limits(interval: float, place: float, shortest: int, longest: int) -> None:
    days = fuzzed(interval, place, shortest, longest)
    low, high = fuzz_range(interval, shortest, longest)
    assert min(shortest, longest) <= low <= days <= high <= longest
    assert days <= fuzzed(interval + 1, place, shortest, longest)


@pytest.mark.parametrize(
    ("wait", "longest"), [(MINUTE, 75_000), (10 * MINUTE, 750_000), (60 * MINUTE, 65 * MINUTE)]
)
def test_a_learning_step_grows_by_a_quarter_or_five_minutes(wait: int, longest: int) -> None:
    assert delayed(wait, 0.0) == wait
    assert longest - 1000 < delayed(wait, 0.9999) <= longest


@pytest.mark.parametrize(
    ("days", "low", "high"),
    # by hand, as in py-fsrs: 1 day, 15 % of what is over 2.5, 10 % of what is over 7, 5 % of what is over 20
    [(1, 1, 1), (2, 2, 2), (3, 2, 4), (7, 5, 9), (10, 8, 12), (20, 17, 23), (100, 93, 107)],
)
def test_the_first_version_is_what_it_was(days: int, low: int, high: int) -> None:
    assert {fuzzed_by_version_1(days, n / 3000, 36_500) for n in range(3000)} == set(range(low, high + 1))
    assert fuzzed_by_version_1(99, 0.0, 99) == 92
