"""The backups beside a store: their names, when they were made and why, and which give way to newer ones."""

from __future__ import annotations

import os
import re
import sqlite3
import time
from collections.abc import Iterable, Iterator
from contextlib import closing, suppress
from datetime import UTC, date, datetime
from pathlib import Path

from msgspec import Struct

from quizcli.file_writing import create, flush_folder, make_folder, refuse_dangling
from quizcli.study.database.connection import backups_of, fail

BY_HAND = "by-hand"  # why: the person asked for it, and so it stays
DAILY = "daily"
RESCUED = "rescued"  # how the why begins of what a store could not take
_NAME = re.compile(r"(?P<stem>.+)-(?P<stamp>\d{8}T\d{6}Z)-(?P<why>[a-z0-9-]+?)(_\d+)?\.(db|zip)\Z")
_PARTIAL = re.compile(r"\.quizcli-\d+-[0-9a-f]+\.partial(-wal|-shm|-journal)?\Z")
_DAY = 86_400
_KEEP_ALL = 2  # days in which all stay
_KEEP = {"day": 14, "week": 8, "month": 12}  # of how many of them, of those that have any, the last one stays


class Backup(Struct, frozen=True):
    """A file in the folder of backups, as far as its name tells."""

    path: Path
    made: int  # seconds since 1970
    why: str
    size: int  # bytes

    @property
    def name(self) -> str:
        """What `quizcli restore` calls it."""
        return self.path.name


def backups(store: str | os.PathLike[str]) -> list[Backup]:
    """All backups of a store, oldest first, in one second too. OSError where the folder cannot be read."""
    folder = Path(backups_of(os.fspath(store)))
    found = []
    with suppress(FileNotFoundError, NotADirectoryError), os.scandir(folder) as entries:
        for entry in entries:
            parts = _NAME.fullmatch(entry.name)
            made = _seconds(parts["stamp"]) if parts else None
            if parts and made is not None and entry.is_file():
                stat = entry.stat()
                backup = Backup(Path(entry.path), made, parts["why"], stat.st_size)
                found.append((made, stat.st_mtime_ns, entry.name, backup))
    return [backup for *_, backup in sorted(found, key=lambda each: each[:3])]


def target(store: str | os.PathLike[str], why: str, suffix: str, now: float | None = None) -> Path:
    """Where a new backup goes, unless another one of the same second is there: see `put_next`."""
    stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(now))
    return Path(backups_of(os.fspath(store)), f"{Path(store).stem}-{stamp}-{why}{suffix}")


def back_up(path: str, why: str) -> str:
    """Copy the store alone to, for one, `backups/quizcli-20250330T010000Z-before-002-claims.db`.

    Returns that path. What another process is writing at this moment is not in it. QuizError where it cannot
    be written.
    """
    goal = target(path, why, ".db")
    refuse_dangling(goal.parent)
    try:
        make_folder(goal.parent)
        copy = partial(goal.parent)
        try:
            snapshot(path, copy)
            goal = put_next(copy, goal)
        finally:
            remove(copy)
    except (OSError, sqlite3.Error) as error:
        fail(error, str(goal))
    return str(goal)


def partial(folder: str | os.PathLike[str]) -> str:
    """A name for a file that is not whole yet. What a kill leaves is cleared away a day later."""
    return os.path.join(folder, f".quizcli-{os.getpid()}-{os.urandom(4).hex()}.partial")


def snapshot(store: str, copy: str) -> None:
    """Write the store as it is now to a new file, whole, compact, on the disk. sqlite3.Error or OSError."""
    with create(copy) as stream:
        # Not created where it has gone: that would be a new and empty one.
        with closing(sqlite3.connect(f"{Path(store).absolute().as_uri()}?mode=rw", uri=True)) as db:
            db.execute("VACUUM INTO CAST(? AS TEXT)", (os.fsencode(copy),))
        os.fsync(stream.fileno())  # SQLite does not flush what VACUUM INTO writes


def put(whole: str, goal: Path) -> None:
    """Give a file that is whole its name. FileExistsError where something has that name."""
    try:
        os.link(whole, goal)
    except FileExistsError:
        raise
    except OSError:  # a file system without hard links
        if os.path.lexists(goal):
            raise FileExistsError(17, "File exists", os.fspath(goal)) from None
        os.replace(whole, goal)
    flush_folder(goal.parent)


def put_next(whole: str, first: Path) -> Path:
    """Give a file that is whole the name `first`, else the first one free of `_2`, `_3` …; returns its path.

    Names are tried and not looked for: another process may make a backup in the same second.
    """
    goal, number = first, 1
    while True:
        try:
            put(whole, goal)
        except FileExistsError:
            number += 1
            goal = first.with_name(f"{first.stem}_{number}{first.suffix}")
        else:
            return goal


def remove(path: str | os.PathLike[str]) -> None:
    """Delete a file of ours if it is there."""
    with suppress(OSError):
        os.unlink(path)


def thin_out(store: str | os.PathLike[str], now: float | None = None) -> list[Backup]:
    """Delete the backups that newer ones make superfluous, and what kills have left; returns the former."""
    moment = time.time() if now is None else now
    gone = superfluous_backups(backups(store), moment)
    for each in gone:
        remove(each.path)
    for folder in (backups_of(os.fspath(store)), os.path.dirname(os.path.abspath(store))):
        clear_away(folder, moment)
    return gone


def clear_away(folder: str | os.PathLike[str], now: float | None = None) -> None:
    """Delete the files that are not whole and that kills have left here more than a day ago."""
    moment = time.time() if now is None else now
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if _PARTIAL.match(entry.name) and moment - entry.stat(follow_symlinks=False).st_mtime > _DAY:
                remove(entry.path)


def superfluous_backups(kept: Iterable[Backup], now: float) -> list[Backup]:
    """Which backups to delete: all stay for two days, then the last one of each of the last fourteen days, of
    the last eight weeks and of the last twelve months that have any.

    Time alone deletes nothing: whoever comes back after a year, or has a clock that is wrong, finds them all.
    What a person asked for stays, and what was rescued: it is nowhere else. The daily ones make no other
    superfluous, such as that of before a restore, and none of them does.
    """
    seen: dict[tuple[bool, str], set[tuple[int, ...]]] = {}
    gone = []
    for each in sorted(kept, key=lambda each: each.made, reverse=True):
        if each.why == BY_HAND or each.why.startswith(RESCUED):
            continue
        wanted = now - each.made <= _KEEP_ALL * _DAY
        for name, period in _periods(datetime.fromtimestamp(each.made).date()):
            known = seen.setdefault((each.why == DAILY, name), set())
            if period not in known and len(known) < _KEEP[name]:
                known.add(period)
                wanted = True
        if not wanted:
            gone.append(each)
    return gone


def _periods(day: date) -> Iterator[tuple[str, tuple[int, ...]]]:
    yield "day", (day.toordinal(),)
    yield "week", day.isocalendar()[:2]
    yield "month", (day.year, day.month)


def has_one_of_today(store: str | os.PathLike[str], now: float | None = None) -> bool:
    """Whether the day's copy has been made."""
    today = datetime.fromtimestamp(time.time() if now is None else now).date()
    return any(
        each.why == DAILY and datetime.fromtimestamp(each.made).date() == today for each in backups(store)
    )


def _seconds(stamp: str) -> int | None:
    try:
        moment = datetime.strptime(stamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:  # digits that are no date
        return None
    # further back and further on there may be no such date here, which may be a day away
    return int(moment.timestamp()) if 1970 < moment.year < 9999 else None
