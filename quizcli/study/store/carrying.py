"""Answers carried over from one store to another that lacks them, as though they had been given there."""

from __future__ import annotations

import sqlite3

from msgspec.structs import astuple, replace

from quizcli.study.database.connection import writing
from quizcli.study.database.damage import DamagedError
from quizcli.study.schedule.card import Card, Rating, after_act
from quizcli.study.schedule.schedule import ALGORITHM, Schedule
from quizcli.study.store.rows import (
    APPEND,
    CARD,
    ENTRY,
    PUT,
    LogEntry,
    LogPart,
    card_before,
    card_of,
    entry_of,
    packed,
)


def carry_over(written: LogPart, db: sqlite3.Connection, path: str) -> int:
    """Add the entries of another log that the store does not hold. Returns how many.

    Each keeps its UUID and its time, and is graded upon the card as it stands here; when an answer brings a
    card back hangs on the zone of that time, and is kept too. What an entry takes back is found by its UUID;
    where the card has moved on since, the entry is left out.
    """
    try:
        with writing(db, path):
            return _Carrier(db, path, written).carry()
    except (sqlite3.Error, LookupError) as error:
        raise DamagedError(path, error) from error


class _Carrier:
    def __init__(self, db: sqlite3.Connection, path: str, written: LogPart) -> None:
        self._db = db
        self._path = path
        self._written = written
        self._schedulers: dict[int, tuple[int, Schedule]] = {}

    def carry(self) -> int:
        here = dict(self._db.execute("SELECT uuid, seq FROM log"))
        carried = 0
        for entry in self._written.entries:
            if entry.uuid not in here and (seq := self._add(entry, here)) is not None:
                here[entry.uuid] = seq
                carried += 1
        return carried

    def _add(self, entry: LogEntry, here: dict[str, int]) -> int | None:
        if entry.kind == "undo":
            return self._take_back(entry, here.get(self._written.undone.get(entry.uuid, "")))
        row = self._db.execute(f"SELECT {CARD} FROM card WHERE id = ?", (entry.card,)).fetchone()
        before = None if row is None else card_of(row, self._path)
        card = before or Card(entry.card)
        if entry.kind != "answer":
            after, scheduler = after_act(card, entry.kind, entry.day, entry.due), None
        else:
            scheduler, schedule = self._scheduler(entry.scheduler or 0)
            after, _ = schedule.remember(card, Rating(entry.rating or Rating.GOOD), entry.day)
            after = replace(after, due=entry.due)
        self._db.execute(PUT, astuple(after))
        return self._append(
            replace(entry, state=card.state, scheduler=scheduler, before=packed(before)),
        )

    def _take_back(self, entry: LogEntry, undone: int | None) -> int | None:
        newest = self._db.execute(
            f"""SELECT {ENTRY} FROM log WHERE card = ? AND kind != 'undo'
            AND NOT EXISTS (SELECT 1 FROM log AS later WHERE later.undoes = log.seq)
            ORDER BY seq DESC LIMIT 1""",
            (entry.card,),
        ).fetchone()
        last = None if newest is None else entry_of(newest, self._path)
        if last is None or undone is None or last.seq != undone:
            return None
        if last.before is None:
            self._db.execute("DELETE FROM card WHERE id = ?", (entry.card,))
        else:
            self._db.execute(PUT, astuple(card_before(last.before, self._path)))
        return self._append(replace(entry, undoes=undone))

    def _append(self, entry: LogEntry) -> int:
        return int(self._db.execute(APPEND, astuple(replace(entry, seq=None))).lastrowid or 0)

    def _scheduler(self, number: int) -> tuple[int, Schedule]:
        """The number of the same terms here, and what they say."""
        if number not in self._schedulers:
            pair = (ALGORITHM, self._written.terms[number])
            self._db.execute("INSERT OR IGNORE INTO scheduler (algorithm, terms) VALUES (?, ?)", pair)
            row = self._db.execute("SELECT id FROM scheduler WHERE algorithm = ? AND terms = ?", pair)
            self._schedulers[number] = int(row.fetchone()[0]), Schedule.from_terms(pair[1])
        return self._schedulers[number]
