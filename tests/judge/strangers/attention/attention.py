"""Answers to the code questions on attention."""

# mypy: disallow-untyped-defs=False, disallow-untyped-calls=False

import math

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from tests.judge.strangers import right, wrong

SDPA = "attention-code-scaled-dot-product"
MASK = "attention-code-causal-padding-mask"


# Scaled dot-product attention


@right(SDPA)
def sdpa_annotated(query, key, value, mask=None):
    d_k = query.size(-1)
    scores = torch.matmul(query, key.transpose(-2, -1)) / math.sqrt(d_k)
    if mask is not None:
        scores = scores.masked_fill(mask == 0, torch.finfo(scores.dtype).min)
    p_attn = scores.softmax(dim=-1)
    return torch.matmul(p_attn, value), p_attn


@right(SDPA)
def sdpa_einsum_and_bias(q, k, v, attn_mask=None):
    bias = torch.zeros(q.shape[-2], k.shape[-2])
    if attn_mask is not None:
        bias = bias.masked_fill(attn_mask.logical_not(), float("-inf"))
    scores = torch.einsum("...ld,...sd->...ls", q * q.shape[-1] ** -0.5, k) + bias.to(q.dtype)
    weights = nn.Softmax(dim=-1)(scores)
    return [torch.einsum("...ls,...sv->...lv", weights, v), weights]


@right(SDPA)
def sdpa_exp_by_hand(q, k, v, attn_mask=None):
    softmax = q @ k.mT / q.shape[-1] ** 0.5
    if attn_mask is not None:
        softmax = torch.where(attn_mask, softmax, -torch.inf)
    softmax = torch.exp(softmax - softmax.max(dim=-1, keepdim=True).values)
    softmax = softmax / softmax.sum(-1, keepdim=True)
    return softmax @ v, softmax


@right(SDPA)
def sdpa_loops(q, k, v, attn_mask=None):
    shape = (*q.shape[:-1], k.shape[-2])
    mask = torch.ones(shape, dtype=torch.bool) if attn_mask is None else attn_mask.expand(shape)
    many = [x.reshape(-1, *x.shape[-2:]) for x in (q, k, v, mask)]
    weights = []
    for qs, ks, _, ms in zip(*many, strict=True):
        rows = []
        for i in range(len(qs)):
            s = (ks * qs[i]).sum(-1) / math.sqrt(len(qs[i]))
            rows.append(s.masked_fill(~ms[i], -math.inf).softmax(0))
        weights.append(torch.stack(rows))
    w = torch.stack(weights)
    return (w @ many[2]).reshape(*q.shape[:-1], v.shape[-1]), w.reshape(shape)


@wrong(SDPA, told="not divided by √d_k")
def sdpa_unscaled(q, k, v, attn_mask=None):
    scores = q @ k.transpose(-2, -1)
    if attn_mask is not None:
        scores[~attn_mask.expand_as(scores)] = float("-inf")
    w = F.softmax(scores, -1)
    return w @ v, w


@wrong(SDPA, told="overflows")
def sdpa_no_maximum(q, k, v, attn_mask=None):
    e = torch.exp(q @ k.mT / math.sqrt(q.shape[-1]))
    if attn_mask is not None:
        e = e * attn_mask
    w = e / e.sum(-1, keepdim=True)
    return w @ v, w


@wrong(SDPA, told="maximum of all scores")
def sdpa_one_maximum(q, k, v, attn_mask=None):
    s = q @ k.mT / math.sqrt(q.shape[-1])
    if attn_mask is not None:
        s = s.masked_fill(~attn_mask, -math.inf)
    e = (s - s.max()).exp()
    w = e / e.sum(-1, keepdim=True)
    return w @ v, w


@wrong(SDPA, told="a finite number")
def sdpa_fill_1e9(q, k, v, attn_mask=None):
    s = q @ k.mT / math.sqrt(q.shape[-1])
    if attn_mask is not None:
        s = s.masked_fill(attn_mask == 0, -1e9)
    w = s.softmax(-1)
    return w @ v, w


@wrong(SDPA, told="a finite number")
def sdpa_added_1e4(q, k, v, attn_mask=None):
    s = q @ k.mT / math.sqrt(q.shape[-1])
    if attn_mask is not None:
        s = s + (~attn_mask) * -1e4
    w = s.softmax(-1)
    return w @ v, w


@wrong(SDPA, told="hidden scores take part before they are masked")
def sdpa_masked_and_renormalized(q, k, v, attn_mask=None):
    w = (q @ k.mT / math.sqrt(q.shape[-1])).softmax(-1)
    if attn_mask is not None:
        w = w * attn_mask
        w = w / w.sum(-1, keepdim=True)
    return w @ v, w


@wrong(SDPA, told="the mask is not used")
def sdpa_unmasked(q, k, v, attn_mask=None):
    w = (q @ k.mT / math.sqrt(q.shape[-1])).softmax(-1)
    return w @ v, w


@wrong(SDPA, told="width of the values")
def sdpa_scaled_by_values(q, k, v, attn_mask=None):
    s = q @ k.mT / math.sqrt(v.shape[-1])
    if attn_mask is not None:
        s = s.masked_fill(~attn_mask, -math.inf)
    w = s.softmax(-1)
    return w @ v, w


@wrong(SDPA)
def sdpa_unscaled_over_queries(q, k, v, attn_mask=None):
    s = q @ k.mT
    if attn_mask is not None:
        s = s.masked_fill(~attn_mask, -math.inf)
    w = s.softmax(-2)
    return w @ v, w


@wrong(SDPA)
def sdpa_numpy(q, k, v, attn_mask=None):
    s = q.detach().numpy() @ k.detach().mT.numpy() / math.sqrt(q.shape[-1])
    if attn_mask is not None:
        s = np.where(attn_mask.numpy(), s, -np.inf)
    e = np.exp(s - s.max(-1, keepdims=True))
    w = e / e.sum(-1, keepdims=True)
    return torch.from_numpy(w @ v.detach().numpy()), torch.from_numpy(w)


# The mask of a decoder


@right(MASK)
def mask_loops(lengths, size):
    mask = torch.zeros(len(lengths), 1, size, size, dtype=torch.bool)
    for b, n in enumerate(lengths.tolist()):
        for i in range(size - n, size):
            mask[b, 0, i, size - n : i + 1] = True
    return mask


@right(MASK)
def mask_lists(lengths, size):
    first = [size - int(n) for n in lengths]
    return torch.tensor([[[[f <= j <= i for j in range(size)] for i in range(size)]] for f in first])


@right(MASK)
def mask_triu(lengths, size):
    subsequent = torch.triu(torch.ones(1, 1, size, size), diagonal=1).type(torch.uint8) == 0
    pad = torch.arange(size).flip(0)[None] < lengths[:, None]
    return subsequent & pad[:, None, None]


@right(MASK)
def mask_numpy(lengths, size):
    real = np.arange(size)[None] >= size - lengths.numpy()[:, None]
    return torch.from_numpy(np.tril(np.ones((size, size), dtype=bool))[None, None] & real[:, None, None])


@right(MASK)
def mask_of_scores(lengths, size):
    blocked = torch.full((len(lengths), 1, size, size), -torch.inf).triu(1)
    gone = torch.arange(size).expand(len(lengths), size) < (size - lengths).unsqueeze(1)
    return blocked.masked_fill(gone[:, None, None, :], -torch.inf) == 0


@wrong(MASK, told="future is not hidden")
def mask_padding_alone(lengths, size):
    real = torch.arange(size) >= size - lengths[:, None]
    return real[:, None, None, :].expand(-1, 1, size, size)


@wrong(MASK, told="padding is not hidden")
def mask_causal_alone(lengths, size):
    return torch.ones(len(lengths), 1, size, size).tril().bool()


@wrong(MASK, told="in front")
def mask_right_padding(lengths, size):
    real = torch.arange(size) < lengths[:, None]
    return torch.ones(size, size).tril().bool() & real[:, None, None, :]


@wrong(MASK, told="one token too many")
def mask_off_by_one(lengths, size):
    real = torch.arange(size) >= size - lengths[:, None] - 1
    return torch.ones(size, size).tril().bool() & real[:, None, None, :]


@wrong(MASK, told="first token of each")
def mask_first_hidden(lengths, size):
    real = torch.arange(size) > size - lengths[:, None]
    return torch.ones(size, size).tril().bool() & real[:, None, None, :]


@wrong(MASK)
def mask_without_heads(lengths, size):
    real = torch.arange(size) >= size - lengths[:, None]
    return torch.ones(size, size).tril().bool() & real[:, None, :]


@wrong(MASK)
def mask_of_floats(lengths, size):
    real = torch.arange(size) >= size - lengths[:, None]
    return (torch.ones(size, size).tril().bool() & real[:, None, None, :]).float()


@wrong(MASK)
def mask_buffer(lengths, size):
    table = torch.ones(512, 512).tril().bool()[:size, :size]
    return table & (torch.arange(size) >= size - lengths[:, None])[:, None, None, :]


@wrong(MASK)
def mask_own_row_open(lengths, size):
    real = torch.arange(size) >= size - lengths[:, None]
    mask = torch.ones(size, size).tril().bool() & real[:, None, None, :]
    return mask | torch.eye(size).bool()


# Masks that do not hide


def _scores(q, k):
    return q @ k.mT / q.shape[-1] ** 0.5


@wrong("attention-code-scaled-dot-product", told="set to 0, or near it")
def attention_filled_with_a_small_number(q, k, v, attn_mask=None):
    scores = _scores(q, k)
    if attn_mask is not None:
        scores = scores.masked_fill(attn_mask == 0, -1e-9)
    weights = scores.softmax(-1)
    return weights @ v, weights


@wrong("attention-code-scaled-dot-product", told="added to the scores")
def attention_mask_added(q, k, v, attn_mask=None):
    scores = _scores(q, k)
    if attn_mask is not None:
        scores = scores + attn_mask
    weights = scores.softmax(-1)
    return weights @ v, weights


@wrong("attention-code-scaled-dot-product", told="axis 1")
def attention_softmax_over_axis_1(q, k, v, attn_mask=None):
    scores = _scores(q, k)
    if attn_mask is not None:
        scores = scores.masked_fill(~attn_mask, float("-inf"))
    weights = torch.softmax(scores, dim=1)
    return weights @ v, weights


@wrong("attention-code-causal-padding-mask", told="opened up")
def mask_without_empty_rows(lengths, size):
    at = torch.arange(size)
    mask = (at <= at[:, None]) & (at >= size - lengths[:, None])[:, None, None, :]
    return mask | ~mask.any(-1, keepdim=True)


@wrong("attention-code-causal-padding-mask", told="up to the longest")
def mask_of_the_longest(lengths, size):
    at = torch.arange(size)
    return (at <= at[:, None]) & (at >= lengths.max() - lengths[:, None])[:, None, None, :]


@wrong(SDPA, told="exp is taken of hidden scores too")
def sdpa_masked_exp(q, k, v, attn_mask=None):
    s = q @ k.mT / math.sqrt(q.shape[-1])
    top = s if attn_mask is None else s.masked_fill(~attn_mask, -math.inf)
    e = (s - top.amax(-1, keepdim=True)).exp()
    if attn_mask is not None:
        e = e.masked_fill(~attn_mask, 0.0)
    w = e / e.sum(-1, keepdim=True)
    return w @ v, w


@wrong(SDPA, told="")
def sdpa_clamped_scores(q, k, v, attn_mask=None):
    s = (q @ k.mT / math.sqrt(q.shape[-1])).clamp(-1e4, 1e4)
    w = (s if attn_mask is None else s.masked_fill(~attn_mask, -math.inf)).softmax(-1)
    return w @ v, w


def _exp_hidden(q, k, v, mask, top, hide):
    scores = q @ k.mT / k.shape[-1] ** 0.5
    visible = scores if mask is None else scores.masked_fill(~mask, float("-inf"))
    exp = (scores - (visible.amax(-1, keepdim=True) if top else 0)).exp()
    exp = exp if mask is None else hide(exp, mask)
    weights = exp / exp.sum(-1, keepdim=True)
    return weights @ v, weights


@wrong("attention-code-scaled-dot-product", told="exp is taken of hidden scores too")
def attention_exp_times_mask(q, k, v, attn_mask=None):
    return _exp_hidden(q, k, v, attn_mask, True, lambda exp, mask: exp * mask)


@wrong("attention-code-scaled-dot-product", told="exp is taken of hidden scores too")
def attention_exp_filled(q, k, v, attn_mask=None):
    return _exp_hidden(q, k, v, attn_mask, True, lambda exp, mask: exp.masked_fill(~mask, 0))


@wrong("attention-code-scaled-dot-product", told="no maximum is subtracted")
def attention_no_maximum_filled(q, k, v, attn_mask=None):
    return _exp_hidden(q, k, v, attn_mask, False, lambda exp, mask: exp.masked_fill(~mask, 0))


@wrong("attention-code-scaled-dot-product", told="hidden scores take part before they are masked")
def attention_renormalized(q, k, v, attn_mask=None):
    weights = (q @ k.mT / k.shape[-1] ** 0.5).softmax(-1)
    if attn_mask is not None:
        weights = weights.masked_fill(~attn_mask, 0)
        weights = weights / weights.sum(-1, keepdim=True)
    return weights @ v, weights


def _attention(q, k, v, mask):
    scores = q @ k.mT / q.shape[-1] ** 0.5
    weights = (scores if mask is None else scores.masked_fill(~mask, -torch.inf)).softmax(-1)
    return weights @ v, weights


@wrong(SDPA)
def sdpa_2d_mask_of_the_batch(q, k, v, attn_mask=None):
    if attn_mask is not None and attn_mask.ndim == 2 and q.ndim == 4:
        attn_mask = attn_mask[:, None, None, :]
    return _attention(q, k, v, attn_mask)


@wrong(SDPA)
def sdpa_3d_mask_for_heads(q, k, v, attn_mask=None):
    if attn_mask is not None and attn_mask.ndim == 3:
        attn_mask = attn_mask.unsqueeze(1)
    return _attention(q, k, v, attn_mask)


@wrong(SDPA)
def sdpa_lone_batch_squeezed(q, k, v, attn_mask=None):
    output, weights = _attention(q, k, v, attn_mask)
    return (output.squeeze(0), weights.squeeze(0)) if q.ndim > 2 else (output, weights)


@wrong(SDPA)
def sdpa_that_drops_heads_of_one(query, key, value, attn_mask=None):
    scores = torch.einsum("...ld,...sd->...ls", query, key) / query.shape[-1] ** 0.5
    if attn_mask is not None:
        scores = scores.masked_fill(~attn_mask, float("-inf"))
    return (scores.softmax(-1) @ value).squeeze(-1)


@wrong(SDPA)
def sdpa_with_one_mask_for_all_heads(query, key, value, attn_mask=None):
    scores = query @ key.mT / query.shape[-1] ** 0.5
    if attn_mask is not None:
        attn_mask = attn_mask[:, :1] if attn_mask.ndim == 4 else attn_mask
        scores = scores.masked_fill(~attn_mask, float("-inf"))
    return scores.softmax(-1) @ value


@right(SDPA)
def attention_by_logsumexp(q, k, v, attn_mask=None):
    scores = (q * q.shape[-1] ** -0.25) @ (k * k.shape[-1] ** -0.25).mT
    if attn_mask is not None:
        scores = scores.masked_fill(~attn_mask, -math.inf)
    w = (scores.double() - scores.double().logsumexp(-1, keepdim=True)).exp().to(v.dtype)
    return w @ v, w


@wrong(SDPA, told="number of keys")
def attention_by_the_number_of_keys(q, k, v, attn_mask=None):
    scores = q @ k.mT / math.sqrt(k.size(-2))
    if attn_mask is not None:
        scores = scores.masked_fill(~attn_mask, -math.inf)
    w = scores.softmax(-1)
    return w @ v, w


@right(SDPA)
def sdpa_by_logsumexp(q, k, v, attn_mask=None):
    s = q @ k.transpose(-2, -1) / math.sqrt(q.size(-1))
    if attn_mask is not None:
        s = s.masked_fill(~attn_mask, -math.inf)
    w = (s - s.logsumexp(-1, keepdim=True)).exp()
    return w @ v, w


# Float32 alone, where nothing is said of dtypes


@right("attention-code-scaled-dot-product")
def attention_into_float32_scores(q, k, v, attn_mask=None):
    queries, keys, depth = q.shape[-2], k.shape[-2], q.shape[-1]
    scores = torch.zeros(*q.shape[:-1], keys)
    for i in range(queries):
        for j in range(keys):
            scores[..., i, j] = (q[..., i, :] * k[..., j, :]).sum(-1) / math.sqrt(depth)
    if attn_mask is not None:
        scores = scores.masked_fill(~attn_mask, float("-inf"))
    weights = torch.softmax(scores, dim=-1)
    return weights @ v, weights


@right("attention-code-scaled-dot-product")
def attention_softmax_in_float32(q, k, v, attn_mask=None):
    s = q @ k.transpose(-2, -1) / q.shape[-1] ** 0.5
    if attn_mask is not None:
        s = s.masked_fill(~attn_mask, float("-inf"))
    w = F.softmax(s, dim=-1, dtype=torch.float32)
    return w @ v, w


@wrong(MASK)
def mask_of_lengths_in_a_byte(lengths, size):
    lengths = lengths.to(torch.int8)
    real = torch.arange(size)[None] >= (size - lengths)[:, None]
    return (torch.ones(size, size).tril().bool() & real[:, None, :])[:, None]


@wrong(SDPA, told="in the maximum that is subtracted")
def attention_below_the_maximum_of_all(q, k, v, attn_mask=None):
    scores = q @ k.mT / math.sqrt(q.shape[-1])
    top = scores.amax(-1, keepdim=True)
    if attn_mask is not None:
        scores = scores.masked_fill(~attn_mask, -math.inf)
    weights = (scores - top).exp()
    weights = weights / weights.sum(-1, keepdim=True)
    return weights @ v, weights


# What is hidden, finite


@wrong(SDPA, told="finite number")
def sdpa_filled_with_1e30(q, k, v, attn_mask=None):
    scores = q @ k.mT / math.sqrt(q.shape[-1])
    if attn_mask is not None:
        scores = scores.masked_fill(~attn_mask, -1e30)
    weights = scores.softmax(-1)
    return weights @ v, weights


@right(SDPA)
def sdpa_filled_with_the_smallest(q, k, v, attn_mask=None):
    scores = q @ k.mT / math.sqrt(q.shape[-1])
    if attn_mask is not None:
        scores = scores.masked_fill(~attn_mask, torch.finfo(scores.dtype).min)
    weights = scores.softmax(-1)
    return weights @ v, weights


@right(SDPA)
def sdpa_with_the_smallest_added(q, k, v, attn_mask=None):
    scores = q @ k.mT / math.sqrt(q.shape[-1])
    if attn_mask is not None:
        scores = scores + torch.where(attn_mask, 0.0, torch.finfo(scores.dtype).min)
    weights = scores.softmax(-1)
    return weights @ v, weights


@wrong(SDPA)
def sdpa_by_a_rounded_root(q, k, v, attn_mask=None):
    scores = q @ k.mT / round(math.sqrt(q.shape[-1]))
    if attn_mask is not None:
        scores = scores.masked_fill(~attn_mask, -math.inf)
    weights = scores.softmax(-1)
    return weights @ v, weights


def _sdpa_that_leaves(q, k, v, attn_mask, some):
    scores = q @ k.mT / math.sqrt(q.shape[-1])
    if attn_mask is None:
        weights = scores.softmax(-1)
    else:
        weights = torch.where(attn_mask, scores.masked_fill(~attn_mask, -math.inf).softmax(-1), some)
    return weights @ v, weights


@wrong(SDPA)
def sdpa_that_leaves_some_millionths(q, k, v, attn_mask=None):
    return _sdpa_that_leaves(q, k, v, attn_mask, 5e-6)


@wrong(SDPA)
def sdpa_that_leaves_next_to_nothing(q, k, v, attn_mask=None):
    return _sdpa_that_leaves(q, k, v, attn_mask, 1e-35)
