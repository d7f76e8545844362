"""Answers that the store cannot take, kept in another one: a file that `quizcli restore` takes."""

from __future__ import annotations

import os
import sqlite3
import tempfile
import time
from contextlib import closing

from quizcli.errors import QuizError
from quizcli.file_writing import create, make_folder
from quizcli.study.backups.kept_backups import RESCUED
from quizcli.study.database.connection import backups_of
from quizcli.study.store.carrying import carry_over
from quizcli.study.store.copies import drop, newest_backup
from quizcli.study.store.migrations import migrate
from quizcli.study.store.rows import LogPart
from quizcli.text import tr


class RescuedError(QuizError):
    """The store cannot take the answers; they are in `target`, a store too."""

    target: str = ""


def keep_aside(copy: str | None, written: LogPart, path: str, error: QuizError) -> QuizError:
    """The error of a store that cannot take the answers, with the place where they are kept instead.

    They are added to the copy of the store, or without one to the newest backup: whoever restores them shall
    lose nothing else.
    """
    backup = newest_backup(path, path) if copy is None else None
    try:
        target = _kept(backup[0] if backup is not None else copy, written, path)
    finally:
        if backup is not None:
            drop(backup[0])
    if not target:
        nowhere = tr(" Nothing could be kept elsewhere.", " 也无法另存到其他位置。")
        return QuizError(error.message + nowhere, error.hint)
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


def _kept(copy: str | None, written: LogPart, path: str) -> str:
    """The file that holds them now; empty where nothing could."""
    stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    for folder in (backups_of(path), tempfile.gettempdir()):
        target = os.path.join(folder, f"quizcli-{stamp}-{RESCUED}-{os.urandom(2).hex()}.db")
        try:
            make_folder(folder)
            create(target).close()
            with closing(sqlite3.connect(target, isolation_level=None)) as rescued:
                migrate(rescued, target)
                if copy is not None:
                    with closing(sqlite3.connect(copy)) as source:
                        source.backup(rescued)
                carry_over(written, rescued, target)
        except (OSError, sqlite3.Error, QuizError):
            continue  # the next folder
        return target
    return ""
