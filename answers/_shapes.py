"""A segmentation task made on the spot: bright blobs, rings and thin lines in noise, and their masks."""

from typing import NamedTuple

import torch
from torch import Tensor

BLOB, RING, LINE = KINDS = ("blob", "ring", "line")
SIDE = 32  # pixels


class Scenes(NamedTuple):
    """Noisy images and what is to be found in them."""

    images: Tensor  # (n, 1, SIDE, SIDE), paper around 0, shapes around 0.6 to 1
    masks: Tensor  # (n, 1, SIDE, SIDE), 1 on a shape, else 0


def scenes(n: int, generator: torch.Generator, noise: float, kinds: tuple[str, ...] = KINDS) -> Scenes:
    """n scenes, each with up to two shapes of every kind asked for, in Gaussian noise."""
    masks = torch.zeros(n, SIDE, SIDE)
    for kind in kinds + kinds:
        there = torch.rand(n, 1, 1, generator=generator) < 0.75
        masks = torch.maximum(masks, _shape(kind, n, generator) * there)
    masks = masks[:, None]  # (n, 1, SIDE, SIDE)
    light = 0.6 + 0.4 * torch.rand(n, 1, 1, 1, generator=generator)
    return Scenes(light * masks + noise * torch.randn(masks.shape, generator=generator), masks)


def _shape(kind: str, n: int, generator: torch.Generator) -> Tensor:  # (n, SIDE, SIDE)
    """One shape of that kind in each of n masks: where it lies, how it is turned and its size are chance."""
    place = torch.arange(SIDE)

    def draw(low: float, high: float) -> Tensor:  # (n, 1, 1)
        return low + (high - low) * torch.rand(n, 1, 1, generator=generator)

    x, y = place[None, :] - draw(5, SIDE - 6), place[:, None] - draw(5, SIDE - 6)  # (n, 1, SIDE) and the like
    angle = draw(0, torch.pi)
    along, beside = x * angle.cos() + y * angle.sin(), y * angle.cos() - x * angle.sin()  # (n, SIDE, SIDE)
    if kind == LINE:
        return ((beside.abs() <= 0.7) & (along.abs() <= draw(8, 14))).float()  # 1.4 pixels wide
    radius, outer = torch.hypot(along, beside * draw(0.8, 1.3)), draw(3.5, 6)
    if kind == BLOB:
        return (radius <= outer).float()
    return ((radius <= outer) & (radius > outer - 1.5)).float()


def dice(found: Tensor, masks: Tensor) -> Tensor:
    """2 |A ∩ B| / (|A| + |B|) over all pixels together: 1 where the two agree, 0 where nothing is in common.

    Of probabilities in place of yes and no it is the soft Dice score, which has a gradient (Milletari, Navab
    & Ahmadi, "V-Net", 2016, section 3; there with squares in the denominator).
    """
    return 2 * (found * masks).sum() / (found.sum() + masks.sum()).clamp(min=1e-6)
