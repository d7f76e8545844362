"""The lines below a card: what became of the last key, and the keys that do something now."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rich.text import Text as RichText

from quizcli.screen.cards.question import footer, remark
from quizcli.screen.terminal.keyboard import Keyboard
from quizcli.screen.terminal.page import Page
from quizcli.screen.terminal.scroll import Scroll
from quizcli.session.key_hints import KeyHint
from quizcli.text import tr

GRADES = ("1", "2", "3", "4")


class KeyBar:
    """The bar of one card. `grading` are the keys that grade: just those that the bar names.

    The key that turns the pages of an answer takes no grade at its end: one press too many would.
    """

    def __init__(self, page: Page, keys: Keyboard, scroll: Scroll) -> None:
        self.grading: frozenset[str] = frozenset()
        self._page = page
        self._keys = keys
        self._scroll = scroll
        self._paged = False  # the answer is longer than the window
        self._takes = ""  # the key that takes the proposed grade

    @property
    def takes_proposed(self) -> str:
        """What the key is called that takes the proposed grade; "" where none does."""
        return {" ": tr("space", "空格"), "enter": tr("enter", "回车")}.get(self._takes, "")

    def show(
        self, message: str, offers: Callable[[], list[KeyHint]], graded: bool, *, scheduled: bool
    ) -> None:
        """Show a message and the keys. `graded`: the answer is out; `scheduled`: there are four grades.

        A key that was pressed before the bar named it as one that grades was meant for something else.
        """
        notes = remark(message, self._page.width)
        self._scroll.make_room(len(notes) + 1)
        self._paged = graded and (self._paged or self._scroll.more or self._scroll.above)
        self._takes = "" if self._scroll.more else "enter" if self._paged else " "
        numbers = GRADES if scheduled else (GRADES[0], GRADES[2])
        piped = () if self._keys.interactive else ("enter",)  # a script reads no bar
        grading = frozenset((*numbers, self._takes, *piped)) - {""} if graded else frozenset()
        bar = footer(self._with_pages(offers()), self._page.width)
        if new := grading - self.grading:
            self._keys.flush(new)  # what does the same before and after, `q` or `?`, was meant
        self.grading = grading
        self.foot([*notes, bar])

    def foot(self, lines: Sequence[RichText]) -> None:
        """Show lines below the card, the last ones where the window is too low for all."""
        lines = lines[-max(1, self._page.height - 2) :]
        self._scroll.make_room(len(lines))
        self._page.footer(*lines)

    def _with_pages(self, keys: list[KeyHint]) -> list[KeyHint]:
        """The keys, and those that turn the pages of a long text."""
        space = tr("space", "空格")
        if self._scroll.more:
            keys = [(space, tr("more", "下文")), *(pair for pair in keys if pair[0] != space)]
        if self._scroll.above:
            keys = [*keys[:-1], ("↑", tr("back up", "往回翻")), keys[-1]]
        return keys
