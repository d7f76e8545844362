"""A child's own ends of its pipes: frames pass through them, whatever else in the process prints or asks."""

from __future__ import annotations

import os
from typing import BinaryIO


def take_pipes() -> tuple[BinaryIO, BinaryIO]:
    """Private copies of stdin and stdout. Descriptor 0 is empty from now on, and 1 is stderr."""
    inlet, outlet = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(2, 1)
    return inlet, outlet
