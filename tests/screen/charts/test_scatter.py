"""Scatters: groups by colour and by sign, round circles, legends."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from quizcli.demo.events import Points
from quizcli.screen.charts.scatter import draw_points, group_signs
from tests.screen.drawing import assert_fits, floats, matrix, shown

COORDINATES = st.lists(st.tuples(*[st.floats(width=32)] * 2, st.integers(0, 11)), max_size=40)
NAMES = st.lists(st.text("abr真实", min_size=1, max_size=8), max_size=4).map(tuple)


def scatter(points: list[tuple[float, float, int]], names: tuple[str, ...] = ()) -> Points:
    flat = [value for x, y, _ in points for value in (x, y)]
    return Points(
        panel="p", xy=floats(flat, len(points), 2), groups=tuple(g for *_, g in points), group_names=names
    )


def ring(group: int, radius: float = 1.0) -> list[tuple[float, float, int]]:
    return [(radius * math.cos(k / 20), radius * math.sin(k / 20), group) for k in range(126)]


def test_a_circle_is_round() -> None:
    text = shown(draw_points(scatter(ring(0)), 60, 13))
    rows = [row for row in text[:-1] if row]
    widest = max(cell_len(row.strip()) for row in rows)
    assert abs(widest - 2 * len(rows)) <= 2  # a cell is twice as high as wide


def test_digits_name_their_groups() -> None:
    points = [(float(g), 0.0, g) for g in range(10)]
    text = "".join(shown(draw_points(scatter(points, tuple("0123456789")), 60, 8)))
    assert all(str(g) in text for g in range(10))


def test_initials_and_a_legend_for_longer_names() -> None:
    text = shown(draw_points(scatter(ring(0) + ring(1, 0.5), ("real", "generated")), 50, 10))
    assert text[-1].startswith("r real  g generated")
    assert any("r" in row for row in text[:-1])
    assert any("g" in row for row in text[:-1])


def test_letters_where_initials_do_not_differ() -> None:
    points = ring(0) + ring(1)
    assert group_signs(scatter(points, ("train", "test"))) == {0: "a", 1: "b"}
    assert group_signs(scatter(points, ("真实", "生成"))) == {0: "a", 1: "b"}


def test_one_group_needs_no_sign() -> None:
    text = "".join(shown(draw_points(scatter(ring(0)), 40, 10))[:-1])
    assert not any(c.isalnum() for c in text)


@given(COORDINATES, NAMES, st.integers(1, 90), st.integers(1, 30))
def test_any_points_fit_any_window(
    points: list[tuple[float, float, int]], names: tuple[str, ...], width: int, height: int
) -> None:
    assert_fits(draw_points(scatter(points, names), width, height), width, height)


def test_what_is_no_list_of_points() -> None:
    with pytest.raises(ValueError):
        draw_points(Points(panel="p", xy=matrix([[1, 2, 3]])), 20, 5)
    with pytest.raises(ValueError):
        draw_points(Points(panel="p", xy=matrix([[1, 2]]), groups=(0, 1)), 20, 5)
