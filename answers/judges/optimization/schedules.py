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


def _done(step: int, warmup_steps: int, total_steps: int) -> float:
    return min((step - warmup_steps) / (total_steps - warmup_steps), 1)


_zero_division = trap("without warm-up it divides by zero", "不预热时除以了零")


@_zero_division
def _divided_by_zero(step: int, lr: float, warmup_steps: int, total_steps: int, lr_min: float = 0.0) -> float:
    progress = min(max(0, (step - warmup_steps) / (total_steps - warmup_steps)), 1)
    return min(1, step / warmup_steps) * (lr_min + (lr - lr_min) * _cosine(progress))


def _up_to(step: int, lr: float, warmup_steps: int, total_steps: int, lr_min: float, least: int) -> float:
    """Right, but that the warm-up includes its last step, and counts `least` steps at least."""
    if step <= warmup_steps:
        return lr * step / max(least, warmup_steps)
    return lr_min + (lr - lr_min) * _cosine(_done(step, warmup_steps, total_steps))


@_zero_division
def _float_divided_by_zero(
    step: int, lr: float, warmup_steps: int, total_steps: int, lr_min: float = 0.0
) -> float:
    return _up_to(step, lr, warmup_steps, total_steps, lr_min, 0)


_starts_at_zero = trap(
    "without warm-up the rate is 0 at step 0: where warmup_steps is 0 it begins at lr",
    "不预热时第 0 步的学习率成了 0：warmup_steps 为 0 时应从 lr 开始",
)


@_starts_at_zero
def _zero_at_first(step: int, lr: float, warmup_steps: int, total_steps: int, lr_min: float = 0.0) -> float:
    return _up_to(step, lr, warmup_steps, total_steps, lr_min, 1)


@_starts_at_zero
def _one_step_at_least(
    step: int, lr: float, warmup_steps: int, total_steps: int, lr_min: float = 0.0
) -> float:
    return _up_to(step, lr, max(1, warmup_steps), total_steps, lr_min, 1)


_floor = trap(
    "lr_min only cuts the cosine off from below: the cosine itself should end there",
    "lr_min 只是给余弦设了下限：余弦本身就应当降到 lr_min",
)


def _floored_decay(step: int, lr: float, warmup_steps: int, total_steps: int, lr_min: float = 0.0) -> float:
    if step < warmup_steps:
        return lr * step / warmup_steps
    return max(lr_min, lr * _cosine(_done(step, warmup_steps, total_steps)))


_FLOORED = (
    _floor(_floored_decay),
    _floor(
        lambda step, lr, warmup_steps, total_steps, lr_min=0.0: max(
            lr_min, _floored_decay(step, lr, warmup_steps, total_steps)
        )
    ),
)


@trap(
    "the warm-up rises from lr_min: here it rises from 0, whatever lr_min is",
    "预热从 lr_min 升起：本题约定从 0 升起，与 lr_min 无关",
)
def _from_minimum(step: int, lr: float, warmup_steps: int, total_steps: int, lr_min: float = 0.0) -> float:
    if step < warmup_steps:
        return lr_min + (lr - lr_min) * step / warmup_steps
    return lr_min + (lr - lr_min) * _cosine(_done(step, warmup_steps, total_steps))


@trap(
    "the rate is never below lr_min: in the warm-up it is, it begins at 0",
    "学习率从不低于 lr_min：预热从 0 开始，应当可以低于它",
)
def _at_least(step: int, lr: float, warmup_steps: int, total_steps: int, lr_min: float = 0.0) -> float:
    if step < warmup_steps:
        return max(lr_min, lr * step / warmup_steps)
    return lr_min + (lr - lr_min) * _cosine(_done(step, warmup_steps, total_steps))


@trap("lr_min is not used", "没有用到 lr_min")
def _to_zero(step: int, lr: float, warmup_steps: int, total_steps: int, lr_min: float = 0.0) -> float:
    if step < warmup_steps:
        return lr * step / warmup_steps
    return lr * _cosine(_done(step, warmup_steps, total_steps))


_lasts_too_long = trap(
    "the decay starts after the warm-up and lasts total_steps: these contain the warm-up",
    "衰减从预热之后算起又走了 total_steps 步：total_steps 已含预热",
)


@_lasts_too_long
def _too_long(step: int, lr: float, warmup_steps: int, total_steps: int, lr_min: float = 0.0) -> float:
    if step < warmup_steps:
        return lr * step / warmup_steps
    return lr_min + (lr - lr_min) * _cosine(min((step - warmup_steps) / total_steps, 1))


@_lasts_too_long
def _too_long_and_cut(
    step: int, lr: float, warmup_steps: int, total_steps: int, lr_min: float = 0.0
) -> float:
    if step < warmup_steps:
        return lr * step / warmup_steps
    return (
        lr_min
        if step >= total_steps
        else lr_min + (lr - lr_min) * _cosine((step - warmup_steps) / total_steps)
    )


@trap("the rate falls in a straight line, not along a cosine", "学习率沿直线下降，不是沿余弦")
def _straight(step: int, lr: float, warmup_steps: int, total_steps: int, lr_min: float = 0.0) -> float:
    if step < warmup_steps:
        return lr * step / warmup_steps
    return lr_min + (lr - lr_min) * (1 - _done(step, warmup_steps, total_steps))


@trap(
    "a quarter of a cosine, from 1 to 0: half of one goes from 1 to −1, hence the 1 + cos",
    "只走了四分之一个余弦（从 1 到 0）：半个余弦从 1 到 −1，所以才有 1 + cos",
)
def _quarter(step: int, lr: float, warmup_steps: int, total_steps: int, lr_min: float = 0.0) -> float:
    if step < warmup_steps:
        return lr * step / warmup_steps
    return lr_min + (lr - lr_min) * math.cos(math.pi / 2 * _done(step, warmup_steps, total_steps))


@trap("there is no warm-up: the rate begins at lr", "没有预热：学习率一开始就是 lr")
def _cold(step: int, lr: float, warmup_steps: int, total_steps: int, lr_min: float = 0.0) -> float:
    return lr_min + (lr - lr_min) * _cosine(max(0, _done(step, warmup_steps, total_steps)))


_EVEN = "The cosine is even."


@judge(
    traps=(
        _from_the_beginning,
        _one_ahead,
        _added,
        _climbing,
        _divided_by_zero,
        _float_divided_by_zero,
        _zero_at_first,
        _one_step_at_least,
        _from_minimum,
        _at_least,
        _to_zero,
        *_FLOORED,
        _too_long,
        _too_long_and_cut,
        _straight,
        _quarter,
        _cold,
    ),
    equivalent={
        "warmup_cosine: step >= total_steps → step > total_steps": "The cosine ends at lr_min by itself.",
        "warmup_cosine: (step - warmup_steps) / (total_steps - warmup_steps) → "
        "(warmup_steps - step) / (total_steps - warmup_steps)": _EVEN,
        "warmup_cosine: (step - warmup_steps) / (total_steps - warmup_steps) → "
        "(step - warmup_steps) / (warmup_steps - total_steps)": _EVEN,
    },
)
def check_warmup_cosine(random: Generator) -> Iterator[Case]:
    """Up, the top, half-way down, with a minimum, the end and after it, no warm-up, short and long ones."""
    lr = 0.5 + torch.rand((), generator=random).item()
    lr_min = lr / 10
    total = int(torch.randint(50, 150, (), generator=random)) * 2 + 10

    def case(en: str, zh: str, *args: float) -> Case:
        return Case({"en": en, "zh": zh}, args, tolerance=1e-6 * max(args[1], 1e-3))

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
    yield case("step 0, with a minimum", "第 0 步，带最小值", 0, lr, 10, total, lr_min)
    yield case("half-way up, with a minimum", "预热到一半，带最小值", 5, lr, 10, total, lr_min)
    yield case("a warm-up of one step, before it", "只预热一步，第 0 步", 0, lr, 1, 3, lr_min)
    yield case("a warm-up of one step, after it", "只预热一步，第 1 步", 1, lr, 1, 3, lr_min)
    yield case("a warm-up of three steps, the second", "预热三步，第 2 步", 2, lr, 3, 4, lr_min)
    yield case("one step before the end", "最后一步的前一步", total - 1, lr, 10, total, lr_min)
    yield case(
        "10,000,000 steps, lr = 3e−5", "一千万步，lr = 3e−5", 4_000_000, 3e-5, 20_000, 10_000_000, 1e-6
    )
