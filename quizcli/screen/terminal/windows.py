"""Characters on Windows: from the console through msvcrt, or from a pipe through a thread."""

from __future__ import annotations

import codecs
import importlib
import os
import queue
import threading
import time
from typing import Any

_POLL = 0.01  # seconds between two looks at the keyboard: msvcrt cannot wait with a time limit
_ARROWS = {"H": "\x1b[A", "P": "\x1b[B", "M": "\x1b[C", "K": "\x1b[D"}
_SPECIAL = _ARROWS | {"G": "\x1b[H", "O": "\x1b[F", "S": "\x1b[3~", "I": "\x1b[5~", "Q": "\x1b[6~"}
_UNKNOWN = "\x1b[0~"


class WindowsConsole:
    """Keys of the console, spelled as a Unix terminal would send them."""

    interactive = True
    alarm = -1  # `wake` does it

    def __init__(self) -> None:
        self._msvcrt: Any = importlib.import_module("msvcrt")
        self._woken = False

    def open(self) -> None:
        """Nothing to do: msvcrt reads without echo by itself."""

    def close(self) -> None:
        """Nothing to do."""

    def recover(self) -> None:
        """Nothing to do."""

    def dispose(self) -> None:
        """Nothing to do."""

    def wake(self) -> None:
        """Make a waiting `read` return."""
        self._woken = True

    def read(self, timeout: float | None) -> str | None:
        """What came within `timeout` seconds, "" for nothing."""
        deadline = None if timeout is None else time.monotonic() + timeout
        while not self._msvcrt.kbhit():
            if self._woken or (deadline is not None and time.monotonic() >= deadline):
                self._woken = False
                return ""
            time.sleep(_POLL)
        text = ""
        while self._msvcrt.kbhit():
            text += self._one()
        # A character beyond U+FFFF comes as two halves.
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")

    def _one(self) -> str:
        c: str = self._msvcrt.getwch()
        if c == "\x00" or (c == "\xe0" and self._msvcrt.kbhit()):  # a lone \xe0 is the letter à
            return _SPECIAL.get(self._msvcrt.getwch(), _UNKNOWN)
        return c


class WindowsPipe:
    """Characters of a pipe or a file: a thread reads, because select() on Windows knows sockets only."""

    interactive = False
    alarm = -1

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._decode = codecs.getincrementaldecoder("utf-8")("replace").decode
        self._arrived: queue.Queue[bytes | None] = queue.Queue()  # b"": the end; None: woken
        self._reader = threading.Thread(target=self._copy, daemon=True)

    def open(self) -> None:
        """Begin to read ahead."""
        if not self._reader.ident:
            self._reader.start()

    def close(self) -> None:
        """Nothing to do."""

    def recover(self) -> None:
        """Nothing to do."""

    def dispose(self) -> None:
        """Nothing to do: the thread ends with the pipe or the process."""

    def wake(self) -> None:
        """Make a waiting `read` return."""
        self._arrived.put(None)

    def read(self, timeout: float | None) -> str | None:
        """What came within `timeout` seconds ("" for nothing, or woken); None at the end of the input."""
        try:
            data = self._arrived.get(timeout=timeout) if timeout != 0 else self._arrived.get_nowait()
        except queue.Empty:
            return ""
        if data == b"":
            self._arrived.put(b"")  # the end stays the end
            return self._decode(b"", True) or None
        return "" if data is None else self._decode(data)

    def _copy(self) -> None:
        while True:
            try:
                data = os.read(self._descriptor, 4096)
            except OSError:
                data = b""
            self._arrived.put(data)
            if not data:
                return
