"""What waits in the store for its study day or its instant, where it is not put aside."""

from __future__ import annotations

from quizcli.study.schedule.card import Day, Instant
from quizcli.study.store.store import Store

_NOT_ASIDE = "suspended = 0 AND buried_until <= :now AND (buried_on IS NULL OR buried_on < :day)"


def due_on(store: Store, day: int, end: int, now: int) -> list[tuple[str, int, int, int | None, int]]:
    """Id, state, `due` (ms), `due_day` and interval of every card that is due: those in review by the study
    day, others before `end` (ms).
    """
    rows = store.rows(
        f"""SELECT id, state, due, due_day, interval FROM card
        WHERE state = 2 AND due_day <= :day AND {_NOT_ASIDE}
        UNION ALL SELECT id, state, due, due_day, interval FROM card
        WHERE due < :end AND state != 2 AND {_NOT_ASIDE}""",
        {"day": day, "end": end, "now": now},
    )
    return store.checked(rows, list[tuple[str, int, Instant, Day | None, int]])


def coming_cards(store: Store, day: int, now: int) -> list[tuple[str, int, int | None]]:
    """Id of every card that comes back later than now, with the instant (ms) and the study day before which
    it does not; suspended ones do not.
    """
    rows = store.rows(
        """SELECT id, max(iif(state = 2, 0, coalesce(due, 0)), buried_until) AS back,
            nullif(max(coalesce(due_day, 0), coalesce(buried_on + 1, 0)), 0) AS back_day
        FROM card WHERE suspended = 0 AND (back > :now OR back_day > :day)""",
        {"day": day, "now": now},
    )
    return store.checked(rows, list[tuple[str, Instant, Day | None]])
