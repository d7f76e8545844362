"""Reproducible chance: the same number for the same text and count, on every machine and after every stop."""

import os
from zlib import crc32

_MASK = (1 << 64) - 1


def chance(text: str, count: int) -> float:
    """A number in [0, 1) that depends on nothing but its arguments (splitmix64 over a CRC of the text)."""
    mixed = (crc32(text.encode()) + (count + 1) * 0x9E3779B97F4A7C15) & _MASK
    mixed = ((mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & _MASK
    return ((mixed ^ (mixed >> 31)) >> 11) / (1 << 53)


def permutation(size: int, text: str, count: int) -> tuple[int, ...]:
    """The numbers 0 … size-1, shuffled; never in their natural order where there are two or more."""
    order = sorted(range(size), key=lambda place: chance(f"{text}/{place}", count))
    if order == sorted(order):
        order = order[1:] + order[:1]
    return tuple(order)


def uuid7(now: int) -> str:
    """A random UUID that sorts by time (RFC 9562, version 7); `now` is in milliseconds since 1970, UTC."""
    time, noise = f"{now:012x}", os.urandom(10).hex()
    variant = "89ab"[int(noise[0], 16) & 3]
    return f"{time[:8]}-{time[8:]}-7{noise[1:4]}-{variant}{noise[4:7]}-{noise[7:19]}"
