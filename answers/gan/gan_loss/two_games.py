"""The same game twice from the same start, with the non-saturating loss and with the minimax loss."""

from collections.abc import Generator
from itertools import tee
from typing import NamedTuple

import torch
from torch import Tensor

from answers.gan.game import (
    COUNTED,
    DRAWN,
    LATENT,
    LN2,
    MODES,
    Game,
    Losses,
    Recipe,
    coverage,
    ring,
    ring_players,
    rings,
    scatter,
    verdict,
)
from answers.kit.cadence import every
from answers.kit.labels import STEPS
from models.gan import generator_loss, saturating_generator_loss
from quizcli.demo.events import Beat, Event, Points, Progress, Scalars, Words

FRAME = 0.25  # seconds between two frames of the games
LOOK = 25  # steps between two looks at the losses
NAMES: dict[str, Words] = {
    "non-saturating": {"en": "non-saturating", "zh": "非饱和"},
    "saturating": {"en": "saturating", "zh": "饱和"},
}


class End(NamedTuple):
    """How a game ended."""

    modes: int
    of_d: float  # the losses of the last steps
    of_g: float
    least: float  # of all losses in the game

    @property
    def sum(self) -> float:
        """What is said to be best at zero."""
        return self.of_d + self.of_g


class TwoGames:
    """Both games, non-saturating first. `random` draws real points, and the noise of what is shown."""

    def __init__(self, seed: int, recipe: Recipe, losses: Losses, random: torch.Generator) -> None:
        self._games = pair(seed, recipe, losses)
        self._recipe, self._random = recipe, random

    def head_start(self, steps: int) -> Generator[Event, None, float]:
        """D learns while G stands still. Returns what is left of G's gradient: minimax ÷ non-saturating."""
        game, _ = self._games  # until now they are the same
        batch, random = self._recipe.batch, self._random
        real, z = ring(DRAWN, random), torch.randn(batch, LATENT, generator=random)
        ratio = 1.0
        for step in range(steps + 1):
            if step % max(1, steps // 30) == 0 or step == steps:
                plain, minimax, d = _gradients(game, z)
                ratio = minimax / plain
                yield _slopes(step, plain, minimax)
                yield _points("left", game, real, z, {"en": "G stands still", "zh": "G 不动"})
                title = {"en": f"D(x); of generated: {d:.0e}", "zh": f"D(x)；生成样本：{d:.0e}"}
                caption = {"en": "yellow: real, says D", "zh": "黄色：D 认为是真"}
                yield verdict("right", game.players.discriminator, title, caption)
                yield Progress(done=step, total=max(1, steps))
                yield Beat(0.8)
            if step < steps:
                x = ring(batch, random)
                for each in self._games:
                    each.teach(x, each.samples(each.noise(len(x))))
        return ratio

    def play(self) -> Generator[Event, None, tuple[End, End]]:
        """All steps of both games on the same real points, side by side; returns how they ended."""
        steps, random = self._recipe.steps, self._random
        real, z = ring(DRAWN, random), torch.randn(DRAWN, LATENT, generator=random)
        history: tuple[list[Tensor], list[Tensor]] = ([], [])
        batches = tee(rings(self._recipe.batch, random))
        plays = [game.play(each) for game, each in zip(self._games, batches, strict=True)]
        look, frame = every(steps=LOOK), every(seconds=FRAME)
        for step in range(1, steps + 1):
            for play, seen in zip(plays, history, strict=True):
                seen.append(next(play))
            if look():
                yield _curves(step, *(torch.stack(seen[-LOOK:]).mean(dim=0).tolist() for seen in history))
                yield Progress(done=step, total=steps)
            if frame() or step in (1, steps):
                yield _points("left", self._games[0], real, z, NAMES["non-saturating"])
                yield _points("right", self._games[1], real, z, NAMES["saturating"])
        return _end(self._games[0], history[0]), _end(self._games[1], history[1])


def pair(seed: int, recipe: Recipe, losses: Losses) -> tuple[Game, Game]:
    """Two games that differ in G's loss alone: the second has the minimax loss."""
    minimax = losses._replace(of_g=saturating_generator_loss)
    one, other = (
        Game(ring_players(seed), recipe, torch.Generator().manual_seed(seed), each)
        for each in (losses, minimax)
    )
    return one, other


def _gradients(game: Game, z: Tensor) -> tuple[float, float, float]:
    """Norms of the gradient by all of G, of the non-saturating and of the minimax loss; the mean D(G(z))."""
    logits = game.players.discriminator(game.players.generator(z))
    parameters = list(game.players.generator.parameters())
    norms = []
    for loss in (generator_loss(logits), saturating_generator_loss(logits)):
        slopes = torch.autograd.grad(loss, parameters, retain_graph=True)
        norms.append(torch.cat([slope.flatten() for slope in slopes]).norm().item())
    return norms[0], norms[1], torch.sigmoid(logits).mean().item()


def _slopes(step: int, plain: float, minimax: float) -> Scalars:
    return Scalars(
        panel="slopes",
        x=step,
        values={"non-saturating": plain, "saturating": minimax},
        names=NAMES,
        title={"en": "slope left for G", "zh": "G 还能得到的梯度"},
        x_label={"en": "steps of D", "zh": "D 的步数"},
        log=True,
    )


def _points(panel: str, game: Game, real: Tensor, z: Tensor, name: Words) -> Points:
    fake = game.samples(z)
    modes = coverage(fake).modes
    title = {"en": f"{name['en']}: {modes} of {MODES} modes", "zh": f"{name['zh']}：模态 {modes}/{MODES}"}
    return scatter(panel, real, fake, title, {})


def _curves(step: int, healthy: list[float], starved: list[float]) -> Scalars:
    return Scalars(
        panel="losses",
        x=step,
        values={"non-saturating": sum(healthy), "3 ln 2": 3 * LN2, "saturating": sum(starved)},
        names=NAMES,
        title={"en": "D's + G's loss", "zh": "D 与 G 的损失之和"},
        x_label=STEPS,
        log=True,
    )


def _end(game: Game, history: list[Tensor]) -> End:
    losses = torch.stack(history)  # (steps, 2)
    of_d, of_g = losses[-max(1, len(losses) // 5) :].mean(dim=0).tolist()
    return End(coverage(game.samples(game.noise(COUNTED))).modes, of_d, of_g, losses.min().item())
