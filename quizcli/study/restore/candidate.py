"""A backup as it may be restored: all of it looked through, its store unpacked beside the present one."""

from __future__ import annotations

import errno
import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import NoReturn

import msgspec

from quizcli.errors import QuizError
from quizcli.file_reading import first_bytes
from quizcli.file_writing import make_folder, refuse_dangling
from quizcli.settings import Settings
from quizcli.study.backups.archive import About, has_pages, is_bare_store, no_backup, open_archive
from quizcli.study.backups.kept_backups import partial
from quizcli.study.database.damage import DamagedError, decoding
from quizcli.study.restore.beside import acceptable_files
from quizcli.study.schedule.card import Day, Instant
from quizcli.study.store.copies import drop, duplicate
from quizcli.study.store.migrations import MIGRATIONS, checked_version
from quizcli.study.store.rows import CARD, ENTRY, card_before, card_of, entry_of
from quizcli.text import tr


class RestorableBackup:
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
def candidate(path: Path, settings: Settings) -> Iterator[RestorableBackup]:
    """Unpack a backup and look through all of it. QuizError where anything in it is not sound."""
    folder = os.path.dirname(os.path.abspath(settings.store_file))
    refuse_dangling(settings.store_file)
    make_folder(folder)
    store = partial(folder)
    try:
        files: dict[str, bytes] | None = None
        wrong = ""
        if is_bare_store(path):
            _copy_store(path, store, folder)
            found, about = True, About()
        else:
            with open_archive(path) as archive:
                if archive.has_store:
                    _check_room(archive.store_size, folder)
                    try:
                        archive.extract_store(store)
                    except OSError as error:
                        _fail_unpacking(folder, error.strerror or str(error))
                found, about = archive.has_store, archive.about
                files, wrong = acceptable_files(archive.files(), path, settings)
        if found:
            _look_through(store, path)
        yield RestorableBackup(path, about, store if found else "", files, wrong)
    finally:
        drop(store)


def _check_room(size: int, folder: str) -> None:
    free = shutil.disk_usage(folder).free
    if size > free:
        reason = tr(f"it has {size:,} bytes, {free:,} are free", f"共 {size:,} 字节，仅剩 {free:,}")
        _fail_unpacking(folder, reason)


def _fail_unpacking(folder: str, reason: str) -> NoReturn:
    """Raise the error of a sound backup that cannot be unpacked where the store is."""
    raise QuizError(
        tr(
            f"The store in the backup cannot be unpacked in {folder}: {reason}.",
            f"备份中的学习记录无法解压到 {folder}：{reason}。",
        ),
        tr("Nothing was restored. Make room there, and try again.", "没有恢复任何内容。请腾出空间后重试。"),
    )


def _copy_store(path: Path, store: str, folder: str) -> None:
    """Copy a bare store, with what SQLite keeps beside it for a store that is or was in use."""
    try:
        if not has_pages(first_bytes(path, 100)):
            raise no_backup(path, tr("file is not a database", "该文件不是数据库"))
        for end in ("", "-wal"):
            if not end or os.path.exists(f"{path}{end}"):
                _check_room(os.stat(f"{path}{end}").st_size, folder)
                duplicate(f"{path}{end}", store + end)
        with closing(sqlite3.connect(store)) as db:
            db.execute("PRAGMA journal_mode = DELETE")  # takes in the one beside it
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            _fail_unpacking(folder, error.strerror or str(error))
        raise no_backup(path, error.strerror or str(error)) from error
    except sqlite3.Error as error:
        if getattr(error, "sqlite_errorcode", None) in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_WRITE):
            _fail_unpacking(folder, str(error))
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
            db.execute("BEGIN")  # never committed: what the rows are after the steps that it lacks
            for step in MIGRATIONS[version:]:
                for statement in step.statements:
                    db.execute(statement)
            for row in db.execute(f"SELECT {CARD} FROM card"):
                card_of(row, name)
            for row in db.execute(f"SELECT {ENTRY} FROM log"):
                if (before := entry_of(row, name).before) is not None:
                    card_before(before, name)
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
