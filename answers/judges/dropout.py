"""The judge of the code question on dropout: a right output is random, so facts are looked at."""

import math
from collections.abc import Iterator

import torch
from torch import Generator, Tensor
from torch.nn import functional as F

from answers.judges._normal import normal
from quizcli.judge.case import Case, Fact, judge, trap

DEVIATIONS = 6  # standard deviations of the share of dropped values that are allowed


def _kept(x: Tensor, p: float) -> Tensor:
    return torch.rand_like(x) >= p


@trap(
    "the survivors are not divided by 1 − p: the mean shrinks, and evaluation no longer fits training",
    "保留下来的值没有除以 1 − p：均值变小，与评估时对不上",
)
def _unscaled(x: Tensor, p: float = 0.5, training: bool = True) -> Tensor:
    return x * _kept(x, p) if training else x


@trap(
    "p is taken for the probability of keeping a value; in PyTorch it is that of dropping it",
    "把 p 当成了保留概率；PyTorch 里 p 是丢弃概率",
)
def _keeps_with_p(x: Tensor, p: float = 0.5, training: bool = True) -> Tensor:
    return x * _kept(x, 1 - p) / p if training else x


@trap("values are dropped in evaluation too", "评估时也在丢弃")
def _always(x: Tensor, p: float = 0.5, training: bool = True) -> Tensor:
    return x * _kept(x, p) / (1 - p)


@trap(
    "all samples of the batch share one mask: every value has its own chance",
    "整批样本共用一个掩码：每个值都应独立抽取",
)
def _shared(x: Tensor, p: float = 0.5, training: bool = True) -> Tensor:
    return x * _kept(x[0] if x.ndim > 1 else x, p) / (1 - p) if training else x


@trap("p = 1 ends in 0/0: nobody survives to be scaled", "p = 1 时算成了 0/0：没有值保留，无从放大")
def _zero_by_zero(x: Tensor, p: float = 0.5, training: bool = True) -> Tensor:
    return x * _kept(x, p) / (1 - p) if training and p > 0 else x


def _values(y: Tensor, x: Tensor, p: float = 0.5, training: bool = True) -> Iterator[Fact]:
    survivors = y[y != 0]
    wanted = (x / (1 - p))[y != 0]
    yield (
        {"en": "each output must be 0 or x / (1 − p)", "zh": "每个输出只能是 0 或 x / (1 − p)"},
        bool(torch.isclose(survivors, wanted, rtol=1e-5).all()),
    )


def _shares(y: Tensor, x: Tensor, p: float = 0.5, training: bool = True) -> Iterator[Fact]:
    yield from _values(y, x, p, training)
    dropped = y == 0  # (N, D)
    share, n = dropped.double().mean().item(), dropped.numel()
    yield (
        {
            "en": f"about {p:.0%} of the outputs must be 0, not {share:.1%}",
            "zh": f"应有约 {p:.0%} 的输出为 0，实为 {share:.1%}",
        },
        abs(share - p) < DEVIATIONS * math.sqrt(p * (1 - p) / n),
    )
    yield (
        {"en": "rows must not share one mask", "zh": "各行不能共用一个掩码"},
        not bool((dropped == dropped[0]).all()),
    )
    yield (
        {"en": "columns must not share one mask", "zh": "各列不能共用一个掩码"},
        not bool((dropped == dropped[:, :1]).all()),
    )


@judge(
    reference=F.dropout,
    traps=(_unscaled, _keeps_with_p, _zero_by_zero, _always, _shared),
)
def check_dropout(random: Generator) -> Iterator[Case]:
    """A few values, evaluation, batches, the two ends of p, and many values."""
    draw = normal(random)

    yield Case({"en": "twelve values, p = 0.25", "zh": "十二个值，p = 0.25"}, (draw(12), 0.25), facts=_values)
    yield Case(
        {"en": "evaluation: x comes back as it is", "zh": "评估：x 原样返回"}, (draw(3, 8), 0.25, False)
    )
    yield Case(
        {"en": "a batch of 64 samples, p = 0.2", "zh": "一批 64 个样本，p = 0.2"},
        (draw(64, 128), 0.2, True),
        facts=_shares,
    )
    yield Case(
        {"en": "float64, p = 0.8", "zh": "float64，p = 0.8"},
        (draw(50, 100, dtype=torch.float64), 0.8, True),
        facts=_shares,
    )
    yield Case({"en": "p = 0: nothing is dropped", "zh": "p = 0：一个也不丢"}, (draw(3, 8), 0.0, True))
    yield Case({"en": "p = 1: everything is dropped", "zh": "p = 1：全部丢弃"}, (draw(3, 8), 1.0, True))
    yield Case(
        {"en": "a quarter of a million values", "zh": "二十多万个值"},
        (draw(512, 512), 0.5, True),
        facts=_shares,
        timed=True,
    )
