"""Judge of the code question on an encoder layer of the Transformer."""

from collections.abc import Callable, Iterator
from functools import partial

import torch
from torch import Generator, Tensor, nn
from torch.nn import functional as F

from quizcli.judge.case import Case, judge, trap

Sublayer = Callable[[Tensor], Tensor]


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


Steps = Callable[[Tensor, Sublayer, Sublayer, bool, Sublayer], Tensor]


def _right(x: Tensor, attend: Sublayer, feed_forward: Sublayer, norm_first: bool, norm: Sublayer) -> Tensor:
    if norm_first:
        x = x + attend(norm(x))
        return x + feed_forward(norm(x))
    x = norm(x + attend(x))
    return norm(x + feed_forward(x))


def _split(x: Tensor, heads: int) -> Tensor:
    return x.view(*x.shape[:2], heads, -1).transpose(1, 2)


def _joined(heads: Tensor) -> Tensor:
    return heads.transpose(1, 2)


def _made(
    steps: Steps = _right,
    norm: Sublayer = _norm,
    active: Sublayer = F.relu,
    attention: Callable[..., Tensor] = F.scaled_dot_product_attention,
    order: tuple[int, int, int] = (0, 1, 2),
    split: Callable[[Tensor, int], Tensor] | None = None,
    join: Sublayer | None = None,
    by_head: bool = False,
) -> Callable[..., Tensor]:
    """A layer as a function of its weights, right but for what is given here."""

    def layer(
        x: Tensor, w_in: Tensor, w_out: Tensor, w_1: Tensor, w_2: Tensor, heads: int, norm_first: bool = False
    ) -> Tensor:
        def attend(x: Tensor) -> Tensor:
            mixed = F.linear(x, w_in)
            if by_head:
                parts = mixed.view(*x.shape[:2], heads, -1).chunk(3, -1)
                parts = tuple(part.transpose(1, 2) for part in parts)
            else:
                parts = tuple((split or _split)(part, heads) for part in mixed.chunk(3, -1))
            out = attention(*(parts[place] for place in order))
            return F.linear((join or _joined)(out).reshape(x.shape), w_out)

        return steps(x, attend, lambda x: F.linear(active(F.linear(x, w_1)), w_2), norm_first, norm)

    return layer


def _of_weights(steps: Callable[[Tensor, Sublayer, Sublayer, bool], Tensor]) -> Callable[..., Tensor]:
    """A layer made of what it does with its two sublayers."""
    return _made(lambda x, attend, feed_forward, norm_first, _: steps(x, attend, feed_forward, norm_first))


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


@trap("attention has no residual around it", "注意力外面没有残差连接")
@_of_weights
def _no_first_residual(x: Tensor, attend: Sublayer, feed_forward: Sublayer, norm_first: bool) -> Tensor:
    if norm_first:
        x = attend(_norm(x))
        return x + feed_forward(_norm(x))
    x = _norm(attend(x))
    return _norm(x + feed_forward(x))


@trap(
    "a last LayerNorm is applied in pre-norm: it belongs behind the top layer, not into each",
    "pre-norm 的末尾多了一个 LayerNorm：它应当在最后一层之后，而不是每层都有",
)
@_of_weights
def _last_norm(x: Tensor, attend: Sublayer, feed_forward: Sublayer, norm_first: bool) -> Tensor:
    out = _right(x, attend, feed_forward, norm_first, _norm)
    return _norm(out) if norm_first else out


@trap("norm_first is not used: it is always post-norm", "没有用到 norm_first：始终是 post-norm")
@_of_weights
def _always_post(x: Tensor, attend: Sublayer, feed_forward: Sublayer, norm_first: bool) -> Tensor:
    return _right(x, attend, feed_forward, False, _norm)


@trap("norm_first is not used: it is always pre-norm", "没有用到 norm_first：始终是 pre-norm")
@_of_weights
def _always_pre(x: Tensor, attend: Sublayer, feed_forward: Sublayer, norm_first: bool) -> Tensor:
    return _right(x, attend, feed_forward, True, _norm)


@trap(
    "pre-norm is made the default: without norm_first it is post-norm",
    "默认成了 pre-norm：不给 norm_first 时是 post-norm",
)
def _pre_by_default(*args: Tensor | int, norm_first: bool = True) -> Tensor:
    given = args if len(args) > 6 else (*args, norm_first)
    return _made()(*given)


def _normed(x: Tensor, unbiased: bool = False, eps: float = 1e-5, outside: float = 0.0) -> Tensor:
    var = x.var(-1, keepdim=True, unbiased=unbiased)
    return (x - x.mean(-1, keepdim=True)) / ((var + eps).sqrt() + outside)


_unbiased = trap(
    "LayerNorm divides the variance by n − 1; it is the mean of the squares, over n",
    "LayerNorm 的方差除以了 n − 1；应当是平方的平均，除以 n",
)(_made(norm=lambda x: _normed(x, unbiased=True)))
_eps_outside = trap(
    "eps is added to the standard deviation; it belongs under the root, to the variance",
    "eps 加在了标准差上；应当加在根号里的方差上",
)(_made(norm=lambda x: _normed(x, eps=0.0, outside=1e-5)))
_OTHER_EPS = tuple(
    trap("LayerNorm's eps is missing or too small; it is 1e-5", "LayerNorm 漏了 eps，或者太小；应当是 1e-5")(
        _made(norm=lambda x, eps=eps: _normed(x, eps=eps))  # type: ignore[misc]
    )
    for eps in (0.0, 1e-6, 1e-8, 1e-12)
)
_whole_sequence = trap(
    "LayerNorm runs over the whole sequence; each token is normalized by itself",
    "LayerNorm 作用在整个序列上；应当对每个 token 单独归一化",
)(_made(norm=lambda x: F.layer_norm(x, x.shape[1:])))
_gelu = trap("the activation is GELU; here it is ReLU", "激活函数用了 GELU；本题是 ReLU")(
    _made(active=F.gelu)
)
_linear = trap("there is no ReLU between the two linear maps", "两个线性映射之间没有 ReLU")(
    _made(active=lambda x: x)
)
_unscaled = trap(
    "the scores are not scaled: they are divided by √D of a head", "得分没有缩放：应当除以每个头的 √D"
)(_made(attention=partial(F.scaled_dot_product_attention, scale=1.0)))
_causal = trap(
    "a causal mask is applied: in an encoder every token looks at all",
    "加了因果掩码：编码器里每个 token 都可以看所有 token",
)(_made(attention=partial(F.scaled_dot_product_attention, is_causal=True)))
_by_head = trap(
    "in_proj_weight is split within each head; it holds all of W_q, then W_k, then W_v",
    "in_proj_weight 是按头拆成 q、k、v 的；它依次放的是整个 W_q、W_k、W_v",
)(_made(by_head=True))
_scaled_by_width = trap(
    "the scores are divided by the root of the whole width, not of the width of a head",
    "缩放用了整个宽度的平方根，应当是每个头宽度的平方根",
)(
    _made(
        attention=lambda q, k, v: F.scaled_dot_product_attention(
            q, k, v, scale=(q.shape[1] * q.shape[3]) ** -0.5
        )
    )
)
_over_queries = trap(
    "softmax runs over the queries: the columns sum to 1, not the rows",
    "softmax 作用在 query 维上：和为 1 的是列而不是行",
)(_made(attention=lambda q, k, v: (q @ k.mT / q.shape[-1] ** 0.5).softmax(-2) @ v))
_SHUFFLED = tuple(
    trap(
        "the parts of in_proj_weight are taken in another order: first W_q, then W_k, then W_v",
        "in_proj_weight 的三块取错了次序：依次是 W_q、W_k、W_v",
    )(_made(order=order))
    for order in ((1, 0, 2), (0, 2, 1), (2, 1, 0), (1, 2, 0), (2, 0, 1))
)


def _reshaped(x: Tensor, heads: int) -> Tensor:
    return x.reshape(len(x), heads, x.shape[1], -1)


_RESHAPED = tuple(
    trap(
        "the axes are only reshaped to (B, H, L, D), not transposed: heads mix features of different tokens",
        "直接 reshape 成 (B, H, L, D)，没有先拆分再 transpose：每个头里混进了不同 token 的特征",
    )(_made(split=_reshaped, join=join))
    for join in (_joined, lambda out: out)
)
_joined_untransposed = trap(
    "the heads are put together without transposing back: (B, H, L, D) is reshaped straight to (B, L, E)",
    "合并各头前没有转置回来：(B, H, L, D) 被直接 reshape 成了 (B, L, E)",
)(_made(join=lambda out: out))
_over_heads = trap(
    "the axes of heads and tokens were not exchanged: each token looks at its own heads, not at other tokens",
    "没有交换头和 token 两个轴：每个 token 只看了自己的各个头，没有看别的 token",
)(_made(split=lambda x, heads: x.view(*x.shape[:2], heads, -1), join=lambda out: out))
_single_head = trap(
    "everything is done in one head: num_heads is not used", "整个计算只用了一个头：没有用到 num_heads"
)(_made(split=lambda x, heads: x.unsqueeze(1)))


@judge(
    reference=_layer,
    traps=(
        *(_other_order, _normed_sublayer, _normed_stream, _no_first_residual, _one_residual, _side_by_side),
        *(_last_norm, _always_post, _always_pre, _pre_by_default, _unbiased, _eps_outside, *_OTHER_EPS),
        *(_whole_sequence, _gelu, _linear, _unscaled, _causal, _by_head, _scaled_by_width, _over_queries),
        *(*_SHUFFLED, *_RESHAPED, _joined_untransposed, _over_heads, _single_head),
    ),
    fixed={"in_proj_weight, axis 0 of 2": "It makes queries, keys and values."},
)
def check_encoder_layer(random: Generator) -> Iterator[Case]:
    """Post-norm and pre-norm on one short sequence, then on batches, with gradients, small and large."""

    def draw(
        batch: int, length: int, width: int, wide: int, dtype: torch.dtype = torch.float32
    ) -> tuple[Tensor, ...]:
        shapes = [(batch, length, width), (3 * width, width), (width, width), (wide, width), (width, wide)]
        x, *weights = (torch.randn(shape, generator=random, dtype=dtype) for shape in shapes)
        return x, *(w / w.shape[1] ** 0.5 for w in weights)

    yield Case({"en": "post-norm, two tokens", "zh": "post-norm，两个 token"}, (*draw(1, 2, 4, 8), 1, False))
    yield Case({"en": "pre-norm, two tokens", "zh": "pre-norm，两个 token"}, (*draw(1, 2, 4, 8), 1, True))
    yield Case({"en": "by default, post-norm", "zh": "默认为 post-norm"}, (*draw(1, 3, 4, 6), 2))
    yield Case({"en": "post-norm, a batch", "zh": "post-norm，一批序列"}, (*draw(3, 5, 12, 8), 3, False))
    yield Case({"en": "pre-norm, a batch", "zh": "pre-norm，一批序列"}, (*draw(3, 5, 12, 20), 3, True))
    yield Case({"en": "16 heads of width 3", "zh": "16 个头，每个宽 3"}, (*draw(2, 3, 48, 8), 16, False))
    # three patterns that are perpendicular, so that no two tokens have the same score
    x = torch.tensor([[1.0, 1, -1, -1], [1, -1, 1, -1], [1, -1, -1, 1]])[torch.randperm(3, generator=random)]
    for norm_first, name in ((False, "post-norm"), (True, "pre-norm")):
        yield Case(
            {"en": f"{name}, gradients, in float64", "zh": f"{name}，梯度（float64）"},
            (*draw(2, 3, 4, 8, torch.float64), 2, norm_first),
            grad=True,
        )
        small, *weights = draw(2, 3, 4, 8)
        yield Case(
            {"en": f"{name}, inputs of 0.001", "zh": f"{name}，千分之一大小的输入"},
            (small / 1000, *weights, 2, norm_first),
        )
        # what the second LayerNorm is given is as small: the first block gives hardly anything, or the second
        # takes nearly all away, since ReLU(a) − ReLU(−a) = a
        small, w_in, w_out, w_up, w_down = draw(2, 3, 4, 8)
        if norm_first:
            small, w_out = small / 1000, w_out / 1000
        else:
            w_up, w_down = torch.cat([torch.eye(4), -torch.eye(4)]), 0.001 * w_down
            w_down = w_down + torch.cat([-torch.eye(4), torch.eye(4)], dim=1)
        yield Case(
            {
                "en": f"{name}, 0.001 is left for the second LayerNorm",
                "zh": f"{name}，第二个 LayerNorm 的输入只有千分之一大小",
            },
            (small, w_in, w_out, w_up, w_down, 2, norm_first),
        )
        _, w_in, *weights = draw(1, 3, 4, 8)
        w_in = torch.cat([40 * torch.eye(4), 40 * torch.eye(4), w_in[8:]])
        yield Case(
            {"en": f"{name}, scores of 3,000, with gradients", "zh": f"{name}，得分达 3,000，带梯度"},
            (x[None], w_in, *weights, 1, norm_first),
            grad=True,
        )
    # the first two patterns by turns, at angles so small that all scores lie near 100, 1 to 5 apart
    angle = torch.tensor([0.0, 0.15, 0.3])[torch.randperm(3, generator=random), None]
    near = angle.cos() * x[0] + angle.sin() * x[1]
    _, w_in, *weights = draw(1, 3, 4, 8)
    w_in = torch.cat([50**0.5 * torch.eye(4), 50**0.5 * torch.eye(4), w_in[8:]])
    yield Case(
        {"en": "post-norm, scores near 100, gradients", "zh": "post-norm，得分都在 100 左右，梯度"},
        (near[None], w_in, *weights, 1, False),
        grad=True,
    )
    x, *weights = draw(2, 4, 8, 16)
    yield Case(
        {"en": "pre-norm, inputs of 1,000", "zh": "pre-norm，上千的输入"}, (1000 * x, *weights, 2, True)
    )
    x, w_in, w_out, w_up, w_down = draw(2, 3, 4, 8)
    for norm_first, name in ((False, "post-norm"), (True, "pre-norm")):
        yield Case(
            {"en": f"{name}, hidden values of 100", "zh": f"{name}，上百的隐藏值"},
            (x, w_in, w_out, 100 * w_up, w_down, 2, norm_first),
        )
    for norm_first, name in ((False, "post-norm"), (True, "pre-norm")):
        yield Case(
            {"en": f"{name}, one token, one hidden unit", "zh": f"{name}，一个 token，一个隐藏单元"},
            (*draw(2, 1, 4, 1), 2, norm_first),
        )
        yield Case({"en": f"{name}, width 1", "zh": f"{name}，宽 1"}, (*draw(2, 3, 1, 4), 1, norm_first))
    yield Case(
        {"en": "2 sequences of 16 tokens, width 32", "zh": "2 个 16 token 的序列，宽 32"},
        (*draw(2, 16, 32, 64), 8, True),
        timed=True,
    )
