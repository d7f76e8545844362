import pytest

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


@pytest.mark.parametrize("typed", ["x", "times", "k", "万", "3 GB", "3kk", "about", "5 x 3", "~", "8 twenty"])
def test_what_says_no_number(typed: str) -> None:
    with pytest.raises(QuizError, match="cannot be read as a number"):
        typed_number(typed, None)


@pytest.mark.parametrize(
    "text",
    ["", "a", "and five", "two three", "二三", "twenty ten", "百", "一百二", "一万二", "five and", "softmax"],
)
def test_words_that_are_no_number(text: str) -> None:
    with pytest.raises(ValueError, match="no number"):
        read_spelt(text)
