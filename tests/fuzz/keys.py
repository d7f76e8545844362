"""Sessions and rounds, answered by a cat on the keyboard."""

from __future__ import annotations

import random
import sqlite3
from pathlib import Path

from tests.fuzz.program import faults, home_like, quizcli

COMMANDS: tuple[list[str], ...] = (
    [],
    ["quiz"],
    ["review"],
    ["quiz", "--count", "3"],
    ["--new", "5"],
    ["--lang", "zh"],
    ["code"],
)
KEYS = [
    *" 1234567890\r\n\tdhuebsfqrxayn?/;,.:-_",
    *("\x1b[A", "\x1b[B", "\x1b[C", "\x1b[D", "\x1b[H", "\x1b[F", "\x1b[5~", "\x1b[6~", "\x1b[3~", "\x1b"),
    *("\x7f", "\x01", "\x05", "\x0b", "\x15", "\x17", "\x0c", "\x12", "\x1a", "\x00", "\x85", "\x9b31m"),
    *("中文", "是", "０．５", "1/2", "3;1;2", "0.7", "1e3", "-∞"),
    *("nan", "true", "e\u0301", "👩‍💻", "\u202e", "\ufeff"),
    *("\x1b[200~paste\r\n q\x1b[201~", "\x1b[200~", "\x1b]52;c;AAAA\x07", "\x1bP+q\x1b\\", "\x1b[<0;1;1M"),
    *("\x1b[999999999999A", "\udcff", "\udc80", "x" * 500, "softmax", "latent", "\x03", "\x04"),
]  # fmt: skip


def one(folder: Path, seed: int) -> list[str]:
    """One session; nothing that was answered may be lost, and the store stays whole."""
    chance = random.Random(seed)
    home = home_like(folder, seed)
    store = home / "data" / "quizcli.db"
    before = reviews(store)
    typed = "".join(chance.choice(KEYS) for _ in range(chance.randrange(80)))
    told = faults(quizcli(chance.choice(COMMANDS), home, typed))
    after = reviews(store)
    if not set(before) <= set(after):
        told.append("a review is gone")
    return told


def reviews(store: Path) -> list[str]:
    """The log as it stands; undoing adds to it and takes nothing away."""
    with sqlite3.connect(store) as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        rows = [str(row[0]) for row in db.execute("SELECT uuid FROM log")]
    db.close()
    return rows
