"""One key at a time from the terminal, and a line of text typed into it.

Not `typer.getchar`: it cannot give up after a while, and a demonstration needs keys while it draws. It also
takes a pasted line, or what an input method commits at once, for a single key.
"""

from __future__ import annotations

import contextlib
import signal
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Container, Iterator
from types import FrameType
from typing import Any, Protocol, Self, TextIO

from rich.cells import cell_len
from rich.console import Console

from quizcli.screen.terminal.key_decoder import PASTED, KeyDecoder

ESCAPE_DELAY = 0.05  # seconds after which a lone Esc is the Esc key and not the beginning of a sequence
CTRL_C = "\x03"
_STAYS = ("ctrl-c", "resize")  # what flush() does not drop


class _Input(Protocol):
    """Where characters come from; see `PosixInput`."""

    interactive: bool
    alarm: int  # the descriptor to which a signal writes, so that `read` returns; -1 where there is none

    def open(self) -> None: ...
    def close(self) -> None: ...
    def recover(self) -> None: ...
    def dispose(self) -> None: ...
    def wake(self) -> None: ...
    def read(self, timeout: float | None) -> str | None: ...


class _Whole:
    """A stream in memory: all its text at once, then its end."""

    interactive = False
    alarm = -1

    def __init__(self, stream: TextIO | None) -> None:
        self._stream = stream

    def open(self) -> None: ...
    def close(self) -> None: ...
    def recover(self) -> None: ...
    def dispose(self) -> None: ...
    def wake(self) -> None: ...

    def read(self, timeout: float | None) -> str | None:
        return (self._stream.read() or None) if self._stream is not None else None


def _input_of(stream: TextIO | None) -> _Input:
    """The way to read `stream` on this system, past Python's own buffer: select() cannot see into it."""
    try:
        if stream is None:
            return _Whole(None)
        descriptor = stream.fileno()
    except (ValueError, OSError):  # in memory, or closed
        return _Whole(None if stream is None or stream.closed else stream)
    if sys.platform == "win32":
        from quizcli.screen.terminal.windows import WindowsConsole, WindowsPipe

        return WindowsConsole() if stream.isatty() else WindowsPipe(descriptor)
    from quizcli.screen.terminal.posix import PosixInput

    return PosixInput(descriptor)


class Keyboard:
    """The keys a person presses, as a context manager that takes the terminal and gives it back.

    Keys are single characters (" " and "中" among them) or names: "enter", "esc", "tab", "backspace",
    "delete", "up", "down", "left", "right", "home", "end", "pageup", "pagedown", "ctrl-c" and other "ctrl-…";
    "resize" when the window changed or came back after Ctrl-Z, so that the screen must be drawn anew; "eof"
    when the input has ended (Ctrl-D too); "paste:…" for a text that was pasted; "unknown" for what has no
    name.

    Keys typed while nobody reads are kept. Where stdin is no terminal, its characters are the keys and a line
    end is "enter". The terminal is restored on exceptions, SIGTERM and SIGHUP, which unwind the program with
    SystemExit.

    `on_leave` and `on_return` are called around everything that takes the terminal away for a while (Ctrl-Z,
    `suspended()`): whoever uses the alternate screen or hides the cursor sets them.
    """

    def __init__(self, stream: TextIO | None = None) -> None:
        self._input = _input_of(sys.stdin if stream is None else stream)
        self._decoder = KeyDecoder()
        self._keys: deque[str] = deque()
        self._ended = False
        self._held_since = 0.0  # when an unfinished escape sequence began
        self._taken = False
        self._handlers: dict[int, Any] = {}
        self._alarm_before: int | None = None  # None: signals are as they were
        self.on_leave: Callable[[], None] = lambda: None
        self.on_return: Callable[[], None] = lambda: None

    @property
    def interactive(self) -> bool:
        """Whether a person sits at the keys, rather than a pipe or a file."""
        return self._input.interactive

    def __enter__(self) -> Self:
        self._listen()
        self._take()
        return self

    def __exit__(self, *_: object) -> None:
        self._give()
        for number, handler in self._handlers.items():
            signal.signal(number, handler)
        self._handlers.clear()
        if self._alarm_before is not None:
            signal.set_wakeup_fd(self._alarm_before)
        self._input.dispose()

    def read(self, timeout: float | None = None) -> str | None:
        """The next key; None where none came within `timeout` seconds. 0 only looks, None waits for ever."""
        deadline = None if timeout is None else time.monotonic() + timeout
        while not self._keys and not self._ended:
            remaining = None if deadline is None else max(0.0, deadline - time.monotonic())
            self._wait(remaining)
            if remaining == 0.0:
                break
        if self._keys:
            return self._keys.popleft()
        return "eof" if self._ended else None

    def back(self, key: str) -> None:
        """Put a key back that was read too early: it is the next one again."""
        self._keys.appendleft(key)

    def flush(self, gone: Container[str] | None = None) -> None:
        """Forget the keys typed so far: all except Ctrl-C, or those of `gone` alone.

        Piped input stays: a script meant every key.
        """
        if not self.interactive:
            return
        while not self._ended and self._wait(0.0):
            pass
        if gone is None:
            self._decoder.settle()
            gone = self._keys
        self._keys = deque(key for key in self._keys if key in _STAYS or key not in gone)

    @contextlib.contextmanager
    def suspended(self) -> Iterator[None]:
        """Give the terminal back while another program (an editor) runs in it."""
        self.on_leave()
        self._give()
        try:
            yield
        finally:
            self._input.recover()
            self._take()
            self.on_return()

    def _wait(self, timeout: float | None) -> bool:
        """Turn what comes within `timeout` seconds into keys; say whether anything came."""
        if self._decoder.pending:
            left = max(0.0, self._held_since + ESCAPE_DELAY - time.monotonic())
            timeout = left if timeout is None else min(left, timeout)
        text = self._input.read(timeout)
        if text == CTRL_C and time.monotonic() >= self._held_since + ESCAPE_DELAY:
            self._decoder.settle()  # pressed, not pasted: the end of a paste was lost, and is awaited no more
        if text:
            self._keys += self._decoder.feed(text)
            self._held_since = time.monotonic()
        elif text is None:
            self._ended = True
            self._keys += self._decoder.settle()
        elif self._decoder.pending and time.monotonic() >= self._held_since + ESCAPE_DELAY:
            self._keys += self._decoder.settle()
        return bool(text)

    def _take(self) -> None:
        self._input.open()
        self._taken = True

    def _give(self) -> None:
        self._taken = False
        self._input.close()

    def _listen(self) -> None:
        """Turn signals into keys. Only the main thread may; elsewhere signals stay as they are."""
        if threading.current_thread() is not threading.main_thread():
            return
        self._handle("SIGINT", self._on_interrupt)
        # A signal may come when Python has looked for signals and not yet begun to wait for a key.
        self._alarm_before = signal.set_wakeup_fd(self._input.alarm, warn_on_full_buffer=False)
        if not self.interactive:
            return
        self._handle("SIGWINCH", self._on_resize)
        self._handle("SIGTSTP", self._on_stop)
        for name in ("SIGTERM", "SIGHUP", "SIGQUIT"):
            self._handle(name, self._on_end)

    def _handle(self, name: str, handler: Callable[[int, FrameType | None], None]) -> None:
        number = getattr(signal, name, None)  # Windows knows few of them
        # Someone else's handler, or `nohup`, is left alone.
        if number is not None and signal.getsignal(number) in (signal.SIG_DFL, signal.default_int_handler):
            self._handlers[number] = signal.signal(number, handler)

    def _on_interrupt(self, number: int, frame: FrameType | None) -> None:
        if not self._taken:  # meant for the editor that has the terminal
            return
        if "ctrl-c" in self._keys:  # pressed twice and still nobody listens: get out
            raise KeyboardInterrupt
        self._push("ctrl-c")

    def _on_resize(self, number: int, frame: FrameType | None) -> None:
        self._push("resize")

    def _on_end(self, number: int, frame: FrameType | None) -> None:
        self._give()
        raise SystemExit(128 + number)

    def _on_stop(self, number: int, frame: FrameType | None) -> None:
        """Ctrl-Z: stop as any program would, and come back to a terminal that is ours again."""
        taken = self._taken  # not so while an editor runs: its Ctrl-Z reaches us too
        if taken:
            self.on_leave()
            self._give()
        signal.signal(number, signal.SIG_DFL)
        signal.raise_signal(number)
        signal.signal(number, self._on_stop)  # here after `fg`
        if taken:
            self._take()
            self.on_return()
            self._push("resize")

    def _push(self, key: str) -> None:
        if key not in self._keys:
            self._keys.append(key)
        self._input.wake()


class LineEditor:
    """One line of text, edited in place: it redraws its own line only, and a long text scrolls in it.

    `text` is what stood there at the last key, whatever came of it.
    """

    def __init__(self, keyboard: Keyboard, console: Console) -> None:
        self._keyboard = keyboard
        self._console = console
        self.text = ""

    def edit(self, prompt: str = "", text: str = "", redraw: Callable[[], None] = lambda: None) -> str | None:
        """The text as it is when Enter is pressed; None after Esc, Ctrl-C, or at the end of the input.

        `redraw` draws what stands above the line anew, when the window has changed its size. The cursor stays
        in the line.
        """
        cursor = len(text)
        while True:
            self.text = text
            self._draw(prompt, text, cursor)
            key = self._keyboard.read() or "unknown"
            piped_line = (
                key == "eof" and text and not self._keyboard.interactive
            )  # a last line without its end
            if key == "enter" or piped_line:
                self._draw(prompt, text, len(text))
                return text
            if key in ("esc", "ctrl-c", "eof"):
                self._draw("", "", 0)
                return None
            if key == "resize":
                redraw()
            text, cursor = edit_line(text, cursor, key)

    def _draw(self, prompt: str, text: str, cursor: int) -> None:
        """Only carriage returns and spaces: any terminal can do that."""
        if not self._keyboard.interactive:
            return
        width = self._console.width - 1  # the cursor may stand behind the last character
        room = max(4, width - cell_len(prompt))
        shown, before = visible_part(text, cursor, room)
        blank = " " * max(0, width - cell_len(prompt + shown))
        self._console.file.write(f"\r{prompt}{shown}{blank}\r{prompt}{shown[:before]}")
        self._console.file.flush()


def edit_line(text: str, cursor: int, key: str) -> tuple[str, int]:
    """The text and the cursor's place in it after one key; keys without a meaning here change nothing."""
    before, after = text[:cursor], text[cursor:]
    if len(key) == 1:
        return before + key + after, cursor + 1
    if key.startswith(PASTED):
        pasted = key.removeprefix(PASTED)
        return before + pasted + after, cursor + len(pasted)
    match key:
        case "backspace":
            before = before[: _left(text, cursor)]
        case "delete":
            after = text[_right(text, cursor) :]
        case "ctrl-u":
            before = ""
        case "ctrl-k":
            after = ""
        case "ctrl-w":
            before = before.rstrip()
            before = before[: before.rfind(" ") + 1]
        case "left":
            return text, _left(text, cursor)
        case "right":
            return text, _right(text, cursor)
        case "home" | "ctrl-a" | "up":
            return text, 0
        case "end" | "ctrl-e" | "down":
            return text, len(text)
    return before + after, len(before)


def _left(text: str, cursor: int) -> int:
    """One place to the left, over accents that have no width of their own."""
    cursor = max(0, cursor - 1)
    while cursor > 0 and cell_len(text[cursor]) == 0:
        cursor -= 1
    return cursor


def _right(text: str, cursor: int) -> int:
    cursor = min(len(text), cursor + 1)
    while cursor < len(text) and cell_len(text[cursor]) == 0:
        cursor += 1
    return cursor


def visible_part(text: str, cursor: int, room: int) -> tuple[str, int]:
    """The part of `text` around the cursor that fits into `room` cells, and the cursor's place in it."""
    start = cursor
    while start > 0 and cell_len(text[start - 1 : cursor]) <= room - 1:
        start -= 1
    end = cursor
    while end < len(text) and cell_len(text[start : end + 1]) <= room:
        end += 1
    return text[start:end], cursor - start
