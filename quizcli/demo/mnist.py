"""The four files of MNIST: read from a folder or fetched through torchvision, believed only by checksum.

LeCun, Cortes and Burges, "The MNIST database of handwritten digits", 1998. Layout of a folder, as in
torchvision: MNIST/raw/train-images-idx3-ubyte and so on, each file gzipped (.gz) or unpacked.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import socket
import zlib
from collections.abc import Callable, Generator
from concurrent.futures import Future, wait
from contextlib import redirect_stderr
from http.client import HTTPException
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread
from time import monotonic
from typing import TYPE_CHECKING

from msgspec import Struct

from quizcli.demo.events import Event, Progress
from quizcli.private import FILE, make_folder
from quizcli.text import Text

if TYPE_CHECKING:
    from torch import Tensor

Tensors = dict[str, "Tensor"]  # uint8: train_images, train_labels, test_images, test_labels

SECONDS_OF_SILENCE = 10.0  # a server that says nothing for so long is given up
_FRAME = 0.2  # seconds between two events of a download


class IdxFile(Struct, frozen=True):
    """One of the four files: what it holds, its name, its size when packed, both its checksums."""

    holds: str
    name: str
    packed_size: int
    packed_md5: str
    md5: str


# fmt: off
FILES = (
    IdxFile("train_images", "train-images-idx3-ubyte", 9_912_422,
            "f68b3c2dcbeaaa9fbdd348bbdeb94873", "6bbc9ace898e44ae57da46a324031adb"),
    IdxFile("train_labels", "train-labels-idx1-ubyte", 28_881,
            "d53e105ee54ea40749a09fcbcd1e9432", "a25bea736e30d166cdddb491f175f624"),
    IdxFile("test_images", "t10k-images-idx3-ubyte", 1_648_877,
            "9fb629c4189551a2d022fa330f9573f3", "2646ac647ad5339dbf082846283269ea"),
    IdxFile("test_labels", "t10k-labels-idx1-ubyte", 4_542,
            "ec29112dd5afa0611ce80d1b7f02629c", "27ae3e4e09519cfbb04c329615203637"),
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
        data = path.read_bytes()
        expected = file.packed_md5 if path == packed else file.md5
        if hashlib.md5(data, usedforsecurity=False).hexdigest() != expected:
            raise UnusableError(
                Text(
                    f"{path}: not the published file (wrong checksum).", f"{path}：校验和不符，不是官方文件。"
                )
            )
        return gzip.decompress(data) if path == packed else data
    except FileNotFoundError as error:
        raise UnusableError(Text(f"{path}: not there.", f"{path}：文件不存在。")) from error
    except (OSError, EOFError, zlib.error) as error:
        raise UnusableError(
            Text(f"{path}: cannot be read: {error}.", f"{path}：无法读取：{error}。")
        ) from error


def _parse(data: bytes) -> Tensor:
    """An idx file of bytes: 0, 0, 8, the number of dimensions; each dimension (big endian); the values."""
    import torch

    dimensions = data[3]
    shape = [int.from_bytes(data[4 * i : 4 * i + 4], "big") for i in range(1, dimensions + 1)]
    return torch.frombuffer(bytearray(data), dtype=torch.uint8, offset=4 + 4 * dimensions).view(shape)


def download(cache: Path, mirror: str = "") -> Generator[Event, None, Tensors]:
    """Fetch the four files through torchvision, keep them packed in cache/MNIST/raw, return their tensors.

    `mirror`, a base address, is tried before torchvision's own. The files arrive in a folder of this run
    alone, so that neither a broken transfer nor another process can leave half a file behind.
    Raises UnusableError where no mirror serves all four.
    """
    total = sum(file.packed_size for file in FILES)
    began = monotonic()
    try:
        make_folder(cache)
        # A download given up half-way may still be writing when the folder goes.
        with TemporaryDirectory(prefix="download-", dir=cache, ignore_cleanup_errors=True) as name:
            folder = Path(name)
            fetched = _in_thread(lambda: _fetch(folder, mirror))
            while not fetched.done():
                arrived = sum(path.stat().st_size for path in folder.glob("MNIST/raw/*.gz"))
                began = began if arrived else monotonic()  # importing torchvision is no part of the speed
                yield _arrived(arrived, total, monotonic() - began)
                wait([fetched], timeout=_FRAME)
            fetched.result()
            tensors = read_folder(folder)
            yield _arrived(total, total, monotonic() - began)
            _keep_packed(folder, cache)
    except OSError as error:
        raise UnusableError(
            Text(f"{cache}: cannot be written: {error}.", f"{cache}：无法写入：{error}。")
        ) from error
    return tensors


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


def _fetch(folder: Path, mirror: str) -> None:
    """Download into folder/MNIST/raw from the first mirror that serves; good files stay for the next one."""
    try:
        from torchvision import datasets
    except (ImportError, RuntimeError) as error:  # RuntimeError: torch and torchvision of two builds
        raise UnusableError(
            Text(f"torchvision cannot be imported: {error}.", f"torchvision 无法导入：{error}。")
        ) from error

    resources = [(f"{file.name}.gz", file.packed_md5) for file in FILES]
    failures = []
    for address in ([mirror.rstrip("/") + "/"] if mirror else []) + datasets.MNIST.mirrors:
        # torchvision names the folder after the class, so this one is called MNIST too.
        mnist = type("MNIST", (datasets.MNIST,), {"mirrors": [address], "resources": resources})
        old_timeout = socket.getdefaulttimeout()
        socket.setdefaulttimeout(SECONDS_OF_SILENCE)  # torchvision passes none: a dead server would hang it
        try:
            with redirect_stderr(io.StringIO()):  # its progress bar would spoil the screen
                mnist(folder, download=True)
            return
        except (RuntimeError, OSError, HTTPException, ValueError) as error:
            failures.append(f"{address}: {(str(error) or repr(error)).strip().splitlines()[-1]}")
        finally:
            socket.setdefaulttimeout(old_timeout)
    reasons = "; ".join(failures)
    raise UnusableError(Text(f"No mirror served MNIST ({reasons}).", f"没有镜像能提供 MNIST（{reasons}）。"))


def _keep_packed(folder: Path, cache: Path) -> None:
    """Move the packed files, known to be good, to where `read_folder(cache)` finds them."""
    raw = cache / "MNIST" / "raw"
    make_folder(raw)
    for file in FILES:
        fetched = folder / "MNIST" / "raw" / f"{file.name}.gz"
        fetched.chmod(FILE)  # torchvision leaves that to the umask
        os.replace(fetched, raw / fetched.name)
