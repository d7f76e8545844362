"""The program as installed, with a small pack of its own, and a home of its own for each test."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.places import PACK, ROOT
from tests.terminal import Terminal


class Program:
    """An installed copy of quizcli whose built-in pack is tests/cli/pack, with `home` as its QUIZCLI_HOME."""

    def __init__(self, site: Path, home: Path) -> None:
        self.site = site
        self.home = home
        self.env = {
            "PYTHONPATH": str(site),
            "QUIZCLI_HOME": str(home),
            "QUIZCLI_OFFLINE": "1",
            "QUIZCLI_LANG": "en",
            "PYTHONUTF8": "1",
        }

    @property
    def questions(self) -> Path:
        return self.site / "quizcli" / "_builtin" / "questions"

    def run(
        self, *arguments: str, stdin: str = "", env: dict[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "quizcli", *arguments],
            input=stdin,
            env={**os.environ, **self.env, **(env or {})},
            cwd=self.home.parent,
            capture_output=True,
            text=True,
            timeout=60,
        )

    def terminal(
        self,
        *arguments: str,
        columns: int = 80,
        rows: int = 24,
        env: dict[str, str] | None = None,
        python: Sequence[str] = ("-m", "quizcli"),
    ) -> Terminal:
        """The program in a pseudo-terminal; `python` is what the interpreter is told to run."""
        command = [sys.executable, *python, *arguments]
        return Terminal(
            command, env={**self.env, **(env or {})}, cwd=self.home.parent, columns=columns, rows=rows
        )


def installed(folder: Path, pack: Path) -> Path:
    """A folder with a copy of quizcli in it whose built-in pack is `pack`."""
    ignored = shutil.ignore_patterns("__pycache__", "_builtin")
    shutil.copytree(ROOT / "quizcli", folder / "quizcli", ignore=ignored)
    shutil.copytree(pack, folder / "quizcli" / "_builtin", ignore=ignored)
    return folder


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return installed(tmp_path_factory.mktemp("installed"), PACK)


@pytest.fixture
def program(site: Path, tmp_path: Path) -> Program:
    return Program(site, tmp_path / "home")


@pytest.fixture
def own_program(site: Path, tmp_path: Path) -> Program:
    """A copy that the test may change."""
    shutil.copytree(site, tmp_path / "site")
    return Program(tmp_path / "site", tmp_path / "home")
