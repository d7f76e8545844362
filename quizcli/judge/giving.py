"""What came of a call, as it is sent; and whether it changes what an earlier one gave."""

from __future__ import annotations

from typing import Any

from quizcli.judge.perform import Performance
from quizcli.judge.values import Value, packed
from quizcli.judge.wire import Gave

EARLIER = "earlier"  # in the place of a setting that was left changed


class Giving:
    """Knows what the call before gave: it is the caller's, and no later call may write into it."""

    def __init__(self) -> None:
        self._output: Any = None
        self._sent: Value = None

    def __call__(self, done: Performance) -> Gave:
        """The performance as it is sent."""
        changed = packed(self._output) != self._sent
        self._output, self._sent = done.output, packed(done.output)
        return Gave(
            self._sent,
            packed(done.after),
            packed(done.gradients),
            done.seconds,
            done.states,
            done.seeded,
            EARLIER if changed else done.left,
        )
