"""Losses and gradients against PyTorch's own, in float64, and where careless ones break, in float32."""

import math
from collections.abc import Callable

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from models.losses import (
    binary_cross_entropy_with_logits,
    cross_entropy,
    linear_backward,
    smoothed_cross_entropy,
    softmax,
)

inf = math.inf


def agree(ours: Callable[[Tensor], Tensor], theirs: Callable[[Tensor], Tensor], x: Tensor) -> None:
    """Same values, and same gradients of a random weighting of them."""
    results = []
    for function in (ours, theirs):
        leaf = x.clone().requires_grad_()
        out = function(leaf)
        torch.manual_seed(1)
        (slope,) = torch.autograd.grad((out * torch.randn_like(out)).sum(), leaf)
        results.append((out.detach(), slope))
    torch.testing.assert_close(results[0], results[1])


@pytest.mark.parametrize("dim", [0, 1, -1])
def test_softmax_along_any_axis(dim: int) -> None:
    x = torch.randn(3, 4, 5, dtype=torch.float64)
    agree(lambda x: softmax(x, dim), lambda x: F.softmax(x, dim), x)


def test_softmax_of_large_far_apart_and_infinite_logits() -> None:
    x = torch.tensor([[1000.0, 999.0, -1000.0], [-1000.0, -1001.0, -inf], [88.0, 89.0, 90.0]])
    torch.testing.assert_close(softmax(x), F.softmax(x, -1))


def test_cross_entropy() -> None:
    x, target = torch.randn(6, 4, dtype=torch.float64), torch.tensor([0, 3, 1, 1, 2, 0])
    agree(lambda x: cross_entropy(x, target), lambda x: F.cross_entropy(x, target), x)


def test_cross_entropy_of_a_confident_mistake_is_the_distance_of_the_logits() -> None:
    assert cross_entropy(torch.tensor([[0.0, -200.0]]), torch.tensor([1])).item() == 200
    assert cross_entropy(torch.tensor([[1000.0, -1000.0]]), torch.tensor([1])).item() == 2000


def test_binary_cross_entropy() -> None:
    x, target = torch.randn(6, 4, dtype=torch.float64) * 5, torch.rand(6, 4, dtype=torch.float64)
    agree(
        lambda x: binary_cross_entropy_with_logits(x, target),
        lambda x: F.binary_cross_entropy_with_logits(x, target),
        x,
    )


@pytest.mark.parametrize("z", [0.0, -0.0, 20.0, -20.0, 1000.0, -1000.0])
@pytest.mark.parametrize("y", [0.0, 0.5, 1.0])
def test_binary_cross_entropy_and_its_slope_at_zero_and_far_out(z: float, y: float) -> None:
    target = torch.tensor([y])
    agree(
        lambda x: binary_cross_entropy_with_logits(x, target),
        lambda x: F.binary_cross_entropy_with_logits(x, target),
        torch.tensor([z]),
    )


def test_binary_cross_entropy_keeps_the_digits_of_a_small_loss() -> None:
    loss = binary_cross_entropy_with_logits(torch.tensor([-30.0]), torch.tensor([0.0])).item()
    assert loss == pytest.approx(math.exp(-30), rel=1e-6)


@pytest.mark.parametrize("epsilon", [0.0, 0.1, 0.5, 1.0])
def test_label_smoothing(epsilon: float) -> None:
    x, target = torch.randn(6, 4, dtype=torch.float64), torch.tensor([0, 3, 1, 1, 2, 0])
    agree(
        lambda x: smoothed_cross_entropy(x, target, epsilon),
        lambda x: F.cross_entropy(x, target, label_smoothing=epsilon),
        x,
    )


@pytest.mark.parametrize("shape", [(4,), (1, 4), (5, 4), (2, 3, 4)], ids=str)
def test_linear_backward_is_autograds(shape: tuple[int, ...]) -> None:
    x = torch.randn(shape, dtype=torch.float64, requires_grad=True)
    weight = torch.randn(3, 4, dtype=torch.float64, requires_grad=True)
    bias = torch.randn(3, dtype=torch.float64, requires_grad=True)
    y = F.linear(x, weight, bias)
    g = torch.randn_like(y)
    expected = torch.autograd.grad(y, (x, weight, bias), g)
    torch.testing.assert_close(linear_backward(x.detach(), weight.detach(), g), expected)
