"""What an up-convolution is: how large it makes a map, that it is a transpose, and how evenly it writes.

Dumoulin & Visin, "A guide to convolution arithmetic for deep learning", 2016, chapter 4; Odena, Dumoulin &
Olah, "Deconvolution and checkerboard artifacts", Distill, 2016.
"""

from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from models.unet import UNet


def sides_of(padding: Literal["valid", "same"]) -> list[int]:
    """The side after each layer, for 572 × 572 pixels. On the meta device: shapes without numbers."""
    with torch.device("meta"):
        network, x = UNet(padding=padding), torch.empty(1, 1, 572, 572)
    sides = [572]

    def note(layer: nn.Module, inputs: tuple[Tensor], output: Tensor) -> None:
        if sides[-1] != inputs[0].shape[-1]:
            sides.append(inputs[0].shape[-1])  # a pooling came between
        sides.append(output.shape[-1])

    for layer in network.modules():
        if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d):
            layer.register_forward_hook(note)
    network(x)
    return sides


def upsampled(n: int, kernel_size: int, stride: int, padding: int) -> int:
    """How wide a transposed convolution makes n pixels; 0 where PyTorch refuses because nothing is left."""
    layer = nn.ConvTranspose2d(1, 1, kernel_size, stride, padding, device="meta")
    try:
        return int(layer(torch.empty(1, 1, n, n, device="meta")).shape[-1])
    except RuntimeError:
        return 0


def convolved(x: Tensor, weight: Tensor) -> Tensor:  # (1, 1, 32, 32) -> (1, 1, 16, 16)
    """A convolution that halves the sides."""
    return F.conv2d(x, weight, stride=2, padding=1)


def transposed(y: Tensor, weight: Tensor) -> Tensor:  # (1, 1, 16, 16) -> (1, 1, 32, 32)
    """Its transpose: what "deconvolution" computes, with the same weights."""
    return F.conv_transpose2d(y, weight, stride=2, padding=1, output_padding=1)


def most_to_fewest(kernel_size: int) -> float:
    """Contributions to a pixel in a transposed convolution of stride 2, inside: the most ÷ the fewest."""
    written = F.conv_transpose2d(torch.ones(1, 1, 9, 9), torch.ones(1, 1, kernel_size, kernel_size), stride=2)
    inside = written[..., 4:-4, 4:-4]
    return (inside.max() / inside.min()).item()
