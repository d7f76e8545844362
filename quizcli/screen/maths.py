"""Formulas in the terminal: on one row where that reads well, else as tall as they are, with a baseline.

Within text a formula takes one row if it can: (x − μ)/√(σ² + ϵ), ∑ᵢ₌₁ⁿ xᵢ, p_θ(x). On a line of its own
fractions stand upright and limits stand above and below. What cannot be shown is shown as its source.
"""

from __future__ import annotations

from functools import lru_cache

from rich.cells import cell_len

from quizcli.screen.box import Box, aligned, blank, piled, side_by_side
from quizcli.screen.symbols import ACCENTS, SUBSCRIPTS, SUPERSCRIPTS, TALL_FENCES
from quizcli.screen.tex import (
    Accent,
    Fence,
    Fraction,
    Grid,
    Node,
    Root,
    Row,
    Scripts,
    Stack,
    TexError,
    parse,
)
from quizcli.screen.tex_line import Item, kind_of, line, parts, runs_into, scripts, small, spaced

CONTINUATION = 2  # cells by which the further lines of a broken formula are indented


@lru_cache(maxsize=512)
def inline(latex: str) -> Box:
    """A formula within text: on one row if it can be, tall if not; its source where it cannot be shown."""
    try:
        tree = parse(latex)
    except TexError:
        return _source(latex)
    text = line(tree)
    return _box(tree) if text is None else Box.of(text)


@lru_cache(maxsize=128)
def inline_parts(latex: str) -> tuple[Box, ...]:
    """The formula in pieces for separate lines; each but the first begins with = or + or the like."""
    try:
        tree = parse(latex)
    except TexError:
        return (_source(latex),)
    return tuple(_beside(segment) for segment in _segments(tree.items))


@lru_cache(maxsize=128)
def display(latex: str, width: int) -> tuple[Box, ...]:
    """A formula on lines of its own, broken before operators where it is wider than `width` cells.

    A part that cannot be broken may still be wider. The source, where the formula cannot be shown.
    """
    try:
        tree = parse(latex)
    except TexError:
        return (_source(latex),)
    whole = _box(tree, upright=True)
    if whole.width <= width:
        return (whole,)
    lines: list[list[Item]] = []
    for segment in _segments(tree.items):
        room = width - (CONTINUATION if len(lines) > 1 else 0)
        if lines and _beside([*lines[-1], *segment], upright=True).width <= room:
            lines[-1] += segment
        else:
            lines.append(segment)
    boxes = [_beside(items, upright=True) for items in lines]
    return (*boxes[:1], *(aligned(box, box.width + CONTINUATION, "r") for box in boxes[1:]))


def unshowable(latex: str) -> str | None:
    """Why a formula cannot be shown, in the language in use; None where it can."""
    try:
        parse(latex)
    except TexError as error:
        return str(error)
    return None


def _source(latex: str) -> Box:
    return Box.of("$" + "".join(c if c.isprintable() else "\ufffd" for c in " ".join(latex.split())) + "$")


def _segments(items: tuple[Node, ...]) -> list[list[Item]]:
    """The row cut before each relation and each operator between two operands."""
    segments: list[list[Item]] = [[]]
    for item in spaced(items, tight=False):
        if item.kind in ("rel", "bin") and segments[-1]:
            segments.append([])
        segments[-1].append(item)
    return segments


def _box(node: Node, tight: bool = False, upright: bool = False) -> Box:
    """The node as tall as it needs; `upright`: fractions stand, limits stand above and below."""
    if isinstance(node, Row):
        return _beside(spaced(node.items, tight), tight, upright)
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
            return _fenced(left, _box(body, tight, upright), right)
        case Grid():
            return _grid(node)
        case Stack():
            return _stack(node, upright)
        case Accent():
            return _with_accent(node)
    return Box.of(line(node, tight) or "")


def _beside(items: list[Item], tight: bool = False, upright: bool = False) -> Box:
    """The items of a row, side by side on one baseline."""
    written = parts(items, tight)
    placed: list[tuple[int, Box]] = []
    for i, (item, (gap, text)) in enumerate(zip(items, written, strict=True)):
        if text is None or upright:
            # `gap` is for parentheses around a flat fraction; a tall one has none.
            box, gap = _box(item.node, tight, upright), max(gap, item.gap if i else 0)
        else:
            box = Box.of(text)
        if i and not gap and runs_into(placed[-1][1].text, box.text):
            gap = 1
        placed.append((gap, box))
    return side_by_side(placed)


def _fraction(node: Fraction) -> Box:
    above, below = _box(node.above), _box(node.below)
    width = max(above.width, below.width)
    # Half lines at both ends, so that a minus sign beside it stays a minus sign.
    middle = Box.of("╶" + "─" * width + "╴") if node.line else blank(width)
    return piled([above, middle, below], 1)


def _root(node: Root, upright: bool) -> Box:
    body = _box(node.body, upright=upright)
    text = line(node)
    if len(body.rows) == 1 and text is not None:
        return Box.of(text)
    rows = [" ┌" + "─" * body.width + "╴"]
    rows += [f" │{row} " for row in body.rows[:-1]] + [f"╲│{body.rows[-1]} "]
    root = Box(tuple(rows), body.baseline + 1)
    degree = _box(node.degree, tight=True) if node.degree else blank(0)
    return side_by_side([(0, degree), (0, root)])


def _with_scripts(node: Scripts, upright: bool) -> Box:
    if kind_of(node.base) in ("big", "limits") and (upright or scripts(node) is None):
        return _stack(Stack(Row((node.base,)), above=node.sup, below=node.sub), upright)
    base = _box(node.base, upright=upright)
    if len(base.rows) > 1:
        return _corner_scripts(base, node)
    attached = scripts(node)
    if attached is not None:
        return side_by_side([(0, base), (0, Box.of(attached))])
    low, high = small(node.sub, SUBSCRIPTS), small(node.sup, SUPERSCRIPTS)
    above = _box(node.sup, tight=True).rows if node.sup and high is None else ()
    below = _box(node.sub, tight=True).rows if node.sub and low is None else ()
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
    sup = _box(node.sup, tight=True).rows if node.sup and high is None else (high or "",)
    sub = _box(node.sub, tight=True).rows if node.sub and low is None else (low or "",)
    between = [""] * (len(base.rows) - 2)
    column = _column(sup, "", (*between, *sub))
    # The last row of the superscript lies beside the first row of the base.
    middle = Box(column.rows[: len(sup)] + column.rows[len(sup) + 1 :], len(sup) - 1 + base.baseline)
    return side_by_side([(0, base), (0, middle)])


def _fenced(left: str, body: Box, right: str) -> Box:
    fences = [_fence(side, body) for side in (left, right)]
    return side_by_side([(0, fences[0]), (0, body), (0, fences[1])])


def _fence(side: str, body: Box) -> Box:
    """One fence as tall as the body; what has no tall form stands on the baseline."""
    height = len(body.rows)
    if height == 1 or side not in TALL_FENCES:
        return Box.of(side)
    top, middle, between, bottom = tuple(TALL_FENCES[side])
    rows = [top, *[between] * (height - 2), bottom]
    if height > 2:
        rows[min(max(body.baseline, 1), height - 2)] = middle
    return Box(tuple(rows), body.baseline)


def _grid(node: Grid) -> Box:
    cells = [[_box(cell, upright=node.align == "rl") for cell in row] for row in node.rows]
    if not cells:
        return blank(0)
    columns = max(len(row) for row in cells)
    cells = [row + [blank(0)] * (columns - len(row)) for row in cells]
    widths = [max(row[k].width for row in cells) for k in range(columns)]
    lines = []
    for row in cells:
        padded = [aligned(box, widths[k], node.align[k % len(node.align)]) for k, box in enumerate(row)]
        lines.append(side_by_side([(node.gap if k else 0, box) for k, box in enumerate(padded)]))
    airy = node.airy or any(len(line.rows) > 1 for line in lines)
    rows: list[str] = []
    for box in lines:
        if rows and airy:
            rows.append(" " * box.width)
        rows += box.rows
    return Box(tuple(rows), (len(rows) - 1) // 2)


def _stack(node: Stack, upright: bool) -> Box:
    body = _box(node.body, upright=upright)
    above, below = (_box(row, tight=True) if row and row.items else None for row in (node.above, node.below))
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


def _with_accent(node: Accent) -> Box:
    text = line(node)
    if text is not None:
        return Box.of(text)
    body = _box(node.body)
    sign = ACCENTS[node.name][1]
    return piled([Box.of(sign * body.width if sign == "─" else sign), body], 1)
