"""What waits for days waits for the number of a study day, wherever the person is when it begins."""

import sqlite3
from contextlib import closing
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec
import pytest
from msgspec.structs import astuple, replace

from quizcli.settings import Settings
from quizcli.study.backups.kept_backups import backups
from quizcli.study.database.connection import connect
from quizcli.study.restore.candidate import candidate
from quizcli.study.schedule.card import Card, Rating, State, after_act
from quizcli.study.schedule.schedule import ALGORITHM, Schedule
from quizcli.study.schedule.study_days import DAY, Days
from quizcli.study.session import Session
from quizcli.study.statistics import statistics
from quizcli.study.store.migrations import MIGRATIONS, migrate
from quizcli.study.store.replay import drift
from quizcli.study.store.rows import CARD, ENTRY, LogEntry
from quizcli.study.store.store import Store
from tests.study.desk import BERLIN, HOUR, MINUTE, Wall, at
from tests.study.many import Asked, questions

ANGELES = ZoneInfo("America/Los_Angeles")
AUCKLAND = ZoneInfo("Pacific/Auckland")
ASKED = questions(4, topics=2)


def begin(store: Store, settings: Settings, wall: Wall, zone: ZoneInfo) -> Session[Asked]:
    return Session.open(store, ASKED, settings, wall, zone=zone)


def learn_all(session: Session[Asked]) -> None:
    while session.current is not None:
        session.answer(Rating.EASY, 1000)


@pytest.mark.parametrize("zone", [BERLIN, ANGELES, AUCKLAND, ZoneInfo("Pacific/Kiritimati")])
def test_a_card_comes_on_its_study_day_wherever_that_begins(
    store: Store, settings: Settings, wall: Wall, zone: ZoneInfo
) -> None:
    learn_all(begin(store, settings, wall, BERLIN))
    first = min(card.due_day or 0 for card in store.cards())
    wall.now = Days(4, zone).start(first) - 1
    assert begin(store, settings, wall, zone).current is None
    assert begin(store, settings, wall, zone).next_due == wall.now + 1
    told = statistics(store, ASKED, settings, wall, zone=zone)
    assert (told.due_now, told.due_today, told.forecast[1].count > 0) == (0, 0, True)
    wall.pass_by(1)
    session = begin(store, settings, wall, zone)
    assert session.card.due_day == first
    told = statistics(store, ASKED, settings, wall, zone=zone)
    assert told.due_now == told.due_today == session.counts.remaining > 0


def test_what_was_put_off_until_tomorrow_comes_tomorrow_also_in_the_west(
    store: Store, settings: Settings, wall: Wall
) -> None:
    settings = msgspec.structs.replace(settings, new_per_day=1)
    wall.now = at(2025, 6, 2, 20, zone=BERLIN)
    session = begin(store, settings, wall, BERLIN)
    name = session.card.id
    session.bury()
    wall.now = at(2025, 6, 2, 21, zone=ANGELES)  # 6 in the morning of 3 June in Berlin
    assert begin(store, settings, wall, ANGELES).card.id != name
    wall.now = at(2025, 6, 3, 4, zone=ANGELES)
    assert begin(store, settings, wall, ANGELES).card.id == name


def test_a_card_made_due_is_due_wherever_it_is(store: Store, settings: Settings, wall: Wall) -> None:
    session = begin(store, settings, wall, BERLIN)
    learn_all(session)
    session.requeue([ASKED[0].id])
    assert session.card.due_day == Days(4, BERLIN).number(wall.now)
    assert begin(store, settings, wall, AUCKLAND).card.id == ASKED[0].id


class Past:
    """Writes a store as the version before wrote it: no `due_day`, burials that end at an instant."""

    def __init__(self, path: Path, now: int) -> None:
        self.now = now
        self._days = Days(4, BERLIN)
        terms = msgspec.json.decode(Schedule(self._days).terms) | {"fuzz": 1}
        self._terms = msgspec.json.encode(terms).decode()
        self._schedule = Schedule.from_terms(self._terms)
        self._cards: dict[str, Card] = {}
        self._entries: list[LogEntry] = []
        self._path = path

    def _before(self, name: str) -> str | None:
        card = self._cards.get(name)
        return None if card is None else msgspec.json.encode(astuple(card)[:-2]).decode()

    def answer(self, name: str, rating: Rating) -> None:
        card, day = self._cards.get(name) or Card(name), self._days.number(self.now)
        after, wait = self._schedule.remember(card, rating, day)
        due = self._days.start(day + after.interval) if after.interval else self.now + wait
        self._write(name, "answer", due, rating=rating, duration=1000, scheduler=1)
        self._cards[name] = replace(after, due=due)

    def act(self, name: str, kind: str, due: int | None = None) -> None:
        card = self._cards.get(name) or Card(name)
        self._write(name, kind, due)
        self._cards[name] = after_act(card, kind, self._days.number(self.now), due)  # type: ignore[arg-type]

    def undo(self) -> None:
        undone = self._entries[-1]
        self._write(undone.card, "undo", None, undoes=len(self._entries))
        before = msgspec.json.decode(undone.before or "", type=Card)
        self._cards[undone.card] = before

    def _write(self, name: str, kind: str, due: int | None, **more: int) -> None:
        self._entries.append(
            LogEntry(
                uuid=f"00000000-0000-7000-8000-{len(self._entries):012}",
                at=self.now,
                day=self._days.number(self.now),
                kind=kind,  # type: ignore[arg-type]
                card=name,
                due=due,
                before=None if kind == "undo" else self._before(name),
                **more,
            )
        )
        self.now += MINUTE

    def save(self) -> None:
        with closing(connect(str(self._path))) as db:
            migrate(db, str(self._path), MIGRATIONS[:3])
            db.execute("INSERT INTO scheduler (algorithm, terms) VALUES (?, ?)", (ALGORITHM, self._terms))
            columns = CARD.removesuffix(", due_day, buried_on")
            for card in self._cards.values():
                values = astuple(card)[:-2]
                db.execute(f"INSERT INTO card ({columns}) VALUES ({', '.join('?' * len(values))})", values)
            for entry in self._entries:
                db.execute(
                    f"INSERT INTO log ({ENTRY}) VALUES ({', '.join('?' * len(astuple(entry)))})",
                    astuple(entry),
                )


def old_store(path: Path, now: int) -> Past:
    past = Past(path, now)
    for name in ("kept", "early", "taken-back", "known"):
        past.answer(name, Rating.EASY)
    past.answer("learning", Rating.GOOD)
    past.act("new", "flag")
    past.act("buried", "bury", past.now + 8 * HOUR)
    past.act("wanted", "requeue", past.now)
    past.now += 2 * DAY
    past.act("early", "requeue", past.now)
    past.act("early", "flag")
    past.act("taken-back", "requeue", past.now)
    past.undo()
    past.act("known", "requeue", past.now)
    past.answer("known", Rating.GOOD)
    past.save()
    return past


def test_an_old_store_is_given_its_study_days(tmp_path: Path, wall: Wall) -> None:
    path, today = tmp_path / "quizcli.db", Days(4, BERLIN).number(wall.now)
    old_store(path, wall.now)
    with Store.open(path) as store:
        cards = {card.id: card for card in store.cards()}
        assert drift(store) == ()
        assert store.check() == ""
    for name in ("kept", "taken-back"):
        assert cards[name].due_day == today + cards[name].interval > today + 2
    assert cards["known"].due_day == today + 2 + cards["known"].interval
    assert cards["early"].due_day == today + 2
    for name in ("learning", "new", "buried", "wanted"):
        assert cards[name].due_day is None
    assert [backup.why for backup in backups(path)] == ["before-004-due-days"]
    with closing(sqlite3.connect(backups(path)[0].path)) as db:
        assert db.execute("PRAGMA user_version").fetchone() == (3,)
        assert db.execute("SELECT count(*) FROM card").fetchone() == (len(cards),)


def test_an_old_store_goes_on_as_it_was(tmp_path: Path, settings: Settings, wall: Wall) -> None:
    past = old_store(tmp_path / "quizcli.db", wall.now)
    wall.now = past.now
    asked = [Asked(name, "a", 1) for name in ("kept", "early", "taken-back", "known", "learning", "wanted")]
    with Store.open(tmp_path / "quizcli.db") as store:
        session = Session.open(store, asked, replace(settings, new_per_day=0), wall, zone=BERLIN)
        seen = set()
        while session.current is not None:
            seen.add(session.current.id)
            session.answer(Rating.EASY, 1000)
        assert seen == {"early", "learning", "wanted"}
        for _ in seen:
            session.undo()
        undone = session.undo()  # given before there were study days in the store
        assert undone is not None
        assert (undone.card, undone.kind) == ("known", "answer")
        card = store.card("known")
        assert card is not None
        assert (card.state, card.due_day) == (State.REVIEW, (card.last_day or 0) + card.interval)


def test_a_backup_of_an_old_store_can_be_restored(tmp_path: Path, settings: Settings, wall: Wall) -> None:
    old_store(tmp_path / "old.db", wall.now)
    with candidate(tmp_path / "old.db", settings) as found, closing(sqlite3.connect(found.store)) as db:
        assert db.execute("PRAGMA user_version").fetchone() == (3,)  # it was read through, and left
        assert db.execute("SELECT count(*) FROM card").fetchone() == (8,)
