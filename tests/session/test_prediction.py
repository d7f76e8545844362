"""Predictions as a person meets them: predict, watch the run, and be judged by what it measured."""

from __future__ import annotations

import json
import sqlite3

import pytest

from tests.program import Program

BANK = """topic: coins
title: {en: Coins, zh: 硬币}
questions:
  - id: p-number
    kind: predict
    level: 1
    ask: {en: How large is the mean?, zh: 均值多大？}
    claim: mean-is-half
    factor: 1.5
    unit: {en: heads a throw, zh: 次正面}
    hint: {en: Half., zh: 一半。}
    answer: {en: Every other throw is heads., zh: 每隔一次是正面。}
    demo: {run: coin, set: {throws: 6}}
    source: [none needed]
  - id: p-outcome
    kind: predict
    level: 1
    ask: {en: What about the mean?, zh: 均值怎样？}
    claim: mean-is-half
    outcomes:
      - {text: {en: It stays near a half., zh: 约一半。}, below: 0.6}
      - {text: {en: It is more., zh: 更大。}, why: {en: Heads are not thrown twice., zh: 不会连出正面。}}
    answer: {en: Every other throw is heads., zh: 每隔一次是正面。}
    demo: {run: coin, set: {throws: 8}}
    source: [none needed]
  - id: p-order
    kind: predict
    level: 1
    ask: {en: Which is largest?, zh: 哪个最大？}
    items:
      - {text: {en: thrice the heads, zh: 正面的三倍}, claim: heads}
      - {text: {en: the mean, zh: 均值}, claim: mean-is-half}
      - {text: {en: the tails, zh: 反面}, claim: tails}
    answer: {en: Thrice the heads., zh: 正面的三倍。}
    demo: {run: coin, set: {throws: 4}}
    source: [none needed]
"""
MORE = """
    yield Claim(id="tails", text={"en": "tails", "zh": "反面"}, measured=throws / 2, expected=1.0)
    yield Claim(id="heads", text={"en": "heads", "zh": "正面"}, measured=heads * 3, expected=1.0)
"""


@pytest.fixture
def coins(own_program: Program) -> Program:
    """A pack of predictions only."""
    (own_program.questions / "kinds.yaml").write_text(BANK, encoding="utf-8")
    coin = own_program.questions.parent / "answers" / "coin.py"
    coin.write_text(coin.read_text(encoding="utf-8") + MORE, encoding="utf-8")
    return own_program


def rating(program: Program, card: str) -> int:
    with sqlite3.connect(program.home / "data" / "quizcli.db") as db:
        (found,) = db.execute("SELECT rating FROM log WHERE kind = 'answer' AND card = ?", (card,)).fetchone()
    return int(found)


def slower(program: Program) -> None:
    bank = program.questions / "kinds.yaml"
    bank.write_text(bank.read_text(encoding="utf-8").replace("throws: 6}", "throws: 6, wait: 2.0}"), "utf-8")


def test_a_number_a_choice_and_an_order(coins: Program) -> None:
    with coins.terminal() as terminal:
        screen = terminal.wait_for("q quit")
        assert "╭─ predict ─" in screen
        assert "within a factor of 1.5; decided by a run of coin --throws 6" in screen
        assert "space just run it" in screen
        assert "d run it" not in screen
        terminal.send("\r0.4\r")
        terminal.wait_for("✓ mean-is-half", timeout=60)
        terminal.wait_for("any key what became of it")
        terminal.resize(79, 24)  # no key
        terminal.settle()
        assert "any key what became of it" in terminal.screen
        terminal.resize(80, 24)
        terminal.settle()
        terminal.send("x")
        screen = terminal.wait_for("▸3 good")
        assert "measured  0.5 heads a throw (within a factor of 1.5)" in screen
        assert "you  0.4 ✓" in screen
        assert "Every other throw is heads." in screen
        terminal.send(" ")
        terminal.wait_for("What about the mean?")
        terminal.wait_for("1–2 choose")
        terminal.send("2")
        terminal.wait_for("any key what became of it", timeout=60)
        terminal.send(" ")
        screen = terminal.wait_for("▸1 again")
        assert "✓ 1  It stays near a half." in screen
        assert "▸ ✗ 2  It is more." in screen
        assert "Heads are not thrown twice." in screen
        terminal.send(" ")
        terminal.wait_for("Which is largest?")
        rows = [line for line in terminal.settle().splitlines() if line[:3] in ("│ 1", "│ 2", "│ 3")]
        names = [row[5:].strip(" │") for row in rows]
        right = [names.index(name) + 1 for name in ("the mean", "the tails", "thrice the heads")]
        terminal.send("".join(map(str, right)) + "\r")
        terminal.wait_for("any key what became of it", timeout=60)
        terminal.send(" ")
        screen = terminal.wait_for("▸3 good")
        assert f"✓ {right[0]}  0.5  the mean" in screen
        assert f"✓ {right[2]}  6.0  thrice the heads" in screen
        terminal.send("q")
        assert terminal.exit_status() == 0
        assert not terminal.cursor_hidden
    assert (rating(coins, "p-number"), rating(coins, "p-outcome")) == (3, 1)


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_wrong_keys_do_no_harm(coins: Program, lang: str) -> None:
    with coins.terminal(env={"QUIZCLI_LANG": lang}) as terminal:
        terminal.wait_for("╯")
        for keys in ("\x0b", "\x1b[A", "\t", "4\x7f"):
            terminal.send(keys + "\x1b")
            terminal.settle(0.1)
        terminal.send("d")  # not before the prediction
        terminal.wait_for("predict first" if lang == "en" else "请先预测")
        terminal.send("many\r")  # who types begins the line
        terminal.wait_for("'many'")
        terminal.send("h\x1b")
        terminal.wait_for("kept: manyh" if lang == "en" else "已保留：manyh")
        terminal.send("h")
        terminal.wait_for("Half." if lang == "en" else "一半。")
        terminal.send("q")
        assert terminal.exit_status() == 0
        assert "Traceback" not in terminal.scrollback + terminal.screen


def test_a_run_that_is_stopped_can_be_run_again(coins: Program) -> None:
    slower(coins)
    with coins.terminal() as terminal:
        terminal.wait_for("q quit")
        terminal.send("0.5\r")
        terminal.wait_for("A coin", timeout=60)
        terminal.send("\x03")
        terminal.wait_for("any key")
        terminal.send(" ")
        screen = terminal.wait_for("d runs it again, or grade yourself")
        assert "… not measured" in screen
        assert "you  0.5" in screen
        assert "0.5 ✓" not in screen
        terminal.send("d")
        terminal.wait_for("0:01", timeout=60)
        terminal.send("q")  # stopped once more: the prediction stands
        terminal.wait_for("any key")
        terminal.send(" ")
        terminal.wait_for("grade yourself")
        terminal.send("2")
        terminal.wait_for("What about the mean?")
    assert rating(coins, "p-number") == 2


def test_a_second_run_judges_the_same_prediction(coins: Program) -> None:
    slower(coins)
    with coins.terminal() as terminal:
        terminal.wait_for("q quit")
        terminal.send("9\r")
        terminal.wait_for("A coin", timeout=60)
        terminal.send("q")
        terminal.wait_for("any key")
        terminal.send(" ")
        terminal.wait_for("d runs it again")
        terminal.send("d")
        terminal.wait_for("✓ mean-is-half", timeout=60)
        terminal.wait_for("any key")
        terminal.send(" ")
        terminal.wait_for("▸1 again", "you  9 ✗")


def test_a_run_that_fails_is_said(coins: Program) -> None:
    coin = coins.questions.parent / "answers" / "coin.py"
    coin.write_text(
        coin.read_text(encoding="utf-8").replace("    heads = 0.0", "    heads = 1 / 0"), encoding="utf-8"
    )
    with coins.terminal() as terminal:
        terminal.wait_for("q quit")
        terminal.send("0.5\r")
        terminal.wait_for("division by zero", timeout=60)
        terminal.wait_for("any key")
        terminal.send(" ")
        terminal.wait_for("the run failed: d tries again, or grade yourself")
        terminal.send("x")
        terminal.wait_for("4 easy", "… not measured")
        terminal.send("1")
        terminal.wait_for("What about the mean?")


def test_to_run_without_a_prediction(coins: Program) -> None:
    with coins.terminal() as terminal:
        terminal.wait_for("q quit")
        terminal.send(" ")
        terminal.wait_for("any key what became of it", timeout=60)
        terminal.send(" ")
        screen = terminal.wait_for("▸1 again")
        assert "measured  0.5 heads a throw" in screen
        assert "you " not in screen


def test_a_quiz_of_predictions(coins: Program) -> None:
    with coins.terminal("quiz", "--kind", "predict", "-n", "1", "--seed", "1") as terminal:
        terminal.wait_for("1/1")
        terminal.send("2\r" if "1–2" not in terminal.settle() else "2")
        terminal.settle()
        terminal.send("31\r" if "in order" in terminal.screen else "")
        terminal.wait_for("any key", timeout=60)
        terminal.send(" ")
        terminal.wait_for("missed it")
        terminal.send("1")
        terminal.wait_for("0 / 1")


def test_pipes(coins: Program) -> None:
    piped = coins.run(stdin="0.4\n 1q")
    assert piped.returncode == 0, piped.stderr
    assert "\x1b" not in piped.stdout
    said = piped.stdout
    assert "mean-is-half" in said
    assert said.index("mean-is-half") < said.index("measured  0.5 heads a throw") < said.index("you  0.4 ✓")
    assert said.count("How large is the mean?") == 1
    assert said.index("you  0.4 ✓") < said.index("What about the mean?")
    assert "✓ 1  It stays near a half." in said
    assert rating(coins, "p-number") == 3


def test_pipes_where_the_run_fails(coins: Program) -> None:
    coin = coins.questions.parent / "answers" / "coin.py"
    coin.write_text(
        coin.read_text(encoding="utf-8").replace("    heads = 0.0", "    heads = 1 / 0"), encoding="utf-8"
    )
    piped = coins.run(stdin="0.4\n1q")
    assert "the run failed" in piped.stdout
    assert rating(coins, "p-number") == 1


def test_show_list_and_search(coins: Program) -> None:
    before = coins.run("show", "p-number").stdout
    assert "… not measured" in before
    assert "decided by a run of coin --throws 6" in before
    coins.run(stdin="0.4\n 1q")
    after = coins.run("show", "p-number").stdout
    assert "measured  0.5 heads a throw" in after
    assert coins.run("show", "p-order").stdout.index("… not measured") > 0
    rows = json.loads(coins.run("list", "--kind", "predict", "--json").stdout)
    assert [row["kind"] for row in rows] == ["predict"] * 3
    assert "p-order" in coins.run("search", "thrice").stdout
    assert "p-outcome" in coins.run("search", "更大").stdout
    assert coins.run("bank", "check", str(coins.questions)).returncode == 0


def forget_the_day(program: Program) -> None:
    """The next session asks all cards anew; what was kept of runs stays."""
    for path in (program.home / "data").glob("quizcli.db*"):
        path.unlink()


def test_an_earlier_run_is_offered_where_the_prediction_comes_again(coins: Program) -> None:
    slower(coins)
    with coins.terminal() as terminal:
        terminal.wait_for("q quit")
        terminal.send("0.5\r")
        terminal.wait_for("q skip: no result", timeout=60)
        terminal.wait_for("any key", timeout=60)
        terminal.send("x")
        terminal.wait_for("▸3")
        terminal.send("q")
        assert terminal.exit_status() == 0
    for key, told in ((" ", ""), ("r", "any key")):
        forget_the_day(coins)
        with coins.terminal() as terminal:
            terminal.wait_for("q quit")
            terminal.send("9\r")
            offer = terminal.wait_for("d run anew")
            assert "space judge by the run of today" in offer
            assert "r replay it" in offer
            assert "measured" not in offer
            terminal.send("3")  # nothing to grade yet
            terminal.settle(0.2)
            terminal.send(key)
            if told:
                terminal.wait_for(told, timeout=10)
                terminal.send("x")
            terminal.wait_for("▸1 again", timeout=5)  # a run takes 12 s
            assert "judged by the run of today" in terminal.screen
            assert "you  9 ✗" in terminal.screen
            terminal.send("q")
            assert terminal.exit_status() == 0


def test_no_run_is_offered_of_an_answer_that_has_changed(coins: Program) -> None:
    coins.run(stdin="")
    with coins.terminal() as terminal:
        terminal.wait_for("q quit")
        terminal.send("0.5\r")
        terminal.wait_for("any key", timeout=60)
        terminal.send("xq")
        terminal.exit_status()
    assert list((coins.home / "data" / "runs").glob("*/events.jsonl"))
    coin = coins.questions.parent / "answers" / "coin.py"
    coin.write_text(coin.read_text(encoding="utf-8") + "\nCHANGED = True\n", encoding="utf-8")
    forget_the_day(coins)
    with coins.terminal() as terminal:
        terminal.wait_for("q quit")
        terminal.send("0.5\r")
        terminal.wait_for("any key", timeout=60)
        assert "run anew" not in terminal.screen


def test_what_is_coming_is_told_while_the_worker_starts(coins: Program) -> None:
    with coins.terminal("demo", "coin", "--throws", "4") as terminal:
        opening = terminal.wait_for("loading PyTorch")
        assert "A coin" in opening
        assert "--throws 4" in opening
        assert "mean-is-half" in opening
        terminal.wait_for("done", timeout=60)
    assert "coin" in (coins.home / "data" / "runs" / "timings.json").read_text(encoding="utf-8")
