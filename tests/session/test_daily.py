"""The daily session as a person meets it: the real program in a real pseudo-terminal."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import time
from pathlib import Path

import pytest

from quizcli.study.schedule.card import Rating
from quizcli.study.schedule.schedule import Schedule
from quizcli.study.schedule.study_days import DAY, Days, now_ms
from quizcli.study.store.store import Store
from tests.program import Program

HEAVY = ("torch", "torchvision", "numpy", "pydantic", "matplotlib", "rich.markdown", "typer", "yaml", "fsrs")
FIRST = "Say what a recall card asks."


def answers(program: Program) -> list[tuple[str, int]]:
    """Card and rating of every answer in the store that was not undone, in order."""
    with sqlite3.connect(program.home / "data" / "quizcli.db") as db:
        rows = db.execute(
            """SELECT card, rating FROM log WHERE kind = 'answer'
            AND seq NOT IN (SELECT undoes FROM log WHERE undoes IS NOT NULL) ORDER BY seq"""
        ).fetchall()
    return [(card, rating) for card, rating in rows]


def test_the_first_question_needs_nothing_heavy(program: Program, tmp_path: Path) -> None:
    report = tmp_path / "modules.json"
    program.run("list")  # compiles the banks, as the first start does
    script = (
        "import atexit, json, sys\n"
        f"atexit.register(lambda: open({str(report)!r}, 'w').write(json.dumps(sorted(sys.modules))))\n"
        "from quizcli.__main__ import main\n"
        "main()"
    )
    with program.terminal(python=("-c", script)) as terminal:
        terminal.wait_for("q quit")
        terminal.send("q")
        assert terminal.exit_status() == 0
    loaded = set(json.loads(report.read_text()))
    assert "rich.console" in loaded  # the report is of the right process
    assert not loaded.intersection(HEAVY)


def test_answer_grade_and_go_on_where_one_was(program: Program) -> None:
    with program.terminal() as terminal:
        first = terminal.wait_for("q quit")
        assert FIRST in first
        assert "6 left" in first
        terminal.send(" ")
        revealed = terminal.wait_for("4 easy")
        assert "It asks for a spoken answer." in revealed
        for grade in ("1 again", "2 hard", "3 good"):
            assert grade in revealed
        terminal.send("3")
        terminal.wait_for("Which number is even?")
        os.kill(terminal.child.pid, signal.SIGKILL)
    assert answers(program) == [("a-recall", 3)]
    with program.terminal() as terminal:
        again = terminal.wait_for("Which number is even?")
        assert "5 left, 1 learning" in again


def test_where_no_process_can_be_started_one_studies_on(program: Program) -> None:
    script = (
        "import subprocess\n"
        "def refuse(*_, **__): raise BlockingIOError(11, 'Resource temporarily unavailable')\n"
        "subprocess.Popen = refuse\n"
        "from quizcli.__main__ import main\n"
        "main()"
    )
    with program.terminal(python=("-c", script)) as terminal:
        terminal.wait_for(FIRST)
        terminal.send("d")
        terminal.wait_for("no process could be started: Resource temporarily unavailable")
        terminal.send(" ")
        terminal.wait_for("4 easy")
        terminal.send("3")
        terminal.wait_for("Which number is even?")
        terminal.send("q")
        assert terminal.exit_status() == 0
    assert answers(program) == [("a-recall", 3)]


def test_every_kind_judges_and_proposes_a_grade(program: Program) -> None:
    with program.terminal() as terminal:
        terminal.wait_for(FIRST)
        terminal.send(" ")
        terminal.wait_for("▸3")
        terminal.send("3")
        terminal.wait_for("Which number is even?")
        terminal.send("1")  # wrong: again is proposed, and why it is wrong is said
        terminal.wait_for("▸1", "One is odd.")
        terminal.send(" ")
        terminal.wait_for("Zero is even.")
        terminal.send("1")
        terminal.wait_for("▸3")
        terminal.send("2")  # overruled
        terminal.wait_for("Fill the blank.")
        terminal.send("\rPrime\r")
        terminal.wait_for("space ▸3")
        terminal.send(" ")
        terminal.wait_for("two times two")
        terminal.send("5\r")
        terminal.wait_for("▸1")
        terminal.send("4")  # overruled: it was a slip
        terminal.wait_for("Put them in order.")
        terminal.send("q")
        assert terminal.exit_status() == 0
    assert answers(program) == [
        ("a-recall", 3),
        ("b-choice", 1),
        ("c-truth", 2),
        ("d-cloze", 3),
        ("e-number", 4),
    ]


def test_what_cannot_be_read_is_no_wrong_answer(program: Program) -> None:
    program.run("--topic", "kinds", stdin=" 3 3 3 3")
    with program.terminal() as terminal:
        terminal.wait_for("two times two")
        terminal.send("-\r")
        terminal.settle()
        assert "e-number" not in dict(answers(program))
        assert "again" not in terminal.screen
        assert "'-' cannot be read as a number." in terminal.screen
        terminal.send("\x7f4\r")
        terminal.wait_for("▸3")


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_what_is_typed_after_a_refusal_is_no_command(program: Program, lang: str) -> None:
    program.run("--topic", "kinds", stdin=" 3 3 3 3")
    with program.terminal(env={"QUIZCLI_LANG": lang}) as terminal:
        terminal.wait_for("two times two" if lang == "en" else "二乘二")
        terminal.send("\rabc\r")
        terminal.wait_for("'abc'", "› abc")
        terminal.send("sbuq\r")  # each of them would be a command on the card
        terminal.wait_for("'abcsbuq'", "› abcsbuq")
        terminal.send("\x1b")  # leaves the line, and keeps what stands in it
        terminal.wait_for("kept: abcsbuq" if lang == "en" else "已保留：abcsbuq")
        terminal.send("\r")
        terminal.wait_for("› abcsbuq")
        terminal.send("\x154\r")  # Ctrl-U
        terminal.wait_for("▸3")
        terminal.send("3")
        terminal.wait_for("Put them" if lang == "en" else "请排序")
    assert answers(program)[-1] == ("e-number", 3)
    states = json.loads(program.run("list", "--json").stdout)
    assert not any(row["state"] and row["state"]["suspended"] for row in states)


@pytest.mark.parametrize(
    ("before", "typed", "refused", "taken"),
    [
        (3, "two; four", "Blanks: 1, answers: 2.", "prime"),
        (5, "4", "does not put 3 items in order", "1 2 3"),
    ],
)
def test_a_refused_cloze_or_order_stays_in_its_line(
    program: Program, before: int, typed: str, refused: str, taken: str
) -> None:
    program.run("--topic", "kinds", stdin=" 3" * before)
    with program.terminal() as terminal:
        terminal.wait_for("enter type it")
        terminal.send(f"\r{typed}\r")
        terminal.wait_for(refused, f"› {typed}")
        terminal.settle()
        terminal.send("\x15\r")  # nothing in the line is no answer either
        terminal.wait_for("nothing is typed yet")
        terminal.send(taken)
        terminal.wait_for(f"› {taken}")
        terminal.send("\r")
        terminal.wait_for("▸")
        assert f"you  {taken}" in terminal.screen


def test_undo_reaches_back_over_runs(program: Program) -> None:
    program.run(stdin=" 3 3q")
    assert [card for card, _ in answers(program)] == ["a-recall", "b-choice"]
    with program.terminal() as terminal:
        terminal.wait_for("Zero is even.")
        terminal.send("u")
        terminal.wait_for("Which number is even?")
        terminal.send("u")
        terminal.wait_for(FIRST)
        terminal.send("u")  # nothing is left to undo: nothing happens
        terminal.settle()
        assert FIRST in terminal.screen
    assert answers(program) == []


def test_suspend_bury_flag_and_hint(program: Program) -> None:
    with program.terminal() as terminal:
        terminal.wait_for(FIRST)
        terminal.send("h")
        terminal.wait_for("Use your voice.")
        terminal.send("f")
        terminal.wait_for("flagged")
        terminal.send("s")
        terminal.wait_for("Which number is even?")
        terminal.send("b")
        terminal.wait_for("Zero is even.")
        terminal.send("q")
        terminal.exit_status()
    states = {row["id"]: row["state"] for row in json.loads(program.run("list", "--json").stdout)}
    assert states["a-recall"]["suspended"]
    assert states["a-recall"]["flagged"]
    assert states["b-choice"]["buried_on"] > 739_000


def test_two_sessions_at_once_ask_for_nothing_twice_and_lose_nothing(program: Program) -> None:
    with program.terminal() as one:
        one.wait_for(FIRST)
        with program.terminal() as other:
            other.wait_for("Which number is even?")
            one.send(" ")
            one.wait_for("▸3")
            one.send("3")
            one.wait_for("Zero is even.")
            other.send("2")
            other.wait_for("space ▸")
            other.send(" ")
            other.settle()
            for terminal in (one, other):
                terminal.send("\x03")
                assert terminal.exit_status() == 130
    assert sorted(card for card, _ in answers(program)) == ["a-recall", "b-choice"]


def answered_elsewhere(program: Program, name: str) -> None:
    """Answer a card as another window does."""
    with Store.open(program.home / "data" / "quizcli.db") as store:
        store.answer(name, Rating.EASY, 1000, now_ms(), Schedule(Days()))


def test_the_first_of_two_answers_counts_and_the_other_is_told(program: Program) -> None:
    with program.terminal() as terminal:
        terminal.wait_for(FIRST)
        answered_elsewhere(program, "a-recall")
        terminal.send(" ")
        terminal.wait_for("4 easy")
        terminal.send("1")
        terminal.wait_for("answered in another window first; that answer counts", "Which number is even?")
        terminal.send("q")
        assert terminal.exit_status() == 0
    assert answers(program) == [("a-recall", 4)]


def test_wrong_keys_do_no_harm(program: Program) -> None:
    with program.terminal() as terminal:
        terminal.wait_for(FIRST)
        for keys in ("x", "9", "\x1b[A", "\x1bOP", "\t", "é", "中", "\x1b"):
            terminal.send(keys)
            terminal.settle(0.1)
        terminal.send("?")
        terminal.wait_for("ctrl-c")
        terminal.send("\x03")
        assert terminal.exit_status() == 130
    assert answers(program) == []


@pytest.mark.parametrize("command", [(), ("quiz",)])
@pytest.mark.parametrize(("columns", "rows"), [(20, 5), (0, 0), (1000, 1000)])
def test_one_ctrl_c_is_enough_in_any_window(
    program: Program, columns: int, rows: int, command: tuple[str, ...]
) -> None:
    with program.terminal(*command, columns=columns or 80, rows=rows or 24) as terminal:
        terminal.child.setwinsize(rows, columns)
        while not terminal.raw:
            assert terminal.pump()
        terminal.settle(0.5)
        terminal.send("\x03")
        assert terminal.exit_status() == 130
    assert b"Traceback" not in terminal.raw


@pytest.mark.parametrize(("columns", "rows"), [(80, 24), (120, 40), (40, 12)])
@pytest.mark.parametrize("lang", ["en", "zh"])
def test_no_line_is_wider_than_the_window(program: Program, columns: int, rows: int, lang: str) -> None:
    env = {"QUIZCLI_LANG": lang}
    with program.terminal(columns=columns, rows=rows, env=env) as terminal:
        terminal.wait_for("╯")
        box = [line for line in terminal.screen.splitlines() if line.startswith("╭")]
        assert len(box) == 1
        terminal.send(" ")
        terminal.settle()
        terminal.send("?")
        terminal.settle()
        everything = terminal.scrollback + terminal.screen
        assert "Traceback" not in everything
        terminal.send("q")
        assert terminal.exit_status() == 0


def test_a_demonstration_from_a_card_ticks_its_claims(program: Program) -> None:
    with program.terminal() as terminal:
        terminal.wait_for(FIRST)
        terminal.send("d")
        terminal.wait_for("✓ mean-is-half", timeout=60)
        terminal.wait_for("any key")
        terminal.send(" ")
        terminal.wait_for(FIRST)
        terminal.send(" ")
        terminal.wait_for("✓ mean-is-half", "measured")
        terminal.send("q")
        assert terminal.exit_status() == 0
        assert not terminal.cursor_hidden
    shown = program.run("show", "a-recall")
    assert "✓ mean-is-half" in shown.stdout


def test_ctrl_c_in_a_demonstration_keeps_the_session(own_program: Program) -> None:
    bank = own_program.questions / "kinds.yaml"
    bank.write_text(bank.read_text().replace("throws: 6", "throws: 6, wait: 5.0"))
    with own_program.terminal() as terminal:
        terminal.wait_for(FIRST)
        terminal.send("d")
        terminal.wait_for("A coin", timeout=60)
        terminal.send("\x03")
        terminal.wait_for("any key")
        terminal.send(" ")
        terminal.wait_for(FIRST)
        terminal.send(" ")
        terminal.wait_for("▸3")
        terminal.send("3")
        terminal.wait_for("Which number is even?")
    assert answers(own_program) == [("a-recall", 3)]


def editor(tmp_path: Path, change: str) -> dict[str, str]:
    """An editor that makes one change, as a sed script, in the file it is given."""
    script = tmp_path / "editor.sh"
    script.write_text(f'#!/bin/sh\nfor last; do :; done\nsed -i "{change}" "$last"\n', encoding="utf-8")
    script.chmod(0o755)
    return {"VISUAL": str(script)}


def test_edit_keeps_progress_and_leaves_the_bank_alone(program: Program, tmp_path: Path) -> None:
    bank = (program.questions / "kinds.yaml").read_bytes()
    program.run(stdin=" 3q")
    with program.terminal(env=editor(tmp_path, "s/Which number is even/Which one is even/")) as terminal:
        terminal.wait_for("Which number is even?")
        terminal.send("e")
        terminal.wait_for("u does not undo it", "Which one is even?", "1 ✓")
        terminal.send("u")
        terminal.wait_for(FIRST)
    assert (program.questions / "kinds.yaml").read_bytes() == bank
    assert "Which one is even?" in program.run("show", "b-choice").stdout
    program.run(stdin=" 3q")
    with program.terminal(env=editor(tmp_path, "s/Which one is even/Which number is even/")) as terminal:
        terminal.wait_for("Which one is even?")
        terminal.send("e")
        terminal.wait_for("back in the bank's own words", "Which number is even?")
    assert not list((program.home / "data" / "edits").rglob("*.yaml"))


def test_a_broken_edit_is_named_and_can_be_mended(program: Program, tmp_path: Path) -> None:
    with program.terminal(env=editor(tmp_path, "s/level: 1/level: hard/")) as terminal:
        terminal.wait_for(FIRST)
        terminal.send("e")
        terminal.wait_for("edit again", "level")
        editor(tmp_path, "s/level: hard/level: 2/")
        terminal.send("e")
        terminal.wait_for(FIRST, "level 2")


def test_an_edit_in_another_encoding_can_be_mended(program: Program, tmp_path: Path) -> None:
    with program.terminal(env=editor(tmp_path, r"s/level: 1/level: 1 # \xe9/")) as terminal:
        terminal.wait_for(FIRST)
        terminal.send("e")
        terminal.wait_for("edit again", "UTF-8")
        editor(tmp_path, r"s/level: 1 # \xe9/level: 2/")
        terminal.send("e")
        terminal.wait_for(FIRST, "level 2")


def test_an_edit_left_broken_is_kept_as_a_draft_and_breaks_nothing(program: Program, tmp_path: Path) -> None:
    with program.terminal(env=editor(tmp_path, "s/level: 1/level: hard/")) as terminal:
        terminal.wait_for(FIRST)
        terminal.send("e")
        terminal.wait_for("edit again")
        terminal.send("q")
        terminal.wait_for("not taken over", FIRST, "6 left")
        editor(tmp_path, "s/level: hard/level: 3/")
        terminal.send("e")
        terminal.wait_for("u does not undo it", "level 3")
        editor(tmp_path, "")
        terminal.send("e")
        terminal.wait_for("nothing changed", "level 3")


def test_an_edit_cannot_take_a_question_its_identity(program: Program, tmp_path: Path) -> None:
    with program.terminal(env=editor(tmp_path, "s/id: a-recall/id: b-recall/")) as terminal:
        terminal.wait_for(FIRST)
        terminal.send("e")
        terminal.wait_for("edit again", "your progress hangs on its id")


def test_pipes(program: Program) -> None:
    piped = program.run(stdin=" 3q")
    assert piped.returncode == 0
    assert "\x1b" not in piped.stdout
    assert "spoken answer" in piped.stdout
    nothing = program.run(stdin="")
    assert nothing.returncode == 0
    assert "Which number is even?" in nothing.stdout
    asked = program.run("--no-input")
    assert asked.returncode == 0
    assert "Which number is even?" in asked.stdout


def test_everything_done(program: Program) -> None:
    program.run(stdin=" 4" * 6)
    done = program.run(stdin="")
    assert "Done for now." in done.stdout
    assert "quizcli quiz" in done.stdout
    chinese = program.run(stdin="", env={"QUIZCLI_LANG": "zh"})
    assert "暂时没有要学的了" in chinese.stdout


def test_a_resize_redraws(program: Program) -> None:
    with program.terminal() as terminal:
        terminal.wait_for(FIRST)
        terminal.resize(100, 30)
        terminal.settle()
        (top,) = [line for line in terminal.screen.splitlines() if line.startswith("╭")]
        assert len(top) == 100


def test_the_last_answer_of_the_day_can_be_undone(program: Program) -> None:
    program.run(stdin=" 4" * 6)
    with program.terminal() as terminal:
        terminal.wait_for("Done for now.")
        terminal.send("x")  # no key of this page
        terminal.send("u")
        terminal.wait_for("undone: answer", "Put them in order.")
        terminal.send("q")
        terminal.wait_for("Today: 5 answered")
        assert terminal.exit_status() == 0
    assert len(answers(program)) == 5


def test_the_end_of_the_day_is_drawn_anew(program: Program) -> None:
    program.run(stdin=" 4" * 6)
    with program.terminal() as terminal:
        terminal.wait_for("u undo")
        terminal.resize(70, 20)
        terminal.settle()
        terminal.send("q")
        assert terminal.exit_status() == 0
    assert terminal.raw.count(b"Done for now.") == 2


def test_what_was_put_aside_is_said(program: Program) -> None:
    with program.terminal() as terminal:
        terminal.wait_for(FIRST)
        terminal.send("u")
        terminal.wait_for("nothing to undo")
        terminal.send("s")
        terminal.wait_for("suspended; u brings it back")
        terminal.send("u")
        terminal.wait_for("undone: suspend", FIRST)


@pytest.mark.parametrize("columns", [40, 60])
def test_a_narrow_window_shows_every_grade(program: Program, columns: int) -> None:
    with program.terminal(columns=columns, rows=20) as terminal:
        terminal.wait_for(FIRST)
        terminal.send(" ")
        terminal.wait_for("▸3")
        last = terminal.settle().splitlines()
        (footer,) = [line for line in last if "▸3" in line]
        assert {word.lstrip("▸") for word in footer.split()} >= {"1", "2", "3", "4"}


def test_a_paste_is_no_keys_and_can_be_an_answer(program: Program) -> None:
    with program.terminal() as terminal:
        terminal.wait_for(FIRST)
        terminal.send("\x1b[200~ 4sbq\r\x1b[201~")
        terminal.settle()
        terminal.send("?")
        terminal.wait_for("grade the answer", FIRST)
        assert "6 left" in terminal.screen
    assert answers(program) == []
    program.run(stdin=" 3 3 3")
    with program.terminal() as terminal:
        terminal.wait_for("Fill the blank.")
        terminal.send("\x1b[200~prime\x1b[201~")
        terminal.wait_for("› prime")
        terminal.send("\r")
        terminal.wait_for("▸3")


def test_a_resize_while_typing_redraws_the_card(program: Program) -> None:
    program.run(stdin=" 3 3 3")
    with program.terminal() as terminal:
        terminal.wait_for("Fill the blank.")
        terminal.send("\rpri")
        terminal.wait_for("› pri")
        terminal.resize(60, 24)
        terminal.settle()
        (top,) = [line for line in terminal.screen.splitlines() if line.startswith("╭")]
        assert len(top) == 60
        terminal.send("me")
        terminal.wait_for("› prime")
        terminal.send("\r")
        terminal.wait_for("▸3")


def test_an_answer_longer_than_the_window_is_read_from_its_beginning(program: Program) -> None:
    with program.terminal(rows=9) as terminal:
        terminal.wait_for(FIRST)
        terminal.send(" ")
        screen = terminal.wait_for("space more")
        assert FIRST in screen
        assert "It asks for a spoken answer." in screen
        assert "none needed" not in screen
        terminal.send(" ")
        terminal.wait_for("none needed")
        assert "space more" not in terminal.settle()
        terminal.resize(80, 8)
        terminal.settle()
        terminal.send("\x1b[H")  # Home
        terminal.wait_for(FIRST)
        terminal.wait_for("space more")
        terminal.send("4")  # who has read enough need not turn the pages
        terminal.wait_for("Which number is even?")
    assert answers(program) == [("a-recall", 4)]


def test_further_lines_of_a_paste_are_no_keys(program: Program) -> None:
    program.run(stdin=" 3 3 3")
    with program.terminal() as terminal:
        terminal.wait_for("Fill the blank.")
        terminal.send("\r")
        terminal.send("prime\r4444")
        terminal.wait_for("▸3")
        terminal.settle()
        assert "Fill the blank." in terminal.screen


def test_a_long_answer_is_read_in_both_directions(program: Program) -> None:
    with program.terminal(columns=100, rows=9) as terminal:
        terminal.wait_for(FIRST)
        terminal.send(" ")
        terminal.wait_for("space more")
        for there, back in (("\x1b[6~", "\x1b[5~"), ("\x1b[F", "\x1b[H"), ("j" * 9, "k" * 9)):
            terminal.send(there)
            assert FIRST not in terminal.wait_for("none needed")
            assert "↑ back up" in terminal.settle()
            terminal.send(back)
            assert "none needed" not in terminal.wait_for(FIRST)
        terminal.send("\x1b[B")  # Down: one line
        terminal.settle()
        assert FIRST in terminal.screen
        assert "Every kind" not in terminal.screen
    assert answers(program) == []


def test_one_space_too_many_grades_nothing(program: Program) -> None:
    with program.terminal(rows=9) as terminal:
        terminal.wait_for(FIRST)
        terminal.send(" ")
        terminal.wait_for("space more")
        for _ in range(6):
            terminal.send(" ")
            terminal.settle(0.2)
        assert "none needed" in terminal.screen
        assert "enter ▸3 good" in terminal.screen  # the bar names what grades
        terminal.send("\r")
        terminal.wait_for("Which number is even?")
    assert answers(program) == [("a-recall", 3)]


def test_a_key_pressed_before_the_bar_names_it_grades_nothing(program: Program) -> None:
    with program.terminal() as terminal:
        terminal.wait_for(FIRST)
        terminal.send(" 31 \r")
        terminal.wait_for("space ▸3")
        assert FIRST in terminal.settle()
        terminal.send("\r")  # not named either
        assert FIRST in terminal.settle()
        terminal.send(" ")
        terminal.wait_for("Which number is even?")
    assert answers(program) == [("a-recall", 3)]


@pytest.mark.parametrize("word", ["subtract the max", "bury", "ln 1000", "about 7", "(x)", "d"])
def test_what_is_typed_without_opening_the_line_is_an_answer(program: Program, word: str) -> None:
    program.run("--new", "3", stdin=" 4 4 4")
    with program.terminal() as terminal:
        terminal.wait_for("fill in", "enter type it")
        for letter in word:
            terminal.send(letter)
            time.sleep(0.05)
        if word == "d":  # alone it is a command
            terminal.wait_for("nothing to run here")
        else:
            terminal.wait_for(f"› {word}")
    assert len(answers(program)) == 3
    assert not suspended(program)


def suspended(program: Program) -> list[str]:
    """The ids of the suspended cards."""
    rows = json.loads(program.run("list", "--json").stdout)
    return [row["id"] for row in rows if row["state"] and row["state"]["suspended"]]


def test_a_word_in_one_go_is_an_answer_too(program: Program) -> None:
    program.run("--new", "3", stdin=" 4 4 4")
    with program.terminal() as terminal:
        terminal.wait_for("fill in", "enter type it")
        terminal.send("jjj")  # held down
        terminal.settle(0.6)
        terminal.send("subtract the max")
        terminal.wait_for("› subtract the max")
        terminal.send("\x1b")
        terminal.wait_for("kept: subtract the max")
        terminal.send("s")
        terminal.wait_for("number")
    assert suspended(program) == ["d-cloze"]


def test_options_change_places_when_they_come_again(program: Program) -> None:
    with program.terminal("--topic", "kinds", "--new", "2") as terminal:
        terminal.wait_for(FIRST)
        terminal.send(" ")
        terminal.wait_for("▸3")
        terminal.send("4")
        terminal.wait_for("1  1 ", "2  2 ", "3  3 ")
        terminal.send("1")
        terminal.wait_for("✗ 1  1", "✓ 2  2", "▸1")
        terminal.send("1")
        again = terminal.wait_for("learning", "1–3 choose")
        shown = {line.split()[2]: line.split()[1] for line in again.splitlines() if len(line.split()) == 4}
        assert shown.keys() == {"1", "2", "3"}
        assert list(shown) != ["1", "2", "3"]
        terminal.send(shown["2"])
        terminal.wait_for(f"▸ ✓ {shown['2']}  2", "▸3")


def test_what_was_only_looked_at_is_not_proposed_as_known(program: Program) -> None:
    with program.terminal() as terminal:
        terminal.wait_for(FIRST)
        terminal.send(" ")
        terminal.wait_for("space ▸3")  # answered aloud
        terminal.send(" ")
        terminal.wait_for("Which number is even?")
        terminal.send(" ")
        terminal.wait_for("space ▸1")


@pytest.mark.parametrize(("rows", "key"), [(24, ""), (9, "\x1b[F")])
def test_a_key_that_grades_nothing_counts_while_the_bar_changes(
    program: Program, rows: int, key: str
) -> None:
    with program.terminal(rows=rows) as terminal:
        terminal.wait_for(FIRST)
        if key:
            terminal.send(" ")
            terminal.wait_for("space more")
        terminal.send((key or " ") + "?")  # in one go: the answer's end or the answer, and the keys
        terminal.wait_for("s       suspend")
    assert answers(program) == []


@pytest.mark.parametrize("rows", [9, 24])
def test_all_keys_are_shown_wherever_one_reads(program: Program, rows: int) -> None:
    with program.terminal(rows=rows) as terminal:
        terminal.wait_for(FIRST)
        terminal.send(" ")
        terminal.wait_for("▸3")
        terminal.send("?")
        terminal.wait_for("s       suspend")
        terminal.send("\x1b[F")
        terminal.wait_for("stop; nothing is lost")
        terminal.send("?")
        terminal.wait_for(FIRST)
        assert "stop; nothing" not in terminal.settle()


def test_the_keys_of_a_question_go_when_its_answer_comes(program: Program) -> None:
    with program.terminal() as terminal:
        terminal.wait_for(FIRST)
        terminal.send("?")
        terminal.wait_for("show answer", "stop; nothing is lost")
        terminal.send(" ")
        terminal.wait_for("4 easy", "It asks for a spoken answer.")
        assert "stop; nothing" not in terminal.settle()


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_what_falls_off_the_bar_leaves_a_sign(program: Program, lang: str) -> None:
    with program.terminal(columns=60, env={"QUIZCLI_LANG": lang}) as terminal:
        bar = terminal.wait_for("q quit" if lang == "en" else "q 退出").splitlines()[-1]
        bar = next(line for line in terminal.screen.splitlines() if " q " in line)
        assert ("? more" if lang == "en" else "? 更多") in bar
        assert " d " in bar
        assert " h " in bar
        assert " e " not in bar


def test_a_message_leaves_the_bar_where_it_is(program: Program) -> None:
    with program.terminal() as terminal:
        terminal.wait_for(FIRST)
        terminal.send("f")
        terminal.wait_for("flagged")
        assert "q quit" in terminal.settle()
        terminal.send("h")
        terminal.wait_for("Use your voice.")
        assert "flagged" not in terminal.settle()
        assert terminal.screen.count("q quit") == 1


def test_a_dumb_terminal_has_a_key_bar_too(program: Program) -> None:
    with program.terminal(env={"TERM": "dumb"}) as terminal:
        terminal.wait_for("q quit")
        terminal.send(" ")
        terminal.wait_for("4 easy")
        terminal.send("f")
        terminal.wait_for("flagged")
        terminal.send("3")
        terminal.wait_for("Which number is even?")
        terminal.wait_for("1–3 choose")
        terminal.send("q")
        assert terminal.exit_status() == 0
    assert b"\x1b" not in terminal.raw
    assert terminal.raw.count(b"4 easy") == 1


def test_a_topic_asks_beyond_the_days_limit(program: Program) -> None:
    assert "Done for now." in program.run("--new", "2", stdin=" 4 4").stdout
    assert [card for card, _ in answers(program)] == ["a-recall", "b-choice"]
    with program.terminal("--new", "2", "--topic", "Kinds") as terminal:
        terminal.wait_for("2 left", "beyond the day's limit")
    program.run("--new", "2", "--topic", "kinds", stdin=" 4 4")
    assert [card for card, _ in answers(program)] == ["a-recall", "b-choice", "c-truth", "d-cloze"]


def test_the_limit_is_told_where_a_topic_crosses_it(program: Program) -> None:
    program.run("--new", "2", stdin=" 4")
    with program.terminal("--new", "2", "--topic", "kinds") as terminal:
        assert "limit" not in terminal.settle()
        terminal.send(" ")
        terminal.wait_for("4 easy")
        terminal.send("4")
        terminal.wait_for("1 left", "beyond the day's limit")


def test_a_topic_within_the_days_limit_says_nothing(program: Program) -> None:
    with program.terminal("--topic", "kinds") as terminal:
        terminal.wait_for(FIRST)
        assert "limit" not in terminal.settle()


def test_the_end_says_how_to_ask_the_same_topics_for_more(program: Program) -> None:
    with program.terminal("--new", "1", "--topic", "kinds") as terminal:
        terminal.wait_for(FIRST)
        terminal.send(" ")
        terminal.wait_for("4 easy")
        terminal.send("4")
        terminal.wait_for("Done for now.")
        terminal.wait_for("quizcli --topic kinds --new 1", "1 more new card")
    with program.terminal("--topic", "kinds", "--new", "1") as terminal:
        terminal.wait_for("1 left", "beyond the day's limit")


def test_the_end_offers_only_new_cards_that_there_are(program: Program) -> None:
    ended = program.run("--new", "1", stdin=" 4").stdout
    assert "quizcli --new 2" in ended
    assert "1 more new card today" in ended
    ended = program.run("--new", "4", stdin=" 4" * 3).stdout
    assert "quizcli --new 6" in ended  # four of six were begun
    assert "2 more new cards today" in ended
    ended = program.run("--new", "6", stdin=" 4 4").stdout
    assert "Done for now." in ended
    assert "--new" not in ended


def test_flagged_and_suspended_cards_are_studied_and_brought_back(program: Program) -> None:
    assert "No card is flagged" in program.run("--flagged").stdout
    assert "No card is suspended" in program.run("--suspended").stdout
    nobody = program.run("quiz", "--flagged")
    assert nobody.returncode == 2
    assert "no question of these is flagged" in nobody.stderr
    with program.terminal() as terminal:
        terminal.wait_for(FIRST)
        terminal.send("fs")
        terminal.wait_for("Which number is even?")
        terminal.send("f")
        terminal.wait_for("flagged")
    with program.terminal("--suspended", columns=120) as terminal:
        terminal.wait_for("1 left", FIRST, "s bring back")
        terminal.send("s")
        terminal.wait_for("Done for now.")
    states = {row["id"]: row["state"] for row in json.loads(program.run("list", "--json").stdout)}
    assert not states["a-recall"]["suspended"]
    with program.terminal("--flagged") as terminal:
        terminal.wait_for("2 left")
        terminal.send(" ")
        terminal.wait_for("4 easy")
        terminal.send("4")
        terminal.wait_for("1 left")
    with program.terminal("quiz", "--flagged") as terminal:
        terminal.wait_for("1/2")
    assert program.run("stats", "--flagged").returncode == 2


def learnt(program: Program, *cards: str, days_ago: int, rating: Rating = Rating.GOOD) -> None:
    """Have these cards answered on an earlier day."""
    (program.home / "data").mkdir(parents=True, exist_ok=True)
    with Store.open(program.home / "data" / "quizcli.db") as store:
        for card in cards:
            store.answer(card, rating, 1000, now_ms() - days_ago * DAY, Schedule(Days()))


@pytest.mark.parametrize(
    ("lang", "asks", "took"),
    [
        ("en", "u again takes back: answer of 20", "undone: answer (c-truth)"),
        ("zh", "再按一次 u 将撤销 20", "已撤销：作答（c-truth）"),
    ],
)
def test_undo_asks_before_it_reaches_into_an_earlier_day(
    program: Program, lang: str, asks: str, took: str
) -> None:
    learnt(program, "b-choice", "c-truth", days_ago=40, rating=Rating.EASY)
    with program.terminal("--lang", lang) as terminal:
        terminal.wait_for("q ")
        terminal.settle()
        terminal.send("u")
        terminal.wait_for(asks, "c-truth")
        assert len(answers(program)) == 2
        terminal.send("?")  # something else is done: u asks anew
        terminal.settle()
        terminal.send("u")
        terminal.wait_for(asks)
        assert len(answers(program)) == 2
        terminal.send("u")
        terminal.wait_for(took)
        terminal.send("u")  # who goes on going back is not asked at each step
        terminal.settle()
        assert answers(program) == []


def test_at_the_end_of_a_day_undo_asks_too(program: Program) -> None:
    learnt(program, "c-truth", days_ago=2, rating=Rating.EASY)
    with program.terminal("review") as terminal:
        terminal.wait_for("Done for now.")
        terminal.send("u")
        terminal.wait_for("u again takes back: answer of 20")
        assert len(answers(program)) == 1
        terminal.send("u")
        terminal.wait_for("undone: answer (c-truth)")
        assert answers(program) == []


def test_the_bar_offers_no_undo_where_nothing_is_to_undo(program: Program) -> None:
    with program.terminal(columns=120) as terminal:
        assert "u undo" not in terminal.wait_for("q quit", FIRST)
        terminal.send("f")
        terminal.wait_for("flagged")
        terminal.send("s")
        terminal.wait_for("u undo")


@pytest.mark.parametrize(
    ("lang", "told"),
    [
        ("en", ("That was today's share.", "2 more reviews wait", "quizcli --reviews 2", "1 of them today")),
        ("zh", ("今天的份额学完了。", "另有 2 张已到期", "quizcli --reviews 2", "接着复习其中 1 张")),
    ],
)
def test_the_end_of_a_days_share_says_how_many_wait_and_how_to_go_on(
    program: Program, lang: str, told: tuple[str, ...]
) -> None:
    program.env["QUIZCLI_REVIEWS_PER_DAY"] = "1"
    learnt(program, "a-recall", "b-choice", "c-truth", days_ago=300, rating=Rating.EASY)
    stats = program.run("stats").stdout
    assert stats.splitlines()[0].endswith("1 now, 1 today (2 more wait); 0 new")
    ended = program.run("--lang", lang, stdin=" 4").stdout
    for words in told:
        assert words in ended
    assert program.run("stats").stdout.splitlines()[0].endswith("0 now, 0 today (2 more wait); 0 new")
    assert "1 left" in program.run("--reviews", "2", stdin=" ").stdout


def test_a_session_of_marked_cards_that_has_none_promises_none(program: Program) -> None:
    for lang, none, promise in (
        ("en", "No card is suspended", "next card"),
        ("zh", "没有暂停的卡片", "下一张"),
    ):
        said = program.run("--suspended", "--lang", lang).stdout
        assert none in said
        assert promise not in said
        assert "--new" not in said


def test_what_is_being_learnt_is_told_apart(program: Program) -> None:
    said = program.run(stdin=" 3 3").stdout
    assert "6 left " in said
    assert "5 left, 1 learning" in said
    assert "4 left, 2 learning" in said
    assert "还剩 4，学习中 2" in program.run("--lang", "zh", stdin="q").stdout


def test_a_topic_is_named_by_its_title_too(program: Program) -> None:
    for name in ("EVERY kind", "各种题型", "kinds"):
        assert "6 left" in program.run("--topic", name, stdin="q").stdout
        assert len(json.loads(program.run("list", "--topic", name, "--json").stdout)) == 6
        assert "1/2" in program.run("quiz", "--fresh", "-n", "2", "--topic", name, stdin="q").stdout
    refused = program.run("--topic", "题型", "--lang", "zh")
    assert refused.returncode == 2
    assert refused.stderr == ("quizcli: 没有主题 '题型'\n  是否想输入 kinds？现有：kinds（各种题型）\n")
