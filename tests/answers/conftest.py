"""What tests of demonstrations share: few digits, no waiting, and the same chance for every test."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
import torch

from quizcli.demo import data
from quizcli.demo.datasets.synthetic import synthetic_digits


@pytest.fixture(autouse=True)
def _same_chance() -> Iterator[None]:
    """Whatever a test draws from PyTorch's global generator, the next one begins as it did."""
    with torch.random.fork_rng(devices=[]):
        yield


@pytest.fixture(scope="module")
def few(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Synthetic digits, drawn once for the module: as many as its FEW, for training and for testing."""
    train, test = getattr(request.module, "FEW", (2000, 1000))
    with pytest.MonkeyPatch.context() as patch, torch.random.fork_rng(devices=[]):
        patch.setenv("QUIZCLI_HOME", str(tmp_path_factory.mktemp("home")))
        patch.setenv("QUIZCLI_OFFLINE", "1")
        patch.setattr(data, "synthetic_digits", partial(synthetic_digits, train=train, test=test))
        yield


@pytest.fixture
def whole_sets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every data set as large as it is, also where the module has few digits."""
    monkeypatch.setenv("QUIZCLI_HOME", str(tmp_path))
    monkeypatch.setattr(data, "synthetic_digits", synthetic_digits)
