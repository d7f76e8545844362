"""Whether the file at a path is still the one that was opened: what is written to another is lost."""

from __future__ import annotations

import os
from typing import NamedTuple

File = tuple[int, int] | None  # device and inode; None where there is no file


class Presence(NamedTuple):
    """The three files of an open store, as the folder names them."""

    main: File
    wal: File
    shm: File
    size: int
    wal_size: int
    changed: int  # when the main file was written to last, in ns

    def has_become(self, now: Presence) -> bool:
        """Whether what was seen now can be what these files have become by our own doing.

        The log grows, and the main file stays as it is as long as somebody has it open (see `connect`). What
        deletes, replaces, cuts off or writes over them is somebody else: a tool that synchronizes, a restored
        folder, `git checkout`, a disk that has gone.
        """
        unchanged = (self.size, self.changed) == (now.size, now.changed)
        return self[:3] == now[:3] and unchanged and self.wal_size <= now.wal_size

    def is_overwritten(self, now: Presence) -> bool:
        """Whether somebody has written to the main file, which is still the same one to SQLite."""
        unchanged = (self.size, self.changed) == (now.size, now.changed)
        return self.main is not None and self.main == now.main and not unchanged


def look(path: str) -> Presence:
    """The files of the store at `path`. Not opened: closing one would drop SQLite's locks (POSIX)."""
    path = os.path.realpath(path)  # where that is a link, SQLite's files are beside what it names
    main, size, changed = _look(path)
    wal, wal_size, _ = _look(f"{path}-wal")
    shm, _, _ = _look(f"{path}-shm")
    return Presence(main, wal, shm, size, wal_size, changed)


def _look(path: str) -> tuple[File, int, int]:
    try:
        status = os.stat(path)
    except OSError:
        return None, 0, 0
    return (status.st_dev, status.st_ino), status.st_size, status.st_mtime_ns
