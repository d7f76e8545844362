"""Formulas in the terminal: on one row where that reads well, else as tall as they are, with a baseline.

Within text a formula takes one row if it can: (x − μ)/√(σ² + ϵ), ∑ᵢ₌₁ⁿ xᵢ, p_θ(x). On a line of its own
fractions stand upright and limits stand above and below. What cannot be shown is shown as its source.
"""

from __future__ import annotations

from functools import lru_cache

from quizcli.screen.latex.boxes import draw_node
from quizcli.screen.latex.line_breaks import break_lines, equations, segments
from quizcli.screen.latex.one_line import line
from quizcli.screen.latex.parser import parse
from quizcli.screen.latex.spacing import spaced
from quizcli.screen.latex.tree import Grid, TexError
from quizcli.screen.terminal.text_box import Box
from quizcli.text import tr

WIDEST = 74  # cells: what a card in 80 columns has for a formula on lines of its own


@lru_cache(maxsize=512)
def inline(latex: str) -> Box:
    """A formula within text: on one row if it can be, tall if not; its source where it cannot be shown."""
    try:
        tree = parse(latex)
    except TexError:
        return _source(latex)
    text = line(tree)
    return draw_node(tree) if text is None else Box.of(text)


def inline_parts(latex: str, width: int) -> tuple[Box, ...]:
    """The formula in pieces for separate lines; each but the first begins with = or + or the like.

    A piece that is wider than `width` cells is broken further, where it can be.
    """
    return _laid_out(latex, width, upright=False)


def display(latex: str, width: int) -> tuple[Box, ...]:
    """A formula on lines of its own, broken where it is wider than `width` cells.

    A part that cannot be broken may still be wider. The source, where the formula cannot be shown.
    """
    return _laid_out(latex, width, upright=True)


@lru_cache(maxsize=256)
def _laid_out(latex: str, width: int, *, upright: bool) -> tuple[Box, ...]:
    try:
        tree = parse(latex)
    except TexError:
        return (_source(latex),)
    if len(tree.items) == 1 and isinstance(grid := tree.items[0], Grid):
        return (equations(grid, width),)
    items = spaced(tree.items, tight=False)
    rows = [items] if upright else segments(items)
    return tuple(box for row in rows for box in break_lines(row, width, upright=upright))


def unshowable(latex: str) -> str | None:
    """Why a formula cannot be shown, in the language in use; None where it can.

    One that cannot be broken to fit a page of 80 columns would appear as its source there.
    """
    try:
        parse(latex)
    except TexError as error:
        return str(error)
    width = max(box.width for box in display(latex, WIDEST))
    if width > WIDEST:
        return tr(f"{width} cells wide; a card has {WIDEST}", f"宽 {width} 格，卡片只有 {WIDEST} 格")
    return None


def _source(latex: str) -> Box:
    return Box.of("$" + "".join(c if c.isprintable() else "\ufffd" for c in " ".join(latex.split())) + "$")
