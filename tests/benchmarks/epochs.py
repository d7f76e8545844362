"""Images a second of a pass over the digits, ours against an example's: each pass in a process of its own."""

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Callable
from statistics import median
from typing import cast

import torch
from PIL import Image
from torch import Tensor
from torch.utils.data import Dataset
from torchvision.transforms import ToTensor

from answers.kit.digits import splits
from quizcli.demo.data import Digits, load_digits
from quizcli.demo.device import choose
from quizcli.text import words


class Pictures(Dataset[tuple[Tensor, int]]):
    """What torchvision.datasets.MNIST does for each image: bytes to PIL, PIL through the transform."""

    def __init__(self, digits: Digits, count: int) -> None:
        self._images = digits.train_images[:count]
        self._labels = digits.train_labels[:count]
        self._transform = ToTensor()

    def __len__(self) -> int:
        return len(self._images)

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        picture = Image.fromarray(self._images[index].numpy(), mode="L")
        return self._transform(picture), int(self._labels[index])


def digits_at_hand() -> Digits:
    """The data set of the demonstration."""
    loading = load_digits()
    while True:
        try:
            next(loading)
        except StopIteration as stop:
            return cast(Digits, stop.value)


def compare(
    module: str,
    told: str,
    target: float,
    example_epoch: Callable[[Pictures], None],
    our_epoch: Callable[[Tensor], None],
) -> None:
    """The command line of a benchmark: print both rates and their ratio; exit 1 if it is below the target.

    `module` is what a child process runs for one pass; `told` is the help.
    """
    parser = argparse.ArgumentParser(description=told)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--images", type=int, default=24_000)
    parser.add_argument("--only", choices=("example", "ours"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.only:
        one_pass(options.only, options.images, example_epoch, our_epoch)
        return
    label = words(digits_at_hand().label)
    print(f"{label}, {options.images:,} of them a pass, {torch.get_num_threads()} threads")
    rates: dict[str, list[float]] = {"example": [], "ours": []}
    for _ in range(options.rounds):
        for name, seen in rates.items():
            seen.append(rate(module, name, options.images))
    for name, seen in rates.items():
        print(f"{name:8} {median(seen):8,.0f} images/s   (from {min(seen):,.0f} to {max(seen):,.0f})")
    ratio = median(ours / example for ours, example in zip(rates["ours"], rates["example"], strict=True))
    print(f"ratio    {ratio:8.2f}            (at least {target:g} wanted)")
    raise SystemExit(ratio < target)


def one_pass(
    name: str,
    images: int,
    example_epoch: Callable[[Pictures], None],
    our_epoch: Callable[[Tensor], None],
) -> None:
    """In a child process: train on a tenth to warm up, then print the images a second of one pass."""
    digits = digits_at_hand()
    if name == "example":
        warm, full = Pictures(digits, images // 10), Pictures(digits, images)
        example_epoch(warm)
        began = time.perf_counter()
        example_epoch(full)
    else:
        training, _ = splits(digits, choose("cpu"))
        our_epoch(training.images[: images // 10])
        began = time.perf_counter()
        our_epoch(training.images[:images])
    print(images / (time.perf_counter() - began))


def rate(module: str, name: str, images: int) -> float:
    """Images a second of one pass in a process of its own."""
    environ = {**os.environ}
    if name == "ours":
        environ["GOMP_SPINCOUNT"] = "10000"  # as in the worker
    command = [sys.executable, "-m", module, "--images", str(images), "--only", name]
    child = subprocess.run(command, env=environ, check=True, stdout=subprocess.PIPE, text=True)
    return float(child.stdout.split()[-1])
