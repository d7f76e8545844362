"""A store whose file was deleted, replaced or damaged while it was open: nothing of it is lost.

The open connection still holds everything, whatever has become of the file. What is at the path now is what
later runs will find; so what it lacks is put there.
"""

from __future__ import annotations

import os
import sqlite3
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import closing, suppress

from quizcli.errors import QuizError
from quizcli.private import create, make_folder
from quizcli.study.backups import RESCUED
from quizcli.study.carrying import carry_over
from quizcli.study.connection import backups_of, connect, writing
from quizcli.study.damage import DamagedError
from quizcli.study.migrations import migrate
from quizcli.study.presence import Presence, look
from quizcli.study.rows import ENTRY, Entry, entry_of
from quizcli.text import tr


class RescuedError(QuizError):
    """The store cannot take the answers; they are in `target`, a store too."""

    target: str = ""


def heal(
    db: sqlite3.Connection, path: str, files: Presence, written: Sequence[Entry], terms: Mapping[int, str]
) -> tuple[sqlite3.Connection, str]:
    """A connection to the store that is at the path, with all that `db` held; and what to tell, if anything.

    `db` is closed. `files` are those that it opened; `written` is what this process has committed, which is
    known even where `db` can no longer be read. Raises QuizError where what is at the path is no store, and
    RescuedError where everything is kept in another one.
    """
    copy = _copied(db, path)
    db.close()
    try:
        told = ""
        now = look(path)
        if copy is not None and now.main != files.main and now.wal == files.wal:
            _remove_sides(path)  # SQLite would mix what was logged for the old file into the new one
        if now.main is None:
            told = _brought_back(copy, path)
        try:
            fresh = _opened(path)
        except DamagedError:
            if copy is None:
                raise
            told = _put_aside(path)
            _brought_back(copy, path)
            fresh = _opened(path)
        carried = _carried(copy, written, terms, fresh, path)
        if carried and not told:
            told = tr(
                f"{path} had been replaced by another copy. What that lacked has been added ({carried} "
                "entries); nothing is lost.",
                f"{path} 曾被另一份副本替换；缺少的 {carried} 条记录已补上，没有丢失。",
            )
        return fresh, told
    except QuizError as error:
        raise _kept(copy, written, terms, path, error) from error
    except OSError as error:
        # A full disk, another one, a file where the folder was: the copy is all there is.
        refused = QuizError(f"{path}: {error.strerror or error}.")
        raise _kept(copy, written, terms, path, refused) from error
    finally:
        if copy is not None:
            _remove(copy)
            _remove_sides(copy)  # SQLite leaves them where the copy became the store under another name


def _copied(db: sqlite3.Connection, path: str) -> str | None:
    """A copy of what a connection holds, beside the store if that can be; None where it is not whole."""
    for folder in (os.path.dirname(os.path.abspath(path)), tempfile.gettempdir()):
        copy = os.path.join(folder, f".quizcli-{os.getpid()}-{os.urandom(4).hex()}.partial")
        try:
            make_folder(folder)
            create(copy).close()
            db.execute("VACUUM INTO ?", (copy,))
            with closing(sqlite3.connect(copy)) as whole:
                if whole.execute("PRAGMA quick_check").fetchone() == ("ok",):
                    return copy
        except (OSError, sqlite3.Error):  # tried elsewhere, or told by who asked for the store
            pass
        _remove(copy)
        _remove_sides(copy)
    return None


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


def _brought_back(copy: str | None, path: str) -> str:
    """Put the copy where the store was. Where another process does so at this moment, its store stays."""
    _remove_sides(path)  # of the store that has gone
    if copy is not None:
        with suppress(FileExistsError, FileNotFoundError):
            try:
                os.link(copy, path)
            except (PermissionError, NotImplementedError):  # a file system without hard links
                if not os.path.exists(path):
                    os.replace(copy, path)
    if copy is None:
        return tr(
            f"{path} had been deleted and could not be read any more. A new one holds the answers of this "
            "run; `quizcli restore` lists the backups of the others.",
            f"{path} 曾被删除且已无法读取。新文件中只有本次运行的作答；"
            "其余请用 `quizcli restore` 从备份恢复。",
        )
    return tr(
        f"{path} had been deleted or moved away. It is there again; nothing is lost.",
        f"{path} 曾被删除或移走；现已恢复，没有丢失。",
    )


def _remove_sides(path: str) -> None:
    for end in ("-wal", "-shm"):
        _remove(path + end)


def _put_aside(path: str) -> str:
    """Move what is at the path out of the way; it is never deleted."""
    aside = f"{path}.damaged-{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}"
    for end in ("", "-wal", "-shm"):
        with suppress(FileNotFoundError):
            os.replace(path + end, aside + end)
    return tr(
        f"{path} had been damaged from outside. It is whole again; the damaged file is {aside}.",
        f"{path} 曾被外部改坏；现已复原，损坏的文件存为 {aside}。",
    )


def _carried(
    copy: str | None, written: Sequence[Entry], terms: Mapping[int, str], db: sqlite3.Connection, path: str
) -> int:
    if copy is None:
        return carry_over(written, terms, db, path)
    with closing(sqlite3.connect(copy)) as source:
        rows = source.execute(f"SELECT {ENTRY} FROM log ORDER BY seq").fetchall()
        known = dict(source.execute("SELECT id, terms FROM scheduler").fetchall())
    number = carry_over((entry_of(row, copy) for row in rows), known, db, path)
    _carry_the_rest(copy, db, path)
    return number


def _carry_the_rest(copy: str, db: sqlite3.Connection, path: str) -> None:
    """Rounds and measured claims that the store lacks; where it has others of the same key, those stay."""
    db.execute("ATTACH ? AS lost", (copy,))
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


def _kept(
    copy: str | None, written: Sequence[Entry], terms: Mapping[int, str], path: str, error: QuizError
) -> QuizError:
    """The error of a store that cannot take the answers, with the place where they are kept instead."""
    stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    for folder in (backups_of(path), tempfile.gettempdir()):
        target = os.path.join(folder, f"quizcli-{stamp}-{RESCUED}-{os.urandom(2).hex()}.db")
        try:
            make_folder(folder)
            create(target).close()
            with closing(_new(target)) as rescued:
                if copy is None:
                    carry_over(written, terms, rescued, target)
                else:
                    with closing(sqlite3.connect(copy)) as source:
                        source.backup(rescued)
        except (OSError, sqlite3.Error, QuizError):
            continue  # the next folder; after the last one it is said that nothing could be kept
        told = RescuedError(
            error.message
            + tr(f" All that this run had stored is in {target}.", f" 本次运行的全部记录保存在 {target}。"),
            tr(
                f"Put things right, then `quizcli restore {target}`. {error.hint}",
                f"请先解决上述问题，再执行 `quizcli restore {target}`。{error.hint}",
            ),
        )
        told.target = target
        return told
    return QuizError(
        error.message + tr(" Nothing could be kept elsewhere.", " 也无法另存到其他位置。"), error.hint
    )


def _new(path: str) -> sqlite3.Connection:
    db = sqlite3.connect(path, isolation_level=None)
    migrate(db, path)
    return db


def _remove(path: str) -> None:
    with suppress(OSError):
        os.unlink(path)
