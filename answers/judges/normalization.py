"""Judges of the code questions on layer and RMS normalization."""

from collections.abc import Callable, Iterator, Sequence

import torch
from torch import Generator, Tensor
from torch.nn import functional as F

from answers.judges._normal import normal
from quizcli.judge.case import Case, judge, trap

# Layer normalization


Normalized = Callable[[Tensor, list[int], float], Tensor]  # x, over these dimensions, with this ε


def _layer(normalized: Normalized) -> Callable[..., Tensor]:
    """Layer normalization that normalizes so."""

    def layer_norm(
        x: Tensor,
        normalized_shape: Sequence[int],
        weight: Tensor | None = None,
        bias: Tensor | None = None,
        eps: float = 1e-5,
    ) -> Tensor:
        y = normalized(x, _trailing(normalized_shape), eps)
        y = y if weight is None else y * weight
        return y if bias is None else y + bias

    return layer_norm


def _trailing(normalized_shape: Sequence[int]) -> list[int]:
    return list(range(-len(normalized_shape), 0))


def _standardized(x: Tensor, over: list[int], eps: float) -> Tensor:
    z = x - x.mean(over, keepdim=True)
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


@trap("ε is added to the standard deviation; it belongs under the root", "ε 加在了标准差上；应加在根号里")
@_layer
def _layer_outside(x: Tensor, over: list[int], eps: float) -> Tensor:
    z = x - x.mean(over, keepdim=True)
    return z / (z.square().mean(over, keepdim=True).sqrt() + eps)


@trap(
    "E[x²] − E[x]² loses its digits where the mean is large: subtract the mean first",
    "均值很大时 E[x²] − E[x]² 会损失有效数字：应先减均值再平方",
)
@_layer
def _cancelled(x: Tensor, over: list[int], eps: float) -> Tensor:
    mean = x.mean(over, keepdim=True)
    return (x - mean) / (x.square().mean(over, keepdim=True) - mean.square() + eps).sqrt()


@judge(
    reference=F.layer_norm,
    traps=(_layer_unbiased, _over_batch, _last_only, _layer_outside, _cancelled),
)
def check_layer_norm(random: Generator) -> Iterator[Case]:
    """One row, then sequences, planes, nearly equal features, gradients, a mean far from 0."""
    draw = normal(random)

    yield Case({"en": "one sample of three features", "zh": "一个样本，三个特征"}, (draw(1, 3), (3,)))
    yield Case(
        {"en": "sequences, with weight and bias", "zh": "序列，带 weight 和 bias"},
        (3 * draw(2, 4, 6) + 1, (6,), draw(6), draw(6)),
    )
    yield Case(
        {"en": "over the last two dimensions", "zh": "对最后两维归一化"},
        (draw(3, 4, 5), (4, 5), draw(4, 5), draw(4, 5)),
    )
    yield Case(
        {"en": "nearly equal features, where ε counts", "zh": "各特征几乎相等，ε 起作用"},
        (0.003 * draw(4, 8), (8,)),
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
    yield Case(
        {"en": "a mean of 1,000, a spread of 1", "zh": "均值 1000，标准差 1"},
        (1000 + draw(4, 16), (16,)),
        tolerance=1e-3,
    )
    yield Case(
        {"en": "512 tokens of width 512", "zh": "512 个 token，宽 512"},
        (draw(4, 128, 512), (512,), draw(512), draw(512)),
        timed=True,
    )


# RMS normalization


def _rms(normalized: Normalized, *, half: bool = False) -> Callable[..., Tensor]:
    """RMS normalization that normalizes so, halves in float32 unless in `half`."""

    def rms_norm(
        x: Tensor, normalized_shape: Sequence[int], weight: Tensor | None = None, eps: float = 1e-6
    ) -> Tensor:
        z = x.float() if x.dtype == torch.float16 and not half else x
        y = normalized(z, _trailing(normalized_shape), eps)
        return (y if weight is None else y * weight).to(x.dtype)

    return rms_norm


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


@trap(
    "ε is added to the root; it belongs under it, to the mean square",
    "ε 加在了均方根上；应加在根号里的均方上",
)
@_rms
def _rms_outside(x: Tensor, over: list[int], eps: float) -> Tensor:
    return x / (x.square().mean(over, keepdim=True).sqrt() + eps)


_in_half = trap(
    "squared in float16: from 256 on a square is infinite there. Normalize in float32, then cast back",
    "在 float16 里求平方：256 以上的数平方后就是无穷大。应转成 float32 归一化，再转回来",
)(_rms(_by_root, half=True))


@judge(
    reference=F.rms_norm,
    traps=(_centred, _by_norm, _rms_outside, _in_half),
)
def check_rms_norm(random: Generator) -> Iterator[Case]:
    """One row, then sequences, planes, small values, gradients, half precision."""
    draw = normal(random)

    yield Case(
        {"en": "one sample of three features", "zh": "一个样本，三个特征"}, (draw(1, 3), (3,), None, 1e-6)
    )
    yield Case(
        {"en": "sequences, with a weight", "zh": "序列，带 weight"},
        (3 * draw(2, 4, 6) + 1, (6,), draw(6), 1e-6),
    )
    yield Case(
        {"en": "over the last two dimensions", "zh": "对最后两维归一化"},
        (draw(3, 4, 5), (4, 5), draw(4, 5), 1e-6),
    )
    yield Case(
        {"en": "values of a thousandth, where ε counts", "zh": "千分之一大小的值，ε 起作用"},
        (0.001 * draw(4, 8), (8,), draw(8), 1e-6),
    )
    yield Case(
        {"en": "gradients, in float64", "zh": "梯度（float64）"},
        (draw(3, 5, dtype=torch.float64), (5,), draw(5, dtype=torch.float64), 1e-6),
        grad=True,
    )
    yield Case(
        {"en": "float16, values of several hundred", "zh": "float16，数值为几百"},
        ((500 * draw(4, 16)).half(), (16,), draw(16).half(), 1e-6),
        tolerance=5e-3,
    )
    yield Case(
        {"en": "512 tokens of width 512", "zh": "512 个 token，宽 512"},
        (draw(4, 128, 512), (512,), draw(512), 1e-6),
        timed=True,
    )
