"""The store's file deleted, moved, replaced or spoilt while it is open: every answer is there afterwards."""

import errno
import os
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from quizcli.errors import QuizError
from quizcli.settings import Settings
from quizcli.study.quiz_round import Round
from quizcli.study.schedule.card import Rating
from quizcli.study.schedule.schedule import Schedule
from quizcli.study.schedule.study_days import Days
from quizcli.study.store.replay import drift
from quizcli.study.store.store import Store
from tests.study.damaging import Quizzed
from tests.study.desk import BERLIN, Wall

DAYS = Days(4, BERLIN)
SCHEDULE = Schedule(DAYS)
QUIZZED = [Quizzed(f"q{n}", "vae", 1, "recall") for n in range(3)]


def answer(store: Store, wall: Wall, *names: str) -> None:
    for name in names:
        store.answer(name, Rating.GOOD, 1500, wall.now, SCHEDULE)
        wall.pass_by(1000)


def rows_at(path: Path) -> list[str]:
    """What a later run finds."""
    with Store.open(path) as store:
        assert store.check() == ""
        assert drift(store) == ()
        return [f"{entry.kind} {entry.card}" for entry in store.log()]


def gone(path: Path, old: Path) -> None:
    path.unlink()


def all_gone(path: Path, old: Path) -> None:
    for end in ("", "-wal", "-shm"):
        Path(f"{path}{end}").unlink()


def folder_gone(path: Path, old: Path) -> None:
    shutil.rmtree(path.parent)


def folder_moved(path: Path, old: Path) -> None:
    path.parent.rename(path.parent.with_name("elsewhere"))


def moved(path: Path, old: Path) -> None:
    path.rename(path.with_name("moved.db"))


def replaced(path: Path, old: Path) -> None:
    """As tools that synchronize do: the main file alone, by a rename."""
    shutil.copy(old, path.with_name("new"))
    os.replace(path.with_name("new"), path)


def all_replaced(path: Path, old: Path) -> None:
    all_gone(path, old)
    shutil.copy(old, path)


def begun_anew(path: Path, old: Path) -> None:
    all_gone(path, old)
    Store.open(path).close()


def wal_gone(path: Path, old: Path) -> None:
    Path(f"{path}-wal").unlink()


def wal_cut_off(path: Path, old: Path) -> None:
    os.truncate(f"{path}-wal", 0)


def wal_replaced(path: Path, old: Path) -> None:
    Path(f"{path}-wal").unlink()
    Path(f"{path}-wal").write_bytes(b"not a log" * 1000)


def shm_gone(path: Path, old: Path) -> None:
    Path(f"{path}-shm").unlink()


def damaged(path: Path, old: Path) -> None:
    """Another file, of which all but the first page is noise."""
    data = old.read_bytes()
    all_gone(path, old)
    path.write_bytes(data[:4096] + b"\xff" * (len(data) - 4096))


def empty(path: Path, old: Path) -> None:
    all_gone(path, old)
    path.touch()


EVERY = (
    gone, all_gone, folder_gone, folder_moved, moved, replaced, all_replaced, begun_anew, wal_gone,
    wal_cut_off, wal_replaced, shm_gone, damaged, empty,
)  # fmt: skip
Fault = Callable[[Path, Path], None]


@pytest.mark.parametrize("fault", EVERY, ids=lambda fault: fault.__name__)
@pytest.mark.parametrize("then", ["answers", "act", "undo", "close"])
def test_nothing_is_lost(tmp_path: Path, wall: Wall, fault: Fault, then: str) -> None:
    path, old = tmp_path / "data" / "quizcli.db", tmp_path / "old.db"
    with Store.open(path) as store:
        answer(store, wall, "monday")
    shutil.copy(path, old)
    with Store.open(path) as store:
        answer(store, wall, "tuesday", "a")
        fault(path, old)
        match then:
            case "answers":
                answer(store, wall, "b", "a")
            case "act":
                store.act("b", "flag", wall.now, DAYS.number(wall.now))
            case "undo":
                store.undo(wall.now, DAYS.number(wall.now))
        notices = store.notices
    expected = ["answer monday", "answer tuesday", "answer a"]
    expected += {"answers": ["answer b", "answer a"], "act": ["flag b"], "undo": ["undo a"], "close": []}[
        then
    ]
    assert rows_at(path) == expected
    if fault not in (wal_gone, wal_cut_off, wal_replaced, shm_gone):
        assert str(path) in notices[0]
    assert not [name for name in os.listdir(path.parent) if "partial" in name]


@pytest.mark.parametrize("how", ["undo", "act", "round"])
def test_what_notices_it_is_rescued_too(tmp_path: Path, settings: Settings, wall: Wall, how: str) -> None:
    path = settings.store_file
    with Store.open(path) as store:
        answer(store, wall, "a")
        round_ = Round.start(store, QUIZZED, settings, wall, zone=BERLIN)
        all_gone(path, path)
        path.mkdir()
        does: dict[str, Callable[[], object]] = {
            "undo": lambda: store.undo(wall.now, DAYS.number(wall.now)),
            "act": lambda: store.act("a", "flag", wall.now, DAYS.number(wall.now)),
            "round": lambda: round_.answer(True, 1000),
        }
        with pytest.raises(QuizError, match="All that this run had stored is in"):
            does[how]()
        with pytest.raises(QuizError, match="All that this run had stored is in"):
            store.log()
    (rescued,) = (path.parent / "backups").glob("*rescued*")
    with Store.open(rescued) as store:
        kinds = [entry.kind for entry in store.log()]
        assert kinds == ["answer", *{"undo": ["undo"], "act": ["flag"], "round": []}[how]]
        if how == "round":
            assert store.one("SELECT count(*) FROM round_answer") == (1,)


def test_where_the_last_entry_could_not_be_rescued_that_is_said(
    tmp_path: Path, wall: Wall, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "quizcli.db"
    with Store.open(path) as store:
        answer(store, wall, "a")
        all_gone(path, path)
        path.mkdir()
        monkeypatch.setattr("quizcli.study.store.store.APPEND", "INSERT INTO nowhere VALUES (?)")
        with pytest.raises(QuizError, match=r"All that this run .* The last entry is not in it"):
            answer(store, wall, "b")


@pytest.mark.parametrize("how", [replaced, all_replaced])
def test_a_newer_copy_in_its_place_is_kept_and_added_to(tmp_path: Path, wall: Wall, how: Fault) -> None:
    """Another machine has gone on with it, and both have answers that the other lacks."""
    path, other = tmp_path / "quizcli.db", tmp_path / "other.db"
    with Store.open(path) as store:
        answer(store, wall, "common")
    shutil.copy(path, other)
    with Store.open(other) as elsewhere:
        answer(elsewhere, wall, "theirs", "shared")
    with Store.open(path) as store:
        answer(store, wall, "ours", "shared")
        store.undo(wall.now, DAYS.number(wall.now))
        how(path, other)
        answer(store, wall, "new")
        (notice,) = store.notices
    assert "nothing is lost" in notice
    assert sorted(rows_at(path)) == sorted(
        [
            "answer common",
            "answer theirs",
            "answer shared",
            "answer ours",
            "answer shared",
            "undo shared",
            "answer new",
        ]
    )
    with Store.open(path) as store:
        card = store.card("shared")
        assert card is not None
        assert card.reviews == 1


@pytest.mark.parametrize("what", ["diary", "bookmarks", "newer", "folder", "pipe", "device"])
def test_what_is_no_store_of_ours_is_left_alone_and_the_answers_are_kept(
    tmp_path: Path, wall: Wall, what: str
) -> None:
    path = tmp_path / "quizcli.db"

    def go_on() -> None:
        with Store.open(path) as store:
            answer(store, wall, "a", "b")
            all_gone(path, path)
            match what:
                case "diary":
                    path.write_text("Dear diary")
                case "bookmarks":
                    with sqlite3.connect(path) as db:
                        db.execute("CREATE TABLE bookmark (url)")
                    db.close()
                case "folder":
                    path.mkdir()
                case "pipe":
                    os.mkfifo(path)
                case "device":
                    path.symlink_to("/dev/zero")
                case "newer":
                    Store.open(path).close()
                    with sqlite3.connect(path) as db:
                        db.execute("PRAGMA user_version = 99")
                    db.close()
            before.append(path.read_bytes() if path.is_file() else b"")
            answer(store, wall, "c")

    before: list[bytes] = []
    with pytest.raises(QuizError, match="All that this run had stored is in") as caught:
        go_on()
    assert not path.is_file() or path.read_bytes()[:16] == before[0][:16]
    (rescued,) = (tmp_path / "backups").iterdir()
    assert str(rescued) in caught.value.message
    assert str(rescued) in caught.value.hint
    assert rows_at(rescued) == ["answer a", "answer b", "answer c"]
    assert rescued.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("number", [errno.EXDEV, errno.EROFS, errno.ENOTDIR, errno.EIO])
def test_a_copy_that_cannot_take_the_stores_place_is_rescued(
    tmp_path: Path, wall: Wall, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    """The disk is full and the copy on another one, or the folder has become something else."""
    path = tmp_path / "quizcli.db"

    def refuse(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    with Store.open(path) as store:
        answer(store, wall, "earlier")
    with Store.open(path) as store:
        answer(store, wall, "a")
        all_gone(path, path)
        monkeypatch.setattr(os, "link", refuse)
        with pytest.raises(QuizError, match="All that this run had stored is in") as caught:
            answer(store, wall, "b")
    assert os.strerror(number) in caught.value.message
    (rescued,) = (tmp_path / "backups").iterdir()
    assert rows_at(rescued) == ["answer earlier", "answer a", "answer b"]


def test_after_that_every_answer_says_so_again(tmp_path: Path, wall: Wall) -> None:
    path = tmp_path / "quizcli.db"
    store = Store.open(path)
    answer(store, wall, "a")
    all_gone(path, path)
    path.write_text("Dear diary")
    for _ in range(2):
        with pytest.raises(QuizError, match="not a quizcli store"):
            answer(store, wall, "b")
        with pytest.raises(QuizError, match="not a quizcli store"):
            store.rows("SELECT 1")
    store.close()


def test_two_sessions_whose_store_vanishes(tmp_path: Path, wall: Wall) -> None:
    path = tmp_path / "quizcli.db"
    with Store.open(path) as one, Store.open(path) as other:
        answer(one, wall, "a")
        answer(other, wall, "b")
        all_gone(path, path)
        answer(one, wall, "c")
        answer(other, wall, "d")
        answer(one, wall, "e")
    assert rows_at(path) == [f"answer {name}" for name in "abcde"]


def test_a_scored_round_goes_on(tmp_path: Path, settings: Settings, wall: Wall) -> None:
    path = settings.store_file
    with Store.open(path) as store:
        round_ = Round.start(store, QUIZZED, settings, wall, zone=BERLIN)
        round_.answer(True, 1000)
        all_gone(path, path)
        round_.answer(False, 1000)
        assert (round_.result.right, round_.result.answers) == (1, 2)
    with Store.open(path) as store:
        left = Round.unfinished(store, QUIZZED, settings, wall, zone=BERLIN)
        assert left is not None
        assert (left.result.right, left.result.answers) == (1, 2)


def test_who_only_looks_brings_nothing_back(tmp_path: Path, wall: Wall) -> None:
    path = tmp_path / "quizcli.db"
    with Store.open(path) as store:
        list(store.cards())
        all_gone(path, path)
    assert not path.exists()


def test_a_checkpoint_by_another_process_is_no_fault(tmp_path: Path, wall: Wall) -> None:
    path = tmp_path / "quizcli.db"
    with Store.open(path) as store:
        answer(store, wall, "a")
        other = sqlite3.connect(path)
        other.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        other.close()
        answer(store, wall, "b")
        assert store.notices == []
    assert rows_at(path) == ["answer a", "answer b"]
