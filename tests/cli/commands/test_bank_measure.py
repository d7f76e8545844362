"""Measured numbers, from the bank over `bank measure` to the card: never typed, never stale."""

import json
from pathlib import Path

import pytest

from quizcli.errors import ExitStatus
from tests.program import Program

BANK = """topic: coins
title: {en: Coins, zh: 硬币}
questions:
  - id: coin-mean
    kind: recall
    level: 1
    ask: {en: "How far is the mean from a half?", zh: 均值离一半多远？}
    answer:
      en: "Between {mean} of the throws, {most} at most; `{mean}` is code."
      zh: "{mean}，至多 {most}；`{mean}` 是代码。"
    measured:
      mean: {claim: mean-of-throws}
      most: {claim: mean-of-throws, show: most, percent: true}
    demo: {run: dice, set: {throws: 9}}
    source: [none needed]
"""
DICE = '''"""Dice that a seed decides, without torch."""
from collections.abc import Iterator
from random import Random
from typing import Annotated

from quizcli.demo.events import Claim, Event, Started
from quizcli.demo.option import Option, Seed

TITLE = {"en": "Dice", "zh": "骰子"}
QUICK = {"throws": 4}


def demonstrate(
    throws: Annotated[int, Option(min=1, max=100, help={"en": "how many", "zh": "次数"})] = 8,
    seed: Seed = 0,
) -> Iterator[Event]:
    """Throw."""
    yield Started(data="dice")
    random = Random(seed)
    mean = sum(random.random() for _ in range(throws)) / throws
    yield Claim(id="mean-of-throws", text={"en": "mean", "zh": "均值"}, measured=mean, expected=0.5)
'''


@pytest.fixture
def dice(own_program: Program) -> Program:
    root = own_program.questions.parent
    (root / "questions" / "kinds.yaml").write_text(BANK, encoding="utf-8")
    (root / "answers" / "dice.py").write_text(DICE, encoding="utf-8")
    return own_program


def record(program: Program) -> Path:
    return program.questions.parent / "answers" / "measured.json"


def mistakes(program: Program) -> list[str]:
    checked = program.run("bank", "check")
    assert checked.stderr.count("Traceback") == 0
    return checked.stdout.splitlines()


def change(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_numbers_are_measured_kept_and_shown(dice: Program) -> None:
    assert any(
        "'measured.mean' is not recorded: run `quizcli bank measure`" in line for line in mistakes(dice)
    )
    assert "Between … of the throws" in dice.run("show", "coin-mean").stdout
    ran = dice.run("bank", "measure")
    assert ran.returncode == 0, ran.stderr
    (entry,) = map(json.loads, record(dice).read_text(encoding="utf-8").splitlines())
    assert (entry["run"], entry["set"], entry["seeds"]) == ("dice", {"throws": 9}, 10)
    values = entry["claims"]["mean-of-throws"]
    assert len(values) == len(set(values)) == 10
    assert mistakes(dice) == []
    low, high = f"{min(values):.2f}", f"{max(values):.2f}"
    shown = dice.run("show", "coin-mean").stdout
    assert (
        f"Between {low} to {high} of the throws, {100 * max(values):.0f} % at most; {{mean}} is code."
        in shown
    )
    assert "10 seeds" in shown, "the source says how it was measured"
    assert f"{low}～{high}" in dice.run("--lang", "zh", "show", "coin-mean").stdout
    again = dice.run("bank", "measure")
    assert "up to date" in again.stderr


def test_a_record_of_other_code_is_stale_until_it_is_measured_again(dice: Program) -> None:
    dice.run("bank", "measure")
    before = record(dice).read_bytes()
    code = dice.questions.parent / "answers" / "dice.py"
    change(code, "    random = Random(seed)\n", "    random = Random(seed)\n    # a comment is no change\n")
    assert mistakes(dice) == []
    change(code, '"""Throw."""', '"""Throw all."""')
    assert all("is stale: the code of dice has changed" in line for line in mistakes(dice))
    assert "as before" in dice.run("bank", "measure").stderr, "the first seed gives the same number"
    assert mistakes(dice) == []
    change(code, "/ throws\n", "/ throws + 1\n")
    assert len(mistakes(dice)) == 2
    assert ".........." in dice.run("bank", "measure").stderr
    assert mistakes(dice) == []
    entry = json.loads(record(dice).read_text(encoding="utf-8"))
    old = json.loads(before)["claims"]["mean-of-throws"]
    assert entry["claims"]["mean-of-throws"] == pytest.approx([value + 1 for value in old])
    change(dice.questions / "kinds.yaml", "throws: 9", "throws: 10")
    assert "is not recorded" in mistakes(dice)[0], "other settings, another run"
    dice.run("bank", "measure")
    assert record(dice).read_text(encoding="utf-8").count("\n") == 1, "what nobody quotes is dropped"


def test_a_measured_number_is_not_typed(dice: Program) -> None:
    dice.run("bank", "measure")
    values = json.loads(record(dice).read_text(encoding="utf-8"))["claims"]["mean-of-throws"]
    bank = dice.questions / "kinds.yaml"
    change(bank, "of the throws,", f"of the throws, say {max(values):.3f},")
    (told,) = mistakes(dice)
    assert f"has '{max(values):.3f}' typed, which may be what mean-of-throws measured" in told
    change(bank, f"say {max(values):.3f},", f"say {(max(values) + min(values)) / 2:.3f},")
    (told,) = mistakes(dice)
    assert "quote it with measured; what theory says is named with exact" in told
    change(
        bank,
        "{claim: mean-of-throws}",
        f"{{claim: mean-of-throws, exact: {(max(values) + min(values)) / 2}}}",
    )
    change(bank, "show: most,", f"show: most, exact: {(max(values) + min(values)) / 2},")
    assert mistakes(dice) == []


def test_what_is_asked_quotes_measured_numbers_too(dice: Program) -> None:
    bank = dice.questions / "kinds.yaml"
    change(bank, "How far is the mean from a half?", "Throws: {mean}. How far is that from a half?")
    assert "Throws: …. How far" in dice.run("list").stdout
    dice.run("bank", "measure")
    assert mistakes(dice) == []
    values = json.loads(record(dice).read_text(encoding="utf-8"))["claims"]["mean-of-throws"]
    asked = f"Throws: {min(values):.2f} to {max(values):.2f}. How far is that from a half?"
    for command in (("list",), ("search", "throws"), ("show", "coin-mean")):
        assert asked in dice.run(*command).stdout
    (listed,) = json.loads(dice.run("list", "--json").stdout)
    assert listed["ask"]["en"] == asked
    shown = dice.run("show", "coin-mean").stdout
    assert shown.count("10 seeds") == 1
    session = dice.run(stdin="\n3\n")
    assert asked in " ".join(session.stdout.replace("│", " ").split())
    assert "of the throws," in session.stdout
    assert "none needed; Measured with PyTorch" in session.stdout


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('"seeds":10', '"seeds":12', "says 12 seeds, but 'mean-of-throws' has 10 values"),
        ('"claims":{', '"claims":{"other":[1.0],', "says 10 seeds, but 'other' has 1 value;"),
        (
            '"claims":{"mean-of-throws":[',
            '"claims":{"mean-of-throws":[],"x":[',
            "'mean-of-throws' has 0 values",
        ),
        ('"claims":{"mean-of-throws":', '"claims":{},"left":{"it":', "'dice' has no values"),
        ('"run":"dice"', '"run":7', "cannot be read"),
        ("}\n", "}\n{", "2:1: cannot be read"),
    ],
)
def test_a_damaged_or_forged_record_is_told_with_its_line_and_measured_anew(
    dice: Program, old: str, new: str, told: str
) -> None:
    dice.run("bank", "measure")
    whole = record(dice).read_bytes()
    change(record(dice), old, new)
    first, *others = mistakes(dice)
    assert f"answers/measured.json:{2 if '2:1' in told else 1}:1: " in first
    assert told in first
    assert first.endswith("; run `quizcli bank measure`")
    assert all("is not recorded" in line for line in others)
    assert dice.run("bank", "measure").returncode == 0
    assert record(dice).read_bytes() == whole


def test_a_record_says_everything_once(dice: Program) -> None:
    dice.run("bank", "measure")
    whole = record(dice).read_bytes()
    record(dice).write_bytes(2 * whole)
    (told,) = mistakes(dice)
    assert "measured.json:2:1: 'dice' is there twice" in told
    dice.run("bank", "measure")
    assert record(dice).read_bytes() == whole


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("{claim: mean-of-throws}", "{claim: mean-of-throw}", "did you mean 'mean-of-throws'?"),
        ("至多 {most}", "至多", "'measured.most' is quoted nowhere (zh)"),
        ("{most} at most", "{mos} at most", "refers to {mos}, which is not measured; did you mean 'most'?"),
        (
            "kind: recall",
            "kind: cloze\n    text: {en: 'It is {{c1::it}}, {mean}', zh: '是 {{c1::it}}，{mean}'}",
            "'text.en' cannot quote a measured number",
        ),
        ("show: most", "show: mean", "'measured.most.show' must be one of"),
        ("set: {throws: 9}", "set: {throws: 900}", "'measured.mean' does not fit"),
    ],
)
def test_references_that_do_not_fit(dice: Program, old: str, new: str, told: str) -> None:
    change(dice.questions / "kinds.yaml", old, new)
    assert any(told in line for line in mistakes(dice)), mistakes(dice)


def test_what_cannot_be_measured_is_told_in_one_message(dice: Program) -> None:
    record(dice).write_bytes(b"{")
    damaged = dice.run("bank", "check")
    assert damaged.returncode == ExitStatus.CHECK_FAILED
    assert "answers/measured.json:1:1: cannot be read" in damaged.stdout
    assert "How far is the mean" in dice.run("show", "coin-mean").stdout
    record(dice).unlink()
    assert "no question quotes coin" in dice.run("bank", "measure", "coin").stderr
    code = dice.questions.parent / "answers" / "dice.py"
    change(code, 'Started(data="dice")', 'Started(data="dice", synthetic=True)')
    refused = dice.run("bank", "measure")
    assert refused.returncode == 1
    assert "ran on synthetic data" in refused.stderr
    change(code, "    random = Random(seed)\n", "    raise ValueError('six')\n")
    assert "Traceback" not in dice.run("bank", "measure").stderr
