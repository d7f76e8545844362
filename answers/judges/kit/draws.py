"""Inputs of cases, as most judges draw them."""

from typing import Protocol

import torch
from torch import Generator, Tensor


class Draw(Protocol):
    """Draws a tensor of a shape."""

    def __call__(self, *shape: int, dtype: torch.dtype = torch.float32) -> Tensor:
        """A tensor of that shape."""
        ...


def normal(random: Generator) -> Draw:
    """Draw from N(0, 1)."""

    def draw(*shape: int, dtype: torch.dtype = torch.float32) -> Tensor:
        return torch.randn(*shape, generator=random, dtype=dtype)

    return draw


def halves(random: Generator, least: float, most: float) -> Tensor:
    """Both signs of numbers half a unit apart from `least` to `most`, off where formulas change."""
    sizes = torch.arange(2 * least, 2 * most) / 2 + 0.375
    both = torch.cat([sizes, -sizes])
    return both[torch.randperm(len(both), generator=random)]


def classes(random: Generator, examples: int, count: int) -> Tensor:
    """Class indices (N), no two alike where there are enough of them."""
    return torch.randperm(max(examples, count), generator=random)[:examples] % count


def uneven_classes(random: Generator, examples: int, count: int) -> Tensor:
    """Class indices (N), of which two are alike and the others are not, where there are enough of them."""
    some = classes(random, examples - 1, count)
    return torch.cat([some[:1], some])[torch.randperm(examples, generator=random)]
