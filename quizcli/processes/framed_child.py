"""A child process that frames pass to and from, and that prints beside them.

Nothing that the child does or leaves undone makes us wait for ever, or grow: what it sends is bounded before
it is read, only a few frames are kept ready, and what is sent to it is written by a thread of its own.
"""

from __future__ import annotations

import os
import queue
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import IO, TYPE_CHECKING, cast

from quizcli.processes.frames import LONGEST, frame, read_frame
from quizcli.processes.spawn import kill

if TYPE_CHECKING:
    from subprocess import Popen

_READY = 2  # frames that are kept; a child that sends more waits


class Framed:
    """The three ends that face us. `printed` is told, in a thread, what is printed.

    A frame of more than `longest` bytes is not read: it ends the stream, and `broken` says so.
    """

    def __init__(
        self, process: Popen[bytes], printed: Callable[[bytes], None], longest: int = LONGEST
    ) -> None:
        self.process = process
        self.broken = False
        self._printed = printed
        self._longest = longest
        self._news = threading.Condition()
        self._frames: deque[bytes] = deque()
        self._over = False  # no frame will come any more
        self._closed = False
        self._letters: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._listener = threading.Thread(target=self._read_printed, daemon=True)
        reader, writer = (
            threading.Thread(target=work, daemon=True) for work in (self._read_frames, self._write_frames)
        )
        self._threads = [reader, self._listener, writer]
        for thread in self._threads:
            thread.start()

    @property
    def over(self) -> bool:
        """Whether the stream of frames has ended."""
        return self._over

    @property
    def ready(self) -> bool:
        """Whether a frame is there already."""
        return bool(self._frames)

    def send(self, payload: bytes) -> None:
        """Send a frame. A process that has gone does not hear it; the end of its frames says so."""
        self._letters.put(payload)

    def next(self, patience: float) -> bytes | None:
        """The next payload; None at the end, each time. Raises TimeoutError after so many seconds."""
        with self._news:
            if not self._news.wait_for(lambda: self._frames or self._over, patience):
                raise TimeoutError
            payload = self._frames.popleft() if self._frames else None
            self._news.notify_all()
        return payload

    def hear_out(self, patience: float) -> None:
        """Wait until all has been told that was printed by a process that has ended."""
        self._listener.join(patience)

    def kill(self) -> None:
        """Kill the process and its children."""
        kill(self.process)

    def hang_up(self) -> None:
        """Close its stdin, once all is written: who listens there ends."""
        self._letters.put(None)

    def close(self) -> None:
        """Kill what is left of it and its children, reap it, and close all pipes. May be called twice."""
        self.kill()
        self.process.wait()
        with self._news:
            self._closed = True
            self._news.notify_all()
        self.hang_up()
        for thread in self._threads:
            thread.join(1.0)
        for thread, pipe in zip(self._threads, (self.process.stdout, self.process.stderr), strict=False):
            if not thread.is_alive():  # else a stranger holds the pipe, and to close would block
                cast("IO[bytes]", pipe).close()

    def _read_frames(self) -> None:
        pipe = cast("IO[bytes]", self.process.stdout)
        try:
            while (payload := read_frame(pipe, self._longest)) is not None:  # type: ignore[arg-type]
                with self._news:
                    self._news.wait_for(lambda: len(self._frames) < _READY or self._closed)
                    if self._closed:
                        break
                    self._frames.append(payload)
                    self._news.notify_all()
        except OSError:
            pass  # the pipe has gone with the process
        except (ValueError, MemoryError):
            self.broken = not self._closed
        finally:
            with self._news:
                self._over = True
                self._news.notify_all()

    def _write_frames(self) -> None:
        """What nobody hears any more is dropped, and the pipe closed after it."""
        inlet = cast("IO[bytes]", self.process.stdin)
        with suppress(OSError, ValueError):
            while (payload := self._letters.get()) is not None:
                inlet.write(frame(payload))
                inlet.flush()
        with suppress(OSError):  # what nobody heard may be left in the buffer
            inlet.close()

    def _read_printed(self) -> None:
        with suppress(OSError, ValueError):
            while chunk := os.read(cast("IO[bytes]", self.process.stderr).fileno(), 65_536):
                self._printed(chunk)
