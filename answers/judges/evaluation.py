"""Judges of the code questions on evaluation: a step of k-means, and the error of calibration."""

from collections.abc import Iterator

import torch
from torch import Generator, Tensor

from answers.judges.kit.casts import CAST
from answers.judges.kit.draws import normal
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


def _update(x: Tensor, labels: Tensor, centers: Tensor) -> Step:
    sums, counts = _means(x, labels, centers)
    return labels, torch.where(counts > 0, sums / counts.clamp(min=1), centers)


@trap(
    "distance is measured by the sum of absolute differences; it is to be Euclidean",
    "距离用成了各坐标差的绝对值之和；应为欧氏距离",
)
def _manhattan(x: Tensor, centers: Tensor) -> Step:
    return _update(x, (x[:, None] - centers).abs().sum(-1).argmin(1), centers)


@trap("points go to the farthest centre, not to the nearest", "点归给了最远的中心，应归给最近的")
def _farthest(x: Tensor, centers: Tensor) -> Step:
    return _update(x, (x[:, None] - centers).square().sum(-1).argmax(1), centers)


@trap(
    "‖x‖² − 2 x·μ + ‖μ‖² loses the distances of points far from the origin: subtract first, then square",
    "用 ‖x‖² − 2 x·μ + ‖μ‖² 展开，离原点远的点，距离会淹没在舍入误差里：应先相减再平方",
)
def _expanded(x: Tensor, centers: Tensor) -> Step:
    squares = x.square().sum(1)[:, None] + centers.square().sum(1)
    return _update(x, (squares - 2 * x @ centers.mT).argmin(1), centers)


@trap(
    "with more than 25 points torch.cdist expands the square, and loses distances far from the origin: "
    "subtract first, or give it compute_mode",
    "超过 25 个点时 torch.cdist 会展开平方，离原点远时丢失距离：应先相减，或设置 compute_mode",
)
def _cdist(x: Tensor, centers: Tensor) -> Step:
    return _update(x, torch.cdist(x, centers).argmin(1), centers)


@trap(
    "distance is measured by the largest absolute difference; it is to be Euclidean",
    "距离用成了各坐标差绝对值的最大者；应为欧氏距离",
)
def _chebyshev(x: Tensor, centers: Tensor) -> Step:
    return _update(x, (x[:, None] - centers).abs().amax(-1).argmin(1), centers)


@trap(
    "a centre of which the mean is 0 is taken for one without points: count them",
    "均值恰为 0 的中心被当成了没有点：应当数点的个数",
)
def _empty_by_value(x: Tensor, centers: Tensor) -> Step:
    labels = _nearest(x, centers)
    sums, counts = _means(x, labels, centers)
    return labels, torch.where(sums.any(1, keepdim=True), sums / counts.clamp(min=1), centers)


@trap(
    "a centre moves to the median of its points; k-means takes the mean",
    "中心移到了所属点的中位数；k-means 取的是均值",
)
def _median(x: Tensor, centers: Tensor) -> Step:
    labels = _nearest(x, centers)
    moved = [x[labels == k].median(0).values if (labels == k).any() else c for k, c in enumerate(centers)]
    return labels, torch.stack(moved)


@trap("the centres are returned as they were", "中心没有更新，原样返回了")
def _unmoved(x: Tensor, centers: Tensor) -> Step:
    return _nearest(x, centers), centers


_A_BIN_EACH = "Rows of the question sum to 1: no confidence is 0, and none rounded up above 1."
_SIGN = "Neither a square nor an absolute value has a sign."
_NEAREST = "The centre with the least mean of squares is that with the least sum."
_CHOSEN = "Where a centre has no points, its mean, 0/0, is not chosen."


@judge(
    traps=(
        _empty_nan,
        _empty_zero,
        _by_product,
        _sums,
        _labels_after,
        _manhattan,
        _chebyshev,
        _farthest,
        _expanded,
        _cdist,
        _empty_by_value,
        _median,
        _unmoved,
    ),
    equivalent={
        "k_means_step: (at_least_float32(x), at_least_float32(centers)) → "
        "(x, at_least_float32(centers))": CAST,
        "k_means_step: (at_least_float32(x), at_least_float32(centers)) → "
        "(at_least_float32(x), centers)": CAST,
        "k_means_step: (x[:, None] - centers).square().sum(dim=-1) → "
        "(x[:, None] - centers).square().mean(dim=-1)": _NEAREST,
        "k_means_step: (x[:, None] - centers).square → (centers - x[:, None]).square": _SIGN,
        "k_means_step: sums / counts.clamp(min=1) → sums / counts": _CHOSEN,
        "k_means_step: counts.clamp(min=1) → counts.clamp(min=0)": _CHOSEN,
    },
)
def check_k_means_step(random: Generator) -> Iterator[Case]:
    """Points on a line, in the plane; centres without points; one point; far from the origin; many."""
    draw = normal(random)

    def clear(count: int, centers: Tensor, scale: float = 1.0) -> Step:
        """Points of which none is as near to one centre as to another, and the centres."""
        while True:
            points = scale * draw(count, centers.shape[1])
            nearest = (points[:, None] - centers).square().sum(-1).sqrt().sort(dim=1).values
            if bool((nearest[:, 1] - nearest[:, 0] > 1e-3).all()):
                return points, centers

    line = torch.tensor([[0.0], [1.0], [5.0], [9.0]]) + 0.1 * draw(4, 1)
    yield Case({"en": "four points on a line", "zh": "直线上的四个点"}, (line, torch.tensor([[0.5], [4.0]])))
    # the point in the middle goes with the left centre, and would go with the right one after the step
    three = torch.tensor([[0.0], [3.8], [5.0]]) + 0.02 * draw(3, 1)
    yield Case(
        {"en": "a point that will change sides", "zh": "一个即将换边的点"},
        (three, torch.tensor([[1.0], [7.0]])),
    )
    # the origin is nearer to the first centre, but not by the sum of absolute differences
    points, centers = clear(8, torch.tensor([[2.0, 2.0], [3.3, 0.0]]) + 0.05 * draw(2, 2), 2.0)
    yield Case(
        {"en": "nine points in the plane", "zh": "平面上的九个点"},
        (torch.cat([torch.zeros(1, 2), points]), centers),
    )
    # of two centres nearly as far, the nearer one lies along an axis here, there between the axes: any other
    # power than 2 takes the wrong one of one of the pairs
    pairs = torch.tensor([[3.0, 0.0], [2.17, 2.17], [2.1, 22.1], [0.0, 16.96]]) + 0.005 * draw(4, 2)
    yield Case(
        {"en": "centres along an axis and between the axes", "zh": "中心或在轴上，或在两轴之间"},
        (torch.tensor([[0.0, 0.0], [0.0, 20.0]]), pairs[torch.randperm(4, generator=random)]),
    )
    # the two near the middle would change sides if both axes were scaled to one spread
    wide = torch.tensor([[1.5, 2.0], [-1.5, -2.0], [100.0, -2.0], [-100.0, 2.0]]) + 0.02 * draw(4, 2)
    yield Case(
        {"en": "one axis far longer than the other", "zh": "一个坐标轴远长于另一个"},
        (wide, torch.tensor([[-3.0, 1.5], [3.0, -1.5]])),
    )
    lone = torch.cat([draw(2, 2), torch.tensor([[100.0, 100.0]])])
    yield Case({"en": "a centre without points", "zh": "有一个中心没有点"}, clear(8, lone))
    middle = torch.tensor([[-1.0, 0.0], [100.0, 100.0], [1.0, 0.0]]) + 0.1 * draw(3, 2)
    yield Case({"en": "the one in the middle without points", "zh": "中间的中心没有点"}, clear(12, middle))
    # the distances differ by a ten-thousandth, which 16 bits do not hold
    sides = torch.tensor([1.0, -1.0])[torch.randperm(8, generator=random) % 2]
    yield Case(
        {"en": "points almost halfway between two centres", "zh": "点几乎在两个中心的正中间"},
        (torch.stack([5e-5 * sides, draw(8)], dim=1), torch.tensor([[1.0, 0.0], [-1.0, 0.0]])),
    )
    yield Case(
        {"en": "one point, more centres than points", "zh": "只有一个点，中心比点多"},
        clear(1, 2 * draw(4, 3)),
    )
    pair = 1 + draw(1, 2).abs()
    yield Case(
        {"en": "points whose mean is the origin", "zh": "均值恰在原点的点"},
        (torch.cat([pair, -pair]), torch.tensor([[0.5, 0.25], [100.0, 100.0]])),
    )
    yield Case({"en": "one centre for all", "zh": "只有一个中心"}, (3 + draw(5, 2), draw(1, 2)))
    yield Case({"en": "fifteen points, four axes", "zh": "15 个点，四个坐标"}, clear(15, draw(4, 4)))
    small = clear(8, draw(3, 2))
    yield Case(
        {"en": "all within some hundredths", "zh": "都在百分之几以内"},
        (small[0] / 100, small[1] / 100),
        tolerance=1e-5,
    )
    corners = torch.tensor([[0.0, 0.0], [2.0, 0.0], [0.0, 2.0]])
    points = corners[torch.arange(60) % 3] + 0.1 * draw(60, 2)  # above 25 torch.cdist expands the square
    yield Case(
        {"en": "clusters near 10,000", "zh": "聚类都在 10,000 附近"}, (10_000 + points[:30], 10_000 + corners)
    )
    # to subtract the mean of all points is no help here
    away = torch.tensor([-10_000.0, 4_000.0])
    yield Case(
        {"en": "clusters far from each other, too", "zh": "聚类彼此也相距很远"},
        (
            torch.cat([10_000 + points[:30], points[30:] + away]),
            torch.cat([10_000 + corners, corners + away]),
        ),
    )
    # the index of a centre beyond the first 256 does not fit into 8 bits
    row = torch.stack([10.0 * torch.arange(300), draw(300)], dim=1)[torch.randperm(300, generator=random)]
    yield Case(
        {"en": "300 centres, points at the last 40", "zh": "300 个中心，点都在最后 40 个附近"},
        (row[260:] + torch.rand(40, 2, generator=random), row),
    )
    means = 50.0 * torch.eye(8).repeat(2, 1) * torch.tensor([1.0, -1.0]).repeat_interleave(8)[:, None]
    points = means[torch.arange(800) % 16] + draw(800, 8)
    yield Case(
        {"en": "800 points, 16 centres", "zh": "800 个点、16 个中心"},
        (points, means + draw(16, 8)),
        timed=True,
    )


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
def _alike(probabilities: Tensor, labels: Tensor, bins: int = 15) -> float:
    return float(_bins(probabilities, labels, bins)[0].abs().mean())


@trap(
    "gaps of opposite sign cancel: take the absolute value in each bin",
    "一正一负的差抵消了：应当在每个箱里取绝对值",
)
def _cancelling(probabilities: Tensor, labels: Tensor, bins: int = 15) -> float:
    gaps, shares = _bins(probabilities, labels, bins)
    return float((shares * gaps).sum().abs())


@trap(
    "what is returned is the largest gap, the MCE; the ECE is the weighted mean",
    "返回的是最大的差，那是 MCE；ECE 是加权平均",
)
def _largest(probabilities: Tensor, labels: Tensor, bins: int = 15) -> float:
    return float(_bins(probabilities, labels, bins)[0].abs().max())


@trap(
    "the probability of the true label was taken for the confidence; that is the largest one of a row",
    "把正确类别的概率当成了置信度；置信度是每行最大的概率",
)
def _of_the_truth(probabilities: Tensor, labels: Tensor, bins: int = 15) -> float:
    gaps, shares = _bins(probabilities, labels, bins, true=True)
    return float((shares * gaps.abs()).sum())


def _weighted(confidence: Tensor, right: Tensor, index: Tensor, middles: Tensor | None = None) -> float:
    """The error where these are the bins, a bin's confidence perhaps its middle."""
    total = 0.0
    for m in sorted(set(index.tolist())):
        held = index == m
        expected = middles[m] if middles is not None and 0 <= m < len(middles) else confidence[held].mean()
        total += float(held.float().mean() * (right[held].mean() - expected).abs())
    return total


def _outcomes(probabilities: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    confidence, predicted = probabilities.max(-1)
    return confidence, (predicted == labels).to(confidence.dtype)


@trap(
    "a confidence on the edge of two bins is counted in the upper one: bin m includes its upper end, m / M",
    "落在分界上的置信度被算进了上面的箱：第 m 个箱包含右端点 m / M",
)
def _lower_closed(probabilities: Tensor, labels: Tensor, bins: int = 15) -> float:
    confidence, right = _outcomes(probabilities, labels)
    return _weighted(confidence, right, (confidence * bins).floor().long().clamp(max=bins - 1))


@trap(
    "a confidence of 1 is in no bin, and edges are counted in the upper one: bin m includes its upper end",
    "置信度为 1 的样本落到了所有箱之外，分界也算进了上面的箱：第 m 个箱包含右端点 m / M",
)
def _lost(probabilities: Tensor, labels: Tensor, bins: int = 15) -> float:
    confidence, right = _outcomes(probabilities, labels)
    kept = confidence < 1
    index = (confidence * bins).floor().long()[kept]
    return _weighted(confidence[kept], right[kept], index) * float(kept.float().mean())


@trap(
    "the middle of a bin is taken for its confidence: take the mean of what it holds",
    "用箱的中点当了置信度；应取箱内置信度的平均",
)
def _of_middles(probabilities: Tensor, labels: Tensor, bins: int = 15) -> float:
    confidence, right = _outcomes(probabilities, labels)
    index = (confidence * bins).ceil().long() - 1
    return _weighted(confidence, right, index, (torch.arange(bins) + 0.5) / bins)


@trap("the number of bins is not used", "没有用到 bins")
def _always_fifteen(probabilities: Tensor, labels: Tensor, bins: int = 15) -> float:
    confidence, right = _outcomes(probabilities, labels)
    return _weighted(confidence, right, (confidence * 15).ceil().long() - 1)


@trap("the gaps are squared: take their absolute values", "对差取了平方；应取绝对值")
def _of_squares(probabilities: Tensor, labels: Tensor, bins: int = 15) -> float:
    gaps, shares = _bins(probabilities, labels, bins)
    return float((shares * gaps.square()).sum())


@trap(
    "a bin without predictions makes the whole NaN, the mean of nothing: it counts 0",
    "空箱取均值得 NaN，整个结果也成了 NaN：空箱应计 0",
)
def _empty_bins(probabilities: Tensor, labels: Tensor, bins: int = 15) -> float:
    gaps, shares = _bins(probabilities, labels, bins)
    return float((shares * gaps.abs()).sum()) if len(gaps) == bins else float("nan")


@trap(
    "a softmax is taken of what are probabilities already",
    "传入的已经是概率，又做了一次 softmax",
)
def _softmax_again(probabilities: Tensor, labels: Tensor, bins: int = 15) -> float:
    gaps, shares = _bins(probabilities.softmax(-1), labels, bins)
    return float((shares * gaps.abs()).sum())


@trap(
    "the gaps of the bins are averaged over all bins; each must count as much as it holds",
    "把各箱的差对所有箱平均了；应当按箱里的样本数加权",
)
def _over_all_bins(probabilities: Tensor, labels: Tensor, bins: int = 15) -> float:
    return float(_bins(probabilities, labels, bins)[0].abs().sum() / bins)


@judge(
    traps=(
        _alike,
        _over_all_bins,
        _empty_bins,
        _softmax_again,
        _cancelling,
        _largest,
        _of_the_truth,
        _lower_closed,
        _lost,
        _of_middles,
        _always_fifteen,
        _of_squares,
    ),
    equivalent={
        "expected_calibration_error: begins with bins = bins or 15": "Bins of width 1 / M are one or more.",
        "expected_calibration_error: at_least_float32(probabilities).max → probabilities.max": CAST,
        "expected_calibration_error: (confidence * bins).ceil().long().clamp(1, bins) - 1 → "
        "(confidence * bins).ceil().long() - 1": _A_BIN_EACH,
        "expected_calibration_error: (confidence * bins).ceil().long().clamp(1, bins) - 1 → "
        "(confidence * bins).ceil().long().clamp(1) - 1": _A_BIN_EACH,
        "expected_calibration_error: (confidence * bins).ceil().long().clamp(1, bins) → "
        "(confidence * bins).ceil().long().clamp(0, bins)": _A_BIN_EACH,
        "expected_calibration_error: at_least_float32(probabilities).max(dim=-1) → "
        "at_least_float32(probabilities).max(dim=1)": "Probabilities have two axes: the last is axis 1.",
        "expected_calibration_error: float((hits - expected).abs().sum() / len(labels)) → "
        "(hits - expected).abs().sum() / len(labels)": "A tensor without axes is taken for a number.",
        "expected_calibration_error: (hits - expected).abs → (expected - hits).abs": _SIGN,
    },
)
def check_expected_calibration_error(random: Generator) -> Iterator[Case]:
    """One bin, then gaps of opposite sign; confidences at edges, and certain ones; the default; many."""

    def binary(*confidences: float) -> Tensor:
        """Rows that say class 1 with about these confidences."""
        sure = torch.tensor(confidences) + 0.01 * torch.rand(len(confidences), generator=random)
        return torch.stack([1 - sure, sure], dim=1)

    def draw(count: int, classes: int, bins: int, scale: float = 2.0) -> tuple[Tensor, Tensor]:
        """Rows of which none has its confidence near an edge, and labels.

        Most are right in every other bin, and wrong in between: gaps of one sign would be the same for bins
        of any width.
        """
        rows = (scale * torch.randn(count + 50, classes, generator=random)).softmax(-1)
        place = rows.amax(-1) * bins
        clear = (place - place.round()).abs() > 1e-3
        rows, place = rows[clear][:count], place[clear][:count]
        labels = (rows.argmax(-1) + place.ceil().long() % 2) % classes
        drawn = torch.randint(classes, (len(rows),), generator=random)
        return rows, torch.where(torch.rand(len(rows), generator=random) < 0.1, drawn, labels)

    def fine(bins: int) -> tuple[Tensor, Tensor]:
        """Confidences near both ends of every bin above one half: right in every other bin, else wrong.

        One is wrong in the upper half of a bin of right ones: bins half as wide would have gaps of two signs.
        """
        number = torch.arange(bins // 2 + 1, bins)[:, None]
        sure = ((number + torch.tensor([0.04, 0.5, 0.96])) / bins).flatten()
        sure = sure + 0.02 / bins * torch.rand(len(sure), generator=random)
        odd = (bins - 3) // 2 * 2 + 1
        sure = torch.cat([sure, torch.tensor([(odd + 0.8) / bins])])
        right = torch.cat([(number % 2).repeat(1, 3).flatten(), torch.tensor([0])])
        return torch.stack([1 - sure, sure], dim=1), right

    def at_edges(bins: int) -> tuple[Tensor, Tensor]:
        """Confidences just inside both ends of each bin above one half: right in every other bin, else wrong.

        Who counts one of them in the bin beside it has some right and some wrong ones there.
        """
        number = torch.arange(bins // 2 + 1, bins, dtype=torch.float64)[:, None]
        inside = 0.3 + 0.4 * torch.rand(len(number), 1, generator=random)
        ends = torch.cat([number / bins + 2e-5, (number + inside) / bins, (number + 1) / bins - 2e-5], 1)
        sure = ends.flatten().float()
        return torch.stack([1 - sure, sure], dim=1), (number % 2).long().repeat(1, 3).flatten()

    yield Case(
        {"en": "two predictions, one bin", "zh": "两个预测，一个箱"},
        (binary(0.7, 0.6), torch.tensor([1, 0]), 1),
    )
    yield Case(
        {"en": "three predictions, four bins", "zh": "三个预测，四个箱"},
        (binary(0.6, 0.8, 0.95), torch.tensor([1, 1, 0]), 4),
    )
    yield Case({"en": "40 predictions, three classes", "zh": "40 个预测，三个类别"}, (*draw(40, 3, 10), 10))
    edges = torch.tensor([[0.5, 0.25, 0.25], [0.125, 0.75, 0.125], [0.25, 0.5, 0.25], [0.0, 0.25, 0.75]])
    inside = torch.tensor([[0.6, 0.3, 0.1], [0.2, 0.7, 0.1], [0.55, 0.25, 0.2], [0.1, 0.0, 0.9]])
    yield Case(
        {"en": "confidences on the edges of bins", "zh": "置信度落在箱的分界上"},
        (torch.cat([edges, inside]), torch.tensor([0, 0, 0, 2, 1, 1, 2, 2]), 4),
    )
    for bins in (10, 15):
        yield Case(
            {
                "en": f"{bins} bins, confidences just above and just below their edges",
                "zh": f"{bins} 个箱，置信度略高于或略低于分界",
            },
            (*at_edges(bins), bins),
        )
    certain = torch.cat([torch.eye(2)[[1, 0, 1]], binary(0.7, 0.6)])
    yield Case(
        {"en": "some predictions are certain", "zh": "有的预测是百分之百"},
        (certain, torch.tensor([1, 0, 0, 1, 0]), 10),
    )
    yield Case({"en": "one prediction, three bins", "zh": "一个预测，三个箱"}, (*draw(1, 5, 3), 3))
    yield Case(
        {"en": "twenty classes, low confidences", "zh": "二十个类别，置信度低"}, (*draw(30, 20, 8, 0.5), 8)
    )
    yield Case({"en": "the default number of bins", "zh": "箱数取默认值"}, fine(15))
    yield Case({"en": "a hundred bins", "zh": "一百个箱"}, (*fine(100), 100))
    # opposite gaps that few bins hold together, and more bins would part
    for bins in (1, 2):
        sure = torch.tensor([[0.38], [0.44], [0.55], [0.95]]) + 0.02 * torch.rand(4, 1, generator=random)
        yield Case(
            {
                "en": f"four predictions, three classes, bins = {bins}",
                "zh": f"四个预测，三个类别，bins = {bins}",
            },
            (
                torch.cat([sure, 0.55 * (1 - sure), 0.45 * (1 - sure)], dim=1),
                torch.tensor([0, 0, 1, 0]),
                bins,
            ),
        )
    yield Case({"en": "a single class", "zh": "只有一个类别"}, (torch.ones(3, 1), torch.zeros(3).long(), 5))
    yield Case(
        {"en": "4,000 predictions, 10 classes", "zh": "4,000 个预测，10 个类别"},
        (*draw(4_000, 10, 12), 12),
        timed=True,
    )
