"""Two densities on a line, and discriminators that learn to tell them apart: the best one is known."""

import math
from collections.abc import Callable, Generator, Iterator
from typing import NamedTuple

import torch
from torch import Tensor

from answers.kit.cadence import every
from answers.kit.seeding import weights
from answers.kit.training import minimize
from models.gan import Discriminator, best_logits, discriminator_loss
from quizcli.demo.events import Beat, Event, Points, Progress, array

STEPS, GLANCES = 200, 20  # of the training, and frames meanwhile
LR = 0.01

LossOfD = Callable[[Tensor, Tensor], Tensor]  # of its logits of real and of generated points


class Gaussian(NamedTuple):
    """A normal distribution on the line."""

    mean: float
    std: float

    def log_density(self, x: Tensor) -> Tensor:
        """log p(x), elementwise."""
        return -0.5 * ((x - self.mean) / self.std).square() - math.log(self.std * math.sqrt(2 * math.pi))

    def quantiles(self, count: int = 400) -> Tensor:  # (count, 1)
        """Points that stand for the density, without chance."""
        share = (torch.arange(count) + 0.5) / count
        return self.mean + self.std * math.sqrt(2) * torch.erfinv(2 * share - 1)[:, None]


DATA = Gaussian(-0.7, 0.8)
GENERATED = Gaussian(0.9, 1.2)


class Fit:
    """A discriminator in training between two densities, and its panel."""

    def __init__(self, panel: str, p: Gaussian, q: Gaussian, of_d: LossOfD) -> None:
        self._panel, self._p, self._q, self._of_d = panel, p, q, of_d
        self._samples = p.quantiles(), q.quantiles()
        self._d = Discriminator(1, (64, 64))
        self._optimizer = torch.optim.Adam(self._d.parameters(), lr=LR, fused=True)

    def losses(self) -> Iterator[Tensor]:
        """The loss on all points, before each step; the learning rate falls from step to step."""
        for step in range(STEPS):
            self._optimizer.param_groups[0]["lr"] = LR * (1 - step / STEPS)
            yield self._of_d(*(self._d(x) for x in self._samples))

    def descend(self) -> Iterator[Tensor]:
        """The whole training, step by step."""
        return minimize(self._optimizer, self.losses())

    @torch.no_grad()
    def cost(self) -> float:
        """D's loss."""
        real, fake = (self._d(x) for x in self._samples)
        return discriminator_loss(real, fake).item()

    @torch.no_grad()
    def _on_the_line(self) -> tuple[Tensor, Tensor, Tensor]:  # (121) each
        x = torch.linspace(-3, 3, 121)
        best = torch.sigmoid(best_logits(self._p.log_density(x), self._q.log_density(x)))
        return x, best, torch.sigmoid(self._d(x[:, None]))

    def departure(self) -> float:
        """How far D is from p/(p + q), averaged over both densities."""
        x, best, d = self._on_the_line()
        weight = self._p.log_density(x).exp() + self._q.log_density(x).exp()
        return float(((d - best).abs() * weight).sum() / weight.sum())

    def picture(self) -> Points:
        """The densities, the best D and this one; three times as high as they are, which shows more."""
        x, best, d = self._on_the_line()
        curves = self._p.log_density(x).exp(), self._q.log_density(x).exp(), best, d
        sign, cost = "=" if self._p == self._q else "≠", self.cost()
        return Points(
            panel=self._panel,
            xy=array(torch.cat([torch.stack((x, 3 * y), dim=1) for y in curves])),
            groups=tuple(group for group in range(len(curves)) for _ in x),
            group_names=(
                {"en": "real", "zh": "真实"},
                {"en": "generated", "zh": "生成"},
                {"en": "best D", "zh": "最优 D"},
                "D",
            ),
            title={"en": f"p {sign} q: D's loss {cost:.3f}", "zh": f"p {sign} q：D 的损失 {cost:.3f}"},
            caption={"en": "best D: p/(p + q); heights × 3", "zh": "最优 D：p/(p + q)；高度 × 3"},
        )


def fit_both(
    unequal: str, equal: str, of_d: LossOfD, seed: int
) -> Generator[Event, None, tuple[float, float]]:
    """Train one D between unequal and one between equal densities, in the panels of these names.

    Returns how far the first is from p/(p + q), and the loss of the second.
    """
    with weights(seed):
        fits = Fit(unequal, DATA, GENERATED, of_d), Fit(equal, DATA, DATA, of_d)
    yield from (fit.picture() for fit in fits)
    look = every(steps=STEPS // GLANCES)
    for step, _ in enumerate(zip(*(fit.descend() for fit in fits), strict=True), 1):
        if look():
            yield from (fit.picture() for fit in fits)
            yield Progress(done=step, total=STEPS)
            yield Beat(0.8)
    return fits[0].departure(), fits[1].cost()
