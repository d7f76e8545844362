"""The door of the terminal: what is printed passes through it, and comes out clean (quizcli.visible_text).

Sequences that steer the terminal are ours alone. They are written behind the door: by Rich, whose texts are
cleaned before it styles them (quizcli.screen.terminal.theme), by the stage and the page, and by `steer`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TextIO

from quizcli.visible_text import clean


class Door:
    """A text stream that cleans whatever is written; in all else it is the stream behind it."""

    def __init__(self, behind: TextIO) -> None:
        self.behind = behind

    def write(self, text: str) -> int:
        """Write a text as it may be shown."""
        self.behind.write(clean(text))
        return len(text)

    def writelines(self, lines: Iterable[str]) -> None:
        """Write several."""
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.behind, name)


def behind(stream: TextIO) -> TextIO:
    """The stream behind the door, for what is clean and for what steers."""
    return stream.behind if isinstance(stream, Door) else stream


def steer(stream: TextIO, control: str) -> None:
    """Write a sequence of our own that steers the terminal."""
    out = behind(stream)
    out.write(control)
    out.flush()
