"""Stores: damaged bytes, pages and values; what is healthy goes on, what is not is told as damage."""

from __future__ import annotations

import random
import sqlite3
from contextlib import suppress
from pathlib import Path

from tests.fuzz.program import faults, home_like, quizcli

COMMANDS: tuple[list[str], ...] = (
    ["stats"],
    ["list"],
    [],
    ["stats", "--json"],
    ["review"],
    ["doctor", "--json"],
    ["show", "vae-loss-terms"],
)
TRIGGERS = ("log_keeps_values", "log_keeps_rows", "log_is_not_replaced", "scheduler_keeps_values")
VALUES = (-1, 2**62, -(2**62), 1.5, 1e308, "x", "", b"\x00\xff", None, "[]", "{}", "[" * 2000, 10**15, 0)


def one(folder: Path, seed: int) -> list[str]:
    """One damaged store, and one command on it."""
    chance = random.Random(seed)
    home = home_like(folder, seed)
    store = home / "data" / "quizcli.db"
    if chance.random() < 0.4:
        _change_values(store, chance)
    else:
        data = bytearray(store.read_bytes())
        for _ in range(chance.choice((1, 1, 2, 5, 50))):
            _damage(data, chance)
        store.write_bytes(data)
        for side in ("-wal", "-shm", "-journal"):
            if chance.random() < 0.1:
                store.with_name(store.name + side).write_bytes(chance.randbytes(chance.randrange(40000)))
    ran = quizcli(chance.choice(COMMANDS), home, " 3 4q")
    return faults(ran)


def _damage(data: bytearray, chance: random.Random) -> None:
    place = chance.randrange(max(1, len(data)))
    page = place // 4096 * 4096
    match chance.randrange(6):
        case 0 | 1:
            data[place : place + 1] = bytes([chance.randrange(256)])
        case 2:
            data[page : page + 4096] = bytes(4096)
        case 3:
            other = chance.randrange(max(1, len(data))) // 4096 * 4096
            data[page : page + 4096], data[other : other + 4096] = (
                data[other : other + 4096],
                data[page : page + 4096],
            )
        case 4:
            del data[place:]
        case 5:
            data[chance.randrange(100) :][:1] = bytes([chance.randrange(256)])
            if len(data) > 100:
                data[chance.randrange(100)] = chance.randrange(256)


def _change_values(store: Path, chance: random.Random) -> None:
    """A store that SQLite finds healthy, and that says what cannot be."""
    db = sqlite3.connect(store, isolation_level=None)
    db.execute("PRAGMA foreign_keys = OFF")
    db.execute("PRAGMA ignore_check_constraints = ON")
    tables = [row[0] for row in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
    for number in range(chance.choice((1, 1, 2, 4))):
        with suppress(sqlite3.Error, OverflowError):  # STRICT tables take no value of another type
            _change(db, chance.choice(tables), number, chance)
    db.close()


def _change(db: sqlite3.Connection, table: str, number: int, chance: random.Random) -> None:
    match chance.randrange(8):
        case 0:
            db.execute(f"PRAGMA user_version = {chance.choice((-1, 0, 99, 2**31 - 1))}")
        case 1:
            db.execute(f"PRAGMA application_id = {chance.choice((0, 1, -1))}")
        case 2:
            db.execute(f"DROP TABLE {table}")
        case 3:
            db.execute(f"ALTER TABLE {table} RENAME TO {table}_old")
        case 4:
            db.execute(f"CREATE TRIGGER planted{number} BEFORE INSERT ON {table} BEGIN SELECT 1; END")
        case _:
            for trigger in TRIGGERS:
                db.execute(f"DROP TRIGGER IF EXISTS {trigger}")
            columns = [row[1] for row in db.execute(f"PRAGMA table_info({table})")] or ["dropped before"]
            db.execute(f"UPDATE {table} SET {chance.choice(columns)} = ?", (chance.choice(VALUES),))
