"""What a killed run has left in SQLite's log, beside what is no store of ours, or beside nothing."""

import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from quizcli.errors import QuizError
from quizcli.settings import Settings
from quizcli.study.backups.kept_backups import back_up
from quizcli.study.restore.candidate import candidate
from quizcli.study.restore.preview import preview
from quizcli.study.restore.put_back import restore
from quizcli.study.store.store import Store
from tests.study.database.test_presence import answer, rows_at
from tests.study.desk import Wall
from tests.study.store.test_overwritten import child, studied

KILLED = """
store = Store.open(path)
answer(store, wall, "a")
os._exit(0)
"""


def left_by(path: Path, tmp_path: Path, wall: Wall, backed_up: bool = True) -> bytes:
    """The log of a run that was killed."""
    studied(path, tmp_path / "old.db", wall)
    if backed_up:
        back_up(str(path), "daily")
    assert child(KILLED, path, path, wall) == 0
    return Path(f"{path}-wal").read_bytes()


@pytest.mark.parametrize("mark", [0, 7])
def test_a_file_of_another_program_is_not_written_to(tmp_path: Path, wall: Wall, mark: int) -> None:
    path, foreign = tmp_path / "quizcli.db", tmp_path / "foreign.db"
    log = left_by(path, tmp_path, wall)
    with closing(sqlite3.connect(foreign)) as db:
        db.execute(f"PRAGMA application_id = {mark}")
        db.execute("CREATE TABLE song (title)")
        db.commit()
    path.write_bytes(foreign.read_bytes())
    with pytest.raises(QuizError, match="is not a quizcli store"):
        Store.open(path)
    assert path.read_bytes() == foreign.read_bytes()
    assert Path(f"{path}-wal").read_bytes() == log


@pytest.mark.parametrize("backed_up", [True, False])
def test_a_log_whose_store_has_gone_is_kept(tmp_path: Path, wall: Wall, backed_up: bool) -> None:
    """SQLite would delete it."""
    path = tmp_path / "quizcli.db"
    log = left_by(path, tmp_path, wall, backed_up)
    os.unlink(path)
    with Store.open(path) as store:
        (told,) = store.notices
        answer(store, wall, "b")
    assert rows_at(path)[-1] == "answer b"
    (aside,) = tmp_path.glob("quizcli.db.damaged-*-wal")
    assert str(aside) in told
    assert aside.read_bytes() == log


def test_a_store_that_is_new_in_the_log_is_taken_in(tmp_path: Path, wall: Wall) -> None:
    """All of it is in the log then, and the file is empty, or no more than a header."""
    path = tmp_path / "quizcli.db"
    assert child(KILLED, path, path, wall) == 0
    for copy in ("", "-wal"):
        shutil.copy(f"{path}{copy}", f"{tmp_path}/kept.db{copy}")
    with Store.open(path) as store:
        assert store.notices == []
    assert rows_at(path)[-1] == "answer a"


@pytest.mark.parametrize("what", ["another program's", "an older copy", "gone"])
def test_restore_takes_no_such_log_for_the_stores(
    tmp_path: Path, settings: Settings, wall: Wall, what: str
) -> None:
    path, old = settings.store_file, tmp_path / "old.db"
    studied(path, old, wall)
    made = back_up(str(path), "daily")
    assert child(KILLED, path, path, wall) == 0
    log = Path(f"{path}-wal").read_bytes()
    match what:
        case "another program's":
            with closing(sqlite3.connect(tmp_path / "song.db")) as db:
                db.execute("CREATE TABLE song (title)")
            path.write_bytes((tmp_path / "song.db").read_bytes())
        case "an older copy":
            path.write_bytes(old.read_bytes())
        case "gone":
            path.unlink()
    there = path.read_bytes() if path.exists() else b""
    with candidate(Path(made), settings) as found:
        seen = preview(found, settings)
        restore(found, settings)
    assert "answer a" not in rows_at(path)
    kept = {each.name: each.read_bytes() for each in path.parent.glob("*damaged*")}
    assert log in kept.values()
    match what:
        case "another program's":
            assert "not a quizcli store" in seen.trouble
            assert there in kept.values()
        case "an older copy":
            assert (seen.trouble, seen.now is None) == ("", False)
            assert "after a run that was killed" in seen.notice
        case "gone":
            assert (seen.trouble, seen.now) == ("", None)
            assert seen.notice == ""


@pytest.mark.parametrize("place", ["the beginning", "the salts", "the middle", "the last page"])
def test_a_log_that_is_damaged_on_the_way_is_kept_and_told(tmp_path: Path, wall: Wall, place: str) -> None:
    """SQLite takes what stands before, and drops the rest without a word."""
    path = tmp_path / "quizcli.db"
    studied(path, tmp_path / "old.db", wall)
    code = """
    store = Store.open(path)
    answer(store, wall, *[f"a{n}" for n in range(20)])
    os._exit(0)
    """
    assert child(code, path, path, wall) == 0
    log = Path(f"{path}-wal")
    data = bytearray(log.read_bytes())
    spot = {"the beginning": 3, "the salts": 18, "the middle": len(data) // 2, "the last page": -50}[place]
    data[spot] ^= 0xFF
    log.write_bytes(data)
    with Store.open(path) as store:
        (told,) = store.notices
        answer(store, wall, "new")
    assert "is damaged: of what a run that was killed had written" in told
    (aside,) = tmp_path.glob("*.damaged-*-wal")
    assert aside.read_bytes() == data
    assert rows_at(path)[-1] == "answer new"


@pytest.mark.parametrize("cut", [1, 30, 5000])
def test_a_transaction_that_is_cut_off_is_no_damage(tmp_path: Path, wall: Wall, cut: int) -> None:
    path = tmp_path / "quizcli.db"
    left_by(path, tmp_path, wall)
    log = Path(f"{path}-wal")
    os.truncate(log, log.stat().st_size - cut)
    with Store.open(path) as store:
        assert store.notices == []
