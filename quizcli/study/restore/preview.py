"""What restoring a backup would lose and win, compared with what is there now."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from msgspec import Struct

from quizcli.errors import QuizError
from quizcli.settings import Settings
from quizcli.study.backups.archive import PACKS, About, own_files
from quizcli.study.database.connection import closed_by_a_failure, connect, fail_reading
from quizcli.study.database.damage import DamagedError, ForeignError
from quizcli.study.restore.beside import is_ours, leads_inside, place_of
from quizcli.study.restore.candidate import RestorableBackup
from quizcli.study.store.mending import part_from_log
from quizcli.study.store.migrations import checked_version
from quizcli.text import tr

_REST = (  # what else there can be a difference in
    "SELECT 'log', uuid FROM log",
    "SELECT 'claim', * FROM claim",
    "SELECT 'round', * FROM round",
    "SELECT 'answer', round, question, correct FROM round_answer",
)
_ANSWERS = """SELECT uuid FROM log WHERE kind = 'answer'
    AND NOT EXISTS (SELECT 1 FROM log AS later WHERE later.undoes = log.seq)"""


class StoreContents(Struct, frozen=True):
    """How much a store holds."""

    reviews: int
    cards: int


class Preview(Struct, frozen=True, kw_only=True):
    """What restoring would do."""

    backup: str
    about: About
    now: StoreContents | None  # None: there is no store, or it cannot be read
    then: StoreContents | None  # None: the backup holds no store
    trouble: str = ""  # what is wrong with the store there is
    notice: str = ""  # what has become of what a killed run left of it
    lost: int = 0  # reviews that are there now and would be no more
    won: int = 0
    differs: bool = False  # in anything: a flag, a round, a measured claim too
    files_changed: tuple[str, ...] = ()
    files_lost: tuple[str, ...] = ()
    files_won: tuple[str, ...] = ()
    config_left_out: str = ""  # what is wrong with the settings in it: with them no command would run
    untrusted: bool = False  # it is from elsewhere: trust in the code of packs is not taken over

    @property
    def changes(self) -> bool:
        """Whether anything would be different."""
        files = self.files_changed or self.files_lost or self.files_won
        return bool(files or self.differs)


def preview(found: RestorableBackup, settings: Settings) -> Preview:
    """What would be lost and won."""
    here, _ = own_files(settings)
    refuse_what_is_nowhere_else(found, here, settings)
    present = present_store(settings)
    then, after = (None, set[str]()) if not found.store else _held(found.store)
    wanted = here if found.files is None else found.files
    return Preview(
        backup=found.path.name,
        about=found.about,
        now=present.held,
        then=then,
        trouble=present.trouble,
        notice=present.notice,
        lost=len(present.answers - after) if found.store else 0,
        won=len(after - present.answers),
        differs=bool(found.store)
        and (present.held is None or _rest(found.store) != _rest(str(settings.store_file))),
        files_changed=tuple(sorted(name for name in here.keys() & wanted if here[name] != wanted[name])),
        files_lost=tuple(sorted(here.keys() - wanted)),
        files_won=tuple(sorted(wanted.keys() - here)),
        config_left_out=found.wrong_config,
        untrusted=PACKS in wanted and not is_ours(found.path, settings),
    )


def refuse_what_is_nowhere_else(found: RestorableBackup, here: dict[str, bytes], settings: Settings) -> None:
    """Raise QuizError where a file would be overwritten that no backup holds: it could not come back."""
    for name in sorted((found.files or {}).keys() - here):
        path = place_of(name, settings)
        if path.is_file() and not path.is_symlink() and leads_inside(name, settings):
            raise QuizError(
                tr(
                    f"{path} would be overwritten, and no backup can hold it.",
                    f"{path} 会被覆盖，而备份里放不下它。",
                ),
                tr("Move it away, then restore.", "请先移走该文件，再恢复。"),
            )


class _Present(NamedTuple):
    """The store there is: what it holds, or what is wrong with it."""

    held: StoreContents | None
    trouble: str = ""
    answers: frozenset[str] = frozenset()
    notice: str = ""  # what has become of what a killed run left beside it


def present_store(settings: Settings) -> _Present:
    """What there is now. QuizError where nobody can look."""
    path = str(settings.store_file)
    if not os.path.exists(path):
        return _Present(None)
    notice = ""
    try:
        notice = part_from_log(path)  # else SQLite would mix it into another file that is there now
        with closing(_sound(path)):
            held, answers = _held(path)
        return _Present(held, answers=frozenset(answers), notice=notice)
    except (DamagedError, ForeignError) as error:
        return _Present(None, error.message, notice=notice)


def _held(store: str) -> tuple[StoreContents, set[str]]:
    """How much a store holds, and the UUIDs of its reviews."""
    try:
        with closing(sqlite3.connect(f"{Path(store).absolute().as_uri()}?mode=rw", uri=True)) as db:
            answers = {uuid for (uuid,) in db.execute(_ANSWERS)}
            return StoreContents(len(answers), db.execute("SELECT count(*) FROM card").fetchone()[0]), answers
    except (sqlite3.Error, ValueError) as error:
        fail_reading(error, store)


def _rest(store: str) -> set[object]:
    """All else that a store holds; of one of an older quizcli what its tables have."""
    rows: set[object] = set()
    try:
        with closing(sqlite3.connect(f"{Path(store).absolute().as_uri()}?mode=rw", uri=True)) as db:
            tables = {name for (name,) in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}
            for query in _REST:
                if query.split(" FROM ")[1] in tables:
                    rows.update(db.execute(query))
    except (sqlite3.Error, ValueError) as error:
        fail_reading(error, store)
    return rows


def _sound(path: str) -> sqlite3.Connection:
    """The present store, looked through. DamagedError, or ForeignError for what is none (any more)."""
    db = connect(path)
    with closed_by_a_failure(db, path):
        checked_version(db, path)
        faults = [row[0] for row in db.execute("PRAGMA integrity_check(3)") if row[0] != "ok"]
        if faults:
            raise DamagedError(path, "; ".join(faults))
    return db
