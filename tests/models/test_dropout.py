"""Our dropout is PyTorch's: the same masks from the same seed, the same scale, the identity in evaluation."""

import copy

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from models.dropout import Dropout, dropout

SHAPES = [(1,), (7,), (1, 1), (3, 5), (64, 33), (2, 3, 4, 5), (0, 4)]


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("p", [0.0, 0.1, 0.5, 0.95, 1.0])
def test_training_outputs_and_gradients_are_pytorchs(shape: tuple[int, ...], p: float) -> None:
    x = torch.randn(shape, dtype=torch.double)
    mine, other = x.clone().requires_grad_(), x.clone().requires_grad_()
    with torch.random.fork_rng():
        torch.manual_seed(3)
        y = Dropout(p)(mine)
        torch.manual_seed(3)
        z = nn.Dropout(p)(other)
    torch.testing.assert_close(y, z)
    pull = torch.randn_like(x)
    y.backward(pull)
    z.backward(pull)
    torch.testing.assert_close(mine.grad, other.grad)


@pytest.mark.parametrize("p", [0.0, 0.5, 1.0])
def test_evaluation_returns_the_very_input(p: float) -> None:
    x = torch.randn(4, 5, requires_grad=True)
    assert Dropout(p).eval()(x) is x
    assert dropout(x, p, training=False) is x


@pytest.mark.parametrize("p", [-0.1, 1.1, float("nan")])
def test_what_is_no_probability_is_refused(p: float) -> None:
    with pytest.raises(ValueError, match="dropout probability must lie between 0 and 1"):
        Dropout(p)
    with pytest.raises(ValueError, match="dropout probability must lie between 0 and 1"):
        dropout(torch.ones(3), p)


def test_a_generator_repeats_its_masks_and_leaves_the_global_one_alone() -> None:
    x = torch.ones(50)
    before = torch.random.get_rng_state()
    first = dropout(x, 0.5, generator=torch.Generator().manual_seed(1))
    layer = Dropout(0.5, torch.Generator().manual_seed(1))
    assert torch.equal(layer(x), first)
    assert not torch.equal(layer(x), first)  # the next pass drops other units
    assert torch.equal(torch.random.get_rng_state(), before)


def test_it_has_no_state_and_can_be_copied() -> None:
    layer = Dropout(0.25, torch.Generator())
    assert not layer.state_dict()
    nn.Dropout().load_state_dict(layer.state_dict())
    layer.load_state_dict(nn.Dropout().state_dict())
    assert copy.deepcopy(layer).p == 0.25
    assert repr(layer) == "Dropout(p=0.25)"


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16], ids=str)
def test_half_precision_drops_at_the_same_rate(dtype: torch.dtype) -> None:
    x = torch.full((200_000,), 3.0, dtype=dtype)
    y = dropout(x, 0.1, generator=torch.Generator().manual_seed(0))
    assert y.dtype == dtype
    survivors = y[y != 0]
    torch.testing.assert_close(
        survivors.float().mean().item(), 3 / 0.9, rtol=torch.finfo(dtype).eps, atol=0.0
    )
    # 5 standard errors of a binomial share: √(0.1 · 0.9 / 200,000) = 0.0007
    assert abs(len(survivors) / len(y) - 0.9) < 0.0034
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.isfinite(dropout(x, 0.1)).all()


def test_one_graph_for_the_compiler() -> None:
    compiled = torch.compile(Dropout(0.5), backend="eager", fullgraph=True)
    assert set(compiled(torch.ones(100)).tolist()) == {0.0, 2.0}
    torch._dynamo.reset()


@given(p=st.floats(0, 0.99), seed=st.integers(0, 2**32), shape=st.lists(st.integers(1, 6), max_size=3))
@settings(max_examples=100, deadline=None)
def test_each_unit_is_dropped_or_scaled_whole(p: float, seed: int, shape: list[int]) -> None:
    x = torch.rand(shape, dtype=torch.double) + 1
    y = dropout(x, p, generator=torch.Generator().manual_seed(seed))
    scaled = F.dropout(x, 0.0) / (1 - p)
    assert y.shape == x.shape
    assert torch.where(y == 0, True, (y - scaled).abs() <= 1e-12 * scaled).all()


@given(p=st.floats(0.05, 0.9), seed=st.integers(0, 2**32))
@settings(max_examples=30, deadline=None)
def test_mean_is_kept_and_variance_is_p_over_one_minus_p(p: float, seed: int) -> None:
    n = 40_000
    y = dropout(torch.ones(n, dtype=torch.double), p, generator=torch.Generator().manual_seed(seed))
    variance = p / (1 - p)
    # six standard errors and more: the spread of a scaled Bernoulli's variance grows with p
    assert abs(y.mean().item() - 1) < 6 * (variance / n) ** 0.5
    assert abs(y.var().item() - variance) < 6 * variance * (1 / (1 - p) / p / n) ** 0.5
