"""The one place that writes files: readable by the person alone under any umask, and whole or not at all.

What is kept here decides which code runs and says what somebody does not know; nobody else shall read it.
"""

from __future__ import annotations

import errno
import os
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import BinaryIO

from quizcli.errors import QuizError
from quizcli.file_reading import dangling
from quizcli.text import tr

BUSY_SECONDS = 5.0  # in which who holds a folder or a store should be done
FILE, FOLDER = 0o600, 0o700
StrPath = str | os.PathLike[str]
_PARTIAL = r"\.\d+-[0-9a-f]{8}\.partial"  # what follows the name of a file that is not whole yet
_DAY = 86_400


@contextmanager
def lock_alone(folder: StrPath) -> Iterator[None]:
    """Nobody else who asks for this folder has it meanwhile; where the system has no such lock, all may.

    QuizError where another process has had it for a while.
    """
    try:
        import fcntl
    except ImportError:  # Windows
        yield
        return
    refuse_dangling(folder)
    make_folder(folder)
    lock = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        deadline = time.monotonic() + BUSY_SECONDS
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise locked(folder, BUSY_SECONDS) from None
                time.sleep(0.02)
            except OSError:  # some network file systems have none
                break
        yield
    finally:
        os.close(lock)


def locked(path: StrPath, seconds: float) -> QuizError:
    """What is said of a folder or a store that another process has not let go of for so long."""
    shown = os.fspath(path)
    return QuizError(
        tr(
            f"{shown} has been locked by another process for {seconds:g} seconds.",
            f"{shown} 已被另一进程锁定超过 {seconds:g} 秒。",
        ),
        tr("Close the program that holds it, then try again.", "请关闭占用它的程序后重试。"),
    )


def refuse_dangling(path: StrPath) -> None:
    """Raise QuizError where a path, or a folder above it, is a link to what is not there.

    Its disk may not be mounted: what began anew would hide what is there once it is.
    """
    if link := dangling(path):
        there = os.path.realpath(link)
        raise QuizError(
            tr(
                f"{link} is a link to {there}, which is not there.",
                f"{link} 是指向 {there} 的链接，而目标不存在。",
            ),
            tr(
                "Put it back there, or delete the link to begin anew.",
                "请恢复链接的目标；如要重新开始，请删除该链接。",
            ),
        )


def _refuse_as_folder(path: str) -> None:
    """The same as an OSError."""
    if link := dangling(path):
        there = os.path.realpath(link)
        told = tr(f"a link to {there}, which is not there", f"这是指向 {there} 的链接，而目标不存在")
        raise NotADirectoryError(errno.ENOTDIR, told, link)


def make_folder(path: StrPath) -> None:
    """Make a folder and those above it where they are missing, each of them private. One that is there stays.

    `os.makedirs` would leave the ones above to the umask.
    """
    name = os.path.abspath(os.fspath(path))
    _refuse_as_folder(name)
    missing = []
    while not os.path.isdir(name):
        missing.append(name)
        name, below = os.path.dirname(name), name
        if name == below:
            break
    for folder in reversed(missing):
        try:
            os.mkdir(folder, FOLDER)
            os.chmod(folder, FOLDER)  # a umask may have taken the owner's own rights away
        except FileExistsError:
            if not os.path.isdir(folder):  # a file is in the way; else another was quicker
                raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), folder) from None


def create(path: StrPath) -> BinaryIO:
    """A new private file, open for writing. FileExistsError where anything has that name, a link included."""
    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
    file = os.open(path, flags, FILE)
    if hasattr(os, "fchmod"):
        os.fchmod(file, FILE)
    return os.fdopen(file, "w+b")


@contextmanager
def replacing(path: StrPath) -> Iterator[BinaryIO]:
    """A file to write that takes the place of the one at `path` at the end: a reader sees the old or the new.

    Its folder is made where it is missing. Where `path` is a link, the file that it names is replaced.
    After an exception everything is as it was. OSError for what is no file, such as a link to /dev/null, and
    where a folder is a link to what is not there: nothing is made in its place.
    What a kill has left beside it is cleared away a day later, by the next one.
    """
    _refuse_as_folder(os.path.dirname(os.path.abspath(path)))
    target = os.path.realpath(path)
    make_folder(os.path.dirname(target))
    if os.path.lexists(target) and not os.path.isfile(target):
        raise OSError(errno.EINVAL, "not a regular file", target)
    partial = f"{target}.{os.getpid()}-{os.urandom(4).hex()}.partial"
    try:
        with create(partial) as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(partial, target)
    except BaseException:
        with suppress(OSError):  # what went wrong is told, not what follows from it
            os.unlink(partial)
        raise
    _clear_away(target)
    flush_folder(os.path.dirname(target))


def _clear_away(target: str) -> None:
    """Delete what other processes began to write in the place of a file, and left a day ago."""
    folder, name = os.path.split(target)
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            is_left = entry.name.startswith(name) and re.fullmatch(_PARTIAL, entry.name[len(name) :])
            if is_left and time.time() - entry.stat(follow_symlinks=False).st_mtime > _DAY:
                os.unlink(entry.path)


def replace_file(path: StrPath, data: bytes) -> None:
    """Write a file in the place of the one at `path`; see `replacing`. An OSError names that file."""
    try:
        with replacing(path) as stream:
            stream.write(data)
    except OSError as error:
        # A full disk names no file; and nobody knows the one that would have taken the place of this.
        if error.filename is None or str(error.filename).endswith(".partial"):
            error.filename, error.filename2 = os.fspath(path), None
        raise


def flush_folder(path: StrPath) -> None:
    """Have the names in a folder on the disk too, where the system can."""
    if os.name != "posix":
        return
    folder = os.open(path, os.O_RDONLY)
    try:
        os.fsync(folder)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):  # some network file systems cannot
            raise
    finally:
        os.close(folder)
