"""Queries and keys whose scores are large, and exact in float32: no verdict hangs on rounding."""

import torch
from torch import Generator, Tensor

_WIDTH = 16  # its root is a whole number
STEP = 64.0  # 64 · 64 / √16 = 1,024
# The gradient by what all keys have in common is a sum that comes to 0, times 64: of a logarithm of the sum
# near 1,024 its rounding alone would be seen there. 32 · 32 / √16 = 256 is far beyond exp(89) as well.
WITH_GRADIENTS = 32.0


def far_apart(
    random: Generator, queries: tuple[int, ...], keys: tuple[int, ...], step: float
) -> tuple[Tensor, Tensor]:
    """Queries (*queries, 16) and keys (*keys, 16).

    The scores of one query are all near step² / 4, those of the next near −step² / 4; among themselves they
    differ by little.
    """
    q = torch.randint(-1, 2, (*queries, _WIDTH), generator=random).float()
    k = torch.randint(-1, 2, (*keys, _WIDTH), generator=random).float()
    sign = 1 - 2 * (torch.arange(queries[-1]) % 2)
    q[..., 0], k[..., 0] = step * sign, step
    return q, k
