"""Answers to the code questions on learning-rate schedules."""

# mypy: disallow-untyped-defs=False, disallow-untyped-calls=False

import math

import torch

from tests.judge.strangers import right, wrong

COSINE = "optimization-code-warmup-cosine"


@right(COSINE)
def schedule_in_numpy(step, lr, warmup_steps, total_steps, lr_min=0.0):
    import numpy as np

    up = np.linspace(0, lr, warmup_steps + 1)
    t = np.clip((step - warmup_steps) / (total_steps - warmup_steps), 0, 1)
    down = lr_min + (lr - lr_min) * np.cos(t * np.pi / 2) ** 2  # half an angle instead of half a sum
    return np.float64(up[step] if step < warmup_steps else down)


@right(COSINE)
def schedule_in_torch(step, lr, warmup_steps, total_steps, lr_min=0.0):
    if warmup_steps and step <= warmup_steps:
        return torch.tensor(step / warmup_steps * lr)
    done = torch.tensor((step - warmup_steps) / (total_steps - warmup_steps)).clamp(max=1)
    return lr_min + (lr - lr_min) / 2 * (1 + torch.cos(torch.pi * done))


@right(COSINE)
def schedule_by_minimum(step, lr, warmup_steps, total_steps, lr_min=0.0):
    step = min(step, total_steps)
    if step < warmup_steps:
        return lr * step / max(1, warmup_steps)
    progress = float(step - warmup_steps) / float(max(1, total_steps - warmup_steps))
    return lr_min + max(0.0, 0.5 * (1.0 + math.cos(math.pi * 0.5 * 2.0 * progress))) * (lr - lr_min)


@right(COSINE)
def schedule_backwards(step, lr, warmup_steps, total_steps, lr_min=0.0):
    if step >= total_steps:
        return lr_min
    if step >= warmup_steps:
        left = (total_steps - step) / (total_steps - warmup_steps)
        return lr_min + (lr - lr_min) * (1 - math.cos(left * math.pi)) / 2
    return lr / warmup_steps * step


@wrong(COSINE, told="rises from lr_min")
def schedule_from_minimum(step, lr, warmup_steps, total_steps, lr_min=0.0):
    if step < warmup_steps:
        return lr_min + (lr - lr_min) * step / warmup_steps
    return schedule_backwards(step, lr, warmup_steps, total_steps, lr_min)


@wrong(COSINE, told="never below lr_min")
def schedule_at_least_minimum(step, lr, warmup_steps, total_steps, lr_min=0.0):
    return max(lr_min, schedule_backwards(step, lr, warmup_steps, total_steps, lr_min))


@wrong(COSINE, told="lr_min is not used")
def schedule_to_zero(step, lr, warmup_steps, total_steps, lr_min=0.0):
    return schedule_backwards(step, lr, warmup_steps, total_steps)


@wrong(COSINE, told="starts after the warm-up and lasts total_steps")
def schedule_too_long(step, lr, warmup_steps, total_steps, lr_min=0.0):
    return schedule_backwards(step, lr, warmup_steps, warmup_steps + total_steps, lr_min)


@wrong(COSINE, told="straight line")
def schedule_linear(step, lr, warmup_steps, total_steps, lr_min=0.0):
    if step < warmup_steps:
        return lr * step / warmup_steps
    left = max(0, (total_steps - step) / (total_steps - warmup_steps))
    return lr_min + (lr - lr_min) * left


@wrong(COSINE, told="quarter")
def schedule_quarter(step, lr, warmup_steps, total_steps, lr_min=0.0):
    if step < warmup_steps:
        return lr * step / warmup_steps
    done = min(1, (step - warmup_steps) / (total_steps - warmup_steps))
    return lr_min + (lr - lr_min) * math.cos(math.pi / 2 * done)


@wrong(COSINE, told="one step ahead")
def schedule_one_ahead(step, lr, warmup_steps, total_steps, lr_min=0.0):
    if step < warmup_steps:
        return lr * (step + 1) / warmup_steps
    return schedule_backwards(step, lr, warmup_steps, total_steps, lr_min)


@wrong(COSINE, told="")
def schedule_warm_for_ten_at_least(step, lr, warmup_steps, total_steps, lr_min=0.0):
    warmup_steps = max(warmup_steps, 10) if warmup_steps else 0
    return schedule_backwards(step, lr, warmup_steps, total_steps, lr_min)


@wrong(COSINE, told="")
def schedule_capped(step, lr, warmup_steps, total_steps, lr_min=0.0):
    return schedule_backwards(min(step, 100_000), lr, warmup_steps, min(total_steps, 100_000), lr_min)


@wrong(COSINE, told="")
def schedule_rounded(step, lr, warmup_steps, total_steps, lr_min=0.0):
    return round(schedule_backwards(step, lr, warmup_steps, total_steps, lr_min), 6)


@wrong(COSINE, told="")
def schedule_never_zero(step, lr, warmup_steps, total_steps, lr_min=0.0):
    return schedule_backwards(max(step, 1), lr, warmup_steps, total_steps, lr_min)


@wrong(COSINE, told="climbs again")
def schedule_climbing(step, lr, warmup_steps, total_steps, lr_min=0.0):
    if step < warmup_steps:
        return lr * step / warmup_steps
    done = (step - warmup_steps) / (total_steps - warmup_steps)
    return lr_min + (lr - lr_min) * (1 + math.cos(math.pi * done)) / 2


@wrong(COSINE, told="")
def schedule_minimum_added_from_the_beginning(step, lr, warmup_steps, total_steps, lr_min=0.0):
    if step < warmup_steps:
        return lr * step / warmup_steps
    return lr_min + lr * (1 + math.cos(math.pi * min(step / total_steps, 1))) / 2


@wrong(COSINE, told="divides by zero")
def schedule_up_to_and_with_the_top(step, lr, warmup_steps, total_steps, lr_min=0.0):
    if step <= warmup_steps:
        return lr * step / warmup_steps
    return schedule_backwards(step, lr, warmup_steps, total_steps, lr_min)


@wrong(COSINE, told="0 at step 0")
def schedule_max_of_one(step, lr, warmup_steps, total_steps, lr_min=0.0):
    if step <= warmup_steps:
        return lr * step / max(1, warmup_steps)
    return schedule_backwards(step, lr, warmup_steps, total_steps, lr_min)


@wrong(COSINE, told="only cuts the cosine off")
def schedule_floored(step, lr, warmup_steps, total_steps, lr_min=0.0):
    return max(lr_min, schedule_backwards(step, lr, warmup_steps, total_steps))
