"""Noisy points of a sine, and two equal networks that could learn them by heart: one has dropout."""

import math
from collections.abc import Callable, Generator, Iterator
from typing import NamedTuple

import torch
from torch import Tensor, nn

from answers.kit.labels import STEPS
from answers.kit.seeding import weights
from answers.kit.training import minimize
from models.dropout import Dropout
from quizcli.demo.events import Beat, Event, Points, Scalars, array

EXAMPLES, NOISE, REACH = 24, 0.4, 4.0  # sin x + noise at 24 places between ±4
HIDDEN, STEEPNESS = 128, 3.0
LOOKS = 30  # how often the fit is looked at; the last 10 are averaged

Dropouts = Callable[
    [float, torch.Generator], Dropout
]  # a layer with this rate that draws from this generator


class Examples(NamedTuple):
    """Places x and noisy heights y = sin x + ε."""

    x: Tensor  # (n, 1)
    y: Tensor  # (n, 1)


class Errors(NamedTuple):
    """Mean squared errors of one network."""

    train: float
    test: float

    @property
    def gap(self) -> float:
        """What overfitting costs: how much larger the test error is."""
        return self.test - self.train


def _examples(n: int, generator: torch.Generator) -> Examples:
    x = torch.linspace(-REACH, REACH, n)[:, None]
    return Examples(x, torch.sin(x) + NOISE * torch.randn(n, 1, generator=generator))


def _network(p: float, seed: int, dropout: Dropouts) -> nn.Sequential:
    """1 → 128 → 1 with steep units, able to learn the noise by heart; equal seeds give equal weights."""
    with weights(seed):
        first, last = nn.Linear(1, HIDDEN), nn.Linear(HIDDEN, 1)
    with torch.no_grad():
        first.weight.mul_(STEEPNESS)
        first.bias.mul_(STEEPNESS * REACH)  # bends all over ±REACH
    masks = torch.Generator().manual_seed(seed)
    return nn.Sequential(first, nn.Hardtanh(), dropout(p, masks), last)


def fit_both(
    p: float, steps: int, dropout: Dropouts, evaluated: bool, seed: int
) -> Generator[Event, None, tuple[Errors, Errors]]:
    """Train a network without and one with dropout on the same points, in the panels `below` and `gap`.

    Where they are not `evaluated`, the networks are looked at as they are in training. Returns their errors
    at the end.
    """
    generator = torch.Generator().manual_seed(seed)
    train, test = _examples(EXAMPLES, generator), _examples(10 * EXAMPLES, generator)
    networks = [_network(rate, seed, dropout) for rate in (0.0, p)]
    descents = [
        minimize(torch.optim.Adam(network.parameters(), lr=0.01), _losses(network, train))
        for network in networks
    ]
    looks: list[list[Errors]] = []
    for step in range(1, steps + 1):
        for descent in descents:
            next(descent)
        if step % math.ceil(steps / LOOKS) == 0:
            for network in networks:
                network.train(not evaluated)
            with torch.no_grad():
                fits = [(network(train.x), network(test.x)) for network in networks]
            looks.append([_errors(*fit, train, test) for fit in fits])
            yield _curves(p, train, test, [fit[1] for fit in fits], looks[-1])
            yield _gaps(p, step, looks[-1])
            yield Beat(0.75)
    plain, dropped = (Errors(*torch.tensor(last).mean(0).tolist()) for last in zip(*looks[-10:], strict=True))
    return plain, dropped


def _losses(network: nn.Module, train: Examples) -> Iterator[Tensor]:
    while True:
        network.train()
        yield (network(train.x) - train.y).square().mean()


def _errors(train_fit: Tensor, test_fit: Tensor, train: Examples, test: Examples) -> Errors:
    return Errors(
        (train_fit - train.y).square().mean().item(),
        (test_fit - test.y).square().mean().item(),
    )


def _curves(p: float, train: Examples, test: Examples, fits: list[Tensor], errors: list[Errors]) -> Points:
    """The examples, and what both networks make of the line between them."""
    groups = [torch.cat(train, 1), *(torch.cat([test.x, fit], 1)[::2] for fit in fits)]  # (n, 2) each
    change = " → ".join(f"{error.test:.2f}" for error in errors)
    return Points(
        panel="below",
        xy=array(torch.cat(groups)),
        groups=tuple(i for i, group in enumerate(groups) for _ in group),
        group_names=("y", "p = 0", f"p = {p:g}"),
        title={"en": f"{EXAMPLES} × y = sin x + noise", "zh": f"{EXAMPLES} 个 y = sin x + 噪声"},
        caption={"en": f"test error {change}", "zh": f"测试误差 {change}"},
    )


def _gaps(p: float, step: int, errors: list[Errors]) -> Scalars:
    plain, dropped = errors
    return Scalars(
        panel="gap",
        x=step,
        values={"p = 0": plain.gap, f"p = {p:g}": dropped.gap},
        x_label=STEPS,
        title={"en": "test − train error", "zh": "测试误差 − 训练误差"},
    )
