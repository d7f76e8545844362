"""Line breaking for mixed Chinese and English, measured in cells, with formulas of several rows in the lines.

Lines break at spaces and between Chinese characters, but never before ，。」 and their like, nor after
（「; never inside a word, a piece of `code` or a formula, unless that alone is wider than the line.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, TypeAlias

from msgspec import Struct
from rich.cells import cell_len, chop_cells, set_cell_size

from quizcli.screen.terminal.text_box import Box, blank, side_by_side
from quizcli.visible_text import clean, clean_line

if TYPE_CHECKING:
    from rich.text import Text as RichText

Row: TypeAlias = list[tuple[str, str]]  # texts, each in its style

_NOT_FIRST = frozenset("，。、；：？！）】》」』〉〕”’…—～％·,.;:?!)]}%")
_NOT_LAST = frozenset("（【《「『〈〔“‘([{")


class Styled(Struct, frozen=True):
    """Text in one style. A solid span (code) keeps its spaces and is not broken."""

    text: str
    style: str = ""
    solid: bool = False


class Inset(Struct, frozen=True):
    """A box that stands in the line like a word."""

    box: Box
    style: str = ""


class Piece(Struct, frozen=True):
    """A part of a word: one box in one style."""

    box: Box
    style: str


class Word(Struct, frozen=True):
    """What stays together; `gap` is the number of spaces before it, unless it begins a line."""

    gap: int
    pieces: tuple[Piece, ...]

    @property
    def width(self) -> int:
        """Width in cells, without the gap."""
        return sum(piece.box.width for piece in self.pieces)


def wrap(content: Iterable[Styled | Inset], width: int, mark: Sequence[Styled] = ()) -> list[RichText]:
    """Lines of at most `width` cells, with tall boxes on their baselines; at least 2 cells are for text.

    `mark` stands before the first line; the others are indented by its width.
    """
    from rich.text import Text as RichText  # a page of help is wrapped too, and has no time for it

    return [RichText.assemble(*row) for row in wrap_rows(content, width, mark)]


def wrap_rows(content: Iterable[Styled | Inset], width: int, mark: Sequence[Styled] = ()) -> list[Row]:
    """The same lines, for who does not draw with Rich."""
    first = [Piece(Box.of(clean_line(span.text)), span.style) for span in mark]
    indent = sum(piece.box.width for piece in first)
    others = [Piece(blank(indent), "")] if indent else []
    width = max(width - indent, 2)
    lines: list[list[Word]] = []
    used = 0
    for word in _words(content):
        if lines and used + word.gap + word.width <= width:
            lines[-1].append(word)
            used += word.gap + word.width
        elif word.width <= width:
            lines.append([word])
            used = word.width
        else:
            broken = _broken(word, width)
            lines += [[part] for part in broken]
            used = broken[-1].width
    return [row for i, line in enumerate(lines or [[]]) for row in _rows(line, others if i else first)]


def _breakable(left: str, right: str) -> bool:
    """Whether a line may end between two characters with no space between them."""
    if not cell_len(left) or not cell_len(right):  # accents and joiners
        return False
    if left in _NOT_LAST or right in _NOT_FIRST:
        return False
    return cell_len(left) == 2 or cell_len(right) == 2


def _words(content: Iterable[Styled | Inset]) -> list[Word]:
    builder = _WordBuilder()
    for part in content:
        if isinstance(part, Inset):
            builder.solid(part.box, part.style)
        elif part.solid:
            builder.solid(Box.of(clean_line(part.text)), part.style)
        else:
            for char in clean(part.text):
                builder.character(char, part.style)
    return builder.finished()


class _WordBuilder:
    """Collects characters and boxes into words."""

    def __init__(self) -> None:
        self._words: list[Word] = []
        self._pieces: list[Piece] = []  # of the word that grows
        self._run = ""  # the text at its end, in one style
        self._style = ""
        self._gap = 0  # before the word that grows
        self._last = ""  # the last character, to know whether a line may end after it
        self._space = False

    def character(self, char: str, style: str) -> None:
        """One more character of running text."""
        if char in " \n\t":
            self._space = True
            return
        self._boundary(char)
        if style != self._style:
            self._end_run()
        self._style = style
        self._run += char
        self._last = char

    def solid(self, box: Box, style: str) -> None:
        """Something that is not broken: to its neighbours it is a letter."""
        self._boundary("x")
        self._end_run()
        self._pieces.append(Piece(box, style))
        self._last = "x"

    def finished(self) -> list[Word]:
        """All words."""
        self._end_word(0)
        return self._words

    def _boundary(self, char: str) -> None:
        """End the word before `char` if a line may end there."""
        if self._last:
            # A line end in the source between two Chinese characters is no space.
            between_wide = cell_len(self._last) == 2 and cell_len(char) == 2
            if self._space and not between_wide:
                self._end_word(1)
            elif _breakable(self._last, char):
                self._end_word(0)
        self._space = False

    def _end_run(self) -> None:
        if self._run:
            self._pieces.append(Piece(Box.of(self._run), self._style))
        self._run = ""

    def _end_word(self, next_gap: int) -> None:
        self._end_run()
        if self._pieces:
            self._words.append(Word(self._gap, tuple(self._pieces)))
        self._pieces = []
        self._gap = next_gap


def _broken(word: Word, width: int) -> list[Word]:
    """A word that is wider than the line, cut where the line is full."""
    parts: list[list[Piece]] = [[]]
    room = width
    for piece in word.pieces:
        for chunk in _chunks(piece, width):
            if chunk.box.width > room:
                parts.append([])
                room = width
            parts[-1].append(chunk)
            room -= chunk.box.width
    return [Word(word.gap if i == 0 else 0, tuple(part)) for i, part in enumerate(parts) if part]


def _chunks(piece: Piece, width: int) -> Sequence[Piece]:
    if piece.box.width <= width:
        return [piece]
    if len(piece.box.rows) == 1:
        return [Piece(Box.of(text), piece.style) for text in chop_cells(piece.box.text, width)]
    rows = tuple(set_cell_size(row, width) for row in piece.box.rows)
    return [Piece(Box(rows, piece.box.baseline), piece.style)]


def _rows(line: list[Word], before: list[Piece]) -> list[Row]:
    """The rows of one line, as many as its tallest box needs, with `before` on its baseline."""
    pieces = before.copy()
    for i, word in enumerate(line):
        if i and word.gap:
            same = pieces[-1].style == word.pieces[0].style
            pieces.append(Piece(Box.of(" " * word.gap), pieces[-1].style if same else ""))
        pieces += word.pieces
    above = max((piece.box.baseline for piece in pieces), default=0)
    below = max((piece.box.below for piece in pieces), default=0)
    rows: list[Row] = [[] for _ in range(above + 1 + below)]
    for style, run in groupby(pieces, key=lambda piece: piece.style):
        box = side_by_side([(0, piece.box) for piece in run])
        top = above - box.baseline
        for i, row in enumerate(rows):
            inside = top <= i < top + len(box.rows)
            row.append((box.rows[i - top], style) if inside else (" " * box.width, ""))
    return [_stripped(row) for row in rows]


def _stripped(row: Row) -> Row:
    """The row without the blanks at its end."""
    while row:
        text, style = row.pop()
        if text := text.rstrip():
            return [*row, (text, style)]
    return row
