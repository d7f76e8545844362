"""A store whose file was deleted, replaced, written over or damaged while it was open: nothing is lost.

The open connection still holds everything, whatever has become of the file; where somebody has written over
the file itself, it is known what this process has written. What is at the path now is what later runs will
find; so what it lacks is put there.
"""

from __future__ import annotations

import os
import sqlite3
import time
from contextlib import suppress

from quizcli.errors import QuizError
from quizcli.file_reading import dangling
from quizcli.file_writing import refuse_dangling
from quizcli.study.backups.kept_backups import partial, remove
from quizcli.study.database.connection import connect, writing
from quizcli.study.database.damage import DamagedError
from quizcli.study.database.presence import Presence, look_at_files
from quizcli.study.store.carrying import carry_over
from quizcli.study.store.copies import (
    aside_of,
    contents,
    copy_store,
    drop,
    duplicate,
    newest_backup,
    readable_part,
    remove_sides,
)
from quizcli.study.store.migrations import migrate
from quizcli.study.store.rescuing import keep_aside
from quizcli.study.store.rows import LogPart
from quizcli.text import tr

_PATIENCE = 2.0  # seconds that somebody may take to write over the store


def heal(
    db: sqlite3.Connection, path: str, files: Presence, written: LogPart, *, altered: bool = False
) -> tuple[sqlite3.Connection, str]:
    """A connection to the store that is at the path, with all that `db` held; and what to tell, if anything.

    `db` is closed. `files` are those that it opened; `written` is what this process has committed, which is
    known even where `db` can no longer be read. `altered`: its tables are not those of quizcli any more.
    Raises QuizError where what is at the path is no store, and RescuedError where everything is kept in
    another one.
    """
    now = look_at_files(path)
    torn = files.is_torn(now)
    overwritten = torn or files.is_overwritten(now)
    if overwritten:
        _wait_until_written(path)
    file = os.path.realpath(path)  # of a link, what it names is the store
    disk_is_gone = dangling(path) != "" and not os.path.isdir(os.path.dirname(file))
    copy = None if torn else copy_store(db, path if disk_is_gone else file)
    whole = copy is not None  # and not merely a backup
    try:
        told = aside = ""
        now = look_at_files(path)
        _let_go(db, file, overwritten)
        if overwritten or (copy is not None and now.main != files.main):
            remove_sides(file, files)  # SQLite would mix what was logged for the old file into the new one
        if now.main is None:
            if disk_is_gone:
                refuse_dangling(path)
            copy, told = _brought_back(copy, path, file)
        try:
            fresh = _opened(file)
        except DamagedError:
            if not (whole or overwritten or altered):
                raise
            aside, told = _put_aside(path, file)
            copy, more = _brought_back(copy, path, file)
            told += "" if whole else f" {more}"
            fresh = _opened(file)
        carried, more = _carried(copy, aside if altered else "", written, fresh, path)
        told += more
        if not told and (carried or not whole):
            told = _told_of_another(path, carried, whole)
        return fresh, told
    except QuizError as error:
        raise keep_aside(copy, written, path, error) from error
    except OSError as error:
        raise keep_aside(copy, written, path, _refused(path, error)) from error
    finally:
        if copy is not None:
            drop(copy)


def _refused(path: str, error: OSError) -> QuizError:
    """A full disk, another one, a file where the folder was: the copy is all there is."""
    return QuizError(
        f"{path}: {error.strerror or error}.",
        tr("See to the disk and its permissions, then try again.", "请检查磁盘与权限后重试。"),
    )


def _wait_until_written(path: str) -> None:
    """Who is writing over the file at this moment may finish, unless that takes long."""
    deadline = time.monotonic() + _PATIENCE
    now = look_at_files(path)
    while time.monotonic() < deadline:
        time.sleep(0.05)
        before, now = now, look_at_files(path)
        if before == now:
            return


def _let_go(db: sqlite3.Connection, file: str, overwritten: bool) -> None:
    """Close the connection. SQLite's last close writes what it has logged into the file that it opened,
    unless another has taken its place: so one that somebody has written over gives way to a copy of itself.
    """
    if not overwritten or not os.path.isfile(file):
        db.close()
        return
    new = partial(os.path.dirname(file))
    try:
        duplicate(file, new)
        os.replace(new, file)
        db.close()
    except OSError:  # a full disk: it is away for a moment
        remove(new)
        aside = f"{file}.{os.getpid()}-{os.urandom(4).hex()}"
        os.rename(file, aside)
        try:
            db.close()
        finally:
            os.rename(aside, file)


def _told_of_another(path: str, carried: int, whole: bool) -> str:
    if whole:
        return tr(
            f"{path} had been replaced by another copy. What that lacked has been added ({carried} "
            "entries); nothing is lost.",
            f"{path} 曾被另一份副本替换；缺少的 {carried} 条记录已补上，没有丢失。",
        )
    return tr(
        f"{path} had been overwritten by another copy. Of this run nothing is lost ({carried} entries have "
        "been added); older ones that the copy lacks are in the backups: `quizcli restore`.",
        f"{path} 曾被另一份副本覆盖。本次运行的作答没有丢失（已补上 {carried} 条）；"
        "该副本缺少的更早记录请用 `quizcli restore` 从备份中找回。",
    )


def _opened(path: str) -> sqlite3.Connection:
    db = connect(path)
    try:
        migrate(db, path)
        fault = db.execute("PRAGMA quick_check(1)").fetchone()[0]
        if fault != "ok":
            raise DamagedError(path, fault)
    except BaseException as error:
        db.close()
        if isinstance(error, sqlite3.Error):
            raise DamagedError(path, error) from error
        raise
    return db


def _brought_back(copy: str | None, path: str, file: str) -> tuple[str | None, str]:
    """Put the copy where the store was, or the newest backup where there is none; returns what was put there.

    Where another process does so at this moment, its store stays.
    """
    remove_sides(file)  # of the store that has gone
    name = ""
    if copy is None and (backup := newest_backup(path, file)) is not None:
        copy, name = backup
    if copy is not None:
        with suppress(FileExistsError, FileNotFoundError):
            try:
                os.link(copy, file)
            except (PermissionError, NotImplementedError):  # a file system without hard links
                if not os.path.exists(file):
                    os.replace(copy, file)
    if name:
        return copy, tr(
            f"{path} could not be read any more. It is put together from the backup {name} and the answers "
            "of this run.",
            f"{path} 已无法读取；现已由备份 {name} 和本次运行的作答重建。",
        )
    if copy is None:
        return None, tr(
            f"{path} could not be read any more. A new one holds the answers of this run; there is no backup "
            "of others.",
            f"{path} 已无法读取。新文件中只有本次运行的作答；没有其他作答的备份。",
        )
    return copy, tr(
        f"{path} had been deleted or moved away. It is there again; nothing is lost.",
        f"{path} 曾被删除或移走；现已恢复，没有丢失。",
    )


def _put_aside(path: str, file: str) -> tuple[str, str]:
    """Move what is at the path out of the way; it is never deleted. Returns where to, and what to tell."""
    aside = aside_of(file)
    for end in ("", "-wal", "-shm"):
        with suppress(FileNotFoundError):
            os.replace(file + end, aside + end)
    return aside, tr(
        f"{path} had been damaged from outside. The damaged file is kept as {aside}.",
        f"{path} 曾被外部改坏，损坏的文件存为 {aside}。",
    )


def _salvaged(aside: str, db: sqlite3.Connection, path: str) -> str:
    """Add what the log of a store that was put aside still holds, where that is one: other tables may be
    what somebody has altered. What to tell of it.
    """
    number = carry_over(readable_part(aside), db, path)
    if not number:
        return ""
    return tr(
        f" What could still be read of the damaged one has been added ({number} entries).",
        f"损坏的文件中还能读出的 {number} 条记录也已补上。",
    )


def _carried(
    copy: str | None, aside: str, written: LogPart, db: sqlite3.Connection, path: str
) -> tuple[int, str]:
    """Add what the store lacks, the oldest first. Returns how many entries, and what to tell of `aside`."""
    number, told = 0, ""
    if copy is not None:
        number = carry_over(contents(copy), db, path)
        _carry_the_rest(copy, db, path)
    if aside:
        told = _salvaged(aside, db, path)
    return number + carry_over(written, db, path), told  # of which the copy may lack some


def _carry_the_rest(copy: str, db: sqlite3.Connection, path: str) -> None:
    """Rounds and measured claims that the store lacks; where it has others of the same key, those stay."""
    db.execute("ATTACH CAST(? AS TEXT) AS lost", (os.fsencode(copy),))
    try:
        with writing(db, path):
            db.execute("INSERT OR IGNORE INTO main.claim SELECT * FROM lost.claim")
            db.execute("INSERT OR IGNORE INTO main.round SELECT * FROM lost.round")
            db.execute(
                """INSERT OR IGNORE INTO main.round_answer (round, question, topic, correct, duration, at)
                SELECT a.round, a.question, a.topic, a.correct, a.duration, a.at FROM lost.round_answer AS a
                JOIN lost.round AS theirs ON theirs.id = a.round
                JOIN main.round AS ours ON ours.id = a.round AND ours.started = theirs.started"""
            )
    finally:
        db.execute("DETACH lost")
