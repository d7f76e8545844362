"""Images a second of VAE training on the CPU: the demonstration's own loop against the usual recipe.

The usual recipe is that of the example in pytorch/examples: torchvision's data set of PIL images, ToTensor, a
DataLoader, sigmoid and binary cross-entropy, batches of 128, Adam at 1e-3, `.item()` at every step. Ours is
the loop of `quizcli demo vae` with its default batch, in the worker's environment. Each pass has a process of
its own, in turns, on MNIST from QUIZCLI_DATA or the cache, else on synthetic digits.

    python -m tests.benchmarks.vae_epoch [--rounds 5] [--images 24000]
"""

import argparse
import os
import subprocess
import sys
import time
from statistics import median
from typing import cast

import torch
from PIL import Image
from torch import Tensor, nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, Dataset
from torchvision.transforms import ToTensor

from answers._digits import splits
from answers.vae import RECIPE, train
from models.vae import VAE
from quizcli.demo.data import Digits, load_digits
from quizcli.demo.device import choose

TARGET = 4.0


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


class ExampleVAE(nn.Module):
    """The model of the example."""

    def __init__(self) -> None:
        super().__init__()
        self.fc1 = nn.Linear(784, 400)
        self.fc21 = nn.Linear(400, 20)
        self.fc22 = nn.Linear(400, 20)
        self.fc3 = nn.Linear(20, 400)
        self.fc4 = nn.Linear(400, 784)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        h = F.relu(self.fc1(x.view(-1, 784)))
        mu, logvar = self.fc21(h), self.fc22(h)
        std = torch.exp(0.5 * logvar)
        z = mu + torch.randn_like(std) * std
        return torch.sigmoid(self.fc4(F.relu(self.fc3(z)))), mu, logvar


def example_epoch(pictures: Pictures) -> None:
    """One pass as the example makes it."""
    model = ExampleVAE()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    total = 0.0
    for data, _ in DataLoader(pictures, batch_size=128, shuffle=True):
        optimizer.zero_grad()
        reconstruction, mu, logvar = model(data)
        bce = F.binary_cross_entropy(reconstruction, data.view(-1, 784), reduction="sum")
        loss = bce - 0.5 * torch.sum(1 + logvar - mu.pow(2) - logvar.exp())
        torch.autograd.backward(loss)
        total += loss.item()
        optimizer.step()


def our_epoch(images: Tensor) -> None:
    """One pass of the loop that the demonstration runs."""
    for _ in train(VAE(), images, RECIPE._replace(epochs=1), choose("cpu")):
        pass


def digits_at_hand() -> Digits:
    """The data set of the demonstration."""
    loading = load_digits()
    while True:
        try:
            next(loading)
        except StopIteration as stop:
            return cast(Digits, stop.value)


def one_pass(name: str, images: int) -> None:
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


def rate(name: str, images: int) -> float:
    """Images a second of one pass in a process of its own."""
    environ = {**os.environ}
    if name == "ours":
        environ["GOMP_SPINCOUNT"] = "10000"  # as in the worker
    command = [sys.executable, "-m", "tests.benchmarks.vae_epoch", "--images", str(images), "--only", name]
    child = subprocess.run(command, env=environ, check=True, stdout=subprocess.PIPE, text=True)
    return float(child.stdout.split()[-1])


def main() -> None:
    """Print both rates and their ratio; exit 1 if the ratio is below the target."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--images", type=int, default=24_000)
    parser.add_argument("--only", choices=("example", "ours"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.only:
        one_pass(options.only, options.images)
        return
    print(f"{digits_at_hand().label}, {options.images:,} of them a pass, {torch.get_num_threads()} threads")
    rates: dict[str, list[float]] = {"example": [], "ours": []}
    for _ in range(options.rounds):
        for name, seen in rates.items():
            seen.append(rate(name, options.images))
    for name, seen in rates.items():
        print(f"{name:8} {median(seen):8,.0f} images/s   (from {min(seen):,.0f} to {max(seen):,.0f})")
    ratio = median(ours / example for ours, example in zip(rates["ours"], rates["example"], strict=True))
    print(f"ratio    {ratio:8.2f}            (at least {TARGET:g} wanted)")
    raise SystemExit(ratio < TARGET)


if __name__ == "__main__":
    main()
