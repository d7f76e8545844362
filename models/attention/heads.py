"""Several attentions side by side, each in its own subspace.

    MultiHead(Q, K, V) = Concat(head₁, …, head_h) W^O,  head_i = Attention(Q W_i^Q, K W_i^K, V W_i^V)

For the product of matrices heads are one more axis of the batch. In grouped-query attention neighbouring
heads share keys and values, which makes the cache of a model that writes so much smaller; one head of them
for all is multi-query attention.

Vaswani et al. 2017, section 3.2.2, https://arxiv.org/abs/1706.03762
Ainslie et al. 2023, grouped-query attention, section 2.2, https://arxiv.org/abs/2305.13245
"""

from torch import Tensor
from torch.nn import functional as F

from models.attention.attention import attention


def multi_head_attention(
    x: Tensor,  # (B, L, E)
    w_q: Tensor,  # (E, E), output features first, as nn.Linear keeps its weight
    w_k: Tensor,  # (E, E)
    w_v: Tensor,  # (E, E)
    w_o: Tensor,  # (E, E)
    num_heads: int,
) -> Tensor:
    """Self-attention in several heads, (B, L, E) -> the same, without masks and biases."""
    # head_i = Attention(Q W_i^Q, K W_i^K, V W_i^V)
    q, k, v = (split_heads(F.linear(x, w), num_heads) for w in (w_q, w_k, w_v))  # (B, H, L, E / H) each
    heads, _ = attention(q, k, v)  # (B, H, L, E / H)
    # MultiHead(Q, K, V) = Concat(head₁, …, head_h) W^O
    return F.linear(concat_heads(heads), w_o)  # (B, L, E)


def split_heads(x: Tensor, num_heads: int) -> Tensor:
    """Neighbouring features to heads of equal width: (B, L, E) -> (B, H, L, E / H)."""
    batch, length, width = x.shape
    return x.view(batch, length, num_heads, width // num_heads).transpose(1, 2)


def concat_heads(heads: Tensor) -> Tensor:
    """The outputs of all heads, one behind the other: (B, H, L, D) -> (B, L, H · D)."""
    return heads.transpose(1, 2).flatten(2)


def grouped_query_attention(
    query: Tensor,  # (B, H, L, D)
    key: Tensor,  # (B, G, S, D)
    value: Tensor,  # (B, G, S, Dv)
) -> Tensor:
    """Attention in which H / G neighbouring heads share one head of keys and values, (B, H, L, Dv).

    Queries of a group are looked up together, as if they were one longer sequence: nothing is copied.
    """
    batch, heads, length, width = query.shape
    groups = key.shape[1]
    q = query.reshape(batch, groups, sharing(heads, groups) * length, width)  # (B, G, H / G · L, D)
    out, _ = attention(q, key, value)  # (B, G, H / G · L, Dv)
    return out.reshape(batch, heads, length, value.shape[-1])  # (B, H, L, Dv)


def sharing(heads: int, groups: int) -> int:
    """How many heads of queries share one of `groups` heads of keys and values."""
    if groups == 0 or heads % groups:  # queries of one head would look into two
        raise ValueError(f"{heads} heads cannot share {groups} heads of keys and values")
    return heads // groups
