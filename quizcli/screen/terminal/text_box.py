"""A rectangle of text with a baseline: what a formula is to the line that it stands in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

from msgspec import Struct
from rich.cells import cell_len


class Box(Struct, frozen=True):
    """Rows of equal width in cells; row `baseline` stands on the line of text."""

    rows: tuple[str, ...]
    baseline: int = 0

    @classmethod
    def of(cls, text: str) -> Self:
        """One row."""
        return cls((text,))

    @property
    def width(self) -> int:
        """Width in cells."""
        return cell_len(self.rows[0])

    @property
    def text(self) -> str:
        """What stands on the baseline."""
        return self.rows[self.baseline]

    @property
    def below(self) -> int:
        """Number of rows under the baseline."""
        return len(self.rows) - 1 - self.baseline


def blank(width: int) -> Box:
    """One row of spaces."""
    return Box.of(" " * width)


def side_by_side(placed: Sequence[tuple[int, Box]]) -> Box:
    """(gap before, box) pairs aligned on their baselines."""
    above = max((box.baseline for _, box in placed), default=0)
    below = max((box.below for _, box in placed), default=0)
    rows = [""] * (above + 1 + below)
    for gap, box in placed:
        top = above - box.baseline
        for i in range(len(rows)):
            inside = top <= i < top + len(box.rows)
            rows[i] += " " * gap + (box.rows[i - top] if inside else " " * box.width)
    return Box(tuple(rows), above)


def piled(boxes: Sequence[Box], base: int) -> Box:
    """Boxes under one another, centred; the baseline is that of boxes[base]."""
    width = max(box.width for box in boxes)
    rows = tuple(_centred(row, width) for box in boxes for row in box.rows)
    return Box(rows, sum(len(box.rows) for box in boxes[:base]) + boxes[base].baseline)


def _centred(row: str, width: int) -> str:
    missing = width - cell_len(row)
    return " " * (missing // 2) + row + " " * (missing - missing // 2)


def aligned(box: Box, width: int, align: str) -> Box:
    """The box, filled with spaces to `width` cells: "l" at the left, "c" in the middle, "r" at the right."""
    missing = width - box.width
    before = {"l": 0, "c": missing // 2, "r": missing}[align]
    return Box(tuple(" " * before + row + " " * (missing - before) for row in box.rows), box.baseline)
