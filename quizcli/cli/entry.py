"""An answer that is typed: the line stays, with all that stands in it, until it is taken or left with Esc."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from msgspec import Struct
from rich.text import Text as Line

from quizcli.screen.card import footer, remark
from quizcli.screen.keys import Keyboard, LineEditor
from quizcli.screen.page import Page
from quizcli.text import tr

_PROMPT = "› "


class Entry(Struct, frozen=True):
    """What was typed, and whether it was taken as the answer; what was not is kept for later."""

    text: str
    taken: bool


def take(
    page: Page,
    keys: Keyboard,
    text: str,
    refusal: Callable[[str], str],
    foot: Callable[[Sequence[Line]], None],
    redraw: Callable[[], None],
) -> Entry:
    """Have a line typed, beginning with `text`. `refusal` says why it is no answer, or "".

    `foot` shows lines below the card, the last of which is for typing; `redraw` draws the card anew.
    """
    message = ""
    editor = LineEditor(keys, page.console)
    while True:
        offer = [
            (tr("enter", "回车"), tr("answer", "提交")),
            ("esc", tr("leave it for later", "先放着，稍后再写")),
        ]
        foot([*remark(message, page.width), footer(offer, page.width), Line()])
        typed = editor.edit(_PROMPT, text, redraw=redraw)
        page.end_line()
        keys.flush()  # the further lines of a pasted text are no keys
        if typed is None:
            return Entry(editor.text.strip(), taken=False)
        text = typed.strip()
        message = refusal(text) if text else tr("nothing is typed yet", "还没有输入内容")
        if not message:
            return Entry(text, taken=True)
        if not keys.interactive:  # who wrote the next line did not see this one
            text = ""
            page.add([Line(), *remark(message, page.width)])
