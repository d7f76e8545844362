"""Settings of the whole suite."""

import os
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from quizcli.text import use_language

# As in the worker: threads that spin for long while they wait take the cores from each other, and tiny matrix
# products on two busy cores then cost twenty times as much. Must be set before torch is imported.
os.environ.setdefault("GOMP_SPINCOUNT", "10000")
os.environ.setdefault("OMP_NUM_THREADS", "1")  # the same sums on every machine

# A parallel run of pytest imports readline, which puts the size of its own terminal there for every child.
for _name in ("COLUMNS", "LINES"):
    os.environ.pop(_name, None)


@pytest.fixture(autouse=True)
def _nothing_is_left_behind() -> Iterator[None]:
    """What belongs to the whole process is after a test as it was before: which test comes next is chance."""
    if palette := sys.modules.get("quizcli.screen.terminal.palette"):
        palette.cell_style.cache_clear()  # a style keeps the code of the first terminal that it was drawn on
    use_language("en")
    before = _of_the_process()
    yield
    after = _of_the_process()
    assert {name: after[name] for name, was in before.items() if after[name] != was} == {}


def _of_the_process() -> dict[str, Any]:
    """The environment, the folder and, where it has been imported, PyTorch's settings."""
    environ = {name: text for name, text in os.environ.items() if name not in _THEIRS}
    state: dict[str, Any] = {"environ": environ, "folder": os.getcwd()}
    if "torch" in sys.modules:
        import torch

        from quizcli.judge.calls.torch_settings import SETTINGS

        state |= {name: read() for name, (read, _) in SETTINGS.items()}
        state["frozen flags"] = torch.backends.flags_frozen()  # type: ignore[no-untyped-call]
    return state


_THEIRS = {"PYTEST_CURRENT_TEST", "TORCHINDUCTOR_CACHE_DIR"}  # which pytest and PyTorch set when they like
