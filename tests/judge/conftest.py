"""A small pack of its own, so that judges of every sort can be tried."""

from collections.abc import Iterator

import pytest
import torch

from quizcli.judge import child
from quizcli.text import use_language


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    use_language("en")
    yield
    use_language("en")


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Candidates have one second, not five."""
    monkeypatch.setattr(child, "PATIENCE", 1.0)


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)
