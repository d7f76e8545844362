"""Stores that were damaged by chance or by hand, and the light commands that a person tries on them."""

from __future__ import annotations

import contextlib
import io
import os
import random
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from unittest import mock

from msgspec import Struct

from quizcli.__main__ import run
from quizcli.cli.app import build
from quizcli.errors import QuizError
from quizcli.packs.pack import Pack
from quizcli.study.schedule.card import Rating
from quizcli.study.schedule.schedule import Schedule
from quizcli.study.schedule.study_days import Days, now_ms
from quizcli.study.store.store import Store
from quizcli.text import use_language
from tests.places import PACK as PACK_OF_TESTS

PAGE = 4096
PACK = Pack("builtin", PACK_OF_TESTS)
ASKED = ("a-recall", "b-choice", "c-truth", "d-cloze", "e-number", "f-order")
COMMANDS = (
    ("stats", "--json"),
    ("list", "--json"),
    ("show", "a-recall"),
    ("backup",),
    ("restore",),
)
DAY = (" 3 3u2q", " 3s 1b 4fq")  # keys of a session


class Outcome(Struct, frozen=True):
    """What came of a command on a damaged store."""

    command: tuple[str, ...]
    status: int
    said: str


class Quizzed(Struct, frozen=True):
    """What a scored round wants to know of a question."""

    id: str
    topic: str
    level: int
    kind: str


def real_store(path: Path, answers: int = 300) -> None:
    """A small store with everything in it: answers, acts, undone ones, claims, a round."""
    schedule, now, dice = Schedule(Days()), now_ms() - 40 * 86_400_000, random.Random(1)
    with Store.open(path) as store:
        for n in range(answers):
            name = dice.choice((dice.choice(ASKED), f"question-{dice.randrange(answers // 3)}"))
            store.answer(name, Rating(dice.randint(1, 4)), 1000 + n, now, schedule)
            if n % 17 == 0:
                store.act(name, dice.choice(("suspend", "bury", "flag")), now, schedule.days.number(now))
            if n % 23 == 0:
                store.undo(now, schedule.days.number(now))
            now += dice.randrange(10_000_000)
        with store.writing() as db:
            number = db.execute(
                "INSERT INTO round (started, day, questions) VALUES (?, 739000, '[\"a\"]')", (now,)
            ).lastrowid
            db.execute(
                "INSERT INTO round_answer (round, question, topic, correct, duration, at) "
                "VALUES (?, 'a', 't', 1, 5, ?)",
                (number, now),
            )


def flipped(data: bytes, dice: random.Random) -> bytes:
    """One byte, or a few of them near each other, are others."""
    new = bytearray(data)
    place = (
        dice.randrange(len(new))
        if dice.random() < 0.6
        else dice.randrange(len(new) // PAGE) * PAGE + dice.randrange(120)
    )
    for at in range(place, min(len(new), place + dice.choice((1, 1, 1, 4, 16)))):
        new[at] ^= dice.randrange(1, 256)
    return bytes(new)


def header_flipped(data: bytes, dice: random.Random) -> bytes:
    new = bytearray(data)
    new[dice.randrange(100)] = dice.randrange(256)
    return bytes(new)


def truncated(data: bytes, dice: random.Random) -> bytes:
    return data[: dice.choice((0, 1, 50, 100, PAGE - 1, PAGE, dice.randrange(len(data))))]


def zeroed(data: bytes, dice: random.Random) -> bytes:
    page = dice.randrange(len(data) // PAGE) * PAGE
    return data[:page] + bytes(PAGE) + data[page + PAGE :]


def swapped(data: bytes, dice: random.Random) -> bytes:
    pages = [data[n : n + PAGE] for n in range(0, len(data), PAGE)]
    one, other = dice.sample(range(len(pages)), 2)
    pages[one], pages[other] = pages[other], pages[one]
    return b"".join(pages)


def grown(data: bytes, dice: random.Random) -> bytes:
    return data + dice.randbytes(dice.randrange(1, 3 * PAGE))


BY_CHANCE: tuple[Callable[[bytes, random.Random], bytes], ...] = (
    flipped,
    flipped,
    flipped,
    flipped,
    header_flipped,
    truncated,
    zeroed,
    swapped,
    grown,
)

# What a hand can do with SQL. Writable schema and no checks: whatever a flipped byte could come to.
BY_HAND = {
    "a negative version": "PRAGMA user_version = -1",
    "an absurd version": "PRAGMA user_version = 2147483647",
    "no version": "PRAGMA user_version = 0",
    "an older version than its tables": "PRAGMA user_version = 1",
    "no table of cards": "DROP TABLE card",
    "no log": "DROP VIEW answer; DROP TABLE log",
    "a table renamed": "ALTER TABLE claim RENAME TO claims",
    "a view for a table": "DROP TABLE claim; CREATE VIEW claim AS SELECT 1",
    "a planted trigger": "CREATE TRIGGER t AFTER INSERT ON log BEGIN DELETE FROM card; END",
    "a planted view": "CREATE VIEW spy AS SELECT * FROM log",
    "the guards of the log gone": "DROP TRIGGER log_keeps_rows",
    "a column too many": "ALTER TABLE card ADD extra TEXT",
    "due beyond all years": "UPDATE card SET due = 9223372036854775807",
    "due before all years": "UPDATE card SET due = -9223372036854775808",
    "a last day that is none": "UPDATE card SET last_day = -5",
    "a day beyond the calendar": "UPDATE card SET introduced = 99999999999",
    "infinite stability": "UPDATE card SET stability = 9e999",
    "no stability": "UPDATE card SET stability = NULL WHERE state = 2",
    "negative stability": "UPDATE card SET stability = -1.0",
    "difficulty 1e300": "UPDATE card SET difficulty = 1e300",
    "no due": "UPDATE card SET due = NULL WHERE state != 0",
    "no step": "UPDATE card SET step = NULL, state = 1",
    "a flag of 7": "UPDATE card SET flagged = 7",
    "state 9": "UPDATE card SET state = 9",
    "due on a day beyond all years": "UPDATE card SET due_day = 9223372036854775807",
    "buried on a day beyond all years": "UPDATE card SET buried_on = 9223372036854775807",
    "due on no day": "UPDATE card SET due_day = NULL WHERE state = 2",
    "buried for ever": "UPDATE card SET buried_until = 9223372036854775807",
    "negative reviews": "UPDATE card SET reviews = -3",
    "an interval beyond all years": "UPDATE card SET interval = 9223372036854775807",
    "names that are no UTF-8": "UPDATE card SET id = CAST(x'ff' || id AS TEXT)",
    "a kind that is none": "{free}; UPDATE log SET kind = 'dream'; {guard}",
    "rating 9": "{free}; UPDATE log SET rating = 9 WHERE rating = 3; {guard}",
    "durations that add up to too much": "{free}; "
    "UPDATE log SET duration = -9223372036854775807 WHERE duration > 0; {guard}",
    "days that are none": "{free}; UPDATE log SET day = -1; {guard}",
    "before that is no JSON": "{free}; UPDATE log SET before = '['; {guard}",
    "before that is no card": "{free}; UPDATE log SET before = '[1]'; {guard}",
    "a log that names nothing": "DELETE FROM scheduler",
    "a round that is no JSON": "UPDATE round SET questions = 'x', day = {today}",
    "a claim of no time": "INSERT INTO claim VALUES "
    "('dropout', '{{}}', 'x', 9, 1.0, 1.0, '?', 0.0, '', '', '', 7, 9223372036854775807)",
}


def faults(home: Path) -> list[str]:
    """What is wrong with how the damage of the store in `home` is told."""
    wrong = []
    for outcome in try_everything(home):
        if "mistake in quizcli" in outcome.said or "Traceback" in outcome.said:
            wrong.append(f"{outcome.command}: {outcome.said}")
        if outcome.status not in (0, 1):
            wrong.append(f"{outcome.command}: status {outcome.status}: {outcome.said}")
    return wrong


def lost_unsaid(path: Path, entries: int) -> bool:
    """Whether a store passes for healthy with fewer entries than it had."""
    try:
        with Store.open(path) as store:
            fault = store.check()
            return not fault and len(list(store.log())) < entries
    except QuizError:
        return False


def by_hand(path: Path, sql: str) -> None:
    """Do that to a store."""
    db = sqlite3.connect(path, isolation_level=None)
    db.execute("PRAGMA ignore_check_constraints = ON")
    (guard,) = db.execute("SELECT sql FROM sqlite_schema WHERE name = 'log_keeps_values'").fetchone()
    today = Days().number(now_ms())
    db.executescript(
        sql.format(free="DROP TRIGGER log_keeps_values", guard=guard, today=today) if "{" in sql else sql
    )
    db.close()


def try_everything(home: Path) -> Iterator[Outcome]:
    """Run the light commands and short sessions in this process, each upon the store as it is in `home`."""
    store = home / "data" / "quizcli.db"
    data = store.read_bytes()
    for command, keys in [
        *((command, "") for command in COMMANDS),
        ((), DAY[0]),
        ((), DAY[1]),
        (("quiz", "-n", "2"), " 1 3q"),
    ]:
        for end in ("-wal", "-shm"):
            store.with_name(store.name + end).unlink(missing_ok=True)
        store.write_bytes(data)
        shutil.rmtree(store.parent / "backups", ignore_errors=True)
        status, said = in_process(home, command, keys)
        yield Outcome(command, status, said)


built = cache(build)  # once for all of them: that is most of a command's time


def in_process(home: Path, command: tuple[str, ...], keys: str = "") -> tuple[int, str]:
    """One command in this process: its status, and what it said on stderr."""
    out, err = io.TextIOWrapper(io.BytesIO(), "utf-8"), io.StringIO()
    read, write = os.pipe()
    os.write(write, keys.encode())
    os.close(write)
    environment = {"QUIZCLI_HOME": str(home), "QUIZCLI_OFFLINE": "1", "QUIZCLI_LANG": "en"}
    with (
        os.fdopen(read, encoding="utf-8") as stdin,
        mock.patch.dict(os.environ, environment),
        mock.patch("sys.stdin", stdin),
        mock.patch("quizcli.packs.library.builtin", return_value=PACK),
        mock.patch("quizcli.cli.app.build", built),
        mock.patch("quizcli.__main__.stdio"),  # it mends and lets go those of a process
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        status = run(command)
    use_language("en")
    return status, err.getvalue()
