"""Line charts in braille: curves named at their ends, round numbers on the axes, outliers cut off openly."""

import math
from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import NamedTuple

from rich.cells import cell_len

from quizcli.screen.charts.braille_canvas import Dots
from quizcli.screen.terminal.numbers import linear_ticks, log_ticks, number, tick_labels, widened
from quizcli.screen.terminal.palette import QUIET, series
from quizcli.screen.terminal.segments import Line, fit, line, padded

ABOVE, BELOW = "↑", "↓"  # the curve goes on outside the picture
_KEPT = 4096  # points of a curve; beyond that neighbours are merged


class Curve:
    """The points of one curve, in the order they came."""

    def __init__(self) -> None:
        self.xs: list[float] = []
        self.ys: list[float] = []

    def add(self, x: float, y: float) -> None:
        """One more point. Of too many only the lowest and the highest of each four stay."""
        self.xs.append(x)
        self.ys.append(y)
        if len(self.xs) > _KEPT:
            chosen = [i for start in range(0, len(self.ys), 4) for i in self._extremes(start)]
            self.xs = [self.xs[i] for i in chosen]
            self.ys = [self.ys[i] for i in chosen]

    def _extremes(self, start: int) -> list[int]:
        four = range(start, min(start + 4, len(self.ys)))
        return sorted({min(four, key=self.ys.__getitem__), max(four, key=self.ys.__getitem__)})


class _Scale(NamedTuple):
    """What the data area shows: x from left to right, y (logarithms on a log axis) from low to high."""

    left: float
    right: float
    low: float
    high: float
    log: bool


def draw_chart(
    curves: Mapping[str, Curve],
    width: int,
    height: int,
    *,
    log: bool = False,
    x_label: str = "",
    marks: Sequence[tuple[float, str]] = (),
) -> list[Line]:
    """The chart in at most `height` lines of at most `width` cells; `marks` say what happened at some x."""
    heights = [_heights(curve.ys, log) for curve in curves.values()]
    scale = _scale_of(list(curves.values()), heights, log)
    if scale is None or width < 12 or height < 2:
        return [line((fit("…", width), QUIET))][:height]
    ticks = _y_ticks(scale, height - 1)
    gutter = max((cell_len(label) for label in ticks.values()), default=0)
    gutter = gutter if gutter <= width // 3 else 0
    names = _names_width(curves, width - gutter - 1)
    dots = Dots(width - gutter - 1 - names, height - 1)
    outside: dict[int, float] = {}
    ends = [
        _plot(dots, scale, curve.xs, ys, i, outside)
        for i, (curve, ys) in enumerate(zip(curves.values(), heights, strict=True))
    ]
    _mark_outside(dots, scale, outside)
    for x, text in marks:
        share = (x - scale.left) / ((scale.right - scale.left) or 1.0)
        if dots.columns and 0 <= share <= 1:
            dots.rule(int(share * (dots.columns - 1) + 0.5), text)
    labels = _end_labels(curves, ends, dots.rows, names)
    lines = []
    for row, plotted in enumerate(dots.lines()):
        tick = ticks.get(row, "") if gutter else ""
        axis = line((f"{tick:>{gutter}}" + ("┤" if tick else "│"), QUIET))
        lines.append(axis + (padded(plotted, dots.columns) + labels[row] if row in labels else plotted))
    return [*lines, _x_axis(scale, gutter + 1, dots.columns, width, x_label)]


def _heights(ys: list[float], log: bool) -> list[float]:
    """Where each value stands on the axis; NaN for what has no place there."""
    if log:
        return [math.log10(y) if 0 < y < math.inf else math.nan for y in ys]
    return [y if math.isfinite(y) else math.nan for y in ys]


def _scale_of(curves: list[Curve], heights: list[list[float]], log: bool) -> _Scale | None:
    """Ranges for all curves, without the outliers that would flatten the rest; None if there is no point."""
    xs = [x for curve in curves for x in curve.xs if math.isfinite(x)]
    ranges = [_range_of(sorted(y for y in ys if y == y)) for ys in heights]
    lows, highs = [r[0] for r in ranges if r], [r[1] for r in ranges if r]
    if not xs or not lows:
        return None
    return _Scale(min(xs), max(xs), *widened(min(lows), max(highs)), log)


def _range_of(values: list[float]) -> tuple[float, float] | None:
    """The range of sorted values. Where a few at the ends take half of it or more, they are left out."""
    if not values:
        return None
    low, high = values[0], values[-1]
    few = max(len(values) // 20, int(len(values) >= 12))
    inner = values[-1 - few] - values[few]
    clipped = max(low, values[few] - inner / 2), min(high, values[-1 - few] + inner / 2)
    return clipped if inner > 0 and high - low > 2 * (clipped[1] - clipped[0]) else (low, high)


def _plot(
    dots: Dots, scale: _Scale, xs: list[float], heights: list[float], owner: int, outside: dict[int, float]
) -> int | None:
    """Draw one curve; the dot row where it ends, None if it has no point.

    `outside` collects, for each column of cells where the curve leaves the picture, how far.
    """
    to_x = (dots.width - 1) / ((scale.right - scale.left) or 1.0)
    to_y = (dots.height - 1) / (scale.high - scale.low)
    columns = [int((x - scale.left) * to_x + 0.5) if math.isfinite(x) else -1 for x in xs]
    gaps = [y != y or column < 0 for y, column in zip(heights, columns, strict=True)]

    def dot_row(y: float) -> int:
        return int((scale.high - min(max(y, scale.low), scale.high)) * to_y + 0.5)

    end = None
    for gap, piece in groupby(range(len(xs)), gaps.__getitem__):
        previous = None
        for column, group in groupby(piece if not gap else (), columns.__getitem__):
            indices = list(group)
            ys = heights[indices[0] : indices[-1] + 1]
            lowest, highest = min(ys), max(ys)  # of thousands of points these are much faster than a loop
            dots.line(column, dot_row(highest), column, dot_row(lowest), owner)
            if previous is not None:
                dots.line(*previous, column, dot_row(ys[0]), owner)
            end = dot_row(ys[-1])
            previous = column, end
            if highest > scale.high:
                outside[column // 2] = max(highest, outside.get(column // 2, highest))
            elif lowest < scale.low:
                outside[column // 2] = min(lowest, outside.get(column // 2, lowest))
    return end


def _mark_outside(dots: Dots, scale: _Scale, outside: dict[int, float]) -> None:
    """An arrow wherever a curve leaves the picture, and beside the arrows how far the farthest goes."""
    for arrow, row, farthest in ((ABOVE, 0, max), (BELOW, dots.rows - 1, min)):
        columns = {c: y for c, y in outside.items() if (y > scale.high) == (arrow == ABOVE)}
        if not columns:
            continue
        for column in columns:
            if column - 1 not in columns:
                dots.mark(column, row, arrow)
        y = farthest(columns.values())
        dots.write(min(columns) + 1, row, " " + number(10**y if scale.log else y, 3))


def _y_ticks(scale: _Scale, rows: int) -> dict[int, str]:
    """Row -> label: three or four round numbers, two where the chart is low."""
    count = 4 if rows >= 8 else 3 if rows >= 4 else 2
    if scale.log:
        ticks = log_ticks(10**scale.low, 10**scale.high, count)
        places, labels = [math.log10(tick) for tick in ticks], [number(tick) for tick in ticks]
    else:
        ticks = places = linear_ticks(scale.low, scale.high, count)
        labels = tick_labels(ticks)
    to_y = (4 * rows - 1) / (scale.high - scale.low)
    at = [int((scale.high - place) * to_y + 0.5) // 4 for place in places]
    return {row: label for row, label in zip(at, labels, strict=True) if 0 <= row < rows}


def _names_width(curves: Mapping[str, Curve], room: int) -> int:
    """Cells to the right of the curves for " name 105.9"; for less where that is too much."""
    longest = max(cell_len(name) for name in curves)
    return next((width for width in (longest + 8, longest + 1) if 2 * width <= room), 0)


def _end_labels(
    curves: Mapping[str, Curve], ends: list[int | None], rows: int, width: int
) -> dict[int, Line]:
    """Row -> name and last value of the curve that ends there; labels that would collide are moved apart."""
    order = sorted((end // 4, i) for i, end in enumerate(ends) if end is not None)[:rows]
    placed: list[int] = []
    for k, (row, _) in enumerate(order):
        row = max(row, placed[-1] + 1 if placed else 0)
        placed.append(min(row, rows - len(order) + k))
    names = list(curves)
    labels = {}
    for row, (_, i) in zip(placed, order, strict=True):
        last = next((y for y in reversed(curves[names[i]].ys) if math.isfinite(y)), math.nan)
        texts = (f" {names[i]} {number(last)}", f" {names[i]} {number(last, 2)}", fit(f" {names[i]}", width))
        text = next(text for text in texts if cell_len(text) <= width)
        labels[row] = line((text, series(i)))
    return labels


def _x_axis(scale: _Scale, margin: int, columns: int, width: int, name: str) -> Line:
    """The two ends of the x axis, round numbers between them, and its name where there is room."""
    row = [" "] * (margin + columns)

    def put(text: str, start: int) -> None:
        if all(c == " " for c in row[max(0, start - 2) : start + len(text) + 2]) and start >= 0:
            row[start : start + len(text)] = text

    put(number(scale.left), margin)
    if scale.right > scale.left:
        last = number(scale.right)
        put(last, len(row) - len(last))
        ticks = linear_ticks(scale.left, scale.right, max(2, min(6, columns // 12)))
        for tick, label in zip(ticks, tick_labels(ticks), strict=True):
            at = margin + round((tick - scale.left) / (scale.right - scale.left) * (columns - 1))
            put(label, min(at - len(label) // 2, len(row) - len(label)))
    text = "".join(row)
    named = f"{text.rstrip()} {name}".rstrip()
    return line((named if cell_len(named) <= width else fit(text.rstrip(), width), QUIET))
