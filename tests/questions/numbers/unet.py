"""The numbers of questions/unet.yaml, computed."""

from collections.abc import Callable

import torch
from torch import nn

from models.unet import UNet


def output_size() -> float:
    """The width that comes out of the paper's network, run on shapes alone."""
    with torch.device("meta"):
        return float(UNet()(torch.empty(1, 1, 572, 572)).shape[-1])


def transposed_size() -> float:
    """The width that PyTorch's own layer returns, run on shapes alone."""
    with torch.device("meta"):
        layer = nn.ConvTranspose2d(64, 32, kernel_size=4, stride=2, padding=1)
        return float(layer(torch.empty(1, 64, 7, 7)).shape[-1])


NUMBERS: dict[str, Callable[[], float]] = {
    "unet-output-size": output_size,
    "unet-transposed-size": transposed_size,
}
