"""Scenes made on the spot: blobs, rings and thin lines in noise. Two tasks: find them, predict the noise."""

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

from quizcli.demo.events import Images, Words, pictures

BLOB, RING, LINE = KINDS = ("blob", "ring", "line")
SIDE = 32  # pixels
PICTURE, BORDER = 24, 4  # the seed of the scene that is shown, and what is cut off it


class Scenes(NamedTuple):
    """Noisy images and what is to be found in them."""

    images: Tensor  # (n, 1, SIDE, SIDE), paper around 0, shapes around 0.6 to 1
    masks: Tensor  # (n, 1, SIDE, SIDE), 1 on a shape, else 0
    noise: Tensor  # (n, 1, SIDE, SIDE), what was added to the images


def scenes(n: int, generator: torch.Generator, noise: float, kinds: tuple[str, ...] = KINDS) -> Scenes:
    """n scenes, each with up to two shapes of every kind asked for, in Gaussian noise."""
    masks = torch.zeros(n, SIDE, SIDE)
    for kind in kinds + kinds:
        there = torch.rand(n, 1, 1, generator=generator) < 0.75
        masks = torch.maximum(masks, _shape(kind, n, generator) * there)
    masks = masks[:, None]  # (n, 1, SIDE, SIDE)
    light = 0.6 + 0.4 * torch.rand(n, 1, 1, 1, generator=generator)
    added = noise * torch.randn(masks.shape, generator=generator)
    return Scenes(light * masks + added, masks, added)


def shown(noise: float) -> Scenes:
    """The one scene that is shown again and again."""
    return scenes(1, torch.Generator().manual_seed(PICTURE), noise)


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


class Task(NamedTuple):
    """What a network is to make of a scene, and how well it did."""

    loss: Callable[[Tensor, Scenes], Tensor]  # of the network's output
    score: Callable[[Tensor, Scenes], Tensor]  # 1 is perfect, 0 is of no use
    picture: Callable[[Tensor, Scenes], Tensor]  # the output to look at
    target: Callable[[Scenes], Tensor]  # what that picture should be


def _segmentation_loss(logits: Tensor, scene: Scenes) -> Tensor:
    """Cross-entropy over pixels plus 1 − soft Dice, so that rare shapes are not drowned by the background."""
    return F.binary_cross_entropy_with_logits(logits, scene.masks) + 1 - dice(logits.sigmoid(), scene.masks)


SEGMENT = Task(
    loss=_segmentation_loss,
    score=lambda logits, scene: dice((logits > 0).float(), scene.masks),
    picture=lambda logits, scene: logits.sigmoid(),
    target=lambda scene: scene.masks,
)


def _unit_noise(scene: Scenes) -> Tensor:
    """The noise that was added, at variance 1: what the network of a diffusion model predicts."""
    return scene.noise / scene.noise.std().clamp(min=1e-6)


DENOISE = Task(  # Ho, Jain & Abbeel 2020, eq. 14, at one level of noise
    loss=lambda output, scene: F.mse_loss(output, _unit_noise(scene)),
    score=lambda output, scene: 1 - F.mse_loss(output, _unit_noise(scene)),
    picture=lambda output, scene: scene.images - scene.noise.std() * output,
    target=lambda scene: scene.images - scene.noise,
)


def square(tensors: list[Tensor], title: Words) -> Images:
    """Four pictures (1, 1, SIDE, SIDE), two by two, without their border."""
    inner = torch.cat(tensors)[:, 0, BORDER:-BORDER, BORDER:-BORDER]  # (4, 24, 24)
    return Images(panel="pictures", images=pictures(inner), columns=2, title=title)
