"""Scored rounds: some questions, each asked once, that leave the schedule alone."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from datetime import tzinfo
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

import msgspec
from msgspec import Struct

from quizcli.errors import ExitStatus, QuizError
from quizcli.study.new_cards import CardToSchedule
from quizcli.study.schedule.seeded_random import chance
from quizcli.study.schedule.study_days import MINUTE, Clock, Days, now_ms
from quizcli.study.store.store import LONGEST_ANSWER, Store
from quizcli.text import tr

if TYPE_CHECKING:
    from quizcli.settings import Settings


class Quizzed(CardToSchedule, Protocol):
    """What a round must know of a question."""

    @property
    def kind(self) -> str:
        """recall, choice, truth, cloze, number or order."""


T = TypeVar("T", bound=Quizzed)


class TopicScore(Struct, frozen=True):
    """How a topic went."""

    topic: str
    right: int
    answers: int


class Result(Struct, frozen=True):
    """How a round went so far."""

    right: int
    answers: int
    total: int
    minutes: float
    topics: tuple[TopicScore, ...]
    missed: tuple[str, ...]  # ids


def choose(
    questions: Iterable[T],
    number: int,
    seed: int,
    *,
    topics: Iterable[str] = (),
    kinds: Iterable[str] = (),
    levels: Iterable[int] = (),
) -> list[T]:
    """Up to `number` questions of these topics, kinds and levels (none: of all), shuffled by `seed`.

    Raises QuizError where no question is left.
    """
    wanted = frozenset(topics), frozenset(kinds), frozenset(levels)
    found = [
        question
        for question in questions
        if all(
            not allowed or value in allowed
            for allowed, value in zip(wanted, (question.topic, question.kind, question.level), strict=True)
        )
    ]
    if not found or number < 1:
        raise QuizError(
            tr("No question is left for this round.", "没有符合条件的题目。"),
            tr("Ask for fewer topics, kinds or levels at once.", "请放宽主题、题型或难度的限制。"),
            ExitStatus.USAGE,
        )
    return sorted(found, key=lambda question: (chance(question.id, seed), question.id))[:number]


def new_seed() -> int:
    """A seed for who does not bring one; say it, and the round can be had again."""
    return int.from_bytes(os.urandom(3))


Given = tuple[str, str, int, int, int]  # an answer, by the columns below
_GIVEN = "question, topic, correct, duration, at"


class Round(Generic[T]):
    """A round under way. `current` is the question to ask, None when all are answered."""

    def __init__(
        self,
        store: Store,
        number: int,
        order: Sequence[str],
        items: Mapping[str, T],
        days: Days,
        clock: Clock,
    ) -> None:
        self._store = store
        self._number = number
        self._row = store.one("SELECT started, day, questions FROM round WHERE id = ?", (number,))
        self._given: list[Given] = store.rows(f"SELECT {_GIVEN} FROM round_answer WHERE round = ?", (number,))
        store.after_healing(self._put_back)
        self._order = order
        self._items = items
        self._days = days
        self._clock = clock
        self._current = self._advance()

    @classmethod
    def start(
        cls,
        store: Store,
        chosen: Sequence[T],
        settings: Settings,
        clock: Clock = now_ms,
        *,
        zone: tzinfo | None = None,
    ) -> Round[T]:
        """Begin a round over the chosen questions, in their order."""
        now, days = clock(), Days(settings.rollover_hour, zone)
        items = {question.id: question for question in chosen}
        with store.writing() as db:
            number = db.execute(
                "INSERT INTO round (started, day, questions) VALUES (?, ?, ?) RETURNING id",
                (now, days.number(now), msgspec.json.encode(list(items)).decode()),
            ).fetchone()[0]
        return cls(store, number, tuple(items), items, days, clock)

    @classmethod
    def unfinished(
        cls,
        store: Store,
        questions: Iterable[T],
        settings: Settings,
        clock: Clock = now_ms,
        *,
        zone: tzinfo | None = None,
    ) -> Round[T] | None:
        """The newest round of this study day, if it was left before its end, to go on with; else None.

        Questions that have left the banks since are left out.
        """
        days = Days(settings.rollover_hour, zone)
        row = store.one(
            "SELECT id, questions, finished FROM round WHERE day = ? ORDER BY id DESC LIMIT 1",
            (days.number(clock()),),
        )
        if row is None or row[2] is not None:
            return None
        order = store.decoded(row[1], list[str])
        resumed = cls(store, row[0], order, {each.id: each for each in questions}, days, clock)
        return None if resumed.current is None else resumed

    @property
    def current(self) -> T | None:
        """The question to ask now."""
        return self._current

    @property
    def result(self) -> Result:
        """How it went so far, by topic."""
        rows = self._store.rows(
            "SELECT question, topic, correct, duration FROM round_answer WHERE round = ? ORDER BY seq",
            (self._number,),
        )
        marks: dict[str, list[int]] = {}
        for _, topic, correct, _ in rows:
            marks.setdefault(topic, []).append(correct)
        answered = {question for question, *_ in rows}
        return Result(
            right=sum(correct for _, _, correct, _ in rows),
            answers=len(rows),
            total=sum(name in answered or name in self._items for name in self._order),
            minutes=sum(min(duration, LONGEST_ANSWER) for *_, duration in rows) / MINUTE,
            topics=tuple(TopicScore(topic, sum(each), len(each)) for topic, each in sorted(marks.items())),
            missed=tuple(question for question, _, correct, _ in rows if not correct),
        )

    def answer(self, right: bool, duration: int) -> None:
        """Commit whether the current question was answered right, after `duration` ms, and move on."""
        if self._current is None:
            raise LookupError("no question is left")
        now = self._clock()
        given = (self._current.id, self._current.topic, int(right), max(0, duration), now)
        with self._store.writing() as db:
            self._go_on(db)
            self._put(db, given)
            self._given.append(given)
            if self._advance() is None:
                db.execute("UPDATE round SET finished = ? WHERE id = ?", (now, self._number))

    def undo(self) -> bool:
        """Take back the newest answer of this round and ask again; False where there is none."""
        with self._store.writing() as db:
            self._go_on(db)
            undone = db.execute(
                "DELETE FROM round_answer WHERE seq = (SELECT max(seq) FROM round_answer WHERE round = ?)",
                (self._number,),
            ).rowcount
            rows = db.execute(f"SELECT {_GIVEN} FROM round_answer WHERE round = ?", (self._number,))
            self._given = rows.fetchall()
            db.execute("UPDATE round SET finished = NULL WHERE id = ?", (self._number,))
        self._advance()
        return undone == 1

    def requeue_missed(self) -> int:
        """Make the missed questions due today in the schedule; says how many that were."""
        now = self._clock()
        missed = self.result.missed
        for name in missed:
            self._store.act(name, "requeue", now, self._days.number(now))
        return len(missed)

    def _go_on(self, db: sqlite3.Connection) -> None:
        """Put the round back where a backup without it was restored meanwhile."""
        if not self._is_in(db):
            self._put_back(db)

    def _is_in(self, db: sqlite3.Connection) -> bool:
        there = db.execute("SELECT started FROM round WHERE id = ?", (self._number,)).fetchone()
        return there is not None and bool(there[0] == self._row[0])

    def _put_back(self, db: sqlite3.Connection) -> None:
        """Add what a store that has taken the place of ours lacks of this round; it may have another one of
        the same number.
        """
        if not self._is_in(db):
            self._number = db.execute(
                "INSERT INTO round (started, day, questions) VALUES (?, ?, ?) RETURNING id", self._row
            ).fetchone()[0]
        for given in self._given:
            self._put(db, given)

    def _put(self, db: sqlite3.Connection, given: Given) -> None:
        db.execute(
            f"""INSERT INTO round_answer (round, {_GIVEN}) VALUES (?, ?, ?, ?, ?, ?)
            ON CONFLICT DO NOTHING  -- answered in another window: the first answer counts""",
            (self._number, *given),
        )

    def _advance(self) -> T | None:
        """Make the first question current that has no answer yet; returns it."""
        rows = self._store.rows("SELECT question FROM round_answer WHERE round = ?", (self._number,))
        left = self._items.keys() - {question for (question,) in rows}
        self._current = next((self._items[name] for name in self._order if name in left), None)
        return self._current
