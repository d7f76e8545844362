"""Code that changes after it was trusted, at every door by which code of a pack comes in."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.cli.commands.test_pack import BANK
from tests.program import Program
from tests.session.test_code import give

pytestmark = pytest.mark.slow

CODE = """  - id: own-code
    kind: code
    level: 1
    ask: {en: Double it., zh: 加倍。}
    answer: {en: So., zh: 这样。}
    starter:
      en: "def double(x):\\n    raise NotImplementedError\\n"
      zh: "def double(x):\\n    raise NotImplementedError\\n"
    entry: double
    check: judges.doubling.check_double
    solution: models.twice:double
    source: [me]
"""
# What is trusted changes another file of its pack, and then imports it: as a `git pull` at the worst moment.
LATE = Path("models", "late.py")
PULL = """
def pull():
    from pathlib import Path
    root = Path(__file__).parents[LEVEL]
    if (root / "pull").exists():
        (root / "models" / "late.py").write_text(f"open({str(root / 'ran')!r}, 'w')")
    from models import late
"""
JUDGE = '''
from collections.abc import Iterator
import torch
from torch import Generator
from quizcli.judge.case import Case, judge
@judge(reference=lambda x: x + x)
def check_double(random: Generator) -> Iterator[Case]:
    """One case."""
    pull()
    yield Case({"en": "one", "zh": "一"}, (torch.randn(3, generator=random),))
''' + PULL.replace("LEVEL", "2")
DEMO = '''"""A demonstration."""
from quizcli.demo.events import *
TITLE = {"en": "Nosy", "zh": "多事"}
def demonstrate(n: int = 1):
    pull()
    yield Started()
    yield Claim(id="seen", text=TITLE, measured=float(n), expected=1.0)
''' + PULL.replace("LEVEL", "1")
RIGHT = "def double(x):\n    return x + x\n"
TOLD = "models/late.py has changed since you trusted it"


@pytest.fixture
def root(program: Program) -> Path:
    """A pack that is trusted, and in which nothing has changed yet."""
    root = program.home.parent / "mine"
    for name, text in {
        "questions/own.yaml": BANK.format(topic="own", demo="nosy") + CODE,
        "answers/nosy.py": DEMO,
        "answers/judges/doubling.py": JUDGE,
        "models/twice.py": RIGHT,
        "models/late.py": "",
    }.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    (root.parent / "mine.py").write_text(RIGHT)
    assert program.run("pack", "add", "mine").returncode == 0
    assert program.run("pack", "trust", "mine", "--yes").returncode == 0
    return root


@pytest.mark.parametrize(
    ("words", "status"),
    [
        (["demo", "mine/nosy"], 1),
        (["demo", "mine/nosy", "--json"], 1),
        (["verify", "mine/nosy"], 3),
        (["code", "mine/own-code", "--file", "mine.py"], 1),
        (["bank", "check", "mine", "--run"], 1),
    ],
)
def test_what_changes_between_the_look_and_the_import_is_not_run(
    program: Program, root: Path, words: list[str], status: int
) -> None:
    assert program.run(*words).returncode == 0
    (root / "pull").touch()
    said = program.run(*words)
    assert said.returncode == status
    assert TOLD in said.stdout + said.stderr
    assert "Traceback" not in said.stdout + said.stderr
    assert not (root / "ran").exists()
    before = program.run(*words)  # now it is seen before anything is started
    assert before.returncode == 1
    assert "`quizcli pack trust mine` first: its code has changed" in before.stderr
    chinese = program.run(*words, "--lang", "zh")
    assert "代码在你信任之后有改动" in chinese.stderr
    assert not (root / "ran").exists()


def test_a_pull_while_a_person_writes(program: Program, root: Path) -> None:
    editor = program.home.parent / "editor.py"
    editor.write_text(
        "import pathlib, sys\n"
        "given = pathlib.Path(__file__).with_name('given.py')\n"
        "if given.exists():\n"
        "    pathlib.Path(sys.argv[-1]).write_text(given.read_text())\n"
    )
    program.env["VISUAL"] = f"{sys.executable} {editor}"
    with program.terminal("code", "mine/own-code") as terminal:
        terminal.wait_for("x begin again")
        give(program, RIGHT)
        twice = root / "models" / "twice.py"
        twice.write_text(f"open({str(root / 'ran')!r}, 'w')\n{RIGHT}")
        terminal.send("\r")
        told = terminal.wait_for("`quizcli pack trust mine`", timeout=60)
        assert "models/twice.py has changed since you trusted it" in " ".join(told.split())
        assert not (root / "ran").exists()
        twice.write_text(RIGHT)
        terminal.wait_for("r judge again")
        terminal.send("r")
        terminal.wait_for("all cases pass", timeout=60)
    assert not (root / "ran").exists()
