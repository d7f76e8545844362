import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quizcli.study.numeral import read_number


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
    ],
)
def test_numbers_as_people_type_them(typed: str, value: float) -> None:
    assert read_number(typed) == pytest.approx(value, rel=1e-15)


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
        "1 000",
        "2 3",
        "0,5",
        "1,00",
        "1,0000",
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
