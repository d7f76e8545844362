"""How studying goes: what is due, how much is remembered, how much was done. Only reads the store."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Container, Iterable, Mapping, Sequence
from datetime import tzinfo
from typing import TYPE_CHECKING

from msgspec import Struct

from quizcli.study.agenda import Agenda, queue_due
from quizcli.study.day_cards import cards_of_the_day
from quizcli.study.new_cards import CardToSchedule
from quizcli.study.schedule.card import Card, State
from quizcli.study.schedule.study_days import MINUTE, Clock, Days, iso, now_ms
from quizcli.study.store.store import LONGEST_ANSWER, Store

if TYPE_CHECKING:
    from quizcli.settings import Settings

WINDOW = 30  # days over which retention is taken
WEEKS = 12
AHEAD = 14  # days
MATURE = 21  # days: from this interval on, a card counts as known for good


class DayCount(Struct, frozen=True):
    """A study day, by the date on which it begins, and the answers it saw or the cards it will bring."""

    date: str  # "2025-03-30"
    count: int


class TopicStatistics(Struct, frozen=True):
    """One topic. `retention` is None where no review-state card of it was answered in the last 30 days."""

    topic: str
    questions: int
    seen: int
    mature: int
    answers: int
    retention: float | None


class Statistics(Struct, frozen=True, kw_only=True):
    """Everything at a glance. Retention: the share of cards in review not forgotten, last 30 days."""

    date: str
    due_now: int
    due_today: int  # due_now counts in it
    held_back: int = 0  # reviews that are due, and that the day's limit leaves for the coming days
    new_today: int  # that the daily limit leaves: none while reviews are held back
    questions: int
    seen: int
    suspended: int
    retention: float | None
    retention_answers: int
    answers_today: int
    minutes_today: float
    minutes_month: float  # last 30 days
    streak: int  # days in a row with an answer; today may still be without one
    topics: tuple[TopicStatistics, ...]
    heat: tuple[DayCount, ...]  # from a Monday eleven weeks ago to today
    forecast: tuple[DayCount, ...]  # from today, which takes what is overdue, 14 days


def statistics(
    store: Store,
    questions: Iterable[CardToSchedule],
    settings: Settings,
    clock: Clock = now_ms,
    *,
    zone: tzinfo | None = None,
) -> Statistics:
    """Sum up the store. Cards are those of `questions`, whose topics stay in their order; answers count even
    where their question has left.
    """
    now, days = clock(), Days(settings.rollover_hour, zone)
    today = days.number(now)
    items = {question.id: question for question in questions}
    cards = [card for card in store.cards() if card.id in items]
    remembered = _remembered(store, today)
    right, answers = (sum(each) for each in zip((0, 0), *remembered.values(), strict=True))
    work = _work(store, today)
    fresh = cards_of_the_day(store, now, today)
    returns = _returns(cards, days)
    held_back = _held_back(store, items, settings, days, now)
    forecast = _forecast(returns, days, today, held_back, settings.reviews_per_day)
    return Statistics(
        date=iso(today),
        due_now=sum(back <= now for back in returns) - held_back,
        due_today=forecast[0].count,
        held_back=held_back,
        new_today=0
        if held_back
        else min(
            len(items.keys() - fresh.met - fresh.away),
            max(0, settings.new_per_day - len(store.introduced_on(today))),
        ),
        questions=len(items),
        seen=sum(card.introduced is not None for card in cards),
        suspended=sum(card.suspended for card in cards),
        retention=right / answers if answers else None,
        retention_answers=answers,
        answers_today=work[today][0],
        minutes_today=work[today][1] / MINUTE,
        minutes_month=sum(work[day][1] for day in range(today - WINDOW + 1, today + 1)) / MINUTE,
        streak=_streak(store, today),
        topics=_topics(items.values(), cards, remembered),
        heat=tuple(DayCount(iso(day), work[day][0]) for day in sorted(work)),
        forecast=forecast,
    )


def _returns(cards: Iterable[Card], days: Days) -> list[int]:
    """When each card that waits for an answer comes back (ms), by the clock of now."""
    starts: dict[int, int] = {}
    returns = []
    for card in cards:
        if card.due is None or card.suspended:
            continue
        back = max(card.buried_until, 0 if card.state == State.REVIEW else card.due)
        day = max(card.due_day or 0, 0 if card.buried_on is None else card.buried_on + 1)
        if day not in starts:
            starts[day] = days.start(day) if day else 0
        returns.append(max(back, starts[day]))
    return returns


def _remembered(store: Store, today: int) -> dict[str, tuple[int, int]]:
    """Right answers and all answers of each card that was in review, over the last 30 days."""
    rows = store.rows(
        """SELECT card, sum(rating > 1), count(*) FROM answer
        WHERE day > ? AND day <= ? AND state = ? GROUP BY card""",
        (today - WINDOW, today, State.REVIEW),
    )
    return {card: (right, answers) for card, right, answers in rows}


def _work(store: Store, today: int) -> dict[int, tuple[int, int]]:
    """Answers and milliseconds of each study day since the Monday eleven weeks ago."""
    monday = today - (today - 1) % 7  # day 1, 1 January of the year 1, was a Monday
    first = monday - 7 * (WEEKS - 1)
    rows = store.rows(
        "SELECT day, count(*), sum(min(duration, ?)) FROM answer WHERE day BETWEEN ? AND ? GROUP BY day",
        (LONGEST_ANSWER, first, today),
    )
    return dict.fromkeys(range(first, today + 1), (0, 0)) | {day: (count, ms) for day, count, ms in rows}


def _held_back(store: Store, items: Container[str], settings: Settings, days: Days, now: int) -> int:
    """How many reviews today's session leaves for the coming days; it is asked itself, so that both agree."""
    today = days.number(now)
    agenda = Agenda(today, days.start(today + 1))
    queue_due(agenda, store, items, now, settings.reviews_per_day, days)
    return agenda.held_back


def _forecast(
    returns: Iterable[int], days: Days, today: int, held_back: int, limit: int
) -> tuple[DayCount, ...]:
    """What each day brings: what is due, and as much of what was held back as its limit has room for."""
    ends = [days.start(day + 1) for day in range(today, today + AHEAD)]
    counts = [0] * (AHEAD + 1)
    for back in returns:
        counts[bisect_right(ends, back)] += 1
    counts[0] -= held_back
    for day in range(1, AHEAD):
        taken = min(held_back, max(0, limit - counts[day]))
        held_back -= taken
        counts[day] += taken
    return tuple(DayCount(iso(today + n), counts[n]) for n in range(AHEAD))


def _streak(store: Store, today: int) -> int:
    def studied(day: int) -> bool:
        return store.one("SELECT 1 FROM answer WHERE day = ? LIMIT 1", (day,)) is not None

    last = today if studied(today) else today - 1
    day = last
    while studied(day):
        day -= 1
    return last - day


def _topics(
    items: Iterable[CardToSchedule], cards: Iterable[Card], remembered: Mapping[str, tuple[int, int]]
) -> tuple[TopicStatistics, ...]:
    by_id = {card.id: card for card in cards}
    topics: dict[str, list[Card]] = {}
    for item in items:
        topics.setdefault(item.topic, []).append(by_id.get(item.id) or Card(item.id))
    return tuple(_topic(topic, topics[topic], remembered) for topic in topics)


def _topic(topic: str, cards: Sequence[Card], remembered: Mapping[str, tuple[int, int]]) -> TopicStatistics:
    marks = [remembered[card.id] for card in cards if card.id in remembered]
    answers = sum(count for _, count in marks)
    return TopicStatistics(
        topic=topic,
        questions=len(cards),
        seen=sum(card.introduced is not None for card in cards),
        mature=sum(card.interval >= MATURE for card in cards),
        answers=answers,
        retention=sum(right for right, _ in marks) / answers if answers else None,
    )
