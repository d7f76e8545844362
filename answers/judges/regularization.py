"""Judges of the code questions on penalties."""

from collections.abc import Iterator

import torch
from torch import Generator, Tensor
from torch.nn import functional as F

from answers.judges.kit.casts import CAST
from answers.judges.kit.thin_shapes import THIN, shaped
from quizcli.judge.case import Case, Fact, Trap, judge, trap


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


@trap(
    "|v| − η l1 is not cut off at 0: small weights jump to the other side instead of becoming 0",
    "|v| − η l1 没有在 0 处截断：小的权重会跳到另一侧，而不是变成零",
)
def _uncut(w: Tensor, grad: Tensor, lr: float, l1: float, l2: float = 0.0) -> Tensor:
    v = w - lr * grad
    return (v - lr * l1 * v.sign()) / (1 + lr * l2)


@trap(
    "the threshold is that of the old weight: the gradient step comes first",
    "阈值取在了旧的权重上：应先走梯度步",
)
def _threshold_first(w: Tensor, grad: Tensor, lr: float, l1: float, l2: float = 0.0) -> Tensor:
    return (F.softshrink(w, lr * l1) - lr * grad) / (1 + lr * l2)


@trap("l2 is not used", "没有用到 l2")
def _without_l2(w: Tensor, grad: Tensor, lr: float, l1: float, l2: float = 0.0) -> Tensor:
    return F.softshrink(w - lr * grad, lr * l1)


@trap(
    "L2 multiplies by 1 − η l2: the proximal step divides by 1 + η l2",
    "L2 用了乘以 1 − η l2：近端步应当除以 1 + η l2",
)
def _multiplied(w: Tensor, grad: Tensor, lr: float, l1: float, l2: float = 0.0) -> Tensor:
    return F.softshrink(w - lr * grad, lr * l1) * (1 - lr * l2)


@trap("the L2 penalty lacks the learning rate: it divides by 1 + η l2", "L2 没有乘学习率：应除以 1 + η l2")
def _l2_without_rate(w: Tensor, grad: Tensor, lr: float, l1: float, l2: float = 0.0) -> Tensor:
    return F.softshrink(w - lr * grad, lr * l1) / (1 + l2)


@trap("the ½ of the L2 penalty is missing: that divides by 1 + 2 η l2", "L2 惩罚缺少 ½：变成除以 1 + 2 η l2")
def _without_the_half(w: Tensor, grad: Tensor, lr: float, l1: float, l2: float = 0.0) -> Tensor:
    return F.softshrink(w - lr * grad, lr * l1) / (1 + 2 * lr * l2)


@trap(
    "all weights are shortened as one vector: that is the group lasso; L1 acts on each of them",
    "把所有权重当成一个向量来缩短：那是 group lasso；L1 作用于每个权重",
)
def _as_one(w: Tensor, grad: Tensor, lr: float, l1: float, l2: float = 0.0) -> Tensor:
    v = w - lr * grad
    share = (1 - lr * l1 / v.square().sum().sqrt().clamp(min=1e-12)).clamp(min=0)
    return v * share / (1 + lr * l2)


@trap(
    "the sign is that of w: the gradient step may have turned it, take that of v = w − η grad",
    "符号取了 w 的：梯度步之后符号可能已变，应取 v = w − η grad 的",
)
def _sign_before(w: Tensor, grad: Tensor, lr: float, l1: float, l2: float = 0.0) -> Tensor:
    return w.sign() * _proximal(w, grad, lr, l1, l2).abs()


@trap(
    "negative weights all become 0: the threshold acts on |v|, and the sign comes back after",
    "负的权重全成了 0：阈值作用在 |v| 上，再乘回符号",
)
def _positive_only(w: Tensor, grad: Tensor, lr: float, l1: float, l2: float = 0.0) -> Tensor:
    return _proximal(w, grad, lr, l1, l2).clamp(min=0)


@judge(
    reference=_proximal,
    traps=(
        _without_rate,
        _hard,
        _uncut,
        _subgradient,
        _explicit,
        _shrunk_first,
        _threshold_first,
        _without_l2,
        _multiplied,
        _l2_without_rate,
        _without_the_half,
        _as_one,
        _sign_before,
        _positive_only,
    ),
    equivalent={"soft_threshold: 0.5 → 1.0": "The step always says how far it moves a weight."},
)
def check_proximal_step(random: Generator) -> Iterator[Case]:
    """Soft-thresholding alone, with a gradient, with L2, at the threshold, zeros, large weights."""

    def weights(*shape: int) -> tuple[Tensor, Tensor]:
        """Weights, a third of them near 0, and a gradient."""
        w = torch.randn(shape, generator=random)
        small = torch.rand(shape, generator=random) < 0.3
        return torch.where(small, 0.02 * w, w), torch.randn(shape, generator=random)

    some = torch.tensor([1.0, -0.05, 0.05, -1.0]) * (0.5 + torch.rand(4, generator=random))
    nothing = torch.zeros(4)
    # no unit: what is 0 must be 0
    yield Case(
        {"en": "no gradient, L1 alone", "zh": "梯度为零，只有 L1"}, (some, nothing, 0.5, 0.4), unit=0.0
    )
    for scale, size in ((1e-4, "10⁻⁴"), (1e-8, "10⁻⁸")):
        yield Case(
            {
                "en": f"weights of {size}, a fifth of it the threshold",
                "zh": f"权重约 {size}，阈值是其五分之一",
            },
            (scale * some, nothing, 0.5, 0.4 * scale),
            unit=0.0,
        )
    across = torch.tensor([2.0, -2.0, 0.5, -0.5]) * (1 + torch.rand(4, generator=random))
    yield Case({"en": "a gradient that turns the sign", "zh": "梯度使符号改变"}, (some / 4, across, 0.5, 0.5))
    yield Case({"en": "a gradient and L1", "zh": "有梯度，只有 L1"}, (*weights(3, 4), 0.1, 0.5))
    yield Case({"en": "no gradient, L2 alone", "zh": "梯度为零，只有 L2"}, (some, nothing, 0.4, 0.0, 1.0))
    yield Case({"en": "L1 and L2", "zh": "L1 加 L2"}, (*weights(3, 4), 0.4, 0.5, 1.0))
    beyond = 0.25 + 2.0**-14
    edge = torch.tensor([[0.25, -0.25, 0.0, 0.5], [beyond, -beyond, 2 - beyond, -beyond]])
    yield Case(
        {"en": "at the threshold and just beyond", "zh": "恰好等于阈值，或稍微超过"},
        (edge, torch.zeros(2, 4), 0.5, 0.5),
        tolerance=1e-6,
    )
    w, grad = weights(3, 4)
    grad = 1e5 * (grad + grad.sign())
    for rate, words in ((0.0, "0"), (1e-5, "10⁻⁵")):
        yield Case(
            {"en": f"η = {words}, gradients of 100,000", "zh": f"η = {words}，十万大小的梯度"},
            (w, grad, rate, 1e4, 1.0),
        )
    yield Case({"en": "η = 3", "zh": "η = 3"}, (*weights(3, 4), 3.0, 0.5, 1.0))
    yield Case({"en": "η l2 = 4", "zh": "η l2 = 4"}, (*weights(2, 1, 3), 0.5, 0.1, 8.0))
    yield Case({"en": "zeros, no penalty", "zh": "全是零，没有惩罚"}, (nothing, nothing, 0.5, 0.0))
    yield Case({"en": "a gradient and L2, no L1", "zh": "有梯度，只有 L2"}, (*weights(3, 4), 0.4, 0.0, 1.0))
    yield Case({"en": "a gradient, no penalty", "zh": "有梯度，没有惩罚"}, (*weights(2, 3), 0.5, 0.0))
    w, grad = weights(2, 3)
    yield Case({"en": "a threshold of 20", "zh": "阈值为 20"}, (40 * w, grad, 0.5, 40.0))
    w, grad = weights()
    yield Case(
        {"en": "a single number of 100,000", "zh": "单独一个十万大小的数"},
        (1e5 * (w + w.sign()), grad, 0.5, 2.0),
    )
    for sides in THIN:
        yield Case(shaped(*sides), (*weights(*sides), 0.4, 0.5, 1.0))
    yield Case(
        {"en": "32,768 weights", "zh": "32,768 个权重"}, (*weights(128, 256), 0.1, 0.5, 0.1), timed=True
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


@trap(
    "only the last tensor is counted: the sum starts anew with each", "只算了最后一个张量：每次都重新开始求和"
)
def _last_only(parameters: list[Tensor], l1: float, l2: float) -> Tensor:
    return _elastic(parameters[-1:], l1, l2)


@trap("l1 and l2 are swapped", "l1 和 l2 弄反了")
def _swapped(parameters: list[Tensor], l1: float, l2: float) -> Tensor:
    return _elastic(parameters, l2, l1)


@trap("L1 lacks the absolute value: weights of different signs cancel", "L1 没有取绝对值：正负权重相互抵消")
def _signed(parameters: list[Tensor], l1: float, l2: float) -> Tensor:
    w = torch.cat([p.flatten() for p in parameters])
    return l1 * w.sum() + l2 / 2 * w.square().sum()


@trap(
    "only weight matrices are counted: here all parameters are, biases too",
    "只算了权重矩阵：本题要算上所有参数，包括偏置",
)
def _matrices_only(parameters: list[Tensor], l1: float, l2: float) -> Tensor:
    matrices = [p for p in parameters if p.ndim > 1]
    return _elastic(matrices, l1, l2) if matrices else torch.zeros(())


_rooted = trap(
    "√(w²) in the place of |w|: the root is infinitely steep at 0, and its gradient there is ∞ · 0, NaN",
    "用 √(w²) 代替 |w|：根号在 0 处无穷陡，权重为 0 时梯度是 ∞ · 0，得 NaN",
)


@_rooted
def _root_of_squares(parameters: list[Tensor], l1: float, l2: float) -> Tensor:
    w = torch.cat([p.flatten() for p in parameters])
    return l1 * w.square().sqrt().sum() + l2 / 2 * w.square().sum()


@_rooted
def _root_of_squares_with_l1(parameters: list[Tensor], l1: float, l2: float) -> Tensor:
    return _root_of_squares.wrong(parameters, l1, l2) if l1 else _elastic(parameters, l1, l2)


def _smoothed(epsilon: float) -> Trap:
    def penalty(parameters: list[Tensor], l1: float, l2: float) -> Tensor:
        w = torch.cat([p.flatten() for p in parameters])
        return l1 * (w.square() + epsilon).sqrt().sum() + l2 / 2 * w.square().sum()

    return trap(
        "√(w² + ε) in the place of |w|: at 0 it is √ε, not 0",
        "用 √(w² + ε) 代替 |w|：权重为 0 时得 √ε，而不是 0",
    )(penalty)


@trap("the ½ stands before both penalties: it belongs to L2", "两项都乘了 ½：它只属于 L2")
def _both_halved(parameters: list[Tensor], l1: float, l2: float) -> Tensor:
    return _elastic(parameters, l1 / 2, l2)


@judge(
    reference=_elastic,
    traps=(
        _without_half,
        _root,
        _averaged,
        _first_only,
        _last_only,
        _swapped,
        _signed,
        _matrices_only,
        _both_halved,
        _root_of_squares,
        _root_of_squares_with_l1,
        *(_smoothed(epsilon) for epsilon in (1e-12, 1e-10, 1e-8, 1e-6)),
    ),
    equivalent={
        "l1_penalty: at_least_float32(w).abs → w.abs": CAST,
        "l2_penalty: at_least_float32(w).square → w.square": CAST,
    },
)
def check_penalty(random: Generator) -> Iterator[Case]:
    """Three weights, each penalty alone, several tensors, gradients, at zero as well."""

    def draw(*shape: int) -> Tensor:
        return torch.randn(shape, generator=random)

    yield Case({"en": "three weights, L1 alone", "zh": "三个权重，只有 L1"}, ([draw(3)], 0.5, 0.0))
    yield Case({"en": "three weights, L2 alone", "zh": "三个权重，只有 L2"}, ([draw(3)], 0.0, 0.5))
    yield Case({"en": "three weights, no penalty", "zh": "三个权重，没有惩罚"}, ([draw(3)], 0.0, 0.0))
    yield Case(
        {"en": "two layers, both", "zh": "两层，两种都有"}, ([draw(4, 3), draw(4), draw(2, 4)], 0.1, 0.2)
    )
    for l1, l2, which in ((1e-5, 0.0, "l1"), (0.0, 1e-5, "l2")):
        yield Case(
            {"en": f"an {which} of 10⁻⁵", "zh": f"{which} 为 10⁻⁵"}, ([draw(3), draw(2)], l1, l2), unit=1e-5
        )
    same = draw(3)
    yield Case(
        {"en": "tensors of one shape, two of them equal", "zh": "形状相同的张量，其中两个相等"},
        ([same, draw(3), same.clone()], 0.3, 0.7),
    )
    yield Case({"en": "gradients", "zh": "梯度"}, ([draw(3, 2), draw(3)], 0.3, 0.7), grad=True)

    def kinked(_: Tensor, wanted: Tensor, __: Tensor, given: Tensor) -> Iterator[Fact]:
        """L1 alone: away from 0 there is one slope, at 0 every one between the two beside it is right."""
        off = wanted != 0
        words = {
            "en": "the gradient at weights other than 0 is not l1 times their sign",
            "zh": "非零权重处的梯度应为 l1 乘以其符号，这里不是",
        }
        yield words, torch.allclose(given[off].to(wanted.dtype), wanted[off], rtol=1e-3, atol=1e-6)
        words = {
            "en": "the gradient at weights of 0 is NaN, or not between −l1 and l1",
            "zh": "权重为 0 处的梯度是 NaN，或不在 −l1 与 l1 之间",
        }
        yield words, bool((given[~off].abs() <= 1.001 * wanted.abs().max()).all())

    some = (0.5 + draw(3).abs()) * torch.tensor([1.0, -1.0, 1.0])  # of both signs: else no sum cancels
    yield Case(
        {"en": "weights of 0 beside others, L1 alone", "zh": "有的权重为 0，只有 L1"},
        ([torch.cat([some, torch.zeros(2)])[torch.randperm(5, generator=random)], draw(2)], 0.5, 0.0),
        grad=True,
        slopes=kinked,
    )
    # L1 is away: beside it the case above allows more than one slope
    yield Case(
        {"en": "a bias of zeros, L2 alone, with gradients", "zh": "偏置全为零，只有 L2，含梯度"},
        ([torch.zeros(3)], 0.0, 0.5),
        grad=True,
    )
    yield Case(
        {"en": "weights of 0.001, one a single number", "zh": "0.001 大小的权重，其一是单独一个数"},
        ([0.001 * draw(4), 0.001 * draw(), 0.001 * draw(1, 2, 2)], 300.0, 1e6),
        grad=True,
    )
    yield Case(
        {"en": "nothing but zeros, a large l1", "zh": "权重全为零，l1 很大"},
        ([torch.zeros(4), torch.zeros(2, 3)], 1e6, 0.0),
    )
    for sides in THIN:
        yield Case(shaped(*sides), ([draw(*sides), draw(*sides)], 0.3, 0.7))
    yield Case({"en": "131,072 weights", "zh": "131,072 个权重"}, ([draw(256, 512)], 0.01, 0.01), timed=True)
