"""A child process that frames pass to and from, and that prints beside them."""

from __future__ import annotations

import os
import queue
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import IO, TYPE_CHECKING, cast

from quizcli.demo.process import kill
from quizcli.demo.wire import frame, read_frame

if TYPE_CHECKING:
    from subprocess import Popen


class Framed:
    """The two ends that face us. Two threads read; `printed` is told, in one of them, what is printed."""

    def __init__(self, process: Popen[bytes], printed: Callable[[bytes], None]) -> None:
        self.process = process
        self._printed = printed
        self._frames: queue.Queue[bytes | None] = queue.Queue()
        self._readers = [
            threading.Thread(target=read, daemon=True) for read in (self._read_frames, self._read_printed)
        ]
        for reader in self._readers:
            reader.start()

    def send(self, payload: bytes) -> None:
        """Send a frame. A process that has gone does not hear it; the end of its frames says so."""
        inlet = cast("IO[bytes]", self.process.stdin)
        with suppress(OSError):
            inlet.write(frame(payload))
            inlet.flush()

    def next(self, patience: float) -> bytes | None:
        """The next payload; None at the end. Raises queue.Empty where none came within so many seconds."""
        return self._frames.get(timeout=patience)

    def kill(self) -> None:
        """Kill the process and its children."""
        kill(self.process)

    def hang_up(self) -> None:
        """Close its stdin: who listens there ends."""
        with suppress(OSError):  # what nobody heard may be left in the buffer
            cast("IO[bytes]", self.process.stdin).close()

    def close(self) -> None:
        """Kill what is left of it and its children, reap it, and close all pipes. May be called twice."""
        self.kill()
        self.process.wait()
        self.hang_up()
        for reader in self._readers:
            reader.join(1.0)
        for pipe in (self.process.stdout, self.process.stderr):
            cast("IO[bytes]", pipe).close()

    def _read_frames(self) -> None:
        with suppress(OSError, ValueError):
            while (payload := read_frame(cast("IO[bytes]", self.process.stdout))) is not None:  # type: ignore[arg-type]
                self._frames.put(payload)
        self._frames.put(None)

    def _read_printed(self) -> None:
        with suppress(OSError, ValueError):
            while chunk := os.read(cast("IO[bytes]", self.process.stderr).fileno(), 65_536):
                self._printed(chunk)
