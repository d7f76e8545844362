"""The numbers of questions/dropout.yaml, computed."""

from collections.abc import Callable

import torch
from torch.nn import functional as F

P, X = 0.2, 2.0


def survivor() -> float:
    """What PyTorch makes of a 2.0 that is not dropped."""
    y = F.dropout(torch.full((1000,), X), P, training=True)
    return y[y != 0].mean().item()


def variance() -> float:
    """The variance over the two outcomes, each with its probability."""
    kept = survivor()
    mean = (1 - P) * kept
    return (1 - P) * (kept - mean) ** 2 + P * (0 - mean) ** 2


NUMBERS: dict[str, Callable[[], float]] = {"dropout-survivor": survivor, "dropout-variance": variance}
