"""Pictures in half blocks: which are shown, how they are scaled, what colours come out."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.color import ColorSystem

from quizcli.demo.events import Array, Images
from quizcli.screen.charts.image_grid import LEGIBLE, arrange, draw_images, half_blocks, resample
from quizcli.screen.terminal.segments import width_of
from tests.screen.drawing import assert_fits, floats, grey, shown


def images(data: Array, columns: int = 0) -> Images:
    return Images(panel="p", images=data, columns=columns)


def test_half_blocks_show_two_pixels_in_a_cell() -> None:
    red, blue = 0xFF0000, 0x0000FF
    (line,) = half_blocks([[red, red, None, red, None], [blue, red, blue, None, None]])
    assert [segment.text for segment in line] == ["▀", " ", "▄", "▀", " "]
    colours = [(s.color and s.color.name, s.bgcolor and s.bgcolor.name) for s in (g.style for g in line) if s]
    assert colours == [("#ff0000", "#0000ff"), (None, "#ff0000"), ("#0000ff", None), ("#ff0000", None)]


def test_equal_neighbours_are_one_segment() -> None:
    (line,) = half_blocks([[5] * 30, [9] * 30])
    assert [len(segment.text) for segment in line] == [30]


def test_shades_without_colour() -> None:
    levels = [0, 64, 128, 192, 255]
    assert shown(half_blocks([[v * 0x010101 for v in levels]] * 2, colour=False)) == [" ░▒▓█"]


def test_native_size_where_it_fits() -> None:
    grid = arrange((8, 28, 28), 0, 240, 60)
    assert (grid.columns, grid.rows, grid.width, grid.height) == (8, 1, 28, 28)


def test_half_the_size_keeps_edges_sharp() -> None:
    grid = arrange((8, 28, 28), 0, 60, 40)
    assert (grid.columns, grid.rows, grid.width) == (4, 2, 14)


def test_small_pictures_grow_by_whole_factors() -> None:
    assert arrange((1, 8, 8), 0, 80, 80).width == 32


def test_some_are_left_out_before_all_get_illegible() -> None:
    grid = arrange((64, 28, 28), 0, 36, 14)
    assert grid.width >= LEGIBLE
    assert (grid.columns, grid.rows) == (3, 1)


def test_the_columns_of_an_answer_stay_columns() -> None:
    grid = arrange((16, 28, 28), 8, 40, 40)  # originals above reconstructions
    assert (grid.columns, grid.rows, grid.stride) == (3, 2, 8)


def test_rows_of_equal_length() -> None:
    grid = arrange((10, 28, 28), 0, 80, 24)
    assert (grid.columns, grid.rows) == (5, 2)


@given(
    st.integers(1, 40),
    st.integers(1, 40),
    st.integers(1, 40),
    st.integers(0, 9),
    st.integers(1, 120),
    st.integers(1, 50),
)
def test_the_grid_fits(count: int, high: int, wide: int, columns: int, width: int, height: int) -> None:
    grid = arrange((count, high, wide), columns, width, height)
    assert 1 <= grid.pixels_wide <= width
    assert 1 <= grid.pixels_high <= height


@given(
    st.integers(1, 9),
    st.integers(1, 30),
    st.integers(1, 30),
    st.integers(0, 4),
    st.integers(1, 90),
    st.integers(1, 30),
    st.booleans(),
)
def test_any_pictures_fit_any_window(
    count: int, high: int, wide: int, columns: int, width: int, height: int, colour: bool
) -> None:
    drawn = draw_images(images(grey(count, high, wide), columns), width, height, colour)
    assert_fits(drawn, width, height)
    assert len({width_of(line) for line in drawn}) == 1


def test_area_averages() -> None:
    assert resample([[0, 100, 200, 300]], 2, 1) == [[50, 250]]
    assert resample([[0, 90, 0]], 2, 1) == [[30, 30]]
    assert resample([[0.0, 255.0], [255.0, 0.0]], 1, 1) == [[127.5]]
    assert resample([[1, 2]], 4, 2) == [[1, 1, 2, 2]] * 2


@given(st.lists(st.floats(0, 255), min_size=1, max_size=40), st.integers(1, 60))
def test_averages_keep_the_mean(row: list[float], size: int) -> None:
    (drawn,) = resample([row], size, 1)
    assert len(drawn) == size
    assert sum(drawn) / size == pytest.approx(sum(row) / len(row), abs=1e-6)


def test_colours_and_values_between_zero_and_one() -> None:
    orange = bytes([255, 128, 0]) * 4
    ((segment,),) = draw_images(images(Array(orange, (1, 2, 2, 3), "uint8")), 2, 1)
    assert segment.style is not None
    assert segment.style.bgcolor is not None
    assert segment.style.bgcolor.name == "#ff8400"  # five bits a channel
    ((same,),) = draw_images(images(floats([1.0, 0.5, 0.0] * 4, 1, 2, 2, 3)), 2, 1)
    assert same.style == segment.style


def test_values_out_of_range_are_clamped() -> None:
    ((dark, light),) = draw_images(images(floats([-1, float("nan"), 7] * 2, 1, 2, 3)), 3, 1)
    assert (dark.text, light.text) == ("  ", " ")
    assert dark.style != light.style


@pytest.mark.parametrize("shape", [(0, 28, 28), (2, 0, 3), (1, 2, 2, 2), (5,), (1, 1, 1, 1, 1)])
def test_what_is_no_batch_of_pictures(shape: tuple[int, ...]) -> None:
    size = 1
    for n in shape:
        size *= n
    with pytest.raises(ValueError):
        draw_images(images(Array(bytes(size), shape, "uint8")), 10, 10)


def test_a_single_picture_needs_no_batch() -> None:
    assert shown(draw_images(images(Array(bytes([255] * 4), (2, 2), "uint8")), 2, 1, colour=False)) == ["██"]


@pytest.mark.parametrize("system", [ColorSystem.STANDARD, ColorSystem.EIGHT_BIT])
def test_fewer_colours_still_tell_light_from_dark(system: ColorSystem) -> None:
    codes = []
    for level in (0, 90, 180, 255):
        ((segment,),) = draw_images(images(grey(1, 2, 2, level)), 2, 1)
        assert segment.style is not None
        codes.append(segment.style.render(" ", color_system=system))
    assert len(set(codes)) == 4
