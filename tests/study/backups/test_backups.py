"""Backups: when they are made, which stay, what is in them, and that they come back whole or not at all."""

import errno
import json
import os
import random
import shutil
import sqlite3
import stat
import struct
import time
import tracemalloc
import zipfile
from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import NoReturn

import pytest
from msgspec.structs import replace

from quizcli.errors import QuizError
from quizcli.file_writing import replace_file
from quizcli.packs import registry
from quizcli.settings import Settings, load_settings
from quizcli.study.backups import archive
from quizcli.study.backups import kept_backups as backups_module
from quizcli.study.backups.daily import Daily
from quizcli.study.backups.kept_backups import (
    BY_HAND,
    DAILY,
    Backup,
    back_up,
    backups,
    superfluous_backups,
    thin_out,
)
from quizcli.study.restore import put_back
from quizcli.study.restore.candidate import candidate
from quizcli.study.restore.preview import preview
from quizcli.study.restore.put_back import restore
from quizcli.study.schedule.card import Rating
from quizcli.study.schedule.schedule import Schedule
from quizcli.study.schedule.study_days import Days
from quizcli.study.store.migrations import MIGRATIONS, checked_version
from quizcli.study.store.replay import drift
from quizcli.study.store.store import Store
from tests.study.damaging import BY_CHANCE, by_hand
from tests.study.damaging import BY_HAND as SPOILT
from tests.study.desk import BERLIN, Wall
from tests.study.many import back_to_the_first_schema

Answered = Callable[..., None]
SCHEDULE = Schedule(Days(4, BERLIN))
DAY = 86_400


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(
        config_file=tmp_path / "config" / "config.toml",
        store_file=tmp_path / "data" / "quizcli.db",
        cache_dir=tmp_path / "cache",
        data_sets=None,
    )


@pytest.fixture
def answered(settings: Settings, wall: Wall) -> Answered:
    """Answers cards, each run in a store opened anew."""

    def answer(*names: str) -> None:
        with Store.open(settings.store_file) as store:
            for name in names:
                store.answer(name, Rating.GOOD, 1500, wall.now, SCHEDULE)
                wall.pass_by(1000)

    return answer


def held(settings: Settings) -> list[str]:
    with Store.open(settings.store_file) as store:
        assert store.check() == ""
        assert drift(store) == ()
        return [entry.card for entry in store.log()]


def bring_back(path: Path, settings: Settings) -> Path | None:
    with candidate(path, settings) as found:
        kept = restore(found, settings)
    return None if kept is None else kept.path


def before_the_exchange(monkeypatch: pytest.MonkeyPatch, act: Callable[[], object]) -> None:
    """Have a restore do this between its backup of what there is and the exchange."""
    real = put_back._overwrite

    def late(*given: object) -> None:
        act()
        real(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(put_back, "_overwrite", late)


def own_file(settings: Settings, name: str, text: str) -> Path:
    path = settings.store_file.parent / name
    replace_file(path, text.encode())
    return path


# Making them


def test_a_backup_holds_all_that_a_person_has_made(settings: Settings, answered: Answered) -> None:
    answered("a", "b")
    own_file(settings, "code/attempts/q/2026-failed.py", "x = 1")
    own_file(settings, "edits/questions/a.yaml", "topic: a")
    own_file(settings, "packs.json", "[]")
    replace_file(settings.config_file, b"new_per_day = 3")
    made = archive.write(settings)
    with zipfile.ZipFile(made.path) as whole:
        names = set(whole.namelist())
        assert whole.testzip() is None
        about = json.loads(whole.read("about.json"))
    assert names == {
        "about.json", "quizcli.db", "packs.json", "config.toml", "edits/questions/a.yaml",
        "code/attempts/q/2026-failed.py",
    }  # fmt: skip
    assert (about["reviews"], about["cards"], about["why"], about["schema"]) == (
        2,
        2,
        "by-hand",
        len(MIGRATIONS),
    )
    assert stat.S_IMODE(made.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(made.path.parent.stat().st_mode) == 0o700
    assert [path.name for path in made.path.parent.iterdir()] == [made.path.name]


def test_what_is_no_file_is_left_out_and_said(settings: Settings, answered: Answered) -> None:
    answered("a")
    code = settings.code_dir
    own_file(settings, "code/good.py", "x")
    os.mkfifo(code / "fifo.py")
    (code / "zero.py").symlink_to("/dev/zero")
    (code / "loop").symlink_to(code)
    (code / "large.py").write_bytes(bytes(archive.LONGEST + 1))
    (code / "line\nbreak.py").write_text("x")
    os.makedirs(os.fsencode(code) + b"/\xff")
    (code / ".git").mkdir()
    (code / ".git" / "config").write_text("x")
    made = archive.write(settings)
    with archive.open_archive(made.path) as whole:
        assert set(whole.files()) == {"code/good.py"}
    assert len(made.about.left_out) == 6
    assert all(name.isprintable() for name in made.about.left_out)


def test_two_in_one_second_have_two_names(settings: Settings, answered: Answered) -> None:
    answered("a")
    made = [archive.write(settings).path for _ in range(3)]
    made.append(Path(back_up(str(settings.store_file), "before-004-x")))
    assert sorted(made) == sorted(each.path for each in backups(settings.store_file))
    assert {each.why for each in backups(settings.store_file)} == {BY_HAND, "before-004-x"}


@pytest.mark.parametrize("how", ["archive", "store alone", "folder", "daily"])
def test_another_process_takes_the_name_meanwhile(
    settings: Settings, answered: Answered, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    answered("a")
    moment, real = time.gmtime(1_700_000_000), backups_module.snapshot
    monkeypatch.setattr(time, "gmtime", lambda *_: moment)
    daily = Daily(settings)

    def make() -> Path | None:
        match how:
            case "archive":
                return archive.write(settings, "before-restore").path
            case "store alone":
                return Path(back_up(str(settings.store_file), "before-004-x"))
            case "folder":
                return archive.write(settings, goal=tmp_path).path
        daily._make()
        return None

    begun: list[str] = []

    def late(store: str, copy: str) -> None:
        real(store, copy)
        begun.append(copy)
        if len(begun) == 1:
            make()

    monkeypatch.setattr(backups_module, "snapshot", late)
    monkeypatch.setattr(archive, "snapshot", late)
    made = make()
    assert daily.trouble is None
    folder = tmp_path if how == "folder" else settings.store_file.parent / "backups"
    names = sorted(path.name for path in folder.iterdir() if path.is_file())
    if made is None:  # the day's: one of them is enough
        assert names
    else:
        assert [Path(name).stem.endswith("_2") for name in names] == [False, True]
        assert made.name == names[1]


def test_nothing_is_overwritten(settings: Settings, answered: Answered, tmp_path: Path) -> None:
    answered("a")
    goal = tmp_path / "mine.zip"
    goal.write_text("precious")
    with pytest.raises(FileExistsError):
        archive.write(settings, goal=goal)
    assert goal.read_text() == "precious"
    with pytest.raises(QuizError, match="No such file"):
        archive.write(settings, goal=tmp_path / "missing" / "mine.zip")
    assert {path.name for path in tmp_path.iterdir()} == {"data", "mine.zip"}


def test_a_damaged_store_is_no_backup(settings: Settings, answered: Answered) -> None:
    answered(*(f"q{n}" for n in range(200)))
    data = settings.store_file.read_bytes()
    settings.store_file.write_bytes(data[:8192] + b"\xff" * (len(data) - 8192))
    with pytest.raises(QuizError, match="is damaged"):
        archive.write(settings)
    assert backups(settings.store_file) == []


# Daily


def test_the_first_write_of_a_day_makes_one(settings: Settings, wall: Wall) -> None:
    for _ in range(2):
        daily = Daily(settings)
        with Store.open(settings.store_file) as store:
            store.after_first_write = daily.begin
            list(store.cards())
            assert backups(settings.store_file) == [] or len(backups(settings.store_file)) == 1
            for name in ("a", "b", "c"):
                store.answer(name, Rating.GOOD, 1500, wall.now, SCHEDULE)
            daily.finish()
        assert daily.trouble is None
        (made,) = backups(settings.store_file)
        assert made.why == DAILY
        assert archive.about(made.path).reviews >= 1


def test_who_only_looks_makes_none(settings: Settings, answered: Answered) -> None:
    answered("a")
    daily = Daily(settings)
    with Store.open(settings.store_file) as store:
        store.after_first_write = daily.begin
        list(store.log())
        daily.finish()
    assert backups(settings.store_file) == []


def test_a_backup_that_fails_loses_no_answer_and_is_told(settings: Settings, wall: Wall) -> None:
    daily = Daily(settings)
    with Store.open(settings.store_file) as store:
        settings.store_file.with_name("backups").write_text("in the way")
        store.after_first_write = daily.begin
        store.answer("a", Rating.GOOD, 1500, wall.now, SCHEDULE)
        daily.finish()
    assert daily.trouble is not None
    settings.store_file.with_name("backups").unlink()
    assert held(settings) == ["a"]


# Thinning


def days_of(kept: list[Backup], now: datetime) -> list[int]:
    return sorted((now - datetime.fromtimestamp(each.made)).days for each in kept)


def test_thinning_over_two_years_of_every_day() -> None:
    """Each day one is made and the rule applied, as in life."""
    begin = datetime(2024, 1, 1, 20)
    kept: list[Backup] = []
    for day in range(800):
        now = begin + timedelta(days=day)
        for hour in (0, 2):
            made = int((now + timedelta(hours=hour)).timestamp())
            kept.append(Backup(Path(f"{made}"), made, DAILY, 1))
        gone = superfluous_backups(kept, now.timestamp() + 3 * 3600)
        kept = [each for each in kept if each not in gone]
    ages = days_of(kept, now + timedelta(hours=3))
    assert sum(age <= 2 for age in ages) >= 4
    assert 11 <= sum(2 < age <= 14 for age in ages) <= 13
    assert 5 <= sum(14 < age <= 56 for age in ages) <= 8
    assert 9 <= sum(age > 56 for age in ages) <= 12
    assert max(ages) > 300
    assert len(ages) < 40


def test_what_a_person_asked_for_and_what_was_rescued_stay_for_ever() -> None:
    reasons = (DAILY, BY_HAND, DAILY, "rescued-ab12", *[DAILY] * 14)
    old = [Backup(Path(f"{n}"), 10_000 * DAY + 3600 * n, why, 1) for n, why in enumerate(reasons)]
    assert superfluous_backups(old, 20_000 * DAY) == [each for each in old[-2::-1] if each.why == DAILY]


def test_a_daily_one_takes_no_other_one_away() -> None:
    noon = 19_000 * DAY + DAY // 2
    restore = Backup(Path("restore"), noon, "before-restore", 1)
    daily = Backup(Path("daily"), noon + 3600, DAILY, 1)
    earlier = Backup(Path("earlier"), noon - 3600, DAILY, 1)
    assert superfluous_backups([earlier, restore, daily], noon + 5 * DAY) == [earlier]


def test_time_alone_deletes_nothing() -> None:
    kept = [Backup(Path(f"{n}"), (20_000 + n) * DAY, DAILY, 1) for n in range(14)]
    late = Backup(Path("late"), 20_800 * DAY, DAILY, 1)  # after two years away, or with a clock that is wrong
    assert superfluous_backups(kept, 19_000 * DAY) == superfluous_backups(kept, 30_000 * DAY) == []
    assert superfluous_backups([*kept[1:], late], 20_800 * DAY) == []


def test_whatever_bits_of_a_backup_are_wrong_it_is_told_by_its_name(
    settings: Settings, answered: Answered, tmp_path: Path
) -> None:
    answered("a")
    sound = archive.write(settings, BY_HAND).path.read_bytes()
    damaged = tmp_path / "damaged.zip"
    chance = random.Random(1)
    end = (
        len(sound) - 22 - 400
    )  # about where the directory begins: a bit of it says more than one of the rest
    places = [*range(60), *range(end, len(sound)), *(chance.randrange(len(sound)) for _ in range(100))]
    told = []
    for place in places:
        data = bytearray(sound)
        data[place] ^= 1 << chance.randrange(8)
        damaged.write_bytes(data)
        try:
            archive.about(damaged)
            with archive.open_archive(damaged) as opened:
                opened.files()
                if opened.has_store:
                    opened.extract_store(str(tmp_path / "store"))
        except QuizError as error:
            told.append(error.message)
        (tmp_path / "store").unlink(missing_ok=True)
    assert len(told) > 100
    assert [each for each in told if not each.startswith(str(damaged))] == []


def test_deep_nesting_is_no_backup(tmp_path: Path) -> None:
    deep = tmp_path / "deep.zip"
    with zipfile.ZipFile(deep, "w") as made:
        made.writestr("about.json", "[" * 100_000)
    with pytest.raises(QuizError, match="no sound backup"):
        archive.about(deep)


def test_thinning_clears_away_what_kills_have_left_but_nothing_else(
    settings: Settings, answered: Answered
) -> None:
    answered("a")
    folder = settings.store_file.with_name("backups")
    archive.write(settings, DAILY)
    old = (folder / ".quizcli-123-0a0b0c0d.partial", settings.store_file.parent / ".quizcli-1-ff.partial")
    others = (
        folder / ".quizcli-5-ff.partial",
        folder / "quizcli-20010101T000000Z-notes.txt",
        folder / "my.zip",
    )
    for path in (*old, *others):
        path.touch()
    for path in (*old, *others[1:]):
        os.utime(path, (0, 0))
    thin_out(settings.store_file)
    assert not any(path.exists() for path in old)
    assert all(path.exists() for path in others)


# Restoring


def test_a_restore_and_its_undoing(settings: Settings, answered: Answered) -> None:
    answered("a", "b")
    draft = own_file(settings, "code/q.py", "first")
    wording = own_file(settings, "edits/questions/a.yaml", "mine")
    made = archive.write(settings).path
    answered("c")
    draft.write_text("second")
    wording.unlink()
    added = own_file(settings, "code/new.py", "new")
    with candidate(made, settings) as found:
        seen = preview(found, settings)
        assert (seen.lost, seen.won, seen.changes) == (1, 0, True)
        assert seen.now is not None
        assert seen.then is not None
        assert (seen.now.reviews, seen.then.reviews) == (3, 2)
        assert seen.files_changed == ("code/q.py",)
        assert seen.files_lost == ("code/new.py",)
        assert seen.files_won == ("edits/questions/a.yaml",)
        assert held(settings) == ["a", "b", "c"]  # to look changes nothing
        kept = restore(found, settings)
    assert held(settings) == ["a", "b"]
    assert (draft.read_text(), wording.read_text(), added.exists()) == ("first", "mine", False)
    assert kept is not None
    bring_back(kept.path, settings)
    assert held(settings) == ["a", "b", "c"]
    assert (draft.read_text(), wording.exists(), added.read_text()) == ("second", False, "new")
    assert sorted(path.name for path in settings.store_file.parent.iterdir() if "partial" in path.name) == []


def test_flags_and_rounds_count_as_changes(settings: Settings, answered: Answered, wall: Wall) -> None:
    answered("a")
    made = archive.write(settings).path
    with candidate(made, settings) as found:
        assert not preview(found, settings).changes
    with Store.open(settings.store_file) as store:
        store.act("a", "flag", wall.now, 1)
    with candidate(made, settings) as found:
        seen = preview(found, settings)
    assert (seen.changes, seen.lost) == (True, 0)


def test_a_session_that_is_open_goes_on_with_the_restored_store(
    settings: Settings, answered: Answered, wall: Wall
) -> None:
    answered("a", "b")
    made = archive.write(settings).path
    with Store.open(settings.store_file) as session:
        session.answer("c", Rating.GOOD, 1, wall.now, Schedule(Days(4, BERLIN), 0.8))  # other terms
        bring_back(made, settings)
        assert [card.id for card in session.cards()] == ["a", "b"]
        session.answer("d", Rating.GOOD, 1, wall.now, Schedule(Days(4, BERLIN), 0.8))
        assert session.notices == []
    assert held(settings) == ["a", "b", "d"]


def test_a_store_that_is_being_written_is_not_touched(
    settings: Settings, answered: Answered, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("quizcli.study.restore.put_back.BUSY_SECONDS", 0.2)
    monkeypatch.setattr("quizcli.study.database.connection.BUSY_SECONDS", 0.2)
    answered("a")
    made = archive.write(settings).path
    answered("b")
    holder = sqlite3.connect(settings.store_file, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    with pytest.raises(QuizError, match=r"locked by another|being written by another"):
        bring_back(made, settings)
    holder.execute("ROLLBACK")
    holder.close()
    assert held(settings) == ["a", "b"]


def test_over_a_store_that_is_gone(settings: Settings, answered: Answered) -> None:
    answered("a")
    made = archive.write(settings).path
    settings.store_file.unlink()
    assert bring_back(made, settings) is None
    assert held(settings) == ["a"]
    assert stat.S_IMODE(settings.store_file.stat().st_mode) == 0o600


@pytest.mark.parametrize("seed", range(6))
def test_over_a_damaged_store_which_is_kept(settings: Settings, answered: Answered, seed: int) -> None:
    answered(*(f"q{n}" for n in range(60)))
    made = archive.write(settings).path
    broken = BY_CHANCE[4:][seed % 5](settings.store_file.read_bytes(), random.Random(seed))
    settings.store_file.write_bytes(broken)
    with candidate(made, settings) as found:
        trouble = preview(found, settings).trouble
    bring_back(made, settings)
    assert held(settings) == [f"q{n}" for n in range(60)]
    aside = [path for path in settings.store_file.parent.iterdir() if ".damaged-" in path.name]
    assert bool(aside) == bool(trouble)
    if aside:
        assert broken in [path.read_bytes() for path in aside]


def test_an_older_schema_goes_through_the_steps(settings: Settings, answered: Answered) -> None:
    answered("a")
    with sqlite3.connect(settings.store_file) as db:
        back_to_the_first_schema(db)
    db.close()
    old = Path(back_up(str(settings.store_file), "before-002-claims"))
    assert archive.about(old).schema == 1
    answered("b")
    bring_back(old, settings)
    assert held(settings) == ["a"]


def test_a_bare_store_brings_no_files_and_takes_none(
    settings: Settings, answered: Answered, tmp_path: Path
) -> None:
    answered("a")
    bare = tmp_path / "from-my-old-laptop.sqlite"
    shutil.copy(settings.store_file, bare)
    answered("b")
    draft = own_file(settings, "code/q.py", "mine")
    bring_back(bare, settings)
    assert held(settings) == ["a"]
    assert draft.read_text() == "mine"


def test_a_bare_store_with_what_sqlite_keeps_beside_it(
    settings: Settings, answered: Answered, tmp_path: Path, wall: Wall
) -> None:
    answered("a")
    bare = tmp_path / "copied.db"
    with Store.open(settings.store_file) as store:
        store.answer("b", Rating.GOOD, 1, wall.now, SCHEDULE)
        for end in ("", "-wal"):
            shutil.copy(f"{settings.store_file}{end}", f"{bare}{end}")
    answered("c")
    bring_back(bare, settings)
    assert held(settings) == ["a", "b"]


@pytest.mark.parametrize("bare", [False, True])
@pytest.mark.parametrize("when", ["before", "while writing"])
def test_no_room_for_a_backup_is_no_fault_of_the_backup(
    settings: Settings,
    answered: Answered,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    when: str,
    bare: bool,
) -> None:
    def full(*_: object) -> NoReturn:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    answered("a")
    path = Path(back_up(str(settings.store_file), BY_HAND) if bare else archive.write(settings).path)
    answered("b")
    if when == "before":
        monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(9, 8, 1))
    else:
        monkeypatch.setattr(f"quizcli.study.{'store.copies' if bare else 'backups.archive'}.create", full)
    with pytest.raises(QuizError, match="cannot be unpacked in") as caught, candidate(path, settings):
        pass
    assert str(settings.store_file.parent) in caught.value.message
    assert "Make room" in caught.value.hint
    monkeypatch.undo()
    assert held(settings) == ["a", "b"]
    assert not list(settings.store_file.parent.glob("*.partial"))


@pytest.mark.parametrize("page", [0, 4096])
def test_a_bare_store_is_not_held_in_memory(settings: Settings, tmp_path: Path, page: int) -> None:
    path = tmp_path / "long.db"
    path.write_bytes(b"SQLite format 3\0" + page.to_bytes(2) + bytes(82))
    os.truncate(path, 96 << 20)
    tracemalloc.start()
    try:
        with pytest.raises(QuizError, match="no sound backup"), candidate(path, settings):
            pass
        assert tracemalloc.get_traced_memory()[1] < 8 << 20
    finally:
        tracemalloc.stop()
    assert not list(settings.store_file.parent.glob("*.partial"))


@pytest.mark.parametrize("page_size", [512, 8192, 65536])
def test_other_page_sizes(settings: Settings, answered: Answered, page_size: int, tmp_path: Path) -> None:
    answered("a")
    bare = tmp_path / "other.db"
    shutil.copy(settings.store_file, bare)
    db = sqlite3.connect(bare, isolation_level=None)
    db.execute("PRAGMA journal_mode = DELETE")
    db.execute(f"PRAGMA page_size = {page_size}")
    db.execute("VACUUM")
    db.close()
    answered("b")
    bring_back(bare, settings)
    assert held(settings) == ["a"]


# Files that a person has got from elsewhere


def test_trust_is_not_taken_over_from_elsewhere(
    settings: Settings, answered: Answered, tmp_path: Path
) -> None:
    answered("a")
    registry.write_registry([registry.Added("theirs", "/tmp/x", {"answers/x.py": "0" * 64})], settings)
    own = archive.write(settings).path
    alien = tmp_path / "alien.zip"
    shutil.copy(own, alien)
    registry.write_registry([], settings)
    with candidate(alien, settings) as found:
        assert preview(found, settings).untrusted
        restore(found, settings)
    (one,) = registry.added_packs(settings)
    assert (one.name, one.trusted) == ("theirs", {})
    bring_back(own, settings)
    (one,) = registry.added_packs(settings)
    assert one.trusted == {"answers/x.py": "0" * 64}


def archive_with(folder: Path, settings: Settings, extra: dict[str, bytes], mode: int = 0o100600) -> Path:
    """A sound backup with other entries added."""
    made = archive.write(settings, goal=folder / "hostile.zip").path
    with zipfile.ZipFile(made, "a") as whole:
        for name, data in extra.items():
            entry = zipfile.ZipInfo(name)
            entry.external_attr = mode << 16
            whole.writestr(entry, data)
    return made


HOSTILE_NAMES = [
    "../escaped", "/etc/escaped", "code/../../escaped", "edits/./x", "code//x", "C:\\x", "code\\..\\x",
    "code/a:b", "other/x", "code", "code/", "about.json", "quizcli.db", "code/" + "d/" * 9 + "x",
    "code/.hidden", "code/x\n", "code/\x1b[2J", "edits/../packs.json", "quizcli.db-wal", "code/trailing.",
    "code/" + "n" * 201, "code/" + "码" * 67, "code/" + "/".join(["d" * 190] * 5),
]  # fmt: skip


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("name", HOSTILE_NAMES, ids=ascii)
def test_names_that_no_backup_has(settings: Settings, answered: Answered, tmp_path: Path, name: str) -> None:
    answered("a")
    path = archive_with(tmp_path, settings, {name: b"x"})
    with pytest.raises(QuizError, match="is no sound backup"), candidate(path, settings):
        pass
    assert not (tmp_path / "escaped").exists()


@pytest.mark.parametrize("names", [("code/x", "code/x/y"), ("edits/a/b/c/d", "edits/a/b")])
def test_a_name_of_both_a_file_and_a_folder(
    settings: Settings, answered: Answered, tmp_path: Path, names: tuple[str, ...]
) -> None:
    answered("a")
    path = archive_with(tmp_path, settings, dict.fromkeys(names, b"x"))
    with (
        pytest.raises(QuizError, match=f"'{min(names, key=len)}' is a file and a folder"),
        candidate(path, settings),
    ):
        pass
    assert not settings.code_dir.exists()


def test_a_name_too_long_for_a_backup_is_left_out_and_stays(settings: Settings, answered: Answered) -> None:
    answered("a")
    long = own_file(settings, "code/" + "n" * 201, "x")
    whole = own_file(settings, "code/" + "n" * 200, "x")
    made = archive.write(settings)
    assert made.about.left_out == (str(long),)
    whole.unlink()
    bring_back(made.path, settings)
    assert (long.exists(), whole.exists()) == (True, True)


def test_a_file_where_there_is_a_folder_and_the_other_way_round(
    settings: Settings, answered: Answered
) -> None:
    answered("a")
    own_file(settings, "code/x", "file")
    own_file(settings, "code/y/z/file", "file")
    made = archive.write(settings).path
    (settings.code_dir / "x").unlink()
    shutil.rmtree(settings.code_dir / "y")
    own_file(settings, "code/x/y/z", "other")
    own_file(settings, "code/y", "other")
    undo = bring_back(made, settings)
    assert (settings.code_dir / "x").read_text() == "file"
    assert (settings.code_dir / "y/z/file").read_text() == "file"
    assert undo is not None
    bring_back(undo, settings)
    assert (settings.code_dir / "x/y/z").read_text() == "other"
    assert (settings.code_dir / "y").read_text() == "other"


@pytest.mark.parametrize("present", [b"", b"new_per_day = 4\n"])
@pytest.mark.parametrize("config", [b"lang = 5", b"colour = 1", b"new_per_day = -1", b"no TOML", b"\xff"])
def test_settings_with_which_nothing_would_run_are_left_out(
    settings: Settings, answered: Answered, tmp_path: Path, config: bytes, present: bytes
) -> None:
    answered("a")
    path = archive_with(tmp_path, settings, {"config.toml": config, "code/x.py": b"x"})
    if present:
        replace_file(settings.config_file, present)
    with candidate(path, settings) as found:
        seen = preview(found, settings)
        restore(found, settings)
    assert "config.toml" in seen.config_left_out
    assert "config.toml" not in (*seen.files_changed, *seen.files_lost, *seen.files_won)
    assert (settings.config_file.read_bytes() if present else b"") == present
    assert (settings.code_dir / "x.py").read_text() == "x"
    assert load_settings({"QUIZCLI_HOME": str(tmp_path)}).new_per_day == (4 if present else 10)


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR, stat.S_IFDIR])
def test_entries_that_are_no_files(settings: Settings, answered: Answered, tmp_path: Path, kind: int) -> None:
    answered("a")
    path = archive_with(tmp_path, settings, {"code/link.py": b"/etc/passwd"}, kind | 0o777)
    with pytest.raises(QuizError, match="is no sound backup"), candidate(path, settings):
        pass


def test_entries_that_are_too_large(settings: Settings, answered: Answered, tmp_path: Path) -> None:
    answered("a")
    path = archive_with(tmp_path, settings, {"code/bomb.py": bytes(archive.LONGEST + 1)})
    with pytest.raises(QuizError, match="it holds too much"), candidate(path, settings):
        pass


@pytest.mark.parametrize(("limit", "value"), [("_MOST_FILES", 3), ("_MOST_BYTES", 12), ("LONGEST", 4)])
def test_what_is_backed_up_can_be_restored(
    settings: Settings, answered: Answered, monkeypatch: pytest.MonkeyPatch, limit: str, value: int
) -> None:
    """What would be more than a backup may hold is left out and named, and not written for nobody to read."""
    answered("a")
    mine = [own_file(settings, f"code/q{n}.py", "four") for n in range(5)]
    own_file(settings, "code/long.py", "five!")
    for path in mine[3:]:
        path.write_text("f")
    with monkeypatch.context() as patch:
        if limit == "LONGEST":
            patch.setattr(archive, "_MOST_BYTES", 100)
        patch.setattr(archive, limit, value)
        made = archive.write(settings)
    assert str(settings.code_dir / "long.py") in made.about.left_out or limit != "LONGEST"
    assert made.about.left_out
    with candidate(made.path, settings) as found:
        assert found.files is not None
        assert len(found.files) + len(made.about.left_out) == 6


def test_of_many_that_are_left_out_not_every_one_is_named(
    settings: Settings, answered: Answered, monkeypatch: pytest.MonkeyPatch
) -> None:
    answered("a")
    for number in range(110):
        own_file(settings, f"code/q{number}.py", "four")
    monkeypatch.setattr(archive, "_MOST_BYTES", 0)
    left_out = archive.write(settings).about.left_out
    assert (len(left_out), left_out[-1]) == (101, "and 10 more")


def test_a_backup_of_another_format_is_said_to_be_one(
    settings: Settings, answered: Answered, tmp_path: Path
) -> None:
    answered("a")
    path = tmp_path / "later.zip"
    with zipfile.ZipFile(path, "w") as later:
        later.writestr("about.json", b'{"format": 2}')
    with pytest.raises(QuizError, match="of format 2, this quizcli knows 1"), candidate(path, settings):
        pass


def test_a_link_to_a_store_that_is_not_there(settings: Settings, answered: Answered, tmp_path: Path) -> None:
    """Its disk may not be mounted; a new store in its place would hide the old one."""
    answered("a")
    made = archive.write(settings).path
    settings.store_file.rename(tmp_path / "away.db")
    settings.store_file.symlink_to(tmp_path / "disk" / "quizcli.db")
    with pytest.raises(QuizError, match="which is not there"):
        answered("b")
    with pytest.raises(QuizError, match="which is not there"):
        bring_back(made, settings)
    assert settings.store_file.is_symlink()


@pytest.mark.parametrize("above", [1, 2])
def test_a_folder_that_is_a_link_to_what_is_not_there(
    settings: Settings, answered: Answered, tmp_path: Path, above: int
) -> None:
    """The same of a folder above the store: its disk too may not be mounted, and nothing is made there."""
    answered("a")
    made = tmp_path / "made.db"
    shutil.copy(back_up(str(settings.store_file), BY_HAND), made)
    home = replace(settings, store_file=tmp_path / "home" / "data" / "quizcli.db")
    link = home.store_file.parents[above - 1]
    link.parent.mkdir(exist_ok=True)
    link.symlink_to(tmp_path / "disk" / "deep")
    for use in (lambda: Store.open(home.store_file), lambda: bring_back(made, home)):
        with pytest.raises(QuizError, match=f"^{link} is a link to {tmp_path}/disk/deep, which is not there"):
            use()
    for write in (
        lambda: replace_file(home.edits_dir / "x", b"x"),
        lambda: archive.write(home, with_store=False),
    ):
        with pytest.raises((OSError, QuizError), match="which is not there"):
            write()
    assert not (tmp_path / "disk").exists()


def test_a_linked_folder_whose_disk_goes_in_a_session(
    settings: Settings, wall: Wall, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was answered is kept elsewhere; the folder that the link names is not made anew."""
    disk = tmp_path / "disk" / "deep"
    disk.mkdir(parents=True)
    settings.store_file.parent.symlink_to(disk)
    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "tmp"))
    with Store.open(settings.store_file) as store:
        store.answer("a", Rating.GOOD, 1500, wall.now, SCHEDULE)
        shutil.rmtree(tmp_path / "disk")
        with pytest.raises(QuizError, match="which is not there") as told:
            store.answer("b", Rating.GOOD, 1500, wall.now, SCHEDULE)
    assert not (tmp_path / "disk").exists()
    (rescued,) = (tmp_path / "tmp").glob("*.db")
    assert str(rescued) in told.value.message


@pytest.mark.parametrize("what", ["file", "link"])
def test_something_in_the_way_of_the_backups(settings: Settings, answered: Answered, what: str) -> None:
    answered("a")
    folder = settings.store_file.with_name("backups")
    folder.write_text("in the way") if what == "file" else folder.symlink_to(folder.with_name("nowhere"))
    told = rf"Not a directory: '{folder}'" if what == "file" else f"{folder} is a link to .* not there"
    with pytest.raises(QuizError, match=told):
        archive.write(settings)


def test_a_restore_that_fails_says_where_what_was_before_is(
    settings: Settings, answered: Answered, monkeypatch: pytest.MonkeyPatch
) -> None:
    answered("a")
    made = archive.write(settings).path
    answered("b")

    def full(*_: object) -> None:
        raise QuizError("The disk is full.", "Free some space.")

    monkeypatch.setattr(put_back, "_overwrite", full)
    with pytest.raises(QuizError, match="The disk is full") as caught:
        bring_back(made, settings)
    (before,) = settings.store_file.with_name("backups").glob("*before-restore*")
    assert caught.value.hint == f"Free some space. What was there before is in {before}."


def test_what_no_backup_can_hold_is_not_overwritten(settings: Settings, answered: Answered) -> None:
    answered("a")
    draft = own_file(settings, "code/q.py", "small")
    made = archive.write(settings).path
    draft.write_bytes(b"x" * (archive.LONGEST + 1))
    with candidate(made, settings) as found:
        for does in (preview, restore):
            with pytest.raises(QuizError, match=r"q\.py would be overwritten, and no backup can hold it"):
                does(found, settings)
    assert draft.stat().st_size == archive.LONGEST + 1


def test_answers_given_while_it_is_backed_up_are_in_it(
    settings: Settings, answered: Answered, monkeypatch: pytest.MonkeyPatch
) -> None:
    answered("a")
    made = archive.write(settings).path
    answered("b")
    real = archive.write

    def slow(*given: object, **named: object) -> archive.Made:
        kept = real(*given, **named)  # type: ignore[arg-type]
        if len(held(settings)) < 4:
            answered("meanwhile")
        return kept

    monkeypatch.setattr(put_back, "write", slow)
    before = bring_back(made, settings)
    assert held(settings) == ["a"]
    assert before is not None
    bring_back(before, settings)
    assert held(settings) == ["a", "b", "meanwhile", "meanwhile"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
@pytest.mark.parametrize("end", ["-wal", "-shm", "-journal"])
@pytest.mark.parametrize("what", ["pipe", "folder", "link to a device"])
def test_what_is_in_the_place_of_sqlites_files_is_told(
    settings: Settings, answered: Answered, end: str, what: str
) -> None:
    answered("a")
    beside = Path(f"{settings.store_file}{end}")
    match what:
        case "pipe":
            os.mkfifo(beside)
        case "folder":
            beside.mkdir()
        case _:
            beside.symlink_to("/dev/zero")
    with pytest.raises(QuizError, match=f"{end} is no regular file"):
        answered("b")


@pytest.mark.parametrize("stamp", ["00010101T000000Z", "99991231T235959Z", "19691231T235959Z"])
def test_backups_named_after_days_that_there_are_nowhere(
    settings: Settings, answered: Answered, stamp: str
) -> None:
    answered("a")
    made = archive.write(settings).path
    other = made.with_name(f"quizcli-{stamp}-daily.zip")
    made.rename(other)
    assert backups(settings.store_file) == []
    assert thin_out(settings.store_file) == []


def test_a_list_of_entries_without_end_is_not_read(settings: Settings, tmp_path: Path) -> None:
    path = tmp_path / "huge.zip"
    size = 6 << 30
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 1, 1, size & 0xFFFFFFFF, 0, 0)
    locator = struct.pack("<4sLQL", b"PK\6\7", 0, size, 1)
    record = struct.pack("<4sQ2H2L4Q", b"PK\6\6", 44, 45, 45, 0, 0, 1, 1, size, 0)
    with path.open("wb") as stream:
        stream.truncate(size)
        stream.seek(size)
        stream.write(record + locator + end)
    with pytest.raises(QuizError, match="it holds too much"), candidate(path, settings):
        pass


def test_links_on_this_machine_are_not_written_through(
    settings: Settings, answered: Answered, tmp_path: Path
) -> None:
    answered("a")
    own_file(settings, "code/deep/q.py", "theirs")
    own_file(settings, "code/link.py", "theirs")
    made = archive.write(settings).path
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "q.py").write_text("precious")
    shutil.rmtree(settings.code_dir)
    settings.code_dir.mkdir()
    (settings.code_dir / "link.py").symlink_to(outside / "q.py")
    bring_back(made, settings)
    assert (outside / "q.py").read_text() == "precious"
    assert (settings.code_dir / "link.py").read_text() == "theirs"
    shutil.rmtree(settings.code_dir / "deep")
    (settings.code_dir / "deep").symlink_to(outside)
    (outside / "q.py").write_text("precious")
    with pytest.raises(QuizError, match="leads elsewhere"):
        bring_back(made, settings)
    assert (outside / "q.py").read_text() == "precious"


@pytest.mark.parametrize("sql", SPOILT.values(), ids=SPOILT.keys())
def test_spoilt_stores_are_refused(settings: Settings, answered: Answered, tmp_path: Path, sql: str) -> None:
    answered(*(f"q{n}" for n in range(5)), "q1")
    spoilt = tmp_path / "spoilt.db"
    shutil.copy(settings.store_file, spoilt)
    before = spoilt.read_bytes()
    by_hand(spoilt, sql)
    if spoilt.read_bytes() == before or "round SET" in sql or "state = 2" in sql:
        pytest.skip("there is nothing of that kind in this store")
    with pytest.raises(QuizError), candidate(spoilt, settings):
        pass
    assert held(settings)[:5] == [f"q{n}" for n in range(5)]


@pytest.mark.parametrize(
    "content", [b"", b"PK", b"PK\x05\x06" + bytes(18), b"SQLite format 3\x00", b"x" * 5000]
)
def test_files_that_are_no_backup(
    settings: Settings, answered: Answered, tmp_path: Path, content: bytes
) -> None:
    answered("a")
    path = tmp_path / "file.zip"
    path.write_bytes(content)
    with pytest.raises(QuizError, match=r"no sound backup|not a quizcli store"), candidate(path, settings):
        pass
    os.unlink(path)
    os.mkfifo(path)
    with pytest.raises(QuizError, match="no regular file"), candidate(path, settings):
        pass
    assert [each.name for each in settings.store_file.parent.iterdir()] == ["quizcli.db"]


def test_a_backup_that_chance_has_damaged(settings: Settings, answered: Answered, tmp_path: Path) -> None:
    """Whatever byte is another: refused with clear words, or restored whole."""
    answered(*(f"q{n}" for n in range(20)))
    own_file(settings, "code/q.py", "mine")
    made = archive.write(settings).path.read_bytes()
    path = tmp_path / "damaged.zip"
    refused = 0
    for seed in range(60):
        dice = random.Random(seed)
        data = bytearray(made)
        data[dice.randrange(len(data))] ^= dice.randrange(1, 256)
        path.write_bytes(bytes(data[: dice.randrange(len(data))]) if seed % 5 == 0 else bytes(data))
        try:
            with candidate(path, settings) as found:
                assert not preview(found, settings).lost
        except QuizError:
            refused += 1
    assert refused > 40
    assert len(held(settings)) == 20


def test_a_newer_schema_and_a_foreign_database(
    settings: Settings, answered: Answered, tmp_path: Path
) -> None:
    answered("a")
    newer, foreign = tmp_path / "newer.db", tmp_path / "foreign.db"
    shutil.copy(settings.store_file, newer)
    by_hand(newer, f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
    with pytest.raises(QuizError, match="newer quizcli"), candidate(newer, settings):
        pass
    db = sqlite3.connect(foreign)
    db.execute("CREATE TABLE bookmark (url)")
    db.close()
    with pytest.raises(QuizError), candidate(foreign, settings):
        pass


def test_the_newest_schema_is_what_a_healthy_store_has(settings: Settings, answered: Answered) -> None:
    answered("a")
    db = sqlite3.connect(settings.store_file, isolation_level=None)
    assert checked_version(db, "x") == len(MIGRATIONS)
    db.execute("ANALYZE")
    assert checked_version(db, "x") == len(MIGRATIONS)
    db.close()


def test_restoring_keeps_the_language_and_other_settings_of_the_run(
    settings: Settings, answered: Answered
) -> None:
    answered("a")
    replace_file(settings.config_file, b"new_per_day = 3\n")
    made = archive.write(settings).path
    settings.config_file.unlink()
    bring_back(made, replace(settings, lang="zh"))
    assert settings.config_file.read_bytes() == b"new_per_day = 3\n"


def test_backups_of_one_second_are_listed_by_age(tmp_path: Path) -> None:
    folder = tmp_path / "backups"
    folder.mkdir()
    made = [f"quizcli-20250330T010000Z-{why}.zip" for why in ("daily", "by-hand", "before-restore")]
    for age, name in enumerate(made):
        (folder / name).touch()
        os.utime(folder / name, ns=(10**18 + age, 10**18 + age))
    assert [each.name for each in backups(tmp_path / "quizcli.db")] == made


def test_what_is_written_between_the_backup_and_the_exchange_is_not_lost(
    settings: Settings, answered: Answered, monkeypatch: pytest.MonkeyPatch
) -> None:
    answered("a")
    made = archive.write(settings).path
    answered("b")
    late = iter(["late", "later"])

    def study() -> None:
        for name in islice(late, 1):
            answered(name)

    before_the_exchange(monkeypatch, study)
    kept = bring_back(made, settings)
    assert held(settings) == ["a"]
    assert kept is not None
    assert [each.path for each in backups(settings.store_file)].count(kept) == 1
    monkeypatch.undo()
    bring_back(kept, settings)
    assert held(settings) == ["a", "b", "late", "later"]


def test_drafts_that_are_saved_while_it_restores_stay(
    settings: Settings, answered: Answered, monkeypatch: pytest.MonkeyPatch
) -> None:
    answered("a")
    own_file(settings, "code/old.py", "before")
    made = archive.write(settings).path
    own_file(settings, "code/old.py", "now")
    gone = own_file(settings, "code/gone.py", "saved")

    def save() -> None:
        own_file(settings, "code/old.py", "a moment ago")
        own_file(settings, "code/new.py", "a moment ago too")

    before_the_exchange(monkeypatch, save)
    with pytest.raises(QuizError, match=r"new\.py was written meanwhile, and stays as it is \(2 in all\)"):
        bring_back(made, settings)
    assert not gone.exists()
    texts = {path.name: path.read_text() for path in settings.code_dir.iterdir()}
    assert texts == {"old.py": "a moment ago", "new.py": "a moment ago too"}


def test_a_store_whose_table_is_a_view_without_end_is_no_backup(
    settings: Settings, answered: Answered, monkeypatch: pytest.MonkeyPatch
) -> None:
    answered("a")
    hostile = Path(back_up(str(settings.store_file), "daily"))
    with sqlite3.connect(hostile) as db:
        db.execute("DROP TABLE card")
        db.execute(
            """CREATE VIEW card AS WITH RECURSIVE n (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n)
            SELECT x AS id FROM n"""
        )
    db.close()
    monkeypatch.setattr(archive, "_LOOK", 0.2)
    with pytest.raises(QuizError, match="is no sound backup: interrupted"):
        archive.about(hostile)
    with pytest.raises(QuizError), candidate(hostile, settings):
        pass


def test_no_more_of_a_store_is_unpacked_than_its_header_tells(settings: Settings, answered: Answered) -> None:
    answered("a")
    made = archive.write(settings).path
    with zipfile.ZipFile(made) as archived:
        parts = {name: archived.read(name) for name in archived.namelist()}
    (store,) = (name for name, data in parts.items() if data.startswith(b"SQLite format 3"))
    longer = settings.store_file.with_name("longer.zip")
    with zipfile.ZipFile(longer, "w", zipfile.ZIP_DEFLATED) as archived:
        for name, data in parts.items():
            archived.writestr(name, data + bytes(50_000_000) if name == store else data)
    with pytest.raises(QuizError, match="its store is longer than it says"), candidate(longer, settings):
        pass
    assert not list(settings.store_file.parent.glob("*.partial"))
