"""The adapted map is the map with the update merged into its weight."""

import torch
from torch import Tensor
from torch.nn import functional as F

from models.language_models.lora import lora_linear


def draw(*shape: int) -> Tensor:
    random = torch.Generator().manual_seed(sum(shape))
    return torch.randn(shape, generator=random, dtype=torch.double).requires_grad_()


def test_it_is_one_linear_map() -> None:
    x, weight, a, b = draw(2, 3, 7), draw(5, 7), draw(2, 7), draw(5, 2)
    leaves = [x, weight, a, b]
    ours, merged = lora_linear(x, weight, a, b, 6.0), F.linear(x, weight + 3.0 * b @ a)
    torch.testing.assert_close(ours, merged)
    gradients = [torch.autograd.grad(out.square().sum(), leaves) for out in (ours, merged)]
    torch.testing.assert_close(*gradients)


def test_it_begins_with_the_frozen_map_and_learns_from_b_alone() -> None:
    x, weight, a = draw(4, 7), draw(5, 7), draw(2, 7)
    b = torch.zeros(5, 2, dtype=torch.double, requires_grad=True)
    out = lora_linear(x, weight, a, b, 6.0)
    torch.testing.assert_close(out, F.linear(x, weight))
    of_a, of_b = torch.autograd.grad(out.square().sum(), [a, b])
    assert not of_a.any()
    assert of_b.all()
