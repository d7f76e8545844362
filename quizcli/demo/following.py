"""Events handed on one by one, while Ctrl-C may come at any moment: it stops the run, polled events stay."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from typing import Protocol

from quizcli.demo.events import Event


class Polled(Protocol):
    """Where events come from: a run, or a recorded one."""

    over: bool

    def poll(self) -> Sequence[Event]:
        """The events that are new. Never blocks."""
        ...

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until there is something new."""
        ...


def follow(run: Polled, take: Callable[[Event], None], interrupted: Callable[[], bool]) -> None:
    """Give `take` every event until the run is over. Ctrl-C calls `interrupted`; True from it: leave at once.

    An event during which Ctrl-C came is given again, for nobody knows how much of it was taken.
    """
    coming: deque[Event] = deque()
    while True:
        try:  # around the whole loop: between two turns of one inside, Ctrl-C would end the program
            while coming or not run.over:
                if not coming:
                    run.wait(0.5)  # without a limit it could not be interrupted on Windows
                    coming += run.poll()
                while coming:
                    take(coming[0])
                    coming.popleft()
            return
        except KeyboardInterrupt:
            if interrupted():
                return
