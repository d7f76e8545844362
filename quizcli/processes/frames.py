"""The pipes between the program and its child processes: each frame is its length and that many bytes.

The length has 4 bytes, big endian. What is in a frame is the business of who sends it.
"""

import struct
from typing import BinaryIO

_LENGTH = struct.Struct(">I")
LONGEST = 2**32 - 1  # bytes


def frame(payload: bytes) -> bytes:
    """The bytes that carry `payload`. Raises ValueError on 4 GiB and more."""
    if len(payload) > LONGEST:
        raise ValueError(f"an event of {len(payload):,} bytes is too large to send")
    return _LENGTH.pack(len(payload)) + payload


def read_frame(stream: BinaryIO, longest: int = LONGEST) -> bytes | None:
    """The next payload, or None at the end of the stream; a frame cut short is an end too.

    Raises ValueError where more than `longest` bytes are announced; none of them is read.
    """
    head = stream.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        return None
    (length,) = _LENGTH.unpack(head)
    if length > longest:
        raise ValueError(f"a frame of {length:,} bytes")
    payload = stream.read(length)
    return payload if len(payload) == length else None
