"""What the things in a row of a formula are to their neighbours, and how many spaces part them."""

from __future__ import annotations

import unicodedata
from typing import Literal, NamedTuple

from rich.cells import cell_len

from quizcli.screen.latex.symbols import Kind
from quizcli.screen.latex.tree import (
    Accent,
    Arrow,
    Classed,
    Delimiter,
    Fence,
    Node,
    Row,
    Scripts,
    Stack,
    Symbol,
)
from quizcli.screen.terminal.text_box import Box

NodePlace = Kind | Literal["sign", "fence"]  # + and − without an operand before them; \left…\right
FUNCTIONS = ("op", "limits", "big")
_ENDS_OPERAND = ("ord", "word", "number", "close", "fence", *FUNCTIONS)
_BEGINS_OPERAND = ("ord", "word", "number", "sign", *FUNCTIONS)


class SpacedNode(NamedTuple):
    """A node of a row, or one that is drawn already, with its kind in this place and the spaces before it."""

    node: Node | Box
    kind: NodePlace
    gap: int


def kind_of(node: Node) -> NodePlace:
    """What a node counts as beside its neighbours."""
    match node:
        case Symbol(kind=kind) | Classed(kind=kind) | Delimiter(kind=kind):
            return kind
        case Arrow():
            return "rel"
        case Scripts(base=base):
            return kind_of(base)
        case Fence():
            return "fence"
        case Stack(body=Row(items=(*_, last)), brace=False):
            return kind_of(last)
    return "ord"


def spaced(items: tuple[Node, ...], tight: bool, goes_on: bool = False) -> list[SpacedNode]:
    """The nodes of a row without its space nodes, each with the gap before it. `tight`: within scripts.

    `goes_on`: the row is the rest of a formula, so that a + at its beginning is no sign.
    """
    placed: list[SpacedNode] = []
    explicit = 0
    for i, node in enumerate(items):
        kind = kind_of(node)
        if kind == "space" and isinstance(node, Symbol):
            explicit += len(node.text)
            continue
        explicit += leading(node) if isinstance(node, Row) else 0
        before = placed[-1].kind if placed else None
        if kind == "bin":
            after = _next_kind(items, i + 1)
            first = "ord" if goes_on and not placed else None
            if (before or first) not in _ENDS_OPERAND or after in (None, "rel", "punct", "close"):
                kind = "sign"
        gap = max(explicit, _gap(before, kind, tight)) if before else explicit
        if placed and not gap and _would_be_one(placed[-1].node, node):
            gap = 1
        placed.append(SpacedNode(node, kind, gap))
        explicit = 0
    return placed


def _would_be_one(left: Node | Box, right: Node) -> bool:
    """Whether two things look like one where no space parts them: two bars, or a word and a letter."""
    if isinstance(left, Box):
        return False
    if _is_wide(left):
        return _is_wide(right)
    right = right.base if isinstance(right, Scripts) else right
    match left, right:
        case (Symbol(text=word, kind="word"), Symbol(text=letter, kind="ord")) | (
            Symbol(text=letter, kind="ord"),
            Symbol(text=word, kind="word"),
        ):
            near = word[-1:] if left == Symbol(word, "word") else word[:1]
            return near.isalpha() and len(word) > 1 and letter.isalpha() and not _is_before_words(letter)
    return False


def _is_before_words(letter: str) -> bool:
    r"""Whether a letter belongs to the word after it: Δloss, \mathbb{V}\mathrm{ar}."""
    return letter in ("Δ", "δ") or "DOUBLE-STRUCK" in unicodedata.name(letter[0], "")


def _is_wide(node: Node | Box) -> bool:
    """Whether a mark lies over several letters."""
    accent = node.base if isinstance(node, Scripts) else node
    if not isinstance(accent, Accent):
        return False
    match accent.body.items:
        case (Symbol(text=text),):
            return cell_len(text) > 1
        case (Accent() as inner,):
            return _is_wide(inner)
    return True


def _next_kind(items: tuple[Node, ...], place: int) -> NodePlace | None:
    """The kind of the first thing from this place on that is no space."""
    while place < len(items):
        if (kind := kind_of(items[place])) != "space":
            return kind
        place += 1
    return None


def leading(row: Row) -> int:
    """The spaces that a row begins with: how far a line of several is set in."""
    cells = 0
    for node in row.items:
        if not (isinstance(node, Symbol) and node.kind == "space"):
            break
        cells += len(node.text)
    return cells


def _gap(left: NodePlace | None, right: NodePlace, tight: bool) -> int:
    if (left == "rel" and right in ("punct", "close")) or (left == "open" and right == "rel"):
        return 0
    if "rel" in (left, right) or "bin" in (left, right):
        return 0 if tight else 1
    if left == "punct":
        return 0 if tight or right in ("close", "punct") else 1
    if left in FUNCTIONS:
        return 1 if right in _BEGINS_OPERAND or (left == "big" and right in ("open", "fence")) else 0
    if right in FUNCTIONS:
        return 1 if left in _ENDS_OPERAND else 0
    return 0
