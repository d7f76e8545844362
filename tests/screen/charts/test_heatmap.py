"""Heat maps: colours, labels, merged values, and that they fit."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quizcli.demo.events import Heatmap
from quizcli.screen.charts.heatmap import draw_heatmap, plan
from quizcli.screen.terminal.palette import DIVERGING, SEQUENTIAL, cell_style
from quizcli.screen.terminal.segments import Line
from tests.screen.drawing import assert_fits, floats, matrix, shown

TICKS = st.lists(st.text("ab变分", max_size=6), max_size=12).map(tuple)


def pixels(line: Line) -> list[tuple[str, object]]:
    return [(character, segment.style) for segment in line for character in segment.text]


def test_the_ends_of_the_scale_have_the_ends_of_the_ramp() -> None:
    top, *_ = draw_heatmap(Heatmap(panel="p", values=matrix([[0, 1]])), 30, 4)
    first, last = pixels(top)[0], pixels(top)[-1]
    assert first[1] == cell_style(None, SEQUENTIAL[0])
    assert last[1] == cell_style(None, SEQUENTIAL[-1])


def test_zero_is_the_middle_of_a_diverging_scale() -> None:
    event = Heatmap(panel="p", values=matrix([[-1, 0, 4]]), diverging=True)
    top, _, scale = draw_heatmap(event, 30, 3)
    styles = [style for _, style in pixels(top)]
    assert cell_style(None, DIVERGING[len(DIVERGING) // 2]) in styles
    assert cell_style(None, DIVERGING[-1]) in styles
    assert shown([scale])[0].startswith("-4 ")
    assert shown([scale])[0].endswith(" 4")


def test_no_number_is_an_empty_cell() -> None:
    top, *_ = draw_heatmap(Heatmap(panel="p", values=matrix([[math.nan, 1]])), 30, 3)
    assert pixels(top)[0] == (" ", None)


def test_shades_without_colour() -> None:
    event = Heatmap(panel="p", values=matrix([[0, 0.5, 1]]), low=0, high=1)
    assert shown(draw_heatmap(event, 30, 3, colour=False)) == [
        "    ▒▒▒▒████",
        "    ▒▒▒▒████",
        "0   ░░░▒▒▓▓▓██ 1",
    ]
    signed = Heatmap(panel="p", values=matrix([[-1, 0, 1]]), diverging=True)
    assert shown(draw_heatmap(signed, 30, 3, colour=False))[0] == "####    ████"


def test_labels_of_rows_and_columns() -> None:
    words = ("the", "cat", "sat")
    event = Heatmap(
        panel="p",
        values=matrix([[1, 0, 0], [0, 1, 0], [0, 0, 1]]),
        x_ticks=words,
        y_ticks=words,
        x_label={"en": "keys", "zh": "键"},
        y_label={"en": "queries", "zh": "查询"},
    )
    text = shown(draw_heatmap(event, 50, 8, colour=False))
    assert [row[:4].strip() for row in text[:5]] == ["the", "", "cat", "sat", ""]
    assert text[-2].split() == list(words)
    assert text[-1].endswith("↓ queries  → keys")


def test_too_many_values_are_merged_evenly() -> None:
    wide = Heatmap(panel="p", values=matrix([[float(i // 4) for i in range(32)]] * 2))
    layout = plan(wide, 10, 4)
    assert (layout.merged_across, layout.width) == (4, 8)
    top, *_ = draw_heatmap(wide, 10, 4, colour=False)
    assert shown([top]) == [" ░░▒▒▓▓█"]


@given(
    st.integers(1, 40),
    st.integers(1, 40),
    st.integers(1, 100),
    st.integers(1, 30),
    TICKS,
    TICKS,
    st.booleans(),
    st.booleans(),
)
def test_any_matrix_fits_any_window(
    rows: int,
    columns: int,
    width: int,
    height: int,
    x_ticks: tuple[str, ...],
    y_ticks: tuple[str, ...],
    diverging: bool,
    colour: bool,
) -> None:
    event = Heatmap(
        panel="p",
        values=floats([float(i) for i in range(rows * columns)], rows, columns),
        x_ticks=x_ticks,
        y_ticks=y_ticks,
        y_label={"en": "rows", "zh": "行"},
        diverging=diverging,
    )
    assert_fits(draw_heatmap(event, width, height, colour), width, height)


@given(st.lists(st.floats(width=32), min_size=1, max_size=9))
def test_any_values(values: list[float]) -> None:
    assert_fits(draw_heatmap(Heatmap(panel="p", values=matrix([values])), 40, 5), 40, 5)


def test_what_is_no_matrix() -> None:
    with pytest.raises(ValueError):
        draw_heatmap(Heatmap(panel="p", values=floats([1, 2], 2)), 10, 10)
