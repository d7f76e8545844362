"""mixup by hand, and its loss as a mixture of two."""

import pytest
import torch
from torch.nn import functional as F

from models.augmentation import mixup


def test_two_examples_by_hand() -> None:
    x, target = torch.tensor([[0.0, 4.0], [8.0, 0.0]]), torch.tensor([2, 0])
    mixed, soft = mixup(x, target, torch.tensor([1, 0]), 0.75, 3)
    assert mixed.tolist() == [[2.0, 3.0], [6.0, 1.0]]
    assert soft.tolist() == [[0.25, 0.0, 0.75], [0.75, 0.0, 0.25]]


@pytest.mark.parametrize("lam", [0.0, 0.3, 1.0])
def test_the_loss_is_the_mixture_of_both_labels_losses(lam: float) -> None:
    torch.manual_seed(0)
    images, target = torch.rand(6, 1, 4, 4, dtype=torch.float64), torch.tensor([0, 3, 1, 1, 2, 0])
    permutation, logits = torch.randperm(6), torch.randn(6, 4, dtype=torch.float64)
    mixed, soft = mixup(images, target, permutation, lam, 4)
    torch.testing.assert_close(mixed, lam * images + (1 - lam) * images[permutation])
    both = lam * F.cross_entropy(logits, target) + (1 - lam) * F.cross_entropy(logits, target[permutation])
    torch.testing.assert_close(F.cross_entropy(logits, soft), both)
    assert mixed.dtype == soft.dtype == torch.float64
