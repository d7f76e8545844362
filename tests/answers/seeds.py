"""The seeds of a test that trains: the first is tried each time, the others by `make test-all`."""

from typing import Any

import pytest


def seeds(first: int, *others: int) -> list[Any]:
    """What `parametrize` takes."""
    return [first, *(pytest.param(seed, marks=pytest.mark.other_seeds) for seed in others)]
