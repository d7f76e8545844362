import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quizcli.study.grading.number_parser import read_number, readings


@pytest.mark.parametrize(
    ("typed", "value"),
    [
        ("5", 5),
        (" -3.5 ", -3.5),
        (".5", 0.5),
        ("5.", 5),
        ("1e-3", 1e-3),
        ("1.5E+3", 1500),
        ("1/3", 1 / 3),
        ("50%", 0.5),
        ("12.5 %", 0.125),
        ("1,000", 1000),
        ("1,234,567.5", 1234567.5),
        ("1_000", 1000),
        ("10^-3", 1e-3),
        ("10⁻³", 1e-3),
        ("1½", 1.5),
        ("¾", 0.75),
        ("13x13", 169),
        ("0.05(1 + cos(π/4))", 0.05 * (1 + math.cos(math.pi / 4))),
        ("3·10²⁹", 3e29),
        ("2x10⁴", 2e4),
        ("2**10", 1024),
        ("-2^2", -4),
        ("2^3^2", 512),
        ("2ln2", 2 * math.log(2)),
        ("2 ln 2", 2 * math.log(2)),
        ("ln(2)/2", math.log(2) / 2),
        ("784 × ln 2", 784 * math.log(2)),
        ("log2 8", 3),
        ("log10(100)", 2),
        ("sqrt(2/pi)", math.sqrt(2 / math.pi)),
        ("√2", math.sqrt(2)),
        ("2π", 2 * math.pi),
        ("e", math.e),
        ("exp(-1)", math.exp(-1)),
        ("2 e", 2 * math.e),
        ("2e^2", 2 * math.e**2),
        ("3(1 + 2)", 9),
        ("8 - 3 - 2", 3),
        ("8/4/2", 1),
        ("１，０００．５", 1000.5),
        ("−３", -3),
        ("2 048", 2048),
        ("12\u202f345 678.5", 12345678.5),
        ("0,75", 0.75),
        ("0,001", 0.001),
        ("62,5", 62.5),
        ("33 1/3", 100 / 3),
        ("33 1/3 %", 1 / 3),
        ("1 and 1/2", 1.5),
        ("0.1*cos(pi/8)^2", 0.1 * math.cos(math.pi / 8) ** 2),
        ("0.1 cos²(π/8)", 0.1 * math.cos(math.pi / 8) ** 2),
        ("ln(2)²", math.log(2) ** 2),
        ("exp -1", math.exp(-1)),
        ("log₂ 8", 3),
        ("log_2(8)", 3),
        ("13 by 13", 169),
        ("2√2", 2 * math.sqrt(2)),
        ("5 ‰", 0.005),
    ],
)
def test_numbers_as_people_type_them(typed: str, value: float) -> None:
    assert read_number(typed) == pytest.approx(value, rel=1e-15)


@pytest.mark.parametrize(
    ("typed", "values"),
    [
        ("-2 ln 1/2", (0, 2 * math.log(2))),
        ("0.05(1+cos π/4)", (0.05 * (1 - 1 / 4), 0.05 * (1 + math.sqrt(0.5)))),
        ("ln (e+9)/e", (math.log(math.e + 9) / math.e, math.log(math.e + 9) - 1)),
        ("ln (2)^3", (math.log(2) ** 3, math.log(8))),
        ("1/2π", (math.pi / 2, 1 / (2 * math.pi))),
        ("ln 1/1000 + 1", (1, 1 - math.log(1000))),
    ],
)
def test_signs_that_bind_differently_to_different_people(typed: str, values: tuple[float, ...]) -> None:
    assert readings(typed) == pytest.approx(values, rel=1e-12, abs=1e-12)


@pytest.mark.parametrize("typed", ["ln(2)/2", "cos(pi/8)^2", "√2/2", "3(1 + 2)", "2 ln 2", "1/2"])
def test_a_bracket_of_its_own_leaves_one_reading(typed: str) -> None:
    assert len(readings(typed)) == 1


@pytest.mark.parametrize(
    "typed",
    # none of these may be read as some other number
    [
        "",
        "-",
        "abc",
        "1/0",
        "1e",  # not 2.718
        "1e-",
        "12E",
        "1.5e*2",
        "(1e)",
        "9**9**9",
        "1e999",
        "ln 0",
        "sqrt(-1)",
        "(1",
        "1)",
        "1 0000",
        "0 048",
        "2 3",
        "1,0000",  # a slip of 1,000 or of 10,000
        "1,234,5",
        "0,5,5",
        "1.5,3",
        "0,75e3",
        "10⁻",
        "⁵",
        "inf",
        "nan",
        "1..2",
        "1.2.3",
        "5 apples",
        "0x10",
        "1;2",
        "a.b()",
        "(" * 61,
    ],
)
def test_what_is_no_number(typed: str) -> None:
    with pytest.raises(ValueError):
        read_number(typed)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_every_float_is_read_back(value: float) -> None:
    assert read_number(repr(value)) == value


@given(st.integers(-(10**12), 10**12))
def test_thousands_may_be_grouped(value: int) -> None:
    assert read_number(f"{value:,}") == value


@given(st.text("0123456789.,_e+-*/^()%πlns qrtxp", max_size=70))
def test_whatever_is_typed_is_a_finite_number_or_refused(typed: str) -> None:
    try:
        value = read_number(typed)
    except ValueError:
        return
    assert math.isfinite(value)
