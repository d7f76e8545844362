"""Whether a prediction came true. Pure: what the demonstration measured is handed in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from quizcli.bank.prediction import decides, is_near, outcome_of, ranking
from quizcli.bank.types import Predict
from quizcli.study.grading.grade import Response, Verdict, typed_order, verdict
from quizcli.study.grading.quantity import read_quantities


def check_readable(question: Predict, response: Response) -> None:
    """Raise QuizError for what was typed and cannot be read: ask again before anything runs."""
    if isinstance(response, str) and question.items:
        typed_order(response, len(question.items))
    elif isinstance(response, str):
        read_quantities(response, question.unit, question.ask)


def judge(
    question: Predict, response: Response, measured: Mapping[str, float], permutation: Sequence[int] = ()
) -> Verdict | None:
    """Judge a prediction by what was measured, by the ids of the claims; None where that settles nothing.

    A number and an order are predicted by what was typed, an outcome by its place in a set of one.
    `permutation` says how the items of an order were shown: items[permutation[0]] first. Raises QuizError for
    what cannot be read, and TypeError for a response that belongs to another form.
    """
    if not decides(question, measured):
        return None
    match response:
        case str() if question.items:
            order = permutation or range(len(question.items))
            predicted = [order[number] for number in typed_order(response, len(question.items))]
            pairs = zip(predicted, ranking(question, measured), strict=True)
            return verdict([guess == item for guess, item in pairs])
        case str() if not question.outcomes:
            value = measured[question.claim]
            predicted_values = read_quantities(response, question.unit, question.ask)
            return verdict([any(is_near(question, each.value, value) for each in predicted_values)])
        case frozenset() if question.outcomes:
            return verdict([response == {outcome_of(question, measured[question.claim])}])
    raise TypeError(f"{question.id} is not predicted with {response!r}")
