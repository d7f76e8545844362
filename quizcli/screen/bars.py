"""Horizontal bars to an eighth of a cell, in parts where there are parts, with their numbers."""

from __future__ import annotations

import math

from rich.cells import cell_len
from rich.segment import Segment

from quizcli.demo.events import Bars
from quizcli.screen.lines import Line, cut, fit, line, width_of
from quizcli.screen.numbers import number
from quizcli.screen.palette import QUIET, series

_EIGHTHS = " ▏▎▍▌▋▊▉█"
_FILLS = "█░▓▒"  # parts without colour


def draw_bars(event: Bars, width: int, height: int, colour: bool = True) -> list[Line]:
    """Label, bar and number of each row, in at most `height` lines of at most `width` cells.

    Negative values go to the left of a common zero. Rows that have no room are counted in the last line.
    """
    rows = list(zip(event.labels, event.values, strict=True))
    legend = [_legend(event, width, colour)] if event.parts and height > 2 else []
    room = max(0, height - len(legend))
    hidden = len(rows) - (room - 1) if len(rows) > room else 0
    rows = rows[: len(rows) - hidden] if hidden else rows
    labels = min(width // 2, max((cell_len(label) for label, _ in rows), default=0))
    figures = [_figure(values) for _, values in rows]
    space = width - labels - 3 - max((cell_len(figure) for figure in figures), default=0)
    left, right = _reach([values for _, values in rows])
    lines = list(legend)
    airy = not hidden and 2 * len(rows) - 1 <= room
    for (label, values), figure in zip(rows, figures, strict=True):
        name = fit(label, labels)
        if airy and len(lines) > len(legend):
            lines.append([])
        head = line(" " * (labels - cell_len(name)) + name + " ")
        bar = _bar(values, left, right, space, colour) if space > 4 else []
        lines.append(cut([*head, *bar, Segment(" " * bool(bar) + figure)], width))
    return (lines + ([line((fit(f"… +{hidden}", width), QUIET))] if hidden else []))[:height]


def _legend(event: Bars, width: int, colour: bool) -> Line:
    parts: Line = []
    for k, name in enumerate(event.parts):
        parts += line("  " if parts else "", (_fill(k, colour), series(k)), " " + name)
    return cut(parts, width)


def _fill(part: int, colour: bool) -> str:
    return _FILLS[0 if colour else part % len(_FILLS)]


def _figure(values: tuple[float, ...]) -> str:
    """The number of a bar; its parts and their sum where it has parts."""
    if len(values) == 1:
        return number(values[0])
    return " + ".join(number(value) for value in values).replace("+ -", "- ") + " = " + number(sum(values))


def _reach(rows: list[tuple[float, ...]]) -> tuple[float, float]:
    """How far the bars go below and above zero, both as positive lengths."""
    below = max((-sum(v for v in row if v < 0 and math.isfinite(v)) for row in rows), default=0.0)
    above = max((sum(v for v in row if v > 0 and math.isfinite(v)) for row in rows), default=0.0)
    return max(0.0, below), max(0.0, above)


def _bar(values: tuple[float, ...], below: float, above: float, space: int, colour: bool) -> Line:
    """A bar: what is negative to the left of zero, what is positive to the right."""
    scale = space / ((below + above) or 1.0)  # cells to one
    zero = round(below * scale)
    negative = [(k, -v) for k, v in enumerate(values) if v < 0 and math.isfinite(v)]
    positive = [(k, v) for k, v in enumerate(values) if v > 0 and math.isfinite(v)]
    line: Line = []
    if zero:
        for k, length in reversed(list(_cells(negative, zero / below))):
            line.append(Segment(_fill(k, colour) * length, series(k)))
        line.insert(0, Segment(" " * (zero - width_of(line))))
    limit = space - zero
    for i, (k, length) in enumerate(_cells(positive, limit / (above or 1.0))):
        line.append(Segment(_fill(k, colour) * length, series(k)))
        if i == len(positive) - 1:
            total = sum(v for _, v in positive) * limit / above
            rest = round((total - int(total)) * 8)
            if rest and int(total) < limit:
                line.append(Segment(_EIGHTHS[rest], series(k)))
    return [segment for segment in line if segment.text]


def _cells(parts: list[tuple[int, float]], scale: float) -> list[tuple[int, int]]:
    """(part, whole cells) for stacked lengths, so that the rounded parts add up to the rounded-down whole."""
    cells, so_far, end = [], 0.0, 0
    for i, (k, length) in enumerate(parts):
        so_far += length * scale
        place = int(so_far + 1e-9) if i == len(parts) - 1 else round(so_far)
        cells.append((k, max(0, place - end)))
        end = max(end, place)
    return cells
