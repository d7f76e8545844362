"""The few styles and signs of the program, and the one way to make a console.

A page of help needs the styles and no console: Rich is imported when one is made.

Styles use the terminal's own sixteen colours, which its owner chose to be readable, and never yellow, white,
black or blue, which vanish on one background or the other. A colour never says anything alone: a sign or a
word stands beside it.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, TextIO

from quizcli.screen.terminal.clean_stream import able, environ

if TYPE_CHECKING:
    from rich.console import Console

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

# Signs. A stream that cannot carry one of them gets what stands in for it (see clean_stream.py).
RIGHT = "✓"
WRONG = "✗"
NOTE = "!"
BY_HAND = "◇"  # neither right nor wrong: measured after a setting was changed by hand
WAITING = "…"
CONTINUED = "↪"  # before what is left of a line of code
BULLET = "•"
CHOSEN = "▸"
DOT = "·"


def make_console(
    stream: TextIO | None = None, *, width: int | None = None, height: int | None = None
) -> Console:
    """A console on `stream` (default: stdout) that prints text as it is: no markup, emoji, highlighting.

    Rich itself respects NO_COLOR, TERM=dumb, COLUMNS and a stream that is no terminal. A stream in another
    encoding than UTF-8 gets stand-ins (see clean_stream.py) where Rich would raise UnicodeEncodeError.
    """
    from quizcli.screen.terminal.console import CleanConsole

    return CleanConsole(
        file=able(sys.stdout if stream is None else stream),
        markup=False,
        emoji=False,
        highlight=False,
        width=width,
        height=height,
        _environ=environ(),
    )
