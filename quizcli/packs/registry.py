"""The packs that a person has added: their names, where they are, and which code of theirs may run.

A pack stays where it is; `packs.json` in the data folder only points at it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from quizcli.bank.diagnostic import shown
from quizcli.did_you_mean import nearest_known
from quizcli.errors import ExitStatus, QuizError
from quizcli.file_reading import MEBIBYTE, UNDECODABLE, leaves, read_regular
from quizcli.file_writing import lock_alone, refuse_dangling, replace_file
from quizcli.packs.pack import Pack, builtin, pack_at
from quizcli.settings import Settings
from quizcli.text import tr

NAME = r"^[a-z0-9]+(-[a-z0-9]+)*\Z"  # as ids are written: a card of the pack is name/id
RESERVED = frozenset({"builtin", "edits"})  # other packs, which the compiled cache knows by these names

_LIMIT = 64 * MEBIBYTE  # of packs.json: a pack of a thousand files takes a tenth of one


class Added(Struct, frozen=True, omit_defaults=True):
    """A pack of the person's own. `trusted`: the code that may run, SHA-256 by path (quizcli.packs.trust)."""

    name: Annotated[str, Meta(pattern=NAME)]
    root: str
    trusted: dict[str, str] = {}

    @property
    def pack(self) -> Pack:
        """The pack, whether its folder is there or not."""
        return Pack(self.name, Path(self.root))

    @property
    def found(self) -> bool:
        """Whether there is still a pack where it was."""
        return os.path.isdir(self.pack.questions)  # False too where we may not look


def added_packs(settings: Settings) -> tuple[Added, ...]:
    """The packs in the order in which they were added. QuizError for a damaged file or a lost one."""
    path = settings.packs_file
    try:
        return msgspec.json.decode(read_regular(path, _LIMIT), type=tuple[Added, ...])
    except FileNotFoundError:
        refuse_dangling(path)
        return ()
    except UNDECODABLE as error:
        raise QuizError(
            tr(f"{path}: cannot be read: {error}", f"{path}：无法读取：{error}"),
            tr(
                "Delete it and add your packs again; progress is kept elsewhere.",
                "请删除该文件并重新添加题库包；学习进度不在其中，不受影响。",
            ),
        ) from error


def find_added(name: str, settings: Settings) -> Added:
    """The pack of a name. QuizError (USAGE) where there is none."""
    known = {entry.name: entry for entry in added_packs(settings)}
    if name not in known:
        raise QuizError(
            tr(f"there is no pack {shown(name)}", f"没有题库包 {shown(name)}") + nearest_known(name, known),
            tr(
                "`quizcli pack list` names yours, `quizcli pack add PATH` adds one.",
                "`quizcli pack list` 列出已添加的题库包，`quizcli pack add 路径` 可添加。",
            ),
            ExitStatus.USAGE,
        )
    return known[name]


def add(folder: Path, name: str, settings: Settings) -> tuple[Added, Added | None]:
    """Add the pack in a folder, under its own name or a given one. Returns it, and what it was before.

    A pack that has moved is the same pack: what has its name and is no longer there gives way to it.
    QuizError where the folder holds no pack, or its name is taken or will not do.
    """
    pack = _checked(folder)
    with lock_alone(settings.packs_file.parent):
        return _add(pack, folder, name, settings)


def _add(pack: Pack, folder: Path, name: str, settings: Settings) -> tuple[Added, Added | None]:
    packs = added_packs(settings)
    here = next((entry for entry in packs if entry.root == str(pack.root)), None)
    if here is not None:
        if name in ("", here.name):
            return here, here
        raise _added_as_another(folder, here)
    name = _name(name or _slug(pack.name), folder)
    namesake = next((entry for entry in packs if entry.name == name), None)
    if namesake is not None and namesake.found:
        raise _taken(namesake)
    new = Added(name, str(pack.root), namesake.trusted if namesake else {})
    write_registry([*(entry for entry in packs if entry.name != name), new], settings)
    return new, namesake


def remove(name: str, settings: Settings) -> Added:
    """Forget a pack; its folder and the progress on its cards stay. QuizError (USAGE) where there is none."""
    with lock_alone(settings.packs_file.parent):
        gone = find_added(name, settings)
        write_registry([entry for entry in added_packs(settings) if entry.name != name], settings)
    return gone


def write_registry(packs: Iterable[Added], settings: Settings) -> None:
    """Replace the file in one step: a reader sees the old one or the new one. OSError where that fails."""
    text = msgspec.json.format(msgspec.json.encode(tuple(packs)), indent=1) + b"\n"
    replace_file(settings.packs_file, text)


def _checked(folder: Path) -> Pack:
    """The pack in a folder that a person names."""
    if not folder.is_dir():
        raise QuizError(
            tr(f"{folder}: there is no such folder", f"{folder}：没有这个文件夹"),
            tr("Name a folder that holds `questions/`.", "请指定含有 `questions/` 的文件夹。"),
            ExitStatus.USAGE,
        )
    pack = pack_at(folder)
    if pack.root == builtin().root:
        raise QuizError(
            tr(f"{folder}: this pack comes with the program", f"{folder}：这是程序自带的题库包"),
            tr("It need not be added: `quizcli list`.", "无需添加：`quizcli list` 可列出其题目。"),
            ExitStatus.USAGE,
        )
    if not str(pack.root).isprintable():  # control characters steer terminals, broken UTF-8 is no JSON
        where = ascii(str(pack.root))
        raise QuizError(
            tr(f"{where}: the name of this folder cannot be printed", f"{where}：文件夹名称无法显示"),
            tr("Rename it.", "请重命名。"),
        )
    for path in (pack.questions, *pack.questions.glob("*.y*ml")):
        check_link(path, pack.root)
    return pack


def check_link(path: Path, root: Path) -> None:
    """Return where a path stays in the pack at `root`; QuizError for a link that leads out of it."""
    if leaves(path, root):
        raise QuizError(
            tr(f"{path}: this link leaves the pack", f"{path}：该链接指向题库包之外"),
            tr("Put a copy in its place.", "请改为放入文件副本。"),
        )


def _slug(folder: str) -> str:
    return re.sub("[^a-z0-9]+", "-", folder.lower()).strip("-")


def _name(name: str, folder: Path) -> str:
    if re.match(NAME, name) and name not in RESERVED:
        return name
    raise QuizError(
        tr(f"{shown(name)}: no name for a pack", f"{shown(name)}：不能用作题库包名称")
        if name
        else tr(f"{folder}: its name does not do for a pack", f"{folder}：文件夹名不能直接用作题库包名称"),
        tr(
            "--name gives it one: lower-case words joined by `-`, not " + " or ".join(sorted(RESERVED)),
            "请用 --name 指定：以 `-` 连接的小写英文单词，不能是 " + "、".join(sorted(RESERVED)),
        ),
        ExitStatus.USAGE,
    )


def _added_as_another(folder: Path, entry: Added) -> QuizError:
    return QuizError(
        tr(f"{folder}: added already, as {entry.name}", f"{folder}：已添加，名为 {entry.name}"),
        tr(
            f"Progress hangs on that name. To give it up: `quizcli pack remove {entry.name}`",
            f"学习进度以此名称为准。若要放弃该名称：`quizcli pack remove {entry.name}`",
        ),
        ExitStatus.USAGE,
    )


def _taken(entry: Added) -> QuizError:
    return QuizError(
        tr(f"{entry.name}: {entry.root} has this name", f"{entry.name}：{entry.root} 已使用这个名称"),
        tr("--name gives the new one another.", "请用 --name 另取名称。"),
        ExitStatus.USAGE,
    )
