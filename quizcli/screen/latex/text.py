r"""What stands in \text{…}: words as they are, with formulas and commands in them."""

from __future__ import annotations

import re
from collections.abc import Callable

from quizcli.screen.latex import symbols
from quizcli.screen.latex.tree import Node, Row, Symbol, TexError
from quizcli.text import tr

_GROUP = r"\{(?>[^{}\\]|\\.|\{[^{}]*\})*\}"
_PART = re.compile(
    rf"""
    \$(?P<formula>(?>\\.|[^$\\])+)\$
  | \\\((?P<bracketed>(?>[^\\]|\\(?![()]).)+)\\\)
  | (?P<space>\\[,;:!/\ ]|\\\\|~|\s+|\\(?:quad|qquad|enspace|thinspace)(?![A-Za-z])\s*)
  | \\(?P<escape>[_%&\#${{}}])
  | \\(?P<accent>['`^"~=.])\s*(?:\{{(?P<letter>\w)\}}|(?P<bare>\w))
  | (?P<colour>\\(?:textcolor|color)\s*(?:\[\w*\])?\{{[^{{}}]*\}})
  | \\(?P<command>[A-Za-z]+)(?P<given>(?:{_GROUP})*)
  | (?P<other>.)
    """,
    re.DOTALL | re.VERBOSE,
)
_MARKS = dict(zip("'`^\"~=.", "\u0301\u0300\u0302\u0308\u0303\u0304\u0307", strict=True))


def read_text_words(source: str, formula: Callable[[str], Row]) -> Row:
    """The text as words and nodes; `formula` reads the formulas in it. Raises TexError."""
    import unicodedata  # only a formula with text pays for it

    items: list[Node] = []
    run = ""

    def flush() -> None:
        nonlocal run
        if run:
            items.append(Symbol(run, "word"))
        run = ""

    for part in _PART.finditer(source):
        if inner := part["formula"] or part["bracketed"]:
            flush()
            items.append(formula(inner))
        elif part["space"]:
            run += "" if part["space"] in ("\\!", "\\/") or run.endswith(" ") else " "
        elif part["escape"]:
            run += part["escape"]
        elif part["accent"]:
            run += unicodedata.normalize("NFC", (part["letter"] or part["bare"]) + _MARKS[part["accent"]])
        elif name := part["command"]:
            if (plain := _plain(name, part["given"], formula)) is None:
                flush()
                items.append(formula(part[0]))
            elif isinstance(plain, Row):
                flush()
                items += plain.items
            else:
                run += plain
        elif part["other"] and part["other"] not in "{}":
            run += _printable(part["other"])
    flush()
    return Row(tuple(items))


def _plain(name: str, given: str, formula: Callable[[str], Row]) -> str | Row | None:
    """What a command of text means; None for a command of formulas."""
    if name in symbols.TEXTS or name in symbols.SWITCHES or name in symbols.IGNORED:
        return read_text_words(given, formula) if given else ""
    if name in symbols.COMMANDS and not given:
        return symbols.COMMANDS[name][0]
    return None


def _printable(char: str) -> str:
    if char == "$":
        raise TexError(tr(r"an unpaired $ within \text", r"\text 中的 $ 不成对"))
    if not char.isprintable():
        raise TexError(tr("a control character", "含有控制字符"))
    if char == "\\":
        raise TexError(tr(r"\ with nothing after it", r"\ 之后没有内容"))
    return char
