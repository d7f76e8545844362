"""Steps against PyTorch's optimizers over many steps; schedule and clipping against PyTorch's too."""

from typing import Any

import pytest
import torch
from torch import Tensor

from models.optimization.optimization import adam_step, adamw_step, clip_grad_norm, sgd_step, warmup_cosine


def path(optimizer: Any, w: Tensor, gradients: list[Tensor]) -> list[Tensor]:
    """Where PyTorch's optimizer of w goes when these gradients come in."""
    places = []
    for g in gradients:
        w.grad = g
        optimizer.step()
        places.append(w.detach().clone())
    return places


def start(steps: int = 20, scale: float = 1.0) -> tuple[Tensor, list[Tensor]]:
    w = torch.randn(3, 4, dtype=torch.float64, requires_grad=True)
    return w, [scale * torch.randn(3, 4, dtype=torch.float64) for _ in range(steps)]


@pytest.mark.parametrize("momentum", [0.5, 0.9])
@pytest.mark.parametrize("weight_decay", [0.0, 0.1])
def test_sgd_goes_where_pytorchs_goes(momentum: float, weight_decay: float) -> None:
    w, gradients = start()
    ours, velocity = w.detach().clone(), None
    optimizer = torch.optim.SGD([w], lr=0.1, momentum=momentum, weight_decay=weight_decay)
    for g, theirs in zip(gradients, path(optimizer, w, gradients), strict=True):
        ours, velocity = sgd_step(ours, g, velocity, 0.1, momentum, weight_decay)
        torch.testing.assert_close(ours, theirs)


def test_a_steady_gradient_is_amplified_tenfold_at_most() -> None:
    g, velocity = torch.ones(1), None
    for _ in range(200):
        _, velocity = sgd_step(torch.zeros(1), g, velocity, 0.1)
    torch.testing.assert_close(velocity, torch.tensor([10.0]))


def test_the_first_velocity_is_a_copy() -> None:
    g = torch.ones(2)
    _, velocity = sgd_step(torch.zeros(2), g, None, 0.1)
    g.zero_()
    assert velocity.tolist() == [1.0, 1.0]


@pytest.mark.parametrize("scale", [1.0, 1e-7])
def test_adam_goes_where_pytorchs_goes(scale: float) -> None:
    w, gradients = start(scale=scale)
    ours, m, v = w.detach().clone(), torch.zeros_like(w), torch.zeros_like(w)
    optimizer = torch.optim.Adam([w], lr=0.1, betas=(0.8, 0.95))
    for t, (g, theirs) in enumerate(zip(gradients, path(optimizer, w, gradients), strict=True), start=1):
        ours, m, v = adam_step(ours, g, m, v, t, 0.1, (0.8, 0.95))
        torch.testing.assert_close(ours, theirs)


@pytest.mark.parametrize("weight_decay", [0.0, 0.01, 0.5])
def test_adamw_goes_where_pytorchs_goes(weight_decay: float) -> None:
    w, gradients = start()
    ours, m, v = w.detach().clone(), torch.zeros_like(w), torch.zeros_like(w)
    optimizer = torch.optim.AdamW([w], lr=0.1, weight_decay=weight_decay)
    for t, (g, theirs) in enumerate(zip(gradients, path(optimizer, w, gradients), strict=True), start=1):
        ours, m, v = adamw_step(ours, g, m, v, t, 0.1, weight_decay=weight_decay)
        torch.testing.assert_close(ours, theirs)


def test_without_a_gradient_adam_stays_and_adamw_decays() -> None:
    w, zero = torch.ones(2), torch.zeros(2)
    assert adam_step(w, zero, zero, zero, 1, 0.1)[0].tolist() == [1.0, 1.0]
    torch.testing.assert_close(adamw_step(w, zero, zero, zero, 1, 0.1, weight_decay=0.5)[0], 0.95 * w)


def test_nothing_is_changed_in_place() -> None:
    given = [torch.ones(2) for _ in range(4)]
    sgd_step(given[0], given[1], given[2], 0.1, weight_decay=0.1)
    adamw_step(given[0], given[1], given[2], given[3], 1)
    clip_grad_norm(given, 0.1)
    assert all(tensor.tolist() == [1.0, 1.0] for tensor in given)


def test_after_the_warm_up_it_is_pytorchs_cosine() -> None:
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.3)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=50, eta_min=0.01)
    for step in range(10, 61):
        assert warmup_cosine(step, 0.3, 10, 60, 0.01) == pytest.approx(scheduler.get_last_lr()[0])
        optimizer.step()
        scheduler.step()


def test_the_warm_up_rises_in_a_line_and_the_end_is_the_end() -> None:
    assert [warmup_cosine(step, 1.0, 4, 10) for step in range(5)] == [0.0, 0.25, 0.5, 0.75, 1.0]
    assert warmup_cosine(10, 1.0, 4, 10, 0.1) == warmup_cosine(99, 1.0, 4, 10, 0.1) == 0.1
    assert warmup_cosine(0, 1.0, 0, 10) == 1.0
    assert [warmup_cosine(step, 1.0, 4, 4, 0.1) for step in (3, 4)] == [0.75, 0.1]  # nothing but warm-up


@pytest.mark.parametrize("max_norm", [0.0, 0.5, 100.0])
def test_clipping_is_pytorchs(max_norm: float) -> None:
    grads = [torch.randn(shape, dtype=torch.float64) for shape in ((3, 4), (4,), ())]
    params = [torch.zeros_like(grad, requires_grad=True) for grad in grads]
    for param, grad in zip(params, grads, strict=True):
        param.grad = grad.clone()
    expected = torch.nn.utils.clip_grad_norm_(params, max_norm)
    clipped, norm = clip_grad_norm(grads, max_norm)
    torch.testing.assert_close(norm, expected)
    torch.testing.assert_close(clipped, [param.grad for param in params])


def test_clipping_leaves_zeros_alone() -> None:
    clipped, norm = clip_grad_norm([torch.zeros(2), torch.zeros(3)], 1.0)
    assert norm.item() == 0
    assert [grad.tolist() for grad in clipped] == [[0.0] * 2, [0.0] * 3]
