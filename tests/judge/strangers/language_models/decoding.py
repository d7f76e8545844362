"""Answers to the code questions on decoding."""

# mypy: disallow-untyped-defs=False, disallow-untyped-calls=False

import heapq
import math

import numpy as np
import torch
import torch.nn.functional as F

from tests.judge.strangers import right, wrong

TOP_K = "language-models-code-top-k"
TOP_P = "language-models-code-top-p"
BEAM = "language-models-code-beam-step"


# The likeliest k


@right(TOP_K)
def top_k_filled(logits, temperature, top_k):
    logits = logits.clone() / temperature
    v, _ = torch.topk(logits, min(top_k, logits.size(-1)))
    logits[logits < v[..., [-1]]] = -float("Inf")
    return F.softmax(logits, dim=-1)


@right(TOP_K)
def top_k_scattered(logits, temperature, top_k):
    values, indices = logits.topk(min(logits.shape[-1], top_k), dim=-1)
    return torch.zeros_like(logits).scatter_(-1, indices, torch.softmax(values / temperature, -1))


@right(TOP_K)
def top_k_numpy(logits, temperature, top_k):
    z = logits.numpy() / temperature
    rank = (-z).argsort(-1).argsort(-1)
    z = np.where(rank < top_k, z, -np.inf)
    e = np.exp(z - z.max(-1, keepdims=True))
    return torch.tensor(e / e.sum(-1, keepdims=True))


@right(TOP_K)
def top_k_row_by_row(logits, temperature, top_k):
    out = []
    for row in logits.reshape(-1, logits.shape[-1]).tolist():
        kept = heapq.nlargest(top_k, range(len(row)), key=row.__getitem__)
        best = row[kept[0]]
        weights = {i: math.exp((row[i] - best) / temperature) for i in kept}
        total = sum(weights.values())
        out.append([weights.get(i, 0.0) / total for i in range(len(row))])
    return torch.tensor(out).reshape(logits.shape)


@right(TOP_K)
def top_k_probabilities_cut(logits, temperature, top_k):
    p = (logits.double() / temperature).softmax(-1)
    last = logits.sort(dim=-1, descending=True).values[..., : top_k + 1][..., :top_k][..., -1:]
    p = torch.where(logits >= last, p, 0)
    return (p / p.sum(-1, keepdim=True)).float()


def _filled(z, top_k, fill=-math.inf):
    least = z.topk(min(top_k, z.shape[-1])).values[..., -1:]
    return torch.where(z < least, fill, z)


@wrong(TOP_K, told="a finite number")
def top_k_1e10(logits, temperature, top_k):
    return _filled(logits / temperature, top_k, -1e10).softmax(-1)


@wrong(TOP_K, told="a finite number")
def top_k_1e4(logits, temperature, top_k):
    return (_filled(logits, top_k, -1e4) / temperature).softmax(-1)


@wrong(TOP_K, told="maximum of the whole tensor")
def top_k_one_maximum(logits, temperature, top_k):
    z = _filled(logits / temperature, top_k)
    e = torch.exp(z - z.max())
    return e / e.sum(-1, keepdim=True)


@wrong(TOP_K, told="overflows")
def top_k_no_maximum(logits, temperature, top_k):
    e = _filled(logits / temperature, top_k).exp()
    return e / e.sum(-1, keepdim=True)


@wrong(TOP_K, told="k-th token is dropped")
def top_k_strict(logits, temperature, top_k):
    z = logits / temperature
    least = z.topk(min(top_k, z.shape[-1])).values[..., -1:]
    return z.masked_fill(z <= least, -math.inf).softmax(-1)


@wrong(TOP_K, told="one token too many")
def top_k_plus_one(logits, temperature, top_k):
    return _filled(logits / temperature, top_k + 1).softmax(-1)


@wrong(TOP_K)
def top_k_beyond_the_vocabulary(logits, temperature, top_k):
    z = logits / temperature
    return z.masked_fill(z < z.topk(top_k).values[..., -1:], -math.inf).softmax(-1)


@wrong(TOP_K, told="temperature is not used")
def top_k_temperature_late_and_renormalized(logits, temperature, top_k):
    p = _filled(logits, top_k).softmax(-1) / temperature
    return p / p.sum(-1, keepdim=True)


@wrong(TOP_K, told="temperature divides the probabilities")
def top_k_temperature_late(logits, temperature, top_k):
    return _filled(logits, top_k).softmax(-1) / temperature


@wrong(TOP_K)
def top_k_at_most_1000(logits, temperature, top_k):
    return _filled(logits / temperature, min(top_k, 1000)).softmax(-1)


@wrong(TOP_K)
def top_k_in_place(logits, temperature, top_k):
    logits /= temperature
    return _filled(logits, top_k).softmax(-1)


# The nucleus


@right(TOP_P)
def top_p_shifted(logits, top_p):
    sorted_logits, sorted_indices = torch.sort(logits, descending=True)
    cumulative_probs = torch.cumsum(F.softmax(sorted_logits, dim=-1), dim=-1)
    remove = cumulative_probs > top_p
    remove[..., 1:] = remove[..., :-1].clone()
    remove[..., 0] = 0
    return logits.masked_fill(remove.scatter(-1, sorted_indices, remove), float("-inf")).softmax(-1)


@right(TOP_P)
def top_p_from_below(logits, top_p):
    probs = torch.softmax(logits.double(), -1)
    ascending, index = probs.sort(-1)
    remove = ascending.cumsum(-1) <= 1 - top_p
    remove[..., -1] = False
    probs = probs.masked_fill(remove.scatter(-1, index, remove), 0.0)
    return (probs / probs.sum(-1, keepdim=True)).to(logits.dtype)


@right(TOP_P)
def top_p_threshold(logits, top_p):
    p = F.softmax(logits, -1)
    ordered = p.sort(dim=-1, descending=True).values
    count = ((ordered.cumsum(-1) - ordered) < top_p).sum(-1, keepdim=True)
    p = p * (p >= ordered.gather(-1, count - 1))
    return p / p.sum(-1, keepdim=True)


@right(TOP_P)
def top_p_row_by_row(logits, top_p):
    rows = []
    for row in logits.flatten(0, -2).tolist() if logits.ndim > 1 else [logits.tolist()]:
        top = max(row)
        e = [math.exp(z - top) for z in row]
        total, held, kept = sum(e), 0.0, []
        for i in sorted(range(len(row)), key=lambda i: -e[i]):
            if held >= top_p:
                break
            kept.append(i)
            held += e[i] / total
        rows.append([e[i] / sum(e[j] for j in kept) if i in set(kept) else 0.0 for i in range(len(row))])
    return torch.tensor(rows).reshape(logits.shape)


@right(TOP_P)
def top_p_numpy(logits, top_p):
    z = logits.numpy().astype(np.float64)
    e = np.exp(z - z.max(-1, keepdims=True))
    p = e / e.sum(-1, keepdims=True)
    order = np.argsort(-p, axis=-1)
    ordered = np.take_along_axis(p, order, -1)
    ordered[np.cumsum(ordered, -1) - ordered >= top_p] = 0
    out = np.zeros_like(p)
    np.put_along_axis(out, order, ordered / ordered.sum(-1, keepdims=True), -1)
    return torch.from_numpy(out)


def _kept(logits, keep):
    ordered, index = logits.softmax(-1).sort(-1, descending=True)
    kept = ordered * keep(ordered)
    return kept / kept.sum(-1, keepdim=True), index


@wrong(TOP_P, told="crosses p is dropped")
def top_p_too_few(logits, top_p):
    kept, index = _kept(logits, lambda p: p.cumsum(-1) <= top_p)
    return torch.zeros_like(kept).scatter(-1, index, kept)


@wrong(TOP_P)
def top_p_too_few_but_one(logits, top_p):
    kept, index = _kept(logits, lambda p: (p.cumsum(-1) <= top_p) | (torch.arange(p.shape[-1]) == 0))
    return torch.zeros_like(kept).scatter(-1, index, kept)


@wrong(TOP_P, told="one token more")
def top_p_too_many(logits, top_p):
    def keep(p):
        before = (p.cumsum(-1) - p).roll(1, -1)
        before[..., 0] = 0
        return before < top_p

    kept, index = _kept(logits, keep)
    return torch.zeros_like(kept).scatter(-1, index, kept)


@wrong(TOP_P, told="gather")
def top_p_gathered(logits, top_p):
    kept, index = _kept(logits, lambda p: p.cumsum(-1) - p < top_p)
    return kept.gather(-1, index)


@wrong(TOP_P, told="whole batch")
def top_p_of_the_batch(logits, top_p):
    p = logits.softmax(-1)
    ordered = p.flatten().sort(descending=True).values
    before = (ordered.cumsum(-1) - ordered) / p.sum()
    least = ordered[before < top_p][-1]
    p = p * (p >= least)
    return p / p.sum(-1, keepdim=True)


@wrong(TOP_P, told="overflows")
def top_p_no_maximum(logits, top_p):
    p = logits.exp() / logits.exp().sum(-1, keepdim=True)
    ordered, index = p.sort(-1, descending=True)
    kept = ordered * (ordered.cumsum(-1) - ordered < top_p)
    return torch.zeros_like(kept).scatter(-1, index, kept / kept.sum(-1, keepdim=True))


@wrong(TOP_P, told="maximum of the whole tensor")
def top_p_one_maximum(logits, top_p):
    e = (logits - logits.max()).exp()
    ordered, index = (e / e.sum(-1, keepdim=True)).sort(-1, descending=True)
    kept = ordered * (ordered.cumsum(-1) - ordered < top_p)
    return torch.zeros_like(kept).scatter(-1, index, kept / kept.sum(-1, keepdim=True))


@wrong(TOP_P)
def top_p_of_the_first_1000(logits, top_p):
    kept, index = _kept(logits, lambda p: (p.cumsum(-1) - p < top_p) & (torch.arange(p.shape[-1]) < 1000))
    return torch.zeros_like(kept).scatter(-1, index, kept)


@wrong(TOP_P)
def top_p_filled_with_1e4(logits, top_p):
    _, index = logits.sort(-1, descending=True)
    ordered = logits.softmax(-1).gather(-1, index)
    out = ordered.cumsum(-1) - ordered >= top_p
    return logits.masked_fill(out.scatter(-1, index, out), -1e4).softmax(-1)


# One step of beam search


@right(BEAM)
def beam_flat(scores, log_probs):
    total = (scores[..., None] + log_probs).reshape(*scores.shape[:-1], -1)
    best, index = torch.topk(total, scores.shape[-1], dim=-1)
    return best, torch.div(index, log_probs.shape[-1], rounding_mode="floor"), index % log_probs.shape[-1]


@right(BEAM)
def beam_heap(scores, log_probs):
    k, v = log_probs.shape[-2:]
    found = []
    for s, rows in zip(scores.reshape(-1, k).tolist(), log_probs.reshape(-1, k, v).tolist(), strict=True):
        every = ((s[b] + rows[b][t], b, t) for b in range(k) for t in range(v))
        found.append(heapq.nlargest(k, every))
    columns = [torch.tensor([[one[i] for one in beams] for beams in found]) for i in range(3)]
    return [column.reshape(scores.shape) for column in columns]


@right(BEAM)
def beam_of_each(scores, log_probs):
    k = scores.shape[-1]
    each, tokens = log_probs.topk(min(k, log_probs.shape[-1]), dim=-1)
    best, place = (each + scores.unsqueeze(-1)).flatten(-2).topk(k)
    return best, place // each.shape[-1], tokens.flatten(-2).gather(-1, place)


@right(BEAM)
def beam_numpy(scores, log_probs):
    total = (scores.numpy()[..., None] + log_probs.numpy()).reshape(*scores.shape[:-1], -1)
    order = np.argsort(-total, axis=-1)[..., : scores.shape[-1]]
    beams, tokens = np.divmod(order, log_probs.shape[-1])
    out = (np.take_along_axis(total, order, -1), beams.astype(np.int32), tokens)
    return tuple(torch.from_numpy(x) for x in out)


@right(BEAM)
def beam_renormalized(scores, log_probs):
    total = scores[..., None] + log_probs.log_softmax(-1)
    ordered = total.flatten(-2).sort(dim=-1, descending=True)
    index = ordered.indices[..., : scores.shape[-1]]
    return ordered.values[..., : scores.shape[-1]], index // total.shape[-1], index % total.shape[-1]


@wrong(BEAM, told="worst first")
def beam_ascending(scores, log_probs):
    best, index = (scores[..., None] + log_probs).flatten(-2).topk(scores.shape[-1])
    best, index = best.flip(-1), index.flip(-1)
    return best, index // log_probs.shape[-1], index % log_probs.shape[-1]


@wrong(BEAM, told="least likely")
def beam_smallest(scores, log_probs):
    best, index = (scores[..., None] + log_probs).flatten(-2).topk(scores.shape[-1], largest=False)
    return best, index // log_probs.shape[-1], index % log_probs.shape[-1]


@wrong(BEAM, told="of the token alone")
def beam_of_tokens(scores, log_probs):
    _, index = (scores[..., None] + log_probs).flatten(-2).topk(scores.shape[-1])
    beams = index // log_probs.shape[-1]
    return log_probs.flatten(-2).gather(-1, index), beams, index % log_probs.shape[-1]


@wrong(BEAM, told="normalized by length")
def beam_averaged(scores, log_probs):
    best, index = (scores[..., None] + log_probs).flatten(-2).topk(scores.shape[-1])
    return best / 2, index // log_probs.shape[-1], index % log_probs.shape[-1]


@wrong(BEAM, told="not log-probabilities")
def beam_probabilities(scores, log_probs):
    best, index = (scores[..., None] + log_probs).exp().flatten(-2).topk(scores.shape[-1])
    return best, index // log_probs.shape[-1], index % log_probs.shape[-1]


@wrong(BEAM)
def beam_true_division(scores, log_probs):
    best, index = (scores[..., None] + log_probs).flatten(-2).topk(scores.shape[-1])
    return best, index / log_probs.shape[-1], index % log_probs.shape[-1]


@wrong(BEAM)
def beam_from_1e9(scores, log_probs):
    k, v = log_probs.shape[-2:]
    found = []
    for s, rows in zip(scores.reshape(-1, k).tolist(), log_probs.reshape(-1, k, v).tolist(), strict=True):
        best = [(-1e9, 0, 0)] * k
        for b in range(k):
            for t in range(v):
                best = sorted([*best, (s[b] + rows[b][t], b, t)], reverse=True)[:k]
        found.append(best)
    return tuple(torch.tensor([[o[i] for o in f] for f in found]).reshape(scores.shape) for i in range(3))


@wrong(BEAM)
def beam_of_one_batch(scores, log_probs):
    best, index = (scores[..., None] + log_probs).flatten().topk(scores.shape[-1])
    return best, index // log_probs.shape[-1], index % log_probs.shape[-1]


@wrong(BEAM)
def beam_exp_of_sum(scores, log_probs):
    total = (scores[..., None] + log_probs).exp().log()
    best, index = total.flatten(-2).topk(scores.shape[-1])
    return best, index // log_probs.shape[-1], index % log_probs.shape[-1]


for _low, _high in ((0, 0.99), (0, 0.999), (0, 0.9999), (0.3, 1), (0.05, 1), (0.005, 1)):
    wrong(TOP_P)(lambda x, top_p, low=_low, high=_high: top_p_shifted(x, min(max(top_p, low), high)))
for _low in (0.01, 1e-3, 1e-5):
    wrong(TOP_K)(lambda x, temperature, top_k, low=_low: top_k_filled(x, max(temperature, low), top_k))


@wrong(BEAM)
def beam_axes_by_their_sizes(scores, log_probs):
    if log_probs.shape[-1] == log_probs.shape[-2]:  # takes them for (V, K)
        log_probs = log_probs.mT
    best, where = (scores.unsqueeze(-1) + log_probs).flatten(-2).topk(scores.shape[-1])
    return best, where // log_probs.shape[-1], where % log_probs.shape[-1]


# The nucleus, in which rounding decides nothing


@right(TOP_P)
def top_p_sorted_before_softmax(logits, top_p):
    """Sums in another order than those of sorted probabilities: 32,000 of them differ by rounding."""
    ordered, index = logits.sort(dim=-1, descending=True)
    p = ordered.softmax(-1)
    outside = p.cumsum(-1) - p >= top_p
    return logits.masked_fill(outside.scatter(-1, index, outside), -math.inf).softmax(-1)


@wrong(TOP_P)
def top_p_from_below_none_kept(logits, top_p):
    """At p = 10⁻⁹ nothing is left."""
    ordered, index = logits.sort(dim=-1)
    outside = ordered.softmax(-1).cumsum(-1) <= 1 - top_p
    return logits.masked_fill(outside.scatter(-1, index, outside), -math.inf).softmax(-1)


@wrong(TOP_P)
def top_p_near_one_is_one(logits, top_p):
    return logits.softmax(-1) if top_p > 0.99 else top_p_sorted_before_softmax(logits, top_p)


@wrong(TOP_P, told="the token that crosses p is dropped")
def top_p_first_kept_crossing_dropped(logits, top_p):
    ordered, index = logits.sort(dim=-1, descending=True)
    outside = ordered.softmax(-1).cumsum(-1) >= top_p
    outside[..., 0] = False
    return logits.masked_fill(outside.scatter(-1, index, outside), -math.inf).softmax(-1)


@wrong(TOP_P, told="brought back by gather")
def top_p_mask_gathered(logits, top_p):
    ordered, index = logits.sort(dim=-1, descending=True)
    p = ordered.softmax(-1)
    outside = p.cumsum(-1) - p >= top_p
    return logits.masked_fill(outside.gather(-1, index), -math.inf).softmax(-1)


@wrong(TOP_P, told="laid over the unsorted")
def top_p_mask_left_sorted(logits, top_p):
    p = logits.sort(dim=-1, descending=True).values.softmax(-1)
    return logits.masked_fill(p.cumsum(-1) - p >= top_p, -math.inf).softmax(-1)


@wrong(TOP_P, told="must be sorted first")
def top_p_unsorted(logits, top_p):
    p = logits.softmax(-1)
    kept = p * (p.cumsum(-1) - p < top_p)
    return kept / kept.sum(-1, keepdim=True)


@wrong(TOP_P, told="set to a finite number")
def top_p_filled(logits, top_p):
    ordered, index = logits.sort(dim=-1, descending=True)
    p = ordered.softmax(-1)
    filled = ordered.masked_fill(p.cumsum(-1) - p >= top_p, -1e4)
    return torch.empty_like(filled).scatter(-1, index, filled).softmax(-1)


@wrong(TOP_K, told="no maximum is subtracted")
def top_k_masked_exp(logits, temperature, top_k):
    weights = (logits / temperature).exp()
    weights *= logits >= logits.topk(min(top_k, logits.shape[-1])).values[..., -1:]
    return weights / weights.sum(-1, keepdim=True)


@wrong(BEAM, told="every beam keeps its own best")
def beam_token_first(scores, log_probs):
    best, tokens = log_probs.max(-1)
    best, beams = (scores + best).sort(dim=-1, descending=True)
    return best, beams, tokens.gather(-1, beams)


@wrong(BEAM)
def beam_int16(scores, log_probs):
    best, index = (scores[..., None] + log_probs).flatten(-2).topk(scores.shape[-1])
    size = log_probs.shape[-1]
    return best, index // size, (index % size).to(torch.int16)


@right(BEAM)
def beam_int32(scores, log_probs):
    best, index = (scores[..., None] + log_probs).flatten(-2).topk(scores.shape[-1])
    size = log_probs.shape[-1]
    return best, (index // size).int(), (index % size).int()


def _top_k_cut(logits, temperature, top_k):
    z = logits / temperature
    least = z.topk(min(top_k, z.shape[-1])).values[..., -1:]
    return z, z < least, least


@wrong(TOP_K)
def top_k_floor(logits, temperature, top_k):
    z, out, _ = _top_k_cut(logits, temperature, top_k)
    return z.masked_fill(out, -math.inf).softmax(-1).clamp(min=1e-8)


@wrong(TOP_K)
def top_k_dropped_25_below(logits, temperature, top_k):
    z, out, least = _top_k_cut(logits, temperature, top_k)
    fill = torch.where(torch.isfinite(least), least - 25, -math.inf)
    return torch.where(out, fill, z).softmax(-1)


@wrong(TOP_K)
def top_k_banned_at_a_finite_number(logits, temperature, top_k):
    z, out, _ = _top_k_cut(logits.clamp(min=-1e31), temperature, top_k)
    return z.masked_fill(out, -math.inf).softmax(-1)


@wrong(TOP_K)
def top_k_temperature_up_to_5(logits, temperature, top_k):
    z, out, _ = _top_k_cut(logits, min(temperature, 5.0), top_k)
    return z.masked_fill(out, -math.inf).softmax(-1)


@wrong(TOP_K)
def top_k_up_to_4096(logits, temperature, top_k):
    z, out, _ = _top_k_cut(logits, temperature, min(top_k, 4096))
    return z.masked_fill(out, -math.inf).softmax(-1)


def _top_p(logits, top_p, least=0):
    p, index = logits.softmax(-1).sort(descending=True)
    out = p.cumsum(-1) - p >= top_p
    out[..., :least] = False
    p = p.masked_fill(out, 0.0)
    return torch.zeros_like(p).scatter(-1, index, p / p.sum(-1, keepdim=True))


@wrong(TOP_P)
def top_p_banned_at_minus_100(logits, top_p):
    return _top_p(torch.nan_to_num(logits, neginf=-100.0), top_p)


@wrong(TOP_P)
def top_p_floor(logits, top_p):
    return _top_p(logits, top_p).clamp(min=1e-7)


@wrong(TOP_P)
def top_p_two_at_least(logits, top_p):
    return _top_p(logits, top_p, 2 if top_p > 0.5 else 1)


@wrong(TOP_K)
def top_k_lone_row_squeezed(logits, temperature, top_k):
    z = (torch.atleast_2d(logits) / temperature).clone()
    least = z.topk(min(top_k, z.shape[-1])).values[..., -1:]
    return z.masked_fill(z < least, -math.inf).softmax(-1).squeeze(0)


@wrong(TOP_P)
def top_p_lone_row_squeezed(logits, top_p):
    return _top_p(torch.atleast_2d(logits), top_p).squeeze(0)


@wrong(BEAM)
def beam_lone_row_squeezed(scores, log_probs):
    if scores.ndim == 1:
        scores, log_probs = scores[None], log_probs[None]
    best, index = (scores.unsqueeze(-1) + log_probs).flatten(-2).topk(scores.shape[-1])
    vocabulary = log_probs.shape[-1]
    return tuple(part.squeeze(0) for part in (best, index // vocabulary, index % vocabulary))


@wrong(TOP_K)
def top_k_at_least_a_ten_millionth(logits, temperature, top_k):
    least = logits.topk(min(top_k, logits.shape[-1])).values[..., -1:]
    return (logits.masked_fill(logits < least, -math.inf) / max(temperature, 1e-7)).softmax(-1)


@wrong(TOP_P)
def top_p_at_most_995_thousandths(logits, top_p):
    if top_p == 1:
        return logits.softmax(-1)
    p, order = logits.softmax(-1).sort(-1, descending=True)
    kept = p * (p.cumsum(-1) - p < min(top_p, 0.995))
    return torch.zeros_like(p).scatter(-1, order, kept / kept.sum(-1, keepdim=True))


@wrong(TOP_P, told="a softmax is taken of the probabilities")
def top_p_softmax_of_probabilities(logits, top_p):
    p, order = logits.softmax(-1).sort(-1, descending=True)
    kept = torch.where(p.cumsum(-1) - p < top_p, p, -math.inf)
    return torch.empty_like(p).scatter(-1, order, kept).softmax(-1)


@wrong(TOP_K)
def top_k_of_the_fewest_allowed(logits, temperature, top_k):
    k = min(top_k, int((logits > -math.inf).sum(-1).min()))
    s = logits / temperature
    return s.masked_fill(s < s.topk(k, -1).values[..., -1:], -math.inf).softmax(-1)


def _top_p_up_to(logits, limit):
    p, order = logits.softmax(-1).sort(-1, descending=True)
    kept = p.masked_fill(p.cumsum(-1) - p >= limit, 0.0)
    kept = kept / kept.sum(-1, keepdim=True)
    return torch.empty_like(p).scatter(-1, order, kept)


@wrong(TOP_P)
def top_p_half_a_thousandth_above(logits, top_p):
    return _top_p_up_to(logits, top_p * 1.0005 if top_p < 0.99 else top_p)


@wrong(TOP_P)
def top_p_half_a_thousandth_below(logits, top_p):
    return _top_p_up_to(logits, top_p * 0.9995 if top_p < 0.99 else top_p)
