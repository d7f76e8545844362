"""Bars and tables: lengths, parts, negative values, alignment."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quizcli.demo.events import Bars, Table
from quizcli.screen.charts.bars import draw_bars
from quizcli.screen.charts.table import draw_table, table_width
from tests.screen.drawing import assert_fits, shown

NAMES = st.text("abc层归一化 ", max_size=12)


def bars(values: dict[str, tuple[float, ...]], parts: tuple[str, ...] = ()) -> Bars:
    return Bars(panel="p", labels=tuple(values), values=tuple(values.values()), parts=parts)


def test_lengths_to_an_eighth() -> None:
    event = bars({"a": (16.0,), "bb": (8.0,), "c": (1.0,), "d": (0.0,)})
    assert shown(draw_bars(event, 23, 4)) == [
        " a ████████████████ 16",
        "bb ████████ 8",
        " c █ 1",
        " d 0",
    ]
    assert shown(draw_bars(bars({"a": (16.0,), "b": (8.5,)}), 24, 2))[1] == "b ████████▌ 8.5"


def test_rows_stand_apart_where_there_is_room() -> None:
    assert shown(draw_bars(bars({"a": (1.0,), "b": (1.0,)}), 20, 3))[1] == ""


def test_parts_add_up_and_have_their_numbers() -> None:
    event = bars({"right": (102.4, 20.4), "no KL": (84.4, 255.0)}, ("reconstruction", "KL"))
    legend, right, without = shown(draw_bars(event, 70, 3, colour=False))
    assert legend == "█ reconstruction  ░ KL"
    assert right.endswith(" 102.4 + 20.4 = 122.8")
    assert without.endswith(" 84.4 + 255.0 = 339.4")
    bar = without.split()[2]
    assert bar.count("█") / len(bar) == pytest.approx(84.4 / 339.4, abs=0.05)


def test_negative_values_go_to_the_left_of_a_common_zero() -> None:
    up, down = shown(draw_bars(bars({"a": (1.0,), "b": (-1.0,)}), 26, 2))
    assert up.index("█") == down.rindex("█") + 1
    assert down.endswith(" -1")


def test_what_has_no_room_is_counted() -> None:
    event = bars(dict.fromkeys("abcdef", (1.0,)))
    assert shown(draw_bars(event, 20, 3))[-1] == "… +4"


@given(
    st.lists(st.tuples(NAMES, st.lists(st.floats(width=32), min_size=2, max_size=2)), max_size=6),
    st.integers(1, 90),
    st.integers(0, 9),
    st.booleans(),
)
def test_any_bars_fit_any_window(
    rows: list[tuple[str, list[float]]], width: int, height: int, colour: bool
) -> None:
    event = Bars(
        panel="p",
        labels=tuple(n for n, _ in rows),
        values=tuple(tuple(v) for _, v in rows),
        parts=("重构", "KL"),
    )
    assert_fits(draw_bars(event, width, height, colour), width, height)


def test_labels_without_values() -> None:
    with pytest.raises(ValueError):
        draw_bars(Bars(panel="p", labels=("a", "b"), values=((1.0,),)), 20, 5)


def table(*rows: tuple[str, ...]) -> Table:
    return Table(panel="p", columns=("layer", "参数"), rows=rows)


def test_numbers_stand_to_the_right_and_chinese_is_aligned() -> None:
    event = table(("卷积", "8,020"), ("Linear", "314,000"))
    assert shown(draw_table(event, 40, 5)) == ["layer      参数", "卷积      8,020", "Linear  314,000"]
    assert table_width(event) == 15


def test_a_narrow_table_shortens_its_widest_column() -> None:
    assert shown(draw_table(table(("a long description", "1")), 12, 5))[1] == "a lon…     1"


@given(
    st.lists(st.lists(NAMES, max_size=4).map(tuple), max_size=8),
    st.lists(NAMES, max_size=4).map(tuple),
    st.integers(1, 60),
    st.integers(0, 8),
)
def test_any_table_fits_any_window(
    rows: list[tuple[str, ...]], heads: tuple[str, ...], width: int, height: int
) -> None:
    event = Table(panel="p", columns=heads, rows=tuple(rows))
    assert_fits(draw_table(event, width, height), width, height)
