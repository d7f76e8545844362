"""The source of a formula, cut into the marks that TeX knows: commands, braces, numbers, single signs."""

from __future__ import annotations

import re
from collections.abc import Sequence

from quizcli.screen.latex.tree import TexError
from quizcli.text import tr

# What has no width and no meaning in a formula, and comes along when one copies from a web page.
_UNSEEN = str.maketrans("", "", "\u200b\u200c\u200d\u2060\u2061\u2062\u2063\u2064\ufeff\xad")
_TOKEN = re.compile(
    r"""
    \\(?:operatorname|operatornamewithlimits|tag|hspace|vspace)\*
  | \\[A-Za-z]+
  | \\\\\*?(?:[ ]?\[\s*-?[0-9.]+\s*[a-z]+\s*\])?  # the end of a line, and how much room is below it
  | \\.
  | [0-9]+(?:\.[0-9]+)?
  | \s+
  | .
    """,
    re.DOTALL | re.VERBOSE,
)
_LINE_ENDS = ("\\newline", "\\cr", "\\tabularnewline")


def tokens(latex: str) -> list[str]:
    """The marks of a formula. What ends a line is always `\\\\`, a space that counts always `\\ `."""
    return [_normal(token) for token in _TOKEN.findall(latex.translate(_UNSEEN).strip())]


def _normal(token: str) -> str:
    if token.startswith("\\\\") or token in _LINE_ENDS:
        return "\\\\"
    return "\\ " if token[0] == "\\" and token[1:].isspace() else token


class Tokens:
    """A place in a list of tokens."""

    def __init__(self, found: list[str]) -> None:
        self._tokens = found
        self._at = 0

    def peek(self) -> str:
        """The next token, "" at the end."""
        return self._tokens[self._at] if self._at < len(self._tokens) else ""

    def next(self) -> str:
        """The next token, which is passed; "" at the end."""
        token = self.peek()
        self._at += 1
        return token

    def take(self, token: str) -> bool:
        """Whether `token` is next; if so, it is passed."""
        found = self.peek() == token
        self._at += found
        return found

    def skip_spaces(self) -> None:
        """Pass what is only there to be read."""
        while self.peek().isspace():
            self._at += 1

    def expect(self, wanted: str, after: str) -> None:
        """Pass spaces and `wanted`. Raises TexError where something else follows."""
        self.skip_spaces()
        if self.next() != wanted:
            raise TexError(tr(f"{wanted} is missing after {after}", f"{after} 之后缺少 {wanted}"))

    def first_digit(self) -> None:
        r"""Cut a number after its first digit: \frac12 is \frac{1}{2}."""
        token = self.peek()
        if token[:1].isdigit() and len(token) > 1:
            self._tokens[self._at : self._at + 1] = [token[0], token[1:]]

    def source(self, after: str) -> str:
        """The source of the group in braces that comes next. Raises TexError where there is none."""
        self.expect("{", after)
        return self.source_up_to("}")

    def argument(self, after: str) -> str:
        r"""The source of the group in braces or of the one token that comes next: \abs x is \abs{x}."""
        self.skip_spaces()
        if self.peek() == "{" or not self.peek():
            return self.source(after)
        return self.next()

    def insert(self, found: Sequence[str]) -> None:
        """Put tokens before the next one."""
        self._tokens[self._at : self._at] = found

    def option(self, only: str = "") -> str:
        """The source of the group in brackets that comes next, "" where there is none.

        `only`: the single letters that it may hold; anything else in brackets is no option.
        """
        start = self._at
        self.skip_spaces()
        if self.take("["):
            if not only:
                return self.source_up_to("]")
            if self.peek() in only and self.peek():
                letter = self.next()
                if self.take("]"):
                    return letter
        self._at = start
        return ""

    def source_up_to(self, end: str) -> str:
        """The source up to `end`, which is passed; braces in it are balanced."""
        parts: list[str] = []
        depth = 0
        while token := self.next():
            if token == end and not depth:
                return "".join(parts)
            depth += (token == "{") - (token == "}")
            parts.append(token)
        raise TexError(tr(f"{end} is missing", f"缺少 {end}"))
