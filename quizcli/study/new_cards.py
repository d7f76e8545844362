"""Which new cards come next, as a teacher would choose them: pure, and the same after every stop.

A few topics are open at a time, and take turns. The next one is opened, in the order in which the topics are
given, when an open one has nothing more to come: what it has left, if anything, waits for topics that are not
open. A card waits until all that it needs has been seen.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Protocol

from quizcli.study.day_cards import Standing

OPEN = 4  # topics at a time
FIRST = 1  # so many of a person's first cards can run, where there are such, whatever the order of topics


class CardToSchedule(Protocol):
    """What the schedule must know of a question."""

    @property
    def id(self) -> str:
        """Its identity for ever."""

    @property
    def topic(self) -> str:
        """New cards come from a few topics in turn."""

    @property
    def level(self) -> int:
        """New cards of a topic come in ascending order of it."""


class Taught(CardToSchedule, Protocol):
    """What must be known of a question to choose when it is new."""

    @property
    def needs(self) -> tuple[str, ...]:
        """Ids or topics to be seen before."""

    @property
    def demo(self) -> object | None:
        """The demonstration that it runs, if it can run."""


def lesson(
    items: Mapping[str, Taught], needed: Mapping[str, frozenset[str]], standing: Standing, number: int
) -> Iterator[str]:
    """Ids of up to `number` new cards. `needed`: what must have been met before each."""
    met = {*standing.met, *standing.away}  # what was put off until tomorrow holds up nothing else today
    opened = {item.topic for item in items.values() if item.id in met}
    waiting: dict[str, list[Taught]] = {}
    for item in items.values():
        cards = waiting.setdefault(item.topic, [])  # in the order of the topics, whatever is left of them
        if item.id not in met:
            cards.append(item)
    for cards in waiting.values():
        cards.sort(key=lambda item: item.level)
    turns = Counter(items[name].topic for name in standing.today if name in items)
    for _ in range(number):
        offered = list(_offered(waiting, opened, needed, met, running=len(met) < FIRST))
        if not offered:
            return
        item = min(offered, key=lambda item: turns[item.topic])  # of even topics the first
        yield item.id
        waiting[item.topic].remove(item)
        met.add(item.id)
        opened.add(item.topic)
        turns[item.topic] += 1


def _offered(
    waiting: Mapping[str, list[Taught]],
    opened: Collection[str],
    needed: Mapping[str, frozenset[str]],
    met: set[str],
    *,
    running: bool,
) -> Iterator[Taught]:
    """The next card of each open topic; `running`: those that run, if there are any."""
    if running:
        runs = {
            topic: [item for item in cards if item.demo is not None and item.level == 1]
            for topic, cards in waiting.items()
        }
        if first := list(_offered(runs, opened, needed, met, running=False)):
            yield from first
            return

    def ready(topics: Iterable[str]) -> Iterator[Taught]:
        for topic in topics:
            cards = (card for card in waiting[topic] if needed.get(card.id, frozenset()) <= met)
            yield from islice(cards, 1)

    begun = [topic for topic in waiting if topic in opened]
    yield from islice(ready(begun), OPEN)
    room = OPEN - _under_way([waiting[topic] for topic in begun], needed, met)
    yield from islice(ready(topic for topic in waiting if topic not in opened), max(0, room))


def _under_way(
    begun: Iterable[Sequence[Taught]], needed: Mapping[str, frozenset[str]], met: Collection[str]
) -> int:
    """How many topics have a card that comes without another topic being opened, now or after others."""
    left, known = list(begun), set(met)
    while True:
        coming = [[card.id for card in cards if needed.get(card.id, frozenset()) <= known] for cards in left]
        new = {name for names in coming for name in names} - known
        if not new:
            return sum(map(bool, coming))
        known |= new
