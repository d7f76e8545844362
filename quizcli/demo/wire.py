"""What passes between the terminal process and the worker: frames, the request, the orders.

A frame is its length (4 bytes, big endian) and that many bytes. To the worker go one Request, then orders;
from it come events, all as msgpack. An empty frame from the worker says that it is warm.
"""

import struct
from typing import BinaryIO, Literal

from msgspec import Struct

from quizcli.demo.events import Setting
from quizcli.permit import NOTHING, Permit

Order = Literal["pause", "resume", "stop"]

_LENGTH = struct.Struct(">I")
LONGEST = 2**32 - 1


class Request(Struct, frozen=True):
    """Run one answer of the pack at `root` with these settings; what is not set keeps its default."""

    root: str
    answer: str  # its name, "batchnorm-vs-layernorm"
    settings: dict[str, Setting] = {}
    permit: Permit = NOTHING  # what of the pack's code may run


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
