"""The panels of a demonstration, arranged in the window.

Rows come from `Started.layout`. Pictures, heat maps and tables take the width they need, charts and bars the
rest. Where the panels of a row do not fit side by side they are stacked; what has no room at all is left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from quizcli.demo.events import Bars, Points
from quizcli.screen.demo.panel import LOWEST, NARROWEST, Size, draw_panel, legible, wanted_size
from quizcli.screen.demo.state import Board, Curves, Panel
from quizcli.screen.terminal.segments import Line, beside, line
from quizcli.text import language

GAP = 3  # cells between two columns
_ABREAST = 3  # panels that stand side by side where the answer gives no layout

Column = list[Panel]
Row = list[Column]


class Gallery:
    """Draws the panels of a board. What has not changed since the last frame is not drawn again."""

    def __init__(self, board: Board, colour: bool = True) -> None:
        self._board = board
        self._colour = colour
        self._drawn: dict[str, tuple[object, list[Line]]] = {}

    def draw(self, width: int, height: int) -> list[Line]:
        """The panels in at most `height` lines of at most `width` cells."""
        rows = arranged(self._board, width, height)
        gap = int(height >= 9 * len(rows) + len(rows) - 1)
        heights = shares(
            height - gap * (len(rows) - 1),
            [_lowest(row) for row in rows],
            [max(sum(map(legible, column)) for column in row) for row in rows],
            [
                max(_stacked(column, (width - GAP * (len(row) - 1)) // len(row), height) for column in row)
                for row in rows
            ],
            [any(isinstance(panel, Curves) for column in row for panel in column) for row in rows],
        )
        lines: list[Line] = []
        for row, high in zip(rows, heights, strict=True):
            lines += [[]] * gap if lines else []
            lines += self._row(row, width, high)
        return lines[:height]

    def _row(self, row: Row, width: int, height: int) -> list[Line]:
        heights = [_heights(column, width, height) for column in row]
        widths = _widths(row, heights, width)
        blocks = []
        for column, wide, highs in zip(row, widths, heights, strict=True):
            lines: list[Line] = []
            for panel, high in zip(column, highs, strict=True):
                drawn = self._panel(panel, wide, high)
                lines += drawn + [[]] * (high - len(drawn))
            blocks.append((wide, lines))
        return beside(blocks, line(" " * GAP))

    def _panel(self, panel: Panel, width: int, height: int) -> list[Line]:
        """The panel's lines, from the last frame where nothing has changed."""
        key = self._board.versions[panel.panel], width, height, language()
        if self._drawn.get(panel.panel, (None,))[0] != key:
            self._drawn[panel.panel] = key, draw_panel(panel, width, height, self._colour)
        return self._drawn[panel.panel][1]


def arranged(board: Board, width: int, height: int) -> list[Row]:
    """The panels in rows of columns, as many as fit: the last panels are left out first."""
    rows = [[[panel] for panel in row] for row in _rows(board, width)]
    for row in rows:
        while len(row) > 1 and sum(_narrowest(c) for c in row) + GAP * (len(row) - 1) > width:
            pairs = [len(a) + len(b) for a, b in pairwise(row)]
            k = len(pairs) - 1 - pairs[::-1].index(min(pairs))  # the shortest pair, the last of these
            row[k : k + 2] = [row[k] + row[k + 1]]
    while rows and sum(_lowest(row) for row in rows) > height:
        tallest = max(rows[-1], key=len)
        (tallest if len(tallest) > 1 else rows[-1]).pop()
        if not rows[-1]:
            rows.pop()
    return rows


def _rows(board: Board, width: int) -> list[list[Panel]]:
    """The rows of the layout, then those panels that it does not name."""
    layout = board.started.layout if board.started else ()
    rows = [[board.panels[name] for name in row if name in board.panels] for row in layout]
    named = {name for row in layout for name in row}
    others: list[list[Panel]] = []
    for name, panel in board.panels.items():
        if name in named:
            continue
        row = [*others[-1], panel] if others else [panel]
        if others and len(row) <= _ABREAST and sum(NARROWEST[type(p)] + GAP for p in row) - GAP <= width:
            others[-1] = row
        else:
            others.append([panel])
    return [row for row in rows + others if row]


def _narrowest(column: Column) -> int:
    return max(NARROWEST[type(panel)] for panel in column)


def _lowest(row: Row) -> int:
    return max(sum(LOWEST[type(panel)] for panel in column) for column in row)


def _stacked(column: Column, width: int, height: int) -> int:
    """Lines that the panels of a column would use, one above the other."""
    return sum(_size(panel, width, height).height for panel in column)


def _size(panel: Panel, width: int, height: int) -> Size:
    try:
        return wanted_size(panel, width, height)
    except ValueError:  # nothing that can be drawn: the panel says so in two lines
        return Size(width, 2)


def shares(
    total: int,
    lowest: Sequence[int],
    legible: Sequence[int],
    wanted: Sequence[int],
    stretch: Sequence[bool],
) -> list[int]:
    """`total` lines shared out: the lowest to each, then what is legible, then what is wanted.

    The rest goes to who stretches.
    """
    given = list(lowest)
    for _ in range(total - sum(lowest)):
        for aim in (legible, wanted):
            if short := [k for k in range(len(given)) if given[k] < min(aim[k], wanted[k])]:
                break
        else:
            short = [k for k in range(len(given)) if stretch[k]]
        if not short:
            break
        given[min(short, key=lambda k: given[k] / max(1, aim[k]))] += 1
    return given


def _heights(column: Column, width: int, height: int) -> list[int]:
    """Lines for each panel of a column."""
    return shares(
        height,
        [LOWEST[type(panel)] for panel in column],
        [legible(panel) for panel in column],
        [_size(panel, width, height).height for panel in column],
        [isinstance(panel, Curves | Points) for panel in column],
    )


def _widths(row: Row, heights: list[list[int]], width: int) -> list[int]:
    """Cells for each column: what pictures, heat maps and tables need, the rest to charts and bars."""
    if len(row) == 1:
        return [width]
    elastic = [any(isinstance(panel, Curves | Bars) for panel in column) for column in row]
    if not any(elastic):
        elastic = [any(isinstance(panel, Points) for panel in column) for column in row]
    room = width - GAP * (len(row) - 1)
    least = _least_widths(row, elastic, room)
    widths = [0] * len(row)
    fixed = [k for k in range(len(row)) if not elastic[k]]
    spare = room - sum(least[k] for k in range(len(row)) if elastic[k])
    for k in fixed:
        limit = max(least[k], spare // len(fixed))
        widths[k] = max(
            _size(panel, limit, high).width for panel, high in zip(row[k], heights[k], strict=True)
        )
    left = room - sum(widths)
    stretching = [k for k in range(len(row)) if elastic[k]]
    for n, k in enumerate(stretching):
        widths[k] = left // (len(stretching) - n)
        left -= widths[k]
    return widths


def _least_widths(row: Row, elastic: list[bool], room: int) -> list[int]:
    """What each column gets at least: charts together two fifths of the room, if the others can live."""
    narrowest = [_narrowest(column) for column in row]
    spare = room - sum(narrowest)
    share = room * 2 // 5 // max(1, sum(elastic))
    return [
        low + max(0, min(share - low, spare)) if stretches else low
        for low, stretches in zip(narrowest, elastic, strict=True)
    ]
