"""Batch, layer and RMS normalization: subtract a mean, divide by a spread, then give the scale back.

All three compute y = γ (x − μ) / √(σ² + ε) + β. What tells them apart is which numbers share one μ and one σ:

    BatchNorm   the values of one feature, over all samples of the batch and all positions
    LayerNorm   the values of one sample, over its own features: its batch mates play no part
    RMSNorm     as LayerNorm, with μ = 0 and no β

Functions and modules take the arguments of their namesakes in torch.nn.functional and torch.nn, except
device and dtype, and the modules exchange their state_dict with PyTorch's. Inputs in half precision are
normalized in float32.

BatchNorm  Ioffe & Szegedy 2015, Algorithms 1 and 2, https://arxiv.org/abs/1502.03167
LayerNorm  Ba, Kiros & Hinton 2016, equations 3 and 4, https://arxiv.org/abs/1607.06450
RMSNorm    Zhang & Sennrich 2019, equation 4, https://arxiv.org/abs/1910.07467
"""

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from models.precision import at_least_float32


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
    training batch holds a single value per channel: it equals its own mean, so every output would be β. An
    empty batch has no statistics: what it returns is empty, and the running ones stay.
    """
    if x.ndim < 2:
        raise ValueError(f"expected (N, C) or (N, C, …), got input size {tuple(x.shape)}")
    over = [0, *range(2, x.ndim)]  # every dimension but the channels'
    per_channel = (1, -1) + (1,) * (x.ndim - 2)
    for name, given in {"weight": weight, "bias": bias, "mean": running_mean, "var": running_var}.items():
        if given is not None and given.shape != x.shape[1:2]:  # a single number would be broadcast
            raise ValueError(f"expected {name} of size {tuple(x.shape[1:2])}, got {tuple(given.shape)}")
    z = at_least_float32(x)
    if training:
        m = math.prod(x.shape[:1] + x.shape[2:])  # values per channel
        if m == 1:
            raise ValueError(f"expected more than 1 value per channel when training, got {tuple(x.shape)}")
        mean = z.mean(over)  # (C)  μ = 1/m Σ x
        # σ² = 1/m Σ (x − μ)², biased: it normalizes this batch
        z = z - mean.view(per_channel)
        var = z.square().mean(over)  # (C)
        if running_mean is not None and running_var is not None and m > 0:
            with torch.no_grad():
                # running ← (1 − momentum) · running + momentum · new
                running_mean += momentum * (mean - running_mean)
                # Algorithm 2: Var[x] = m/(m−1) · E[σ²], unbiased: it is kept for evaluation
                running_var += momentum * (m / (m - 1) * var - running_var)
    elif running_mean is not None and running_var is not None:
        z, var = z - running_mean.view(per_channel), at_least_float32(running_var)
    else:
        raise ValueError("evaluation needs running_mean and running_var")
    # x̂ = (x − μ) / √(σ² + ε)
    z = z * torch.rsqrt(var.view(per_channel) + eps)
    # y = γ x̂ + β
    if weight is not None:
        z = z * weight.view(per_channel)
    if bias is not None:
        z = z + bias.view(per_channel)
    return z.to(x.dtype)


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

    Raises ValueError where a channel has fewer than two values, of which the second makes the variance.
    """
    if x.numel() < 2 * x.shape[1]:
        raise ValueError(f"expected more than 1 value per channel when training, got {tuple(x.shape)}")
    if not x.shape[1:2] == weight.shape == bias.shape == running_mean.shape == running_var.shape:
        raise ValueError(f"expected weight, bias and running statistics of size {tuple(x.shape[1:2])}")
    over = [0, *range(2, x.ndim)]  # every dimension but the channels'
    per_channel = (-1,) + (1,) * (x.ndim - 2)  # (C, 1, …)
    m = x[:, 0].numel()  # values per channel
    z = at_least_float32(x)
    mean = z.mean(over)  # (C)  μ = 1/m Σ x
    z = z - mean.view(per_channel)
    var = z.square().mean(over)  # (C)  σ² = 1/m Σ (x − μ)²
    # y = γ (x − μ) / √(σ² + ε) + β
    scale = weight * torch.rsqrt(var + eps)  # (C)
    y = (z * scale.view(per_channel) + bias.view(per_channel)).to(x.dtype)
    with torch.no_grad():
        # running ← (1 − momentum) · running + momentum · new, with the unbiased variance m/(m − 1) · σ²
        new_mean = (1 - momentum) * running_mean + momentum * mean
        new_var = (1 - momentum) * running_var + momentum * m / (m - 1) * var
    return y, new_mean, new_var


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
    z = z - z.mean(0)  # (N, C)  x − μ
    inverse = torch.rsqrt(z.square().mean(0) + eps)  # (C)  1 / √(σ² + ε)
    normal = z * inverse  # (N, C)  x̂
    # ∂L/∂β = Σ g,  ∂L/∂γ = Σ g x̂
    grad_bias = grad_output.sum(0)  # (C)
    grad_weight = (grad_output * normal).sum(0)  # (C)
    # ∂L/∂x = γ / √(σ² + ε) · (g − mean(g) − x̂ · mean(g x̂))                       (section 3, summed up)
    m = len(x)
    grad_input = weight * inverse * (grad_output - grad_bias / m - normal * grad_weight / m)  # (N, C)
    return grad_input.to(x.dtype), grad_weight, grad_bias


def layer_norm(
    x: Tensor,  # (…, *normalized_shape)
    normalized_shape: Sequence[int],
    weight: Tensor | None = None,  # normalized_shape
    bias: Tensor | None = None,  # normalized_shape
    eps: float = 1e-5,
) -> Tensor:
    """Normalize each sample over its last dimensions, alike in training and in evaluation."""
    over = _trailing_dims(x, normalized_shape)
    if weight is not None and weight.shape != tuple(normalized_shape):  # it would be broadcast
        raise ValueError(f"expected a weight of size {tuple(normalized_shape)}, got {tuple(weight.shape)}")
    if bias is not None and bias.shape != tuple(normalized_shape):
        raise ValueError(f"expected a bias of size {tuple(normalized_shape)}, got {tuple(bias.shape)}")
    z = at_least_float32(x)
    mean = z.mean(over, keepdim=True)  # (…, 1)  μ = 1/H Σ a
    z = z - mean
    var = z.square().mean(over, keepdim=True)  # (…, 1)  σ² = 1/H Σ (a − μ)²
    # g/σ ⊙ (a − μ) + b
    z = z * torch.rsqrt(var + eps)
    if weight is not None:
        z = z * weight
    if bias is not None:
        z = z + bias
    return z.to(x.dtype)


def rms_norm(
    x: Tensor,  # (…, *normalized_shape)
    normalized_shape: Sequence[int],
    weight: Tensor | None = None,  # normalized_shape
    eps: float | None = None,
) -> Tensor:
    """Divide each sample by the root mean square of its last dimensions; eps None is the machine epsilon."""
    _trailing_dims(x, normalized_shape)
    if eps is None:
        eps = torch.finfo(at_least_float32(x).dtype).eps
    return rms_norm_of_llama(x, normalized_shape, weight, eps)


def rms_norm_of_llama(
    x: Tensor,  # (…, *normalized_shape)
    normalized_shape: Sequence[int],
    weight: Tensor | None = None,  # normalized_shape
    eps: float = 1e-6,
) -> Tensor:
    """`rms_norm` with the ε that LLaMA and most language models after it use."""
    if weight is not None and weight.shape != tuple(normalized_shape):  # it would be broadcast
        raise ValueError(f"expected a weight of size {tuple(normalized_shape)}, got {tuple(weight.shape)}")
    over = list(range(-len(normalized_shape), 0))
    z = at_least_float32(x)
    # a / RMS(a) · g,  RMS(a) = √(1/n Σ a²)
    z = z * torch.rsqrt(z.square().mean(over, keepdim=True) + eps)
    if weight is not None:
        z = z * weight
    return z.to(x.dtype)


def _trailing_dims(x: Tensor, normalized_shape: Sequence[int]) -> list[int]:
    """The last dimensions of x, which must be of normalized_shape: [-1] for features, [-2, -1] for planes."""
    shape = tuple(normalized_shape)
    if not shape or tuple(x.shape[-len(shape) :]) != shape:
        raise ValueError(f"expected input of size (*, {', '.join(map(str, shape))}), got {tuple(x.shape)}")
    return list(range(-len(shape), 0))


class BatchNorm(nn.Module):
    """Batch normalization of (N, C), (N, C, L), (N, C, H, W) …: BatchNorm1d, 2d and 3d in one.

    `momentum` is the weight of the *new* batch in the running statistics; None averages all batches alike.
    """

    weight: Tensor | None
    bias: Tensor | None
    running_mean: Tensor | None
    running_var: Tensor | None
    num_batches_tracked: Tensor | None

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__()
        self.num_features = num_features
        self.eps = eps
        self.momentum = momentum
        self.weight = nn.Parameter(torch.ones(num_features)) if affine else None  # γ
        self.bias = nn.Parameter(torch.zeros(num_features)) if affine and bias else None  # β
        tracked = track_running_stats
        self.register_buffer("running_mean", torch.zeros(num_features) if tracked else None)
        self.register_buffer("running_var", torch.ones(num_features) if tracked else None)
        self.register_buffer("num_batches_tracked", torch.tensor(0) if tracked else None)

    def forward(self, x: Tensor) -> Tensor:  # (N, C, …) -> (N, C, …)
        """Normalize by the running statistics in evaluation, where they are kept; else by the batch's own."""
        if x.ndim < 2 or x.shape[1] != self.num_features:
            raise ValueError(f"expected {self.num_features} channels in dimension 1, got {tuple(x.shape)}")
        if not self.training and self.running_mean is not None:
            return batch_norm(
                x, self.running_mean, self.running_var, self.weight, self.bias, False, 0.0, self.eps
            )
        return batch_norm(
            x, self.running_mean, self.running_var, self.weight, self.bias, True, self._count(), self.eps
        )

    def _count(self) -> float | Tensor:
        """Count this batch; its weight in the running statistics."""
        if self.num_batches_tracked is None or self.running_mean is None:
            return 0.0
        self.num_batches_tracked += 1
        if self.momentum is not None:
            return self.momentum
        return 1.0 / self.num_batches_tracked.to(self.running_mean.dtype)  # after n batches: their average

    def extra_repr(self) -> str:
        """What print(module) shows between the brackets."""
        return (
            f"{self.num_features}, eps={self.eps}, momentum={self.momentum}, "
            f"affine={self.weight is not None}, track_running_stats={self.running_mean is not None}"
        )


class LayerNorm(nn.Module):
    """Layer normalization over the last dimensions, each with its own gain and bias."""

    weight: Tensor | None
    bias: Tensor | None

    def __init__(
        self,
        normalized_shape: int | Sequence[int],
        eps: float = 1e-5,
        elementwise_affine: bool = True,
        bias: bool = True,
    ) -> None:
        super().__init__()
        self.normalized_shape = _as_shape(normalized_shape)
        self.eps = eps
        self.weight = nn.Parameter(torch.ones(self.normalized_shape)) if elementwise_affine else None
        self.bias = nn.Parameter(torch.zeros(self.normalized_shape)) if elementwise_affine and bias else None

    def forward(self, x: Tensor) -> Tensor:  # (…, *normalized_shape) -> the same
        """Normalize every sample by itself."""
        return layer_norm(x, self.normalized_shape, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        """What print(module) shows between the brackets."""
        return f"{self.normalized_shape}, eps={self.eps}, elementwise_affine={self.weight is not None}"


class RMSNorm(nn.Module):
    """LayerNorm without the mean and without the bias: cheaper, and what most recent language models use."""

    weight: Tensor | None

    def __init__(
        self,
        normalized_shape: int | Sequence[int],
        eps: float | None = None,
        elementwise_affine: bool = True,
    ) -> None:
        super().__init__()
        self.normalized_shape = _as_shape(normalized_shape)
        self.eps = eps
        self.weight = nn.Parameter(torch.ones(self.normalized_shape)) if elementwise_affine else None

    def forward(self, x: Tensor) -> Tensor:  # (…, *normalized_shape) -> the same
        """Rescale every sample by itself."""
        return rms_norm(x, self.normalized_shape, self.weight, self.eps)

    def extra_repr(self) -> str:
        """What print(module) shows between the brackets."""
        return f"{self.normalized_shape}, eps={self.eps}, elementwise_affine={self.weight is not None}"


def _as_shape(normalized_shape: int | Sequence[int]) -> tuple[int, ...]:
    return (normalized_shape,) if isinstance(normalized_shape, int) else tuple(normalized_shape)
