"""`quizcli suspend`, `unsuspend`, and the cards that are listed for what a person has done with them."""

from __future__ import annotations

import json
import sqlite3

from tests.program import Program


def listed(program: Program, *options: str) -> list[str]:
    return [row["id"] for row in json.loads(program.run("list", "--json", *options).stdout)]


def test_a_suspended_card_comes_back_without_undoing_anything(program: Program) -> None:
    said = program.run("suspend", "b-choice", "a-recall")
    assert (said.returncode, said.stdout) == (0, "b-choice: suspended\na-recall: suspended\n")
    assert "`quizcli unsuspend b-choice a-recall` takes that back" in said.stderr
    assert listed(program, "--suspended") == ["a-recall", "b-choice"]
    said = program.run("unsuspend", "b-choice", "c-truth")
    assert (said.returncode, said.stderr) == (0, "")
    assert said.stdout == "b-choice: no longer suspended\nc-truth: was not suspended\n"
    assert listed(program, "--suspended") == ["a-recall"]
    with sqlite3.connect(program.home / "data" / "quizcli.db") as db:
        kinds = [kind for (kind,) in db.execute("SELECT kind FROM log ORDER BY seq")]
    assert kinds == ["suspend", "suspend", "resume"]


def test_all_suspended_cards_come_back(program: Program) -> None:
    program.run("suspend", "a-recall", "b-choice")
    said = program.run("unsuspend", "--all", "--lang", "zh")
    assert said.stdout == "a-recall：已恢复\nb-choice：已恢复\n"
    said = program.run("unsuspend", "--all")
    assert (said.returncode, said.stdout, said.stderr) == (0, "", "no card is suspended\n")


def test_unsuspend_lists_what_it_could_bring_back(program: Program) -> None:
    said = program.run("unsuspend")
    assert (said.returncode, said.stdout, said.stderr) == (0, "", "no card is suspended\n")
    assert not (program.home / "data").exists()  # to look is no beginning
    program.run("suspend", "c-truth")
    said = program.run("unsuspend")
    assert [line.split()[0] for line in said.stdout.splitlines()] == ["kinds", "c-truth"]
    assert "`quizcli unsuspend --all`" in said.stderr


def test_a_wrong_id_changes_nothing(program: Program) -> None:
    said = program.run("suspend", "a-recall", "b-choise")
    assert (said.returncode, said.stdout) == (2, "")
    assert "Did you mean b-choice?" in said.stderr
    assert program.run("unsuspend", "nothing").returncode == 2
    assert program.run("unsuspend", "--all", "a-recall").returncode == 2
    assert not (program.home / "data").exists()


def test_a_suspended_card_whose_question_has_left_comes_back_too(own_program: Program) -> None:
    own_program.run("suspend", "c-truth")
    bank = own_program.questions / "kinds.yaml"
    text = bank.read_text(encoding="utf-8")
    bank.write_text(text.replace("id: c-truth", "id: c-other"), encoding="utf-8")
    assert own_program.run("unsuspend", "c-truth").stdout == "c-truth: no longer suspended\n"


def test_flags_and_burials_are_told_and_listed(program: Program) -> None:
    with program.terminal("--topic", "kinds") as terminal:
        terminal.wait_for("6 left")
        terminal.settle()
        terminal.send("f")
        terminal.wait_for("flagged")
        terminal.send("b")
        terminal.wait_for("buried until tomorrow")
        terminal.send("s")
        terminal.wait_for("suspended; u brings")
        terminal.send("q")
        assert terminal.exit_status() == 0
    (buried,), (suspended,) = listed(program, "--buried"), listed(program, "--suspended")
    assert listed(program, "--flagged") == [buried]
    assert listed(program, "--flagged", "--suspended") == []
    told = program.run("list").stdout
    (line,) = [line for line in told.splitlines() if buried in line]
    assert "  buried · flagged  " in line
    (line,) = [line for line in told.splitlines() if suspended in line]
    assert "  suspended " in line
    program.run("suspend", buried)
    (line,) = [line for line in program.run("list").stdout.splitlines() if buried in line]
    assert "  suspended · flagged  " in line


def test_a_list_of_marked_cards_where_none_is(program: Program) -> None:
    for mark, told in (
        ("--suspended", "没有暂停的卡片"),
        ("--flagged", "没有加旗标的卡片"),
        ("--buried", "没有推到明天的卡片"),
    ):
        said = program.run("list", mark, "--lang", "zh")
        assert (said.returncode, said.stdout) == (1, "")
        assert said.stderr.startswith(f"quizcli: {told}\n")
