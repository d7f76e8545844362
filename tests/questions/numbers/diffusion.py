"""The numbers of questions/diffusion.yaml, computed."""

from collections.abc import Callable

import torch


def schedule_end() -> float:
    """What is left of an image of ones, in per cent, after a thousand steps without noise."""
    image = torch.ones((), dtype=torch.float64)
    for beta in torch.linspace(1e-4, 0.02, 1000, dtype=torch.float64):
        image = (1 - beta).sqrt() * image
    return 100 * image.item()


NUMBERS: dict[str, Callable[[], float]] = {"diffusion-schedule-end": schedule_end}
