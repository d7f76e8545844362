"""Grids of pictures in half blocks: every cell of the terminal shows two pixels, one above the other.

Where colours are not to be had, shades stand in, one cell for two pixels.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from itertools import accumulate, groupby, pairwise
from typing import NamedTuple

from rich.segment import Segment

from quizcli.demo.events import Images
from quizcli.screen.charts.arrays import numbers_of
from quizcli.screen.terminal.palette import cell_style
from quizcli.screen.terminal.segments import Line

Pixels = list[list[int | None]]  # rows of 0xRRGGBB; None lets the terminal's own background through
Plane = list[list[float]]  # rows of one channel, 0…255
SHADES = " ░▒▓█"
LEGIBLE = 10  # pixels: a digit drawn smaller than this is a blot
LARGEST = 32  # pixels: small pictures are enlarged up to here

# Five bits a channel: fewer colours to change between, and at this size no eye sees it.
_LEVELS = [level & 0xF8 | level >> 5 for level in range(256)]


class GridLayout(NamedTuple):
    """How a batch of pictures is laid out: how many are shown, and their size in pixels."""

    columns: int
    rows: int
    stride: int  # pictures to a row of the batch; more than `columns` where some are left out
    width: int
    height: int

    @property
    def pixels_wide(self) -> int:
        """Width with one pixel between pictures."""
        return self.columns * (self.width + 1) - 1

    @property
    def pixels_high(self) -> int:
        """Height with one pixel between pictures."""
        return self.rows * (self.height + 1) - 1


@lru_cache(maxsize=64)
def arrange(shape: tuple[int, ...], columns: int, width: int, height: int) -> GridLayout:
    """The largest pictures that fit into `width` × `height` pixels. Some go before all get illegible.

    `shape` is (batch, height, width[, 3]); `columns` pictures stand in a row, as many as fit where it is 0.
    """
    count, high, wide = (shape if len(shape) > 2 else (1, *shape))[:3]
    if not count or not high or not wide:
        raise ValueError(f"no pictures in {shape}")
    smallest = min(wide, LEGIBLE)
    sizes = [k * wide for k in (4, 3, 2) if k * wide <= LARGEST] + list(range(wide, smallest - 1, -1))
    grids = [_grid(count, columns, tile, round(tile * high / wide), width, height) for tile in sizes]
    most = max(grid.columns * grid.rows for grid in grids)
    if not most:
        scale = min(width / wide, height / high)
        return GridLayout(1, 1, columns or 1, max(1, int(wide * scale)), max(1, int(high * scale)))
    return _crisp(next(grid for grid in grids if grid.columns * grid.rows == most), wide, high)


def _grid(count: int, columns: int, wide: int, high: int, width: int, height: int) -> GridLayout:
    """As many tiles of `wide` × `high` pixels as fit."""
    high = max(1, high)
    across = min((width + 1) // (wide + 1), columns or count)
    down = min((height + 1) // (high + 1), -(-count // (columns or across or 1)))
    if not columns and down:
        across = min(across, -(-count // down))  # rows of equal length
    return GridLayout(max(0, across), max(0, down), columns or max(1, across), wide, high)


def _crisp(grid: GridLayout, wide: int, high: int) -> GridLayout:
    """The next smaller size that divides the picture evenly, if it is nearly as large: edges stay sharp."""
    for parts in (2, 3, 4):
        tile = wide // parts
        if wide % parts == 0 and LEGIBLE <= tile <= grid.width <= tile * 1.25:
            return grid._replace(width=tile, height=max(1, round(tile * high / wide)))
    return grid


def draw_images(event: Images, width: int, height: int, colour: bool = True) -> list[Line]:
    """At most `height` lines of at most `width` cells. Raises ValueError where there is no picture."""
    shape = event.images.shape
    values = numbers_of(event.images, 2, 3, 4)
    if len(shape) == 4 and shape[3] not in (1, 3):
        raise ValueError(f"{shape[3]} channels")
    grid = arrange(shape, event.columns, width, 2 * height)
    count, high, wide, channels = (*(shape if len(shape) > 2 else (1, *shape)), 1)[:4]
    size = high * wide * channels
    canvas: Pixels = []
    for row in range(grid.rows):
        strip: Pixels = [[] for _ in range(grid.height)]
        for k in range(row * grid.stride, min(row * grid.stride + grid.columns, count)):
            tile = _tile(
                values[k * size : (k + 1) * size], wide, channels, grid, event.images.dtype == "float32"
            )
            for line, pixels in zip(strip, tile, strict=True):
                line += [None, *pixels] if line else pixels
        strip = [line + [None] * (grid.pixels_wide - len(line)) for line in strip]
        canvas += [[None] * grid.pixels_wide, *strip] if canvas else strip
    return half_blocks(canvas, colour)


def _tile(values: Sequence[float], wide: int, channels: int, grid: GridLayout, unit: bool) -> Pixels:
    """One picture at the size of the grid; `unit` says that its values lie in [0, 1]."""
    planes = []
    for channel in range(channels):
        flat = values[channel::channels]
        plane = [list(flat[k : k + wide]) for k in range(0, len(flat), wide)]
        plane = resample(plane, grid.width, grid.height)
        planes.append([[_level(v * 255 if unit else v) for v in row] for row in plane])
    if channels == 1:
        return [[level * 0x010101 for level in row] for row in planes[0]]
    return [
        [r << 16 | g << 8 | b for r, g, b in zip(*rows, strict=True)] for rows in zip(*planes, strict=True)
    ]


def _level(value: float) -> int:
    return _LEVELS[min(255, max(0, int(value + 0.5)))] if value == value else 0


def resample(plane: Plane, width: int, height: int) -> Plane:
    """The plane at another size: repeated pixels where it grows, area averages where it shrinks."""
    rows = [_resample(row, width) for row in plane]
    columns = [_resample(column, height) for column in zip(*rows, strict=True)]
    return [list(row) for row in zip(*columns, strict=True)]


def _resample(values: Sequence[float], size: int) -> list[float]:
    count = len(values)
    if size == count:
        return list(values)
    if size % count == 0:
        return [value for value in values for _ in range(size // count)]
    before = [0.0, *accumulate(values)]  # the sum of all values left of a place; linear in between
    sums = [before[i] + values[i] * rest for i, rest in _places(count, size)] + [before[-1]]
    return [(b - a) * size / count for a, b in pairwise(sums)]


@lru_cache(maxsize=64)
def _places(count: int, size: int) -> list[tuple[int, float]]:
    """Where each of `size` pixels begins among `count`: whole pixels before it, and the part of one."""
    return [(k * count // size, k * count % size / size) for k in range(size)]


def half_blocks(pixels: Pixels, colour: bool = True) -> list[Line]:
    """Lines for a picture of any size, two rows of pixels to a line."""
    pairs = (
        (row, pixels[k + 1] if k + 1 < len(pixels) else [None] * len(row))
        for k, row in enumerate(pixels)
        if k % 2 == 0
    )
    if colour:
        return [_coloured(top, bottom) for top, bottom in pairs]
    return [_shaded(top, bottom) for top, bottom in pairs]


def _coloured(top: Sequence[int | None], bottom: Sequence[int | None]) -> Line:
    parts: Line = []
    for (a, b), run in groupby(zip(top, bottom, strict=True)):
        count = sum(1 for _ in run)
        if a == b:  # a background leaves no seam between lines, as a block may
            parts.append(Segment(" " * count, None if a is None else cell_style(None, a)))
        elif a is None:
            parts.append(Segment("▄" * count, cell_style(b, None)))
        else:
            parts.append(Segment("▀" * count, cell_style(a, b)))
    return parts


def _shaded(top: Sequence[int | None], bottom: Sequence[int | None]) -> Line:
    lightness = ((_lightness(a) + _lightness(b)) / 2 for a, b in zip(top, bottom, strict=True))
    return [Segment("".join(SHADES[round(light / 255 * 4)] for light in lightness))]


def _lightness(rgb: int | None) -> float:
    return 0.0 if rgb is None else 0.3 * (rgb >> 16) + 0.59 * (rgb >> 8 & 255) + 0.11 * (rgb & 255)
