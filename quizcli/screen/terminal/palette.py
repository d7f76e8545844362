"""The colours of charts, pictures and heat maps, as Rich styles.

Curves and groups stand on the terminal's own background: their colours have a middle lightness that can
be read on black and on white. Pictures and heat maps bring their own background.
"""

from functools import lru_cache

from rich.color import Color
from rich.style import Style

from quizcli.screen.terminal import theme

PLAIN = Style.null()
QUIET = Style.parse(theme.QUIET)
STRONG = Style.parse(theme.STRONG)
KEY = Style.parse(theme.KEY)
GOOD = Style.parse(theme.GOOD)
BAD = Style.parse(theme.BAD)
ACCENT = Style.parse(theme.ACCENT)

SERIES = tuple(
    Style(color=colour)
    for colour in (
        "#2a93d5",  # blue
        "#d9772b",  # orange
        "#2fa065",  # green
        "#c0569f",  # pink
        "#8f7be0",  # violet
        "#a08a10",  # olive
        "#1fa3a3",  # teal
        "#d8524f",  # red
        "#9a7350",  # brown
        "#858b92",  # grey
    )
)

_VIRIDIS = (
    0x440154,
    0x482878,
    0x3E4A89,
    0x31688E,
    0x26828E,
    0x1F9E89,
    0x35B779,
    0x6DCD59,
    0xB4DE2C,
    0xFDE725,
)
_BLUE_RED = (0x2D5FA8, 0x5A8AC6, 0x93B4D6, 0xC9CDD2, 0xDDA48F, 0xCB6A57, 0xAE2F38)
RAMP_STEPS = 64


def series(index: int) -> Style:
    """The colour of the curve, part or group with this number."""
    return SERIES[index % len(SERIES)]


def _ramp(stops: tuple[int, ...]) -> tuple[int, ...]:
    """`RAMP_STEPS` + 1 colours 0xRRGGBB, evenly from the first stop to the last."""
    steps = []
    for i in range(RAMP_STEPS + 1):
        at = i / RAMP_STEPS * (len(stops) - 1)
        k = min(int(at), len(stops) - 2)
        pair = zip(stops[k].to_bytes(3), stops[k + 1].to_bytes(3), strict=True)
        steps.append(int.from_bytes(round(a + (b - a) * (at - k)) for a, b in pair))
    return tuple(steps)


SEQUENTIAL = _ramp(_VIRIDIS)
DIVERGING = _ramp(_BLUE_RED)


@lru_cache(maxsize=8192)
def cell_style(front: int | None, back: int | None) -> Style:
    """The style of a cell with these colours, 0xRRGGBB; None leaves the terminal's own."""
    return Style.from_color(_colour(front), _colour(back))


@lru_cache(maxsize=8192)
def _colour(rgb: int | None) -> Color | None:
    return None if rgb is None else Color.from_rgb(rgb >> 16, rgb >> 8 & 255, rgb & 255)
