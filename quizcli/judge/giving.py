"""What came of a call, as it is sent; and whether it changes what an earlier one gave."""

from __future__ import annotations

from typing import Any

import msgspec

from quizcli.judge.perform import Performance
from quizcli.judge.values import Value, packed
from quizcli.judge.wire import Gave

EARLIER = "earlier"  # in the place of a setting that was left changed


class Giving:
    """Knows what the call before gave: it is the caller's, and no later call may write into it."""

    def __init__(self) -> None:
        self._output: Any = None
        self._sent = _bytes(None)

    def __call__(self, done: Performance) -> Gave:
        """The performance as it is sent."""
        changed = _bytes(packed(self._output)) != self._sent
        output = packed(done.output)
        self._output, self._sent = done.output, _bytes(output)
        return Gave(
            output,
            packed(done.after),
            packed(done.gradients),
            done.seconds,
            done.states,
            done.seeded,
            EARLIER if changed else done.left,
        )


def _bytes(value: Value) -> bytes:
    """A value that can be compared: NaN is the same NaN."""
    return msgspec.msgpack.encode(value)
