"""The numbers of questions/debugging.yaml, computed."""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional as F


def initial_loss() -> float:
    """PyTorch's cross-entropy of equal logits."""
    return F.cross_entropy(torch.zeros(1, 1000, dtype=torch.float64), torch.tensor([7])).item()


def zero_grad() -> float:
    """Four steps of PyTorch's SGD on a loss of slope 1, with no call of zero_grad."""
    weight = torch.tensor(2.0, dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.SGD([weight], lr=0.1)
    for _ in range(4):
        loss: Tensor = weight - 5
        torch.autograd.backward(loss)
        optimizer.step()
    return weight.item()


NUMBERS: dict[str, Callable[[], float]] = {
    "debugging-initial-loss": initial_loss,
    "debugging-zero-grad": zero_grad,
}
