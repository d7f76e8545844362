"""The first start of all says what to do, and no later one does."""

from __future__ import annotations

import pytest
from rich.cells import cell_len

from quizcli.session.welcome import welcome_lines
from quizcli.text import use_language
from tests.program import Program


def test_the_first_card_stands_below_three_lines(program: Program) -> None:
    with program.terminal() as terminal:
        terminal.wait_for("quit")
        lines = terminal.screen.splitlines()
        assert lines[0].startswith(" Welcome. A card asks one question")
        assert "plans the day" in lines[1]
        assert lines[2].startswith(" d runs the answer")
        assert "left" in lines[4]
        terminal.resize(100, 30)  # it is drawn anew
        terminal.settle()
        assert terminal.screen.startswith(" Welcome.")
        terminal.send(" ")
        terminal.wait_for("3 good")
        terminal.settle()
        terminal.send("3")
        terminal.wait_for("Which number")
        assert "Welcome" not in terminal.screen
        terminal.send("q")
        assert terminal.exit_status() == 0
    with program.terminal() as terminal:
        terminal.wait_for("quit")
        assert "Welcome" not in terminal.screen
        terminal.send("q")
        assert terminal.exit_status() == 0


def test_a_window_without_room_shows_the_card_alone(program: Program) -> None:
    with program.terminal(rows=12) as terminal:
        terminal.wait_for("quit")
        assert "Welcome" not in terminal.screen
        terminal.send("q")
        assert terminal.exit_status() == 0


def test_who_only_reads_the_lines_is_not_greeted(program: Program) -> None:
    assert "Welcome" not in program.run(stdin="q").stdout


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_three_lines_fit_eighty_columns(lang: str) -> None:
    use_language(lang)  # type: ignore[arg-type]
    try:
        lines = welcome_lines(80)
    finally:
        use_language("en")
    assert len(lines) == 3
    assert all(cell_len(line.plain) <= 80 for line in lines)
