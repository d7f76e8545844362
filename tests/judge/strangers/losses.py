"""Answers to the code questions on losses."""

# mypy: disallow-untyped-defs=False

import torch
from torch import Tensor

from tests.judge.strangers import right, wrong


@right("losses-code-softmax")
def softmax_by_numpy_rules(z, dim=-1):
    top, _ = torch.max(z, dim=dim, keepdim=True)
    e = torch.exp(z - top)
    return e / torch.sum(e, dim, keepdim=True)


@wrong("losses-code-softmax", told="no maximum is subtracted")
def softmax_unshifted(input, dim=-1):
    e = torch.exp(input)
    return e / e.sum(dim, keepdim=True)


@wrong("losses-code-softmax")
def softmax_in_float32(input: Tensor, dim: int = -1) -> Tensor:
    e = (input.float() - input.float().amax(dim, keepdim=True)).exp()
    return (e / e.sum(dim, keepdim=True)).to(input.dtype)


@right("losses-code-cross-entropy")
def cross_entropy_logsumexp(input, target):
    return (input.logsumexp(1) - input[torch.arange(len(input)), target]).mean()


@wrong("losses-code-cross-entropy")
def cross_entropy_one_maximum(input, target):
    z = input - input.max()
    return (z.exp().sum(1).log() - z[torch.arange(len(z)), target]).mean()


@wrong("losses-code-cross-entropy")
def cross_entropy_float64_log_of_softmax(input, target):
    p = torch.softmax(input.double(), 1)
    return -p[torch.arange(len(p)), target].log().mean().to(input.dtype)


@wrong("losses-code-bce-with-logits")
def bce_where(input, target):
    return (
        torch.where(input > 0, input + (-input).exp().log1p(), input.exp().log1p()) - target * input
    ).mean()
