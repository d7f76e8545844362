"""What waits in the store: for its study day, for its instant, or for its turn as a new card."""

from __future__ import annotations

from quizcli.study.card import Day, Instant
from quizcli.study.store import Store


def due_on(store: Store, day: int, end: int, now: int) -> list[tuple[str, int, int, int | None]]:
    """Id, state, `due` (ms) and `due_day` of all cards not put aside that are due: those in review by the
    study day, others before `end` (ms).
    """
    rows = store.rows(
        """SELECT id, state, due, due_day FROM card
        WHERE state = 2 AND due_day <= :day AND suspended = 0 AND buried_until <= :now
        UNION ALL SELECT id, state, due, due_day FROM card
        WHERE due < :end AND state != 2 AND (due_day IS NULL OR due_day <= :day)
            AND suspended = 0 AND buried_until <= :now""",
        {"day": day, "end": end, "now": now},
    )
    return store.checked(rows, list[tuple[str, int, Instant, Day | None]])


def coming(store: Store, day: int, now: int) -> list[tuple[str, int, int | None]]:
    """Id of every card that comes back later than now, with the instant (ms) and the study day before which
    it does not; suspended ones do not.
    """
    rows = store.rows(
        """SELECT id, max(iif(state = 2, 0, coalesce(due, 0)), buried_until) AS back, due_day FROM card
        WHERE suspended = 0 AND (back > :now OR due_day > :day)""",
        {"day": day, "now": now},
    )
    return store.checked(rows, list[tuple[str, Instant, Day | None]])


def not_new(store: Store, day: int, now: int) -> set[str]:
    """The ids of all questions that cannot come up as new: answered, queued already, or put aside."""
    rows = store.rows(
        """SELECT id FROM card WHERE introduced IS NOT NULL
        UNION ALL SELECT id FROM card WHERE introduced IS NULL
            AND (due IS NOT NULL OR suspended != 0 OR buried_until > :now OR due_day > :day)""",
        {"day": day, "now": now},
    )
    return {card_id for (card_id,) in rows}


def introduced_on(store: Store, day: int) -> list[str]:
    """The ids of the cards that were answered for the first time on a study day."""
    return [card_id for (card_id,) in store.rows("SELECT id FROM card WHERE introduced = ?", (day,))]
