"""Two equal networks that could learn the noise of their points by heart: one has dropout."""

import math
from collections.abc import Callable, Generator, Iterator

import torch
from torch import Tensor, nn

from answers.kit.errors import Errors
from answers.kit.labels import STEPS
from answers.kit.noisy_sine import Examples, examples, steep_network
from answers.kit.training import minimize
from models.dropout import Dropout
from quizcli.demo.events import Beat, Event, Points, Scalars, array

EXAMPLES, NOISE, STEEPNESS = 24, 0.4, 3.0
LOOKS = 30  # how often the fit is looked at; the last 10 are averaged

Dropouts = Callable[[float, torch.Generator], Dropout]  # with this rate, drawing from this generator


def fit_both(
    p: float, steps: int, dropout: Dropouts, evaluated: bool, seed: int
) -> Generator[Event, None, tuple[Errors, Errors]]:
    """Train a network without and one with dropout on the same points, in the panels `below` and `gap`.

    Where they are not `evaluated`, the networks are looked at as they are in training. Returns their errors
    at the end.
    """
    generator = torch.Generator().manual_seed(seed)
    train, test = (examples(n, NOISE, generator) for n in (EXAMPLES, 10 * EXAMPLES))
    layers = [dropout(rate, torch.Generator().manual_seed(seed)) for rate in (0.0, p)]
    networks = [steep_network(seed, STEEPNESS, layer) for layer in layers]
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
