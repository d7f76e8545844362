"""The wheel: what it holds, and that it runs from anywhere with nothing of the checkout in reach."""

import os
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

from tests.places import ROOT

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)],
        cwd=ROOT, check=True, capture_output=True, timeout=120,
    )  # fmt: skip
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel in an otherwise empty folder of its own, as pip lays it out."""
    site = tmp_path_factory.mktemp("site")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)
    return site


def run_installed(installed: Path, *arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    # PYTHONPATH comes before the editable install's path, so the wheel's package is the one that is found.
    env = {
        **os.environ,
        "PYTHONPATH": str(installed),
        "QUIZCLI_HOME": str(cwd / "home"),
        "QUIZCLI_OFFLINE": "1",
    }
    return subprocess.run(
        [sys.executable, "-m", "quizcli", *arguments],
        cwd=cwd,
        env=env,
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_the_wheel_installs_one_package(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    tops = {name.split("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"quizcli"}
    for content in ("questions/vae.yaml", "answers/vae/vae.py", "models/vae.py"):
        assert f"quizcli/_builtin/{content}" in names
    assert not [name for name in names if name.endswith(".pyc") or "tests/" in name]
    assert any(name.endswith("licenses/LICENSE") for name in names)


def test_the_wheel_runs_beside_a_decoy(installed: Path, tmp_path: Path) -> None:
    for name in ("models", "answers"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text('raise RuntimeError("the decoy was imported")')
        (tmp_path / name / "dropout.py").write_text('raise RuntimeError("the decoy was imported")')
    done = run_installed(installed, "demo", "dropout", "--quick", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "mean-kept" in done.stdout
    assert "decoy" not in done.stdout + done.stderr


def test_the_wheel_has_its_questions(installed: Path, tmp_path: Path) -> None:
    done = run_installed(installed, "bank", "check", cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    shown = run_installed(installed, "list", "--topic", "vae", cwd=tmp_path)
    assert "vae" in shown.stdout


def test_uv_takes_the_versions_of_the_constraints() -> None:
    """`uv run quizcli` knows no constraints.txt: the same lines stand in pyproject.toml."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    pinned = (ROOT / "constraints.txt").read_text(encoding="utf-8").split()
    assert settings["tool"]["uv"]["constraint-dependencies"] == pinned
    assert pinned
