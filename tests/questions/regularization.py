"""The numbers of questions/regularization.yaml, computed."""

from collections.abc import Callable

import torch

from models.regularization import ProximalSGD


def proximal_number() -> float:
    """One step of proximal SGD from 0.8, with a loss of slope 2."""
    weight = torch.tensor(0.8, dtype=torch.float64, requires_grad=True)
    weight.grad = torch.autograd.grad(2 * weight, weight)[0]
    ProximalSGD([weight], lr=0.1, l1=1.0).step()
    return weight.item()


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


NUMBERS: dict[str, Callable[[], float]] = {
    "regularization-proximal-number": proximal_number,
    "regularization-half-life": half_life,
}
