"""The few styles and signs of the program, and the one way to make a console.

A page of help needs the styles and no console: Rich is imported when one is made.

Styles use the terminal's own sixteen colours, which its owner chose to be readable, and never yellow, white,
black or blue, which vanish on one background or the other. A colour never says anything alone: a sign or a
word stands beside it.
"""

from __future__ import annotations

import codecs
import os
import sys
from typing import TYPE_CHECKING, TextIO

from rich.cells import cell_len

from quizcli.screen.door import behind

if TYPE_CHECKING:
    from rich.console import Console

MOST = 1000  # cells across, and rows: no terminal has more, but a variable may say so

# Styles, in Rich's notation.
PLAIN = ""
QUIET = "dim"  # borders, labels, whatever may be overlooked
STRONG = "bold"  # **bold**, headings
EMPHASIS = "italic"
KEY = "bold"  # keys to press
GOOD = "green"  # always beside ✓
BAD = "red"  # always beside ✗
ACCENT = "cyan"  # what the eye should find first: the blank, the chosen line, the curve
CODE = "cyan"

# Signs. On a stream that cannot carry one of them, the table below says what stands in, always as wide as the
# sign.
RIGHT = "✓"
WRONG = "✗"
NOTE = "!"
WAITING = "…"
CONTINUED = "↪"  # before what is left of a line of code
BULLET = "•"
CHOSEN = "▸"
DOT = "·"

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


def _stand_in(error: UnicodeError) -> tuple[str, int]:
    """Error handler for encoding: what the stream cannot carry becomes ASCII of the same width in cells."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    lost = error.object[error.start : error.end].translate(_STAND_INS)
    return "".join(c if c.isascii() else "?" * cell_len(c) for c in lost), error.end


codecs.register_error("quizcli", _stand_in)


def make_console(
    stream: TextIO | None = None, *, width: int | None = None, height: int | None = None
) -> Console:
    """A console on `stream` (default: stdout) that prints text as it is: no markup, emoji, highlighting.

    Rich itself respects NO_COLOR, TERM=dumb, COLUMNS and a stream that is no terminal. A stream in another
    encoding than UTF-8 gets stand-ins (see `_STAND_INS`) where Rich would raise UnicodeEncodeError.
    """
    from quizcli.screen.console import CleanConsole

    return CleanConsole(
        file=able(sys.stdout if stream is None else stream),
        markup=False,
        emoji=False,
        highlight=False,
        width=width,
        height=height,
        _environ=environ(),
    )


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
