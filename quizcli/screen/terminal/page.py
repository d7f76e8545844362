"""One card's page: lines, and below them a foot of one or more lines that is replaced, the key bar.

Lines are added below the others and nothing is repainted, so nothing flickers; only who turns back in a text
that is longer than the window has it drawn anew. On a terminal that cannot move its cursor the foot is a line
like any other, printed when it says something new. Without a terminal there is none.
"""

from collections.abc import Sequence
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.text import Text as RichText

from quizcli.screen.terminal.clean_stream import BEGIN, END

_CLEAR_LINE = "\r\x1b[2K"
_UP_AND_CLEAR = "\x1b[1A\x1b[2K"


class Page:
    """The page that a console shows. `width` and `height` follow the window."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self._live = console.is_terminal and not console.is_dumb_terminal
        self._plain = console.is_terminal and not self._live  # a foot is printed, never taken away
        self._foot: tuple[RichText, ...] = ()
        self._rows = 0  # printed since the page began

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.clear_footer()  # whatever is printed next begins at the left

    @property
    def width(self) -> int:
        """Columns to fill. Prose wider than 120 columns is hard to read, so a page is never wider."""
        return min(self.console.width, 120)

    @property
    def height(self) -> int:
        """Rows of the window."""
        return self.console.height

    @property
    def room(self) -> int:
        """Lines that can be added, above a footer, before the page's first line leaves the window."""
        return max(0, self.height - 1 - self._rows)

    @property
    def shown_footer(self) -> tuple[RichText, ...]:
        """The lines at the bottom; empty where there are none."""
        return self._foot

    def turn(self, lines: Sequence[RichText] = ()) -> None:
        """Begin a new page at the top of the window; what stood there moves up into the scrollback."""
        self.clear_footer()
        if self._live:
            # From row r, height - 1 line feeds scroll exactly the r - 1 rows above the cursor off the window.
            self._write(BEGIN + "\n" * (self.height - 1) + "\x1b[H\x1b[J")
        self._rows = 0
        self.add(lines)

    def redraw(self, lines: Sequence[RichText]) -> None:
        """Replace the whole page, after the window has changed its size or another program has used it."""
        foot, self._foot = self._foot, ()
        if self._live:
            self._write(BEGIN + "\x1b[H\x1b[J")
        self._rows = 0
        self.add(lines)
        if foot and self._live:
            self.footer(*foot)

    def add(self, lines: Sequence[RichText]) -> None:
        """Print lines below what stands there already; each must fit the width."""
        foot = self._foot
        if self._live:
            self._write(BEGIN)
        self.clear_footer()
        self._rows += len(lines)
        for line in lines:
            self.console.print(line, no_wrap=True, overflow="ignore", crop=False, soft_wrap=True)
        if self._live:
            if foot:
                self.footer(*foot)
            self._write(END)

    def footer(self, *lines: RichText) -> None:
        """Show lines at the bottom, in the place of those before; the cursor stays behind the last one."""
        if self._plain and lines != self._foot:
            self._say(lines)
        if self._live:
            self._write(self._gone())
            for number, line in enumerate(lines):
                self._write("\n" if number else "")
                self.console.print(line, no_wrap=True, overflow="ellipsis", end="")
            self.console.file.flush()
        if self._live or self._plain:
            self._foot = lines

    def clear_footer(self) -> None:
        """Take the footer away and leave the cursor where it began."""
        if self._foot and self._live:
            self._write(self._gone())
        self._foot = ()

    def end_line(self) -> None:
        """Go to the next line where what was typed into this one cannot be taken away again."""
        if self._plain:
            self._write("\n")

    def _gone(self) -> str:
        """What takes the foot away, however many lines it has."""
        return _CLEAR_LINE + _UP_AND_CLEAR * (len(self._foot) - 1)

    def _say(self, lines: Sequence[RichText]) -> None:
        """The foot as plain lines; what stands there still from the one before is not said again."""
        for line in lines:
            if line and line not in self._foot:
                self.console.print(line, no_wrap=True, overflow="ellipsis", soft_wrap=True)

    def _write(self, control: str) -> None:
        self.console.file.write(control)
        self.console.file.flush()
