"""Noisy points of a sine, and a network whose steep units could learn the noise by heart."""

from typing import NamedTuple

import torch
from torch import Tensor, nn

from answers.kit.seeding import weights

REACH = 4.0  # the points lie between ±4
HIDDEN = 128


class Examples(NamedTuple):
    """Places x and noisy heights y = sin x + ε."""

    x: Tensor  # (n, 1)
    y: Tensor  # (n, 1)


def examples(n: int, noise: float, generator: torch.Generator) -> Examples:
    """Evenly spaced places; `noise` is the standard deviation of ε."""
    x = torch.linspace(-REACH, REACH, n)[:, None]
    return Examples(x, torch.sin(x) + noise * torch.randn(n, 1, generator=generator))


def steep_network(seed: int, steepness: float, *inner: nn.Module) -> nn.Sequential:
    """1 → 128 → `inner` → 1, whose units bend all over ±4; equal seeds give equal weights."""
    with weights(seed):
        first, last = nn.Linear(1, HIDDEN), nn.Linear(HIDDEN, 1)
    with torch.no_grad():
        first.weight.mul_(steepness)
        first.bias.mul_(steepness * REACH)
    return nn.Sequential(first, nn.Hardtanh(), *inner, last)
