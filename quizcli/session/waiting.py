"""A page that one key leaves: what the window does meanwhile is no key, and the page is drawn anew."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rich.text import Text as RichText

from quizcli.screen.cards.question import footer
from quizcli.screen.terminal.keyboard import Keyboard
from quizcli.screen.terminal.page import Page

REDRAW = ("resize", "ctrl-l")


def next_key(
    page: Page,
    keys: Keyboard,
    offer: Sequence[tuple[str, str]],
    lines: Callable[[], Sequence[RichText]] | None = None,
) -> str:
    """Offer keys below the page and wait for one. `lines` are the page's; without them its foot alone."""
    page.footer(footer(offer, page.width))
    while (key := keys.read() or "eof") in REDRAW:
        if lines is not None:
            page.redraw(lines())
        page.footer(footer(offer, page.width))
    return key
