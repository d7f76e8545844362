"""Banks are read into records; every mistake of a file is told at once, at its place, in words that help."""

import time
from typing import Any

import msgspec
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from quizcli.bank.reading.reader import Reading, read
from quizcli.bank.types import (
    KINDS,
    AnyQuestion,
    Choice,
    Cloze,
    Code,
    Contender,
    DemoLink,
    Number,
    Option,
    Order,
    Outcome,
    Predict,
    Recall,
    Truth,
)
from quizcli.packs.cache import Stored
from quizcli.text import Text, use_language
from tests.places import GOOD_BANK

GOOD = GOOD_BANK.read_bytes()


def changed(*changes: tuple[str, str]) -> Reading:
    """The good bank with some words replaced."""
    text = GOOD.decode()
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    return read(text.encode(), "b.yaml")


def test_every_kind_is_read() -> None:
    reading = read(GOOD, "questions/dropout.yaml")
    assert reading.mistakes == ()
    assert reading.bank is not None
    assert (reading.bank.topic, reading.bank.path) == ("dropout", "questions/dropout.yaml")
    recall, choice, truth, cloze, number, code, order, predict = reading.bank.questions
    assert isinstance(recall, Recall)
    assert recall.answer is not None
    assert recall.answer.en.endswith("- nothing happens in `eval()`")
    assert recall.points == (Text("units are dropped", "丢弃的是单元"), Text("$1/(1-p)$", "$1/(1-p)$"))
    settings: dict[str, bool | int | float | str] = {"p": 0.5, "units": 100, "shared": False, "act": "relu"}
    assert recall.demo == DemoLink("dropout", settings, ("expectation-kept",))
    assert recall.follow == ("dropout-truth",)
    assert isinstance(choice, Choice)
    why = Text("That is the paper's test-time factor.", "那是论文里测试时的系数。")
    assert choice.choices == (
        Option(Text("$1/(1-p)$", "$1/(1-p)$"), correct=True),
        Option(Text("$1-p$", "$1-p$"), why=why),
    )
    assert isinstance(truth, Truth)
    assert truth.correct is False
    assert isinstance(code, Code)
    assert (code.entry, code.check) == ("dropout", "judges.dropout.check_dropout")
    assert code.solution == "models.dropout:dropout"
    assert code.starter.zh == 'def dropout(x, p):\n    """以概率 p 丢弃。"""'
    assert isinstance(cloze, Cloze)
    assert isinstance(number, Number)
    assert (number.value, number.tolerance, number.unit) == (1.25, 0.01, Text("%", "%"))
    assert isinstance(order, Order)
    assert order.items[0] == Text("draw a mask", "抽取掩码")
    assert isinstance(predict, Predict)
    assert predict.claims == ("expectation-kept",)
    assert predict.outcomes[0] == Outcome(
        Text("It falls.", "变小。"), 0.9, Text("The factor makes up for it.", "系数补偿了它。")
    )
    assert [outcome.below for outcome in predict.outcomes] == [0.9, 1.1, None]


ITEMS = "\n".join(
    [
        "    items:",
        "      - {text: {en: small, zh: 小}, claim: expectation-kept}",
        "      - {text: {en: large, zh: 大}, claim: variance-grows}",
        "      - {text: {en: huge, zh: 巨}, claim: mean-kept}",
        "",
    ]
)


def predicting(form: str) -> str:
    """The good bank with another form of prediction."""
    text = GOOD.decode()
    begin, end = text.index("    claim: expectation-kept"), text.index("    answer: {en: It stays.")
    return text[:begin] + form + text[end:]


def test_the_other_forms_of_prediction() -> None:
    near = read(predicting("    claim: mean-kept\n    factor: 2\n").encode(), "b.yaml")
    assert near.mistakes == ()
    assert near.bank is not None
    last = near.bank.questions[-1]
    assert isinstance(last, Predict)
    assert (last.claims, last.factor, last.tolerance) == (("mean-kept",), 2.0, None)
    ordered = read(predicting(ITEMS).encode(), "b.yaml")
    assert ordered.mistakes == ()
    assert ordered.bank is not None
    last = ordered.bank.questions[-1]
    assert isinstance(last, Predict)
    assert last.claims == ("expectation-kept", "variance-grows", "mean-kept")
    assert last.items[2] == Contender(Text("huge", "巨"), "mean-kept")


@pytest.mark.parametrize(
    ("form", "mistake"),
    [
        (ITEMS + "    claim: mean-kept\n", "'claim' does not go with items"),
        (ITEMS.replace("variance-grows", "mean-kept"), "'items.3.claim' is the claim of another item too"),
        (ITEMS.replace("zh: 巨", "zh: 大"), "'items.3.text' reads like another one"),
        (ITEMS + "    factor: 2\n", "'kind' predict takes exactly one of"),
        ("    claim: mean-kept\n    factor: 0.5\n", "'factor' must be at least 1, not 0.5"),
        ("    claim: mean-kept\n    tolerance: -1\n", "'tolerance' must be at least 0"),
    ],
)
def test_a_prediction_has_one_form(form: str, mistake: str) -> None:
    (found,) = read(predicting(form).encode(), "b.yaml").mistakes
    assert mistake in found.message


def test_places_are_those_of_the_file() -> None:
    """Every key of the file stands where `places` says."""
    lines = GOOD.decode().splitlines()
    places = read(GOOD, "b.yaml").places
    assert places["dropout-recall"] == (5, 5)
    assert len(places) > 60
    for name, (line, column) in places.items():
        field = name.rpartition(".")[2]
        if "." in name and not field.isdigit():
            assert lines[line - 1][column - 1 :].startswith(f"{field}:"), name


@pytest.mark.parametrize(
    "end",
    [
        b"---",
        b"---\r",
        b"--- ",
        b"topic:",
        b"a: [",
        b"---\xe2\x80\xa8",
        *(GOOD[:n] for n in range(1, 600, 29)),
    ],
)
def test_no_mistake_stands_after_the_end_of_its_file(end: bytes) -> None:
    found = read(end, "b.yaml").mistakes
    assert found
    lines = f"{end.decode(errors='replace')}.".splitlines()  # an end of line has an empty one after it
    assert [m for m in found if not (1 <= m.line <= len(lines) and m.column >= 1)] == []


def test_all_mistakes_are_told_at_once_and_the_healthy_questions_are_kept() -> None:
    typo = ("level: 1", "level: 1\n    levl: 4")
    reading = changed(typo, ("hint: {en: Think", "hint: {en: no, x: y"), ("true", "ja"))
    assert [(m.line, m.question) for m in reading.mistakes] == [
        (8, "dropout-recall"),
        (23, "dropout-recall"),
        (23, "dropout-recall"),
        (32, "dropout-choice"),
    ]
    assert reading.bank is not None
    kept = [question.id for question in reading.bank.questions]
    assert kept == [f"dropout-{kind}" for kind in ("truth", "cloze", "number", "code", "order", "predict")]


def test_a_question_with_an_alias_is_not_kept() -> None:
    reading = changed(("{en: multiply", "{en: *multiply"))
    assert [mistake.question for mistake in reading.mistakes] == ["dropout-order"]
    assert reading.bank is not None
    assert len(reading.bank.questions) == 7


def test_where_yaml_gives_up_the_ids_are_still_known() -> None:
    reading = changed(("{en: Complete.", "{en: [Complete."))
    assert len(reading.mistakes) == 1
    assert {f"dropout-{kind}" for kind in KINDS} <= set(reading.places)
    assert "dropout-cloze.ask" not in reading.places
    assert "dropout-order.ask" in reading.places


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ("    ask: {en: Complete.", "    ask {en: Complete.", "ask {en"),  # no colon
        ("{en: Complete.", "{en: [Complete.", "[Complete."),
        ("{en: Complete.", '{en: "Complete\\.', "Complete"),
        ("{en: Complete.", "{en: Comp\u202elete.", "Comp\u202elete."),
    ],
)
def test_what_yaml_cannot_read_hides_one_question_only(old: str, new: str, line: str) -> None:
    """The rest is read and checked, at its own lines."""
    text = GOOD.decode().replace(old, new, 1).replace("level: 3", "level: hard")
    reading = read(text.encode(), "b.yaml")
    number = next(n for n, written in enumerate(text.splitlines(), 1) if line in written)
    assert ("dropout-cloze", number) in [(m.question, m.line) for m in reading.mistakes]
    hard = [n for n, written in enumerate(text.splitlines(), 1) if "level: hard" in written]
    assert [m.line for m in reading.mistakes if "'level'" in m.message] == hard
    assert len(reading.mistakes) == 1 + len(hard)
    assert reading.bank is not None
    kept = {question.kind for question in reading.bank.questions}
    assert {"recall", "choice", "truth"} <= kept
    assert "cloze" not in kept


def test_two_questions_that_yaml_cannot_read_are_both_named() -> None:
    reading = changed(
        ("    ask: {en: Complete.", "    ask {en: Complete."), ("{en: multiply", "{en: [multiply")
    )
    assert {mistake.question for mistake in reading.mistakes} == {"dropout-cloze", "dropout-order"}
    assert reading.bank is not None
    assert len(reading.bank.questions) == len(KINDS) - 2


def test_a_bank_of_which_no_question_can_be_read() -> None:
    text = "topic: t\ntitle: {en: T, zh: 题}\nquestions:\n  - id: a\n    ask 'x\n  - id: b\n    ask 'y\n"
    reading = read(text.encode(), "b.yaml")
    assert {mistake.question for mistake in reading.mistakes} <= {"a", "b"}
    assert reading.mistakes
    assert {"a", "b"} <= set(reading.places)


def test_many_broken_questions_are_no_bomb() -> None:
    head = "topic: t\ntitle: {en: T, zh: 题}\nquestions:\n"
    text = head + "".join(f"  - id: q{n}\n    ask [{n}\n" for n in range(5000))
    begin = time.monotonic()
    reading = read(text.encode(), "b.yaml")
    assert time.monotonic() - begin < 20
    assert reading.mistakes


def test_a_bank_in_one_language() -> None:
    text = """
languages: [zh]
topic: t
title: {zh: 题}
questions:
  - {id: a, kind: truth, level: 1, ask: 题, correct: true, answer: {en: T, zh: 答}, source: [x]}
"""
    reading = read(text.encode(), "b.yaml")
    assert reading.mistakes == ()
    assert reading.bank is not None
    assert (reading.bank.languages, reading.bank.title) == (("zh",), Text("题", "题"))
    question = reading.bank.questions[0]
    assert (question.ask, question.answer) == (Text("题", "题"), Text("T", "答"))


@pytest.mark.parametrize("text", ["3", "0.50", "≤ 10", "$\\alpha$", "'`eval()`'", "28 × 28", "1/2"])
def test_what_reads_alike_needs_one_text(text: str) -> None:
    reading = changed(("{en: multiply, zh: 相乘}", text))
    assert reading.mistakes == ()
    assert reading.bank is not None
    order = reading.bank.questions[-2]
    assert isinstance(order, Order)
    assert order.items[1] == Text(text.strip("'"), text.strip("'"))


def test_messages_exist_in_chinese() -> None:
    use_language("zh")
    try:
        mistake = changed(("level: 3", "level: hard")).mistakes[0]
    finally:
        use_language("en")
    assert str(mistake) == "b.yaml:74:5: dropout-order: 'level' 只能是 1, 2 或 3，不能是 'hard'"


def test_windows_line_ends_and_a_byte_order_mark() -> None:
    text = GOOD.replace(b"level: 3", b"level: 9").replace(b"\n", b"\r\n")
    reading = read(b"\xef\xbb\xbf" + text, "b.yaml")
    assert [(m.line, m.column) for m in reading.mistakes] == [(74, 5)]


def test_bytes_that_are_no_utf_8() -> None:
    mistake = read(b"topic: x\ntitle: \xc3\xa9 caf\xe9\n", "b.yaml").mistakes[0]
    assert (mistake.line, mistake.column) == (2, 13)
    assert mistake.message == "this is not UTF-8; save the file as UTF-8"


HEAD = "topic: t\ntitle: {en: T, zh: T}\nquestions:\n  - "


def _cloze(text: str) -> str:
    return HEAD + f"{{id: a, kind: cloze, level: 1, ask: '?', text: '{text}', source: [x]}}"


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    "text",
    [
        "[" * 500_000,
        "{" * 500_000,
        "{a: " * 100_000,
        "- " * 500_000,
        "? " * 500_000,
        "[a," * 300_000,
        "- a\n" * 400_000,
        "a: &a [x,x]\n" + "".join(f"b{i}: &b{i} [*a,*a,*a]\n" for i in range(5_000)),
        HEAD + "{" + ", ".join(f"levle{i}: 1" for i in range(45_000)) + "}",
        HEAD + "{'" + "x" * 1_000_000 + "': 1}",
        HEAD + "\n  - ".join(f"id: q{i}" for i in range(40_000)),
        HEAD + "{id: a, kind: order, level: 1, ask: '?', source: [x], items: " + str([*range(90_000)]) + "}",
        HEAD + "{id: a, kind: number, value: " + "1" + ":1" * 300_000 + "}",
        HEAD + "{id: a, kind: number, value: " + "9" * 900_000 + "}",
        _cloze("{{c1::" * 100_000),
        _cloze("{{c1::" + "{" * 500_000),
        _cloze("`" * 200_000 + "$" * 200_000 + "{{c1::b}}"),
        "x" * 3_000_000,
        "a: '" + "\n" * 1_000_000,
    ],
    ids=lambda text: ascii(text[-30:]),
)
def test_a_hostile_file_is_refused_quickly(text: str) -> None:
    reading = read(text.encode(), "b.yaml")
    assert len(reading.mistakes) <= 201
    assert sum(len(mistake.message) for mistake in reading.mistakes) < 100_000


@given(st.binary(max_size=300))
def test_any_bytes_give_mistakes_and_nothing_else(data: bytes) -> None:
    reading = read(data, "b.yaml")
    assert reading.mistakes
    assert all(mistake.line >= 1 and mistake.column >= 1 for mistake in reading.mistakes)


_YAML_BITS = st.sampled_from([*"-:?[]{},#&*!|>'\"%@`$\\ \n\t", "\n    ", "en", "no", "{{c1::", "}}", "1e-3"])


@given(st.integers(0, len(GOOD)), st.lists(_YAML_BITS, max_size=6).map("".join), st.integers(0, 40))
def test_a_damaged_bank_never_crashes(place: int, bits: str, cut: int) -> None:
    damaged = GOOD[:place] + bits.encode() + GOOD[place + cut :]
    reading = read(damaged, "b.yaml")
    assert isinstance(reading, Reading)
    assert all("\n" not in str(mistake) for mistake in reading.mistakes)
    msgspec.msgpack.encode(reading)  # so that it can be cached


def _texts() -> st.SearchStrategy[Text]:
    letters = st.characters(codec="utf-8", exclude_categories=("C", "Z"))
    words = st.text(letters, min_size=1, max_size=20)
    return st.builds(Text, words, words)


def _sources() -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(_texts().map(lambda t: t.en), min_size=1, max_size=3, unique=True).map(tuple)


def _questions() -> st.SearchStrategy[AnyQuestion]:
    value: Any = st.booleans() | st.integers(-1000, 1000) | st.floats(-1, 1).map(lambda x: round(x, 6))
    several = st.lists(_texts(), max_size=3, unique=True).map(tuple)
    shared: dict[str, Any] = {
        "id": st.from_regex(r"[a-z]{1,5}(-[a-z0-9]{1,5}){0,2}", fullmatch=True),
        "topic": st.just("t"),
        "level": st.integers(1, 3),
        "ask": _texts(),
        "points": several,
        "pitfalls": several,
        "hint": st.none() | _texts(),
        "demo": st.none() | st.builds(DemoLink, st.just("vae"), st.dictionaries(st.just("beta"), value)),
        "follow": st.just(()) | st.just(("a-b",)),
        "source": _sources(),
    }
    apart = (lambda text: text.en, lambda text: text.zh)
    three = st.lists(_texts(), min_size=3, max_size=5, unique_by=apart).map(tuple)
    return st.one_of(
        st.builds(Recall, answer=_texts(), **shared),
        st.builds(Truth, answer=_texts(), correct=st.booleans(), **shared),
        st.builds(Number, value=st.integers(-99, 99).map(float), tolerance=st.just(0.5), **shared),
        st.builds(Order, items=three, **shared),
    )


@given(_questions())
def test_a_record_survives_yaml_and_msgpack(question: AnyQuestion) -> None:
    """What is written as a YAML bank is read back as the same record, and so is its msgpack."""
    written = msgspec.to_builtins(question)
    del written["topic"]
    if isinstance(question, Number):
        written["value"] = int(question.value)  # YAML 1.1 dumps 1e+16 as text; whole numbers are plain
    bank = {"topic": "t", "title": {"en": "T", "zh": "题"}, "questions": [written]}
    reading = read(yaml.safe_dump(bank, allow_unicode=True).encode(), "b")
    assert reading.mistakes == ()
    assert reading.bank is not None
    assert reading.bank.questions == (question,)
    assert Stored.of(reading.bank).bank == reading.bank


@pytest.mark.parametrize(
    ("kind", "lines", "mistake"),
    [
        ("cloze", 'accept: {c1: ["a third"], c3: [x]}', "'accept.c3' is no blank of this text"),
        ("cloze", "accept: {first: [x]}", "'accept.first' is no name that can stand here"),
        ("number", "accept: [one]", "'accept.1' must be a number"),
        ("order", "any_order: [[1, 4]]", "'any_order.1' has no item 4"),
        ("order", "any_order: [[1, 3]]", "'any_order.1' must be of items next to each other"),
        ("order", "any_order: [[1, 2], [2, 3]]", "'any_order.2' has an item of another group"),
        ("order", "any_order: [[0, 1]]", "'any_order.1.1' must be the number of an item, counted from 1"),
    ],
)
def test_equals_belong_to_what_is_there(kind: str, lines: str, mistake: str) -> None:
    after = f"    kind: {kind}\n"
    reading = changed((after, f"{after}    {lines}\n"))
    assert [m.message for m in reading.mistakes if mistake in m.message], reading.mistakes


def test_equals_and_needs_are_read() -> None:
    reading = changed(
        (
            "    kind: cloze\n",
            "    kind: cloze\n    accept: {c2: [learning, 学习]}\n    needs: [dropout-recall]\n",
        ),
        ("    kind: number\n", "    kind: number\n    accept: [125, -1.25]\n"),
        ("    kind: order\n", "    kind: order\n    any_order: [[2, 3]]\n"),
        ("topic: dropout\n", "topic: dropout\nafter: [losses]\n"),
    )
    assert not reading.mistakes
    assert reading.bank is not None
    asked = {question.id: question for question in reading.bank.questions}
    assert asked["dropout-cloze"].accept == {"c2": ("learning", "学习")}  # type: ignore[union-attr]
    assert asked["dropout-cloze"].needs == ("dropout-recall",)
    assert asked["dropout-number"].accept == (125.0, -1.25)  # type: ignore[union-attr]
    assert asked["dropout-order"].any_order == ((2, 3),)  # type: ignore[union-attr]
    assert reading.bank.after == ("losses",)
