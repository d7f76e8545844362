"""Judges of the code questions on initialization."""

import math
from collections.abc import Iterator, Sequence

import torch
from torch import Generator, Tensor

from quizcli.judge.case import Case, Fact, judge, trap


def _variance(shape: Sequence[int], scheme: str) -> float:
    kernel = math.prod(shape[2:])
    fan_in, fan_out = shape[1] * kernel, shape[0] * kernel
    return 2 / (fan_in + fan_out) if scheme == "xavier" else 2 / fan_in


def _facts(weight: Tensor, shape: Sequence[int], scheme: str) -> Iterator[Fact]:
    """Mean, spread and form of the distribution. With so many draws, chance never breaks these bounds."""
    wanted, values = math.sqrt(_variance(shape, scheme)), weight.double().flatten()
    mean, std = values.mean().item(), values.std().item()
    yield (
        {"en": f"the mean should be 0, is {mean:.4f}", "zh": f"均值应为 0，实为 {mean:.4f}"},
        abs(mean) < 0.03 * wanted,
    )
    yield (
        {
            "en": f"the standard deviation should be {wanted:.4f}, is {std:.4f}",
            "zh": f"标准差应为 {wanted:.4f}，实为 {std:.4f}",
        },
        abs(std / wanted - 1) < 0.03,
    )
    far = (values.abs() > 2 * wanted).double().mean().item()
    yield (
        {
            "en": f"4.6 % of normal numbers lie beyond two standard deviations, here {100 * far:.1f} % do",
            "zh": f"正态分布有 4.6% 落在两倍标准差之外，这里是 {100 * far:.1f}%",
        },
        0.036 < far < 0.056,
    )
    yield (
        {"en": "every unit should have weights of its own", "zh": "每个神经元的权重应各不相同"},
        not torch.equal(weight[0], weight[1]),
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


@judge(
    traps=(_variance_as_deviation, _swapped, _without_kernel, _without_two, _uniform),
)
def check_init_weight(random: Generator) -> Iterator[Case]:
    """A linear layer by both schemes, then convolutions, whose kernels count."""
    width = 64 * int(torch.randint(3, 6, (), generator=random))  # far from 800, and from half of it
    linear, wide = (800, width), (width // 2, 16, 5, 5)
    yield Case({"en": "He, a linear layer", "zh": "He，线性层"}, (linear, "he"), facts=_facts)
    yield Case({"en": "Xavier, a linear layer", "zh": "Xavier，线性层"}, (linear, "xavier"), facts=_facts)
    yield Case({"en": "He, a convolution of 5 × 5", "zh": "He，5 × 5 卷积"}, (wide, "he"), facts=_facts)
    yield Case(
        {"en": "Xavier, a convolution of 5 × 5", "zh": "Xavier，5 × 5 卷积"}, (wide, "xavier"), facts=_facts
    )
    yield Case(
        {"en": "He, a kernel of 7 × 1", "zh": "He，7 × 1 卷积核"}, ((128, 96, 7, 1), "he"), facts=_facts
    )
    yield Case(
        {"en": "He, 512 × 256 × 3 × 3", "zh": "He，512 × 256 × 3 × 3"},
        ((512, 256, 3, 3), "he"),
        facts=_facts,
        timed=True,
    )
