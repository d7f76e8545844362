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

from quizcli.bank.diagnostic import Mistake, shown
from quizcli.bank.types import Setting
from quizcli.file_reading import MEBIBYTE, UNDECODABLE, read_regular
from quizcli.text import tr

FEWEST_SEEDS = 10
_LONGEST = 8 * MEBIBYTE
_NAME = "answers/measured.json"

RunKey = tuple[str, str]  # the demonstration, its settings as JSON


class MeasuredRun(Struct, frozen=True, kw_only=True):
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


def key(run: str, settings: Mapping[str, Setting]) -> RunKey:
    """What an entry is found by."""
    return run, canonical(settings)


def file_of(root: Path) -> Path:
    """Where the record of the pack at `root` is."""
    return root / _NAME


def load_record(root: Path) -> dict[RunKey, MeasuredRun]:
    """The record of a pack: its whole entries. What is damaged counts as not recorded."""
    return read_record(root)[0]


def read_record(root: Path) -> tuple[dict[RunKey, MeasuredRun], tuple[Mistake, ...]]:
    """The whole entries of the record of a pack, and what is wrong with the others, each with its line."""
    entries: dict[RunKey, MeasuredRun] = {}
    mistakes: list[Mistake] = []

    def wrong(line: int, message: str) -> None:
        cure = tr("; run `quizcli bank measure`", "；请运行 `quizcli bank measure`")
        mistakes.append(Mistake(_NAME, line, 1, "", message + cure))

    try:
        lines = read_regular(file_of(root), _LONGEST).splitlines()
    except (FileNotFoundError, NotADirectoryError):
        return {}, ()
    except OSError as error:
        wrong(1, tr(f"cannot be read: {error}", f"无法读取：{error}"))
        return {}, tuple(mistakes)
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            entry = msgspec.json.decode(line, type=MeasuredRun)
        except UNDECODABLE as error:
            wrong(number, tr(f"cannot be read: {error}", f"无法读取：{error}"))
            continue
        name = key(entry.run, entry.set)
        if message := _damage(entry) or (name in entries and tr("is there twice", "出现了两次")):
            wrong(number, f"{shown(entry.run)} {message}")
        else:
            entries[name] = entry
    return entries, tuple(mistakes)


def _damage(entry: MeasuredRun) -> str:
    """What cannot have been measured; "" where every claim has one value of each seed."""
    if entry.seeds < 1 or not entry.claims:
        return tr("has no values", "没有数值")
    for claim, values in entry.claims.items():
        if (count := len(values)) != entry.seeds:
            return tr(
                f"says {entry.seeds} seeds, but {shown(claim)} has {count} value{'s' * (count != 1)}",
                f"标明 {entry.seeds} 个种子，而 {shown(claim)} 有 {count} 个数值",
            )
    return ""


def write_record(root: Path, entries: Iterable[MeasuredRun]) -> None:
    """Write the record, in an order of its own."""
    ordered = sorted(entries, key=lambda entry: key(entry.run, entry.set))
    text = b"".join(msgspec.json.encode(entry) + b"\n" for entry in ordered)
    path = file_of(root)
    fresh = path.with_suffix(".partial")
    fresh.write_bytes(text)
    os.replace(fresh, path)
