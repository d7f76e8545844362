"""The numbers of questions/overfitting.yaml, computed."""

from collections.abc import Callable


def gap() -> float:
    """Per cent of validation errors minus per cent of training errors."""
    validation, training = 12, 3
    return validation - training


NUMBERS: dict[str, Callable[[], float]] = {"overfitting-gap": gap}
