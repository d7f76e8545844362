"""A store beside which a killed run has left SQLite's log, for a file that has gone or is another one since.

SQLite would delete that log, or mix it into the new file, and notice nothing.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing, suppress

from quizcli.errors import QuizError
from quizcli.file_reading import first_bytes, open_regular
from quizcli.study.backups.kept_backups import partial
from quizcli.study.database.connection import APPLICATION_ID, MAGIC, connect, not_ours
from quizcli.study.database.presence import Presence, look_at_files
from quizcli.study.database.undisturbed import undisturbed
from quizcli.study.store.carrying import carry_over
from quizcli.study.store.copies import aside_of, drop, duplicate, readable_part, remove_sides
from quizcli.study.store.migrations import migrate
from quizcli.text import tr

_LEAF = b"\x0d"  # the kind of a page without others beneath, https://sqlite.org/fileformat2.html, 1.6
_FIRST = 108  # bytes: the header of the file, and that of its first page, which lists the tables


def part_from_log(path: str) -> str:
    """The same as `_parted`, where there is a log, and whatever signal comes meanwhile."""
    left = look_at_files(path)
    if left.wal_size == 0:
        return ""
    with undisturbed():  # a run was killed, or another one goes on
        return _parted(path, left)


def _parted(path: str, left: Presence) -> str:
    """See to it that the log beside the store belongs to it; what to tell where it did not, else "".

    Where the file is whole without the log and damaged with it, what can be read of both is added to the file
    alone, and both are kept. A store that is damaged either way is left as it is. Raises ForeignError for the
    file of another program.
    """
    file = os.path.realpath(path)
    if left.main is None:  # of a link, the disk may come back
        return "" if os.path.islink(path) else _kept_alone(path)
    _refuse_others(file, path)
    pair, alone = partial(os.path.dirname(file)), partial(os.path.dirname(file))
    try:
        duplicate(f"{file}-wal", f"{pair}-wal")
        duplicate(file, pair)
        size = os.stat(f"{pair}-wal").st_size  # of another run's log there may be more in a moment
        if (frames := _sound_frames(pair)) is not None:
            return _kept_if_cut_short(path, file, frames, size)
        drop(pair)
        duplicate(file, alone)
        if _sound_frames(alone) is None:
            return ""  # told by who opens it
        aside = aside_of(file)
        for end in ("-wal", ""):
            duplicate(file + end, aside + end)
            duplicate(file + end, pair + end)
        read = readable_part(pair)
        os.replace(alone, file)  # to whoever has the old one open, it has been replaced
        remove_sides(file, left)
    except OSError:
        return ""  # a full disk, a file that has gone: told by who opens it
    finally:
        drop(pair)
        drop(alone)
    with closing(connect(path)) as db:
        migrate(db, path)
        number = carry_over(read, db, path)
    return tr(
        f"{path} had been overwritten by another copy after a run that was killed. What can be read of that "
        f"run has been added ({number} entries); the files are kept as {aside}.",
        f"{path} 在一次被强行终止的运行之后，曾被另一份副本覆盖。那次运行中还能读出的 {number} 条记录已补上；"
        f"原文件存为 {aside}。",
    )


def _kept_alone(path: str) -> str:
    """Move a log whose store has gone out of the way: it is no store by itself."""
    aside = aside_of(path)
    try:
        for end in ("-shm", "-wal"):  # in this order: a log without its memory is still one
            with suppress(FileNotFoundError):
                os.replace(path + end, aside + end)
    except OSError:
        return ""  # a folder that cannot be written to: told by who opens the store
    return tr(
        f"{path} has gone. What a run had not yet written into it is kept as {aside}-wal; the backups are in "
        "`quizcli restore`.",
        f"{path} 已不存在。某次运行尚未写入其中的内容存为 {aside}-wal；备份见 `quizcli restore`。",
    )


def _refuse_others(file: str, path: str) -> None:
    """Raise ForeignError for the file of another program; a new store of ours may have all in its log."""
    try:
        head = first_bytes(file, _FIRST)
    except OSError:
        return  # told by who opens it
    mark, kind, cells = head[68:72], head[100:101], head[103:105]
    empty = kind == _LEAF and cells == b"\0\0"
    ours = mark == APPLICATION_ID.to_bytes(4) or (mark == bytes(4) and empty)
    if head and not (head.startswith(MAGIC) and ours):
        raise not_ours(path)


def _sound_frames(copy: str) -> int | None:
    """How many frames of its log SQLite takes for good, where a copy is a whole store with them; else None.

    Closing it writes them into it.
    """
    with suppress(sqlite3.Error, QuizError), closing(connect(copy)) as db:
        if db.execute("PRAGMA integrity_check(1)").fetchone() == ("ok",):
            return int(db.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()[1])
    return None


def _kept_if_cut_short(path: str, file: str, frames: int, size: int) -> str:
    """Keep a log of which SQLite takes no more than a beginning: it drops the rest without a word."""
    if not _goes_on(f"{file}-wal", frames, size):
        return ""
    aside = aside_of(file)
    for end in ("-wal", ""):
        duplicate(file + end, aside + end)
    return tr(
        f"{path}-wal is damaged: of what a run that was killed had written, the last part cannot be read any "
        f"more. The files are kept as {aside}; the backups are in `quizcli restore`.",
        f"{path}-wal 已损坏：某次被强行终止的运行所写的内容，最后一部分已无法读取。"
        f"原文件存为 {aside}；备份见 `quizcli restore`。",
    )


def _goes_on(log: str, frames: int, size: int) -> bool:
    """Whether there is the end of a transaction behind so many frames, in so many bytes.

    A transaction that a kill has cut off has no end, and is rightly dropped. See section 4.1 of
    https://sqlite.org/fileformat2.html.
    """
    with open_regular(log) as stream:
        head = stream.read(32)
        step = 24 + int.from_bytes(head[8:12])
        salts = {head[16:24]}
        for number in range((size - 32) // step):
            stream.seek(32 + number * step)
            frame = stream.read(24)
            if number == 0:
                salts.add(frame[8:16])  # where the salts of the log itself are damaged
            if number >= frames and frame[8:16] in salts and int.from_bytes(frame[4:8]):
                return True
    return False
