"""Judges of the code questions on learning-rate schedules."""

import math
from collections.abc import Iterator

import torch
from torch import Generator

from quizcli.judge.case import Case, judge, trap


def _cosine(progress: float) -> float:
    return 0.5 * (1 + math.cos(math.pi * progress))


@trap(
    "the cosine counts from step 0 and over all steps: after the warm-up the rate jumps",
    "余弦从第 0 步、按总步数算起：预热结束时学习率会跳变",
)
def _from_the_beginning(
    step: int, lr: float, warmup_steps: int, total_steps: int, lr_min: float = 0.0
) -> float:
    if step < warmup_steps:
        return lr * step / warmup_steps
    return lr_min + (lr - lr_min) * _cosine(min(step / total_steps, 1))


@trap(
    "the warm-up is one step ahead: here it is 0 at step 0 and lr at warmup_steps",
    "预热早了一步：本题约定第 0 步为 0，第 warmup_steps 步达到 lr",
)
def _one_ahead(step: int, lr: float, warmup_steps: int, total_steps: int, lr_min: float = 0.0) -> float:
    if step < warmup_steps:
        return lr * (step + 1) / warmup_steps
    return lr_min + (lr - lr_min) * _cosine(min((step - warmup_steps) / (total_steps - warmup_steps), 1))


@trap(
    "lr_min is added to the whole cosine: it has to span lr − lr_min only",
    "lr_min 直接加在整条余弦上：余弦的幅度应是 lr − lr_min",
)
def _added(step: int, lr: float, warmup_steps: int, total_steps: int, lr_min: float = 0.0) -> float:
    if step < warmup_steps:
        return lr * step / warmup_steps
    return lr_min + lr * _cosine(min((step - warmup_steps) / (total_steps - warmup_steps), 1))


@trap(
    "after total_steps the cosine climbs again",
    "超过 total_steps 之后，余弦又升上去了",
)
def _climbing(step: int, lr: float, warmup_steps: int, total_steps: int, lr_min: float = 0.0) -> float:
    if step < warmup_steps:
        return lr * step / warmup_steps
    return lr_min + (lr - lr_min) * _cosine((step - warmup_steps) / (total_steps - warmup_steps))


@trap("without warm-up it divides by zero", "不预热时除以了零")
def _divided_by_zero(step: int, lr: float, warmup_steps: int, total_steps: int, lr_min: float = 0.0) -> float:
    progress = min(max(0, (step - warmup_steps) / (total_steps - warmup_steps)), 1)
    return min(1, step / warmup_steps) * (lr_min + (lr - lr_min) * _cosine(progress))


@judge(
    traps=(_from_the_beginning, _one_ahead, _added, _climbing, _divided_by_zero),
)
def check_warmup_cosine(random: Generator) -> Iterator[Case]:
    """Up, the top, half-way down, with a minimum, the end and after it, and no warm-up at all."""
    lr = 0.5 + torch.rand((), generator=random).item()
    lr_min = lr / 10
    total = int(torch.randint(50, 150, (), generator=random)) * 2 + 10

    def case(en: str, zh: str, *args: float) -> Case:
        return Case({"en": en, "zh": zh}, args, tolerance=1e-6)

    yield case("half-way up", "预热到一半", 5, lr, 10, total)
    yield case("the very first step", "第 0 步", 0, lr, 10, total)
    yield case("the end of the warm-up", "预热结束", 10, lr, 10, total)
    yield case("half-way down", "下降到一半", (total + 10) // 2, lr, 10, total)
    yield case(
        "a quarter down, with a minimum",
        "下降四分之一，带最小值",
        10 + (total - 10) // 4,
        lr,
        10,
        total,
        lr_min,
    )
    yield case("the last step", "最后一步", total, lr, 10, total, lr_min)
    yield case("long after the end", "结束很久之后", total + (total - 10) // 2, lr, 10, total, lr_min)
    yield case("no warm-up", "不预热", 0, lr, 0, total, lr_min)
    yield case("no warm-up, a third down", "不预热，下降三分之一", total // 3, lr, 0, total)
