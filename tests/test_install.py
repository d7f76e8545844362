"""What `make quiz` installs with: progress in our words, what pip said in a file, nothing done twice."""

from __future__ import annotations

import importlib.util
import io
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from tests.places import ROOT

pytestmark = pytest.mark.slow

SAID = """Obtaining file:///here
  Preparing editable metadata (pyproject.toml): started
Collecting torch==2.14.1 (from quizcli)
  Downloading torch-2.14.1-cp311-cp311-manylinux_2_28_x86_64.whl (906.4 MB)
Installing collected packages: mpmath, torch, quizcli
Successfully installed torch-2.14.1
"""


@pytest.fixture
def install(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.setenv("QUIZCLI_LANG", "en")
    spec = importlib.util.spec_from_file_location("install", ROOT / ".ci" / "install.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def pip(said: str, status: int) -> list[str]:
    """What says this and ends so, whatever it is told to install."""
    return [sys.executable, "-c", f"print({said!r}, end=''); raise SystemExit({status})"]


def test_progress_is_told_in_our_words_and_pip_is_kept_in_a_file(install: ModuleType, tmp_path: Path) -> None:
    out, log = io.StringIO(), tmp_path / "install.log"
    assert install.follow(pip(SAID, 0), log, out) == 0
    assert log.read_text(encoding="utf-8") == SAID
    assert out.getvalue().splitlines() == [
        "  reading quizcli itself",
        "  looking up what is needed",
        "  fetching torch 2.14.1, 906.4 MB",
        "  unpacking 3 packages",
    ]


def test_in_chinese(install: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QUIZCLI_LANG", "zh")
    out = io.StringIO()
    install.follow(pip(SAID, 0), tmp_path / "install.log", out)
    assert out.getvalue().splitlines()[-1] == "  正在解压 3 个软件包"


def test_what_fails_shows_the_end_of_the_file(
    install: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(install, "is_complete", lambda root, extras: False)
    stamp = tmp_path / ".quiz"
    assert install.main(stamp, [], pip(SAID + "ERROR: no space left\n", 1)) == 1
    assert not stamp.exists()
    said = capsys.readouterr().err
    assert str(tmp_path / "install.log") in said
    assert "ERROR: no space left" in said


def test_what_is_there_is_not_installed_again(
    install: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whoever stopped it after pip, before the stamp, waits no second time."""
    monkeypatch.setattr(install, "is_complete", lambda root, extras: True)
    stamp = tmp_path / ".quiz"
    assert install.main(stamp, [], pip("", 1)) == 0
    assert stamp.exists()
    assert capsys.readouterr() == ("", "")


@pytest.mark.filterwarnings("ignore:Setuptools is replacing distutils")  # who imported it first
def test_what_is_complete(install: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A project that needs what is installed here, in the versions that it names."""

    class Own:
        version = "1"

        @staticmethod
        def read_text(name: str) -> str:
            return json.dumps({"url": tmp_path.as_uri(), "dir_info": {"editable": True}})

    real = install.distribution
    monkeypatch.setattr(install, "distribution", lambda name: Own if name == "own" else real(name))
    project = (
        '[project]\nname = "own"\ndependencies = ["rich>=14", "none; sys_platform == \'none\'"]\n'
        '[project.optional-dependencies]\ntest = ["nowhere-to-be-found"]\n'
    )
    (tmp_path / "pyproject.toml").write_text(project)
    (tmp_path / "constraints.txt").write_text(f"rich=={real('rich').version}\n")
    assert install.is_complete(tmp_path, [])
    assert not install.is_complete(tmp_path, ["test"])
    (tmp_path / "constraints.txt").write_text("rich==14.0.0\n")
    assert not install.is_complete(tmp_path, [])


@pytest.mark.skipif(shutil.which("make") is None, reason="runs make")
@pytest.mark.parametrize("target", ["quiz", "test"])
def test_make_installs_with_it(tmp_path: Path, target: str) -> None:
    """A folder with an environment that has no stamp: `make -n` says what it would do."""
    for name in ("Makefile", "pyproject.toml", "constraints.txt"):
        shutil.copy(ROOT / name, tmp_path)
    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    (tmp_path / ".venv" / "bin" / "python").symlink_to(sys.executable)
    env = {name: value for name, value in os.environ.items() if name not in ("MAKEFLAGS", "MAKELEVEL")}
    plan = subprocess.run(
        ["make", "-n", target], cwd=tmp_path, env=env, capture_output=True, text=True, check=True
    )
    assert f".venv/bin/python .ci/install.py .venv/.{target}" in plan.stdout
    assert "pip install" not in plan.stdout
