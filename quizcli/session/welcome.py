"""The first start of all: three lines above the first card say what to do."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.text import Text as RichText

from quizcli.screen.markup.wrap import Styled, wrap
from quizcli.screen.terminal.page import Page
from quizcli.text import tr

_LOWEST = 20  # rows of a window that has room for them above a card


class Greeting(Page):
    """A page whose first card stands below the lines that greet; every other card is alone."""

    def __init__(self, console: Console) -> None:
        super().__init__(console)
        self._turned = 0

    def turn(self, lines: Sequence[RichText] = ()) -> None:
        """Begin a new page."""
        self._turned += 1
        super().turn([*self._above(), *lines])

    def redraw(self, lines: Sequence[RichText]) -> None:
        """Replace the whole page."""
        super().redraw([*self._above(), *lines])

    def _above(self) -> list[RichText]:
        first = self._turned <= 1 and self.height >= _LOWEST
        return [*welcome_lines(self.width), RichText()] if first else []


def welcome_lines(width: int) -> list[RichText]:
    """What a card asks, what grades are for, and that `d` runs the answer: a line each where they fit."""
    said = (
        tr(
            "Welcome. A card asks one question: answer it in your head, or with its keys.",
            "欢迎。每张卡片问一个问题：先在心里作答，或用它的按键作答，再看答案。",
        ),
        tr(
            "Then grade yourself, 1 to 4: that plans the day on which the card comes back.",
            "然后按 1–4 给自己评分：评分决定这张卡片哪一天再来。",
        ),
        tr(
            "d runs the answer and measures what it claims. ? shows all keys.",
            "按 d 运行答案，当场实测其中的结论；按 ? 查看全部按键。",
        ),
    )
    return [line for sentence in said for line in wrap([Styled(sentence)], width, [Styled(" ")])]
