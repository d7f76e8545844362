"""The strict check: well-formed banks that are still not fit to be shown."""

from collections.abc import Mapping

import msgspec
import pytest

from quizcli.bank.checking.content import Outside, check, longest_is_right
from quizcli.bank.reading.reader import read
from quizcli.bank.reading.reading_log import MAX_MISTAKES
from quizcli.bank.types import AnyQuestion, Bank, Choice, Option, Recall
from quizcli.errors import QuizError
from quizcli.text import Text
from tests.places import GOOD_BANK

GOOD = GOOD_BANK.read_text(encoding="utf-8")


class Parameter(msgspec.Struct):
    name: str
    default: float = 0.5


class Answer(msgspec.Struct):
    parameters: tuple[Parameter, ...]
    claims: tuple[str, ...]


def check_settings(answer: Answer, given: Mapping[str, object]) -> None:
    if given.get("p") == 2:
        raise QuizError("p must lie between 0 and 1, not 2")


def unshowable(latex: str) -> str | None:
    return "\\foo is\nunknown" if "\\foo" in latex else None


DROPOUT = Answer(tuple(map(Parameter, ("p", "units", "shared", "act"))), ("expectation-kept",))
OUTSIDE = Outside({"dropout": DROPOUT}, check_settings, unshowable)


def said(text: str) -> list[str]:
    reading = read(text.encode(), "b.yaml")
    assert reading.mistakes == ()
    assert reading.bank is not None
    return [str(mistake) for mistake in check([reading.bank], {"b.yaml": reading.places}, OUTSIDE)]


def test_a_good_bank_has_no_faults() -> None:
    assert said(GOOD) == []


@pytest.mark.parametrize(
    ("old", "new", "place", "message"),
    [
        (
            "follow: [dropout-truth]",
            "follow: [dropout-trut]",
            "dropout-trut]",
            "'follow.1' names an unknown question",
        ),
        (
            "follow: [dropout-truth]",
            "follow: [dropout-trut]",
            "dropout-trut]",
            "; did you mean 'dropout-truth'?",
        ),
        (
            "follow: [dropout-truth]",
            "follow: [dropout-recall]",
            "dropout-recall",
            "'follow.1' is the question itself",
        ),
        ("run: dropout", "run: droput", "run:", "unknown demonstration 'droput'; did you mean 'dropout'?"),
        (
            "units: 100",
            "unit: 100",
            "unit:",
            "'demo.set.unit' is no setting of dropout; did you mean 'units'?",
        ),
        ("p: 0.5", "p: 2", "p:", "'demo.set.p' does not fit: p must lie between 0 and 1, not 2"),
        ("[expectation-kept]", "[expectation]", "expectation]", "'demo.claims.1' names an unknown claim"),
        (
            "claim: expectation-kept",
            "claim: expectation",
            "claim:",
            "'claim' names an unknown claim 'expectation'",
        ),
        ("claim: expectation-kept", "claim: expectation", "claim:", "; did you mean 'expectation-kept'?"),
        (
            "It falls., zh: 变小。",
            "It falls., zh: It falls quite a lot.",
            "zh:",
            "'outcomes.1.text.zh' holds no Chinese",
        ),
        ("why: {en: The", "why: {en: $\\foo$ The", "en:", "'outcomes.1.why.en' has a formula that cannot"),
        (
            "with probability $p$",
            "with $\\foo$",
            "en:",
            "'answer.en' has a formula that cannot be shown: '\\\\foo': ",
        ),
        ("with probability $p$", "with $\\foo$", "en:", "\\foo is unknown"),
        ("- $1/(1-p)$", "- $\\foo$", "$\\foo", "'points.2' has a formula that cannot be shown"),
        ("units are dropped", "'# units'", "en:", "'points.1.en' holds a heading; a card shows none"),
        ("zh: 想想期望。", "zh: Think about the expectation.", "zh:", "'hint.zh' holds no Chinese"),
        ("hint: {en: Think of", "hint: {en: Think 想 of", "en:", "'hint.en' holds Chinese characters"),
        (
            "Dropout is active in evaluation mode.",
            "What does dropout do  while training?",
            "ask:",
            "same question as",
        ),
    ],
)
def test_each_fault_is_named_at_its_place(old: str, new: str, place: str, message: str) -> None:
    assert old in GOOD
    text = GOOD.replace(old, new, 1)
    faults = [fault for fault in said(text) if message in fault]
    assert len(faults) == 1
    line, column = map(int, faults[0].split(":")[1:3])
    assert text.splitlines()[line - 1][column - 1 :].startswith(place)


def test_names_need_no_translation() -> None:
    assert (
        said(GOOD.replace("{en: scale, zh: 缩放}", "{en: Batch Normalization, zh: Batch Normalization}"))
        == []
    )


def test_a_link_to_a_question_in_a_broken_bank_is_no_fault() -> None:
    reading = read(GOOD.replace("[dropout-truth]", "[elsewhere]").encode(), "b.yaml")
    broken = read(b"questions:\n  - id: elsewhere\n  [", "c.yaml")
    assert reading.bank is not None
    assert broken.bank is None
    assert check([reading.bank], {"b.yaml": reading.places, "c.yaml": broken.places}, OUTSIDE) == []


@pytest.mark.timeout(20)
def test_a_hostile_bank_is_judged_quickly() -> None:
    follow = ", ".join(f"dropout-{n}" for n in range(60_000))
    assert len(said(GOOD.replace("[dropout-truth]", f"[{follow}]"))) == MAX_MISTAKES


def _choice(number: int, right: str, wrong: str = "abcd") -> Choice:
    options = (Option(Text(right, right), correct=True), Option(Text(wrong, wrong)), Option(Text("ab", "ab")))
    return Choice(id=f"c{number}", topic="t", level=1, ask=Text(f"{number}", f"{number}"), choices=options)


def _bank(*questions: AnyQuestion) -> Bank:
    return Bank("t", Text("T", "题"), questions, "b.yaml")


def test_the_longest_choice_must_not_give_the_answer_away() -> None:
    long, short = "abcdefg", "abc"
    fair = [_choice(n, long if n < 3 else short) for n in range(6)]
    biased = [_choice(n, long if n < 4 else short) for n in range(6)]
    assert list(longest_is_right(_bank(*fair))) == []
    findings = list(longest_is_right(_bank(*biased)))
    assert [(question, field) for question, field, _ in findings] == [("c0", "choices")] * 2
    assert "4/6 whose longest choice is the right one (en)" in findings[0][2]
    assert list(longest_is_right(_bank(*biased[:5]))) == [], "five questions show no habit"
    equal = [_choice(n, "abcd") for n in range(6)]
    assert list(longest_is_right(_bank(*equal))) == [], "as long as another is not the longest"


def test_the_same_question_in_two_banks() -> None:
    one = Recall(id="one", topic="t", level=1, ask=Text("Why  Dropout?", "为何?"), source=("x",))
    two = Recall(id="two", topic="t", level=2, ask=Text("why dropout?", "为何?"), source=("y",))
    other = Bank("u", Text("U", "题"), (two,), "c.yaml")
    mistakes = check([_bank(one), other], {}, OUTSIDE)
    assert [(m.path, m.question, m.message) for m in mistakes] == [
        ("c.yaml", "two", "'ask' is the same question as one")
    ]


def test_the_same_words_over_other_choices_are_another_question() -> None:
    assert (
        check([_bank(_choice(1, "a"), msgspec.structs.replace(_choice(1, "b"), id="c2"))], {}, OUTSIDE) == []
    )


def said_of_broken(*changes: tuple[str, str]) -> list[str]:
    """Everything that one run says of the good bank with some words replaced."""
    text = GOOD
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    reading = read(text.encode(), "b.yaml")
    assert reading.mistakes
    banks = [reading.bank] if reading.bank is not None else []
    found = check(banks, {"b.yaml": reading.places}, OUTSIDE, {"b.yaml": reading.torn})
    return [f"{mistake.question}: {mistake.message}" for mistake in sorted([*reading.mistakes, *found])]


@pytest.mark.parametrize(
    "form",
    [
        ("kind: recall\n    level: 1", "kind: recall\n    level: hard"),
        ("kind: recall\n    level: 1", "kind: recal\n    level: 1"),
        ("    kind: recall\n    level: 1\n", "    kind: recall\n"),
        ("topic: dropout\n", ""),
        ("title: {en: Dropout, zh: 随机失活 (dropout)}", "title: Dropout"),
    ],
)
def test_a_mistake_of_form_hides_no_other_mistake(form: tuple[str, str]) -> None:
    """All of a bank at the first run: its links, formulas and settings, beside what cannot be read."""
    told = said_of_broken(
        form,
        ("follow: [dropout-truth]", "follow: [dropout-trut]"),
        ("with probability $p$", "with probability $\\foo$"),
        ("p: 0.5", "p: 2"),
    )
    assert any("unknown question 'dropout-trut'" in line for line in told)
    assert any("formula that cannot be shown" in line for line in told)
    assert any("'demo.set.p' does not fit" in line for line in told)
    assert len(told) == 4, told


def test_of_a_field_that_cannot_be_read_nothing_else_is_said() -> None:
    lacking = ("kind: recall\n    level: 1", "kind: recall")
    told = said_of_broken(("follow: [dropout-truth]", "follow: 7"), lacking)
    assert len(told) == 2, told


def test_rules_between_fields_are_told_beside_a_missing_field() -> None:
    told = said_of_broken(
        ("    ask: {en: Which factor scales the units that are kept?, zh: 保留下来的单元要乘以多少?}\n", ""),
        (", correct: true", ", correct: false, why: {en: No., zh: 不。}"),
    )
    assert told == [
        "dropout-choice: 'ask' is missing",
        "dropout-choice: 'choices' has no choice with `correct: true`",
    ]


def test_a_circle_of_topics_is_told_where_it_is_written() -> None:
    banks = {}
    for topic, other in (("dropout", "other"), ("other", "dropout")):
        text = GOOD.replace("topic: dropout", f"topic: {topic}\nafter: [{other}]").replace(
            "dropout-", f"{topic}-"
        )
        banks[f"{topic}.yaml"] = read(text.encode(), f"{topic}.yaml")
    found = [reading.bank for reading in banks.values() if reading.bank is not None]
    told = [str(mistake) for mistake in check(found, {n: r.places for n, r in banks.items()}, OUTSIDE)]
    assert [line for line in told if "circle" in line] == [
        "dropout.yaml:3:1: 'after' goes round in a circle: dropout → other → dropout",
        "other.yaml:3:1: 'after' goes round in a circle: other → dropout → other",
    ]
