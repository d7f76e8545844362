"""What the READMEs tell a person to write and type works."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
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
    (pack / "answers" / "dropout.py").write_text((ROOT / "answers" / "dropout.py").read_text())
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
    from quizcli.bank.trust import fingerprint, sources
    from quizcli.demo.events import Claim, Failed
    from quizcli.demo.launcher import Request, start
    from quizcli.permit import Permit

    (source,) = blocks(readme, "python")
    (pack / "answers" / "coin.py").write_text(source, encoding="utf-8")
    permit = Permit("pack", fingerprint(sources(pack)))
    with start(Request(str(pack), "coin", {"throws": 500}, permit)) as run:
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
