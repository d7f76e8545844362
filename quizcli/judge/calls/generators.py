"""The random generators that everybody shares: torch's, Python's and NumPy's.

A call may draw from them. Who seeds one takes the caller's own seed away; that shows where a generator cannot
have come to by drawing.
"""

from __future__ import annotations

import random
import sys
import zlib
from typing import Any, NamedTuple

import torch

_Words = tuple[int, ...]

OWNERS = ("torch", "Python", "NumPy")
_ENDS = 2**32  # where NumPy's seeds do
_WORDS = 624  # of the Mersenne Twister: it makes so many at once
_MOST = 4096  # times that a call may have it make them: 2,500,000 words


class Sown(NamedTuple):
    """Where the generators began: torch's seed and a checksum of it as fresh, the words of the others."""

    seed: int
    state: int
    python: _Words
    numpy: _Words | None  # None where it is not loaded


def sow(seed: int) -> Sown:
    """Let all begin at the seed, torch's one number further on."""
    random.seed(seed)
    if (others := _numpy()) is not None:
        others.seed(seed % _ENDS)
    torch.default_generator.manual_seed(seed)  # torch.manual_seed keeps a stack trace for each device
    fresh = Sown(torch.initial_seed(), generator_state(), _pythons_words(), _numpys_words())
    torch.rand(())
    return fresh


def sown_again(before: Sown) -> str:
    """Whose generator was given a seed since; "" where none was."""
    if torch.initial_seed() != before.seed or generator_state() == before.state:
        return OWNERS[0]  # another one, or that of before once more
    if not _is_reached(before.python, _pythons_words()):
        return OWNERS[1]
    if before.numpy is not None and not _is_reached(before.numpy, _numpys_words()):
        return OWNERS[2]
    return ""


def generator_state() -> int:
    """A checksum of torch's."""
    return zlib.crc32(torch.get_rng_state().numpy().tobytes())


def _numpy() -> Any:
    """Its module of generators, where that is loaded."""
    return sys.modules.get("numpy.random")


def _pythons_words() -> _Words:
    words: _Words = random.getstate()[1][:_WORDS]
    return words


def _numpys_words() -> _Words | None:
    others = _numpy()
    return None if others is None else tuple(others.get_state()[1].tolist())


def _is_reached(words: _Words, now: _Words | None) -> bool:
    """Whether a Mersenne Twister, NumPy's or Python's, comes from these words to those by drawing."""
    ahead = random.Random()
    ahead.setstate((3, (*words, _WORDS), None))
    for _ in range(_MOST):
        if words == now:
            return True
        ahead.getrandbits(32 * _WORDS)
        words = ahead.getstate()[1][:_WORDS]
    return False
