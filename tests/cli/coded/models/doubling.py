"""A model for the tests."""

from torch import Tensor


def double(x: Tensor) -> Tensor:
    """Twice x."""
    # y = 2 x
    return 2 * x
