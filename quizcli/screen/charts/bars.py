"""Horizontal bars to an eighth of a cell, in parts where there are parts, with their numbers."""

from __future__ import annotations

import math
from itertools import islice

from rich.cells import cell_len
from rich.segment import Segment

from quizcli.demo.events import Bars
from quizcli.demo.plain_text import plain_words
from quizcli.screen.terminal.numbers import aligned
from quizcli.screen.terminal.palette import QUIET, series
from quizcli.screen.terminal.segments import Line, cut, fit, line

_EIGHTHS = " ▏▎▍▌▋▊▉█"
_FILLS = "█░▓▒"  # parts without colour


def draw_bars(event: Bars, width: int, height: int, colour: bool = True) -> list[Line]:
    """Label, bar and number of each row, in at most `height` lines of at most `width` cells.

    Negative values go to the left of a common zero. Rows that have no room are counted in the last line.
    """
    rows = list(zip(map(plain_words, event.labels), event.values, strict=True))
    legend = [_legend(event, width, colour)] if event.parts and height > 2 else []
    room = max(0, height - len(legend))
    hidden = len(rows) - (room - 1) if len(rows) > room else 0
    rows = rows[: len(rows) - hidden] if hidden else rows
    labels = min(width // 2, max((cell_len(label) for label, _ in rows), default=0))
    figures = _figures([values for _, values in rows])
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
        parts += line("  " if parts else "", (_fill(k, colour), series(k)), " " + plain_words(name))
    return cut(parts, width)


def _fill(part: int, colour: bool) -> str:
    return _FILLS[0 if colour else part % len(_FILLS)]


def _figures(rows: list[tuple[float, ...]]) -> list[str]:
    """The number of each bar; its parts and their sum where it has parts."""
    texts = iter(aligned([value for row in rows for value in (*row, sum(row))]))
    figures = []
    for row in rows:
        *parts, total = islice(texts, len(row) + 1)
        figures.append(f"{' + '.join(parts).replace('+ -', '- ')} = {total}" if len(parts) > 1 else total)
    return figures


def _reach(rows: list[tuple[float, ...]]) -> tuple[float, float]:
    """How far the bars go below and above zero, both as positive lengths."""
    below = max((-sum(v for v in row if v < 0 and math.isfinite(v)) for row in rows), default=0.0)
    above = max((sum(v for v in row if v > 0 and math.isfinite(v)) for row in rows), default=0.0)
    return max(0.0, below), max(0.0, above)


def _bar(values: tuple[float, ...], below: float, above: float, space: int, colour: bool) -> Line:
    """A bar of at most `space` cells: what is negative to the left of zero, what is positive to the right."""
    zero = round(space * below / ((below + above) or 1.0))
    negative = [(k, -v) for k, v in enumerate(values) if v < 0 and math.isfinite(v)]
    positive = [(k, v) for k, v in enumerate(values) if v > 0 and math.isfinite(v)]
    to_left = _cells(negative, zero / (below or 1.0))[::-1]
    to_right = _cells(positive, (space - zero) / (above or 1.0))
    bar = [Segment(" " * (zero - sum(length for _, length in to_left)))]
    bar += [Segment(_fill(k, colour) * length, series(k)) for k, length in to_left + to_right]
    if positive:
        end = sum(v for _, v in positive) * (space - zero) / above
        bar.append(Segment(_EIGHTHS[int((end - int(end)) * 8)].strip(), series(positive[-1][0])))
    return [segment for segment in bar if segment.text]


def _cells(parts: list[tuple[int, float]], scale: float) -> list[tuple[int, int]]:
    """(part, whole cells) for stacked lengths, so that the rounded parts add up to the rounded-down whole."""
    cells, so_far, end = [], 0.0, 0
    for i, (k, length) in enumerate(parts):
        so_far += length * scale
        place = int(so_far + 1e-9) if i == len(parts) - 1 else round(so_far)
        cells.append((k, max(0, place - end)))
        end = max(end, place)
    return cells
