"""Data sets of the demonstrations, each kept as one file of tensors that opens in milliseconds."""

from __future__ import annotations

import pickle
from collections.abc import Generator
from contextlib import suppress
from pathlib import Path
from time import time
from typing import TYPE_CHECKING, Annotated, Literal

from msgspec import Struct

from quizcli.demo.datasets.mnist import Tensors, UnusableError, download, read_folder
from quizcli.demo.datasets.synthetic import synthetic_digits
from quizcli.demo.events import Event, Note, Progress, Words
from quizcli.demo.option import Option
from quizcli.errors import ExitStatus, QuizError
from quizcli.file_reading import open_regular, read_text
from quizcli.file_writing import replace_file, replacing
from quizcli.settings import Settings, load_settings
from quizcli.text import Text, tr

if TYPE_CHECKING:
    from torch import Tensor

DigitsName = Annotated[Literal["auto", "mnist", "synthetic"], Option(help={"en": "data set", "zh": "数据集"})]

_TRY_AGAIN = 3600.0  # seconds after a failed download
# What torch.load, or a look at what it loaded, raises on foreign files.
_DAMAGED = (OSError, RuntimeError, ValueError, TypeError, LookupError, EOFError, pickle.UnpicklingError)


class Digits(Struct, frozen=True, eq=False):
    """Handwritten digits or a stand-in. Images are uint8 (n, 28, 28), 0 for paper; labels are int64 (n,)."""

    train_images: Tensor
    train_labels: Tensor
    test_images: Tensor
    test_labels: Tensor
    label: Words  # what to show: "MNIST, 60,000 images"
    synthetic: bool = False


def load_digits(
    name: DigitsName = "auto", settings: Settings | None = None
) -> Generator[Event, None, Digits]:
    """Open a set of digits: `digits = yield from load_digits(data)`. Yields events while it is built.

    "auto" is MNIST from the cache, from QUIZCLI_DATA or from the network, else synthetic digits and a note
    that says why. Raises QuizError if "mnist" is asked for and cannot be had.
    """
    settings = settings or load_settings()
    if name not in ("auto", "mnist", "synthetic"):
        message = tr(f"no such data set: {name}", f"没有这个数据集：{name}")
        raise QuizError(
            message, tr("Use auto, mnist or synthetic.", "可用：auto、mnist、synthetic。"), ExitStatus.USAGE
        )
    if name != "synthetic":
        try:
            return _digits((yield from _mnist(settings, insist=name == "mnist")), synthetic=False)
        except UnusableError as error:
            if name == "mnist":
                raise _no_mnist(error.why) from error
            yield Note(
                text={
                    "en": f"These are synthetic digits, not MNIST: expect other numbers. {error.why.en}",
                    "zh": f"以下是合成数字，不是 MNIST，数值会有所不同。{error.why.zh}",
                }
            )
    return _digits((yield from _synthetic(settings)), synthetic=True)


def _digits(tensors: Tensors, synthetic: bool) -> Digits:
    en, zh = ("synthetic digits", "合成数字") if synthetic else ("MNIST", "MNIST")
    count = len(tensors["train_images"])
    return Digits(
        train_images=tensors["train_images"],
        train_labels=tensors["train_labels"].long(),
        test_images=tensors["test_images"],
        test_labels=tensors["test_labels"].long(),
        label={"en": f"{en}, {count:,} images", "zh": f"{zh}，{count:,} 张图"},
        synthetic=synthetic,
    )


def _no_mnist(why: Text) -> QuizError:
    return QuizError(
        tr(f"MNIST cannot be had. {why.en}", f"无法取得 MNIST。{why.zh}"),
        tr(
            "Set QUIZCLI_DATA to a folder that holds MNIST/raw, or QUIZCLI_MIRROR to a mirror's address, "
            "or use synthetic digits.",
            "请将 QUIZCLI_DATA 设为包含 MNIST/raw 的文件夹，或将 QUIZCLI_MIRROR 设为镜像地址，"
            "或改用合成数字（synthetic）。",
        ),
    )


def _mnist(settings: Settings, insist: bool) -> Generator[Event, None, Tensors]:
    """MNIST from the nearest place that has it. Raises UnusableError, with the reason, if none has."""
    kept = settings.cache_dir / "mnist-1.pt"
    if tensors := _open(kept):
        return tensors
    yield Progress(done=0, total=1, text={"en": "preparing MNIST, once", "zh": "准备 MNIST（仅此一次）"})
    tensors = yield from _mnist_files(settings, insist)
    yield from _keep(tensors, kept)
    return tensors


def _mnist_files(settings: Settings, insist: bool) -> Generator[Event, None, Tensors]:
    if settings.data_sets:
        try:
            return read_folder(settings.data_sets)
        except UnusableError as error:
            yield Note(text={"en": f"QUIZCLI_DATA: {error.why.en}", "zh": f"QUIZCLI_DATA:{error.why.zh}"})
    if (settings.cache_dir / "MNIST").is_dir():
        try:
            return read_folder(settings.cache_dir)
        except UnusableError as error:
            yield Note(text={"en": error.why.en, "zh": error.why.zh})
    if settings.offline:
        raise UnusableError(
            Text("It is not on this machine, and offline is set.", "本机没有 MNIST，且已设置 offline。")
        )
    return (yield from _download(settings, insist))


def _download(settings: Settings, insist: bool) -> Generator[Event, None, Tensors]:
    """Download, but unless it is insisted do not wait for the same dead mirrors at every run."""
    failed = settings.cache_dir / "mnist-download-failed"  # holds the mirror that was set
    if not insist and _is_recent(failed, settings.mirror):
        raise UnusableError(
            Text(
                "A download failed less than an hour ago; asking for mnist by name tries again at once.",
                "一小时内下载失败过；指明要 mnist 会立即重试。",
            )
        )
    try:
        return (yield from download(settings.cache_dir, settings.mirror))
    except UnusableError:
        with suppress(OSError):  # without the mark the next run merely waits again
            replace_file(failed, settings.mirror.encode())
        raise


def _is_recent(failed: Path, mirror: str) -> bool:
    try:
        return time() - failed.stat().st_mtime < _TRY_AGAIN and read_text(failed, 4096) == mirror
    except OSError:
        return False


def _synthetic(settings: Settings) -> Generator[Event, None, Tensors]:
    kept = settings.cache_dir / "synthetic-digits-1.pt"
    tensors = _open(kept)
    if tensors is None:
        tensors = yield from synthetic_digits()
        yield from _keep(tensors, kept)
    return tensors


def _open(path: Path) -> Tensors | None:
    """The tensors kept in a file, mapped rather than read; None if there are none or the file is damaged."""
    import torch

    try:
        open_regular(path).close()  # torch.load takes a path, and would wait for a pipe
        tensors: Tensors = torch.load(path, weights_only=True, mmap=True)
        whole = all(
            tensors[f"{part}_images"].shape == (len(tensors[f"{part}_labels"]), 28, 28)
            for part in ("train", "test")
        )
    except _DAMAGED:
        return None  # whatever is wrong with it, building it again mends it
    return tensors if whole else None


def _keep(tensors: Tensors, path: Path) -> Generator[Event, None, None]:
    """Write the file whole or not at all. A cache that cannot be written only costs time."""
    import torch

    try:
        with replacing(path) as stream:
            torch.save(tensors, stream)
    except (OSError, RuntimeError) as error:  # torch says RuntimeError where the disk is full
        yield Note(
            text={
                "en": f"The data set cannot be kept for the next time: {error}.",
                "zh": f"数据集无法缓存，下次需重新准备：{error}。",
            }
        )
