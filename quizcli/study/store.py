"""The store: one SQLite file with an append-only log of what the person did, and the cards derived from it.

After `answer` returns, the answer is on the disk. Every method raises QuizError where the file lets it down.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Literal, Self

import msgspec
from msgspec import Struct
from msgspec.structs import astuple

from quizcli.study.card import Act, Card, Rating, acted
from quizcli.study.chance import uuid7
from quizcli.study.connection import connect, fail, writing
from quizcli.study.days import MINUTE
from quizcli.study.migrations import migrate
from quizcli.study.schedule import ALGORITHM, Schedule

LONGEST_ANSWER = 5 * MINUTE  # who takes longer has left the desk, and is counted as this much


class Entry(Struct, frozen=True, kw_only=True):
    """One row of the review log. The fields are its columns."""

    uuid: str
    at: int
    day: int
    kind: Act | Literal["answer", "undo"]
    card: str
    seq: int | None = None  # given by the store
    state: int | None = None
    rating: int | None = None
    duration: int | None = None
    due: int | None = None
    scheduler: int | None = None
    undoes: int | None = None
    before: str | None = None


class Tally(Struct, frozen=True):
    """The answers of one study day that were not undone."""

    answers: int
    right: int
    milliseconds: int


_ENTRY = ", ".join(Entry.__struct_fields__)
_CARD = ", ".join(Card.__struct_fields__)
_APPEND = f"INSERT INTO log ({_ENTRY}) VALUES ({', '.join('?' * len(Entry.__struct_fields__))})"
_NEW_VALUES = ", ".join(f"{name} = excluded.{name}" for name in Card.__struct_fields__[1:])
_PUT = f"""INSERT INTO card ({_CARD}) VALUES ({", ".join("?" * len(Card.__struct_fields__))})
    ON CONFLICT (id) DO UPDATE SET {_NEW_VALUES}"""
_NEWEST = f"""SELECT {_ENTRY} FROM log WHERE kind != 'undo'
    AND NOT EXISTS (SELECT 1 FROM log AS later WHERE later.undoes = log.seq) ORDER BY seq DESC LIMIT 1"""


class Store:
    """An open store. Several processes may have the same file open."""

    def __init__(self, db: sqlite3.Connection, path: str) -> None:
        self._db = db
        self._path = path
        self._schedulers: dict[str, int] = {}

    @classmethod
    def open(cls, path: str | os.PathLike[str]) -> Store:
        """Open or create the file and bring it to the newest schema."""
        name = os.fspath(path)
        db = connect(name)
        try:
            migrate(db, name)
        except BaseException:
            db.close()
            raise
        return cls(db, name)

    def close(self) -> None:
        """Close the file. Nothing waits to be written."""
        self._db.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # What the person did

    def answer(self, card_id: str, rating: Rating, duration: int, now: int, schedule: Schedule) -> Card:
        """Grade a card and commit the answer, which took `duration` ms. Returns the card as it is now."""
        scheduler = self._scheduler(schedule)  # before the lock: the first time it imports fsrs
        with self.writing():
            before = self.card(card_id)
            card = before or Card(card_id)
            after = schedule.grade(card, rating, now)
            self._append(
                Entry(
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
                    before=_packed(before),
                )
            )
            self._put(after)
        return after

    def act(self, card_id: str, act: Act, now: int, day: int, due: int | None = None) -> Card:
        """Commit an act that is no answer; `due`: when a burial ends. What changes nothing is not logged."""
        with self.writing():
            before = self.card(card_id)
            card = before or Card(card_id)
            due = now if due is None else due
            after = acted(card, act, due)
            if after != card:
                self._append(
                    Entry(
                        uuid=uuid7(now),
                        at=now,
                        day=day,
                        kind=act,
                        card=card_id,
                        state=card.state,
                        due=due if act in ("bury", "requeue") else None,
                        before=_packed(before),
                    )
                )
                self._put(after)
        return after

    def undo(self, now: int, day: int) -> Entry | None:
        """Take back the newest thing that was not undone yet, of this run or an earlier one; returns it."""
        with self.writing():
            row = self._db.execute(_NEWEST).fetchone()
            if row is None:
                return None
            undone = _entry(row)
            self._append(
                Entry(uuid=uuid7(now), at=now, day=day, kind="undo", card=undone.card, undoes=undone.seq)
            )
            if undone.before is None:
                self._db.execute("DELETE FROM card WHERE id = ?", (undone.card,))
            else:
                self._put(msgspec.json.decode(undone.before, type=Card))
        return undone

    # What is known

    def card(self, card_id: str) -> Card | None:
        """One card, or None where nothing has happened to that question."""
        row = self.one(f"SELECT {_CARD} FROM card WHERE id = ?", (card_id,))
        return None if row is None else _card(row)

    def cards(self) -> Iterator[Card]:
        """Every card, by id."""
        return map(_card, self.rows(f"SELECT {_CARD} FROM card ORDER BY id"))

    def log(self) -> Iterator[Entry]:
        """The whole log, oldest first."""
        return map(_entry, self.rows(f"SELECT {_ENTRY} FROM log ORDER BY seq"))

    def schedulers(self) -> dict[int, str]:
        """The terms of every scheduler that the log names, by their number."""
        return dict(self.rows("SELECT id, terms FROM scheduler"))

    def due_before(self, end: int, now: int) -> list[tuple[str, int, int]]:
        """Id, state and `due` of every card that is due before `end` and not put aside."""
        return self.rows(
            "SELECT id, state, due FROM card WHERE due < ? AND suspended = 0 AND buried_until <= ?",
            (end, now),
        )

    def coming(self, now: int) -> list[tuple[str, int]]:
        """Id and time of every card that comes back later than `now`; suspended ones do not."""
        return self.rows(
            """SELECT id, max(coalesce(due, 0), buried_until) AS back FROM card
            WHERE suspended = 0 AND back > ?""",
            (now,),
        )

    def not_new(self, now: int) -> set[str]:
        """The ids of all questions that cannot come up as new: answered, queued already, or put aside."""
        rows = self.rows(
            """SELECT id FROM card WHERE introduced IS NOT NULL
            UNION ALL SELECT id FROM card
            WHERE introduced IS NULL AND (due IS NOT NULL OR suspended != 0 OR buried_until > ?)""",
            (now,),
        )
        return {card_id for (card_id,) in rows}

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

    def just_undone(self) -> str | None:
        """The card that the person took back last, if nothing but flags came after."""
        row = self.one(
            "SELECT kind, card FROM log WHERE kind NOT IN ('flag', 'unflag') ORDER BY seq DESC LIMIT 1"
        )
        return row[1] if row is not None and row[0] == "undo" else None

    def check(self) -> str:
        """What is wrong with the file, in SQLite's words; empty where nothing is."""
        faults = [str(row[0]) for row in self.rows("PRAGMA integrity_check") if row[0] != "ok"]
        broken = self.rows("PRAGMA foreign_key_check")
        faults += [f"{table}: row {row} names a missing {other}" for table, row, other, _ in broken]
        return "; ".join(faults)

    # For the other tables of the same file

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """One transaction: all of it is on the disk afterwards, or none."""
        with writing(self._db, self._path):
            yield self._db

    def rows(self, sql: str, values: Sequence[Any] = ()) -> list[Any]:
        """All rows of a query."""
        try:
            return self._db.execute(sql, values).fetchall()
        except sqlite3.Error as error:
            fail(error, self._path)

    def one(self, sql: str, values: Sequence[Any] = ()) -> Any:
        """The first row of a query, or None."""
        try:
            return self._db.execute(sql, values).fetchone()
        except sqlite3.Error as error:
            fail(error, self._path)

    def _scheduler(self, schedule: Schedule) -> int:
        """The number under which the log names these terms."""
        known = self._schedulers.get(schedule.terms)
        if known is None:
            terms = (ALGORITHM, schedule.terms)
            with self.writing():
                self._db.execute("INSERT OR IGNORE INTO scheduler (algorithm, terms) VALUES (?, ?)", terms)
            row = self.one("SELECT id FROM scheduler WHERE algorithm = ? AND terms = ?", terms)
            known = self._schedulers[schedule.terms] = int(row[0])
        return known

    def _append(self, entry: Entry) -> None:
        self._db.execute(_APPEND, astuple(entry))

    def _put(self, card: Card) -> None:
        self._db.execute(_PUT, astuple(card))


def _card(row: tuple[Any, ...]) -> Card:
    return msgspec.convert(row, Card, strict=False)


def _entry(row: tuple[Any, ...]) -> Entry:
    return Entry(**dict(zip(Entry.__struct_fields__, row, strict=True)))


def _packed(card: Card | None) -> str | None:
    return None if card is None else msgspec.json.encode(card).decode()
