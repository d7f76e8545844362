"""A canvas of braille dots: 2 × 4 in each cell of the terminal, and one colour for each cell."""

from rich.segment import Segment

from quizcli.screen.terminal.palette import series
from quizcli.screen.terminal.segments import Line

RULE = "┊"
_DOTS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))  # [row][column] within a cell


class Dots:
    """`columns` × `rows` cells. Dots are counted from the top left, x < 2 * columns, y < 4 * rows."""

    def __init__(self, columns: int, rows: int) -> None:
        self.columns, self.rows = columns, rows
        self.width, self.height = 2 * columns, 4 * rows
        self._bits = bytearray(columns * rows)
        self._owners = [-1] * (columns * rows)  # number of the curve or group, -1 for nobody
        self._marks: dict[int, str] = {}
        self._behind: dict[int, str] = {}  # where there is no dot

    def dot(self, x: int, y: int, owner: int) -> None:
        """Set one dot."""
        cell = (y >> 2) * self.columns + (x >> 1)
        self._bits[cell] |= _DOTS[y & 3][x & 1]
        if (
            self._owners[cell] < 0 or cell & 1
        ):  # where two meet, their colours alternate: neither hides the other
            self._owners[cell] = owner

    def line(self, x0: int, y0: int, x1: int, y1: int, owner: int) -> None:
        """Set the dots from one point to another, both included."""
        steps = max(abs(x1 - x0), abs(y1 - y0), 1)
        for i in range(steps + 1):
            self.dot(x0 + round(i * (x1 - x0) / steps), y0 + round(i * (y1 - y0) / steps), owner)

    def mark(self, column: int, row: int, sign: str, owner: int = -1) -> bool:
        """Put a sign of one cell over the dots; False where another sign stands already."""
        cell = row * self.columns + column
        if cell in self._marks:
            return False
        self._marks[cell] = sign
        self._owners[cell] = owner
        return True

    def write(self, column: int, row: int, text: str) -> None:
        """Put one-cell characters in the first free place from `column` on; nowhere if there is none."""
        for start in range(column, self.columns - len(text) + 1):
            if self._is_free(start, row, len(text)):
                for place, sign in enumerate(text, start):
                    self.mark(place, row, sign)
                return

    def rule(self, column: int, text: str) -> None:
        """A quiet upright line behind the picture, and what it says beside it, as high as there is room."""
        for row in range(self.rows):
            self._behind[row * self.columns + column] = RULE
        for start in (column + 1, column - len(text)):  # to its right; at the right edge to its left
            for row in range(self.rows):
                if self._is_free(start, row, len(text)):
                    for place, sign in enumerate(text, start):
                        self.mark(place, row, sign)
                    return

    def _is_free(self, column: int, row: int, length: int) -> bool:
        """Whether nothing stands in so many cells, and all of them are there."""
        cells = range(row * self.columns + column, row * self.columns + column + length)
        inside = column >= 0 and column + length <= self.columns
        return inside and not any(self._bits[cell] or cell in self._marks for cell in cells)

    def lines(self) -> list[Line]:
        """The picture, a list of segments for each row. Trailing blanks are left out."""
        return [self._line(row) for row in range(self.rows)]

    def _line(self, row: int) -> Line:
        first = row * self.columns
        parts: Line = []
        text, owner = "", -1
        for cell in range(first, first + self.columns):
            sign = self._marks.get(cell) or (
                chr(0x2800 + self._bits[cell]) if self._bits[cell] else self._behind.get(cell, " ")
            )
            if sign != " " and self._owners[cell] != owner:
                if text:
                    parts.append(Segment(text, series(owner) if owner >= 0 else None))
                text, owner = "", self._owners[cell]
            text += sign
        if text.rstrip():
            parts.append(Segment(text.rstrip(), series(owner) if owner >= 0 else None))
        return parts
