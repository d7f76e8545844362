"""A backup put back, undone by another restore."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from quizcli.errors import QuizError
from quizcli.file_writing import BUSY_SECONDS, refuse_dangling
from quizcli.settings import Settings
from quizcli.study.backups.archive import Made, open_archive, own_files, write
from quizcli.study.backups.kept_backups import put, remove, thin_out
from quizcli.study.database.connection import connect, fail_reading
from quizcli.study.restore.beside import put_files
from quizcli.study.restore.candidate import RestorableBackup
from quizcli.study.restore.preview import present_store, refuse_what_is_nowhere_else
from quizcli.study.store.copies import aside_of, duplicate, remove_sides
from quizcli.study.store.mending import part_from_log
from quizcli.text import tr

_TRIES = 5  # to back up what nobody writes to meanwhile


def restore(found: RestorableBackup, settings: Settings) -> Made | None:
    """Put a backup back; returns the backup of what was there before, None where there was nothing.

    The store is replaced in one transaction of SQLite, under its locks: whoever has it open goes on with the
    restored one, and a process that is killed leaves the old one or the new one. A damaged one is set aside.
    """
    path = str(settings.store_file)
    refuse_dangling(path)
    here, _ = own_files(settings)
    refuse_what_is_nowhere_else(found, here, settings)
    trouble = present_store(settings).trouble
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
    with open_archive(kept.path) as archive:
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
