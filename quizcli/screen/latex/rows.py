r"""What belongs together in a row of a formula: \Big( and its \Big), letters of one word, \not and <."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

from quizcli.screen.latex.symbols import ACCENTS, NEGATION
from quizcli.screen.latex.tree import (
    Accent,
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

# What has a row above it and one below it, and binds all of its group: {n \choose k}. Left, line, right.
INFIX = {
    "\\over": ("", True, ""),
    "\\atop": ("", False, ""),
    "\\choose": ("(", False, ")"),
    "\\brack": ("[", False, "]"),
    "\\brace": ("{", False, "}"),
}

PRIME = Symbol("′", "ord")
_NOTHING = Symbol("", "space")  # \\!, which people write between : and =


def infix(token: str, above: Row, below: Row) -> Node:
    """The fraction or the binomial of what stands before and after `token`."""
    left, line, right = INFIX[token]
    fraction = Fraction(above, below, line)
    return Fence(left, Row((fraction,)), right) if left else fraction


def unwrapped(row: Row) -> Node:
    """The one thing in braces, {x}, where it means the same without them.

    {=} is no relation, and {x_1}_2 has no two subscripts on one base: they stay in their braces.
    """
    match row.items:
        case (Symbol(kind="ord" | "word" | "number") as only,):
            return only
        case (Fraction() | Root() | Accent() | Fence() | Grid() as only,):
            return only
    return row


def add(items: list[Node], node: Node, *, upright: bool) -> None:
    """Put one more node at the end of a row; it goes on with what it makes one word or one relation with."""
    if (together := _relation(items, node)) is not None:
        items[:] = together
        return
    last = items[-1] if items else None
    pair = (last, node) if upright else ()
    match pair:
        case (Symbol(text=before, kind="word"), Symbol(text=text, kind="word")):
            items[-1] = Symbol(before + text, "word")
        case _:
            items.append(node)


def _relation(items: Sequence[Node], node: Node) -> list[Node] | None:
    """The row that ends in one relation, := or ::= or =: or <<, where its last signs are one; else None.

    A colon alone is no relation here: f: X → Y.
    """
    if not (isinstance(node, Symbol) and _may_relate(node)):
        return None
    start = len(items)
    signs = [node.text]
    related = node.kind == "rel"
    while start and isinstance(last := items[start - 1], Symbol) and (_may_relate(last) or last == _NOTHING):
        if not related and last.kind == "punct":
            return None  # colons after one another
        related = related or last.kind == "rel"
        signs.append(last.text)
        start -= 1
    if not related or len(signs) == 1:
        return None
    return [*items[:start], Symbol("".join(reversed(signs)), "rel")]


def _may_relate(sign: Symbol) -> bool:
    return sign.kind == "rel" or sign == Symbol(":", "punct")


def negated(node: Node) -> Node:
    """The node with a stroke through it: ≠ for =, ⊄ for ⊂."""
    if isinstance(node, Scripts):
        return node._replace(base=negated(node.base))
    if isinstance(node, Row) and len(node.items) == 1:
        return negated(node.items[0])
    if isinstance(node, Symbol) and node.text.strip():
        stroked = unicodedata.normalize("NFC", node.text[0] + NEGATION) + node.text[1:]
        return Symbol(stroked, node.kind)
    return Accent("cancel", node if isinstance(node, Row) else Row((node,)))


def paired(items: Sequence[Node]) -> list[Node]:
    r"""The row with a fence wherever a large delimiter opens and another closes; what is alone stays so.

    Bars are never paired: nobody can tell p(x \big| y) = q(x \big| z) from a norm.
    """
    stack: list[list[Node]] = [[]]  # the rows that are open, the outermost first
    for node in items:
        delimiter = node.base if isinstance(node, Scripts) else node
        kind = delimiter.kind if isinstance(delimiter, Delimiter) else ""
        if kind == "open" and node is delimiter:
            stack.append([node])
        elif kind == "close" and isinstance(delimiter, Delimiter) and len(stack) > 1:
            opening, *inner = stack.pop()
            left = opening.text if isinstance(opening, Delimiter) else ""
            fence = Fence(left, Row(tuple(inner)), delimiter.text)
            stack[-1].append(node._replace(base=fence) if isinstance(node, Scripts) else fence)
        else:
            stack[-1].append(node)
    return [node for row in stack for node in row]


def accented(name: str, body: Row) -> Node:
    r"""The body under its mark; of a letter with an index the letter has it: \widehat{x_i} as \hat{x}_i.

    With an exponent it would be another thing: \hat{x^2} is no square.
    """
    match body.items:
        case (Scripts(base=Symbol(text=text) as base, sup=sup) as whole,) if (
            len(text) == 1 and not ACCENTS[name].each and (sup is None or set(sup.items) == {PRIME})
        ):
            return whole._replace(base=Accent(name, Row((base,))))
    return Accent(name, body)


def classed(row: Row, kind: str) -> Node:
    """The row as one thing of a kind; one symbol stays a symbol."""
    match row.items:
        case (Symbol(text=text, kind=old),) if old != "space":
            return Symbol(text, kind)  # type: ignore[arg-type]
    return Classed(row, kind)  # type: ignore[arg-type]
