"""The door of the terminal: what is printed passes through it, and comes out clean (quizcli.visible_text).

Sequences that steer the terminal are ours alone. They are written behind the door: by Rich, whose texts are
cleaned before it styles them (quizcli.screen.terminal.theme), by the stage and the page, and by `steer`. What
is behind the door is made able to carry any sign.
"""

from __future__ import annotations

import codecs
import os
from collections.abc import Iterable
from typing import Any, TextIO

from rich.cells import cell_len

from quizcli.visible_text import clean

BEGIN, END = "\x1b[?2026h", "\x1b[?2026l"  # what is written between them appears all at once
MOST = 1000  # cells across, and rows: no terminal has more, but a variable may say so

# What stands in for a sign that a stream cannot carry, always as wide as the sign.
_STAND_INS = {
    ord(sign): stand_in
    for stand_in, signs in {
        "+": "✓╭╮╰╯┌┐└┘├┤┬┴┼▓",
        "x": "✗×",
        ".": "…·░",
        ":": "▒",
        "*": "•",
        ">": "▸→≥▶",
        "<": "←≤",
        "^": "↑▲▀",
        "v": "↓▼",
        "-": "─╶╴−–—",
        "=": "━",
        "|": "│┃║‖▌▍▎▏▐⎛⎜⎝⎞⎟⎠⎡⎢⎣⎤⎥⎦⎧⎨⎪⎩⎫⎬⎭",
        "\\": "╲",
        "#": "█▉▊▋",
        "_": "▄",
        "~": "≈",
        "'": "‘’",
        '"': "“”",
    }.items()
    for sign in signs
} | {0x2800 + dots: ".:+#"[(dots.bit_count() - 1) // 2] for dots in range(1, 256)}  # braille


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


def _stand_in(error: UnicodeError) -> tuple[str, int]:
    """Error handler for encoding: what the stream cannot carry becomes ASCII of the same width in cells."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    lost = error.object[error.start : error.end].translate(_STAND_INS)
    return "".join(c if c.isascii() else "?" * cell_len(c) for c in lost), error.end


codecs.register_error("quizcli", _stand_in)


def able(stream: TextIO) -> TextIO:
    """The stream behind the door, made able to carry any sign."""
    out = behind(stream)
    reconfigure = getattr(out, "reconfigure", None)  # in-memory streams have none, and need none
    if reconfigure is not None and getattr(out, "errors", None) != "quizcli":
        reconfigure(errors="quizcli")
    return out


def environ() -> dict[str, str]:
    """The environment; a size in it that is no positive number, such as -1, 0 or ², says nothing."""
    cleaned = dict(os.environ)
    for name in ("COLUMNS", "LINES"):
        word = cleaned.pop(name, "")
        if word.isascii() and word.isdigit() and (number := word.lstrip("0")):
            cleaned[name] = str(MOST) if len(number) > len(str(MOST)) else number
    return cleaned
