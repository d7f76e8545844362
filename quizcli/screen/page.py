"""One card's page: lines that are only ever added, and below them one footer line that is replaced.

Nothing is repainted, so nothing flickers; what is longer than the window ends in the scrollback, like every
earlier card. Without a terminal the same lines come out one after the other, without a footer.
"""

from collections.abc import Sequence
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.text import Text

from quizcli.screen.synchronized import BEGIN, END

_CLEAR_LINE = "\r\x1b[2K"


class Page:
    """The page that a console shows. `width` and `height` follow the window."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self._live = console.is_terminal and not console.is_dumb_terminal
        self._footer: Text | None = None
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
    def shown_footer(self) -> Text | None:
        """The line at the bottom; None where there is none."""
        return self._footer

    def turn(self, lines: Sequence[Text] = ()) -> None:
        """Begin a new page at the top of the window; what stood there moves up into the scrollback."""
        self.clear_footer()
        if self._live:
            # From row r, height - 1 line feeds scroll exactly the r - 1 rows above the cursor off the window.
            self._write(BEGIN + "\n" * (self.height - 1) + "\x1b[H\x1b[J")
        self._rows = 0
        self.add(lines)

    def redraw(self, lines: Sequence[Text]) -> None:
        """Replace the whole page, after the window has changed its size or another program has used it."""
        footer, self._footer = self._footer, None
        if self._live:
            self._write(BEGIN + "\x1b[H\x1b[J")
        self._rows = 0
        self.add(lines)
        if footer is not None:
            self.footer(footer)

    def add(self, lines: Sequence[Text]) -> None:
        """Print lines below what stands there already; each must fit the width."""
        footer = self._footer
        if self._live:
            self._write(BEGIN)
        self.clear_footer()
        self._rows += len(lines)
        for line in lines:
            self.console.print(line, no_wrap=True, overflow="ignore", crop=False, soft_wrap=True)
        if footer is not None:
            self.footer(footer)
        if self._live:
            self._write(END)

    def footer(self, line: Text) -> None:
        """Show one line at the bottom, in the place of the one before. Nothing where there is no terminal."""
        if not self._live:
            return
        self._write(_CLEAR_LINE)
        self.console.print(line, no_wrap=True, overflow="ellipsis", end="")
        self.console.file.flush()
        self._footer = line

    def clear_footer(self) -> None:
        """Take the footer away and leave the cursor where it began."""
        if self._footer is not None:
            self._write(_CLEAR_LINE)
            self._footer = None

    def _write(self, control: str) -> None:
        self.console.file.write(control)
        self.console.file.flush()
