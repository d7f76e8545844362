"""The code of a pack, which runs only after a person has been told its files and said so.

What can run are the `*.py` files below `answers` and `models` (quizcli/processes/pack_imports.py sees to it).
Allowed is exactly what was listed: one file changed, new or gone, and the person is asked again.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from hashlib import sha256
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from quizcli.errors import QuizError
from quizcli.file_reading import MEBIBYTE, UnfitError, first_bytes, leaves
from quizcli.file_writing import lock_alone
from quizcli.packs.pack import Pack, builtin
from quizcli.packs.registry import Added, added_packs, write_registry
from quizcli.permit import NOTHING, Permit
from quizcli.settings import Settings
from quizcli.text import tr

FOLDERS = ("answers", "models")
MAX_BYTES = MEBIBYTE  # of one file: nobody reads more
MAX_FILES = 1000
MAX_FOLDERS = 1000
_MOST_TOLD = 20  # faults in one message


class CodeFile(Struct, frozen=True):
    """A file of code: its path from the pack's root, with slashes; its length; its SHA-256."""

    path: str
    lines: int
    digest: str


class CodeFault(Struct, frozen=True):
    """What cannot be shown in full, by its path from the pack's root ("" for the pack), and why."""

    path: str
    reason: str


def sources(root: Path) -> tuple[CodeFile, ...]:
    """All code of the pack at `root`, by path. Nothing is run.

    QuizError for what cannot be shown in full, all of it at once: a file that cannot be read or is huge, a
    link that leaves the pack or leads to a folder.
    """
    found, faults = survey(root)
    if faults:
        told = [_told(root, fault) for fault in faults[:_MOST_TOLD]]
        if more := len(faults) - len(told):
            told.append(tr(f"… and {more:,} more", f"……另有 {more:,} 处"))
        raise QuizError(
            "\n".join(told),
            tr("The code of this pack does not run before.", "在此之前，该题库包的代码不会运行。"),
        )
    return found


def survey(root: Path) -> tuple[tuple[CodeFile, ...], list[CodeFault]]:
    """All code of the pack at `root` that can be shown, and what cannot. Never waits, never raises."""
    found: list[CodeFile] = []
    faults: list[CodeFault] = []
    for one in _survey(root):
        (found if isinstance(one, CodeFile) else faults).append(one)  # type: ignore[arg-type]
    return tuple(sorted(found, key=lambda source: source.path)), sorted(faults, key=lambda fault: fault.path)


def fingerprint(found: tuple[CodeFile, ...]) -> dict[str, str]:
    """What is remembered of code: the SHA-256 of each file, by path."""
    return {source.path: source.digest for source in found}


def differences(before: Mapping[str, str], now: Mapping[str, str]) -> dict[str, str]:
    """How each path that differs does: "new", "changed" or "gone"."""
    differ = {path: "changed" if path in before else "new" for path in now if before.get(path) != now[path]}
    return differ | {path: "gone" for path in before if path not in now}


def require_trust(pack: Pack, settings: Settings) -> Permit:
    """What of the pack's code may run; QuizError, with the command to type, where the person is to be asked.

    The process that imports from the pack gets the permit and sees to it. The pack of the program needs no
    trust, and one without code has none to run.
    """
    if pack.root == builtin().root:
        return NOTHING
    now = fingerprint(sources(pack.root))
    one = next((one for one in added_packs(settings) if one.root == str(pack.root)), None)
    if not now or (one is not None and one.trusted == now):
        return Permit(pack.name, now)
    if one is None:
        raise QuizError(
            tr(
                f"`quizcli pack add {pack.root}` first: the code of a pack runs once you trust it",
                f"请先执行 `quizcli pack add {pack.root}`：题库包的代码须经你信任才会运行",
            )
        )
    command = f"`quizcli pack trust {one.name}`"
    if one.trusted:
        raise QuizError(
            tr(
                f"{command} first: its code has changed since you trusted it",
                f"请先执行 {command}：代码在你信任之后有改动",
            )
        )
    raise QuizError(
        tr(
            f"{command} first: it shows the code that would run, and asks",
            f"请先执行 {command}：显示将要运行的代码，并征得你的同意",
        )
    )


def trust(one: Added, shown: tuple[CodeFile, ...], settings: Settings) -> None:
    """Remember that the person allows the code that they were shown.

    QuizError where the pack is no longer there: it may have been removed, or be another one by now.
    """
    with lock_alone(settings.packs_file.parent):
        packs = added_packs(settings)
        if not any((other.name, other.root) == (one.name, one.root) for other in packs):
            raise QuizError(
                tr(
                    f"{one.name}: removed meanwhile, so not trusted",
                    f"{one.name}：已被移除，没有信任",
                ),
                tr("`quizcli pack list` names those there are.", "`quizcli pack list` 可列出现有题库包。"),
            )
        now = replace(one, trusted=fingerprint(shown))
        write_registry([now if other.name == one.name else other for other in packs], settings)


def _survey(root: Path) -> Iterator[CodeFile | CodeFault]:
    number = 0
    for one in _files(root):
        if isinstance(one, CodeFault):
            yield one
            continue
        number += 1
        if number > MAX_FILES:
            yield CodeFault("", tr(f"more than {MAX_FILES} files of code", f"代码文件超过 {MAX_FILES} 个"))
            return
        name = _name(root, one)
        try:
            data = first_bytes(one, MAX_BYTES + 1)
        except OSError as error:
            yield CodeFault(name, _unreadable(error))
            continue
        if len(data) > MAX_BYTES:
            size = MAX_BYTES >> 20
            yield CodeFault(
                name, tr(f"larger than {size} MB: nobody reads that", f"超过 {size} MB，无法审阅")
            )
            continue
        lines = data.count(b"\n") + (not data.endswith(b"\n") and data != b"")
        yield CodeFile(name, lines, sha256(data).hexdigest())


def _files(root: Path) -> Iterator[str | CodeFault]:
    """Every file of code, in folders that are no links: what such a link holds can change unseen."""
    waiting = [os.path.join(root, name) for name in reversed(FOLDERS)]
    folders = 0
    while waiting:
        folder = waiting.pop()
        folders += 1
        if folders > MAX_FOLDERS:
            yield CodeFault(
                "", tr(f"more than {MAX_FOLDERS} folders of code", f"代码文件夹超过 {MAX_FOLDERS} 个")
            )
            return
        if os.path.islink(folder):
            yield _linked(root, folder)
        elif os.path.isdir(folder):
            try:
                entries = sorted(os.scandir(folder), key=lambda entry: entry.name, reverse=True)
            except OSError as error:
                yield CodeFault(_name(root, folder), _unreadable(error))
                continue
            waiting += [entry.path for entry in entries if _is_folder(entry)]
            yield from (
                fault if (fault := _unfit(root, entry)) is not None else entry.path
                for entry in reversed(entries)
                if entry.name.lower().endswith(".py") and not _is_folder(entry)
            )


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link that leads to itself
        return False


def _linked(root: Path, folder: str) -> CodeFault:
    if leaves(folder, root):
        return CodeFault(_name(root, folder), _leaving())
    reason = tr("a link to a folder; put a copy in its place", "这是指向文件夹的链接，请改为放入副本")
    return CodeFault(_name(root, folder), reason)


def _unfit(root: Path, entry: os.DirEntry[str]) -> CodeFault | None:
    """What is wrong with a file of code before it is opened."""
    name = _name(root, entry.path)
    if not name.isprintable():
        told = tr("rename this file: its name cannot be printed", "文件名无法显示，请重命名")
        return CodeFault(ascii(name), told)
    return CodeFault(name, _leaving()) if leaves(entry.path, root) else None


def _leaving() -> str:
    return tr("this link leaves the pack", "该链接指向题库包之外")


def _name(root: Path, path: str) -> str:
    return Path(path).relative_to(root).as_posix()


def _told(root: Path, fault: CodeFault) -> str:
    where = root / fault.path if fault.path.isprintable() else root
    return tr(f"{where}: {fault.reason}", f"{where}：{fault.reason}")


def _unreadable(error: OSError) -> str:
    if isinstance(error, UnfitError):
        return str(error.strerror)
    reason = error.strerror or str(error)
    return tr(f"cannot be read: {reason}", f"无法读取：{reason}")
