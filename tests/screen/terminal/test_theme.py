"""The console prints text as it is, on any stream."""

from __future__ import annotations

import io
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.text import Text as RichText

from quizcli.screen.terminal import theme
from quizcli.screen.terminal.theme import make_console


class Terminal(io.TextIOWrapper):
    """A stream that says it is a terminal."""

    def __init__(self, encoding: str) -> None:
        super().__init__(io.BytesIO(), encoding=encoding, write_through=True)

    def isatty(self) -> bool:
        return True

    def written(self) -> str:
        self.flush()
        assert isinstance(self.buffer, io.BytesIO)
        return self.buffer.getvalue().decode(self.encoding)


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE", "COLUMNS", "COLORTERM"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")


def test_code_in_text_survives() -> None:
    out = io.StringIO()
    make_console(out).print("x[i] = a[:key:] [/mask] [bold]no[/] :smile:")
    assert out.getvalue() == "x[i] = a[:key:] [/mask] [bold]no[/] :smile:\n"


def test_colour_on_a_terminal_only(monkeypatch: pytest.MonkeyPatch) -> None:
    line = RichText.assemble((f"{theme.RIGHT} yes", theme.GOOD), (" q", theme.KEY))
    coloured, plain = Terminal("utf-8"), io.StringIO()
    make_console(coloured).print(line)
    make_console(plain).print(line)
    assert coloured.written() == "\x1b[32m✓ yes\x1b[0m\x1b[1m q\x1b[0m\n"
    assert plain.getvalue() == "✓ yes q\n"

    monkeypatch.setenv("NO_COLOR", "1")
    no_colour = Terminal("utf-8")
    make_console(no_colour).print(line)
    assert no_colour.written() == "✓ yes\x1b[1m q\x1b[0m\n"

    monkeypatch.delenv("NO_COLOR")
    monkeypatch.setenv("TERM", "dumb")
    dumb = Terminal("utf-8")
    make_console(dumb).print(line)
    assert dumb.written() == "✓ yes q\n"


@pytest.mark.parametrize(
    ("encoding", "seen"),
    [
        ("utf-8", "✓ ✗ … │ ─ 潜变量"),
        ("ascii", "+ x . | - ??????"),
        ("latin-1", "+ x . | - ??????"),
        ("gbk", "+ x … │ ─ 潜变量"),
        ("cp437", "+ x . │ ─ ??????"),
    ],
)
def test_a_stream_gets_what_it_can_carry(encoding: str, seen: str) -> None:
    out = Terminal(encoding)
    make_console(out).print("✓ ✗ … │ ─ 潜变量")
    assert out.written() == seen + "\n"


@given(st.text(st.sampled_from("✓✗…•▸·→─│╭╮╰╯├┤█▀≈×a中é√≤")))
def test_stand_ins_are_as_wide_as_what_they_stand_for(text: str) -> None:
    assert cell_len(text.encode("ascii", "quizcli").decode()) == cell_len(text)


def test_half_a_character_does_not_end_the_program() -> None:
    out = Terminal("utf-8")
    make_console(out).print("a\ud800b")
    assert out.written() == "a\\ud800b\n"


def test_the_default_stream_is_stdout(monkeypatch: pytest.MonkeyPatch) -> None:
    out = io.StringIO()
    monkeypatch.setattr(sys, "stdout", out)
    make_console(width=20).print("here")
    assert out.getvalue() == "here\n"


@pytest.mark.parametrize(
    ("word", "wide", "high"),
    [("40", 40, 40), ("1000000", 1000, 1000), ("9" * 5000, 1000, 1000)]
    + [(word, 80, 25) for word in ("0", "-1", "", "²", "many", "00")],
)
def test_a_size_that_cannot_be_says_nothing(
    monkeypatch: pytest.MonkeyPatch, word: str, wide: int, high: int
) -> None:
    def no_terminal(descriptor: int) -> None:
        raise OSError

    monkeypatch.setattr("os.get_terminal_size", no_terminal)
    monkeypatch.setenv("COLUMNS", word)
    monkeypatch.setenv("LINES", word)
    monkeypatch.setenv("TERM", "xterm")
    console = make_console(io.StringIO())
    assert console.size == (wide, high)
    assert (console.width, console.height) == (wide, high)
