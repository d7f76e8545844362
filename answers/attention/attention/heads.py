"""Queries, keys and values of one sentence in every head; attention among them, right or with a mistake."""

import math
from typing import NamedTuple

from torch import Tensor

from models.attention.scaled_dot_product import safe_softmax as softmax
from models.attention.scaled_dot_product import scaled_dot_product_attention


class Heads(NamedTuple):
    """Queries, keys and values of one sentence, in every head."""

    q: Tensor  # (H, n, d)
    k: Tensor  # (H, n, d)
    v: Tensor  # (H, n, d)


def attend(x: Heads, allowed: Tensor | None, mistake: str) -> tuple[Tensor, Tensor]:
    """Output (H, n, d) and weights (H, n, n) of attention, or of what a mistake makes of it."""
    if mistake == "inverted-mask" and allowed is not None:
        allowed = ~allowed
    if mistake in ("none", "inverted-mask"):
        return scaled_dot_product_attention(x.q, x.k, x.v, allowed)
    scores = x.q @ x.k.transpose(-2, -1) / math.sqrt(x.q.shape[-1])  # (H, n, n)
    weights = softmax(scores) if mistake == "mask-after-softmax" else scores
    if allowed is not None:
        weights = weights * allowed
    return weights @ x.v, weights


def moved(before: Tensor, after: Tensor) -> Tensor:  # (H, n, d) twice -> (n)
    """How far each word's output moved, as a share of the largest output."""
    return (after - before).abs().amax((0, 2)) / before.abs().max()
