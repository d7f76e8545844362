"""From the characters a terminal sends to the names of the keys that were pressed."""

from __future__ import annotations

ESC = "\x1b"

_CONTROLS = {
    "\r": "enter",
    "\n": "enter",
    "\t": "tab",
    "\x08": "backspace",
    "\x7f": "backspace",
    "\x04": "eof",
}
_FINALS = {  # the last letter of ESC [ … and of ESC O …
    "A": "up",
    "B": "down",
    "C": "right",
    "D": "left",
    "H": "home",
    "F": "end",
    "M": "enter",  # keypad, ESC O M
}
_NUMBERED = {  # ESC [ number ~
    "1": "home",
    "3": "delete",
    "4": "end",
    "5": "pageup",
    "6": "pagedown",
    "7": "home",
    "8": "end",
}
PASTED = "paste:"  # how the key begins that stands for a pasted text
_PASTE, _PASTE_END = "\x1b[200~", "\x1b[201~"  # what a terminal in bracketed paste mode puts around it
_STRINGS = "]P_^X"  # ESC and one of these opens a string that BEL or ESC \ ends


class KeyDecoder:
    """Cuts a stream of characters into keys. Escape sequences that mean nothing here become "unknown" whole.

    A pasted text is one key, "paste:" and the text: it was not typed, so none of its letters is a key.

    A lone Esc and the beginning of a sequence look alike; only time tells. `pending` says that something is
    held back, `settle()` says what it was when nothing more came. A paste is held back until its end comes.
    """

    def __init__(self) -> None:
        self._held = ""
        self._after_return = False

    @property
    def pending(self) -> bool:
        """Whether the characters so far may be the beginning of a sequence."""
        return bool(self._held) and not self._held.startswith(_PASTE)

    def feed(self, text: str) -> list[str]:
        """The keys that `text` completes."""
        self._held += text
        keys: list[str] = []
        while self._held:
            length = _first_key(self._held)
            if not length:
                break
            keys += self._named(self._held[:length])
            self._held = self._held[length:]
        return keys

    def settle(self) -> list[str]:
        """Nothing more came: a lone Esc was the key, a longer beginning was no key we know."""
        held, self._held = self._held, ""
        if not held:
            return []
        if held.startswith(_PASTE):
            return [key_name(held)]
        return ["esc"] if held == ESC else ["unknown"]

    def _named(self, code: str) -> list[str]:
        """The name of one whole key; none for the second half of a Windows line end."""
        line_end, self._after_return = self._after_return and code == "\n", code == "\r"
        return [] if line_end else [key_name(code)]


def _first_key(text: str) -> int:
    """Length of the first key in `text`, 0 where its end has not come yet."""
    if text[0] != ESC:
        return 1
    if len(text) == 1:
        return 0
    second = text[1]
    if second == ESC:  # Esc, then another key
        return 1
    if second in _STRINGS:
        return _string_end(text)
    if second == "O":
        return 3 if len(text) > 2 else 0
    if second != "[":  # Alt and a key
        return 2
    if text.startswith(_PASTE):
        end = text.find(_PASTE_END)
        return end + len(_PASTE_END) if end >= 0 else 0
    if text[2:3] == "[":  # function keys of the Linux console: ESC [ [ A
        return 4 if len(text) > 3 else 0
    for i, c in enumerate(text[2:], start=2):
        if "@" <= c <= "~":
            return i + 1
        if not " " <= c <= "?":  # no sequence at all; let the stranger speak for itself
            return i
    return 0


def _string_end(text: str) -> int:
    ends = [i + len(end) for end in ("\x07", ESC + "\\") if (i := text.find(end, 2)) >= 0]
    return min(ends, default=0)


def key_name(code: str) -> str:
    """The name of one key: the character itself, or "enter", "esc", "up", "ctrl-u", …, or "unknown"."""
    if code.startswith(_PASTE):
        text = code.removeprefix(_PASTE).removesuffix(_PASTE_END)
        return PASTED + "".join(c if c.isprintable() else " " for c in text)
    if code[0] == ESC:
        return _sequence_name(code)
    if code in _CONTROLS:
        return _CONTROLS[code]
    if "\x01" <= code <= "\x1a":
        return f"ctrl-{chr(ord(code) + 96)}"
    return code if code.isprintable() or code == "\u3000" or code == "\u200d" else "unknown"


def _sequence_name(code: str) -> str:
    if code == ESC:
        return "esc"
    if code[:2] not in (ESC + "[", ESC + "O") or len(code) < 3:
        return "unknown"
    last, middle = code[-1], code[2:-1]
    if last == "~":
        return _NUMBERED.get(middle.partition(";")[0], "unknown")
    if middle and not middle.startswith("1;"):  # "1;5" before the letter: with Ctrl, Shift or Alt held
        return "unknown"
    if last == "M" and code[1] == "[":
        return "unknown"
    return _FINALS.get(last, "unknown")
