"""A formula as tall as it needs to be: each node of its tree as a box with a baseline."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate

from rich.cells import cell_len

from quizcli.screen.latex.one_line import line, parts, runs_into, scripts, small
from quizcli.screen.latex.spacing import SpacedNode, kind_of, leading, spaced
from quizcli.screen.latex.symbols import ACCENTS, SUBSCRIPTS, SUPERSCRIPTS, TALL_FENCES
from quizcli.screen.latex.tree import (
    Accent,
    Arrow,
    BoxedFormula,
    Classed,
    Delimiter,
    Fence,
    Fraction,
    Grid,
    Node,
    Root,
    Row,
    Scripts,
    Stack,
)
from quizcli.screen.terminal.text_box import Box, aligned, blank, piled, side_by_side

BETWEEN_EQUATIONS = 2  # cells more than between the two sides of one


def draw_node(node: Node | Box, tight: bool = False, upright: bool = False) -> Box:
    """The node as tall as it needs; `upright`: fractions stand, limits stand above and below."""
    if isinstance(node, Box):
        return node
    if isinstance(node, Row | Classed):
        row = node if isinstance(node, Row) else node.body
        return beside(spaced(row.items, tight), tight, upright)
    if not upright and (text := line(node, tight)) is not None:
        return Box.of(text)
    match node:
        case Fraction():
            return _fraction(node)
        case Root():
            return _root(node, upright)
        case Scripts():
            return _with_scripts(node, upright)
        case Fence(left=left, body=body, right=right):
            return fenced(left, draw_node(body, tight, upright), right)
        case Grid():
            return _grid(node)
        case Stack():
            return _stack(node, upright)
        case Accent():
            return _with_accent(node, upright)
        case BoxedFormula(body=body):
            return _framed(draw_node(body, upright=upright))
        case Arrow():
            return _arrow(node)
        case Delimiter(text=text, above=int(above), below=int(below)):
            return _fence(text, above, below)
    return Box.of(line(node, tight) or "")


def beside(items: Sequence[SpacedNode], tight: bool = False, upright: bool = False) -> Box:
    """The items of a row, side by side on one baseline."""
    written = parts(list(items), tight)
    placed: list[tuple[int, Box]] = []
    for i, (item, (gap, text)) in enumerate(zip(items, written, strict=True)):
        if text is None or upright:
            # `gap` is for parentheses around a flat fraction; a tall one has none.
            box, gap = draw_node(item.node, tight, upright), max(gap, item.gap if i else 0)
        else:
            box = Box.of(text)
        if i and not gap and runs_into(placed[-1][1].text, box.text):
            gap = 1
        placed.append((gap, box))
    return side_by_side(_grown(items, placed))


def _grown(items: Sequence[SpacedNode], placed: list[tuple[int, Box]]) -> list[tuple[int, Box]]:
    """The boxes of a row with each lone delimiter as tall as what it opens, closes or parts."""
    if not any(_is_lone_delimiter(item.node) for item in items):
        return placed
    boxes = [box for _, box in placed]
    upto = list(accumulate(((box.baseline, box.below) for box in boxes), _taller))
    onward = list(accumulate(((box.baseline, box.below) for box in reversed(boxes)), _taller))[::-1]
    result = list(placed)
    for i, item in enumerate(items):
        delimiter = item.node.base if isinstance(item.node, Scripts) else item.node
        if not isinstance(delimiter, Delimiter) or delimiter.above is not None:
            continue
        above, below = {"open": onward[i], "close": upto[i]}.get(str(item.kind), upto[-1])
        tall: Node = delimiter._replace(above=above, below=below)
        if isinstance(item.node, Scripts):
            tall = item.node._replace(base=tall)
        result[i] = (placed[i][0], draw_node(tall))
    return result


def _is_lone_delimiter(node: Node | Box) -> bool:
    delimiter = node.base if isinstance(node, Scripts) else node
    return isinstance(delimiter, Delimiter) and delimiter.above is None


def _taller(one: tuple[int, int], other: tuple[int, int]) -> tuple[int, int]:
    return max(one[0], other[0]), max(one[1], other[1])


def _fraction(node: Fraction) -> Box:
    above, below = draw_node(node.above), draw_node(node.below)
    width = max(above.width, below.width)
    # Half lines at both ends, so that a minus sign beside it stays a minus sign.
    middle = Box.of("╶" + "─" * width + "╴") if node.line else blank(width)
    return piled([above, middle, below], 1)


def _root(node: Root, upright: bool) -> Box:
    body = draw_node(node.body, upright=upright)
    text = line(node)
    if len(body.rows) == 1 and text is not None:
        return Box.of(text)
    rows = [" ┌" + "─" * body.width + "╴"]
    rows += [f" │{row} " for row in body.rows[:-1]] + [f"╲│{body.rows[-1]} "]
    root = Box(tuple(rows), body.baseline + 1)
    degree = draw_node(node.degree, tight=True) if node.degree else blank(0)
    return side_by_side([(0, degree), (0, root)])


def _with_scripts(node: Scripts, upright: bool) -> Box:
    if kind_of(node.base) in ("big", "limits") and (upright or scripts(node) is None):
        return _stack(Stack(Row((node.base,)), above=node.sup, below=node.sub), upright)
    base = draw_node(node.base, upright=upright)
    if len(base.rows) > 1:
        base = (
            fenced("(", base, ")") if isinstance(node.base, Fraction) else base
        )  # else it is the upper one's
        return _corner_scripts(base, node)
    if (text := line(node)) is not None:
        return Box.of(text)
    low, high = small(node.sub, SUBSCRIPTS), small(node.sup, SUPERSCRIPTS)
    above = draw_node(node.sup, tight=True).rows if node.sup and high is None else ()
    below = draw_node(node.sub, tight=True).rows if node.sub and low is None else ()
    return side_by_side([(0, base), (0, _column(above, (low or "") + (high or ""), below))])


def _column(above: tuple[str, ...], middle: str, below: tuple[str, ...]) -> Box:
    """Rows one under another, flush left, with the baseline in `middle`."""
    rows = (*above, middle, *below)
    width = max(cell_len(row) for row in rows)
    return Box(tuple(row + " " * (width - cell_len(row)) for row in rows), len(above))


def _corner_scripts(base: Box, node: Scripts) -> Box:
    """Scripts at the upper and lower right of something tall."""
    high = small(node.sup, SUPERSCRIPTS)
    low = small(node.sub, SUBSCRIPTS)
    sup = draw_node(node.sup, tight=True).rows if node.sup and high is None else (high or "",)
    sub = draw_node(node.sub, tight=True).rows if node.sub and low is None else (low or "",)
    between = [""] * (len(base.rows) - 2)
    column = _column(sup, "", (*between, *sub))
    # The last row of the superscript lies beside the first row of the base.
    middle = Box(column.rows[: len(sup)] + column.rows[len(sup) + 1 :], len(sup) - 1 + base.baseline)
    return side_by_side([(0, base), (0, middle)])


def fenced(left: str, body: Box, right: str) -> Box:
    """The body between two fences of its height."""
    fences = [_fence(side, body.baseline, body.below) for side in (left, right)]
    return side_by_side([(0, fences[0]), (0, body), (0, fences[1])])


def _fence(side: str, above: int, below: int) -> Box:
    """One fence with rows above and below the baseline; what has no tall form stands on the baseline."""
    height = above + 1 + below
    if height == 1 or side not in TALL_FENCES:
        return Box.of(side)
    top, middle, between, bottom = tuple(TALL_FENCES[side])
    rows = [top, *[between] * (height - 2), bottom]
    if height > 2:
        rows[min(max(above, 1), height - 2)] = middle
    return Box(tuple(rows), above)


def _grid(node: Grid) -> Box:
    cells = [[_cell(cell, node, k > 0) for k, cell in enumerate(row)] for row in node.rows]
    if not cells:
        return blank(0)
    columns = max(len(row) for row in cells)
    cells = [row + [blank(0)] * (columns - len(row)) for row in cells]
    widths = [max(row[k].width for row in cells) for k in range(columns)]
    lines = []
    for row in cells:
        padded = [aligned(box, widths[k], node.align[k % len(node.align)]) for k, box in enumerate(row)]
        lines.append(side_by_side([(_gap_before(k, node), box) for k, box in enumerate(padded)]))
    return _with_lines(node, stacked(lines, node.airy), widths, lines)


def _gap_before(column: int, grid: Grid) -> int:
    """The cells before a column; a second equation beside the first is set apart from it."""
    apart = BETWEEN_EQUATIONS if grid.align == "rl" and grid.equations and column % 2 == 0 else 0
    return grid.gap + apart if column else 0


def _cell(cell: Row, grid: Grid, goes_on: bool) -> Box:
    items = spaced(cell.items, tight=False, goes_on=goes_on and grid.align == "rl")
    return side_by_side([(leading(cell) * grid.equations, beside(items, upright=grid.equations))])


def stacked(lines: Sequence[Box], airy: bool = False) -> Box:
    """Lines of one width below one another, set apart if one is tall; the baseline is in the middle."""
    airy = airy or any(len(line.rows) > 1 for line in lines)
    rows: list[str] = []
    for box in lines:
        if rows and airy:
            rows.append(" " * box.width)
        rows += box.rows
    return Box(tuple(rows), (len(rows) - 1) // 2)


def _with_lines(node: Grid, box: Box, widths: Sequence[int], lines: Sequence[Box]) -> Box:
    """The grid with the lines between its columns and rows that its array asks for."""
    inner = sorted(k for k in node.bars if 0 < k < len(widths))
    places = [sum(widths[:k]) + node.gap * k - node.gap // 2 - 1 for k in inner]
    rows = [_struck(row, places) for row in box.rows]
    baseline = box.baseline
    airy = len(rows) > sum(len(line.rows) for line in lines)
    for k in sorted(node.rules, reverse=True):
        if not 0 < k < len(lines):
            continue
        above = sum(len(line.rows) for line in lines[:k]) + (k - 1 if airy else 0)
        rule = "".join("┼" if i in places else "─" for i in range(box.width))
        rows[above : above + airy] = [rule]
        baseline += not airy and above <= baseline
    return Box(tuple(rows), baseline)


def _struck(row: str, places: Sequence[int]) -> str:
    """The row with │ at these cells, which are blank."""
    if not places:
        return row
    cells = ""
    at = 0
    for char in row:
        cells += "│" if at in places and char == " " else char
        at += cell_len(char)
    return cells


def _stack(node: Stack, upright: bool) -> Box:
    body = draw_node(node.body, upright=upright)
    above, below = (
        draw_node(row, tight=True) if row and row.items else None for row in (node.above, node.below)
    )
    boxes = [body]
    if above:
        boxes = [above, *([_brace("╭┴╮", body.width)] if node.brace else []), *boxes]
    base = len(boxes) - 1
    if below:
        boxes += [*([_brace("╰┬╯", body.width)] if node.brace else []), below]
    return piled(boxes, base)


def _brace(ends: str, width: int) -> Box:
    """A curly brace that lies: its left end, its point and its right end, over at least three cells."""
    inner = max(width, 3) - 3
    return Box.of(ends[0] + "─" * (inner // 2) + ends[1] + "─" * (inner - inner // 2) + ends[2])


def _arrow(node: Arrow) -> Box:
    """An arrow that reaches one cell beyond its labels."""
    above, below = (draw_node(row, tight=True) if row.items else None for row in (node.above, node.below))
    width = max(box.width for box in (above, below, blank(0)) if box) + 1
    shaft = "═" if node.sign in "⇒⇐⇔=" else "─"
    head = {"=": "═", "↔": "→", "⇔": "⇒", "↦": "→", "↪": "→"}.get(node.sign, node.sign)
    tail = {"↔": "←", "⇔": "⇐", "↦": "├", "↪": "╰"}.get(node.sign, shaft)
    text = head + shaft * width if node.sign in "←⇐" else tail + shaft * (width - 1) + head
    boxes = [box for box in (above, Box.of(text), below) if box]
    return piled(boxes, int(above is not None))


def _framed(body: Box) -> Box:
    line = "─" * (body.width + 2)
    rows = (f"┌{line}┐", *(f"│ {row} │" for row in body.rows), f"└{line}┘")
    return Box(rows, body.baseline + 1)


def _with_accent(node: Accent, upright: bool) -> Box:
    text = line(node)
    if text is not None:
        return Box.of(text)
    body = draw_node(node.body, upright=upright)
    accent = ACCENTS[node.name]
    sign = accent.sign
    if body.width > 1 and (accent.long or accent.wide):
        sign = accent.wide or sign
        sign = sign[0] + sign[1] * (body.width - 2) + sign[2]
    elif body.width > 1:
        body = fenced("(", body, ")")  # else a dot over AB would be one over A or B
    else:
        sign = sign[-1] if accent.long else sign
    boxes = [Box.of(sign), body]
    return piled(boxes[::-1], 0) if accent.under else piled(boxes, 1)
