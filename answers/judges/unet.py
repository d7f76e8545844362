"""Judges of the code questions on U-Net: the block of two convolutions, the skip, a loss of overlap."""

from collections.abc import Callable, Iterator

import torch
from torch import Generator, Tensor
from torch.nn import functional as F

from answers.judges.kit.casts import CAST
from answers.judges.kit.draws import normal
from quizcli.judge.case import Case, Trap, judge, trap

# The block


def _block(x: Tensor, w1: Tensor, b1: Tensor, w2: Tensor, b2: Tensor) -> Tensor:
    first = F.conv2d(x, w1, b1).clamp(min=0)
    return F.conv2d(first, w2, b2).clamp(min=0)


@trap(
    "padded: the paper's convolutions are not, each takes one pixel from every side",
    "做了填充：论文里的卷积不填充，每次四边各少一个像素",
)
def _padded(x: Tensor, w1: Tensor, b1: Tensor, w2: Tensor, b2: Tensor) -> Tensor:
    return F.conv2d(F.conv2d(x, w1, b1, padding=1).relu(), w2, b2, padding=1).relu()


@trap("the ReLU after the second convolution is missing", "第二个卷积之后缺少 ReLU")
def _linear_end(x: Tensor, w1: Tensor, b1: Tensor, w2: Tensor, b2: Tensor) -> Tensor:
    return F.conv2d(F.conv2d(x, w1, b1).relu(), w2, b2)


@trap(
    "the ReLU between the two is missing: two convolutions in a row are one linear map",
    "两个卷积之间缺少 ReLU：连续两个卷积仍是一个线性映射",
)
def _linear_middle(x: Tensor, w1: Tensor, b1: Tensor, w2: Tensor, b2: Tensor) -> Tensor:
    return F.conv2d(F.conv2d(x, w1, b1), w2, b2).relu()


@trap("ReLU stands before each convolution, not after it", "ReLU 放在了卷积之前，应放在之后")
def _activated_first(x: Tensor, w1: Tensor, b1: Tensor, w2: Tensor, b2: Tensor) -> Tensor:
    return F.conv2d(F.conv2d(x.relu(), w1, b1).relu(), w2, b2)


@trap("the biases are left out", "没有加偏置")
def _unbiased(x: Tensor, w1: Tensor, b1: Tensor, w2: Tensor, b2: Tensor) -> Tensor:
    return F.conv2d(F.conv2d(x, w1).relu(), w2).relu()


@trap("there is no ReLU: each of the two convolutions is followed by one", "没有 ReLU：两个卷积之后都要有")
def _linear(x: Tensor, w1: Tensor, b1: Tensor, w2: Tensor, b2: Tensor) -> Tensor:
    return F.conv2d(F.conv2d(x, w1, b1), w2, b2)


@trap(
    "the maps are normalized before each ReLU; the paper of 2015 has no BatchNorm",
    "ReLU 之前做了归一化；2015 年的论文没有 BatchNorm",
)
def _normalized(x: Tensor, w1: Tensor, b1: Tensor, w2: Tensor, b2: Tensor) -> Tensor:
    for weight, bias in ((w1, b1), (w2, b2)):
        x = F.batch_norm(F.conv2d(x, weight, bias), None, None, training=True).relu()
    return x


@trap(
    "the maps are normalized after each ReLU; the paper of 2015 has no BatchNorm",
    "ReLU 之后做了归一化；2015 年的论文没有 BatchNorm",
)
def _normalized_after(x: Tensor, w1: Tensor, b1: Tensor, w2: Tensor, b2: Tensor) -> Tensor:
    for weight, bias in ((w1, b1), (w2, b2)):
        x = F.batch_norm(F.conv2d(x, weight, bias).relu(), None, None, training=True)
    return x


def _activated(activation: Callable[[Tensor], Tensor]) -> Trap:
    """The mistake of another activation than the paper's."""
    return trap("another activation stands where the paper has ReLU", "激活函数不是论文所用的 ReLU")(
        lambda x, w1, b1, w2, b2: activation(F.conv2d(activation(F.conv2d(x, w1, b1)), w2, b2))
    )


@judge(
    reference=_block,
    traps=(
        _padded,
        _linear_end,
        _linear_middle,
        _activated_first,
        _unbiased,
        _linear,
        _normalized,
        _normalized_after,
        _activated(F.gelu),
        _activated(F.leaky_relu),
        _activated(F.silu),
    ),
    fixed={
        "x, axis 2 of 4": "Two kernels of 3 × 3 need 5 × 5 pixels.",
        "x, axis 3 of 4": "Two kernels of 3 × 3 need 5 × 5 pixels.",
        "weight1, axis 2 of 4": "A kernel is 3 × 3.",
        "weight1, axis 3 of 4": "A kernel is 3 × 3.",
        "weight2, axis 2 of 4": "A kernel is 3 × 3.",
        "weight2, axis 3 of 4": "A kernel is 3 × 3.",
    },
)
def check_double_conv(random: Generator) -> Iterator[Case]:
    """A map of 5 × 5, of which one pixel is left; then channels, batches, sides that differ."""
    draw = normal(random)

    def given(b: int, c: int, d: int, e: int, high: int, wide: int) -> tuple[Tensor, ...]:
        return draw(b, c, high, wide), draw(d, c, 3, 3), draw(d), draw(e, d, 3, 3), draw(e)

    yield Case({"en": "5 × 5, one pixel is left", "zh": "5 × 5，剩一个像素"}, given(1, 1, 4, 8, 5, 5))
    yield Case({"en": "three channels, a batch", "zh": "三通道，一批"}, given(3, 3, 5, 4, 9, 9))
    yield Case({"en": "7 rows, 10 columns", "zh": "7 行 10 列"}, given(2, 2, 3, 4, 7, 10))
    # with as many channels in as out a weight fits in any place, and x could be added to the output
    x, *weights = given(2, 4, 4, 4, 8, 6)
    yield Case({"en": "large values", "zh": "数值较大"}, (1e4 * x, *weights), unit=1e5)
    yield Case({"en": "one channel in each place", "zh": "处处只有一个通道"}, given(2, 1, 1, 1, 6, 5))
    yield Case({"en": "two channels to one and back", "zh": "两个通道变一个再变回"}, given(1, 2, 1, 2, 5, 7))
    yield Case({"en": "8 channels, 20 × 20", "zh": "8 通道，20 × 20"}, given(1, 3, 8, 8, 20, 20), timed=True)


# The skip connection


def _cropped(skip: Tensor, x: Tensor, top: int, left: int) -> Tensor:
    return skip[..., top : top + x.shape[-2], left : left + x.shape[-1]]


def _middle(skip: Tensor, x: Tensor) -> Tensor:
    return _cropped(skip, x, (skip.shape[-2] - x.shape[-2]) // 2, (skip.shape[-1] - x.shape[-1]) // 2)


@trap(
    "the upper left corner is cut out, not the middle: the two maps no longer lie over each other",
    "裁的是左上角而不是正中：两张特征图的位置对不上",
)
def _corner(skip: Tensor, x: Tensor) -> Tensor:
    return torch.cat([_cropped(skip, x, 0, 0), x], dim=1)


@trap("x stands before the skip's channels; the skip comes first", "x 的通道排在了前面；应先放 skip")
def _x_first(skip: Tensor, x: Tensor) -> Tensor:
    return torch.cat([x, _middle(skip, x)], dim=1)


def _added(first: bool) -> Trap:
    """The mistake of a sum, in either order: where the channels differ, the two raise different errors."""
    return trap(
        "the maps are added; a U-Net stacks their channels (adding is a residual connection)",
        "把两者相加了；U-Net 是在通道维拼接（相加是残差连接）",
    )(lambda skip, x: _middle(skip, x) + x if first else x + _middle(skip, x))


def _resized(mode: str) -> Trap:
    """The mistake of an interpolation, of whichever kind."""
    return trap("the skip is resized to fit, not cropped", "把 skip 缩放到了 x 的大小，而不是裁剪")(
        lambda skip, x: torch.cat([F.interpolate(skip, x.shape[-2:], mode=mode), x], dim=1)
    )


@trap(
    "x is padded to the size of the skip; the skip is to be cropped to that of x",
    "把 x 填充到了 skip 的大小；应把 skip 裁到 x 的大小",
)
def _enlarged(skip: Tensor, x: Tensor) -> Tensor:
    high, wide = skip.shape[-2] - x.shape[-2], skip.shape[-1] - x.shape[-1]
    x = F.pad(x, (wide // 2, wide - wide // 2, high // 2, high - high // 2))
    return torch.cat([skip, x], dim=1)


@trap("the skip alone is returned, without x", "只返回了裁剪后的 skip，没有拼上 x")
def _alone(skip: Tensor, x: Tensor) -> Tensor:
    return _middle(skip, x)


@trap(
    "where an odd number of pixels is cut, the one more must go at the right and at the bottom",
    "要裁掉奇数个像素时，多出的一个应从右边、下边裁",
)
def _rounded_up(skip: Tensor, x: Tensor) -> Tensor:
    top = (skip.shape[-2] - x.shape[-2] + 1) // 2
    left = (skip.shape[-1] - x.shape[-1] + 1) // 2
    return torch.cat([_cropped(skip, x, top, left), x], dim=1)


def _both_sides(skip: Tensor, x: Tensor) -> tuple[int, int, int, int]:
    """What is cut from the top, the bottom, the left and the right."""
    high, wide = skip.shape[-2] - x.shape[-2], skip.shape[-1] - x.shape[-1]
    return high // 2, high - high // 2, wide // 2, wide - wide // 2


@trap(
    "[d:−d] cuts as much on both sides, too little for an odd difference, and leaves nothing where d is 0",
    "[d:-d] 两边裁得一样多：差是奇数时少裁一个，d 为 0 时什么也不剩",
)
def _same_on_both(skip: Tensor, x: Tensor) -> Tensor:
    top, _, left, _ = _both_sides(skip, x)
    return torch.cat([skip[..., top:-top, left:-left], x], dim=1)


@trap(
    "as much is cut on both sides: of an odd number one more pixel must go at the bottom, or at the right",
    "两边裁得一样多：要裁掉奇数个像素时，下边（或右边）应多裁一个",
)
def _same_by_size(skip: Tensor, x: Tensor) -> Tensor:
    top, _, left, _ = _both_sides(skip, x)
    return torch.cat([skip[..., top : skip.shape[-2] - top, left : skip.shape[-1] - left], x], dim=1)


@trap(
    "where nothing is to be cut, [0:−0] leaves nothing: −0 is 0. Slice by the size, [d : d + h]",
    "无需裁剪时 [0:-0] 什么也不剩，因为 -0 就是 0。应按大小切：[d : d + h]",
)
def _minus_zero(skip: Tensor, x: Tensor) -> Tensor:
    top, bottom, left, right = _both_sides(skip, x)
    return torch.cat([skip[..., top:-bottom, left:-right], x], dim=1)


@trap(
    "H // 2 − h // 2 pixels are cut: where H is even and h is odd, that is one more than (H − h) // 2",
    "裁掉了 H // 2 − h // 2：H 为偶数、h 为奇数时，比 (H − h) // 2 多一个",
)
def _halves(skip: Tensor, x: Tensor) -> Tensor:
    top, left = (skip.shape[axis] // 2 - x.shape[axis] // 2 for axis in (-2, -1))
    return torch.cat([_cropped(skip, x, top, left), x], dim=1)


@trap(
    "half of an odd difference is rounded: Python's round goes to the even number, 1.5 to 2. Use // 2",
    "差为奇数时对一半取了 round：Python 的 round 取偶数，1.5 得 2。应当用 // 2",
)
def _rounded(skip: Tensor, x: Tensor) -> Tensor:
    top, left = (round((skip.shape[axis] - x.shape[axis]) / 2) for axis in (-2, -1))
    return torch.cat([_cropped(skip, x, top, left), x], dim=1)


_FOUR = "Maps have four axes: the last but one is axis 2."


@judge(
    traps=(
        _corner,
        _x_first,
        _added(first=True),
        _added(first=False),
        _resized("nearest"),
        _resized("bilinear"),
        _rounded_up,
        _enlarged,
        _alone,
        _same_on_both,
        _same_by_size,
        _minus_zero,
        _halves,
        _rounded,
    ),
    equivalent={
        "join: x.shape[-2] → x.shape[2]": _FOUR,
        "centre_crop: x.shape[-2] → x.shape[2]": _FOUR,
    },
)
def check_join(random: Generator) -> Iterator[Case]:
    """A map of 4 × 4 and one of 2 × 2, then batches, odd differences, one side or none to cut, one pixel."""
    draw = normal(random)

    yield Case(
        {"en": "a 4 × 4 skip, a 2 × 2 map", "zh": "4 × 4 的 skip，2 × 2 的特征图"},
        (torch.arange(16.0).view(1, 1, 4, 4) + draw(1).round(), draw(1, 1, 2, 2)),
    )
    yield Case(
        {"en": "a batch, more channels in x", "zh": "一批，x 的通道更多"},
        (draw(2, 3, 8, 10), draw(2, 5, 4, 8)),
    )
    yield Case(
        {"en": "odd numbers of pixels to cut", "zh": "要裁掉奇数个像素"}, (draw(1, 2, 7, 8), draw(1, 2, 4, 3))
    )
    yield Case(
        {"en": "one pixel to cut in each direction", "zh": "两个方向各裁一个像素"},
        (draw(2, 2, 6, 5), draw(2, 2, 5, 4)),
    )
    yield Case({"en": "nothing to cut", "zh": "无需裁剪"}, (draw(2, 2, 3, 5), draw(2, 2, 3, 5)))
    yield Case({"en": "only rows to cut", "zh": "只需裁行"}, (draw(2, 2, 9, 4), draw(2, 2, 4, 4)))
    yield Case({"en": "only columns to cut", "zh": "只需裁列"}, (draw(2, 2, 4, 7), draw(2, 2, 4, 3)))
    yield Case({"en": "a single pixel is left", "zh": "只剩一个像素"}, (draw(3, 2, 11, 6), draw(3, 1, 1, 1)))
    yield Case({"en": "one row", "zh": "只有一行"}, (draw(2, 2, 1, 5), draw(2, 3, 1, 2)))
    yield Case({"en": "one column", "zh": "只有一列"}, (draw(2, 2, 5, 1), draw(2, 3, 2, 1)))
    yield Case({"en": "one pixel each", "zh": "各只有一个像素"}, (draw(1, 1, 1, 1), draw(1, 1, 1, 1)))
    yield Case(
        {"en": "16 channels, 40 × 40 and 32 × 32", "zh": "16 个通道，40 × 40 与 32 × 32"},
        (draw(2, 16, 40, 40), draw(2, 16, 32, 32)),
        timed=True,
    )


# Dice


def _sums(p: Tensor, target: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    over = list(range(1, p.ndim))
    return (p * target).sum(over), p.sum(over), target.sum(over)


@trap("the logits are used as if they were probabilities", "把 logits 直接当成了概率")
def _of_logits(logits: Tensor, target: Tensor, smooth: float = 1.0) -> Tensor:
    both, p, g = _sums(logits, target)
    return 1 - ((2 * both + smooth) / (p + g + smooth)).mean()


@trap(
    "the probabilities are rounded to 0 or 1, which has no gradient: the soft loss keeps them",
    "概率被取整成 0 或 1，没有梯度；软 Dice 要保留概率",
)
def _hard(logits: Tensor, target: Tensor, smooth: float = 1.0) -> Tensor:
    both, p, g = _sums((logits > 0).to(logits.dtype), target)
    return 1 - ((2 * both + smooth) / (p + g + smooth)).mean()


@trap(
    "the intersection counts once, which is not 2 |P ∩ G| / (|P| + |G|): identical masks would get ½",
    "交集没有乘 2：Dice 是 2 |P ∩ G| / (|P| + |G|)，否则完全重合也只有 ½",
)
def _not_doubled(logits: Tensor, target: Tensor, smooth: float = 1.0) -> Tensor:
    both, p, g = _sums(logits.sigmoid(), target)
    return 1 - ((both + smooth) / (p + g + smooth)).mean()


@trap(
    "all images of the batch are added up first: a large object then hides that a small one is missed",
    "先把整批图像加在一起再算：大目标会掩盖小目标的漏检",
)
def _over_batch(logits: Tensor, target: Tensor, smooth: float = 1.0) -> Tensor:
    both, p, g = (part.sum() for part in _sums(logits.sigmoid(), target))
    return 1 - (2 * both + smooth) / (p + g + smooth)


@trap(
    "smooth is missing above the line: an empty image that is recognized as such should cost 0",
    "分子里漏了 smooth：没有前景且判断正确的图，损失应为 0",
)
def _smooth_below(logits: Tensor, target: Tensor, smooth: float = 1.0) -> Tensor:
    both, p, g = _sums(logits.sigmoid(), target)
    return 1 - (2 * both / (p + g + smooth)).mean()


@trap(
    "the terms below the line are squared, as in V-Net; here the size of a set is the sum of its members",
    "分母用了平方和（V-Net 的写法）；这里集合的大小是概率之和",
)
def _squared(logits: Tensor, target: Tensor, smooth: float = 1.0) -> Tensor:
    both, _, g = _sums(logits.sigmoid(), target)
    squares = _sums(logits.sigmoid().square(), target)[1]
    return 1 - ((2 * both + smooth) / (squares + g + smooth)).mean()


@trap(
    "this is the IoU (Jaccard), both / (|P| + |G| − both); Dice is 2 · both / (|P| + |G|)",
    "这是 IoU（Jaccard），交 / (|P| + |G| − 交)；Dice 是 2 · 交 / (|P| + |G|)",
)
def _jaccard(logits: Tensor, target: Tensor, smooth: float = 1.0) -> Tensor:
    both, p, g = _sums(logits.sigmoid(), target)
    return 1 - ((both + smooth) / (p + g - both + smooth)).mean()


@trap(
    "the Dice coefficient is returned, which is to be large; the loss is one minus it",
    "返回的是 Dice 系数，越大越好；损失是 1 减去它",
)
def _coefficient(logits: Tensor, target: Tensor, smooth: float = 1.0) -> Tensor:
    both, p, g = _sums(logits.sigmoid(), target)
    return ((2 * both + smooth) / (p + g + smooth)).mean()


@trap("smooth is doubled above the line: 2 · (both + smooth)", "分子里 smooth 被乘了 2：2 · (交 + smooth)")
def _smooth_doubled(logits: Tensor, target: Tensor, smooth: float = 1.0) -> Tensor:
    both, p, g = _sums(logits.sigmoid(), target)
    return 1 - (2 * (both + smooth) / (p + g + smooth)).mean()


@trap(
    "smooth is added above the line only: below it is missing",
    "只有分子加了 smooth，分母漏了",
)
def _smooth_above(logits: Tensor, target: Tensor, smooth: float = 1.0) -> Tensor:
    both, p, g = _sums(logits.sigmoid(), target)
    return 1 - ((2 * both + smooth) / (p + g)).mean()


@trap(
    "smooth counts twice above and below the line, as in (both + s) / (both + ½ · errors + s)",
    "分子、分母里的 smooth 都成了两倍，例如写成 (交 + s) / (交 + ½ · 误差 + s)",
)
def _smooth_twice(logits: Tensor, target: Tensor, smooth: float = 1.0) -> Tensor:
    both, p, g = _sums(logits.sigmoid(), target)
    return 1 - ((2 * both + 2 * smooth) / (p + g + 2 * smooth)).mean()


@trap(
    "squeeze() takes away every axis of length 1, not just that of the channels",
    "squeeze() 去掉了所有长度为 1 的维，不只是通道维",
)
def _squeezed(logits: Tensor, target: Tensor, smooth: float = 1.0) -> Tensor:
    p, g = logits.squeeze().sigmoid(), target.squeeze()
    both, p, g = (part.sum((-2, -1)) for part in (p * g, p, g))
    return 1 - ((2 * both + smooth) / (p + g + smooth)).mean()


@trap("smooth is not used", "没有用到 smooth")
def _unsmoothed(logits: Tensor, target: Tensor, smooth: float = 1.0) -> Tensor:
    both, p, g = _sums(logits.sigmoid(), target)
    return 1 - (2 * both / (p + g)).mean()


@trap(
    "a softmax over the one channel makes every probability 1: binary segmentation needs a sigmoid",
    "只有一个通道，softmax 之后概率全是 1；二值分割要用 sigmoid",
)
def _softmax(logits: Tensor, target: Tensor, smooth: float = 1.0) -> Tensor:
    both, p, g = _sums(logits.softmax(1), target)
    return 1 - ((2 * both + smooth) / (p + g + smooth)).mean()


@trap("the losses of the images are added up: take their mean", "各图的损失加了起来：应取平均")
def _added_up(logits: Tensor, target: Tensor, smooth: float = 1.0) -> Tensor:
    both, p, g = _sums(logits.sigmoid(), target)
    return (1 - (2 * both + smooth) / (p + g + smooth)).sum()


@trap(
    "1 / (1 + exp(−x)) overflows below −88, and its gradient becomes NaN: use torch.sigmoid",
    "1 / (1 + exp(−x)) 在 −88 以下溢出，梯度成了 NaN：请用 torch.sigmoid",
)
def _overflowing(logits: Tensor, target: Tensor, smooth: float = 1.0) -> Tensor:
    both, p, g = _sums(1 / (1 + (-logits).exp()), target)
    return 1 - ((2 * both + smooth) / (p + g + smooth)).mean()


@judge(
    traps=(
        _of_logits,
        _hard,
        _not_doubled,
        _over_batch,
        _smooth_below,
        _squared,
        _jaccard,
        _coefficient,
        _smooth_doubled,
        _smooth_above,
        _smooth_twice,
        _squeezed,
        _unsmoothed,
        _softmax,
        _added_up,
        _overflowing,
    ),
    fixed={
        "logits, axis 1 of 4": "A mask has one channel.",
        "target, axis 1 of 4": "A mask has one channel.",
    },
    equivalent={
        "dice_loss: torch.sigmoid(at_least_float32(logits)) → torch.sigmoid(logits)": CAST,
    },
)
def check_dice_loss(random: Generator) -> Iterator[Case]:
    """Four pixels, objects of different size, none or nothing else, smoothing of every size, gradients."""
    draw = normal(random)

    def masks(*shares: float, sides: tuple[int, int]) -> Tensor:
        """One mask for each share of foreground, (B, 1, H, W)."""
        chance = torch.tensor(shares).view(-1, 1, 1, 1)
        return (torch.rand(len(shares), 1, *sides, generator=random) < chance).long()

    diagonal = torch.tensor([[1, 0], [0, 1]]).view(1, 1, 2, 2)
    yield Case({"en": "one image of four pixels", "zh": "一张 4 像素的图"}, (draw(1, 1, 2, 2), diagonal))
    yield Case(
        {"en": "a small, a middling and a large object", "zh": "小、中、大三个目标"},
        (draw(3, 1, 6, 5), masks(0.05, 0.4, 0.9, sides=(6, 5))),
    )
    yield Case(
        {"en": "images of one row", "zh": "只有一行的图"},
        (draw(3, 1, 1, 6), masks(0.2, 0.5, 0.8, sides=(1, 6))),
    )
    yield Case(
        {"en": "images of one column", "zh": "只有一列的图"},
        (draw(3, 1, 6, 1), masks(0.2, 0.5, 0.8, sides=(6, 1))),
    )
    yield Case(
        {"en": "images of one pixel", "zh": "只有一个像素的图"},
        (draw(4, 1, 1, 1), masks(0.5, 0.5, 0.5, 0.5, sides=(1, 1))),
    )
    yield Case(
        {"en": "no foreground, and none predicted", "zh": "没有前景，预测也没有"},
        (-30 + draw(2, 1, 4, 4), torch.zeros(2, 1, 4, 4, dtype=torch.int64)),
    )
    yield Case(
        {"en": "no foreground in one of two images, but predicted", "zh": "两张图中一张没有前景，却预测有"},
        (5 + draw(2, 1, 2, 2), torch.cat([0 * diagonal, diagonal])),
        grad=True,
        tolerance=1e-5,
    )
    yield Case(
        {"en": "nothing but foreground", "zh": "全是前景"}, (draw(2, 1, 3, 4), torch.ones(2, 1, 3, 4).long())
    )
    yield Case(
        {"en": "smooth = 0.01", "zh": "smooth = 0.01"},
        (2 * draw(2, 1, 4, 4), masks(0.3, 0.5, sides=(4, 4)), 0.01),
    )
    yield Case(
        {
            "en": "no foreground, logits near −30, smooth = 1e−6",
            "zh": "没有前景，logits 约 −30，smooth = 1e−6",
        },
        (-30 + draw(2, 1, 2, 2), 0 * diagonal.repeat(2, 1, 1, 1), 1e-6),
    )
    yield Case({"en": "smooth = 0", "zh": "smooth = 0"}, (draw(2, 1, 2, 2), diagonal.repeat(2, 1, 1, 1), 0.0))
    # the set predicted is nearly empty: even a thousandth added would show
    yield Case(
        {"en": "smooth = 0, no foreground, logits near −7", "zh": "smooth = 0，没有前景，logits 约 −7"},
        (-7 + draw(1, 1, 2, 2), 0 * diagonal, 0.0),
    )
    yield Case(
        {"en": "smooth = 50", "zh": "smooth = 50"}, (draw(2, 1, 2, 2), diagonal.repeat(2, 1, 1, 1), 50.0)
    )
    yield Case(
        {"en": "gradients", "zh": "梯度"},
        (draw(3, 1, 4, 4), masks(0.2, 0.4, 0.6, sides=(4, 4))),
        grad=True,
        tolerance=1e-5,
    )
    yield Case(
        {"en": "gradients of four pixels, smooth = 0.1", "zh": "四个像素的梯度，smooth = 0.1"},
        (draw(1, 1, 2, 2), diagonal, 0.1),
        grad=True,
        tolerance=1e-5,
    )
    yield Case(
        {"en": "logits of ±200, with gradients", "zh": "logits 为 ±200，带梯度"},
        (200 * draw(2, 1, 4, 4).sign(), masks(0.3, 0.5, sides=(4, 4))),
        grad=True,
    )
    yield Case(
        {"en": "four images, 64 × 64", "zh": "4 张 64 × 64 的图"},
        (draw(4, 1, 64, 64), masks(*[0.2] * 4, sides=(64, 64))),
        timed=True,
    )
