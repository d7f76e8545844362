"""The whole check of a pack or of one bank: everything is read afresh, every mistake has its place."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from msgspec import Struct

from quizcli.bank.checking.content import Outside, check
from quizcli.bank.diagnostic import Mistake
from quizcli.bank.files import BankFile, bank_file, bank_files, content, unreadable
from quizcli.bank.reading.reader import Reading, read
from quizcli.bank.reading.reading_log import Places
from quizcli.bank.types import Bank
from quizcli.errors import ExitStatus, QuizError
from quizcli.packs.pack import Pack, find_clashes, pack_at
from quizcli.text import tr


class Target(Struct, frozen=True):
    """What a person wants checked: a pack, or the one bank `only` (its name in the pack)."""

    pack: Pack
    only: str = ""


class Examined(Struct, frozen=True):
    """What was looked at, and what was found."""

    banks: int
    questions: int
    mistakes: tuple[Mistake, ...]


def target_at(path: Path) -> Target:
    """The pack, folder `questions` or bank at a path. QuizError where it is none of these."""
    if path.is_dir():
        inside = path.resolve().name == "questions" and not (path / "questions").is_dir()
        return Target(pack_at(path.resolve().parent if inside else path))
    if not path.exists():
        raise QuizError(
            tr(f"{path}: there is no such file", f"{path}：文件不存在"),
            tr(
                "Name a bank, a folder `questions`, or a pack.",
                "请指定题库文件、`questions` 文件夹或题库包。",
            ),
            ExitStatus.USAGE,
        )
    folder = path.resolve().parent
    if folder.name == "questions":
        return Target(Pack(folder.parent.name, folder.parent), f"questions/{path.name}")
    return Target(Pack(folder.name, folder), path.name)


def examine(target: Target, outside: Callable[[Path], Outside]) -> Examined:
    """Check a target. `outside` is asked for what the banks of a pack point at, by the pack's root."""
    files, mistakes = _files(target)
    readings = {file.name: _read(file) for file in files}
    banks = [reading.bank for reading in readings.values() if reading.bank is not None]
    mistakes += [mistake for reading in readings.values() for mistake in reading.mistakes]
    mistakes += find_clashes({bank.path: _ids(bank, readings[bank.path].places) for bank in banks}).values()
    places = {name: reading.places for name, reading in readings.items()}
    torn = {name: reading.torn for name, reading in readings.items()}
    beyond = outside(target.pack.root)
    mistakes += [*beyond.mistakes, *check(banks, places, beyond, torn)]
    seen = [bank for bank in banks if target.only in ("", bank.path)]
    return Examined(
        banks=len([name for name in readings if target.only in ("", name)]),
        questions=sum(len(bank.questions) for bank in seen),
        mistakes=tuple(sorted(mistake for mistake in mistakes if target.only in ("", mistake.path))),
    )


def _files(target: Target) -> tuple[list[BankFile], list[Mistake]]:
    """The banks of the pack; those beside a bank outside of a folder `questions` are none of its business."""
    if target.only and "/" not in target.only:
        found = bank_file(str(target.pack.root / target.only), target.only, target.pack.root)
        return ([found], []) if isinstance(found, BankFile) else ([], [found])
    files, mistakes = bank_files(target.pack.questions)
    names = [file.name for file in files] + [mistake.path for mistake in mistakes]
    if target.only and target.only not in names:
        raise QuizError(
            tr(f"{target.only}: a bank is a file *.yaml", f"{target.only}：题库应为 *.yaml 文件"),
            tr("Name such a file, or the folder of a pack.", "请指定这样的文件，或题库包的文件夹。"),
            ExitStatus.USAGE,
        )
    return files, mistakes


def _read(file: BankFile) -> Reading:
    try:
        return read(content(file), file.name)
    except OSError as error:
        return Reading(None, (unreadable(file.name, error),), {})


def _ids(bank: Bank, places: Places) -> Places:
    return {question.id: places[question.id] for question in bank.questions}
