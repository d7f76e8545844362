"""What stands between the key press and the first question."""

import json
import subprocess
import sys
from pathlib import Path

OPEN = """
import json, sys
sys.path[:] = sys.argv[2:]
from quizcli.study.session import Session
from quizcli.study.store.store import Store
from quizcli.settings import Settings
from tests.study.many import questions
from pathlib import Path

folder = Path(sys.argv[1])
settings = Settings(config_file=folder, store_file=folder / "q.db", cache_dir=folder, data_sets=None)
with Store.open(settings.store_file) as store:
    session = Session.open(store, questions(50), settings)
    assert session.current is not None and session.next_due is not None and session.counts.remaining == 10
    before = list(sys.modules)
    session.preview()
print(json.dumps([before, list(sys.modules)]))
"""
UNWANTED = {
    "fsrs",
    "torch",
    "numpy",
    "rich",
    "typer",
    "yaml",
    "dataclasses",
    "zoneinfo",
    "hashlib",
    "random",
    "logging",
}


def test_it_needs_neither_fsrs_nor_anything_heavy(tmp_path: Path) -> None:
    child = subprocess.run(
        [sys.executable, "-c", OPEN, str(tmp_path), *sys.path], capture_output=True, text=True, timeout=60
    )
    assert child.stderr == ""
    before, after = map(set, json.loads(child.stdout))
    assert not UNWANTED & before
    assert "fsrs" in after  # the first preview or grade brings it
    assert "torch" not in after
