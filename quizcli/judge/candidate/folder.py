"""A candidate's folder: measured while it runs, removed after it, and if we are killed, at the next start.

Who made a folder holds a lock on it for as long as that process lives. So a folder without one is left over.
"""

from __future__ import annotations

import os
import shutil
import stat
import sys
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from itertools import count

PREFIX = "quizcli-code-"
BYTES = 16 * 2**20  # of all files together; what is written between two looks comes on top
FILES = 100

if sys.platform != "win32":
    import fcntl


class Folder:
    """A new, empty folder of one's own."""

    def __init__(self) -> None:
        while True:
            self.path = tempfile.mkdtemp(prefix=PREFIX)
            with suppress(BlockingIOError, FileNotFoundError):  # a sweep came between: make another
                self._lock = _locked(self.path)
                return

    def within_limits(self) -> bool:
        """Whether what lies in it is as little as it has to be.

        A folder in it is too much, and so is what cannot be looked into: who measures must see all there is.
        """
        size = files = 0
        try:
            with os.scandir(self.path) as entries:
                for entry in entries:
                    try:
                        status = entry.stat(follow_symlinks=False)
                    except FileNotFoundError:
                        continue  # it has just gone
                    files += 1
                    size += getattr(status, "st_blocks", -(-status.st_size // 512)) * 512
                    if files > FILES or size > BYTES or stat.S_ISDIR(status.st_mode):
                        return False
        except OSError:
            return False
        return True

    def remove(self) -> None:
        """Remove it and all that is in it. May be called twice."""
        _remove(self.path)
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None


def sweep() -> None:
    """Remove the folders that processes of this user have left behind: those that nobody holds a lock on."""
    with os.scandir(tempfile.gettempdir()) as entries:
        left = [entry.path for entry in entries if entry.name.startswith(PREFIX)]
    for path in left:
        with suppress(OSError):  # a stranger's, a link, or somebody's who lives
            if (lock := _locked(path)) is not None:
                _remove(path)
                os.close(lock)


def _locked(path: str) -> int | None:
    """The folder of this user, opened and locked; None where the system has no such locks.

    Raises BlockingIOError where somebody else holds it, another OSError where it is no folder of ours.
    """
    if sys.platform == "win32":
        return None
    there = os.lstat(path)
    if stat.S_ISDIR(there.st_mode) and there.st_uid == os.getuid():
        os.chmod(path, 0o700)  # else it could not be opened
    opened = _opened(path)
    try:
        if os.fstat(opened).st_uid != os.getuid():
            raise PermissionError(path)
        try:
            fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise
        except OSError:  # some network file systems
            os.close(opened)
            return None
        if os.fstat(opened).st_ino != os.lstat(path).st_ino:
            raise FileNotFoundError(path)
    except OSError:
        os.close(opened)
        raise
    return opened


def _opened(path: str, within: int | None = None) -> int:
    """A folder, opened; a link to one is none."""
    return os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=within)


def _remove(path: str) -> None:
    """Remove a folder that a stranger has filled: however deep, and whatever its folders forbid."""
    if sys.platform == "win32":
        shutil.rmtree(path, ignore_errors=True)
        return
    with suppress(OSError):
        if stat.S_ISDIR(os.lstat(path).st_mode):
            os.chmod(path, 0o700)
        top = _opened(path)
        names = (f"{os.urandom(8).hex()}-{number}" for number in count())  # that nobody has taken
        try:
            while found := os.listdir(top):
                for name in found:
                    _flatten(top, name, names)
        finally:
            os.close(top)
        os.rmdir(path)


def _flatten(top: int, name: str, names: Iterator[str]) -> None:
    """Remove one entry; what lies in a folder comes up first, so that no depth is too deep."""
    if not _is_folder(name, top):
        os.unlink(name, dir_fd=top)
        return
    os.chmod(name, 0o700, dir_fd=top)
    inner = _opened(name, top)
    try:
        for child in os.listdir(inner):
            if _is_folder(child, inner):
                os.chmod(child, 0o700, dir_fd=inner)  # else it could not be moved
            os.rename(child, next(names), src_dir_fd=inner, dst_dir_fd=top)
    finally:
        os.close(inner)
    os.rmdir(name, dir_fd=top)


def _is_folder(name: str, within: int) -> bool:
    return stat.S_ISDIR(os.stat(name, dir_fd=within, follow_symlinks=False).st_mode)
