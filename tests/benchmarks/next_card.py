"""One committed answer and the next card, against bare py-fsrs with one SQLite insert: prints a ratio.

    python -m tests.benchmarks.next_card [ANSWERS]

Our store holds 10,000 cards and 100,000 log rows, the reference as many bare ones. Both flush each commit to
the disk (WAL, synchronous=FULL). That dominates and depends on the machine, so the two take turns: only the
ratio counts.
"""

import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import fsrs

from quizcli.settings import Settings
from quizcli.study.schedule.study_days import Days, now_ms
from quizcli.study.session import Session
from quizcli.study.store.store import Store
from tests.study.many import fill, questions

CARDS, ROWS = 10_000, 100_000


class Reference:
    """The least that commits an answer: FSRS, an update of the card and a row in a log."""

    def __init__(self, path: Path) -> None:
        self._scheduler = fsrs.Scheduler(enable_fuzzing=False)
        self._number = 0
        self._db = sqlite3.connect(path, isolation_level=None)
        self._db.executescript(
            """PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
            CREATE TABLE card (id INTEGER PRIMARY KEY, stability, difficulty, due, last_review);
            CREATE TABLE log (id INTEGER PRIMARY KEY, card, at, rating);
            BEGIN"""
        )
        day = datetime(2025, 1, 1, tzinfo=UTC).isoformat()
        self._db.executemany(
            "INSERT INTO card VALUES (?, 20.0, 5.0, ?, ?)", ((n, day, day) for n in range(CARDS))
        )
        self._db.executemany(
            "INSERT INTO log (card, at, rating) VALUES (?, ?, 3)", ((n % CARDS, day) for n in range(ROWS))
        )
        self._db.execute("COMMIT")

    def answer(self) -> None:
        """Read the next card, grade it, commit."""
        self._number += 1
        _, stability, difficulty, due, last = self._db.execute(
            "SELECT * FROM card WHERE id = ?", (self._number,)
        ).fetchone()
        card = fsrs.Card(
            card_id=self._number,
            state=fsrs.State.Review,
            stability=stability,
            difficulty=difficulty,
            due=datetime.fromisoformat(due),
            last_review=datetime.fromisoformat(last),
        )
        now = datetime.now(UTC)
        card, _ = self._scheduler.review_card(card, fsrs.Rating.Good, now)
        self._db.execute("BEGIN IMMEDIATE")
        self._db.execute(
            "INSERT OR REPLACE INTO card VALUES (?, ?, ?, ?, ?)",
            (self._number, card.stability, card.difficulty, card.due.isoformat(), now.isoformat()),
        )
        self._db.execute(
            "INSERT INTO log (card, at, rating) VALUES (?, ?, 3)", (self._number, now.isoformat())
        )
        self._db.execute("COMMIT")

    def close(self) -> None:
        """Close the file."""
        self._db.close()


def milliseconds(act: Callable[[], object]) -> float:
    """How long it takes."""
    begun = time.perf_counter()
    act()
    return (time.perf_counter() - begun) * 1000


def said(name: str, times: list[float]) -> str:
    """Median and 95th percentile."""
    return f"{name} {statistics.median(times):.2f} ms, p95 {statistics.quantiles(times, n=20)[-1]:.2f} ms"


def main(answers: int = 1000) -> None:
    """Print both and their ratio."""
    with tempfile.TemporaryDirectory() as name:
        folder, asked = Path(name), questions(CARDS)
        settings = Settings(
            config_file=folder / "c.toml",
            store_file=folder / "q.db",
            cache_dir=folder,
            data_sets=None,
            reviews_per_day=answers + 100,
        )
        with Store.open(settings.store_file) as store:
            fill(store, asked, ROWS, now_ms(), Days(settings.rollover_hour), due_today=answers + 100)
        reference = Reference(folder / "reference.db")
        with Store.open(settings.store_file) as store:
            opened = milliseconds(lambda: Session.open(store, asked, settings))
            session = Session.open(store, asked, settings)
            session.answer(3, 1000)
            reference.answer()
            pairs = [
                (milliseconds(lambda: session.answer(3, 1000)), milliseconds(reference.answer))
                for _ in range(answers)
            ]
        reference.close()
    ours, theirs = map(list, zip(*pairs, strict=True))
    print(f"{CARDS:,} cards, {ROWS:,} log rows, {answers:,} answers; session opened in {opened:.1f} ms")
    print(said("answer and next card:", ours))
    print(said("py-fsrs and one insert:", theirs))
    print(f"ratio of the medians {statistics.median(ours) / statistics.median(theirs):.2f}")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
