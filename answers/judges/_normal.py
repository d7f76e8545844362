"""Inputs of cases, as most judges draw them."""

from typing import Protocol

import torch
from torch import Generator, Tensor


class Draw(Protocol):
    """Draws a tensor of a shape."""

    def __call__(self, *shape: int, dtype: torch.dtype = torch.float32) -> Tensor: ...


def normal(random: Generator) -> Draw:
    """Draw from N(0, 1)."""

    def draw(*shape: int, dtype: torch.dtype = torch.float32) -> Tensor:
        return torch.randn(*shape, generator=random, dtype=dtype)

    return draw


def classes(random: Generator, examples: int, count: int) -> Tensor:
    """Class indices (N), no two alike where there are enough of them."""
    return torch.randperm(max(examples, count), generator=random)[:examples] % count
