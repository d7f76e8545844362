"""A step of k-means by hand, and what is known of many."""

import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from models.autoencoder.clustering import k_means_step


def cost(x: Tensor, labels: Tensor, centers: Tensor) -> float:
    return float((x - centers[labels]).square().sum())


def test_a_step_by_hand() -> None:
    x = torch.tensor([[0.0, 0.0], [2.0, 0.0], [10.0, 1.0], [10.0, 3.0]])
    centers = torch.tensor([[1.0, 1.0], [9.0, 0.0], [-50.0, 0.0]])
    labels, moved = k_means_step(x, centers)
    assert labels.tolist() == [0, 0, 1, 1]
    assert moved.tolist() == [[1.0, 0.0], [10.0, 2.0], [-50.0, 0.0]]  # the last one has no points


@given(seed=st.integers(0, 2**32), n=st.integers(1, 12), k=st.integers(1, 5), d=st.integers(1, 3))
@settings(max_examples=60, deadline=None)
def test_no_half_of_a_step_raises_the_cost(seed: int, n: int, k: int, d: int) -> None:
    random = torch.Generator().manual_seed(seed)
    x = torch.randn(n, d, generator=random, dtype=torch.double)
    centers = 2 * torch.randn(k, d, generator=random, dtype=torch.double)
    labels, _ = k_means_step(x, centers)
    for _ in range(5):
        assigned, moved = k_means_step(x, centers)
        assert cost(x, assigned, centers) <= cost(x, labels, centers) + 1e-12
        assert cost(x, assigned, moved) <= cost(x, assigned, centers) + 1e-12
        for c in range(k):
            own = x[assigned == c]
            torch.testing.assert_close(moved[c], own.mean(0) if len(own) else centers[c])
        labels, centers = assigned, moved


def test_distances_survive_far_from_the_origin() -> None:
    x = torch.tensor([[0.0], [1.0], [2.0]])
    near, _ = k_means_step(x, x[:2])
    far, _ = k_means_step(10_000 + x, 10_000 + x[:2])
    assert near.tolist() == far.tolist() == [0, 1, 1]
