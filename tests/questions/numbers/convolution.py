"""The numbers of the bank on convolution, computed anew."""

from collections.abc import Callable

import torch
from torch import nn


def receptive_field() -> float:
    """Count the input columns that one output value of three all-ones convolutions depends on."""
    layers = nn.Sequential(
        nn.Conv2d(1, 1, 3),
        nn.Conv2d(1, 1, 3, stride=2),
        nn.Conv2d(1, 1, 3, dilation=2),
    )
    for parameter in layers.parameters():
        nn.init.ones_(parameter)
    image = torch.zeros(1, 1, 61, 61, requires_grad=True)
    output: torch.Tensor = layers(image)
    middle = output.shape[-1] // 2
    (gradient,) = torch.autograd.grad(output[0, 0, middle, middle], image)
    return float((gradient != 0).any(dim=2).sum())


def separable_saving() -> float:
    """Divide a full convolution's multiplications for one output position by a separable one's."""

    def multiplications(*layers: nn.Conv2d) -> int:
        return sum(layer.weight.numel() for layer in layers)

    full = nn.Conv2d(256, 256, 3, bias=False)
    depthwise = nn.Conv2d(256, 256, 3, groups=256, bias=False)
    pointwise = nn.Conv2d(256, 256, 1, bias=False)
    return multiplications(full) / multiplications(depthwise, pointwise)


NUMBERS: dict[str, Callable[[], float]] = {
    "convolution-receptive-field": receptive_field,
    "convolution-separable-saving": separable_saving,
}
