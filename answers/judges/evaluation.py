"""Judges of the code questions on evaluation: a step of k-means, and the error of calibration."""

from collections.abc import Iterator

import torch
from torch import Generator, Tensor

from answers.judges._normal import normal
from quizcli.judge.case import Case, judge, trap

Step = tuple[Tensor, Tensor]


def _means(x: Tensor, labels: Tensor, centers: Tensor) -> tuple[Tensor, Tensor]:
    """Sums of the points of each centre (K, D), and their numbers (K, 1)."""
    sums = torch.zeros_like(centers).index_add(0, labels, x)
    return sums, labels.bincount(minlength=len(centers))[:, None]


def _nearest(x: Tensor, centers: Tensor) -> Tensor:
    return (x[:, None] - centers).square().sum(-1).argmin(1)


@trap(
    "a centre without points becomes NaN, 0/0: it keeps its place",
    "没有点的中心成了 NaN（0/0）：它应当留在原处",
)
def _empty_nan(x: Tensor, centers: Tensor) -> Step:
    labels = _nearest(x, centers)
    sums, counts = _means(x, labels, centers)
    return labels, sums / counts


@trap(
    "a centre without points jumps to the origin: it keeps its place",
    "没有点的中心跑到了原点：它应当留在原处",
)
def _empty_zero(x: Tensor, centers: Tensor) -> Step:
    labels = _nearest(x, centers)
    sums, counts = _means(x, labels, centers)
    return labels, sums / counts.clamp(min=1)


@trap(
    "points go to the centre with the largest dot product; it is the smallest distance that counts",
    "点归给了点积最大的中心，应当看距离最小",
)
def _by_product(x: Tensor, centers: Tensor) -> Step:
    labels = (x @ centers.mT).argmax(1)
    sums, counts = _means(x, labels, centers)
    return labels, torch.where(counts > 0, sums / counts.clamp(min=1), centers)


@trap("points are added up but not divided by their number", "只把点加了起来，没有除以个数")
def _sums(x: Tensor, centers: Tensor) -> Step:
    labels = _nearest(x, centers)
    sums, counts = _means(x, labels, centers)
    return labels, torch.where(counts > 0, sums, centers)


@trap(
    "the labels are those of the new centres: assignment comes first and is returned as it was",
    "返回的是按新中心重新分配的标签：应当先分配，返回的就是这次分配",
)
def _labels_after(x: Tensor, centers: Tensor) -> Step:
    labels = _nearest(x, centers)
    sums, counts = _means(x, labels, centers)
    moved = torch.where(counts > 0, sums / counts.clamp(min=1), centers)
    return _nearest(x, moved), moved


@judge(
    traps=(_empty_nan, _empty_zero, _by_product, _sums, _labels_after),
)
def check_k_means_step(random: Generator) -> Iterator[Case]:
    """Points on a line, in the plane; an empty cluster; float64; clusters far from the origin."""
    draw = normal(random)

    line = torch.tensor([[0.0], [1.0], [5.0], [9.0]]) + 0.1 * draw(4, 1)
    yield Case({"en": "four points on a line", "zh": "直线上的四个点"}, (line, torch.tensor([[0.5], [4.0]])))
    # the point in the middle goes with the left centre, and would go with the right one after the step
    three = torch.tensor([[0.0], [3.8], [5.0]]) + 0.02 * draw(3, 1)
    yield Case(
        {"en": "a point that will change sides", "zh": "一个即将换边的点"},
        (three, torch.tensor([[1.0], [7.0]])),
    )
    # the origin is nearer to the first centre, but not by the sum of absolute differences
    points, centers = torch.cat([torch.zeros(1, 2), 2 * draw(8, 2)]), torch.tensor([[2.0, 2.0], [3.3, 0.0]])
    yield Case(
        {"en": "nine points in the plane", "zh": "平面上的九个点"}, (points, centers + 0.05 * draw(2, 2))
    )
    lone = torch.cat([draw(2, 2), torch.tensor([[100.0, 100.0]])])
    yield Case({"en": "a centre without points", "zh": "有一个中心没有点"}, (draw(8, 2), lone))
    yield Case(
        {"en": "float64", "zh": "float64"},
        (draw(15, 4, dtype=torch.float64), draw(4, 4, dtype=torch.float64)),
    )
    corners = torch.tensor([[0.0, 0.0], [2.0, 0.0], [0.0, 2.0]])
    points = corners[torch.arange(12) % 3] + 0.1 * draw(12, 2)
    yield Case(
        {"en": "clusters near 10,000", "zh": "聚类都在 10,000 附近"}, (10_000 + points, 10_000 + corners)
    )
    means = 5 * draw(16, 8)
    points = means[torch.randint(16, (4000,), generator=random)] + 0.1 * draw(4000, 8)
    yield Case({"en": "4,000 points, 16 centres", "zh": "4,000 个点、16 个中心"}, (points, means), timed=True)


def _bins(probabilities: Tensor, labels: Tensor, bins: int, true: bool = False) -> tuple[Tensor, Tensor]:
    """The gap between accuracy and confidence in each bin that is not empty, and each one's share of all.

    With `true` the confidence is the probability of the true label.
    """
    confidence, predicted = probabilities.max(-1)
    if true:
        confidence = probabilities.gather(1, labels[:, None])[:, 0]
    right = (predicted == labels).to(confidence)
    index = (confidence * bins).ceil().long().clamp(1, bins) - 1
    empty = torch.zeros(bins, dtype=confidence.dtype)
    gaps = empty.index_add(0, index, right - confidence)
    counts = index.bincount(minlength=bins)
    return gaps[counts > 0] / counts[counts > 0], counts[counts > 0] / len(labels)


@trap(
    "every bin counts alike; each must count as much as it holds",
    "各箱等权平均了；应当按箱里的样本数加权",
)
def _alike(probabilities: Tensor, labels: Tensor, bins: int) -> float:
    return float(_bins(probabilities, labels, bins)[0].abs().mean())


@trap(
    "gaps of opposite sign cancel: take the absolute value in each bin",
    "一正一负的差抵消了：应当在每个箱里取绝对值",
)
def _cancelling(probabilities: Tensor, labels: Tensor, bins: int) -> float:
    gaps, shares = _bins(probabilities, labels, bins)
    return float((shares * gaps).sum().abs())


@trap(
    "what is returned is the largest gap, the MCE; the ECE is the weighted mean",
    "返回的是最大的差，那是 MCE；ECE 是加权平均",
)
def _largest(probabilities: Tensor, labels: Tensor, bins: int) -> float:
    return float(_bins(probabilities, labels, bins)[0].abs().max())


@trap(
    "the probability of the true label was taken for the confidence; that is the largest one of a row",
    "把正确类别的概率当成了置信度；置信度是每行最大的概率",
)
def _of_the_truth(probabilities: Tensor, labels: Tensor, bins: int) -> float:
    gaps, shares = _bins(probabilities, labels, bins, true=True)
    return float((shares * gaps.abs()).sum())


@judge(traps=(_alike, _cancelling, _largest, _of_the_truth))
def check_expected_calibration_error(random: Generator) -> Iterator[Case]:
    """One bin, then gaps of opposite sign; several classes; certainty, which belongs to the last bin."""

    def binary(*confidences: float) -> Tensor:
        """Rows that say class 1 with about these confidences."""
        sure = torch.tensor(confidences) + 0.01 * torch.rand(len(confidences), generator=random)
        return torch.stack([1 - sure, sure], dim=1)

    def draw(count: int, classes: int, dtype: torch.dtype = torch.float32) -> tuple[Tensor, Tensor]:
        logits = 2 * torch.randn(count, classes, generator=random, dtype=dtype)
        return logits.softmax(-1), torch.randint(classes, (count,), generator=random)

    yield Case(
        {"en": "two predictions, one bin", "zh": "两个预测，一个箱"},
        (binary(0.7, 0.6), torch.tensor([1, 0]), 1),
    )
    yield Case(
        {"en": "three predictions, four bins", "zh": "三个预测，四个箱"},
        (binary(0.6, 0.9, 0.95), torch.tensor([1, 0, 0]), 4),
    )
    yield Case({"en": "40 predictions, three classes", "zh": "40 个预测，三个类别"}, (*draw(40, 3), 10))
    certain = torch.cat([torch.eye(2)[[1, 0, 1]], binary(0.7, 0.6)])
    yield Case(
        {"en": "some predictions are certain", "zh": "有的预测是百分之百"},
        (certain, torch.tensor([1, 0, 0, 1, 0]), 10),
    )
    yield Case({"en": "float64", "zh": "float64"}, (*draw(30, 4, torch.float64), 15))
    yield Case(
        {"en": "20,000 predictions, 10 classes", "zh": "20,000 个预测，10 个类别"},
        (*draw(20_000, 10), 15),
        timed=True,
    )
