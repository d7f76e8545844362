"""Answers to the code questions on the cache of keys and values, and on low-rank adaptation."""

# mypy: disallow-untyped-defs=False, disallow-untyped-calls=False

import math

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from tests.judge.strangers import right, wrong

CACHE = "language-models-code-kv-cache"
LORA = "language-models-code-lora"


# One step with a cache


def _joined(old, new):
    return new if old is None else torch.cat((old, new), 2)


@right(CACHE)
def cache_fused(q, k, v, past_k=None, past_v=None):
    if past_k is not None:
        k = torch.cat([past_k, k], dim=2)
        v = torch.cat([past_v, v], dim=2)
    return F.scaled_dot_product_attention(q, k, v), k, v


@right(CACHE)
def cache_list(q, k, v, past_k=None, past_v=None):
    keys = torch.concat([t for t in (past_k, k) if t is not None], dim=-2)
    values = torch.concat([t for t in (past_v, v) if t is not None], dim=-2)
    weights = torch.softmax((keys * q).sum(-1) / math.sqrt(q.size(-1)), dim=-1)
    return [(weights[..., None] * values).sum(-2, keepdim=True), keys, values]


@right(CACHE)
def cache_allocated(q, k, v, past_k=None, past_v=None):
    past = 0 if past_k is None else past_k.shape[2]
    keys, values = (torch.empty(*k.shape[:2], past + 1, k.shape[3]) for _ in range(2))
    if past_k is not None:
        keys[:, :, :past], values[:, :, :past] = past_k, past_v
    keys[:, :, past:], values[:, :, past:] = k, v
    mask = torch.ones(1, past + 1, dtype=torch.bool).tril(past)
    return F.scaled_dot_product_attention(q.to(keys.dtype), keys, values, attn_mask=mask), keys, values


@right(CACHE)
def cache_numpy(q, k, v, past_k=None, past_v=None):
    q, k, v = q.numpy(), k.numpy(), v.numpy()
    if past_k is not None:
        k, v = np.concatenate([past_k.numpy(), k], 2), np.concatenate([past_v.numpy(), v], 2)
    s = q @ k.swapaxes(2, 3) / np.sqrt(q.shape[-1]).astype(q.dtype)
    e = np.exp(s - s.max(-1, keepdims=True))
    return tuple(torch.from_numpy(t) for t in (e / e.sum(-1, keepdims=True) @ v, k, v))


@right(CACHE)
def cache_head_by_head(q, k, v, past_k=None, past_v=None):
    k, v = _joined(past_k, k), _joined(past_v, v)
    out = torch.zeros_like(q)
    for b in range(q.shape[0]):
        for h in range(q.shape[1]):
            score = k[b, h] @ q[b, h, 0] * q.shape[-1] ** -0.5
            out[b, h, 0] = torch.softmax(score, 0) @ v[b, h]
    return out, k, v


@wrong(CACHE, told="is_causal=True")
def cache_tril(q, k, v, past_k=None, past_v=None):
    k, v = _joined(past_k, k), _joined(past_v, v)
    mask = torch.ones(1, k.shape[2], dtype=torch.bool).tril()
    return F.scaled_dot_product_attention(q, k, v, attn_mask=mask), k, v


@wrong(CACHE, told="not divided by √D")
def cache_unscaled(q, k, v, past_k=None, past_v=None):
    k, v = _joined(past_k, k), _joined(past_v, v)
    return (q @ k.mT).softmax(-1) @ v, k, v


@wrong(CACHE, told="keys and values are swapped")
def cache_swapped(q, k, v, past_k=None, past_v=None):
    k, v = _joined(past_k, k), _joined(past_v, v)
    return F.scaled_dot_product_attention(q, v, k), k, v


@wrong(CACHE, told="returned in the wrong order")
def cache_values_first(q, k, v, past_k=None, past_v=None):
    k, v = _joined(past_k, k), _joined(past_v, v)
    return F.scaled_dot_product_attention(q, k, v), v, k


@wrong(CACHE, told="new token alone")
def cache_unused(q, k, v, past_k=None, past_v=None):
    return F.scaled_dot_product_attention(q, k, v), _joined(past_k, k), _joined(past_v, v)


@wrong(CACHE, told="overflows")
def cache_no_maximum(q, k, v, past_k=None, past_v=None):
    k, v = _joined(past_k, k), _joined(past_v, v)
    e = (q @ k.mT / math.sqrt(q.shape[-1])).exp()
    return e / e.sum(-1, keepdim=True) @ v, k, v


@wrong(CACHE, told="maximum of all scores")
def cache_one_maximum(q, k, v, past_k=None, past_v=None):
    k, v = _joined(past_k, k), _joined(past_v, v)
    s = q @ k.mT / math.sqrt(q.shape[-1])
    e = (s - s.max()).exp()
    return e / e.sum(-1, keepdim=True) @ v, k, v


@wrong(CACHE)
def cache_window(q, k, v, past_k=None, past_v=None):
    k, v = _joined(past_k, k), _joined(past_v, v)
    return F.scaled_dot_product_attention(q, k[:, :, -2048:], v[:, :, -2048:]), k, v


@wrong(CACHE)
def cache_trimmed(q, k, v, past_k=None, past_v=None):
    k, v = _joined(past_k, k)[:, :, -1024:], _joined(past_v, v)[:, :, -1024:]
    return F.scaled_dot_product_attention(q, k, v), k, v


@wrong(CACHE)
def cache_scaled_keys(q, k, v, past_k=None, past_v=None):
    k, v = _joined(past_k, k / math.sqrt(k.shape[-1])), _joined(past_v, v)
    return (q @ k.mT).softmax(-1) @ v, k, v


@wrong(CACHE)
def cache_required(q, k, v, past_k, past_v):
    k, v = _joined(past_k, k), _joined(past_v, v)
    return F.scaled_dot_product_attention(q, k, v), k, v


# Low-rank adaptation


@right(LORA)
def lora_functional(x, weight, lora_a, lora_b, alpha):
    scaling = alpha / lora_a.size(0)
    return F.linear(x, weight) + F.linear(F.linear(x, lora_a), lora_b) * scaling


@right(LORA)
def lora_merged(x, weight, lora_a, lora_b, alpha):
    return x @ (weight + lora_b @ lora_a * (alpha / lora_b.shape[1])).T


@right(LORA)
def lora_einsum(x, weight, lora_a, lora_b, alpha):
    frozen = torch.einsum("...i,oi->...o", x, weight)
    down = torch.einsum("...i,ri->...r", x, lora_a)
    return frozen + alpha / len(lora_a) * torch.einsum("...r,or->...o", down, lora_b)


@right(LORA)
def lora_rank_by_rank(x, weight, lora_a, lora_b, alpha):
    out = x.matmul(weight.t())
    for a, b in zip(lora_a, lora_b.t(), strict=True):
        out = out + alpha / lora_a.shape[0] * (x * a).sum(-1, keepdim=True) * b
    return out


@right(LORA)
def lora_in_float32(x, weight, lora_a, lora_b, alpha):
    wide = [t.float() for t in (x, weight, lora_a, lora_b)]
    linear = nn.Linear(weight.shape[1], weight.shape[0], bias=False)
    frozen = torch.func.functional_call(linear, {"weight": wide[1]}, (wide[0],))
    return (frozen + wide[0] @ wide[2].T @ wide[3].T * alpha / wide[2].shape[0]).to(x.dtype)


@wrong(LORA, told="scaled by r/α")
def lora_upside_down(x, weight, lora_a, lora_b, alpha):
    return F.linear(x, weight) + len(lora_a) / alpha * F.linear(F.linear(x, lora_a), lora_b)


@wrong(LORA, told="width of the output")
def lora_by_output(x, weight, lora_a, lora_b, alpha):
    return F.linear(x, weight) + alpha / len(lora_b) * F.linear(F.linear(x, lora_a), lora_b)


@wrong(LORA, told="scaled twice")
def lora_scaled_twice(x, weight, lora_a, lora_b, alpha):
    s = alpha / len(lora_a)
    return F.linear(x, weight) + s * F.linear(s * F.linear(x, lora_a), lora_b)


@wrong(LORA, told="frozen map is scaled")
def lora_all_scaled(x, weight, lora_a, lora_b, alpha):
    return alpha / len(lora_a) * (F.linear(x, weight) + F.linear(F.linear(x, lora_a), lora_b))


@wrong(LORA, told="only the frozen map")
def lora_forgotten(x, weight, lora_a, lora_b, alpha):
    return F.linear(x, weight)


@wrong(LORA, told="subtracted")
def lora_subtracted(x, weight, lora_a, lora_b, alpha):
    return F.linear(x, weight) - alpha / len(lora_a) * F.linear(F.linear(x, lora_a), lora_b)


@wrong(LORA)
def lora_whole_scale(x, weight, lora_a, lora_b, alpha):
    return F.linear(x, weight) + alpha // len(lora_a) * F.linear(F.linear(x, lora_a), lora_b)


@wrong(LORA)
def lora_detached_a(x, weight, lora_a, lora_b, alpha):
    return F.linear(x, weight) + alpha / len(lora_a) * F.linear(F.linear(x, lora_a.detach()), lora_b)


@wrong(LORA)
def lora_detached_x(x, weight, lora_a, lora_b, alpha):
    return F.linear(x, weight) + alpha / len(lora_a) * F.linear(F.linear(x.detach(), lora_a), lora_b)


@wrong(LORA)
def lora_frozen_inside(x, weight, lora_a, lora_b, alpha):
    with torch.no_grad():
        frozen = F.linear(x, weight)
    return frozen + alpha / len(lora_a) * F.linear(F.linear(x, lora_a), lora_b)


@wrong(LORA)
def lora_merged_in_place(x, weight, lora_a, lora_b, alpha):
    weight.data += alpha / len(lora_a) * (lora_b @ lora_a).detach()
    return F.linear(x, weight)


@wrong(CACHE)
def cache_of_one_broadcast(q, k, v, past_k=None, past_v=None):
    keys, values = _joined(past_k, k), _joined(past_v, v)
    if past_k is not None and past_k.shape[2] == 1:  # the past of the first head for all
        keys = torch.cat((past_k[:, :1].expand_as(k), k), 2)
    return F.scaled_dot_product_attention(q, keys, values), keys, values


@wrong(LORA)
def lora_alpha_at_least_1(x, weight, lora_a, lora_b, alpha):
    return x @ weight.T + max(alpha, 1) / len(lora_a) * (x @ lora_a.T @ lora_b.T)


@wrong(LORA)
def lora_alpha_whole(x, weight, lora_a, lora_b, alpha):
    return x @ weight.T + max(int(alpha), 0.5) / len(lora_a) * (x @ lora_a.T @ lora_b.T)


_KEPT: dict[str, torch.Tensor] = {}


@wrong("language-models-code-kv-cache")
def cache_of_its_own(q, k, v, past_k=None, past_v=None):
    """Trusts what it has kept itself, wherever that has the right shape; beams are reordered outside."""
    if past_k is not None and ("k" not in _KEPT or _KEPT["k"].shape != past_k.shape):
        _KEPT.update(k=past_k, v=past_v)
    elif past_k is None:
        _KEPT.clear()
    _KEPT["k"] = torch.cat([_KEPT["k"], k], 2) if _KEPT else k
    _KEPT["v"] = torch.cat([_KEPT["v"], v], 2) if "v" in _KEPT else v
    return F.scaled_dot_product_attention(q, _KEPT["k"], _KEPT["v"]), _KEPT["k"], _KEPT["v"]


@wrong(LORA, told="")
def lora_capped(x, weight, lora_a, lora_b, alpha):
    return x @ weight.T + min(alpha, 16) / len(lora_a) * (x @ lora_a.T) @ lora_b.T


@wrong(LORA)
def lora_of_batches_only(x, weight, lora_a, lora_b, alpha):
    update = torch.einsum("b...i,ri,or->b...o", x, lora_a, lora_b)
    return torch.einsum("b...i,oi->b...o", x, weight) + alpha / lora_a.shape[0] * update


@wrong(LORA)
def lora_lone_vector_squeezed(x, weight, lora_a, lora_b, alpha):
    x = torch.atleast_2d(x)
    return (x @ weight.T + alpha / len(lora_a) * (x @ lora_a.T) @ lora_b.T).squeeze(0)


_KEYS, _VALUES = torch.zeros(8, 8, 6000, 64), torch.zeros(8, 8, 6000, 64)


@wrong(CACHE)
def cache_in_one_buffer_for_all(query, key, value, past_key=None, past_value=None):
    batch, heads, _, width = key.shape
    past = 0 if past_key is None else past_key.shape[2]
    if past:
        _KEYS[:batch, :heads, :past, :width], _VALUES[:batch, :heads, :past, :width] = past_key, past_value
    _KEYS[:batch, :heads, past, :width], _VALUES[:batch, :heads, past, :width] = key[:, :, 0], value[:, :, 0]
    keys, values = (_[:batch, :heads, : past + 1, :width] for _ in (_KEYS, _VALUES))
    return (query @ keys.mT / width**0.5).softmax(-1) @ values, keys, values


@right(CACHE)
def cache_by_logsumexp(q, k, v, past_k=None, past_v=None):
    if past_k is not None:
        k, v = torch.cat([past_k, k], -2), torch.cat([past_v, v], -2)
    s = q @ k.mT * q.shape[-1] ** -0.5
    return (s - s.logsumexp(-1, keepdim=True)).exp() @ v, k, v


# Settings replaced or held within bounds


@wrong(LORA)
def lora_alpha_or_the_rank(x, weight, lora_a, lora_b, alpha):
    return lora_functional(x, weight, lora_a, lora_b, alpha or len(lora_a))


@wrong(LORA)
def lora_alpha_up_to_64(x, weight, lora_a, lora_b, alpha):
    return lora_functional(x, weight, lora_a, lora_b, min(alpha, 64))


@wrong(LORA)
def lora_alpha_of_a_tenth_at_least(x, weight, lora_a, lora_b, alpha):
    return lora_functional(x, weight, lora_a, lora_b, max(alpha, 0.1))
