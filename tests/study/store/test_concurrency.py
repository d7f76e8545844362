"""Several processes with one store: nothing is lost, nothing is refused, the log and the cards agree."""

import subprocess
import sys
from pathlib import Path

from quizcli.study.store.replay import drift
from quizcli.study.store.store import Store

ANSWER = """
import sys
sys.path[:] = sys.argv[3:]
from quizcli.study.schedule.card import Rating
from quizcli.study.schedule.study_days import Days, now_ms
from quizcli.study.schedule.schedule import Schedule
from quizcli.study.store.store import Store

path, name = sys.argv[1:3]
sys.stdin.readline()  # all begin at once
with Store.open(path) as store:
    schedule = Schedule(Days())
    for n in range(40):
        store.answer(f"shared-{n % 5}", Rating(1 + n % 4), 1000, now_ms(), schedule)
        store.answer(f"{name}-{n}", Rating.GOOD, 1000, now_ms(), schedule)
        if n % 10 == 9:
            store.undo(now_ms(), schedule.days.number(now_ms()))
"""


def test_processes_that_answer_at_once(tmp_path: Path) -> None:
    """They also create the store at once."""
    path = tmp_path / "quizcli.db"
    children = [
        subprocess.Popen(
            [sys.executable, "-c", ANSWER, str(path), name, *sys.path],
            stdin=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for name in ("a", "b", "c")
    ]
    for child in children:
        assert child.stdin is not None
        child.stdin.write("go\n")
        child.stdin.flush()
    try:
        errors = [child.communicate(timeout=120)[1] for child in children]
    finally:
        for child in children:
            child.kill()
    assert errors == ["", "", ""]
    with Store.open(path) as store:
        kinds = [entry.kind for entry in store.log()]
        assert kinds.count("answer") == 3 * 80
        assert kinds.count("undo") == 3 * 4
        assert drift(store) == ()
        assert store.check() == ""
