"""The tables of the store, as numbered and named steps. A released step is never edited."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from msgspec import Struct

from quizcli.errors import QuizError
from quizcli.study.database.connection import APPLICATION_ID, fail_reading, writing
from quizcli.study.database.damage import DamagedError
from quizcli.text import tr


class Migration(Struct, frozen=True):
    """One step from the schema before it. Its number is its place in the list, from 1."""

    name: str
    statements: tuple[str, ...]


REVIEWS = Migration(
    "reviews",
    (
        """CREATE TABLE scheduler (
            id INTEGER PRIMARY KEY,
            algorithm TEXT NOT NULL,  -- 'FSRS-6'
            terms TEXT NOT NULL,      -- JSON: all that a grade depends on
            UNIQUE (algorithm, terms)
        ) STRICT""",
        # The truth. `before` is the card as it was (JSON), NULL where it had no row; undo puts it back.
        """CREATE TABLE log (
            seq INTEGER PRIMARY KEY,
            uuid TEXT NOT NULL UNIQUE,
            at INTEGER NOT NULL,      -- ms since 1970, UTC
            day INTEGER NOT NULL,     -- study day, as the person's clock had it then
            kind TEXT NOT NULL CHECK (kind IN
                ('answer', 'suspend', 'resume', 'bury', 'flag', 'unflag', 'requeue', 'undo')),
            card TEXT NOT NULL,
            state INTEGER CHECK (state BETWEEN 0 AND 3),    -- of the card, before
            rating INTEGER CHECK (rating BETWEEN 1 AND 4),
            duration INTEGER CHECK (duration >= 0),         -- ms
            due INTEGER,              -- when an answer, a burial or a requeue brings the card back
            scheduler INTEGER REFERENCES scheduler (id),
            undoes INTEGER REFERENCES log (seq),
            before TEXT,
            CHECK ((kind = 'answer') = (rating IS NOT NULL)),
            CHECK ((kind = 'answer') = (duration IS NOT NULL)),
            CHECK ((kind = 'answer') = (scheduler IS NOT NULL)),
            CHECK ((kind = 'undo') = (undoes IS NOT NULL))
        ) STRICT""",
        "CREATE UNIQUE INDEX log_undoes ON log (undoes) WHERE undoes IS NOT NULL",
        "CREATE INDEX log_answer ON log (day) WHERE kind = 'answer'",
        """CREATE VIEW answer AS SELECT seq, at, day, card, state, rating, duration FROM log
            WHERE kind = 'answer' AND NOT EXISTS (SELECT 1 FROM log AS later WHERE later.undoes = log.seq)""",
        # Derived from the log; `replay` rebuilds it.
        """CREATE TABLE card (
            id TEXT PRIMARY KEY,
            state INTEGER NOT NULL CHECK (state BETWEEN 0 AND 3),
            step INTEGER,
            stability REAL,
            difficulty REAL,
            due INTEGER,
            interval INTEGER NOT NULL,
            last_day INTEGER,
            introduced INTEGER,
            reviews INTEGER NOT NULL,
            lapses INTEGER NOT NULL,
            suspended INTEGER NOT NULL,
            buried_until INTEGER NOT NULL,
            flagged INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID""",
        "CREATE INDEX card_due ON card (due)",
        "CREATE INDEX card_introduced ON card (introduced)",
        """CREATE TRIGGER log_keeps_rows BEFORE DELETE ON log
            BEGIN SELECT RAISE(ABORT, 'the review log is append-only'); END""",
        """CREATE TRIGGER log_keeps_values BEFORE UPDATE ON log
            BEGIN SELECT RAISE(ABORT, 'the review log is append-only'); END""",
        # INSERT OR REPLACE would delete a row without waking the first trigger.
        """CREATE TRIGGER log_is_not_replaced BEFORE INSERT ON log
            WHEN EXISTS (SELECT 1 FROM log WHERE seq = NEW.seq OR uuid = NEW.uuid OR undoes = NEW.undoes)
            BEGIN SELECT RAISE(ABORT, 'the review log is append-only'); END""",
        """CREATE TRIGGER scheduler_keeps_values BEFORE UPDATE ON scheduler
            BEGIN SELECT RAISE(ABORT, 'the log names these terms'); END""",
    ),
)

CLAIMS = Migration(
    "claims",
    (
        """CREATE TABLE claim (
            run TEXT NOT NULL,        -- the answer's name
            settings TEXT NOT NULL,   -- JSON, keys sorted
            id TEXT NOT NULL,
            holds INTEGER NOT NULL,
            measured REAL,            -- NULL: not a number
            expected REAL,
            relation TEXT NOT NULL,
            tolerance REAL NOT NULL,
            unit TEXT NOT NULL,
            device TEXT NOT NULL,
            data TEXT NOT NULL,
            synthetic INTEGER NOT NULL,
            at INTEGER NOT NULL,
            PRIMARY KEY (run, settings, id)
        ) STRICT, WITHOUT ROWID""",
    ),
)

ROUNDS = Migration(
    "rounds",
    (
        """CREATE TABLE round (
            id INTEGER PRIMARY KEY,
            started INTEGER NOT NULL,
            day INTEGER NOT NULL,
            questions TEXT NOT NULL,  -- JSON: ids in order
            finished INTEGER          -- NULL: can be resumed
        ) STRICT""",
        "CREATE INDEX round_day ON round (day)",
        """CREATE TABLE round_answer (
            seq INTEGER PRIMARY KEY,
            round INTEGER NOT NULL REFERENCES round (id),
            question TEXT NOT NULL,
            topic TEXT NOT NULL,
            correct INTEGER NOT NULL,
            duration INTEGER NOT NULL,
            at INTEGER NOT NULL,
            UNIQUE (round, question)
        ) STRICT""",
    ),
)

# What waits for days waits for a study day, wherever the person is when it begins; there were instants alone.
DUE_DAYS = Migration(
    "due-days",
    (
        "ALTER TABLE card ADD COLUMN due_day INTEGER",
        "ALTER TABLE card ADD COLUMN buried_on INTEGER",
        "CREATE INDEX card_due_day ON card (due_day) WHERE state = 2",
        "UPDATE card SET due_day = min(last_day + interval, 3650000) WHERE state = 2",
        # What was made due by hand since its last answer is due from that day on.
        """UPDATE card SET due_day = min(card.due_day, early.day) FROM (
            SELECT log.card, min(log.day) AS day FROM log
            JOIN (SELECT card, max(seq) AS seq FROM answer GROUP BY card) AS last ON last.card = log.card
            WHERE log.kind = 'requeue' AND log.seq > last.seq
                AND NOT EXISTS (SELECT 1 FROM log AS later WHERE later.undoes = log.seq)
            GROUP BY log.card) AS early
            WHERE early.card = card.id AND card.state = 2""",
    ),
)

_MOST_STEPS_AHEAD = 1000  # a number beyond is no version of anything
MIGRATIONS = (REVIEWS, CLAIMS, ROUNDS, DUE_DAYS)


def migrate(db: sqlite3.Connection, path: str, migrations: Sequence[Migration] = MIGRATIONS) -> None:
    """Bring the store to the newest schema, with a backup before each step that finds data.

    Two processes may try at once: the second waits, then finds the work done. Raises QuizError for a store
    that a newer quizcli has written, and for one whose tables are not those of its version.
    """
    version = checked_version(db, path, migrations)
    has_data = version > 0
    while (version := schema_version(db, path)) < len(migrations):
        with writing(db, path):
            if schema_version(db, path) != version:
                continue
            migration = migrations[version]
            if has_data:
                from quizcli.study.backups.kept_backups import back_up

                # The write lock is ours: this is exactly what the step will change.
                back_up(path, f"before-{version + 1:03d}-{migration.name}")
            for statement in migration.statements:
                db.execute(statement)
            db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            db.execute(f"PRAGMA user_version = {version + 1}")


def schema_version(db: sqlite3.Connection, path: str) -> int:
    """How many steps the file has been through."""
    try:
        return int(db.execute("PRAGMA user_version").fetchone()[0])
    except sqlite3.Error as error:
        fail_reading(error, path)


def checked_version(db: sqlite3.Connection, path: str, migrations: Sequence[Migration] = MIGRATIONS) -> int:
    """How many steps a healthy file has been through: it holds just what these steps make.

    A table that is missing would fail somewhere in the middle; a trigger or a view that somebody has planted
    would do its work unseen.
    """
    version, found = _snapshot(db, path)
    if version > len(migrations) and version - len(migrations) <= _MOST_STEPS_AHEAD:
        raise QuizError(
            tr(
                f"{path} is of a newer quizcli (schema {version}; this one knows {len(migrations)}).",
                f"{path} 由更新版本的 quizcli 写入（模式版本 {version}，本程序只支持到 {len(migrations)}）。",
            ),
            tr("Update quizcli.", "请升级 quizcli。"),
        )
    if not 0 <= version <= len(migrations):
        raise DamagedError(path, tr(f"there is no schema {version}", f"没有模式版本 {version}"))
    statements = [statement for step in migrations[:version] for statement in step.statements]
    if found != _written_by(statements) and found != _made_by(statements):
        raise DamagedError(path, tr("its tables are not those of quizcli", "其中的表与 quizcli 的不符"))
    return version


def is_newest(db: sqlite3.Connection, path: str) -> bool:
    """Whether the tables are just those that this quizcli writes to."""
    try:
        return checked_version(db, path) == len(MIGRATIONS)
    except DamagedError:
        return False
    except QuizError as error:
        if isinstance(error.__cause__, sqlite3.Error):
            raise  # locked, a disk that has gone: what the tables are is not known
        return False  # those of a newer one


def _snapshot(db: sqlite3.Connection, path: str) -> tuple[int, set[str]]:
    """The version and the statements that make the schema, both of one moment."""
    try:
        db.execute("BEGIN")
        try:
            version = schema_version(db, path)
            return version, _schema(db)
        finally:
            db.execute("COMMIT")
    except (sqlite3.Error, ValueError) as error:
        fail_reading(error, path)


def _schema(db: sqlite3.Connection) -> set[str]:
    # What SQLite makes for itself, such as the statistics of ANALYZE, has names that begin so.
    rows = db.execute(
        "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"
    )
    return {str(sql) for (sql,) in rows}


def _written_by(statements: Sequence[str]) -> set[str]:
    """The schema that steps lead to, by their words: SQLite writes a new column behind the others.

    Should another SQLite do it otherwise, it is asked (`_made_by`, 1 ms of every start).
    """
    schema = [statement for statement in statements if statement.startswith("CREATE ")]
    for statement in statements:
        table, added, column = statement.removeprefix("ALTER TABLE ").partition(" ADD COLUMN ")
        if added:
            place = next(at for at, text in enumerate(schema) if text.startswith(f"CREATE TABLE {table} "))
            before, end, after = schema[place].rpartition(")")
            schema[place] = f"{before}, {column}{end}{after}"
    return set(schema)


def _made_by(statements: Sequence[str]) -> set[str]:
    """The schema that steps lead to, as SQLite makes it."""
    db = sqlite3.connect(":memory:", isolation_level=None)
    try:
        for statement in statements:
            db.execute(statement)
        return _schema(db)
    finally:
        db.close()
