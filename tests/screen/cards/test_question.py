"""Cards: each kind of question and its answer, as the person sees them."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct
from rich.text import Text as RichText

from quizcli.bank.types import (
    AnyQuestion,
    Choice,
    Cloze,
    DemoLink,
    Number,
    Option,
    Order,
    Recall,
    Truth,
)
from quizcli.screen.cards.answer import TickedClaim, answer_lines
from quizcli.screen.cards.question import (
    CardHeader,
    as_question,
    footer,
    header_line,
    labelled,
    question_lines,
)
from quizcli.study.grading.grade import Response
from quizcli.text import LANGS, Text, use_language


def both(en: str, zh: str = "") -> Text:
    return Text(en, zh or en)


RECALL = Recall(
    id="vae-loss-terms",
    topic="vae",
    level=1,
    ask=both("Which two terms make up the VAE loss?", "VAE 的损失由哪两项组成？"),
    answer=both("Reconstruction and $D_{KL}(q\\|p)$.", "重构项与 $D_{KL}(q\\|p)$。"),
    points=(both("reconstruction", "重构项"), both("KL divergence", "KL 散度")),
    pitfalls=(both("Forgetting the KL term.", "漏掉 KL 项。"),),
    demo=DemoLink("vae"),
    follow=("vae-posterior-collapse",),
    source=("Kingma & Welling 2014, eq. 10", "App. B"),
)
CHOICE = Choice(
    id="c",
    topic="t",
    level=2,
    ask=both("Which sign?"),
    choices=(
        Option(both("plus"), why=both("The bound is negated.")),
        Option(both("minus"), correct=True),
    ),
)
TRUTH = Truth(
    id="t", topic="t", level=1, ask=both("LN depends on the batch.", "LN 依赖批次。"), correct=False
)
CLOZE = Cloze(
    id="f",
    topic="t",
    level=1,
    ask=both("Fill in."),
    text=both("Scores are divided by {{c1::$\\sqrt{d_k}$}}, then comes {{c2::softmax::which function}}."),
)
NUMBER = Number(
    id="n", topic="t", level=3, ask=both("$2\\ln 2$?"), value=1.386, tolerance=0.01, unit=both("nats", "nat")
)
ORDER = Order(
    id="o", topic="t", level=2, ask=both("Sort."), items=(both("first"), both("second"), both("third"))
)
ALL: list[AnyQuestion] = [RECALL, CHOICE, TRUTH, CLOZE, NUMBER, ORDER]


class Judged(Struct):
    """What a grader says."""

    right: bool
    wrong: tuple[int, ...] = ()


WRONG = Judged(False, (1, 2))


@pytest.fixture
def _chinese() -> Iterator[None]:
    use_language("zh")
    yield
    use_language("en")


def shown(lines: list[RichText]) -> str:
    return "\n".join(line.plain.rstrip() for line in lines)


def test_header() -> None:
    header = CardHeader("vae", "due", "12 left", 2, 1, 4.2)
    assert header_line(header, 50).plain == " vae · due · 12 left             2 ✓  1 ✗   4 min"
    assert header_line(header, 30).plain == " vae · due · 12 left"
    long = msgspec.structs.replace(header, topic="Convolutional networks")
    assert header_line(long, 52).plain == " Convolutional n… · due · 12 left  2 ✓  1 ✗   4 min"
    assert header_line(header, 19).plain == " … · due · 12 left"


@pytest.mark.usefixtures("_chinese")
def test_header_in_chinese() -> None:
    header = CardHeader("变分自编码器", "到期", "还剩 12", 2, 1, 4.2)
    assert header_line(header, 52).plain == " 变分自编码器 · 到期 · 还剩 12    2 ✓  1 ✗   4 分钟"


def test_question_in_its_box() -> None:
    assert shown(question_lines(RECALL, 44)) == (
        "╭─ recall ─────────────────────── level 1 ─╮\n"
        "│ Which two terms make up the VAE loss?    │\n"
        "╰──────────────────────────────────────────╯"
    )


@pytest.mark.usefixtures("_chinese")
def test_question_in_chinese() -> None:
    assert shown(question_lines(RECALL, 34)) == (
        "╭─ 问答 ──────────────── 难度 1 ─╮\n"
        "│ VAE 的损失由哪两项组成？       │\n"
        "╰────────────────────────────────╯"
    )


@pytest.mark.parametrize(
    ("question", "rows"),
    [
        (CHOICE, ["Which sign?", "", "1  plus", "2  minus"]),
        (TRUTH, ["LN depends on the batch.", "", "1  true     2  false"]),
        (NUMBER, ["2 ln 2?", "", "a number, in nats"]),
        (ORDER, ["Sort.", "", "1  third", "2  first", "3  second", "", "the numbers in the right order"]),
        (
            CLOZE,
            [
                "Fill in.",
                "",
                "Scores are divided by […], then comes […: which",
                "function].",
                "",
                "2 answers, separated by ;",
            ],
        ),
    ],
)
def test_what_each_kind_asks(question: AnyQuestion, rows: list[str]) -> None:
    lines = question_lines(question, 52, permutation=(2, 0, 1) if isinstance(question, Order) else ())
    assert [line.plain.removeprefix("│ ").removesuffix("│").rstrip() for line in lines[1:-1]] == rows


def test_options_change_places_with_their_numbers() -> None:
    asked = shown(question_lines(CHOICE, 52, permutation=(1, 0)))
    assert asked.index("1  minus") < asked.index("2  plus")
    told = answer_lines(CHOICE, 52, response=frozenset({0}), verdict=WRONG, permutation=(1, 0))
    assert [line.plain.split() for line in told[1:4]] == [
        ["✓", "1", "minus"],
        ["▸", "✗", "2", "plus"],
        ["The", "bound", "is", "negated."],
    ]


def test_several_correct_options_are_announced() -> None:
    options = (*CHOICE.choices, Option(both("both"), correct=True))
    several = msgspec.structs.replace(CHOICE, choices=options)
    assert "choice: all that apply" in question_lines(several, 60)[0].plain


def test_answer_of_a_recall_question() -> None:
    claims = [
        TickedClaim("elbo-reached", True, "105.9 ≤ 106.5 nats"),
        TickedClaim("kl", False, "−0.1 ≥ 0", "KL is never negative"),
    ]
    assert shown(answer_lines(RECALL, 60, claims=claims)) == (
        "\n"
        "  Reconstruction and D_KL(q‖p).\n"
        "\n"
        "  a complete answer mentions\n"
        "  • reconstruction\n"
        "  • KL divergence\n"
        "\n"
        "  watch out\n"
        "  ! Forgetting the KL term.\n"
        "\n"
        "  measured\n"
        "  ✓ elbo-reached          105.9 ≤ 106.5 nats\n"
        "  ✗ KL is never negative  −0.1 ≥ 0\n"
        "\n"
        "  follow-up  vae-posterior-collapse\n"
        "  source     Kingma & Welling 2014, eq. 10; App. B"
    )


@pytest.mark.usefixtures("_chinese")
def test_answer_in_chinese() -> None:
    assert shown(answer_lines(RECALL, 60, follow=[TRUTH])) == (
        "\n"
        "  重构项与 D_KL(q‖p)。\n"
        "\n"
        "  完整的回答应提到\n"
        "  • 重构项\n"
        "  • KL 散度\n"
        "\n"
        "  常见误区\n"
        "  ! 漏掉 KL 项。\n"
        "\n"
        "  追问  对还是错？LN 依赖批次。\n"
        "  出处  Kingma & Welling 2014, eq. 10; App. B"
    )


def test_a_false_statement_is_no_fact_where_it_stands_alone() -> None:
    assert as_question(TRUTH) == "True or false? LN depends on the batch."
    assert as_question(CHOICE) == "Which sign?"
    block = msgspec.structs.replace(TRUTH, ask=both("```python\nx\n```"))
    assert as_question(block).splitlines()[:3] == ["True or false?", "", "```python"]
    assert "follow-up  True or false? LN depends" in shown(answer_lines(RECALL, 60, follow=[TRUTH]))


def test_claims_that_fit_no_column_wrap() -> None:
    claim = TickedClaim(
        "kl", True, "a long measurement with many words", "a long statement about the KL term"
    )
    assert shown(answer_lines(TRUTH, 40, claims=[claim])).endswith(
        "  ✓ a long statement about the KL term\n    a long measurement with many words"
    )


def test_options_are_marked_and_wrong_ones_explained() -> None:
    lines = answer_lines(CHOICE, 50, response=frozenset({0}))
    assert shown(lines) == ("\n  ▸ ✗ 1  plus\n         The bound is negated.\n    ✓ 2  minus")
    assert [(span.start, span.end) for span in lines[1].spans if span.style == "red"] == [(4, 5)]


def test_truth_is_said_in_words() -> None:
    assert shown(answer_lines(TRUTH, 50)) == "\n  The statement is false."
    assert shown(answer_lines(TRUTH, 50, response=True)) == "\n  The statement is false.\n  you  true ✗"
    assert shown(answer_lines(TRUTH, 50, response=False)).endswith("you  false ✓")


def test_blanks_are_filled_in() -> None:
    lines = answer_lines(CLOZE, 60, response="√d; sigmoid", verdict=WRONG)
    assert shown(lines) == "\n  Scores are divided by √dₖ, then comes softmax.\n  you  √d ✓; sigmoid ✗"
    assert [lines[1].plain[s.start : s.end] for s in lines[1].spans if s.style == "bold"] == ["softmax"]


def test_blanks_within_formulas() -> None:
    question = msgspec.structs.replace(CLOZE, text=both(r"$\frac{QK^T}{ {{c1::\sqrt{d_k}}} }$"))
    assert "QKᵀ/[…]" in shown(question_lines(question, 60))
    assert shown(answer_lines(question, 60)) == "\n  QKᵀ/√dₖ"


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        (r"It costs \$5 and {{c1::much}} more.", "It costs $5 and much more."),
        (r"\$ and $x = {{c1::y}}$", "$ and x = y"),
        ("**all {{c1::bold}}** and `{{c2::code}}`", "all bold and code"),
        ("*{{c1::italic}}* **{{c2::$x$ y}}**", "italic x y"),
    ],
)
def test_no_mark_of_a_filled_blank_is_printed(text: str, filled: str) -> None:
    question = msgspec.structs.replace(CLOZE, text=both(text))
    assert shown(answer_lines(question, 60)) == f"\n  {filled}"


def test_numbers_with_unit_and_tolerance() -> None:
    right = Judged(True)
    assert shown(answer_lines(NUMBER, 50, "1.39", right)) == "\n  1.386 nats (± 0.01)\n  you  1.39 ✓"
    assert shown(answer_lines(NUMBER, 50)) == "\n  1.386 nats (± 0.01)"


def test_the_right_order_keeps_the_numbers_that_were_shown() -> None:
    lines = answer_lines(ORDER, 50, response="1 2 3", verdict=WRONG, permutation=(2, 0, 1))
    assert shown(lines) == "\n  ✓ 2  first\n  ✗ 3  second\n  ✗ 1  third\n  you  1 2 3 ✗"
    assert shown(answer_lines(ORDER, 50, permutation=(2, 0, 1))) == "\n  2  first\n  3  second\n  1  third"


def test_what_was_typed_cannot_move_the_cursor() -> None:
    assert r"\x1b[2J" in shown(answer_lines(NUMBER, 50, "\x1b[2J", WRONG))


def test_labelled() -> None:
    assert shown(labelled("hint", "Think of $q(z|x)$ and of the prior.", 30)) == (
        "  hint  Think of q(z|x) and\n        of the prior."
    )


KEYS = [
    ("space", "answer"),
    ("d", "run it"),
    ("h", "hint"),
    ("u", "undo"),
    ("?", "all keys"),
    ("q", "quit"),
]


def test_footer() -> None:
    line = footer(KEYS, 80)
    assert line.plain == " space answer   d run it   h hint   u undo   ? all keys   q quit"
    assert [line.plain[s.start : s.end] for s in line.spans if s.style == "bold"] == ["space", *"dhu?q"]
    assert footer(KEYS, 50).plain == " space answer   d run it   ? more   q quit"
    assert footer(KEYS, 24).plain == " ? more   q quit"
    assert footer(KEYS, 6).plain == " ? mo…"
    assert footer([], 20).plain == ""


_WORDS = st.text(st.sampled_from("ab 中，。（x_^$*`\\-\n{}:1é\x1b"), max_size=60)


@given(_WORDS, st.sampled_from(ALL), st.integers(30, 90), st.sampled_from(LANGS))
def test_every_line_fits_and_every_box_is_closed(
    text: str, question: AnyQuestion, width: int, lang: str
) -> None:
    use_language("zh" if lang == "zh" else "en")
    try:
        words = both(text)
        question = msgspec.structs.replace(question, ask=words, answer=words, points=(words,), source=(text,))
        if isinstance(question, Cloze):
            question = msgspec.structs.replace(question, text=both(f"{text}{{{{c1::{text}}}}}"))
        places = (1, 0) if isinstance(question, Choice) else (2, 1, 0)
        box = question_lines(question, width, places)
        assert {line.cell_len for line in box} == {width}
        claims = [TickedClaim("id", True, text, text)]
        answers: dict[str, Response] = {"choice": frozenset({1}), "truth": True}
        response = answers.get(question.kind, text)
        for line in answer_lines(question, width, response, WRONG, places, claims, [question]):
            assert line.cell_len <= width
            assert "\x1b" not in line.plain
    finally:
        use_language("en")


@given(st.lists(st.tuples(_WORDS, _WORDS), max_size=8), st.integers(1, 60))
def test_the_footer_is_one_line(keys: list[tuple[str, str]], width: int) -> None:
    line = footer(keys, width)
    assert line.cell_len <= width
