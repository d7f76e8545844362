"""Convolution and max-pooling of images, from their definitions: every window, and what becomes of it.

What deep learning calls a convolution is a cross-correlation: the kernel is laid on the image as it is, not
turned round. A side of n pixels, padded by p on both ends, holds ⌊(n + 2p − k) / s⌋ + 1 windows of k pixels
that begin s apart (Dumoulin & Visin, "A guide to convolution arithmetic for deep learning", 2016, chapter 2).
The arguments are those of the namesakes in torch.nn.functional, for square strides and paddings.
"""

import torch
from torch import Tensor
from torch.nn import functional as F


def conv2d(
    x: Tensor,  # (N, C, H, W)
    weight: Tensor,  # (O, C, kH, kW)
    bias: Tensor | None = None,  # (O)
    stride: int = 1,
    padding: int = 0,
) -> Tensor:
    """Lay every kernel on every window of the image, which zeros surround: (N, O, H', W')."""
    x = F.pad(x, (padding,) * 4)  # (N, C, H + 2p, W + 2p)
    high, wide = weight.shape[-2:]
    windows = x.unfold(2, high, stride).unfold(3, wide, stride)  # (N, C, H', W', kH, kW), a view
    # y[n, o, i, j] = b[o] + Σ_c Σ_u Σ_v w[o, c, u, v] · x[n, c, s·i + u, s·j + v]
    y = torch.einsum("ncijuv,ocuv->noij", windows, weight)  # (N, O, H', W')
    return y if bias is None else y + bias.view(-1, 1, 1)


def max_pool2d(
    x: Tensor,  # (N, C, H, W)
    kernel_size: int,
    stride: int | None = None,
    padding: int = 0,
) -> Tensor:
    """The largest value of each window, channel by channel: (N, C, H', W'). The stride is the window's width.

    −∞ surrounds the image, not 0: what is padded must never be the largest.
    """
    stride = kernel_size if stride is None else stride
    x = F.pad(x, (padding,) * 4, value=float("-inf"))  # (N, C, H + 2p, W + 2p)
    windows = x.unfold(2, kernel_size, stride).unfold(3, kernel_size, stride)  # (N, C, H', W', k, k)
    # y[n, c, i, j] = max over u and v of x[n, c, s·i + u, s·j + v]
    return windows.amax(dim=(-2, -1))
