"""How much an answer may hold, counted before anything is made of it.

A few bytes of msgpack can claim four thousand million items, or a hundred million tiny ones, each of which
takes thirty times the memory once it is decoded. So the bytes are walked first, and nothing is allocated.
"""

from __future__ import annotations

import struct

FRAME = 64 * 2**20  # bytes of all that is sent at once
ITEMS = 200_000  # values, keys and fields, all together
VALUE_BYTES = 20 * 2**20  # of tensors and strings in a value; an answer has three of them
VALUE_ITEMS = 60_000
DEPTH = 40  # levels of tuples, lists and dicts
TEXT = 2**20  # bytes of one string

# By the first byte of an item: the bytes of a number, or how the length that follows is written.
_NUMBERS = {0xCA: 4, 0xCB: 8, 0xCC: 1, 0xCD: 2, 0xCE: 4, 0xCF: 8, 0xD0: 1, 0xD1: 2, 0xD2: 4, 0xD3: 8}
_BYTES = {0xC4: "B", 0xC5: ">H", 0xC6: ">I"}
_TEXTS = {0xD9: "B", 0xDA: ">H", 0xDB: ">I"}
_ARRAYS = {0xDC: ">H", 0xDD: ">I"}
_MAPS = {0xDE: ">H", 0xDF: ">I"}
_NOTHING = (0xC0, 0xC2, 0xC3)  # nil, false, true


def check(payload: bytes) -> None:
    """Raises ValueError where this is no msgpack, or holds more than an answer may."""
    at, seen = 0, 0
    open_items = [1]  # items that are still to come, level by level
    while open_items:
        if open_items[-1] == 0:
            open_items.pop()
            continue
        open_items[-1] -= 1
        seen += 1
        if seen > ITEMS or at >= len(payload):
            raise ValueError(f"more than {ITEMS:,} items" if seen > ITEMS else "cut short")
        at, inside = _step(payload, at)
        if inside:
            open_items.append(inside)
            if len(open_items) > 4 * DEPTH:  # a value is a map of fields, of which one is an array
                raise ValueError("nested too deep")
    if at != len(payload):
        raise ValueError("something follows")


def _step(payload: bytes, at: int) -> tuple[int, int]:
    """Where the next item begins, and how many this one has inside."""
    first = payload[at]
    at += 1
    if first < 0x80 or first >= 0xE0 or first in _NOTHING:
        return at, 0
    if first < 0xA0:  # small maps and arrays
        return at, (2 if first < 0x90 else 1) * (first & 0x0F)
    if first < 0xC0:  # a short string
        return _past(payload, at, first & 0x1F), 0
    if first in _NUMBERS:
        return _past(payload, at, _NUMBERS[first]), 0
    for kinds in (_BYTES, _TEXTS, _ARRAYS, _MAPS):
        if first in kinds:
            at, length = _length(payload, at, kinds[first])
            if kinds in (_ARRAYS, _MAPS):
                return at, (2 if kinds is _MAPS else 1) * length
            if kinds is _TEXTS and length > TEXT:
                raise ValueError(f"a text of {length:,} bytes")
            return _past(payload, at, length), 0
    raise ValueError(f"no value begins with {first:#x}")


def _length(payload: bytes, at: int, form: str) -> tuple[int, int]:
    end = _past(payload, at, struct.calcsize(form))
    return end, struct.unpack(form, payload[at:end])[0]


def _past(payload: bytes, at: int, size: int) -> int:
    if at + size > len(payload):
        raise ValueError("cut short")
    return at + size
