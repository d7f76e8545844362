"""The tables of the store altered from outside while it is open: no answer of the run is lost."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from quizcli.errors import QuizError
from quizcli.settings import Settings
from quizcli.study.backups.kept_backups import back_up
from quizcli.study.quiz_round import Round
from quizcli.study.store.store import Store
from tests.study.database.test_presence import DAYS, QUIZZED, answer, rows_at
from tests.study.desk import BERLIN, Wall

ALTERED = {
    "no log": "DROP TABLE log",
    "no cards": "DROP TABLE card",
    "no schedulers": "PRAGMA foreign_keys = OFF; DROP TABLE scheduler",
    "a view in the place of the log": "DROP TABLE log; CREATE VIEW log AS SELECT 1 AS seq",
    "a view without end": "DROP TABLE log; CREATE VIEW log AS WITH RECURSIVE n(seq) AS "
    "(SELECT 1 UNION ALL SELECT seq + 1 FROM n) SELECT * FROM n",
    "a view in the place of the cards": "DROP TABLE card; CREATE VIEW card AS SELECT 'a' AS id",
    "a column of the log renamed": "ALTER TABLE log RENAME COLUMN rating TO grade",
    "a column of the cards renamed": "ALTER TABLE card RENAME COLUMN due TO owed",
    "a trigger": "CREATE TRIGGER t AFTER INSERT ON log BEGIN DELETE FROM card; END",
    "a trigger that refuses": "CREATE TRIGGER t BEFORE INSERT ON log BEGIN SELECT RAISE(ABORT, 'no'); END",
    "no version": "PRAGMA user_version = 0",
}
KEEPS_THE_LOG = ("no cards", "a view in the place of the cards", "a column of the cards renamed", "a trigger")


def alter(path: Path, sql: str) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.executescript(sql)


@pytest.mark.parametrize("sql", ALTERED.values(), ids=ALTERED.keys())
@pytest.mark.parametrize("then", ["answers", "act", "undo", "read", "close"])
def test_nothing_of_the_run_is_lost(tmp_path: Path, wall: Wall, sql: str, then: str) -> None:
    path = tmp_path / "quizcli.db"
    with Store.open(path) as store:
        answer(store, wall, "monday")
    back_up(str(path), "daily")
    with Store.open(path) as store:
        answer(store, wall, "a")
        alter(path, sql)
        match then:
            case "answers":
                answer(store, wall, "b", "a")
            case "act":
                store.act("b", "flag", wall.now, DAYS.number(wall.now))
            case "undo":
                store.undo(wall.now, DAYS.number(wall.now))
            case "read":
                assert [entry.card for entry in store.log()] == ["monday", "a"]
                assert store.card("a") is not None
        store.close()
        (notice,) = store.notices
    assert f"{path} had been damaged" in notice
    expected = ["answer monday", "answer a"]
    expected += {"answers": ["answer b", "answer a"], "act": ["flag b"], "undo": ["undo a"]}.get(then, [])
    assert rows_at(path) == expected
    assert len(list(tmp_path.glob("*damaged*"))) == 1
    assert not list(tmp_path.glob("*partial*"))


@pytest.mark.parametrize("name", KEEPS_THE_LOG)
def test_without_a_backup_what_the_log_still_holds_is_added(tmp_path: Path, wall: Wall, name: str) -> None:
    path = tmp_path / "quizcli.db"
    with Store.open(path) as store:
        answer(store, wall, "monday", "tuesday")
    with Store.open(path) as store:
        answer(store, wall, "a")
        alter(path, ALTERED[name])
        answer(store, wall, "b")
        (notice,) = store.notices
    assert "could still be read of the damaged one has been added (3 entries)" in notice
    assert rows_at(path) == [f"answer {card}" for card in ("monday", "tuesday", "a", "b")]


def test_two_sessions(tmp_path: Path, wall: Wall) -> None:
    path = tmp_path / "quizcli.db"
    with Store.open(path) as one, Store.open(path) as other:
        answer(one, wall, "a")
        answer(other, wall, "b")
        alter(path, "DROP TABLE log")
        answer(one, wall, "c")
        answer(other, wall, "d")
        answer(one, wall, "e")
    assert sorted(rows_at(path)) == [f"answer {card}" for card in "abcde"]


def test_a_scored_round_goes_on(tmp_path: Path, settings: Settings, wall: Wall) -> None:
    path = settings.store_file
    with Store.open(path) as store:
        round_ = Round.start(store, QUIZZED, settings, wall, zone=BERLIN)
        round_.answer(True, 1000)
        alter(path, "DROP TABLE round_answer; DROP TABLE round")
        round_.answer(False, 1000)
        assert (round_.result.right, round_.result.answers) == (1, 2)


def test_what_is_altered_while_an_answer_waits_for_the_lock(
    tmp_path: Path, wall: Wall, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The tables are looked at once more when nobody else can alter them."""
    path = tmp_path / "quizcli.db"
    real: Callable[[Store], object] = Store._rescued

    def slowly(store: Store) -> object:
        found = real(store)
        monkeypatch.undo()
        alter(path, "DROP TABLE log")
        return found

    with Store.open(path) as store:
        answer(store, wall, "a")
        monkeypatch.setattr(Store, "_rescued", slowly)
        answer(store, wall, "b")
    assert rows_at(path) == ["answer a", "answer b"]


def test_tables_of_a_newer_quizcli_are_left_as_they_are(tmp_path: Path, wall: Wall) -> None:
    path = tmp_path / "quizcli.db"

    def go_on() -> None:
        with Store.open(path) as store:
            answer(store, wall, "a")
            alter(path, "ALTER TABLE card ADD COLUMN later TEXT; PRAGMA user_version = 99")
            answer(store, wall, "b")

    with pytest.raises(QuizError, match=r"of a newer quizcli .* All that this run had stored is in"):
        go_on()
    assert not list(tmp_path.glob("*damaged*"))
    (rescued,) = (tmp_path / "backups").iterdir()
    assert rows_at(rescued) == ["answer a", "answer b"]


@pytest.mark.parametrize("sql", ["VACUUM", "ANALYZE"])
def test_the_same_tables_written_anew_are_no_damage(tmp_path: Path, wall: Wall, sql: str) -> None:
    path = tmp_path / "quizcli.db"
    with Store.open(path) as store:
        answer(store, wall, "a")
        alter(path, sql)
        answer(store, wall, "b")
        assert store.notices == []
    assert rows_at(path) == ["answer a", "answer b"]
    assert not list(tmp_path.glob("*damaged*"))


def test_a_wrong_statement_of_ours_is_not_called_damage(tmp_path: Path) -> None:
    with (
        Store.open(tmp_path / "quizcli.db") as store,
        pytest.raises(sqlite3.OperationalError, match="nowhere"),
        store.writing() as db,
    ):
        db.execute("INSERT INTO nowhere VALUES (1)")
