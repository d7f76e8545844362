import os
import re
import sqlite3
import stat
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace

from quizcli.errors import QuizError
from quizcli.settings import Settings
from quizcli.study.backups.kept_backups import back_up
from quizcli.study.database.connection import LONGEST_FOLDER
from quizcli.study.restore.candidate import candidate
from quizcli.study.restore.put_back import restore
from quizcli.study.schedule.card import Card, Rating
from quizcli.study.schedule.schedule import Schedule
from quizcli.study.schedule.study_days import Days
from quizcli.study.store.migrations import MIGRATIONS, Migration, migrate
from quizcli.study.store.store import Store
from tests.study.desk import BERLIN, Wall
from tests.study.many import back_to_the_first_schema

DAYS = Days(4, BERLIN)
SCHEDULE = Schedule(DAYS)


def answer(store: Store, wall: Wall, name: str = "q", rating: Rating = Rating.GOOD) -> Card:
    return store.answer(name, rating, 1500, wall.now, SCHEDULE)


# The log


def test_each_answer_is_one_row_that_says_everything(store: Store, wall: Wall) -> None:
    first = answer(store, wall)
    wall.pass_by(60_000)
    second = answer(store, wall, rating=Rating.AGAIN)
    new, again = store.log()
    assert (new.kind, new.card, new.rating, new.duration, new.at) == (
        "answer",
        "q",
        3,
        1500,
        wall.now - 60_000,
    )
    assert (new.state, new.due, new.before, new.day) == (0, first.due, None, DAYS.number(wall.now))
    assert again.before is not None
    assert msgspec.json.decode(again.before, type=Card) == first
    assert (again.due, again.scheduler) == (second.due, new.scheduler)
    terms = msgspec.json.decode(store.schedulers()[new.scheduler or 0])
    assert (terms["retention"], len(terms["parameters"])) == (0.9, 21)


def test_uuids_are_unique_and_sort_by_time(store: Store, wall: Wall) -> None:
    for n in range(20):
        answer(store, wall, f"q{n}")
        wall.pass_by(1)
    uuids = [entry.uuid for entry in store.log()]
    assert uuids == sorted(set(uuids))
    assert all(
        re.fullmatch(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", u) for u in uuids
    )


def test_terms_are_stored_once_and_anew_when_they_change(store: Store, wall: Wall) -> None:
    answer(store, wall, "a")
    answer(store, wall, "b")
    store.answer("c", Rating.GOOD, 1, wall.now, Schedule(DAYS, 0.8))
    assert [entry.scheduler for entry in store.log()] == [1, 1, 2]


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE log SET rating = 4",
        "DELETE FROM log",
        "INSERT OR REPLACE INTO log SELECT * FROM log WHERE seq = 1",
        "INSERT OR REPLACE INTO log (uuid, at, day, kind, card) SELECT uuid, at, day, 'flag', card FROM log",
        "UPDATE scheduler SET terms = '{}'",
    ],
)
def test_the_log_is_append_only(store: Store, wall: Wall, sql: str) -> None:
    answer(store, wall)
    before = list(store.log())
    with pytest.raises(sqlite3.IntegrityError, match=r"append-only|the log names"), store.writing() as db:
        db.execute(sql)
    assert list(store.log()) == before


def test_acts_that_change_nothing_are_not_logged(store: Store, wall: Wall) -> None:
    day = DAYS.number(wall.now)
    store.act("q", "resume", wall.now, day)
    store.act("q", "unflag", wall.now, day)
    store.act("q", "suspend", wall.now, day)
    store.act("q", "suspend", wall.now, day)
    assert [entry.kind for entry in store.log()] == ["suspend"]


def test_an_interrupted_transaction_leaves_nothing(store: Store, wall: Wall) -> None:
    def interrupted() -> None:
        with store.writing() as db:
            db.execute("INSERT INTO scheduler (algorithm, terms) VALUES ('x', 'y')")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert store.schedulers() == {}
    assert answer(store, wall).reviews == 1


# The file


def test_the_folder_and_the_file_are_private(tmp_path: Path) -> None:
    path = tmp_path / "new" / "quizcli.db"
    with Store.open(path):
        if os.name == "posix":
            assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
            assert {stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()} == {0o600}


def test_answers_are_flushed_to_the_disk(store: Store) -> None:
    assert store.one("PRAGMA journal_mode") == ("wal",)
    assert store.one("PRAGMA synchronous") == (2,)  # FULL
    assert store.one("PRAGMA foreign_keys") == (1,)


def test_a_healthy_file_has_nothing_to_report(store: Store, wall: Wall) -> None:
    answer(store, wall)
    assert store.check() == ""


def test_a_broken_reference_is_reported(store: Store, wall: Wall) -> None:
    answer(store, wall)
    store.one("PRAGMA foreign_keys = OFF")
    with store.writing() as db:
        db.execute("DELETE FROM scheduler")
    assert store.check() == "log: row 1 names a missing scheduler"


@pytest.mark.parametrize(
    "content", [b"Dear diary, today I learnt", b"SQLite format 3\x00 but not really" * 200]
)
def test_a_file_that_is_no_database(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "diary.db"
    path.write_bytes(content)
    with pytest.raises(QuizError, match=r"diary\.db is not a quizcli store"):
        Store.open(path)
    assert path.read_bytes() == content


def test_a_database_of_another_program(tmp_path: Path) -> None:
    path = tmp_path / "bookmarks.db"
    with sqlite3.connect(path) as db:
        db.execute("CREATE TABLE bookmark (url)")
    db.close()
    with pytest.raises(QuizError, match="is not a quizcli store"):
        Store.open(path)


def test_a_damaged_file(tmp_path: Path, wall: Wall) -> None:
    path = tmp_path / "quizcli.db"
    with Store.open(path) as store:
        for n in range(200):
            answer(store, wall, f"q{n}")
    content = bytearray(path.read_bytes())
    content[4096 * 2 :] = b"\xff" * (len(content) - 4096 * 2)
    path.write_bytes(content)
    with pytest.raises(QuizError, match="is damaged") as caught, Store.open(path) as store:
        list(store.log())
    assert "backups" in caught.value.hint


def test_a_store_of_a_newer_program(tmp_path: Path) -> None:
    path = tmp_path / "quizcli.db"
    Store.open(path).close()
    with sqlite3.connect(path) as db:
        db.execute(f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
    db.close()
    with pytest.raises(QuizError, match=f"newer quizcli .schema {len(MIGRATIONS) + 1}") as caught:
        Store.open(path)
    assert caught.value.hint == "Update quizcli."


def test_a_store_that_another_process_holds(
    store: Store, settings: object, wall: Wall, tmp_path: Path
) -> None:
    holder = sqlite3.connect(tmp_path / "quizcli.db", isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    store.one("PRAGMA busy_timeout = 50")
    with pytest.raises(QuizError, match="locked by another process"):
        store.act("q", "flag", wall.now, 1)
    holder.execute("ROLLBACK")
    holder.close()
    assert answer(store, wall).reviews == 1


def test_a_full_disk_loses_nothing_that_was_there(store: Store, wall: Wall) -> None:
    answer(store, wall, "before")
    pages = store.one("PRAGMA page_count")[0]
    store.one(f"PRAGMA max_page_count = {pages + 2}")
    answered = ["before"]

    def go_on() -> None:
        while True:
            answered.append(answer(store, wall, f"q{len(answered)}").id)

    with pytest.raises(QuizError, match="The disk is full") as caught:
        go_on()
    assert "Nothing was half written" in caught.value.hint
    assert [entry.card for entry in store.log()] == answered
    assert {card.id for card in store.cards()} == set(answered)
    store.one("PRAGMA max_page_count = 1000000")
    assert answer(store, wall, "after").reviews == 1
    assert store.check() == ""


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(QuizError, match="cannot be opened for writing") as caught:
        Store.open(tmp_path / "file" / "quizcli.db")
    assert "QUIZCLI_HOME" in caught.value.hint


def test_a_store_that_is_a_folder(tmp_path: Path) -> None:
    with pytest.raises(QuizError, match="cannot be opened for writing"):
        Store.open(tmp_path)


@pytest.mark.skipif(os.name != "posix", reason="permissions of POSIX")
@pytest.mark.parametrize("exists", [True, False])
def test_a_read_only_folder(tmp_path: Path, exists: bool) -> None:
    folder = tmp_path / "locked"
    folder.mkdir()
    path = folder / "quizcli.db"
    if exists:
        Store.open(path).close()
        path.chmod(0o444)
    folder.chmod(0o555)
    script = (
        "import os, sys; sys.path[:] = sys.argv[2:]\n"
        "from quizcli.errors import QuizError; from quizcli.study.store.store import Store\n"
        # root may write anywhere: become somebody else once everything is imported
        "os.chdir(sys.argv[1])\n"
        "if os.geteuid() == 0: os.setuid(65534)\n"
        "try: Store.open('quizcli.db')\n"
        "except QuizError as error: print(error.message)\n"
    )
    try:
        child = subprocess.run(
            [sys.executable, "-c", script, str(folder), *sys.path], capture_output=True, text=True, timeout=60
        )
    finally:
        folder.chmod(0o755)
    assert child.stdout.startswith("quizcli.db cannot be opened for writing"), child


# Migrations

TOY = (
    Migration("notes", ("CREATE TABLE note (text TEXT) STRICT",)),
    Migration("authors", ("ALTER TABLE note ADD author TEXT", "UPDATE note SET author = 'me'")),
    Migration("broken", ("CREATE TABLE half (x)", "CREATE TABLE nonsense (")),
)


def test_migrations_are_applied_once_in_order_with_a_backup_before_each(tmp_path: Path) -> None:
    path = str(tmp_path / "toy.db")
    db = sqlite3.connect(path, isolation_level=None)
    migrate(db, path, TOY[:1])
    assert not (tmp_path / "backups").exists()  # there was nothing to lose
    db.execute("INSERT INTO note VALUES ('hello')")
    migrate(db, path, TOY[:2])
    migrate(db, path, TOY[:2])
    assert db.execute("SELECT * FROM note").fetchall() == [("hello", "me")]
    assert db.execute("PRAGMA user_version").fetchone() == (2,)
    (backup,) = (tmp_path / "backups").iterdir()
    assert re.fullmatch(r"toy-\d{8}T\d{6}Z-before-002-authors\.db", backup.name)
    kept = sqlite3.connect(backup)
    assert kept.execute("SELECT * FROM note").fetchall() == [("hello",)]
    assert kept.execute("PRAGMA user_version").fetchone() == (1,)
    assert kept.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    kept.close()
    db.close()
    if os.name == "posix":
        assert stat.S_IMODE(backup.stat().st_mode) == 0o600


def test_a_migration_that_fails_leaves_the_store_as_it_was(tmp_path: Path) -> None:
    path = str(tmp_path / "toy.db")
    db = sqlite3.connect(path, isolation_level=None)
    migrate(db, path, TOY[:2])
    with pytest.raises(sqlite3.OperationalError, match="incomplete input"):
        migrate(db, path, TOY)
    assert db.execute("PRAGMA user_version").fetchone() == (2,)
    assert db.execute("SELECT name FROM sqlite_schema").fetchall() == [("note",)]
    db.close()


def test_an_old_store_keeps_its_answers(tmp_path: Path, wall: Wall) -> None:
    path = tmp_path / "quizcli.db"
    with Store.open(path) as store:
        answer(store, wall)
        before = list(store.log())
        with store.writing() as db:
            back_to_the_first_schema(db)
    with Store.open(path) as store:
        assert list(store.log()) == before
        assert store.one("SELECT count(*) FROM claim") == (0,)
        assert store.check() == ""
    names = sorted(file.name.split("-", 2)[2] for file in (tmp_path / "backups").iterdir())
    assert names == ["before-002-claims.db", "before-003-rounds.db", "before-004-due-days.db"]


def test_the_longest_path_that_sqlite_can_use(tmp_path: Path, settings: Settings, wall: Wall) -> None:
    """What is beside the store, and in the folder of backups, has longer names than the store itself."""

    def folder(length: int) -> Path:
        path = str(tmp_path)
        while len(path) < length:
            path += "/" + "x" * min(200, max(1, length - len(path) - 1))
        return Path(path[:length])

    far = replace(settings, store_file=folder(LONGEST_FOLDER) / "quizcli.db")
    with Store.open(far.store_file) as store:
        answer(store, wall, "a")
    made = back_up(str(far.store_file), "before-restore")
    with candidate(Path(made), far) as found:
        restore(found, far)
    with Store.open(far.store_file) as store:
        far.store_file.unlink()
        answer(store, wall, "b")
        assert "deleted" in store.notices[0]
    with pytest.raises(QuizError, match=f"has {LONGEST_FOLDER + 1} bytes"):
        Store.open(folder(LONGEST_FOLDER + 1) / "quizcli.db")
