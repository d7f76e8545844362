"""Two sessions at once: they do not ask the same card, and none counts twice."""

import gc
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from msgspec.structs import replace

from quizcli.settings import Settings
from quizcli.study import card_locks
from quizcli.study.card_locks import Asking
from quizcli.study.schedule.card import Rating, State
from quizcli.study.session import Session
from quizcli.study.store.replay import drift
from quizcli.study.store.store import AnsweredElsewhereError, Store
from tests.study.desk import BERLIN, MINUTE, Wall
from tests.study.many import Asked, questions

ASKED = questions(6, topics=2)

OTHER = """
import sys
sys.path[:] = sys.argv[2:]
from pathlib import Path
from quizcli.study.card_locks import Asking

asking = Asking(Path(sys.argv[1]))
for line in sys.stdin:
    print(asking.take(line.strip()), flush=True)
"""


class Window:
    """Another process that asks cards, and says whether it may."""

    def __init__(self, child: "subprocess.Popen[str]") -> None:
        self._child = child

    def takes(self, card_id: str) -> bool:
        assert self._child.stdin is not None
        assert self._child.stdout is not None
        self._child.stdin.write(f"{card_id}\n")
        self._child.stdin.flush()
        return {"True": True, "False": False}[self._child.stdout.readline().strip()]

    def kill(self) -> None:
        self._child.kill()
        self._child.wait()


@contextmanager
def window(settings: Settings) -> Iterator[Window]:
    command = [sys.executable, "-c", OTHER, str(settings.cache_dir / "asking"), *sys.path]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
        yield Window(child)


def begin(store: Store, settings: Settings, wall: Wall) -> Session[Asked]:
    return Session.open(store, ASKED, settings, wall, zone=BERLIN)


def test_a_card_that_is_asked_in_another_window_waits_there(
    store: Store, settings: Settings, wall: Wall
) -> None:
    order = [question.id for question in begin(store, settings, wall).coming(6)]
    with window(settings) as other:
        assert other.takes(order[0])
        session = begin(store, settings, wall)
        assert session.card.id == order[1]
        assert session.counts.remaining == 6
        assert not other.takes(order[1])
        assert other.takes(order[2])  # which frees the first one
        session.answer(Rating.EASY, 1000)
        assert session.card.id == order[0]
        other.kill()
        session.answer(Rating.EASY, 1000)
        assert session.card.id == order[2]


def test_with_all_cards_elsewhere_nothing_is_left_here(store: Store, settings: Settings, wall: Wall) -> None:
    with window(settings) as other:
        assert other.takes(ASKED[0].id)
        session = Session.open(store, ASKED[:1], settings, wall, zone=BERLIN)
        assert session.current is None
        assert session.counts.remaining == 1


@pytest.mark.parametrize("missing", ["locks", "folder"])
def test_without_locks_the_session_goes_on(
    store: Store,
    settings: Settings,
    wall: Wall,
    missing: str,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    if missing == "locks":
        monkeypatch.setattr(card_locks, "HAS_LOCKS", False)
    else:
        (tmp_path / "file").write_text("")
        settings = replace(settings, cache_dir=tmp_path / "file")
    session = begin(store, settings, wall)
    while session.current is not None:
        assert session.answer(Rating.EASY, 1000) is not None
    assert len(list(store.log())) == 6


def test_the_first_answer_counts(store: Store, settings: Settings, wall: Wall) -> None:
    ours = begin(store, settings, wall)
    with Store.open(settings.store_file) as elsewhere:
        theirs = begin(elsewhere, settings, wall)
        shown = ours.card
        assert theirs.card == shown
        theirs.answer(Rating.GOOD, 1000)
        wall.pass_by(MINUTE)
        assert ours.answer(Rating.EASY, 1000) is None
        assert ours.card.id not in (shown.id, "")
        assert (ours.counts.done, ours.counts.remaining) == (1, 6)
        card = store.card(shown.id)
        assert card is not None
        assert (card.state, card.reviews) == (State.LEARNING, 1)
        assert ours.answer(Rating.EASY, 1000) is not None
    first = next(store.log())
    assert (first.card, first.rating) == (shown.id, Rating.GOOD)
    assert len(list(store.log())) == 2
    assert drift(store) == ()


def test_a_card_taken_back_elsewhere_can_be_answered(store: Store, settings: Settings, wall: Wall) -> None:
    ours = begin(store, settings, wall)
    with Store.open(settings.store_file) as elsewhere:
        theirs = begin(elsewhere, settings, wall)
        theirs.answer(Rating.GOOD, 1000)
        theirs.undo()
    assert ours.answer(Rating.EASY, 1000) is not None
    assert ours.counts.done == 1


def test_a_card_begun_elsewhere_is_not_asked_again_at_once(
    store: Store, settings: Settings, wall: Wall
) -> None:
    """It waits for its ten minutes, and the other cards come first; what they answered is in the counts."""
    ours = begin(store, settings, wall)
    with Store.open(settings.store_file) as elsewhere:
        theirs = begin(elsewhere, settings, wall)
        theirs.answer(Rating.EASY, 1000)  # the card that is shown here as well
        begun = theirs.card.id
        theirs.answer(Rating.GOOD, 1000)
    assert ours.answer(Rating.EASY, 1000) is None
    seen = []
    while ours.current is not None:
        seen.append(ours.card.id)
        ours.answer(Rating.EASY, 1000)
    assert (len(seen), seen.index(begun)) == (5, 4)
    assert ours.counts.done == 7


def test_the_store_refuses_before_it_writes(store: Store, settings: Settings, wall: Wall) -> None:
    session = begin(store, settings, wall)
    shown = session.card
    session.answer(Rating.EASY, 1000)
    with pytest.raises(AnsweredElsewhereError):
        store.answer(shown.id, Rating.AGAIN, 1, wall.now, session._schedule, shown)
    assert len(list(store.log())) == 1


def test_a_file_for_the_locks_is_for_nobody_else(settings: Settings) -> None:
    assert Asking(settings.cache_dir / "asking").take("q")
    assert (settings.cache_dir / "asking").stat().st_mode & 0o777 == 0o600


@pytest.mark.skipif(not card_locks.HAS_LOCKS, reason="no locks here")
def test_a_session_that_is_drawn_up_anew_keeps_its_card(settings: Settings) -> None:
    path = settings.cache_dir / "asking"
    with window(settings) as other:
        first, second = Asking(path), Asking(path)
        assert first.take("a")
        assert second.take("a")
        del first  # closing any file of locks drops all of this process
        gc.collect()
        assert second.take("a")
        assert not other.takes("a")
