"""`quizcli show`, `list` and `search`: looking at the questions without a session."""

from __future__ import annotations

import json

import pytest
from rich.cells import cell_len

from tests.program import Program

IDS = ["a-recall", "b-choice", "c-truth", "d-cloze", "e-number", "f-order"]


def test_show_prints_the_question_and_its_answer(program: Program) -> None:
    said = program.run("show", "b-choice")
    assert said.returncode == 0
    assert "Which number is even?" in said.stdout
    assert "One is odd." in said.stdout
    assert "Euclid" in said.stdout
    assert said.stderr == ""
    assert "哪个数是偶数" in program.run("show", "b-choice", "--lang", "zh").stdout


def test_show_as_json_has_both_languages(program: Program) -> None:
    shown = json.loads(program.run("show", "e-number", "--json").stdout)
    assert shown["kind"] == "number"
    assert shown["value"] == 4
    assert shown["ask"] == {"en": "How much is two times two?", "zh": "二乘二等于几?"}


def test_show_suggests_what_may_have_been_meant(program: Program) -> None:
    said = program.run("show", "b-choise")
    assert said.returncode == 2
    assert said.stderr == "quizcli: there is no question 'b-choise'\n  Did you mean b-choice?\n"
    assert "`quizcli list` names them all" in program.run("show", "qwertyuiop").stderr
    assert "是否想输入 b-choice？" in program.run("show", "b-choise", "--lang", "zh").stderr


def test_list_has_a_line_for_each_question(program: Program) -> None:
    said = program.run("list")
    lines = said.stdout.splitlines()
    assert lines[0] == "kinds · Every kind · 6 questions"
    assert [line.split()[0] for line in lines[1:]] == IDS
    assert lines[3] == "  c-truth   truth  1  new  Zero is even."
    assert said.stderr == ""


def test_list_in_a_narrow_chinese_terminal(program: Program) -> None:
    with program.terminal("list", "--lang", "zh", columns=40) as terminal:
        assert terminal.exit_status() == 0
        lines = [line for line in terminal.screen.splitlines() if line.strip()]
    assert lines[0].startswith("kinds · 各种题型 · 6 题")
    assert len(lines) == 7  # none wraps
    assert all(cell_len(line) <= 40 for line in lines)


def test_list_narrowed(program: Program) -> None:
    rows = json.loads(program.run("list", "-k", "truth", "-k", "order", "--json").stdout)
    assert [row["id"] for row in rows] == ["c-truth", "f-order"]
    rows = json.loads(program.run("list", "-l", "2", "-t", "kinds", "--json").stdout)
    assert [row["id"] for row in rows] == ["d-cloze", "e-number"]


def test_a_list_of_nothing(program: Program) -> None:
    said = program.run("list", "-k", "truth", "-l", "3")
    assert (said.returncode, said.stdout) == (1, "")
    assert said.stderr.startswith("quizcli: no question is all of that\n  Ask for less")
    said = program.run("list", "-k", "truth", "-l", "3", "--json")
    assert (said.returncode, json.loads(said.stdout)) == (1, [])


def test_list_refuses_a_word_that_is_no_topic_or_kind(program: Program) -> None:
    said = program.run("list", "-t", "kind")
    assert said.returncode == 2
    assert (
        said.stderr
        == "quizcli: there is no topic 'kind'\n  Did you mean kinds? There are: kinds (Every kind)\n"
    )
    said = program.run("list", "-k", "trouth", "--lang", "zh")
    assert said.stderr.startswith("quizcli: 没有题型 'trouth'\n  是否想输入 truth？现有：choice, cloze,")


def test_the_keys_of_the_json_are_the_same_in_every_language(program: Program) -> None:
    with program.terminal("quiz", "-k", "choice") as terminal:  # leaves a card behind
        terminal.wait_for("1/1")
        terminal.send("1")
        terminal.wait_for("space ▸")
        terminal.send(" ")
        terminal.wait_for("make the missed due today")
        terminal.send("m")
        assert terminal.exit_status() == 0
    for lang in ("en", "zh"):
        rows = json.loads(program.run("list", "--json", "--lang", lang).stdout)
        assert {tuple(row) for row in rows} == {("id", "topic", "kind", "level", "ask", "state")}
        states = {row["id"]: row["state"] for row in rows}
        assert states["a-recall"] is None
        assert {"id", "due", "interval", "reviews", "suspended", "flagged"} <= states["b-choice"].keys()


def test_search_finds_all_words_in_either_language(program: Program) -> None:
    found = json.loads(program.run("search", "EVEN", "two", "--json").stdout)
    assert [row["id"] for row in found] == ["c-truth", "d-cloze"]
    found = json.loads(program.run("search", "偶数", "零", "--json").stdout)
    assert [row["id"] for row in found] == ["c-truth"]
    assert program.run("search", "Ｚero").stdout.splitlines()[1].split()[0] == "c-truth"


def test_search_without_a_find(program: Program) -> None:
    said = program.run("search", "even", "xyzzy")
    assert (said.returncode, said.stdout) == (1, "")
    assert said.stderr == (
        "quizcli: no question holds 'even' and 'xyzzy'\n  Try fewer words, or `quizcli list`.\n"
    )
    said = program.run("search", "xyzzy", "--json")
    assert (said.returncode, said.stdout, said.stderr) == (1, "[]\n", "")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["evn"], "Did you mean even?"),
        (["two", "evn"], "Did you mean even?"),
        (["--lang", "zh", "evn"], "是否想输入 even？"),
    ],
)
def test_search_suggests_a_word_that_stands_somewhere(program: Program, words: list[str], told: str) -> None:
    assert told in program.run("search", *words).stderr


@pytest.mark.parametrize("words", [["list"], ["quiz"], ["review"], []])
def test_a_topic_that_is_nearly_right_is_suggested_everywhere(program: Program, words: list[str]) -> None:
    said = program.run(*words, "--topic", "kidns")
    assert said.returncode == 2
    assert "Did you mean kinds? There are: kinds (Every kind)" in said.stderr


def test_a_mistake_in_a_bank_is_one_line_beside_the_healthy_questions(own_program: Program) -> None:
    bank = own_program.questions / "kinds.yaml"
    bank.write_text(bank.read_text(encoding="utf-8").replace("level: 3", "level: hard"), encoding="utf-8")
    said = own_program.run("list", "--json")
    assert [row["id"] for row in json.loads(said.stdout)] == IDS[:-1]
    assert said.stderr == ("quizcli: 1 mistake in the banks; questions are left out (`quizcli bank check`)\n")
    assert "题库中有 1 处错误" in own_program.run("list", "--lang", "zh").stderr


def test_without_a_question_there_is_nothing_to_do(own_program: Program) -> None:
    (own_program.questions / "kinds.yaml").unlink()
    said = own_program.run("list")
    assert said.returncode == 1
    assert f"{own_program.questions}: no questions here" in said.stderr
    assert "quizcli doctor" in said.stderr


def test_an_empty_word_is_no_search(program: Program) -> None:
    wrong = program.run("search", "")
    assert wrong.returncode == 2
    assert "empty word" in wrong.stderr
