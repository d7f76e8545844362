"""The numbers of questions/overfitting.yaml, computed."""

import math
from collections.abc import Callable


def gap() -> float:
    """Per cent of validation errors minus per cent of training errors."""
    validation, training = 12, 3
    return validation - training


def learning_curve() -> float:
    """The power law through both points, at 40,000 images."""
    exponent = math.log(16 / 20) / math.log(20_000 / 10_000)
    return float(20 * (40_000 / 10_000) ** exponent)


def best_of_many() -> float:
    """E[max] of 100 binomials: the sum over k of P(max > k) = 1 − P(one is at most k) to the 100th."""
    examples = guessers = 100
    at_most, expected = 0.0, 0.0
    for k in range(examples):
        at_most += math.comb(examples, k) / 2**examples
        expected += 1 - at_most**guessers
    return 100 * expected / examples


NUMBERS: dict[str, Callable[[], float]] = {
    "overfitting-gap": gap,
    "overfitting-learning-curve": learning_curve,
    "overfitting-best-of-many": best_of_many,
}
