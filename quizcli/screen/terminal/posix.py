"""Characters on Linux and macOS: from a terminal in cbreak mode, or from a pipe as they come."""

from __future__ import annotations

import codecs
import contextlib
import math
import os
import select
import termios
from typing import Any

# Bracketed paste: the terminal marks what is pasted, so that it is not taken for keys.
_MARK_PASTES, _LEAVE_PASTES = b"\x1b[?2004h", b"\x1b[?2004l"
# What a full-screen program may leave behind where it dies: a mouse that types, and no cursor.
_MOUSE = (1000, 1002, 1003, 1004, 1005, 1006, 1015)
_AS_USUAL = b"".join(b"\x1b[?%dl" % mode for mode in _MOUSE) + b"\x1b[?25h"
_INPUT_FLAGS, _LOCAL_FLAGS, _CHARACTERS = 0, 3, 6  # places in the list of tcgetattr


class PosixInput:
    """Characters from a file descriptor, without waiting for Enter where it is a terminal.

    In cbreak mode Ctrl-C is a key like any other (its signal would kill the worker too, and could lose an
    answer); Ctrl-Z and Ctrl-\\ still signal, and Ctrl-S does not freeze the screen.
    """

    def __init__(self, descriptor: int) -> None:
        self.interactive = os.isatty(descriptor)
        self._descriptor = descriptor
        self._decode = codecs.getincrementaldecoder("utf-8")("replace").decode
        self._saved: list[Any] | None = None
        self._given: list[Any] | None = None  # how the terminal was when it was given back last
        self._woken, self.alarm = os.pipe()
        os.set_blocking(self.alarm, False)

    def open(self) -> None:
        """Take the terminal: no echo, every key at once. What was typed before is kept."""
        if not self.interactive or self._saved is not None:
            return
        self._saved = termios.tcgetattr(self._descriptor)
        mode = [*self._saved[:_CHARACTERS], self._saved[_CHARACTERS].copy()]
        mode[_INPUT_FLAGS] &= ~termios.IXON
        mode[_LOCAL_FLAGS] &= ~(termios.ICANON | termios.ECHO | termios.IEXTEN)
        mode[_CHARACTERS][termios.VMIN], mode[_CHARACTERS][termios.VTIME] = 1, 0
        mode[_CHARACTERS][termios.VINTR] = bytes([os.fpathconf(self._descriptor, "PC_VDISABLE") & 0xFF])
        termios.tcsetattr(self._descriptor, termios.TCSANOW, mode)
        self._tell(_MARK_PASTES)

    def close(self) -> None:
        """Give the terminal back as it was."""
        saved, self._saved = self._saved, None
        if saved is not None:
            self._given = saved
            self._tell(_LEAVE_PASTES)
            with contextlib.suppress(termios.error):  # the window is gone: there is nothing to restore
                termios.tcsetattr(self._descriptor, termios.TCSANOW, saved)

    def recover(self) -> None:
        """Undo what another program that had the terminal meanwhile, and may have died, has left there."""
        if self._given is not None:
            os.set_blocking(self._descriptor, True)
            self._tell(_AS_USUAL)
            with contextlib.suppress(termios.error):  # as in `close`
                termios.tcsetattr(self._descriptor, termios.TCSANOW, self._given)

    def _tell(self, control: bytes) -> None:
        if os.environ.get("TERM") != "dumb":
            with contextlib.suppress(OSError):  # opened for reading only, or gone: pastes are then typed text
                os.write(self._descriptor, control)

    def dispose(self) -> None:
        """Close for good."""
        self.close()
        os.close(self._woken)
        os.close(self.alarm)

    def wake(self) -> None:
        """Nothing to do: the signal has written to `alarm`."""

    def read(self, timeout: float | None) -> str | None:
        """What came within `timeout` seconds ("" for nothing, or woken); None at the end of the input."""
        ready = _ready([self._descriptor, self._woken], timeout)
        if self._woken in ready:
            os.read(self._woken, 1024)
        if self._descriptor not in ready:
            return ""
        try:
            data = os.read(self._descriptor, 4096)
        except OSError:  # EIO: the terminal hung up
            data = b""
        return self._decode(data) if data else self._decode(b"", True) or None


def _ready(descriptors: list[int], timeout: float | None) -> list[int]:
    """Which of them can be read within `timeout` seconds.

    select() first: poll() knows no terminals on macOS. But that one counts to 1023 only, and whoever started
    us may have left more files open.
    """
    try:
        return select.select(descriptors, [], [], timeout)[0]
    except ValueError:
        poll = select.poll()
        for descriptor in descriptors:
            poll.register(descriptor, select.POLLIN)
        found = poll.poll(None if timeout is None else math.ceil(timeout * 1000))
        return [descriptor for descriptor, _ in found]
