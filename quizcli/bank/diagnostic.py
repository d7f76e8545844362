"""One mistake in a bank: where it is, whose it is, and what would be right."""

from collections.abc import Iterable

from msgspec import Struct

from quizcli.text import tr

_LONGEST_SHOWN = 40
_MOST_COMPARED = 2000  # words; one comparison takes about 20 µs


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


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """The end of a message: the known word nearest to this one, or nothing."""
    words = list(known)
    if len(word) > _LONGEST_SHOWN or len(words) > _MOST_COMPARED:
        return ""
    from difflib import get_close_matches

    near = get_close_matches(word, words, n=1)
    return tr(f"; did you mean {near[0]!r}?", f"，是不是想写 {near[0]!r}？") if near else ""
