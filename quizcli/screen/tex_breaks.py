"""Formulas that are wider than the line, broken where a reader would break them.

First between the lines of aligned equations, then before relations, before + and −, within parentheses, and
last after commas. What cannot be broken as it stands is written flat: (a + b)/(c + d).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from quizcli.screen.box import Box, aligned, blank, side_by_side
from quizcli.screen.tex_boxes import beside, drawn, fenced, stacked
from quizcli.screen.tex_line import Item, kind_of, spaced
from quizcli.screen.tex_tree import (
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

CONTINUATION = 2  # cells by which the further lines of a broken formula are indented
NARROWEST = 12  # cells: no part of aligned equations is squeezed into less

Segments = list[list[Item]]


def segments(items: Sequence[Item]) -> Segments:
    """The row cut before each relation and each operator between two operands."""
    return _cut(items, lambda item, depth: item.kind in ("rel", "bin"))


def broken(items: Sequence[Item], width: int, upright: bool) -> list[Box]:
    """The row as lines of at most `width` cells, each a box; one that cannot be broken may be wider.

    All lines but the first are indented.
    """
    if beside(items, upright=upright).width <= width:
        return [beside(items, upright=upright)]
    room = width - CONTINUATION
    lines: Segments = []
    for segment in _fitting(items, width, room, upright):
        available = room if len(lines) > 1 else width
        if lines and beside([*lines[-1], *segment], upright=upright).width <= available:
            lines[-1] += segment
        else:
            lines.append(segment)
    boxes = [beside(line, upright=upright) for line in lines]
    return [*boxes[:1], *(aligned(box, box.width + CONTINUATION, "r") for box in boxes[1:])]


def equations(grid: Grid, width: int) -> Box:
    """Equations below one another in `width` cells: what is too wide goes on below, further in."""
    whole = drawn(grid, upright=True)
    if whole.width <= width:
        return whole
    return _columns(grid, width) if grid.align == "l" else _aligned(grid, width)


def _aligned(grid: Grid, width: int) -> Box:
    """a = b below a = b: the signs stay below one another where there is room for it."""
    lefts = [drawn(row[0], upright=True) if len(row) > 1 else blank(0) for row in grid.rows]
    left = max((box.width for box in lefts), default=0)
    hanging = 0 < left <= width // 3
    lines: list[Box] = []
    for row, head in zip(grid.rows, lefts, strict=True):
        if hanging and len(row) > 1:
            right = _pile(broken(_joined(row[1:]), width - left - grid.gap, upright=True))
            lines.append(side_by_side([(0, aligned(head, left, "r")), (grid.gap, right)]))
            continue
        inset = CONTINUATION if len(row) > 1 and not row[0].items else 0  # it begins with = or +
        box = _pile(broken(_joined(row), width - inset, upright=True))
        lines.append(aligned(box, box.width + inset, "r"))
    return _block(lines)


def _columns(grid: Grid, width: int) -> Box:
    """Cases: a condition that has no room beside its value stands below it."""
    lines: list[Box] = []
    for row in grid.rows:
        parts = [_pile(broken(spaced(cell.items, tight=False), width, upright=True)) for cell in row]
        together = side_by_side([(grid.gap if k else 0, box) for k, box in enumerate(parts)])
        if together.width <= width:
            lines.append(together)
        else:
            narrow = [
                _pile(broken(spaced(cell.items, tight=False), width - CONTINUATION, upright=True))
                for cell in row[1:]
            ]
            lines.append(_pile([*parts[:1], *(aligned(b, b.width + CONTINUATION, "r") for b in narrow)]))
    return _block(lines)


def _joined(cells: Sequence[Row]) -> list[Item]:
    """Cells as one row. The first pair is one formula; what stands in further columns is set apart."""
    nodes: list[Node] = []
    for k, cell in enumerate(cells):
        if k and cell.items:
            nodes.append(Symbol(" " * (2 * (k % 2 == 0)), "space"))
        nodes += cell.items
    return spaced(tuple(nodes), tight=False)


def _block(lines: Sequence[Box]) -> Box:
    width = max((box.width for box in lines), default=0)
    return stacked([aligned(box, width, "l") for box in lines])


def _pile(lines: Sequence[Box]) -> Box:
    """Lines flush left, one under another, with the baseline in the first."""
    width = max(box.width for box in lines)
    padded = [aligned(box, width, "l") for box in lines]
    return Box(tuple(row for box in padded for row in box.rows), lines[0].baseline)


# Cutting a row into pieces that fit


def _fitting(items: Sequence[Item], first: int, room: int, upright: bool) -> Iterator[list[Item]]:
    """Pieces of at most `room` cells (the first one: of `first`) where they can be had."""
    pending: list[tuple[list[Item], int]] = [(list(items), 0)]
    begun = False
    while pending:
        piece, tried = pending.pop(0)
        limit = room if begun else first
        if beside(piece, upright=upright).width > limit and tried < len(_CUTS) + 4:
            parts = _smaller(piece, tried, limit, upright)
            pending = [(part, next_try) for part, next_try in parts] + pending
            continue
        begun = True
        yield piece


def _smaller(piece: list[Item], tried: int, limit: int, upright: bool) -> Iterator[tuple[list[Item], int]]:
    """The piece cut in the next way that there is; each part with the ways that were tried on it."""
    if tried < len(_CUTS):
        for part in _cut(piece, _CUTS[tried]):
            yield part, tried + 1
        return
    narrowed = _narrowed(piece, limit, upright)
    if narrowed is not None:
        for part in narrowed:
            yield part, len(_CUTS) + 4
        return
    opened = [inner for item in piece for inner in _opened(item)]
    if opened != piece:
        # A fraction in a root in a fraction: each level that was opened begins anew, and levels come to an end.
        yield opened, 0
    else:
        yield piece, len(_CUTS) + 4


def _cut(items: Sequence[Item], before: Callable[[Item, int], bool]) -> Segments:
    """The row cut before the items that say so; they are told how deep in parentheses they are."""
    found: Segments = [[]]
    depth = 0
    for item in items:
        depth -= item.kind == "close"
        if found[-1] and before(item, max(depth, 0)):
            found.append([])
        found[-1].append(item)
        depth += item.kind == "open"
        if item.kind == "punct" and depth < 0:
            depth = 0
    return found


_CUTS: tuple[Callable[[Item, int], bool], ...] = (
    lambda item, depth: item.kind == "rel" and depth == 0,
    lambda item, depth: item.gap > 1 and depth == 0,
    lambda item, depth: item.kind in ("rel", "bin") and depth == 0,
    lambda item, depth: item.kind in ("rel", "bin"),
    lambda item, depth: item.gap > 0,
)


def _narrowed(piece: list[Item], limit: int, upright: bool) -> Segments | None:
    """The piece with its aligned equations or cases made as narrow as is needed; None without any."""
    for i, item in enumerate(piece):
        grid = _grid_in(item.node)
        if grid is None:
            continue
        others = beside([*piece[:i], *piece[i + 1 :]], upright=upright).width if len(piece) > 1 else 0
        before = [piece[:i]] if i else []
        after = [piece[i + 1 :]] if i + 1 < len(piece) else []
        if limit - others >= max(NARROWEST, limit // 2):
            return [[*piece[:i], _narrow(item, grid, limit - others), *piece[i + 1 :]]]
        return [*before, [_narrow(item, grid, limit)], *after]
    return None


def _grid_in(node: Node | Box) -> Grid | None:
    match node:
        case Grid(equations=True):
            return node
        case Fence(body=Row(items=(Grid(equations=True) as grid,))):
            return grid
    return None


def _narrow(item: Item, grid: Grid, width: int) -> Item:
    if isinstance(item.node, Fence):
        box = fenced(item.node.left, equations(grid, width - 3), item.node.right)
    else:
        box = equations(grid, width - 1)
    return item._replace(node=box)


def _opened(item: Item) -> list[Item]:
    """What an item consists of, so that it may be broken inside; the item alone where it is one thing."""
    match item.node:
        case Fence():
            return _unfenced(item, item.node, None)
        case Scripts(base=Fence() as fence):
            return _unfenced(item, fence, item.node)
        case Fraction(above=above, below=below, line=True):
            slash = Symbol("/", "ord")
            nodes = (*_in_parentheses(above), slash, *_in_parentheses(below))
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


def _unfenced(item: Item, fence: Fence, whole: Scripts | None) -> list[Item]:
    """A fence as two delimiters of its height and what was between them."""
    box = drawn(fence, upright=True)
    above, below = box.baseline, box.below
    inner = spaced(fence.body.items, tight=False)
    closing: Node = Delimiter(fence.right, "close", above, below)
    if whole is not None:
        closing = whole._replace(base=closing)
    opening = [Item(Delimiter(fence.left, "open", above, below), "open", item.gap)] if fence.left else []
    ending = [Item(closing, "close", 0)] if fence.right or whole is not None else []
    return [*opening, *inner, *ending]
