"""Rich's console, as this program uses it."""

from __future__ import annotations

from collections.abc import Iterable

from rich.console import Console, ConsoleDimensions, ConsoleOptions, RenderableType
from rich.segment import Segment

from quizcli.screen.terminal.clean_stream import MOST
from quizcli.visible_text import clean


class CleanConsole(Console):
    """A console whose texts are cleaned before they are styled: sequences that steer are Rich's alone."""

    @property
    def size(self) -> ConsoleDimensions:
        """As much of the terminal as is drawn on."""
        width, height = super().size
        return ConsoleDimensions(min(width, MOST), min(height, MOST))

    @size.setter
    def size(self, size: tuple[int, int]) -> None:
        self._width, self._height = size

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """The segments of a renderable."""
        for segment in super().render(renderable, options):
            text, style, control = segment
            yield segment if control or (shown := clean(text)) == text else Segment(shown, style)
