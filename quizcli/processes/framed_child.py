"""A child process whose frames are awaited one by one: a few are kept ready, one that sends more waits."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING

from quizcli.processes.frames import LONGEST
from quizcli.processes.piped_child import PipedChild

if TYPE_CHECKING:
    from subprocess import Popen

_READY = 2  # frames that are kept


class Framed:
    """The child, and its frames. `printed` is told, in a thread, what is printed.

    A frame of more than `longest` bytes is not read: it ends the stream, and `broken` says so.
    """

    def __init__(
        self, process: Popen[bytes], printed: Callable[[bytes], None], longest: int = LONGEST
    ) -> None:
        self.broken = False
        self._news = threading.Condition()
        self._frames: deque[bytes] = deque()
        self._over = False  # no frame will come any more
        self._closed = False
        self._child = PipedChild(process, self._keep, self._end, printed, longest)
        self.process = process
        self.send = self._child.send
        self.hear_out = self._child.hear_out
        self.kill = self._child.kill
        self.hang_up = self._child.hang_up
        self._child.listen()

    @property
    def over(self) -> bool:
        """Whether the stream of frames has ended."""
        return self._over

    @property
    def ready(self) -> bool:
        """Whether a frame is there already."""
        return bool(self._frames)

    def next(self, patience: float) -> bytes | None:
        """The next payload; None at the end, each time. Raises TimeoutError after so many seconds."""
        with self._news:
            if not self._news.wait_for(lambda: self._frames or self._over, patience):
                raise TimeoutError
            payload = self._frames.popleft() if self._frames else None
            self._news.notify_all()
        return payload

    def close(self) -> None:
        """Kill what is left of it and its children, reap it, and close all pipes. May be called twice."""
        with self._news:
            self._closed = True
            self._news.notify_all()
        self._child.close()

    def _keep(self, payload: bytes) -> bool:
        with self._news:
            self._news.wait_for(lambda: len(self._frames) < _READY or self._closed)
            if not self._closed:
                self._frames.append(payload)
                self._news.notify_all()
            return not self._closed

    def _end(self, wrong: str) -> None:
        with self._news:
            self.broken = bool(wrong) and not self._closed
            self._over = True
            self._news.notify_all()
