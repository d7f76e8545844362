"""What is left of a study day, and in which order.

A pure function of the store, the questions and the time: whoever stops, even by kill -9, and begins again
goes on with the same card.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Container, Mapping

from msgspec import Struct

from quizcli.study.day_cards import Mark, cards_of_the_day, has_mark, last_answered, reviewed_on
from quizcli.study.due_cards import due_on
from quizcli.study.new_cards import Taught, lesson
from quizcli.study.schedule.card import Card, State
from quizcli.study.schedule.seeded_random import chance
from quizcli.study.schedule.study_days import MINUTE, Days
from quizcli.study.store.store import Store

AHEAD = 20 * MINUTE  # a learning card may come this much too early when nothing else is left


class Portion(Struct, frozen=True):
    """How much of what there is comes up.

    New cards and reviews are counted over the whole study day. Where more reviews are due than that, the most
    overdue come first, and no new cards until the others are done. With a `mark` only the cards that have it
    come, each once that day, due or not.
    """

    new: int
    reviews: int | None = None  # None: all of them
    mark: Mark = ""


class Agenda:
    """The ids still to come today. `take` removes one, `put` queues one that comes back within minutes.

    `held_back` counts the reviews that are due and left for the coming days.
    """

    def __init__(self, day: int, end: int, mark: Mark = "") -> None:
        self.day = day
        self.end = end  # ms: first instant of the next study day
        self.held_back = 0
        self.first: str | None = None  # the card that was just undone
        self.answered: str | None = None  # the card that was answered last
        self.disordered = False  # a card came out of its turn: what follows it must be drawn up anew
        self.elsewhere = 0  # how many of the day's cards are asked in other windows
        self.learning: list[tuple[int, str]] = []  # a heap by due time
        self.reviews: deque[str] = deque()
        self.new: deque[str] = deque()
        self._mark = mark

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
            return self._early(now)
        return None

    def _early(self, now: int) -> str:
        """A learning card before its time: not the one that was answered last where there is another."""
        soonest = heapq.heappop(self.learning)
        if soonest[1] == self.answered and self.learning and self.learning[0][0] <= now + AHEAD:
            return heapq.heapreplace(self.learning, soonest)[1]
        return soonest[1]

    def put(self, card: Card) -> None:
        """Take in what became of a card by its answer: it is queued if it comes back within minutes."""
        self.answered = card.id
        if card.learning and card.due is not None:
            heapq.heappush(self.learning, (card.due, card.id))

    def allows(self, card: Card | None, now: int) -> bool:
        """Whether a queued card may still come up: another process may have dealt with it meanwhile."""
        if card is None:
            return not self._mark
        if card.is_buried(self.day, now):
            return False
        if self._mark:
            early = card.learning and card.due is not None and card.due >= now + AHEAD
            return has_mark(card, self._mark) and not early
        if card.suspended or (card.due_day or 0) > self.day:
            return False
        if card.due is None:
            return card.state == State.NEW
        return card.state == State.REVIEW or card.due < (now + AHEAD if card.learning else self.end)

    def prefer(self, card_id: str, *, unasked: bool = False) -> None:
        """Let a card that is queued come first; `unasked`: also one that is not among today's."""
        before = len(self)
        self.reviews = deque(name for name in self.reviews if name != card_id)
        self.new = deque(name for name in self.new if name != card_id)
        self.learning = [(due, name) for due, name in self.learning if name != card_id]
        heapq.heapify(self.learning)
        if len(self) < before or (unasked and self.first != card_id):
            self.reviews.extendleft([self.first] if self.first is not None else [])
            self.first = card_id
            self.disordered = True


def draw_up(
    store: Store,
    items: Mapping[str, Taught],
    needed: Mapping[str, frozenset[str]],
    days: Days,
    now: int,
    portion: Portion,
) -> Agenda:
    """The agenda of the study day that `now` belongs to. `needed`: what must have been seen before a card."""
    day = days.number(now)
    agenda = Agenda(day, days.start(day + 1), portion.mark)
    if portion.mark:
        _marked(agenda, store, items, now, portion.mark)
    else:
        queue_due(agenda, store, items, now, portion.reviews, days)
        begun = len(store.introduced_on(day))
        if not agenda.held_back and portion.new > begun:
            agenda.new.extend(lesson(items, needed, cards_of_the_day(store, now, day), portion.new - begun))
    agenda.answered = last_answered(store)
    if (undone := store.just_undone(day)) and undone[0] in items:
        agenda.prefer(undone[0], unasked=undone[1])
    return agenda


def queue_due(
    agenda: Agenda, store: Store, items: Container[str], now: int, limit: int | None, days: Days
) -> None:
    """Queue what is due, with at most `limit` reviews in the study day.

    Steps that were left on an earlier day are reviews too: after a holiday they may be many.
    """
    reviews = []
    today = days.start(agenda.day)
    for card_id, state, due, due_day, interval in due_on(
        store, agenda.day, max(agenda.end, now + AHEAD), now
    ):
        if card_id not in items:
            continue
        steps = state in (State.LEARNING, State.RELEARNING)
        if steps and due >= today:
            agenda.learning.append((due, card_id))
        elif steps or state == State.REVIEW or due < agenda.end:
            known = days.number(due) if steps else agenda.day
            day = known if due_day is None else due_day
            overdue = (agenda.day - day) / max(1, interval)
            reviews.append((day, overdue, chance(card_id, agenda.day), card_id))
    heapq.heapify(agenda.learning)
    room = len(reviews) if limit is None else max(0, limit - reviewed_on(store, agenda.day))
    agenda.held_back = max(0, len(reviews) - room)
    if agenda.held_back:
        reviews.sort(key=lambda review: (-review[1], review[2]))  # the most overdue for its interval
    else:
        reviews.sort(key=lambda review: (review[0], review[2]))
    agenda.reviews.extend(card_id for *_, card_id in reviews[:room])


def _marked(agenda: Agenda, store: Store, items: Mapping[str, Taught], now: int, mark: Mark) -> None:
    """Queue the marked cards not answered today: what is due first, then new ones, then the others."""
    cards = [card for card in store.cards() if card.id in items and has_mark(card, mark)]
    cards = [card for card in cards if not card.is_buried(agenda.day, now)]
    agenda.learning = [(card.due, card.id) for card in cards if card.learning and card.due is not None]
    heapq.heapify(agenda.learning)
    rest = sorted(
        (card.due_day or agenda.day, card.due, card.id)
        for card in cards
        if card.due is not None and not card.learning and card.last_day != agenda.day
    )
    agenda.reviews.extend(card_id for day, _, card_id in rest if day <= agenda.day)
    new = {card.id for card in cards if card.due is None}
    agenda.new.extend(card_id for card_id in items if card_id in new)
    agenda.new.extend(card_id for day, _, card_id in rest if day > agenda.day)
