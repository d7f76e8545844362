"""The store: one SQLite file with an append-only log of what the person did, and the cards derived from it.

After `answer` returns, the answer is on the disk. Every method raises QuizError where the file lets it down.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeVar

import msgspec
from msgspec import Struct
from msgspec.structs import astuple, replace

from quizcli.study.database.connection import connect
from quizcli.study.database.damage import DamagedError, decoding
from quizcli.study.database.presence import look_at_files
from quizcli.study.schedule.card import Act, Card, Rating, after_act
from quizcli.study.schedule.schedule import ALGORITHM, Schedule
from quizcli.study.schedule.seeded_random import uuid7
from quizcli.study.schedule.study_days import MINUTE
from quizcli.study.store.holding import HeldFile
from quizcli.study.store.migrations import migrate
from quizcli.study.store.rows import (
    APPEND,
    CARD,
    ENTRY,
    PUT,
    LogEntry,
    card_before,
    card_of,
    entry_of,
    packed,
)
from quizcli.text import tr

T = TypeVar("T")

LONGEST_ANSWER = 5 * MINUTE  # who takes longer has left the desk, and is counted as this much


class AnsweredElsewhereError(Exception):
    """The card has been answered since it was shown, and nothing was written: the first answer counts."""


class Tally(Struct, frozen=True):
    """The answers of one study day that were not undone."""

    answers: int
    right: int
    milliseconds: int


_NEWEST = f"""SELECT {ENTRY} FROM log WHERE kind != 'undo'
    AND NOT EXISTS (SELECT 1 FROM log AS later WHERE later.undoes = log.seq) ORDER BY seq DESC LIMIT 1"""


class Store(HeldFile):
    """An open store. Several processes may have the same file open."""

    @classmethod
    def open(cls, path: str | os.PathLike[str]) -> Store:
        """Open or create the file and bring it to the newest schema."""
        name = os.fspath(path)
        told = ""
        if look_at_files(name).wal_size > 0:
            from quizcli.study.store.mending import part_from_log

            told = part_from_log(name)
        db = connect(name)
        try:
            migrate(db, name)
            store = cls(db, name)
        except BaseException:
            db.close()
            raise
        store.notices += [told] if told else []
        return store

    # What the person did

    def answer(
        self,
        card_id: str,
        rating: Rating,
        duration: int,
        now: int,
        schedule: Schedule,
        shown: Card | None = None,
    ) -> Card:
        """Grade a card and commit the answer, which took `duration` ms. Returns the card as it is now.

        Raises AnsweredElsewhereError where another process has answered the card since it was as `shown`.
        """
        _ = schedule.terms  # before the lock: the first time it imports fsrs
        with self._changing():
            scheduler = self._scheduler(schedule)
            before = self.card(card_id)
            card = before or Card(card_id)
            if shown is not None and card.reviews > shown.reviews:
                raise AnsweredElsewhereError(card_id)
            after = schedule.grade(card, rating, now)
            self._append(
                LogEntry(
                    uuid=uuid7(now),
                    at=now,
                    day=schedule.days.number(now),
                    kind="answer",
                    card=card_id,
                    state=card.state,
                    rating=rating,
                    duration=max(0, duration),
                    due=after.due,
                    scheduler=scheduler,
                    before=packed(before),
                )
            )
            self._put(after)
        return after

    def act(self, card_id: str, act: Act, now: int, day: int) -> Card:
        """Commit an act that is no answer. What changes nothing is not logged."""
        with self._changing():
            before = self.card(card_id)
            card = before or Card(card_id)
            due = now if act == "requeue" else None
            after = after_act(card, act, day, due)
            if after != card:
                self._append(
                    LogEntry(
                        uuid=uuid7(now),
                        at=now,
                        day=day,
                        kind=act,
                        card=card_id,
                        state=card.state,
                        due=due,
                        before=packed(before),
                    )
                )
                self._put(after)
        return after

    def undo(self, now: int, day: int) -> LogEntry | None:
        """Take back the newest thing that was not undone yet, of this run or an earlier one; returns it."""
        with self._changing():
            undone = self.newest()
            if undone is None:
                return None
            entry = LogEntry(
                uuid=uuid7(now), at=now, day=day, kind="undo", card=undone.card, undoes=undone.seq
            )
            self._append(entry)
            self._written.undone[entry.uuid] = undone.uuid
            if undone.before is None:
                self._db.execute("DELETE FROM card WHERE id = ?", (undone.card,))
            else:
                self._put(card_before(undone.before, self._path))
        return undone

    # What is known

    def newest(self) -> LogEntry | None:
        """What `undo` would take back; None where nothing is left."""
        row = self.one(_NEWEST)
        return None if row is None else entry_of(row, self._path)

    def card(self, card_id: str) -> Card | None:
        """One card, or None where nothing has happened to that question."""
        row = self.one(f"SELECT {CARD} FROM card WHERE id = ?", (card_id,))
        return None if row is None else card_of(row, self._path)

    def cards(self) -> Iterator[Card]:
        """Every card, by id."""
        return (card_of(row, self._path) for row in self.rows(f"SELECT {CARD} FROM card ORDER BY id"))

    def log(self) -> Iterator[LogEntry]:
        """The whole log, oldest first."""
        return (entry_of(row, self._path) for row in self.rows(f"SELECT {ENTRY} FROM log ORDER BY seq"))

    def schedulers(self) -> dict[int, str]:
        """The terms of every scheduler that the log names, by their number."""
        return dict(self.rows("SELECT id, terms FROM scheduler"))

    def introduced_on(self, day: int) -> list[str]:
        """The ids of the cards that were answered for the first time on a study day."""
        return [card_id for (card_id,) in self.rows("SELECT id FROM card WHERE introduced = ?", (day,))]

    def tally(self, day: int) -> Tally:
        """How many answers a study day has seen."""
        row = self.one(
            """SELECT count(*), coalesce(sum(rating > 1), 0), coalesce(sum(min(duration, ?)), 0)
            FROM answer WHERE day = ?""",
            (LONGEST_ANSWER, day),
        )
        return Tally(*row)

    def just_undone(self, day: int) -> tuple[str, bool] | None:
        """The card of what the person took back last, if nothing but flags came after.

        And whether they meant that card to be shown, on this study day: who takes back that cards were made
        due has seen none of them.
        """
        row = self.one(
            "SELECT kind, card, day, undoes FROM log "
            "WHERE kind NOT IN ('flag', 'unflag') ORDER BY seq DESC LIMIT 1"
        )
        if row is None or row[0] != "undo":
            return None
        was = self.one("SELECT kind FROM log WHERE seq = ?", (row[3],))
        return row[1], row[2] == day and was is not None and was[0] != "requeue"

    def version(self) -> int:
        """A number that changes when another process writes to the file; our own writing leaves it."""
        return int(self.one("PRAGMA data_version")[0])

    def check(self) -> str:
        """What is wrong with the file, in SQLite's words; empty where nothing is."""
        faults = [str(row[0]) for row in self.rows("PRAGMA integrity_check") if row[0] != "ok"]
        broken = self.rows("PRAGMA foreign_key_check")
        faults += [f"{table}: row {row} names a missing {other}" for table, row, other, _ in broken]
        return "; ".join(faults)

    # What the above is made of

    @contextmanager
    def _changing(self) -> Iterator[None]:
        """One transaction of an answer or an act, whose values are ours: what the tables refuse is damage."""
        try:
            with self.writing():
                yield
        except sqlite3.IntegrityError as error:
            raise DamagedError(self._path, error) from error

    def checked(self, rows: object, kind: type[T]) -> T:
        """Rows as what they must be. DamagedError where a value cannot be."""
        with decoding(self._path):
            return msgspec.convert(rows, kind)

    def decoded(self, text: str, kind: type[T]) -> T:
        """The JSON of a row as what it must be."""
        with decoding(self._path):
            return msgspec.json.decode(text, type=kind)

    def _scheduler(self, schedule: Schedule) -> int:
        """The number under which the log names these terms. Asked anew each time: a backup that somebody has
        restored meanwhile may number them otherwise.
        """
        terms = (ALGORITHM, schedule.terms)
        self._db.execute("INSERT OR IGNORE INTO scheduler (algorithm, terms) VALUES (?, ?)", terms)
        row = self.one("SELECT id FROM scheduler WHERE algorithm = ? AND terms = ?", terms)
        if row is None:
            raise DamagedError(self._path, tr("it forgets its schedulers", "无法保存调度参数"))
        self._written.terms[int(row[0])] = schedule.terms
        return int(row[0])

    def _append(self, entry: LogEntry) -> None:
        seq = self._db.execute(APPEND, astuple(entry)).lastrowid
        self._pending.append(replace(entry, seq=seq))

    def _put(self, card: Card) -> None:
        self._db.execute(PUT, astuple(card))
