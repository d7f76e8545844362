"""Formulas that are wider than the line, broken where a reader would break them.

First between the lines of aligned equations, then before relations, before + and −, within parentheses, and
last after commas. What cannot be broken as it stands is written flat: (a + b)/(c + d).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from quizcli.screen.latex.boxes import beside, draw_node, fenced
from quizcli.screen.latex.spacing import SpacedNode, kind_of, leading, spaced
from quizcli.screen.latex.tree import (
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
    Symbol,
)
from quizcli.screen.terminal.text_box import Box, aligned, blank, side_by_side

CONTINUATION = 2  # cells by which the further lines of a broken formula are indented
_OPERANDS = ("ord", "word", "number", "close", "fence")
NARROWEST = 12  # cells: no part of aligned equations is squeezed into less

Segments = list[list[SpacedNode]]


def segments(items: Sequence[SpacedNode]) -> Segments:
    """The row cut before each relation and each operator between two operands."""
    return _cut(items, lambda last, item, depth: _operates(item))


def break_lines(items: Sequence[SpacedNode], width: int, upright: bool) -> list[Box]:
    """The row as lines of at most `width` cells, each a box; one that cannot be broken may be wider.

    All lines but the first are indented.
    """
    whole = beside(items, upright=upright)
    if whole.width <= width:
        return [whole]
    room = width - CONTINUATION
    lines: Segments = []
    for segment in _fitting(items, width, room, upright):
        available = room if len(lines) > 1 else width
        if lines and beside([*lines[-1], *segment], upright=upright).width <= available:
            lines[-1] += segment
        else:
            lines.append(segment)
    boxes = [beside(line, upright=upright) for line in lines]
    return [*boxes[:1], *(_set_in(box, CONTINUATION) for box in boxes[1:])]


def equations(grid: Grid, width: int) -> Box:
    """Equations below one another in `width` cells: what is too wide goes on below, further in."""
    whole = draw_node(grid, upright=True)
    if whole.width <= width:
        return whole
    return _aligned(grid, width) if grid.align == "rl" else _columns(grid, width)


def _aligned(grid: Grid, width: int) -> Box:
    """a = b below a = b: the signs stay below one another where there is room for it."""
    lefts = [draw_node(row[0], upright=True) if len(row) > 1 else blank(0) for row in grid.rows]
    left = max((box.width for box in lefts), default=0)
    hanging = 0 < left <= width // 3
    lines: list[list[Box]] = []
    for row, head in zip(grid.rows, lefts, strict=True):
        if hanging and len(row) > 1:
            inset = left + grid.gap + leading(row[1])
            first, *others = break_lines(_joined(row[1:], goes_on=True), width - inset, upright=True)
            beginning = side_by_side([(0, aligned(head, left, "r")), (inset - left, first)])
            lines.append([beginning, *(_set_in(box, inset) for box in others)])
        else:
            inset = CONTINUATION + leading(row[1]) if len(row) > 1 and not row[0].items else 0
            inset = min(inset, width // 3)  # = or + begins it
            boxes = break_lines(_joined(row, goes_on=inset > 0), width - inset, upright=True)
            lines.append([_set_in(box, inset) for box in boxes])
    return _block([_pile(boxes) for boxes in lines], any(len(box.rows) > 1 for line in lines for box in line))


def _columns(grid: Grid, width: int) -> Box:
    """Cases: a condition that has no room beside its value stands below it."""
    lines: list[Box] = []
    for row in grid.rows:
        parts = [draw_node(cell, upright=True) for cell in row]
        whole = side_by_side([(grid.gap if k else 0, box) for k, box in enumerate(parts)])
        if whole.width > width:
            first = [box for cell in row[:1] for box in _cell(cell, width)]
            below = [box for cell in row[1:] for box in _cell(cell, width - CONTINUATION)]
            whole = _pile([*first, *(_set_in(box, CONTINUATION) for box in below)])
        lines.append(whole)
    return _block(lines, any(len(box.rows) > 1 for box in lines))


def _cell(cell: Row, width: int) -> list[Box]:
    return break_lines(spaced(cell.items, tight=False), width, upright=True)


def _set_in(box: Box, cells: int) -> Box:
    return aligned(box, box.width + cells, "r")


def _joined(cells: Sequence[Row], goes_on: bool) -> list[SpacedNode]:
    """Cells as one row. The first pair is one formula; what stands in further columns is set apart."""
    nodes: list[Node] = []
    for k, cell in enumerate(cells):
        if k and cell.items:
            nodes.append(Symbol(" " * (2 * (k % 2 == 0)), "space"))
        nodes += cell.items
    return spaced(tuple(nodes), tight=False, goes_on=goes_on)


def _block(lines: Sequence[Box], airy: bool) -> Box:
    width = max((box.width for box in lines), default=0)
    rows: list[str] = []
    for box in lines:
        if rows and airy:
            rows.append(" " * width)
        rows += aligned(box, width, "l").rows
    return Box(tuple(rows) or (" " * width,), max(len(rows) - 1, 0) // 2)


def _pile(lines: Sequence[Box]) -> Box:
    """Lines flush left, one under another, with the baseline in the first."""
    width = max(box.width for box in lines)
    padded = [aligned(box, width, "l") for box in lines]
    return Box(tuple(row for box in padded for row in box.rows), lines[0].baseline)


# Cutting a row into pieces that fit


def _fitting(items: Sequence[SpacedNode], first: int, room: int, upright: bool) -> Iterator[list[SpacedNode]]:
    """Pieces of at most `room` cells (the first one: of `first`) where they can be had."""
    pending: list[Tried] = [(list(items), 0)]  # the next one last
    begun = False
    while pending:
        piece, tried = pending.pop()
        limit = room if begun else first
        parts = None
        if tried < len(_WAYS) and beside(piece, upright=upright).width > limit:
            found = (way(piece, number, limit) for number, way in enumerate(_WAYS[tried:], tried))
            parts = next((parts for parts in found if parts), None)
        if parts:
            pending += reversed(parts)
        else:
            begun = True
            yield piece


Tried = tuple[list[SpacedNode], int]  # a piece, and how many ways of making it smaller were tried
Way = Callable[[list[SpacedNode], int, int], list[Tried]]  # nothing where the way changes nothing
Before = Callable[
    [SpacedNode, SpacedNode, int], bool
]  # of the item before, this one, and how deep in parentheses it is


def _cutting(before: Before) -> Way:
    def way(piece: list[SpacedNode], tried: int, limit: int) -> list[Tried]:
        parts = _cut(piece, before)
        return [(part, tried + 1) for part in parts] if len(parts) > 1 else []

    return way


def _cut(items: Sequence[SpacedNode], before: Before) -> Segments:
    """The row cut before the items that say so."""
    found: Segments = [[]]
    depth = 0
    for item in items:
        depth = max(depth - (item.kind == "close"), 0)
        if found[-1] and before(found[-1][-1], item, depth):
            found.append([])
        found[-1].append(item)
        depth += item.kind == "open"
    return found


def _operates(item: SpacedNode) -> bool:
    return item.kind in ("rel", "bin")


def _opening(opened: Callable[[SpacedNode], list[SpacedNode]]) -> Way:
    """What was opened begins anew: a fraction in a root in a fraction. That comes to an end."""

    def way(piece: list[SpacedNode], tried: int, limit: int) -> list[Tried]:
        inner = [part for item in piece for part in opened(item)]
        return [] if inner == piece else [(inner, 0)]

    return way


def _narrowing(piece: list[SpacedNode], tried: int, limit: int) -> list[Tried]:
    return [(part, len(_WAYS)) for part in _narrowed(piece, limit)]


def _narrowed(piece: list[SpacedNode], limit: int) -> Segments:
    """The piece with its aligned equations or cases made as narrow as is needed; nothing without any."""
    for i, item in enumerate(piece):
        grid = _grid_in(item.node)
        if grid is None:
            continue
        others = beside([*piece[:i], *piece[i + 1 :]], upright=True).width if len(piece) > 1 else 0
        before = [piece[:i]] if i else []
        after = [piece[i + 1 :]] if i + 1 < len(piece) else []
        if limit - others >= max(NARROWEST, limit // 2):
            return [[*piece[:i], _narrow(item, grid, limit - others), *piece[i + 1 :]]]
        return [*before, [_narrow(item, grid, limit)], *after]
    return []


def _grid_in(node: Node | Box) -> Grid | None:
    match node:
        case Grid():
            return node
        case Fence(body=Row(items=(Grid(equations=True) as grid,))):
            return grid
    return None


def _narrow(item: SpacedNode, grid: Grid, width: int) -> SpacedNode:
    if isinstance(item.node, Fence):
        box = fenced(item.node.left, equations(grid, width - 3), item.node.right)
    else:
        box = equations(grid, width - 1)
    return item._replace(node=box)


def _unfenced(item: SpacedNode) -> list[SpacedNode]:
    """A fence as two delimiters, each as tall as what stands beside it, and what was between them."""
    match item.node:
        case Fence(body=Row(items=(Grid(),))) | Scripts(base=Fence(body=Row(items=(Grid(),)))):
            return [item]  # a matrix stays between its brackets
        case Fence(left=left, body=body, right=right):
            closing: Node = Delimiter(right, "close")
        case Scripts(base=Fence(left=left, body=body, right=right)):
            closing = item.node._replace(base=Delimiter(right, "close"))
        case _:
            return [item]
    opening = [SpacedNode(Delimiter(left, "open"), "open", item.gap)]
    return [*opening, *spaced(body.items, tight=False), SpacedNode(closing, "close", 0)]


def _flattened(item: SpacedNode) -> list[SpacedNode]:
    """A fraction with a slash, a root or a frame with brackets; the item alone where it is none of these."""
    match item.node:
        case BoxedFormula(body=body):
            nodes: tuple[Node, ...] = (Symbol("[", "open"), *body.items, Symbol("]", "close"))
        case Fraction(above=above, below=below, line=True):
            nodes = (*_in_parentheses(above), Symbol("/", "ord"), *_in_parentheses(below))
        case Root(body=body, degree=None):
            nodes = (Symbol("√", "ord"), *_in_parentheses(body, always=True))
        case Row(items=nodes) | Classed(body=Row(items=nodes)):
            pass
        case _:
            return [item]
    inner = spaced(nodes, tight=False)
    return [inner[0]._replace(gap=item.gap), *inner[1:]] if inner else [item]


def _in_parentheses(row: Row, always: bool = False) -> tuple[Node, ...]:
    if len(row.items) == 1 and not always and kind_of(row.items[0]) != "fence":
        return row.items
    return (Symbol("(", "open"), *row.items, Symbol(")", "close"))


def _operates_at(level: int) -> Way:
    return _cutting(lambda last, item, depth: depth == level and _operates(item))


def _listed_at(level: int) -> Way:
    return _cutting(lambda last, item, depth: depth == level and last.kind == "punct")


# From the best place to break a formula to the worst.
_WAYS: tuple[Way, ...] = (
    _cutting(lambda last, item, depth: depth == 0 and (last.kind == "punct" or item.gap > 1)),
    _cutting(lambda last, item, depth: depth == 0 and item.kind == "rel"),
    _operates_at(0),
    _cutting(lambda last, item, depth: depth == 0 and item.gap > 0 and last.kind in _OPERANDS),
    *(_listed_at(1), _operates_at(1), _listed_at(2), _operates_at(2)),
    _cutting(lambda last, item, depth: last.kind == "punct" or _operates(item)),
    _narrowing,
    _opening(_unfenced),
    _cutting(lambda last, item, depth: isinstance(last.node, Delimiter) and last.kind == "open"),
    _cutting(lambda last, item, depth: item.gap > 0 and last.kind in _OPERANDS),
    _cutting(lambda last, item, depth: item.gap > 0 and not _operates(last) and last.kind != "big"),
    _opening(_flattened),
    _cutting(lambda last, item, depth: item.gap > 0),
)
