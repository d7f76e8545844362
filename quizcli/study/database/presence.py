"""Whether the file at a path is still the one that was opened: what is written to another is lost."""

from __future__ import annotations

import os

from msgspec import Struct

File = tuple[int, int] | None  # device and inode; None where there is no file


class Presence(Struct, frozen=True):
    """The three files of an open store, as the folder names them."""

    main: File
    wal: File
    shm: File
    size: int
    wal_size: int
    changed: int  # when the main file was written to last, in ns
    shm_size: int

    @property
    def _names(self) -> tuple[File, File, File]:
        return self.main, self.wal, self.shm

    @property
    def _contents(self) -> tuple[int, int]:
        """What of the main file is another once somebody has written to it."""
        return self.size, self.changed

    def has_become(self, now: Presence) -> bool:
        """Whether what was seen now can be what these files have become by our own doing.

        The log grows, and the main file stays as it is as long as somebody has it open (see `connect`). What
        deletes, replaces, cuts off or writes over them is somebody else: a tool that synchronizes, a restored
        folder, `git checkout`, a disk that has gone.
        """
        grown = self.wal_size <= now.wal_size and self.shm_size <= now.shm_size
        return self._names == now._names and self._contents == now._contents and grown

    def is_overwritten(self, now: Presence) -> bool:
        """Whether somebody has written to the main file, which is still the same one to SQLite."""
        return self.main is not None and self.main == now.main and self._contents != now._contents

    def is_torn(self, now: Presence) -> bool:
        """Whether the shared memory has been cut off under SQLite: to touch that is a bus error."""
        return self.shm is not None and self.shm == now.shm and now.shm_size < self.shm_size


def look_at_files(path: str) -> Presence:
    """The files of the store at `path`. Not opened: closing one would drop SQLite's locks (POSIX)."""
    if os.path.islink(path):
        path = os.path.realpath(path)  # SQLite's files are beside what the link names
    main, size, changed = _look(path)
    wal, wal_size, _ = _look(f"{path}-wal")
    shm, shm_size, _ = _look(f"{path}-shm")
    return Presence(main, wal, shm, size, wal_size, changed, shm_size)


def file_identity(path: str) -> File:
    """Which file is at a path now."""
    return _look(path)[0]


def _look(path: str) -> tuple[File, int, int]:
    try:
        status = os.stat(path)
    except OSError:
        return None, 0, 0
    return (status.st_dev, status.st_ino), status.st_size, status.st_mtime_ns
