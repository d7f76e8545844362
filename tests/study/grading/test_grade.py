from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quizcli.bank.types import Choice, Cloze, Number, Option, Order, Recall, Truth
from quizcli.errors import ExitStatus, QuizError
from quizcli.study.grading.blank import normalized
from quizcli.study.grading.grade import Verdict, grade, typed_order
from quizcli.study.schedule.card import Rating
from quizcli.study.schedule.seeded_random import permutation
from quizcli.text import Lang, Text, use_language

ASK = Text("?", "？")


def said(*texts: str) -> tuple[Text, ...]:
    return tuple(Text(text, text) for text in texts)


def choice(*correct: bool) -> Choice:
    return Choice(id="q", topic="t", level=1, ask=ASK, choices=tuple(Option(ASK, right) for right in correct))


def cloze(en: str, zh: str) -> Cloze:
    return Cloze(id="q", topic="t", level=1, ask=ASK, text=Text(en, zh))


def number(value: float, tolerance: float = 0.0, unit: Text | None = None) -> Number:
    return Number(id="q", topic="t", level=1, ask=ASK, value=value, tolerance=tolerance, unit=unit)


@pytest.fixture(params=["en", "zh"])
def lang(request: pytest.FixtureRequest) -> Iterator[Lang]:
    use_language(request.param)
    yield request.param
    use_language("en")


def test_truth() -> None:
    question = Truth(id="q", topic="t", level=1, ask=ASK, correct=False)
    assert grade(question, False) == Verdict(right=True, proposed=Rating.GOOD)
    assert grade(question, True) == Verdict(right=False, proposed=Rating.AGAIN, wrong=(0,))


def test_choice_wants_all_correct_options_and_no_other() -> None:
    question = choice(True, False, True)
    assert grade(question, frozenset({0, 2})).right
    assert grade(question, frozenset({0})).wrong == (2,)
    assert grade(question, frozenset({0, 1, 2})).wrong == (1,)
    assert grade(question, frozenset()).wrong == (0, 2)
    assert grade(question, frozenset({1})) == Verdict(False, Rating.AGAIN, (0, 1, 2), 3)


def test_cloze_takes_either_language(lang: Lang) -> None:
    question = cloze("The {{c1::encoder}} and the {{c1::decoder}}.", "{{c1::编码器}}与{{c1::解码器}}。")
    for typed in (
        "encoder; decoder",
        "编码器；解码器",
        "编码器;Decoder.",
        "encoder;decoder;",
        "ＥＮＣＯＤＥＲ ； the decoder",
    ):
        assert grade(question, typed).right, typed
    assert grade(question, "decoder; encoder").wrong == (0, 1)
    assert grade(question, "encoder; encoder") == Verdict(False, Rating.AGAIN, (1,), 2)
    assert grade(question, "encoder;").wrong == (1,)
    assert grade(question, "; decoder").wrong == (0,)


def test_cloze_blanks_belong_together_by_group(lang: Lang) -> None:
    question = cloze(
        "{{c1::biased}} normalizes, {{c2::unbiased}} is stored", "存储{{c2::无偏}}，归一化用{{c1::有偏}}"
    )
    order = ("biased; unbiased", "有偏；无偏") if lang == "en" else ("unbiased; biased", "无偏；有偏")
    for typed in order:
        assert grade(question, typed).right, typed


@pytest.mark.parametrize(("typed", "given"), [("a; b; c", 3), ("encoder", 1)])
def test_cloze_wants_an_answer_for_each_blank(typed: str, given: int) -> None:
    with pytest.raises(QuizError, match=f"Blanks: 2, answers: {given}") as caught:
        grade(cloze("{{c1::encoder}} {{c1::decoder}}", "{{c1::编码器}} {{c1::解码器}}"), typed)
    assert caught.value.status == ExitStatus.USAGE


@pytest.mark.parametrize(
    ("answer", "typed"),
    [
        ("KL divergence", "kl-divergence"),
        ("feed-forward", "feedforward"),
        ("Batch normalization", "batch  Normalization."),
        (r"$\sqrt{d_k}$", "sqrt(d_k)"),
        (r"$\sqrt{d_k}$", "√d_k"),
        ("log p(x)", "log p (x)"),
        ("10000", "10,000"),
        ("0.5", "1/2"),
        ("0.5", ".50"),
        ("25%", "0.25"),
        ("n - 1", "n−1"),
        ("“mode collapse”", "mode collapse"),
        ("交叉熵", "交叉 熵。"),
        ("(", "("),
    ],
)
def test_style_does_not_count(answer: str, typed: str) -> None:
    assert grade(cloze(f"{{{{c1::{answer}}}}}", "{{c1::另一个}}"), typed).right


@pytest.mark.parametrize(
    ("answer", "typed"),
    [
        ("n-1", "n1"),
        ("0.5", "05"),
        ("0.5", "5"),
        ("biased", "unbiased"),
        ("1", "-1"),
        ("a", ""),
        ("1", "?"),
    ],
)
def test_substance_counts(answer: str, typed: str) -> None:
    assert not grade(cloze(f"{{{{c1::{answer}}}}}", "{{c1::另一个}}"), typed).right


@pytest.mark.parametrize(
    ("answer", "typed"), [("8", "eight"), ("8", "八"), ("eight", "8"), ("八", "eight"), ("1,000", "一千")]
)
def test_a_number_may_be_spelt(answer: str, typed: str) -> None:
    assert grade(cloze(f"{{{{c1::{answer}}}}}", "{{c1::另一个}}"), typed).right


@given(st.text("abcABC123 -.,()$_'编码，。"))
def test_case_width_and_spaces_never_count(text: str) -> None:
    wide = "".join(chr(ord(sign) + 0xFEE0) if "!" <= sign <= "~" else sign for sign in text)
    assert normalized(wide) == normalized(text)
    assert normalized(text.upper()) == normalized(text.lower())
    assert normalized(f"  {text}\t") == normalized(text)


@pytest.mark.parametrize(
    "typed", ["1.386", "2 ln 2", "2ln2 nats", "1.39 NAT", "1.38nats", "1.386 nat", "１．３９"]
)
def test_numbers_within_the_tolerance(typed: str) -> None:
    assert grade(number(1.386, 0.01, Text("nats", "nat")), typed) == Verdict(True, Rating.GOOD)


@pytest.mark.parametrize("typed", ["1.4", "-1.386", "0", "13.86 %"])
def test_numbers_outside_the_tolerance(typed: str) -> None:
    assert grade(number(1.386, 0.01), typed) == Verdict(False, Rating.AGAIN, (0,))


def test_the_edge_of_the_tolerance_is_within() -> None:
    assert grade(number(0.3, 0.1), "0.4").right
    assert grade(number(0.3), "0.1 + 0.2").right
    assert not grade(number(0.3, 0.1), "0.4000001").right


def test_percent_is_a_unit_where_the_question_says_so() -> None:
    assert grade(number(0.5), "50 %").right
    percent = number(50, unit=Text("%", "%"))
    for typed in ("50", "50%", "50 ％"):
        assert grade(percent, typed).right
    assert not grade(percent, "0.5").right


@pytest.mark.parametrize("typed", ["", "about", "ten or nine", "3 apples", "1,0000", "3k7", "kilo"])
def test_what_is_no_number_is_asked_again(typed: str) -> None:
    with pytest.raises(QuizError, match="cannot be read as a number") as caught:
        grade(number(3, unit=Text("GiB", "GiB")), typed)
    assert "1e-3" in caught.value.hint


def test_order_is_graded_by_place() -> None:
    question = Order(id="q", topic="t", level=1, ask=ASK, items=said("first", "second", "third"))
    shown = (2, 0, 1)  # third, first, second
    for typed in (
        "2 3 1", "231", "2,3,1", "２、３、１", "2 > 3 > 1", "2→3→1", "2/3/1", "2–3–1", "[2, 3, 1]", "2=>3=>1",
        "(2, 3, 1)", "2 | 3 | 1", "2⇒3⇒1", "2➜3➜1", "#2 #3 #1", "{2,3,1}", "2—3—1", "2-3-1。",
    ):  # fmt: skip
        assert grade(question, typed, shown) == Verdict(True, Rating.GOOD, (), 3), typed
    assert grade(question, "3 2 1", shown) == Verdict(False, Rating.AGAIN, (0, 1), 3)
    assert grade(question, "123").right


@pytest.mark.parametrize("typed", ["", "12", "1 1 2", "1 2 4", "1 2 3 3", "one two three", "0 1 2"])
def test_an_order_must_name_each_item_once(typed: str) -> None:
    question = Order(id="q", topic="t", level=1, ask=ASK, items=said("a", "b", "c"))
    with pytest.raises(QuizError, match="does not put 3 items in order"):
        grade(question, typed)


@given(st.integers(1, 14), st.text(), st.integers(0, 99))
def test_the_right_order_is_right_however_the_items_are_shown(size: int, name: str, count: int) -> None:
    question = Order(id="q", topic="t", level=1, ask=ASK, items=said(*map(str, range(size))))
    shown = permutation(size, name, count)
    assert sorted(shown) == list(range(size))
    assert size == 1 or shown != tuple(range(size))
    typed = " ".join(str(shown.index(place) + 1) for place in range(size))
    assert grade(question, typed, shown).right


def test_a_response_of_another_kind_is_a_bug() -> None:
    recall = Recall(id="q", topic="t", level=1, ask=ASK)
    with pytest.raises(TypeError, match="a recall question is not answered with True"):
        grade(recall, True)
    with pytest.raises(TypeError, match="a choice question is not answered with '1'"):
        grade(choice(True), "1")


def test_a_blank_takes_its_equals_in_both_languages(lang: Lang) -> None:
    question = Cloze(
        id="q",
        topic="t",
        level=1,
        ask=ASK,
        text=Text("{{c1::SiLU}} with {{c2::3}} matrices", "{{c2::3}} 个矩阵与 {{c1::SiLU}}"),
        accept={"c1": ("Swish",), "c2": ("三", "three")},
    )
    first, second = ("{0}; {1}", "{1}; {0}")[lang == "zh"], ("SiLU", "swish")
    for name in second:
        for number_word in ("3", "three", "三"):
            assert grade(question, first.format(name, number_word)).right
    assert not grade(question, first.format("ReLU", "3")).right
    assert not grade(question, first.format("three", "Swish")).right, "each blank has its own equals"


def test_a_number_takes_its_equals_within_the_same_share() -> None:
    question = Number(
        id="q", topic="t", level=1, ask=ASK, value=366.592, tolerance=1.0, accept=(366592.0, -366.592)
    )
    for typed in ("366.592", "367.5", "366,592", "367,500", "-366.6"):
        assert grade(question, typed).right, typed
    for typed in ("368", "368,000", "-368", "366.592e9"):
        assert not grade(question, typed).right, typed
    zero = Number(id="q", topic="t", level=1, ask=ASK, value=0.0, tolerance=0.1, accept=(5.0,))
    assert grade(zero, "5").right
    assert not grade(zero, "5.05").right


def test_an_equal_that_is_another_amount_is_held_to_its_own_digits() -> None:
    question = Number(
        id="q",
        topic="t",
        level=1,
        ask=ASK,
        value=62.5,
        tolerance=1.5,
        unit=Text("%", "%"),
        accept=(0.625, 65.2),
    )
    for typed in ("61", "64", "0.61", "65.2", "65.24 %"):
        assert grade(question, typed).right, typed
    for typed in ("65", "66", "64.2", "0.65", "6520 %"):
        assert not grade(question, typed).right, typed


def test_a_magnitude_is_a_unit_where_the_question_has_one() -> None:
    question = Number(
        id="q", topic="t", level=1, ask=ASK, value=366.592, tolerance=0.5, unit=Text("thousand", "千"),
        accept=(366592,),
    )  # fmt: skip
    for typed in ("366.592", "366592", "366.6k", "366.592 thousand", "0.366592 million", "36.66 万"):
        assert grade(question, typed).right, typed
    for typed in ("366.592 million", "366592k", "366592 thousand", "366592 千", "366.592 万"):
        assert not grade(question, typed).right, typed


def test_the_square_counts_where_both_sides_are_typed() -> None:
    question = Number(
        id="q", topic="t", level=1, ask=ASK, value=14, unit=Text("pixels", "像素"), accept=(196,)
    )
    for typed in (
        "14",
        "14 px",
        "14×14",
        "14x14 px",
        "14 × 14 像素",
        "14 by 14",
        "14 (2×7)",
        "14²",
        "14 x 14 x 32",
        "32×14×14",
        "(14, 14)",
        "14×14 = 196",
    ):
        assert grade(question, typed).right, typed
    for typed in ("196", "196 px", "7×28", "13×13", "196 (14×14)", "13×13 = 169"):
        assert not grade(question, typed).right, typed


def test_one_reading_that_is_right_suffices() -> None:
    assert grade(number(49), "49 (7×7)").right
    assert grade(number(1.386, 0.02), "-2 ln 1/2").right
    assert not grade(number(8), "64 (8×8)").right
    assert not grade(number(8), "eighth").right
    assert not grade(number(1), "1/4 (25%)").right


def test_a_note_may_tell_the_unit() -> None:
    share, size = number(0.64, 0.05, Text("%", "%")), number(512, 0, Text("MiB", "MiB"))
    for typed in ("0.64", "0.64 %", "0.64 % (6.4e-3)", "0.0064 (0.64 %)", "0.64 (exp(-5.05))"):
        assert grade(share, typed).right, typed
    assert not grade(share, "0.64 (64 %)").right
    assert grade(size, "512 (0.5 GiB)").right
    assert not grade(size, "512 (512 KiB)").right


def test_an_equal_in_another_unit_counts_without_a_unit() -> None:
    percent, gib = Text("%", "%"), Text("GiB", "GiB")

    def asked(value: float, tolerance: float, accept: tuple[float, ...], unit: Text | None) -> Number:
        return Number(
            id="q", topic="t", level=1, ask=ASK, value=value, tolerance=tolerance, accept=accept, unit=unit
        )

    share = asked(15.4, 0.5, (0.154, 16.5), percent)
    for typed in ("15.4 %", "15.4", "0.154", "16.5 %", "15.4 percent"):
        assert grade(share, typed).right, typed
    for typed in ("0.154 %", "1540 %", "13 %"):
        assert not grade(share, typed).right, typed
    size = asked(2, 0.1, (2048, 2**31), gib)
    for typed in ("2 GiB", "2048", "2048 MiB", "2 GB", "2,147,483,648 bytes", "2^31"):
        assert grade(size, typed).right, typed
    for typed in ("2048 GiB", "2 MiB", "2147483648 GiB"):
        assert not grade(size, typed).right, typed
    score = asked(0.6, 0.01, (60,), None)
    assert grade(score, "60 %").right
    assert not grade(score, "6000 %").right


def test_items_that_may_be_exchanged_are_right_either_way() -> None:
    question = Order(
        id="q", topic="t", level=1, ask=ASK, items=said("a", "b", "c", "d", "e"), any_order=((1, 2), (4, 5))
    )
    for typed in ("12345", "21345", "12354", "21354"):
        assert grade(question, typed, range(5)).right, typed
    assert grade(question, "13245", range(5)).wrong == (1, 2)
    shuffled = (4, 2, 0, 1, 3)  # e c a b d
    assert grade(question, "34251", shuffled).right
    assert grade(question, "43215", shuffled).right
    assert grade(question, "24351", shuffled).wrong == (0, 2)


@pytest.mark.parametrize("typed", ["4; 1; 1", "4, 1, 1", "4/1/1", "4、1、1", "4，1，1", "4 | 1 | 1"])
def test_blanks_may_be_parted_otherwise(typed: str) -> None:
    text = "{{c1::4}} and {{c2::1}} and {{c3::1}}"
    question = Cloze(id="q", topic="t", level=1, ask=ASK, text=Text(text, text))
    assert grade(question, typed).right
    with pytest.raises(QuizError, match="Blanks: 3, answers: 1"):
        grade(question, "4 1")


@pytest.mark.parametrize(
    "typed", ["1, 3 and 2", "order: 1 3 2", "1 then 3 then 2", "一三二", "顺序：1、3、2"]
)
def test_an_order_in_words(typed: str) -> None:
    assert typed_order(typed, 3) == [0, 2, 1]


@pytest.mark.parametrize(
    "typed",
    ["4 (double); small", "4; small (very large)", "4（翻倍）; small", "4 (1); small", "4; small (or large)"],
)
def test_a_note_in_brackets_is_asked_about(typed: str) -> None:
    """It may say more of the answer, or something else: who can tell?"""
    text = "{{c1::4}} and {{c2::small}}"
    question = Cloze(id="q", topic="t", level=1, ask=ASK, text=Text(text, text), accept={"c2": ("low",)})
    with pytest.raises(QuizError, match="is that one answer"):
        grade(question, typed)
    assert grade(question, "4; small (low)").right
    assert not grade(question, "5 (double); small").right
