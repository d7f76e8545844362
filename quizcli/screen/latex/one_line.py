"""A formula on one row, where that can be read without doubt: (x − μ)/√(σ² + ϵ), D_KL(q ‖ p), W ∈ ℝᵈˣᵏ."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from functools import lru_cache

from rich.cells import cell_len

from quizcli.screen.latex.spacing import FUNCTIONS, NodePlace, SpacedNode, kind_of, spaced
from quizcli.screen.latex.symbols import ACCENTS, SUBSCRIPTS, SUPERSCRIPTS
from quizcli.screen.latex.tree import (
    Accent,
    Arrow,
    Classed,
    Delimiter,
    Fence,
    Fraction,
    Node,
    Root,
    Row,
    Scripts,
    Symbol,
)
from quizcli.screen.terminal.text_box import Box

LONGEST_EXPONENT = 12  # cells of e^(−x²/2) that stay on the row
LONGEST_INDEX = 4  # cells of x_(iⱼ) that stay on the row

_GOES_ON = ("ord", "word", "number", "open", "fence", *FUNCTIONS)  # a factor, after a fraction or a root
_DEGREES = ("C", "F")  # what ^∘ may stand before: 20 °C
_ARROWS = {"→": "─→", "←": "←─", "↔": "←→", "⇒": "═⇒", "⇐": "⇐═", "⇔": "⇐⇒", "↦": "├→", "↪": "╰→", "=": "══"}


@lru_cache(maxsize=4096)  # each node is asked by all that it is in
def line(node: Node | Box, tight: bool = False) -> str | None:
    """The node on one row; None where it needs more."""
    match node:
        case Symbol(text=text):
            return text
        case Delimiter(text=text, above=above, below=below):
            return None if above or below else text
        case Row(items=items) | Classed(body=Row(items=items)):
            return _row(items, tight)
        case Arrow():
            return _arrow(node)
        case Fraction(line=True):
            return _fraction(node, tight)
        case Root():
            return _root(node, tight)
        case Scripts():
            return _scripts(node)
        case Accent():
            return accented(node)
        case Fence(left=left, body=body, right=right):
            inner = line(body, tight)
            return None if inner is None else left + inner + right
    return None


def parts(placed: list[SpacedNode], tight: bool) -> list[tuple[int, str | None]]:
    """For each item of a row: the spaces before it, and its text (None where it needs more than one row)."""
    written: list[tuple[int, str | None]] = []
    for i, (node, _, gap) in enumerate(placed):
        text = line(node, tight)
        before = placed[i - 1].kind if i else None
        after = placed[i + 1] if i + 1 < len(placed) else None
        if text is not None and isinstance(node, Fraction) and _needs_parentheses(before, after):
            text = f"({text})"
            alone = after is None or after.kind not in _GOES_ON  # log(a/b), but log (a/b)c
            gap = 0 if before in ("op", "limits") and alone else gap
        if i and not gap and _swallows(placed[i - 1].node, written[-1][1] or "", placed[i].kind, text or ""):
            gap = 1
        written.append((gap if i else 0, text))
    return written


def _row(items: tuple[Node, ...], tight: bool) -> str | None:
    row = ""
    for gap, text in parts(spaced(items, tight), tight):
        if text is None:
            return None
        row += " " * gap + text
    return row


def runs_into(left: str, right: str) -> bool:
    """Whether a script written with _ or ^ would swallow the letter after it; A* B is no product A*B."""
    if left[1:].endswith("*") and right[:1].isalnum():
        return True
    _, mark, script = left.replace("^", "_").rpartition("_")
    letters = "".join(c for c in script.lstrip("<>≤≥") if not unicodedata.combining(c))
    return bool(mark) and (letters.isalnum() or cell_len(script) == 1) and right[:1].isalnum()


def _swallows(before: Node | Box, left: str, kind: NodePlace, right: str) -> bool:
    """Whether what stands before would take in what follows: √2 and π, x_θ and y."""
    open_root = isinstance(before, Root) and kind in _GOES_ON and not left.endswith(")")
    return open_root or runs_into(left, right)


def _needs_parentheses(before: NodePlace | None, after: SpacedNode | None) -> bool:
    """Whether a/b between these neighbours could be read as something else: a/b ∫, a/b c."""
    if before in ("op", "limits", "number", "ord", "word", "close", "fence"):
        return True
    return after is not None and after.kind in _GOES_ON and after.gap <= 1


def _arrow(node: Arrow) -> str | None:
    """An arrow with its label in it; None with something below it."""
    label = line(node.above, tight=True)
    if node.below.items or label is None:
        return None
    left, right = tuple(_ARROWS[node.sign])
    return f"{left}{label}{right}" if label else node.sign


def _fraction(node: Fraction, tight: bool) -> str | None:
    above, below = line(node.above, tight), line(node.below, tight)
    if above is None or below is None:
        return None
    if not _is_product(node.above):
        above = f"({above})"
    if not _is_factor(node.below):
        below = f"({below})"
    return f"{above}/{below}"


def _outside(row: Row) -> list[Node]:
    """The nodes of a row that are no spaces and stand in no parentheses; a pair counts as its closing one."""
    nodes: list[Node] = []
    depth = 0
    for node in row.items:
        kind = kind_of(node)
        depth -= kind == "close"
        if depth == 0 and kind not in ("open", "space"):
            nodes.append(node)
        depth += kind == "open"
    return nodes


def _is_product(row: Row) -> bool:
    """Whether a slash after it divides all of it."""
    nodes = _outside(row)
    for i, node in enumerate(nodes):
        kind = kind_of(node)
        if isinstance(node, Fraction | Row) or node == Symbol("/", "ord"):
            return False
        if isinstance(node, Symbol) and " " in node.text.strip():  # several words
            return False
        if kind in ("bin", "rel", "punct", "sign", "big"):
            return False
        if kind in ("op", "limits") and [kind_of(n) for n in nodes[i + 1 :]] not in (["close"], ["fence"]):
            return False
    return bool(nodes)


def _is_factor(row: Row) -> bool:
    """Whether a slash before it divides by all of it: one thing, ∂x, or f(x)."""
    nodes = _outside(row)
    if not _is_product(row) or len(nodes) > 2:
        return False
    differential = isinstance(nodes[0], Symbol) and nodes[0].text in ("∂", "d")
    return len(nodes) == 1 or differential or kind_of(nodes[1]) in ("close", "fence")


def _root(node: Root, tight: bool) -> str | None:
    body = line(node.body, tight)
    degree = small(node.degree, SUPERSCRIPTS) if node.degree else ""
    if body is None or degree is None:
        return None
    alone = len(node.body.items) == 1 and _is_one(node.body.items[0])
    return f"{degree}√{body}" if alone or _is_enclosed(node.body) else f"{degree}√({body})"


def _is_one(node: Node) -> bool:
    """Whether √ or ^ before it takes in all of it: a symbol, with a subscript or without."""
    return isinstance(node, Symbol) or (isinstance(node, Scripts) and node.sup is None)


def small(row: Row | None, letters: Mapping[str, str]) -> str | None:
    """A script in small letters; None where one of them does not exist."""
    if row is None:
        return ""
    text = line(row, tight=True)
    if text is None or not _shrinks(row) or any(c not in letters for c in text):
        return None
    return "".join(letters[c] for c in text)


def _shrinks(row: Row) -> bool:
    """Whether small letters would leave no doubt: of b′ in a^{b′} nobody could tell whose the prime is.

    ∘ is a degree only where it stands alone: f^{∘2} is f(f(x)).
    """
    if len(row.items) > 1 and Symbol("∘", "bin") in row.items:
        return False
    return not any(isinstance(n, Scripts) and n.base != Symbol("", "ord") for n in row.items)


def scripts(node: Scripts) -> str | None:
    """Both scripts on the row of their base: ᵢ², _θ, ^(−x/2); None where they need rows of their own."""
    sub = _low(node.sub)
    sup = _high(node.sup)
    return None if sub is None or sup is None else sub + sup


def _symbols(row: Row) -> list[Symbol] | None:
    """The symbols of a row in which nothing has scripts, is divided, … ; None where something has."""
    found: list[Symbol] = []
    for node in row.items:
        inner = [node] if isinstance(node, Symbol) else _symbols(node) if isinstance(node, Row) else None
        if inner is None:
            return None
        found += inner
    return found


def _is_single(row: Row) -> bool:
    """Whether it can be told where a script ends that has no brackets: it is one symbol, number or word."""
    found = _symbols(row) or []
    return cell_len(line(row, tight=True) or "") == 1 or (len(found) == 1 and found[0].text.isalnum())


def _is_index(row: Row) -> bool:
    """Whether an index needs no brackets: _θ, _model, _<t, or Latin letters that are read as a word: _KL."""
    found = _symbols(row) or []
    letters = line(row, tight=True) or ""
    if found and found[0].text in ("<", ">", "≤", "≥"):
        return len(found) == 2 and found[1].text.isalnum()
    return _is_single(row) or (letters.isascii() and letters.isalpha())


def _low(row: Row | None) -> str | None:
    """Small letters, else _ and one symbol or word, or x_<t, or x_(iⱼ). More could not be read there."""
    if row is None:
        return ""
    text = line(row, tight=True)
    if not text:
        return text
    if not _is_word(row) and (shrunk := small(row, SUBSCRIPTS)) is not None:
        return shrunk
    if _is_index(row):
        return f"_{text}"
    short = cell_len(text) <= LONGEST_INDEX and (len(row.items) == 1 or text.isalnum())
    return f"_({text})" if short else None


def _is_word(row: Row) -> bool:
    """Text of several letters: d_model is easier to read than small letters are."""
    return any(isinstance(n, Symbol) and n.kind == "word" and len(n.text) > 1 for n in row.items)


def _high(row: Row | None) -> str | None:
    """Small letters, else ^ and one symbol or word, else ^ and something short in parentheses."""
    if row is None:
        return ""
    if row.items[:1] == (Symbol("∘", "bin"),) and (degree := line(Row(row.items[1:]), True)) in _DEGREES:
        return f"°{degree}"
    shrunk = small(row, SUPERSCRIPTS)
    if shrunk is not None:
        return shrunk
    text = line(row, tight=True)
    if text is None or cell_len(text) > LONGEST_EXPONENT or "^" in text:
        return None
    if _is_single(row) or _is_enclosed(row):
        return f"^{text}"
    return f"^({text})"


def _is_enclosed(row: Row) -> bool:
    """Whether brackets hold all of it: W^[l]."""
    kinds = [kind_of(node) for node in row.items]
    return kinds == ["fence"] or (
        kinds[:1] == ["open"] and kinds[-1:] == ["close"] and not {"open", "close"} & set(kinds[1:-1])
    )


def _scripts(node: Scripts) -> str | None:
    base, attached = line(node.base), scripts(node)
    if base is None or attached is None:
        return None
    if isinstance(node.base, Fraction) or (isinstance(node.base, Root) and node.sup) or _clash(node):
        base = f"({base})"
    return base + attached


def _clash(node: Scripts) -> bool:
    """Whether the base has a script of its own where one is to go: (xᵢ)ⱼ is not xᵢⱼ."""
    match node.base:
        case Row(items=(Scripts(sub=sub, sup=sup),)):
            return bool((sub and node.sub) or (sup and node.sup))
    return False


def accented(node: Accent) -> str | None:
    """One letter with its mark; a bar or a stroke may combine with several."""
    body = line(node.body)
    accent = ACCENTS[node.name]
    if not body or (cell_len(body) > 1 and len(body) > 1 and not accent.each):
        return None
    if len(body) > 1 and not accent.each:
        return unicodedata.normalize("NFC", body + accent.mark)
    return unicodedata.normalize("NFC", "".join(c + accent.mark for c in body))
