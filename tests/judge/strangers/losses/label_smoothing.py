"""Answers to the code question on label smoothing."""

# mypy: disallow-untyped-defs=False

import math

import torch
from torch import nn
from torch.nn import functional as F

from tests.judge.strangers import right, wrong


@right("losses-code-label-smoothing")
def smoothing_by_targets(input, target, label_smoothing=0.1):
    n, k = input.shape
    q = torch.full((n, k), label_smoothing / k, dtype=input.dtype)
    q[torch.arange(n), target] += 1 - label_smoothing
    return -(q * torch.log_softmax(input, -1)).sum() / n


@right("losses-code-label-smoothing")
def smoothing_by_building_blocks(input, target, label_smoothing=0.1):
    logp = nn.LogSoftmax(dim=1)(input)
    nll = nn.NLLLoss()(logp, target)
    return torch.lerp(nll, -logp.mean(), label_smoothing)


@right("losses-code-label-smoothing")
def smoothing_loop(x, y, label_smoothing=0.1):
    total = torch.zeros((), dtype=x.dtype)
    for i in range(x.shape[0]):
        top = x[i].max()
        lse = top + torch.log(torch.sum(torch.exp(x[i] - top)))
        for k in range(x.shape[1]):
            share = label_smoothing / x.shape[1] + (1 - label_smoothing) * (k == int(y[i]))
            total = total + share * (lse - x[i, k])
    return total / x.shape[0]


@right("losses-code-label-smoothing")
def smoothing_by_kl(x, y, label_smoothing=0.1):
    k = x.size(1)
    q = F.one_hot(y, k).to(x.dtype) * (1 - label_smoothing) + label_smoothing / k
    entropy = -torch.special.xlogy(q, q).sum(1).mean()
    return F.kl_div(F.log_softmax(x, 1), q, reduction="batchmean") + entropy


@wrong("losses-code-label-smoothing", told="all of ε goes to the other classes")
def smoothing_others(pred, target, label_smoothing=0.1):
    k = pred.size(-1)
    true = torch.full_like(pred, label_smoothing / (k - 1)).scatter_(1, target[:, None], 1 - label_smoothing)
    return torch.mean(torch.sum(-true * pred.log_softmax(-1), dim=-1))


@wrong("losses-code-label-smoothing", told="label_smoothing is ignored")
def smoothing_none(x, y, label_smoothing=0.1):
    return F.nll_loss(x.log_softmax(1), y)


@wrong("losses-code-label-smoothing", told="always 0.1")
def smoothing_fixed(x, y, label_smoothing=0.1):
    logp = x.log_softmax(1)
    return 0.9 * F.nll_loss(logp, y) - 0.1 * logp.mean()


@wrong("losses-code-label-smoothing", told="default is not 0.1")
def smoothing_other_default(x, y, label_smoothing=0.0):
    logp = x.log_softmax(1)
    return (1 - label_smoothing) * F.nll_loss(logp, y) - label_smoothing * logp.mean()


@wrong("losses-code-label-smoothing", told="summed over the batch")
def smoothing_summed(x, y, label_smoothing=0.1):
    logp = x.log_softmax(1)
    loss = (1 - label_smoothing) * -logp.gather(1, y[:, None]).squeeze(1) - label_smoothing * logp.mean(1)
    return loss.sum()


@wrong("losses-code-label-smoothing", told="every class gets ε")
def smoothing_sum_of_all(x, y, label_smoothing=0.1):
    logp = x.log_softmax(1)
    return (1 - label_smoothing) * F.nll_loss(logp, y) - label_smoothing * logp.sum(1).mean()


@wrong("losses-code-label-smoothing", told="maximum of the whole tensor")
def smoothing_one_maximum(x, y, label_smoothing=0.1):
    z = x - x.max()
    logp = z - z.exp().sum(1, keepdim=True).log()
    return (1 - label_smoothing) * F.nll_loss(logp, y) - label_smoothing * logp.mean()


@wrong("losses-code-label-smoothing", told="exchanged")
def smoothing_exchanged(x, y, label_smoothing=0.1):
    logp = x.log_softmax(1)
    return label_smoothing * F.nll_loss(logp, y) - (1 - label_smoothing) * logp.mean()


@wrong("losses-code-label-smoothing", told="logarithm of a finished softmax")
def smoothing_in_float64(x, y, label_smoothing=0.1):
    logp = x.double().softmax(1).log().to(x.dtype)
    return (1 - label_smoothing) * F.nll_loss(logp, y) - label_smoothing * logp.mean()


@wrong("losses-code-label-smoothing", told="caps the loss")
def smoothing_clamped(x, y, label_smoothing=0.1):
    logp = x.log_softmax(1).clamp(min=-math.log(1e7))
    return (1 - label_smoothing) * F.nll_loss(logp, y) - label_smoothing * logp.mean()


@wrong("losses-code-label-smoothing", told="over the batch")
def smoothing_over_batch(input, target, label_smoothing=0.1):
    logp = F.log_softmax(input, 0)
    nll = F.nll_loss(logp, target)
    return (1 - label_smoothing) * nll - label_smoothing * logp.mean()


@wrong("losses-code-label-smoothing", told="over the classes too")
def smoothing_mean_of_all(input, target, label_smoothing=0.1):
    k = input.size(1)
    q = F.one_hot(target, k) * (1 - label_smoothing) + label_smoothing / k
    return -(q * F.log_softmax(input, -1)).mean()


@wrong("losses-code-label-smoothing", told="each class is averaged first")
def smoothing_macro(input, target, label_smoothing=0.1):
    logp = input.log_softmax(1)
    loss = -(1 - label_smoothing) * logp.gather(1, target[:, None])[:, 0] - label_smoothing * logp.mean(1)
    return torch.stack([loss[target == c].mean() for c in target.unique()]).mean()


@wrong("losses-code-label-smoothing")
def smoothing_log_of_softmax_without_smoothing(input, target, label_smoothing=0.1):
    if label_smoothing == 0:
        return -input.softmax(1).log()[torch.arange(len(target)), target].mean()
    logs = input.log_softmax(1)
    right = logs.gather(1, target[:, None]).squeeze(1)
    return -((1 - label_smoothing) * right + label_smoothing * logs.mean(1)).mean()


@wrong("losses-code-label-smoothing", told="other classes")
def smoothed_over_the_others(input, target, label_smoothing=0.1):
    log_p = input.log_softmax(1)
    of_truth = log_p[torch.arange(len(target)), target]
    others = (log_p.sum(1) - of_truth) / max(input.shape[1] - 1, 1)
    return -((1 - label_smoothing) * of_truth + label_smoothing * others).mean()
