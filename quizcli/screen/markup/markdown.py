"""The Markdown of banks as lines of text; what is a formula, code or bold is said by quizcli.bank.markdown.

Not rich.markdown: it takes 45 ms to import and knows no formulas. Nothing in a bank is ever Rich markup, and
what a terminal would obey instead of show (escape sequences, reversed text) becomes visible.
"""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len
from rich.text import Text as RichText

from quizcli.bank import markdown as grammar
from quizcli.bank.markdown import Block, CodeBlock, Formula, Gap, Paragraph, blocks, normal
from quizcli.screen.markup.wrap import Inset, Styled, wrap
from quizcli.screen.terminal import theme
from quizcli.visible_text import clean

INDENT = 2  # cells before formulas on lines of their own
_ENDLESS = 10_000  # cells: a text in one line


def render(text: str, width: int, style: str = "", mark: Sequence[Styled] = ()) -> list[RichText]:
    """Lines of at most `width` cells, of which at least 8 are for text.

    `style` is that of text that has none of its own. `mark` (a number, a sign) stands before the first line;
    all others are indented by its width.
    """
    first, *others = blocks(text)
    indent = sum(cell_len(span.text) for span in mark)
    room = max(width - indent, 8)
    if isinstance(first, Paragraph) and not first.mark:
        lines = wrap(_inline(first.spans, room, style), room + indent, mark)
    else:  # a list, a formula or a program hangs below the mark
        lines = wrap([], width, mark) if mark else []
        lines += [_indented(line, indent) for line in _lines(first, room, style)]
    return lines + [_indented(line, indent) for block in others for line in _lines(block, room, style)]


def numbered(number: int) -> list[Styled]:
    """The mark of a line that a key stands for."""
    return [Styled(str(number), theme.KEY), Styled("  ")]


def visible(text: str) -> str:
    """The text with nothing in it that a terminal obeys (quizcli.visible_text); tabs are spaces."""
    return clean(normal(text))


def in_one_line(text: str) -> RichText:
    """The first paragraph in one line. A formula that needs more rows stays as it is written."""
    parts: list[Styled | Inset] = []
    for span in grammar.spans(text.strip().split("\n\n")[0]):
        drawn = _inline([span], _ENDLESS, "")
        tall = any(isinstance(part, Inset) and len(part.box.rows) > 1 for part in drawn)
        parts += [Styled(f"${' '.join(span.text.split())}$")] if tall else drawn
    return wrap(parts, _ENDLESS)[0]


def _lines(block: Block, width: int, style: str) -> list[RichText]:
    match block:
        case Gap():
            return [RichText()]
        case CodeBlock():
            return _code(block, width)
        case Formula(latex=latex, level=level):
            indent = min(INDENT * (level + 1), width // 2)
            return [_indented(line, indent) for line in _display(latex, width - indent)]
        case Paragraph():
            return _paragraph(block, width, style)


def _indented(line: RichText, cells: int) -> RichText:
    return RichText(" " * cells).append_text(line) if line else line


def _paragraph(block: Paragraph, width: int, style: str) -> list[RichText]:
    """Running text, or a list item that hangs from its mark."""
    mark = theme.BULLET if block.mark == "-" else block.mark
    if not mark:
        return wrap(_inline(block.spans, width, style), width)
    mark = " " * min(INDENT * block.level, width // 3) + mark + " "
    return wrap(_inline(block.spans, width - cell_len(mark), style), width, [Styled(mark, style)])


def _inline(spans: Sequence[grammar.MarkedSpan], width: int, style: str) -> list[Styled | Inset]:
    """The parts of running text for lines of `width` cells."""
    parts: list[Styled | Inset] = []
    for span in spans:
        added = [theme.STRONG] * span.bold + [theme.EMPHASIS] * span.italic
        look = " ".join([*filter(None, [style]), *(one for one in added if one not in style)])
        if span.sort in ("code", "fence"):
            code = span.text.replace("\n", " ").strip()
            parts.append(Styled(code, f"{look} {theme.CODE}", solid=cell_len(code) <= width))
        elif span.sort in ("maths", "display"):
            parts += _formula(span.text, width, look)
        else:
            parts.append(Styled(span.text, look))
    return parts


def _formula(latex: str, width: int, style: str) -> list[Styled | Inset]:
    """A formula in running text; one wider than the line may break before its operators."""
    from quizcli.screen.latex import layout  # only a text with a formula pays for it

    whole = layout.inline(latex)
    if whole.width <= width:
        return [Inset(whole, style)]
    parts: list[Styled | Inset] = []
    for box in layout.inline_parts(latex, width):
        if box.width <= width:
            parts += [Inset(box, style), Styled(" ")]
        elif len(box.rows) == 1:
            parts += [Styled(box.text + " ", style)]
        else:
            return [Styled(f"${latex}$", style)]
    return parts[:-1] if parts[-1] == Styled(" ") else parts


def _display(latex: str, width: int) -> list[RichText]:
    from quizcli.screen.latex import layout

    boxes = layout.display(latex, width)
    if all(box.width <= width for box in boxes):
        return [RichText(row.rstrip()) for box in boxes for row in box.rows]
    return wrap(_formula(latex, width, ""), width)


def _code(block: CodeBlock, width: int) -> list[RichText]:
    """The lines of a program, coloured where its language is known; long ones go on below."""
    from quizcli.screen.markup.folding import folded  # only a text with a program pays for these

    code = clean(block.text)
    program = RichText(code)
    if block.language:
        from quizcli.screen.markup.highlight import highlighted

        program = highlighted(code, block.language)
    return [part for line in program.split("\n", allow_blank=True) for part in folded(line, width)]
