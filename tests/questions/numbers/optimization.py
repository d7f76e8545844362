"""The numbers of questions/optimization.yaml, each found by running PyTorch."""

from collections.abc import Callable

import torch


def adam_first_step() -> float:
    """How far Adam's first step moves a weight whose gradient is 50."""
    weight = torch.zeros(1, dtype=torch.float64, requires_grad=True)
    weight.grad = torch.full_like(weight, 50.0)
    torch.optim.Adam([weight]).step()
    return abs(weight.item())


def cosine_quarter() -> float:
    """The learning rate after 25 of 100 epochs, from 0.1 along a cosine to 0."""
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.1)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=100)
    for _ in range(25):
        optimizer.step()
        scheduler.step()
    return float(scheduler.get_last_lr()[0])


NUMBERS: dict[str, Callable[[], float]] = {
    "optimization-adam-first-step": adam_first_step,
    "optimization-cosine-quarter": cosine_quarter,
}
