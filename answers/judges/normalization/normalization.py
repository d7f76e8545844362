"""Judges of the code questions on layer and RMS normalization."""

from collections.abc import Callable, Iterator, Sequence

import torch
from torch import Generator, Tensor
from torch.nn import functional as F

from answers.judges.kit.draws import normal
from answers.judges.kit.thin_shapes import shaped
from models.precision import at_least_float32
from quizcli.demo.events import Words
from quizcli.judge.case import Case, Fact, judge, trap

# Both normalize in float32 where x is in half precision, as long as a mistake does not say otherwise.

Normalized = Callable[[Tensor, list[int], float], Tensor]  # x, over these dimensions, with this ε


def _trailing(normalized_shape: Sequence[int]) -> list[int]:
    return list(range(-len(normalized_shape), 0))


def _lifted(x: Tensor) -> Tensor:
    return x.float() if x.dtype == torch.float16 else x


def _over(sides: tuple[int, ...], last: tuple[int, ...]) -> Words:
    name = shaped(*sides)
    return {"en": f"{name['en']}, over {last}", "zh": f"{name['zh']}，对 {last} 归一化"}


_THIN = (  # shapes with sides of 1, and over which of them is normalized
    ((1, 1), (1,)),
    ((3, 1), (1,)),
    ((1, 2, 3), (2, 3)),
    ((2, 1, 3), (3,)),
    ((2, 1, 3), (1, 3)),
    ((2, 3, 1), (3, 1)),
    ((1, 1, 2, 3), (3,)),
    ((2, 2, 1, 1), (1, 1)),
)


def _one_above(x: Tensor, random: Generator) -> Tensor:
    """In each row one of n values becomes so large that it is near √n once it is normalized."""
    place = torch.randint(x.shape[1], (len(x), 1), generator=random)
    return x.scatter(1, place, 1000.0)


# Layer normalization


def _layer(
    normalized: Normalized, default: float = 1e-5, half: bool = False, cast: bool = True
) -> Callable[..., Tensor]:
    """Layer normalization that normalizes so; in `half` precision where x is, and `cast` back to it."""

    def layer_norm(
        x: Tensor,
        normalized_shape: Sequence[int],
        weight: Tensor | None = None,
        bias: Tensor | None = None,
        eps: float = default,
    ) -> Tensor:
        y = normalized(x if half else at_least_float32(x), _trailing(normalized_shape), eps)
        y = y if weight is None else y * weight
        y = y if bias is None else y + bias
        return y.to(x.dtype) if cast else y

    return layer_norm


def _centred_by(x: Tensor, over: list[int]) -> Tensor:
    return x - x.mean(over, keepdim=True)


def _standardized(x: Tensor, over: list[int], eps: float) -> Tensor:
    z = _centred_by(x, over)
    return z / (z.square().mean(over, keepdim=True) + eps).sqrt()


@trap(
    "the unbiased variance: layer norm divides by the number of features, not by one less",
    "用了无偏方差：LayerNorm 除以特征数，不减 1",
)
@_layer
def _layer_unbiased(x: Tensor, over: list[int], eps: float) -> Tensor:
    return (x - x.mean(over, keepdim=True)) / (x.var(over, keepdim=True) + eps).sqrt()


@trap(
    "mean and variance are taken over the first dimension, the batch: that is batch norm",
    "均值和方差沿第一维（批）计算：那是批归一化",
)
@_layer
def _over_batch(x: Tensor, over: list[int], eps: float) -> Tensor:
    return _standardized(x, [0], eps)


@trap(
    "only the last dimension is normalized, though normalized_shape has more",
    "只沿最后一维归一化，而 normalized_shape 不止一维",
)
@_layer
def _last_only(x: Tensor, over: list[int], eps: float) -> Tensor:
    return _standardized(x, [-1], eps)


_outside = trap(
    "ε is added to the standard deviation; it belongs under the root", "ε 加在了标准差上；应加在根号里"
)
_LAYER_OUTSIDE = (
    _outside(
        _layer(
            lambda x, over, eps: (
                _centred_by(x, over) / (_centred_by(x, over).square().mean(over, keepdim=True).sqrt() + eps)
            )
        )
    ),
    # Tensor.std: its slope is 0 where it is 0 itself
    _outside(
        _layer(lambda x, over, eps: _centred_by(x, over) / (x.std(over, correction=0, keepdim=True) + eps))
    ),
)


@trap(
    "the unbiased deviation, and ε added to it: divide by √(σ² + ε), with σ² over n, not n − 1",
    "用了无偏标准差，ε 又加在根号外：应除以 √(σ² + ε)，σ² 除以 n 而不是 n − 1",
)
@_layer
def _annotated(x: Tensor, over: list[int], eps: float) -> Tensor:
    return _centred_by(x, over) / (x.std(over, keepdim=True) + eps)


_all_but_first = trap(
    "all dimensions but the first are normalized: normalized_shape tells which",
    "除第一维外全都归一化了：哪几维由 normalized_shape 决定",
)(_layer(lambda x, over, eps: _standardized(x, list(range(1, x.ndim)), eps)))


@trap(
    "mean and variance are cut out of the graph; y depends on x through them too",
    "均值和方差被排除在计算图之外；y 也通过它们依赖 x",
)
@_layer
def _constant_statistics(x: Tensor, over: list[int], eps: float) -> Tensor:
    var, mean = torch.var_mean(x.detach(), over, correction=0, keepdim=True)
    return (x - mean) / (var + eps).sqrt()


@trap(
    "E[x²] − E[x]² loses its digits where the mean is large: subtract the mean first",
    "均值很大时 E[x²] − E[x]² 会损失有效数字：应先减均值再平方",
)
@_layer
def _cancelled(x: Tensor, over: list[int], eps: float) -> Tensor:
    mean = x.mean(over, keepdim=True)
    return (x - mean) / (x.square().mean(over, keepdim=True) - mean.square() + eps).sqrt()


_layer_fixed_eps = trap("eps is ignored: it is always 1e-5", "没有用到 eps：始终是 1e-5")(
    _layer(lambda x, over, eps: _standardized(x, over, 1e-5))
)
_layer_no_eps = trap("no ε is added to the variance", "方差没有加 ε")(
    _layer(lambda x, over, eps: _standardized(x, over, 0.0))
)
_layer_default = tuple(
    trap("the default of eps is not 1e-5", "eps 的默认值不是 1e-5")(_layer(_standardized, default))
    for default in (1e-6, 1e-12, 1e-8)
)
_layer_half = trap(
    "squared in float16: from 256 on a square is infinite there. Normalize in float32, then cast back",
    "在 float16 里求平方：256 以上的数平方后就是无穷大。应转成 float32 归一化，再转回来",
)(_layer(_standardized, half=True))
_layer_lifted = trap(
    "only float16 is normalized in float32: bfloat16 has fewer digits still, and needs it too",
    "只把 float16 转成了 float32：bfloat16 的位数更少，也应当转",
)(_layer(lambda x, over, eps: _standardized(_lifted(x), over, eps), half=True))
_layer_uncast = trap("the result has not the dtype of x: cast it back", "结果的 dtype 与 x 不同：应转回去")(
    _layer(_standardized, cast=False)
)
_layer_by_square = trap("divided by the variance, without the root", "除以了方差，没有开方")(
    _layer(lambda x, over, eps: _centred_by(x, over) / (x.var(over, correction=0, keepdim=True) + eps))
)


least_variance = trap(
    "ε is the least that the variance may be; it is added to it, always",
    "把 ε 当成了方差的下限；ε 应当始终加在方差上",
)
_LAYER_LEAST = (
    least_variance(
        _layer(
            lambda x, over, eps: (
                _centred_by(x, over) / x.var(over, correction=0, keepdim=True).clamp(min=eps).sqrt()
            )
        )
    ),
    least_variance(
        _layer(
            lambda x, over, eps: (
                _centred_by(x, over) / x.var(over, correction=0, keepdim=True).sqrt().clamp(min=eps)
            )
        )
    ),
)


@trap("the bias is left out where there is no weight", "没有 weight 时漏加了 bias")
def _bias_with_weight(
    x: Tensor,
    normalized_shape: Sequence[int],
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: float = 1e-5,
) -> Tensor:
    return F.layer_norm(x, list(normalized_shape), weight, None if weight is None else bias, eps)


@trap("weight and bias are used only where both are given", "weight 和 bias 只在两者都给出时才用到")
def _both_or_none(
    x: Tensor,
    normalized_shape: Sequence[int],
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: float = 1e-5,
) -> Tensor:
    both = weight is not None and bias is not None
    return F.layer_norm(x, list(normalized_shape), weight if both else None, bias if both else None, eps)


@judge(
    reference=F.layer_norm,
    traps=(
        _layer_unbiased,
        _over_batch,
        _last_only,
        *_LAYER_OUTSIDE,
        *_LAYER_LEAST,
        _annotated,
        _all_but_first,
        _constant_statistics,
        _cancelled,
        _layer_fixed_eps,
        _layer_no_eps,
        *_layer_default,
        _layer_half,
        _layer_lifted,
        _layer_uncast,
        _layer_by_square,
        _bias_with_weight,
        _both_or_none,
    ),
    equivalent={
        "_trailing_dims: tuple(normalized_shape) → normalized_shape": "The question gives a tuple.",
    },
)
def check_layer_norm(random: Generator) -> Iterator[Case]:
    """One row, then sequences, planes, every ε, gradients, a mean far from 0, half precision."""
    draw = normal(random)

    yield Case({"en": "one sample of three features", "zh": "一个样本，三个特征"}, (draw(1, 3), (3,)))
    yield Case(
        {"en": "sequences, with weight and bias", "zh": "序列，带 weight 和 bias"},
        (3 * draw(2, 4, 6) + 1, (6,), draw(6), draw(6)),
    )
    yield Case({"en": "a weight alone", "zh": "只有 weight"}, (draw(4, 4), (4,), draw(4)))
    yield Case({"en": "a bias alone", "zh": "只有 bias"}, (draw(4, 4), (4,), None, draw(4)))
    yield Case(
        {"en": "over the last two dimensions", "zh": "对最后两维归一化"},
        (draw(3, 4, 5), (4, 5), draw(4, 5), draw(4, 5)),
        grad=True,
    )
    yield Case(
        {"en": "over the last two of four dimensions", "zh": "四维，对最后两维归一化"},
        (3 * draw(2, 3, 4, 5), (4, 5), draw(4, 5), draw(4, 5)),
    )
    yield Case({"en": "over all dimensions", "zh": "对所有维归一化"}, (2 * draw(3, 2, 2), (3, 2, 2)))
    yield Case(
        {"en": "a batch of planes, row by row", "zh": "一批平面，逐行归一化"},
        (draw(2, 2, 3, 3), (3,)),
    )
    yield Case(
        {"en": "nearly equal features, where ε counts", "zh": "各特征几乎相等，ε 起作用"},
        (0.003 * draw(4, 8), (8,)),
    )
    yield Case(
        {"en": "a tiny spread, and an ε as tiny, 1e-12", "zh": "方差极小，ε 也极小（1e-12）"},
        (1e-5 * draw(4, 8), (8,), None, None, 1e-12),
    )
    yield Case(
        {"en": "a tiny spread, and no ε: eps = 0", "zh": "方差极小，没有 ε：eps = 0"},
        (1e-5 * draw(4, 8), (8,), None, None, 0.0),
    )
    yield Case(
        {"en": "a large ε, 0.1", "zh": "较大的 ε：0.1"},
        (0.3 * draw(4, 5), (5,), None, None, 0.1),
        grad=True,
    )
    yield Case(
        {"en": "gradients, in float64", "zh": "梯度（float64）"},
        (
            draw(3, 5, dtype=torch.float64),
            (5,),
            draw(5, dtype=torch.float64),
            draw(5, dtype=torch.float64),
        ),
        grad=True,
    )
    equal = torch.cat([torch.full((1, 4), 2.0), draw(2, 4)])
    yield Case(
        {"en": "a row of equal features, gradients", "zh": "有一行各特征相等，梯度"},
        (equal, (4,), draw(4)),
        grad=True,
    )
    yield Case(
        {"en": "a mean of 1,000, a spread of 1", "zh": "均值 1000，标准差 1"},
        (1000 + draw(4, 16), (16,)),
        tolerance=1e-3,
    )
    yield Case(
        {"en": "float16, values of several hundred", "zh": "float16，数值为几百"},
        ((500 * draw(4, 16)).half(), (16,), draw(16).half(), draw(16).half()),
        tolerance=5e-3,
    )
    # float16 counts in steps of ½ up to 1,024 and of 1 beyond, bfloat16 up to 128 and beyond: the means,
    # 3.44 steps up, lie in between
    counts = torch.tensor([*range(8), *range(7), 6])
    steps = torch.stack([counts[torch.randperm(16, generator=random)] for _ in range(2)])
    rows = torch.tensor([[0.5], [1.0]]) * steps
    for dtype, low, high in ((torch.float16, 1000, 1500), (torch.bfloat16, 100, 150)):
        name = str(dtype).removeprefix("torch.")
        yield Case(
            {
                "en": f"{name}, rows around {low:,} and {high:,}",
                "zh": f"{name}，{low:,} 和 {high:,} 左右的两行",
            },
            ((torch.tensor([[low], [high]]) + rows).to(dtype), (16,)),
            tolerance=5e-3,
        )
    yield Case(
        {"en": "float16 without weight and bias", "zh": "float16，不带 weight 和 bias"},
        (draw(4, 16).half(), (16,)),
        tolerance=5e-3,
    )
    for dtype in (torch.float16, torch.bfloat16):
        name = str(dtype).removeprefix("torch.")
        yield Case(
            {"en": f"{name}, values of a thousandth", "zh": f"{name}，数值为千分之几"},
            ((0.003 * draw(4, 16)).to(dtype), (16,)),
            tolerance=5e-3,
        )
    far = 30_000 * (1 - 2 * torch.rand(4, 16, generator=random))
    yield Case(
        {"en": "float16, values of tens of thousands", "zh": "float16，数值为几万"},
        (far.half(), (16,)),
        tolerance=5e-3,
    )
    yield Case(
        {"en": "one feature of 4,096 far above the others", "zh": "4,096 个特征中有一个远大于其余"},
        (_one_above(draw(2, 4096), random), (4096,)),
    )
    for sides, last in _THIN:
        yield Case(_over(sides, last), (draw(*sides), last, draw(*last), draw(*last)))
    yield Case(
        {"en": "256 tokens of width 128", "zh": "256 个 token，宽 128"},
        (draw(4, 64, 128), (128,), draw(128), draw(128)),
        timed=True,
    )


# RMS normalization


def _reference(
    x: Tensor, normalized_shape: Sequence[int], weight: Tensor | None = None, eps: float = 1e-6
) -> Tensor:
    return F.rms_norm(x, list(normalized_shape), weight, eps)


def _rms(
    normalized: Normalized, default: float = 1e-6, half: bool = False, cast: bool = True
) -> Callable[..., Tensor]:
    """RMS normalization that normalizes so; in `half` precision where x is, and `cast` back to it."""

    def rms_norm(
        x: Tensor, normalized_shape: Sequence[int], weight: Tensor | None = None, eps: float = default
    ) -> Tensor:
        y = normalized(x if half else at_least_float32(x), _trailing(normalized_shape), eps)
        y = y if weight is None else y * weight
        return y.to(x.dtype) if cast else y

    return rms_norm


def _mean_square(x: Tensor, over: list[int]) -> Tensor:
    """Taken in float32, and in the dtype of x."""
    return at_least_float32(x).square().mean(over, keepdim=True).to(x.dtype)


def _root(x: Tensor, over: list[int], eps: float) -> Tensor:
    return (_mean_square(at_least_float32(x), over) + eps).sqrt()


def _by_root(x: Tensor, over: list[int], eps: float) -> Tensor:
    return x / (x.square().mean(over, keepdim=True) + eps).sqrt()


_centred = trap("the mean is subtracted: RMS norm does not centre", "减去了均值：RMSNorm 不做中心化")(
    _rms(_standardized)
)


@trap(
    "divided by the norm, √Σ x²: the mean under the root lacks its 1/n",
    "除以了范数 √Σ x²：均方根里还要除以 n",
)
@_rms
def _by_norm(x: Tensor, over: list[int], eps: float) -> Tensor:
    return x / (x.square().sum(over, keepdim=True) + eps).sqrt()


_added_to_root = trap(
    "ε is added to the root; it belongs under it, to the mean square",
    "ε 加在了均方根上；应加在根号里的均方上",
)
_RMS_OUTSIDE = (
    _added_to_root(_rms(lambda x, over, eps: x / (x.square().mean(over, keepdim=True).sqrt() + eps))),
    # a norm: its slope is 0 where it is 0 itself
    _added_to_root(
        _rms(lambda x, over, eps: x / (x.square().mean(over, keepdim=True).clamp(min=1e-30).sqrt() + eps))
    ),
)
_least_square = trap(
    "ε is the least that the mean square may be; it is added to it, always",
    "把 ε 当成了均方的下限；ε 应当始终加在均方上",
)
_RMS_LEAST = (
    _least_square(_rms(lambda x, over, eps: x / x.square().mean(over, keepdim=True).clamp(min=eps).sqrt())),
    _least_square(_rms(lambda x, over, eps: x / x.square().mean(over, keepdim=True).sqrt().clamp(min=eps))),
)
_rms_by_square = trap("divided by the mean square, without the root", "除以了均方，没有开方")(
    _rms(lambda x, over, eps: x / (x.square().mean(over, keepdim=True) + eps))
)
_constant_root = trap(
    "the root is cut out of the graph; y depends on x through it too",
    "均方根被排除在计算图之外；y 也通过它依赖 x",
)(_rms(lambda x, over, eps: x / (x.detach().square().mean(over, keepdim=True) + eps).sqrt()))


_in_half = trap(
    "squared in float16: from 256 on a square is infinite there. Normalize in float32, then cast back",
    "在 float16 里求平方：256 以上的数平方后就是无穷大。应转成 float32 归一化，再转回来",
)(_rms(_by_root, half=True))
_mean_in_half = trap(
    "the mean square is cast back too early: from 256 on it is infinite in float16. Cast the result alone",
    "均方过早转回了半精度：256 以上的数，它在 float16 里就是无穷大。应只转换最后的结果",
)
_ROUNDED_MEAN = (
    _mean_in_half(_rms(lambda x, over, eps: x / (_mean_square(x, over) + eps).sqrt(), half=True)),
    _mean_in_half(_rms(lambda x, over, eps: x * (_mean_square(x, over) + eps).rsqrt(), half=True)),
)
_root_in_half = trap(
    "in bfloat16 the root is rounded before it divides, and a whole row is wrong by that: normalize in "
    "float32, bfloat16 too, and cast the result alone",
    "bfloat16 时，均方根在相除之前就被舍入，整行都因此有偏差：bfloat16 也应在 float32 里归一化，"
    "只转换最后的结果",
)
_ROUNDED_ROOT = (
    _root_in_half(_rms(lambda x, over, eps: _by_root(_lifted(x), over, eps), half=True)),
    _root_in_half(_rms(lambda x, over, eps: x * _root(x, over, eps).reciprocal().to(x.dtype), half=True)),
    _root_in_half(_rms(lambda x, over, eps: x / _root(x, over, eps).to(x.dtype), half=True)),
)
_rms_uncast = trap("the result has not the dtype of x: cast it back", "结果的 dtype 与 x 不同：应转回去")(
    _rms(_by_root, cast=False)
)
_rms_last_only = trap(
    "only the last dimension is normalized, though normalized_shape has more",
    "只沿最后一维归一化，而 normalized_shape 不止一维",
)(_rms(lambda x, over, eps: _by_root(x, [-1], eps)))
_rms_fixed_eps = trap("eps is ignored: it is always 1e-6", "没有用到 eps：始终是 1e-6")(
    _rms(lambda x, over, eps: _by_root(x, over, 1e-6))
)
_rms_no_eps = trap("no ε is added to the mean square", "均方没有加 ε")(
    _rms(lambda x, over, eps: _by_root(x, over, 0.0))
)
_rms_default = tuple(
    trap("the default of eps is not 1e-6", "eps 的默认值不是 1e-6")(_rms(_by_root, default))
    for default in (1e-5, 1e-8)
)
_plus_one = trap(
    "multiplied by 1 + weight, as Gemma does: here weight is the gain itself",
    "乘的是 1 + weight（Gemma 的写法）：这里 weight 就是增益本身",
)(
    lambda x, normalized_shape, weight=None, eps=1e-6: _reference(
        x, normalized_shape, None if weight is None else 1 + weight, eps
    )
)
_no_weight = trap("the weight is left out", "没有乘 weight")(
    lambda x, normalized_shape, weight=None, eps=1e-6: _reference(x, normalized_shape, None, eps)
)


def _mean_square_is_1(y: Tensor, x: Tensor, normalized_shape: Sequence[int]) -> Iterator[Fact]:
    words = {
        "en": "after normalization the mean square of each row must be 1, to within ¼ %; that of one is not",
        "zh": "归一化后每行的均方应为 1（误差在 0.25% 以内），这里有一行不是",
    }
    yield words, bool(((y.double().square().mean(-1) - 1).abs() < 2.5e-3).all())


@judge(
    reference=_reference,
    traps=(
        _centred,
        _by_norm,
        *_RMS_OUTSIDE,
        *_RMS_LEAST,
        _rms_by_square,
        _constant_root,
        _in_half,
        *_ROUNDED_MEAN,
        *_ROUNDED_ROOT,
        _rms_uncast,
        _rms_last_only,
        _rms_fixed_eps,
        _rms_no_eps,
        *_rms_default,
        _plus_one,
        _no_weight,
    ),
)
def check_rms_norm(random: Generator) -> Iterator[Case]:
    """One row, then sequences, planes, every ε, gradients, half precision."""
    draw = normal(random)

    yield Case({"en": "one sample of three features", "zh": "一个样本，三个特征"}, (draw(1, 3), (3,)))
    yield Case(
        {"en": "sequences, with a weight", "zh": "序列，带 weight"},
        (3 * draw(2, 4, 6) + 1, (6,), draw(6)),
    )
    yield Case(
        {"en": "over the last two dimensions", "zh": "对最后两维归一化"},
        (draw(3, 4, 5), (4, 5), draw(4, 5)),
        grad=True,
    )
    yield Case(
        {"en": "over the last two of four dimensions", "zh": "四维，对最后两维归一化"},
        (3 * draw(2, 3, 4, 5), (4, 5), draw(4, 5)),
    )
    yield Case({"en": "over all dimensions", "zh": "对所有维归一化"}, (2 * draw(3, 2, 2), (3, 2, 2)))
    sizes = torch.tensor([1.0, 1e3, 1e6, 1e9]).view(2, 2, 1, 1)
    yield Case(
        {"en": "a batch of planes, some of huge values", "zh": "一批平面，有的数值极大"},
        (sizes * draw(2, 2, 3, 3), (3,)),
    )
    yield Case(
        {"en": "values of a thousandth, where ε counts", "zh": "千分之一大小的值，ε 起作用"},
        (0.001 * draw(4, 8), (8,), draw(8)),
    )
    yield Case(
        {"en": "tiny values, and an ε as tiny, 1e-12", "zh": "极小的值，ε 也极小（1e-12）"},
        (1e-5 * draw(4, 8), (8,), None, 1e-12),
    )
    yield Case(
        {"en": "tiny values, and no ε: eps = 0", "zh": "极小的值，没有 ε：eps = 0"},
        (1e-5 * draw(4, 8), (8,), None, 0.0),
    )
    yield Case(
        {"en": "a large ε, 0.1, gradients", "zh": "较大的 ε（0.1），梯度"},
        (0.3 * draw(4, 5), (5,), draw(5), 0.1),
        grad=True,
    )
    yield Case(
        {"en": "gradients, in float64", "zh": "梯度（float64）"},
        (draw(3, 5, dtype=torch.float64), (5,), draw(5, dtype=torch.float64), 1e-6),
        grad=True,
    )
    zeros = torch.cat([torch.zeros(1, 4), draw(2, 4)])
    yield Case(
        {"en": "a row of zeros, gradients", "zh": "有一行全为零，梯度"},
        (zeros, (4,), draw(4)),
        grad=True,
    )
    for dtype in (torch.float16, torch.bfloat16):
        name = str(dtype).removeprefix("torch.")
        yield Case(
            {"en": f"{name}, values of several thousand", "zh": f"{name}，数值为几千"},
            ((5000 * draw(4, 16)).to(dtype), (16,), draw(16).to(dtype)),
            tolerance=5e-3,
        )
    yield Case(
        {"en": "float16, values of a thousandth", "zh": "float16，数值为千分之几"},
        ((0.003 * draw(4, 16)).half(), (16,)),
        tolerance=5e-3,
    )
    # its square is infinite in float16, the mean of 16 is not
    yield Case(
        {"en": "float16, one value of 400", "zh": "float16，有一个值为 400"},
        (draw(4, 16).scatter(1, torch.randint(16, (4, 1), generator=random), 400.0).half(), (16,)),
        tolerance=5e-3,
    )
    yield Case(
        {"en": "one feature of 4,096 far above the others", "zh": "4,096 个特征中有一个远大于其余"},
        (_one_above(draw(2, 4096), random), (4096,)),
    )
    # the rounding of single numbers averages out, to 0.2 % at most; a root in bfloat16 is wrong for its whole
    # row, and of 16 rows one by 0.27 % at least (3,000 seeds)
    yield Case(
        {"en": "bfloat16, 16 long rows", "zh": "bfloat16，16 个很长的行"},
        ((3 * draw(16, 2048)).bfloat16(), (2048,)),
        facts=_mean_square_is_1,
    )
    for sides, last in _THIN:
        yield Case(_over(sides, last), (draw(*sides), last, draw(*last)))
    yield Case(
        {"en": "256 tokens of width 128", "zh": "256 个 token，宽 128"},
        (draw(4, 64, 128), (128,), draw(128)),
        timed=True,
    )
