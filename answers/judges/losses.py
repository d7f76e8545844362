"""Judges of the code questions on losses."""

from collections.abc import Iterator

import torch
from torch import Generator, Tensor
from torch.nn import functional as F

from quizcli.judge.case import Case, judge, trap


def _normal(random: Generator, *shape: int, dtype: torch.dtype = torch.float32) -> Tensor:
    return torch.randn(*shape, generator=random, dtype=dtype)


def _classes(random: Generator, examples: int, classes: int) -> Tensor:
    """Class indices (N), no two alike where there are enough of them."""
    return torch.randperm(max(examples, classes), generator=random)[:examples] % classes


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


@judge(
    reference=_softmax,
    traps=(_unshifted, _one_maximum, _without_keepdim, _over_everything, _always_last),
)
def check_softmax(random: Generator) -> Iterator[Case]:
    """Three logits, rows, another axis, gradients, and logits that overflow where one is careless."""
    yield Case({"en": "three logits", "zh": "三个 logit"}, (_normal(random, 3),))
    yield Case({"en": "the rows of a square matrix", "zh": "方阵，逐行"}, (_normal(random, 3, 3),))
    yield Case({"en": "along the middle axis", "zh": "沿中间一维"}, (_normal(random, 2, 3, 4), 1))
    x = _normal(random, 2, 3, dtype=torch.float64)
    yield Case({"en": "gradients, in float64", "zh": "梯度（float64）"}, (x,), grad=True)
    yield Case({"en": "logits around 1,000", "zh": "1,000 左右的 logit"}, (1000 + _normal(random, 4),))
    rows = torch.tensor([[100.0], [-100.0]]) + _normal(random, 2, 4)
    yield Case({"en": "rows far apart", "zh": "各行相差悬殊"}, (rows,))
    hidden = _normal(random, 2, 4).index_fill(1, torch.tensor([1]), float("-inf"))
    yield Case({"en": "a logit of −∞", "zh": "含 −∞ 的 logit"}, (hidden,))
    yield Case(
        {"en": "256 rows of 1,024", "zh": "256 行，每行 1,024 个"}, (_normal(random, 256, 1024),), timed=True
    )


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


@trap(
    "the logarithm of a finished softmax: a probability that underflows becomes log 0",
    "先算完 softmax 再取对数：概率下溢为 0，log 0 = −∞",
)
def _log_of_softmax(input: Tensor, target: Tensor) -> Tensor:
    return -input.softmax(1).log().gather(1, target[:, None]).mean()


@trap(
    "an ε in the logarithm caps the loss: the worst mistakes no longer count for what they are",
    "在对数里加 ε，损失被封顶：错得最离谱的样本反而算轻了",
)
def _epsilon(input: Tensor, target: Tensor) -> Tensor:
    return -(input.softmax(1).gather(1, target[:, None]) + 1e-9).log().mean()


@trap("no maximum is subtracted: exp overflows", "没有先减最大值，exp 溢出")
def _cross_entropy_unshifted(input: Tensor, target: Tensor) -> Tensor:
    return (input.exp().sum(1).log() - input.gather(1, target[:, None]).squeeze(1)).mean()


def _cross_entropy(input: Tensor, target: Tensor) -> Tensor:
    return F.cross_entropy(input, target)


@judge(
    reference=_cross_entropy,
    traps=(_columns, _mean_over_classes, _log_of_softmax, _epsilon, _cross_entropy_unshifted),
)
def check_cross_entropy(random: Generator) -> Iterator[Case]:
    """One example, a batch, gradients, a confident mistake, and logits that overflow."""
    yield Case(
        {"en": "one example, three classes", "zh": "一个样本，三个类别"},
        (_normal(random, 1, 3), _classes(random, 1, 3)),
    )
    yield Case(
        {"en": "four examples, five classes", "zh": "四个样本，五个类别"},
        (_normal(random, 4, 5), _classes(random, 4, 5)),
    )
    yield Case(
        {"en": "gradients, in float64", "zh": "梯度（float64）"},
        (_normal(random, 3, 4, dtype=torch.float64), _classes(random, 3, 4)),
        grad=True,
    )
    sure = _normal(random, 2, 3) + torch.tensor([[0.0, -150.0, 0.0], [0.0, 0.0, -150.0]])
    yield Case({"en": "confident mistakes", "zh": "自信地答错"}, (sure, torch.tensor([1, 2])))
    yield Case(
        {"en": "logits around 1,000", "zh": "1,000 左右的 logit"},
        (1000 + _normal(random, 3, 4), _classes(random, 3, 4)),
    )
    yield Case(
        {"en": "512 examples, 1,000 classes", "zh": "512 个样本，1,000 个类别"},
        (_normal(random, 512, 1000), _classes(random, 512, 1000)),
        timed=True,
    )


# Binary cross-entropy


@trap(
    "the second term is missing: examples with target 0 cost nothing",
    "少了第二项：目标为 0 的样本没有损失",
)
def _positives_only(input: Tensor, target: Tensor) -> Tensor:
    return -(target * F.logsigmoid(input)).mean()


@trap(
    "sigmoid first and the logarithm after: the sigmoid rounds to 1, and log(1 − 1) = −∞",
    "先 sigmoid 再取对数：sigmoid 舍入成 1，log(1 − 1) = −∞",
)
def _log_of_sigmoid(input: Tensor, target: Tensor) -> Tensor:
    p = input.sigmoid()
    return -(target * p.log() + (1 - target) * (1 - p).log()).mean()


@trap(
    "the clamped probability caps the loss at 16, and where it does the gradient is 0",
    "截断概率把损失封顶在 16 左右，被截断处梯度为 0",
)
def _clamped(input: Tensor, target: Tensor) -> Tensor:
    p = input.sigmoid().clamp(1e-7, 1 - 1e-7)
    return -(target * p.log() + (1 - target) * (1 - p).log()).mean()


@trap(
    "exp of the logit itself: log(1 + exp(z)) overflows for large z",
    "直接对 logit 取 exp：z 较大时 log(1 + exp(z)) 溢出",
)
def _overflowing(input: Tensor, target: Tensor) -> Tensor:
    return (input.exp().log1p() - target * input).mean()


@trap(
    "the values are right, the slope at z = 0 is not: autograd takes that of max(z, 0) and that of |z| as 0 "
    "there, and the ½ is lost",
    "值对了，但 z = 0 处的梯度不对：autograd 在那里把 max(z, 0) 和 |z| 的导数都取 0，丢了 ½",
)
def _kinked(input: Tensor, target: Tensor) -> Tensor:
    return (input.relu() - target * input + (-input.abs()).exp().log1p()).mean()


def _binary(input: Tensor, target: Tensor) -> Tensor:
    return F.binary_cross_entropy_with_logits(input, target)


@judge(
    reference=_binary,
    traps=(_positives_only, _log_of_sigmoid, _clamped, _overflowing, _kinked),
)
def check_binary_cross_entropy(random: Generator) -> Iterator[Case]:
    """Three logits, soft targets, gradients, logits where the sigmoid rounds, overflow, and exactly 0."""
    yield Case(
        {"en": "three logits", "zh": "三个 logit"}, (_normal(random, 3), torch.tensor([1.0, 0.0, 1.0]))
    )
    yield Case(
        {"en": "a matrix with soft targets", "zh": "矩阵，软标签"},
        (_normal(random, 2, 3), torch.rand(2, 3, generator=random)),
    )
    target = torch.rand(2, 3, generator=random, dtype=torch.float64)
    yield Case(
        {"en": "gradients, in float64", "zh": "梯度（float64）"},
        (_normal(random, 2, 3, dtype=torch.float64), target),
        grad=True,
    )
    mistakes = torch.tensor([30.0, -30.0, 30.0]) + _normal(random, 3)
    yield Case(
        {"en": "confident mistakes, logits of ±30", "zh": "自信地答错，logit 为 ±30"},
        (mistakes, torch.tensor([0.0, 1.0, 0.0])),
    )
    large = torch.tensor([1000.0, 1000.0, -1000.0, -1000.0]) + _normal(random, 4)
    yield Case(
        {"en": "logits of ±1,000", "zh": "±1,000 的 logit"}, (large, torch.tensor([1.0, 0.0, 1.0, 0.0]))
    )
    zeros = torch.cat([torch.zeros(3), _normal(random, 1)])
    yield Case(
        {"en": "logits of exactly 0, gradients", "zh": "恰好为 0 的 logit，梯度"},
        (zeros, torch.tensor([0.0, 1.0, 0.25, 1.0])),
        grad=True,
    )
    big = (_normal(random, 512, 784), torch.rand(512, 784, generator=random))
    yield Case({"en": "512 images of 784 pixels", "zh": "512 张图，每张 784 像素"}, big, timed=True)


# Label smoothing


@trap(
    "all of ε goes to the other classes: in PyTorch and in the paper the right one gets its share, ε/K, too",
    "ε 全分给了其他类别：PyTorch 和论文里，正确类也分得 ε/K",
)
def _to_the_others(input: Tensor, target: Tensor, label_smoothing: float = 0.1) -> Tensor:
    k = input.shape[1]
    right = F.one_hot(target, k) * (1 - label_smoothing)
    q = right + (1 - F.one_hot(target, k)) * label_smoothing / (k - 1)
    return -(q * input.log_softmax(1)).sum(1).mean()


@trap("the targets do not sum to 1: the right class lacks its ε/K", "目标之和不为 1：正确类少了 ε/K")
def _not_a_distribution(input: Tensor, target: Tensor, label_smoothing: float = 0.1) -> Tensor:
    k = input.shape[1]
    right = F.one_hot(target, k) * (1 - label_smoothing)
    q = right + (1 - F.one_hot(target, k)) * label_smoothing / k
    return -(q * input.log_softmax(1)).sum(1).mean()


@trap("every class gets ε, not ε/K", "每个类别都分了 ε，而不是 ε/K")
def _undivided(input: Tensor, target: Tensor, label_smoothing: float = 0.1) -> Tensor:
    q = F.one_hot(target, input.shape[1]) * (1 - label_smoothing) + label_smoothing
    return -(q * input.log_softmax(1)).sum(1).mean()


@trap(
    "the logarithm of a finished softmax: every class counts now, and one that underflows makes the loss ∞",
    "先算完 softmax 再取对数：现在每一类都要算，只要有一类下溢，损失就是 ∞",
)
def _smoothed_log_of_softmax(input: Tensor, target: Tensor, label_smoothing: float = 0.1) -> Tensor:
    k = input.shape[1]
    q = F.one_hot(target, k) * (1 - label_smoothing) + label_smoothing / k
    return -(q * input.softmax(1).log()).sum(1).mean()


def _smoothed(input: Tensor, target: Tensor, label_smoothing: float = 0.1) -> Tensor:
    return F.cross_entropy(input, target, label_smoothing=label_smoothing)


@judge(
    reference=_smoothed,
    traps=(_to_the_others, _not_a_distribution, _undivided, _smoothed_log_of_softmax),
)
def check_label_smoothing(random: Generator) -> Iterator[Case]:
    """One example, a batch, no smoothing, gradients, and a right answer that is too sure."""
    yield Case(
        {"en": "one example, three classes, ε = 0.3", "zh": "一个样本，三个类别，ε = 0.3"},
        (_normal(random, 1, 3), _classes(random, 1, 3), 0.3),
    )
    yield Case(
        {"en": "four examples, five classes", "zh": "四个样本，五个类别"},
        (_normal(random, 4, 5), _classes(random, 4, 5), 0.1),
    )
    yield Case({"en": "ε = 0", "zh": "ε = 0"}, (_normal(random, 3, 4), _classes(random, 3, 4), 0.0))
    yield Case(
        {"en": "gradients, in float64", "zh": "梯度（float64）"},
        (_normal(random, 3, 4, dtype=torch.float64), _classes(random, 3, 4), 0.2),
        grad=True,
    )
    sure = _normal(random, 2, 3) + torch.tensor([[200.0, 0.0, 0.0], [0.0, 200.0, 0.0]])
    yield Case({"en": "right and too sure", "zh": "答对了，但过于自信"}, (sure, torch.tensor([0, 1]), 0.1))
    yield Case(
        {"en": "512 examples, 1,000 classes", "zh": "512 个样本，1,000 个类别"},
        (_normal(random, 512, 1000), _classes(random, 512, 1000), 0.1),
        timed=True,
    )
