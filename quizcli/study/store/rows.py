"""The rows of the store as records: what is read is checked, so that it can be relied on from here."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct, field
from msgspec.structs import replace

from quizcli.study.database.damage import decoding
from quizcli.study.schedule.card import Act, Card, Day, Instant, State

NonNegative = Annotated[int, Meta(ge=0)]


class LogEntry(Struct, frozen=True, kw_only=True):
    """One row of the review log. The fields are its columns."""

    uuid: str
    at: Instant
    day: Day
    kind: Act | Literal["answer", "undo"]
    card: str
    seq: NonNegative | None = None  # given by the store
    state: Annotated[int, Meta(ge=0, le=3)] | None = None
    rating: Annotated[int, Meta(ge=1, le=4)] | None = None
    duration: NonNegative | None = None
    due: Instant | None = None
    scheduler: int | None = None
    undoes: int | None = None
    before: str | None = None


class LogPart(Struct):
    """Entries of a log, oldest first, with all that they name by numbers: another store has other ones."""

    entries: list[LogEntry] = field(default_factory=list)
    terms: dict[int, str] = field(default_factory=dict)  # of the schedulers
    undone: dict[str, str] = field(default_factory=dict)  # what an entry takes back, both by their UUID


ENTRY = ", ".join(LogEntry.__struct_fields__)
CARD = ", ".join(Card.__struct_fields__)
APPEND = f"INSERT INTO log ({ENTRY}) VALUES ({', '.join('?' * len(LogEntry.__struct_fields__))})"
_NEW_VALUES = ", ".join(f"{name} = excluded.{name}" for name in Card.__struct_fields__[1:])
PUT = f"""INSERT INTO card ({CARD}) VALUES ({", ".join("?" * len(Card.__struct_fields__))})
    ON CONFLICT (id) DO UPDATE SET {_NEW_VALUES}"""


def card_of(row: tuple[Any, ...], path: str) -> Card:
    """The card of a row of the store at `path`. DamagedError where there can be no such card."""
    with decoding(path):
        return _possible(msgspec.convert(row, Card, strict=False))


def entry_of(row: tuple[Any, ...], path: str) -> LogEntry:
    """The entry of a row of the log."""
    with decoding(path):
        return msgspec.convert(dict(zip(LogEntry.__struct_fields__, row, strict=True)), LogEntry)


def packed(card: Card | None) -> str | None:
    """A card as the log keeps it; None where it had no row."""
    return None if card is None else msgspec.json.encode(card).decode()


def card_before(before: str, path: str) -> Card:
    """The inverse of `packed`. Cards were kept without `due_day` once."""
    with decoding(path):
        card = msgspec.json.decode(before, type=Card)
        if card.state == State.REVIEW and card.due_day is None and card.last_day is not None:
            card = replace(card, due_day=card.last_day + card.interval)
        return _possible(card)


def _possible(card: Card) -> Card:
    """The same card. ValueError for one that no answer leads to, and that FSRS could not grade."""
    learnt = (card.stability, card.difficulty, card.last_day, card.due)
    if card.state != State.NEW and None in learnt:
        raise ValueError(f"{card.id!r} has been learnt and nothing says how")
    if card.state == State.REVIEW and card.due_day is None:
        raise ValueError(f"{card.id!r} waits for no day")
    if card.learning and card.step is None:
        raise ValueError(f"{card.id!r} is being learnt, in no step")
    return card
