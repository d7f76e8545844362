"""Predictions: the question that one looks like before it is measured, and what a measurement decides.

The form of a prediction, `answer_form`, is an ordinary number, choice or order question without its solution.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from quizcli.bank.types import AnyQuestion, Choice, DemoLink, Number, Option, Order, Predict


def answer_form(question: AnyQuestion) -> AnyQuestion:
    """The question in the form in which it is answered: of a prediction its form, of all others themselves.

    A choice has no correct option, a number the value NaN, an order its items as the bank has them.
    """
    if not isinstance(question, Predict):
        return question
    if question.items:
        items = tuple(item.text for item in question.items)
        return Order(
            id=question.id, topic=question.topic, level=question.level, ask=question.ask, items=items
        )
    if question.outcomes:
        options = tuple(Option(outcome.text, why=outcome.why) for outcome in question.outcomes)
        return Choice(
            id=question.id, topic=question.topic, level=question.level, ask=question.ask, choices=options
        )
    return Number(
        id=question.id,
        topic=question.topic,
        level=question.level,
        ask=question.ask,
        value=math.nan,
        unit=question.unit,
    )


def decides(question: Predict, measured: Mapping[str, float]) -> bool:
    """Whether a measurement (by the id of the claim) settles a prediction: equal values decide no order."""
    values = [measured.get(claim, math.nan) for claim in question.claims]
    return not any(map(math.isnan, values)) and len(set(values)) == len(values)


def outcome_of(question: Predict, value: float) -> int:
    """Which of the outcomes a measured value is, counted from 0."""
    last = len(question.outcomes) - 1
    borders = (outcome.below for outcome in question.outcomes)
    return next((n for n, below in enumerate(borders) if below is not None and value < below), last)


def ranking(question: Predict, measured: Mapping[str, float]) -> list[int]:
    """The items, counted from 0 as the bank has them, from the smallest measured value to the largest."""
    return sorted(range(len(question.items)), key=lambda item: measured[question.items[item].claim])


def is_near(question: Predict, predicted: float, value: float) -> bool:
    """Whether a predicted number is near enough to the measured one."""
    if question.factor is None:
        slack = 1e-9 * max(1.0, abs(value))  # 0.1 + 0.2 is as good as 0.3
        return abs(predicted - value) <= (question.tolerance or 0.0) + slack
    factor = question.factor * (1 + 1e-9)
    low, high = sorted((value / factor, value * factor))
    return low <= predicted <= high


def to_run(question: AnyQuestion) -> DemoLink | None:
    """The demonstration of a question; of a prediction with the claims that decide it among its claims."""
    if not isinstance(question, Predict) or question.demo is None:
        return question.demo
    claims = tuple(dict.fromkeys(question.claims + question.demo.claims))
    return DemoLink(question.demo.run, question.demo.set, claims)
