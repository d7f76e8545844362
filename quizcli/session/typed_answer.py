"""An answer that is typed: the line stays, with all that stands in it, until it is taken or left with Esc."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from msgspec import Struct
from rich.text import Text as RichText

from quizcli.screen.cards.question import footer, remark
from quizcli.screen.terminal.keyboard import Keyboard, LineEditor
from quizcli.screen.terminal.page import Page
from quizcli.text import tr

_PROMPT = "› "
_COMMANDS = "bdefhjkqsu"  # letters that do something on a card
_BURST = 0.35  # seconds: who types a word presses the next key sooner; who has pressed a command looks first


class AnswerLine(Struct, frozen=True):
    """What was typed, and whether it was taken as the answer; what was not is kept for later."""

    text: str
    taken: bool


def first_text(key: str, keys: Keyboard) -> str:
    """The beginning of an answer that somebody types without opening the line first; "" where it is none.

    A letter that is a command as well begins a word where the next one follows at once.
    """
    if not _typed(key):
        return ""
    if key.casefold() not in _COMMANDS:
        return key
    following = keys.read(timeout=_BURST)
    if following is None:
        return ""
    if following != key and _typed(following):  # a key that is held down scrolls
        return key + following
    keys.back(following)
    return ""


def _typed(key: str) -> bool:
    return len(key) == 1 and key.isprintable() and key not in " ?"


def take(
    page: Page,
    keys: Keyboard,
    text: str,
    refusal: Callable[[str], str],
    foot: Callable[[Sequence[RichText]], None],
    redraw: Callable[[], None],
) -> AnswerLine:
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
        foot([*remark(message, page.width), footer(offer, page.width), RichText()])
        typed = editor.edit(_PROMPT, text, redraw=redraw)
        page.end_line()
        keys.flush()  # the further lines of a pasted text are no keys
        if typed is None:
            return AnswerLine(editor.text.strip(), taken=False)
        text = typed.strip()
        message = refusal(text) if text else tr("nothing is typed yet", "还没有输入内容")
        if not message:
            return AnswerLine(text, taken=True)
        if not keys.interactive:  # who wrote the next line did not see this one
            text = ""
            page.add([RichText(), *remark(message, page.width)])
