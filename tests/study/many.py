"""Stores with as many cards and answers as a diligent person has after years."""

import sqlite3
from collections.abc import Iterator, Sequence

from msgspec import Struct
from msgspec.structs import astuple

from quizcli.study.schedule.card import Card, State
from quizcli.study.schedule.seeded_random import chance
from quizcli.study.schedule.study_days import Days
from quizcli.study.store.rows import APPEND, PUT, LogEntry
from quizcli.study.store.store import Store

BEFORE = '["question-00000",2,null,12.345678,5.432101,1750000000000,12,738000,737990,9]'


class Asked(Struct, frozen=True):
    """All that the schedule wants to know of a question."""

    id: str
    topic: str
    level: int
    needs: tuple[str, ...] = ()
    demo: object | None = None


def questions(number: int, topics: int = 20) -> list[Asked]:
    return [Asked(f"question-{n:05}", f"topic-{n % topics:02}", 1 + n % 3) for n in range(number)]


def back_to_the_first_schema(db: sqlite3.Connection) -> None:
    """Take from a store what the later migrations have added."""
    for table in ("round_answer", "round", "claim"):
        db.execute(f"DROP TABLE {table}")
    db.execute("DROP INDEX card_due_day")
    for column in ("due_day", "buried_on"):
        db.execute(f"ALTER TABLE card DROP COLUMN {column}")
    db.execute("PRAGMA user_version = 1")


def fill(
    store: Store, asked: Sequence[Asked], answers: int, now: int, days: Days, due_today: int = 100
) -> None:
    """Append `answers` answers, spread evenly over the cards and two years, and the cards they led to."""
    with store.writing() as db:
        db.execute("INSERT INTO scheduler (algorithm, terms) VALUES ('none', '{}')")
        today = days.number(now)
        db.executemany(APPEND, map(astuple, _entries(asked, answers, now, days, today)))
        db.executemany(
            PUT, (astuple(_card(n, each.id, days, today, due_today)) for n, each in enumerate(asked))
        )


def _entries(asked: Sequence[Asked], answers: int, now: int, days: Days, today: int) -> Iterator[LogEntry]:
    for n in range(answers):
        day = today - 1 - (answers - 1 - n) * 730 // answers
        round_, card = divmod(n, len(asked))
        yield LogEntry(
            uuid=f"00000000-0000-7000-8000-{n:012}",
            at=now - (answers - n) * 600_000,
            day=day,
            kind="answer",
            card=asked[card].id,
            state=State.NEW if round_ == 0 else State.REVIEW,
            rating=1 if chance(asked[card].id, round_) < 0.1 else 3,
            duration=8_000,
            due=days.start(today),
            scheduler=1,
            before=None if round_ == 0 else BEFORE,
        )


def _card(n: int, card_id: str, days: Days, today: int, due_today: int) -> Card:
    due = today if n < due_today else today + 1 + n % 300
    return Card(
        id=card_id,
        state=State.REVIEW,
        stability=20.0 + n % 50,
        difficulty=5.0,
        due=days.start(due),
        interval=5 + n % 50,
        last_day=today - 5,
        introduced=today - 700,
        reviews=10,
        due_day=due,
    )
