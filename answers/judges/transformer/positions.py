"""Judges of the code questions on positions: sinusoids, and rotations."""

from collections.abc import Callable, Iterator
from functools import partial

import torch
from torch import Generator, Tensor

from answers.judges.kit.draws import normal
from answers.judges.kit.thin_shapes import shaped
from quizcli.judge.case import Case, judge, trap


def _turned(positions: Tensor, exponents: Tensor, base: float = 10000.0) -> Tensor:
    """Angles (L, width / 2) of wavelengths 2π · base^exponents."""
    return positions[:, None] * base**-exponents


def _pairs(width: int) -> Tensor:
    """2i/d for every pair of dimensions."""
    return torch.arange(0, width, 2) / width


def _woven(first: Tensor, second: Tensor) -> Tensor:
    return torch.stack([first, second], dim=-1).flatten(-2)


@trap(
    "the sines fill the first half and the cosines the second; in the paper they alternate",
    "前一半全是正弦、后一半全是余弦；论文里是正弦、余弦交替排列",
)
def _in_halves(positions: Tensor, d_model: int) -> Tensor:
    turned = _turned(positions, _pairs(d_model))
    return torch.cat([turned.sin(), turned.cos()], dim=-1)


@trap("sine and cosine are swapped: even dimensions hold the sine", "正弦和余弦对调了：偶数维是正弦")
def _swapped(positions: Tensor, d_model: int) -> Tensor:
    turned = _turned(positions, _pairs(d_model))
    return _woven(turned.cos(), turned.sin())


@trap(
    "the exponent is 4i/d: the 2 of 2i is counted twice, in the step of arange and as a factor",
    "指数成了 4i/d：2i 的 2 算了两遍，arange 的步长里一次，又乘了一次",
)
def _twice(positions: Tensor, d_model: int) -> Tensor:
    turned = _turned(positions, 2 * _pairs(d_model))
    return _woven(turned.sin(), turned.cos())


@trap(
    "the cosine has a frequency of its own, with exponent (2i + 1)/d: a pair shares the one of 2i/d",
    "余弦用了自己的频率，指数是 (2i + 1)/d：一对维度共用 2i/d",
)
def _unpaired(positions: Tensor, d_model: int) -> Tensor:
    exponents = _pairs(d_model)
    return _woven(_turned(positions, exponents).sin(), _turned(positions, exponents + 1 / d_model).cos())


@trap(
    "the exponent is 2j/d, with j the dimension; i counts pairs, so that 2i is the even dimension itself",
    "指数是 2j/d，j 是维度的编号；公式里的 i 数的是第几对，2i 本身就是偶数维的编号",
)
def _dimension_numbers(positions: Tensor, d_model: int) -> Tensor:
    exponents = 2 * _pairs(d_model)
    return _woven(_turned(positions, exponents).sin(), _turned(positions, exponents + 2 / d_model).cos())


@trap(
    "positions are multiplied by 10000^(2i/d), not divided: the waves become shorter, not longer",
    "位置乘了 10000^(2i/d)，应当是除：波长该越来越长，这里越来越短",
)
def _multiplied(positions: Tensor, d_model: int) -> Tensor:
    turned = _turned(positions, -_pairs(d_model))
    return _woven(turned.sin(), turned.cos())


def _encoded(turned: Tensor) -> Tensor:
    return _woven(turned.sin(), turned.cos())


_COUNTED = (
    "the order of the positions is not used: the rows are numbered anew",
    "没有用到位置的次序：各行被重新编号了",
)


@trap(*_COUNTED)
def _renumbered(positions: Tensor, d_model: int) -> Tensor:
    return _encoded(_turned(torch.arange(len(positions)), _pairs(d_model)))


@trap(
    "the exponent is i/d, not 2i/d: the frequencies span only half the range",
    "指数是 i/d，应当是 2i/d：频率只覆盖了一半的范围",
)
def _pair_numbers(positions: Tensor, d_model: int) -> Tensor:
    return _encoded(_turned(positions, _pairs(d_model) / 2))


@trap(
    "the frequencies are spread so that the last pair has 1/10000; 2i/d never reaches 1",
    "频率一直铺到最后一对为 1/10000；而 2i/d 不会达到 1",
)
def _to_the_end(positions: Tensor, d_model: int) -> Tensor:
    half = d_model // 2
    return _encoded(_turned(positions, torch.arange(half) / max(half - 1, 1)))


@trap("the base is not 10,000 but 1,000", "底数不是 10,000，而成了 1,000")
def _base_1000(positions: Tensor, d_model: int) -> Tensor:
    return _encoded(_turned(positions, _pairs(d_model), 1000.0))


@trap(
    "positions are counted from 1: the given ones must be taken as they are",
    "位置从 1 数起了：应当照给定的位置计算",
)
def _from_one(positions: Tensor, d_model: int) -> Tensor:
    return _encoded(_turned(positions + 1, _pairs(d_model)))


@trap("there are only sines: odd dimensions hold the cosine", "全是正弦：奇数维应当是余弦")
def _only_sines(positions: Tensor, d_model: int) -> Tensor:
    turned = _turned(positions, _pairs(d_model))
    return _woven(turned.sin(), turned.sin())


_ONE_BASE = "the question knows no base: it is always the default"
_INTEGERS = (
    "positions are integers, whose exponents are float32 either way; the cast is for float64 positions"
)
_EQUIVALENT = {
    "angles: torch.promote_types(positions.dtype, torch.float32) → positions.dtype": _INTEGERS,
    "angles: torch.promote_types(positions.dtype, torch.float32) → "
    "torch.promote_types(torch.float32, positions.dtype)": "the promoted type does not depend on the order",
    "angles: -torch.arange(0, width, 2, dtype=dtype, device=positions.device) → "
    "-torch.arange(0, width, 2, device=positions.device)": _INTEGERS,
    "angles: -torch.arange(0, width, 2, dtype=dtype, device=positions.device) → "
    "-torch.arange(0, width, 2, dtype=dtype)": "judges give tensors of the CPU only, where both are the same",
}


@judge(
    traps=(
        *(_in_halves, _swapped, _twice, _pair_numbers, _unpaired, _dimension_numbers, _to_the_end),
        *(_multiplied, _base_1000, _renumbered, _from_one, _only_sines),
    ),
    equivalent=_EQUIVALENT
    | {
        "sinusoids: begins with base = 10000.0": _ONE_BASE,
        "sinusoids: begins with base = base or 10000.0": _ONE_BASE,
    },
)
def check_sinusoids(random: Generator) -> Iterator[Case]:
    """One pair of dimensions, then more; positions in any order and far out."""

    def anywhere(count: int, most: int) -> Tensor:
        return torch.randint(0, most, (count,), generator=random)

    yield Case({"en": "three positions, one pair", "zh": "三个位置，一对维度"}, (torch.arange(3), 2))
    yield Case({"en": "five positions, three pairs", "zh": "五个位置，三对维度"}, (torch.arange(5), 6))
    yield Case({"en": "positions in any order", "zh": "位置顺序任意"}, (anywhere(6, 30), 8))
    yield Case({"en": "a single position", "zh": "单个位置"}, (anywhere(1, 30) + 1, 10))
    yield Case({"en": "positions in int32", "zh": "位置为 int32"}, (anywhere(4, 30).int(), 4))
    # an angle of 1,000 in float32 is good to 1e-4; so is its sine
    far = 1000 + torch.arange(4)
    yield Case(
        {"en": "positions behind 1,000 others", "zh": "前面已有 1,000 个位置"}, (far, 8), tolerance=5e-3
    )
    yield Case({"en": "a width of 512", "zh": "宽 512"}, (anywhere(3, 30), 512))
    # cos is sin of π/2 more to some: here float32 counts in steps of 0.03
    yield Case(
        {"en": "positions near 300,000", "zh": "300,000 附近的位置"},
        (300_000 - anywhere(3, 1000), 4),
        tolerance=0.03,
    )
    yield Case(
        {"en": "512 positions", "zh": "512 个位置"}, (torch.arange(512), 128), tolerance=5e-3, timed=True
    )


def _rotated(
    x: Tensor,
    positions: Tensor,
    weave: Callable[[Tensor, Tensor], Tensor],
    half: bool = False,
    factor: float = 1,
    base: float = 10000.0,
) -> Tensor:
    """x turned. `half` pairs dimensions half the width apart, `factor` multiplies the exponent."""
    turned = _turned(positions, factor * _pairs(x.shape[-1]), base)
    cos, sin = turned.cos().to(x.dtype), turned.sin().to(x.dtype)
    first, second = x.chunk(2, -1) if half else (x[..., 0::2], x[..., 1::2])
    return weave(first * cos - second * sin, second * cos + first * sin)


@trap(
    "dimension i is paired with i + D/2, as some libraries do; here neighbours are a pair",
    "第 i 维与第 i + D/2 维配成了一对，有些库这样做；本题是相邻两维一对",
)
def _paired_by_half(x: Tensor, positions: Tensor) -> Tensor:
    return _rotated(x, positions, lambda first, second: torch.cat([first, second], -1), half=True)


@trap("everything is turned the wrong way, by −mθ", "转反了方向：转的是 −mθ")
def _backwards(x: Tensor, positions: Tensor) -> Tensor:
    return _rotated(x, -positions, _woven)


@trap(
    "a minus sign is missing: x₁ cos − x₂ sin for the first of a pair; without it lengths change",
    "少了一个负号：一对中的第一个是 x₁ cos − x₂ sin；少了它就不是旋转，长度会变",
)
def _without_minus(x: Tensor, positions: Tensor) -> Tensor:
    turned = _turned(positions, _pairs(x.shape[-1]))
    cos, sin = turned.cos().to(x.dtype), turned.sin().to(x.dtype)
    first, second = x[..., 0::2], x[..., 1::2]
    return _woven(first * cos + second * sin, second * cos + first * sin)


@trap(
    "the exponent is 4i/D: the 2 of 2i is counted twice, in the step of arange and as a factor",
    "指数成了 4i/D：2i 的 2 算了两遍，arange 的步长里一次，又乘了一次",
)
def _turned_twice(x: Tensor, positions: Tensor) -> Tensor:
    return _rotated(x, positions, _woven, factor=2)


@trap(
    "the two halves are written one behind the other; the members of a pair must stay neighbours",
    "转完后把两半首尾相接了；一对的两个数应当仍然相邻",
)
def _unwoven(x: Tensor, positions: Tensor) -> Tensor:
    return _rotated(x, positions, lambda first, second: torch.cat([first, second], -1))


@trap(
    "the exponent is i/D, not 2i/D: the frequencies span only half the range",
    "指数是 i/D，应当是 2i/D：频率只覆盖了一半的范围",
)
def _turned_by_pair_numbers(x: Tensor, positions: Tensor) -> Tensor:
    return _rotated(x, positions, _woven, factor=0.5)


@trap(
    "the base is not 10,000 but 500,000, as in Llama 3",
    "底数不是 10,000，而成了 500,000（Llama 3 的取值）",
)
def _base_of_llama(x: Tensor, positions: Tensor) -> Tensor:
    return _rotated(x, positions, _woven, base=500_000.0)


@trap(*_COUNTED)
def _turned_renumbered(x: Tensor, positions: Tensor) -> Tensor:
    return _rotated(x, torch.arange(x.shape[-2]), _woven)


@trap(*_COUNTED)
def _turned_from_the_first(x: Tensor, positions: Tensor) -> Tensor:
    return _rotated(x, positions[0] + torch.arange(x.shape[-2]), _woven)


@trap(
    "positions are cast to the dtype of x: bfloat16 skips integers beyond 256, float16 beyond 2,048",
    "位置被转成了 x 的 dtype：bfloat16 超过 256、float16 超过 2,048 就会跳过整数",
)
def _positions_in_dtype(x: Tensor, positions: Tensor) -> Tensor:
    return _rotated(x, positions.to(x.dtype), _woven)


def _turned_in_dtype(x: Tensor, positions: Tensor, rounded: bool) -> Tensor:
    """The frequencies rounded to the dtype of x; the positions, and with them the angles, perhaps too."""
    frequency = (10000.0 ** -_pairs(x.shape[-1])).to(x.dtype)
    turned = positions.to(x.dtype)[:, None] * frequency if rounded else positions[:, None] * frequency.float()
    cos, sin = turned.cos().to(x.dtype), turned.sin().to(x.dtype)
    first, second = x[..., 0::2], x[..., 1::2]
    return _woven(first * cos - second * sin, second * cos + first * sin)


_IN_DTYPE = tuple(
    trap(
        "the frequencies are rounded to the dtype of x: far from 0 the angles in bfloat16 are off by radians",
        "频率被舍入成了 x 的 dtype：离 0 远的位置，bfloat16 的角度会差好几弧度",
    )(partial(_turned_in_dtype, rounded=rounded))
    for rounded in (False, True)
)


@trap(
    "the second of a pair is made of the first when that is turned already: keep the old one",
    "算一对中的第二个数时，第一个已经被改成转过的了：要留着原来的值",
)
def _overwritten(x: Tensor, positions: Tensor) -> Tensor:
    turned = _turned(positions, _pairs(x.shape[-1]))
    cos, sin = turned.cos().to(x.dtype), turned.sin().to(x.dtype)
    first = x[..., 0::2] * cos - x[..., 1::2] * sin
    return _woven(first, first * sin + x[..., 1::2] * cos)


def _mixed(x: Tensor, positions: Tensor, by_half: bool) -> Tensor:
    """Angles laid out in one way, pairs in the other."""
    turned = _turned(positions, _pairs(x.shape[-1]))
    angles = turned.repeat_interleave(2, -1) if by_half else torch.cat([turned, turned], -1)
    cos, sin = angles.cos().to(x.dtype), angles.sin().to(x.dtype)
    first, second = x.chunk(2, -1) if by_half else (x[..., 0::2], x[..., 1::2])
    return x * cos + (torch.cat([-second, first], -1) if by_half else _woven(-second, first)) * sin


_MIXED = tuple(
    trap(
        "pairs and angles are laid out in two ways, one by neighbours, the other by halves",
        "配对和角度的排法不一致：一个按相邻两维，一个按前后两半",
    )(partial(_mixed, by_half=by_half))
    for by_half in (False, True)
)


@trap(
    "the encoding is added to x, as sinusoids are; RoPE turns x",
    "把编码加到了 x 上，那是正弦位置编码的做法；RoPE 是旋转 x",
)
def _added(x: Tensor, positions: Tensor) -> Tensor:
    return (x + _encoded(_turned(positions, _pairs(x.shape[-1])))).to(x.dtype)


@judge(
    traps=(
        *(_paired_by_half, _backwards, _without_minus, _turned_twice, _turned_by_pair_numbers, _unwoven),
        *(_base_of_llama, _turned_renumbered, _turned_from_the_first, _positions_in_dtype, _added),
        *(*_IN_DTYPE, _overwritten, *_MIXED),
    ),
    equivalent=_EQUIVALENT
    | {
        "rotate: begins with base = 10000.0": _ONE_BASE,
        "rotate: begins with base = base or 10000.0": _ONE_BASE,
    },
    fixed={
        "x, axis 1 of 2": "The dimensions come in pairs.",
        "x, axis 2 of 3": "The dimensions come in pairs.",
        "x, axis 3 of 4": "The dimensions come in pairs.",
    },
)
def check_rotate(random: Generator) -> Iterator[Case]:
    """One pair of dimensions, then more, heads, gradients, far positions, dtypes that cannot count so far."""
    draw = normal(random)

    yield Case({"en": "three tokens, one pair", "zh": "三个 token，一对维度"}, (draw(3, 2), torch.arange(3)))
    yield Case(
        {"en": "four tokens, three pairs", "zh": "四个 token，三对维度"}, (draw(4, 6), torch.arange(4))
    )
    yield Case({"en": "a batch of heads", "zh": "一批多个头"}, (draw(2, 3, 4, 8), torch.arange(4)))
    yield Case(
        {"en": "as many heads as tokens", "zh": "头数与 token 数相同"}, (draw(2, 4, 4, 6), torch.arange(4))
    )
    yield Case(
        {"en": "one new token behind 25 others", "zh": "前面已有 25 个 token，新来一个"},
        (draw(2, 2, 1, 8), torch.tensor([25])),
    )
    order = 5 + torch.randperm(5, generator=random)
    yield Case(
        {"en": "positions in any order, int32", "zh": "位置顺序任意，int32"}, (draw(2, 5, 6), order.int())
    )
    yield Case(
        {"en": "gradients, in float64", "zh": "梯度（float64）"},
        (draw(2, 5, 4, dtype=torch.float64), torch.arange(5)),
        grad=True,
    )
    yield Case(
        {"en": "positions near 300,000", "zh": "300,000 附近的位置"},
        (draw(2, 3, 4), 300_000 - torch.randint(1000, (3,), generator=random)),
        tolerance=0.05,
    )
    yield Case(
        {"en": "a head of width 128", "zh": "一个宽 128 的头"},
        (draw(1, 3, 128), 20 + torch.arange(3)),
    )
    # bfloat16 has 8 bits: beyond 256 it skips positions, so that angles must not be made in it
    yield Case(
        {"en": "bfloat16, positions from 1,001 on", "zh": "bfloat16，位置从 1,001 开始"},
        (draw(2, 3, 8).bfloat16(), 1001 + torch.arange(3)),
        tolerance=0.05,
    )
    yield Case(
        {"en": "float16, positions from 3,001 on", "zh": "float16，位置从 3,001 开始"},
        (draw(2, 4, 8).half(), 3001 + torch.arange(4)),
        tolerance=0.02,
    )
    for sides in ((1, 4), (3, 1, 4), (2, 1, 3, 4), (1, 2, 3, 4), (1, 1, 1, 2)):
        yield Case(shaped(*sides), (draw(*sides), 7 + torch.arange(sides[-2])))
    yield Case(
        {"en": "2 heads of 128 tokens", "zh": "2 个头、128 个 token"},
        (draw(2, 128, 32), torch.arange(128)),
        tolerance=1e-3,
        timed=True,
    )
