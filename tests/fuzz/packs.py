"""Packs: folders from elsewhere, with whatever a file system can hold in them."""

from __future__ import annotations

import os
import random
import socket
from contextlib import suppress
from pathlib import Path

from tests.fuzz.program import faults, home_like, quizcli
from tests.places import GOOD_BANK

GOOD = GOOD_BANK.read_bytes()
CODE = b'"""Something."""\n\nTITLE = {"en": "x", "zh": "x"}\n\n\ndef demonstrate():\n    yield from ()\n'
PLACES = ("questions", "answers", "models", "answers/judges", "answers/deep", ".")
NAMES = (
    *(
        "x.yaml",
        "y.yml",
        "x.py",
        "__init__.py",
        "x.pyc",
        "x.so",
        "X.PY",
        "x.yaml.py",
        "con.yaml",
        ".hidden.yaml",
    ),
    *(
        "a b.yaml",
        "\n.yaml",
        "\x1b[2J.yaml",
        "\u202e.py",
        "中文.yaml",
        "-x.yaml",
        "x" * 200 + ".yaml",
        "schema.json",
    ),
)
TARGETS = ("/dev/zero", "/dev/random", "/proc/self/mem", "/etc/passwd", "/", "..", "gone")
COMMANDS = (
    ["bank", "check", "PACK"],
    ["bank", "check", "PACK/questions"],
    ["bank", "check", "PACK", "--json"],
    ["bank", "check", "PACK", "--run"],
    ["pack", "add", "PACK"],
    ["pack", "add", "PACK", "--name", "other"],
)
AFTERWARDS: tuple[list[str], ...] = (
    ["list"],
    ["pack", "list"],
    ["demo"],
    ["pack", "trust", "pack", "--yes"],
    [],
    ["pack", "remove", "pack"],
)


def one(folder: Path, seed: int) -> list[str]:
    """One pack, checked or added and then used."""
    chance = random.Random(seed)
    home = home_like(folder, seed)
    pack = home / "pack"
    pack.mkdir()
    for _ in range(chance.randrange(9)):
        with suppress(OSError, ValueError):  # what stands there already, or has no such name here
            _plant(pack / chance.choice(PLACES) / chance.choice(NAMES), chance)
    command = [word.replace("PACK", str(pack)) for word in chance.choice(COMMANDS)]
    told = faults(quizcli(command, home, "y\n"))
    if command[1] == "add":
        told += faults(quizcli(chance.choice(AFTERWARDS), home, "y\n q"))
    return told


def _plant(path: Path, chance: random.Random) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    match chance.randrange(14):
        case 0:
            os.mkfifo(path)
        case 1:
            path.symlink_to(chance.choice((*TARGETS, path.name)))
        case 2:
            path.mkdir()
        case 3:
            with path.open("wb") as stream:
                stream.truncate(chance.choice((10**6 + 1, 10**10)))
        case 4:
            path.write_bytes(chance.randbytes(chance.randrange(3000)))
        case 5:
            path.write_bytes(b"\xff\xfe" + GOOD.decode().encode("utf-16-le"))
        case 6:
            with socket.socket(socket.AF_UNIX) as server:
                server.bind(os.path.relpath(path))
        case 7:
            path.write_bytes(GOOD)
            path.chmod(chance.choice((0, 0o200, 0o777)))
        case 8 | 9:
            path.write_bytes(CODE)
        case 10:
            path.write_bytes(b"")
        case _:
            path.write_bytes(GOOD)
