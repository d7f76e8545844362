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

    def has_become(self, now: Presence) -> bool:
        """Whether what was seen now can be what these files have become by our own doing.

        They grow. What deletes, replaces or cuts them off is somebody else: a tool that synchronizes, a
        restored folder, `git checkout`, a disk that has gone.
        """
        return self[:3] == now[:3] and self.size <= now.size and self.wal_size <= now.wal_size


def look(path: str) -> Presence:
    """The files of the store at `path`. Not opened: closing one would drop SQLite's locks (POSIX)."""
    main, size = _look(path)
    wal, wal_size = _look(f"{path}-wal")
    shm, _ = _look(f"{path}-shm")
    return Presence(main, wal, shm, size, wal_size)


def _look(path: str) -> tuple[File, int]:
    try:
        status = os.stat(path)
    except OSError:
        return None, 0
    return (status.st_dev, status.st_ino), status.st_size
