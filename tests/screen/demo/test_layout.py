"""How panels share the window."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quizcli.demo.events import Array, Bars, Event, Heatmap, Images, Points, Scalars, Started, Table
from quizcli.screen.demo import layout
from quizcli.screen.demo.layout import Gallery, arranged, shares
from quizcli.screen.demo.panel import draw_panel
from quizcli.screen.demo.state import Board, Panel
from quizcli.text import use_language
from tests.screen.boards import board_of, others, vae
from tests.screen.drawing import assert_fits, floats, grey, matrix, shown

NAMES = ("loss", "samples", "latent", "map", "bars", "table", "nothing")
LAYOUTS = st.lists(st.lists(st.sampled_from(NAMES), max_size=4, unique=True).map(tuple), max_size=3).map(
    tuple
)


def names(board: Board, width: int, height: int) -> list[list[list[str]]]:
    return [[[panel.panel for panel in column] for column in row] for row in arranged(board, width, height)]


def test_a_wide_window_takes_a_row_as_it_is() -> None:
    assert names(board_of(vae()), 118, 30) == [[["loss"], ["samples"], ["latent"]]]


def test_a_narrower_one_stacks_the_last_panels() -> None:
    assert names(board_of(vae()), 78, 16) == [[["loss"], ["samples", "latent"]]]
    assert names(board_of(vae()), 38, 30) == [[["loss", "samples", "latent"]]]


def test_a_low_one_leaves_the_last_panels_out() -> None:
    assert names(board_of(vae()), 78, 8) == [[["loss"], ["samples"]]]
    assert names(board_of(vae()), 38, 8) == [[["loss"]]]
    assert names(board_of(vae()), 78, 3) == []


def test_panels_that_no_layout_names_stand_below_in_rows() -> None:
    board = board_of(vae(layout=(("loss",),)), others())
    assert names(board, 118, 60) == [[["loss"]], [["samples"], ["latent"], ["map"]], [["bars"], ["table"]]]


def test_the_chart_takes_what_pictures_leave() -> None:
    rows = shown(Gallery(board_of(vae(layout=(("loss", "samples"),)))).draw(78, 10))
    (title,) = [row for row in rows if "samples" in row]
    assert title.startswith("negative ELBO  nats")
    assert title.index("samples") >= 36


def test_equal_heat_maps_get_equal_widths() -> None:
    board = Board()
    for panel in "abc":
        board.add(Images(panel=panel, images=grey(1, 28, 28)))
    (titles, *_) = shown(Gallery(board).draw(100, 20))
    places = [titles.index(panel) for panel in "abc"]
    assert places[1] - places[0] == places[2] - places[1]


@given(LAYOUTS, st.integers(1, 150), st.integers(1, 60), st.sampled_from(["en", "zh"]), st.booleans())
def test_any_layout_fits_any_window(
    layout: tuple[tuple[str, ...], ...], width: int, height: int, lang: str, colour: bool
) -> None:
    use_language("zh" if lang == "zh" else "en")
    try:
        assert_fits(Gallery(board_of(vae(layout), others()), colour).draw(width, height), width, height)
    finally:
        use_language("en")


@given(
    st.lists(st.tuples(st.integers(0, 9), st.integers(0, 12), st.integers(0, 20), st.booleans()), max_size=5),
    st.integers(0, 60),
)
def test_shares(rows: list[tuple[int, int, int, bool]], extra: int) -> None:
    lowest, legible, wanted, stretch = ([row[k] for row in rows] for k in range(4))
    total = sum(lowest) + extra
    given_ = shares(total, lowest, legible, wanted, [bool(s) for s in stretch])
    assert all(got >= low for got, low in zip(given_, lowest, strict=True))
    satisfied = all(got >= want for got, want in zip(given_, wanted, strict=True))
    assert sum(given_) == total or (satisfied and not any(stretch))
    readable = all(got >= min(see, want) for got, see, want in zip(given_, legible, wanted, strict=True))
    more = any(
        got > max(low, min(see, want))
        for got, low, see, want in zip(given_, lowest, legible, wanted, strict=True)
    )
    assert readable or not more  # nobody grows while another cannot be read


def test_what_has_labels_is_read_before_charts_grow() -> None:
    """Five labelled rows and a chart in 15 lines: each row keeps its label."""
    events: list[Event] = [
        Started(layout=(("map",), ("chart",))),
        Heatmap(panel="map", values=matrix([[0.0] * 60] * 5), y_ticks=tuple("abcde")),
        *(Scalars(panel="chart", x=x, values={"y": float(x)}) for x in range(9)),
    ]
    lines = shown(Gallery(board_of(iter(events))).draw(78, 15))
    assert [line.strip() for line in lines[1:6]] == list("abcde")


def test_only_what_changed_is_drawn_again(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[str] = []

    def counting(panel: Panel, *rest: object) -> object:
        drawn.append(panel.panel)
        return draw_panel(panel, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(layout, "draw_panel", counting)
    board = board_of(vae())
    gallery = Gallery(board)
    first = shown(gallery.draw(100, 20))
    assert sorted(drawn) == ["latent", "loss", "samples"]
    assert shown(gallery.draw(100, 20)) == first
    board.add(Scalars(panel="loss", x=41, values={"train": 1.0}))
    gallery.draw(100, 20)
    assert drawn[3:] == ["loss"]


def test_an_answers_mistake_is_said_in_its_panel() -> None:
    wrong = Points(panel="latent", xy=floats([1, 2, 3], 3))
    assert shown(draw_panel(wrong, 40, 8)) == ["latent", "cannot be drawn: float32 (3,)"]
    board = board_of(vae(), iter([wrong]))
    assert any("cannot be drawn" in row for row in shown(Gallery(board).draw(78, 16)))


@pytest.mark.parametrize(
    "wrong",
    [
        Points(panel="p", xy=floats([1.0, 2.0, 3.0, 4.0], 2, 2), groups=(-5, 10**18)),
        Bars(panel="p", labels=("a", "b"), values=((1e308,), (-1e308,))),
        Bars(panel="p", labels=("a",) * 5000, values=((1e308,),) * 5000, parts=("x",)),
        Images(panel="p", images=Array(b"", (0, 5, 5), "uint8")),
        Images(panel="p", images=Array(b"", (5, 0, 5), "uint8")),
        Images(panel="p", images=Array(b"abcd", (4,), "uint8")),
        Heatmap(panel="p", values=Array(b"", (0, 0), "float32"), low=1e308, high=-1e308),
        Table(panel="p", columns=("a", "b"), rows=(("1",), ("1", "2", "3"))),
        Scalars(panel="p", x=1e308, values={"a": 1e308}, log=True),
        Scalars(panel="p", x=-1e308, values={"a": -1e308, "b": 1e308}),
    ],
    ids=lambda event: type(event).__name__,
)
@pytest.mark.parametrize(("width", "height"), [(20, 5), (80, 24), (200, 60)])
def test_no_event_ends_the_view(wrong: Event, width: int, height: int) -> None:
    board = board_of(vae(), iter([Scalars(panel="p", x=1e308, values={"a": 1e308}, log=True), wrong]))
    assert len(Gallery(board).draw(width, height)) <= height


def test_titles_say_how_many_pictures_are_shown() -> None:
    event = Images(panel="p", images=grey(64, 28, 28), title={"en": "samples", "zh": "采样"})
    assert shown(draw_panel(event, 36, 8))[0] == "samples  3 of 64"


def test_titles_in_chinese() -> None:
    use_language("zh")
    try:
        assert shown(draw_panel(board_of(vae()).panels["loss"], 40, 8))[0] == "负 ELBO  nats"
    finally:
        use_language("en")


WORD = {"en": "wide", "zh": "宽"}
OTHER = {"en": "late", "zh": "晚"}
LABELLED: list[Event] = [
    Scalars(panel="p", x=1, values={"a": 1.0, "KL": 2.0}, names={"a": WORD}, unit=OTHER, x_label=OTHER),
    Points(panel="p", xy=floats([0, 0, 1, 1, 2, 2], 3, 2), groups=(0, 1, 2), group_names=(WORD, OTHER, "KL")),
    Bars(panel="p", labels=(WORD, "KL"), values=((1, 2), (3, 4)), parts=("b", OTHER)),
    Table(panel="p", columns=("KL", WORD), rows=(("1", OTHER),)),
    Heatmap(panel="p", values=matrix([[0, 1], [2, 3]]), x_ticks=(WORD, "KL"), y_ticks=(OTHER, "KL")),
]


@pytest.mark.parametrize("event", LABELLED, ids=lambda event: type(event).__name__)
def test_labels_speak_the_language_in_use(event: Event) -> None:
    def drawn() -> str:
        gallery = Gallery(board_of(iter([event])))
        return "\n".join(shown(gallery.draw(60, 14)))

    english = drawn()
    use_language("zh")
    chinese = drawn()
    use_language("en")
    assert "KL" in english
    assert "wide" in english
    assert "宽" not in english
    assert "晚" not in english
    assert "KL" in chinese
    assert "宽" in chinese
    assert "晚" in chinese
    assert "wide" not in chinese
    assert "late" not in chinese
