"""A scatter of points in braille dots; a sign at the centre of each group names it without colour."""

from __future__ import annotations

import math
from collections.abc import Sequence

from rich.cells import cell_len
from rich.segment import Segment

from quizcli.demo.events import Points
from quizcli.demo.plain_text import plain_words
from quizcli.screen.charts.arrays import numbers_of
from quizcli.screen.charts.braille_canvas import Dots
from quizcli.screen.terminal.numbers import nice_step, number, widened
from quizcli.screen.terminal.palette import QUIET, STRONG, series
from quizcli.screen.terminal.segments import Line, cut, line, width_of

_SIGNS = "abcdefghijklmnopqrstuvwxyz0123456789"  # letters: a digit beside "p = 0.5" would read as a value
_WIDEST = 4  # one axis may be this many times the other before the two get scales of their own


def draw_points(event: Points, width: int, height: int) -> list[Line]:
    """The scatter with its legend below, in at most `height` lines of at most `width` cells.

    Both axes have one scale, so that a circle is round. Raises ValueError where the array is not (n, 2).
    """
    values = numbers_of(event.xy, 2)
    if event.xy.shape[1] != 2 or (event.groups and len(event.groups) != event.xy.shape[0]):
        raise ValueError(f"{len(event.groups)} groups for points {event.xy.shape}")
    groups = event.groups or (0,) * event.xy.shape[0]
    points = [
        (x, y, group)
        for x, y, group in zip(values[::2], values[1::2], groups, strict=True)
        if math.isfinite(x) and math.isfinite(y)
    ]
    rows = height - 1 if height > 2 else height
    if not points or width < 2:
        return []
    spans = _range([x for x, _, _ in points]), _range([y for _, y, _ in points])
    dots = _canvas(spans, width, rows)
    (left, right), (low, high) = spans
    to_x, to_y = (dots.width - 1) / (right - left), (dots.height - 1) / (high - low)
    centres: dict[int, list[tuple[int, int]]] = {}
    for x, y, group in points:
        at = int((x - left) * to_x + 0.5), int((high - y) * to_y + 0.5)
        dots.dot(*at, group)
        centres.setdefault(group, []).append(at)
    signs = group_signs(event)
    if len(centres) > 1:
        for group in sorted(centres):
            _sign(dots, centres[group], signs.get(group, "?"), group)
    indent = [Segment(" " * ((width - dots.columns) // 2))]
    lines = [indent + row for row in dots.lines()]
    return lines if rows == height else [*lines, _legend(event, signs, sorted(centres), spans, width)]


def _range(values: list[float]) -> tuple[float, float]:
    """A range in round numbers, so that the picture stands still while the points move."""
    low, high = widened(min(values), max(values))
    step = nice_step(high - low, 8)
    return math.floor(low / step) * step, math.ceil(high / step) * step


def _canvas(spans: Sequence[tuple[float, float]], width: int, rows: int) -> Dots:
    """The largest canvas in which both axes have the same scale, unless one is much longer."""
    (left, right), (low, high) = spans
    aspect = (right - left) / (high - low)
    if not 1 / _WIDEST <= aspect <= _WIDEST:
        return Dots(width, rows)
    columns = min(width, max(2, round(2 * rows * aspect)))
    return Dots(columns, min(rows, max(1, round(columns / (2 * aspect)))))


def group_signs(event: Points) -> dict[int, str]:
    """One cell for each group: its one-character name, its initial where all differ, else a letter."""
    names = [plain_words(name) for name in event.group_names]
    initials = [name[:1].lower() for name in names]
    if names and all(cell_len(name) == 1 for name in names):
        return dict(enumerate(names))
    if names and len(set(initials)) == len(names) and all(i.isascii() and i.isalpha() for i in initials):
        return dict(enumerate(initials))
    return {group: _SIGNS[group % len(_SIGNS)] for group in {*event.groups, *range(len(names))}}


def _sign(dots: Dots, places: list[tuple[int, int]], sign: str, group: int) -> None:
    """Write the group's sign on the dot nearest to its median, or beside a sign that stands there."""
    x, y = (sorted(axis)[len(places) // 2] for axis in zip(*places, strict=True))
    x, y = min(places, key=lambda place: (place[0] - x) ** 2 + (place[1] - y) ** 2)
    for offset in (0, 1, -1, 2, -2, 3, -3):
        if 0 <= x // 2 + offset < dots.columns and dots.mark(x // 2 + offset, y // 4, sign, group):
            return


def _legend(
    event: Points, signs: dict[int, str], groups: list[int], spans: Sequence[tuple[float, float]], width: int
) -> Line:
    """What the signs stand for, and the ranges of the two axes where there is room."""
    parts: Line = []
    names = [plain_words(name) for name in event.group_names]
    for group in groups:
        if group < len(names) and names[group] != signs.get(group):
            style = series(group)
            gap = "  " if parts else ""
            parts += line(gap, (f"{signs[group]} ", style + STRONG), (names[group], style))
    (left, right), (low, high) = ((number(a, 3), number(b, 3)) for a, b in spans)
    ranges = f"x {left} … {right}  y {low} … {high}"
    gap = "  " if parts else ""
    if width_of(parts) + len(gap + ranges) <= width:
        parts += line(gap, (ranges, QUIET))
    return cut(parts, width)
