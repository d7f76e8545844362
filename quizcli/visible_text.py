r"""Foreign text made fit for a terminal: what it would obey, or what deceives, is shown as Python writes it.

`\x1b[2J` clears no screen but reads `\x1b[2J`; so do the controls of C0 and C1, marks that turn the reading
direction round, tags, what has no width and no shape, and halves of surrogate pairs. Line ends and tabs stay,
and what is at work inside a word: joiners between letters, accents, the variant of a character.
"""

from __future__ import annotations

import re
from functools import cache

# What no terminal should get, wherever it stands.
_NEVER = (
    "\x00-\x08\x0b-\x1f\x7f-\x9f"  # C0 but tab and line feed, delete, C1
    "\xad\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\uffa0"  # hyphens and fillers that nobody sees
    "\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f"  # direction, line ends, operators without a shape
    "\ud800-\udfff\ufeff\ufff0-\ufffb\ufffe\uffff"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e00ff\U000e01f0-\U000e0fff"
)
_JOINERS = "\u200c\u200d"
_VARIANTS = "\ufe00-\ufe0f\U000e0100-\U000e01ef"
# What has no variants; and what nothing is joined to: letters from Latin to Armenian, Chinese, kana.
_BARE = f"\x00-\xa0{_JOINERS}{_VARIANTS}{_NEVER}"
_LONE = f"\x00-\u058f\u2e80-\ud7ff{_JOINERS}{_VARIANTS}{_NEVER}"


@cache
def _deceptive() -> re.Pattern[str]:
    """Compiled when it is first needed, which takes 20 ms: see `_plain`."""
    return re.compile(
        f"[{_NEVER}]"
        f"|(?<![^{_LONE}])(?<![^{_BARE}][{_VARIANTS}])[{_JOINERS}]"
        f"|[{_JOINERS}](?![^{_LONE}])"
        f"|(?<![^{_BARE}])[{_VARIANTS}](?!\u20e3)"
    )


# Python calls these printable.
_SLY = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u3164\uffa0").union(
    map(chr, (*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)))
)
_KEPT = str.maketrans("", "", "\n\t\u3000\xa0")


def _plain(text: str) -> bool:
    """Whether there is nothing in a text that would have to be looked at closely."""
    if not text.isprintable() and not text.translate(_KEPT).isprintable():
        return False
    return text.isascii() or _SLY.isdisjoint(text)


def clean(text: str) -> str:
    """The text with nothing in it that a terminal obeys or that deceives. What is clean stays as it is."""
    if _plain(text):
        return text
    if "\r" in text:
        text = text.replace("\r\n", "\n")
    return _deceptive().sub(lambda found: _shown(found[0]), text)


def clean_line(text: str) -> str:
    """The same on one line: tabs and line ends are spaces."""
    return clean(text).replace("\n", " ").replace("\t", " ")


def escaped(json: str) -> str:
    """JSON with the same characters written as JSON writes them in ASCII: a reader loses nothing.

    They can only stand inside of strings.
    """
    if _plain(json):
        return json
    return _deceptive().sub(lambda found: _in_json(found[0]), json)


def _shown(char: str) -> str:
    return ascii(char)[1:-1]


def _in_json(char: str) -> str:
    units = char.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[i : i + 2].hex()}" for i in range(0, len(units), 2))
