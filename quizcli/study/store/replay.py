"""The cards, rebuilt from nothing but the log: proof that what is stored is derived."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from msgspec.structs import replace

from quizcli.study.schedule.card import Card, Rating, after_act
from quizcli.study.schedule.schedule import Schedule
from quizcli.study.store.rows import LogEntry
from quizcli.study.store.store import Store


def replay(log: Iterable[LogEntry], terms: Mapping[int, str]) -> dict[str, Card]:
    """Every card by id, as the log's entries left it; `terms` by the number of the scheduler.

    FSRS is run again for each answer. Only `due` is read from the log: it hangs on the zone of that time.
    """
    schedules = {number: Schedule.from_terms(text) for number, text in terms.items()}
    histories: dict[str, list[Card]] = {}  # the card after each entry that stands, oldest first
    for entry in log:
        history = histories.setdefault(entry.card, [])
        if entry.kind == "undo":
            history.pop()
            continue
        card = history[-1] if history else Card(entry.card)
        if entry.kind != "answer":
            history.append(after_act(card, entry.kind, entry.day, entry.due))
        elif entry.scheduler is not None and entry.rating is not None:
            after, _ = schedules[entry.scheduler].remember(card, Rating(entry.rating), entry.day)
            history.append(replace(after, due=entry.due))
    return {card_id: history[-1] for card_id, history in histories.items() if history}


def drift(store: Store) -> tuple[str, ...]:
    """The ids of the cards whose stored state is not what the log says; none in a healthy store."""
    rebuilt = replay(store.log(), store.schedulers())
    stored = {card.id: card for card in store.cards()}
    return tuple(sorted(name for name in rebuilt.keys() | stored if rebuilt.get(name) != stored.get(name)))
