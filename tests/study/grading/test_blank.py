import pytest

from quizcli.bank.types import Cloze
from quizcli.study.grading.blank import fits, normalized, places
from quizcli.text import LANGS, Text, use_language

ASK = Text("?", "？")


def taken(typed: str, *answers: str, en: str = "{}.", zh: str = "{}。") -> bool:
    """Whether it is right for a blank of that text in both languages; they must agree."""
    blank = f"{{{{c1::{answers[0]}}}}}"
    text = Text(en.replace("{}", blank), zh.replace("{}", blank))
    question = Cloze(id="q", topic="t", level=1, ask=ASK, text=text, accept={"c1": answers[1:]})
    found: set[bool] = set()
    for lang in LANGS:
        use_language(lang)
        found.update(fits(typed, place) for place in places(question))
    use_language("en")
    assert len(found) == 1
    return found.pop()


@pytest.mark.parametrize(
    ("typed", "answers"),
    [
        ("sigmoid (σ)", ("sigmoid", "σ")),
        ("σ（sigmoid）", ("sigmoid", "σ")),
        ("SiLU/Swish", ("SiLU", "Swish")),
        ("遗忘 forget", ("forget", "遗忘")),
        ("one (unchanged)", ("1", "unchanged")),
        ("sines、cosines", ("sine, cosine", "sines and cosines", "sines,cosines")),
        ("sine & cosine", ("sine and cosine",)),
        ("SiLU（即 Swish）", ("SiLU", "Swish")),
        ("SiLU (i.e. Swish)", ("SiLU", "Swish")),
        ("SiLU, i.e. Swish", ("SiLU", "Swish")),
        ("SiLU, also known as Swish", ("SiLU", "Swish")),
        ("SiLU aka Swish", ("SiLU", "Swish")),
        ("SiLU, or Swish", ("SiLU", "Swish")),
        ("SiLU，也叫 Swish", ("SiLU", "Swish")),
        ("SiLU，即 Swish", ("SiLU", "Swish")),
        ("SiLU (aka Swish)", ("SiLU", "Swish")),
        ("1024 (512+512)", ("1024",)),
        ("1024（512+512）", ("1024",)),
    ],
)
def test_two_names_of_it_may_stand_side_by_side(typed: str, answers: tuple[str, ...]) -> None:
    assert taken(typed, *answers)


@pytest.mark.parametrize(
    ("typed", "answers"),
    [
        ("sigmoid (tanh)", ("sigmoid", "σ")),
        ("higher (lower)", ("higher", "高")),
        ("sigmoid or tanh", ("sigmoid", "σ")),
        ("2 2", ("2",)),
        ("1024 (512)", ("1024",)),
        ("512 (1024)", ("1024",)),
        ("SiLU（即 GELU）", ("SiLU", "Swish")),
        ("twice 2", ("2", "twice")),
        ("4/4", ("4", "4 倍")),
        ("higher higher", ("higher",)),
    ],
)
def test_what_does_not_fit_alone_does_not_fit_beside_it(typed: str, answers: tuple[str, ...]) -> None:
    assert not taken(typed, *answers)


@pytest.mark.parametrize(
    ("typed", "answer"),
    [
        ("tanh(x)", "tanh"),
        ("σ(x)", "σ"),
        ("σ(·)", "sigma"),
        ("sin θ", "sin"),
        ("cos(θ)", "cos"),
        ("max(z_i)", "max"),
        ("tanh activation", "tanh"),
        ("sigmoid 激活函数", "sigmoid"),
        ("sigma", "σ"),
        (r"$\lambda$", "λ"),
        ("1 - lambda", "1 − λ"),
        ("Σ", "σ"),
    ],
)
def test_an_argument_and_the_name_of_a_letter_say_no_more(typed: str, answer: str) -> None:
    assert taken(typed, answer)


@pytest.mark.parametrize(
    ("typed", "answer"),
    [
        ("tanh(x)", "sigmoid"),
        ("p(z)", "p"),
        ("sin(2x) + 1", "sin"),
        ("σ(x)", "τ"),
        ("tau", "σ"),
        ("D(G(z))", "D"),
    ],
)
def test_another_function_is_another_answer(typed: str, answer: str) -> None:
    assert not taken(typed, answer)


@pytest.mark.parametrize(
    ("typed", "answer"),
    [
        ("sines", "sine"),
        ("encoder", "encoders"),
        ("classes", "class"),
        ("penalty", "penalties"),
        ("feature maps", "feature map"),
        ("losses", "loss"),
        ("更早", "早"),
        ("稍早", "早"),
        ("略微提早", "提早"),
        ("slightly earlier", "earlier"),
        ("a bit more", "more"),
        ("nn.SiLU", "SiLU"),
        ("torch.nn.SiLU()", "SiLU"),
        ("F.silu", "SiLU"),
        ("2*(N-1)/N", "2(N−1)/N"),
        ("2·(N−1)/N", "2(N−1)/N"),
        ("变大了", "大"),
        ("当前的", "当前"),
        ("单个样本", "样本"),
        ("single sample", "sample"),
    ],
)
def test_number_and_degree_of_a_word_do_not_count(typed: str, answer: str) -> None:
    assert taken(typed, answer)


@pytest.mark.parametrize(
    ("typed", "answer"),
    [
        ("bia", "bias"),
        ("clas", "class"),
        ("as", "a"),
        ("更晚", "早"),
        ("更新", "新"),
        ("变分", "分"),
        ("不早", "早"),
        ("稍晚", "早"),
        ("slightly later", "earlier"),
        ("slightly", "slight"),
        ("nn.GELU", "SiLU"),
        ("nn.", "n"),
        ("3*9", "39"),
        ("2*(N+1)/N", "2(N−1)/N"),
        ("大小", "大"),
        ("L2s", "L2"),
    ],
)
def test_another_word_is_another_answer(typed: str, answer: str) -> None:
    assert not taken(typed, answer)


def test_the_words_at_the_blank_may_be_typed_again() -> None:
    sides = {"en": "the true {} gate units, chosen", "zh": "旧的{}门单元，选"}
    for typed in (
        "forget gate",
        "forget gate units",
        "true forget",
        "the true forget",
        "forget门",
        "旧的forget",
    ):
        assert taken(typed, "forget", **sides), typed
    for typed in ("gate", "input gate", "false forget", "forget chosen", "forget unit"):
        assert not taken(typed, "forget", **sides), typed


def test_what_denies_is_not_among_them() -> None:
    assert not taken("not biased", "biased", en="is not {} here", zh="并不{}")
    assert not taken("不biased", "biased", en="is not {} here", zh="并不{}")
    assert not taken("低biased", "biased", en="x {}", zh="降低{}"), "half a word"


@pytest.mark.parametrize(
    ("typed", "answer"),
    [
        ("4 times", "4"),
        ("×4", "4"),
        ("x4", "4"),
        ("4x", "4"),
        ("by 4", "4"),
        ("a factor of 4", "4"),
        ("4-fold", "4"),
        ("4倍", "4"),
        ("四 倍", "4"),
        ("一个", "1"),
        ("10⁴", "10000"),
        ("10000倍", "10000"),
        ("10 thousand", "10000"),
        ("一万", "10,000"),
        ("五百一十二", "512"),
        ("about 2", "2"),
        ("e^0 = 1", "1"),
        ("零点二五", "0.25"),
        ("zero point two five", "0.25"),
        ("one fourth", "0.25"),
        ("0.6667", "2/3"),
        ("66.67%", "2/3"),
        (".667", "two thirds"),
        ("0.667", "三分之二"),
    ],
)
def test_numbers_as_people_say_them(typed: str, answer: str) -> None:
    assert taken(typed, answer)


@pytest.mark.parametrize(
    ("typed", "answer"),
    [
        ("4 layers", "4"),
        ("4 层", "4"),
        ("at least 4", "4"),
        ("≥ 4", "4"),
        ("第 4", "4"),
        ("4th", "4"),
        ("fourth", "4"),
        ("fourth", "0.25"),
        ("4 (8)", "4"),
        ("4%", "4"),
        ("4-5", "4"),
        ("22", "2²"),
        ("104", "10⁴"),
        ("10³", "10000"),
        ("0.67", "2/3"),  # two digits are few; a question may accept them
        ("0.666", "2/3"),
        ("0.670", "2/3"),
        ("0.251", "0.25"),
        ("1.02k", "1024"),
        ("零点二五", "0.025"),
        ("零点十", "0.1"),
    ],
)
def test_another_number_is_another_answer(typed: str, answer: str) -> None:
    assert not taken(typed, answer)


def test_a_unit_of_the_text_may_be_typed_with_the_number() -> None:
    sides = {"en": "reads {} channels and", "zh": "输入 {} 个通道，"}
    for typed in ("8 channels", "8 channel", "8 个通道", "8 个", "eight channels"):
        assert taken(typed, "8", **sides), typed
    for typed in ("8 layers", "8 维", "9 channels"):
        assert not taken(typed, "8", **sides), typed


def test_a_kernel_of_5x5_is_no_25() -> None:
    assert taken("5×5", "5", "5×5")
    assert not taken("25", "5", "5×5")
    assert not taken("5²", "5", "5×5")


def test_raised_numbers_are_powers() -> None:
    assert normalized("27 C²") == normalized("27C^2") != normalized("27C2")
    assert normalized("10⁻³") == normalized("10^{-3}")


@pytest.mark.parametrize("piece", ["tanh(", "x ", " or ", "a/", "分之", "²"])
def test_a_pasted_page_is_no_answer(piece: str) -> None:
    assert not taken(piece * 100_000, "sigmoid", "σ"), "and it does not take minutes to say so"


@pytest.mark.parametrize(
    ("typed", "answer"),
    [
        ("quadrupled", "quadruple"),
        ("increasing", "increase"),
        ("升高了", "升高"),
        ("1 time", "1"),
        ("百分之百", "1"),
    ],
)
def test_another_form_says_the_same(typed: str, answer: str) -> None:
    assert taken(typed, answer)


@pytest.mark.parametrize(
    ("typed", "answer"),
    [
        ("biased", "bias"),
        ("twice 2Ψ", "2Ψ"),
        ("4 (double)", "4"),
        ("0 (1)", "0"),
        ("mean (or variance)", "mean"),
        ("mean (median)", "mean"),
    ],
)
def test_another_word_or_a_hedge_does_not(typed: str, answer: str) -> None:
    assert not taken(typed, answer)
