"""Judge of the code question on the binary cross-entropy with logits."""

from collections.abc import Callable, Iterator

import torch
from torch import Generator, Tensor
from torch.nn import functional as F

from answers.judges.kit.draws import halves, normal
from answers.judges.kit.kinks import KINKED
from answers.judges.kit.thin_shapes import THIN, shaped
from quizcli.judge.case import Case, Trap, judge, trap


def _binary(input: Tensor, target: Tensor) -> Tensor:
    return F.binary_cross_entropy_with_logits(input, target)


@trap(
    "the second term is missing: examples with target 0 cost nothing",
    "少了第二项：目标为 0 的样本没有损失",
)
def _positives_only(input: Tensor, target: Tensor) -> Tensor:
    return -(target * F.logsigmoid(input)).mean()


def _of_probability(p: Tensor, target: Tensor) -> Tensor:
    return -(target * p.log() + (1 - target) * (1 - p).log()).mean()


_sigmoid_first = trap(
    "sigmoid first and the logarithm after: the sigmoid rounds to 1, and log(1 − 1) = −∞",
    "先 sigmoid 再取对数：sigmoid 舍入成 1，log(1 − 1) = −∞",
)
_log_of_sigmoid = _sigmoid_first(lambda input, target: _of_probability(input.sigmoid(), target))
_log_of_own_sigmoid = _sigmoid_first(lambda input, target: _of_probability(_own_sigmoid(input), target))
_log_of_sigmoid_in_float64 = _sigmoid_first(
    lambda input, target: _of_probability(input.double().sigmoid(), target).to(input.dtype)
)


def _own_sigmoid(input: Tensor) -> Tensor:
    return 1 / (1 + (-input).exp())


_SIGMOIDS = (Tensor.sigmoid, _own_sigmoid)
Loss = Callable[[Tensor, Tensor], Tensor]


def _clamped(epsilon: float, sigmoid: Callable[[Tensor], Tensor]) -> Loss:
    return lambda input, target: _of_probability(sigmoid(input).clamp(epsilon, 1 - epsilon), target)


def _added(epsilon: float, sigmoid: Callable[[Tensor], Tensor]) -> Loss:
    def loss(input: Tensor, target: Tensor) -> Tensor:
        p = sigmoid(input)
        return -(target * (p + epsilon).log() + (1 - target) * (1 - p + epsilon).log()).mean()

    return loss


_capped = trap(
    "an ε or a clamp of the probability caps the loss, and where it does the gradient is 0",
    "给概率加了 ε 或截断了它，损失被封顶，被截断处梯度为 0",
)
_CAPPED = (
    *(_capped(_clamped(epsilon, each)) for epsilon in (1e-7, 1e-6) for each in _SIGMOIDS),
    *(
        _capped(_added(epsilon, each))
        for epsilon in (1e-6, 1e-7, 1e-8, 1e-9, 1e-10, 1e-12)
        for each in _SIGMOIDS
    ),
)
_clamp_too_small = trap(
    "1 − ε rounds to 1 in float32: the clamp does nothing there, and log(1 − 1) = −∞",
    "float32 里 1 − ε 舍入成 1，上端的截断不起作用，log(1 − 1) = −∞",
)
_CLAMPED_TOO_LITTLE = tuple(
    _clamp_too_small(_clamped(epsilon, each)) for epsilon in (1e-8, 1e-9, 1e-10, 1e-12) for each in _SIGMOIDS
)
_logits_clamped = trap(
    "the logits are clamped: beyond that the loss no longer grows, and the gradient is 0",
    "截断了 logit：超出范围后损失不再增长，梯度为 0",
)
_CLAMPED_LOGITS = tuple(
    _logits_clamped(lambda input, target, most=most: _binary(input.clamp(-most, most), target))
    for most in (10, 20, 30, 50, 100)
)


@trap(
    "the logarithm is clamped at −100: where the sigmoid rounds to 1 the loss jumps there, and the gradient "
    "is lost",
    "对数截断在 −100：sigmoid 一舍入成 1，损失就跳到 100，梯度也丢了",
)
def _clamped_logarithm(input: Tensor, target: Tensor) -> Tensor:
    p = input.sigmoid()
    return -(target * p.log().clamp(min=-100) + (1 - target) * (1 - p).log().clamp(min=-100)).mean()


_overflows = trap(
    "exp of the logit itself: log(1 + exp(z)) overflows for large z, log(1 + exp(−z)) for large −z",
    "直接对 logit 取 exp：z 很大时 log(1 + exp(z)) 溢出，−z 很大时 log(1 + exp(−z)) 溢出",
)
_OVERFLOWING = (
    _overflows(lambda input, target: (input.exp().log1p() - target * input).mean()),
    _overflows(lambda input, target: ((-input).exp().log1p() + (1 - target) * input).mean()),
)


def _linear_from(threshold: float) -> Trap:
    return trap(
        "log(1 + exp(z)) is replaced by z too early: exp(−z) is missing there, which for y = 1 is nearly the "
        "whole loss",
        "过早地把 log(1 + exp(z)) 当成了 z：还差 exp(−z)，而 y = 1 时损失几乎全在这一项",
    )(lambda input, target: (F.softplus(input, threshold=threshold) - target * input).mean())


_LINEAR = tuple(_linear_from(threshold) for threshold in (5, 6, 8, 10))


@trap(
    "where computes both branches: the one that is not taken overflows, and in the gradient 0 · ∞ is NaN",
    "where 两个分支都会计算：没选中的那个溢出，求梯度时 0 · ∞ 得 NaN",
)
def _both_branches(input: Tensor, target: Tensor) -> Tensor:
    soft = torch.where(input > 0, input + (-input).exp().log1p(), input.exp().log1p())
    return (soft - target * input).mean()


def _sharp(positive: Callable[[Tensor], Tensor]) -> Callable[[Tensor, Tensor], Tensor]:
    """With this in the place of max(z, 0)."""
    return lambda input, target: (positive(input) - target * input + (-input.abs()).exp().log1p()).mean()


_kinked = trap(*KINKED)(_sharp(F.relu))
_too_steep = trap(
    "the values are right, the slope at z = 0 is not: that of z · [z ≥ 0] is 1 there, and that of |z| is 0; "
    "together they should be ½",
    "值对了，但 z = 0 处的梯度不对：z · [z ≥ 0] 的导数在那里取 1，|z| 的取 0；合起来应为 ½",
)(_sharp(lambda z: z * (z >= 0)))


def _right(input: Tensor, target: Tensor) -> Tensor:
    return F.binary_cross_entropy_with_logits(input, target, reduction="none")


_summed = trap("the loss is summed over the elements, not averaged", "对所有元素求了和，没有取平均")(
    lambda input, target: _right(input, target).sum()
)
_unreduced = trap("the loss of each element is returned, not their mean", "返回了每个元素的损失，没有取平均")(
    _right
)
_rows_summed = trap(
    "summed over the last axis and averaged over the first: the mean is over all elements",
    "对最后一维求和、再对第一维取平均了：应对所有元素取平均",
)(lambda input, target: _right(input, target).sum(-1).mean())
_by_batch = trap(
    "divided by the size of the batch alone: the mean is over all elements",
    "只除以了批的大小：应对所有元素取平均",
)(lambda input, target: _right(input, target).sum() / len(input))
_sign = trap("the sign is wrong: the loss is never negative", "符号反了：损失不会是负的")(
    lambda input, target: -_binary(input, target)
)
_exchanged = trap(
    "the targets are exchanged: log σ(z) belongs to y, log(1 − σ(z)) to 1 − y",
    "两项弄反了：log σ(z) 乘 y，log(1 − σ(z)) 乘 1 − y",
)(lambda input, target: _binary(input, 1 - target))
_no_sigmoid = trap(
    "the sigmoid twice: the probabilities are treated as logits once more",
    "做了两次 sigmoid：把概率又当成了 logit",
)(lambda input, target: _binary(input.sigmoid(), target))


@judge(
    reference=_binary,
    traps=(
        _positives_only,
        _log_of_sigmoid,
        _log_of_own_sigmoid,
        _log_of_sigmoid_in_float64,
        *_CAPPED,
        *_CLAMPED_TOO_LITTLE,
        *_CLAMPED_LOGITS,
        _clamped_logarithm,
        *_OVERFLOWING,
        *_LINEAR,
        _both_branches,
        _kinked,
        _too_steep,
        _summed,
        _unreduced,
        _rows_summed,
        _by_batch,
        _sign,
        _exchanged,
        _no_sigmoid,
    ),
    equivalent={
        "binary_cross_entropy_with_logits: torch.maximum(input, input.new_zeros(())) → "
        "torch.maximum(input.new_zeros(()), input)": "The maximum of two numbers does not know their order, "
        "and where they are equal both get half of the slope."
    },
)
def check_binary_cross_entropy(random: Generator) -> Iterator[Case]:
    """Three logits, soft targets, gradients, exactly 0, all sizes, where the sigmoid rounds, overflow."""
    draw = normal(random)

    def soft(*shape: int, dtype: torch.dtype = torch.float32) -> Tensor:
        return torch.rand(*shape, generator=random, dtype=dtype)

    yield Case({"en": "three logits", "zh": "三个 logit"}, (draw(3), torch.tensor([1.0, 0.0, 1.0])))
    yield Case({"en": "a matrix with soft targets", "zh": "矩阵，软标签"}, (draw(2, 3), soft(2, 3)))
    yield Case({"en": "a single number, without axes", "zh": "单独一个数（零维）"}, (draw(1)[0], soft(1)[0]))
    yield Case({"en": "three axes", "zh": "三维"}, (draw(2, 3, 2), soft(2, 3, 2)))
    yield Case(
        {"en": "gradients, in float64", "zh": "梯度（float64）"},
        (draw(2, 3, dtype=torch.float64), soft(2, 3, dtype=torch.float64)),
        grad=(0,),
    )
    zeros = torch.cat([torch.zeros(3), draw(1)])
    yield Case(
        {"en": "logits of exactly 0, gradients", "zh": "恰好为 0 的 logit，梯度"},
        (zeros, torch.tensor([0.0, 1.0, 0.25, 1.0])),
        grad=(0,),
    )
    # The loss is a mean: right answers show what one logit lacks, wrong ones what a sigmoid rounds.
    z = halves(random, 0, 12)
    yield Case(
        {"en": "predicted right, logits up to ±12", "zh": "判断正确，logit 到 ±12"},
        (z, (z > 0).float()),
        grad=(0,),
        tolerance=1e-6,
    )
    z = halves(random, 10, 29)
    yield Case(
        {"en": "predicted wrong, logits of ±10 to ±29", "zh": "判断错误，logit 从 ±10 到 ±29"},
        (z, (z < 0).float()),
        grad=(0,),
        tolerance=1e-6,
    )
    yield Case(
        {"en": "confident mistakes, logits of ±30", "zh": "自信地答错，logit 为 ±30"},
        (torch.tensor([30.0, -30.0, 30.0]) + draw(3), torch.tensor([0.0, 1.0, 0.0])),
        grad=(0,),
    )
    large = torch.tensor([1000.0, 1000.0, -1000.0, -1000.0]) + draw(4)
    yield Case(
        {"en": "logits of ±1,000", "zh": "±1,000 的 logit"},
        (large, torch.tensor([1.0, 0.0, 1.0, 0.0])),
        grad=(0,),
    )
    yield Case(
        {"en": "logits of ±100,000, soft targets", "zh": "±100,000 的 logit，软标签"},
        (100 * large, soft(4)),
        grad=(0,),
    )
    yield Case(
        {"en": "logits of ±10³⁰", "zh": "±10³⁰ 的 logit"},
        (torch.tensor([1e30, -1e30]), torch.tensor([0.0, 1.0])),
        grad=(0,),
    )
    for sides in THIN:
        yield Case(shaped(*sides), (draw(*sides), soft(*sides)))
    big = (draw(64, 784), soft(64, 784))
    yield Case({"en": "64 images of 784 pixels", "zh": "64 张图，每张 784 像素"}, big, timed=True)
