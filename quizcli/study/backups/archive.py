"""A backup as one file: a ZIP with the store, and all else that a person has made.

It may come from elsewhere. So nothing in it is believed: not its names, its sizes, nor its store.
"""

from __future__ import annotations

import io
import lzma
import os
import re
import sqlite3
import stat
import struct
import time
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path, PurePosixPath
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from quizcli import __version__
from quizcli.errors import QuizError
from quizcli.file_reading import UNDECODABLE, first_bytes, read_regular
from quizcli.file_writing import create, make_folder, refuse_dangling
from quizcli.settings import Settings
from quizcli.study.backups.kept_backups import (
    BY_HAND,
    clear_away,
    partial,
    put,
    put_next,
    remove,
    snapshot,
    target,
)
from quizcli.study.database.connection import MAGIC, fail, fail_reading
from quizcli.text import tr

STORE, ABOUT, PACKS, CONFIG = "quizcli.db", "about.json", "packs.json", "config.toml"
FORMAT = 1  # of a backup
LONGEST = 4 << 20  # bytes of a file beside the store: nobody writes as much
_MOST_FILES = 20_000
_MOST_BYTES = 256 << 20  # of these files together
_MOST_AT_ONCE = 32 << 20  # bytes: of these entries the list, and any file of them
_MOST_TOLD = 100  # files that are left out, by their names
_DEEPEST = 8  # folders
_LOOK = 5.0  # seconds to count what a store holds: a million reviews take less than one
_LONGEST_NAME, _LONGEST_PATH = (
    200,
    800,
)  # bytes: with an ending for a file that is not whole yet, and its folder
_NAME = re.compile(r"(edits|code)(/[^/\\:\x00-\x1f\x7f]+)+\Z")
# All that zipfile and what unpacks for it raise on foreign files; bz2 and seeking raise OSError too.
_BROKEN = (
    OSError,
    lzma.LZMAError,
    zipfile.BadZipFile,
    zlib.error,
    RuntimeError,
    NotImplementedError,
    EOFError,
    ValueError,
    struct.error,
)


class About(Struct, frozen=True, kw_only=True):
    """What a backup says of itself."""

    format: int = FORMAT
    quizcli: str = __version__
    made: int = 0  # seconds since 1970
    why: str = ""
    schema: int = 0
    cards: int = 0
    reviews: int = 0  # answers that were not taken back
    left_out: tuple[str, ...] = ()  # files that are none, or too large


class Made(Struct, frozen=True):
    """A backup that was made."""

    path: Path
    about: About


def write(
    settings: Settings,
    why: str = BY_HAND,
    goal: Path | None = None,
    *,
    with_store: bool = True,
    store: str = "",
) -> Made:
    """Make a backup of everything now, in the folder of backups; or in another one, or as a file: `goal`.
    `store`: where a copy of the store is, if its own disk takes nothing.

    Half a file is never under its name, and no other file gives way. Raises QuizError where the store is
    damaged, or where nothing can be written; FileExistsError for a goal that is there and no folder.
    """
    where = target(settings.store_file, why, ".zip")
    named = goal is not None and not os.path.isdir(goal)
    if goal is not None:
        where = goal if named else goal / where.name
    refuse_dangling(where.parent)
    try:
        if goal is None:
            make_folder(where.parent)
        whole, copy = partial(where.parent), partial(where.parent)
        try:
            if with_store:
                snapshot(store or str(settings.store_file), copy)
            about = _pack(settings, why, whole, copy if with_store else "")
            if named:
                put(whole, where)
            else:
                where = put_next(whole, where)
            clear_away(where.parent)
        finally:
            remove(copy)
            remove(whole)
    except FileExistsError as error:
        if not named:
            fail(error, str(where))
        raise
    except sqlite3.Error as error:
        fail_reading(error, str(settings.store_file))
    except OSError as error:
        fail(error, str(where))
    return Made(where, about)


def _pack(settings: Settings, why: str, whole: str, copy: str) -> About:
    files, left_out = own_files(settings)
    about = summary(copy) if copy else About()
    told = tuple(left_out[:_MOST_TOLD])
    if more := len(left_out) - len(told):
        told += (tr(f"and {more:,} more", f"以及另外 {more:,} 个"),)
    about = replace(about, made=int(time.time()), why=why, left_out=told)
    with create(whole) as stream:
        with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
            archive.writestr(_entry(ABOUT), msgspec.json.format(msgspec.json.encode(about)) + b"\n")
            if copy:
                with open(copy, "rb") as store, archive.open(_entry(STORE), "w", force_zip64=True) as member:
                    while chunk := store.read(1 << 20):
                        member.write(chunk)
            for name, data in files.items():
                archive.writestr(_entry(name), data)
        stream.flush()
        os.fsync(stream.fileno())
    return about


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name)
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = (stat.S_IFREG | 0o600) << 16
    return entry


def own_files(settings: Settings) -> tuple[dict[str, bytes], list[str]]:
    """What a person has beside the store, by the name it has in a backup; and the paths that are left out."""
    files: dict[str, bytes] = {}
    left_out: list[str] = []
    room = _MOST_BYTES
    for name, path in places(settings).items():
        found = [(name, path)] if name in (PACKS, CONFIG) else _below(path, name, left_out)
        for inner, each in found:
            try:
                data = read_regular(each, LONGEST)
            except FileNotFoundError:
                if os.path.islink(each):  # what it names was the person's, and may come back
                    left_out.append(_printable(each))
                continue
            except (OSError, ValueError):
                left_out.append(_printable(each))
                continue
            if len(files) < _MOST_FILES and len(data) <= room:
                files[inner] = data
                room -= len(data)
            else:  # no backup holds more, and what could not be restored is none
                left_out.append(_printable(each))
    return files, left_out


def places(settings: Settings) -> dict[str, Path]:
    """Where what is in a backup belongs."""
    return {
        PACKS: settings.packs_file,
        CONFIG: settings.config_file,
        "edits": settings.edits_dir,
        "code": settings.code_dir,
    }


def _below(folder: Path, name: str, left_out: list[str]) -> Iterator[tuple[str, Path]]:
    """The files in a folder and those below it; hidden ones are of other programs."""
    try:
        with os.scandir(folder) as entries:
            inner = sorted(entries, key=lambda entry: entry.name)
    except FileNotFoundError:
        return
    except OSError:
        left_out.append(_printable(folder))
        return
    for entry in inner:
        full, path = f"{name}/{entry.name}", Path(entry.path)
        if entry.name.startswith(".") or entry.name.endswith(".partial"):
            continue
        if not _stays_inside(full):
            left_out.append(_printable(path))
        elif entry.is_dir(follow_symlinks=False):
            yield from _below(path, full, left_out)
        else:
            yield full, path


def _printable(path: Path) -> str:
    name = str(path)
    return name if name.isprintable() else ascii(name)


def summary(store: str) -> About:
    """How much there is in a store that nobody else has open. sqlite3.Error where it cannot be read."""
    with closing(sqlite3.connect(f"{Path(store).absolute().as_uri()}?mode=ro&immutable=1", uri=True)) as db:
        _at_most(db, _LOOK)
        return About(
            schema=db.execute("PRAGMA user_version").fetchone()[0],
            cards=db.execute("SELECT count(*) FROM card").fetchone()[0],
            reviews=db.execute("SELECT count(*) FROM answer").fetchone()[0],
        )


def _at_most(db: sqlite3.Connection, seconds: float) -> None:
    """Let no query take longer: in the file of a stranger a table may be a view without end."""
    deadline = time.monotonic() + seconds
    db.set_progress_handler(lambda: int(time.monotonic() > deadline), 100_000)


def _page_size(head: bytes) -> int:
    """Bytes of a page of a database, as its header says (https://sqlite.org/fileformat2.html, 1.3)."""
    page = int.from_bytes(head[16:18])
    return 65_536 if page == 1 else page


def _size_by_header(head: bytes) -> int:
    """Bytes that a database has, as its first page says."""
    return _page_size(head) * int.from_bytes(head[28:32])


def has_pages(head: bytes) -> bool:
    """Whether the header of a database tells a size of pages that there is."""
    page = _page_size(head)
    return page >= 512 and page.bit_count() == 1


def about(path: Path) -> About:
    """What a backup says of itself, or of a bare store, what it holds. QuizError where it is none."""
    if is_bare_store(path):
        try:
            return summary(str(path))
        except (sqlite3.Error, OSError, ValueError) as error:
            raise no_backup(path, str(error)) from error
    with open_archive(path) as archive:
        return archive.about


def is_bare_store(path: Path) -> bool:
    """Whether a file begins as a store does, and not as an archive. QuizError where it cannot be read."""
    try:
        return first_bytes(path, len(MAGIC)) == MAGIC
    except (OSError, ValueError) as error:
        raise no_backup(path, getattr(error, "strerror", None) or str(error)) from error


class Archive:
    """A ZIP that was found to hold a backup. What is read from it is bounded."""

    def __init__(self, path: Path, archive: zipfile.ZipFile) -> None:
        self._path = path
        self._zip = archive
        self._entries = _checked(path, archive)
        self.has_store = STORE in self._entries
        self.about = self._about()

    def files(self) -> dict[str, bytes]:
        """Everything but the store, by name."""
        return {name: self._read(name) for name in self._entries if name not in (STORE, ABOUT)}

    def extract_store(self, target: str) -> None:
        """Write the store to a new file. OSError where the disk says no."""
        with self._told():
            member = self._zip.open(self._entries[STORE])
        with create(target) as stream, member:
            size = 0
            while True:
                with self._told():
                    chunk = member.read(1 << 20)
                    size = size or _size_by_header(chunk)
                    if stream.tell() + len(chunk) > size:
                        raise ValueError(tr("its store is longer than it says", "其中的学习记录比声明的更长"))
                if not chunk:
                    return
                stream.write(chunk)  # what the disk says is not of the backup

    @property
    def store_size(self) -> int:
        """Bytes that the store says it has; no more are ever written."""
        return self._entries[STORE].file_size

    def _about(self) -> About:
        try:
            about = msgspec.json.decode(self._read(ABOUT), type=About)
        except UNDECODABLE as error:
            raise no_backup(self._path, str(error)) from error
        if about.format != FORMAT:
            raise no_backup(
                self._path,
                tr(
                    f"it is of format {about.format}, this quizcli knows {FORMAT}",
                    f"其格式为 {about.format}，本版本只支持 {FORMAT}",
                ),
            )
        return about

    def _read(self, name: str) -> bytes:
        with self._told():
            return self._zip.read(self._entries[name])

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except _BROKEN as error:
            raise no_backup(self._path, _reason(error)) from error


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error) or type(error).__name__


@contextmanager
def open_archive(path: Path) -> Iterator[Archive]:
    """A backup to read from. QuizError where the file is none, or holds what no backup holds."""
    try:
        stream = _Bounded(path)
    except OSError as error:
        raise no_backup(path, _reason(error)) from error
    with stream:
        try:
            archive = zipfile.ZipFile(stream)
        except _BROKEN as error:
            raise no_backup(path, _reason(error)) from error
        with archive:
            yield Archive(path, archive)


class _Bounded(io.FileIO):
    """A file of which no more is read at once than a backup needs: sizes in a ZIP are anybody's claim."""

    def read(self, size: int | None = -1, /) -> bytes:
        """As a file reads. BadZipFile for more."""
        if size is None or size < 0:  # all that is left
            size = max(0, os.fstat(self.fileno()).st_size - self.tell())
        if size > _MOST_AT_ONCE:
            raise zipfile.BadZipFile(tr("it holds too much", "内容过多"))
        return super().read(size) or b""


def _checked(path: Path, archive: zipfile.ZipFile) -> Mapping[str, zipfile.ZipInfo]:
    """The entries by name, each of them one that a backup can have."""
    entries: dict[str, zipfile.ZipInfo] = {}
    total = 0
    for entry in archive.infolist():
        name = entry.filename
        kind = stat.S_IFMT(entry.external_attr >> 16)
        known = name in (STORE, ABOUT, PACKS, CONFIG) or _stays_inside(name)
        if not known or name in entries or kind not in (0, stat.S_IFREG) or entry.flag_bits & 1:
            raise no_backup(path, tr(f"no backup holds {name!a}", f"备份中不应有 {name!a}"))
        if name != STORE:
            total += entry.file_size
        if (
            (name != STORE and entry.file_size > LONGEST)
            or total > _MOST_BYTES + LONGEST
            or len(entries) > _MOST_FILES + 2
        ):
            raise no_backup(path, tr("it holds too much", "内容过多"))
        entries[name] = entry
    folders = {str(folder) for name in entries for folder in PurePosixPath(name).parents}
    if both := sorted(folders & entries.keys()):
        raise no_backup(
            path, tr(f"{both[0]!a} is a file and a folder in it", f"{both[0]!a} 在其中既是文件又是文件夹")
        )
    if ABOUT not in entries:
        raise no_backup(path, tr(f"{ABOUT} is missing", f"缺少 {ABOUT}"))
    return entries


def _stays_inside(name: str) -> bool:
    parts = PurePosixPath(name).parts
    return (
        _NAME.match(name) is not None
        and name.isprintable()
        and "/".join(parts) == name
        and len(parts) <= _DEEPEST + 1
        and len(name.encode()) <= _LONGEST_PATH
        and all(len(part.encode()) <= _LONGEST_NAME for part in parts)
        and not any(part.startswith(".") or part.endswith((".", " ")) for part in parts)
    )


def no_backup(path: Path, reason: Any) -> QuizError:
    """The error of a file that cannot be restored."""
    shown = _printable(path)
    return QuizError(
        tr(f"{shown} is no sound backup: {reason}.", f"{shown} 不是完好的备份：{reason}。"),
        tr("`quizcli restore` lists those that there are.", "`quizcli restore` 可列出现有备份。"),
    )
