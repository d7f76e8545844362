"""The stage: what is written to the terminal, and what it looks like when the curtain falls."""

import io
import signal

import pytest
from rich.console import Console

from quizcli.screen.terminal.alternate_screen import Stage, ending_cleanly
from quizcli.screen.terminal.palette import BAD, cell_style
from quizcli.screen.terminal.segments import line
from quizcli.screen.terminal.theme import make_console


def stage_on(stream: io.StringIO, **settings: object) -> Stage:
    return Stage(Console(file=stream, force_terminal=True, **settings))  # type: ignore[arg-type]


def written(stream: io.StringIO) -> str:
    text = stream.getvalue()
    stream.seek(0)
    stream.truncate()
    return text


def test_only_changed_lines_are_written() -> None:
    stream = io.StringIO()
    stage = stage_on(stream, color_system="truecolor")
    stage.show([line("one"), line("two"), line("three")], (20, 4))
    written(stream)
    stage.show([line("one"), line("2"), line("three")], (20, 4))
    assert written(stream) == "\x1b[?2026h\x1b[2;1H2\x1b[0m\x1b[K\x1b[?2026l"
    stage.show([line("one"), line("2"), line("three")], (20, 4))
    assert written(stream) == ""


def test_a_new_size_or_a_forgotten_screen_is_written_in_full() -> None:
    stream = io.StringIO()
    stage = stage_on(stream)
    stage.show([line("one")], (20, 2))
    assert "\x1b[2J\x1b[1;1Hone" in written(stream)
    stage.show([line("one")], (30, 2))
    assert "\x1b[2J\x1b[1;1Hone" in written(stream)
    stage.forget()
    stage.show([line("one")], (30, 2))
    assert "\x1b[2J\x1b[1;1Hone" in written(stream)


def test_more_lines_than_the_window_has_are_not_written() -> None:
    stream = io.StringIO()
    stage_on(stream).show([line("one"), line("two")], (20, 1))
    assert "two" not in written(stream)


@pytest.mark.parametrize(
    ("system", "code"), [("truecolor", "38;2;255;0;0"), ("256", "38;5;196"), ("standard", "31")]
)
def test_colours_are_what_the_terminal_has(system: str, code: str) -> None:
    stream = io.StringIO()
    stage_on(stream, color_system=system).show([line(("x", cell_style(0xFF0000, None)))], (5, 1))
    assert f"\x1b[{code}mx" in stream.getvalue()


def test_no_color_leaves_no_colour() -> None:
    stream = io.StringIO()
    stage_on(stream, color_system="truecolor", no_color=True).show([line(("x", BAD))], (5, 1))
    assert "\x1b[31m" not in stream.getvalue()
    assert "x" in stream.getvalue()


def test_drawings_on_a_stream_without_such_characters() -> None:
    raw = io.BytesIO()
    console = make_console(io.TextIOWrapper(raw, encoding="ascii"), width=20, height=2)
    Stage(console).show([line("━━─ ░▒▓█ ▄▀"), line("⡀⡇⣿ ↑ ✓")], (20, 2))
    assert b"==- .:+# _^" in raw.getvalue()
    assert b".:# ^ +" in raw.getvalue()


def test_the_terminal_is_restored_after_an_exception() -> None:
    stream = io.StringIO()
    with pytest.raises(ZeroDivisionError), stage_on(stream):
        1 / 0  # noqa: B018
    assert stream.getvalue().startswith("\x1b[?1049h\x1b[?25l")
    assert stream.getvalue().endswith("\x1b[?25h\x1b[?1049l")


def test_a_signal_to_end_unwinds_and_handlers_come_back() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(SystemExit) as exit_, ending_cleanly():
        signal.raise_signal(signal.SIGTERM)
    assert exit_.value.code == 128 + signal.SIGTERM
    assert signal.getsignal(signal.SIGTERM) == before
