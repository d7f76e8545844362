"""One panel of a demonstration: title, drawing and caption, and the room it would like to have."""

from __future__ import annotations

from typing import NamedTuple

from rich.cells import cell_len

from quizcli.demo.events import UNDRAWABLE, Bars, Heatmap, Images, Points, Table
from quizcli.demo.plain_text import plain_words
from quizcli.screen.charts.bars import draw_bars
from quizcli.screen.charts.heatmap import draw_heatmap, plan
from quizcli.screen.charts.image_grid import arrange, draw_images
from quizcli.screen.charts.line_chart import draw_chart
from quizcli.screen.charts.scatter import draw_points
from quizcli.screen.charts.table import draw_table, table_width
from quizcli.screen.demo.state import Curves, Panel
from quizcli.screen.terminal.palette import BAD, QUIET, STRONG
from quizcli.screen.terminal.segments import Line, cut, fit, line
from quizcli.text import tr

NARROWEST = {Curves: 36, Bars: 36, Images: 24, Heatmap: 24, Points: 24, Table: 20}  # cells
LOWEST = {Curves: 5, Bars: 3, Images: 5, Heatmap: 5, Points: 5, Table: 3}  # lines, the title included
_LABELLED = 12  # rows of a heat map that shall have a line, and so their label, each
_WITH_CAPTION = 9  # lines: lower panels do without one


class Size(NamedTuple):
    """Cells and lines."""

    width: int
    height: int


def wanted_size(panel: Panel, width: int, height: int) -> Size:
    """What the panel would use of `width` × `height` cells."""
    frame = 1 + bool(_caption(panel, height))
    try:
        size = _size(panel, width, height, frame)
    except UNDRAWABLE:
        size = Size(width, LOWEST[type(panel)])  # its drawing says why
    least = max(
        cell_len(plain_words(panel.title)), cell_len(_caption(panel, height)), NARROWEST[type(panel)] // 2
    )
    return Size(min(width, max(least, size.width)), min(height, size.height + frame))


def _size(panel: Panel, width: int, height: int, frame: int) -> Size:
    match panel:
        case Curves():
            return Size(width, 12)
        case Images():
            grid = arrange(panel.images.shape, panel.columns, width, 2 * max(1, height - frame))
            return Size(grid.pixels_wide, -(-grid.pixels_high // 2))
        case Heatmap():
            return Size(*plan(panel, width, max(1, height - frame)).cells)
        case Points():
            return Size(max(24, 2 * (height - frame - 1)), 14)
        case Bars():
            return Size(width, 2 * len(panel.labels) - 1 + bool(panel.parts))
        case Table():
            return Size(table_width(panel), len(panel.rows) + 1)


def legible(panel: Panel) -> int:
    """Lines from which on nothing is merged or hidden, where that depends on what the panel holds."""
    match panel:
        case Bars():
            return 1 + len(panel.labels) + bool(panel.parts)
        case Table():
            return 2 + len(panel.rows)
        case Heatmap() if panel.y_ticks and panel.values.shape[0] <= _LABELLED:
            return 2 + panel.values.shape[0] + bool(panel.x_ticks)
    return LOWEST[type(panel)] + 3


def draw_panel(panel: Panel, width: int, height: int, colour: bool = True) -> list[Line]:
    """Title, drawing and caption in at most `height` lines of at most `width` cells."""
    caption = _caption(panel, height)
    room = height - 1 - bool(caption)
    try:
        body = _body(panel, width, room, colour)
    except UNDRAWABLE as error:
        body = [line((fit(tr(f"cannot be drawn: {error}", f"无法绘制：{error}"), width), BAD))]
    lines = [_title(panel, width, room), *body[:room]]
    return [*lines, line((fit(caption, width), QUIET))] if caption else lines


def _body(panel: Panel, width: int, height: int, colour: bool) -> list[Line]:
    match panel:
        case Curves():
            curves = {plain_words(panel.names.get(key, key)): curve for key, curve in panel.curves.items()}
            x_label = plain_words(panel.x_label)
            return draw_chart(curves, width, height, log=panel.log, x_label=x_label, marks=panel.marks)
        case Images():
            return draw_images(panel, width, height, colour)
        case Heatmap():
            return draw_heatmap(panel, width, height, colour)
        case Points():
            return draw_points(panel, width, height)
        case Bars():
            return draw_bars(panel, width, height, colour)
        case Table():
            return draw_table(panel, width, height)


def _caption(panel: Panel, height: int) -> str:
    """The line below the drawing; "" where there is none or no room for it."""
    text = plain_words(panel.caption) if isinstance(panel, Images | Heatmap | Points) else ""
    return text if height >= _WITH_CAPTION else ""


def _title(panel: Panel, width: int, height: int) -> Line:
    """The panel's title, and quietly what its numbers mean or how much of it is shown."""
    match panel:
        case Curves():
            remarks = [plain_words(panel.unit), tr("log scale", "对数坐标") if panel.log else ""]
        case Bars():
            remarks = [plain_words(panel.unit)]
        case Images():
            remarks = [_shown(panel, width, height)]
        case _:
            remarks = []
    title = plain_words(panel.title) or panel.panel
    remarks = [remark for remark in remarks if remark]
    while remarks and cell_len(title) + 2 + cell_len(" · ".join(remarks)) > width:
        remarks.pop()
    return cut(line((title, STRONG), ("  " + " · ".join(remarks) if remarks else "", QUIET)), width)


def _shown(panel: Images, width: int, height: int) -> str:
    """How many of the pictures are shown, where some are left out."""
    shape = panel.images.shape
    try:
        grid = arrange(shape, panel.columns, width, 2 * height)
    except ValueError:
        return ""
    count = shape[0] if len(shape) > 2 else 1
    shown = sum(max(0, min(grid.columns, count - row * grid.stride)) for row in range(grid.rows))
    return tr(f"{shown} of {count}", f"{shown}/{count}") if shown < count else ""
