"""The judge of the code question on non-maximum suppression: which of many boxes to keep."""

from collections.abc import Iterator

import torch
from torch import Generator, Tensor

from answers.judges.convolution.detection import (
    EPSILON_TEXT,
    EPSILONS,
    EQUIVALENT,
    over_smaller,
    unclamped,
    with_epsilon,
)
from models.convolution.detection import box_iou
from quizcli.judge.case import Case, Trap, judge, trap


def _greedy(overlaps: Tensor) -> Tensor:
    """Which of the boxes, the best first, stay; `overlaps` says for each pair whether it is too close."""
    stays = torch.ones(len(overlaps), dtype=torch.bool)
    for i in range(len(overlaps)):
        if stays[i]:
            stays[i + 1 :] &= ~overlaps[i, i + 1 :]
    return stays


def _sorted(boxes: Tensor, scores: Tensor) -> tuple[Tensor, Tensor]:
    order = scores.argsort(descending=True)
    return order, box_iou(boxes[order], boxes[order])


@trap(
    "the boxes are not taken from the highest score down",
    "没有按得分从高到低处理",
)
def _as_given(boxes: Tensor, scores: Tensor, iou_threshold: float) -> Tensor:
    return _greedy(box_iou(boxes, boxes) > iou_threshold).nonzero().flatten()


@trap(
    "positions in the sorted order are returned: map them back to indices of boxes",
    "返回的是排序后的位置：要换回原来 boxes 的下标",
)
def _positions(boxes: Tensor, scores: Tensor, iou_threshold: float) -> Tensor:
    _, iou = _sorted(boxes, scores)
    return _greedy(iou > iou_threshold).nonzero().flatten()


@trap(
    "the right boxes, but in the order of their indices: return the highest score first",
    "框选对了，但按下标排列：应把得分高的排在前面",
)
def _by_index(boxes: Tensor, scores: Tensor, iou_threshold: float) -> Tensor:
    order, iou = _sorted(boxes, scores)
    return order[_greedy(iou > iou_threshold)].sort().values


@trap(
    "a box that is itself removed still removes others; only boxes that stay may do so",
    "已被删掉的框还在删别的框；只有留下的框才能抑制别人",
)
def _chained(boxes: Tensor, scores: Tensor, iou_threshold: float) -> Tensor:
    order, iou = _sorted(boxes, scores)
    return order[~(iou > iou_threshold).triu(1).any(dim=0)]


def _in_rounds(rounds: int) -> Trap:
    """The mistake of all boxes judged at once, by who stays so far, and that too few times."""

    def suppressed(boxes: Tensor, scores: Tensor, iou_threshold: float) -> Tensor:
        order, iou = _sorted(boxes, scores)
        over = (iou > iou_threshold).triu(1)
        stays = torch.ones(len(order), dtype=torch.bool)
        for _ in range(rounds):
            stays = ~(over & stays[:, None]).any(dim=0)
        return order[stays]

    return trap(
        f"the rounds end too early, after {rounds}: in a chain each settles one box more; go on until "
        "nothing changes",
        f"只做了 {rounds} 轮就停了：链状重叠每轮只多定下一个框，应做到不再变化为止",
    )(suppressed)


@trap(
    "an IoU equal to the threshold removes a box; only a larger one should",
    "IoU 等于阈值时也删了；只有大于阈值才删",
)
def _at_threshold(boxes: Tensor, scores: Tensor, iou_threshold: float) -> Tensor:
    order, iou = _sorted(boxes, scores)
    return order[_greedy(iou >= iou_threshold)]


@trap(
    "the box with the lowest score is taken first: begin with the highest",
    "从得分最低的框开始了：应从最高的开始",
)
def _lowest_first(boxes: Tensor, scores: Tensor, iou_threshold: float) -> Tensor:
    order, iou = _sorted(boxes, -scores)
    return order[_greedy(iou > iou_threshold)]


@trap(
    "1 is added to widths and heights, as for whole pixels; these coordinates are points on a line",
    "宽高多加了 1（按整数像素计）；这里的坐标是连续的",
)
def _whole_pixels(boxes: Tensor, scores: Tensor, iou_threshold: float) -> Tensor:
    order = scores.argsort(descending=True)
    ordered = boxes[order] + torch.tensor([0, 0, 1, 1], dtype=boxes.dtype)
    return order[_greedy(box_iou(ordered, ordered) > iou_threshold)]


@trap(
    "the intersection is divided by the smaller of the two areas: the IoU divides it by the union",
    "交集除以了两框中较小的面积：IoU 除以的是并集",
)
def _of_smaller(boxes: Tensor, scores: Tensor, iou_threshold: float) -> Tensor:
    order = scores.argsort(descending=True)
    return order[_greedy(over_smaller.wrong(boxes[order], boxes[order]) > iou_threshold)]


def _of_one(kept: bool) -> Trap:
    """The mistake of the area of the box that is kept, or of the other one, for the union."""

    def suppressed(boxes: Tensor, scores: Tensor, iou_threshold: float) -> Tensor:
        order, iou = _sorted(boxes, scores)
        areas = (boxes[order, 2:] - boxes[order, :2]).prod(1)
        both = iou * (areas[:, None] + areas) / (1 + iou)
        return order[_greedy(both / (areas[:, None] if kept else areas) > iou_threshold)]

    return trap(
        "the intersection is divided by the area of one box: the IoU divides it by the union",
        "交集只除以了一个框的面积：IoU 除以的是并集",
    )(suppressed)


@trap(
    "width and height of the intersection are not clamped at 0: boxes apart seem to overlap",
    "交集的宽和高没有截到 0：分离的框也显得重叠",
)
def _apart(boxes: Tensor, scores: Tensor, iou_threshold: float) -> Tensor:
    order = scores.argsort(descending=True)
    return order[_greedy(unclamped.wrong(boxes[order], boxes[order]) > iou_threshold)]


@trap(
    "only the best box removes others; every box that stays does",
    "只有得分最高的框在删别的框；每个留下的框都要抑制别人",
)
def _only_the_best(boxes: Tensor, scores: Tensor, iou_threshold: float) -> Tensor:
    order, iou = _sorted(boxes, scores)
    return torch.cat([order[:1], order[1:][~(iou[:1, 1:] > iou_threshold).any(dim=0)]])


@trap(
    "the boxes that are removed are returned; asked for are those that stay",
    "返回的是被删掉的框；要的是留下的框",
)
def _removed(boxes: Tensor, scores: Tensor, iou_threshold: float) -> Tensor:
    order, iou = _sorted(boxes, scores)
    return order[~_greedy(iou > iou_threshold)]


@trap(
    "boxes with a score of 0 or below are lost: any score may be given",
    "得分为 0 或负数的框都丢了：得分可以是任何数",
)
def _positive_alone(boxes: Tensor, scores: Tensor, iou_threshold: float) -> Tensor:
    order, iou = _sorted(boxes, scores)
    kept = order[_greedy(iou > iou_threshold)]
    return kept[scores[kept] > 0]


@trap(
    "the boxes are rounded to float16: coordinates lose digits, and areas become ∞ beyond 65,504, or 0",
    "框被舍入成了 float16：坐标丢失精度，面积超过 65,504 成为 ∞，太小则成 0",
)
def _in_half(boxes: Tensor, scores: Tensor, iou_threshold: float) -> Tensor:
    order = scores.argsort(descending=True)
    half = boxes[order].half()
    return order[_greedy(with_epsilon(half, half, 0.0) > iou_threshold)]


def _with_epsilon(epsilon: float) -> Trap:
    """The mistake of an ε in the denominator of the IoU."""

    def suppressed(boxes: Tensor, scores: Tensor, iou_threshold: float) -> Tensor:
        order = scores.argsort(descending=True)
        return order[_greedy(with_epsilon(boxes[order], boxes[order], epsilon) > iou_threshold)]

    return trap(*EPSILON_TEXT)(suppressed)


_DIFFERENT = "The scores of the question are all different: none comes first of two equal ones."


@judge(
    traps=(
        _as_given,
        _positions,
        _by_index,
        _chained,
        *map(_in_rounds, (2, 3, 4, 5, 10)),
        _at_threshold,
        _lowest_first,
        _whole_pixels,
        _of_smaller,
        _of_one(kept=True),
        _of_one(kept=False),
        _apart,
        _only_the_best,
        _removed,
        _positive_alone,
        *map(_with_epsilon, EPSILONS),
        _in_half,
    ),
    equivalent={
        "nms: scores.argsort(descending=True, stable=True) → scores.argsort(descending=True)": _DIFFERENT,
        "nms: scores.argsort(descending=True, stable=True) → "
        "scores.argsort(descending=True, stable=False)": _DIFFERENT,
        "box_iou: (at_least_float32(boxes1), at_least_float32(boxes2)) → "
        "(at_least_float32(boxes2), at_least_float32(boxes1))": "Both sets of boxes are the same one.",
        **EQUIVALENT,
        "nms: overlaps[i, i + 1:] → overlaps[i + 1:, i]": "The matrix of overlaps is symmetric.",
    },
    fixed={"boxes, axis 1 of 2": "A box is four numbers."},
)
def check_nms(random: Generator) -> Iterator[Case]:
    """Three boxes, chains, IoUs at and near the threshold, no box and one, small boxes, low scores, many."""

    def shift() -> Tensor:
        return torch.randint(0, 50, (1, 2), generator=random).float().repeat(1, 2)

    def scattered(clusters: int, each: int, threshold: float) -> tuple[Tensor, Tensor, float]:
        """Boxes of side 10 to 12 around a few places, scores that all differ, no IoU near the threshold."""
        count = clusters * each
        while True:
            places = 40 * torch.rand(clusters, 1, 2, generator=random)
            low = (places + 6 * torch.rand(clusters, each, 2, generator=random)).flatten(0, 1)
            size = 10 + 2 * torch.rand(count, 2, generator=random)
            boxes = torch.cat([low, low + size], dim=1)
            if bool(((box_iou(boxes, boxes) - threshold).abs() > 1e-4).all()):
                return boxes, torch.randperm(count, generator=random).float() / count, threshold

    def chained(count: int) -> tuple[Tensor, Tensor, float]:
        """Boxes in a row, each too close to the next one alone, and worse than the one before."""
        places = torch.randint(0, 50, (1,), generator=random) + 4.0 * torch.arange(count)
        zeros = torch.zeros(count)
        row = torch.stack([places, zeros, places + 10, zeros + 10], dim=1)
        order = torch.randperm(count, generator=random)
        return row[order] + shift(), 1 - order / (count + 1), 0.3

    def close(threshold: float) -> tuple[Tensor, Tensor, float]:
        """Six pairs, the IoU of three a ten-thousandth above the threshold, that of the others below it."""
        iou = threshold * (1 + 1e-4 * torch.tensor([1.0, -1, 1, -1, 1, -1], dtype=torch.float64))
        side = 2 + 6 * torch.rand(6, dtype=torch.float64, generator=random)
        low = 10.0 * torch.randperm(6, generator=random)[:, None] + torch.zeros(6, 2, dtype=torch.float64)
        away = low + torch.stack([side * (1 - iou) / (1 + iou), torch.zeros(6)], dim=1)
        boxes = torch.cat([torch.cat([low, away]), torch.cat([low, away]) + side.repeat(2)[:, None]], dim=1)
        return boxes.float(), torch.randperm(12, generator=random) / 12, threshold

    three = torch.tensor([[0.0, 0, 10, 10], [1, 0, 11, 10], [20, 20, 30, 30]])
    yield Case(
        {"en": "two boxes for one object, one for another", "zh": "一个物体两个框，另一物体一个框"},
        (three + shift(), torch.tensor([0.3, 0.6, 0.9]), 0.5),
    )
    chain = torch.tensor([[8.0, 0, 18, 10], [0, 0, 10, 10], [4, 0, 14, 10]])
    yield Case(
        {"en": "a chain: 1 overlaps 2, 2 overlaps 0", "zh": "链状：1 与 2 重叠，2 与 0 重叠"},
        (chain + shift(), torch.tensor([0.5, 0.9, 0.7]), 0.3),
    )
    for count in (4, 5, 7, 9):
        yield Case({"en": f"a chain of {count}", "zh": f"{count} 个框的长链"}, chained(count))
    half = torch.tensor([[0.0, 0, 4, 2], [0, 0, 2, 2], [30, 0, 32, 2]])
    yield Case(
        {"en": "an IoU that equals the threshold", "zh": "IoU 恰好等于阈值"},
        (half + shift(), torch.tensor([0.4, 0.8, 0.2]), 0.5),
    )
    small = torch.tensor(
        [[0.1, 0.1, 0.3, 0.3], [0.25, 0.1, 0.45, 0.3], [0.12, 0.1, 0.32, 0.3], [0.6, 0.6, 0.9, 0.9]]
    )
    yield Case(
        {"en": "coordinates between 0 and 1", "zh": "坐标在 0 到 1 之间"},
        (
            small + 0.05 * torch.rand(1, 2, generator=random).repeat(1, 2),
            torch.tensor([0.2, 0.5, 0.7, 0.4]),
            0.3,
        ),
    )
    # of two boxes here the smaller one is kept first, there the larger one
    inner = torch.tensor([[0.0, 0, 10, 10], [2, 2, 8, 8], [3, 3, 7, 7], [40, 0, 50, 10], [42, 2, 48, 8]])
    yield Case(
        {"en": "boxes one inside the other", "zh": "一个套一个的框"},
        (inner + shift(), torch.tensor([0.6, 0.3, 0.8, 0.7, 0.2]), 0.4),
    )
    beside = torch.tensor([[0.0, 0, 4, 4], [4, 0, 8, 4], [3.5, 3.5, 7, 7], [-9, -9, -6, -4]])
    yield Case(
        {"en": "threshold 0: boxes may touch", "zh": "阈值 0：框可以相接"},
        (beside + shift(), torch.tensor([0.9, 0.8, 0.7, 0.6]), 0.0),
    )
    # the best one overlaps each of the others, by 1/199 and by 1/19
    corner = torch.tensor([[0.0, 0, 10, 10], [9, 9, 19, 19], [9, 0, 19, 10], [19, 19, 29, 29]])
    yield Case(
        {"en": "threshold 0: a corner in common is too much", "zh": "阈值 0：只重叠一角也不行"},
        (corner + shift(), torch.tensor([0.9, 0.8, 0.7, 0.6]), 0.0),
    )
    twins = torch.tensor([[0.0, 0, 4, 4], [0, 0, 4, 4], [0, 0, 4, 3]])
    yield Case(
        {"en": "threshold 1: even equal boxes stay", "zh": "阈值 1：重合的框也都留下"},
        (twins + shift(), torch.tensor([0.1, 0.7, 0.5]), 1.0),
    )
    # six pairs, the worst score first: of each one box stays, two of them with a score below 0
    pairs = torch.tensor([0, 1, 2, 2, 0, 3, 3, 1, 4, 4, 5, 5])
    places = 20.0 * torch.randperm(6, generator=random)[pairs, None] + torch.arange(12)[:, None] % 2
    apart = torch.cat([places, places], dim=1)
    yield Case(
        {"en": "scores of 0, below 0 and above 1", "zh": "得分为 0、为负、大于 1"},
        (
            torch.cat([apart, apart + 10], dim=1),
            torch.tensor([-5.0, -4.5, -4, -3, -2, -0.5, 0, 0.5, 2, 3, 4, 5]),
            0.5,
        ),
    )
    for scale, side in ((1e-4, "10⁻³"), (3e-6, "3 · 10⁻⁵"), (1e-9, "10⁻⁸")):
        boxes, scores, threshold = scattered(2, 5, 0.5)
        yield Case(
            {"en": f"sides of about {side}", "zh": f"边长约 {side}"}, (scale * boxes, scores, threshold)
        )
    # 16 bits count in steps of 2 here, and make of an overlap of 0.54 one of 0.43
    far = 3000 + 4.0 * torch.randint(50, (1, 2), generator=random)
    moved = torch.tensor([[0.0, 0], [3, 0], [40, 0], [40, 3]]) + far
    yield Case(
        {"en": "coordinates of some thousands", "zh": "坐标上千"},
        (torch.cat([moved, moved + 10], dim=1), torch.randperm(4, generator=random) / 4, 0.5),
    )
    for base, step, en, zh in (
        (0.9, 1e-6, "scores a millionth apart", "得分只差百万分之一"),
        (-1000.0, 0.5, "scores near −1,000", "得分在 −1,000 附近"),
    ):
        boxes, scores, threshold = scattered(2, 5, 0.5)
        yield Case({"en": en, "zh": zh}, (boxes, base + step * scores.argsort().float(), threshold))
    for threshold in (0.25, 0.5, 0.7):
        yield Case(
            {
                "en": f"IoUs a ten-thousandth above and below {threshold}",
                "zh": f"IoU 比 {threshold} 高或低万分之一",
            },
            close(threshold),
        )
    yield Case({"en": "no box at all", "zh": "一个框也没有"}, (torch.zeros(0, 4), torch.zeros(0), 0.5))
    yield Case({"en": "one box", "zh": "一个框"}, (three[:1] + shift(), torch.tensor([0.4]), 0.5))
    yield Case({"en": "four clusters of six", "zh": "四簇，每簇六个"}, scattered(4, 6, 0.4))
    yield Case({"en": "a high threshold", "zh": "较高的阈值"}, scattered(5, 6, 0.7))
    yield Case({"en": "a chain of 60", "zh": "60 个框的长链"}, chained(60))
    # an index beyond 255 does not fit into 8 bits: the best of each of three clumps has one
    clumps = 50.0 * (torch.arange(261) % 3)[:, None] + torch.rand(261, 2, generator=random)
    yield Case(
        {"en": "261 boxes, of which 3 stay", "zh": "261 个框，留下 3 个"},
        (
            torch.cat([clumps, clumps + 10], dim=1),
            torch.cat([torch.randperm(256, generator=random), 256 + torch.randperm(5, generator=random)])
            / 261,
            0.5,
        ),
    )
    # detectors often keep 100, 200 or 300 at most
    row = torch.stack(
        [20.0 * torch.randperm(310, generator=random), torch.rand(310, generator=random)], dim=1
    )
    yield Case(
        {"en": "310 boxes, of which all stay", "zh": "310 个框，全部留下"},
        (torch.cat([row, row + 10], dim=1), torch.randperm(310, generator=random) / 310, 0.5),
    )
    grid = 20.0 * torch.cartesian_prod(torch.arange(11.0), torch.arange(11.0))
    many = torch.cat([grid, grid[:20] + 1])
    yield Case(
        {"en": "141 boxes, of which 121 stay", "zh": "141 个框，留下 121 个"},
        (
            torch.cat([many, many + 10], dim=1),
            torch.cat([torch.randperm(121, generator=random) + 20.0, torch.arange(20.0)]),
            0.5,
        ),
        timed=True,
    )
