"""Small tables: aligned columns, quiet heads, no rules."""

from __future__ import annotations

from rich.cells import cell_len

from quizcli.demo.events import Table
from quizcli.demo.plain_text import plain_words
from quizcli.screen.terminal.palette import QUIET
from quizcli.screen.terminal.segments import Line, cut, fit, line

GAP = 2  # cells between columns


def column_widths(event: Table) -> list[int]:
    """Cells that each column needs."""
    rows = _spoken(event)
    count = max(len(row) for row in rows)
    return [max(cell_len(row[k]) for row in rows if k < len(row)) for k in range(count)]


def table_width(event: Table) -> int:
    """Cells that the whole table needs."""
    widths = column_widths(event)
    return sum(widths) + GAP * (len(widths) - 1)


def draw_table(event: Table, width: int, height: int) -> list[Line]:
    """The heads and as many rows as fit; the widest columns give way first. Numbers stand to the right."""
    widths = column_widths(event)
    while sum(widths) + GAP * (len(widths) - 1) > width and max(widths) > 4:
        widths[widths.index(max(widths))] -= 1
    head, *rows = _spoken(event)
    right = [all(_is_number(row[k]) for row in rows if k < len(row)) for k in range(len(widths))]
    lines = [line((_row(head, widths, right), QUIET))]
    lines += [line(_row(row, widths, right)) for row in rows]
    hidden = len(lines) - height
    if hidden > 0 and height > 1:
        lines[height - 1 :] = [line((f"… +{hidden + 1}", QUIET))]
    return [cut(row, width) for row in lines[: max(0, height)]]


def _spoken(event: Table) -> list[list[str]]:
    """The heads and the rows in the language in use."""
    return [[plain_words(cell) for cell in row] for row in (event.columns, *event.rows)]


def _is_number(text: str) -> bool:
    return not any(c.isalpha() for c in text.removesuffix("NaN").replace("e", "", 1)) and any(
        c.isdigit() for c in text
    )


def _row(cells: list[str], widths: list[int], right: list[bool]) -> str:
    parts = []
    for text, width, to_right in zip(cells, widths, right, strict=False):
        text = fit(text, width)
        blank = " " * (width - cell_len(text))
        parts.append(blank + text if to_right else text + blank)
    return (" " * GAP).join(parts).rstrip()
