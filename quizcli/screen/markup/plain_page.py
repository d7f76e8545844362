"""A page that is printed at once, without a console of Rich: its import takes longer than the page."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Mapping
from typing import TextIO

from quizcli.screen.markup.wrap import Row
from quizcli.screen.terminal.clean_stream import MOST, able, environ
from quizcli.screen.terminal.theme import PLAIN, QUIET, STRONG
from quizcli.visible_text import clean

_USUAL = 80  # columns, where nothing says how many there are
_CODES = {STRONG: "1", QUIET: "2"}


def columns() -> int:
    """How wide a page may be: COLUMNS, else the terminal's width, else 80."""
    env = environ()
    if "COLUMNS" in env:
        return min(int(env["COLUMNS"]), MOST)
    for descriptor in () if _is_dumb(env) else (0, 1, 2):
        try:
            if width := os.get_terminal_size(descriptor).columns:
                return min(width, MOST)
        except (OSError, ValueError):  # no terminal, or closed: the next one may tell
            continue
    return _USUAL


def print_rows(rows: Iterable[Row]) -> None:
    """Print rows on stdout, with their styles where that is a terminal that shows them."""
    out = able(sys.stdout)
    codes = _CODES if _shows_styles(out, os.environ) else {}
    for row in rows:
        out.write("".join(_styled(clean(text), codes.get(style, "")) for text, style in row) + "\n")


def _styled(text: str, code: str) -> str:
    return f"\x1b[{code}m{text}\x1b[0m" if code else text


def _shows_styles(out: TextIO, env: Mapping[str, str]) -> bool:
    """Whether it obeys sequences of style. An old console of Windows would have to be asked to."""
    able_to = sys.platform != "win32" or "WT_SESSION" in env
    return out.isatty() and able_to and not _is_dumb(env)


def _is_dumb(env: Mapping[str, str]) -> bool:
    return env.get("TERM", PLAIN).lower() in ("dumb", "unknown")
