"""One mistake in a bank: where it is, whose it is, and what would be right."""

from msgspec import Struct

_LONGEST_SHOWN = 40


class Mistake(Struct, frozen=True, order=True):
    """Line and column count from 1; `question` is an id, or a stand-in where none can be read, or ""."""

    path: str
    line: int
    column: int
    question: str
    message: str

    def __str__(self) -> str:
        subject = f"{self.question}: " if self.question else ""
        return f"{self.path}:{self.line}:{self.column}: {subject}{self.message}"


def shown(word: str) -> str:
    """A word of a bank inside a message: quoted, short, and unable to steer the terminal."""
    return repr(word if len(word) <= _LONGEST_SHOWN else word[: _LONGEST_SHOWN - 1] + "…")
