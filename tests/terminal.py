"""A real program in a real pseudo-terminal, with a screen one can read."""

import os
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import pexpect
import pyte
from pyte.screens import Char


class Terminal:
    """Runs a command at a given size; `screen` is what a person would see."""

    def __init__(
        self, command: Sequence[str], env: Mapping[str, str], cwd: Path, columns: int = 80, rows: int = 24
    ) -> None:
        self._screen = pyte.HistoryScreen(columns, rows, history=10_000)
        self._stream = pyte.ByteStream(self._screen)
        self.raw = b""
        self.child = pexpect.spawn(
            command[0],
            list(command[1:]),
            env={**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor", "NO_COLOR": "", **env},
            cwd=str(cwd),
            dimensions=(rows, columns),
            timeout=30,
        )
        self.child.delaybeforesend = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.child.close(force=True)

    @property
    def screen(self) -> str:
        return "\n".join(line.rstrip() for line in self._screen.display)

    @property
    def scrollback(self) -> str:
        lines = [
            "".join(row[x].data for x in range(self._screen.columns)) for row in self._screen.history.top
        ]
        return "\n".join(line.rstrip() for line in lines)

    def cells(self) -> list[list[Char]]:
        """The characters of the screen with their styles; the second half of a wide one is empty."""
        width = self._screen.columns
        return [[self._screen.buffer[y][x] for x in range(width)] for y in range(self._screen.lines)]

    @property
    def cursor_hidden(self) -> bool:
        return bool(self._screen.cursor.hidden)

    def send(self, keys: str) -> None:
        self.child.send(keys)

    def resize(self, columns: int, rows: int) -> None:
        self._screen.resize(rows, columns)
        self.child.setwinsize(rows, columns)

    def pump(self, seconds: float = 0.05) -> bool:
        """Take in what the program prints; False when it has ended."""
        try:
            data = self.child.read_nonblocking(65536, timeout=seconds)
        except pexpect.TIMEOUT:
            return True
        except pexpect.EOF:
            return False
        self.raw += data
        self._stream.feed(data)
        return True

    def wait_for(self, *texts: str, timeout: float = 20) -> str:
        """The screen as soon as it shows all `texts`; fails with the screen it shows instead.

        One picture may come in several parts: what else it must show is waited for, not looked up at once.
        """
        end = time.monotonic() + timeout
        alive = True
        while missing := [text for text in texts if text not in self.screen]:
            if not alive or time.monotonic() > end:
                raise AssertionError(f"not on the screen: {missing}\n{self.screen}")
            alive = self.pump()
        return self.screen

    def settle(self, quiet: float = 0.3) -> str:
        """The screen after nothing has come for a while."""
        size = -1
        while size != len(self.raw):
            size = len(self.raw)
            end = time.monotonic() + quiet
            while time.monotonic() < end and self.pump():
                pass
        return self.screen

    def exit_status(self, timeout: float = 20) -> int:
        """Wait for the end of the program."""
        end = time.monotonic() + timeout
        while self.pump():
            assert time.monotonic() < end, f"still running:\n{self.screen}"
        self.child.wait()
        assert self.child.exitstatus is not None, f"killed by signal {self.child.signalstatus}"
        return int(self.child.exitstatus)
