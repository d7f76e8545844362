"""The model answer of a code question: a listing of its source."""

from __future__ import annotations

from rich.text import Text as RichText

from quizcli.screen.markup.folding import MARGIN, folded
from quizcli.screen.markup.highlight import highlighted
from quizcli.screen.terminal import theme


def source_lines(source: str, origin: str, width: int) -> list[RichText]:
    """The listing, below the place that it is from. Lines that are too long go on below, as a sign says."""
    program = highlighted(source, "python").split("\n", allow_blank=True)
    lines = [RichText(), RichText.assemble(" " * MARGIN, (origin, theme.QUIET)), RichText()]
    return lines + [row for line in program for row in folded(line, max(20, width))]
