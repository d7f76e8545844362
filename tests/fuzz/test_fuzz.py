"""A few random inputs of every kind; `python -m tests.fuzz` tries many."""

import shutil
from pathlib import Path

import pytest
import torch

from tests.fuzz.__main__ import KINDS, attempt
from tests.fuzz.program import template

COUNTS = {
    "keys": 60,
    "terminals": 20,
    "argv": 80,
    "banks": 300,
    "stores": 60,
    "packs": 30,
    "replies": 300,
    "candidates": 6,
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("fuzz")
    template(folder)
    return folder


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_breaks(kind: str, folder: Path) -> None:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    found = {seed: faults for seed in range(COUNTS[kind]) if (faults := attempt(kind, folder, seed))}
    torch.set_num_threads(before)
    assert found == {}


def test_faults_are_seen(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The fuzz fails where the program does."""
    from tests.fuzz import program

    shutil.copytree(folder / "template", folder / "home-0")
    monkeypatch.setattr("quizcli.__main__._dispatch", lambda arguments, settings: 1 / 0)
    assert program.faults(program.quizcli(["list"], folder / "home-0")) != []
    monkeypatch.setattr("quizcli.__main__._dispatch", lambda arguments, settings: 7)
    assert program.faults(program.quizcli(["list"], folder / "home-0")) != []
