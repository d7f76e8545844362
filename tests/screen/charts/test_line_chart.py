"""Line charts: what they show, what they leave out, and that they fit."""

import math

from hypothesis import given
from hypothesis import strategies as st

from quizcli.screen.charts.line_chart import Curve, draw_chart
from tests.screen.drawing import assert_fits, shown

VALUES = st.lists(st.floats(width=32), max_size=60)


def curve(ys: list[float], xs: list[float] | None = None) -> Curve:
    made = Curve()
    for i, y in enumerate(ys):
        made.add(xs[i] if xs else i, y)
    return made


def test_a_falling_curve() -> None:
    loss = curve([100.0, 50.0, 25.0, 12.0, 6.0, 3.0])
    assert shown(draw_chart({"train": loss}, 40, 6, x_label="epochs")) == [
        "100┤⠑⢄",
        "   │  ⠣⡀",
        " 50┤   ⠈⠢⣀",
        "   │      ⠉⠒⠤⣀⡀",
        "   │          ⠈⠉⠑⠒⠒⠒⠤⠤⠤⠤⢄⣀⣀ train 3",
        "    0                     5 epochs",
    ]


@given(
    st.dictionaries(st.text("ab变分", min_size=1, max_size=12), VALUES, max_size=5),
    st.integers(1, 100),
    st.integers(1, 30),
    st.booleans(),
)
def test_any_curves_fit_any_window(
    curves: dict[str, list[float]], width: int, height: int, log: bool
) -> None:
    drawn = draw_chart({n: curve(ys) for n, ys in curves.items()}, width, height, log=log, x_label="步")
    assert_fits(drawn, width, height)


@given(st.lists(st.tuples(st.floats(width=32), st.floats(width=32)), max_size=40))
def test_any_order_of_x(points: list[tuple[float, float]]) -> None:
    drawn = draw_chart({"c": curve([y for _, y in points], [x for x, _ in points])}, 60, 12)
    assert_fits(drawn, 60, 12)


def test_names_stand_at_the_ends_of_their_curves() -> None:
    text = shown(draw_chart({"up": curve([0.0, 1.0]), "down": curve([1.0, 0.0])}, 40, 6))
    assert text[0].endswith(" up 1")
    assert text[4].endswith(" down 0")


def test_names_that_would_collide_are_moved_apart() -> None:
    text = "\n".join(shown(draw_chart({n: curve([1.0, 0.0]) for n in "abc"}, 40, 8)))
    assert [f"{n} 0" in text for n in "abc"] == [True] * 3


def test_outliers_are_cut_off_and_said() -> None:
    ys = [500.0, 300.0] + [100.0 + 10 * math.exp(-i / 10) for i in range(98)]
    text = shown(draw_chart({"loss": curve(ys)}, 50, 8))
    assert "↑ 500" in text[0]
    assert "400" not in "".join(text)
    low = curve([-y for y in ys])
    assert "↓ -500" in shown(draw_chart({"loss": low}, 50, 8))[6]


def test_a_gap_for_what_is_no_number() -> None:
    text = shown(draw_chart({"c": curve([1.0] * 5 + [math.nan] * 10 + [1.0] * 5)}, 40, 5))
    row = next(line for line in text if "⠉" in line or "⠒" in line or "⠤" in line or "⣀" in line)
    assert "   " in row.split("│", 1)[-1].split("c 1")[0].strip()


def test_one_point_and_no_point() -> None:
    assert any("c 5" in row for row in shown(draw_chart({"c": curve([5.0])}, 40, 5)))
    assert shown(draw_chart({"c": curve([math.nan, math.inf])}, 40, 5)) == ["…"]
    assert shown(draw_chart({}, 40, 5)) == ["…"]


def test_a_constant_stands_in_the_middle() -> None:
    text = shown(draw_chart({"c": curve([0.25] * 9)}, 40, 6))
    assert text[2].startswith("0.25┤")
    assert text[2].endswith("c 0.25")


def test_powers_of_ten_on_a_logarithmic_axis() -> None:
    gradient = curve([10.0**-k for k in range(7)])
    text = "\n".join(shown(draw_chart({"g": gradient}, 50, 10, log=True)))
    assert all(tick in text for tick in ("1┤", "0.01┤", "0.0001┤", "1e-6┤"))


def test_zero_has_no_place_on_a_logarithmic_axis() -> None:
    assert shown(draw_chart({"g": curve([0.0, -1.0])}, 50, 10, log=True)) == ["…"]


def test_thousands_of_points_keep_their_extremes() -> None:
    many = Curve()
    for i in range(100_000):
        many.add(i, 9.0 if i == 77_777 else -9.0 if i == 33_333 else math.sin(i))
    assert len(many.xs) <= 4096
    assert (max(many.ys), min(many.ys)) == (9.0, -9.0)
    assert many.xs == sorted(many.xs)


def test_the_end_of_a_curve_names_its_last_number() -> None:
    lifted = curve([1.0, 0.5, math.nan])
    assert any("train 0.5" in text for text in shown(draw_chart({"train": lifted}, 60, 8)))


def test_a_number_too_wide_for_its_place_is_rounded() -> None:
    tiny = curve([1.0, 1.2345e-12])
    text = "\n".join(shown(draw_chart({"plain": tiny}, 60, 8, log=True)))
    assert "plain 1e-12" in text


@given(
    VALUES.filter(bool),
    st.lists(st.tuples(st.floats(-5, 80), st.text("abc 0.5", max_size=9)), max_size=6),
    st.integers(1, 90),
    st.integers(1, 20),
)
def test_marks_fit_any_window(
    ys: list[float], marks: list[tuple[float, str]], width: int, height: int
) -> None:
    assert_fits(draw_chart({"c": curve(ys)}, width, height, marks=marks), width, height)


def test_marks_say_what_happened_and_hide_no_curve() -> None:
    loss = curve([100.0, 50.0, 25.0, 12.0, 6.0, 3.0])
    marks = [(1, "lr 2"), (2, "lr 5"), (5, "lr 9")]
    assert shown(draw_chart({"train": loss}, 40, 6, x_label="epochs", marks=marks)) == [
        "100┤⠑⢄  ┊lr 2┊lr 5    lr 9┊",
        "   │  ⠣⡀┊    ┊            ┊",
        " 50┤   ⠈⠢⣀   ┊            ┊",
        "   │    ┊ ⠉⠒⠤⣀⡀           ┊",
        "   │    ┊    ┊⠈⠉⠑⠒⠒⠒⠤⠤⠤⠤⢄⣀⣀ train 3",
        "    0                     5 epochs",
    ]
