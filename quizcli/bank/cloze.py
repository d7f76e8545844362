"""The blanks of a cloze text: {{c1::answer}} or {{c1::answer::hint}}, with formulas inside where wanted."""

from __future__ import annotations

import re

from msgspec import Struct

_OPENING = r"\{\{c[0-9]{1,3}::"


class Blank(Struct, frozen=True):
    """What a card hides. `hint` may be empty."""

    group: str  # "c1"
    answer: str
    hint: str = ""


def pieces(text: str) -> tuple[str | Blank, ...]:
    """The text cut into visible parts and blanks, in order. A blank that never closes stays visible text.

    Braces inside a blank are balanced: {{c1::$\\sqrt{d_{k}}$}} ends where a reader sees it end.
    """
    found: list[str | Blank] = []
    start = 0
    openings = list(re.finditer(_OPENING, text))
    limits = [opening.start() for opening in openings[1:]] + [len(text)]  # blanks do not nest
    for opening, limit in zip(openings, limits, strict=False):
        end = _closing(text, opening.end(), limit)
        if end is None:
            continue
        if opening.start() > start:
            found.append(text[start : opening.start()])
        answer, _, hint = text[opening.end() : end].partition("::")
        found.append(Blank(opening[0][2:-2], answer.strip(), hint.strip()))
        start = end + 2
    if start < len(text):
        found.append(text[start:])
    return tuple(found)


def blanks(text: str) -> tuple[Blank, ...]:
    """Only the blanks."""
    return tuple(piece for piece in pieces(text) if isinstance(piece, Blank))


def filled(text: str) -> str:
    """The text with every blank replaced by its answer."""
    return "".join(piece if isinstance(piece, str) else piece.answer for piece in pieces(text))


def _closing(text: str, start: int, limit: int) -> int | None:
    """Where the `}}` stands, before `limit`, that closes a blank whose content begins at `start`."""
    depth = 0
    for place in range(start, limit):
        if text[place] == "{":
            depth += 1
        elif text[place] == "}":
            if depth == 0:
                return place if text.startswith("}}", place) else None
            depth -= 1
    return None
