"""Answers to the code questions on attention in several heads."""

# mypy: disallow-untyped-defs=False, disallow-untyped-calls=False

import math

import torch
import torch.nn.functional as F
from torch import nn

from tests.judge.strangers import right, wrong

HEADS = "attention-code-multi-head"
GROUPS = "attention-code-grouped-query"


# Several heads


@right(HEADS)
def heads_fused(x, w_q, w_k, w_v, w_o, num_heads):
    b, t, e = x.shape
    q, k, v = F.linear(x, torch.cat([w_q, w_k, w_v])).split(e, dim=2)
    q, k, v = (z.view(b, t, num_heads, e // num_heads).transpose(1, 2) for z in (q, k, v))
    y = F.scaled_dot_product_attention(q, k, v)
    return y.transpose(1, 2).contiguous().view(b, t, e) @ w_o.T


@right(HEADS)
def heads_one_by_one(x, w_q, w_k, w_v, w_o, num_heads):
    d = x.shape[-1] // num_heads
    heads = []
    for h in range(num_heads):
        rows = slice(h * d, (h + 1) * d)
        q, k, v = (x @ w[rows].T for w in (w_q, w_k, w_v))
        heads.append(torch.softmax(q @ k.mT / math.sqrt(d), -1) @ v)
    return torch.cat(heads, -1) @ w_o.T


@right(HEADS)
def heads_einsum(x, w_q, w_k, w_v, w_o, num_heads):
    d = x.shape[-1] // num_heads
    q, k, v = (torch.einsum("ble,hde->bhld", x, w.view(num_heads, d, -1)) for w in (w_q, w_k, w_v))
    attn = (torch.einsum("bhld,bhsd->bhls", q, k) * d**-0.5).softmax(-1)
    return torch.einsum("bhls,bhsd,ehd->ble", attn, v, w_o.view(-1, num_heads, d))


@right(HEADS)
def heads_as_a_batch(x, w_q, w_k, w_v, w_o, num_heads):
    b, n, e = x.shape
    project = nn.Linear(e, e, bias=False)

    def split(w):
        z = torch.func.functional_call(project, {"weight": w}, (x,))
        return z.reshape(b, n, num_heads, -1).permute(0, 2, 1, 3).reshape(b * num_heads, n, -1)

    q, k, v = split(w_q), split(w_k), split(w_v)
    w = torch.bmm(q, k.transpose(1, 2)).div(math.sqrt(e / num_heads)).softmax(2)
    out = torch.bmm(w, v).reshape(b, num_heads, n, -1).permute(0, 2, 1, 3).reshape(b, n, e)
    return F.linear(out, w_o)


def _attended(x, w_q, w_k, w_v, w_o, num_heads, **how):
    q, k, v = (F.linear(x, w).unflatten(-1, (num_heads, -1)).transpose(1, 2) for w in (w_q, w_k, w_v))
    return F.linear(F.scaled_dot_product_attention(q, k, v, **how).transpose(1, 2).flatten(2), w_o)


@wrong(HEADS, told="not scaled")
def heads_unscaled(*args):
    return _attended(*args, scale=1.0)


@wrong(HEADS, told="causal")
def heads_causal(*args):
    return _attended(*args, is_causal=True)


@wrong(HEADS, told="keys and values are swapped")
def heads_keys_for_values(x, w_q, w_k, w_v, w_o, num_heads):
    return _attended(x, w_q, w_v, w_k, w_o, num_heads)


@wrong(HEADS, told="queries and keys are swapped")
def heads_keys_for_queries(x, w_q, w_k, w_v, w_o, num_heads):
    return _attended(x, w_k, w_q, w_v, w_o, num_heads)


@wrong(HEADS, told="one head")
def heads_ignored(x, w_q, w_k, w_v, w_o, num_heads):
    return _attended(x, w_q, w_k, w_v, w_o, 1)


@wrong(HEADS, told="every H-th")
def heads_interleaved(x, w_q, w_k, w_v, w_o, num_heads):
    d = x.shape[-1] // num_heads
    q, k, v = (F.linear(x, w).unflatten(-1, (d, num_heads)).permute(0, 3, 1, 2) for w in (w_q, w_k, w_v))
    out = F.scaled_dot_product_attention(q, k, v).permute(0, 2, 3, 1).flatten(2)
    return F.linear(out, w_o)


@wrong(HEADS, told="overflows")
def heads_no_maximum(x, w_q, w_k, w_v, w_o, num_heads):
    q, k, v = (F.linear(x, w).unflatten(-1, (num_heads, -1)).transpose(1, 2) for w in (w_q, w_k, w_v))
    e = (q @ k.mT / math.sqrt(q.shape[-1])).exp()
    return F.linear((e / e.sum(-1, keepdim=True) @ v).transpose(1, 2).flatten(2), w_o)


@wrong(HEADS, told="softmax runs over the heads")
def heads_softmax_over_heads(x, w_q, w_k, w_v, w_o, num_heads):
    q, k, v = (F.linear(x, w).unflatten(-1, (num_heads, -1)).transpose(1, 2) for w in (w_q, w_k, w_v))
    w = (q @ k.mT / math.sqrt(q.shape[-1])).softmax(1)
    return F.linear((w @ v).transpose(1, 2).flatten(2), w_o)


@wrong(HEADS, told="")
def heads_unscaled_and_causal(*args):
    return _attended(*args, scale=1.0, is_causal=True)


@wrong(HEADS)
def heads_with_residual(x, *rest):
    return x + _attended(x, *rest)


# Grouped queries


def _grouped(q, k, v, scale=None, causal=False):
    groups = q.shape[1] // k.shape[1]
    s = q @ k.repeat_interleave(groups, 1).mT * (q.shape[-1] ** -0.5 if scale is None else scale)
    if causal:
        s = s.masked_fill(~torch.ones_like(s).tril().bool(), -math.inf)
    return s.softmax(-1) @ v.repeat_interleave(groups, 1)


@right(GROUPS)
def groups_repeated(q, k, v):
    return _grouped(q, k, v)


@right(GROUPS)
def groups_expanded(q, k, v):
    (b, h, *_), g = q.shape, k.shape[1]
    k, v = (z[:, :, None].expand(b, g, h // g, *z.shape[2:]).reshape(b, h, *z.shape[2:]) for z in (k, v))
    return torch.softmax(torch.matmul(q, k.transpose(2, 3)) / math.sqrt(q.shape[-1]), dim=-1).matmul(v)


@right(GROUPS)
def groups_einsum(q, k, v):
    q = q.unflatten(1, (k.shape[1], -1))
    s = torch.einsum("bgrld,bgsd->bgrls", q, k) / q.shape[-1] ** 0.5
    return torch.einsum("bgrls,bgsv->bgrlv", s.softmax(-1), v).flatten(1, 2)


@right(GROUPS)
def groups_head_by_head(q, k, v):
    each = q.shape[1] // k.shape[1]
    heads = []
    for h in range(q.shape[1]):
        s = q[:, h] @ k[:, h // each].mT / math.sqrt(q.shape[-1])
        e = (s - s.amax(-1, keepdim=True)).exp()
        heads.append((e @ v[:, h // each]) / e.sum(-1, keepdim=True))
    return torch.stack(heads, dim=1)


@wrong(GROUPS, told="0, 1, 0, 1")
def groups_modulo(q, k, v):
    order = torch.arange(q.shape[1]) % k.shape[1]
    return _grouped(q, k[:, order], v[:, order])


@wrong(GROUPS, told="not divided by √D")
def groups_unscaled(q, k, v):
    return _grouped(q, k, v, scale=1.0)


@wrong(GROUPS, told="by D, not by its root")
def groups_divided_by_d(q, k, v):
    return _grouped(q, k, v, scale=1 / q.shape[-1])


@wrong(GROUPS, told="causal")
def groups_causal(q, k, v):
    return _grouped(q, k, v, causal=True)


@wrong(GROUPS, told="overflows")
def groups_no_maximum(q, k, v):
    groups = q.shape[1] // k.shape[1]
    e = (q @ k.repeat_interleave(groups, 1).mT / math.sqrt(q.shape[-1])).exp()
    return e / e.sum(-1, keepdim=True) @ v.repeat_interleave(groups, 1)


@wrong(GROUPS, told="maximum of all scores")
def groups_one_maximum(q, k, v):
    groups = q.shape[1] // k.shape[1]
    s = q @ k.repeat_interleave(groups, 1).mT / math.sqrt(q.shape[-1])
    e = (s - s.max()).exp()
    return e / e.sum(-1, keepdim=True) @ v.repeat_interleave(groups, 1)


@wrong(GROUPS, told="softmax runs over the queries")
def groups_over_queries(q, k, v):
    groups = q.shape[1] // k.shape[1]
    s = q @ k.repeat_interleave(groups, 1).mT / math.sqrt(q.shape[-1])
    return s.softmax(-2) @ v.repeat_interleave(groups, 1)


@wrong(GROUPS, told="whole group of queries")
def groups_shared_softmax(q, k, v):
    q = q.unflatten(1, (k.shape[1], -1))
    s = torch.einsum("bgrld,bgsd->bgrls", q, k) / q.shape[-1] ** 0.5
    p = s.movedim(2, -1).flatten(-2).softmax(-1).unflatten(-1, (-1, q.shape[2])).movedim(-1, 2)
    return torch.einsum("bgrls,bgsv->bgrlv", p, v).flatten(1, 2)


@wrong(GROUPS)
def groups_detached_keys(q, k, v):
    return _grouped(q, k.detach(), v)


@wrong("attention-code-multi-head", told="never transposed")
def heads_reshaped_both_ways(x, w_q, w_k, w_v, w_o, num_heads):
    q, k, v = ((x @ w.T).reshape(len(x), num_heads, x.shape[1], -1) for w in (w_q, w_k, w_v))
    return F.scaled_dot_product_attention(q, k, v).reshape(x.shape) @ w_o.T


@wrong("attention-code-multi-head", told="not exchanged")
def heads_left_behind_tokens(x, w_q, w_k, w_v, w_o, num_heads):
    q, k, v = ((x @ w.T).view(*x.shape[:2], num_heads, -1) for w in (w_q, w_k, w_v))
    return F.scaled_dot_product_attention(q, k, v).reshape(x.shape) @ w_o.T


@wrong(HEADS, told="divided by D, not by its root")
def heads_divided_by_their_width(x, w_q, w_k, w_v, w_o, num_heads):
    return _attended(x, w_q, w_k, w_v, w_o, num_heads, scale=num_heads / x.shape[-1])


@wrong(HEADS, told="w_o is not transposed")
def heads_and_a_transposed_output(x, w_q, w_k, w_v, w_o, num_heads):
    return _attended(x, w_q, w_k, w_v, w_o.T, num_heads)


@right(HEADS)
def heads_by_logsumexp(x, w_q, w_k, w_v, w_o, num_heads):
    d = x.shape[-1] // num_heads
    q, k, v = (F.linear(x, w).unflatten(-1, (num_heads, d)).movedim(-2, 1) for w in (w_q, w_k, w_v))
    s = q @ k.mT / math.sqrt(d)
    return F.linear(((s - s.logsumexp(-1, keepdim=True)).exp() @ v).movedim(1, -2).flatten(-2), w_o)


@right(GROUPS)
def groups_by_logsumexp(q, k, v):
    r = q.shape[1] // k.shape[1]
    k, v = k.repeat_interleave(r, 1), v.repeat_interleave(r, 1)
    s = q @ k.mT / math.sqrt(q.shape[-1])
    return (s - torch.logsumexp(s, -1, keepdim=True)).exp() @ v


# Float32 alone, where nothing is said of dtypes


@right("attention-code-multi-head")
def heads_into_float32(x, w_q, w_k, w_v, w_o, num_heads):
    batch, length, width = x.shape
    d = width // num_heads
    q, k, v = x @ w_q.T, x @ w_k.T, x @ w_v.T
    ctx = torch.zeros(batch, length, width)
    for h in range(num_heads):
        s = slice(h * d, (h + 1) * d)
        ctx[:, :, s] = torch.softmax(q[..., s] @ k[..., s].transpose(1, 2) / d**0.5, -1) @ v[..., s]
    return ctx @ w_o.T


@right("attention-code-grouped-query")
def grouped_by_a_float32_matrix(q, k, v):
    heads, depth = q.shape[1], q.shape[-1]
    groups = k.shape[1]
    matrix = torch.zeros(heads, groups)
    matrix[torch.arange(heads), torch.arange(heads) // (heads // groups)] = 1
    k = torch.einsum("hg,bgsd->bhsd", matrix, k)
    v = torch.einsum("hg,bgsd->bhsd", matrix, v)
    return (q @ k.mT / depth**0.5).softmax(-1) @ v


# A root cut off, heads counted only so far


@wrong(GROUPS)
def groups_by_a_whole_root(q, k, v):
    k, v = (z.repeat_interleave(q.shape[1] // z.shape[1], 1) for z in (k, v))
    return (q @ k.mT / int(q.shape[-1] ** 0.5)).softmax(-1) @ v


@wrong(GROUPS)
def groups_by_isqrt(q, k, v):
    k, v = (z.repeat_interleave(q.shape[1] // z.shape[1], 1) for z in (k, v))
    return (q @ k.mT / math.isqrt(q.shape[-1])).softmax(-1) @ v


@wrong(GROUPS)
def groups_by_a_rounded_root(q, k, v):
    k, v = (z.repeat_interleave(q.shape[1] // z.shape[1], 1) for z in (k, v))
    return (q @ k.mT / round(q.shape[-1] ** 0.5)).softmax(-1) @ v


@wrong(HEADS)
def heads_by_a_whole_root(x, w_q, w_k, w_v, w_o, num_heads):
    return _attended(x, w_q, w_k, w_v, w_o, num_heads, scale=1 / int((x.shape[-1] // num_heads) ** 0.5))


@wrong(HEADS)
def heads_by_a_rounded_root(x, w_q, w_k, w_v, w_o, num_heads):
    return _attended(x, w_q, w_k, w_v, w_o, num_heads, scale=1 / round((x.shape[-1] // num_heads) ** 0.5))


@wrong(HEADS)
def eight_heads_at_most(x, w_q, w_k, w_v, w_o, num_heads):
    return _attended(x, w_q, w_k, w_v, w_o, min(num_heads, 8))


@wrong(GROUPS)
def groups_of_eight_heads_at_most(q, k, v):
    each = min(q.shape[1], 8) // k.shape[1]
    k, v = (z.repeat_interleave(max(each, 1), 1) for z in (k, v))
    repeats = q.shape[1] // k.shape[1]
    return F.scaled_dot_product_attention(q, k.repeat(1, repeats, 1, 1), v.repeat(1, repeats, 1, 1))
