"""Every damage of a store is told as what it is: no traceback, no mistake of ours, no answer lost unsaid."""

import random
from collections.abc import Callable
from pathlib import Path

import pytest

from quizcli.study.store.store import Store
from tests.study.damaging import BY_CHANCE, BY_HAND, by_hand, faults, lost_unsaid, real_store


@pytest.fixture(scope="module")
def healthy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("healthy") / "quizcli.db"
    real_store(path)
    return path


@pytest.fixture
def home(tmp_path: Path, healthy: Path) -> Path:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "quizcli.db").write_bytes(healthy.read_bytes())
    return tmp_path


@pytest.mark.parametrize("how", dict.fromkeys(BY_CHANCE), ids=lambda how: how.__name__)
def test_damage_by_chance(home: Path, healthy: Path, how: Callable[[bytes, random.Random], bytes]) -> None:
    path = home / "data" / "quizcli.db"
    with Store.open(healthy) as store:
        reviews = len(list(store.log()))
    for seed in range(2):
        path.write_bytes(how(healthy.read_bytes(), random.Random(seed)))
        assert not faults(home), f"{how.__name__}, seed {seed}"
        path.write_bytes(how(healthy.read_bytes(), random.Random(seed)))
        (path.parent / "backups").mkdir(exist_ok=True)
        (path.parent / "backups" / "quizcli-20250101T000000Z-daily.zip").touch()
        assert not lost_unsaid(path, reviews), f"{how.__name__}, seed {seed}"


@pytest.mark.parametrize("sql", BY_HAND.values(), ids=BY_HAND.keys())
def test_damage_by_hand(home: Path, sql: str) -> None:
    by_hand(home / "data" / "quizcli.db", sql)
    assert not faults(home)
