"""The numbers of questions/gan.yaml, computed."""

import math
from collections.abc import Callable

import torch
from torch.nn import functional as F


def equilibrium_loss() -> float:
    """Two binary cross-entropies of a logit 0, one with target 1 and one with target 0."""
    logit = torch.zeros(1, dtype=torch.float64)
    losses = [F.binary_cross_entropy_with_logits(logit, torch.full_like(logit, y)) for y in (1.0, 0.0)]
    return sum(loss.item() for loss in losses)


def saturation_ratio() -> float:
    """The slopes of the two losses of G in D's logit, by autograd, where D(G(z)) = 0.01."""
    logit = torch.tensor(math.log(0.01 / 0.99), dtype=torch.float64, requires_grad=True)
    (usual,) = torch.autograd.grad(-torch.log(torch.sigmoid(logit)), logit)
    (saturating,) = torch.autograd.grad(torch.log(1 - torch.sigmoid(logit)), logit)
    return (usual.abs() / saturating.abs()).item()


NUMBERS: dict[str, Callable[[], float]] = {
    "gan-equilibrium-loss": equilibrium_loss,
    "gan-saturation-ratio": saturation_ratio,
}
