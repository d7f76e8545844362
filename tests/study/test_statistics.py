import time
from datetime import date

import msgspec
import pytest

from quizcli.settings import Settings
from quizcli.study.schedule.study_days import DAY, Days
from quizcli.study.session import Session
from quizcli.study.statistics import Statistics, statistics
from quizcli.study.store.store import Store
from tests.study.desk import BERLIN, HOUR, Wall, at
from tests.study.many import Asked, fill, questions

ASKED = questions(12, topics=2)


def look(store: Store, settings: Settings, wall: Wall, asked: list[Asked] = ASKED) -> Statistics:
    return statistics(store, asked, settings, wall, zone=BERLIN)


def study(store: Store, settings: Settings, wall: Wall, rating: int, limit: int = 100) -> int:
    """Answer what comes; returns how many answers that took."""
    session = Session.open(store, ASKED, settings, wall, zone=BERLIN)
    for count in range(limit):
        if session.current is None:
            return count
        session.answer(rating, 60_000)
    return limit


def test_an_empty_store(store: Store, settings: Settings, wall: Wall) -> None:
    seen = look(store, settings, wall)
    assert (seen.due_now, seen.due_today, seen.new_today, seen.questions, seen.seen) == (0, 0, 10, 12, 0)
    assert (seen.retention, seen.streak, seen.answers_today) == (None, 0, 0)
    assert [topic.topic for topic in seen.topics] == ["topic-00", "topic-01"]
    assert [topic.retention for topic in seen.topics] == [None, None]


def test_what_is_due_and_what_is_new(store: Store, settings: Settings, wall: Wall) -> None:
    study(store, settings, wall, 3, limit=4)  # in their learning steps, due in ten minutes
    seen = look(store, settings, wall)
    assert (seen.due_now, seen.due_today, seen.new_today, seen.seen) == (0, 4, 6, 4)
    wall.pass_by(HOUR)
    assert look(store, settings, wall).due_now == 4
    study(store, settings, wall, 4)
    seen = look(store, settings, wall)
    assert (seen.due_today, seen.new_today, seen.answers_today) == (0, 0, 14)
    assert (seen.minutes_today, seen.minutes_month) == (14.0, 14.0)
    tomorrow = Wall(at(2025, 6, 3, 4, zone=BERLIN))
    assert look(store, settings, tomorrow).new_today == 2
    assert look(store, settings, tomorrow).minutes_today == 0.0


def test_forecast_sums_up_to_all_cards_that_return(store: Store, settings: Settings, wall: Wall) -> None:
    study(store, settings, wall, 4)
    seen = look(store, settings, wall)
    assert [day.date for day in seen.forecast[:2]] == ["2025-06-02", "2025-06-03"]
    assert len(seen.forecast) == 14
    assert sum(day.count for day in seen.forecast) == 10
    wall.pass_by(30 * DAY)
    overdue = look(store, settings, wall)
    assert (overdue.due_now, overdue.forecast[0].count) == (10, 10)


def test_suspended_and_buried_cards_are_not_due(store: Store, settings: Settings, wall: Wall) -> None:
    study(store, settings, wall, 4)
    wall.pass_by(30 * DAY)
    session = Session.open(store, ASKED, settings, wall, zone=BERLIN)
    session.suspend()
    session.bury()
    seen = look(store, settings, wall)
    assert (seen.suspended, seen.due_now, seen.due_today, seen.forecast[1].count) == (1, 8, 8, 1)


def test_retention_counts_answers_in_review_of_the_last_30_days(
    store: Store, settings: Settings, wall: Wall
) -> None:
    study(store, settings, wall, 4)  # the first answers are no test of memory
    assert look(store, settings, wall).retention is None
    wall.pass_by(20 * DAY)
    session = Session.open(store, ASKED, settings, wall, mode="review", zone=BERLIN)
    for rating in (1, 3, 3, 3):
        session.answer(rating, 1000)
    seen = look(store, settings, wall)
    assert (seen.retention, seen.retention_answers) == (0.75, 4)
    assert sum(topic.answers for topic in seen.topics) == 4
    session.undo()
    assert look(store, settings, wall).retention == pytest.approx(2 / 3)
    wall.pass_by(30 * DAY)
    assert look(store, settings, wall).retention is None


def test_mature_cards(store: Store, settings: Settings, wall: Wall) -> None:
    for _ in range(3):
        study(store, settings, wall, 4)
        wall.pass_by(25 * DAY)
    seen = look(store, settings, wall)
    assert sum(topic.mature for topic in seen.topics) == 12 == sum(topic.seen for topic in seen.topics)
    assert look(store, settings, wall, ASKED[:6]).seen == 6


def test_streak_and_heat_map(store: Store, settings: Settings, wall: Wall) -> None:
    wall.now = at(2025, 3, 28, 23, zone=BERLIN)  # the clocks change on the 30th
    settings = msgspec.structs.replace(settings, new_per_day=1)
    answered = [study(store, settings, wall, 4)]
    for _ in range(4):
        wall.pass_by(DAY)
        answered.append(study(store, settings, wall, 4))
    seen = look(store, settings, wall)
    assert seen.date == "2025-04-01"
    assert seen.streak == 5
    assert [day.count for day in seen.heat[-5:]] == answered
    assert [day.date for day in seen.heat[-2:]] == ["2025-03-31", "2025-04-01"]
    assert date.fromisoformat(seen.heat[0].date).weekday() == 0
    assert len(seen.heat) == 11 * 7 + 2  # the 1st of April is a Tuesday
    wall.pass_by(DAY)
    assert look(store, settings, wall).streak == 5  # today may still be studied
    wall.pass_by(DAY)
    assert look(store, settings, wall).streak == 0


def test_undone_answers_do_not_count(store: Store, settings: Settings, wall: Wall) -> None:
    session = Session.open(store, ASKED, settings, wall, zone=BERLIN)
    session.answer(3, 60_000)
    session.undo()
    seen = look(store, settings, wall)
    assert (seen.answers_today, seen.streak, seen.minutes_today, seen.seen) == (0, 0, 0.0, 0)
    assert seen.heat[-1].count == 0


def test_it_is_json(store: Store, settings: Settings, wall: Wall) -> None:
    seen = look(store, settings, wall)
    assert msgspec.json.decode(msgspec.json.encode(seen), type=Statistics) == seen


def test_a_hundred_thousand_answers_are_summed_up_quickly(
    store: Store, settings: Settings, wall: Wall
) -> None:
    asked = questions(1000)
    fill(store, asked, 100_000, wall.now, Days(4, BERLIN))
    spent = []
    for _ in range(3):
        begun = time.process_time()
        seen = look(store, settings, wall, asked)
        spent.append(time.process_time() - begun)
    assert seen.streak > 700
    assert seen.retention == pytest.approx(0.9, abs=0.02)
    assert min(spent) < 0.150
