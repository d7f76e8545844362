"""Which card is asked where: two sessions at once do not ask the same one.

A lock on one byte of a file stands for a card. The system takes it back when the process ends, however it
ends, so nothing is left to clear away. Where there are no such locks (Windows, some network drives), cards
are not kept apart; that none counts twice is the store's to see to.
"""

from __future__ import annotations

import os
import weakref
from pathlib import Path
from zlib import crc32

from quizcli.file_writing import make_folder

HAS_LOCKS = os.name == "posix"


class Asking:
    """The card that this session asks, if any. Sessions of one process do not mind one another."""

    def __init__(self, path: Path) -> None:
        self._file = _opened(path)
        self._byte: int | None = None
        if self._file is not None:
            weakref.finalize(self, os.close, self._file)

    def take(self, card_id: str) -> bool:
        """Ask this card here, and the one before no longer. False where another process asks it."""
        byte = crc32(card_id.encode())
        if self._file is None:
            return True
        import fcntl

        try:
            fcntl.lockf(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, byte)
        except (BlockingIOError, PermissionError):
            return False
        except OSError:  # no locks on this drive
            return True
        if byte != self._byte:  # else it was taken again: closing any file of locks drops all of this process
            self.leave()
        self._byte = byte
        return True

    def leave(self) -> None:
        """Ask no card any longer."""
        if self._byte is not None and self._file is not None:
            import fcntl

            fcntl.lockf(self._file, fcntl.LOCK_UN, 1, self._byte)
            self._byte = None


def _opened(path: Path) -> int | None:
    """The file to lock; None where there can be none: the session goes on without."""
    if not HAS_LOCKS:
        return None
    try:
        make_folder(path.parent)
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError:
        return None
