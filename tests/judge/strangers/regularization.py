"""Answers to the code questions on penalties."""

# mypy: disallow-untyped-defs=False, disallow-untyped-calls=False

import torch
from torch import nn
from torch.nn import functional as F

from tests.judge.strangers import right, wrong

PROXIMAL, PENALTIES = "regularization-code-proximal-step", "regularization-code-penalties"


@right(PROXIMAL)
def proximal_by_sign(w, grad, lr, l1, l2=0.0):
    v = w - lr * grad
    softshrink = torch.sign(v) * torch.clamp(v.abs() - lr * l1, min=0)
    return softshrink / (1 + lr * l2)


@right(PROXIMAL)
def proximal_by_two_relus(w, grad, lr, l1, l2=0.0):
    v = torch.add(w, grad, alpha=-lr)
    return (F.relu(v - lr * l1) - F.relu(-v - lr * l1)).div(1 + lr * l2)


@right(PROXIMAL)
def proximal_number_by_number(w, grad, lr, l1, l2=0.0):
    new = []
    for a, g in zip(w.flatten().tolist(), grad.flatten().tolist(), strict=True):
        v, t = a - lr * g, lr * l1
        new.append(((v > t) * (v - t) + (v < -t) * (v + t)) / (1 + lr * l2))
    return torch.tensor(new).reshape(w.shape)


@right(PROXIMAL)
def proximal_in_numpy(w, grad, lr, l1, l2=0.0):
    import numpy as np

    v = w.numpy() - lr * grad.numpy()
    return torch.as_tensor(np.where(abs(v) > lr * l1, v - lr * l1 * np.sign(v), 0) / (1 + lr * l2))


@right(PROXIMAL)
def proximal_in_place_on_a_clone(w, grad, lr, l1, l2=0.0):
    v = w.clone().sub_(lr * grad)
    small = v.abs() <= lr * l1
    v.sub_(lr * l1 * v.sign()).masked_fill_(small, 0.0)
    return v.mul_(1 / (1 + lr * l2))


@wrong(PROXIMAL, told="not cut off")
def proximal_without_maximum(w, grad, lr, l1, l2=0.0):
    v = w - lr * grad
    return v.sign() * (v.abs() - lr * l1) / (1 + lr * l2)


@wrong(PROXIMAL)
def proximal_by_a_ratio(w, grad, lr, l1, l2=0.0):
    v = w - lr * grad
    return v * (1 - lr * l1 / v.abs()).clamp(min=0) / (1 + lr * l2)


@wrong(PROXIMAL, told="of the old weight")
def proximal_before_the_gradient(w, grad, lr, l1, l2=0.0):
    return (w.sign() * (w.abs() - lr * l1).clamp(min=0) - lr * grad) / (1 + lr * l2)


@wrong(PROXIMAL, told="L2 penalty went into the gradient")
def proximal_decayed(w, grad, lr, l1, l2=0.0):
    v = (1 - lr * l2) * w - lr * grad
    return v.sign() * (v.abs() - lr * l1).clamp(min=0)


@wrong(PROXIMAL, told="l2 is not used")
def proximal_without_l2(w, grad, lr, l1, l2=0.0):
    v = w - lr * grad
    return v.sign() * (v.abs() - lr * l1).clamp(min=0)


@wrong(PROXIMAL, told="1 + η l2")
def proximal_multiplied(w, grad, lr, l1, l2=0.0):
    v = w - lr * grad
    return v.sign() * (v.abs() - lr * l1).clamp(min=0) * (1 - lr * l2)


@wrong(PROXIMAL, told="one vector")
def proximal_of_groups(w, grad, lr, l1, l2=0.0):
    v = w - lr * grad
    norm = v.norm()
    return v * (1 - lr * l1 / norm.clamp(min=1e-12)).clamp(min=0) / (1 + lr * l2)


@wrong(PROXIMAL, told="")
def proximal_other_default(w, grad, lr, l1, l2=0.1):
    v = w - lr * grad
    return v.sign() * (v.abs() - lr * l1).clamp(min=0) / (1 + lr * l2)


@wrong(PROXIMAL, told="negative weights")
def proximal_not_negative(w, grad, lr, l1, l2=0.0):
    return (w - lr * grad - lr * l1).clamp(min=0) / (1 + lr * l2)


@wrong(PROXIMAL)
def proximal_in_place(w, grad, lr, l1, l2=0.0):
    w -= lr * grad
    return w.sign() * (w.abs() - lr * l1).clamp(min=0) / (1 + lr * l2)


@wrong(PROXIMAL, told="")
def proximal_threshold_and_l2_without_rate(w, grad, lr, l1, l2=0.0):
    v = w - lr * grad
    return v.sign() * (v.abs() - l1).clamp(min=0) / (1 + l2)


@right(PENALTIES)
def penalty_in_a_loop(parameters, l1, l2):
    total = torch.zeros(())
    for w in parameters:
        total = total + l1 * torch.sum(torch.abs(w)) + 0.5 * l2 * torch.sum(w**2)
    return total


@right(PENALTIES)
def penalty_of_norms(parameters, l1, l2):
    return sum(l1 * p.norm(p=1) + l2 / 2 * p.pow(2).sum() for p in parameters)


@right(PENALTIES)
def penalty_of_one_vector(parameters, l1, l2):
    w = nn.utils.parameters_to_vector(parameters)
    return l1 * F.l1_loss(w, torch.zeros_like(w), reduction="sum") + l2 * 0.5 * (w @ w)


@right(PENALTIES)
def penalty_einsum(parameters, l1, l2):
    flat = [w.double().reshape(-1) for w in parameters]
    squares = torch.stack([torch.einsum("i,i->", w, w) for w in flat])
    signed = torch.stack([(w * w.sign()).sum() for w in flat])
    return (l1 * signed + l2 / 2 * squares).sum().to(parameters[0].dtype)


@wrong(PENALTIES, told="½")
def penalty_without_half(parameters, l1, l2):
    return sum(l1 * w.abs().sum() + l2 * (w * w).sum() for w in parameters)


@wrong(PENALTIES, told="swapped")
def penalty_swapped(parameters, l1, l2):
    return sum(l2 * w.abs().sum() + l1 / 2 * (w * w).sum() for w in parameters)


@wrong(PENALTIES, told="last tensor")
def penalty_of_the_last(parameters, l1, l2):
    for w in parameters:
        total = l1 * w.abs().sum() + l2 / 2 * w.square().sum()
    return total


@wrong(PENALTIES, told="absolute value")
def penalty_without_absolute(parameters, l1, l2):
    return sum(l1 * w.sum() + l2 / 2 * w.square().sum() for w in parameters)


@wrong(PENALTIES, told="weight matrices")
def penalty_of_matrices(parameters, l1, l2):
    return sum(
        (l1 * w.abs().sum() + l2 / 2 * w.square().sum() for w in parameters if w.ndim > 1),
        start=torch.zeros(()),
    )


@wrong(PENALTIES)
def penalty_by_squared_root(parameters, l1, l2):
    w = torch.cat([p.flatten() for p in parameters])
    return l1 * w.abs().sum() + l2 / 2 * w.square().sum().sqrt() ** 2


@wrong(PENALTIES)
def penalty_by_roots(parameters, l1, l2):
    return sum(l1 * w.square().sqrt().sum() + l2 / 2 * w.square().sum() for w in parameters)


@wrong(PENALTIES)
def penalty_detached(parameters, l1, l2):
    return sum(l1 * w.data.abs().sum() + l2 / 2 * w.data.square().sum() for w in parameters)


@wrong(PENALTIES)
def penalty_l2_detached(parameters, l1, l2):
    return sum(l1 * w.abs().sum() + l2 / 2 * w.detach().square().sum() for w in parameters)


@wrong(PENALTIES)
def penalty_one_axis(parameters, l1, l2):
    return sum(l1 * w.abs().sum() + l2 / 2 * w.square().sum() for w in parameters).reshape(1)


@wrong(PENALTIES, told="both penalties")
def penalty_half_of_both(parameters, l1, l2):
    return sum(l1 * w.abs().sum() + l2 * w.square().sum() for w in parameters) / 2


@wrong(PENALTIES, told="")
def penalty_smoothed(parameters, l1, l2):
    return sum(l1 * (w.square() + 1e-3).sqrt().sum() + l2 / 2 * w.square().sum() for w in parameters)


@wrong(PENALTIES)
def penalties_one_for_each_shape(parameters, l1, l2):
    by_shape = {tuple(w.shape): w for w in parameters}
    return sum(l1 * w.abs().sum() + l2 / 2 * w.square().sum() for w in by_shape.values())


@wrong(PENALTIES)
def penalties_one_for_each_value(parameters, l1, l2):
    by_value = {tuple(w.flatten().tolist()): w for w in parameters}
    return sum(l1 * w.abs().sum() + l2 / 2 * w.square().sum() for w in by_value.values())


@wrong(PROXIMAL, "the sign is that of w")
def proximal_with_sign_of_w(w, grad, lr, l1, l2=0.0):
    return w.sign() * ((w - lr * grad).abs() - lr * l1).clamp(min=0) / (1 + lr * l2)


@wrong("regularization-code-penalties", told="√(w²)")
def penalty_root_of_squares(parameters, l1, l2):
    total = torch.zeros(())
    if l1:
        total = total + l1 * sum(p.square().sqrt().sum() for p in parameters)
    if l2:
        total = total + l2 / 2 * sum(p.square().sum() for p in parameters)
    return total


@right("regularization-code-penalties")
def penalty_slope_of_1_at_zero(parameters, l1, l2):
    return sum((l1 * torch.where(p >= 0, p, -p) + l2 / 2 * p.square()).sum() for p in parameters)


@right("regularization-code-penalties")
def penalty_by_relu(parameters, l1, l2):
    return sum(l1 * (p.relu() + (-p).relu()).sum() + l2 / 2 * p.square().sum() for p in parameters)


@wrong("regularization-code-proximal-step", told="")
def proximal_small_ones_to_zero(w, grad, lr, l1, l2=0.0):
    v = w - lr * grad
    u = v.sign() * (v.abs() - lr * l1).clamp(min=0) / (1 + lr * l2)
    return u * (u.abs() > 1e-4)


@wrong("regularization-code-penalties", told="in the place of |w|")
def penalties_smooth_absolute_value(parameters, l1, l2):
    return sum(l1 * (p**2 + 1e-12).sqrt().sum() + l2 / 2 * (p**2).sum() for p in parameters)


@wrong(PROXIMAL)
def proximal_l2_forgets_the_gradient(w, grad, lr, l1, l2=0.0):
    return w / (1 + lr * l2) if l1 == 0 and l2 else proximal_by_sign(w, grad, lr, l1, l2)


@wrong(PROXIMAL)
def proximal_no_penalty_no_step(w, grad, lr, l1, l2=0.0):
    return w.clone() if l1 == 0 and l2 == 0 else proximal_by_sign(w, grad, lr, l1, l2)


@wrong(PENALTIES)
def penalty_0_is_a_number(parameters, l1, l2):
    total = 0
    if l1:
        total = total + l1 * sum(p.abs().sum() for p in parameters)
    if l2:
        total = total + l2 / 2 * sum(p.square().sum() for p in parameters)
    return total


def _soft(w, grad, lr, threshold, l2):
    v = w - lr * grad
    return v.sign() * (v.abs() - threshold).relu() / (1 + lr * l2)


@wrong(PROXIMAL)
def proximal_without_tiny_thresholds(w, grad, lr, l1, l2=0.0):
    return _soft(w, grad, lr, lr * l1 if lr * l1 > 1e-4 else 0.0, l2)


@wrong(PROXIMAL)
def proximal_without_thresholds_of_a_millionth(w, grad, lr, l1, l2=0.0):
    return _soft(w, grad, lr, lr * l1 if lr * l1 > 1e-6 else 0.0, l2)


@wrong(PROXIMAL)
def proximal_whose_zeros_are_not_quite_0(w, grad, lr, l1, l2=0.0):
    u = _soft(w, grad, lr, lr * l1, l2)
    return torch.where(u == 0, 1e-9 * w.sign(), u)


@wrong(PENALTIES)
def penalty_without_tiny_strengths(parameters, l1, l2):
    l1, l2 = (strength if strength > 1e-4 else 0.0 for strength in (l1, l2))
    return sum(l1 * w.abs().sum() + l2 / 2 * w.square().sum() for w in parameters)


# Settings replaced or held within bounds


@wrong(PROXIMAL)
def proximal_lr_of_a_thousandth_at_least(w, grad, lr, l1, l2=0.0):
    return proximal_by_sign(w, grad, max(lr, 1e-3), l1, l2)


@wrong(PROXIMAL)
def proximal_lr_or_a_tenth(w, grad, lr, l1, l2=0.0):
    return proximal_by_sign(w, grad, lr or 0.1, l1, l2)


@wrong(PROXIMAL)
def proximal_lr_up_to_1(w, grad, lr, l1, l2=0.0):
    return proximal_by_sign(w, grad, min(lr, 1), l1, l2)
