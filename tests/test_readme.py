"""What the READMEs tell a person to write and type works."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from quizcli.bank.types import Code
from quizcli.packs.pack import builtin, load
from quizcli.settings import SETTABLE, load_settings
from tests.places import ROOT

pytestmark = pytest.mark.slow

GUIDES = [ROOT / "docs" / "code-questions.md", ROOT / "docs" / "code-questions.zh-CN.md"]
READMES = [ROOT / "README.md", ROOT / "README.zh-CN.md"]


def blocks(readme: Path, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", readme.read_text(encoding="utf-8"), re.DOTALL)


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    for folder in ("questions", "answers", "models"):
        (tmp_path / folder).mkdir()
    return tmp_path


@pytest.mark.parametrize("readme", READMES, ids=lambda path: path.name)
def test_the_bank_of_the_readme_passes_the_check(readme: Path, pack: Path) -> None:
    bank = "".join(blocks(readme, "yaml"))  # a bank, then one more question for it
    (pack / "questions" / "dropout.yaml").write_text(bank, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "quizcli", "bank", "check", str(pack)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, "QUIZCLI_HOME": str(pack / "home")},
        timeout=60,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("readme", READMES, ids=lambda path: path.name)
def test_the_answer_of_the_readme_runs_and_its_claim_holds(readme: Path, pack: Path) -> None:
    from quizcli.demo.events import Claim, Failed
    from quizcli.demo.launcher import Request, start
    from quizcli.packs.trust import fingerprint, sources
    from quizcli.permit import Permit

    (source,) = blocks(readme, "python")
    (pack / "answers" / "coin.py").write_text(source, encoding="utf-8")
    permit = Permit("pack", fingerprint(sources(pack)))
    with start(Request(str(pack), "coin", "answers.coin", {"throws": 500}, permit)) as run:
        events = list(run)
    assert not [event for event in events if isinstance(event, Failed)]
    (claim,) = [event for event in events if isinstance(event, Claim)]
    assert claim.holds


@pytest.mark.parametrize("readme", READMES, ids=lambda path: path.name)
def test_a_pack_of_ones_own_as_the_readme_makes_it(readme: Path, tmp_path: Path) -> None:
    (block,) = [block for block in blocks(readme, "sh") if "bank new" in block]
    lines = [line.split("#")[0].split() for line in block.splitlines()]
    assert lines[0] == ["mkdir", "coins", "&&", "cd", "coins"]
    here = tmp_path / "coins"
    here.mkdir()
    env = {
        **os.environ,
        "QUIZCLI_HOME": str(tmp_path / "home"),
        "QUIZCLI_LANG": "en",
        "PYTHONPATH": str(ROOT),
    }
    said = {}
    for words in lines[1:]:
        if words == ["mkdir", "answers"]:
            _write_the_coin(readme, here)
            continue
        assert words[0] == "quizcli"
        more = ["--yes"] if "trust" in words else []  # nobody is here to be asked
        command = [sys.executable, "-m", "quizcli", *words[1:], *more]
        done = subprocess.run(
            command, input="q", capture_output=True, text=True, cwd=here, env=env, timeout=60
        )
        assert done.returncode == 0, done.stdout + done.stderr
        said[" ".join(words[1:])] = done.stdout
    assert "✓ mean-settles" in said["demo coin"]
    assert "coins" in said["--topic coins"]
    assert "3 left" in said["--topic coins"]


def _write_the_coin(readme: Path, here: Path) -> None:
    """The demonstration of the README, and the line of the bank as it says."""
    (here / "answers").mkdir()
    (source,) = blocks(readme, "python")
    (here / "answers" / "coin.py").write_text(source, encoding="utf-8")
    (link,) = re.findall(r"`(demo: \{.*?\})`", readme.read_text(encoding="utf-8"))
    bank = here / "questions" / "coins.yaml"
    text, count = re.subn("# demo: .*", link, bank.read_text(encoding="utf-8"))
    assert count == 1
    bank.write_text(text, encoding="utf-8")


@pytest.mark.parametrize("readme", READMES, ids=lambda path: path.name)
def test_the_pictures_are_there(readme: Path) -> None:
    pictures = re.findall(r"!\[.*?\]\((.*?)\)", readme.read_text(encoding="utf-8"))
    assert pictures
    assert all((ROOT / picture).is_file() for picture in pictures)


def test_both_readmes_name_the_same_commands() -> None:
    english, chinese = (
        [line.split("#")[0].split() for block in blocks(readme, "sh") for line in block.splitlines()]
        for readme in READMES
    )
    assert english == chinese


@pytest.mark.parametrize("guide", GUIDES, ids=lambda path: path.name)
def test_the_code_question_of_the_guide_is_proved(guide: Path, pack: Path) -> None:
    (question,), (judge,) = blocks(guide, "yaml"), blocks(guide, "python")
    bank = "topic: doubling\ntitle: {en: Doubling, zh: 加倍}\nquestions:\n" + question
    (pack / "questions" / "doubling.yaml").write_text(bank, encoding="utf-8")
    (pack / "answers" / "judges").mkdir()
    (pack / "answers" / "judges" / "doubling.py").write_text(judge, encoding="utf-8")
    model = 'def double(x):\n    """Twice x."""\n    return 2 * x\n'
    (pack / "models" / "doubling.py").write_text(model, encoding="utf-8")
    name = pack.name.replace("_", "-")
    for arguments in (
        ("pack", "add", str(pack)),
        ("pack", "trust", name, "--yes"),
        ("bank", "check", "--run", str(pack)),
    ):
        done = subprocess.run(
            [sys.executable, "-m", "quizcli", *arguments],
            capture_output=True,
            text=True,
            cwd=ROOT,
            env={**os.environ, "QUIZCLI_HOME": str(pack / "home"), "QUIZCLI_LANG": "en"},
            timeout=120,
        )
        assert done.returncode == 0, done.stdout + done.stderr
    assert "1 sound question: no mistakes" in done.stderr


# What is kept from a person who sets the variables: what the program tells its own processes.
OF_OUR_OWN = {"QUIZCLI_CAGE", "QUIZCLI_COMPLETE"}


@pytest.mark.parametrize("readme", READMES, ids=lambda path: path.name)
def test_every_setting_is_named_with_its_default(readme: Path, tmp_path: Path) -> None:
    (block,) = blocks(readme, "toml")
    config = tmp_path / "config" / "config.toml"
    config.parent.mkdir()
    config.write_text(block, encoding="utf-8")
    told = load_settings({"QUIZCLI_HOME": str(tmp_path)})
    named = tomllib.loads(config.read_text(encoding="utf-8"))
    without_default = re.findall(r"^# (\w+) = ", block, re.MULTILINE)
    assert sorted([*named, *without_default]) == sorted(SETTABLE)
    usual = load_settings({"QUIZCLI_HOME": str(tmp_path / "none")})
    for name in set(named) - {"lang"}:
        assert getattr(told, name) == getattr(usual, name), name


@pytest.mark.parametrize("readme", READMES, ids=lambda path: path.name)
def test_every_variable_is_named(readme: Path) -> None:
    read = {f"QUIZCLI_{name.upper()}" for name in SETTABLE}
    for path in (ROOT / "quizcli").rglob("*.py"):
        read |= set(re.findall(r"QUIZCLI_[A-Z]+(?:_[A-Z]+)*", path.read_text(encoding="utf-8")))
    text = readme.read_text(encoding="utf-8")
    assert not {name for name in read - OF_OUR_OWN if f"`{name}`" not in text}
    assert not {name for name in re.findall(r"QUIZCLI_[A-Z_]+", text) if name not in read}


def test_nearly_half_of_the_answers_run() -> None:
    """As both READMEs say; when more of them do, they shall say so."""
    loaded = load(builtin(), None)
    questions = [question for bank in loaded.banks for question in bank.questions]
    run = sum(question.demo is not None or isinstance(question, Code) for question in questions)
    assert 0.45 <= run / len(questions) < 0.5
    assert "Nearly half of the answers run" in READMES[0].read_text(encoding="utf-8")
    assert "近一半的答案可以运行" in READMES[1].read_text(encoding="utf-8")
