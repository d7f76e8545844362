"""A scored round: it leaves the schedule alone, can be resumed, and makes the missed due on request."""

from __future__ import annotations

import json

from tests.program import Program


def test_the_score_as_json(program: Program) -> None:
    """For scripts: the score on stdout, whatever is drawn on stderr; of a round that was left too."""
    said = program.run("quiz", "-k", "truth", "--seed", "1", "--json", stdin="2 \n")
    score = json.loads(said.stdout)
    assert (score["total"], score["answers"], score["missed"]) == (1, 1, ["c-truth"])
    assert "Zero is even" in said.stderr
    said = program.run("quiz", "-n", "3", "--fresh", "--json", stdin="q")
    assert (json.loads(said.stdout)["total"], json.loads(said.stdout)["answers"]) == (3, 0)


def test_the_counts_of_a_review_as_json(program: Program) -> None:
    said = program.run("review", "--json")
    assert json.loads(said.stdout) == {
        **dict.fromkeys(
            ("done", "right", "wrong", "remaining", "minutes", "held_back", "days_away", "learning"), 0
        ),
        "next_due": None,
    }
    assert "Done for now" in said.stderr


def test_a_round_leaves_the_schedule_alone(program: Program) -> None:
    with program.terminal("quiz", "--kind", "truth", "--kind", "choice") as terminal:
        terminal.wait_for("1/2")
        for _ in range(2):
            screen = terminal.settle()
            # Right for the truth card, wrong for the choice, wherever the option stands.
            terminal.send("1" if "Zero" in screen or "1  1 " in screen else "2")
            terminal.wait_for("▸3" if "Zero" in screen else "▸1")
            terminal.send(" ")
        result = terminal.wait_for("leave it so")
        assert "1 / 2" in result
        assert "50 %" in result
        assert "b-choice" in result
        terminal.send("q")
        assert terminal.exit_status() == 0
    states = {row["id"]: row["state"] for row in json.loads(program.run("list", "--json").stdout)}
    assert set(states.values()) == {None}


def test_the_missed_can_be_made_due(program: Program) -> None:
    with program.terminal("quiz", "--kind", "choice") as terminal:
        terminal.wait_for("1/1")
        terminal.send("1")
        terminal.wait_for("space ▸1")
        terminal.send(" ")
        terminal.wait_for("make the missed due today")
        terminal.send("m")
        terminal.wait_for("due today:")
        assert terminal.exit_status() == 0
    assert json.loads(program.run("stats", "--json").stdout)["due_now"] == 1


def test_a_window_that_changes_is_no_key(program: Program) -> None:
    with program.terminal("quiz", "--kind", "choice") as terminal:
        terminal.wait_for("1/1")
        terminal.send("1")
        terminal.wait_for("space ▸1")
        terminal.send(" ")
        terminal.wait_for("make the missed due today")
        terminal.resize(70, 20)
        terminal.send("\x0c")  # Ctrl-L
        terminal.settle()
        assert "0 / 1" in terminal.screen
        terminal.send("m")
        terminal.wait_for("due today:")
        assert terminal.exit_status() == 0


def test_a_round_goes_on_where_it_was(program: Program) -> None:
    with program.terminal("quiz", "-n", "3") as terminal:
        terminal.wait_for("1/3")
        terminal.send(" ")
        terminal.wait_for("3 knew it")
        terminal.send("3")
        terminal.wait_for("2/3")
        second = terminal.settle()
        terminal.send("q")
        assert terminal.exit_status() == 0
    with program.terminal("quiz") as terminal:
        terminal.wait_for("2/3")
        again = terminal.settle()
    assert [line for line in second.splitlines() if line.startswith("│")] == [
        line for line in again.splitlines() if line.startswith("│")
    ]


def test_a_round_that_another_takes_the_place_of_is_named(program: Program) -> None:
    program.run("quiz", "-n", "3", stdin=" 3q")
    with program.terminal("quiz", "--kind", "truth") as terminal:
        terminal.wait_for("the one before was left at 1/3, 1 right")
        terminal.send("q")
        assert terminal.exit_status() == 0
    with program.terminal("quiz", "--fresh") as terminal:
        assert "left at" not in terminal.wait_for("1/6")


def test_an_unknown_topic_is_named(program: Program) -> None:
    wrong = program.run("quiz", "--topic", "kidns")
    assert wrong.returncode == 2
    assert "kidns" in wrong.stderr
    assert "kinds" in wrong.stderr
    assert "Traceback" not in wrong.stderr


def test_only_the_keys_shown_score(program: Program) -> None:
    with program.terminal("quiz", "--kind", "choice") as terminal:
        terminal.wait_for("1/1", "Every kind · quiz")
        assert "e edit" not in terminal.settle()  # a round is no place for it
        terminal.send("1")
        terminal.wait_for("▸1")
        terminal.send("2")
        terminal.settle()
        assert "One is odd." in terminal.screen
        terminal.send(" ")
        terminal.wait_for("leave it so", "0 / 1")


def test_a_round_that_is_shorter_than_was_asked_for_says_so(program: Program) -> None:
    with program.terminal("quiz", "-n", "3", "-k", "truth") as terminal:
        terminal.wait_for("only 1 question fits, of 3 asked for")
    with program.terminal("quiz", "-n", "3", "--fresh") as terminal:
        assert "fit" not in terminal.wait_for("q quit")
    with program.terminal("quiz", "-n", "2", "--lang", "zh") as terminal:
        terminal.wait_for("继续未完成的一轮（共 3 题）")


def test_a_missed_statement_is_no_fact(program: Program) -> None:
    assert "c-truth  True or false? Zero is even." in program.run("quiz", "-k", "truth", stdin="2 ").stdout
