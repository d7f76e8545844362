"""Parameters of FSRS-4.5 and FSRS-5 against the figures that ts-fsrs and fsrs-rs publish in their tests."""

import math

import pytest

from quizcli.fsrs_parameters import BOUNDS, convert_parameters

FOUR_AND_A_HALF = (
    *(0.4, 0.6, 2.4, 5.8, 4.93, 0.94, 0.86, 0.01, 1.49, 0.14, 0.94, 2.18, 0.05),
    *(0.34, 1.26, 0.29, 2.61),
)
FIVE = (
    *(0.40255, 1.18385, 3.173, 15.69105, 7.1949, 0.5345, 1.4604, 0.0046, 1.54575, 0.1192),
    *(1.01925, 1.9395, 0.11, 0.29605, 2.2698, 0.2315, 2.9898, 0.51655, 0.6621),
)


def test_the_bounds_are_those_of_fsrs() -> None:
    from fsrs.scheduler import LOWER_BOUNDS_PARAMETERS, UPPER_BOUNDS_PARAMETERS

    assert tuple(zip(LOWER_BOUNDS_PARAMETERS, UPPER_BOUNDS_PARAMETERS, strict=True)) == BOUNDS


def test_seventeen_become_twenty_one() -> None:
    published = (*FOUR_AND_A_HALF[:4], 6.81, 0.44675014, 1.36, *FOUR_AND_A_HALF[7:], 0, 0, 0, 0.5)
    assert convert_parameters(FOUR_AND_A_HALF) == pytest.approx(published, abs=5e-9)


def test_nineteen_become_twenty_one() -> None:
    assert convert_parameters(FIVE) == (*FIVE, 0.0, 0.5)


def test_twenty_one_stay_as_they_are() -> None:
    from fsrs.scheduler import DEFAULT_PARAMETERS

    assert convert_parameters(DEFAULT_PARAMETERS) == DEFAULT_PARAMETERS


def test_what_only_the_forerunners_allowed_is_brought_within_the_bounds() -> None:
    """The first published by fsrs-rs (parameter_clipper_works); w[12] up to 0.4 was FSRS-4.5's."""
    wild = (0.0, -1000.0, 1000.0, 0.0, 1000.0, -1000.0, 1.0, 0.25, -0.1, *FIVE[9:])
    assert convert_parameters(wild)[:9] == (0.001, 0.001, 100.0, 0.001, 10.0, 0.001, 1.0, 0.25, 0.0)
    assert convert_parameters((*FOUR_AND_A_HALF[:12], 0.4, *FOUR_AND_A_HALF[13:]))[12] == 0.25
    for w in (
        convert_parameters((-1e300,) * 17),
        convert_parameters((1e308,) * 17),
        convert_parameters((1e308,) * 19),
    ):
        assert all(low <= number <= high for number, (low, high) in zip(w, BOUNDS, strict=True))


@pytest.mark.parametrize("count", [0, 1, 16, 18, 20, 22, 35])
def test_another_count_is_refused(count: int) -> None:
    with pytest.raises(ValueError, match=f"17, 19 or 21 parameters, not {count}"):
        convert_parameters((0.5,) * count)


@pytest.mark.parametrize("count", [17, 19, 21])
@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_what_is_no_number_is_refused(count: int, number: float) -> None:
    with pytest.raises(ValueError, match=r"w\[7\]"):
        convert_parameters((*[1.0] * 4, 5.0, *[0.1] * 2, number, *[0.1] * (count - 8)))


def test_twenty_one_outside_their_bounds_are_refused() -> None:
    w = [1.0] * 4 + [50.0] + [0.1] * 16
    with pytest.raises(ValueError, match=r"w\[4\] must lie between 1 and 10, not 50"):
        convert_parameters(w)
