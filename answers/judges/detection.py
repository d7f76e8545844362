"""Judges of the code questions on boxes: their overlap, and which of them to keep."""

from collections.abc import Iterator

import torch
from torch import Generator, Tensor

from models.detection import box_iou
from quizcli.judge.case import Case, judge, trap

# Intersection over union


def _areas(boxes: Tensor) -> Tensor:
    return (boxes[:, 2:] - boxes[:, :2]).prod(dim=-1)


def _sides(boxes1: Tensor, boxes2: Tensor) -> Tensor:
    """Width and height of each intersection, negative where two boxes lie apart: (N, M, 2)."""
    low = torch.maximum(boxes1[:, None, :2], boxes2[:, :2])
    return torch.minimum(boxes1[:, None, 2:], boxes2[:, 2:]) - low


def _iou(intersection: Tensor, boxes1: Tensor, boxes2: Tensor) -> Tensor:
    return intersection / (_areas(boxes1)[:, None] + _areas(boxes2) - intersection)


@trap(
    "width and height of the intersection are not clamped at 0: boxes apart get a positive area from −·−",
    "交集的宽和高没有截到 0：两框分离时负负得正，算出了面积",
)
def _unclamped(boxes1: Tensor, boxes2: Tensor) -> Tensor:
    return _iou(_sides(boxes1, boxes2).prod(dim=-1), boxes1, boxes2)


@trap(
    "the product is clamped, not width and height: where both are negative it is positive",
    "截到 0 的是乘积而不是宽和高：两者都为负时乘积为正",
)
def _clamped_late(boxes1: Tensor, boxes2: Tensor) -> Tensor:
    return _iou(_sides(boxes1, boxes2).prod(dim=-1).clamp(min=0), boxes1, boxes2)


@trap(
    "the two areas are added, and the intersection counts twice: subtract it once",
    "并集直接取了面积之和，交集算了两遍：要减去一次",
)
def _counted_twice(boxes1: Tensor, boxes2: Tensor) -> Tensor:
    intersection = _sides(boxes1, boxes2).clamp(min=0).prod(dim=-1)
    return intersection / (_areas(boxes1)[:, None] + _areas(boxes2))


@trap(
    "1 is added to widths and heights, as for whole pixels; these coordinates are points on a line",
    "宽高多加了 1（按整数像素计）；这里的坐标是连续的",
)
def _plus_one(boxes1: Tensor, boxes2: Tensor) -> Tensor:
    one = torch.tensor([0, 0, 1, 1], dtype=boxes1.dtype)
    return box_iou(boxes1 + one, boxes2 + one)


@trap(
    "the last two numbers are taken for width and height; they are the opposite corner",
    "把后两个数当成了宽和高；它们是对角的坐标",
)
def _as_sizes(boxes1: Tensor, boxes2: Tensor) -> Tensor:
    ends = [torch.cat([boxes[:, :2], boxes[:, :2] + boxes[:, 2:]], dim=1) for boxes in (boxes1, boxes2)]
    return box_iou(ends[0], ends[1])


@judge(
    traps=(_unclamped, _clamped_late, _counted_twice, _plus_one, _as_sizes),
)
def check_box_iou(random: Generator) -> Iterator[Case]:
    """One box against two, boxes apart in one direction and in both, many pairs, gradients."""

    def boxes(count: int, spread: float, dtype: torch.dtype = torch.float32) -> Tensor:
        """Corners within `spread`, sides from a third of it to two thirds."""
        low, size = (torch.rand(count, 2, generator=random, dtype=dtype) for _ in range(2))
        return spread * torch.cat([low, low + (1 + size) / 3], dim=1)

    a, b, c, d = torch.randint(2, 6, (4,), generator=random).tolist()
    yield Case(
        {"en": "one box against two", "zh": "一个框对两个框"},
        (
            torch.tensor([[1.0, 1.0, 1.0 + a, 1.0 + b]]),
            torch.tensor([[2.0, 2.0, 2.0 + c, 2.0 + d], [1.0, 1.0, 2.0, 1.0 + b]]),
        ),
    )
    shifts = torch.tensor([[40.0, 0.0, 40.0, 0.0], [0.0, 40.0, 0.0, 40.0], [40.0, 40.0, 40.0, 40.0]])
    yield Case(
        {"en": "boxes beside each other and far apart", "zh": "并排的框和远离的框"},
        (boxes(2, 9.0), boxes(3, 9.0) + shifts),
    )
    inside = boxes(2, 12.0)
    middle = torch.tensor([1.0, 1.0, -1.0, -1.0])
    yield Case(
        {"en": "one inside the other; the same box", "zh": "一个在另一个里面；同一个框"},
        (inside, torch.cat([inside + middle, inside])),
    )
    yield Case({"en": "5 × 7 pairs", "zh": "5 × 7 对"}, (boxes(5, 30.0), boxes(7, 30.0)))
    yield Case(
        {"en": "coordinates between 0 and 2", "zh": "坐标在 0 到 2 之间"}, (boxes(4, 1.0), boxes(6, 1.0))
    )
    yield Case(
        {"en": "gradients, in float64", "zh": "梯度（float64）"},
        (boxes(3, 50.0, torch.float64), boxes(4, 50.0, torch.float64)),
        grad=True,
    )
    yield Case(
        {"en": "300 × 400 pairs", "zh": "300 × 400 对"}, (boxes(300, 100.0), boxes(400, 100.0)), timed=True
    )


# Non-maximum suppression


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


@trap(
    "an IoU equal to the threshold removes a box; only a larger one should",
    "IoU 等于阈值时也删了；只有大于阈值才删",
)
def _at_threshold(boxes: Tensor, scores: Tensor, iou_threshold: float) -> Tensor:
    order, iou = _sorted(boxes, scores)
    return order[_greedy(iou >= iou_threshold)]


@judge(
    traps=(_as_given, _positions, _by_index, _chained, _at_threshold),
)
def check_nms(random: Generator) -> Iterator[Case]:
    """Three boxes, a chain, an IoU at the threshold, no box at all, then clusters of many."""

    def shift() -> Tensor:
        return torch.randint(0, 50, (1, 2), generator=random).float().repeat(1, 2)

    def scattered(clusters: int, each: int, dtype: torch.dtype = torch.float32) -> tuple[Tensor, Tensor]:
        """Boxes of side 10 to 12 around a few places, with scores that all differ."""
        places = 40 * torch.rand(clusters, 1, 2, generator=random, dtype=dtype)
        low = (places + 6 * torch.rand(clusters, each, 2, generator=random, dtype=dtype)).flatten(0, 1)
        size = 10 + 2 * torch.rand(low.shape, generator=random, dtype=dtype)
        scores = torch.randperm(len(low), generator=random).to(dtype) / len(low)
        return torch.cat([low, low + size], dim=1), scores

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
    half = torch.tensor([[0.0, 0, 4, 2], [0, 0, 2, 2], [30, 0, 32, 2]])
    yield Case(
        {"en": "an IoU that equals the threshold", "zh": "IoU 恰好等于阈值"},
        (half + shift(), torch.tensor([0.4, 0.8, 0.2]), 0.5),
    )
    yield Case({"en": "no box at all", "zh": "一个框也没有"}, (torch.zeros(0, 4), torch.zeros(0), 0.5))
    yield Case({"en": "four clusters of six", "zh": "四簇，每簇六个"}, (*scattered(4, 6), 0.4))
    yield Case(
        {"en": "a high threshold, in float64", "zh": "较高的阈值（float64）"},
        (*scattered(5, 6, torch.float64), 0.7),
    )
    yield Case(
        {"en": "200 boxes", "zh": "200 个框"},
        (*scattered(20, 10), 0.5),
        timed=True,
    )
