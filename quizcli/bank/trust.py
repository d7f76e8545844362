"""The code of a pack, which runs only after a person has seen it and said so.

What can run are the `*.py` files below `answers` and `models` (quizcli/demo/room.py sees to that). Allowed is
exactly what was shown: one file changed, new or gone, and the person is asked again.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Mapping
from hashlib import sha256
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from quizcli.bank.packs import Pack, builtin
from quizcli.bank.registry import Added, added, check_link, keep
from quizcli.errors import QuizError
from quizcli.settings import Settings
from quizcli.text import tr

FOLDERS = ("answers", "models")
MAX_BYTES = 1 << 20  # of one file: nobody reads more
MAX_FILES = 1000


class Source(Struct, frozen=True):
    """A file of code: its path from the pack's root, with slashes; its length; its SHA-256."""

    path: str
    lines: int
    digest: str


def sources(root: Path) -> tuple[Source, ...]:
    """All code of the pack at `root`, by path. Nothing is run.

    QuizError for what cannot be shown in full: a file that cannot be read or is huge, a link that leaves the
    pack or leads to a folder.
    """
    try:
        return tuple(sorted(_sources(root), key=lambda source: source.path))
    except OSError as error:
        raise _refused(error.filename or root, _unreadable(error)) from error


def fingerprint(found: tuple[Source, ...]) -> dict[str, str]:
    """What is remembered of code: the SHA-256 of each file, by path."""
    return {source.path: source.digest for source in found}


def differences(before: Mapping[str, str], now: Mapping[str, str]) -> dict[str, str]:
    """How each path that differs does: "new", "changed" or "gone"."""
    differ = {path: "changed" if path in before else "new" for path in now if before.get(path) != now[path]}
    return differ | {path: "gone" for path in before if path not in now}


def trusted(pack: Pack, settings: Settings) -> None:
    """Return where the code of the pack may run; QuizError, with the command to type, where it may not.

    Call it before each process that imports from the pack. The pack of the program needs no trust, nor does
    one without code.
    """
    if pack.root == builtin().root:
        return
    now = fingerprint(sources(pack.root))
    one = next((one for one in added(settings) if one.root == str(pack.root)), None)
    if not now or (one is not None and one.trusted == now):
        return
    if one is None:
        raise QuizError(
            tr(
                f"`quizcli pack add {pack.root}` first: the code of a pack runs once you trust it",
                f"请先执行 `quizcli pack add {pack.root}`：题库包的代码须经您信任才会运行",
            )
        )
    command = f"`quizcli pack trust {one.name}`"
    if one.trusted:
        raise QuizError(
            tr(
                f"{command} first: its code has changed since you trusted it",
                f"请先执行 {command}：代码在您信任之后有改动",
            )
        )
    raise QuizError(
        tr(
            f"{command} first: it shows the code of this pack and asks",
            f"请先执行 {command}：查看该题库包的代码并确认",
        )
    )


def trust(one: Added, shown: tuple[Source, ...], settings: Settings) -> None:
    """Remember that the person allows the code that they were shown."""
    now = replace(one, trusted=fingerprint(shown))
    keep([now if other.name == one.name else other for other in added(settings)], settings)


def _sources(root: Path) -> Iterator[Source]:
    for number, path in enumerate(_files(root)):
        if number == MAX_FILES:
            reason = tr(f"more than {MAX_FILES} files of code", f"代码文件超过 {MAX_FILES} 个")
            raise _refused(root, reason)
        data = _content(path)
        lines = data.count(b"\n") + (not data.endswith(b"\n") and data != b"")
        yield Source(path.relative_to(root).as_posix(), lines, sha256(data).hexdigest())


def _files(root: Path) -> Iterator[Path]:
    """Every file of code, in folders that are no links: what such a link holds can change unseen."""
    waiting = [root / name for name in FOLDERS]
    while waiting:
        folder = waiting.pop()
        check_link(folder, root)
        if folder.is_symlink():
            reason = tr("a link to a folder; put a copy in its place", "这是指向文件夹的链接，请改为放入副本")
            raise _refused(folder, reason)
        if not folder.is_dir():
            continue
        for path in sorted(folder / name for name in os.listdir(folder)):
            if path.is_dir():
                waiting.append(path)
            elif path.name.lower().endswith(".py"):
                check_link(path, root)
                yield path


def _content(path: Path) -> bytes:
    if not str(path).isprintable():
        reason = tr("rename this file: its name cannot be printed", "文件名无法显示，请重命名")
        raise _refused(ascii(str(path)), reason)
    if not stat.S_ISREG(path.stat().st_mode):  # a pipe would hang, a device never ends
        raise _refused(path, tr("this is no regular file", "这不是普通文件"))
    with path.open("rb") as stream:
        data = stream.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        limit = MAX_BYTES >> 20
        raise _refused(path, tr(f"larger than {limit} MB: nobody reads that", f"超过 {limit} MB，无法审阅"))
    return data


def _unreadable(error: OSError) -> str:
    reason = error.strerror or str(error)
    return tr(f"cannot be read: {reason}", f"无法读取：{reason}")


def _refused(where: Path | str, reason: str) -> QuizError:
    return QuizError(
        tr(f"{where}: {reason}", f"{where}：{reason}"),
        tr("The code of this pack does not run before.", "在此之前，该题库包的代码不会运行。"),
    )
