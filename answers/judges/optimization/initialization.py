"""Judges of the code questions on initialization."""

import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import torch
from torch import Generator, Tensor
from torch.nn.init import trunc_normal_

from quizcli.demo.events import Words
from quizcli.judge.case import Case, Fact, judge, trap

_MANY = 50  # rows and columns, enough to compare them


def _variance(shape: Sequence[int], scheme: str) -> float:
    kernel = math.prod(shape[2:])
    fan_in, fan_out = shape[1] * kernel, shape[0] * kernel
    return 2 / (fan_in + fan_out) if scheme == "xavier" else 2 / fan_in


def _between(words: Words, low: float, value: float, high: float) -> Iterator[Fact]:
    """Two facts: what lies too low is another mistake than what lies too high."""
    yield words, value > low
    yield words, value < high


def _facts(weight: Tensor, shape: Sequence[int], scheme: str = "he") -> Iterator[Fact]:
    """Mean, spread and form of the distribution. With so many draws, chance never breaks these bounds."""
    wanted, values = math.sqrt(_variance(shape, scheme)), weight.double().flatten()
    mean, std = values.mean().item(), values.std().item()
    yield (
        {"en": f"the mean should be 0, is {mean:.4f}", "zh": f"均值应为 0，实为 {mean:.4f}"},
        abs(mean) < 0.03 * wanted,
    )
    slip = 7 / math.sqrt(2 * values.numel())  # by chance, one draw in 10¹¹: from 0.9 % to 2.6 %
    yield from _between(
        {
            "en": f"the standard deviation should be {wanted:.4f}, is {std:.4f}",
            "zh": f"标准差应为 {wanted:.4f}，实为 {std:.4f}",
        },
        *(1 - slip, std / wanted, 1 + slip),
    )
    far = (values.abs() > 2 * wanted).double().mean().item()
    yield from _between(
        {
            "en": f"4.6 % of normal numbers lie beyond two standard deviations, here {100 * far:.1f} % do",
            "zh": f"正态分布有 4.6% 落在两倍标准差之外，这里是 {100 * far:.1f}%",
        },
        *(0.036, far, 0.056),
    )
    rare = (values.abs() > 3 * wanted).double().mean().item()
    slack = 7 * math.sqrt(0.0027 / values.numel())
    yield from _between(
        {
            "en": f"0.27 % of normal numbers lie beyond three deviations, here {100 * rare:.2f} % do",
            "zh": f"正态分布有 0.27% 落在三倍标准差之外，这里是 {100 * rare:.2f}%",
        },
        *(0.0027 - slack, rare, 0.0027 + slack),
    )
    fourth = (values - mean).pow(4).mean().item() / std**4 if std else math.nan
    slack = 7 * math.sqrt(24 / values.numel())  # 0.18 to 0.063; the sum of twelve uniform numbers has 2.9
    yield from _between(
        {
            "en": f"the mean fourth power should be 3 times the variance squared, is {fourth:.2f} times",
            "zh": f"四阶矩应为方差平方的 3 倍，实为 {fourth:.2f} 倍",
        },
        *(3 - slack, fourth, 3 + slack),
    )
    # float32 has so many numbers that few of a hundred thousand meet; whoever copies has half of them.
    # NumPy, as it sorts ten times as fast as torch
    yield (
        {"en": "every weight should be drawn on its own", "zh": "每个权重都应独立抽取"},
        np.unique(values.abs().numpy()).size > 0.75 * values.numel(),
    )
    rows = weight.double().flatten(1)
    if min(rows.shape) < _MANY:
        return  # of few rows or columns chance makes anything
    scatter = min(_row_scatter(rows), _row_scatter(rows.T))
    yield (
        {
            "en": f"the lengths of rows or columns differ {scatter:.2f} times as much as by chance: "
            "leave the weights as they are drawn",
            "zh": f"各行（或各列）长度的差异只有随机时的 {scatter:.2f} 倍：抽出来的权重不要再做归一化",
        },
        scatter > 0.3,
    )
    alike = _likeness(rows)
    yield from _between(
        {
            "en": f"two rows or columns should be as alike as chance makes them, not {alike:.2f} times so",
            "zh": f"任意两行（或两列）的内积应像各自独立时那样散布，这里是其 {alike:.2f} 倍",
        },
        *(0.8, alike, 1.25),
    )


def _deviation(weight: Tensor, shape: Sequence[int], scheme: str = "he") -> Iterator[float]:
    """Mistakes of the variance differ by it."""
    yield weight.double().std().item() / math.sqrt(_variance(shape, scheme))


def _likeness(rows: Tensor) -> float:
    """The mean square of the products of two rows, by what it is where all numbers are independent.

    Of the fewer, rows or columns: orthogonal ones cannot be more than there are axes, and theirs is 0.
    """
    rows = rows if rows.shape[0] <= rows.shape[1] else rows.T  # (k, n), k ≤ n
    products = rows @ rows.T / rows.square().mean()  # (k, k)
    others = products.square().sum() - products.diagonal().square().sum()
    k, n = rows.shape
    return (others / (k * (k - 1) * n)).item()


def _row_scatter(rows: Tensor) -> float:
    """How much the lengths of rows differ, by what they do where all numbers are independent."""
    squares = rows.square().mean(1)
    return (squares.std() / (math.sqrt(2 / rows.shape[1]) * squares.mean())).item()


def _scatter(weights: Sequence[Tensor], shape: Sequence[int], scheme: str = "he") -> Iterator[Fact]:
    """What a sample has is not what the distribution has: it differs from draw to draw, and has tails."""
    wanted = math.sqrt(_variance(shape, scheme))
    means = [weight.double().mean().item() for weight in weights]
    yield (
        {
            "en": "the mean of each sample is exactly 0: draw the weights, and leave them as they are",
            "zh": "每次抽样的均值都恰好为 0：抽出来的权重不要再做标准化",
        },
        any(abs(mean) > 1e-7 * wanted for mean in means),
    )
    # the largest of n normal numbers is below this one time in a billion (e⁻²¹): with 2 · 295,000, 4.13
    n = sum(weight.numel() for weight in weights)
    reach = -torch.special.ndtri(torch.tensor(21 / (2 * n), dtype=torch.float64)).item()
    stds = torch.tensor([weight.double().std().item() for weight in weights], dtype=torch.float64)
    largest = max(weight.abs().max().item() for weight in weights) / max(stds.mean().item(), 1e-30)
    yield (
        {
            "en": f"of {n:,} normal numbers some lie beyond {reach:.2f} deviations, here none does: "
            "are the tails cut off?",
            "zh": f"{n:,} 个正态随机数总有落在 {reach:.2f} 倍标准差之外的，这里没有：尾部被截断了？",
        },
        largest > reach,
    )
    if len(weights) > 2:  # two may agree by chance, four agree so well never
        yield (
            {
                "en": "each sample has exactly the same deviation: leave the weights as they are drawn",
                "zh": "每次抽样的标准差都分毫不差：抽出来的权重不要再做标准化",
            },
            (stds.max() - stds.min()).item() > 1e-6 * wanted,
        )


def _size(weight: Tensor, shape: Sequence[int], scheme: str = "he") -> Iterator[Fact]:
    """Of so few weights one draw tells nothing but that they are numbers."""
    yield (
        {"en": "weights must be finite", "zh": "权重必须是有限的数"},
        bool(weight.isfinite().all()),
    )


def _together(weights: Sequence[Tensor], shape: Sequence[int], scheme: str = "he") -> Iterator[Fact]:
    """The spread of many small draws together: where fans are small, a fan that is rounded shows."""
    values = torch.cat([weight.double().flatten() for weight in weights])
    wanted, std = math.sqrt(_variance(shape, scheme)), values.square().mean().sqrt().item()
    slip = 7 / math.sqrt(2 * values.numel())
    yield from _between(
        {
            "en": f"the standard deviation should be {wanted:.4f}, over {len(weights)} calls it is {std:.4f}",
            "zh": f"标准差应为 {wanted:.4f}，{len(weights)} 次调用合计为 {std:.4f}",
        },
        *(1 - slip, std / wanted, 1 + slip),
    )


@trap("2/fan is the variance: the standard deviation is its root", "2/fan 是方差，标准差要开根号")
def _variance_as_deviation(shape: Sequence[int], scheme: str = "he") -> Tensor:
    return _variance(shape, scheme) * torch.randn(*shape)


@trap(
    "fan_in and fan_out are mixed up: PyTorch's weights are (out, in, …)",
    "fan_in 与 fan_out 弄反了：PyTorch 的权重形状是 (out, in, …)",
)
def _swapped(shape: Sequence[int], scheme: str = "he") -> Tensor:
    return math.sqrt(_variance((shape[1], shape[0], *shape[2:]), scheme)) * torch.randn(*shape)


@trap(
    "the kernel's pixels are not counted: a convolution's fans are channels times pixels",
    "没有算上卷积核的像素数：卷积的 fan 等于通道数乘以核的像素数",
)
def _without_kernel(shape: Sequence[int], scheme: str = "he") -> Tensor:
    return math.sqrt(_variance(shape[:2], scheme)) * torch.randn(*shape)


@trap("the 2 is missing: ReLU halves the mean square", "少了因子 2：ReLU 会让均方减半")
def _without_two(shape: Sequence[int], scheme: str = "he") -> Tensor:
    factor = 1.0 if scheme == "xavier" else 0.5
    return math.sqrt(factor * _variance(shape, scheme)) * torch.randn(*shape)


@trap(
    "a uniform distribution up to ± the standard deviation: its own is √3 times smaller",
    "用了 ± 标准差之间的均匀分布：它的标准差只有 1/√3",
)
def _uniform(shape: Sequence[int], scheme: str = "he") -> Tensor:
    return math.sqrt(_variance(shape, scheme)) * (2 * torch.rand(*shape) - 1)


@trap(
    "a uniform distribution, if of the right variance: a normal one is asked for",
    "方差对了，但用的是均匀分布：题目要的是正态分布",
)
def _uniform_as_wide(shape: Sequence[int], scheme: str = "he") -> Tensor:
    return math.sqrt(3 * _variance(shape, scheme)) * (2 * torch.rand(*shape) - 1)


@trap(
    "√6 belongs to the uniform distribution, as its bound: the normal one has √2 in its place",
    "√6 是均匀分布的边界用的：正态分布的标准差里是 √2",
)
def _of_uniform(shape: Sequence[int], scheme: str = "he") -> Tensor:
    return math.sqrt(3 * _variance(shape, scheme)) * torch.randn(*shape)


@trap(
    "the normal distribution is cut off at two standard deviations; it should have its tails",
    "正态分布在两倍标准差处截断了：应保留尾部",
)
def _cut(shape: Sequence[int], scheme: str = "he") -> Tensor:
    std = math.sqrt(_variance(shape, scheme))
    return trunc_normal_(torch.empty(*shape), std=std, a=-2 * std, b=2 * std)


@trap(
    "Xavier's variance is made of fan_in alone: it is 2 / (fan_in + fan_out)",
    "Xavier 的方差只用了 fan_in：应为 2 / (fan_in + fan_out)",
)
def _by_inputs(shape: Sequence[int], scheme: str = "he") -> Tensor:
    factor = 0.5 if scheme == "xavier" else 1.0
    return math.sqrt(factor * _variance(shape, "he")) * torch.randn(*shape)


@trap("the scheme is ignored: all is He's", "没有用到 scheme：一律成了 He 初始化")
def _always_he(shape: Sequence[int], scheme: str = "he") -> Tensor:
    return math.sqrt(_variance(shape, "he")) * torch.randn(*shape)


@trap(
    "all rows share their weights: every unit would learn the same", "各行的权重相同：所有神经元学到的都一样"
)
def _one_row(shape: Sequence[int], scheme: str = "he") -> Tensor:
    row = math.sqrt(_variance(shape, scheme)) * torch.randn(1, *shape[1:])
    return row.expand(*shape).contiguous()


@judge(
    traps=(
        _variance_as_deviation,
        _swapped,
        _without_kernel,
        _without_two,
        _of_uniform,
        _by_inputs,
        _always_he,
        _uniform,
        _uniform_as_wide,
        _cut,
        _one_row,
    ),
)
def check_init_weight(random: Generator) -> Iterator[Case]:
    """A linear layer by both schemes, then convolutions, whose kernels count."""
    width = 16 * int(torch.randint(6, 10, (), generator=random))  # far from 512, and from half of it

    def case(en: str, zh: str, *args: Any, draws: int = 2, timed: bool = False) -> Case:
        return Case(
            {"en": en, "zh": zh},
            args,
            facts=_facts,
            draws=draws,
            spread=_scatter,
            telling=_deviation,
            timed=timed,
        )

    yield case("He, a linear layer", "He，线性层", (512, width), "he", draws=4)
    yield case("Xavier, a linear layer", "Xavier，线性层", (512, width), "xavier")
    yield case("He, a convolution of 5 × 5", "He，5 × 5 卷积", (width, 16, 5, 5), "he")
    yield case("Xavier, a convolution of 5 × 5", "Xavier，5 × 5 卷积", (width, 16, 5, 5), "xavier")
    for scheme in ("he", "xavier"):
        yield Case(
            {
                "en": f"{scheme.title()}, 3 inputs and 4 outputs, over and over",
                "zh": f"{scheme.title()}，3 个输入、4 个输出，反复调用",
            },
            ((4, 3), scheme),
            facts=_size,
            spread=_together,
            draws=500,
        )
    # one input: of numbers cut off at ±2, as some libraries do by default, as many as at 1.4 deviations
    yield case("He, one input", "He，只有一个输入", (65_536, 1), "he")
    yield case("Xavier, depthwise", "Xavier，逐通道卷积", (16_384, 1, 2, 2), "xavier")
    yield case("He by default, a kernel of 7 × 1", "默认（He），7 × 1 卷积核", (96, 64, 7, 1))
    # the largest sees the tails best
    yield case("He, 128 × 256 × 3 × 3", "He，128 × 256 × 3 × 3", (128, 256, 3, 3), "he", timed=True)
