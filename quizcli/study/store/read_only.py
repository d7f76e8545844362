"""A store for who only reads: where its disk takes nothing, a copy of it in the folder of temporary files.

SQLite writes to read: the memory that it shares with others is a file beside the store. On a disk that is
full or cannot be written to, a person still wants to see what is there, and above all a backup elsewhere.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from quizcli.study.database.connection import UnwritableError
from quizcli.study.database.presence import look_at_files
from quizcli.study.store.copies import duplicate
from quizcli.study.store.store import Store

_TRIES = 20  # another process may be writing, or ending


@contextmanager
def readable_store(path: Path) -> Iterator[Store]:
    """The store at the path, or a copy of what it is now. QuizError as where it is opened to write."""
    try:
        store = Store.open(path)
    except UnwritableError as error:
        with _folder(error) as folder:
            copy = os.path.join(folder, path.name)
            _copy(os.path.realpath(path), copy, error)
            with Store.open(copy) as store:
                yield store
        return
    with store:
        yield store


@contextmanager
def _folder(error: UnwritableError) -> Iterator[str]:
    """A folder for a copy; where there can be none, what is wrong with the store is all there is to say."""
    try:
        temporary = TemporaryDirectory(prefix="quizcli-", ignore_cleanup_errors=True)
    except OSError:
        raise error from None
    with temporary as folder:
        yield folder


def _copy(file: str, copy: str, error: UnwritableError) -> None:
    """Copy the store with the log beside it, both of one moment: nobody has written to either meanwhile."""
    for _ in range(_TRIES):
        before = look_at_files(file)
        try:
            for end in ("", "-wal"):
                if os.path.lexists(copy + end):
                    os.unlink(copy + end)
                if not end or before.wal_size > 0:
                    duplicate(file + end, copy + end)
        except FileNotFoundError:
            continue  # the log is gone: it has just been taken in
        except OSError:
            raise error from None  # no room here either, or nothing that may be read
        if look_at_files(file) == before:
            return
    raise error
