"""Files opened with care: a stranger may have put a pipe, a device or ten gigabytes where text is expected.

Every file that the program reads is read here, but for those that a test lists with a reason.
"""

from __future__ import annotations

import errno
import os
import stat
from io import FileIO
from pathlib import Path

import msgspec

from quizcli.text import tr

MEBIBYTE = 1 << 20
UNDECODABLE = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)  # what msgspec raises on any bytes
NO_PYTHON = (SyntaxError, ValueError, RecursionError, MemoryError)  # what ast.parse raises on any text
_CHUNK = 1 << 20
# A pipe without a writer is no wait, a terminal does not become ours, and nothing is inherited by children.
_FLAGS = os.O_RDONLY | sum(
    getattr(os, f"O_{name}", 0) for name in ("NONBLOCK", "NOCTTY", "CLOEXEC", "BINARY")
)


class UnfitError(OSError):
    """What stands there is no file to be read; `strerror` is a complete clause in the language in use."""


def leaves(path: str | os.PathLike[str], root: str | os.PathLike[str]) -> bool:
    """Whether a path is a link that leads out of the folder `root`."""
    return os.path.islink(path) and not Path(os.path.realpath(path)).is_relative_to(os.path.realpath(root))


def is_there(path: str | os.PathLike[str]) -> bool:
    """Whether anything has this name, a link that leads nowhere included. OSError where nobody can look."""
    try:
        os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return False
    return True


def dangling(path: str | os.PathLike[str]) -> str:
    """Which of a path and the folders above it is a link to what is not there; "" where none is."""
    name = os.path.abspath(os.fspath(path))
    while True:
        if os.path.islink(name):
            try:
                os.stat(name)
            except OSError as error:
                if error.errno in (errno.ENOENT, errno.ENOTDIR, errno.ELOOP):
                    return name
        name, below = os.path.dirname(name), name
        if name == below:
            return ""


def open_regular(path: str | os.PathLike[str], within: str | os.PathLike[str] | None = None) -> FileIO:
    """Open a regular file for reading, without a buffer. Never waits.

    `within`: a folder that links must not lead out of. OSError where it cannot be opened, UnfitError where
    it is something else: a pipe, a device, a folder.
    """
    if within is not None and leaves(path, within):
        raise UnfitError(
            errno.EXDEV, tr("this link leaves the pack", "该链接指向题库包之外"), os.fspath(path)
        )
    _insist(os.stat(path).st_mode, path)  # to open a device can do something already
    descriptor = os.open(path, _FLAGS)
    try:
        _insist(os.fstat(descriptor).st_mode, path)  # it may have been replaced since
        return os.fdopen(descriptor, "rb", buffering=0)
    except BaseException:
        os.close(descriptor)
        raise


def read_regular(
    path: str | os.PathLike[str], limit: int, within: str | os.PathLike[str] | None = None
) -> bytes:
    """All bytes of a regular file, `limit` at most. OSError and UnfitError as in `open_regular`."""
    with open_regular(path, within) as stream:
        data = _up_to(stream, limit + 1)
    if len(data) > limit:
        raise UnfitError(errno.EFBIG, _too_large(limit), os.fspath(path))
    return data


def read_text(path: str | os.PathLike[str], limit: int, within: str | os.PathLike[str] | None = None) -> str:
    """The text of a regular file in UTF-8, with or without its mark. UnfitError for others."""
    try:
        return decoded(read_regular(path, limit, within))
    except UnicodeDecodeError as error:
        raise UnfitError(
            errno.EILSEQ,
            tr(f"this is not UTF-8 (byte {error.start})", f"不是 UTF-8 编码（第 {error.start} 字节）"),
            os.fspath(path),
        ) from error


def decoded(data: bytes) -> str:
    """Text from UTF-8, with or without its mark, its lines ended as Python ends them. UnicodeDecodeError."""
    return data.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")


def read_given(path: Path, limit: int) -> bytes:
    """All bytes of what a person has named: a pipe may be meant, as in `--file <(command)`. Bounded too."""
    with path.open("rb", buffering=0) as stream:
        data = _up_to(stream, limit + 1)
    if len(data) > limit:
        raise UnfitError(errno.EFBIG, _too_large(limit), os.fspath(path))
    return data


def first_bytes(
    path: str | os.PathLike[str], count: int, within: str | os.PathLike[str] | None = None
) -> bytes:
    """The first bytes of a regular file, however long it is."""
    with open_regular(path, within) as stream:
        return _up_to(stream, count)


def _up_to(stream: FileIO, count: int) -> bytes:
    parts: list[bytes] = []
    while count > 0 and (part := stream.read(min(count, _CHUNK))):
        parts.append(part)
        count -= len(part)
    return b"".join(parts)


def _insist(mode: int, path: str | os.PathLike[str]) -> None:
    if not stat.S_ISREG(mode):
        told = tr("this is no regular file", "这不是普通文件")
        raise UnfitError(errno.EINVAL, told, os.fspath(path))


def _too_large(limit: int) -> str:
    size = f"{limit >> 20} MB" if limit >= MEBIBYTE else f"{limit:,} bytes"
    return tr(f"larger than {size}", f"超过 {size}")
