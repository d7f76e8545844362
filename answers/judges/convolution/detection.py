"""The judge of the code question on boxes: how much two of them overlap."""

from collections.abc import Iterator

import torch
from torch import Generator, Tensor

from answers.judges.kit.casts import CAST
from models.convolution.detection import box_iou
from quizcli.judge.case import Case, Trap, judge, trap


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
def unclamped(boxes1: Tensor, boxes2: Tensor) -> Tensor:
    """Two negative sides make a positive area."""
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


@trap(
    "the intersection is divided by the smaller of the two areas; divide it by the union",
    "交集除以了两框中较小的面积；应除以并集",
)
def over_smaller(boxes1: Tensor, boxes2: Tensor) -> Tensor:
    """The share of the smaller box that the larger one covers."""
    intersection = _sides(boxes1, boxes2).clamp(min=0).prod(dim=-1)
    return intersection / torch.minimum(_areas(boxes1)[:, None], _areas(boxes2))


@trap(
    "the intersection is divided by the area of one box; divide it by the union",
    "交集除以了其中一个框的面积；应除以并集",
)
def _over_first(boxes1: Tensor, boxes2: Tensor) -> Tensor:
    return _sides(boxes1, boxes2).clamp(min=0).prod(dim=-1) / _areas(boxes1)[:, None]


@trap(
    "the distance of boxes that lie apart counts as overlap: clamp it at 0, do not take its absolute value",
    "两框之间的距离被当成了重叠：应截到 0，而不是取绝对值",
)
def _absolute(boxes1: Tensor, boxes2: Tensor) -> Tensor:
    return _iou(_sides(boxes1, boxes2).abs().prod(dim=-1), boxes1, boxes2)


@trap("rows and columns are interchanged: the rows belong to boxes1", "行列弄反了：行对应 boxes1")
def _transposed(boxes1: Tensor, boxes2: Tensor) -> Tensor:
    return box_iou(boxes2, boxes1)


@trap(
    "a box is taken for its middle and its size; it is given by two opposite corners",
    "把框当成了中心加宽高；给出的是两个对角",
)
def _as_middles(boxes1: Tensor, boxes2: Tensor) -> Tensor:
    middles, sizes = zip(*((boxes[:, :2], boxes[:, 2:]) for boxes in (boxes1, boxes2)), strict=True)
    ends = [torch.cat([m - s / 2, m + s / 2], dim=1) for m, s in zip(middles, sizes, strict=True)]
    return box_iou(ends[0], ends[1])


_ALIKE = "A maximum or minimum of two has no order."
_SIGNS = "The product of two sides is the same where both change their sign."
_LAST = "Boxes have two axes: the last is axis 1."
_BOX_IOU = {
    "(at_least_float32(boxes1), at_least_float32(boxes2)) → (boxes1, at_least_float32(boxes2))": CAST,
    "(at_least_float32(boxes1), at_least_float32(boxes2)) → (at_least_float32(boxes1), boxes2)": CAST,
    "torch.maximum(boxes1[:, None, :2], boxes2[:, :2]) → "
    "torch.maximum(boxes2[:, :2], boxes1[:, None, :2])": _ALIKE,
    "torch.minimum(boxes1[:, None, 2:], boxes2[:, 2:]) → "
    "torch.minimum(boxes2[:, 2:], boxes1[:, None, 2:])": _ALIKE,
    "(boxes1[:, 2:] - boxes1[:, :2]).prod → (boxes1[:, :2] - boxes1[:, 2:]).prod": _SIGNS,
    "(boxes1[:, 2:] - boxes1[:, :2]).prod(dim=-1) → (boxes1[:, 2:] - boxes1[:, :2]).prod(dim=1)": _LAST,
    "(boxes2[:, 2:] - boxes2[:, :2]).prod → (boxes2[:, :2] - boxes2[:, 2:]).prod": _SIGNS,
    "(boxes2[:, 2:] - boxes2[:, :2]).prod(dim=-1) → (boxes2[:, 2:] - boxes2[:, :2]).prod(dim=1)": _LAST,
}
EPSILON_TEXT = (
    "an ε in the denominator shrinks the IoU of small boxes; a union of boxes is never 0",
    "分母里的 ε 压低了小框的 IoU；框的并集面积不会为 0",
)
EPSILONS = (1e-5, 1e-6, 1e-7, 1e-8, 1e-9, 1e-10, 1e-12)


def with_epsilon(boxes1: Tensor, boxes2: Tensor, epsilon: float) -> Tensor:
    """The IoU with this added to the union."""
    intersection = _sides(boxes1, boxes2).clamp(min=0).prod(dim=-1)
    return intersection / (_areas(boxes1)[:, None] + _areas(boxes2) - intersection + epsilon)


def _with_epsilon(epsilon: float) -> Trap:
    return trap(*EPSILON_TEXT)(lambda boxes1, boxes2: with_epsilon(boxes1, boxes2, epsilon))


# Mutants of box_iou that compute the same, wherever it is used.
EQUIVALENT = {f"box_iou: {mutant}": reason for mutant, reason in _BOX_IOU.items()}


@judge(
    traps=(
        unclamped,
        _clamped_late,
        _counted_twice,
        _plus_one,
        _as_sizes,
        over_smaller,
        _over_first,
        _absolute,
        _transposed,
        _as_middles,
        *map(_with_epsilon, EPSILONS),
    ),
    equivalent=EQUIVALENT,
    fixed={
        "boxes1, axis 1 of 2": "A box is four numbers.",
        "boxes2, axis 1 of 2": "A box is four numbers.",
    },
)
def check_box_iou(random: Generator) -> Iterator[Case]:
    """One box against two, boxes apart in every direction, boxes that touch or cross, small and large."""

    def boxes(count: int, spread: float) -> Tensor:
        """Corners within `spread`, sides from a third of it to two thirds."""
        low, size = (torch.rand(count, 2, generator=random) for _ in range(2))
        return spread * torch.cat([low, low + (1 + size) / 3], dim=1)

    a, b, c, d = torch.randint(2, 6, (4,), generator=random).tolist()
    yield Case(
        {"en": "one box against two", "zh": "一个框对两个框"},
        (
            torch.tensor([[1.0, 1.0, 1.0 + a, 1.0 + b]]),
            torch.tensor([[2.0, 2.0, 2.0 + c, 2.0 + d], [1.0, 1.0, 2.0, 1.0 + b]]),
        ),
    )
    ways = torch.tensor([[40.0, 0.0], [0.0, 40.0], [40.0, 40.0], [-40.0, 0.0], [0.0, -40.0], [-40.0, 40.0]])
    yield Case(
        {"en": "boxes beside each other and far apart", "zh": "并排的框和远离的框"},
        (boxes(2, 9.0), boxes(6, 9.0) + ways.repeat(1, 2)),
    )
    inside = boxes(2, 12.0)
    middle = torch.tensor([1.0, 1.0, -1.0, -1.0])
    yield Case(
        {"en": "one inside the other; the same box", "zh": "一个在另一个里面；同一个框"},
        (inside, torch.cat([inside + middle, inside])),
    )
    square = torch.tensor([[0.0, 0.0, 4.0, 4.0]])
    around = torch.tensor([[4.0, 1, 6, 3], [1, 4, 3, 9], [4, 4, 5, 5], [-2, 0, 0, 4], [-3, -3, 0, 0]])
    corner = torch.randint(-9, 9, (1, 2), generator=random).float().repeat(1, 2)
    yield Case(
        {"en": "boxes that touch at a side or a corner", "zh": "只有边或角相接的框"},
        (square + corner, around + corner),
    )
    cross = torch.tensor([[-1.0, 1, 5, 3], [1, -2, 2, 6], [-3, 2, 1, 3]])
    yield Case(
        {"en": "boxes that cross, negative coordinates", "zh": "十字交叉的框，坐标有负数"},
        (square - 9 + corner, cross - 9 + corner),
    )
    yield Case({"en": "5 × 7 pairs", "zh": "5 × 7 对"}, (boxes(5, 30.0), boxes(7, 30.0)))
    yield Case({"en": "seven boxes against one", "zh": "七个框对一个框"}, (boxes(7, 30.0), boxes(1, 30.0)))
    yield Case(
        {"en": "coordinates between 0 and 1, sides of about 0.2", "zh": "坐标在 0 到 1 之间，边长约 0.2"},
        (0.4 + boxes(4, 0.4), 0.4 + boxes(6, 0.4)),
    )
    yield Case({"en": "as many boxes in both sets", "zh": "两组框一样多"}, (boxes(4, 30.0), boxes(4, 30.0)))
    for spread, side in ((2e-3, "10⁻³"), (6e-5, "3 · 10⁻⁵"), (2e-8, "10⁻⁸")):
        yield Case(
            {"en": f"sides of about {side}", "zh": f"边长约 {side}"}, (boxes(3, spread), boxes(4, spread))
        )
    yield Case(
        {"en": "sides of about 10, coordinates near 10,000", "zh": "边长约 10，坐标在 10,000 附近"},
        (10_000 + boxes(3, 20.0), 10_000 + boxes(4, 20.0)),
    )
    yield Case(
        {"en": "coordinates of some thousands", "zh": "坐标上千"}, (boxes(4, 5000.0), boxes(5, 5000.0))
    )
    yield Case(
        {"en": "80 × 100 pairs", "zh": "80 × 100 对"}, (boxes(80, 100.0), boxes(100, 100.0)), timed=True
    )
