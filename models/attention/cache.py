"""The cache of a model that writes: under a causal mask the keys and values of the past never change again.

So each step computes those of the new tokens alone, and puts them behind the old ones.

Shazeer 2019, "Fast transformer decoding", section 2.4 (incremental), https://arxiv.org/abs/1911.02150
"""

import torch
from torch import Tensor

from models.attention.attention import attention


def cached_attention(
    query: Tensor,  # (B, H, 1, D)
    key: Tensor,  # (B, H, 1, D)
    value: Tensor,  # (B, H, 1, D)
    past_key: Tensor | None = None,  # (B, H, S, D)
    past_value: Tensor | None = None,  # (B, H, S, D)
) -> tuple[Tensor, Tensor, Tensor]:
    """One step of writing: the output of one new token (B, H, 1, D), and the cache for the next step.

    The cache, keys and values (B, H, S + 1, D), has the new token at its end. No mask is needed: what is in
    it is the token itself and its past.
    """
    if (past_key is None) != (past_value is None):
        raise ValueError("a past needs both its keys and its values")
    key, value = behind(past_key, key), behind(past_value, value)  # (B, H, S + 1, D) each
    out, _ = attention(query, key, value)  # (B, H, 1, D)
    return out, key, value


def behind(past: Tensor | None, new: Tensor) -> Tensor:
    """Keys or values of new tokens (B, H, L, D) behind those of the past: (B, H, S + L, D)."""
    return new if past is None else torch.cat([past, new], dim=-2)


class KVCache:
    """Keys and values of the tokens so far."""

    def __init__(self) -> None:
        self.key: Tensor | None = None  # (B, H, S, D)
        self.value: Tensor | None = None  # (B, H, S, D)

    def __len__(self) -> int:
        return 0 if self.key is None else self.key.shape[-2]

    def extend(self, key: Tensor, value: Tensor) -> tuple[Tensor, Tensor]:
        """Append the keys and values of new tokens (B, H, L, D); all of them, old and new."""
        self.key, self.value = behind(self.key, key), behind(self.value, value)
        return self.key, self.value
