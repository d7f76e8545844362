"""Weights of attention that could be others: the output is the same Σ w v, found in the null space of v."""

import math
from typing import NamedTuple

import torch
from torch import Tensor


class Other(NamedTuple):
    """A query of a head, its weights and the other ones."""

    head: int
    query: int
    old: Tensor  # (n)
    new: Tensor  # (n)


def most_changed(weights: Tensor, v: Tensor, generator: torch.Generator) -> Other:
    """Of all queries in weights (H, n, n) on values (H, n, d), the one whose weights could change most."""
    places = [(head, query) for head in range(len(weights)) for query in range(weights.shape[1])]
    others = {at: furthest(weights[at], v[at[0]], generator) for at in places}
    at = max(places, key=lambda at: (others[at] - weights[at]).abs().sum().item())
    return Other(*at, weights[at], others[at])


def furthest(weights: Tensor, v: Tensor, generator: torch.Generator, tries: int = 500) -> Tensor:  # (n)
    """Of weights that are at least 0, sum to 1 and give the same Σ w v, some that are far from these."""
    n, width = v.shape
    conditions = torch.cat([v, torch.ones(n, 1)], dim=1).double()  # (n, d + 1): what c may not change
    unseen = torch.linalg.svd(conditions.T, full_matrices=True).Vh[width + 1 :]  # Σ c = 0 and Σ c v = 0
    if not len(unseen):
        return weights
    c = torch.randn(tries, len(unseen), generator=generator).double() @ unseen  # (tries, n)
    w = weights.double()
    reach = torch.where(c < 0, -w / c, math.inf).amin(1, keepdim=True).clamp(min=0)  # until a weight is 0
    step = reach * c
    best: Tensor = w + step[step.abs().sum(1).argmax()]
    return best.to(weights.dtype)
