"""The model answer of a code question: a listing of its source."""

from __future__ import annotations

from rich.text import Text

from quizcli.screen import theme
from quizcli.screen.program import highlighted

_INDENT = 2  # cells


def source_lines(source: str, origin: str, width: int) -> list[Text]:
    """The listing, below the place that it is from. Lines that are too long go on below, further in."""
    lines = [Text(), Text.assemble(" " * _INDENT, (origin, theme.QUIET)), Text()]
    room = max(20, width - _INDENT)
    for line in highlighted(source, "python").split("\n", allow_blank=True):
        inside = len(line.plain) - len(line.plain.lstrip()) + 4
        parts = [line]
        while parts[-1].cell_len > room:
            last = parts.pop()
            at = last.plain.rfind(" ", inside, room)
            at = at if at > inside else room
            head, tail = last.divide([at])
            tail = Text(" " * inside).append_text(Text.assemble(tail))
            parts += [head, tail]
        lines += [Text(" " * _INDENT).append_text(part) for part in parts]
    return lines
