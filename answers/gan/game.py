"""The game of two networks as demonstrations play it, and a ring of eight Gaussians to play it on."""

import math
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

import torch
from torch import Tensor

from answers.kit.seeding import weights
from models.gan import Discriminator, Generator, discriminator_loss, generator_loss
from quizcli.demo.device import Device
from quizcli.demo.events import Heatmap, Points, Words, array

MODES, RADIUS, SPREAD = 8, 2.0, 0.1  # of the ring: Gaussians, and their standard deviation
LATENT = 8  # numbers of noise behind a point of the ring
EDGE = 3.0  # the plane is drawn from −3 to 3
ROWS, COLUMNS = 12, 24  # of D's verdict: a small panel has more cells across than down
DRAWN = 240  # points of each kind in a scatter
COUNTED = 4000  # samples that the coverage is measured on

LN2 = math.log(2)  # a player's cross-entropy where D says ½
CPU = Device(torch.device("cpu"), "cpu")  # in float32: the networks of the ring are small


class Recipe(NamedTuple):
    """How both players are trained: by Adam, with one rate for both."""

    steps: int
    batch: int
    lr: float
    beta1: float = 0.5  # 0.9, usual elsewhere, remembers where the other player was long ago
    eps: float = 1e-8  # of G's Adam: gradients well below it move nothing


class Players(NamedTuple):
    """The two networks."""

    generator: Generator
    discriminator: Discriminator


class Losses(NamedTuple):
    """What D minimizes, given its logits of real and of generated samples, and what G minimizes."""

    of_d: Callable[[Tensor, Tensor], Tensor] = discriminator_loss
    of_g: Callable[[Tensor], Tensor] = generator_loss


USUAL = Losses()


class Game:
    """Players and their optimizers; `random` draws the noise and lives where the players do."""

    def __init__(
        self,
        players: Players,
        recipe: Recipe,
        random: torch.Generator,
        losses: Losses = USUAL,
        device: Device = CPU,
    ) -> None:
        self.players = players
        self._recipe, self._random, self._losses, self._device = recipe, random, losses, device
        betas = recipe.beta1, 0.9
        self._optimizers = [
            torch.optim.Adam(player.parameters(), recipe.lr, betas, eps, fused=device.fused)
            for player, eps in zip(players, (recipe.eps, 1e-8), strict=True)
        ]

    def noise(self, count: int) -> Tensor:
        """Noise for that many samples, (count, latent)."""
        shape = count, self.players.generator.latent
        return torch.randn(shape, generator=self._random, device=self._random.device)

    def teach(self, real: Tensor, fake: Tensor) -> Tensor:
        """One step of D on samples (B, features) of both kinds, as many of each; its loss."""
        with self._device.autocast():
            x = torch.cat((real.to(fake.dtype), fake.detach()))  # (2B, features)
            logits = self.players.discriminator(x).float()  # (2B)
        loss = self._losses.of_d(logits[: len(real)], logits[len(real) :])
        self._step(1, loss)
        return loss.detach()

    def step(self, real: Tensor) -> Tensor:
        """One step of D, then one of G on the same generated samples. Both losses, (2,), on the device."""
        with self._device.autocast():
            fake = self.players.generator(self.noise(len(real)))  # (B, features)
        of_d = self.teach(real, fake)
        with self._device.autocast():
            logits = self.players.discriminator(fake).float()  # (B): D as it has become
        of_g = self._losses.of_g(logits)
        self._step(0, of_g)
        return torch.stack((of_d, of_g.detach()))

    def _step(self, player: int, loss: Tensor) -> None:
        optimizer = self._optimizers[player]
        optimizer.zero_grad(set_to_none=True)
        # `inputs`: G's gradient passes through D's layers without being computed for D's weights
        torch.autograd.backward(loss, inputs=list(self.players[player].parameters()))
        optimizer.step()

    def play(self, batches: Iterable[Tensor]) -> Iterator[Tensor]:
        """The whole game on batches of real samples; yields the losses of each step."""
        for step, real in zip(range(self._recipe.steps), batches, strict=False):
            # full speed in the first half, then down to nothing: the players stop circling each other
            lr = self._recipe.lr * min(1.0, 2 - 2 * step / self._recipe.steps)
            for optimizer in self._optimizers:
                optimizer.param_groups[0]["lr"] = lr
            yield self.step(real)

    @torch.no_grad()
    def samples(self, z: Tensor) -> Tensor:
        """What G makes of the noise z as a generator in use, with its running statistics."""
        self.players.generator.eval()
        x: Tensor = self.players.generator(z)
        self.players.generator.train()
        return x


# The ring


def ring_players(seed: int, width: int = 128) -> Players:
    """Players for points of the plane; equal seeds give equal weights."""
    with weights(seed):
        generator = Generator(LATENT, (128, 128), 2, pixels=False, batch_norm=False)
        return Players(generator, Discriminator(2, (width, width)))


def centres() -> Tensor:  # (MODES, 2)
    """The middles of the Gaussians."""
    angle = torch.arange(MODES) * (2 * math.pi / MODES)
    return RADIUS * torch.stack((angle.cos(), angle.sin()), dim=1)


def ring(count: int, random: torch.Generator) -> Tensor:  # (count, 2)
    """Real points."""
    which = torch.randint(MODES, (count,), generator=random)
    return centres()[which] + SPREAD * torch.randn(count, 2, generator=random)


def rings(batch: int, random: torch.Generator) -> Iterator[Tensor]:
    """Batches of real points without end."""
    while True:
        yield ring(batch, random)


class Coverage(NamedTuple):
    """What became of the ring: modes that got their share, and the share of good samples."""

    modes: int
    good: float


def coverage(x: Tensor) -> Coverage:
    """A sample is good within three standard deviations of a centre (of the real ones 98.9 % are).

    A mode is covered if a fifth of its fair share of the samples is good and its own.
    """
    distance, nearest = torch.cdist(x, centres()).min(dim=1)  # (n)
    good = distance < 3 * SPREAD
    counts = torch.bincount(nearest[good], minlength=MODES)
    return Coverage(int((counts >= 0.2 * len(x) / MODES).sum()), good.double().mean().item())


def scatter(panel: str, real: Tensor, fake: Tensor, title: Words, caption: Words) -> Points:
    """Real and generated points together; those that left the plane stand at its edge."""
    xy = torch.cat((real, fake)).clamp(-EDGE, EDGE)
    groups = (0,) * len(real) + (1,) * len(fake)
    names = {"en": "real", "zh": "真实"}, {"en": "generated", "zh": "生成"}
    return Points(panel=panel, xy=array(xy), groups=groups, group_names=names, title=title, caption=caption)


@torch.no_grad()
def verdict(panel: str, discriminator: Discriminator, title: Words, caption: Words) -> Heatmap:
    """D(x) all over the plane."""
    x, y = ((torch.arange(count) + 0.5) * (2 * EDGE / count) - EDGE for count in (COLUMNS, ROWS))
    places = torch.cartesian_prod(-y, x).flip(1)  # (ROWS · COLUMNS, 2), from the upper left
    values = array(torch.sigmoid(discriminator(places)).view(ROWS, COLUMNS))
    return Heatmap(panel=panel, values=values, low=0, high=1, title=title, caption=caption)
