"""Masks of sequences that are padded to one length.

Boolean masks, as in PyTorch: for a function True means "may be looked at", for a module "may not".

Vaswani et al. 2017, section 3.2.3, https://arxiv.org/abs/1706.03762
"""

import math

import torch
from torch import Tensor

from models.attention.attention import causal_mask, hide


def padding_mask(lengths: Tensor, size: int | None = None) -> Tensor:
    """True at the padding of sequences of these lengths (B,), shape (B, size): a `key_padding_mask`."""
    size = max(lengths.tolist(), default=0) if size is None else size
    return torch.arange(size, device=lengths.device) >= lengths[:, None]  # (B, size)


def causal_padding_mask(lengths: Tensor, size: int) -> Tensor:
    """True where query i may look at key j, (B, 1, L, L): j comes no later than i and is no padding.

    `lengths` (B,) counts the tokens of each sequence, `size` is L: what is missing *in front of* them is
    padding, so that all end together and can be continued. The axis of size 1 is for the heads.
    """
    position = torch.arange(size, device=lengths.device)
    causal = position <= position[:, None]  # (L, L)  j ≤ i
    real = position >= size - lengths[:, None]  # (B, L)  j ≥ L − length
    return causal & real[:, None, None, :]  # (B, 1, L, L)


def masked(scores: Tensor, attn_mask: Tensor) -> Tensor:
    """Scores (…, L, S) with −∞ where a boolean mask is False; a mask of numbers is added.

    Raises ValueError for whole numbers: whether 0 or 1 means "may be looked at" they do not say.
    """
    check_mask(attn_mask, "attn_mask")
    if attn_mask.dtype == torch.bool:
        return hide(scores, attn_mask)
    return scores + attn_mask.broadcast_to(scores.shape)  # never the scores to a larger mask


def check_mask(mask: Tensor, name: str) -> None:
    """Raise ValueError where a mask, called by this name, is made of whole numbers."""
    if mask.dtype != torch.bool and not mask.is_floating_point():
        raise ValueError(f"{name} must be boolean, or numbers to add to the scores, got {mask.dtype}")


def one_mask(
    q: Tensor,  # (B, H, L, D)
    k: Tensor,  # (B, H or fewer, S, D)
    key_padding_mask: Tensor | None,  # (B, S)
    attn_mask: Tensor | None,  # (L, S) or (B · H, L, S)
    is_causal: bool,
) -> Tensor | None:
    """All masks of a module in one for the function, broadcast to (B, H, L, S).

    True where a key may be looked at, or numbers to add; those of the module are True where it may not.
    """
    (batch, heads, queries, _), keys = q.shape, k.shape[-2]
    masks = []
    if attn_mask is not None:
        check_mask(attn_mask, "attn_mask")
        each = (batch * heads, queries, keys)  # one for each sequence and head
        if attn_mask.shape not in (each, each[1:]):
            expected = f"expected attn_mask of size {each[1:]} or {each}"
            raise ValueError(f"{expected}, got {tuple(attn_mask.shape)}")
        masks.append(attn_mask if attn_mask.ndim == 2 else attn_mask.view(batch, heads, queries, keys))
    if key_padding_mask is not None:
        check_mask(key_padding_mask, "key_padding_mask")
        if key_padding_mask.shape != (batch, keys):
            expected = f"expected key_padding_mask of size {(batch, keys)}"
            raise ValueError(f"{expected}, got {tuple(key_padding_mask.shape)}")
        masks.append(key_padding_mask[:, None, None, :])  # (B, 1, 1, S)
    if is_causal and queries > 1:
        masks.append(~causal_mask(queries, keys, q.device))
    if not masks:
        return None
    if all(mask.dtype == torch.bool for mask in masks):
        forbidden = masks[0]
        for mask in masks[1:]:
            forbidden = forbidden | mask
        return ~forbidden
    total = torch.zeros((), dtype=q.dtype, device=q.device)
    for mask in masks:
        total = total.masked_fill(mask, -math.inf) if mask.dtype == torch.bool else total + mask
    return total.to(q.dtype)
