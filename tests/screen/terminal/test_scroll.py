"""The window on a long text, whatever becomes of the rows below it."""

from collections.abc import Sequence
from typing import cast

from hypothesis import given
from hypothesis import strategies as st
from rich.text import Text as RichText

from quizcli.screen.terminal.page import Page
from quizcli.screen.terminal.scroll import KEYS, Scroll

HEIGHT = 12


class Window:
    """Stands for a page: knows the lines that it was told to show last."""

    height = HEIGHT

    def __init__(self) -> None:
        self.lines: list[str] = []

    def redraw(self, lines: Sequence[RichText]) -> None:
        self.lines = [line.plain for line in lines]

    turn = redraw

    def clear_footer(self) -> None:
        """There is none here."""

    def add(self, lines: Sequence[RichText]) -> None:
        self.lines += [line.plain for line in lines]


def text(first: int, number: int) -> list[RichText]:
    return [RichText(str(first + n)) for n in range(number)]


def test_rows_that_become_free_show_what_follows() -> None:
    window = Window()
    scroll = Scroll(cast(Page, window), endless=False)
    scroll.show(text(0, 5), window.turn)
    scroll.make_room(4)
    scroll.extend(text(5, 6))
    assert scroll.more
    scroll.make_room(1)
    assert window.lines[-1] == "10"
    assert not scroll.more, "all of it has room now, and no key has to bring it"


def test_what_a_message_moved_up_comes_back_when_it_has_gone() -> None:
    for length in (HEIGHT - 1, 40):
        window = Window()
        scroll = Scroll(cast(Page, window), endless=False)
        scroll.show(text(0, length), window.turn)
        for _ in range(3):
            scroll.make_room(2)
            assert scroll.top == 1
            scroll.make_room(1)
            assert scroll.top == 0
            assert window.lines == [str(n) for n in range(HEIGHT - 1)]
    scroll.make_room(2)
    assert scroll.obey("down")
    scroll.make_room(1)
    assert scroll.top == 2, "who has moved on since stays there"


@given(
    st.integers(1, 40),
    st.integers(0, 40),
    st.lists(st.one_of(st.integers(1, HEIGHT - 1), st.sampled_from(KEYS)), max_size=12),
)
def test_where_more_follows_a_page_down_brings_it(before: int, after: int, moves: list[int | str]) -> None:
    window = Window()
    scroll = Scroll(cast(Page, window), endless=False)
    scroll.show(text(0, before), window.turn)
    scroll.extend(text(before, after))
    for move in moves:
        if isinstance(move, int):
            scroll.make_room(move)
        else:
            scroll.obey(move)
        if scroll.more:
            assert len(window.lines) >= 1
    shown = 0
    while scroll.more:
        assert scroll.obey("pagedown"), "the bar names the key that brings more: it must"
        shown += 1
        assert shown < 100
    assert window.lines[-1] == str(before + after - 1)
