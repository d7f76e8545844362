"""Random sessions: what is stored is what the log says, and who begins anew goes on with the same card."""

import tempfile
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given
from hypothesis import settings as configured
from hypothesis import strategies as st

from quizcli.settings import Settings
from quizcli.study.schedule.study_days import DAY
from quizcli.study.session import Session
from quizcli.study.store.replay import drift, replay
from quizcli.study.store.store import Store
from tests.study.desk import BERLIN, MINUTE, Wall, at
from tests.study.many import Asked, questions

ASKED = questions(8, topics=3)
PAUSES = [0, 1, 20_000, 2 * MINUTE, 11 * MINUTE, DAY // 3, DAY, 9 * DAY]

acts = st.one_of(
    st.integers(1, 4),
    st.integers(1, 4),
    st.sampled_from(["undo", "suspend", "bury", "flag", "requeue 2", "requeue 5", "reopen"]),
)


def settings_for(folder: str) -> Settings:
    path = Path(folder)
    return Settings(
        config_file=path / "c.toml", store_file=path / "q.db", cache_dir=path, data_sets=None, new_per_day=3
    )


def do(session: Session[Asked], act: int | str) -> bool:
    """Do something to the current card; whether a new card was chosen after it."""
    if act == "undo":
        return session.undo() is not None
    if isinstance(act, str) and act.startswith("requeue"):
        session.requeue([ASKED[int(act[-1])].id])
        return True
    if session.current is None:
        return False
    if isinstance(act, int):
        session.answer(act, 1000 * act)
    elif act == "flag":
        session.flag()
        return False
    elif act != "reopen":
        getattr(session, act)()
    return act != "reopen"


@configured(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(acts, st.sampled_from(PAUSES)), max_size=30))
@example([(1, 0), ("suspend", 0), (1, 0)])
@example([("bury", 0), (1, 0), (1, 0), (1, 28800000), ("undo", 0), (1, 0)])  # undone: beyond the day's share
def test_random_sessions(script: Sequence[tuple[int | str, int]]) -> None:
    wall = Wall(at(2025, 3, 28, 22, zone=BERLIN))
    with tempfile.TemporaryDirectory() as folder, Store.open(Path(folder) / "q.db") as store:
        settings = settings_for(folder)

        def begin() -> Session[Asked]:
            return Session.open(store, ASKED, settings, wall, zone=BERLIN)

        session = begin()
        for act, pause in script:
            if act == "reopen" or session.current is None:
                session = begin()
            chosen = do(session, act)
            if chosen:
                fresh = begin()
                assert fresh.current == session.current
                assert fresh.counts == session.counts
                if session.current is not None:
                    assert fresh.card == session.card
            wall.pass_by(pause)
        assert drift(store) == ()
        assert store.check() == ""


def test_everything_can_be_undone(store: Store, settings: Settings, wall: Wall) -> None:
    session = Session.open(store, ASKED, settings, wall, zone=BERLIN)
    trail = []
    for act in (3, "flag", 1, "bury", 4, "suspend", "requeue 7", 2, "flag", 3):
        trail.append({card.id: card for card in store.cards()})
        do(session, act)
        wall.pass_by(MINUTE)
    for before in reversed(trail):
        assert session.undo() is not None
        assert {card.id: card for card in store.cards()} == before
        assert drift(store) == ()
    assert session.undo() is None
    assert list(store.cards()) == []
    assert len(list(store.log())) == 20  # nothing was deleted


def test_drift_is_seen(store: Store, settings: Settings, wall: Wall) -> None:
    session = Session.open(store, ASKED, settings, wall, zone=BERLIN)
    for _ in range(3):
        session.answer(4, 1000)
    spoilt, gone, _ = (card.id for card in store.cards())
    with store.writing() as db:
        db.execute("UPDATE card SET stability = stability + 1e-12 WHERE id = ?", (spoilt,))
        db.execute("DELETE FROM card WHERE id = ?", (gone,))
    assert drift(store) == (spoilt, gone)


def test_replay_does_not_need_the_zone(
    store: Store, settings: Settings, wall: Wall, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = Session.open(store, ASKED, settings, wall, zone=BERLIN)
    while session.current is not None:
        session.answer(4, 1000)
    monkeypatch.setenv("TZ", "Pacific/Auckland")
    assert replay(store.log(), store.schedulers()) == {card.id: card for card in store.cards()}
