"""The four files of MNIST: read from a folder or fetched from a mirror, believed only by size and checksum.

LeCun, Cortes and Burges, "The MNIST database of handwritten digits", 1998. Layout of a folder, as in
torchvision: MNIST/raw/train-images-idx3-ubyte and so on, each file gzipped (.gz) or unpacked.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import zlib
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import Future, wait
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory, mkdtemp
from threading import Thread
from time import monotonic, time
from typing import TYPE_CHECKING

from msgspec import Struct

from quizcli.demo.datasets.download import DiskError, FetchError, fetch
from quizcli.demo.events import Event, Progress
from quizcli.file_reading import read_regular
from quizcli.file_writing import FILE, make_folder
from quizcli.text import Text

if TYPE_CHECKING:
    from torch import Tensor

Tensors = dict[str, "Tensor"]  # uint8: train_images, train_labels, test_images, test_labels

MIRRORS = ("https://ossci-datasets.s3.amazonaws.com/mnist/", "http://yann.lecun.com/exdb/mnist/")
SECONDS_OF_SILENCE = 10.0  # a server that says nothing for so long is given up
SECONDS_OF_CRAWL = 30.0  # so is one that sends less than this in that time, whatever it is about
LEAST = 30_000  # bytes
_FRAME = 0.2  # seconds between two events of a download
_DAY = 86_400  # seconds


class IdxFile(Struct, frozen=True):
    """One of the four files: what it holds, its name, sizes and checksums, packed and unpacked."""

    holds: str
    name: str
    packed_size: int
    packed_md5: str
    size: int
    md5: str


# fmt: off
FILES = (
    IdxFile("train_images", "train-images-idx3-ubyte", 9_912_422,
            "f68b3c2dcbeaaa9fbdd348bbdeb94873", 47_040_016, "6bbc9ace898e44ae57da46a324031adb"),
    IdxFile("train_labels", "train-labels-idx1-ubyte", 28_881,
            "d53e105ee54ea40749a09fcbcd1e9432", 60_008, "a25bea736e30d166cdddb491f175f624"),
    IdxFile("test_images", "t10k-images-idx3-ubyte", 1_648_877,
            "9fb629c4189551a2d022fa330f9573f3", 7_840_016, "2646ac647ad5339dbf082846283269ea"),
    IdxFile("test_labels", "t10k-labels-idx1-ubyte", 4_542,
            "ec29112dd5afa0611ce80d1b7f02629c", 10_008, "27ae3e4e09519cfbb04c329615203637"),
)
# fmt: on


class UnusableError(Exception):
    """A source of MNIST cannot be used; `why` is a complete sentence in both languages."""

    def __init__(self, why: Text) -> None:
        super().__init__(why.en)
        self.why = why


def read_folder(folder: Path) -> Tensors:
    """The four files of folder/MNIST/raw as uint8 tensors: images (n, 28, 28), labels (n,).

    Only reads. Raises UnusableError where a file is missing, unreadable or not the published one.
    """
    return {file.holds: _parse(_read(folder / "MNIST" / "raw", file)) for file in FILES}


def _read(raw: Path, file: IdxFile) -> bytes:
    """The unpacked bytes of a file, whichever of its two forms is there."""
    packed = raw / f"{file.name}.gz"
    path = packed if packed.is_file() else raw / file.name
    try:
        if path == packed:
            data = _checked(read_regular(path, file.packed_size), file.packed_md5, path)
            return _unpacked(data, file.size)
        return _checked(read_regular(path, file.size), file.md5, path)
    except FileNotFoundError as error:
        raise UnusableError(Text(f"{path}: not there.", f"{path}：文件不存在。")) from error
    except (OSError, EOFError, zlib.error) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise UnusableError(
            Text(f"{path}: cannot be read: {reason}.", f"{path}：无法读取：{reason}。")
        ) from error


def _checked(data: bytes, md5: str, path: Path) -> bytes:
    if hashlib.md5(data, usedforsecurity=False).hexdigest() == md5:
        return data
    raise UnusableError(
        Text(f"{path}: not the published file (wrong checksum).", f"{path}：校验和不符，不是官方文件。")
    )


def _unpacked(data: bytes, size: int) -> bytes:
    """What was gzipped, if it has this size: a few bytes can unpack to gigabytes. zlib.error, EOFError."""
    unpacked = zlib.decompressobj(wbits=31).decompress(data, size + 1)  # 31: gzip
    if len(unpacked) != size:
        raise EOFError("it does not unpack to the published size")
    return unpacked


def _parse(data: bytes) -> Tensor:
    """An idx file of bytes: 0, 0, 8, the number of dimensions; each dimension (big endian); the values."""
    import torch

    dimensions = data[3]
    shape = [int.from_bytes(data[4 * i : 4 * i + 4], "big") for i in range(1, dimensions + 1)]
    return torch.frombuffer(bytearray(data), dtype=torch.uint8, offset=4 + 4 * dimensions).view(shape)


def download(cache: Path, mirror: str = "") -> Generator[Event, None, Tensors]:
    """Fetch the four files, keep them packed in cache/MNIST/raw, return their tensors.

    `mirror`, a base address, is tried before the known ones. The files arrive in a folder of this run alone,
    so that neither a broken transfer nor another process can leave half a file behind.
    Raises UnusableError where no mirror serves all four.
    """
    try:
        make_folder(cache)
        _clear_away(cache)
        # A download given up half-way may still be writing when the folder goes.
        with TemporaryDirectory(prefix="download-", dir=cache, ignore_cleanup_errors=True) as name:
            folder = Path(name)
            make_folder(folder / "MNIST" / "raw")
            yield from _from_any(folder, [mirror.rstrip("/") + "/", *MIRRORS] if mirror else MIRRORS)
            tensors = read_folder(folder)
            _keep_packed(folder, cache)
    except (OSError, DiskError) as error:
        raise UnusableError(
            Text(f"{cache}: cannot be written: {error}.", f"{cache}：无法写入：{error}。")
        ) from error
    return tensors


def _clear_away(cache: Path) -> None:
    """Delete the folders of downloads that were killed a day ago or longer."""
    for folder in cache.glob("download-*"):
        with suppress(OSError):  # another process may clear them away too
            if not folder.is_symlink() and time() - folder.stat().st_mtime > _DAY:
                shutil.rmtree(folder, ignore_errors=True)


def _from_any(folder: Path, addresses: Sequence[str]) -> Generator[Event, None, None]:
    """Download from the first mirror that serves; files that are whole stay for the next one."""
    failures: list[Text] = []
    for address in addresses:
        attempt = _Attempt(folder, address)
        try:
            yield from attempt.watched()
            return
        except FetchError as error:
            failures.append(Text(f"{address}: {error.why.en}", f"{address}：{error.why.zh}"))
        finally:
            attempt.given_up = True
    en, zh = "; ".join(text.en for text in failures), "；".join(text.zh for text in failures)
    raise UnusableError(Text(f"No mirror served MNIST ({en}).", f"没有镜像能提供 MNIST（{zh}）。"))


class _GivenUpError(Exception):
    """Nobody waits for this download any more."""


class _Attempt:
    """The download from one mirror, in a thread of its own: whatever that waits for, it is watched."""

    def __init__(self, folder: Path, address: str) -> None:
        self.given_up = False
        self._raw = folder / "MNIST" / "raw"
        self._parts = Path(mkdtemp(dir=folder))
        self._address = address
        self._arrived = 0

    def watched(self) -> Generator[Event, None, None]:
        """Events until all four files are there. FetchError where the mirror fails or crawls."""
        total = sum(file.packed_size for file in FILES)
        began = looked = monotonic()
        before = 0
        fetched = _in_thread(self._fetch)
        while not fetched.done():
            now = monotonic()
            yield _arrived(self._arrived, total, now - began)
            if now - looked > SECONDS_OF_CRAWL:
                if self._arrived - before < LEAST:
                    raise FetchError(Text("is too slow", "速度过慢"))
                looked, before = now, self._arrived
            wait([fetched], timeout=_FRAME)
        fetched.result()
        yield _arrived(total, total, monotonic() - began)

    def _fetch(self) -> None:
        for file in FILES:
            name = f"{file.name}.gz"
            if (self._raw / name).exists():  # from an earlier mirror
                self._arrived += file.packed_size
                continue
            fetch(
                self._address + name,
                self._raw / name,
                self._parts / name,
                file.packed_size,
                file.packed_md5,
                SECONDS_OF_SILENCE,
                self._take,
            )

    def _take(self, count: int) -> None:
        self._arrived += count
        if self.given_up:
            raise _GivenUpError


def _arrived(done: float, total: float, seconds: float) -> Progress:
    megabytes = 1e6
    return Progress(
        done=done / megabytes,
        total=max(done, total) / megabytes,
        text={"en": "downloading MNIST, once", "zh": "下载 MNIST（仅此一次）"},
        rate=done / megabytes / seconds if done else None,
        unit="MB",
    )


def _in_thread(work: Callable[[], None]) -> Future[None]:
    """Start `work` in a daemon thread: unlike a pool's thread it cannot keep the process from ending."""
    future: Future[None] = Future()

    def run() -> None:
        try:
            work()
            future.set_result(None)
        except Exception as error:  # noqa: BLE001 - carried over to the thread that waits, nothing is lost
            future.set_exception(error)

    Thread(target=run, name="download", daemon=True).start()
    return future


def _keep_packed(folder: Path, cache: Path) -> None:
    """Move the packed files, known to be good, to where `read_folder(cache)` finds them."""
    raw = cache / "MNIST" / "raw"
    make_folder(raw)
    for file in FILES:
        fetched = folder / "MNIST" / "raw" / f"{file.name}.gz"
        fetched.chmod(FILE)  # the umask may have made it anybody's
        os.replace(fetched, raw / fetched.name)
