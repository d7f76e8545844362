"""The store's file written over in place while it is open (`cp`, `cat >`, a tool that synchronizes).

It keeps its inode, so that SQLite notices nothing. Every answer of the run is there afterwards.
"""

import os
import shutil
import sqlite3
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

from quizcli.demo.events import Claim
from quizcli.errors import QuizError
from quizcli.settings import Settings
from quizcli.study.backups.archive import write
from quizcli.study.backups.kept_backups import back_up
from quizcli.study.claims import claims_for, save_claims
from quizcli.study.quiz_round import Round
from quizcli.study.restore.candidate import candidate
from quizcli.study.restore.put_back import restore
from quizcli.study.store.store import Store
from tests.places import ROOT
from tests.study.database.test_presence import DAYS, QUIZZED, answer, gone, rows_at
from tests.study.desk import BERLIN, Wall

Fault = Callable[[Path, Path], None]


def shell(command: str, path: Path, data: bytes = b"") -> None:
    """By another process: closing the file in this one would drop SQLite's locks (POSIX)."""
    subprocess.run(["sh", "-c", command, "sh", path], input=data, check=True)


def over(path: Path, data: bytes) -> None:
    """As `cp` and `cat >` do: cut off, then written."""
    shell('cat > "$1"', path, data)


def by_an_older_copy(path: Path, old: Path) -> None:
    over(path, old.read_bytes())


def in_pieces(path: Path, old: Path) -> None:
    """As `rsync --inplace` does: not cut off before."""
    data = old.read_bytes()
    shell('cat 1<> "$1"', path, data)
    os.truncate(path, len(data))


def with_its_side_files(path: Path, old: Path) -> None:
    """`cp -r` of the whole folder, from a copy of a store in use."""
    with Store.open(old) as store:
        list(store.cards())
        for end in ("", "-wal", "-shm"):
            over(Path(f"{path}{end}"), Path(f"{old}{end}").read_bytes())


def a_page(path: Path, old: Path) -> None:
    shell('dd of="$1" bs=4096 seek=1 conv=notrunc status=none', path, b"\xfe" * 4096)


def all_but_the_header(path: Path, old: Path) -> None:
    rest = b"\xfe" * (path.stat().st_size - 100)
    shell('dd of="$1" bs=100 seek=1 conv=notrunc status=none', path, rest)


def cut_in_half(path: Path, old: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def cut_off(path: Path, old: Path) -> None:
    os.truncate(path, 0)


OURS = (by_an_older_copy, in_pieces, with_its_side_files)
SPOILT = (a_page, all_but_the_header, cut_in_half, cut_off)


@pytest.mark.parametrize("many", [0, 300], ids=["small", "large"])
@pytest.mark.parametrize("fault", [*OURS, *SPOILT], ids=lambda fault: fault.__name__)
@pytest.mark.parametrize("then", ["answers", "undo", "close"])
def test_nothing_of_the_run_is_lost(
    tmp_path: Path, settings: Settings, wall: Wall, fault: Fault, then: str, many: int
) -> None:
    path, old = settings.store_file, tmp_path / "old.db"
    with Store.open(path) as store:
        answer(store, wall, "monday")
    shutil.copy(path, old)
    with Store.open(path) as store:
        answer(store, wall, *[f"tuesday{n}" for n in range(many)])
    with Store.open(path) as store:
        answer(store, wall, "a")
        write(settings, "daily")
        answer(store, wall, "b")
        fault(path, old)
        match then:
            case "answers":
                answer(store, wall, "c", "a")
            case "undo":
                store.undo(wall.now, DAYS.number(wall.now))
        store.rows("SELECT * FROM log")
        store.close()
        notices = store.notices
    assert len(notices) == 1
    assert str(path) in notices[0]
    expected = ["answer monday", "answer a", "answer b"]
    expected += {"answers": ["answer c", "answer a"], "undo": ["undo b"], "close": []}[then]
    found = rows_at(path)
    assert [row for row in found if "tuesday" not in row] == expected
    if fault in SPOILT:  # what the other copy lacks may be wanted: whoever put it there knows
        assert len(found) == len(expected) + many
    assert not [name for name in os.listdir(path.parent) if "partial" in name]


@pytest.mark.parametrize("before", [0, 3])
@pytest.mark.parametrize("fresh", [True, False])
def test_a_larger_store_from_another_machine(tmp_path: Path, wall: Wall, fresh: bool, before: int) -> None:
    path, other = tmp_path / "quizcli.db", tmp_path / "other.db"
    with Store.open(other) as store:
        answer(store, wall, *[f"theirs{n}" for n in range(150)])
    if not fresh:
        with Store.open(path) as store:
            answer(store, wall, "earlier")
    ours = [f"ours{n}" for n in range(before)]
    with Store.open(path) as store:
        answer(store, wall, *ours)
        over(path, other.read_bytes())
        answer(store, wall, "new")
        assert all("another copy" in notice for notice in store.notices)
        assert len(store.notices) == (before > 0 or not fresh)  # of an empty store there is nothing to tell
    found = rows_at(path)
    assert len([row for row in found if "theirs" in row]) == 150
    rest = [row for row in found if "theirs" not in row and row != "answer earlier"]
    assert rest == [f"answer {name}" for name in [*ours, "new"]]


def test_who_has_written_nothing_does_not_spoil_it(tmp_path: Path, wall: Wall) -> None:
    """What a killed run has left in the log of SQLite must not be mixed into another file at the end."""
    path, other = tmp_path / "quizcli.db", tmp_path / "other.db"
    with Store.open(other) as store:
        answer(store, wall, *[f"theirs{n}" for n in range(150)])
    with Store.open(tmp_path / "killed.db") as store:
        answer(store, wall, "a")
        for end in ("", "-wal"):
            shutil.copy(tmp_path / f"killed.db{end}", f"{path}{end}")
    with Store.open(path) as store:
        list(store.cards())
        over(path, other.read_bytes())
    assert [row for row in rows_at(path) if row != "answer a"] == [f"answer theirs{n}" for n in range(150)]


@pytest.mark.parametrize("what", ["diary", "bookmarks", "newer"])
def test_what_is_no_store_of_ours_is_left_as_it_is(tmp_path: Path, wall: Wall, what: str) -> None:
    path, other = tmp_path / "quizcli.db", tmp_path / "other.db"
    with sqlite3.connect(other) as db:
        db.execute("CREATE TABLE bookmark (url)")
        if what == "newer":
            db.execute("PRAGMA user_version = 99")
            db.execute(f"PRAGMA application_id = {0x5155495A}")
    db.close()
    data = b"Dear diary\n" * 3000 if what == "diary" else other.read_bytes()
    with Store.open(path) as store:
        answer(store, wall, "earlier")
    back_up(str(path), "daily")

    def go_on() -> None:
        with Store.open(path) as store:
            answer(store, wall, "a", "b")
            over(path, data)
            answer(store, wall, "c")

    with pytest.raises(QuizError, match="All that this run had stored is in") as caught:
        go_on()
    assert path.read_bytes() == data or what == "newer"
    (rescued,) = (tmp_path / "backups").glob("*rescued*")
    assert str(rescued) in caught.value.message
    assert rows_at(rescued) == ["answer earlier", "answer a", "answer b", "answer c"]


def test_two_sessions(tmp_path: Path, wall: Wall) -> None:
    path, old = tmp_path / "quizcli.db", tmp_path / "old.db"
    with Store.open(path) as store:
        answer(store, wall, "monday")
    shutil.copy(path, old)
    with Store.open(path) as one, Store.open(path) as other:
        answer(one, wall, "a")
        answer(other, wall, "b")
        by_an_older_copy(path, old)
        answer(one, wall, "c")
        answer(other, wall, "d")
        answer(one, wall, "e")
    assert sorted(rows_at(path)) == [*(f"answer {name}" for name in "abcde"), "answer monday"]


def test_what_is_read_in_between_ends_no_session(tmp_path: Path, wall: Wall) -> None:
    path = tmp_path / "quizcli.db"
    with Store.open(path) as store:
        answer(store, wall, *[f"earlier{n}" for n in range(400)])
    with Store.open(path) as store:
        answer(store, wall, "a")
        all_but_the_header(path, path)
        assert [entry.card for entry in store.log()] == ["a"]
        (notice,) = store.notices
    assert "damaged" in notice
    assert rows_at(path) == ["answer a"]


def test_a_scored_round_is_carried_too(tmp_path: Path, settings: Settings, wall: Wall) -> None:
    path, old = settings.store_file, tmp_path / "old.db"
    with Store.open(path) as store:
        answer(store, wall, "monday")
    shutil.copy(path, old)
    with Store.open(path) as store:
        round_ = Round.start(store, QUIZZED, settings, wall, zone=BERLIN)
        round_.answer(True, 1000)
        by_an_older_copy(path, old)
        round_.answer(False, 1000)
        assert (round_.result.right, round_.result.answers) == (1, 2)


@pytest.mark.parametrize("fault", [gone, by_an_older_copy, in_pieces, all_but_the_header])
def test_a_link_to_the_store_stays_one(tmp_path: Path, wall: Wall, fault: Fault) -> None:
    path, old, real = tmp_path / "data" / "quizcli.db", tmp_path / "old.db", tmp_path / "synced" / "real.db"
    real.parent.mkdir()
    path.parent.mkdir()
    with Store.open(real) as store:
        answer(store, wall, "monday")
    shutil.copy(real, old)
    path.symlink_to(real)
    with Store.open(path) as store:
        answer(store, wall, "a")
        fault(real, old)
        answer(store, wall, "b")
    assert path.is_symlink()
    assert rows_at(path)[-2:] == rows_at(real)[-2:] == ["answer a", "answer b"]
    assert [name for name in os.listdir(path.parent) if name != "backups"] == ["quizcli.db"]
    assert not [name for name in os.listdir(real.parent) if name.endswith(("-wal", "-shm", "partial"))]


def test_a_disk_that_has_gone_is_not_made_up_for(tmp_path: Path, wall: Wall) -> None:
    path, disk = tmp_path / "data" / "quizcli.db", tmp_path / "disk"
    path.parent.mkdir()
    Store.open(disk / "real.db").close()
    path.symlink_to(disk / "real.db")

    def go_on() -> None:
        with Store.open(path) as store:
            answer(store, wall, "a")
            disk.rename(tmp_path / "elsewhere")
            answer(store, wall, "b")

    with pytest.raises(QuizError, match=r"which is not there\. All that this run had stored is in"):
        go_on()
    assert not disk.exists()
    (rescued,) = (path.parent / "backups").iterdir()
    assert rows_at(rescued) == ["answer a", "answer b"]


def test_what_closing_writes_is_our_own(tmp_path: Path, wall: Wall, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nothing can be deleted, SQLite's log stays beside the store that has just taken it in."""
    path = tmp_path / "quizcli.db"
    with Store.open(path) as store:
        answer(store, wall, "a")
        before = store._files
        store.close()
        shutil.copy(path, f"{path}-wal")
        assert before.changed != path.stat().st_mtime_ns
    assert not (tmp_path / "backups").exists()
    Path(f"{path}-wal").unlink()
    assert rows_at(path) == ["answer a"]


# Several at once, and what a kill leaves

PRELUDE = """
import os, signal, sys
from pathlib import Path
from quizcli.study.store import copies, healing
from quizcli.study.store.store import Store
from tests.study.desk import Wall
from tests.study.database.test_presence import DAYS, answer
path, old = Path(sys.argv[1]), Path(sys.argv[2])
wall = Wall(int(sys.argv[3]))
def over():
    with open(path, "r+b") as stream:
        stream.truncate(0)
        stream.write(old.read_bytes())
"""


def child(code: str, path: Path, old: Path, wall: Wall) -> int:
    """A run of its own, which may be killed or kill itself."""
    wall.pass_by(1_000_000)
    command = [sys.executable, "-c", PRELUDE + textwrap.dedent(code), str(path), str(old), str(wall.now)]
    return subprocess.run(command, cwd=ROOT, check=False).returncode


def studied(path: Path, old: Path, wall: Wall) -> None:
    with Store.open(path) as store:
        answer(store, wall, "monday")
    shutil.copy(path, old)
    with Store.open(path) as store:
        answer(store, wall, *[f"tuesday{n}" for n in range(100)])


def test_the_second_that_heals_leaves_the_log_of_the_first_alone(tmp_path: Path, wall: Wall) -> None:
    path, old = tmp_path / "quizcli.db", tmp_path / "old.db"
    studied(path, old, wall)
    code = """
    one, other = Store.open(path), Store.open(path)
    answer(one, wall, "a")
    answer(other, wall, "b")
    over()
    answer(one, wall, "c", "d")
    answer(other, wall, "e")
    os._exit(0)
    """
    assert child(code, path, old, wall) == 0
    found = rows_at(path)
    assert {f"answer {name}" for name in "abcde"} <= set(found)


@pytest.mark.parametrize("first", ["killed", "overwritten"])
def test_the_log_of_a_killed_run_is_not_mixed_into_another_file(
    tmp_path: Path, wall: Wall, first: str
) -> None:
    path, old = tmp_path / "quizcli.db", tmp_path / "old.db"
    studied(path, old, wall)
    names = [f"a{n}" for n in range(12)]
    code = f"""
    store = Store.open(path)
    answer(store, wall, *{names})
    {"over()" if first == "overwritten" else ""}
    os._exit(0)
    """
    assert child(code, path, old, wall) == 0
    if first == "killed":
        over(path, old.read_bytes())
    with Store.open(path) as store:
        (notice,) = store.notices
        assert "after a run that was killed" in notice
        answer(store, wall, "new")
    found = rows_at(path)
    assert (found[0], found[-1]) == ("answer monday", "answer new")
    assert len(list(tmp_path.glob("*damaged*"))) == 2  # what could not be read is kept
    assert not [name for name in os.listdir(tmp_path) if "partial" in name]


def test_a_log_that_belongs_to_the_file_is_taken_in_without_a_word(tmp_path: Path, wall: Wall) -> None:
    path, old = tmp_path / "quizcli.db", tmp_path / "old.db"
    studied(path, old, wall)
    code = """
    store = Store.open(path)
    answer(store, wall, "a")
    os._exit(0)
    """
    assert child(code, path, old, wall) == 0
    with Store.open(path) as store:
        assert store.notices == []
    assert rows_at(path)[-1] == "answer a"
    assert not list(tmp_path.glob("*damaged*"))


@pytest.mark.parametrize("step", ["copy_store", "duplicate", "remove_sides", "_opened", "_carried"])
def test_killed_while_it_heals(tmp_path: Path, wall: Wall, step: str) -> None:
    """Before each step and after it: the next run finds a whole store, and is told of what was left."""
    for when in ("before", "after"):
        folder = tmp_path / when
        folder.mkdir()
        path, old = folder / "quizcli.db", folder / "old.db"
        studied(path, old, wall)
        code = f"""
        real = healing.{step}
        def killed(*given, **named):
            if {when == "after"}:
                real(*given, **named)
            os.kill(os.getpid(), signal.SIGKILL)
        store = Store.open(path)
        answer(store, wall, *"abcdefgh")
        over()
        healing.{step} = killed
        answer(store, wall, "i")
        """
        assert child(code, path, old, wall) == -9
        with Store.open(path) as store:
            told = store.notices
        found = rows_at(path)
        assert found[0] == "answer monday"
        if step in ("copy_store", "duplicate") or (step, when) == ("remove_sides", "before"):
            assert "after a run that was killed" in told[0]
            assert len(list(folder.glob("*damaged*"))) == 2


@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP", "SIGINT"])
@pytest.mark.parametrize("fault", ["os.replace(old, path)", "over()"])
def test_a_signal_while_it_heals_acts_afterwards(tmp_path: Path, wall: Wall, name: str, fault: str) -> None:
    path, old = tmp_path / "quizcli.db", tmp_path / "old.db"
    studied(path, old, wall)
    code = f"""
    real = healing._opened
    def interrupted(*given):
        signal.raise_signal(signal.{name})
        return real(*given)
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        signal.signal(number, lambda *_: sys.exit(5))
    with Store.open(path) as store:
        answer(store, wall, "a")
        {fault}
        healing._opened = interrupted
        answer(store, wall, "b")
    """
    assert child(code, path, old, wall) == 5
    found = rows_at(path)
    assert "answer a" in found
    if "replace" in fault:
        assert len(found) == 102


def test_all_cut_off_at_once(tmp_path: Path, wall: Wall) -> None:
    """Memory that is shared and has been cut off is not to be touched: that is a bus error."""
    path, old = tmp_path / "quizcli.db", tmp_path / "old.db"
    studied(path, old, wall)
    back_up(str(path), "daily")
    code = """
    with Store.open(path) as store:
        answer(store, wall, "a")
        for end in ("", "-wal", "-shm"):
            os.truncate(f"{path}{end}", 0)
        answer(store, wall, "b")
        print(store.notices)
    """
    assert child(code, path, old, wall) == 0
    found = rows_at(path)
    assert len(found) == 103
    assert found[-2:] == ["answer a", "answer b"]


def test_an_undo_of_an_earlier_runs_answer(tmp_path: Path, wall: Wall) -> None:
    path, old = tmp_path / "quizcli.db", tmp_path / "old.db"
    with Store.open(path) as store:
        answer(store, wall, "a", "b", "c")
    shutil.copy(path, old)
    with Store.open(path) as store:
        store.undo(wall.now, DAYS.number(wall.now))
        store.undo(wall.now, DAYS.number(wall.now))
        by_an_older_copy(path, old)
        answer(store, wall, "d")
    assert rows_at(path)[-3:] == ["undo c", "undo b", "answer d"]


@pytest.mark.parametrize("how", ["replaced", "overwritten", "restored"])
@pytest.mark.parametrize("theirs", [False, True], ids=["without", "with a round of its own"])
def test_a_round_goes_on_in_another_store(
    tmp_path: Path, settings: Settings, wall: Wall, how: str, theirs: bool
) -> None:
    path, other = settings.store_file, tmp_path / "other.db"
    with Store.open(other) as store:
        answer(store, wall, "theirs")
        if theirs:
            Round.start(store, QUIZZED, settings, wall, zone=BERLIN).answer(False, 10)
    wall.pass_by(1000)
    with Store.open(path) as store:
        round_ = Round.start(store, QUIZZED, settings, wall, zone=BERLIN)
        round_.answer(True, 1000)
        match how:
            case "replaced":
                os.replace(other, path)
            case "overwritten":
                over(path, other.read_bytes())
            case "restored":
                with candidate(other, settings) as found:
                    restore(found, settings)
        round_.answer(True, 1000)
        assert (round_.result.right, round_.result.answers) == (2, 2)
        round_.answer(False, 1000)
    with Store.open(path) as store:
        rows = store.rows("SELECT round, correct FROM round_answer ORDER BY seq")
    assert sorted(correct for _, correct in rows) == ([0, 0, 1, 1] if theirs else [0, 1, 1])
    assert len({number for number, _ in rows}) == 1 + theirs


@pytest.mark.parametrize("fault", [by_an_older_copy, cut_off, a_page], ids=lambda fault: fault.__name__)
def test_what_was_measured_is_carried_too(tmp_path: Path, wall: Wall, fault: Fault) -> None:
    path, old = tmp_path / "quizcli.db", tmp_path / "old.db"
    studied(path, old, wall)
    with Store.open(path) as store:
        save_claims(store, "vae", {}, [Claim("kl", {"en": "", "zh": ""}, 0.25, 0.0)], now=wall.now)
        fault(path, old)
        answer(store, wall, "b")
        assert claims_for(store, "vae", {})["kl"].measured == 0.25
    with Store.open(path) as store:
        assert claims_for(store, "vae", {})["kl"].measured == 0.25
