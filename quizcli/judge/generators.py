"""The random generators that everybody shares: torch's, Python's and NumPy's."""

from __future__ import annotations

import random
import sys
import zlib
from typing import NamedTuple

import torch

_ENDS = 2**32  # where NumPy's seeds do


class Sown(NamedTuple):
    """What torch's generator is at a seed: who brings it back there has seeded it again."""

    seed: int
    state: int


def sow(seed: int) -> Sown:
    """Let all begin at the seed, torch's one number further on."""
    random.seed(seed)
    if "numpy.random" in sys.modules:
        sys.modules["numpy.random"].seed(seed % _ENDS)
    torch.default_generator.manual_seed(seed)  # torch.manual_seed keeps a stack trace for each device
    fresh = Sown(torch.initial_seed(), _of_torch())
    torch.rand(())
    return fresh


def sown_again(before: Sown) -> bool:
    """Whether torch's generator has another seed, or stands again where its seed put it."""
    return torch.initial_seed() != before.seed or _of_torch() == before.state


def states() -> tuple[int, ...]:
    """A checksum of each: torch's, Python's, and NumPy's where it is loaded."""
    numbers = [_of_torch(), hash(random.getstate()[1])]
    if "numpy.random" in sys.modules:
        numbers.append(zlib.crc32(sys.modules["numpy.random"].get_state()[1].tobytes()))
    return tuple(numbers)


def _of_torch() -> int:
    return zlib.crc32(torch.get_rng_state().numpy().tobytes())
