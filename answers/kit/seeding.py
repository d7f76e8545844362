"""Weights that a seed fixes, with PyTorch's own generators left as they were."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch


@contextmanager
def weights(seed: int) -> Iterator[None]:
    """Whatever is drawn inside comes from this seed: `with weights(seed): model = nn.Linear(2, 1)`."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        yield
