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

OWNERS = ("torch", "Python", "NumPy")
_ENDS = 2**32  # where NumPy's seeds do
_WORDS = 624  # of the Mersenne Twister: it makes so many at once
_MOST = 4096  # times that a call may have it make them: 2,500,000 words


class Sown(NamedTuple):
    """Where the generators began: torch's seed and a checksum of it as fresh, the words of the others."""

    seed: int
    state: int
    python: tuple[int, ...]
    numpy: Any


def sow(seed: int) -> Sown:
    """Let all begin at the seed, torch's one number further on."""
    random.seed(seed)
    if (others := _numpy()) is not None:
        others.seed(seed % _ENDS)
    torch.default_generator.manual_seed(seed)  # torch.manual_seed keeps a stack trace for each device
    fresh = Sown(torch.initial_seed(), state(), random.getstate()[1][:_WORDS], _numpys_words())
    torch.rand(())
    return fresh


def sown_again(before: Sown) -> str:
    """Whose generator was given a seed since; "" where none was."""
    if torch.initial_seed() != before.seed or state() == before.state:
        return OWNERS[0]  # another one, or that of before once more
    if not _pythons_is_reached(before.python):
        return OWNERS[1]
    if before.numpy is not None and not _numpys_is_reached(before.numpy):
        return OWNERS[2]
    return ""


def state() -> int:
    """A checksum of torch's."""
    return zlib.crc32(torch.get_rng_state().numpy().tobytes())


def _numpy() -> Any:
    """Its module of generators, where that is loaded."""
    return sys.modules.get("numpy.random")


def _numpys_words() -> Any:
    others = _numpy()
    return None if others is None else others.get_state()[1].tolist()


def _pythons_is_reached(words: tuple[int, ...]) -> bool:
    now = random.getstate()[1][:_WORDS]
    if now == words:
        return True
    ahead = random.Random()
    ahead.setstate((3, (*words, _WORDS), None))
    for _ in range(_MOST):
        ahead.getrandbits(32 * _WORDS)
        if ahead.getstate()[1][:_WORDS] == now:
            return True
    return False


def _numpys_is_reached(words: list[int]) -> bool:
    now = _numpys_words()
    if now == words:
        return True
    others = _numpy()
    ahead = others.RandomState()
    ahead.set_state(("MT19937", words, _WORDS))
    for _ in range(_MOST):
        ahead.randint(0, _ENDS, size=_WORDS, dtype="uint32")
        if ahead.get_state()[1].tolist() == now:
            return True
    return False
