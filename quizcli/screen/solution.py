"""What settles a question: marked options, filled blanks, the number, the order; and what was answered."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.text import Text

from quizcli.bank.cloze import pieces
from quizcli.bank.types import AnyQuestion, Choice, Cloze, Number, Option, Order, Truth
from quizcli.screen import theme
from quizcli.screen.markdown import render, visible
from quizcli.screen.wrap import Span, wrap
from quizcli.text import tr

Response = bool | str | frozenset[int]  # truth; what was typed; the chosen options, counted from 0


def sign(good: bool) -> Span:
    """✓ or ✗."""
    return Span(theme.RIGHT, theme.GOOD) if good else Span(theme.WRONG, theme.BAD)


def solution_lines(
    question: AnyQuestion,
    width: int,
    response: Response | None,
    right: bool | None,
    permutation: Sequence[int],
) -> list[Text]:
    """The solution, then the response with ✓ or ✗. Nothing for a question that is answered aloud."""
    match question:
        case Choice(choices=choices):
            chosen = response if isinstance(response, frozenset) else frozenset()
            return [
                line
                for index, option in enumerate(choices)
                for line in _option(index, option, index in chosen, width)
            ]
        case Truth(correct=correct):
            lines = [Text(_statement(correct), theme.STRONG)]
            right = response == correct
        case Number():
            lines = [Text(_number(question), theme.STRONG)]
        case Cloze(text=text):
            lines = render(_filled(str(text)), width)
        case Order(items=items):
            shown = {place: number for number, place in enumerate(permutation, start=1)}
            lines = []
            for place, item in enumerate(items):
                lines += render(str(item), width, mark=numbered(shown.get(place, place + 1)))
        case _:
            return []
    return [*lines, *_responded(response, right, width)]


def numbered(number: int) -> list[Span]:
    """The mark of a line that a key stands for."""
    return [Span(str(number), theme.KEY), Span("  ")]


def _statement(true: bool) -> str:
    if true:
        return tr("The statement is true.", "这个说法是对的。")
    return tr("The statement is false.", "这个说法是错的。")


def _number(question: Number) -> str:
    unit = f" {question.unit}" if question.unit else ""
    tolerance = f" (± {question.tolerance:g})" if question.tolerance else ""
    return f"{question.value:g}{unit}{tolerance}"


def _responded(response: Response | None, right: bool | None, width: int) -> list[Text]:
    """What the person answered, with ✓ or ✗ where that is known."""
    if response is None or isinstance(response, frozenset):
        return []
    if isinstance(response, bool):
        said = tr("true", "正确") if response else tr("false", "错误")
    else:
        said = visible(response)
    mark = [Span(tr("you  ", "你答  "), theme.QUIET)]
    return wrap([Span(f"{said} "), *([] if right is None else [sign(right)])], width, mark)


def _option(index: int, option: Option, chosen: bool, width: int) -> Iterator[Text]:
    """Whether an option is correct, whether it was chosen, and why it is wrong."""
    pointer = Span(theme.CHOSEN if chosen else " ", theme.ACCENT)
    mark = [pointer, Span(" "), sign(option.correct), Span(" "), *numbered(index + 1)]
    yield from render(str(option.text), width, mark=mark)
    if option.why is not None:
        indent = sum(len(span.text) for span in mark)
        yield from render(str(option.why), width, theme.QUIET, [Span(" " * indent)])


def _filled(text: str) -> str:
    """A cloze text with its blanks filled in, in bold where that is possible: not within code or formulas."""
    filled = ""
    for piece in pieces(text):
        if isinstance(piece, str):
            filled += piece
        else:
            inside = filled.count("$") % 2 or filled.count("`") % 2
            bold = not inside and not any(c in piece.answer for c in "*`$")
            filled += f"**{piece.answer}**" if bold else piece.answer
    return filled
