"""What demonstrations measured last, so that an answer can show its claims without running again."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from sqlite3 import Connection
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import astuple

from quizcli.bank.measured_record import canonical
from quizcli.study.schedule.card import Instant
from quizcli.study.schedule.study_days import now_ms
from quizcli.study.store.store import Store

if TYPE_CHECKING:
    from quizcli.demo.events import Claim, Label, Setting, Started


class MeasuredClaim(Struct, frozen=True):
    """A claim as a run of its demonstration found it. The fields are the columns of the table `claim`."""

    id: str
    holds: bool
    measured: float  # may be NaN, which supports no claim
    expected: float
    relation: str
    tolerance: float
    unit: str
    device: str
    data: str
    synthetic: bool  # measured on a stand-in for the data set
    at: Instant  # ms


_COLUMNS = ", ".join(MeasuredClaim.__struct_fields__)


def save_claims(
    store: Store,
    run: str,
    settings: Mapping[str, Setting],
    claims: Iterable[Claim],
    started: Started | None = None,
    now: int | None = None,
) -> None:
    """Keep what a run measured in place of what an earlier one with the same settings did.

    `started` is the run's first event, which says on which device and data.
    """
    moment = now_ms() if now is None else now
    rows = [
        MeasuredClaim(
            claim.id,
            claim.holds,
            claim.measured,
            claim.expected,
            claim.relation,
            claim.tolerance,
            claim.unit,
            started.device if started else "",
            _plain(started.data) if started else "",
            started.synthetic if started else False,
            moment,
        )
        for claim in claims
    ]

    places = "".join(f", ?{place}" for place in range(3, 14))

    def put(db: Connection) -> None:  # not over what another run has measured later
        db.executemany(
            f"""INSERT OR REPLACE INTO claim (run, settings, {_COLUMNS}) SELECT ?1, ?2{places} WHERE NOT
            EXISTS (SELECT 1 FROM claim WHERE run = ?1 AND settings = ?2 AND id = ?3 AND at > ?13)""",
            [(run, canonical(settings), *astuple(row)) for row in rows],
        )

    store.after_healing(put)
    with store.writing() as db:
        put(db)


def claims_for(store: Store, run: str, settings: Mapping[str, Setting]) -> dict[str, MeasuredClaim]:
    """The newest measurement of each claim of a run with exactly these settings, by the claim's id."""
    rows = store.rows(
        f"SELECT {_COLUMNS} FROM claim WHERE run = ? AND settings = ? ORDER BY id", (run, canonical(settings))
    )
    return {row[0]: _measured(row, store) for row in rows}


def _measured(row: Iterable[Any], store: Store) -> MeasuredClaim:
    values = (math.nan if value is None else value for value in row)  # SQLite stores NaN as NULL
    named = dict(zip(MeasuredClaim.__struct_fields__, values, strict=True))
    return store.checked(
        {**named, **{flag: bool(named[flag]) for flag in ("holds", "synthetic")}}, MeasuredClaim
    )


def _plain(label: Label) -> str:
    """A label as the store keeps it, whatever language is in use."""
    return label if isinstance(label, str) else label["en"]
