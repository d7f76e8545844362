"""Environments: matrices, cases and aligned equations, from their name and their cells."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from quizcli.screen.latex.tree import Fence, Grid, Node, Row, Symbol

_FENCES = {
    "": ("", ""),
    "small": ("", ""),
    "p": ("(", ")"),
    "b": ("[", "]"),
    "B": ("{", "}"),
    "v": ("|", "|"),
    "V": ("‖", "‖"),
}
_MATRICES = {f"{fence}matrix": sides for fence, sides in _FENCES.items()} | {
    f"{fence}smallmatrix": sides for fence, sides in _FENCES.items() if fence != "small"
}
_ALIGNED = ("aligned", "align", "split", "alignat", "alignedat", "flalign", "eqnarray")
_CENTRED = ("gathered", "gather", "multline", "multlined")
_CASES = ("cases", "dcases", "rcases", "drcases")
_WHOLE = ("equation", "displaymath", "math", "subequations")
WITH_COLUMNS = ("array", "subarray", "tabular", "alignat", "alignedat")  # an argument follows the name


class Cells(NamedTuple):
    """What stands in an environment; `rules`: the rows that an \\hline stands above."""

    rows: tuple[tuple[Row, ...], ...]
    rules: frozenset[int] = frozenset()


def plain_name(name: str) -> str:
    """The name without the star that asks for no number."""
    return name.removesuffix("*")


def is_known(name: str) -> bool:
    """Whether there is such an environment."""
    name = plain_name(name)
    return name in WITH_COLUMNS or name in _MATRICES or name in (*_ALIGNED, *_CENTRED, *_CASES, *_WHOLE)


def framed(name: str, columns: str, cells: Cells) -> Node:
    """The node of an environment. `columns`: what stands after the name of an array: "l|cc"."""
    name = plain_name(name)
    rows = cells.rows
    if name in _MATRICES:
        left, right = _MATRICES[name]
        return Fence(left, Row((Grid(rows, "c", 2),)), right)
    if name in _CASES:
        # Two cases are set apart, so that the brace has its point between them.
        grid = Grid(rows, "l", 2, airy=len(rows) == 2, equations=True)
        return Fence("", Row((grid,)), "}") if "rcases" in name else Fence("{", Row((grid,)), "")
    if name in ("array", "subarray", "tabular"):
        letters = [c for c in columns if c in "lcr"]
        bars = frozenset(sum(c in "lcr" for c in columns[:i]) for i, c in enumerate(columns) if c == "|")
        return Grid(rows, "".join(letters) or "c", 2, bars=bars, rules=cells.rules)
    if name == "eqnarray":
        return Grid(tuple(map(_two_columns, rows)), "rl", 1, equations=True)
    if name in _ALIGNED:
        return Grid(tuple(map(_whole_relations, rows)), "rl", 1, equations=True)
    return lines(rows) if name in _CENTRED else _whole(rows)


def as_cases(body: Row) -> Row:
    r"""What stands after \left\{ with no fence at its right: an array is read as cases are."""
    match body.items:
        case (Grid(rows=rows, align=align) as grid,):
            align = "l" if align == "c" else align
            return Row((grid._replace(align=align, airy=len(rows) == 2, equations=True),))
    return body


def lines(rows: Sequence[tuple[Row, ...]], align: str = "l") -> Grid:
    """Formulas below one another."""
    return Grid(tuple(rows), align, 1, equations=True)


def _whole(rows: tuple[tuple[Row, ...], ...]) -> Node:
    return rows[0][0] if len(rows) == 1 and len(rows[0]) == 1 else lines(rows)


def _whole_relations(row: tuple[Row, ...]) -> tuple[Row, ...]:
    """`a :&= b` as `a &:= b`."""
    cells = list(row)
    for k in range(len(cells) - 1):
        match cells[k].items, cells[k + 1].items:
            case (*before, Symbol(":", "punct") as colon), (Symbol(kind="rel") as sign, *after):
                cells[k] = Row(tuple(before))
                cells[k + 1] = Row((Symbol(colon.text + sign.text, "rel"), *after))
    return tuple(cells)


def _two_columns(row: tuple[Row, ...]) -> tuple[Row, ...]:
    r"""`a &=& b` as `a &= b`."""
    if len(row) < 2:
        return row
    return (row[0], Row(tuple(item for cell in row[1:] for item in cell.items)))
