"""Digits moved, turned, scaled and flipped at random: one draw for every picture, on the device.

torchvision's `v2.RandomAffine` draws once a call, so that a batch given to it is turned as one; its place is
in a data set, before the pictures are stacked. Here the batch is there, and one grid_sample serves it all.
"""

import math
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F


class Policy(NamedTuple):
    """How far each picture may be changed."""

    shift: float = 0.0  # pixels, in both directions
    degrees: float = 0.0
    scale: float = 0.0  # 0.1: between 0.9 and 1.1
    flip: bool = False  # left to right, every other picture

    @property
    def changes(self) -> bool:
        """Whether it does anything at all."""
        return self != Policy()


def augment(images: Tensor, policy: Policy, generator: torch.Generator | None = None) -> Tensor:
    """Change each picture (n, H, W) at random by the policy; `generator` lives on the pictures' device."""
    if not policy.changes:
        return images

    def draw(limit: float) -> Tensor:  # (n) uniform in ±limit
        return (torch.rand(len(images), device=images.device, generator=generator) * 2 - 1) * limit

    angle, size = draw(math.radians(policy.degrees)), 1 + draw(policy.scale)
    mirror = draw(1.0).sign() if policy.flip else torch.ones_like(angle)
    return affine(images, angle, size, mirror, draw(policy.shift), draw(policy.shift))


def affine(
    images: Tensor, angle: Tensor, size: Tensor, mirror: Tensor, right: Tensor, down: Tensor
) -> Tensor:
    """Turn by `angle` (radians, clockwise), scale, mirror (−1 or 1), then move by pixels; each (n)."""
    side = images.shape[-1]
    # grid_sample asks where a pixel of the new picture comes from: the inverse map, in half pictures.
    cos, sin = angle.cos() / size, angle.sin() / size
    x, y = -2 * right / side, -2 * down / side
    rows = [mirror * cos, mirror * sin, mirror * (cos * x + sin * y), -sin, cos, cos * y - sin * x]
    theta = torch.stack(rows, dim=1).view(-1, 2, 3)  # (n, 2, 3)
    grid = F.affine_grid(theta, [len(images), 1, side, side], align_corners=False)
    return F.grid_sample(images[:, None], grid, align_corners=False)[:, 0]


def turned(images: Tensor, degrees: float) -> Tensor:
    """All pictures turned clockwise by the same angle."""
    one = torch.ones(len(images), device=images.device)
    return affine(images, one * math.radians(degrees), one, one, 0 * one, 0 * one)
