"""Numbers for people: significant digits, ticks, durations."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quizcli.screen.terminal.numbers import aligned, duration, linear_ticks, log_ticks, number, tick_labels

FINITE = st.floats(allow_nan=False, allow_infinity=False, width=32)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (105.93, "105.9"),
        (17400, "17,400"),
        (0.0042, "0.0042"),
        (1.3e-9, "1.3e-9"),
        (-2.5, "-2.5"),
        (0.0, "0"),
        (123456.7, "123,457"),
        (1e8, "1e8"),
        (math.nan, "NaN"),
        (-math.inf, "-∞"),
    ],
)
def test_number(value: float, text: str) -> None:
    assert number(value) == text


@given(FINITE)
def test_a_number_is_short_and_near(value: float) -> None:
    text = number(value)
    assert len(text) <= 10
    assert float(text.replace(",", "")) == pytest.approx(value, rel=5e-3)


@pytest.mark.parametrize(
    ("values", "texts"),
    [
        ([0.2773, 6.839, 37.89], ["0.28", "6.84", "37.89"]),
        ([102.4, 20.4, 255], ["102.4", "20.4", "255.0"]),
        ([16, 8, 0], ["16", "8", "0"]),
        ([1.207, 0.0123], ["1.207", "0.012"]),
        ([1e9, 2], ["1e9", "2"]),
        ([math.inf, 1.5], ["∞", "1.5"]),
    ],
)
def test_numbers_that_are_read_together(values: list[float], texts: list[str]) -> None:
    assert aligned(values) == texts


@pytest.mark.parametrize(("seconds", "text"), [(0, "0:00"), (67.9, "1:07"), (7267, "2:01:07"), (-1, "0:00")])
def test_duration(seconds: float, text: str) -> None:
    assert duration(seconds) == text


@pytest.mark.parametrize(
    ("low", "high", "labels"),
    [
        (103, 178, ["120", "140", "160"]),
        (0, 1, ["0.00", "0.25", "0.50", "0.75", "1.00"]),
        (-3, 3, ["-2", "0", "2"]),
        (100, 100.01, ["100.0000", "100.0025", "100.0050", "100.0075", "100.0100"]),
        (5, 5, ["5"]),
    ],
)
def test_ticks_are_round(low: float, high: float, labels: list[str]) -> None:
    assert tick_labels(linear_ticks(low, high, 4)) == labels


@given(FINITE, FINITE, st.integers(1, 8))
def test_ticks_lie_within_and_differ(a: float, b: float, count: int) -> None:
    low, high = min(a, b), max(a, b)
    ticks = linear_ticks(low, high, count)
    margin = (high - low) * 1e-6
    assert len(ticks) <= count + 1
    assert all(low - margin <= tick <= high + margin for tick in ticks)
    assert ticks == sorted(ticks)
    assert len(tick_labels(ticks)) == len(ticks)


def test_ticks_of_a_logarithmic_axis() -> None:
    assert log_ticks(1e-9, 2.0, 3) == pytest.approx([1e-9, 1e-6, 1e-3, 1.0])
    assert log_ticks(1.5, 30, 4) == [2, 5, 10, 20]
    assert log_ticks(3, 4, 4) == [3, 3.25, 3.5, 3.75, 4]
