"""Convolution and max-pooling of images, from their definitions: every window, and what becomes of it.

What deep learning calls a convolution is a cross-correlation: the kernel is laid on the image as it is, not
turned round. A side of n pixels, padded by p on both ends, holds ⌊(n + 2p − k) / s⌋ + 1 windows of k pixels
that begin s apart (Dumoulin & Visin, "A guide to convolution arithmetic for deep learning", 2016, chapter 2).
The arguments are those of the namesakes in torch.nn.functional, for square strides and paddings; as there,
images come in a batch or alone.
"""

import torch
from torch import Tensor
from torch.nn import functional as F


def windows(x: Tensor, height: int, width: int, stride: int) -> Tensor:
    """All windows of images (…, H, W) that begin `stride` apart: a view (…, H', W', height, width).

    The side of the map that they form is H' = ⌊(H − height) / stride⌋ + 1.
    """
    # x[…, s·i + u, s·j + v] at […, i, j, u, v]
    return x.unfold(-2, height, stride).unfold(-2, width, stride)


def conv2d(
    x: Tensor,  # (N, C, H, W) or (C, H, W)
    weight: Tensor,  # (O, C, kH, kW)
    bias: Tensor | None = None,  # (O)
    stride: int = 1,
    padding: int = 0,
) -> Tensor:
    """Lay every kernel on every window of the image, which zeros surround: (N, O, H', W').

    Raises ValueError where channels do not match: those of one alone would be broadcast.
    """
    if x.ndim not in (3, 4) or padding < 0:
        raise ValueError(f"expected images, and padding of at least 0, got {tuple(x.shape)} and {padding}")
    if x.shape[-3] != weight.shape[1]:
        raise ValueError(f"expected images of {weight.shape[1]} channels, got {x.shape[-3]}")
    if bias is not None and bias.shape != weight.shape[:1]:
        raise ValueError(f"expected a bias of size {tuple(weight.shape[:1])}, got {tuple(bias.shape)}")
    x = F.pad(x, (padding,) * 4)  # (N, C, H + 2p, W + 2p)
    height, width = weight.shape[-2:]
    # y[n, o, i, j] = b[o] + Σ_c Σ_u Σ_v w[o, c, u, v] · x[n, c, s·i + u, s·j + v]
    y = torch.einsum("...cijuv,ocuv->...oij", windows(x, height, width, stride), weight)  # (N, O, H', W')
    return y if bias is None else y + bias.view(-1, 1, 1)


def max_pool2d(
    x: Tensor,  # (N, C, H, W) or (C, H, W)
    kernel_size: int,
    stride: int | None = None,
    padding: int = 0,
) -> Tensor:
    """The largest value of each window, channel by channel: (N, C, H', W'). The stride is the window's width.

    −∞ surrounds the image, not 0: what is padded must never be the largest. Of several largest values the
    first gets the gradient, be it the padding where the image holds nothing but −∞. Raises ValueError where a
    window could hold padding alone.
    """
    if x.ndim not in (3, 4):
        raise ValueError(f"expected images, (N, C, H, W) or (C, H, W), got {tuple(x.shape)}")
    if not 0 <= padding <= kernel_size / 2:
        raise ValueError(f"padding must lie between 0 and half of kernel_size {kernel_size}, got {padding}")
    stride = kernel_size if stride is None else stride
    x = F.pad(x, (padding,) * 4, value=float("-inf"))  # (N, C, H + 2p, W + 2p)
    # y[n, c, i, j] = max over u and v of x[n, c, s·i + u, s·j + v]
    return windows(x, kernel_size, kernel_size, stride).flatten(-2).max(dim=-1).values  # (N, C, H', W')
