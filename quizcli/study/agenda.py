"""What is left of a study day, and in which order.

A pure function of the store, the questions and the time: whoever stops, even by kill -9, and begins again
goes on with the same card.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Iterable, Mapping
from typing import Protocol

from quizcli.study.card import Card, State
from quizcli.study.chance import chance
from quizcli.study.days import MINUTE, Days
from quizcli.study.queues import due_on, introduced_on, not_new
from quizcli.study.store import Store

AHEAD = 20 * MINUTE  # a learning card may come this much too early when nothing else is left


class Item(Protocol):
    """What the schedule must know of a question."""

    @property
    def id(self) -> str:
        """Its identity for ever."""

    @property
    def topic(self) -> str:
        """New cards come from all topics in turn."""

    @property
    def level(self) -> int:
        """New cards of a topic come in ascending order of it."""


class Agenda:
    """The ids still to come today. `take` removes one, `put` queues one that comes back within minutes."""

    def __init__(self, day: int, end: int) -> None:
        self.day = day
        self.end = end  # ms: first instant of the next study day
        self.first: str | None = None  # the card that was just undone
        self.elsewhere = 0  # how many of the day's cards are asked in other windows
        self.learning: list[tuple[int, str]] = []  # a heap by due time
        self.reviews: deque[str] = deque()
        self.new: deque[str] = deque()

    def __len__(self) -> int:
        return (
            (self.first is not None) + self.elsewhere + len(self.learning) + len(self.reviews) + len(self.new)
        )

    def take(self, now: int) -> str | None:
        """The next card: a learning card that is due, a review, a new one, or a learning card early."""
        if self.first is not None:
            card_id, self.first = self.first, None
            return card_id
        if self.learning and self.learning[0][0] <= now:
            return heapq.heappop(self.learning)[1]
        for queue in (self.reviews, self.new):
            if queue:
                return queue.popleft()
        if self.learning and self.learning[0][0] <= now + AHEAD:
            return heapq.heappop(self.learning)[1]
        return None

    def put(self, card: Card) -> None:
        """Queue a card again if it comes back within minutes."""
        if card.learning and card.due is not None:
            heapq.heappush(self.learning, (card.due, card.id))

    def allows(self, card: Card | None, now: int) -> bool:
        """Whether a queued card may still come up: another process may have dealt with it meanwhile."""
        if card is None:
            return True
        if card.suspended or card.buried_until > now or (card.due_day or 0) > self.day:
            return False
        if card.due is None:
            return card.state == State.NEW
        return card.state == State.REVIEW or card.due < (now + AHEAD if card.learning else self.end)

    def prefer(self, card_id: str) -> None:
        """Let a card that is queued come first."""
        before = len(self)
        self.reviews = deque(name for name in self.reviews if name != card_id)
        self.new = deque(name for name in self.new if name != card_id)
        self.learning = [(due, name) for due, name in self.learning if name != card_id]
        heapq.heapify(self.learning)
        if len(self) < before:
            self.reviews.extendleft([self.first] if self.first is not None else [])
            self.first = card_id


def draw_up(store: Store, items: Mapping[str, Item], days: Days, now: int, new_limit: int) -> Agenda:
    """The agenda of the study day that `now` belongs to, with at most `new_limit` new cards that day."""
    day = days.number(now)
    agenda = Agenda(day, days.start(day + 1))
    reviews = []
    for card_id, state, due, due_day in due_on(store, day, max(agenda.end, now + AHEAD), now):
        if card_id not in items:
            continue
        if state in (State.LEARNING, State.RELEARNING):
            agenda.learning.append((due, card_id))
        elif state == State.REVIEW or due < agenda.end:
            reviews.append((due_day or day, chance(card_id, day), card_id))
    heapq.heapify(agenda.learning)
    agenda.reviews.extend(card_id for _, _, card_id in sorted(reviews))
    if new_limit > 0:
        agenda.new.extend(_new_cards(store, items, day, now, new_limit))
    undone = store.just_undone()
    if undone is not None:
        agenda.prefer(undone)
    return agenda


def _new_cards(store: Store, items: Mapping[str, Item], day: int, now: int, limit: int) -> Iterable[str]:
    begun = introduced_on(store, day)
    if len(begun) >= limit:
        return ()
    known = not_new(store, day, now)
    waiting = [item for item in items.values() if item.id not in known]
    topics = [items[card_id].topic for card_id in begun if card_id in items]
    return interleaved(waiting, topics, day, limit - len(begun))


def interleaved(waiting: Iterable[Item], begun: Iterable[str], day: int, number: int) -> Iterable[str]:
    """Ids of up to `number` new cards: each from the topic with the fewest new cards today, easy ones first.

    `begun` holds the topic of each card begun today. Which of two even topics comes first changes daily.
    """
    topics: dict[str, list[Item]] = {}
    for item in waiting:
        topics.setdefault(item.topic, []).append(item)
    counts = dict.fromkeys(topics, 0)
    for topic in begun:
        if topic in counts:
            counts[topic] += 1
    turns = [(count, chance(topic, day), topic) for topic, count in counts.items()]
    heapq.heapify(turns)
    queues = {topic: deque(sorted(queue, key=lambda item: item.level)) for topic, queue in topics.items()}
    while turns and number > 0:
        count, place, topic = turns[0]
        yield queues[topic].popleft().id
        number -= 1
        if queues[topic]:
            heapq.heapreplace(turns, (count + 1, place, topic))
        else:
            heapq.heappop(turns)
