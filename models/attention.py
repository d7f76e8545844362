"""Attention: every query looks at all keys and takes home a weighted mean of the values.

    Attention(Q, K, V) = softmax(Q Kᵀ / √d_k) V                                     (equation 1)

The dot product of a query and a key says how well they fit, √d_k keeps it from growing with the width, the
softmax makes weights of it: at least 0, and 1 in sum. Several heads do this side by side, each in its own
subspace. Attention itself knows no order: positions must come from elsewhere (models.transformer.positions).

Boolean masks, as in PyTorch: in the function True means "may be looked at", in the module "may not". A query
that may look at nothing gets weights and output 0, not NaN, in both, with and without returned weights;
only `attention`, the bare formula, makes NaN of it. Scores of half precision are computed in float32, as
PyTorch does it: float16 ends at 65,504, which a dot product soon exceeds.

Vaswani et al. 2017, "Attention Is All You Need", section 3.2, https://arxiv.org/abs/1706.03762
Ainslie et al. 2023, grouped-query attention, section 2.2, https://arxiv.org/abs/2305.13245
"""

import math
from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from models.dropout import dropout
from models.precision import at_least_float32
from models.pytorch_weights import split_projections


def causal_mask(queries: int, keys: int | None = None, device: torch.device | None = None) -> Tensor:
    """True where query i may look at key j, (queries, keys): itself and what came before it.

    Where there are more keys than queries, the queries are the last of the sequence.
    """
    keys = queries if keys is None else keys
    everything = torch.ones(queries, keys, dtype=torch.bool, device=device)
    return everything.tril(diagonal=keys - queries)


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


def scaled_scores(query: Tensor, key: Tensor) -> Tensor:
    """How well each query (…, L, D) fits each key (…, S, D): Q Kᵀ / √d_k, (…, L, S), at least in float32."""
    if query.dtype != key.dtype or not query.is_floating_point():
        raise ValueError(f"expected floating-point numbers of one type, got {query.dtype} and {key.dtype}")
    return at_least_float32(query) @ at_least_float32(key).mT / math.sqrt(query.shape[-1])


def attention(
    query: Tensor,  # (…, L, D)
    key: Tensor,  # (…, S, D)
    value: Tensor,  # (…, S, Dv)
    attn_mask: Tensor | None = None,  # broadcast to (…, L, S): True where a query may look
) -> tuple[Tensor, Tensor]:
    """Attention as it stands in the paper: the output (…, L, Dv), and the weights (…, L, S).

    The softmax over no key is 0/0: a query that may look at nothing gets NaN.
    """
    # Q Kᵀ / √d_k
    scores = scaled_scores(query, key)  # (…, L, S)
    if attn_mask is not None:
        hidden = ~attn_mask.broadcast_to(scores.shape)  # never the scores to a larger mask
        scores = scores.masked_fill(hidden, -math.inf)
    # softmax(Q Kᵀ / √d_k) V
    weights = scores.softmax(dim=-1).to(query.dtype)  # (…, L, S)
    return weights @ value, weights


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
        key, value = _a_head_each(query, key), _a_head_each(query, value)
    scale = 1.0 / math.sqrt(query.shape[-1]) if scale is None else scale
    # Q Kᵀ / √d_k
    q, k, v = at_least_float32(query), at_least_float32(key), at_least_float32(value)
    scores = q @ k.mT * scale  # (…, H, L, S)
    if is_causal:  # counted from the first key, as PyTorch does; causal_mask counts from the last
        attn_mask = torch.ones_like(scores, dtype=torch.bool).tril()
    if attn_mask is not None:
        scores = masked(scores, attn_mask)
    weights = dropout(softmax(scores), dropout_p)  # (…, H, L, S)
    # softmax(Q Kᵀ / √d_k) V
    return (weights @ v).to(value.dtype), weights.to(value.dtype)


def masked(scores: Tensor, attn_mask: Tensor) -> Tensor:
    """Scores (…, L, S) with −∞ where a boolean mask is False; a mask of numbers is added.

    Raises ValueError for whole numbers: whether 0 or 1 means "may be looked at" they do not say.
    """
    _check_mask(attn_mask, "attn_mask")
    attn_mask = attn_mask.broadcast_to(scores.shape)  # never the scores to a larger mask
    if attn_mask.dtype == torch.bool:
        return scores.masked_fill(~attn_mask, -math.inf)
    return scores + attn_mask


def _check_mask(mask: Tensor, name: str) -> None:
    if mask.dtype != torch.bool and not mask.is_floating_point():
        raise ValueError(f"{name} must be boolean, or numbers to add to the scores, got {mask.dtype}")


def _a_head_each(query: Tensor, shared: Tensor) -> Tensor:
    """Keys or values (…, H or fewer, S, D), repeated for the neighbouring heads of query that share them."""
    heads, groups = query.shape[-3], shared.shape[-3]
    if groups == 0 or heads % groups:
        raise ValueError(f"{heads} heads cannot share {groups} heads of keys and values")
    return shared.repeat_interleave(heads // groups, -3)  # (…, H, S, D)


def softmax(scores: Tensor) -> Tensor:
    """The softmax over the keys (…, S). Where all scores are −∞ it would be 0/0: all weights are 0 there."""
    if scores.shape[-1] == 0:
        return scores
    nothing = scores.amax(dim=-1, keepdim=True) == -math.inf  # (…, 1)
    # w_j = exp(s_j) / Σ_k exp(s_k)
    return scores.masked_fill(nothing, 0.0).softmax(dim=-1).masked_fill(nothing, 0.0)


def _check_shapes(query: Tensor, key: Tensor, value: Tensor) -> None:
    if query.shape[-1] != key.shape[-1]:
        raise ValueError(f"queries and keys must be equally wide, got {query.shape[-1]} and {key.shape[-1]}")
    if key.shape[-2] != value.shape[-2]:
        raise ValueError(f"each key needs a value, got {key.shape[-2]} keys and {value.shape[-2]} values")
    if not query.dtype == key.dtype == value.dtype or not query.is_floating_point():
        types = f"{query.dtype}, {key.dtype} and {value.dtype}"
        raise ValueError(f"expected floating-point numbers of one type, got {types}")


def multi_head_attention(
    x: Tensor,  # (B, L, E)
    w_q: Tensor,  # (E, E), output features first, as nn.Linear keeps its weight
    w_k: Tensor,  # (E, E)
    w_v: Tensor,  # (E, E)
    w_o: Tensor,  # (E, E)
    num_heads: int,
) -> Tensor:
    """Self-attention in several heads, (B, L, E) -> the same, without masks and biases (section 3.2.2)."""
    batch, length, width = x.shape
    size = width // num_heads  # E / H
    # head_i = Attention(Q W_i^Q, K W_i^K, V W_i^V)
    q, k, v = (
        F.linear(x, w).view(batch, length, num_heads, size).transpose(1, 2)  # (B, H, L, E / H)
        for w in (w_q, w_k, w_v)
    )
    weights = scaled_scores(q, k).softmax(dim=-1).to(x.dtype)  # (B, H, L, L)
    heads = weights @ v  # (B, H, L, E / H)
    # MultiHead(Q, K, V) = Concat(head₁, …, head_h) W^O
    return F.linear(heads.transpose(1, 2).flatten(2), w_o)  # (B, L, E)


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
    if groups == 0 or heads % groups:  # queries of one head would look into two
        raise ValueError(f"{heads} heads cannot share {groups} heads of keys and values")
    q = query.reshape(batch, groups, heads // groups * length, width)  # (B, G, H / G · L, D)
    # softmax(Q Kᵀ / √d_k) V
    weights = scaled_scores(q, key).softmax(dim=-1).to(query.dtype)  # (B, G, H / G · L, S)
    out = weights @ value  # (B, G, H / G · L, Dv)
    return out.reshape(batch, heads, length, value.shape[-1])  # (B, H, L, Dv)


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
    if past_key is not None and past_value is not None:
        key = torch.cat([past_key, key], dim=-2)  # (B, H, S + 1, D)
        value = torch.cat([past_value, value], dim=-2)  # (B, H, S + 1, D)
    # softmax(q Kᵀ / √d_k) V
    weights = scaled_scores(query, key).softmax(dim=-1).to(query.dtype)  # (B, H, 1, S + 1)
    return weights @ value, key, value


class KVCache:
    """Keys and values of the tokens so far. Under a causal mask those of the past never change again."""

    def __init__(self) -> None:
        self.key: Tensor | None = None  # (B, H, S, D)
        self.value: Tensor | None = None  # (B, H, S, D)

    def __len__(self) -> int:
        return 0 if self.key is None else self.key.shape[-2]

    def extend(self, key: Tensor, value: Tensor) -> tuple[Tensor, Tensor]:
        """Append the keys and values of new tokens (B, H, L, D); all of them, old and new."""
        if self.key is not None and self.value is not None:
            key, value = torch.cat([self.key, key], dim=-2), torch.cat([self.value, value], dim=-2)
        self.key, self.value = key, value
        return key, value


class MultiHeadAttention(nn.Module):
    """Several attentions side by side: project, attend in every head, put the heads together, project.

    Arguments and results are those of torch.nn.MultiheadAttention, and load_state_dict takes its weights
    (models.pytorch_weights), but:

    - `batch_first` is True unless you say otherwise, there it is False; sequences come in batches only;
    - there is no add_bias_kv and no add_zero_attn, no device and no dtype;
    - `is_causal` hides the future by itself, there it is a hint that attn_mask does so;
    - with fewer `num_kv_heads`, neighbouring heads share keys and values (grouped-query attention, one head
      for all: multi-query), and `rotary` turns queries and keys (models.transformer.positions).
    """

    def __init__(
        self,
        embed_dim: int,
        num_heads: int,
        dropout: float = 0.0,
        bias: bool = True,
        kdim: int | None = None,
        vdim: int | None = None,
        batch_first: bool = True,
        num_kv_heads: int | None = None,
        rotary: Callable[[Tensor, int], Tensor] | None = None,
    ) -> None:
        super().__init__()
        num_kv_heads = num_heads if num_kv_heads is None else num_kv_heads
        if embed_dim % num_heads:
            raise ValueError(f"embed_dim {embed_dim} cannot be shared out among {num_heads} heads")
        if num_heads % num_kv_heads:
            raise ValueError(f"{num_heads} heads cannot share {num_kv_heads} heads of keys and values")
        self.num_heads, self.num_kv_heads = num_heads, num_kv_heads
        self.head_dim = embed_dim // num_heads
        self.dropout = dropout
        self.batch_first = batch_first
        self.rotary = rotary
        self.q_proj = nn.Linear(embed_dim, embed_dim, bias)
        self.k_proj = nn.Linear(kdim or embed_dim, num_kv_heads * self.head_dim, bias)
        self.v_proj = nn.Linear(vdim or embed_dim, num_kv_heads * self.head_dim, bias)
        self.out_proj = nn.Linear(embed_dim, embed_dim, bias)
        self.register_load_state_dict_pre_hook(split_projections)  # type: ignore[no-untyped-call]
        for layer in (self.q_proj, self.k_proj, self.v_proj):
            nn.init.xavier_uniform_(layer.weight)
        for layer in (self.q_proj, self.k_proj, self.v_proj, self.out_proj) if bias else ():
            nn.init.zeros_(layer.bias)

    def forward(
        self,
        query: Tensor,  # (B, L, embed_dim)
        key: Tensor,  # (B, S, kdim)
        value: Tensor,  # (B, S, vdim)
        key_padding_mask: Tensor | None = None,  # (B, S)
        need_weights: bool = True,
        attn_mask: Tensor | None = None,  # (L, S) or (B · H, L, S)
        average_attn_weights: bool = True,
        is_causal: bool = False,
        cache: KVCache | None = None,
    ) -> tuple[Tensor, Tensor | None]:
        """The output (B, L, embed_dim), and the weights (B, L, S), or (B, H, L, S) if not averaged.

        Boolean masks are True where a key may *not* be looked at; others are added to the scores. is_causal
        hides the future and needs no mask. With `cache`, key and value are new tokens, put behind those of
        the cache. Without weights the fused kernels do the work.
        """
        if not self.batch_first:
            query, key, value = (x.transpose(0, 1) for x in (query, key, value))
        q, k, v = self.project(query, key, value, cache)
        p = self.dropout if self.training else 0.0
        shared = self.num_kv_heads < self.num_heads
        unmasked = attn_mask is None and key_padding_mask is None
        weights = None
        if is_causal and unmasked and q.shape[-2] == k.shape[-2] and not need_weights:
            out = F.scaled_dot_product_attention(q, k, v, dropout_p=p, is_causal=True, enable_gqa=shared)
        else:
            mask = self._mask(q, k, key_padding_mask, attn_mask, is_causal)
            if need_weights:
                out, weights = scaled_dot_product_attention(q, k, v, mask, p, enable_gqa=shared)
                weights = weights.mean(dim=1) if average_attn_weights else weights
            else:
                out = F.scaled_dot_product_attention(q, k, v, mask, p, enable_gqa=shared)  # (B, H, L, D)
        # MultiHead(Q, K, V) = Concat(head₁, …, head_h) W^O
        out = self.out_proj(out.transpose(1, 2).flatten(2))  # (B, L, embed_dim)
        return (out if self.batch_first else out.transpose(0, 1)), weights

    def project(
        self, query: Tensor, key: Tensor, value: Tensor, cache: KVCache | None = None
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Queries (B, H, L, D), keys and values (B, num_kv_heads, S, D) of sequences (B, L or S, width)."""
        if query.ndim != 3:
            raise ValueError(f"expected a batch of sequences (B, L, E), got {tuple(query.shape)}")
        if key.shape[:2] != value.shape[:2] or len(key) != len(query):  # one would be broadcast
            sizes = ", ".join(str(tuple(x.shape)) for x in (query, key, value))
            raise ValueError(f"expected as many sequences of queries, keys and values, got {sizes}")
        # head_i = Attention(Q W_i^Q, K W_i^K, V W_i^V)
        q = self.q_proj(query).unflatten(-1, (self.num_heads, -1)).transpose(1, 2)
        k = self.k_proj(key).unflatten(-1, (self.num_kv_heads, -1)).transpose(1, 2)
        v = self.v_proj(value).unflatten(-1, (self.num_kv_heads, -1)).transpose(1, 2)
        if self.rotary is not None:
            past = len(cache) if cache is not None else 0
            q, k = self.rotary(q, past), self.rotary(k, past)
        if cache is not None:
            k, v = cache.extend(k, v)
        return q, k, v

    @staticmethod
    def _mask(
        q: Tensor,
        k: Tensor,
        key_padding_mask: Tensor | None,
        attn_mask: Tensor | None,
        is_causal: bool,
    ) -> Tensor | None:
        """All masks in one, for the function: True where a key may be looked at, or numbers to add."""
        (batch, heads, queries, _), keys = q.shape, k.shape[-2]
        masks = []
        if attn_mask is not None:
            _check_mask(attn_mask, "attn_mask")
            each = (batch * heads, queries, keys)  # one for each sequence and head
            if attn_mask.shape not in (each, each[1:]):
                expected = f"expected attn_mask of size {each[1:]} or {each}"
                raise ValueError(f"{expected}, got {tuple(attn_mask.shape)}")
            masks.append(attn_mask if attn_mask.ndim == 2 else attn_mask.view(batch, heads, queries, keys))
        if key_padding_mask is not None:
            _check_mask(key_padding_mask, "key_padding_mask")
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
