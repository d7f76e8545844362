"""The numbers of questions/regularization.yaml, computed."""

from collections.abc import Callable

import torch


def half_life() -> float:
    """PyTorch's SGD on a gradient of 0, until no more than half is left."""
    weight = torch.ones((), dtype=torch.float64, requires_grad=True)
    weight.grad = torch.zeros_like(weight)
    optimizer = torch.optim.SGD([weight], lr=0.1, weight_decay=0.01)
    for step in range(1, 2000):
        optimizer.step()
        if weight.item() <= 0.5:
            return step
    raise AssertionError("never halved")


def sum_or_mean() -> float:
    """The λ for which the gradient of the summed loss is zero at the optimum of the mean one."""
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(1000, 3, dtype=torch.float64, generator=generator)
    y = torch.randn(1000, dtype=torch.float64, generator=generator)
    w = torch.linalg.solve(x.T @ x / 1000 + 0.01 * torch.eye(3, dtype=torch.float64), x.T @ y / 1000)
    pull = x.T @ (y - x @ w)  # of the summed loss; the penalty holds against it with λw
    return float(pull @ w / (w @ w))


NUMBERS: dict[str, Callable[[], float]] = {
    "regularization-half-life": half_life,
    "regularization-sum-or-mean": sum_or_mean,
}
