"""Judges of the code questions on convolution and pooling."""

from collections.abc import Iterator

import torch
from torch import Generator, Tensor
from torch.nn import functional as F

from answers.judges._normal import normal
from quizcli.judge.case import Case, judge, trap

# Convolution


@trap(
    "the kernel is flipped: deep learning's convolution lays it on as it is (a cross-correlation)",
    "卷积核被翻转了：深度学习里的卷积不翻转（其实是互相关）",
)
def _flipped(
    x: Tensor, weight: Tensor, bias: Tensor | None = None, stride: int = 1, padding: int = 0
) -> Tensor:
    return F.conv2d(x, weight.flip(2, 3), bias, stride, padding)


@trap(
    "the output is one row and one column short: a side holds ⌊(n + 2p − k) / s⌋ + 1 windows",
    "输出少了一行一列：每边的窗口数是 ⌊(n + 2p − k) / s⌋ + 1",
)
def _short(
    x: Tensor, weight: Tensor, bias: Tensor | None = None, stride: int = 1, padding: int = 0
) -> Tensor:
    return F.conv2d(x, weight, bias, stride, padding)[..., :-1, :-1]


@trap(
    "the bias is added along the width; it belongs to the output channels, dimension 1",
    "bias 加到了宽度那一维；它属于输出通道，即第 1 维",
)
def _bias_on_width(
    x: Tensor, weight: Tensor, bias: Tensor | None = None, stride: int = 1, padding: int = 0
) -> Tensor:
    y = F.conv2d(x, weight, None, stride, padding)
    return y if bias is None else y + bias


@trap(
    "window (i, j) begins at (i, j); with a stride it begins at (s·i, s·j)",
    "第 (i, j) 个窗口从 (i, j) 开始；有步幅时应从 (s·i, s·j) 开始",
)
def _strideless(
    x: Tensor, weight: Tensor, bias: Tensor | None = None, stride: int = 1, padding: int = 0
) -> Tensor:
    high, wide = F.conv2d(x, weight, bias, stride, padding).shape[-2:]
    return F.conv2d(x, weight, bias, 1, padding)[..., :high, :wide]


@trap(
    "zeros are added on one side of each dimension only; padding surrounds the image",
    "每一维只在一侧补了零；填充是四周都补",
)
def _one_sided(
    x: Tensor, weight: Tensor, bias: Tensor | None = None, stride: int = 1, padding: int = 0
) -> Tensor:
    return F.conv2d(F.pad(x, (padding, 0, padding, 0)), weight, bias, stride)


@judge(
    reference=F.conv2d,
    traps=(_flipped, _short, _bias_on_width, _strideless, _one_sided),
)
def check_conv2d(random: Generator) -> Iterator[Case]:
    """One small image of whole numbers, then channels and bias, stride, padding, both, gradients."""
    draw = normal(random)

    def whole(*shape: int) -> Tensor:
        return torch.randint(-3, 4, shape, generator=random).float()

    yield Case(
        {"en": "a 3 × 3 image, a 2 × 2 kernel", "zh": "3 × 3 的图，2 × 2 的核"},
        (whole(1, 1, 3, 3), whole(1, 1, 2, 2)),
    )
    yield Case(
        {"en": "three channels, four kernels, a bias", "zh": "3 个通道，4 个核，带偏置"},
        (draw(2, 3, 6, 5), draw(4, 3, 3, 2), draw(4)),
    )
    yield Case({"en": "stride 2", "zh": "步幅 2"}, (draw(1, 2, 7, 10), draw(3, 2, 3, 3), draw(3), 2))
    yield Case({"en": "padding 2", "zh": "填充 2"}, (draw(2, 2, 5, 6), draw(3, 2, 3, 3), None, 1, 2))
    yield Case(
        {"en": "stride 2, padding 2, a 5 × 3 kernel", "zh": "步幅 2，填充 2，5 × 3 的核"},
        (draw(1, 3, 8, 6), draw(2, 3, 5, 3), draw(2), 2, 2),
    )
    yield Case(
        {"en": "gradients, in float64", "zh": "梯度（float64）"},
        (
            draw(2, 2, 5, 6, dtype=torch.float64),
            draw(3, 2, 3, 3, dtype=torch.float64),
            draw(3, dtype=torch.float64),
            2,
            1,
        ),
        grad=True,
    )
    yield Case(
        {"en": "8 maps of 16 channels, 32 × 32", "zh": "8 张 16 通道、32 × 32 的特征图"},
        (draw(8, 16, 32, 32), draw(32, 16, 3, 3), draw(32), 1, 1),
        timed=True,
    )


# Max-pooling


@trap(
    "the image is padded with 0, which wins over negative values: pad with −∞",
    "用 0 做填充，会盖过负数：应填 −∞",
)
def _padded_with_zero(x: Tensor, kernel_size: int, stride: int | None = None, padding: int = 0) -> Tensor:
    return F.max_pool2d(F.pad(x, (padding,) * 4), kernel_size, stride)


@trap(
    "without a stride the windows move on by 1; by default they lie side by side, stride = kernel_size",
    "没给步幅时窗口每次只移 1；默认 stride = kernel_size，窗口不重叠",
)
def _dense(x: Tensor, kernel_size: int, stride: int | None = None, padding: int = 0) -> Tensor:
    return F.max_pool2d(x, kernel_size, 1 if stride is None else stride, padding)


@trap(
    "a window hangs over the edge: what is left and too narrow for a window is dropped",
    "有窗口超出了边界：剩余部分不够一个窗口时应舍去",
)
def _ceiling(x: Tensor, kernel_size: int, stride: int | None = None, padding: int = 0) -> Tensor:
    return F.max_pool2d(x, kernel_size, stride, padding, ceil_mode=True)


@trap("the windows are averaged: that is average pooling", "对窗口取了平均：那是平均池化")
def _averaged(x: Tensor, kernel_size: int, stride: int | None = None, padding: int = 0) -> Tensor:
    return F.avg_pool2d(x, kernel_size, stride, padding)


@judge(
    reference=F.max_pool2d,
    traps=(_padded_with_zero, _dense, _ceiling, _averaged),
)
def check_max_pool2d(random: Generator) -> Iterator[Case]:
    """One small image, then odd sides, overlapping windows, padding around negative values, gradients."""
    draw = normal(random)

    yield Case(
        {"en": "a 4 × 4 image, 2 × 2 windows", "zh": "4 × 4 的图，2 × 2 的窗口"},
        (torch.randperm(16, generator=random).float().view(1, 1, 4, 4), 2),
    )
    yield Case({"en": "odd sides", "zh": "边长为奇数"}, (draw(2, 3, 7, 5), 2))
    yield Case({"en": "overlapping windows", "zh": "窗口重叠"}, (draw(1, 2, 6, 9), 3, 2))
    yield Case(
        {"en": "padding around negative values", "zh": "全为负数，带填充"},
        (-0.1 - draw(2, 2, 5, 6).abs(), 3, 2, 1),
    )
    yield Case(
        {"en": "gradients, in float64", "zh": "梯度（float64）"},
        (draw(1, 2, 7, 7, dtype=torch.float64), 3, 2, 1),
        grad=True,
    )
    yield Case(
        {"en": "8 maps of 32 channels, 32 × 32", "zh": "8 张 32 通道、32 × 32 的特征图"},
        (draw(8, 32, 32, 32), 3, 2, 1),
        timed=True,
    )
