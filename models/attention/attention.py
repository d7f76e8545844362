"""Attention: every query looks at all keys and takes home a weighted mean of the values.

    Attention(Q, K, V) = softmax(Q Kᵀ / √d_k) V                                     (equation 1)

The dot product of a query and a key says how well they fit, √d_k keeps it from growing with the width, the
softmax makes weights of it: at least 0, and 1 in sum. Attention itself knows no order: positions must come
from elsewhere (models.transformer.positions).

This is the formula and nothing else. What PyTorch's function takes besides is in scaled_dot_product.py;
several heads are in heads.py and module.py, the cache of a model that writes in cache.py.

Vaswani et al. 2017, "Attention Is All You Need", section 3.2.1, https://arxiv.org/abs/1706.03762
"""

import math

import torch
from torch import Tensor

from models.precision import at_least_float32


def attention(
    query: Tensor,  # (…, L, D)
    key: Tensor,  # (…, S, D)
    value: Tensor,  # (…, S, Dv)
    attn_mask: Tensor | None = None,  # broadcast to (…, L, S): True where a query may look
) -> tuple[Tensor, Tensor]:
    """The output (…, L, Dv), and the weights (…, L, S).

    The softmax over no key is 0/0: a query that may look at nothing gets NaN.
    """
    # Q Kᵀ / √d_k
    scores = scaled_scores(query, key, 1.0 / math.sqrt(query.shape[-1]))  # (…, L, S)
    if attn_mask is not None:
        scores = hide(scores, attn_mask)
    # softmax(Q Kᵀ / √d_k) V
    weights = scores.softmax(dim=-1).to(query.dtype)  # (…, L, S)
    return weights @ value, weights


def scaled_scores(query: Tensor, key: Tensor, scale: float) -> Tensor:
    """How well each query (…, L, D) fits each key (…, S, D): their dot product times scale, (…, L, S).

    At least in float32, as PyTorch does it: float16 ends at 65,504, which a dot product soon exceeds.
    """
    if query.dtype != key.dtype or not query.is_floating_point():
        raise ValueError(f"expected floating-point numbers of one type, got {query.dtype} and {key.dtype}")
    return at_least_float32(query) @ at_least_float32(key).mT * scale


def hide(scores: Tensor, may_look: Tensor) -> Tensor:
    """Scores (…, L, S) with −∞, whose exponential is 0, where a mask that is broadcast to them is False."""
    may_not = ~may_look.broadcast_to(scores.shape)  # never the scores to a larger mask
    return scores.masked_fill(may_not, -math.inf)


def causal_mask(queries: int, keys: int | None = None, device: torch.device | None = None) -> Tensor:
    """True where query i may look at key j, (queries, keys): itself and what came before it.

    Where there are more keys than queries, the queries are the last of the sequence.
    """
    keys = queries if keys is None else keys
    everything = torch.ones(queries, keys, dtype=torch.bool, device=device)
    return everything.tril(diagonal=keys - queries)
