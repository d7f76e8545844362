import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quizcli.errors import QuizError
from quizcli.study.quantity import typed_number
from quizcli.study.spelt import read_spelt
from quizcli.text import Text


@pytest.mark.parametrize(
    ("typed", "value"),
    [
        ("about 8.7", 8.7),
        ("~ 8.7", 8.7),
        ("≈8.7x", 8.7),
        ("8.7 ×", 8.7),
        ("8.7 times", 8.7),
        ("8.7-fold", 8.7),
        ("大约 8.7 倍", 8.7),
        ("8.7倍左右", 8.7),
        ("= 3", 3),
        ("10.8k", 10800),
        ("10.8 K", 10800),
        ("1.2 M", 1.2e6),
        ("1.2 million", 1.2e6),
        ("1.2万", 12000),
        ("3 亿", 3e8),
        ("eight", 8),
        ("Twenty-four", 24),
        ("about a hundred", 100),
        ("one hundred and five", 105),
        ("两千", 2000),
        ("约二十四", 24),
        ("三百六十五万", 3_650_000),
        ("a third", 1 / 3),
        ("two thirds", 2 / 3),
        ("half", 0.5),
        ("三分之二", 2 / 3),
        ("百分之 64", 0.64),
        ("15.4 per cent", 0.154),
        ("patience = 3", 3),
        ("0.75 * 40 = 30", 30),
        ("2 ln 2 ≈ 1.386", 1.386),
        ("百分之六十四", 0.64),
        ("5th", 5),
        ("第 5 个", 5),
        ("第五个", 5),
        ("4 个", 4),
        ("四轮", 4),
        ("一百零五", 105),
    ],
)
def test_numbers_as_people_say_them(typed: str, value: float) -> None:
    assert typed_number(typed, None) == pytest.approx(value, rel=1e-12)


@pytest.mark.parametrize(
    ("typed", "unit", "value"),
    [
        ("512 MiB", Text("MiB", "MiB"), 512),
        ("3 epoch", Text("epochs", "个 epoch"), 3),
        ("三个 epoch", Text("epochs", "个 epoch"), 3),
        ("epoch 5", Text("epochs", "个 epoch"), 5),
        ("388 px", Text("pixels", "像素"), 388),
        ("9 pp", Text("percentage points", "个百分点"), 9),
        ("12% - 3%", Text("percentage points", "个百分点"), 9),
        ("12% - 3%", Text("%", "%"), 9),
        ("百分之15.4", Text("%", "%"), 15.4),
        ("15.4 percent", Text("%", "%"), 15.4),
        ("2 GB", Text("GiB", "GiB"), 2),
        ("2048 MiB", Text("GiB", "GiB"), 2),
        ("2048 MB", Text("GiB", "GiB"), 2),
        ("2,147,483,648 bytes", Text("GiB", "GiB"), 2),
        ("44 gigabytes", Text("GB", "GB"), 44),
        ("44,000 MB", Text("GB", "GB"), 44),
        ("64 GiB", Text("GB", "GB"), 64 * 1.073741824),
        ("about ten epochs", Text("epochs", "个 epoch"), 10),
        ("7", Text("million", "百万"), 7),
        ("7 million", Text("million", "百万"), 7),
        ("7M", Text("million", "百万"), 7),
        ("700万", Text("million", "百万"), 7),
        ("7 百万", Text("million", "百万"), 7),
        ("366592", Text("thousand", "千"), 366592),  # as it stands: the question's `accept` knows it
    ],
)
def test_numbers_with_a_unit(typed: str, unit: Text, value: float) -> None:
    assert typed_number(typed, unit) == pytest.approx(value, rel=1e-12)


ASK = Text("How many parameters does it have?", "共有多少参数？")


@pytest.mark.parametrize(
    ("typed", "value"),
    [
        ("366592 parameters", 366592),
        ("366,592 个参数", 366592),
        ("1 parameter", 1),
        ("5 params", 5),
        ("the 5th", 5),
        ("parameter 5", 5),
        ("367k parameters", 367_000),
        ("twelve parameters", 12),
    ],
)
def test_what_the_question_counts_may_stand_behind_the_number(typed: str, value: float) -> None:
    assert typed_number(typed, None, ASK) == value
    with pytest.raises(QuizError):
        typed_number("12 apples", None, ASK)
    with pytest.raises(QuizError):
        typed_number("parameters", None, ASK)


@pytest.mark.parametrize("typed", ["62-63", "690–700", "62 to 63", "12～13", "0.5-0.6"])
def test_a_range_is_no_difference(typed: str) -> None:
    with pytest.raises(QuizError, match="is a range"):
        typed_number(typed, None)
    assert typed_number("12-3", None) == 9


@pytest.mark.parametrize(
    "typed", ["x" * 61 + "=8", "x", "times", "k", "万", "3 GB", "3kk", "about", "~", "8 twenty"]
)
def test_what_says_no_number(typed: str) -> None:
    with pytest.raises(QuizError, match="cannot be read as a number"):
        typed_number(typed, None)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a",
        "and five",
        "two three",
        "二三",
        "twenty ten",
        "百",
        "一百二",
        "一万二",
        "five and",
        "softmax",
        "零分之一",
    ],
)
def test_words_that_are_no_number(text: str) -> None:
    with pytest.raises(ValueError, match="no number"):
        read_spelt(text)


SIGNS = "0123456789.,+-*/^()%√π⁻²½×x=≈ 零一二三十百千万亿分之第个倍约"
WORDS = ["1e308", "thousand", "hundred", "half", "k", "m", "GiB", "bytes", "percent", "about", "epochs", "th"]
PARTS = st.sampled_from([*SIGNS, *WORDS, "parameters", "三分之", "百分之", "cos", "ln"])
UNITS = [None, *(Text(unit, unit) for unit in ("%", "GiB", "million", "percentage points", "epochs"))]


@given(st.lists(PARTS, max_size=9).map("".join) | st.text(max_size=70), st.sampled_from(UNITS))
def test_whatever_is_typed_is_a_finite_number_or_asked_again(typed: str, unit: Text | None) -> None:
    try:
        value = typed_number(typed, unit, ASK)
    except QuizError:
        return
    assert math.isfinite(value)
