"""Judges of the code questions on the Transformer: positions, and an encoder layer."""

from collections.abc import Callable, Iterator

import torch
from torch import Generator, Tensor, nn
from torch.nn import functional as F

from answers.judges._normal import normal
from quizcli.judge.case import Case, judge, trap

Sublayer = Callable[[Tensor], Tensor]


def _turned(positions: Tensor, exponents: Tensor) -> Tensor:
    """Angles (L, width / 2) of wavelengths 2π · 10000^exponents."""
    return positions[:, None] * 10000.0**-exponents


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
    "positions are multiplied by 10000^(2i/d), not divided: the waves become shorter, not longer",
    "位置乘了 10000^(2i/d)，应当是除：波长该越来越长，这里越来越短",
)
def _multiplied(positions: Tensor, d_model: int) -> Tensor:
    turned = _turned(positions, -_pairs(d_model))
    return _woven(turned.sin(), turned.cos())


@judge(traps=(_in_halves, _swapped, _twice, _unpaired, _multiplied))
def check_sinusoids(random: Generator) -> Iterator[Case]:
    """One pair of dimensions, then more; positions in any order and far out."""

    def anywhere(count: int, most: int) -> Tensor:
        return torch.randint(0, most, (count,), generator=random)

    yield Case({"en": "three positions, one pair", "zh": "三个位置，一对维度"}, (torch.arange(3), 2))
    yield Case({"en": "five positions, three pairs", "zh": "五个位置，三对维度"}, (torch.arange(5), 6))
    yield Case({"en": "positions in any order", "zh": "位置顺序任意"}, (anywhere(6, 30), 8))
    yield Case({"en": "a single position", "zh": "单个位置"}, (anywhere(1, 30), 10))
    # an angle of 1,000 in float32 is good to 1e-4; so is its sine
    far = 1000 + torch.arange(4)
    yield Case(
        {"en": "positions behind 1,000 others", "zh": "前面已有 1,000 个位置"}, (far, 8), tolerance=5e-3
    )
    many = torch.arange(1024)
    yield Case({"en": "1,024 positions", "zh": "1,024 个位置"}, (many, 256), tolerance=5e-3, timed=True)


def _rotated(
    x: Tensor,
    positions: Tensor,
    weave: Callable[[Tensor, Tensor], Tensor],
    half: bool = False,
    factor: float = 1,
) -> Tensor:
    """x turned. `half` pairs dimensions half the width apart, `factor` multiplies the exponent."""
    turned = _turned(positions, factor * _pairs(x.shape[-1]))
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


@judge(traps=(_paired_by_half, _backwards, _without_minus, _turned_twice, _unwoven))
def check_rotate(random: Generator) -> Iterator[Case]:
    """One pair of dimensions, then more, heads, gradients, and bfloat16, which cannot count to 1,000."""
    draw = normal(random)

    yield Case({"en": "three tokens, one pair", "zh": "三个 token，一对维度"}, (draw(3, 2), torch.arange(3)))
    yield Case(
        {"en": "four tokens, three pairs", "zh": "四个 token，三对维度"}, (draw(4, 6), torch.arange(4))
    )
    yield Case({"en": "a batch of heads", "zh": "一批多个头"}, (draw(2, 3, 4, 8), torch.arange(4)))
    yield Case(
        {"en": "one new token behind 25 others", "zh": "前面已有 25 个 token，新来一个"},
        (draw(2, 2, 1, 8), torch.tensor([25])),
    )
    yield Case(
        {"en": "gradients, in float64", "zh": "梯度（float64）"},
        (draw(2, 5, 4, dtype=torch.float64), torch.arange(5)),
        grad=True,
        tolerance=1e-2,  # angles may be those of float32
    )
    # bfloat16 has 8 bits: beyond 256 it skips positions, so that angles must not be made in it
    yield Case(
        {"en": "bfloat16, positions from 1,001 on", "zh": "bfloat16，位置从 1,001 开始"},
        (draw(2, 3, 8).bfloat16(), 1001 + torch.arange(3)),
        tolerance=0.05,
    )
    yield Case(
        {"en": "8 heads of 512 tokens", "zh": "8 个头、512 个 token"},
        (draw(8, 512, 64), torch.arange(512)),
        tolerance=5e-3,
        timed=True,
    )


def _layer(
    x: Tensor,
    in_proj_weight: Tensor,
    out_proj_weight: Tensor,
    linear1_weight: Tensor,
    linear2_weight: Tensor,
    num_heads: int,
    norm_first: bool = False,
) -> Tensor:
    """PyTorch's own, with these weights in the place of its own."""
    width, wide = x.shape[-1], len(linear1_weight)
    layer = nn.TransformerEncoderLayer(
        width, num_heads, wide, 0.0, batch_first=True, norm_first=norm_first, bias=False, dtype=x.dtype
    )
    weights = {
        "self_attn.in_proj_weight": in_proj_weight,
        "self_attn.out_proj.weight": out_proj_weight,
        "linear1.weight": linear1_weight,
        "linear2.weight": linear2_weight,
    }
    out: Tensor = torch.func.functional_call(layer, weights, (x,))
    return out


def _norm(x: Tensor) -> Tensor:
    return F.layer_norm(x, x.shape[-1:])


def _of_weights(steps: Callable[[Tensor, Sublayer, Sublayer, bool], Tensor]) -> Callable[..., Tensor]:
    """A layer as a function of its weights, made of what it does with its two sublayers."""

    def layer(
        x: Tensor, w_in: Tensor, w_out: Tensor, w_1: Tensor, w_2: Tensor, heads: int, norm_first: bool = False
    ) -> Tensor:
        def attend(x: Tensor) -> Tensor:
            parts = (part.view(*x.shape[:2], heads, -1) for part in F.linear(x, w_in).chunk(3, -1))
            q, k, v = (part.transpose(1, 2) for part in parts)
            return F.linear(F.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2), w_out)

        return steps(x, attend, lambda x: F.linear(F.linear(x, w_1).relu(), w_2), norm_first)

    return layer


@trap(
    "pre-norm and post-norm are mixed up: norm_first normalizes what goes into a sublayer",
    "pre-norm 与 post-norm 弄反了：norm_first 为真时，归一化的是子层的输入",
)
@_of_weights
def _other_order(x: Tensor, attend: Sublayer, feed_forward: Sublayer, norm_first: bool) -> Tensor:
    if norm_first:
        x = _norm(x + attend(x))
        return _norm(x + feed_forward(x))
    x = x + attend(_norm(x))
    return x + feed_forward(_norm(x))


@trap(
    "only what a sublayer adds is normalized; post-norm is LayerNorm(x + Sublayer(x))",
    "只归一化了子层的输出；post-norm 是 LayerNorm(x + Sublayer(x))",
)
@_of_weights
def _normed_sublayer(x: Tensor, attend: Sublayer, feed_forward: Sublayer, norm_first: bool) -> Tensor:
    if norm_first:
        x = x + attend(_norm(x))
        return x + feed_forward(_norm(x))
    x = x + _norm(attend(x))
    return x + _norm(feed_forward(x))


@trap(
    "the residual of pre-norm starts from the normalized x: the stream itself must stay as it is",
    "pre-norm 的残差加在了归一化后的 x 上：主干应当保持原样",
)
@_of_weights
def _normed_stream(x: Tensor, attend: Sublayer, feed_forward: Sublayer, norm_first: bool) -> Tensor:
    if norm_first:
        x = _norm(x)
        x = _norm(x + attend(x))
        return x + feed_forward(x)
    x = _norm(x + attend(x))
    return _norm(x + feed_forward(x))


@trap("the feed-forward network has no residual around it", "前馈网络外面没有残差连接")
@_of_weights
def _one_residual(x: Tensor, attend: Sublayer, feed_forward: Sublayer, norm_first: bool) -> Tensor:
    if norm_first:
        return feed_forward(_norm(x + attend(_norm(x))))
    return _norm(feed_forward(_norm(x + attend(x))))


@trap(
    "both sublayers read x side by side: the feed-forward network must see what attention has added",
    "两个子层并行地读了 x：前馈网络应当看到注意力加上去的内容",
)
@_of_weights
def _side_by_side(x: Tensor, attend: Sublayer, feed_forward: Sublayer, norm_first: bool) -> Tensor:
    if norm_first:
        return x + attend(_norm(x)) + feed_forward(_norm(x))
    return _norm(x + attend(x) + feed_forward(x))


@judge(
    reference=_layer,
    traps=(_other_order, _normed_sublayer, _normed_stream, _one_residual, _side_by_side),
)
def check_encoder_layer(random: Generator) -> Iterator[Case]:
    """Post-norm and pre-norm on one short sequence, then on batches, with gradients and on large inputs."""

    def draw(batch: int, length: int, width: int, dtype: torch.dtype = torch.float32) -> tuple[Tensor, ...]:
        wide = 2 * width
        shapes = [(batch, length, width), (3 * width, width), (width, width), (wide, width), (width, wide)]
        x, *weights = (torch.randn(shape, generator=random, dtype=dtype) for shape in shapes)
        return x, *(w / w.shape[1] ** 0.5 for w in weights)

    yield Case({"en": "post-norm, two tokens", "zh": "post-norm，两个 token"}, (*draw(1, 2, 4), 1, False))
    yield Case({"en": "pre-norm, two tokens", "zh": "pre-norm，两个 token"}, (*draw(1, 2, 4), 1, True))
    yield Case({"en": "post-norm, a batch", "zh": "post-norm，一批序列"}, (*draw(3, 5, 12), 3, False))
    yield Case({"en": "pre-norm, a batch", "zh": "pre-norm，一批序列"}, (*draw(3, 5, 12), 3, True))
    for norm_first, name in ((False, "post-norm"), (True, "pre-norm")):
        yield Case(
            {"en": f"{name}, gradients, in float64", "zh": f"{name}，梯度（float64）"},
            (*draw(2, 3, 4, torch.float64), 2, norm_first),
            grad=True,
        )
    x, *weights = draw(2, 4, 8)
    yield Case(
        {"en": "pre-norm, inputs of 1,000", "zh": "pre-norm，上千的输入"}, (1000 * x, *weights, 2, True)
    )
    yield Case(
        {"en": "4 sequences of 64 tokens, width 256", "zh": "4 个 64 token 的序列，宽 256"},
        (*draw(4, 64, 256), 8, True),
        timed=True,
    )
