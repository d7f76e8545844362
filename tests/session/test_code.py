"""Code questions as a person meets them: an editor, the judge at every save, the model answer."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import sqlite3
import sys
import time
from pathlib import Path

import pytest

from quizcli.study.schedule.card import Rating
from quizcli.study.schedule.schedule import Schedule
from quizcli.study.schedule.study_days import DAY, Days, now_ms
from quizcli.study.store.store import Store
from tests.places import CODED
from tests.program import Program, installed
from tests.terminal import Terminal

RIGHT = "def double(x):\n    return x + x\n"
WRONG = "def double(x):\n    return x ** 2\n"


@pytest.fixture(scope="session")
def coded_site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return installed(tmp_path_factory.mktemp("coded"), CODED)


@pytest.fixture
def coded(coded_site: Path, tmp_path: Path) -> Program:
    program = Program(coded_site, tmp_path / "home")
    editor = tmp_path / "editor.py"
    # An editor that writes what stands in a file beside it, or leaves everything as it was.
    editor.write_text(
        "import pathlib, sys\n"
        "given = pathlib.Path(__file__).with_name('given.py')\n"
        "if given.exists():\n"
        "    pathlib.Path(sys.argv[-1]).write_text(given.read_text())\n"
    )
    program.env["VISUAL"] = f"{sys.executable} {editor}"
    return program


def give(program: Program, text: str) -> None:
    """What the editor will write."""
    (program.home.parent / "given.py").write_text(text)


def draft(program: Program) -> Path:
    return program.home / "data" / "code" / "doubling-code.py"


def attempts(program: Program) -> list[str]:
    folder = program.home / "data" / "code" / "attempts" / "doubling-code"
    return [path.stem.rpartition("-")[2] for path in sorted(folder.glob("*.py"))]


def reviews(program: Program) -> list[tuple[str, int]]:
    with sqlite3.connect(program.home / "data" / "quizcli.db") as db:
        return list(db.execute("SELECT card, rating FROM log WHERE kind = 'answer' ORDER BY seq"))


def begun(program: Program) -> Terminal:
    """The question with its editor opened and left at once, which needs no key."""
    terminal = program.terminal("code", "doubling-code")
    terminal.wait_for("q back")
    return terminal


def test_wrong_then_right_then_graded(coded: Program) -> None:
    give(coded, WRONG)
    with begun(coded) as terminal:
        failed = terminal.wait_for("judged in", timeout=60)
        assert "To be written without: ldexp." in failed
        assert "A call has 30 seconds" in terminal.scrollback + failed
        assert "✗ three numbers" in failed
        assert "it squares" in failed
        assert "expected float32 (3,)" in failed
        give(coded, RIGHT)
        terminal.send("\r")
        passed = terminal.wait_for("all cases pass", timeout=60)
        assert "✓ many" in passed
        assert "✓ written by hand" in passed
        assert "PyTorch" in passed
        terminal.send(" ")
        answer = terminal.wait_for("▸2 hard")  # it did not pass at once
        assert "models/doubling.py: double" in answer
        assert "return 2 * x" in answer
        terminal.send(" ")
        assert terminal.exit_status() == 0
    assert reviews(coded) == [("doubling-code", 2)]
    assert attempts(coded) == ["failed", "passed"]


def test_who_names_a_question_is_not_kept_from_it_by_the_days_reviews(coded: Program) -> None:
    coded.env["QUIZCLI_REVIEWS_PER_DAY"] = "1"
    coded.run(stdin="q")  # a store
    long_ago, schedule = now_ms() - 300 * DAY, Schedule(Days())
    with Store.open(coded.home / "data" / "quizcli.db") as store:
        store.answer("other", Rating.EASY, 1000, long_ago, schedule)
        store.answer("doubling-code", Rating.EASY, 1000, long_ago, schedule)
        store.answer("other", Rating.GOOD, 1000, now_ms(), schedule)  # the day's one review
    give(coded, RIGHT)
    with begun(coded) as terminal:
        terminal.send("\r")
        terminal.wait_for("all cases pass", timeout=60)
        terminal.send(" ")
        terminal.wait_for("▸3 good")
        terminal.send(" ")
        assert terminal.exit_status() == 0
    assert [rating for card, rating in reviews(coded) if card == "doubling-code"] == [4, 3]


def test_an_answer_after_another_window_s_does_not_count_and_is_told(coded: Program) -> None:
    give(coded, RIGHT)
    with begun(coded) as terminal:
        terminal.send("\r")
        terminal.wait_for("all cases pass", timeout=60)
        terminal.send(" ")
        terminal.wait_for("▸3 good")
        with Store.open(coded.home / "data" / "quizcli.db") as store:
            store.answer("doubling-code", Rating.EASY, 1000, now_ms(), Schedule(Days()))
        terminal.send(" ")
        terminal.wait_for("answered in another window first")
        assert terminal.exit_status() == 0
    assert reviews(coded) == [("doubling-code", 4)]


def test_a_pass_at_once_is_good_and_is_not_there_the_next_time(coded: Program) -> None:
    give(coded, RIGHT)
    with begun(coded) as terminal:
        terminal.wait_for("all cases pass", timeout=60)
        terminal.send(" ")
        terminal.wait_for("▸3 good")
        terminal.send("q")
        assert terminal.exit_status() == 0
    assert draft(coded).read_text() == RIGHT
    (coded.home.parent / "given.py").unlink()
    with begun(coded):
        assert "NotImplementedError" in draft(coded).read_text()
    assert attempts(coded) == ["passed"]


def test_a_file_that_is_being_filled_is_not_judged(coded: Program) -> None:
    with begun(coded) as terminal:
        with draft(coded).open("w") as file:  # empty from here on
            for _ in range(20):
                terminal.pump(0.1)
            file.write(RIGHT)
        terminal.wait_for("all cases pass", timeout=60)
        terminal.send("q")
        terminal.wait_for("q quit")
    assert attempts(coded) == ["passed"]


def test_whoever_saves_in_another_window_is_judged_too(coded: Program) -> None:
    with begun(coded) as terminal:
        draft(coded).write_text(RIGHT)
        terminal.wait_for("all cases pass", timeout=60)
        time.sleep(0.05)  # a file system may count time in large steps
        draft(coded).write_text(WRONG)
        terminal.wait_for("it squares", timeout=60)
        terminal.send("q")
        terminal.wait_for("q quit")
    assert attempts(coded) == ["passed", "failed"]


def test_hint_and_giving_up(coded: Program) -> None:
    with begun(coded) as terminal:
        terminal.send("h")
        terminal.wait_for("Two of them.")
        terminal.send("z")  # no key of this page
        terminal.send("s")
        terminal.wait_for("▸1 again", "return 2 * x")
        terminal.send("1")
        assert terminal.exit_status() == 0
    assert reviews(coded) == [("doubling-code", 1)]


def test_only_what_the_bar_names_acts_and_giving_up_by_leaving_is_giving_up(coded: Program) -> None:
    with begun(coded) as terminal:
        terminal.wait_for("the file is as it was")  # the editor was closed without a change
        terminal.send("r")  # would count an attempt
        terminal.send(" ")  # turns pages elsewhere: here it would give the answer away
        screen = terminal.settle()
        assert "return 2 * x" not in screen
        assert "judged in" not in screen
        terminal.send("q")
        terminal.wait_for("show answer")
        terminal.send(" ")
        terminal.wait_for("▸1 again", "return 2 * x")
        terminal.send(" ")
        assert terminal.exit_status() == 0
    assert reviews(coded) == [("doubling-code", 1)]


def test_whoever_leaves_and_comes_back_has_failed_and_seen_the_hint_all_the_same(coded: Program) -> None:
    with begun(coded) as terminal:
        terminal.send("q")
        terminal.wait_for("show answer")
        terminal.send("h")
        terminal.wait_for("Two of them.")
        give(coded, RIGHT)
        terminal.send("\r")
        passed = terminal.wait_for("all cases pass", timeout=60)
        assert "Two of them." in passed
        terminal.send(" ")
        terminal.wait_for("▸2 hard")


def test_leaving_keeps_the_draft(coded: Program) -> None:
    with begun(coded) as terminal:
        draft(coded).write_text("def double(x):\n    return  # half done\n")
        terminal.wait_for("got None", timeout=60)
        terminal.send("\x03")
        terminal.wait_for("the draft is kept")
        terminal.send("q")
        assert terminal.exit_status() == 0
    assert reviews(coded) == []
    with begun(coded) as terminal:
        assert "half done" in draft(coded).read_text()
        terminal.send("x")
        terminal.wait_for("begun again")
        assert "NotImplementedError" in draft(coded).read_text()
    assert "left" in attempts(coded)


def test_beginning_again_without_a_draft_keeps_none(coded: Program) -> None:
    with begun(coded) as terminal:
        draft(coded).unlink()
        terminal.send("x")
        assert "attempts" not in terminal.wait_for("begun again")
        assert "NotImplementedError" in draft(coded).read_text()
        terminal.send("q")
        terminal.wait_for("show answer")
        terminal.send("q")
        assert terminal.exit_status() == 0
    assert not (coded.home / "data" / "code" / "attempts").exists()


def test_a_judgement_can_be_stopped_and_the_next_one_comes(coded: Program) -> None:
    with begun(coded) as terminal:
        draft(coded).write_text("while True: pass\n")
        terminal.wait_for("judging", timeout=60)
        time.sleep(0.5)
        terminal.send("q")
        terminal.wait_for("stopped", timeout=3)
        draft(coded).write_text(RIGHT)
        terminal.wait_for("all cases pass", timeout=60)
    assert attempts(coded) == ["passed"]


def test_an_attempt_that_cannot_be_kept_has_its_verdict_all_the_same(coded: Program) -> None:
    with begun(coded) as terminal:
        give(coded, WRONG)
        kept = draft(coded).parent / "attempts"
        kept.write_text("no folder")
        terminal.send("\r")
        terminal.wait_for("not kept", timeout=60)
        told = "".join(terminal.settle().split())
        assert f"notkept{kept}:NotadirectorySomethingelseisinitsplace:moveitaway." in told
        assert "Errno" not in told
        terminal.send("x")  # what cannot be put among the attempts is not begun again
        assert "".join(terminal.settle().split()).count("Notadirectory") == 2
        assert draft(coded).read_text() == WRONG
        give(coded, RIGHT)
        terminal.send("\r")
        terminal.wait_for("all cases pass", timeout=60)
        terminal.send(" ")
        terminal.wait_for("▸2 hard")
        terminal.send(" ")
        assert terminal.exit_status() == 0
    assert reviews(coded) == [("doubling-code", 2)]


def test_a_draft_that_cannot_be_written_is_told_with_what_helps(coded: Program) -> None:
    (coded.home / "data").mkdir(parents=True)
    (coded.home / "data" / "code").write_text("no folder")
    with coded.terminal("code", "doubling-code", columns=300) as terminal:
        terminal.wait_for("Something")
        told = " ".join(terminal.settle().split())
        assert "Something else is in its place: move it away." in told
        assert "Errno" not in told


def test_no_editor_is_one_line(coded: Program) -> None:
    coded.env["VISUAL"] = "no-such-editor"
    with begun(coded) as terminal:
        terminal.wait_for("the editor 'no-such-editor' cannot be started")


def test_an_editor_that_is_killed_leaves_the_terminal_as_it_was(coded: Program) -> None:
    dying = "stty raw -echo; printf '\\033[?1049h\\033[?1000h\\033[?25l'; kill -9 $$"
    coded.env["VISUAL"] = shlex.join(["sh", "-c", dying])
    with begun(coded) as terminal:
        terminal.wait_for("sh was ended by SIGKILL")
        for mode in (b"?1049", b"?1000", b"?25"):
            assert terminal.raw.rfind(mode + (b"h" if mode == b"?25" else b"l")) > terminal.raw.rfind(
                mode + (b"l" if mode == b"?25" else b"h")
            )
        terminal.send("q")
        terminal.wait_for("q quit")
        terminal.send("q")
        assert terminal.exit_status() == 0


def test_a_narrow_window_in_chinese(coded: Program) -> None:
    give(coded, WRONG)
    coded.env["QUIZCLI_LANG"] = "zh"
    with coded.terminal("code", "doubling-code", columns=40, rows=16) as terminal:
        terminal.wait_for("平方了", timeout=60)
        terminal.resize(60, 20)
        terminal.settle()
        assert "平方了" in terminal.screen


def test_a_session_asks_code_too(coded: Program) -> None:
    give(coded, RIGHT)
    with coded.terminal() as terminal:
        terminal.wait_for("Double a tensor.")
        terminal.send("\r")
        terminal.wait_for("all cases pass", timeout=60)
        terminal.send(" ")
        terminal.wait_for("▸3 good")
        terminal.send("3")
        terminal.wait_for("Twice two is four.")
        terminal.send("q")
        assert terminal.exit_status() == 0
    assert reviews(coded) == [("doubling-code", 3)]


def test_the_editor_opens_where_it_failed(coded: Program, tmp_path: Path) -> None:
    vim = tmp_path / "vim"
    vim.write_text(f'#!/bin/sh\necho "$1" >> {tmp_path}/places\n')
    vim.chmod(0o755)
    coded.env["VISUAL"] = str(vim)
    with begun(coded) as terminal:
        gap = next(
            number
            for number, line in enumerate(draft(coded).read_text().splitlines(), 1)
            if "NotImplementedError" in line
        )
        draft(coded).write_text("def double(x):\n    y = x\n    return y / [1]\n")
        terminal.wait_for("line 3", timeout=60)
        terminal.wait_for("judged in")
        terminal.send("\r")
        terminal.settle()
        draft(coded).write_text("def double(x):\n    return x +\n")
        terminal.wait_for("SyntaxError", timeout=60)
        terminal.wait_for("judged in")
        terminal.send("\r")
        terminal.settle()
        terminal.send("q")
        terminal.wait_for("q quit")
    assert (tmp_path / "places").read_text().split() == [f"+{gap}", "+3", "+2"]


def test_without_an_editor_none_opens_unasked(coded: Program) -> None:
    coded.env |= {"VISUAL": "", "EDITOR": ""}
    with coded.terminal("code", "doubling-code") as terminal:
        terminal.wait_for("EDITOR is not set")
        terminal.wait_for("enter ", "Double a tensor.")


# Without a terminal


def test_a_piped_session_says_how_a_file_is_judged(coded: Program) -> None:
    ran = coded.run(stdin="\n 1q")
    assert "Double a tensor." in ran.stdout
    assert "return 2 * x" in ran.stdout
    assert "Traceback" not in ran.stderr
    assert reviews(coded) == [("doubling-code", 1)]


@pytest.mark.parametrize(("text", "status", "told"), [(RIGHT, 0, "all cases pass"), (WRONG, 3, "it squares")])
def test_a_file_is_judged(coded: Program, text: str, status: int, told: str) -> None:
    path = coded.home.parent / "mine.py"
    path.write_text(text)
    ran = coded.run("code", "doubling-code", "--file", str(path), "--seed", "7")
    assert ran.returncode == status, ran.stderr
    assert told in ran.stdout
    assert "seed 7" in ran.stdout
    ran = coded.run("code", "doubling-code", "-f", str(path), "--seed", "7", "--json")
    last = json.loads(ran.stdout.splitlines()[-1])
    assert (last["type"], last["passed"], last["seed"]) == ("over", status == 0, 7)


def test_a_file_whose_name_is_no_text(coded: Program) -> None:
    path = coded.home.parent / os.fsdecode(b"mine\xff.py")
    try:
        path.write_text(WRONG)
    except OSError:
        pytest.skip("this file system knows no such names")
    ran = coded.run("code", "doubling-code", "--file", str(path))
    assert ran.returncode == 3, ran.stderr
    assert "it squares" in ran.stdout


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("code", "doubling"), "there is no code question 'doubling'\n  Did you mean doubling-code?"),
        (("code", "doubling-truth"), "doubling-truth is no code question: truth"),
        (("code", "--file", "x.py"), "--file needs the id of a question"),
    ],
)
def test_what_cannot_be_judged(coded: Program, arguments: tuple[str, ...], told: str) -> None:
    ran = coded.run(*arguments)
    assert ran.returncode == 2
    assert told in ran.stderr
    assert "Traceback" not in ran.stderr


def test_a_shell_is_offered_what_the_command_takes(coded: Program) -> None:
    line = "quizcli code "
    env = {"_QUIZCLI_COMPLETE": "complete_bash", "COMP_WORDS": line, "COMP_CWORD": "2"}
    offered = coded.run(env=env).stdout.split()
    rows = json.loads(coded.run("list", "--json").stdout)
    assert offered == [row["id"] for row in rows if row["kind"] == "code"]
    assert 0 < len(offered) < len(rows)


def test_a_file_that_is_not_there(coded: Program) -> None:
    ran = coded.run("code", "doubling-code", "--file", "nowhere.py")
    assert ran.returncode == 1
    assert ran.stderr == "quizcli: nowhere.py: No such file or directory\n  Check how it is spelled.\n"


def test_code_questions_are_listed(coded: Program) -> None:
    listed = coded.run("code")
    assert listed.returncode == 0
    assert "doubling-code" in listed.stdout
    assert "doubling-truth" not in listed.stdout
    assert [row["id"] for row in json.loads(coded.run("code", "--json").stdout)] == ["doubling-code"]


def test_show_prints_the_model_answer(coded: Program) -> None:
    shown = coded.run("show", "doubling-code").stdout
    assert "Double a tensor." in shown
    assert "return 2 * x" in shown


def test_the_bank_is_proved(coded: Program, tmp_path: Path) -> None:
    ran = coded.run("bank", "check", "--run")
    assert (ran.returncode, ran.stdout) == (0, "")


def test_a_judge_that_ends_its_process_stops_no_check(coded_site: Path, tmp_path: Path) -> None:
    shutil.copytree(coded_site, tmp_path / "site")
    program = Program(tmp_path / "site", tmp_path / "home")
    judges = program.questions.parent / "answers" / "judges"
    text = (judges / "doubling.py").read_text()
    (judges / "fatal.py").write_text(
        text.replace("    yield", "    import os\n\n    os._exit(7)\n    yield", 1)
    )
    bank = program.questions / "doubling.yaml"
    first = bank.read_text().partition("questions:\n")[2].partition("  - id: doubling-truth")[0]
    fatal = first.replace("doubling-code", "doubling-fatal").replace("judges.doubling", "judges.fatal")
    fatal = fatal.replace("Double a tensor.", "Double one to the end.").replace("把张量加倍。", "加倍到底。")
    bank.write_text(bank.read_text().replace("questions:\n", f"questions:\n{fatal}"))
    ran = program.run("bank", "check", "--run")
    assert ran.returncode == 3
    assert "doubling-fatal: the judge's process has ended, with exit code 7" in ran.stdout
    assert "doubling-code" not in ran.stdout  # it was proved by the next process


def test_a_link_that_leads_nowhere_is_a_mistake(coded: Program, tmp_path: Path) -> None:
    shutil.copytree(CODED, tmp_path / "pack")
    bank = tmp_path / "pack" / "questions" / "doubling.yaml"
    bank.write_text(
        bank.read_text().replace("check_double", "check_twice").replace("doubling:double", "doubling:twice")
    )
    ran = coded.run("bank", "check", str(tmp_path / "pack"))
    assert ran.returncode == 3
    assert "'check' names no judge" in ran.stdout
    assert "'solution' cannot be shown" in ran.stdout


def test_the_model_answer_that_goes_into_a_file_can_be_run(coded_site: Path, tmp_path: Path) -> None:
    site = tmp_path / "site"
    shutil.copytree(coded_site, site)
    model = next(site.rglob("models/doubling.py"))
    long = "    # a line of code is whole, however long it may be: " + "word " * 40
    model.write_text(model.read_text().replace("    # y = 2 x", long.rstrip()))
    program = Program(site, tmp_path / "home")
    shown = program.run("show", "doubling-code").stdout
    assert long.strip() in shown
    assert "↪" not in shown
    source = json.loads(program.run("show", "doubling-code", "--json").stdout)["solution_source"]
    assert "def double" in source
    with program.terminal("show", "doubling-code") as terminal:
        terminal.wait_for("↪")  # a window has an end
