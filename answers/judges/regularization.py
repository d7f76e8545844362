"""Judges of the code questions on penalties."""

from collections.abc import Iterator

import torch
from torch import Generator, Tensor
from torch.nn import functional as F

from quizcli.judge.case import Case, judge, trap


def _proximal(w: Tensor, grad: Tensor, lr: float, l1: float, l2: float = 0.0) -> Tensor:
    return F.softshrink(w - lr * grad, lr * l1) / (1 + lr * l2)


@trap(
    "the threshold lacks the learning rate: a step of size η on l1 |w| moves by η l1",
    "阈值没有乘学习率：在 l1 |w| 上走步长 η 的一步，移动量是 η l1",
)
def _without_rate(w: Tensor, grad: Tensor, lr: float, l1: float, l2: float = 0.0) -> Tensor:
    return F.softshrink(w - lr * grad, l1) / (1 + lr * l2)


@trap(
    "large weights are left as they are: that is hard thresholding, the soft one moves them by η l1 too",
    "大的权重原样保留了：那是硬阈值，软阈值对它们也要减去 η l1",
)
def _hard(w: Tensor, grad: Tensor, lr: float, l1: float, l2: float = 0.0) -> Tensor:
    return F.hardshrink(w - lr * grad, lr * l1) / (1 + lr * l2)


@trap(
    "a subgradient step: near 0 it jumps to the other side and makes no zeros",
    "这是次梯度步：在 0 附近会跳到另一侧，得不到零",
)
def _subgradient(w: Tensor, grad: Tensor, lr: float, l1: float, l2: float = 0.0) -> Tensor:
    return (w - lr * (grad + l1 * w.sign())) / (1 + lr * l2)


@trap(
    "the L2 penalty went into the gradient: the proximal step divides by 1 + η l2 instead",
    "L2 惩罚放进了梯度：近端步应当除以 1 + η l2",
)
def _explicit(w: Tensor, grad: Tensor, lr: float, l1: float, l2: float = 0.0) -> Tensor:
    return F.softshrink(w - lr * (grad + l2 * w), lr * l1)


@trap(
    "shrunk first, thresholded after: the threshold comes first, or would have to shrink as well",
    "先缩小再取阈值，顺序反了：应先取阈值再缩小，否则阈值也得跟着缩小",
)
def _shrunk_first(w: Tensor, grad: Tensor, lr: float, l1: float, l2: float = 0.0) -> Tensor:
    return F.softshrink((w - lr * grad) / (1 + lr * l2), lr * l1)


@judge(
    reference=_proximal,
    traps=(_without_rate, _hard, _subgradient, _explicit, _shrunk_first),
)
def check_proximal_step(random: Generator) -> Iterator[Case]:
    """Soft-thresholding alone, with a gradient, with L2, at the threshold, float64."""

    def weights(*shape: int) -> tuple[Tensor, Tensor]:
        """Weights, a third of them near 0, and a gradient."""
        w = torch.randn(*shape, generator=random)
        small = torch.rand(*shape, generator=random) < 0.3
        return torch.where(small, 0.02 * w, w), torch.randn(*shape, generator=random)

    some = torch.tensor([1.0, -0.05, 0.05, -1.0]) * (0.5 + torch.rand(4, generator=random))
    nothing = torch.zeros(4)
    yield Case({"en": "no gradient, L1 alone", "zh": "梯度为零，只有 L1"}, (some, nothing, 0.5, 0.4))
    yield Case({"en": "a gradient and L1", "zh": "有梯度，只有 L1"}, (*weights(3, 4), 0.1, 0.5))
    yield Case({"en": "no gradient, L2 alone", "zh": "梯度为零，只有 L2"}, (some, nothing, 0.4, 0.0, 1.0))
    yield Case({"en": "L1 and L2", "zh": "L1 加 L2"}, (*weights(3, 4), 0.4, 0.5, 1.0))
    edge = torch.tensor([0.25, -0.25, 0.0, 0.5])
    yield Case({"en": "exactly at the threshold", "zh": "恰好等于阈值"}, (edge, nothing, 0.5, 0.5))
    doubles = (tensor.double() for tensor in weights(2, 3))
    yield Case({"en": "float64", "zh": "float64"}, (*doubles, 0.1, 1.0, 0.5))
    yield Case(
        {"en": "262,144 weights", "zh": "262,144 个权重"}, (*weights(512, 512), 0.1, 0.5, 0.1), timed=True
    )


# The penalties


def _elastic(parameters: list[Tensor], l1: float, l2: float) -> Tensor:
    w = torch.cat([p.flatten() for p in parameters])
    total: Tensor = l1 * torch.linalg.vector_norm(w, 1) + l2 / 2 * torch.dot(w, w)
    return total


@trap("the ½ of the L2 penalty is missing: its gradient would be 2 λ w", "L2 惩罚缺少 ½：梯度会变成 2λw")
def _without_half(parameters: list[Tensor], l1: float, l2: float) -> Tensor:
    w = torch.cat([p.flatten() for p in parameters])
    return l1 * w.abs().sum() + l2 * w.square().sum()


@trap("L2 is the sum of squares, not its root", "L2 惩罚是平方和，不是平方和的平方根")
def _root(parameters: list[Tensor], l1: float, l2: float) -> Tensor:
    w = torch.cat([p.flatten() for p in parameters])
    return l1 * w.abs().sum() + l2 / 2 * w.square().sum().sqrt()


@trap(
    "means instead of sums: a large layer would be penalized no more than a small one",
    "取了平均而不是求和：大的层受到的惩罚不再更重",
)
def _averaged(parameters: list[Tensor], l1: float, l2: float) -> Tensor:
    w = torch.cat([p.flatten() for p in parameters])
    return l1 * w.abs().mean() + l2 / 2 * w.square().mean()


@trap("only the first tensor is counted", "只算了第一个张量")
def _first_only(parameters: list[Tensor], l1: float, l2: float) -> Tensor:
    return l1 * parameters[0].abs().sum() + l2 / 2 * parameters[0].square().sum()


@judge(reference=_elastic, traps=(_without_half, _root, _averaged, _first_only))
def check_penalty(random: Generator) -> Iterator[Case]:
    """Three weights, each penalty alone, several tensors, gradients."""

    def draw(*shape: int, dtype: torch.dtype = torch.float32) -> Tensor:
        return torch.randn(*shape, generator=random, dtype=dtype)

    yield Case({"en": "three weights, L1 alone", "zh": "三个权重，只有 L1"}, ([draw(3)], 0.5, 0.0))
    yield Case({"en": "three weights, L2 alone", "zh": "三个权重，只有 L2"}, ([draw(3)], 0.0, 0.5))
    yield Case(
        {"en": "two layers, both", "zh": "两层，两种都有"}, ([draw(4, 3), draw(4), draw(2, 4)], 0.1, 0.2)
    )
    yield Case(
        {"en": "gradients, in float64", "zh": "梯度（float64）"},
        ([draw(3, 2, dtype=torch.float64), draw(3, dtype=torch.float64)], 0.3, 0.7),
        grad=True,
    )
    yield Case(
        {"en": "a million weights", "zh": "一百万个权重"}, ([draw(1000, 1000)], 0.01, 0.01), timed=True
    )
