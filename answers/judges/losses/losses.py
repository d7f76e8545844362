"""Judges of the code questions on softmax and on the cross-entropy."""

from collections.abc import Callable, Iterator

import torch
from torch import Generator, Tensor
from torch.nn import functional as F

from answers.judges.kit.casts import CAST, EMPTY, cast_back
from answers.judges.kit.draws import classes, normal, uneven_classes
from answers.judges.kit.thin_shapes import THIN, shaped
from quizcli.judge.case import Case, Trap, judge, trap

# Softmax


def _softmax(input: Tensor, dim: int = -1) -> Tensor:
    return torch.softmax(input, dim)


@trap("no maximum is subtracted: exp overflows, and ∞/∞ is NaN", "没有先减最大值：exp 溢出，∞/∞ 得 NaN")
def _unshifted(input: Tensor, dim: int = -1) -> Tensor:
    exp = input.exp()
    return exp / exp.sum(dim, keepdim=True)


@trap(
    "the maximum of the whole tensor is subtracted: in a row far below it every exp is 0, and 0/0 is NaN",
    "减的是整个张量的最大值：离它很远的行 exp 全为 0，0/0 得 NaN",
)
def _one_maximum(input: Tensor, dim: int = -1) -> Tensor:
    exp = (input - input.max()).exp()
    return exp / exp.sum(dim, keepdim=True)


@trap(
    "the sums have lost their axis (keepdim), so each entry is divided by the sum of another row",
    "求和没有保留维度（keepdim），广播后除以了别的行的和",
)
def _without_keepdim(input: Tensor, dim: int = -1) -> Tensor:
    exp = (input - input.amax(dim, keepdim=True)).exp()
    return exp / exp.sum(dim)


@trap("the sum runs over all entries, not along dim", "对所有元素求了和，而不是沿 dim 求和")
def _over_everything(input: Tensor, dim: int = -1) -> Tensor:
    exp = (input - input.max()).exp()
    return exp / exp.sum()


@trap("dim is ignored: it always runs along the last axis", "没有用到 dim，始终沿最后一维计算")
def _always_last(input: Tensor, dim: int = -1) -> Tensor:
    return torch.softmax(input, -1)


@trap("dim is ignored: it always runs along the first axis", "没有用到 dim，始终沿第一维计算")
def _always_first(input: Tensor, dim: int = -1) -> Tensor:
    return torch.softmax(input, 0)


@trap(
    "the mean is subtracted, not the maximum: what lies far above the mean overflows all the same",
    "减的是均值而不是最大值：远高于均值的 logit 照样溢出",
)
def _minus_mean(input: Tensor, dim: int = -1) -> Tensor:
    exp = (input - input.mean(dim, keepdim=True)).exp()
    return exp / exp.sum(dim, keepdim=True)


@trap(
    "the logits are clamped: nothing overflows, but large ones become equal",
    "截断了 logit：不溢出了，但大的 logit 全变得一样",
)
def _clamped_logits(input: Tensor, dim: int = -1) -> Tensor:
    exp = input.clamp(-80, 80).exp()
    return exp / exp.sum(dim, keepdim=True)


def _by_sum(
    shift: Callable[[Tensor, int], Tensor], divisor: Callable[[Tensor], Tensor]
) -> Callable[..., Tensor]:
    """Softmax of shifted logits, divided by what is made of the sum."""

    def softmax(input: Tensor, dim: int = -1) -> Tensor:
        exp = shift(input, dim).exp()
        return exp / divisor(exp.sum(dim, keepdim=True))

    return softmax


def _below_maximum(input: Tensor, dim: int) -> Tensor:
    return input - input.amax(dim, keepdim=True)


_constant_sum = trap(
    "the sum is cut out of the graph: every probability depends on all logits through it",
    "分母被排除在计算图之外：每个概率都通过它依赖所有 logit",
)(_by_sum(_below_maximum, Tensor.detach))


def _plus(epsilon: float) -> Callable[[Tensor], Tensor]:
    return lambda total: total + epsilon


_below_one = trap(
    "an ε is added to the denominator: after the maximum is subtracted the sum is at least 1, and with ε the "
    "probabilities no longer sum to 1",
    "分母多加了 ε：减去最大值之后，和至少是 1，不需要它；加了它，概率之和就不再是 1",
)
_in_place_of_maximum = trap(
    "an ε in the denominator in place of the maximum: exp overflows all the same, and ∞/(∞ + ε) is NaN",
    "没有减最大值，而是在分母上加 ε：exp 照样溢出，∞/(∞ + ε) 仍是 NaN",
)
_EPSILONS = (1e-5, 1e-6, 1e-7, 1e-8, 1e-9)
_WITH_EPSILON = (
    # less than 1e-8 is less than what is judged
    *(_below_one(_by_sum(_below_maximum, _plus(epsilon))) for epsilon in _EPSILONS[:-1]),
    *(_in_place_of_maximum(_by_sum(lambda input, dim: input, _plus(epsilon))) for epsilon in _EPSILONS),
)


@trap("the logarithm is returned, not the probabilities", "返回的是对数，而不是概率")
def _logarithm(input: Tensor, dim: int = -1) -> Tensor:
    return torch.log_softmax(input, dim)


@judge(
    reference=_softmax,
    traps=(
        _unshifted,
        _one_maximum,
        _without_keepdim,
        _over_everything,
        _always_last,
        _always_first,
        _minus_mean,
        _clamped_logits,
        _constant_sum,
        *_WITH_EPSILON,
        _logarithm,
    ),
    equivalent={
        "softmax: if input.numel() == 0 → if False": EMPTY,
        "softmax: at_least_float32(shifted).exp → "
        "shifted.exp": "In half precision it takes tens of thousands of logits before a sum overflows.",
    },
)
def check_softmax(random: Generator) -> Iterator[Case]:
    """Three logits, every axis, gradients, every dtype, logits that overflow where one is careless."""
    draw = normal(random)

    yield Case({"en": "three logits", "zh": "三个 logit"}, (draw(3),))
    yield Case({"en": "the rows of a square matrix", "zh": "方阵，逐行"}, (draw(3, 3),))
    yield Case({"en": "along the middle axis", "zh": "沿中间一维"}, (draw(2, 3, 4), 1), grad=True)
    yield Case({"en": "the columns of a square matrix", "zh": "方阵，逐列"}, (draw(3, 3), 0))
    yield Case({"en": "four axes, along the second last", "zh": "四维，沿倒数第二维"}, (draw(2, 3, 3, 3), -2))
    yield Case({"en": "rows of one logit", "zh": "每行一个 logit"}, (draw(3, 1),))
    yield Case({"en": "a batch of one row", "zh": "一批只有一行"}, (draw(1, 4),))
    x = draw(2, 3, dtype=torch.float64)
    yield Case({"en": "gradients, in float64", "zh": "梯度（float64）"}, (x,), grad=True)
    yield Case({"en": "logits around 1,000", "zh": "1,000 左右的 logit"}, (1000 + draw(4),), grad=True)
    rows = torch.tensor([[1000.0], [-1000.0]]) + draw(2, 4)
    yield Case({"en": "rows far apart", "zh": "各行相差悬殊"}, (rows,), grad=True)
    huge = torch.tensor([[0.0, 1e30, -1e30], [-1e30, 3e5, 1e5]])[:, torch.randperm(3, generator=random)]
    yield Case({"en": "logits up to 10³⁰", "zh": "大到 10³⁰ 的 logit"}, (huge,), grad=True)
    # no unit: what is 0 must be 0, and in float64 e⁻⁶⁰⁰ is not
    for dtype, en, zh in ((torch.float32, "", ""), (torch.float64, ", in float64", "（float64）")):
        hidden = draw(2, 4, dtype=dtype).index_fill(1, torch.tensor([1]), float("-inf"))
        yield Case(
            {
                "en": f"a logit of −∞, whose probability is exactly 0{en}",
                "zh": f"含 −∞ 的 logit，其概率恰为 0{zh}",
            },
            (hidden,),
            unit=0.0,
        )
    # whatever finite number stands in for −∞ is at least as large as one of these
    low = torch.tensor([[-1e5], [-1e10], [-1e30], [torch.finfo(torch.float32).min]])
    lowest = torch.cat([low, torch.full((4, 2), float("-inf"))], 1)[:, torch.randperm(3, generator=random)]
    yield Case({"en": "logits of −∞ beside lowest ones", "zh": "极小的 logit 与 −∞ 并存"}, (lowest,))
    wide = torch.tensor([0.0, -10.0, -12.0, -15.0, -18.0, -40.0], dtype=torch.float64)
    yield Case(
        {"en": "logits down to −40, in float64", "zh": "低至 −40 的 logit（float64）"},
        (wide[torch.randperm(6, generator=random)] + draw(2, 1, dtype=torch.float64),),
    )
    for dtype in (torch.float16, torch.bfloat16):
        name, half = str(dtype).removeprefix("torch."), torch.tensor([[13.0], [-13.0]]) + draw(2, 4)
        yield Case({"en": f"{name}, rows around ±13", "zh": f"{name}，±13 左右的各行"}, (half.to(dtype),))
    for sides in THIN:
        yield Case(shaped(*sides), (draw(*sides), len(sides) // 2))
    for sides in ((2, 3, 3), (2, 2, 2, 2)):
        yield Case({"en": f"{sides}, the default of dim", "zh": f"{sides}，dim 取默认值"}, (draw(*sides),))
    yield Case({"en": "128 rows of 256", "zh": "128 行，每行 256 个"}, (draw(128, 256),), timed=True)


# Cross-entropy


@trap(
    "[:, target] takes a column for every target: N × N entries, not one of each row",
    "[:, target] 给每个目标都取了一整列，得到 N × N 个值，而不是每行一个",
)
def _columns(input: Tensor, target: Tensor) -> Tensor:
    return -input.log_softmax(1)[:, target].mean()


@trap(
    "the mean runs over the classes too: the loss is C times too small",
    "把类别也平均进去了，损失只有 1/C",
)
def _mean_over_classes(input: Tensor, target: Tensor) -> Tensor:
    return -(F.one_hot(target, input.shape[1]) * input.log_softmax(1)).mean()


def _of_probability(p: Tensor, target: Tensor) -> Tensor:
    """The mean of −log p of the right class."""
    return -p.gather(1, target[:, None]).log().mean()


_finished = trap(
    "the logarithm of a finished softmax: a probability that underflows becomes log 0",
    "先算完 softmax 再取对数：概率下溢为 0，log 0 = −∞",
)
_log_of_softmax = _finished(lambda input, target: _of_probability(input.softmax(1), target))
_log_of_softmax_in_float64 = _finished(
    lambda input, target: _of_probability(input.double().softmax(1), target).to(input.dtype)
)


@trap(
    "exp of the bare logits, and the logarithm after: exp overflows or underflows, to ∞/∞ or to log 0",
    "直接对 logit 取 exp，最后才取对数：exp 会溢出得 ∞/∞，或下溢得 log 0",
)
def _log_of_bare_softmax(input: Tensor, target: Tensor) -> Tensor:
    exp = input.exp()
    return _of_probability(exp / exp.sum(1, keepdim=True), target)


@trap(
    "the sum is cut out of the graph: what the other classes get of the gradient comes through it",
    "分母被排除在计算图之外：其他类别的梯度正是经过它传来的",
)
def _constant_total(input: Tensor, target: Tensor) -> Tensor:
    z = input - input.amax(1, keepdim=True)
    return (z.exp().sum(1).detach().log() - z.gather(1, target[:, None]).squeeze(1)).mean()


@trap(
    "the maximum is subtracted within the sum alone: log Σ exp(z − m) lacks the m",
    "只在求和里减了最大值：log Σ exp(z − m) 还要把 m 加回来",
)
def _maximum_lost(input: Tensor, target: Tensor) -> Tensor:
    z = input - input.amax(1, keepdim=True)
    return (z.exp().sum(1).log() - input.gather(1, target[:, None]).squeeze(1)).mean()


def _epsilon(epsilon: float) -> Trap:
    return trap(
        "an ε caps the loss, added to the probability or as its least value: the worst mistakes no longer "
        "count for what they are",
        "给概率加了 ε 或设了下限，损失被封顶：错得最离谱的样本反而算轻了",
    )(lambda input, target: _of_probability(input.softmax(1) + epsilon, target))


_CAPPED = tuple(_epsilon(epsilon) for epsilon in (1e-7, 1e-8, 1e-9, 1e-10, 1e-12))


@trap("no maximum is subtracted: exp overflows", "没有先减最大值，exp 溢出")
def _cross_entropy_unshifted(input: Tensor, target: Tensor) -> Tensor:
    return (input.exp().sum(1).log() - input.gather(1, target[:, None]).squeeze(1)).mean()


_not_the_maximum = trap(
    "what is subtracted is not the maximum: a logit far above it overflows all the same",
    "减的不是最大值：远高于它的 logit 照样溢出",
)


def _shifted_by(shift: Callable[[Tensor], Tensor]) -> Callable[[Tensor, Tensor], Tensor]:
    """The cross-entropy of logits from which so much is subtracted, written out."""

    def loss(input: Tensor, target: Tensor) -> Tensor:
        z = input - shift(input)
        return (z.exp().sum(1).log() - z.gather(1, target[:, None]).squeeze(1)).mean()

    return loss


_SHIFTED = tuple(
    _not_the_maximum(_shifted_by(shift))
    for shift in (
        lambda input: input.amin(1, keepdim=True),
        lambda input: input.mean(1, keepdim=True),
        lambda input: input[:, :1],
    )
)


_one_maximum_of_all = trap(
    "the maximum of the whole tensor is subtracted: in a row far below it every exp is 0, and log 0 is −∞",
    "减的是整个张量的最大值：离它很远的行 exp 全为 0，log 0 = −∞",
)(_shifted_by(Tensor.max))


@trap("the loss is summed over the batch, not averaged", "对批求了和，没有取平均")
def _summed(input: Tensor, target: Tensor) -> Tensor:
    return F.cross_entropy(input, target, reduction="sum")


@trap("the loss of each example is returned, not their mean", "返回了每个样本的损失，没有取平均")
def _unreduced(input: Tensor, target: Tensor) -> Tensor:
    return F.cross_entropy(input, target, reduction="none")


def mean_by_class(usual: float) -> Trap:
    """`usual` is how much is smoothed where the call does not say."""

    def wrong(input: Tensor, target: Tensor, label_smoothing: float = usual) -> Tensor:
        loss = F.cross_entropy(input, target, reduction="none", label_smoothing=label_smoothing)
        return torch.stack([loss[target == c].mean() for c in set(target.tolist())]).mean()

    return trap(
        "each class is averaged first, then the classes: a sample of a rare class counts more; average over "
        "the samples directly",
        "先对每个类别各自取平均，再对类别取平均：稀有类别的样本因此权重更大；应直接对样本取平均",
    )(wrong)


@trap("the sign is wrong: the loss is −log p, never negative", "符号反了：损失是 −log p，不会是负的")
def _sign(input: Tensor, target: Tensor) -> Tensor:
    return -F.cross_entropy(input, target)


@trap(
    "softmax twice: the probabilities are treated as logits once more",
    "做了两次 softmax：把概率又当成了 logit",
)
def _twice(input: Tensor, target: Tensor) -> Tensor:
    return F.cross_entropy(input.softmax(1), target)


@trap(
    "softmax runs over the batch (dim 0); the classes are dim 1",
    "softmax 沿批（第 0 维）做了；类别是第 1 维",
)
def _over_batch(input: Tensor, target: Tensor) -> Tensor:
    return F.nll_loss(input.log_softmax(0), target)


@trap("no softmax: the logit itself is taken for log p", "没有做 softmax：直接把 logit 当成了 log p")
def _bare(input: Tensor, target: Tensor) -> Tensor:
    return F.nll_loss(input, target)


def _cross_entropy(input: Tensor, target: Tensor) -> Tensor:
    return F.cross_entropy(input, target)


@judge(
    reference=_cross_entropy,
    traps=(
        _columns,
        _mean_over_classes,
        _log_of_softmax,
        _log_of_softmax_in_float64,
        _log_of_bare_softmax,
        *_CAPPED,
        *_SHIFTED,
        _cross_entropy_unshifted,
        _one_maximum_of_all,
        _maximum_lost,
        _constant_total,
        _summed,
        mean_by_class(0.0),
        _unreduced,
        _sign,
        _twice,
        _over_batch,
        _bare,
    ),
    equivalent={
        "log_softmax: at_least_float32(input) → input": CAST,
        **cast_back("cross_entropy", "loss", "input.dtype"),
    },
)
def check_cross_entropy(random: Generator) -> Iterator[Case]:
    """One example, a batch, gradients, confident mistakes, logits that overflow."""
    draw = normal(random)

    def labels(examples: int, count: int) -> Tensor:
        return classes(random, examples, count)

    yield Case({"en": "one example, three classes", "zh": "一个样本，三个类别"}, (draw(1, 3), labels(1, 3)))
    yield Case({"en": "four examples, five classes", "zh": "四个样本，五个类别"}, (draw(4, 5), labels(4, 5)))
    yield Case(
        {"en": "as many examples as classes", "zh": "样本数与类别数相同"},
        (draw(4, 4), labels(4, 4)),
        grad=True,
    )
    yield Case(
        {"en": "two of a class, one of another, float64", "zh": "两个样本同类，一个不同（float64）"},
        (draw(3, 4, dtype=torch.float64), uneven_classes(random, 3, 4)),
        grad=True,
    )
    sure = draw(2, 3) + torch.tensor([[0.0, -150.0, 0.0], [0.0, 0.0, -150.0]])
    yield Case({"en": "confident mistakes", "zh": "自信地答错"}, (sure, torch.tensor([1, 2])), grad=True)
    # exp(92) is ∞ and exp(−92) not yet 0: what overflows is told from what underflows
    gap = torch.full((2, 64), -92.0).scatter(1, torch.randint(1, 64, (2, 1), generator=random), 0.0)
    yield Case({"en": "64 classes, wrong by 92", "zh": "64 个类别，错了 92"}, (gap, gap.argmin(1)))
    yield Case(
        {"en": "logits around 1,000", "zh": "1,000 左右的 logit"},
        (1000 + draw(3, 4), labels(3, 4)),
        grad=True,
    )
    rows = torch.tensor([[1000.0], [-1000.0]]) + draw(2, 4)
    yield Case({"en": "rows far apart", "zh": "各行相差悬殊"}, (rows, labels(2, 4)), grad=True)
    # whole numbers, far apart: a logsumexp near 100,000 is then exact in float32, and so is its gradient
    apart = torch.stack([torch.randperm(3, generator=random) for _ in range(2)])
    far = 40.0 * apart + torch.tensor([[0.0, -2000.0, 0.0], [0.0, 0.0, -1e5]])
    yield Case(
        {"en": "mistakes by 2,000 and by 100,000", "zh": "错了 2,000 和 100,000"},
        (far, torch.tensor([1, 2])),
        grad=True,
    )
    huge = torch.tensor([[1e30, -1e30, 0.0]])
    yield Case({"en": "logits of ±10³⁰", "zh": "±10³⁰ 的 logit"}, (huge, torch.tensor([1])), grad=True)
    yield Case(
        {"en": "300 classes", "zh": "300 个类别"},
        (draw(3, 300), torch.tensor([150, 260, 299])[torch.randperm(3, generator=random)]),
    )
    yield Case(
        {"en": "40,000 classes", "zh": "40,000 个类别"},
        (draw(2, 40_000), torch.tensor([33_000, 39_999])[torch.randperm(2, generator=random)]),
    )
    yield Case({"en": "a single class", "zh": "只有一个类别"}, (draw(3, 1), torch.zeros(3).long()), grad=True)
    yield Case(
        {"en": "256 examples, 128 classes", "zh": "256 个样本，128 个类别"},
        (draw(256, 128), labels(256, 128)),
        timed=True,
    )
