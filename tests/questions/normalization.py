"""The numbers of questions/normalization.yaml, computed."""

from collections.abc import Callable

import torch
from torch import nn


def conv_statistics() -> float:
    """Values behind one mean: all of the batch, shared out among the means that the layer keeps."""
    layer = nn.BatchNorm2d(64)
    assert layer.running_mean is not None
    return torch.empty(32, 64, 8, 8, device="meta").numel() / layer.running_mean.numel()


def running_variance() -> float:
    """What PyTorch keeps after the batch 0 and 2."""
    layer = nn.BatchNorm1d(1)
    layer(torch.tensor([[0.0], [2.0]]))
    assert layer.running_var is not None
    return layer.running_var.item()


def explosion_factor() -> float:
    """From the integrals of ReLU over the standard normal density.

    Back through ReLU and He's weights the gradient keeps its mean square, as the mean square of ReLU is half
    that of its input. BatchNorm then divides it by the standard deviation that these weights leave.
    """
    x = torch.linspace(-12, 12, 200_001, dtype=torch.float64)
    density = (-x.square() / 2).exp()
    density /= torch.trapezoid(density, x)
    relu = x.relu()
    mean = torch.trapezoid(relu * density, x)
    variance = torch.trapezoid((relu - mean).square() * density, x)
    passed = torch.trapezoid((x > 0) * density, x)  # the share of the gradient's power behind ReLU
    return (2 * passed / (2 * variance)).sqrt().item()  # He's weights: variance 2/n, both ways


NUMBERS: dict[str, Callable[[], float]] = {
    "norm-conv-statistics": conv_statistics,
    "norm-running-variance": running_variance,
    "norm-explosion-factor": explosion_factor,
}
