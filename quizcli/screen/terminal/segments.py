"""Lines of the terminal, as lists of Rich segments whose width in cells is known exactly."""

from collections.abc import Sequence

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style

from quizcli.screen.terminal import theme
from quizcli.visible_text import clean_line

Line = list[Segment]


def fit(text: str, width: int) -> str:
    """`text` in at most `width` cells, an ellipsis where it was cut; clean, and on one line."""
    text = clean_line(text)
    if cell_len(text) <= width:
        return text
    if width < 1:
        return ""
    return set_cell_size(text, width - 1).rstrip() + theme.WAITING


def line(*parts: str | tuple[str, Style]) -> Line:
    """A line of plain and styled parts; empty parts leave nothing behind."""
    pairs = ((part, None) if isinstance(part, str) else part for part in parts)
    return [Segment(clean_line(text), style) for text, style in pairs if text]


def width_of(parts: Line) -> int:
    """Width in cells."""
    return sum(map(cell_len, [segment.text for segment in parts]))


def cut(parts: Line, width: int) -> Line:
    """The line, cut to `width` cells."""
    kept: Line = []
    room = width
    for segment in parts:
        size = cell_len(segment.text)
        if size > room:
            return [*kept, Segment(fit(segment.text, room), segment.style)] if room > 0 else kept
        kept.append(segment)
        room -= size
    return kept


def padded(parts: Line, width: int) -> Line:
    """The line, filled with spaces to exactly `width` cells, or cut to it."""
    missing = width - width_of(parts)
    if missing < 0:
        parts = cut(parts, width)
        missing = width - width_of(parts)  # a character of two cells may not have fitted
    return [*parts, Segment(" " * missing)] if missing else parts


def justified(left: Line, right: Line, width: int) -> Line:
    """`left` and `right` at the two ends of the line. `left` is cut; `right` goes where it has no room."""
    if width_of(right) + 2 > width:
        return cut(left, width)
    left = cut(left, width - width_of(right) - 2)
    return [*left, Segment(" " * (width - width_of(left) - width_of(right))), *right]


def beside(columns: Sequence[tuple[int, list[Line]]], gap: Line) -> list[Line]:
    """Blocks of lines side by side: (width, lines) each, `gap` between them, short ones filled up."""
    height = max((len(block) for _, block in columns), default=0)
    rows: list[Line] = []
    for i in range(height):
        row: Line = []
        for k, (width, block) in enumerate(columns):
            row += gap if k else []
            row += padded(block[i] if i < len(block) else [], width)
        rows.append(row)
    return rows
