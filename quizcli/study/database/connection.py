"""An SQLite file opened the way the store needs it, and SQLite's errors in words that say what to do."""

from __future__ import annotations

import errno
import os
import sqlite3
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import NoReturn

from quizcli.errors import QuizError
from quizcli.file_writing import BUSY_SECONDS, create, locked, make_folder, refuse_dangling
from quizcli.study.database.damage import DamagedError, ForeignError
from quizcli.text import tr

_LEAST_FREE = 64 << 10  # bytes: the index of the log takes half of that
LONGEST_FOLDER = 430  # bytes: SQLite takes 512, and backups have names of 60 in a folder of their own
MAGIC = b"SQLite format 3\0"  # how each of its files begins
APPLICATION_ID = 0x5155495A  # "QUIZ": tells our files from other programs'


class UnwritableError(QuizError):
    """The disk takes nothing: it is full, cannot be written to or fails. What is on it may still be read."""


def connect(path: str) -> sqlite3.Connection:
    """Open or create the file, private to the person: WAL, every commit flushed to the disk, foreign keys on.

    Raises QuizError where the file cannot be opened, is no database or belongs to another program.
    """
    try:
        _create(path)
        db = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None)
    except OSError as error:
        fail(error, path)
    except (sqlite3.Error, ValueError) as error:
        fail_reading(error, path)
    with closed_by_a_failure(db, path):
        _refuse_foreign(db, path)
        _use_wal(db)
        db.execute("PRAGMA synchronous = FULL")
        # The log goes into the main file when the last connection closes, and not before: so that whoever has
        # it open can tell, by its time, that another program has written to it.
        db.execute("PRAGMA wal_autocheckpoint = 0")
        db.execute("PRAGMA foreign_keys = ON")
    return db


@contextmanager
def closed_by_a_failure(db: sqlite3.Connection, path: str) -> Iterator[None]:
    """Let nobody hold a connection that did not open well; what SQLite says of it is told as what it is."""
    try:
        yield
    except BaseException as error:
        db.close()
        if isinstance(error, sqlite3.Error | ValueError):
            fail_reading(error, path)
        raise


@contextmanager
def writing(db: sqlite3.Connection, path: str) -> Iterator[None]:
    """One transaction that holds the write lock: all of it is on the disk afterwards, or none of it."""
    begin(db, path)
    with committing(db, path):
        yield


def begin(db: sqlite3.Connection, path: str) -> None:
    """Take the write lock, for `committing`."""
    try:
        db.execute("BEGIN IMMEDIATE")
    except sqlite3.Error as error:
        fail(error, path)


@contextmanager
def committing(db: sqlite3.Connection, path: str) -> Iterator[None]:
    """The rest of a transaction that has begun."""
    try:
        yield
        db.execute("COMMIT")
    except BaseException as error:
        if db.in_transaction:
            db.execute("ROLLBACK")
        if isinstance(error, sqlite3.Error):
            fail(error, path)
        raise


def fail(error: OSError | sqlite3.Error, path: str) -> NoReturn:
    """Raise the QuizError that says what happened to the file, or the error itself where the bug is ours."""
    told = _unwritable(path, error) if isinstance(error, OSError) else _told(error, path)
    if told is None:
        raise error
    raise told from error


def fail_reading(error: Exception, path: str) -> NoReturn:
    """Like `fail`, where no more was asked than to read: what is not known otherwise is damage.

    The schema was checked when the file was opened, so that a query cannot be wrong in itself.
    """
    told = _told(error, path) if isinstance(error, sqlite3.Error) else None
    if told is None and isinstance(error, sqlite3.ProgrammingError):
        raise error  # a closed connection, another thread: ours
    raise (told or DamagedError(path, error)) from error


def _told(error: sqlite3.Error, path: str) -> QuizError | None:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF  # extended codes refine the lowest byte
    match code:
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            return locked(path, BUSY_SECONDS)
        case sqlite3.SQLITE_NOTADB:
            return not_ours(path)
        case sqlite3.SQLITE_CORRUPT | sqlite3.SQLITE_FORMAT | sqlite3.SQLITE_TOOBIG | sqlite3.SQLITE_MISMATCH:
            return DamagedError(path, error)
        case sqlite3.SQLITE_IOERR if error.sqlite_errorcode == sqlite3.SQLITE_IOERR_SHORT_READ:
            return DamagedError(path, tr("it ends too early", "文件不完整"))
        case sqlite3.SQLITE_FULL | sqlite3.SQLITE_IOERR | sqlite3.SQLITE_CANTOPEN if _is_full(code, path):
            return UnwritableError(
                tr(f"The disk is full: {path} could not grow.", f"磁盘已满：{path} 无法写入。"),
                tr(
                    "Nothing was half written. Free some space, then try again.",
                    "没有写入任何不完整的数据。请清理磁盘后重试。",
                ),
            )
        case sqlite3.SQLITE_READONLY | sqlite3.SQLITE_CANTOPEN | sqlite3.SQLITE_PERM | sqlite3.SQLITE_IOERR:
            return _unwritable(path, error)
    return None


def _is_full(code: int, path: str) -> bool:
    """Whether the disk is what is wrong: SQLite says so of most of its files, but not of its index."""
    if code == sqlite3.SQLITE_FULL:
        return True
    import shutil  # 2 ms, at every start

    with suppress(OSError):
        return shutil.disk_usage(os.path.dirname(os.path.abspath(path))).free < _LEAST_FREE
    return False


def _unwritable(path: str, error: Exception) -> QuizError:
    return UnwritableError(
        tr(f"{path} cannot be opened for writing: {error}.", f"{path} 无法以可写方式打开：{error}。"),
        tr(
            "Check the permissions of its folder, or name another with QUIZCLI_HOME.",
            "请检查所在目录的权限，或用 QUIZCLI_HOME 指定其他目录。",
        ),
    )


def not_ours(path: str) -> QuizError:
    """What is at the path is no store, and is left as it is."""
    return ForeignError(
        tr(f"{path} is not a quizcli store.", f"{path} 不是 quizcli 的学习记录文件。"),
        tr(
            "Move it away, or name another folder with QUIZCLI_HOME. If it was one, `quizcli restore` "
            "brings back a backup.",
            "请移走该文件，或用 QUIZCLI_HOME 指定其他目录。如果它原本是，可用 `quizcli restore` 恢复备份。",
        ),
    )


def _create(path: str) -> None:
    """Make the folder and the file readable by nobody else; SQLite's side files take after the file."""
    _refuse_far_down(path)
    refuse_dangling(path)
    _refuse_odd_sides(path)
    make_folder(os.path.dirname(os.path.abspath(path)))
    try:
        create(path).close()
    except FileExistsError:
        # Not opened here: closing it would drop the locks that this process holds on it (POSIX).
        if not os.access(path, os.W_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES)) from None
        status = os.stat(path)
        if not stat.S_ISREG(status.st_mode):
            raise OSError(errno.EINVAL, tr("this is no regular file", "这不是普通文件")) from None
        if status.st_size == 0 and _has_backups(path):  # a new store is empty too, but it has no past
            raise DamagedError(path, tr("it is empty", "文件是空的")) from None


def _refuse_far_down(path: str) -> None:
    """Raise QuizError for a folder whose path leaves SQLite no room for names: it takes 512 bytes."""
    folder = os.path.dirname(os.path.realpath(path))
    if (length := len(os.fsencode(folder))) > LONGEST_FOLDER:
        raise QuizError(
            tr(
                f"{folder}: this path has {length} bytes; for a store it may have {LONGEST_FOLDER}, "
                "as SQLite takes 512 in all.",
                f"{folder}：这个路径有 {length} 字节；SQLite 的完整路径上限为 512，"
                f"因此学习记录的目录最多 {LONGEST_FOLDER} 字节。",
            ),
            tr("Name a folder with a shorter path: QUIZCLI_HOME.", "请用 QUIZCLI_HOME 指定路径更短的目录。"),
        )


def _refuse_odd_sides(path: str) -> None:
    """Raise OSError for what is in the place of SQLite's own files and no file: to open a pipe is to wait."""
    for end in ("-wal", "-shm", "-journal"):
        beside = os.path.realpath(path) + end
        if os.path.lexists(beside) and not os.path.isfile(beside):
            raise OSError(errno.EINVAL, tr(f"{beside} is no regular file", f"{beside} 不是普通文件"))


def backups_of(path: str) -> str:
    """The folder in which the backups of a store are."""
    return os.path.join(os.path.dirname(os.path.abspath(path)), "backups")


def _has_backups(path: str) -> bool:
    try:
        return bool(os.listdir(backups_of(path)))
    except OSError:
        return False


def _refuse_foreign(db: sqlite3.Connection, path: str) -> None:
    """Raise QuizError for a healthy database of some other program, and for what has no first page."""
    size = os.stat(path).st_size
    if db.execute("SELECT 1 FROM sqlite_schema LIMIT 1").fetchone() is None:
        if size > 0 and db.execute("PRAGMA page_count").fetchone() == (0,):
            raise DamagedError(path, tr("it ends too early", "文件不完整"))
        return
    # In this order: another process may be creating our tables, and gives them their mark in the same commit.
    if db.execute("PRAGMA application_id").fetchone() != (APPLICATION_ID,):
        raise not_ours(path)


def _use_wal(db: sqlite3.Connection) -> None:
    """Switch to write-ahead logging. SQLite does not wait for a busy file here, so we do."""
    deadline = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            db.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(0.01)
