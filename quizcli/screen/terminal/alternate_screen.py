"""Frames drawn in place, on the terminal's alternate screen; only the lines that changed are written."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType, TracebackType
from typing import Any, Self

from rich.color import ColorSystem
from rich.console import Console
from rich.segment import Segment

from quizcli.screen.terminal.clean_stream import BEGIN, END
from quizcli.screen.terminal.segments import Line
from quizcli.visible_text import clean

_ENTER = "\x1b[?1049h\x1b[?25l\x1b[2J"  # alternate screen, no cursor, empty
_LEAVE = "\x1b[0m\x1b[2J\x1b[H\x1b[?25h\x1b[?1049l"  # cleared for terminals that have one screen only
_COLOURS = {
    "standard": ColorSystem.STANDARD,
    "256": ColorSystem.EIGHT_BIT,
    "truecolor": ColorSystem.TRUECOLOR,
    "windows": ColorSystem.WINDOWS,
}


class Stage:
    """The alternate screen while frames are shown on it. However it ends, the terminal is restored."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._colours = _COLOURS.get(console.color_system or "")
        self._shown: list[str] = []
        self._size = (0, 0)

    def __enter__(self) -> Self:
        self.enter()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.leave()

    def enter(self) -> None:
        """Take the screen; it is empty then."""
        self.forget()
        self._write(_ENTER)

    def leave(self) -> None:
        """Give the screen back as it was before."""
        self._write(_LEAVE)

    def forget(self) -> None:
        """Write the next frame in full, whatever may stand on the screen."""
        self._size = (0, 0)

    def show(self, lines: list[Line], size: tuple[int, int]) -> None:
        """Show a frame on a window of this size."""
        rows = [self._encoded(parts) for parts in lines[: size[1]]]
        rows += [""] * (size[1] - len(rows))
        fresh = size != self._size
        before = [None] * len(rows) if fresh else self._shown
        changes = [
            f"\x1b[{number};1H{row}\x1b[0m\x1b[K"
            for number, (row, old) in enumerate(zip(rows, before, strict=True), start=1)
            if row != old
        ]
        if changes:
            self._write(BEGIN + ("\x1b[2J" if fresh else "") + "".join(changes) + END)
        self._shown, self._size = rows, size

    def _encoded(self, parts: Line) -> str:
        """The line as the terminal takes it."""
        if self._console.no_color:
            parts = list(Segment.remove_color(parts))
        return "".join(
            style.render(clean(text), color_system=self._colours) if style else clean(text)
            for text, style, _ in parts
        )

    def _write(self, text: str) -> None:
        self._console.file.write(text)
        self._console.file.flush()


@contextmanager
def ending_cleanly() -> Iterator[None]:
    """Turn the signals that end a program into SystemExit, so that the terminal is restored on the way out.

    For when no `Keyboard` does it. Handlers of others are left alone; only the main thread may set any.
    """
    ours: dict[int, Any] = {}

    def end(number: int, frame: FrameType | None) -> None:
        raise SystemExit(128 + number)

    if threading.current_thread() is threading.main_thread():
        for name in ("SIGTERM", "SIGHUP"):
            number = getattr(signal, name, None)  # Windows knows no SIGHUP
            if number is not None and signal.getsignal(number) == signal.SIG_DFL:
                ours[number] = signal.signal(number, end)
    try:
        yield
    finally:
        for number, handler in ours.items():
            signal.signal(number, handler)
