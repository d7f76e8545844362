"""BatchNorm and LayerNorm on one activation matrix: the axis each normalizes, and what batch mates change.

Rows are samples, columns are features. BatchNorm (Ioffe & Szegedy 2015, Algorithm 1) gives every *column*
mean 0 and variance 1, LayerNorm (Ba, Kiros & Hinton 2016, equation 3) every *row*. The rest follows from
that: BatchNorm's output for a sample depends on who shares its batch, so only BatchNorm needs running
statistics (Algorithm 2) and a second behaviour for evaluation.
"""

import math
from collections.abc import Iterator
from typing import Annotated, Literal, NamedTuple

import torch
from torch import Tensor, nn

from answers.kit.acts import Acts
from answers.kit.cadence import every
from answers.normalization.batchnorm_vs_layernorm.batch_mates import (
    Company,
    Population,
    draw_population,
    movement,
)
from models.normalization.modules import BatchNorm, LayerNorm
from quizcli.demo.events import Beat, Event, Heatmap, Note, Scalars, Started, Words, array, claim
from quizcli.demo.option import Option, Seed
from quizcli.demo.texts import texts

TITLE = {"en": "BatchNorm against LayerNorm", "zh": "BatchNorm 与 LayerNorm 的对比"}
QUICK = {"trials": 40}

says = texts(__file__)

ROWS, COLUMNS = 16, 32  # what a small panel can draw; statistics take the whole matrix
SIZES = (1, 2, 4, 8, 16, 32, 64, 128)  # batch sizes of the last act


class Layers(NamedTuple):
    """The two contestants."""

    batch: nn.Module
    layer: nn.Module


def demonstrate(
    batch: Annotated[int, Option(2, 256, "samples in a batch", "每批样本数")] = 16,
    features: Annotated[int, Option(8, 256, "features", "特征数")] = 24,
    trials: Annotated[int, Option(10, 2000, "sets of batch mates to try", "更换同批样本的次数")] = 200,
    momentum: Annotated[
        float,
        Option(0.01, 1, "the newest batch's share of running statistics", "滑动统计量中新一批的权重"),
    ] = 0.1,
    mistake: Annotated[
        Literal["none", "swapped", "forgot-eval"],
        Option(en="make a mistake: see which claims fall", zh="故意犯错，看哪条不成立"),
    ] = "none",
    seed: Seed = 0,
) -> Iterator[Event]:
    """The axes; other mates in training; running statistics; other mates in evaluation; all batch sizes."""
    panels = (("activations", "batchnorm", "layernorm"), ("running", "moves"))
    yield Started(data=f"{batch} × {features}", layout=panels)
    population = draw_population(features, seed)
    layers = _layers(features, momentum, mistake)
    acts = Acts(3, 3, 2, 3, 2)
    yield from acts.play(_axes(population.draw(batch), layers), "which axis?", "沿哪个轴？")

    company = Company(population.draw(1), population)  # from here on always the same sample
    mates = _mates(company, batch, layers, "BN")
    yield from acts.play(mates, "training: same sample, other mates", "训练：样本不变，换同批样本")

    trained = _layers(features, momentum, mistake).batch
    running = _running(trained, population, batch, momentum)
    yield from acts.play(running, "running statistics", "滑动统计量（running statistics）")

    trained.train(mistake == "forgot-eval")
    mates = _mates(company, batch, Layers(trained, layers.layer), "BN eval")
    yield from acts.play(mates, "evaluation: same sample, other mates", "评估：样本不变，换同批样本")

    contestants = {"BN train": layers.batch, "BN eval": trained, "LN": layers.layer}
    yield from acts.play(_sizes(company, batch, contestants, trials), "every batch size", "各种批大小")
    yield from _lone_sample(_layers(4, momentum, mistake).batch)
    yield Note(text=_what_you_saw(mistake))


def _layers(features: int, momentum: float, mistake: str) -> Layers:
    batch_norm, layer_norm = BatchNorm(features, momentum=momentum), LayerNorm(features)
    return Layers(layer_norm, batch_norm) if mistake == "swapped" else Layers(batch_norm, layer_norm)


def _matrix(panel: str, values: Tensor, title: Words, caption: Words, limit: float = 2.0) -> Heatmap:
    """The part of a matrix that a small panel can draw, blue below zero and red above."""
    part = array(values[:ROWS, :COLUMNS])
    return Heatmap(
        panel=panel, values=part, low=-limit, high=limit, diverging=True, title=title, caption=caption
    )


def _axes(x: Tensor, layers: Layers) -> Iterator[Event]:
    """BatchNorm's output appears column by column, LayerNorm's row by row: in the pieces they normalize."""
    with torch.no_grad():
        by_batch, by_layer = layers.batch(x), layers.layer(x)  # (batch, features)
    yield _matrix("activations", x, says("activations"), says("axes"), limit=6.0)
    height, width = x[:ROWS, :COLUMNS].shape
    for column in range(1, width + 1):
        row = math.ceil(column * height / width)
        columns, rows = torch.full_like(x, math.nan), torch.full_like(x, math.nan)
        columns[:, :column], rows[:row] = by_batch[:, :column], by_layer[:row]
        change = _change(x[:, column - 1], by_batch[:, column - 1])
        yield _matrix("batchnorm", columns, says("column", column=column), change)
        yield _matrix("layernorm", rows, says("row", row=row), _change(x[row - 1], by_layer[row - 1]))
        yield Beat(1)
    # 20 seeds each, batch 2 to 256: at most 1.4e-4, which is what ε = 1e-5 takes where two samples are close
    departure = _departure(by_batch, dim=0)
    text = says("batchnorm-normalizes-columns")
    yield claim("batchnorm-normalizes-columns", departure, "≈", 0.0, 1e-3, text=text)
    departure = _departure(by_layer, dim=1)
    yield claim(
        "layernorm-normalizes-rows", departure, "≈", 0.0, 1e-3, text=says("layernorm-normalizes-rows")
    )


def _change(before: Tensor, after: Tensor) -> Words:
    """Mean ± standard deviation of one row or column, before and after: "−1.3±0.8 → 0.0±1.0"."""
    pairs = ((round(v.mean().item(), 1) + 0.0, v.std(correction=0).item()) for v in (before, after))
    said = " → ".join(f"{mean:.1f}±{std:.1f}" for mean, std in pairs).replace("-", "−")
    return {"en": said, "zh": said}


def _departure(y: Tensor, dim: int) -> float:
    """How far the columns (dim 0) or rows (dim 1) are from mean 0 and standard deviation 1, in the median."""
    return (y.mean(dim).abs() + (y.std(dim, correction=0) - 1).abs()).median().item()


def _mates(company: Company, batch: int, layers: Layers, name: str) -> Iterator[Event]:
    """Row 1 of the batch stays, the others change: what the layers make of row 1, a line for each batch."""
    panels = ("batchnorm", "layernorm")
    outputs = [torch.full((ROWS, company.sample.shape[1]), math.nan) for _ in panels]
    for t in range(ROWS):
        x = company.batch(batch)  # (batch, features)
        yield _matrix("activations", x, says("mates", batch=t + 1), says("mates-change"), limit=6.0)
        for panel, layer, label, rows in zip(panels, layers, (name, "LN"), outputs, strict=True):
            with torch.no_grad():
                rows[t] = layer(x)[0]
            moved = (rows[1 : t + 1] - rows[:t]).abs().mean().item() if t else 0.0
            yield _matrix(panel, rows, says("moved", layer=label, moved=moved), says("row-1"))
        yield Beat(1)


def _running(layer: nn.Module, population: Population, batch: int, momentum: float) -> Iterator[Event]:
    """Feed batches until the running statistics have long forgotten where they began."""
    batches, drawn = max(1000, round(10 / momentum)), max(40, round(6 / momentum))
    look = every(steps=max(1, drawn // 60))
    stored = 0.0  # the variance put in at the first batch ÷ the one that normalized it
    ratios: list[float] = []  # running variance ÷ the population's
    for t in range(1, batches + 1):
        x = population.draw(batch)
        with torch.no_grad():
            y = layer(x)
        kept = dict(layer.named_buffers())
        if not kept:
            break  # a LayerNorm has no running statistics
        mean, var = kept["running_mean"], kept["running_var"]  # (features)
        if t == 1:  # running_var was 1: undo the average to see what was put in
            normalizing = x.var(0) / y.var(0)
            stored = ((var - (1 - momentum)) / momentum / normalizing).median().item()
        ratios.append((var / population.var).mean().item())
        if look() and t <= drawn:
            share = (mean @ population.mean / (population.mean @ population.mean)).item()
            yield Scalars(
                panel="running",
                x=t,
                values={"mean": share, "variance": ratios[-1]},
                names={"mean": says("mean"), "variance": says("variance")},
                x_label=says("batches"),
                title=says("running"),
            )
            yield Beat(1 / 3)
    later = ratios[batches // 2 :]
    yield from _running_claims(batch, stored, sum(later) / (len(later) or 1), batches // 2)


def _running_claims(batch: int, stored: float, settled: float, batches: int) -> Iterator[Event]:
    unbiased = batch / (batch - 1)
    text = says("running-variance-is-unbiased", unbiased=unbiased)
    error = 0.2 * (unbiased - 1)  # the biased variance would give 1, five tolerances away
    yield claim("running-variance-is-unbiased", stored, "≈", unbiased, error, text=text)
    text = says("running-statistics-converge", batches=batches)
    # five standard errors of one feature's variance; 20 seeds each, batch 2 to 256: at most 1.5 of them
    error = 5 * math.sqrt(2 / ((batch - 1) * batches))
    yield claim("running-statistics-converge", settled, "≈", 1.0, error, text=text)


def _sizes(company: Company, batch: int, contestants: dict[str, nn.Module], trials: int) -> Iterator[Event]:
    """How far the sample's output moves when its mates are replaced, at batch sizes 1 to 128."""
    worst = dict.fromkeys(contestants, 0.0)
    mean_at_batch = 0.0
    for size in sorted({*SIZES, batch}):
        batches = [company.batch(size) for _ in range(trials + 1)]
        moves = {name: movement(layer, batches) for name, layer in contestants.items()}
        known = {name: moved for name, moved in moves.items() if moved is not None}
        worst |= {name: max(worst[name], moved.max().item()) for name, moved in known.items()}
        if size == batch:
            mean_at_batch = known["BN train"].mean().item()
        yield Scalars(
            panel="moves",
            x=size,
            values={name: moved.mean().item() for name, moved in known.items()},
            names={"BN train": says("bn-train"), "BN eval": says("bn-eval")},
            x_label=says("batch-size"),
            title=says("moves"),
        )
        yield Beat(2)
    yield from _mates_claims(batch, mean_at_batch, worst)


def _mates_claims(batch: int, training: float, worst: dict[str, float]) -> Iterator[Event]:
    # 20 seeds: at least 0.29 with a batch of 16, 0.067 with 256
    text = says("batchnorm-depends-on-batch-mates", batch=batch)
    yield claim("batchnorm-depends-on-batch-mates", training, ">", 0.001, text=text)
    # here and below: exactly 0 in every run
    text = says("layernorm-ignores-batch-mates")
    yield claim("layernorm-ignores-batch-mates", worst["LN"], "≈", 0.0, 1e-5, text=text)
    text = says("batchnorm-eval-ignores-batch-mates")
    yield claim("batchnorm-eval-ignores-batch-mates", worst["BN eval"], "≈", 0.0, 1e-5, text=text)


def _lone_sample(layer: nn.Module) -> Iterator[Event]:
    """One value per channel is its own mean: x − μ = 0, and whatever came in, β would come out."""
    try:
        layer(torch.zeros(1, 4))
    except ValueError:
        refused = 1.0
    else:
        refused = 0.0
    text = says("one-value-per-channel-raises")
    yield claim("one-value-per-channel-raises", refused, "==", 1.0, text=text)


def _what_you_saw(mistake: str) -> Words:
    match mistake:
        case "swapped":
            return says("saw-swapped")
        case "forgot-eval":
            return says("saw-no-eval")
    return says("what-you-saw")
