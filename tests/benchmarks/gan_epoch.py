"""Images a second of GAN training on the CPU: the demonstration's own game against the usual recipe.

The usual recipe is that of the many MLP GANs around: torchvision's data set of PIL images, ToTensor, a
DataLoader, sigmoid and binary cross-entropy against tensors of ones and zeros, batches of 128, Adam at 2e-4,
`.item()` on both losses at every step. Both train the same networks. Ours is the game of `quizcli demo gan`
with its default batch, in the worker's environment. Each pass has a process of its own, in turns, on MNIST
from QUIZCLI_DATA or the cache, else on synthetic digits.

    python -m tests.benchmarks.gan_epoch [--rounds 5] [--images 24000]
"""

import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader

from answers.gan.game import Game
from answers.gan.gan import DIGITS, digit_batches, digit_players
from quizcli.demo.device import choose
from tests.benchmarks.epochs import Pictures, compare

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


if __name__ == "__main__":
    compare("tests.benchmarks.gan_epoch", __doc__.partition("\n")[0], TARGET, example_epoch, our_epoch)
