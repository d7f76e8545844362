"""A stream that the terminal shows: made able to carry any sign, and how large the environment says it is."""

from __future__ import annotations

import codecs
import os
from typing import TextIO

from rich.cells import cell_len

from quizcli.screen.terminal.clean_stream import behind

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
