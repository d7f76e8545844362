"""Batch, layer and RMS normalization as layers.

Arguments are those of the namesakes in torch.nn, except device and dtype, and state_dicts are exchanged with
theirs. The formulas are in normalization.py and batch_norm.py.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from models.normalization.batch_norm import batch_norm
from models.normalization.normalization import layer_norm, rms_norm


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
