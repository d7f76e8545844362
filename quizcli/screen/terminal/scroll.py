"""A text that may be longer than the window, and the part of it that the window shows."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rich.text import Text as RichText

from quizcli.screen.terminal.page import Page

Put = Callable[[Sequence[RichText]], None]  # `Page.turn` or `Page.redraw`
_OVERLAP = 1  # lines of a page that stand on the next one too
_ONE_LINE = {"down": 1, "j": 1, "up": -1, "k": -1}
_ONE_PAGE = {"pagedown": 1, "pageup": -1}
KEYS = (*_ONE_LINE, *_ONE_PAGE, "home", "end")


class Scroll:
    """The lines of a page, of which the window shows `_top` to `_bottom`.

    What was not shown yet is added below, so that the whole text ends in the scrollback; what was is drawn
    anew. `endless`: nobody is there to turn pages, all lines are shown at once.
    """

    def __init__(self, page: Page, *, endless: bool) -> None:
        self._page = page
        self._endless = endless
        self._lines: list[RichText] = []
        self._top = self._bottom = 0
        self._seen = 0  # lines that the window has shown by now
        self._foot = 1  # rows below the text
        self._pushed = 0  # lines that a larger foot has moved up out of the window

    @property
    def more(self) -> bool:
        """Whether lines follow below the window."""
        return self._bottom < len(self._lines)

    @property
    def above(self) -> bool:
        """Whether lines of this text stand above the window."""
        return self._top > 0

    @property
    def top(self) -> int:
        """The first line in the window."""
        return self._top

    @property
    def _room(self) -> int:
        return max(1, self._page.height - self._foot)

    def show(self, lines: Sequence[RichText], put: Put, top: int = 0) -> None:
        """Show a text, its line `top` at the window's top or as near as the text is long."""
        self._lines = list(lines)
        self._top = 0 if self._endless else max(0, min(top, len(self._lines) - self._room))
        self._bottom = len(self._lines) if self._endless else min(len(self._lines), self._top + self._room)
        self._seen = self._bottom
        self._pushed = 0
        put(self._lines[self._top : self._bottom])

    def extend(self, lines: Sequence[RichText]) -> None:
        """Put lines below the others, as many as have room; a third of the window in any case."""
        unread = self.more
        self._lines += lines
        if unread:
            return
        room = (
            len(lines)
            if self._endless
            else max(self._page.height // 3, self._room - self._bottom + self._top)
        )
        self._add(self._lines[self._bottom : self._bottom + room])

    def make_room(self, foot: int) -> None:
        """Be told that a foot of so many rows comes: where it has no room, the text moves up by itself.

        Where it leaves rows free again, so does the text: what it had moved up comes back. Otherwise what
        follows comes into them.
        """
        self._foot = foot
        if self._endless:
            return
        top = max(self._top, self._bottom - self._room)
        self._pushed, self._top = self._pushed + top - self._top, top
        if back := min(self._pushed, self._top + self._room - self._bottom):
            self._pushed = 0
            self._top -= back
            self._bottom = min(len(self._lines), self._top + self._room)
            self._page.clear_footer()  # it is too large for what is drawn now
            self._page.redraw(self._lines[self._top : self._bottom])
        elif self.more and (free := self._top + self._room - self._bottom) > 0:
            self._add(self._lines[self._bottom : self._bottom + free])

    def obey(self, key: str) -> bool:
        """Obey one of KEYS; whether the window shows another part now."""
        page = max(1, self._room - _OVERLAP)
        match key:
            case "home":
                return self._move(-self._top)
            case "end":
                return self._move(len(self._lines))
        return self._move(_ONE_LINE.get(key, 0) + page * _ONE_PAGE.get(key, 0))

    def _move(self, by: int) -> bool:
        top = max(0, min(self._top + by, len(self._lines) - self._room))
        if top == self._top or self._endless:
            return False
        self._pushed = 0
        bottom = min(len(self._lines), top + self._room)
        if by > 0 and self._bottom == self._seen:
            self._add(self._lines[self._bottom : bottom])
        else:
            self._top, self._bottom = top, bottom
            self._page.redraw(self._lines[top:bottom])
        return True

    def _add(self, lines: Sequence[RichText]) -> None:
        """Go on where the text has not been shown yet: what stands above moves up."""
        self._bottom += len(lines)
        self._seen = max(self._seen, self._bottom)
        if not self._endless:
            self._top = max(self._top, self._bottom - self._room)
        self._pushed = 0
        self._page.add(lines)
