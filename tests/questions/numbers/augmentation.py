"""The numbers of questions/augmentation.yaml, computed."""

from collections.abc import Callable

import torch


def cutmix() -> float:
    """The share of the cat's pixels that are left after pasting."""
    dog_pixels = torch.zeros(32, 32)
    dog_pixels[8:24, 8:24] = 1
    return 1 - dog_pixels.mean().item()


def flipped_box() -> float:
    """Paint the box, flip the picture, and look where the paint begins."""
    picture = torch.zeros(1, 640)
    picture[:, 100:220] = 1
    return float(picture.flip(1).nonzero()[0, 1])


NUMBERS: dict[str, Callable[[], float]] = {
    "augmentation-cutmix": cutmix,
    "augmentation-flipped-box": flipped_box,
}
