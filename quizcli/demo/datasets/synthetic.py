"""Synthetic digits, for machines without MNIST: the digits of one typeface, drawn as if by many hands.

Each picture is a glyph of Pillow's own font in a random thickness, slanted, turned, scaled and shifted, then
warped by a smooth random field (Simard, Steinkraus and Platt, "Best practices for convolutional neural
networks applied to visual document analysis", 2003). The same seed gives the same set.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING

from quizcli.demo.events import Event, Progress

if TYPE_CHECKING:
    from torch import Generator as Random
    from torch import Tensor

_SIDE = 56  # pixels of a glyph as drawn; the picture has half as many
_THICKNESSES = 6
_CHUNK = 5_000  # pictures warped at once: 16 MB of floats


def synthetic_digits(
    train: int = 60_000, test: int = 10_000, seed: int = 0
) -> Generator[Event, None, dict[str, Tensor]]:
    """Draw both sets, labels balanced: uint8 images (n, 28, 28), 0 for paper, and uint8 labels (n,)."""
    import torch

    random = torch.Generator().manual_seed(seed)
    glyphs = _glyphs()
    tensors: dict[str, Tensor] = {}
    drawn = 0
    for name, count in (("train", train), ("test", test)):
        labels = torch.arange(count).remainder(10)[torch.randperm(count, generator=random)]
        images = []
        for first in range(0, count, _CHUNK):
            chunk = labels[first : first + _CHUNK]
            yield Progress(
                done=drawn,
                total=train + test,
                text={"en": "drawing synthetic digits, once", "zh": "绘制合成数字（仅此一次）"},
            )
            images.append(_draw(glyphs, chunk, random))
            drawn += len(chunk)
        tensors[f"{name}_images"] = torch.cat(images)
        tensors[f"{name}_labels"] = labels.to(torch.uint8)
    return tensors


def _glyphs() -> Tensor:
    """The ten digits in each thickness: (10, thicknesses, side, side) in [0, 1].

    Drawn at twice the size and reduced, against jagged edges.
    """
    import torch
    from PIL import Image, ImageDraw, ImageFont

    font = ImageFont.load_default(size=2 * _SIDE)  # comes with Pillow: no font of the machine is needed
    drawn = bytearray()
    for digit in "0123456789":
        for stroke in range(_THICKNESSES):
            picture = Image.new("L", (2 * _SIDE, 2 * _SIDE))
            pen = ImageDraw.Draw(picture)
            left, top, right, bottom = pen.textbbox((0, 0), digit, font=font)
            corner = (
                _SIDE - (left + right) / 2,
                _SIDE - (top + bottom) / 2,
            )  # the digit's middle is the picture's
            pen.text(corner, digit, fill=255, font=font, stroke_width=stroke)
            drawn += picture.reduce(2).tobytes()
    return torch.frombuffer(drawn, dtype=torch.uint8).view(10, _THICKNESSES, _SIDE, _SIDE).float() / 255


def _draw(glyphs: Tensor, labels: Tensor, random: Random) -> Tensor:
    """One picture for each label: (n, 28, 28) uint8."""
    from torch.nn import functional as F

    n = len(labels)
    thickness = _uniform(n, 0, _THICKNESSES, random).long()
    side = _SIDE // 2
    grid = F.affine_grid(_affine(n, random), [n, 1, side, side], align_corners=False)  # (n, side, side, 2)
    grid = grid + _warp(n, side, random)
    images = F.grid_sample(
        glyphs[labels, thickness].unsqueeze(1), grid, align_corners=False
    )  # (n, 1, side, side)
    return (images.squeeze(1) * 255).round().byte()


def _affine(n: int, random: Random) -> Tensor:
    """Random maps from picture to glyph, (n, 2, 3): turned ≤ 15°, slanted, scaled, shifted ≤ 2 pixels."""
    import torch

    angle = _uniform(n, -0.26, 0.26, random)
    shear = _uniform(n, -0.35, 0.35, random)
    wide, high = _uniform(n, 1.0, 1.4, random), _uniform(n, 0.95, 1.2, random)
    right, down = _uniform(n, -0.14, 0.14, random), _uniform(n, -0.14, 0.14, random)
    cos, sin = angle.cos(), angle.sin()
    rows = [wide * (cos + shear * sin), wide * (shear * cos - sin), right, high * sin, high * cos, down]
    return torch.stack(rows, dim=1).view(n, 2, 3)


def _warp(n: int, side: int, random: Random) -> Tensor:
    """A smooth random displacement, (n, side, side, 2): 5×5 random vectors, interpolated."""
    import torch
    from torch.nn import functional as F

    coarse = torch.empty(n, 2, 5, 5).normal_(0, 0.06, generator=random)
    fine = F.interpolate(coarse, size=(side, side), mode="bicubic", align_corners=True)
    return fine.permute(0, 2, 3, 1)


def _uniform(n: int, low: float, high: float, random: Random) -> Tensor:
    import torch

    return torch.empty(n).uniform_(low, high, generator=random)
