"""Predictions are judged by what was measured."""

import math

import pytest

from quizcli.bank.prediction import answer_form, decides, to_run
from quizcli.bank.types import (
    Choice,
    Contender,
    DemoLink,
    Number,
    Order,
    Outcome,
    Predict,
    Recall,
)
from quizcli.errors import QuizError
from quizcli.study.grading.grade import Verdict, grade
from quizcli.study.grading.prediction import check_readable, judge
from quizcli.study.schedule.card import Rating
from quizcli.text import Text

ASK = Text("?", "？")


def number(tolerance: float | None = None, factor: float | None = None) -> Predict:
    return Predict(id="q", topic="t", level=1, ask=ASK, claim="a", tolerance=tolerance, factor=factor)


def outcomes(*borders: float) -> Predict:
    ranges = [Outcome(Text(f"{b}", f"{b}"), b) for b in borders]
    return Predict(
        id="q", topic="t", level=1, ask=ASK, claim="a", outcomes=(*ranges, Outcome(Text("more", "更大")))
    )


ORDER = Predict(
    id="q",
    topic="t",
    level=1,
    ask=ASK,
    items=tuple(Contender(Text(name, name), name) for name in ("a", "b", "c")),
)


@pytest.mark.parametrize(
    ("typed", "measured", "right"),
    [
        ("100", 199.0, True),
        ("100", 200.0, True),
        ("100", 201.0, False),
        ("100", 50.0, True),
        ("100", 49.0, False),
        ("-100", -60.0, True),
        ("100", -60.0, False),
        ("0", 0.0, True),
        ("1", 0.0, False),
        ("1e-12", 1.8e-12, True),
        ("100", math.inf, False),
    ],
)
def test_a_number_within_a_factor(typed: str, measured: float, right: bool) -> None:
    verdict = judge(number(factor=2), typed, {"a": measured})
    assert verdict is not None
    assert verdict.right is right
    assert verdict.proposed == (Rating.GOOD if right else Rating.AGAIN)


def test_a_factor_counts_for_small_numbers_too() -> None:
    verdict = judge(number(factor=2), "0", {"a": 1e-12})
    assert verdict is not None
    assert not verdict.right


def test_a_number_within_a_tolerance() -> None:
    near, far = (judge(number(tolerance=0.1), typed, {"a": 0.3}) for typed in ("0.4", "0.41"))
    assert near == Verdict(True, Rating.GOOD)
    assert far == Verdict(False, Rating.AGAIN, (0,))


@pytest.mark.parametrize(
    ("measured", "outcome"),
    [(-math.inf, 0), (0.99, 0), (1.0, 1), (1.99, 1), (2.0, 2), (math.inf, 2)],
)
def test_outcomes_have_no_gaps(measured: float, outcome: int) -> None:
    question = outcomes(1.0, 2.0)
    for place in range(3):
        verdict = judge(question, frozenset({place}), {"a": measured})
        assert verdict is not None
        assert verdict.right is (place == outcome)
    both = judge(question, frozenset({0, 1, 2}), {"a": measured})
    assert both is not None
    assert not both.right


def test_an_order_is_that_of_the_measured_values() -> None:
    measured = {"a": 3.0, "b": 1.0, "c": 2.0}  # b, c, a
    shown = (2, 0, 1)  # c, a, b
    assert judge(ORDER, "3 1 2", measured, shown) == Verdict(True, Rating.GOOD, (), 3)
    assert judge(ORDER, "312", measured, shown) == Verdict(True, Rating.GOOD, (), 3)
    assert judge(ORDER, "3 2 1", measured, shown) == Verdict(False, Rating.AGAIN, (1, 2), 3)
    assert judge(ORDER, "231", measured) == Verdict(True, Rating.GOOD, (), 3)


@pytest.mark.parametrize(
    ("question", "response", "measured"),
    [
        (number(factor=2), "1", {}),
        (number(factor=2), "1", {"b": 1.0}),
        (number(factor=2), "1", {"a": math.nan}),
        (outcomes(1.0), frozenset({0}), {}),
        (ORDER, "123", {"a": 1.0, "b": 2.0}),
        (ORDER, "123", {"a": 1.0, "b": 2.0, "c": 2.0}),  # equal values decide no order
        (ORDER, "123", {"a": 1.0, "b": 2.0, "c": math.nan}),
    ],
)
def test_what_was_not_measured_decides_nothing(
    question: Predict, response: str | frozenset[int], measured: dict[str, float]
) -> None:
    assert not decides(question, measured)
    assert judge(question, response, measured) is None


def test_what_cannot_be_read_is_asked_again() -> None:
    with pytest.raises(QuizError, match="cannot be read as a number"):
        check_readable(number(factor=2), "many")
    with pytest.raises(QuizError, match="does not put 3 items in order"):
        check_readable(ORDER, "1 2 2")
    check_readable(number(factor=2), "1e-3")
    check_readable(ORDER, "3 2 1")
    check_readable(outcomes(1.0), frozenset({1}))


def test_a_response_of_another_form_is_a_bug() -> None:
    for question, response in ((number(factor=2), frozenset({1})), (outcomes(1.0), "1"), (ORDER, True)):
        with pytest.raises(TypeError, match="q is not predicted with"):
            judge(question, response, {"a": 1.0, "b": 2.0, "c": 3.0})
    with pytest.raises(TypeError, match="a predict question is not answered"):
        grade(ORDER, "1 2 3")


def test_a_prediction_is_asked_as_another_kind() -> None:
    assert isinstance(answer_form(number(factor=2)), Number)
    choice, order = answer_form(outcomes(1.0)), answer_form(ORDER)
    assert isinstance(choice, Choice)
    assert not any(option.correct for option in choice.choices)
    assert isinstance(order, Order)
    assert [item.en for item in order.items] == ["a", "b", "c"]
    recall = Recall(id="q", topic="t", level=1, ask=ASK)
    assert answer_form(recall) is recall


def test_what_is_predicted_is_among_the_claims_of_the_run() -> None:
    link = DemoLink("x", {"p": 1}, ("d", "a"))
    question = Predict(id="q", topic="t", level=1, ask=ASK, claim="a", factor=2, demo=link)
    assert to_run(question) == DemoLink("x", {"p": 1}, ("a", "d"))
    recall = Recall(id="q", topic="t", level=1, ask=ASK, demo=link)
    assert to_run(recall) is link
