"""The files of banks on the disk: which there are, and which of them can be opened without harm."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from msgspec import Struct

from quizcli.bank.diagnostic import Mistake
from quizcli.errors import QuizError
from quizcli.file_reading import UnfitError, first_bytes, leaves
from quizcli.text import tr

MAX_BYTES = 2 << 20  # of one bank: twice the size of 1,000 questions
MAX_BANKS = 1000
_SUFFIXES = (".yaml", ".yml")


class BankFile(Struct, frozen=True):
    """A bank on the disk: `name` is its path from the pack's root, with slashes; `path` opens it."""

    name: str
    path: str
    mtime_ns: int
    size: int


def bank_files(folder: Path) -> tuple[list[BankFile], list[Mistake]]:
    """The banks of a folder `questions/`, sorted by name, and what in it cannot be one. No file is opened.

    QuizError where the folder cannot be listed; where there is none, there are no banks.
    """
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except FileNotFoundError:
        return [], []
    except OSError as error:
        raise QuizError(
            tr(f"{folder}: cannot be read: {error.strerror}", f"{folder}：无法读取：{error.strerror}"),
            tr("Look at the permissions of the folder.", "请检查该文件夹的权限。"),
        ) from error
    files: list[BankFile] = []
    mistakes: list[Mistake] = []
    for entry in entries:
        if entry.name.startswith(".") or not entry.name.endswith(_SUFFIXES):
            continue
        if len(files) == MAX_BANKS:
            told = tr(
                f"more than {MAX_BANKS} banks; this one and the rest are left out",
                f"题库超过 {MAX_BANKS} 个，从此文件起均略过",
            )
            mistakes.append(Mistake(f"questions/{entry.name}", 1, 1, "", told))
            break
        found = bank_file(entry.path, f"questions/{entry.name}", folder.parent)
        (files if isinstance(found, BankFile) else mistakes).append(found)  # type: ignore[arg-type]
    return files, mistakes


def bank_file(path: str, name: str, root: Path) -> BankFile | Mistake:
    """One bank of the pack at `root`; a mistake where nothing that can be read stands there."""
    if not name.isprintable():  # control characters steer terminals, broken UTF-8 cannot be printed at all
        return Mistake(
            ascii(name),
            1,
            1,
            "",
            tr("rename this file: its name cannot be printed", "文件名无法显示，请重命名"),
        )
    if leaves(path, root):
        return Mistake(name, 1, 1, "", tr("this link leaves the pack", "该链接指向题库包之外"))
    try:
        status = os.stat(path)
    except OSError as error:
        return unreadable(name, error)
    if not stat.S_ISREG(status.st_mode):  # a pipe would hang, a device never ends
        return Mistake(name, 1, 1, "", tr("this is no regular file", "这不是普通文件"))
    return BankFile(name, path, status.st_mtime_ns, status.st_size)


def unreadable(name: str, error: OSError) -> Mistake:
    """The mistake of a file that the system does not hand out."""
    if isinstance(error, UnfitError):
        return Mistake(name, 1, 1, "", str(error.strerror))
    reason = error.strerror or str(error)
    return Mistake(name, 1, 1, "", tr(f"cannot be read: {reason}", f"无法读取：{reason}"))


def content(file: BankFile) -> bytes:
    """The bytes of a bank, or one more than a bank may have. OSError where it cannot be read."""
    return first_bytes(file.path, MAX_BYTES + 1)
