"""Judges of the code questions on convolution and pooling."""

from collections.abc import Iterator

import torch
from torch import Generator, Tensor
from torch.nn import functional as F

from answers.judges.kit.draws import normal
from quizcli.judge.case import Case, Trap, judge, trap

_FOUR_AXES = "The question's images have four axes: the last but one is axis 2."

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


def _one_sided(first: bool) -> Trap:
    """The mistake of padding only before the first row and column, or only after the last."""

    def convolved(
        x: Tensor, weight: Tensor, bias: Tensor | None = None, stride: int = 1, padding: int = 0
    ) -> Tensor:
        sides = (padding, 0, padding, 0) if first else (0, padding, 0, padding)
        return F.conv2d(F.pad(x, sides), weight, bias, stride)

    return trap(
        "zeros are added on one side of each dimension only; padding surrounds the image",
        "每一维只在一侧补了零；填充是四周都补",
    )(convolved)


@trap(
    "the stride is not used: all windows are computed",
    "没有用到 stride：把所有窗口都算了",
)
def _dense_windows(
    x: Tensor, weight: Tensor, bias: Tensor | None = None, stride: int = 1, padding: int = 0
) -> Tensor:
    return F.conv2d(x, weight, bias, 1, padding)


@trap("zeros are not added: padding is not used", "没有补零：padding 没用上")
def _unpadded(
    x: Tensor, weight: Tensor, bias: Tensor | None = None, stride: int = 1, padding: int = 0
) -> Tensor:
    return F.conv2d(x, weight, bias, stride)


@trap("the bias is left out", "没有加 bias")
def _unbiased(
    x: Tensor, weight: Tensor, bias: Tensor | None = None, stride: int = 1, padding: int = 0
) -> Tensor:
    return F.conv2d(x, weight, None, stride, padding)


@trap("the products are averaged over the channels: add them up", "对各通道取了平均：应当求和")
def _averaged_channels(
    x: Tensor, weight: Tensor, bias: Tensor | None = None, stride: int = 1, padding: int = 0
) -> Tensor:
    return F.conv2d(x, weight / x.shape[1], bias, stride, padding)


@trap(
    "(N, windows, O) is reshaped to (N, O, H', W') without a transpose: the channels come out mixed up",
    "把 (N, 窗口, O) 直接 reshape 成 (N, O, H', W')，没有先转置：通道全乱了",
)
def _not_transposed(
    x: Tensor, weight: Tensor, bias: Tensor | None = None, stride: int = 1, padding: int = 0
) -> Tensor:
    right = F.conv2d(x, weight, bias, stride, padding)
    return right.flatten(2).mT.reshape(right.shape)


@judge(
    reference=F.conv2d,
    traps=(
        _flipped,
        _short,
        _bias_on_width,
        _strideless,
        _one_sided(first=True),
        _one_sided(first=False),
        _dense_windows,
        _unpadded,
        _unbiased,
        _averaged_channels,
        _not_transposed,
    ),
    equivalent={
        "windows: x.unfold(-2, height, stride) → x.unfold(2, height, stride)": _FOUR_AXES,
        "conv2d: begins with stride = stride or 1": "No window moves by 0: PyTorch refuses that stride.",
        "conv2d: -2: → 2:": "A weight has four axes: the last two are those from the third on.",
    },
)
def check_conv2d(random: Generator) -> Iterator[Case]:
    """One small image of whole numbers, then channels and bias, strides and paddings of every size."""
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
        {"en": "a 1 × 1 kernel, windows that leave gaps", "zh": "1 × 1 的核，窗口之间有空隙"},
        (draw(2, 3, 8, 5), draw(2, 3, 1, 1), draw(2), 3),
    )
    yield Case(
        {"en": "stride 3, two rows and two columns left over", "zh": "步幅 3，剩下两行两列"},
        (draw(1, 2, 8, 10), draw(2, 2, 3, 2), draw(2), 3),
    )
    yield Case(
        {"en": "a kernel as large as the image", "zh": "核与图一样大"}, (draw(2, 2, 4, 3), draw(3, 2, 4, 3))
    )
    yield Case(
        {"en": "stride 5, more padding than the kernel is wide", "zh": "步幅 5，填充比核还宽"},
        (draw(1, 2, 9, 11), draw(2, 2, 2, 3), draw(2), 5, 4),
    )
    yield Case(
        {"en": "images of one row", "zh": "只有一行的图"}, (draw(2, 2, 1, 6), draw(3, 2, 1, 3), draw(3), 2)
    )
    yield Case(
        {"en": "images of one column, one kernel", "zh": "只有一列的图，一个核"},
        (draw(2, 2, 6, 1), draw(1, 2, 3, 1), draw(1)),
    )
    yield Case(
        {"en": "images of one pixel, padding 1", "zh": "只有一个像素的图，填充 1"},
        (draw(2, 3, 1, 1), draw(2, 3, 3, 3), draw(2), 1, 1),
    )
    yield Case(
        {"en": "2 images of 3 channels, 16 × 16", "zh": "2 张 3 通道、16 × 16 的图"},
        (draw(2, 3, 16, 16), draw(8, 3, 3, 3), draw(8), 1, 1),
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


@trap(
    "without a stride the windows move on by 2; the default is stride = kernel_size, whatever that is",
    "没给步幅时窗口每次固定移 2；默认 stride = kernel_size，不论它是多少",
)
def _by_two(x: Tensor, kernel_size: int, stride: int | None = None, padding: int = 0) -> Tensor:
    return F.max_pool2d(x, kernel_size, 2 if stride is None else stride, padding)


@trap("the stride is not used: the windows always lie side by side", "没有用到 stride：窗口总是并排放")
def _side_by_side(x: Tensor, kernel_size: int, stride: int | None = None, padding: int = 0) -> Tensor:
    return F.max_pool2d(x, kernel_size, None, padding)


@trap("no padding is added", "没有做填充")
def _bare(x: Tensor, kernel_size: int, stride: int | None = None, padding: int = 0) -> Tensor:
    return F.max_pool2d(x, kernel_size, stride)


def _padded_on_one_side(first: bool) -> Trap:
    """The mistake of padding only before the first row and column, or only after the last."""

    def pooled(x: Tensor, kernel_size: int, stride: int | None = None, padding: int = 0) -> Tensor:
        sides = (padding, 0, padding, 0) if first else (0, padding, 0, padding)
        return F.max_pool2d(F.pad(x, sides, value=float("-inf")), kernel_size, stride)

    return trap("padding was added on one side of each dimension only", "每一维只在一侧做了填充")(pooled)


@trap("the smallest value of each window is kept", "取成了窗口里最小的值")
def _smallest(x: Tensor, kernel_size: int, stride: int | None = None, padding: int = 0) -> Tensor:
    return -F.max_pool2d(-x, kernel_size, stride, padding)


def _filled(fill: float) -> Trap:
    """The mistake of a padding that wins over what is lower still."""

    def pooled(x: Tensor, kernel_size: int, stride: int | None = None, padding: int = 0) -> Tensor:
        return F.max_pool2d(F.pad(x, (padding,) * 4, value=fill), kernel_size, stride)

    return trap(
        "the padding is low but not low enough, and wins over lower values: pad with −∞",
        "填充值虽小但还不够小，会盖过更小的值：应填 −∞",
    )(pooled)


_FILLS = (-1.0, -1e3, -1e4, -1e6, -1e9)


@judge(
    reference=F.max_pool2d,
    traps=(
        _padded_with_zero,
        _dense,
        _by_two,
        _ceiling,
        _averaged,
        _side_by_side,
        _bare,
        _padded_on_one_side(first=True),
        _padded_on_one_side(first=False),
        _smallest,
        *map(_filled, _FILLS),
    ),
    equivalent={
        "windows: x.unfold(-2, height, stride) → x.unfold(2, height, stride)": _FOUR_AXES,
    },
)
def check_max_pool2d(random: Generator) -> Iterator[Case]:
    """One small image, then odd sides, windows that overlap or leave gaps, padding around negative values."""
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
    yield Case({"en": "windows at every pixel", "zh": "每个像素一个窗口"}, (draw(2, 2, 6, 5), 3, 1))
    yield Case({"en": "windows that leave gaps", "zh": "窗口之间有空隙"}, (draw(1, 3, 9, 8), 2, 3))
    yield Case({"en": "stride 5", "zh": "步幅 5"}, (draw(1, 2, 13, 17), 2, 5))
    yield Case(
        {"en": "7 × 7 windows, stride 6, padding 3", "zh": "7 × 7 的窗口，步幅 6，填充 3"},
        (draw(1, 2, 20, 15), 7, 6, 3),
    )
    yield Case(
        {"en": "padding half the side of a window", "zh": "填充为窗口边长的一半"},
        (draw(2, 2, 4, 5), 4, None, 2),
    )
    yield Case(
        {"en": "5 × 5 windows, padding 2, stride 3", "zh": "5 × 5 的窗口，填充 2，步幅 3"},
        (draw(1, 2, 11, 8), 5, 3, 2),
    )
    yield Case(
        {"en": "padding around an image of −∞", "zh": "全为 −∞，带填充"},
        (torch.cat([draw(1, 1, 4, 5), torch.full((1, 1, 4, 5), float("-inf"))]), 3, 2, 1),
    )
    low = -1e38 * (1 + torch.rand(2, 1, 4, 5, generator=random))
    yield Case({"en": "padding around values of −10³⁸", "zh": "数值约为 −10³⁸，带填充"}, (low, 2, 1, 1))
    yield Case({"en": "images of one row", "zh": "只有一行的图"}, (draw(2, 3, 1, 6), 2, None, 1))
    yield Case({"en": "images of one column", "zh": "只有一列的图"}, (draw(2, 3, 6, 1), 2, 1, 1))
    yield Case({"en": "windows of one pixel", "zh": "窗口只有一个像素"}, (draw(2, 2, 3, 5), 1))
    yield Case({"en": "one pixel", "zh": "只有一个像素"}, (draw(1, 1, 1, 1), 1))
    yield Case(
        {"en": "2 maps of 8 channels, 32 × 32", "zh": "2 张 8 通道、32 × 32 的特征图"},
        (draw(2, 8, 32, 32), 3, 2, 1),
        timed=True,
    )
