"""BatchNorm and LayerNorm on one activation matrix: the axis each normalizes, and what batch mates change.

Rows are samples, columns are features. BatchNorm (Ioffe & Szegedy 2015, Algorithm 1) gives every *column*
mean 0 and variance 1, LayerNorm (Ba, Kiros & Hinton 2016, equation 3) every *row*. The rest follows from
that: BatchNorm's output for a sample depends on who shares its batch, so only BatchNorm needs running
statistics (Algorithm 2) and a second behaviour for evaluation.
"""

import math
import time
from collections.abc import Iterator
from typing import Annotated, Literal, NamedTuple

import torch
from torch import Tensor, nn

from answers.kit.acts import Acts
from answers.normalization.batchnorm_vs_layernorm.batch_mates import Population, draw_population, movement
from models.normalization.modules import BatchNorm, LayerNorm
from quizcli.demo.events import Claim, Event, Heatmap, Note, Scalars, Started, Words, array
from quizcli.demo.option import Option, Pace, Seed

TITLE = {"en": "BatchNorm against LayerNorm", "zh": "BatchNorm 与 LayerNorm 的对比"}
QUICK = {"pace": 0.0, "trials": 40}

ROWS, COLUMNS = 16, 32  # what a small panel can draw; statistics take the whole matrix
SIZES = (1, 2, 4, 8, 16, 32, 64, 128)  # batch sizes of the last act


class Layers(NamedTuple):
    """The two contestants."""

    batch: nn.Module
    layer: nn.Module


def demonstrate(
    batch: Annotated[int, Option(min=2, max=256, help={"en": "samples in a batch", "zh": "每批样本数"})] = 16,
    features: Annotated[int, Option(min=8, max=256, help={"en": "features", "zh": "特征数"})] = 24,
    trials: Annotated[
        int, Option(min=10, max=2000, help={"en": "sets of batch mates to try", "zh": "更换同批样本的次数"})
    ] = 200,
    momentum: Annotated[
        float,
        Option(
            min=0.01,
            max=1,
            help={"en": "the newest batch's share of running statistics", "zh": "滑动统计量中新一批的权重"},
        ),
    ] = 0.1,
    mistake: Annotated[
        Literal["none", "swapped", "forgot-eval"],
        Option(help={"en": "make a mistake: see which claims fall", "zh": "故意犯错，看哪条不成立"}),
    ] = "none",
    pace: Pace = 0.1,
    seed: Seed = 0,
) -> Iterator[Event]:
    """The axes; other mates in training; running statistics; other mates in evaluation; all batch sizes."""
    yield Started(
        data=f"{batch} × {features}",
        layout=(("activations", "batchnorm", "layernorm"), ("running", "moves")),
    )
    population = draw_population(features, seed)
    layers = _layers(features, momentum, mistake)
    acts = Acts(3, 3, 2, 3, 2)
    yield from acts.play(_axes(population.draw(batch), layers, pace), "which axis?", "沿哪个轴？")

    sample = population.draw(1)  # (1, features), from here on always the same one
    mates = _mates(sample, population, batch, layers, "BN", pace)
    yield from acts.play(mates, "training: same sample, other mates", "训练：样本不变，换同批样本")

    trained = _layers(features, momentum, mistake).batch
    running = _running(trained, population, batch, momentum, pace)
    yield from acts.play(running, "running statistics", "滑动统计量（running statistics）")

    trained.train(mistake == "forgot-eval")
    mates = _mates(sample, population, batch, Layers(trained, layers.layer), "BN eval", pace)
    yield from acts.play(mates, "evaluation: same sample, other mates", "评估：样本不变，换同批样本")

    contestants = {"BN train": layers.batch, "BN eval": trained, "LN": layers.layer}
    sizes = _sizes(sample, population, batch, contestants, trials, pace)
    yield from acts.play(sizes, "every batch size", "各种批大小")
    yield from _lone_sample(_layers(4, momentum, mistake).batch)
    yield _what_you_saw(mistake)


def _layers(features: int, momentum: float, mistake: str) -> Layers:
    batch_norm, layer_norm = BatchNorm(features, momentum=momentum), LayerNorm(features)
    return Layers(layer_norm, batch_norm) if mistake == "swapped" else Layers(batch_norm, layer_norm)


def _matrix(panel: str, values: Tensor, title: Words, caption: Words, limit: float = 2.0) -> Heatmap:
    """The part of a matrix that a small panel can draw, blue below zero and red above."""
    return Heatmap(
        panel=panel,
        values=array(values[:ROWS, :COLUMNS]),
        low=-limit,
        high=limit,
        diverging=True,
        title=title,
        caption=caption,
    )


def _axes(x: Tensor, layers: Layers, pace: float) -> Iterator[Event]:
    """BatchNorm's output appears column by column, LayerNorm's row by row: in the pieces they normalize."""
    with torch.no_grad():
        by_batch, by_layer = layers.batch(x), layers.layer(x)  # (batch, features)
    caption = {"en": "↓ samples  → features", "zh": "↓ 样本  → 特征"}
    yield _matrix("activations", x, {"en": "activations", "zh": "激活值"}, caption, limit=6.0)
    height, width = x[:ROWS, :COLUMNS].shape
    for column in range(1, width + 1):
        row = math.ceil(column * height / width)
        columns, rows = torch.full_like(x, math.nan), torch.full_like(x, math.nan)
        columns[:, :column], rows[:row] = by_batch[:, :column], by_layer[:row]
        title = {"en": f"BatchNorm ↓ column {column}", "zh": f"BatchNorm ↓ 第 {column} 列"}
        change = _change(x[:, column - 1], by_batch[:, column - 1])
        yield _matrix("batchnorm", columns, title, change)
        title = {"en": f"LayerNorm → row {row}", "zh": f"LayerNorm → 第 {row} 行"}
        yield _matrix("layernorm", rows, title, _change(x[row - 1], by_layer[row - 1]))
        time.sleep(pace)
    yield from _axes_claims(_departure(by_batch, dim=0), _departure(by_layer, dim=1))


def _axes_claims(columns: float, rows: float) -> Iterator[Event]:
    # 20 seeds each, batch 2 to 256: at most 1.4e-4, which is what ε = 1e-5 takes where two samples are close
    yield Claim(
        id="batchnorm-normalizes-columns",
        measured=columns,
        expected=0.0,
        tolerance=1e-3,
        text={
            "en": "BatchNorm: columns of mean 0 and deviation 1 (departure, in the median)",
            "zh": "BatchNorm：每个特征均值 0、标准差 1（偏差，取各列中位数）",
        },
    )
    yield Claim(
        id="layernorm-normalizes-rows",
        measured=rows,
        expected=0.0,
        tolerance=1e-3,
        text={
            "en": "LayerNorm: rows of mean 0 and deviation 1 (departure, in the median)",
            "zh": "LayerNorm：每个样本均值 0、标准差 1（偏差，取各行中位数）",
        },
    )


def _change(before: Tensor, after: Tensor) -> Words:
    """Mean ± standard deviation of one row or column, before and after: "−1.3±0.8 → 0.0±1.0"."""
    pairs = ((round(v.mean().item(), 1) + 0.0, v.std(correction=0).item()) for v in (before, after))
    said = " → ".join(f"{mean:.1f}±{std:.1f}" for mean, std in pairs).replace("-", "−")
    return {"en": said, "zh": said}


def _departure(y: Tensor, dim: int) -> float:
    """How far the columns (dim 0) or rows (dim 1) are from mean 0 and standard deviation 1, in the median."""
    return (y.mean(dim).abs() + (y.std(dim, correction=0) - 1).abs()).median().item()


def _mates(
    sample: Tensor, population: Population, batch: int, layers: Layers, name: str, pace: float
) -> Iterator[Event]:
    """Row 1 of the batch stays, the others change: what the layers make of row 1, a line for each batch."""
    panels = ("batchnorm", "layernorm")
    outputs = [torch.full((ROWS, sample.shape[1]), math.nan) for _ in panels]
    for t in range(ROWS):
        x = population.among_mates(sample, batch)  # (batch, features)
        title = {"en": f"batch {t + 1}: row 1 stays", "zh": f"第 {t + 1} 批：第 1 行不变"}
        yield _matrix("activations", x, title, {"en": "its mates change", "zh": "同批样本在换"}, limit=6.0)
        for panel, layer, label, rows in zip(panels, layers, (name, "LN"), outputs, strict=True):
            with torch.no_grad():
                rows[t] = layer(x)[0]
            moved = (rows[1 : t + 1] - rows[:t]).abs().mean().item() if t else 0.0
            title = {"en": f"{label}: moved {moved:.2f}", "zh": f"{label}：变动 {moved:.2f}"}
            caption = {"en": "row 1, batch after batch", "zh": "第 1 行，每批一次"}
            yield _matrix(panel, rows, title, caption)
        time.sleep(pace)


def _running(
    layer: nn.Module, population: Population, batch: int, momentum: float, pace: float
) -> Iterator[Event]:
    """Feed batches until the running statistics have long forgotten where they began."""
    batches, drawn = max(1000, round(10 / momentum)), max(40, round(6 / momentum))
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
        if t <= drawn and t % max(1, drawn // 60) == 0:
            share = (mean @ population.mean / (population.mean @ population.mean)).item()
            yield Scalars(
                panel="running",
                x=t,
                values={"mean": share, "variance": ratios[-1]},
                names={"mean": {"en": "mean", "zh": "均值"}, "variance": {"en": "variance", "zh": "方差"}},
                x_label={"en": "batches", "zh": "批次"},
                title={"en": "running statistics ÷ true ones", "zh": "滑动统计量 ÷ 真实值"},
            )
            time.sleep(pace / 3)
    later = ratios[batches // 2 :]
    yield from _running_claims(batch, stored, sum(later) / (len(later) or 1), batches // 2)


def _running_claims(batch: int, stored: float, settled: float, batches: int) -> Iterator[Event]:
    unbiased = batch / (batch - 1)
    yield Claim(
        id="running-variance-is-unbiased",
        measured=stored,
        expected=unbiased,
        tolerance=0.2 * (unbiased - 1),  # the biased variance would give 1, five tolerances away
        text={
            "en": f"the variance stored is n/(n−1) = {unbiased:.4f} times the one that normalizes",
            "zh": f"存下的方差是归一化所用方差的 n/(n−1) = {unbiased:.4f} 倍",
        },
    )
    yield Claim(
        id="running-statistics-converge",
        measured=settled,
        expected=1.0,
        # five standard errors of one feature's variance; 20 seeds each, batch 2 to 256: at most 1.5 of them
        tolerance=5 * math.sqrt(2 / ((batch - 1) * batches)),
        text={
            "en": f"running variance ÷ true variance, averaged over the last {batches} batches",
            "zh": f"滑动方差 ÷ 真实方差（最后 {batches} 批的平均）",
        },
    )


def _sizes(
    sample: Tensor,
    population: Population,
    batch: int,
    contestants: dict[str, nn.Module],
    trials: int,
    pace: float,
) -> Iterator[Event]:
    """How far the sample's output moves when its mates are replaced, at batch sizes 1 to 128."""
    worst = dict.fromkeys(contestants, 0.0)
    mean_at_batch = 0.0
    for size in sorted({*SIZES, batch}):
        batches = [population.among_mates(sample, size) for _ in range(trials + 1)]
        moves = {name: movement(layer, batches) for name, layer in contestants.items()}
        known = {name: moved for name, moved in moves.items() if moved is not None}
        worst = {name: max(w, known[name].max().item()) if name in known else w for name, w in worst.items()}
        if size == batch:
            mean_at_batch = known["BN train"].mean().item()
        yield Scalars(
            panel="moves",
            x=size,
            values={name: moved.mean().item() for name, moved in known.items()},
            names={
                "BN train": {"en": "BN train", "zh": "BN 训练"},
                "BN eval": {"en": "BN eval", "zh": "BN 评估"},
            },
            x_label={"en": "batch size", "zh": "批大小"},
            title={"en": "how far the same sample moves", "zh": "同一样本的输出变动多少"},
        )
        time.sleep(2 * pace)
    yield from _mates_claims(batch, mean_at_batch, worst)


def _mates_claims(batch: int, training: float, worst: dict[str, float]) -> Iterator[Event]:
    yield Claim(
        id="batchnorm-depends-on-batch-mates",
        measured=training,
        relation=">",
        expected=0.001,  # 20 seeds: at least 0.29 with a batch of 16, 0.067 with 256
        text={
            "en": f"in training other mates move BatchNorm's output (mean |change|, batch {batch})",
            "zh": f"训练时更换同批样本，BatchNorm 的输出随之改变（平均 |变化|，批大小 {batch}）",
        },
    )
    yield Claim(
        id="layernorm-ignores-batch-mates",
        measured=worst["LN"],
        expected=0.0,
        tolerance=1e-5,  # here and below: exactly 0 in every run
        text={
            "en": "LayerNorm gives a sample the same output in any batch (largest |change|)",
            "zh": "同一样本在任何批次里，LayerNorm 的输出都相同（最大 |变化|）",
        },
    )
    yield Claim(
        id="batchnorm-eval-ignores-batch-mates",
        measured=worst["BN eval"],
        expected=0.0,
        tolerance=1e-5,
        text={
            "en": "in evaluation BatchNorm ignores the batch mates too (largest |change|)",
            "zh": "评估模式下 BatchNorm 同样不受同批样本影响（最大 |变化|）",
        },
    )


def _lone_sample(layer: nn.Module) -> Iterator[Event]:
    """One value per channel is its own mean: x − μ = 0, and whatever came in, β would come out."""
    try:
        layer(torch.zeros(1, 4))
    except ValueError:
        refused = 1.0
    else:
        refused = 0.0
    yield Claim(
        id="one-value-per-channel-raises",
        measured=refused,
        relation="==",
        expected=1.0,
        text={
            "en": "BatchNorm refuses to train on a batch of one (ValueErrors raised)",
            "zh": "一批只有一个样本时，BatchNorm 拒绝训练（抛出 ValueError 的次数）",
        },
    )


def _what_you_saw(mistake: str) -> Note:
    if mistake == "swapped":
        return Note(
            text={
                "en": "The layers were swapped on purpose: what the screen calls BatchNorm was a LayerNorm, "
                "and the other way round. The claims that fell are what tells them apart.",
                "zh": "这次故意把两种层弄反了：屏幕上的 BatchNorm 其实是 LayerNorm，反之亦然。"
                "不再成立的那几条，正是二者的区别。",
            }
        )
    if mistake == "forgot-eval":
        return Note(
            text={
                "en": "eval() was forgotten on purpose: a prediction now depends on the other samples that "
                "happen to be in its batch, and each prediction shifts the running statistics.",
                "zh": "这次故意忘了 eval()：一个样本的预测取决于碰巧与它同批的样本，"
                "而且每预测一次，滑动统计量都会被改动。",
            }
        )
    return Note(
        text={
            "en": "What you just saw: the same arithmetic along two axes. BatchNorm compares a sample with "
            "its batch mates, feature by feature, so in training its output moves when they change (about as "
            "1/√batch once batches are large); in evaluation it uses running statistics, and the mates play "
            "no part. LayerNorm compares a sample with itself alone: the same in any batch, in training and "
            "in evaluation, even in a batch of one. That is why Transformers and recurrent networks use "
            "LayerNorm, while BatchNorm suits convolutional networks with large batches.",
            "zh": "刚才看到的：同样的算术，沿两个不同的轴。BatchNorm 逐个特征地拿样本与同批样本相比，"
            "所以训练时同批样本一换，输出就变（批量大时约按 1/√批大小 减小）；评估时改用滑动统计量，"
            "同批样本不再起作用。"
            "LayerNorm 只拿样本和自己比：在哪一批、训练还是评估，甚至一批只有一个样本，结果都一样。"
            "所以 Transformer 和循环网络用 LayerNorm，而 BatchNorm 适合批量较大的卷积网络。",
        }
    )
