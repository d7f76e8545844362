"""Predictions on a card: how they are asked, and what was measured beside what was predicted."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.text import Text as RichText

from quizcli.bank.types import Contender, DemoLink, Outcome, Predict
from quizcli.screen.cards.answer import answer_lines
from quizcli.screen.cards.prediction import NOTHING, Findings
from quizcli.screen.cards.question import question_lines
from quizcli.study.grading.grade import Response, Verdict
from quizcli.study.grading.prediction import judge
from quizcli.text import LANGS, Text, use_language


def both(en: str, zh: str = "") -> Text:
    return Text(en, zh or en)


NUMBER = Predict(
    id="n",
    topic="t",
    level=2,
    ask=both("How large is the KL?", "KL 多大？"),
    claim="kl",
    factor=2.0,
    unit=both("nats", "nat"),
    demo=DemoLink("vae", {"beta": 0, "norm_first": False, "skips": True}),
)
CHOICE = Predict(
    id="c",
    topic="t",
    level=2,
    ask=both("What becomes of it?"),
    claim="kl",
    outcomes=(
        Outcome(both("It falls."), 1.0, both("Nothing pulls it down.")),
        Outcome(both("It grows.")),
    ),
    demo=DemoLink("vae"),
)
ORDER = Predict(
    id="o",
    topic="t",
    level=2,
    ask=both("Which first?"),
    items=(Contender(both("bound"), "a"), Contender(both("tall"), "b"), Contender(both("low"), "c")),
    demo=DemoLink("vae"),
)
ALL = [NUMBER, CHOICE, ORDER, msgspec.structs.replace(NUMBER, factor=None, tolerance=0.5)]


@pytest.fixture
def _chinese() -> Iterator[None]:
    use_language("zh")
    yield
    use_language("en")


def shown(lines: list[RichText]) -> list[str]:
    return [line.plain.rstrip() for line in lines if line.plain.strip()]


def places(question: Predict) -> tuple[int, ...]:
    """How it is shown: items are shuffled, outcomes are not."""
    return (1, 2, 0) if question.items else ()


def asked(question: Predict) -> list[str]:
    return [line.plain.strip("│ ") for line in question_lines(question, 90, places(question))[1:-1]]


def answered(
    question: Predict, response: Response | None, values: dict[str, float], stand_in: str = ""
) -> list[str]:
    verdict: Verdict | None = None
    if response is not None:
        verdict = judge(question, response, values, places(question))
    findings = Findings(values, stand_in)
    return shown(answer_lines(question, 70, response, verdict, places(question), findings=findings))


def test_a_number_says_how_near_and_what_will_run() -> None:
    assert asked(NUMBER) == [
        "How large is the KL?",
        "",
        "a number, in nats",
        "within a factor of 2; decided by a run of vae --beta 0 --no-norm-first --skips",
    ]
    assert asked(ALL[3])[-1].startswith("± 0.5; decided by")


@pytest.mark.usefixtures("_chinese")
def test_in_chinese() -> None:
    assert asked(NUMBER)[-1] == (
        "相差不超过 2 倍；答完即运行 vae --beta 0 --no-norm-first --skips，以实测为准"
    )
    assert answered(NUMBER, "300", {"kl": 281.44}, "合成数字") == [
        "  实测  281.4 nat（相差不超过 2 倍）（合成数字）",
        "  你答  300 ✓",
    ]


def test_outcomes_and_items_as_they_are_asked() -> None:
    assert asked(CHOICE)[2:] == ["1  It falls.", "2  It grows.", "", "decided by a run of vae"]
    assert asked(ORDER)[2:] == [
        "1  tall",
        "2  low",
        "3  bound",
        "",
        "the numbers in the right order",
        "smallest value first; decided by a run of vae",
    ]


def test_a_number_and_what_was_measured() -> None:
    assert answered(NUMBER, "300", {"kl": 281.44}) == [
        "  measured  281.4 nats (within a factor of 2)",
        "  you  300 ✓",
    ]
    assert answered(NUMBER, "3", {"kl": 281.44}, "synthetic digits") == [
        "  measured  281.4 nats (within a factor of 2) (synthetic digits)",
        "  you  3 ✗",
    ]
    assert answered(NUMBER, None, {"kl": 281.44}) == ["  measured  281.4 nats (within a factor of 2)"]
    assert answered(NUMBER, "300", {}) == ["  … not measured", "  you  300"]


def test_outcomes_and_what_was_measured() -> None:
    assert answered(CHOICE, frozenset({0}), {"kl": 281.44}) == [
        "  measured  281.4",
        "  ▸ ✗ 1  It falls.",
        "         Nothing pulls it down.",
        "    ✓ 2  It grows.",
    ]
    before = answered(CHOICE, frozenset({0}), {})
    assert before[0] == "  … not measured"
    assert before[1] == "  ▸ 1  It falls."


def test_an_order_and_what_was_measured() -> None:
    values = {"a": 20.0, "b": 0.5, "c": 3.25}
    assert answered(ORDER, "1 2 3", values) == [
        "  measured",
        "  ✓ 1   0.50  tall",
        "  ✓ 2   3.25  low",
        "  ✓ 3  20.00  bound",
        "  you  1 2 3 ✓",
    ]
    assert answered(ORDER, "1 3 2", values)[1:] == [
        "  ✓ 1   0.50  tall",
        "  ✗ 2   3.25  low",
        "  ✗ 3  20.00  bound",
        "  you  1 3 2 ✗",
    ]
    assert answered(ORDER, "1 3 2", {"a": 1.0})[0] == "  … not measured"


@given(
    st.text(st.sampled_from("ab 中，。（x_^$*`\\-\n{}:1é\x1b"), max_size=60),
    st.sampled_from(ALL),
    st.dictionaries(st.sampled_from(["kl", "a", "b", "c"]), st.floats()),
    st.integers(30, 90),
    st.sampled_from(LANGS),
)
def test_every_line_fits(
    text: str, question: Predict, values: dict[str, float], width: int, lang: str
) -> None:
    use_language("zh" if lang == "zh" else "en")
    try:
        words = both(text)
        question = msgspec.structs.replace(question, ask=words, unit=words)
        assert {line.cell_len for line in question_lines(question, width, places(question))} == {width}
        for findings in (NOTHING, Findings(values, text)):
            for response in (None, text, frozenset({0})):
                for line in answer_lines(
                    question, width, response, None, places(question), findings=findings
                ):
                    assert line.cell_len <= width
                    assert "\x1b" not in line.plain
    finally:
        use_language("en")
