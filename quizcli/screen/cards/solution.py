"""What settles a question: marked options, filled blanks, the number, the order; and what was answered."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Protocol

from rich.text import Text as RichText

from quizcli.bank.cloze import blanks, pieces
from quizcli.bank.markdown import around
from quizcli.bank.types import AnyQuestion, Choice, Cloze, Number, Option, Order, Truth
from quizcli.screen.markup.markdown import numbered, render, visible
from quizcli.screen.markup.wrap import Styled, wrap
from quizcli.screen.terminal import theme
from quizcli.text import tr

if TYPE_CHECKING:
    from quizcli.study.grading.grade import Response


class Graded(Protocol):
    """What a grader says about a response."""

    @property
    def right(self) -> bool:
        """Whether all of it was right."""
        ...

    @property
    def wrong(self) -> Sequence[int]:
        """Which blanks, or places of an order, were not; counted from 0."""
        ...


def sign(good: bool) -> Styled:
    """✓ or ✗."""
    return Styled(theme.RIGHT, theme.GOOD) if good else Styled(theme.WRONG, theme.BAD)


def solution_lines(
    question: AnyQuestion,
    width: int,
    response: Response | None,
    verdict: Graded | None,
    permutation: Sequence[int],
) -> list[RichText]:
    """The solution, then the response with ✓ or ✗. Nothing for a question that is answered aloud."""
    match question:
        case Choice(choices=choices):
            chosen = response if isinstance(response, frozenset) else frozenset()
            return [
                line
                for number, place in enumerate(permutation or range(len(choices)), start=1)
                for line in _option(number, choices[place], place in chosen, width)
            ]
        case Truth(correct=correct):
            own = said_lines([_truth(response is True), " ", sign(response == correct)], width)
            return [*_bold(_statement(correct), width), *(own if response is not None else [])]
        case Number():
            return [*_bold(_number(question), width), *said_lines(typed(response, verdict), width)]
        case Cloze(text=text):
            return [*render(_filled(str(text)), width), *said_lines(_blanks(response, verdict), width)]
        case Order():
            items = _in_order(question, permutation, verdict, width)
            return [*items, *said_lines(typed(response, verdict), width)]
    return []


def _bold(text: str, width: int) -> list[RichText]:
    return wrap([Styled(visible(text), theme.STRONG)], width)


def _statement(true: bool) -> str:
    if true:
        return tr("The statement is true.", "这个说法是对的。")
    return tr("The statement is false.", "这个说法是错的。")


def _number(question: Number) -> str:
    unit = f" {question.unit}" if question.unit else ""
    tolerance = f" (± {question.tolerance:g})" if question.tolerance else ""
    return f"{question.value:g}{unit}{tolerance}"


def _truth(true: bool) -> str:
    return tr("true", "正确") if true else tr("false", "错误")


def said_lines(parts: Sequence[str | Styled], width: int) -> list[RichText]:
    """What the person answered, with its signs; nothing where nothing was said."""
    if not parts:
        return []
    content = [part if isinstance(part, Styled) else Styled(visible(part)) for part in parts]
    return wrap(content, width, [Styled(tr("you  ", "你答  "), theme.QUIET)])


def typed(response: Response | None, verdict: Graded | None) -> list[str | Styled]:
    """What was typed, with ✓ or ✗ once it is judged; nothing for a response of another sort."""
    if not isinstance(response, str):
        return []
    return [response] if verdict is None else [response, " ", sign(verdict.right)]


def _blanks(response: Response | None, verdict: Graded | None) -> list[str | Styled]:
    """What was typed into each blank, each with its sign."""
    if not isinstance(response, str) or verdict is None:
        return typed(response, verdict)
    parts: list[str | Styled] = []
    for index, text in enumerate(re.split("[;；]", response)):
        parts += ["; " if index else "", text.strip() or theme.WAITING, " ", sign(index not in verdict.wrong)]
    return parts


def _in_order(
    question: Order, permutation: Sequence[int], verdict: Graded | None, width: int
) -> Iterator[RichText]:
    """The items in the right order, with the numbers they were shown under and ✓ or ✗ for their place."""
    shown = {place: number for number, place in enumerate(permutation, start=1)}
    for place, item in enumerate(question.items):
        mark = [] if verdict is None else [sign(place not in verdict.wrong), Styled(" ")]
        yield from render(str(item), width, mark=[*mark, *numbered(shown.get(place, place + 1))])


def _option(number: int, option: Option, chosen: bool, width: int) -> Iterator[RichText]:
    """Whether an option is correct, whether it was chosen, and why it is wrong."""
    pointer = Styled(theme.CHOSEN if chosen else " ", theme.ACCENT)
    mark = [pointer, Styled(" "), sign(option.correct), Styled(" "), *numbered(number)]
    yield from render(str(option.text), width, mark=mark)
    if option.why is not None:
        indent = sum(len(span.text) for span in mark)
        yield from render(str(option.why), width, theme.QUIET, [Styled(" " * indent)])


def _filled(text: str) -> str:
    """A cloze text with its blanks filled in, in bold where they stand in prose: not in code or formulas."""
    filled = ""
    parts = [""]  # what stands before, between and after the blanks
    for piece in pieces(text):
        if isinstance(piece, str):
            parts[-1] += piece
        else:
            parts.append("")
    answers = blanks(text)
    for before, blank, span in zip(parts, answers, around(parts), strict=False):
        filled += before
        bold = (
            span.sort == "prose" and not span.bold and _fits_bold(blank.answer) and not filled.endswith("*")
        )
        filled += f"**{blank.answer}**" if bold else blank.answer
    return filled + parts[-1]


def _fits_bold(answer: str) -> bool:
    return bool(answer) and not any(char in answer for char in "*`$\n\\")
