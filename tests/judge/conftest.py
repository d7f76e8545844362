"""Candidates that are warm at once, and in a hurry, for the tests of judges."""

import sys
from collections.abc import Iterator
from subprocess import Popen
from typing import Any

import pytest
import torch

from quizcli.judge.candidate import launcher
from quizcli.text import use_language
from tests.judge.forking import Nursery


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    use_language("en")
    yield
    use_language("en")


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Candidates have one second, not thirty."""
    monkeypatch.setattr(launcher, "PATIENCE", 1.0)


@pytest.fixture(autouse=True)
def own_modules() -> Iterator[None]:
    """A room that is made for a pack is made in this process: afterwards it is as it was."""
    path, finders = list(sys.path), list(sys.meta_path)
    modules = {name: module for name, module in sys.modules.items() if _of_packs(name)}
    yield
    sys.path[:], sys.meta_path[:] = path, finders
    for name in [name for name in sys.modules if _of_packs(name)]:
        del sys.modules[name]
    sys.modules.update(modules)


def _of_packs(name: str) -> bool:
    return name.partition(".")[0] in ("answers", "models")


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def nursery() -> Iterator[Nursery | None]:
    if sys.platform != "linux":
        yield None
        return
    made = Nursery()
    yield made
    made.close()


@pytest.fixture
def forked(nursery: Nursery | None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Candidates are forked from one that is warm: a second less each."""
    if nursery is None:
        return

    def spawn(module: str, environ: dict[str, str], options: object, folder: str) -> Popen[bytes]:
        assert module == "quizcli.judge.candidate.main"
        return nursery.spawn(environ, folder)

    made: Any = spawn
    monkeypatch.setattr(launcher, "spawn", made)
