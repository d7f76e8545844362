"""What a formula is made of: letters, fractions, roots, fences … as a tree of frozen records."""

from __future__ import annotations

from typing import NamedTuple

from quizcli.screen.latex.symbols import Kind


class TexError(ValueError):
    """A formula that cannot be shown; the message says why, in the language in use."""


class Symbol(NamedTuple):
    """A letter, a number, a sign, a word or a space."""

    text: str
    kind: Kind


class Row(NamedTuple):
    """Things side by side."""

    items: tuple[Node, ...]


class Classed(NamedTuple):
    r"""Things side by side that count as one of a kind: \mathop{\arg\max}, \mathrel{\ast}."""

    body: Row
    kind: Kind


class Delimiter(NamedTuple):
    r"""A fence with no partner in its row, \Big( or \middle|: as tall as what stands beside it.

    Where `above` and `below` are given, it is that many rows taller than one.
    """

    text: str
    kind: Kind
    above: int | None = None
    below: int | None = None


class Fraction(NamedTuple):
    """One above the other, with a line between, or without (in a binomial)."""

    above: Row
    below: Row
    line: bool = True


class Root(NamedTuple):
    """A square root, or the root of `degree`."""

    body: Row
    degree: Row | None = None


class Scripts(NamedTuple):
    """A base with what stands low and high at its right."""

    base: Node
    sub: Row | None = None
    sup: Row | None = None


class Accent(NamedTuple):
    """A hat, a bar, an arrow … over or under `body`, or a stroke through it; `name` as in LaTeX."""

    name: str
    body: Row


class BoxedFormula(NamedTuple):
    r"""\boxed: something in a frame."""

    body: Row


class Arrow(NamedTuple):
    """An arrow as long as what stands above and below it."""

    sign: str
    above: Row
    below: Row


class Fence(NamedTuple):
    r"""\left…\right, \Big(…\Big): fences as tall as what they enclose; "" for the invisible one."""

    left: str
    body: Row
    right: str


class Grid(NamedTuple):
    """A matrix, cases or aligned equations. `align` has a letter l, c or r for each column; it repeats.

    `equations`: rows of cells that are read as one formula each, so that a wide row may be broken.
    """

    rows: tuple[tuple[Row, ...], ...]
    align: str
    gap: int
    airy: bool = False  # with an empty row between two rows
    equations: bool = False
    bars: frozenset[int] = frozenset()  # the columns that a vertical line stands before
    rules: frozenset[int] = frozenset()  # the rows that a horizontal line stands above


class Stack(NamedTuple):
    """Things above and below; with `brace` a curly brace lies between."""

    body: Row
    above: Row | None = None
    below: Row | None = None
    brace: bool = False


Node = (
    Symbol
    | Row
    | Classed
    | Delimiter
    | Fraction
    | Root
    | Scripts
    | Accent
    | BoxedFormula
    | Arrow
    | Fence
    | Grid
    | Stack
)
EMPTY = Row(())
