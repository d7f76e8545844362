"""The file of a store held open: what becomes of it meanwhile is noticed, and what it lacks is put back.

Deleted, replaced, written over, or with other tables than those of quizcli: every entry is kept all the same.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Self

from quizcli.errors import QuizError
from quizcli.study.database.connection import begin, committing, fail_reading, writing
from quizcli.study.database.damage import DamagedError
from quizcli.study.database.presence import Presence, look_at_files
from quizcli.study.database.undisturbed import undisturbed
from quizcli.study.store.migrations import is_newest
from quizcli.study.store.rows import LogEntry, LogPart
from quizcli.text import tr

Values = Sequence[Any] | dict[str, Any]  # what is put for `?` or for `:name`


class HeldFile:
    """An open file whose every transaction is in the one at its path.

    `after_first_write` is called once something is on the disk; `notices` says what has become of the file.
    """

    def __init__(self, db: sqlite3.Connection, path: str) -> None:
        self.after_first_write: Callable[[], None] | None = None
        self.notices: list[str] = []
        self._db = db
        self._path = path
        self._files = look_at_files(path)
        self._tables = self._marks()  # when they were those of quizcli
        self._pending: list[LogEntry] = []  # in the transaction that is open
        self._written = LogPart()  # by this process
        self._after_healing: list[Callable[[sqlite3.Connection], None]] = []
        self._wrote = False
        self._closed = False
        self._broken: QuizError | None = None

    @property
    def path(self) -> str:
        """Where the file is."""
        return self._path

    def close(self) -> None:
        """Close the file; may be called twice. What was written is where it is looked for."""
        if self._closed:
            return
        self._closed = True
        try:
            if self._broken is None and (self._wrote or self._would_spoil()):
                self._hold()
        finally:
            self._db.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # For the other tables of the same file

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """One transaction: all of it is on the disk afterwards, in the file at the path, or none.

        Where the file was deleted or replaced, before or meanwhile, it is brought back; see `notices`. Where
        that cannot be, what is being written goes to where all the rest was rescued, and the error says so.
        """
        rescued = self._rescued()
        if rescued is not None:
            yield from self._write_to(*rescued)
        self._pending = []
        self._begin()
        try:
            with committing(self._db, self._path):
                yield self._db
        except sqlite3.OperationalError as error:
            if self._is_altered():
                raise DamagedError(self._path, error) from error
            raise  # a statement of ours is wrong
        self._wrote = True
        self._written.entries += self._pending
        self._hold()
        if self.after_first_write is not None:
            first, self.after_first_write = self.after_first_write, None
            first()

    def _begin(self) -> None:
        """Take the write lock. Who had it until now may have altered the tables: then they are put right."""
        while True:
            begin(self._db, self._path)
            if self._marks() == self._tables:
                return
            self._db.execute("ROLLBACK")
            self._hold()

    def _rescued(self) -> tuple[str, QuizError] | None:
        """Where everything has just been kept, because the file at the path is no store any more."""
        known = self._broken
        try:
            self._hold()
        except QuizError as error:
            target: str = getattr(error, "target", "")
            if known is not None or not target:
                raise
            return target, error
        return None

    def _write_to(self, target: str, error: QuizError) -> Iterator[sqlite3.Connection]:
        """One transaction in the rescued store; then the error, in any case."""
        self._broken = None
        try:
            self._db = sqlite3.connect(target, isolation_level=None)
            with writing(self._db, target):
                yield self._db
        except (sqlite3.Error, QuizError) as lost:
            raise QuizError(
                f"{error.message} {tr('The last entry is not in it', '其中缺少最后一条记录')}: {lost}",
                error.hint,
            ) from lost
        finally:
            self._broken = error
            self._db.close()
        raise error

    def _hold(self) -> None:
        """Have the open file be the one at the path."""
        if self._broken is not None:
            raise self._broken
        now = look_at_files(self._path)
        if not self._files.has_become(now):
            self._heal()
        elif self._is_altered():
            self._heal(altered=True)
        else:
            self._files = now

    def _heal(self, *, altered: bool = False) -> None:
        from quizcli.study.store.healing import heal

        with undisturbed():
            try:
                self._db, told = heal(self._db, self._path, self._files, self._written, altered=altered)
            except QuizError as error:
                self._broken = error
                raise
            self.notices += [told] if told else []
            for put_back in self._after_healing:
                with writing(self._db, self._path):
                    put_back(self._db)
            self._tables = self._marks()
            self._files = look_at_files(self._path)

    def _marks(self) -> tuple[int, ...]:
        """Two numbers, one of which is another once somebody has altered the tables."""
        try:
            names = ("schema_version", "user_version")
            return tuple(int(self._db.execute(f"PRAGMA {name}").fetchone()[0]) for name in names)
        except sqlite3.Error as error:
            fail_reading(error, self._path)

    def _is_altered(self) -> bool:
        """Whether the tables are no more those of quizcli, though the file is the one that was opened.

        Others may be right too: VACUUM and a restored backup write the same ones anew.
        """
        try:
            marks = self._marks()
            altered = marks != self._tables and not is_newest(self._db, self._path)
        except DamagedError:  # not even that can be read
            return True
        if not altered:
            self._tables = marks
        return altered

    def after_healing(self, put_back: Callable[[sqlite3.Connection], None]) -> None:
        """Have this called, in a transaction, whenever the store has become another: what the other tables
        lack is put there.
        """
        self._after_healing.append(put_back)

    def _spoilt(self, now: Presence) -> bool:
        """Whether somebody has written over the file that is open, or over what SQLite shares with others."""
        return self._files.is_overwritten(now) or self._files.is_torn(now)

    def _would_spoil(self) -> bool:
        """Whether closing would write what SQLite has logged into a file that somebody has written over."""
        now = look_at_files(self._path)
        return self._spoilt(now) and now.wal_size > 0

    def _readable(self) -> None:
        """Have the open file be one that can be read: neither half of it nor a table is of somebody else."""
        if self._broken is not None:
            raise self._broken
        if not self._db.in_transaction and (self._spoilt(look_at_files(self._path)) or self._is_altered()):
            self._hold()

    def rows(self, sql: str, values: Values = ()) -> list[Any]:
        """All rows of a query."""
        self._readable()
        try:
            return self._db.execute(sql, values).fetchall()
        except (sqlite3.Error, ValueError, OverflowError) as error:
            fail_reading(error, self._path)

    def one(self, sql: str, values: Values = ()) -> Any:
        """The first row of a query, or None."""
        self._readable()
        try:
            return self._db.execute(sql, values).fetchone()
        except (sqlite3.Error, ValueError, OverflowError) as error:
            fail_reading(error, self._path)
