"""A backup put back: looked through first, compared with what is there now, and undone by another restore."""

from __future__ import annotations

import os
import shutil
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import NamedTuple

import msgspec
from msgspec import Struct

from quizcli.errors import QuizError
from quizcli.private import create, make_folder
from quizcli.reading import read_regular
from quizcli.settings import Settings
from quizcli.study.archive import (
    PACKS,
    About,
    Made,
    is_bare_store,
    no_backup,
    opened,
    own_files,
    write,
)
from quizcli.study.backups import partial, put, remove, thin_out
from quizcli.study.beside import acceptable, is_ours, leads_inside, place_of, put_files
from quizcli.study.card import Day, Instant
from quizcli.study.connection import BUSY_SECONDS, connect, fail_reading, refuse_dangling
from quizcli.study.copies import aside_of, drop, duplicate, remove_sides
from quizcli.study.damage import DamagedError, ForeignError, decoding
from quizcli.study.mending import part_from_log
from quizcli.study.migrations import MIGRATIONS, checked_version
from quizcli.study.rows import CARD, ENTRY, card_of, entry_of, unpacked
from quizcli.text import tr

_REST = (  # what else there can be a difference in
    "SELECT 'log', uuid FROM log",
    "SELECT 'claim', * FROM claim",
    "SELECT 'round', * FROM round",
    "SELECT 'answer', round, question, correct FROM round_answer",
)
_TRIES = 5  # to back up what nobody writes to meanwhile
_ANSWERS = """SELECT uuid FROM log WHERE kind = 'answer'
    AND NOT EXISTS (SELECT 1 FROM log AS later WHERE later.undoes = log.seq)"""


class Held(Struct, frozen=True):
    """How much a store holds."""

    reviews: int
    cards: int


class Preview(Struct, frozen=True, kw_only=True):
    """What restoring would do."""

    backup: str
    about: About
    now: Held | None  # None: there is no store, or it cannot be read
    then: Held | None  # None: the backup holds no store
    trouble: str = ""  # what is wrong with the store there is
    notice: str = ""  # what has become of what a killed run left of it
    lost: int = 0  # reviews that are there now and would be no more
    won: int = 0
    differs: bool = False  # in anything: a flag, a round, a measured claim too
    files_changed: tuple[str, ...] = ()
    files_lost: tuple[str, ...] = ()
    files_won: tuple[str, ...] = ()
    config_left_out: str = ""  # what is wrong with the settings in it: with them no command would run
    untrusted: bool = False  # it is from elsewhere: trust in the code of packs is not taken over

    @property
    def changes(self) -> bool:
        """Whether anything would be different."""
        files = self.files_changed or self.files_lost or self.files_won
        return bool(files or self.differs)


class Candidate:
    """A backup that was found sound, with its store unpacked beside the present one."""

    def __init__(
        self, path: Path, about: About, store: str, files: dict[str, bytes] | None, wrong_config: str = ""
    ) -> None:
        self.path = path
        self.about = about
        self.store = store  # "" where there is none
        self.files = files  # None: a bare store, which says nothing of other files
        self.wrong_config = wrong_config  # why its settings are not among them


@contextmanager
def candidate(path: Path, settings: Settings) -> Iterator[Candidate]:
    """Unpack a backup and look through all of it. QuizError where anything in it is not sound."""
    folder = os.path.dirname(os.path.abspath(settings.store_file))
    make_folder(folder)
    store = partial(folder)
    try:
        files: dict[str, bytes] | None = None
        wrong = ""
        if is_bare_store(path):
            _copy_store(path, store, folder)
            found, about = True, About()
        else:
            with opened(path) as archive:
                if archive.has_store:
                    _check_room(path, archive.store_size, folder)
                    archive.extract_store(store)
                found, about = archive.has_store, archive.about
                files, wrong = acceptable(archive.files(), path, settings)
        if found:
            _look_through(store, path)
        yield Candidate(path, about, store if found else "", files, wrong)
    finally:
        drop(store)


def _check_room(path: Path, size: int, folder: str) -> None:
    free = shutil.disk_usage(folder).free
    if size > free:
        raise no_backup(
            path,
            tr(f"its store needs {size:,} bytes, {free:,} are free", f"需要 {size:,} 字节，仅剩 {free:,}"),
        )


def _copy_store(path: Path, store: str, folder: str) -> None:
    """Copy a bare store, with what SQLite keeps beside it for a store that is or was in use."""
    try:
        for end in ("", "-wal"):
            if end and not os.path.exists(f"{path}{end}"):
                continue
            size = os.stat(f"{path}{end}").st_size
            _check_room(path, size, folder)
            with create(store + end) as stream:
                stream.write(read_regular(f"{path}{end}", size))
        with closing(sqlite3.connect(store)) as db:
            db.execute("PRAGMA journal_mode = DELETE")  # takes in the one beside it
    except OSError as error:
        raise no_backup(path, error.strerror or str(error)) from error
    except sqlite3.Error as error:
        raise no_backup(path, str(error)) from error


def _look_through(store: str, path: Path) -> None:
    """Read every row. QuizError where the store is damaged, foreign or of a newer quizcli."""
    name = str(path)
    try:
        with closing(sqlite3.connect(store, isolation_level=None)) as db:
            db.execute("PRAGMA trusted_schema = OFF")
            version = checked_version(db, name)
            if version == 0:
                raise no_backup(path, tr("its store is empty", "其中的学习记录是空的"))
            faults = [row[0] for row in db.execute("PRAGMA integrity_check(3)") if row[0] != "ok"]
            if faults or db.execute("PRAGMA foreign_key_check").fetchone():
                raise DamagedError(name, "; ".join(faults) or "foreign keys")
            for row in db.execute(f"SELECT {CARD} FROM card"):
                card_of(row, name)
            for row in db.execute(f"SELECT {ENTRY} FROM log"):
                if (before := entry_of(row, name).before) is not None:
                    unpacked(before, name)
            if version >= len(MIGRATIONS):
                _look_through_the_rest(db, name)
    except (sqlite3.Error, ValueError, OverflowError) as error:
        raise no_backup(path, str(error)) from error
    except DamagedError as error:
        raise no_backup(path, error.reason) from error


def _look_through_the_rest(db: sqlite3.Connection, name: str) -> None:
    with decoding(name):
        for started, day, questions in db.execute("SELECT started, day, questions FROM round"):
            msgspec.convert((started, day), tuple[Instant, Day])
            msgspec.json.decode(questions, type=list[str])
        for (at,) in db.execute("SELECT at FROM claim UNION ALL SELECT at FROM round_answer"):
            msgspec.convert(at, Instant)


def _refuse_what_is_nowhere_else(found: Candidate, here: dict[str, bytes], settings: Settings) -> None:
    """Raise QuizError where a file would be overwritten that no backup holds: it could not come back."""
    for name in sorted((found.files or {}).keys() - here):
        path = place_of(name, settings)
        if path.is_file() and not path.is_symlink() and leads_inside(name, settings):
            raise QuizError(
                tr(
                    f"{path} would be overwritten, and no backup can hold it.",
                    f"{path} 会被覆盖，而备份里放不下它。",
                ),
                tr("Move it away, then restore.", "请先移走该文件，再恢复。"),
            )


def preview(found: Candidate, settings: Settings) -> Preview:
    """What would be lost and won."""
    here, _ = own_files(settings)
    _refuse_what_is_nowhere_else(found, here, settings)
    present = _present(settings)
    then, after = (None, set[str]()) if not found.store else _held(found.store)
    wanted = here if found.files is None else found.files
    return Preview(
        backup=found.path.name,
        about=found.about,
        now=present.held,
        then=then,
        trouble=present.trouble,
        notice=present.notice,
        lost=len(present.answers - after) if found.store else 0,
        won=len(after - present.answers),
        differs=bool(found.store)
        and (present.held is None or _rest(found.store) != _rest(str(settings.store_file))),
        files_changed=tuple(sorted(name for name in here.keys() & wanted if here[name] != wanted[name])),
        files_lost=tuple(sorted(here.keys() - wanted)),
        files_won=tuple(sorted(wanted.keys() - here)),
        config_left_out=found.wrong_config,
        untrusted=PACKS in wanted and not is_ours(found.path, settings),
    )


class _Present(NamedTuple):
    """The store there is: what it holds, or what is wrong with it."""

    held: Held | None
    trouble: str = ""
    answers: frozenset[str] = frozenset()
    notice: str = ""  # what has become of what a killed run left beside it


def _present(settings: Settings) -> _Present:
    path = str(settings.store_file)
    if not os.path.exists(path):
        return _Present(None)
    notice = ""
    try:
        notice = part_from_log(path)  # else SQLite would mix it into another file that is there now
        with closing(_sound(path)):
            held, answers = _held(path)
        return _Present(held, answers=frozenset(answers), notice=notice)
    except (DamagedError, ForeignError) as error:
        return _Present(None, error.message, notice=notice)


def _held(store: str) -> tuple[Held, set[str]]:
    """How much a store holds, and the UUIDs of its reviews."""
    try:
        with closing(sqlite3.connect(f"{Path(store).absolute().as_uri()}?mode=rw", uri=True)) as db:
            answers = {uuid for (uuid,) in db.execute(_ANSWERS)}
            return Held(len(answers), db.execute("SELECT count(*) FROM card").fetchone()[0]), answers
    except (sqlite3.Error, ValueError) as error:
        fail_reading(error, store)


def _rest(store: str) -> set[object]:
    """All else that a store holds; of one of an older quizcli what its tables have."""
    rows: set[object] = set()
    try:
        with closing(sqlite3.connect(f"{Path(store).absolute().as_uri()}?mode=rw", uri=True)) as db:
            tables = {name for (name,) in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}
            for query in _REST:
                if query.split(" FROM ")[1] in tables:
                    rows.update(db.execute(query))
    except (sqlite3.Error, ValueError) as error:
        fail_reading(error, store)
    return rows


def _sound(path: str) -> sqlite3.Connection:
    """The present store, looked through. DamagedError, or ForeignError for what is none (any more)."""
    db = connect(path)
    try:
        checked_version(db, path)
        faults = [row[0] for row in db.execute("PRAGMA integrity_check(3)") if row[0] != "ok"]
        if faults:
            raise DamagedError(path, "; ".join(faults))
    except BaseException as error:
        db.close()
        if isinstance(error, sqlite3.Error | ValueError):
            fail_reading(error, path)
        raise
    return db


def restore(found: Candidate, settings: Settings) -> Made | None:
    """Put a backup back; returns the backup of what was there before, None where there was nothing.

    The store is replaced in one transaction of SQLite, under its locks: whoever has it open goes on with the
    restored one, and a process that is killed leaves the old one or the new one. A damaged one is set aside.
    """
    path = str(settings.store_file)
    refuse_dangling(path)
    here, _ = own_files(settings)
    _refuse_what_is_nowhere_else(found, here, settings)
    trouble = _present(settings).trouble
    exists = os.path.exists(path)
    kept = None
    if (not exists or trouble) and here:
        kept = write(settings, "before-restore", with_store=False)
    try:
        if exists and not trouble:
            kept = _exchange(found.store, path, settings)
        elif found.store and trouble:
            _replace_damaged(found.store, path)
        elif found.store:
            _begin(found.store, path)
        if found.files is not None:
            put_files(found.files, _saved(kept), settings)
    except OSError as error:
        told = tr(
            f"{error.filename or path}: {error.strerror}; not everything was restored",
            f"{error.filename or path}：{error.strerror}；未能全部恢复",
        )
        hint = tr("Put that right and restore once more.", "请解决该问题后再次恢复。")
        raise QuizError(told, f"{hint}{_kept_in(kept)}") from error
    except QuizError as error:
        raise QuizError(error.message, f"{error.hint}{_kept_in(kept)}") from error
    thin_out(path)
    return kept


def _kept_in(kept: Made | None) -> str:
    if kept is None:
        return ""
    return tr(f" What was there before is in {kept.path}.", f" 恢复前的内容保存在 {kept.path}。")


def _saved(kept: Made | None) -> dict[str, bytes]:
    """The files in the backup of what was there before."""
    if kept is None:
        return {}
    with opened(kept.path) as archive:
        return archive.files()


class _WrittenError(Exception):
    """Somebody has written to the store since it was backed up."""


def _exchange(store: str, path: str, settings: Settings) -> Made:
    """Back up the present store, with what a session writes meanwhile, and put the other in its place.

    What is written in between is in neither: SQLite's lock is held when that is looked for, and if there is
    any, all begins anew.
    """
    with closing(connect(path)) as present, closing(sqlite3.connect(path)) as watch:
        for _ in range(_TRIES):
            before = watch.execute("PRAGMA data_version").fetchone()
            kept = write(settings, "before-restore")

            def check(before: object = before) -> None:
                if watch.execute("PRAGMA data_version").fetchone() != before:
                    raise _WrittenError

            try:
                if store:
                    _overwrite(store, present, path, check)
                else:
                    check()
            except _WrittenError:
                remove(kept.path)
                continue
            except QuizError as error:
                raise QuizError(error.message, f"{error.hint}{_kept_in(kept)}") from error
            return kept
    raise _busy(path)


def _busy(path: str) -> QuizError:
    return QuizError(
        tr(f"{path} is being written by another process.", f"另一进程正在写入 {path}。"),
        tr("Nothing was restored. Try again.", "没有恢复任何内容，请重试。"),
    )


def _overwrite(store: str, present: sqlite3.Connection, path: str, check: Callable[[], None]) -> None:
    deadline = time.monotonic() + BUSY_SECONDS

    def watch(status: int, remaining: int, total: int) -> None:
        if status in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            if time.monotonic() > deadline:
                raise _busy(path)
        elif remaining == total - 1:  # the first page is there, so the lock is ours
            check()

    try:
        with closing(sqlite3.connect(store, isolation_level=None)) as source:
            size = present.execute("PRAGMA page_size").fetchone()[0]
            if source.execute("PRAGMA page_size").fetchone()[0] != size:
                source.execute(f"PRAGMA page_size = {int(size)}")
                source.execute("VACUUM")
            source.backup(present, pages=1, progress=watch, sleep=0.05)
            if present.execute("PRAGMA journal_mode").fetchone() != ("wal",):
                present.execute("PRAGMA journal_mode = WAL")
    except (sqlite3.Error, ValueError) as error:
        fail_reading(error, path)


def _replace_damaged(store: str, path: str) -> None:
    """Keep copies of the damaged files, then put the new one in their place in one step."""
    aside = aside_of(path)
    for end in ("", "-wal", "-shm"):
        if os.path.exists(path + end):
            duplicate(path + end, aside + end)
    remove_sides(path)  # the new store must not take them for its own
    _flush(store)
    os.replace(store, os.path.realpath(path))


def _begin(store: str, path: str) -> None:
    part_from_log(path)  # keeps the log of a store that has gone
    remove_sides(path)
    _flush(store)
    put(store, Path(path))


def _flush(path: str) -> None:
    file = os.open(path, os.O_RDONLY)
    try:
        os.fsync(file)
    finally:
        os.close(file)
