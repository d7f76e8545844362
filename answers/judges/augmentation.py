"""Judges of the code questions on data augmentation."""

from collections.abc import Iterator

import torch
from torch import Generator, Tensor
from torch.nn import functional as F

from answers.judges.kit.thin_shapes import shaped
from quizcli.judge.case import Case, judge, trap

Pair = tuple[Tensor, Tensor]


def _blend(one: Tensor, other: Tensor, lam: float) -> Tensor:
    return lam * one + (1 - lam) * other


def _right(x: Tensor, target: Tensor, permutation: Tensor, lam: float, num_classes: int) -> Pair:
    y = F.one_hot(target, num_classes).to(x.dtype)
    return _blend(x, x[permutation], lam), _blend(y, y[permutation], lam)


@trap("the labels are not mixed", "标签没有混合")
def _inputs_only(x: Tensor, target: Tensor, permutation: Tensor, lam: float, num_classes: int) -> Pair:
    return _blend(x, x[permutation], lam), F.one_hot(target, num_classes).to(x.dtype)


@trap(
    "λ is at the wrong example: it weighs the example itself, 1 − λ its partner",
    "λ 用反了：λ 乘样本自己，1 − λ 乘配对的样本",
)
def _reversed(x: Tensor, target: Tensor, permutation: Tensor, lam: float, num_classes: int) -> Pair:
    y = F.one_hot(target, num_classes).to(x.dtype)
    return _blend(x[permutation], x, lam), _blend(y[permutation], y, lam)


@trap(
    "the labels have λ and 1 − λ the other way round than the inputs",
    "标签的 λ 与 1 − λ 跟输入弄反了",
)
def _labels_reversed(x: Tensor, target: Tensor, permutation: Tensor, lam: float, num_classes: int) -> Pair:
    y = F.one_hot(target, num_classes).to(x.dtype)
    return _blend(x, x[permutation], lam), _blend(y[permutation], y, lam)


@trap(
    "class indices are mixed as if they were quantities: half-way between 0 and 2 there is no class 1",
    "直接混合了类别下标：0 和 2 各一半，并不是类别 1",
)
def _indices_mixed(x: Tensor, target: Tensor, permutation: Tensor, lam: float, num_classes: int) -> Pair:
    return _blend(x, x[permutation], lam), _blend(target, target[permutation], lam)


@trap(
    "the permutation is inverted: the partner of example i is permutation[i]",
    "用成了逆排列：第 i 个样本应与第 permutation[i] 个配对",
)
def _inverse(x: Tensor, target: Tensor, permutation: Tensor, lam: float, num_classes: int) -> Pair:
    y, back = F.one_hot(target, num_classes).to(x.dtype), permutation.argsort()
    return _blend(x, x[back], lam), _blend(y, y[back], lam)


@trap(
    "λ is replaced by max(λ, 1 − λ): below one half the partner weighs more, and shall",
    "λ 被换成了 max(λ, 1 − λ)：λ 小于一半时，本该是搭档的权重更大",
)
def _larger(x: Tensor, target: Tensor, permutation: Tensor, lam: float, num_classes: int) -> Pair:
    return _right(x, target, permutation, max(lam, 1 - lam), num_classes)


@trap("the inputs are not mixed", "输入没有混合")
def _labels_only(x: Tensor, target: Tensor, permutation: Tensor, lam: float, num_classes: int) -> Pair:
    return x, _right(x, target, permutation, lam, num_classes)[1]


@trap(
    "the number of classes is taken from the largest target; it is num_classes",
    "类别数取成了 target 里的最大值加一；应为 num_classes",
)
def _classes_seen(x: Tensor, target: Tensor, permutation: Tensor, lam: float, num_classes: int) -> Pair:
    return _right(x, target, permutation, lam, int(target.max()) + 1)


@trap(
    "the permutation is not used: examples are mixed with the batch in reverse",
    "没有用到 permutation：与倒序的批次混合了",
)
def _flipped(x: Tensor, target: Tensor, permutation: Tensor, lam: float, num_classes: int) -> Pair:
    return _right(x, target, torch.arange(len(x)).flip(0), lam, num_classes)


@trap(
    "where both have the same class 1 − λ overwrites λ: add the two, which gives 1",
    "两个样本同类时，1 − λ 覆盖了 λ：应当相加，得 1",
)
def _overwritten(x: Tensor, target: Tensor, permutation: Tensor, lam: float, num_classes: int) -> Pair:
    y = x.new_zeros(len(x), num_classes).scatter(1, target[:, None], lam)
    return _blend(x, x[permutation], lam), y.scatter(1, target[permutation][:, None], 1 - lam)


@judge(
    traps=(
        _inputs_only,
        _reversed,
        _labels_reversed,
        _indices_mixed,
        _inverse,
        _larger,
        _labels_only,
        _classes_seen,
        _flipped,
        _overwritten,
    ),
)
def check_mixup(random: Generator) -> Iterator[Case]:
    """Two examples that change places, a cycle of them, images, λ below ½ and at its ends, every dtype."""

    def draw(*shape: int, classes: int, dtype: torch.dtype = torch.float32) -> Pair:
        """Inputs, and targets of which neighbours differ."""
        x = torch.randn(*shape, generator=random, dtype=dtype)
        first = int(torch.randint(classes, (), generator=random))
        return x, (first + torch.arange(shape[0])) % classes

    def lam() -> float:
        return round(0.6 + 0.3 * torch.rand((), generator=random).item(), 2)

    def cycle() -> Tensor:
        """Each of four examples changes places with another, in one round."""
        order = torch.randperm(4, generator=random)
        return torch.empty_like(order).scatter(0, order, order.roll(-1))

    two = torch.tensor([1, 0])
    x = torch.randn(2, 3, generator=random)
    yield Case({"en": "two examples", "zh": "两个样本"}, (x, torch.tensor([0, 2]), two, lam(), 3))
    yield Case({"en": "a cycle of four", "zh": "四个样本的轮换"}, (*draw(4, 3, classes=5), cycle(), lam(), 5))
    yield Case(
        {"en": "images, one its own partner", "zh": "图像，其中一个与自己配对"},
        (*draw(3, 1, 4, 4, classes=3), torch.tensor([2, 1, 0]), lam(), 3),
    )
    few = torch.tensor([0, 1, 1, 0])
    yield Case(
        {"en": "λ below ½, classes that do not occur", "zh": "λ 小于 ½，有的类别没有出现"},
        (torch.randn(4, 2, 3, generator=random), few, cycle(), round(1 - lam(), 2), 7),
    )
    yield Case(
        {"en": "one example, its own partner", "zh": "只有一个样本，与自己配对"},
        (*draw(1, 3, classes=4), torch.tensor([0]), lam(), 4),
    )
    yield Case({"en": "λ = 1", "zh": "λ = 1"}, (*draw(4, 3, classes=5), cycle(), 1.0, 5))
    yield Case({"en": "λ = 0", "zh": "λ = 0"}, (*draw(4, 3, classes=5), cycle(), 0.0, 5))
    for dtype in (torch.float64, torch.float16, torch.bfloat16):
        name = str(dtype).removeprefix("torch.")
        yield Case({"en": name, "zh": name}, (*draw(4, 3, classes=6, dtype=dtype), cycle(), lam(), 6))
    yield Case(
        {"en": "λ = 1, float64", "zh": "λ = 1，float64"},
        (*draw(4, 3, classes=5, dtype=torch.float64), cycle(), 1.0, 5),
    )
    yield Case(
        {"en": "λ = 0, float16", "zh": "λ = 0，float16"},
        (*draw(4, 3, classes=5, dtype=torch.float16), cycle(), 0.0, 5),
    )
    yield Case({"en": "gradients", "zh": "梯度"}, (*draw(4, 2, 3, classes=5), cycle(), lam(), 5), grad=True)
    for sides in ((4, 1), (4, 1, 3), (4, 3, 1), (4, 1, 1, 5), (4, 2, 5, 1)):
        yield Case(shaped(*sides), (*draw(*sides, classes=5), cycle(), lam(), 5))
    for sides in ((1, 1), (1, 1, 1), (1, 1, 1, 1)):
        yield Case(shaped(*sides), (*draw(*sides, classes=2), torch.tensor([0]), lam(), 2))
    many = torch.randperm(64, generator=random)
    yield Case(
        {"en": "64 images of 3 × 16 × 16", "zh": "64 张 3 × 16 × 16 的图"},
        (*draw(64, 3, 16, 16, classes=10), many, lam(), 10),
        timed=True,
    )
