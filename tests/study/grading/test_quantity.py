import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quizcli.errors import QuizError
from quizcli.study.grading.quantity import read_quantities
from quizcli.study.grading.spelled_numbers import read_spelt
from quizcli.text import Text


def typed_number(typed: str, unit: Text | None, ask: Text | None = None) -> float:
    """As it is usually read."""
    return read_quantities(typed, unit, ask)[0].value


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
        ("exactly 16", 16),
        ("by 0.001", 0.001),
        ("by about 0.001", 0.001),
        ("by a factor of 8.7", 8.7),
        ("answer: 3", 3),
        ("no. 5", 5),
        ("8.7 times as large", 8.7),
        ("33.3…", 33.3),
        ("minus 0.001", -0.001),
        ("负 0.001", -0.001),
        ("恰好 16 个", 16),
        ("千分之一", 0.001),
        ("千分之 0.5", 0.0005),
        ("万分之五", 0.0005),
        ("third", 1 / 3),
        ("eight and a half", 8.5),
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
        ("9 % points", Text("percentage points", "个百分点"), 9),
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
        ("14 px", Text("pixels", "像素"), 14),
        ("512 兆字节", Text("MiB", "MiB"), 512),
        ("half", Text("GiB", "GiB"), 0.5),
        ("0.5 吉字节", Text("MiB", "MiB"), 512),
        ("512 mebibytes", Text("MiB", "MiB"), 512),
        ("44 billion bytes", Text("GB", "GB"), 44),
        ("44 (GB)", Text("GB", "GB"), 44),
        ("693 iterations", Text("steps", "步"), 693),
        ("2 048 elements", Text("values", "个数"), 2048),
        ("33 1/3 %", Text("%", "%"), 100 / 3),
        ("0.366592 million", Text("thousand", "千"), 366.592),
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
    for place in ("the 5th", "第 5 个"):
        with pytest.raises(QuizError):
            typed_number(place, None, ASK)


@pytest.mark.parametrize(
    ("typed", "unit", "values"),
    [
        ("49 (7×7)", None, {49}),
        ("49（7×7）", None, {49}),
        ("0.6 (60%)", None, {0.6}),
        ("49 (= 7×7)", None, {49}),
        ("44 GB (16+16+12)", Text("GB", "GB"), {44}),
        ("3(1 + 2)", None, {9}),
        ("3 (1 + 1)", None, {3, 6}),
        ("4 (27–30)", None, {4, -12}),
        ("0.154 (15.4 %)", None, {0.154}),
        ("33 ⅓ %", None, {33.333333333333336 / 100}),
        ("62 ½", None, {62.5}),
        ("2 ln (4 - 2)", None, {2 * math.log(2)}),
        ("0.5 GB", Text("MiB", "MiB"), {512, 500_000_000 / 1024**2}),
        ("0.5 GiB", Text("MiB", "MiB"), {512}),
        ("0.5 GB", Text("GB", "GB"), {0.5}),
    ],
)
def test_what_may_be_meant(typed: str, unit: Text | None, values: set[float]) -> None:
    assert sorted({each.value for each in read_quantities(typed, unit)}) == pytest.approx(sorted(values))


@pytest.mark.parametrize("typed", ["49 (or 7)", "5 (8?)", "5（或 8）", "44 (bits)", "44 (MiB", "(16+16"])
def test_a_note_that_takes_the_number_back_is_asked_again(typed: str) -> None:
    with pytest.raises(QuizError, match="cannot be read as a number"):
        read_quantities(typed, Text("GB", "GB"))


@pytest.mark.parametrize(
    ("typed", "asked"),
    [
        ("fifth", 5),
        ("the fifth", 5),
        ("fifth epoch", 5),
        ("epoch five", 5),
        ("epoch #5", 5),
        ("epoch number 5", 5),
        ("5th epoch", 5),
        ("第 5 个 epoch", 5),
        ("第五个epoch", 5),
        ("the 5th", 5),
        ("weights of the fifth epoch", 5),
        ("epoch 5 (0.59)", 5),
    ],
)
def test_a_place_where_the_question_asks_for_one(typed: str, asked: float) -> None:
    which = Text("Which epoch's weights are restored?", "恢复的是第几个 epoch 的权重？")
    assert typed_number(typed, None, which) == asked


@pytest.mark.parametrize(
    ("typed", "unit"),
    [
        ("44 bits", Text("GB", "GB")),
        ("44 Gb", Text("GB", "GB")),
        ("44 Gbit", Text("GB", "GB")),
        ("44 位", Text("GB", "GB")),
        ("49 pixels", Text("patches", "个")),
        ("49 像素", Text("patches", "个")),
    ],
)
def test_another_unit_is_asked_again_though_the_question_speaks_of_it(typed: str, unit: Text) -> None:
    said = Text("How many of the 16 × 16 pixels, and of their bits?", "16 × 16 像素，共多少位？")
    with pytest.raises(QuizError, match="cannot be read as a number"):
        typed_number(typed, unit, said)


def test_words_of_the_question_stand_beside_its_unit() -> None:
    said = Text("How wide is the field, in pixels, on each GPU?", "边长是多少？")
    pixels = Text("pixels", "像素")
    for typed in (
        "13 pixels wide",
        "13 wide",
        "13 pixels per GPU",
        "边长 13",
        "field 13",
        "the field: 13 px",
        "13 px/GPU",
    ):
        assert typed_number(typed, pixels, said) == 13, typed


@pytest.mark.parametrize(
    "typed",
    ["13²", "13^2 px", "13×13 = 169", "13×13", "13 x 13 px", "13 by 13 像素", "13 px × 13 px", "13px × 13"],
)
def test_two_equal_sides_are_told_from_their_product(typed: str) -> None:
    (given,) = read_quantities(typed, Text("pixels", "像素"))
    assert (given.value, given.square) == (169, True)
    for product in ("169 px", "13×11"):
        assert not any(each.square for each in read_quantities(product, Text("pixels", "像素")))


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
SAID = [
    "倍",
    "根号",
    "成",
    "每",
    "多",
    "的",
    "次方",
    "\\frac{1}{2}",
    "^{",
    "(",
    ")",
    " (",
    "=",
    "at least ",
    "out of ",
]
PARTS = st.sampled_from([*SIGNS, *WORDS, *SAID, "parameters", "三分之", "百分之", "cos", "ln", "一", "0"])
UNITS = [None, *(Text(unit, unit) for unit in ("%", "GiB", "million", "percentage points", "epochs"))]


@given(st.lists(PARTS, max_size=9).map("".join) | st.text(max_size=70), st.sampled_from(UNITS))
def test_whatever_is_typed_is_a_finite_number_or_asked_again(typed: str, unit: Text | None) -> None:
    try:
        value = typed_number(typed, unit, ASK)
    except QuizError:
        return
    assert math.isfinite(value)


CAT = Text(
    'CutMix pastes a patch of a dog into a picture of a cat. What weight does the label "cat" keep?',
    "CutMix 把狗的一块贴进猫图。标签“猫”还保留多大权重？",
)
CACHE = Text(
    "A decoder has 32 layers and 32 heads. How large is the KV cache of one sequence of 4,096 tokens?",
    "某解码器有 32 层、32 个头。一个 4,096 token 的序列的 KV cache 有多大？",
)
SHRINKS = Text("What percentage of their size is left of the pixels?", "像素值缩小到百分之几？")
LEAST = Text("What is the smallest patience that does not stop it?", "patience 至少多大，训练才不会停？")
MOST = Text("How many points could be gained at most?", "最多能降低几个百分点？")
FACTOR = Text("How many times larger is the gradient?", "梯度是多少倍？")
RISES = Text("By how many per cent does it rise?", "计算量增加百分之几？")
SPREAD = Text(
    "Components have variance 1, and 64 of them. What is the standard deviation of their squared product?",
    "各分量方差为 1，共 64 个。它们点积的标准差是多少？",
)
PER_CENT, SIZE, NATS = Text("%", "%"), Text("GiB", "GiB"), Text("nats", "nat")


@pytest.mark.parametrize(
    ("typed", "unit", "ask"),
    [
        ("dog 0.75", None, CAT),
        ("0.75 for the dog", None, CAT),
        ("dog = 0.75", None, CAT),
        ("狗 0.75", None, CAT),
        ("狗 = 0.75", None, CAT),
        ("not 0.75", None, CAT),
        ("0.75 times", None, CAT),
        ("2 GiB per token", SIZE, CACHE),
        ("2 GiB per head", SIZE, CACHE),
        ("2 GiB each", SIZE, CACHE),
        ("每层 2 GiB", SIZE, CACHE),
        ("每个 token 2 GiB", SIZE, CACHE),
        ("0.64 times", PER_CENT, SHRINKS),
        ("0.64x", PER_CENT, SHRINKS),
        ("0.64倍", PER_CENT, SHRINKS),
        ("缩小 0.64%", PER_CENT, SHRINKS),
        ("增加到 33 %", PER_CENT, RISES),
        ("more than 3", None, LEAST),
        ("<= 3", None, LEAST),
        ("!= 3", None, LEAST),
        ("at most 3", None, LEAST),
        ("超过3", None, LEAST),
        ("at least 9", None, MOST),
        ("at least 0.75", None, CAT),
        ("99 times smaller", None, FACTOR),
        ("99 第", None, FACTOR),
        ("8 层", None, SPREAD),
        ("方差 8", None, SPREAD),
        ("方差为 8", None, SPREAD),
        ("8 (variance)", None, SPREAD),
        ("8 squared", None, SPREAD),
        ("half of 8", None, SPREAD),
        ("8多", None, SPREAD),
        ("8 几", None, SPREAD),
        ("wrong: 8", None, SPREAD),
        ("64 = 8", None, SPREAD),
        ("8 (64)", None, SPREAD),
        ("8 (as it stands)", None, SPREAD),
        ("8 (0.5 per dimension)", None, SPREAD),
        ("σ² = 8", None, SPREAD),
        ("2σ = 8", None, SPREAD),
        ("1/σ = 8", None, SPREAD),
        ("-σ = 8", None, SPREAD),
        ("mean = 8", None, SPREAD),
        ("1 layer = 2 GiB", SIZE, CACHE),
        ("2 GiB (per layer)", SIZE, CACHE),
        ("2 GiB（每层）", SIZE, CACHE),
        ("2 thousand", SIZE, CACHE),
        ("2‰", SIZE, CACHE),
        ("1 - λ = 0.75", None, CAT),
        ("0.75（狗）", None, CAT),
        ("20 (8 %)", PER_CENT, SPREAD),
        ("not (8 %)", PER_CENT, SPREAD),
        ("20（8 %）", PER_CENT, SPREAD),
        ("9 (epoch 5)", None, Text("Which epoch is restored?", "恢复的是第几个 epoch？")),
    ],
)
def test_a_word_that_says_something_else_is_asked_about(typed: str, unit: Text | None, ask: Text) -> None:
    with pytest.raises(QuizError, match="cannot be read as a number"):
        typed_number(typed, unit, ask)


@pytest.mark.parametrize(
    ("typed", "unit", "ask", "value"),
    [
        ("cat 0.75", None, CAT, 0.75),
        ("猫 0.75", None, CAT, 0.75),
        ("weight = 0.75", None, CAT, 0.75),
        ("权重为 0.75", None, CAT, 0.75),
        ("λ = 0.75", None, CAT, 0.75),
        ("w_cat = 0.75", None, CAT, 0.75),
        ("answer: 0.75", None, CAT, 0.75),
        ("σ = 8", None, SPREAD, 8),
        ("std = 8", None, SPREAD, 8),
        ("64^1/2", None, SPREAD, 32),
        ("1 - 256/1024, so 0.75", None, CAT, 0.75),
        ("0.75, since a quarter is gone", None, CAT, 0.75),
        (r"$\frac{3}{4}$", None, CAT, 0.75),
        ("七成五", None, CAT, 0.75),
        ("75 out of 100", None, CAT, 0.75),
        ("2 GiB per sequence", SIZE, CACHE, 2),
        ("0.5 MiB * 4096", SIZE, CACHE, 2),
        ("1 GiB + 1 GiB", SIZE, CACHE, 2),
        ("2的31次方字节", SIZE, CACHE, 2),
        ("缩小到 0.64%", PER_CENT, SHRINKS, 0.64),
        ("增加三分之一", PER_CENT, RISES, 1 / 3),
        ("33 % more", PER_CENT, RISES, 33),
        ("at least 3", None, LEAST, 3),
        ("patience ≥ 3", None, LEAST, 3),
        ("3 or more", None, LEAST, 3),
        ("大于等于3", None, LEAST, 3),
        ("at most 9", None, MOST, 9),
        ("最多9个", None, MOST, 9),
        ("99:1", None, FACTOR, 99),
        ("99 times bigger", None, FACTOR, 99),
        (r"$\ln 1000$", NATS, FACTOR, 6.907755),
        ("log_e 1000", NATS, FACTOR, 6.907755),
        ("10 bits", NATS, FACTOR, 6.931472),
        ("log2+log2", NATS, FACTOR, 1.386294),
        (r"\sqrt{64}", None, CAT, 8),
        ("64^{1/2}", None, CAT, 8),
        ("根号64", None, CAT, 8),
        ("0.1 cos 45°", None, CAT, 0.0707107),
        ("25 % of 196", None, CAT, 49),
        ("1000 times 0.01", None, CAT, 10),
        ("tensor([1.1])", None, CAT, 1.1),
    ],
)
def test_ways_to_say_it(typed: str, unit: Text | None, ask: Text, value: float) -> None:
    assert typed_number(typed, unit, ask) == pytest.approx(value, rel=1e-6)


@pytest.mark.parametrize(
    "typed", ["690-700 steps", "~690-700", "62–63 %", "62%-63%", "42–45 GB", "3.1–3.2M", "epochs 27-30"]
)
def test_a_range_is_one_in_its_unit_too(typed: str) -> None:
    with pytest.raises(QuizError, match="is a range"):
        typed_number(typed, Text("steps", "步"))
    assert typed_number("12% - 3%", PER_CENT) == pytest.approx(9)


def test_what_may_be_read_in_two_ways() -> None:
    assert [each.value for each in read_quantities("1,386", NATS)] == [1386, 1.386]
    patches = Text("patches", "个")
    assert {each.value for each in read_quantities("49 out of 196", patches)} == {49}
    assert {each.value for each in read_quantities("49 out of 196", None)} == {0.25}
    assert 49 in {each.value for each in read_quantities("0.25 of 196", None)}
    values = [each.value for each in read_quantities("ln 1/2 / ln 0.999", None)]
    assert any(value == pytest.approx(692.8, abs=0.1) for value in values)
    sides = read_quantities("388 × 388 × 2", Text("pixels", "像素"))
    assert (388**2, True) in {(each.value, each.square) for each in sides}
