"""Copies of the store: whole, compact, and on the disk before anything goes on."""

from __future__ import annotations

import os
import sqlite3
import time

from quizcli.study.connection import fail


def back_up(path: str, label: str) -> str:
    """Copy the store to, for one, `backups/quizcli-20250330T010000Z-before-002-claims.db`; returns the path.

    What another process is writing at this moment is not in it. Raises QuizError where it cannot be written.
    """
    folder = os.path.join(os.path.dirname(os.path.abspath(path)), "backups")
    stem, _ = os.path.splitext(os.path.basename(path))
    stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    target = os.path.join(folder, f"{stem}-{stamp}-{label}.db")
    partial = f"{target}.partial-{os.getpid()}"
    try:
        os.makedirs(folder, mode=0o700, exist_ok=True)
        file = os.open(partial, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
        try:
            _copy(path, partial)
            os.fsync(file)  # SQLite does not flush what VACUUM INTO writes
        finally:
            os.close(file)
        os.replace(partial, target)
    except (OSError, sqlite3.Error) as error:
        fail(error, target)
    return target


def _copy(path: str, target: str) -> None:
    db = sqlite3.connect(path)
    try:
        db.execute("VACUUM INTO ?", (target,))
    finally:
        db.close()
