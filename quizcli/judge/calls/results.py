"""What came of a call, as it is sent; and whether it changes what an earlier one gave."""

from __future__ import annotations

from typing import Any

import msgspec

from quizcli.judge.calls.call import Performance
from quizcli.judge.calls.messages import Gave
from quizcli.judge.calls.tensor_codec import Flat, Keyed, Many, Value, packed

EARLIER = "earlier"  # in the place of a setting that was left changed
_LAST = "last"  # in the place of a shape


class Giving:
    """Knows what earlier calls gave, the last one and the last of each shape: it is the caller's."""

    def __init__(self) -> None:
        self._given: dict[Any, tuple[Any, bytes]] = {}

    def __call__(self, done: Performance) -> Gave:
        """The performance as it is sent."""
        output = packed(done.output)
        shape = _shapes(output)
        earlier = {id(kept): kept for key in (_LAST, shape) if (kept := self._given.get(key)) is not None}
        changed = any(_bytes(packed(value)) != sent for value, sent in earlier.values())
        self._given[_LAST] = self._given[shape] = done.output, _bytes(output)
        return Gave(
            output,
            packed(done.after),
            packed(done.gradients),
            done.seconds,
            done.state,
            done.seeded,
            EARLIER if changed else done.left,
        )


def _shapes(value: Value) -> tuple[Any, ...]:
    """The shapes of all tensors in what is sent, which is never deep."""
    match value:
        case Flat():
            return value.shape
        case Many():
            return tuple(_shapes(item) for item in value.items)
        case Keyed():
            return tuple(_shapes(item) for item in value.entries.values())
    return ()


def _bytes(value: Value) -> bytes:
    """A value that can be compared: NaN is the same NaN."""
    return msgspec.msgpack.encode(value)
