"""Whole copies of a store from what is left of it: of an open connection, or of the newest sound backup."""

from __future__ import annotations

import os
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

from quizcli.errors import QuizError
from quizcli.file_reading import open_regular
from quizcli.file_writing import create, make_folder
from quizcli.study.backups.archive import is_bare_store, open_archive
from quizcli.study.backups.kept_backups import backups, partial, remove
from quizcli.study.database.damage import DamagedError
from quizcli.study.database.presence import Presence, file_identity
from quizcli.study.store.migrations import is_newest, migrate
from quizcli.study.store.rows import ENTRY, LogEntry, LogPart, entry_of


def copy_store(db: sqlite3.Connection, file: str) -> str | None:
    """A copy of what a connection holds, beside `file` if that can be; None where it is not whole."""
    for copy in _names(file):
        try:
            create(copy).close()
            db.execute("VACUUM INTO CAST(? AS TEXT)", (os.fsencode(copy),))
            if _is_whole(copy):
                return copy
        except (OSError, sqlite3.Error):  # tried elsewhere, or told by who asked for the store
            pass
        drop(copy)
    return None


def newest_backup(path: str, file: str) -> tuple[str, str] | None:
    """A copy beside `file` of the newest backup of a store that holds one and is sound, and its name."""
    with suppress(OSError):
        for backup in reversed(backups(path)):
            for copy in _names(file):
                try:
                    _unpack(backup.path, copy)
                    with closing(sqlite3.connect(copy, isolation_level=None)) as db:
                        migrate(db, copy)
                    if _is_whole(copy):
                        return copy, backup.name
                except (OSError, sqlite3.Error, QuizError):  # an older one may be sound
                    pass
                drop(copy)
    return None


def contents(copy: str) -> LogPart:
    """The log of a copy."""
    with closing(sqlite3.connect(copy)) as source:
        rows = source.execute(f"SELECT {ENTRY} FROM log ORDER BY seq").fetchall()
        terms = dict(source.execute("SELECT id, terms FROM scheduler"))
    return _as_written([entry_of(row, copy) for row in rows], terms)


def readable_part(file: str) -> LogPart:
    """What can be read of the log of a store that is not whole, from its newest entry back."""
    entries: list[LogEntry] = []
    terms: dict[int, str] = {}
    with closing(sqlite3.connect(file)) as source, suppress(sqlite3.Error, ValueError, OverflowError):
        for name in ("log", "scheduler"):  # a view of that name may have no end
            if source.execute("SELECT type FROM sqlite_schema WHERE name = ?", (name,)).fetchone() != (
                "table",
            ):
                return LogPart()
        terms = dict(source.execute("SELECT id, terms FROM scheduler"))
        for row in source.execute(f"SELECT {ENTRY} FROM log ORDER BY seq DESC"):
            with suppress(DamagedError):
                entries.append(entry_of(row, file))
    known = [entry for entry in reversed(entries) if entry.kind != "answer" or entry.scheduler in terms]
    return _as_written(known, terms)


def _as_written(entries: list[LogEntry], terms: dict[int, str]) -> LogPart:
    names = {entry.seq: entry.uuid for entry in entries}
    undone = {entry.uuid: names[entry.undoes] for entry in entries if entry.undoes in names}
    return LogPart(entries, terms, undone)


def duplicate(source: str, target: str) -> None:
    """A private copy of a file, on the disk. FileExistsError where anything has that name."""
    with open_regular(source) as old, create(target) as new:
        shutil.copyfileobj(old, new)
        new.flush()
        os.fsync(new.fileno())


def aside_of(file: str) -> str:
    """What a damaged store is called; it is never deleted."""
    return f"{file}.damaged-{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}-{os.urandom(2).hex()}"


def remove_sides(file: str, ours: Presence | None = None) -> None:
    """Delete SQLite's files beside a store; where it is said which, no others: another run may have begun."""
    for end, known in (("-wal", ours and ours.wal), ("-shm", ours and ours.shm)):
        if ours is None or (known is not None and file_identity(file + end) == known):
            remove(file + end)


def drop(copy: str) -> None:
    """Delete a copy. SQLite leaves its side files where it became the store under another name."""
    for end in ("", "-wal", "-shm", "-journal"):
        remove(copy + end)


def _names(file: str) -> Iterator[str]:
    for folder in (os.path.dirname(os.path.abspath(file)), tempfile.gettempdir()):
        with suppress(OSError):
            make_folder(folder)
            yield partial(folder)


def _unpack(backup: Path, copy: str) -> None:
    if is_bare_store(backup):
        duplicate(os.fspath(backup), copy)
        return
    with open_archive(backup) as archive:
        if not archive.has_store:
            raise FileNotFoundError(backup)
        archive.extract_store(copy)


def _is_whole(copy: str) -> bool:
    """Whether everything in a copy can be what quizcli wrote, and so can be carried over."""
    try:
        with closing(sqlite3.connect(copy)) as db:
            if db.execute("PRAGMA quick_check(1)").fetchone() != ("ok",) or not is_newest(db, copy):
                return False
        log = contents(copy)
    except QuizError:
        return False
    return all(entry.scheduler in log.terms for entry in log.entries if entry.kind == "answer")
