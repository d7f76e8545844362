"""U-Net: an image in, a score for each class and pixel out.

Ronneberger, Fischer & Brox, "U-Net: Convolutional networks for biomedical image segmentation", 2015
(arXiv:1505.04597), section 2 and figure 1. A contracting path gathers context, an expanding path brings it
back to full resolution, and at every level a skip connection hands the fine detail across:

    conv conv ──────── crop, stack ────────► conv conv ─ 1×1 conv      64 channels
        max pool                        up-conv                        halves and doubles the sides
          conv conv ── crop, stack ─► conv conv                       128
              …                   …
                   conv conv                                         1024

The paper's convolutions take no padding (572 × 572 pixels in, 388 × 388 out); most later code pads them.
"""

import math
from collections.abc import Iterable
from itertools import pairwise
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from models.precision import at_least_float32


class DoubleConv(nn.Sequential):
    """A 3×3 convolution and ReLU, twice. Without padding the two together take 4 pixels off each side."""

    def __init__(
        self, in_channels: int, out_channels: int, padding: Literal["valid", "same"] = "valid"
    ) -> None:
        super().__init__(
            nn.Conv2d(in_channels, out_channels, kernel_size=3, padding=padding),
            nn.ReLU(inplace=True),
            nn.Conv2d(out_channels, out_channels, kernel_size=3, padding=padding),
            nn.ReLU(inplace=True),
        )


class UNet(nn.Module):
    """U-Net with `depth` poolings and `channels` · 2^level channels; the defaults are the paper's.

    padding="same" gives an output as large as the input, whatever its sides. skips=False leaves the skip
    connections out: all that the expanding path then knows has come through the bottom.
    """

    def __init__(
        self,
        in_channels: int = 1,
        out_channels: int = 2,
        channels: int = 64,
        depth: int = 4,
        padding: Literal["valid", "same"] = "valid",
        skips: bool = True,
    ) -> None:
        super().__init__()
        self.padding = padding
        self.skips = skips
        channels_at = [channels * 2**level for level in range(depth + 1)]  # 64, 128, 256, 512, 1024
        self.down = nn.ModuleList(
            DoubleConv(before, after, padding) for before, after in pairwise([in_channels, *channels_at])
        )
        self.up = nn.ModuleList(
            nn.ConvTranspose2d(below, here, kernel_size=2, stride=2)
            for below, here in pairwise(channels_at[::-1])
        )
        self.join = nn.ModuleList(
            DoubleConv(2 * here if skips else here, here, padding) for here in channels_at[-2::-1]
        )
        self.scores = nn.Conv2d(channels, out_channels, kernel_size=1)
        self.apply(_initialize)

    def forward(self, x: Tensor) -> Tensor:  # (B, in_channels, H, W) -> (B, out_channels, H', W')
        """The scores of each class at each pixel: logits, for softmax and cross-entropy over dimension 1."""
        height, width = x.shape[-2:]
        if min(self.output_size(height), self.output_size(width)) < 1:
            raise ValueError(f"{height} × {width} pixels are too few for {len(self.up)} poolings")
        skips = []
        for level, conv in enumerate(self.down):
            x = conv(F.max_pool2d(x, 2) if level else x)  # (B, 64 · 2^level, H, W), each level half as large
            skips.append(x)
        skips.pop()  # the bottom is handed up, not across
        for up, conv in zip(self.up, self.join, strict=True):
            skip = skips.pop()  # (B, C, H, W)
            # A pooled odd side has lost a pixel: with padding, output_size brings it back.
            x = up(x, output_size=skip.shape[-2:]) if self.padding == "same" else up(x)  # (B, C, 2H, 2W)
            x = conv(join(skip, x) if self.skips else x)  # (B, 2C, 2H, 2W) -> (B, C, H', W')
        scores: Tensor = self.scores(x)  # (B, out_channels, H', W')
        return scores

    def output_size(self, size: int) -> int:
        """A side of the output for that side of the input; below 1 where the input is too small."""
        depth = len(self.up)
        if self.padding == "same":
            return size if size >> depth else 0
        for _ in range(depth):
            size = (size - 4) // 2
        size -= 4
        for _ in range(depth):
            size = 2 * size - 4
        return size


def double_conv(
    x: Tensor,  # (B, C, H, W)
    weight1: Tensor,  # (D, C, 3, 3)
    bias1: Tensor,  # (D)
    weight2: Tensor,  # (E, D, 3, 3)
    bias2: Tensor,  # (E)
) -> Tensor:  # (B, E, H − 4, W − 4)
    """The block of every level, its weights given: two unpadded 3 × 3 convolutions, a ReLU after each."""
    x = F.relu(F.conv2d(x, weight1, bias1))  # (B, D, H − 2, W − 2)
    return F.relu(F.conv2d(x, weight2, bias2))  # (B, E, H − 4, W − 4)


def join(skip: Tensor, x: Tensor) -> Tensor:
    """The middle of the skip's map (…, C, H, W), stacked on top of x (…, C, h, w): (…, 2C, h, w)."""
    return torch.cat([centre_crop(skip, x.shape[-2], x.shape[-1]), x], dim=-3)


def centre_crop(x: Tensor, height: int, width: int) -> Tensor:
    """The middle `height` × `width` pixels of (…, H, W); an odd rest goes to the right and to the bottom."""
    top, left = (x.shape[-2] - height) // 2, (x.shape[-1] - width) // 2
    if top < 0 or left < 0:
        raise ValueError(f"cannot crop {height} × {width} pixels out of {x.shape[-2]} × {x.shape[-1]}")
    return x[..., top : top + height, left : left + width]


def dice_loss(logits: Tensor, target: Tensor, smooth: float = 1.0) -> Tensor:  # (B, …), (B, …) -> ()
    """1 − D, mean over the images, where D is the Dice coefficient with probabilities in place of members.

    Background on which the two agree counts for nothing, so a small foreground does not drown in it. `smooth`
    makes an image without foreground that is recognized as such cost nothing, instead of 0/0.
    """
    if logits.shape != target.shape:  # they would be broadcast, or meet other pixels
        raise ValueError(f"expected targets of size {tuple(logits.shape)}, got {tuple(target.shape)}")
    p = torch.sigmoid(at_least_float32(logits)).flatten(1)  # (B, pixels), whose sum overflows float16
    g = target.flatten(1)  # (B, pixels), 0 or 1
    # D = 2 |P ∩ G| / (|P| + |G|) = (2 Σ p g + s) / (Σ p + Σ g + s)
    # (Milletari, Navab & Ahmadi, "V-Net", 2016, section 3, has Σ p² + Σ g² below)
    dice = (2 * (p * g).sum(1) + smooth) / ((p + g).sum(1) + smooth)  # (B)
    return 1 - dice.mean()


def _initialize(module: nn.Module) -> None:
    """Weights for which each layer keeps the variance of its input, where ReLU follows."""
    if isinstance(module, nn.Conv2d | nn.ConvTranspose2d) and not module.weight.is_meta:
        # w ~ N(0, 2/N), N the number of values that one unit receives       (section 3)
        n = module.in_channels
        if isinstance(module, nn.Conv2d):
            n *= math.prod(module.kernel_size)  # the windows of a 2×2 up-convolution do not overlap
        nn.init.normal_(module.weight, std=math.sqrt(2 / n))
        if module.bias is not None:
            nn.init.zeros_(module.bias)


def train(network: UNet, batches: Iterable[tuple[Tensor, Tensor]], lr: float = 1e-3) -> list[float]:
    """Teach a padded U-Net from images (B, C, H, W) and the class of each pixel (B, H, W): its losses."""
    optimizer = torch.optim.Adam(network.parameters(), lr)
    losses = []
    for x, target in batches:
        loss = F.cross_entropy(network(x), target)  # over the classes, mean over all pixels
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses
