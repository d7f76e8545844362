"""Judge of the code question on label smoothing."""

from collections.abc import Callable, Iterator

import torch
from torch import Generator, Tensor
from torch.nn import functional as F

from answers.judges.kit.casts import CAST, cast_back
from answers.judges.kit.draws import classes, normal, uneven_classes
from answers.judges.losses.losses import mean_by_class
from quizcli.judge.case import Case, Trap, judge, trap

Loss = Callable[..., Tensor]


def _smoothed(input: Tensor, target: Tensor, label_smoothing: float = 0.1) -> Tensor:
    return F.cross_entropy(input, target, label_smoothing=label_smoothing)


def _towards(targets: Callable[[Tensor, float, int], Tensor]) -> Loss:
    """The cross-entropy with the target distribution made of a one-hot one, ε and the number of classes."""

    def loss(input: Tensor, target: Tensor, label_smoothing: float = 0.1) -> Tensor:
        k = input.shape[1]
        q = targets(F.one_hot(target, k).to(input.dtype), label_smoothing, k)
        return -(q * input.log_softmax(1)).sum(1).mean()

    return loss


_of_others = trap(
    "all of ε goes to the other classes: in PyTorch and in the paper the right one gets its share, ε/K, too",
    "ε 全分给了其他类别：PyTorch 和论文里，正确类也分得 ε/K",
)
_TO_THE_OTHERS = (
    _of_others(_towards(lambda one, epsilon, k: one * (1 - epsilon) + (1 - one) * epsilon / (k - 1))),
    # where there is a single class, no others
    _of_others(_towards(lambda one, epsilon, k: one * (1 - epsilon) + (1 - one) * epsilon / max(k - 1, 1))),
)
_not_a_distribution = trap(
    "the targets do not sum to 1: the right class lacks its ε/K", "目标之和不为 1：正确类少了 ε/K"
)(_towards(lambda one, epsilon, k: one * (1 - epsilon) + (1 - one) * epsilon / k))
_undivided = trap("every class gets ε, not ε/K", "每个类别都分了 ε，而不是 ε/K")(
    _towards(lambda one, epsilon, k: one * (1 - epsilon) + epsilon)
)
_unreduced_right = trap(
    "the right class keeps its whole 1 and gets ε/K besides: the targets do not sum to 1",
    "正确类没有让出 ε，还另得 ε/K：目标之和超过 1",
)(_towards(lambda one, epsilon, k: one + epsilon / k))
_exchanged = trap(
    "the weights are exchanged: 1 − ε is that of the right class, ε that of the uniform distribution",
    "两个权重弄反了：1 − ε 给正确类，ε 给均匀分布",
)(_towards(lambda one, epsilon, k: one * epsilon + (1 - epsilon) / k))
_ignored = trap(
    "label_smoothing is ignored: this is the plain cross-entropy",
    "没有用到 label_smoothing：这是普通的交叉熵",
)(_towards(lambda one, epsilon, k: one))
_always = trap("label_smoothing is ignored: ε is always 0.1", "没有用到 label_smoothing：ε 始终是 0.1")(
    lambda input, target, label_smoothing=0.1: _smoothed(input, target, 0.1)
)
_other_default = trap("the default is not 0.1", "默认值不是 0.1")(
    lambda input, target, label_smoothing=0.0: _smoothed(input, target, label_smoothing)
)


def _of_logarithms(logarithms: Callable[[Tensor], Tensor]) -> Loss:
    """The smoothed cross-entropy of log p computed so."""

    def loss(input: Tensor, target: Tensor, label_smoothing: float = 0.1) -> Tensor:
        log_p, k = logarithms(input), input.shape[1]
        q = F.one_hot(target, k) * (1 - label_smoothing) + label_smoothing / k
        return -(q * log_p).sum(1).mean().to(input.dtype)

    return loss


_finished = trap(
    "the logarithm of a finished softmax: every class counts now, and one that underflows makes the loss ∞",
    "先算完 softmax 再取对数：现在每一类都要算，只要有一类下溢，损失就是 ∞",
)
_log_of_softmax = _finished(_of_logarithms(lambda input: input.softmax(1).log()))
_log_of_softmax_in_float64 = _finished(_of_logarithms(lambda input: input.double().softmax(1).log()))
_over_batch = trap(
    "softmax runs over the batch (dim 0); the classes are dim 1",
    "softmax 沿批（第 0 维）做了；类别是第 1 维",
)(_of_logarithms(lambda input: input.log_softmax(0)))
_mean_over_classes = trap(
    "the mean runs over the classes too: the loss is C times too small",
    "把类别也平均进去了，损失只有 1/C",
)(lambda input, target, label_smoothing=0.1: _smoothed(input, target, label_smoothing) / input.shape[1])
_unshifted = trap("no maximum is subtracted: exp overflows", "没有先减最大值，exp 溢出")(
    _of_logarithms(lambda input: input - input.exp().sum(1, keepdim=True).log())
)


@trap(
    "the maximum of the whole tensor is subtracted: in a row far below it every exp is 0, and log 0 is −∞",
    "减的是整个张量的最大值：离它很远的行 exp 全为 0，log 0 = −∞",
)
@_of_logarithms
def _one_maximum(input: Tensor) -> Tensor:
    z = input - input.max()
    return z - z.exp().sum(1, keepdim=True).log()


def _epsilon(epsilon: float) -> Iterator[Trap]:
    capped = trap(
        "an ε in the logarithm, added or as a least value, caps the loss: the worst mistakes no longer count "
        "for what they are",
        "在对数里加 ε，或以 ε 为下限截断，损失被封顶：错得最离谱的样本反而算轻了",
    )
    yield capped(_of_logarithms(lambda input: (input.softmax(1) + epsilon).log()))
    yield capped(_of_logarithms(lambda input: input.softmax(1).clamp(min=epsilon).log()))


_CAPPED = tuple(each for epsilon in (1e-7, 1e-8, 1e-9, 1e-10, 1e-12) for each in _epsilon(epsilon))
_summed = trap("the loss is summed over the batch, not averaged", "对批求了和，没有取平均")(
    lambda input, target, label_smoothing=0.1: _smoothed(input, target, label_smoothing) * len(input)
)


_unreduced = trap("the loss of each example is returned, not their mean", "返回了每个样本的损失，没有取平均")(
    lambda input, target, label_smoothing=0.1: F.cross_entropy(
        input, target, reduction="none", label_smoothing=label_smoothing
    )
)


@judge(
    reference=_smoothed,
    traps=(
        *_TO_THE_OTHERS,
        _not_a_distribution,
        _undivided,
        _unreduced_right,
        _exchanged,
        _ignored,
        _always,
        _other_default,
        _log_of_softmax,
        _log_of_softmax_in_float64,
        _unshifted,
        _one_maximum,
        _over_batch,
        _mean_over_classes,
        *_CAPPED,
        _summed,
        mean_by_class(0.1),
        _unreduced,
    ),
    equivalent={
        "log_softmax: at_least_float32(input) → input": CAST,
        **cast_back("smoothed_cross_entropy", "loss", "input.dtype"),
    },
)
def check_label_smoothing(random: Generator) -> Iterator[Case]:
    """One example, a batch, no smoothing and nothing else, gradients, logits that overflow."""
    draw = normal(random)

    def labels(examples: int, count: int) -> Tensor:
        return classes(random, examples, count)

    yield Case(
        {"en": "one example, three classes, ε = 0.3", "zh": "一个样本，三个类别，ε = 0.3"},
        (draw(1, 3), labels(1, 3), 0.3),
    )
    yield Case(
        {"en": "four examples, five classes, ε left at its default", "zh": "四个样本，五个类别，ε 用默认值"},
        (3 * draw(4, 5), labels(4, 5)),
    )
    yield Case({"en": "ε = 0", "zh": "ε = 0"}, (draw(3, 4), labels(3, 4), 0.0))
    yield Case({"en": "ε = 1", "zh": "ε = 1"}, (draw(3, 4), labels(3, 4), 1.0))
    yield Case(
        {"en": "as many examples as classes", "zh": "样本数与类别数相同"},
        (draw(4, 4), labels(4, 4), 0.4),
        grad=True,
    )
    yield Case(
        {"en": "two of a class, one of another, float64", "zh": "两个样本同类，一个不同（float64）"},
        (draw(3, 4, dtype=torch.float64), uneven_classes(random, 3, 4), 0.2),
        grad=True,
    )
    sure = draw(2, 3) + torch.tensor([[200.0, 0.0, 0.0], [0.0, 200.0, 0.0]])
    yield Case(
        {"en": "right and too sure", "zh": "答对了，但过于自信"}, (sure, torch.tensor([0, 1]), 0.1), grad=True
    )
    yield Case(
        {"en": "logits around 1,000", "zh": "1,000 左右的 logit"},
        (1000 + draw(3, 4), labels(3, 4), 0.2),
        grad=True,
    )
    rows = torch.tensor([[1000.0], [-1000.0]]) + draw(2, 4)
    yield Case({"en": "rows far apart", "zh": "各行相差悬殊"}, (rows, labels(2, 4), 0.2), grad=True)
    far = draw(2, 3) + torch.tensor([[0.0, -2000.0, 0.0], [0.0, 0.0, -1e5]])
    yield Case(
        {"en": "classes 2,000 and 100,000 below the others", "zh": "有的类别低 2,000 和 100,000"},
        (far, torch.tensor([1, 0]), 0.3),
        grad=True,
    )
    for epsilon in (0.0, 1.0):
        yield Case(
            {"en": f"the same, ε = {epsilon:.0f}", "zh": f"同上，ε = {epsilon:.0f}"},
            (far, torch.tensor([1, 0]), epsilon),
            grad=True,
        )
    yield Case({"en": "a single class", "zh": "只有一个类别"}, (draw(3, 1), torch.zeros(3).long(), 0.2))
    yield Case(
        {"en": "256 examples, 128 classes", "zh": "256 个样本，128 个类别"},
        (draw(256, 128), labels(256, 128), 0.1),
        timed=True,
    )
