"""Matrices as heat maps: colours in half blocks with their scale below; shades where there are no colours."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from rich.cells import cell_len
from rich.segment import Segment

from quizcli.demo.events import Heatmap
from quizcli.demo.plain_text import plain_words
from quizcli.screen.charts.arrays import matrix_of, mean_of
from quizcli.screen.charts.image_grid import SHADES, half_blocks
from quizcli.screen.terminal.numbers import number, widened
from quizcli.screen.terminal.palette import DIVERGING, QUIET, RAMP_STEPS, SEQUENTIAL, cell_style
from quizcli.screen.terminal.segments import Line, fit, line, width_of

_BELOW_ZERO = " .-=#"  # where shades stand for colours, negative values get these
_LARGEST_CELL, _TALLEST = 8, 48  # pixels, of a value and of a map that could be lower
_RAMP = 12  # cells of the colour scale


class Plan(NamedTuple):
    """Where a heat map's parts go: pixels to a value (or values to a pixel), and the lines around them."""

    gutter: int  # cells for the labels of the rows
    across: int  # pixels to a value; 1 where values are merged
    down: int
    merged_across: int  # values to a pixel
    merged_down: int
    width: int  # of the map, in pixels
    height: int
    notes: int  # lines below the map

    @property
    def cells(self) -> tuple[int, int]:
        """Columns and lines of the whole drawing."""
        return self.gutter + self.width, -(-self.height // 2) + self.notes


def plan(event: Heatmap, width: int, height: int) -> Plan:
    """The largest heat map that fits into `width` × `height` cells. Too many values are merged."""
    if len(event.values.shape) != 2 or 0 in event.values.shape:
        raise ValueError(f"no matrix: {event.values.shape}")
    rows, columns = event.values.shape
    gutter = min(width // 3, max((cell_len(plain_words(tick)) for tick in event.y_ticks), default=-1) + 1)
    notes = min(1 + bool(event.x_ticks) + bool(_axes(event)), max(0, height - 2))
    wide, high = max(1, width - gutter), max(1, 2 * (height - notes))
    merged_across, merged_down = -(-columns // wide), -(-rows // high)
    columns, rows = -(-columns // merged_across), -(-rows // merged_down)
    square = max(1, min(wide // columns, high // rows, _LARGEST_CELL, _TALLEST // rows))
    roomy = max(
        square if square > 2 else 2 * square, *(cell_len(plain_words(tick)) + 1 for tick in event.x_ticks), 0
    )
    across, down = min(wide // columns, roomy), min(high // rows, square if square > 2 else 2)
    return Plan(gutter, across, down, merged_across, merged_down, columns * across, rows * down, notes)


def draw_heatmap(event: Heatmap, width: int, height: int, colour: bool = True) -> list[Line]:
    """The map, its labels and its scale, in at most `height` lines of at most `width` cells."""
    layout = plan(event, width, height)
    matrix = _merged(matrix_of(event.values), layout.merged_down, layout.merged_across)
    low, high = _limits(event, matrix)
    steps = [[_step(value, low, high) for value in row for _ in range(layout.across)] for row in matrix]
    steps = [row for row in steps for _ in range(layout.down)]
    ramp = DIVERGING if event.diverging else SEQUENTIAL
    if colour:
        body = half_blocks([[None if step is None else ramp[step] for step in row] for row in steps])
    else:
        body = [_shaded(steps[k : k + 2], event.diverging) for k in range(0, len(steps), 2)]
    labels = _row_labels(event, layout, len(body))
    lines = [line((label, QUIET)) + row for label, row in zip(labels, body, strict=True)]
    notes = [_column_labels(event, layout)] if event.x_ticks else []
    notes += _scale(event, low, high, width, colour)
    return (lines + notes[: layout.notes])[:height]


def _axes(event: Heatmap) -> str:
    """What the rows and the columns are."""
    labels = (("↓", plain_words(event.y_label)), ("→", plain_words(event.x_label)))
    return "  ".join(f"{arrow} {label}" for arrow, label in labels if label)


def _merged(matrix: list[list[float]], down: int, across: int) -> list[list[float]]:
    if down == across == 1:
        return matrix
    return [
        [
            mean_of([v for row in matrix[k : k + down] for v in row[j : j + across]])
            for j in range(0, len(matrix[0]), across)
        ]
        for k in range(0, len(matrix), down)
    ]


def _limits(event: Heatmap, matrix: list[list[float]]) -> tuple[float, float]:
    """The two ends of the colour scale, which differ."""
    finite = [v for row in matrix for v in row if math.isfinite(v)] or [0.0]
    low = min(finite) if event.low is None else event.low
    high = max(finite) if event.high is None else event.high
    if event.diverging:
        high = max(abs(low), abs(high))
        low = -high
    return widened(low, max(low, high))


def _step(value: float, low: float, high: float) -> int | None:
    """The place of a value on the scale, 0…RAMP_STEPS; None for NaN."""
    if math.isnan(value):
        return None
    return round(min(1.0, max(0.0, (value - low) / (high - low))) * RAMP_STEPS)


def _shade(step: float, diverging: bool) -> str:
    part = step / RAMP_STEPS
    if not diverging:
        return SHADES[round(part * 4)]
    return SHADES[round((part - 0.5) * 8)] if part >= 0.5 else _BELOW_ZERO[round((0.5 - part) * 8)]


def _shaded(rows: Sequence[Sequence[int | None]], diverging: bool) -> Line:
    """One line for one or two rows of pixels."""
    means = (mean_of([step for step in pair if step is not None]) for pair in zip(*rows, strict=True))
    return [Segment("".join(" " if math.isnan(mean) else _shade(mean, diverging) for mean in means))]


def _row_labels(event: Heatmap, layout: Plan, count: int) -> list[str]:
    """The label of the row that begins or is centred on each line; padded to the gutter."""
    labels = [""] * count
    for k, tick in enumerate(event.y_ticks[:: layout.merged_down]):
        at = (k * layout.down + (layout.down - 1) // 2) // 2
        if at < count and not labels[at]:
            labels[at] = fit(plain_words(tick), layout.gutter - 1)
    return [
        " " * (layout.gutter - 1 - cell_len(label)) + label + " " * bool(layout.gutter) for label in labels
    ]


def _column_labels(event: Heatmap, layout: Plan) -> Line:
    """Labels under the columns; those that have no room are left out."""
    text = " " * layout.gutter
    for k, tick in enumerate(event.x_ticks[:: layout.merged_across]):
        at = layout.gutter + k * layout.across
        label = plain_words(tick)
        label = label if cell_len(label) <= layout.across else fit(label, max(layout.across - 1, 1))
        at += max(0, (layout.across - cell_len(label)) // 2)
        if at + cell_len(label) <= layout.gutter + layout.width and (not text.strip() or at > cell_len(text)):
            text += " " * (at - cell_len(text)) + label
    return line((text, QUIET))


def _scale(event: Heatmap, low: float, high: float, width: int, colour: bool) -> list[Line]:
    """The colour scale with its two ends, and the names of the axes beside it or below."""
    ramp = DIVERGING if event.diverging else SEQUENTIAL
    steps = [round(k / (_RAMP - 1) * RAMP_STEPS) for k in range(_RAMP)]
    if colour:
        bar = [Segment("▄", cell_style(ramp[step], None)) for step in steps]
    else:
        bar = [Segment("".join(_shade(step, event.diverging) for step in steps))]
    ends = number(low, 3), number(high, 3)
    scale = [Segment(ends[0] + " ", QUIET), *bar, Segment(" " + ends[1], QUIET)]
    if width_of(scale) > width:
        scale = line((fit(f"{ends[0]} … {ends[1]}", width), QUIET))
    axes = _axes(event)
    if axes and width_of(scale) + 3 + cell_len(axes) <= width:
        return [[*scale, Segment("   " + axes, QUIET)]]
    return [scale, line((fit(axes, width), QUIET))] if axes else [scale]
