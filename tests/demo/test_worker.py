"""What a worker does before it has a request. The rest is seen from outside, in test_launcher."""

import os
from pathlib import Path

import pytest

from quizcli.demo import worker


@pytest.mark.parametrize(
    ("limit", "threads"),
    [
        ("400000 100000", "4"),
        ("150000 100000", "1"),
        ("50000 100000", "1"),
        ("1600000 100000", None),  # more than there is
        ("max 100000", None),
    ],
)
def test_a_container_with_fewer_cores_gets_fewer_threads(
    monkeypatch: pytest.MonkeyPatch, limit: str, threads: str | None
) -> None:
    monkeypatch.setattr(Path, "read_text", lambda path: limit)
    monkeypatch.setattr(os, "cpu_count", lambda: 8)
    monkeypatch.setattr(os, "environ", {})
    worker._share_the_cores()
    assert os.environ.get("OMP_NUM_THREADS") == threads


def test_a_persons_own_choice_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Path, "read_text", lambda path: "100000 100000")
    chosen = {"OMP_NUM_THREADS": "3", "GOMP_SPINCOUNT": "7"}
    monkeypatch.setattr(os, "environ", dict(chosen))
    worker._share_the_cores()
    assert os.environ == chosen
