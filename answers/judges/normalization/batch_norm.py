"""Judges of the code questions on batch normalization."""

from collections.abc import Callable, Iterator
from functools import partial

import torch
from torch import Generator, Tensor
from torch.nn import functional as F

from answers.judges.kit.casts import CAST
from answers.judges.kit.draws import normal
from answers.judges.kit.thin_shapes import shaped
from answers.judges.normalization.normalization import least_variance
from quizcli.judge.case import Case, judge, trap

Three = tuple[Tensor, Tensor, Tensor]


# In training


def _batch_norm(
    x: Tensor,
    running_mean: Tensor,
    running_var: Tensor,
    weight: Tensor,
    bias: Tensor,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Three:
    """PyTorch's own, on copies of the statistics that it changes in place."""
    mean, var = running_mean.detach().clone(), running_var.detach().clone()
    return F.batch_norm(x, mean, var, weight, bias, True, momentum, eps), mean, var


def _written_out(
    x: Tensor,
    running_mean: Tensor,
    running_var: Tensor,
    weight: Tensor,
    bias: Tensor,
    momentum: float = 0.1,
    eps: float = 1e-5,
    *,
    corrections: tuple[int, int] = (0, 1),  # of the variance that normalizes, and of the one that is stored
    share: Callable[[float], float] = lambda momentum: momentum,  # of the new batch, in what is kept
    root: Callable[[Tensor, float], Tensor] = lambda var, eps: (var + eps).sqrt(),
    cancelled: int = 0,  # as E[x²] − E[x]²: the variance that normalizes, from 2 on the stored one too
    running: str = "",  # normalized by what was kept "before", or by what is kept "now"
    frozen: bool = False,  # statistics without gradient
    tracked: bool = False,  # running statistics with gradient
) -> Three:
    """The same step by step, with room for the mistakes."""
    over, shape = [0, *range(2, x.ndim)], (-1,) + (1,) * (x.ndim - 2)
    source = x.detach() if frozen else x
    mean = source.mean(over)
    var, stored = (source.var(over, correction=c) for c in corrections)
    if cancelled:
        var = source.square().mean(over) - mean.square()
        m = x.numel() // x.shape[1]
        stored = var * m / (m - 1) if cancelled > 1 else stored
    new = [mean, stored] if tracked else [mean.detach(), stored.detach()]
    old = [one if tracked else one.detach() for one in (running_mean, running_var)]
    part = share(momentum)
    kept = [(1 - part) * before + part * now for before, now in zip(old, new, strict=True)]
    by = {"before": (running_mean, running_var), "now": kept}.get(running, (mean, var))
    centred = (x - by[0].view(shape)) / root(by[1], eps).view(shape)
    return centred * weight.view(shape) + bias.view(shape), kept[0], kept[1]


_unbiased = trap(
    "the unbiased variance normalizes the batch: divide by m there, by m − 1 only for the running variance",
    "归一化时用了无偏方差：这里应除以 m，只有滑动方差才除以 m − 1",
)(partial(_written_out, corrections=(1, 1)))
_biased_stored = trap(
    "the running variance takes in the biased variance; the unbiased one (m − 1) is stored",
    "滑动方差里存的是有偏方差；应存无偏的（除以 m − 1）",
)(partial(_written_out, corrections=(0, 0)))
_exchanged = trap(
    "the two variances are exchanged: the biased one normalizes, the unbiased one is stored",
    "两种方差用反了：归一化用有偏的，存的是无偏的",
)(partial(_written_out, corrections=(1, 0)))
_old_momentum = trap(
    "momentum is applied to the old statistics; in PyTorch it is the weight of the new batch",
    "momentum 乘到了旧统计量上；PyTorch 里它是新批次的权重",
)(partial(_written_out, share=lambda momentum: 1 - momentum))
_fixed_momentum = trap("momentum is ignored: it is always 0.1", "没有用到 momentum：始终是 0.1")(
    partial(_written_out, share=lambda momentum: 0.1)
)
_not_kept = trap(
    "the statistics of this batch are returned as they are: the running ones keep 1 − momentum of the old",
    "直接返回了这一批的统计量：滑动统计量要保留 1 − momentum 份旧值",
)(partial(_written_out, share=lambda momentum: 1.0))
_fixed_eps = trap("eps is ignored: it is always 1e-5", "没有用到 eps：始终是 1e-5")(
    partial(_written_out, root=lambda var, eps: (var + 1e-5).sqrt())
)
_no_eps = trap("no ε is added to the variance", "方差没有加 ε")(
    partial(_written_out, root=lambda var, eps: var.sqrt())
)
_outside = trap(
    "ε is added to the standard deviation; it belongs under the root, to the variance",
    "ε 加在了标准差上；应加在根号里的方差上",
)
_BOTH = "The question has a scale and a shift always."
_ROWS = "Over the rows of (N, C): with or without the axis of size 1, what is left is spread over the rows."
_POSITIVE = "PyTorch refuses an ε of 0 in training."
_OUTSIDE = (
    _outside(partial(_written_out, root=lambda var, eps: var.sqrt() + eps)),
    # Tensor.std: its slope is 0 where it is 0 itself
    _outside(partial(_written_out, root=lambda var, eps: var.clamp(min=1e-30).sqrt() + eps)),
)
_LEAST = (
    least_variance(partial(_written_out, root=lambda var, eps: var.clamp(min=eps).sqrt())),
    least_variance(partial(_written_out, root=lambda var, eps: var.sqrt().clamp(min=eps))),
)
_cancels = trap(
    "E[x²] − E[x]² loses its digits where the mean is large: subtract the mean first",
    "均值很大时 E[x²] − E[x]² 会损失有效数字：应先减均值再平方",
)
_CANCELLED = tuple(_cancels(partial(_written_out, cancelled=count)) for count in (2, 1))
_evaluated = trap(
    "the running statistics normalize the batch, as in evaluation; in training its own do",
    "用滑动统计量做了归一化，那是评估时的做法；训练时用这一批自己的",
)
_EVALUATED = tuple(_evaluated(partial(_written_out, running=when)) for when in ("before", "now"))
_constant_statistics = trap(
    "mean and variance of the batch are cut out of the graph; y depends on x through them too",
    "批均值和批方差被排除在计算图之外；y 也通过它们依赖 x",
)(partial(_written_out, frozen=True))
_tracked = trap(
    "the running statistics carry the graph of the batch along: detach them",
    "滑动统计量带着这一批的计算图：需要 detach",
)(partial(_written_out, tracked=True))


@judge(
    reference=_batch_norm,
    traps=(
        _unbiased,
        _biased_stored,
        _exchanged,
        _old_momentum,
        _fixed_momentum,
        _not_kept,
        _fixed_eps,
        _no_eps,
        *_OUTSIDE,
        *_LEAST,
        *_CANCELLED,
        *_EVALUATED,
        _constant_statistics,
        _tracked,
    ),
    fixed={"x, axis 0 of 2": "The unbiased variance of a single value does not exist."},
    equivalent={
        "batch_norm_training: begins with eps = eps or 1e-05": _POSITIVE,
        "batch_norm_training: at_least_float32(x) → x": CAST,
        "batch_norm_training: (y.to(x.dtype), new_mean, new_var) → (y, new_mean, new_var)": CAST,
        "batch_norm_training: (y.to(x.dtype), new_mean, new_var) → (y.to(), new_mean, new_var)": CAST,
        "normalized: if weight is not None → if True": _BOTH,
        "normalized: if bias is not None → if True": _BOTH,
    },
)
def check_batch_norm_training(random: Generator) -> Iterator[Case]:
    """Two values, then features, maps, a nearly constant channel, gradients, a mean far from 0."""
    draw = normal(random)

    def state(channels: int, dtype: torch.dtype = torch.float32) -> tuple[Tensor, ...]:
        mean, weight, bias = (draw(channels, dtype=dtype) for _ in range(3))
        return mean, 0.5 + draw(channels, dtype=dtype).square(), weight, bias

    yield Case({"en": "one feature of two samples", "zh": "两个样本，一个特征"}, (draw(2, 1), *state(1)))
    yield Case(
        {"en": "three features, momentum 0.3", "zh": "三个特征，momentum 为 0.3"},
        (3 * draw(6, 3) + 1, *state(3), 0.3),
    )
    yield Case({"en": "as many samples as features", "zh": "样本数与特征数相同"}, (draw(3, 3), *state(3)))
    yield Case(
        {"en": "feature maps: one mean for each channel", "zh": "特征图：每个通道一个均值"},
        (2 * draw(2, 3, 4, 5) - 1, *state(3)),
        grad=(0, 3, 4),
    )
    yield Case(
        {"en": "the maps of a single image, momentum 0", "zh": "单张图的特征图，momentum 为 0"},
        (draw(1, 3, 2, 2), *state(3), 0.0),
    )
    yield Case(
        {"en": "a nearly constant channel, where ε counts", "zh": "近乎常数的通道，ε 起作用"},
        (0.003 * draw(8, 2), *state(2)),
    )
    yield Case(
        {"en": "an image as wide as it has channels", "zh": "宽度与通道数相同的图"},
        (2 * draw(2, 3, 3, 3) - 1, *state(3)),
        grad=(0, 3, 4),
    )
    yield Case(
        {"en": "a tiny spread, and an ε as tiny, 1e-12", "zh": "方差极小，ε 也极小（1e-12）"},
        (1e-5 * draw(8, 2), *state(2), 0.1, 1e-12),
    )
    yield Case(
        {"en": "a large ε, 0.1, and momentum 1", "zh": "较大的 ε（0.1），momentum 为 1"},
        (0.3 * draw(6, 3), *state(3), 1.0, 0.1),
        grad=(0, 3, 4),
    )
    yield Case(
        {"en": "gradients, in float64", "zh": "梯度（float64）"},
        (draw(5, 3, dtype=torch.float64), *state(3, torch.float64)),
        grad=(0, 3, 4),
    )
    constant = torch.cat([torch.full((4, 1), 2.0), draw(4, 2)], 1)
    yield Case(
        {"en": "a constant channel, gradients", "zh": "恒为常数的通道，梯度"},
        (constant, *state(3)),
        grad=(0, 3, 4),
    )
    yield Case(
        {"en": "a mean of 1,000, a spread of 1", "zh": "均值 1000，标准差 1"},
        (1000 + draw(16, 4), *state(4)),
        tolerance=1e-3,
    )
    for sides in ((3, 1, 4, 5), (2, 3, 1, 4), (2, 3, 4, 1), (3, 2, 1, 1), (1, 1, 1, 3)):
        yield Case(shaped(*sides), (draw(*sides), *state(sides[1])))
    yield Case(
        {"en": "16 maps of 32 channels", "zh": "16 张 32 通道的特征图"},
        (draw(16, 32, 8, 8), *state(32)),
        timed=True,
    )


# Backwards


def _by_autograd(x: Tensor, weight: Tensor, grad_output: Tensor, eps: float = 1e-5) -> Three:
    """What PyTorch's autograd makes of PyTorch's own."""
    with torch.enable_grad():
        leaves = [x.detach().requires_grad_(), weight.detach().requires_grad_()]
        leaves.append(torch.zeros_like(weight).requires_grad_())
        y = F.batch_norm(leaves[0], None, None, leaves[1], leaves[2], True, 0.0, eps)
        first, second, third = torch.autograd.grad(y, leaves, grad_output)
    return first, second, third


def _variance(x: Tensor, eps: float) -> Tensor:
    return x.var(0, correction=0) + eps


def _backward(
    x: Tensor,
    weight: Tensor,
    grad_output: Tensor,
    eps: float = 1e-5,
    through_mean: bool = True,
    through_var: bool = True,
    variance: Callable[[Tensor, float], Tensor] = _variance,
) -> Three:
    inverse = variance(x, eps).rsqrt()
    normal = (x - x.mean(0)) * inverse
    inner = grad_output
    if through_mean:
        inner = inner - grad_output.mean(0)
    if through_var:
        inner = inner - normal * (grad_output * normal).mean(0)
    return weight * inverse * inner, (grad_output * normal).sum(0), grad_output.sum(0)


@trap(
    "mean and variance are treated as constants: both depend on every x of the batch",
    "把均值和方差当成了常数：两者都依赖批里的每个 x",
)
def _no_statistics(x: Tensor, weight: Tensor, grad_output: Tensor, eps: float = 1e-5) -> Three:
    return _backward(x, weight, grad_output, eps, through_mean=False, through_var=False)


@trap("the path through the variance is missing", "漏掉了经过方差的那条路径")
def _no_variance(x: Tensor, weight: Tensor, grad_output: Tensor, eps: float = 1e-5) -> Three:
    return _backward(x, weight, grad_output, eps, through_var=False)


@trap("the path through the mean is missing", "漏掉了经过均值的那条路径")
def _no_mean(x: Tensor, weight: Tensor, grad_output: Tensor, eps: float = 1e-5) -> Three:
    return _backward(x, weight, grad_output, eps, through_mean=False)


@trap(
    "the paths through mean and variance lack their 1/m: they take the means over the batch, not the sums",
    "经过均值和方差的两条路径少了 1/m：应取对批的平均，而不是求和",
)
def _sums(x: Tensor, weight: Tensor, grad_output: Tensor, eps: float = 1e-5) -> Three:
    normal = (x - x.mean(0)) * _variance(x, eps).rsqrt()
    inner = grad_output - grad_output.sum(0) - normal * (grad_output * normal).sum(0)
    return weight * _variance(x, eps).rsqrt() * inner, (grad_output * normal).sum(0), grad_output.sum(0)


@trap("grad_input lacks the factor weight (γ)", "grad_input 少乘了 weight（γ）")
def _no_weight(x: Tensor, weight: Tensor, grad_output: Tensor, eps: float = 1e-5) -> Three:
    return _backward(x, torch.ones_like(weight), grad_output, eps)


@trap(
    "the gradients of weight and bias are averaged over the batch; the chain rule sums them",
    "weight 和 bias 的梯度对批取了平均；按链式法则应求和",
)
def _averaged(x: Tensor, weight: Tensor, grad_output: Tensor, eps: float = 1e-5) -> Three:
    right = _backward(x, weight, grad_output, eps)
    return right[0], right[1] / len(x), right[2] / len(x)


@trap(
    "the gradients of weight and bias are not summed over the batch",
    "weight 和 bias 的梯度没有对批求和",
)
def _unsummed(x: Tensor, weight: Tensor, grad_output: Tensor, eps: float = 1e-5) -> Three:
    normal = (x - x.mean(0)) * _variance(x, eps).rsqrt()
    return _backward(x, weight, grad_output, eps)[0], grad_output * normal, grad_output


@trap(
    "the gradient of weight takes x itself; what weight multiplies is the normalized x̂",
    "weight 的梯度乘的是 x 本身；weight 乘的是归一化后的 x̂",
)
def _by_input(x: Tensor, weight: Tensor, grad_output: Tensor, eps: float = 1e-5) -> Three:
    right = _backward(x, weight, grad_output, eps)
    return right[0], (grad_output * x).sum(0), right[2]


@trap(
    "the gradients come in another order: they are those of x, weight, bias",
    "返回的顺序不对：依次是对 x、weight、bias 的梯度",
)
def _other_order(x: Tensor, weight: Tensor, grad_output: Tensor, eps: float = 1e-5) -> Three:
    by_x, by_weight, by_bias = _backward(x, weight, grad_output, eps)
    return by_x, by_bias, by_weight


_unbiased_backward = trap(
    "the unbiased variance: the forward pass divided by m, not by m − 1",
    "用了无偏方差：前向除以的是 m，不是 m − 1",
)(partial(_backward, variance=lambda x, eps: x.var(0) + eps))
_fixed_eps_backward = trap("eps is ignored: it is always 1e-5", "没有用到 eps：始终是 1e-5")(
    partial(_backward, variance=lambda x, eps: _variance(x, 1e-5))
)
_no_eps_backward = trap("no ε is added to the variance", "方差没有加 ε")(
    partial(_backward, variance=lambda x, eps: _variance(x, 0.0))
)
_outside_backward = trap(
    "ε is added to the standard deviation; it belongs under the root, to the variance",
    "ε 加在了标准差上；应加在根号里的方差上",
)(partial(_backward, variance=lambda x, eps: (_variance(x, 0.0).sqrt() + eps).square()))
_cancelled_backward = trap(
    "E[x²] − E[x]² loses its digits where the mean is large: subtract the mean first",
    "均值很大时 E[x²] − E[x]² 会损失有效数字：应先减均值再平方",
)(partial(_backward, variance=lambda x, eps: x.square().mean(0) - x.mean(0).square() + eps))


@judge(
    reference=_by_autograd,
    traps=(
        _no_statistics,
        _no_variance,
        _no_mean,
        _sums,
        _no_weight,
        _averaged,
        _unsummed,
        _by_input,
        _other_order,
        _unbiased_backward,
        _fixed_eps_backward,
        _no_eps_backward,
        _outside_backward,
        _cancelled_backward,
    ),
    fixed={
        "x, axis 0 of 2": "In training there are two samples or more.",
        "grad_output, axis 0 of 2": "In training there are two samples or more.",
    },
    equivalent={
        "batch_norm_backward: begins with eps = eps or 1e-05": _POSITIVE,
        "batch_norm_backward: (at_least_float32(x), at_least_float32(grad_output)) → "
        "(x, at_least_float32(grad_output))": CAST,
        "batch_norm_backward: (at_least_float32(x), at_least_float32(grad_output)) → "
        "(at_least_float32(x), grad_output)": CAST,
        "batch_norm_backward: (grad_input.to(x.dtype), grad_weight, grad_bias) → "
        "(grad_input, grad_weight, grad_bias)": CAST,
        "batch_norm_backward: (grad_input.to(x.dtype), grad_weight, grad_bias) → "
        "(grad_input.to(), grad_weight, grad_bias)": CAST,
        "centred: x.mean(over, keepdim=True) → x.mean(over)": _ROWS,
        "centred: x.mean(over, keepdim=True) → x.mean(over, keepdim=False)": _ROWS,
        "centred: (z, mean, z.square().mean(over, keepdim=True)) → (z, mean, z.square().mean(over))": _ROWS,
        "centred: z.square().mean(over, keepdim=True) → z.square().mean(over, keepdim=False)": _ROWS,
    },
)
def check_batch_norm_backward(random: Generator) -> Iterator[Case]:
    """Three values, then more samples and features, float64, a large ε, a mean far from 0."""
    draw = normal(random)

    yield Case(
        {"en": "one feature of three samples", "zh": "三个样本，一个特征"}, (draw(3, 1), draw(1), draw(3, 1))
    )
    yield Case(
        {"en": "five samples, four features", "zh": "五个样本，四个特征"},
        (2 * draw(5, 4) + 3, draw(4), draw(5, 4)),
    )
    yield Case(
        {"en": "a weight of 0", "zh": "有一个 weight 为 0"},
        (draw(6, 3), torch.cat([torch.zeros(1), draw(2)]), draw(6, 3)),
    )
    yield Case(
        {"en": "float64", "zh": "float64"},
        (
            draw(7, 3, dtype=torch.float64),
            draw(3, dtype=torch.float64),
            draw(7, 3, dtype=torch.float64),
        ),
    )
    yield Case(
        {"en": "as many samples as features", "zh": "样本数与特征数相同"}, (draw(3, 3), draw(3), draw(3, 3))
    )
    yield Case({"en": "two samples", "zh": "两个样本"}, (draw(2, 3), draw(3), draw(2, 3)))
    yield Case(
        {"en": "a nearly constant feature, where ε counts", "zh": "近乎常数的特征，ε 起作用"},
        (0.003 * draw(8, 2), draw(2), draw(8, 2)),
    )
    yield Case(
        {"en": "a tiny spread, and an ε as tiny, 1e-12", "zh": "方差极小，ε 也极小（1e-12）"},
        (1e-5 * draw(8, 2), draw(2), 1e-5 * draw(8, 2), 1e-12),
    )
    constant = torch.cat([torch.full((4, 1), 2.0), draw(4, 2)], 1)
    yield Case({"en": "a constant feature", "zh": "恒为常数的特征"}, (constant, draw(3), draw(4, 3)))
    yield Case({"en": "a large ε, 0.1", "zh": "较大的 ε：0.1"}, (0.3 * draw(6, 3), draw(3), draw(6, 3), 0.1))
    yield Case(
        {"en": "a mean of 1,000, a spread of 1", "zh": "均值 1000，标准差 1"},
        (1000 + draw(16, 4), draw(4), draw(16, 4)),
        tolerance=1e-3,
    )
    yield Case(
        {"en": "128 samples, 256 features", "zh": "128 个样本，256 个特征"},
        (draw(128, 256), draw(256), draw(128, 256)),
        timed=True,
    )
