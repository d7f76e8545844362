"""Dropout, unit by unit: who blinks out in training, what the survivors carry, why evaluation stands still.

Srivastava et al. 2014 drop units in training and shrink the weights at test time (section 4). PyTorch divides
the survivors by 1 − p in training instead and leaves evaluation alone. Either keeps the mean; doing both is a
bug, and is measured here. Then two equal networks fit the same 24 noisy points, one of them with dropout.
"""

import math
from collections.abc import Iterator
from functools import partial
from typing import Annotated, Literal

import torch
from torch import Tensor

from answers.dropout.dropout.sine_fits import fit_both
from answers.kit.acts import Acts
from answers.kit.errors import Errors
from models.dropout import Dropout
from quizcli.demo.events import Bars, Beat, Claim, Event, Heatmap, Note, Started, Words, array, claim
from quizcli.demo.option import Option, Seed
from quizcli.demo.texts import texts

TITLE = {"en": "Dropout, unit by unit", "zh": "逐个神经元看 Dropout"}
QUICK = {"trials": 500, "steps": 300}

says = texts(__file__)

BLINKS, LEAPS = 20, 15  # frames of one pass each, then frames of more and more passes
BINS = 7  # of what the next neuron receives, one standard deviation wide


class Unscaled(Dropout):
    """The mistake "no-scaling": survivors keep their value, as in 2014, and nothing makes up for it later."""

    def forward(self, x: Tensor) -> Tensor:
        """Dropout without the division by 1 − p."""
        return super().forward(x) * (1 - self.p) if self.training else x


def demonstrate(
    p: Annotated[float, Option(0, 0.95, "drop rate", "丢弃率")] = 0.5,
    units: Annotated[int, Option(32, 512, "units of the layer", "神经元个数")] = 288,
    trials: Annotated[int, Option(100, 5000, "training passes", "训练前向次数")] = 2000,
    steps: Annotated[int, Option(50, 5000, "steps of the fit", "拟合步数")] = 600,
    mistake: Annotated[
        Literal["none", "no-scaling", "forgot-eval"],
        Option(en="make a mistake: see which claims fall", zh="故意犯错，看哪条不成立"),
    ] = "none",
    seed: Seed = 0,
) -> Iterator[Event]:
    """Three acts: passes in training, evaluation, and a fit with and without dropout."""
    yield Started(data=f"p = {p:g}", layout=(("units", "mean"), ("below", "gap")))
    x = _activations(units)
    layer = _dropout(p, torch.Generator().manual_seed(seed), mistake)
    acts = Acts(3, 1, 3)
    passes = layer(x.expand(trials, units))  # (trials, units): every pass draws its own mask
    yield from acts.play(_training(x, passes, p), "training passes", "训练模式下的前向传播")
    yield from _training_claims(x, passes, p)

    layer.train(mistake == "forgot-eval")
    evaluated = layer(x.expand(BLINKS, units))  # (BLINKS, units)
    yield from acts.play(_evaluation(x, evaluated), "evaluation", "评估模式")
    yield from _evaluation_claims(x, passes, evaluated, p)
    if mistake == "forgot-eval" and p > 0:
        yield _trembling_claim(x, evaluated, p)

    if p > 0:
        layers = partial(_dropout, mistake=mistake)
        fits = fit_both(p, steps, layers, mistake != "forgot-eval", seed)
        plain, dropped = yield from acts.play(fits, "a fit with and without", "用与不用 Dropout 的拟合")
        yield _gap_claim(plain, dropped, p, steps, mistake)
    yield Note(text=_what_you_saw(p, mistake))


def _dropout(p: float, generator: torch.Generator, mistake: str) -> Dropout:
    return Unscaled(p, generator) if mistake == "no-scaling" else Dropout(p, generator)


def _width(units: int) -> int:
    """Columns of the picture of a layer, about twice its rows."""
    return round(math.sqrt(2 * units))


def _activations(units: int) -> Tensor:  # (units)
    """Rings of activations between 0.4 and 1.6, so that a missing unit is missed."""
    place = torch.arange(units)
    row, column = place // _width(units), place % _width(units)
    across, down = column / column.max() * 2 - 1, row / row.max() * 2 - 1
    return 1 + 0.6 * torch.cos(6 * torch.hypot(across, down))


def _layer_picture(panel: str, values: Tensor, high: float, title: Words, caption: Words) -> Heatmap:
    """The units of a layer as a grid; who is dropped leaves an empty cell."""
    width = _width(len(values))
    grid = torch.full((-(-len(values) // width) * width,), math.nan)
    grid[: len(values)] = torch.where(values == 0, math.nan, values)
    return Heatmap(
        panel=panel, values=array(grid.view(-1, width)), low=0, high=high, title=title, caption=caption
    )


# Training


def _training(x: Tensor, passes: Tensor, p: float) -> Iterator[Event]:
    """The first passes one by one, then in growing leaps: masks blink while their mean settles."""
    trials, units = passes.shape
    leaps = [round(BLINKS * (trials / BLINKS) ** (k / LEAPS)) for k in range(1, LEAPS + 1)]
    for t in [*range(1, BLINKS + 1), *leaps]:
        y, so_far = passes[t - 1], passes[:t]  # (units), (t, units)
        dropped = int((y == 0).sum())
        scale = (y / x)[y != 0].mean().item() if dropped < units else 0.0
        title = says("pass", t=t, dropped=dropped, units=units)
        yield _layer_picture("units", y, x.max().item() / (1 - p), title, says("survivors", scale=scale))
        mean = (so_far.mean(0) / x).mean().item()
        var = (so_far.var(0) / x**2).mean().item() if t > 1 else 0.0
        caption = says("moments", mean=mean, var=var)
        yield _layer_picture("mean", so_far.mean(0), 2 * x.max().item(), says("mean", t=t), caption)
        yield _received(x, so_far, p)
        yield Beat(1.5)


def _received(x: Tensor, passes: Tensor, p: float) -> Bars:
    """The sum of the layer's outputs in each pass ÷ the sum in evaluation: a bell around 1."""
    spread = math.sqrt(p / (1 - p) * x.square().sum().item()) / x.sum().item()
    width = max(spread, 0.01)
    sums = passes.sum(1) / x.sum()  # (passes)
    bins = ((sums - 1) / width).round().clamp(-(BINS // 2), BINS // 2).long() + BINS // 2
    shares = 100 * torch.bincount(bins, minlength=BINS) / len(passes)
    centres = [f"{1 + (k - BINS // 2) * width:.2f}" for k in range(BINS)]
    centres[0], centres[-1] = f"≤ {centres[0]}", f"≥ {centres[-1]}"
    centres[BINS // 2] = "eval 1.00"
    return Bars(
        panel="below",
        labels=tuple(centres),
        values=tuple((share,) for share in shares.tolist()),
        title=says("received"),
        unit="%",
    )


def _training_claims(x: Tensor, passes: Tensor, p: float) -> Iterator[Event]:
    # Tolerances are five standard errors. 20 seeds each at nine settings, p from 0.001 to 0.95: at most 3.3.
    error = 5 * _mean_error(p, passes.numel()) + 1e-5
    yield claim("mean-kept", _mean(x, passes), "≈", 1.0, error, text=says("mean-kept"))
    ratios = passes / x
    scaled, times = ratios[passes != 0].mean().item(), 1 / (1 - p)
    yield claim("survivors-scaled", scaled, "≈", times, 1e-4 * times, text=says("survivors-scaled"))
    if p > 0:
        grown, error = ratios.double().var(0).mean().item(), 5 * _variance_error(p, *passes.shape)
        yield claim("variance-grows", grown, "≈", p / (1 - p), error, text=says("variance-grows"))


def _mean(x: Tensor, passes: Tensor) -> float:
    return (passes.double().mean(0) / x).mean().item()


def _mean_error(p: float, values: int) -> float:
    """The standard error of the mean of that many values r/(1−p), r ~ Bernoulli(1−p)."""
    return math.sqrt(p / (1 - p) / values)


def _variance_error(p: float, n: int, units: int) -> float:
    """The standard error of their variance, √((μ₄ − σ⁴(n−3)/(n−1)) / n) a unit, averaged over units."""
    q = 1 - p
    fourth = p * q * (1 - 3 * p * q) / q**4
    return math.sqrt((fourth - (p / q) ** 2 * (n - 3) / (n - 1)) / (n * units))


# Evaluation


def _evaluation(x: Tensor, evaluated: Tensor) -> Iterator[Event]:
    """The same input again and again, in evaluation mode: nobody blinks."""
    for t, y in enumerate(evaluated[: BLINKS // 2], 1):
        change = (y - x).abs().max().item()
        title, caption = says("evaluated", t=t), says("changed", change=change)
        yield _layer_picture("units", y, 2 * x.max().item(), title, caption)
        yield Beat(1.5)


def _evaluation_claims(x: Tensor, passes: Tensor, evaluated: Tensor, p: float) -> Iterator[Event]:
    change = (evaluated - x).abs().max().item()
    yield claim("eval-is-identity", change, "==", 0.0, text=says("eval-is-identity"))
    if p > 0:
        left, error = (1 - p) * _mean(x, evaluated) / _mean(x, passes), 5 * _mean_error(p, passes.numel())
        yield claim("scaling-twice-is-wrong", left, "≈", 1 - p, (1 - p) * error, text=says("scaling-twice"))


def _trembling_claim(x: Tensor, evaluated: Tensor, p: float) -> Claim:
    spread = (evaluated.std(0) / x).mean().item()
    # Seeds 0 to 19, as a share of √(p/(1−p)): 0.99 to 1.01 with p = 0.5, 0.85 to 0.96 with 0.1 and 0.9.
    # In evaluation mode it is 0.
    least = 0.5 * math.sqrt(p / (1 - p))
    text = says("tremble", passes=BLINKS)
    return claim("predictions-tremble-without-eval", spread, ">", least, text=text)


# The fit


def _gap_claim(plain: Errors, dropped: Errors, p: float, steps: int, mistake: str) -> Event:
    if p < 0.1 or steps < 300:
        return Note(text=says("settles-nothing", p=p, steps=steps))
    if p > 0.7:  # the errors of the second network say nothing where it fits badly in any case
        errors = {"p": p, "dropped": dropped.train, "plain": plain.train, "times": 1 / (1 - p)}
        match mistake:
            case "no-scaling":
                return Note(text=says("no-proof-without-scaling", **errors))
            case "forgot-eval":
                return Note(text=says("no-proof-without-eval", **errors))
        return Note(text=says("no-proof", **errors))
    # 20 seeds each, p from 0.1 to 0.7: at most 0.88 after 300 steps, 0.80 after 600
    text = says("dropout-narrows-the-gap", p=p)
    return claim("dropout-narrows-the-gap", dropped.gap / plain.gap, "<", 0.95, text=text)


def _what_you_saw(p: float, mistake: str) -> Words:
    if p == 0:
        return says("nothing-dropped")
    match mistake:
        case "no-scaling":
            return says("saw-no-scaling")
        case "forgot-eval":
            return says("saw-no-eval")
    return says("what-you-saw")
