"""Queries and keys whose scores are large, and exact in float32: no verdict hangs on rounding."""

import torch
from torch import Generator, Tensor

_WIDTH = 16  # its root is a whole number
_STEP = 64.0  # 64 · 64 / √16 = 1,024


def far_apart(random: Generator, queries: tuple[int, ...], keys: tuple[int, ...]) -> tuple[Tensor, Tensor]:
    """Queries (*queries, 16) and keys (*keys, 16).

    The scores of one query are all near 1,024, those of the next near −1,024; among themselves they differ
    by little.
    """
    q = torch.randint(-1, 2, (*queries, _WIDTH), generator=random).float()
    k = torch.randint(-1, 2, (*keys, _WIDTH), generator=random).float()
    sign = 1 - 2 * (torch.arange(queries[-1]) % 2)
    q[..., 0], k[..., 0] = _STEP * sign, _STEP
    return q, k
