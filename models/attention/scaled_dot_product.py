"""Attention with all that torch.nn.functional.scaled_dot_product_attention may be asked for, and its weights.

Masks of booleans and of numbers, dropout, shared heads of keys and values, any scale. A query that may look
at nothing gets weights and output 0, not NaN.

Vaswani et al. 2017, section 3.2.1, https://arxiv.org/abs/1706.03762
Ainslie et al. 2023, grouped-query attention, section 2.2, https://arxiv.org/abs/2305.13245
"""

import math

import torch
from torch import Tensor

from models.attention.attention import scaled_scores
from models.attention.heads import sharing
from models.attention.masks import masked
from models.dropout import dropout
from models.precision import at_least_float32


def scaled_dot_product_attention(
    query: Tensor,  # (…, H, L, D)
    key: Tensor,  # (…, H or fewer, S, D)
    value: Tensor,  # (…, H or fewer, S, Dv)
    attn_mask: Tensor | None = None,  # broadcast to (…, H, L, S): boolean, or added to the scores
    dropout_p: float = 0.0,
    is_causal: bool = False,
    scale: float | None = None,
    enable_gqa: bool = False,
) -> tuple[Tensor, Tensor]:
    """Attention with all that may be asked of it: the output (…, H, L, Dv), and the weights (…, H, L, S).

    Arguments and output are those of torch.nn.functional.scaled_dot_product_attention, which is faster and
    never shows its weights. Like there, dropout is applied whenever dropout_p is above 0.
    """
    _check_shapes(query, key, value)
    if is_causal and attn_mask is not None:
        raise ValueError("give attn_mask or is_causal, not both")
    if enable_gqa:
        key, value = a_head_each(query, key), a_head_each(query, value)
    scale = 1.0 / math.sqrt(query.shape[-1]) if scale is None else scale
    # Q Kᵀ / √d_k
    scores = scaled_scores(query, key, scale)  # (…, H, L, S)
    if is_causal:  # counted from the first key, as PyTorch does; causal_mask counts from the last
        attn_mask = torch.ones_like(scores, dtype=torch.bool).tril()
    if attn_mask is not None:
        scores = masked(scores, attn_mask)
    weights = dropout(safe_softmax(scores), dropout_p)  # (…, H, L, S)
    # softmax(Q Kᵀ / √d_k) V
    return (weights @ at_least_float32(value)).to(value.dtype), weights.to(value.dtype)


def safe_softmax(scores: Tensor) -> Tensor:
    """The softmax over the keys (…, S). Where all scores are −∞ it would be 0/0: all weights are 0 there."""
    if scores.shape[-1] == 0:
        return scores
    nothing = scores.amax(dim=-1, keepdim=True) == -math.inf  # (…, 1)
    # w_j = exp(s_j) / Σ_k exp(s_k)
    return scores.masked_fill(nothing, 0.0).softmax(dim=-1).masked_fill(nothing, 0.0)


def a_head_each(query: Tensor, shared: Tensor) -> Tensor:
    """Keys or values (…, H or fewer, S, D), repeated for the neighbouring heads of query that share them."""
    return shared.repeat_interleave(sharing(query.shape[-3], shared.shape[-3]), -3)  # (…, H, S, D)


def _check_shapes(query: Tensor, key: Tensor, value: Tensor) -> None:
    if query.shape[-1] != key.shape[-1]:
        raise ValueError(f"queries and keys must be equally wide, got {query.shape[-1]} and {key.shape[-1]}")
    if key.shape[-2] != value.shape[-2]:
        raise ValueError(f"each key needs a value, got {key.shape[-2]} keys and {value.shape[-2]} values")
    if not query.dtype == key.dtype == value.dtype or not query.is_floating_point():
        types = f"{query.dtype}, {key.dtype} and {value.dtype}"
        raise ValueError(f"expected floating-point numbers of one type, got {types}")
