"""The Markdown of a bank, read once: the checker judges what the card shows.

Paragraphs, lists (`-`, `1.`), fences, `code`, **bold**, *italic*, $formulas$ and $$formulas$$. A paragraph
and an item end at an empty line, at the next item and at a fence; nothing within them reaches further. Every
pattern here takes linear time: texts may come from a stranger.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Literal

from msgspec import Struct

Sort = Literal["prose", "escaped", "code", "fence", "maths", "display"]


class MarkedSpan(Struct, frozen=True):
    r"""A stretch of text of one sort, without its marks.

    "escaped" is a sign that stands for itself, \$. A fence keeps its first line (the language).
    """

    sort: Sort
    text: str
    bold: bool = False
    italic: bool = False


class Paragraph(Struct, frozen=True):
    """Running text, or an item of a list: `mark` is its bullet or number, `level` how deep it lies.

    What follows a formula on lines of its own is a paragraph again; an item goes on with a blank mark.
    """

    spans: tuple[MarkedSpan, ...]
    mark: str = ""
    level: int = 0


class Formula(Struct, frozen=True):
    """A formula on lines of its own."""

    latex: str
    level: int = 0


class CodeBlock(Struct, frozen=True):
    """Lines of a program."""

    text: str
    language: str = ""
    closed: bool = True


class Gap(Struct, frozen=True):
    """An empty line."""


Block = Paragraph | Formula | CodeBlock | Gap

# Compiled by `re` when a text first has what they look for: the day's first card seldom has.
_FENCE = r" {0,3}```\s*([\w+-]*)\s*$"
_ITEM = r"( *)(-|\d{1,3}[.)])\s+(?=\S)"
_ALIKE = str.maketrans(
    dict.fromkeys("\r\x85\u2028\u2029", "\n")
    | dict.fromkeys("\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005", " ")
    | dict.fromkeys("\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000", " ")
)
# What a formula holds: \text{if $x$} may have dollars of its own. Nothing is looked at twice.
_LATEX = r"(?>\\(?:text\w*|mbox)\s*\{(?>[^{}\\]|\\.|\{[^{}]*\})*\}|\\.|[^$\\])++"
_ATOM = rf"""(?sx)
    \\(?P<escaped>[\\$*`_\#~<>|&!{{}}+.-])
  | \$\$(?=\s*[^\s$])(?P<display>{_LATEX})\$\$
  | \$(?P<maths>(?![\s$]){_LATEX}(?<!\s))\$(?!\d)  # "from $5 to $6" is no formula
  | (?<!`)(?P<ticks>`{{1,2}})(?!`)(?P<code>.+?)(?<!`)(?P=ticks)(?!`)
    """
_BLANK_MARKS = r"\{\{c[0-9]{1,3}::|\}\}"
_GAP_SIGN = "\ue000"
_ATOM_SIGN = "\ufffc"  # stands for a formula or a piece of code where its neighbours are looked at


def blocks(text: str) -> list[Block]:
    """Paragraphs, items, formulas, code and gaps, in order; at least one. An open fence runs to the end."""
    found: list[Block] = []
    for mark, level, content in _lines(normal(text)):
        match content:
            case str():
                found += _cut_at_formulas(inline(content), mark, level)
            case Gap() if not found or isinstance(found[-1], Gap):
                continue
            case _:
                found.append(content)
    return found or [Gap()]


def is_plain(text: str) -> bool:
    """Whether it reads the same where Markdown is not known: one paragraph without marks."""
    block, *others = blocks(text)
    return (
        not others
        and isinstance(block, Paragraph)
        and all(span.sort == "prose" and not span.bold and not span.italic for span in block.spans)
    )


def normal(text: str) -> str:
    r"""The text with `\n` for all that ends a line, and spaces for tabs and for all other spaces."""
    return text.replace("\r\n", "\n").translate(_ALIKE).expandtabs(4)


def _lines(text: str) -> Iterator[tuple[str, int, str | CodeBlock | Gap]]:
    """Whole paragraphs and items as (mark, level, text); code and gaps."""
    pending: tuple[str, int, str] | None = None
    lines = iter(text.strip("\n").split("\n"))
    for line in lines:
        fence, item, empty = _fence(line), _item(line), not line.strip()
        if pending and not (fence or item or empty):
            pending = (*pending[:2], f"{pending[2]}\n{line.strip()}")
            continue
        if pending:
            yield pending
            pending = None
        if fence:
            yield "", 0, _code(lines, fence[1])
        elif empty:
            yield "", 0, Gap()
        elif item:
            pending = (item[2], len(item[1]) // 2, line[item.end() :])
        else:
            pending = ("", 0, line.strip())
    if pending:
        yield pending


def _fence(line: str) -> re.Match[str] | None:
    return re.match(_FENCE, line) if "```" in line else None


def _item(line: str) -> re.Match[str] | None:
    first = line.lstrip(" ")[:1]
    return re.match(_ITEM, line) if first == "-" or first.isdecimal() else None


def _code(lines: Iterator[str], language: str) -> CodeBlock:
    code: list[str] = []
    for line in lines:
        if _fence(line):
            return CodeBlock("\n".join(code), language)
        code.append(line)
    return CodeBlock("\n".join(code), language, closed=False)


def _cut_at_formulas(spans: tuple[MarkedSpan, ...], mark: str, level: int) -> Iterator[Block]:
    """A paragraph cut at the $$formulas$$ in it."""
    running: list[MarkedSpan] = []
    shown = mark
    for span in (*spans, None):
        if span is not None and span.sort != "display":
            running.append(span)
            continue
        if any(part.sort != "prose" or part.text.strip() for part in running):
            yield Paragraph(tuple(running), shown, level)
        if span is not None:
            yield Formula(span.text.strip(), level + bool(mark))
        running, shown = [], " " * len(mark)


def inline(text: str) -> tuple[MarkedSpan, ...]:
    """The spans of one paragraph. Formulas and code are whole: no ** begins or ends within them."""
    atoms: list[MarkedSpan] = []
    rest = ""
    start = 0
    for found in re.finditer(_ATOM, text) if any(sign in text for sign in "\\$`") else ():
        sort: Sort = found.lastgroup  # type: ignore[assignment]
        rest += text[start : found.start()].replace(_ATOM_SIGN, "\ufffd") + _ATOM_SIGN
        atoms.append(MarkedSpan(sort, found[sort]))
        start = found.end()
    rest += text[start:].replace(_ATOM_SIGN, "\ufffd")
    return tuple(_emphasized(rest, atoms))


def _emphasized(text: str, atoms: list[MarkedSpan]) -> Iterator[MarkedSpan]:
    """The text with its atoms put in, and bold and italic where their marks are paired."""
    marks = _paired_marks(text)
    bold = italic = False
    waiting = iter(atoms)
    start = 0
    for place in [*sorted(marks), len(text)]:
        for i, prose in enumerate(text[start:place].split(_ATOM_SIGN)):
            if i:
                atom = next(waiting)
                yield MarkedSpan(atom.sort, atom.text, bold, italic)
            if prose:
                yield MarkedSpan("prose", prose, bold, italic)
        start = place + len(marks.get(place, ""))
        bold ^= marks.get(place) == "**"
        italic ^= marks.get(place) == "*"


def _paired_marks(text: str) -> dict[int, str]:
    """Where a ** or * begins or ends bold or italic. All others are stars."""
    paired: dict[int, str] = {}
    waiting: list[tuple[str, int]] = []
    for run in re.finditer(r"\*+", text) if "*" in text else ():
        before, after = text[run.start() - 1 : run.start()], text[run.end() : run.end() + 1]
        place, left = run.start(), len(run[0])
        if left > 3:
            continue
        while closing := _closing(waiting, left, before, after):
            mark, opened = waiting[closing - 1]
            del waiting[closing - 1 :]  # what was opened in between, and never closed, is stars
            paired |= {opened: mark, place: mark}
            place += len(mark)
            left -= len(mark)
        for mark in {1: ("*",), 2: ("**",), 3: ("**", "*")}.get(left, ()):
            if _may_open(mark, before, after) and mark not in [other for other, _ in waiting]:
                waiting.append((mark, place))
                place += len(mark)
    return paired


def _closing(waiting: list[tuple[str, int]], length: int, before: str, after: str) -> int:
    """The number, counted from 1, of the last open mark that so many stars close; 0 for none."""
    for number in range(len(waiting), 0, -1):
        mark = waiting[number - 1][0]
        alone = mark == "**" or not _is_plain_letter(after)
        if length in (len(mark), 3) and alone and before.strip():
            return number
    return 0


def _may_open(mark: str, before: str, after: str) -> bool:
    return bool(after.strip()) and (mark == "**" or not _is_plain_letter(before))


def _is_plain_letter(char: str) -> bool:
    """Whether a * beside it is more likely a product, a*b, than emphasis."""
    return char.isascii() and char.isalnum()


def spans(text: str) -> Iterator[MarkedSpan]:
    """The text cut into its spans, in order; between two blocks there is an end of a line."""
    for number, block in enumerate(blocks(text)):
        if number:
            yield MarkedSpan("prose", "\n")
        match block:
            case Paragraph(spans=parts):
                yield from parts
            case Formula(latex=latex):
                yield MarkedSpan("display", latex)
            case CodeBlock(text=code, language=language):
                yield MarkedSpan("fence", f"{language}\n{code}")


def around(parts: Sequence[str]) -> list[MarkedSpan]:
    """The spans that the gaps between the parts of a text stand in: what is put there is of that sort."""
    text = _GAP_SIGN.join(part.replace(_GAP_SIGN, "\ufffd") for part in parts)
    return [span for span in spans(text) for char in span.text if char == _GAP_SIGN]


def formulas(text: str) -> Iterator[str]:
    """The LaTeX of every formula."""
    return (span.text.strip() for span in spans(text) if span.sort in ("maths", "display"))


def reads_alike(text: str) -> bool:
    """Whether a text is the same in every language: numbers, signs, formulas and code, but no words."""
    prose = "".join(span.text for span in spans(text) if span.sort in ("prose", "escaped"))
    return not any(character.isalpha() for character in re.sub(_BLANK_MARKS, "", prose))
