"""What the READMEs tell a person to write and type works."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
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
    (bank,) = blocks(readme, "yaml")
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
    from quizcli.demo.events import Claim, Failed
    from quizcli.demo.launcher import Request, start

    (source,) = blocks(readme, "python")
    (pack / "answers" / "coin.py").write_text(source, encoding="utf-8")
    with start(Request(str(pack), "coin", {"throws": 500})) as run:
        events = list(run)
    assert not [event for event in events if isinstance(event, Failed)]
    (claim,) = [event for event in events if isinstance(event, Claim)]
    assert claim.holds


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
