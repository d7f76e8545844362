"""What the tests of drawing functions share: arrays without torch, lines as text, the promise about sizes."""

import array
from collections.abc import Sequence

from rich.cells import cell_len

from quizcli.demo.events import Array
from quizcli.screen.terminal.segments import Line


def shown(lines: Sequence[Line]) -> list[str]:
    """The characters of each line, without trailing blanks."""
    return ["".join(segment.text for segment in line).rstrip() for line in lines]


def assert_fits(lines: Sequence[Line], width: int, height: int) -> None:
    """No line is wider, and there are no more lines, than was asked for; nothing moves the cursor."""
    assert len(lines) <= height
    for text in shown(lines):
        assert cell_len(text) <= width, text
        assert text.isprintable(), text


def floats(values: Sequence[float], *shape: int) -> Array:
    """A float32 array."""
    return Array(array.array("f", values).tobytes(), shape, "float32")


def matrix(rows: Sequence[Sequence[float]]) -> Array:
    """A float32 matrix."""
    return floats([value for row in rows for value in row], len(rows), len(rows[0]))


def grey(count: int, height: int, width: int, level: int = 255) -> Array:
    """Grey pictures of one level."""
    return Array(bytes([level]) * (count * height * width), (count, height, width), "uint8")
