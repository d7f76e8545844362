from collections.abc import Iterator
from pathlib import Path

import pytest

from quizcli.settings import Settings
from quizcli.study.store.store import Store
from tests.study.desk import BERLIN, Wall, at


@pytest.fixture
def wall() -> Wall:
    return Wall(at(2025, 6, 2, 9, zone=BERLIN))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "quizcli.db") as opened:
        yield opened


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(
        config_file=tmp_path / "config.toml",
        store_file=tmp_path / "quizcli.db",
        cache_dir=tmp_path / "cache",
        data_sets=None,
    )
