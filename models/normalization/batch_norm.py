"""Batch normalization: each feature by its mean and its variance over the batch and all positions.

In training every sample's output depends on its batch mates; running averages of both statistics are kept for
evaluation, where it does not. Arguments are those of the namesake in torch.nn.functional.

Ioffe & Szegedy 2015, Algorithms 1 and 2, https://arxiv.org/abs/1502.03167
"""

import math

import torch
from torch import Tensor

from models.normalization.normalization import centred, normalized
from models.precision import at_least_float32


def batch_norm_training(
    x: Tensor,  # (N, C) or (N, C, …)
    running_mean: Tensor,  # (C)
    running_var: Tensor,  # (C)
    weight: Tensor,  # (C)  γ
    bias: Tensor,  # (C)  β
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> tuple[Tensor, Tensor, Tensor]:
    """`batch_norm` in training, in which nothing is changed in place: y and the new running statistics.

    Raises ValueError where a channel has a single value: it equals its own mean, so every output would be β.
    """
    if math.prod(x.shape[:1] + x.shape[2:]) == 1:
        raise ValueError(f"expected more than 1 value per channel when training, got {tuple(x.shape)}")
    if not x.shape[1:2] == weight.shape == bias.shape == running_mean.shape == running_var.shape:
        raise ValueError(f"expected weight, bias and running statistics of size {tuple(x.shape[1:2])}")
    over = [0, *range(2, x.ndim)]  # every dimension but the channels'
    per_channel = (-1,) + (1,) * (x.ndim - 2)  # (C, 1, …)
    z = at_least_float32(x)
    z, mean, var = centred(z, over)  # (N, C, …), x − μ, and (1, C, 1, …) twice
    # y = γ (x − μ) / √(σ² + ε) + β                                                       (Algorithm 1)
    y = normalized(z, var, weight.view(per_channel), bias.view(per_channel), eps)
    with torch.no_grad():
        m = math.prod(x.shape[:1] + x.shape[2:])  # values per channel
        # running ← (1 − momentum) · running + momentum · new
        new_mean = running_mean + momentum * (mean.flatten() - running_mean)
        # Algorithm 2: Var[x] = m/(m − 1) · E[σ²], unbiased: it is kept for evaluation
        new_var = running_var + momentum * (m / (m - 1) * var.flatten() - running_var)
    return y.to(x.dtype), new_mean, new_var


def batch_norm_backward(
    x: Tensor,  # (N, C)
    weight: Tensor,  # (C)  γ
    grad_output: Tensor,  # (N, C)  ∂L/∂y
    eps: float = 1e-5,
) -> tuple[Tensor, Tensor, Tensor]:
    """The gradients of batch normalization in training: ∂L/∂x (N, C), ∂L/∂γ (C) and ∂L/∂β (C).

    μ and σ² depend on every x: each sends a part of its gradient back to all samples. What is left of ∂L/∂x
    has mean 0 and is orthogonal to x̂ but for ε: shift and scale of a batch cannot change the loss.
    """
    if weight.shape != x.shape[1:]:  # a single number would be broadcast
        raise ValueError(f"expected a weight of size {tuple(x.shape[1:])}, got {tuple(weight.shape)}")
    if grad_output.shape != x.shape:
        raise ValueError(f"expected a gradient of size {tuple(x.shape)}, got {tuple(grad_output.shape)}")
    z, grad_output = at_least_float32(x), at_least_float32(grad_output)
    z, _, var = centred(z, [0])  # (N, C), x − μ, and (1, C) twice
    inverse = torch.rsqrt(var + eps)  # (1, C)  1 / √(σ² + ε)
    normal = z * inverse  # (N, C)  x̂
    # ∂L/∂β = Σ g,  ∂L/∂γ = Σ g x̂
    grad_bias = grad_output.sum(0)  # (C)
    grad_weight = (grad_output * normal).sum(0)  # (C)
    # ∂L/∂x = γ / √(σ² + ε) · (g − mean(g) − x̂ · mean(g x̂))                       (section 3, summed up)
    m = len(x)
    grad_input = weight * inverse * (grad_output - grad_bias / m - normal * grad_weight / m)  # (N, C)
    return grad_input.to(x.dtype), grad_weight, grad_bias


def batch_norm(
    x: Tensor,  # (N, C) or (N, C, …)
    running_mean: Tensor | None = None,  # (C)
    running_var: Tensor | None = None,  # (C)
    weight: Tensor | None = None,  # (C)  γ
    bias: Tensor | None = None,  # (C)  β
    training: bool = False,
    momentum: float | Tensor = 0.1,
    eps: float = 1e-5,
) -> Tensor:
    """Normalize each channel over the batch and all positions; update the running statistics in place.

    In training the statistics are the batch's own, in evaluation the running ones. Raises ValueError where a
    training batch holds a single value per channel. An empty batch has no statistics: what it returns is
    empty, and the running ones stay.
    """
    if x.ndim < 2:
        raise ValueError(f"expected (N, C) or (N, C, …), got input size {tuple(x.shape)}")
    for name, given in {"weight": weight, "bias": bias, "mean": running_mean, "var": running_var}.items():
        if given is not None and given.shape != x.shape[1:2]:  # a single number would be broadcast
            raise ValueError(f"expected {name} of size {tuple(x.shape[1:2])}, got {tuple(given.shape)}")
    weight = x.new_ones(x.shape[1]) if weight is None else weight
    bias = x.new_zeros(x.shape[1]) if bias is None else bias
    kept = (running_mean, running_var) if running_mean is not None and running_var is not None else None
    if training:
        before = kept or (x.new_zeros(x.shape[1]), x.new_ones(x.shape[1]))
        # as a tensor of one number the momentum stays on its device
        y, *new = batch_norm_training(x, *before, weight, bias, momentum, eps)  # type: ignore[arg-type]
        if kept and x.numel() > 0:
            for running, value in zip(kept, new, strict=True):
                running.copy_(value)
        return y
    if kept is None:
        raise ValueError("evaluation needs running_mean and running_var")
    mean, var, weight, bias = (each.view(-1, *(1,) * (x.ndim - 2)) for each in (*kept, weight, bias))
    return normalized(at_least_float32(x) - mean, at_least_float32(var), weight, bias, eps).to(x.dtype)
