"""Penalties, proximal steps and decay against closed forms, brute force and PyTorch's own optimizers."""

import copy
from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from models.regularization import (
    ProximalSGD,
    decay_,
    l1_penalty,
    l2_penalty,
    max_norm_,
    penalty,
    proximal_step,
    soft_threshold,
)

finite = st.floats(-100, 100)


def close(actual: Tensor, expected: Tensor) -> None:
    torch.testing.assert_close(actual, expected, rtol=1e-12, atol=1e-12)


# The penalties


@pytest.mark.parametrize("shapes", [[(3,)], [(2, 3), (2,)], [(1, 1, 1)], [(0,), (4,)]], ids=str)
def test_the_penalties_and_their_gradients(shapes: list[tuple[int, ...]]) -> None:
    ws = [torch.randn(shape, dtype=torch.double, requires_grad=True) for shape in shapes]
    flat = torch.cat([w.detach().flatten() for w in ws])
    close(l1_penalty(ws), flat.norm(1))
    close(l2_penalty(ws), flat.norm(2) ** 2 / 2)
    for w, slope in zip(ws, torch.autograd.grad(l1_penalty(ws), ws), strict=True):
        close(slope, w.detach().sign())
    for w, slope in zip(ws, torch.autograd.grad(l2_penalty(ws), ws), strict=True):
        close(slope, w.detach())


def test_at_zero_both_penalties_are_flat_for_autograd() -> None:
    w = torch.zeros(3, requires_grad=True)
    torch.autograd.backward(l1_penalty([w]) + l2_penalty([w]))
    assert w.grad is not None
    assert w.grad.tolist() == [0.0] * 3


def test_parameters_of_a_module_and_none_at_all() -> None:
    layer = nn.Linear(3, 2)
    close(l1_penalty(layer.parameters()), layer.weight.abs().sum() + layer.bias.abs().sum())
    used = layer.parameters()
    list(used)
    for one in (l1_penalty, l2_penalty):
        with pytest.raises(ValueError, match="no parameters"):
            one(used)


# The proximal operator


@pytest.mark.parametrize("shape", [(), (7,), (3, 0), (2, 3, 4)], ids=str)
@pytest.mark.parametrize("lambd", [0.0, 0.3, 2.0])
def test_soft_threshold_is_pytorchs_softshrink(shape: tuple[int, ...], lambd: float) -> None:
    x = torch.randn(shape, dtype=torch.double)
    mine, other = x.clone().requires_grad_(), x.clone().requires_grad_()
    y, z = soft_threshold(mine, lambd), F.softshrink(other, lambd)
    close(y, z)
    pull = torch.randn_like(y)
    torch.autograd.backward((y, z), (pull, pull))
    assert mine.grad is not None
    assert other.grad is not None
    close(mine.grad, other.grad)


def test_soft_threshold_at_the_edges() -> None:
    x = torch.tensor([-0.5, -0.2, -0.0, 0.0, 0.2, 0.5, 1.0, float("inf"), float("nan")])
    y = soft_threshold(x, 0.5)
    assert y[:6].tolist() == [0.0] * 6
    assert y[6:8].tolist() == [0.5, float("inf")]
    assert y[8].isnan()
    close(soft_threshold(torch.tensor([1.0, 1.0]), torch.tensor([0.25, 2.0])), torch.tensor([0.75, 0.0]))


@given(w=finite, lambd=st.floats(0, 50), other=finite)
@settings(max_examples=300, deadline=None)
def test_nothing_costs_less_than_the_proximal_point(w: float, lambd: float, other: float) -> None:
    def cost(u: float) -> float:
        return 0.5 * (u - w) ** 2 + lambd * abs(u)

    best = soft_threshold(torch.tensor(w, dtype=torch.double), lambd).item()
    assert cost(best) <= cost(other) + 1e-9
    assert cost(best) <= min(cost(best + 1e-3), cost(best - 1e-3))


@given(a=st.lists(finite, min_size=3, max_size=3), b=st.lists(finite, min_size=3, max_size=3))
@settings(max_examples=100, deadline=None)
def test_it_brings_points_no_further_apart(a: list[float], b: list[float]) -> None:
    x, y = torch.tensor(a, dtype=torch.double), torch.tensor(b, dtype=torch.double)
    assert (soft_threshold(x, 1.0) - soft_threshold(y, 1.0)).norm() <= (x - y).norm() + 1e-9


# Proximal gradient descent


def quadratic(n: int = 40, features: int = 12) -> Callable[[Tensor], Tensor]:
    """½/n ‖Xw − y‖² in float64."""
    x, y = torch.randn(n, features, dtype=torch.double), torch.randn(n, dtype=torch.double)
    return lambda w: (x @ w - y).square().mean() / 2


def descend(optimizer: torch.optim.Optimizer, loss: Callable[[], Tensor], steps: int) -> None:
    for _ in range(steps):
        optimizer.zero_grad()
        torch.autograd.backward(loss())
        optimizer.step()


@pytest.mark.parametrize("l1", [0.02, 0.1, 0.3])
def test_it_finds_the_optimum_of_the_lasso(l1: float) -> None:
    data_loss = quadratic()
    w = torch.randn(12, dtype=torch.double, requires_grad=True)
    descend(ProximalSGD([w], lr=0.2, l1=l1), lambda: data_loss(w), 2000)
    (pull,) = torch.autograd.grad(data_loss(w), w)
    zero = w == 0
    assert zero.any()
    # 0 ∈ ∇f(w) + λ ∂‖w‖₁: −λ sign(w) where w is not 0, within ±λ where it is
    torch.testing.assert_close(pull[~zero], -l1 * w.detach()[~zero].sign(), rtol=1e-9, atol=1e-9)
    assert (pull[zero].abs() <= l1).all()


def test_with_orthogonal_inputs_the_lasso_is_the_soft_thresholded_least_squares() -> None:
    target = torch.randn(9, dtype=torch.double)
    w = torch.zeros(9, dtype=torch.double, requires_grad=True)
    descend(ProximalSGD([w], lr=0.5, l1=0.4), lambda: 0.5 * (w - target).square().sum(), 100)
    close(w.detach(), soft_threshold(target, 0.4))


def test_a_penalty_that_is_large_enough_leaves_nothing_at_all() -> None:
    data_loss = quadratic()
    w = torch.zeros(12, dtype=torch.double, requires_grad=True)
    largest = torch.autograd.grad(data_loss(w), w)[0].abs().max().item()
    descend(ProximalSGD([w], lr=0.2, l1=largest * 1.001), lambda: data_loss(w), 50)
    assert (w == 0).all()
    descend(ProximalSGD([w], lr=0.2, l1=largest * 0.99), lambda: data_loss(w), 50)
    assert (w != 0).sum() == 1


@given(w=finite, g=finite, lr=st.floats(0.001, 1), l1=st.floats(0, 10))
@settings(max_examples=100, deadline=None)
def test_one_step_by_hand(w: float, g: float, lr: float, l1: float) -> None:
    weight = torch.tensor([w], dtype=torch.double, requires_grad=True)
    weight.grad = torch.tensor([g], dtype=torch.double)
    ProximalSGD([weight], lr=lr, l1=l1).step()
    moved = w - lr * g
    expected = max(moved - lr * l1, 0.0) if moved > 0 else min(moved + lr * l1, 0.0)
    assert weight.item() == pytest.approx(expected, abs=1e-12)


def test_without_a_penalty_it_is_sgd() -> None:
    ours = nn.Linear(4, 3).double()
    theirs = copy.deepcopy(ours)
    x = torch.randn(8, 4, dtype=torch.double)
    descend(ProximalSGD(ours.parameters(), lr=0.1), lambda: ours(x).square().mean(), 20)
    descend(torch.optim.SGD(theirs.parameters(), lr=0.1), lambda: theirs(x).square().mean(), 20)
    for mine, other in zip(ours.parameters(), theirs.parameters(), strict=True):
        close(mine, other)


def test_groups_closure_state_and_parameters_without_gradient() -> None:
    layer, idle = nn.Linear(4, 3), nn.Parameter(torch.ones(2))
    groups = [{"params": [layer.weight, idle]}, {"params": [layer.bias], "l1": 0.0}]
    optimizer = ProximalSGD(groups, lr=0.1, l1=100.0)
    bias = layer.bias.detach().clone()

    def closure() -> Tensor:
        optimizer.zero_grad()
        loss: Tensor = layer(torch.ones(1, 4)).sum()
        torch.autograd.backward(loss)
        return loss

    assert isinstance(optimizer.step(closure), Tensor)
    assert (layer.weight == 0).all()
    torch.testing.assert_close(layer.bias.detach(), bias - 0.1)
    assert idle.tolist() == [1.0, 1.0]
    twin = ProximalSGD([{"params": [layer.weight, idle]}, {"params": [layer.bias]}])
    twin.load_state_dict(optimizer.state_dict())
    assert [(group["lr"], group["l1"]) for group in twin.param_groups] == [(0.1, 100.0), (0.1, 0.0)]


def test_a_schedule_scales_the_threshold_too() -> None:
    w = torch.ones(1, requires_grad=True)
    optimizer = ProximalSGD([w], lr=0.1, l1=1.0)
    schedule = torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.5)
    for expected in (0.9, 0.85):
        w.grad = torch.zeros(1)
        optimizer.step()
        schedule.step()
        assert w.item() == pytest.approx(expected)


@pytest.mark.parametrize("wrong", [{"lr": -1.0}, {"l1": -0.1}], ids=str)
def test_negative_settings_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="must not be negative"):
        ProximalSGD([torch.zeros(1, requires_grad=True)], **wrong)


# L2 and weight decay


@pytest.mark.parametrize("momentum", [0.0, 0.9])
def test_weight_decay_of_sgd_is_the_l2_penalty(momentum: float) -> None:
    by_loss, by_option = nn.Linear(5, 2).double(), nn.Linear(5, 2).double()
    by_option.load_state_dict(by_loss.state_dict())
    x = torch.randn(8, 5, dtype=torch.double)
    descend(
        torch.optim.SGD(by_loss.parameters(), lr=0.1, momentum=momentum),
        lambda: by_loss(x).sin().mean() + 0.3 * l2_penalty(by_loss.parameters()),
        30,
    )
    descend(
        torch.optim.SGD(by_option.parameters(), lr=0.1, momentum=momentum, weight_decay=0.3),
        lambda: by_option(x).sin().mean(),
        30,
    )
    for a, b in zip(by_loss.parameters(), by_option.parameters(), strict=True):
        close(a, b)


def trained(kind: Callable[..., torch.optim.Optimizer], decay: float, l2: float, own: float) -> list[Tensor]:
    """A layer after 30 steps: with a decay before each step, a penalty, or the optimizer's own."""
    torch.manual_seed(1)
    layer = nn.Linear(5, 2).double()
    x = torch.randn(8, 5, dtype=torch.double)
    optimizer = kind(layer.parameters(), lr=0.01, weight_decay=own)
    for _ in range(30):
        optimizer.zero_grad()
        (layer(x).sin().mean() + l2 * l2_penalty(layer.parameters())).backward()
        decay_(layer.parameters(), 0.01, decay)
        optimizer.step()
    return [w.detach() for w in layer.parameters()]


def test_adamw_is_adam_with_decay_and_adams_option_is_the_l2_penalty() -> None:
    adam, adamw, sgd = torch.optim.Adam, torch.optim.AdamW, torch.optim.SGD
    for a, b in zip(trained(adam, 2.0, 0, 0), trained(adamw, 0, 0, 2.0), strict=True):
        close(a, b)
    for a, b in zip(trained(adam, 0, 2.0, 0), trained(adam, 0, 0, 2.0), strict=True):
        close(a, b)
    for a, b in zip(trained(sgd, 2.0, 0, 0), trained(sgd, 0, 2.0, 0), strict=True):
        close(a, b)  # proposition 1: for SGD the two are one
    for a, b in zip(trained(adam, 2.0, 0, 0), trained(adam, 0, 2.0, 0), strict=True):
        assert (a - b).abs().max() > 0.01  # proposition 2: for Adam they are not


# The max-norm constraint


@pytest.mark.parametrize("shape", [(3, 5), (1, 1), (4, 2, 3, 3), (0, 3)], ids=str)
@pytest.mark.parametrize("dim", [0, 1, -1])
def test_max_norm_is_pytorchs_renorm(shape: tuple[int, ...], dim: int) -> None:
    weight = torch.randn(shape, dtype=torch.double)
    expected = torch.renorm(weight, 2, dim, 1.0)  # PyTorch divides by the norm + 1e-7
    assert max_norm_(weight, 1.0, dim) is weight
    torch.testing.assert_close(weight, expected, rtol=1e-6, atol=0.0)


def test_max_norm_leaves_short_and_zero_vectors_alone() -> None:
    layer = nn.Linear(2, 3, bias=False)
    with torch.no_grad():
        layer.weight.copy_(torch.tensor([[3.0, 4.0], [0.0, 0.0], [0.3, 0.4]]))
    max_norm_(layer.weight, 1.0)
    torch.testing.assert_close(layer.weight.detach(), torch.tensor([[0.6, 0.8], [0.0, 0.0], [0.3, 0.4]]))
    assert layer.weight.requires_grad
    assert (max_norm_(layer.weight, 0.0) == 0).all()


def test_max_norm_refuses_what_has_no_norm() -> None:
    with pytest.raises(ValueError, match="must not be negative"):
        max_norm_(torch.ones(2, 2), -1.0)
    with pytest.raises(ValueError, match="at least 2 dimensions"):
        max_norm_(torch.ones(2), 1.0)


def test_penalties_compile_into_one_graph() -> None:
    def penalized(w: Tensor) -> Tensor:
        return l1_penalty([w]) + l2_penalty([soft_threshold(w, 0.1)])

    w = torch.randn(5)
    torch.testing.assert_close(torch.compile(penalized, backend="eager", fullgraph=True)(w), penalized(w))
    torch._dynamo.reset()


# A proximal step with both penalties


@pytest.mark.parametrize(("l1", "l2"), [(0.0, 0.0), (0.5, 0.0), (0.0, 2.0), (0.5, 2.0)])
def test_the_proximal_step_solves_its_problem(l1: float, l2: float) -> None:
    w, grad, lr = torch.randn(50, dtype=torch.double), torch.randn(50, dtype=torch.double), 0.3
    found = proximal_step(w, grad, lr, l1, l2)

    def cost(u: Tensor) -> Tensor:
        return 0.5 * (u - (w - lr * grad)).square() + lr * (l1 * u.abs() + l2 / 2 * u.square())

    for away in (1e-4, -1e-4, 0.1, -0.1):
        assert (cost(found) <= cost(found + away)).all()
    assert (cost(found) <= cost(torch.zeros_like(w))).all()


def test_without_l2_it_is_a_step_of_proximal_sgd() -> None:
    w, grad = torch.randn(20, dtype=torch.double, requires_grad=True), torch.randn(20, dtype=torch.double)
    expected = proximal_step(w.detach().clone(), grad, 0.1, 2.0)
    w.grad = grad
    ProximalSGD([w], lr=0.1, l1=2.0).step()
    close(w.detach(), expected)
    assert (expected == 0).any()


def test_a_huge_l2_penalty_shrinks_and_never_overshoots() -> None:
    one, zero = torch.ones(1, dtype=torch.double), torch.zeros(1, dtype=torch.double)
    close(proximal_step(one, zero, 1.0, 0.0, 99.0), one / 100)


def test_both_penalties_together() -> None:
    ws = [torch.tensor([3.0, -4.0], requires_grad=True), torch.tensor([[1.0]], requires_grad=True)]
    total = penalty(ws, 0.5, 0.1)
    assert total.item() == pytest.approx(0.5 * 8 + 0.05 * 26)
    slopes = torch.autograd.grad(total, ws)
    torch.testing.assert_close(slopes[0], torch.tensor([0.5 + 0.3, -0.5 - 0.4]))
