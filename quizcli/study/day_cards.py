"""What the store knows of the cards of a study day: which are new, which were put aside, which are marked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from msgspec import Struct

if TYPE_CHECKING:
    from quizcli.study.schedule.card import Card
    from quizcli.study.store.store import Store

Mark = Literal["", "flagged", "suspended"]

_RECENT = 200  # entries of the log: whoever has put more aside today is past taking turns


class Standing(Struct, frozen=True):
    """What of the questions is new, and what a study day has brought so far, as ids."""

    met: frozenset[str] = frozenset()  # answered at some time, or suspended: somebody does without it
    away: frozenset[str] = frozenset()  # never answered, and buried or due already
    today: tuple[str, ...] = ()  # new on that day, then answered or put aside


def cards_of_the_day(store: Store, now: int, day: int) -> Standing:
    """What is new at an instant, and what its study day has brought."""
    rows = store.rows(
        """SELECT id, 1 FROM card WHERE introduced IS NOT NULL
        UNION ALL SELECT id, suspended != 0 FROM card
        WHERE introduced IS NULL
            AND (due IS NOT NULL OR suspended != 0 OR buried_until > :now OR buried_on >= :day)""",
        {"now": now, "day": day},
    )
    aside = store.rows(
        f"""SELECT DISTINCT card FROM (SELECT * FROM log ORDER BY seq DESC LIMIT {_RECENT}) AS recent
        WHERE day = ? AND kind IN ('bury', 'suspend') AND state = 0
        AND NOT EXISTS (SELECT 1 FROM log AS later WHERE later.undoes = recent.seq)""",
        (day,),
    )
    return Standing(
        met=frozenset(card_id for card_id, met in rows if met),
        away=frozenset(card_id for card_id, met in rows if not met),
        today=(*store.introduced_on(day), *(card_id for (card_id,) in aside)),
    )


def reviewed_on(store: Store, day: int) -> int:
    """How many cards of longer standing a study day has seen answered."""
    row = store.one(
        """SELECT count(DISTINCT card) FROM answer WHERE day = :day AND state != 0
        AND card NOT IN (SELECT id FROM card WHERE introduced = :day)""",
        {"day": day},
    )
    return int(row[0])


def last_answered(store: Store) -> str | None:
    """The card of the newest answer."""
    row = store.one("SELECT card FROM answer ORDER BY seq DESC LIMIT 1")
    return None if row is None else str(row[0])


def last_day_before(store: Store, day: int) -> int | None:
    """The last study day before this one that has seen an answer."""
    row = store.one("SELECT day FROM answer WHERE day < ? ORDER BY day DESC LIMIT 1", (day,))
    return None if row is None else int(row[0])


def marked(store: Store, mark: Mark) -> set[str]:
    """The ids of the cards that have a mark."""
    return {card.id for card in store.cards() if has_mark(card, mark)}


def has_mark(card: Card, mark: Mark) -> bool:
    """Whether a card has a mark."""
    return card.flagged if mark == "flagged" else card.suspended if mark == "suspended" else False
