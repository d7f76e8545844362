"""Images a second of GAN training on the CPU: the demonstration's own game against the usual recipe.

The usual recipe is that of the many MLP GANs around: torchvision's data set of PIL images, ToTensor, a
DataLoader, sigmoid and binary cross-entropy against tensors of ones and zeros, batches of 128, Adam at 2e-4,
`.item()` on both losses at every step. Both train the same networks. Ours is the game of `quizcli demo gan`
with its default batch, in the worker's environment. Each pass has a process of its own, in turns, on MNIST
from QUIZCLI_DATA or the cache, else on synthetic digits.

    python -m tests.benchmarks.gan_epoch [--rounds 5] [--images 24000]
"""

import argparse
import os
import subprocess
import sys
import time
from statistics import median

import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader

from answers._digits import splits
from answers._gan import Game
from answers.gan import DIGITS, digit_batches, digit_players
from quizcli.demo.device import choose
from quizcli.text import words
from tests.benchmarks.vae_epoch import Pictures, digits_at_hand

TARGET = 2.0


def example_epoch(pictures: Pictures) -> None:
    """One pass as the usual recipe makes it."""
    players = digit_players(choose("cpu"))
    generator, discriminator = players.generator, nn.Sequential(players.discriminator, nn.Sigmoid())
    optimizer_g = torch.optim.Adam(generator.parameters(), lr=2e-4, betas=(0.5, 0.999))
    optimizer_d = torch.optim.Adam(discriminator.parameters(), lr=2e-4, betas=(0.5, 0.999))
    adversarial = nn.BCELoss()
    total = 0.0
    for data, _ in DataLoader(pictures, batch_size=128, shuffle=True):
        real = data.view(len(data), -1)
        valid, fake = torch.ones(len(real)), torch.zeros(len(real))
        optimizer_g.zero_grad()
        made = generator(torch.randn(len(real), generator.latent))
        loss_g = adversarial(discriminator(made), valid)
        torch.autograd.backward(loss_g)
        optimizer_g.step()
        optimizer_d.zero_grad()
        loss_d = adversarial(discriminator(real), valid) + adversarial(discriminator(made.detach()), fake)
        torch.autograd.backward(loss_d / 2)
        optimizer_d.step()
        total += loss_g.item() + loss_d.item()


def our_epoch(images: Tensor) -> None:
    """One pass of the game that the demonstration plays."""
    device = choose("cpu")
    recipe = DIGITS._replace(steps=len(images) // DIGITS.batch)
    game = Game(digit_players(device), recipe, torch.Generator(), device=device)
    for _ in game.play(digit_batches(images, recipe.batch)):
        pass


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
    command = [sys.executable, "-m", "tests.benchmarks.gan_epoch", "--images", str(images), "--only", name]
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
    label = words(digits_at_hand().label)
    print(f"{label}, {options.images:,} of them a pass, {torch.get_num_threads()} threads")
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
