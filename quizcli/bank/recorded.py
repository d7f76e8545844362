"""The record of a pack: what its demonstrations measured, with which seeds, of which code and on what.

`answers/measured.json` holds an object a line for each way in which a demonstration was run. The file is
written by `quizcli bank measure` alone.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path

import msgspec
from msgspec import Struct

from quizcli.errors import QuizError
from quizcli.reading import MEBIBYTE, UNDECODABLE, read_regular
from quizcli.text import tr

FEWEST_SEEDS = 10
_LONGEST = 8 * MEBIBYTE

Key = tuple[str, str]  # the demonstration, its settings as JSON
Setting = bool | int | float | str


class Entry(Struct, frozen=True, kw_only=True):
    """One demonstration with one set of settings. `claims` has a value of each seed, from 0 up."""

    run: str
    set: dict[str, Setting] = {}
    code: str  # digest of the code that ran
    seeds: int
    torch: str
    machine: str  # "cpu x86_64"
    data: str = ""  # "MNIST, 60,000 images"
    claims: dict[str, tuple[float, ...]]


def canonical(settings: Mapping[str, Setting]) -> str:
    """Settings as JSON that is the same for the same settings: sorted, and 1.0 is 1."""
    plain = {
        name: int(value) if isinstance(value, float) and value.is_integer() else value
        for name, value in settings.items()
    }
    return msgspec.json.encode(plain, order="sorted").decode()


def key(run: str, settings: Mapping[str, Setting]) -> Key:
    """What an entry is found by."""
    return run, canonical(settings)


def file_of(root: Path) -> Path:
    """Where the record of the pack at `root` is."""
    return root / "answers" / "measured.json"


def recorded(root: Path) -> dict[Key, Entry]:
    """The record of a pack; empty where there is none. QuizError where it is damaged."""
    path = file_of(root)
    try:
        lines = read_regular(path, _LONGEST).splitlines()
        entries = [msgspec.json.decode(line, type=Entry) for line in lines if line.strip()]
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except (OSError, *UNDECODABLE) as error:
        raise QuizError(
            tr(f"{path}: cannot be read: {error}", f"{path}：无法读取：{error}"),
            tr("`quizcli bank measure` writes it anew.", "`quizcli bank measure` 会重新生成。"),
        ) from error
    return {key(entry.run, entry.set): entry for entry in entries}


def keep(root: Path, entries: Iterable[Entry]) -> None:
    """Write the record, in an order of its own."""
    ordered = sorted(entries, key=lambda entry: key(entry.run, entry.set))
    text = b"".join(msgspec.json.encode(entry) + b"\n" for entry in ordered)
    path = file_of(root)
    fresh = path.with_suffix(".partial")
    fresh.write_bytes(text)
    os.replace(fresh, path)
