"""The Markdown of banks: paragraphs, lists, fenced code, `code`, **bold**, *italic*, $formulas$.

Not rich.markdown: it takes 45 ms to import and knows no formulas. Nothing in a bank is ever Rich markup, and
what a terminal would obey instead of show (escape sequences, reversed text) becomes visible.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from rich.cells import cell_len, chop_cells
from rich.text import Text

from quizcli.screen import theme
from quizcli.screen.wrap import Inset, Span, wrap
from quizcli.visible import clean

INDENT = 2  # cells before code and formulas on lines of their own

_FENCE = re.compile(r" {0,3}```\s*([\w+-]*)\s*$")
_ITEM = re.compile(r"( *)([-*]|\d{1,3}[.)])\s+(?=\S)")
_DISPLAY = re.compile(r"(?<!\\)\$\$(.+?)\$\$", re.DOTALL)
_INLINE = re.compile(
    r"""
    (?P<escape>\\[$*`])
  | (?<!`)(?P<ticks>`{1,2})(?!`)(?P<code>.+?)(?<!`)(?P=ticks)(?!`)
  | \$(?P<formula>(?![\s$])(?:\\.|[^$\\])*?(?<!\s))\$(?!\d)
  | \*\*(?P<bold>(?![\s*]).+?(?<![\s*]))\*\*(?!\*)
  | (?<![A-Za-z0-9*])\*(?P<italic>(?![\s*]).+?(?<![\s*]))\*(?![A-Za-z0-9*])
    """,
    re.VERBOSE | re.DOTALL,
)
_LINE_ENDS = re.compile("\r\n|[\x85\u2028\u2029]")
_SPACES = re.compile("[\xa0\u1680\u2000-\u200a\u202f\u205f\u3000]")


class Paragraph(NamedTuple):
    """Running text, or an item of a list: `mark` is its bullet or number, `level` how deep it lies."""

    text: str
    mark: str = ""
    level: int = 0


class Formula(NamedTuple):
    """A formula on lines of its own."""

    latex: str
    level: int = 0


class Code(NamedTuple):
    """Lines of a program."""

    text: str
    language: str


class Gap(NamedTuple):
    """An empty line."""


Block = Paragraph | Formula | Code | Gap


def render(text: str, width: int, style: str = "", mark: Sequence[Span] = ()) -> list[Text]:
    """Lines of at most `width` cells, of which at least 8 are for text.

    `style` is that of text that has none of its own. `mark` (a number, a sign) stands before the first line;
    all others are indented by its width.
    """
    first, *others = blocks(visible(text))
    indent = sum(cell_len(span.text) for span in mark)
    room = max(width - indent, 8)
    if isinstance(first, Paragraph) and not first.mark:
        lines = wrap(_inline(first.text, room, style), room + indent, mark)
    else:  # a list, a formula or a program hangs below the mark
        lines = wrap([], width, mark) if mark else []
        lines += [_indented(line, indent) for line in _lines(first, room, style)]
    return lines + [_indented(line, indent) for block in others for line in _lines(block, room, style)]


def visible(text: str) -> str:
    """The text with nothing in it that a terminal obeys (quizcli.visible); tabs are spaces."""
    text = _LINE_ENDS.sub("\n", text).expandtabs(4)
    return _SPACES.sub(" ", clean(text))


def blocks(text: str) -> list[Block]:
    """Paragraphs, items, formulas, code and gaps, in order; at least one. An open fence runs to the end."""
    found: list[Block] = []
    lines = iter(text.strip("\n").split("\n"))
    for line in lines:
        fence = _FENCE.match(line)
        if fence:
            found.append(Code(_until_fence(lines), fence[1]))
        elif not line.strip():
            if found and not isinstance(found[-1], Gap):
                found.append(Gap())
        elif item := _ITEM.match(line):
            found.append(Paragraph(line[item.end() :], item[2], len(item[1]) // 2))
        elif found and isinstance(found[-1], Paragraph):
            found[-1] = found[-1]._replace(text=f"{found[-1].text}\n{line.strip()}")
        else:
            found.append(Paragraph(line.strip()))
    return [part for block in found for part in _split_display(block)] or [Gap()]


def _until_fence(lines: Iterator[str]) -> str:
    code = []
    for line in lines:
        if _FENCE.match(line):
            break
        code.append(line)
    return "\n".join(code)


def _split_display(block: Block) -> list[Block]:
    """A paragraph cut at the $$formulas$$ in it."""
    if not isinstance(block, Paragraph) or "$$" not in block.text:
        return [block]
    parts: list[Block] = []
    for i, text in enumerate(_DISPLAY.split(block.text)):
        if i % 2:
            parts.append(Formula(text.strip(), block.level + bool(block.mark)))
        elif text.strip():
            mark = block.mark if i == 0 else " " * len(block.mark)
            parts.append(Paragraph(text.strip(), mark, block.level))
    return parts


def _lines(block: Block, width: int, style: str) -> list[Text]:
    match block:
        case Gap():
            return [Text()]
        case Code():
            return [_indented(line, INDENT) for line in _code(block, width - INDENT)]
        case Formula(latex=latex, level=level):
            indent = min(INDENT * (level + 1), width // 2)
            return [_indented(line, indent) for line in _display(latex, width - indent)]
        case Paragraph():
            return _paragraph(block, width, style)


def _indented(line: Text, cells: int) -> Text:
    return Text(" " * cells).append_text(line) if line else line


def _paragraph(block: Paragraph, width: int, style: str) -> list[Text]:
    """Running text, or a list item that hangs from its mark."""
    mark = theme.BULLET if block.mark in ("-", "*") else block.mark
    if not mark:
        return wrap(_inline(block.text, width, style), width)
    mark = " " * min(INDENT * block.level, width // 3) + mark + " "
    return wrap(_inline(block.text, width - cell_len(mark), style), width, [Span(mark, style)])


def _inline(text: str, width: int, style: str) -> list[Span | Inset]:
    """The parts of running text for lines of `width` cells."""
    parts: list[Span | Inset] = []
    end = 0
    for match in _INLINE.finditer(text):
        parts.append(Span(text[end : match.start()], style))
        end = match.end()
        if match["escape"]:
            parts.append(Span(match["escape"][1], style))
        elif match["code"]:
            code = match["code"].replace("\n", " ").strip()
            parts.append(Span(code, f"{style} {theme.CODE}", solid=cell_len(code) <= width))
        elif match["formula"]:
            parts += _formula(match["formula"], width, style)
        else:
            inner = match["bold"] or match["italic"]
            added = theme.STRONG if match["bold"] else theme.EMPHASIS
            if added in style:  # bold in bold adds nothing, and must not nest without end
                parts.append(Span(match[0], style))
            else:
                parts += _inline(inner, width, f"{style} {added}".strip())
    parts.append(Span(text[end:], style))
    return parts


def _formula(latex: str, width: int, style: str) -> list[Span | Inset]:
    """A formula in running text; one wider than the line may break before its operators."""
    from quizcli.screen import maths  # only a text with a formula pays for it

    whole = maths.inline(latex)
    if whole.width <= width:
        return [Inset(whole, style)]
    parts: list[Span | Inset] = []
    for box in maths.inline_parts(latex, width):
        if box.width <= width:
            parts += [Inset(box, style), Span(" ")]
        elif len(box.rows) == 1:
            parts += [Span(box.text + " ", style)]
        else:
            return [Span(f"${latex}$", style)]
    return parts[:-1] if parts[-1] == Span(" ") else parts


def _display(latex: str, width: int) -> list[Text]:
    from quizcli.screen import maths

    boxes = maths.display(latex, width)
    if all(box.width <= width for box in boxes):
        return [Text(row.rstrip()) for box in boxes for row in box.rows]
    return wrap(_formula(latex, width, ""), width)


def _code(block: Code, width: int) -> list[Text]:
    """The lines of a program, coloured where its language is known; long ones go on below."""
    program = Text(block.text)
    if block.language:
        from quizcli.screen.program import highlighted  # only a text with a program pays for it

        program = highlighted(block.text, block.language)
    return [part for line in program.split("\n", allow_blank=True) for part in _folded(line, width)]


def _folded(line: Text, width: int) -> list[Text]:
    """A line of code that is too long goes on below, cut at a space where there is one, and further in."""
    indent = min(_indent_of(line) + 4, width // 2)
    lines: list[Text] = []
    while line.cell_len > width:
        fits = len(chop_cells(line.plain, width)[0])
        space = line.plain.rfind(" ", max(indent, _indent_of(line)) + 1, fits + 1)
        first, rest = line.divide([space if space > 0 else fits])
        first.rstrip()
        lines.append(first)
        line = Text(" " * indent).append_text(rest[_indent_of(rest) :])
    return [*lines, line]


def _indent_of(line: Text) -> int:
    return len(line.plain) - len(line.plain.lstrip())
