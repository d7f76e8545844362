"""`quizcli stats` through the program; what it draws is in tests/screen/cards/test_statistics.py."""

from __future__ import annotations

import json

from rich.cells import cell_len

from tests.program import Program


def test_before_the_first_answer(program: Program) -> None:
    said = program.run("stats")
    assert (said.returncode, said.stderr) == (0, "")
    assert " cards      0 of 6 seen, 0 mature" in said.stdout.splitlines()
    assert not (program.home / "data").exists()


def test_as_json(program: Program) -> None:
    said = program.run("stats", "--json")
    counted = json.loads(said.stdout)
    assert (counted["questions"], counted["seen"], counted["retention"]) == (6, 0, None)
    assert counted["topics"] == [
        {"topic": "kinds", "questions": 6, "seen": 0, "mature": 0, "answers": 0, "retention": None}
    ]
    assert len(counted["forecast"]) == 14
    assert counted == json.loads(program.run("stats", "--json", "--lang", "zh").stdout)


def test_after_an_answer(program: Program) -> None:
    with program.terminal("--topic", "kinds") as terminal:
        terminal.wait_for("6 left")
        terminal.settle()
        terminal.send(" ")
        terminal.settle()
        terminal.send("3")
        terminal.wait_for("1 ✓")
        terminal.send("q")
        assert terminal.exit_status() == 0
    lines = program.run("stats").stdout.splitlines()
    assert lines[2].startswith(" today      1 answer in ")
    assert lines[3] == " 30 days    0 min; 1 day in a row"
    assert lines[4] == " cards      1 of 6 seen, 0 mature"


def test_all_of_it_stays_in_a_window_of_24_rows(own_program: Program) -> None:
    bank = (own_program.questions / "kinds.yaml").read_text(encoding="utf-8")
    for number in range(20):
        text = bank.replace("topic: kinds", f"topic: kinds-{number}").replace("- id: ", f"- id: n{number}-")
        (own_program.questions / f"kinds-{number}.yaml").write_text(text, encoding="utf-8")
    with own_program.terminal("stats") as terminal:
        assert terminal.exit_status() == 0
        assert terminal.screen.splitlines()[0].startswith(" due ")
        assert "15 more topics: `quizcli stats --all`" in terminal.screen
    assert own_program.run("stats").stdout.count("Every kind") == 21  # a file has no rows


def test_a_terminal_in_chinese(program: Program) -> None:
    with program.terminal("stats", "--lang", "zh", columns=80, rows=24) as terminal:
        assert terminal.exit_status() == 0
        screen = terminal.screen
    assert "未来 14 天到期" in screen
    assert "记忆保持率" in screen
    assert all(cell_len(line) <= 80 for line in screen.splitlines())
