"""What a network gets wrong on what it has learnt from, and on what it has not."""

from typing import NamedTuple


class Errors(NamedTuple):
    """Of one network, both in the same measure: a mean squared error, or wrong answers in percent."""

    train: float
    test: float

    @property
    def gap(self) -> float:
        """What overfitting costs: how much larger the test error is."""
        return self.test - self.train
