"""Judges of the code questions on attention in several heads."""

from collections.abc import Iterator

import torch
from torch import Generator, Tensor
from torch.nn import functional as F

from answers.judges.kit.casts import UNMASKED
from answers.judges.kit.scores import STEP, WITH_GRADIENTS, far_apart
from quizcli.judge.case import Case, judge, trap


def _multi_head(x: Tensor, w_q: Tensor, w_k: Tensor, w_v: Tensor, w_o: Tensor, num_heads: int) -> Tensor:
    """PyTorch's own, which wants the sequence first."""
    x = x.transpose(0, 1)  # (L, B, E)
    nothing = torch.zeros(3 * w_q.shape[0], dtype=x.dtype)
    out, _ = F.multi_head_attention_forward(
        *(x, x, x, x.shape[-1], num_heads, None, nothing, None, None, False, 0.0, w_o, None),
        use_separate_proj_weight=True,
        q_proj_weight=w_q,
        k_proj_weight=w_k,
        v_proj_weight=w_v,
        need_weights=False,
    )
    return out.transpose(0, 1)


def _split(x: Tensor, num_heads: int) -> Tensor:
    return x.view(*x.shape[:2], num_heads, -1).transpose(1, 2)


@trap(
    "the axes are only reshaped to (B, H, L, D), not transposed: heads mix features of different tokens",
    "直接 reshape 成 (B, H, L, D)，没有先拆分再 transpose：每个头里混进了不同 token 的特征",
)
def _reshaped_heads(x: Tensor, w_q: Tensor, w_k: Tensor, w_v: Tensor, w_o: Tensor, num_heads: int) -> Tensor:
    shape = (len(x), num_heads, x.shape[1], -1)
    q, k, v = (F.linear(x, w).reshape(shape) for w in (w_q, w_k, w_v))
    return F.linear(F.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2), w_o)


@trap(
    "the axes are only reshaped to (B, H, L, D) and back, never transposed: heads mix features of different "
    "tokens",
    "来回都直接 reshape，始终没有 transpose：每个头里混进了不同 token 的特征",
)
def _reshaped_both_ways(
    x: Tensor, w_q: Tensor, w_k: Tensor, w_v: Tensor, w_o: Tensor, num_heads: int
) -> Tensor:
    shape = (len(x), num_heads, x.shape[1], -1)
    q, k, v = (F.linear(x, w).reshape(shape) for w in (w_q, w_k, w_v))
    return F.linear(F.scaled_dot_product_attention(q, k, v).reshape(x.shape), w_o)


@trap(
    "the axes of heads and tokens were not exchanged: each token looks at its own heads, not at other tokens",
    "没有交换头和 token 两个轴：每个 token 只看了自己的各个头，没有看别的 token",
)
def _among_heads(x: Tensor, w_q: Tensor, w_k: Tensor, w_v: Tensor, w_o: Tensor, num_heads: int) -> Tensor:
    q, k, v = (F.linear(x, w).view(*x.shape[:2], num_heads, -1) for w in (w_q, w_k, w_v))
    return F.linear(F.scaled_dot_product_attention(q, k, v).flatten(2), w_o)


@trap(
    "the heads are put together without transposing back: (B, H, L, D) is reshaped straight to (B, L, E)",
    "合并各头前没有转置回来：(B, H, L, D) 被直接 reshape 成了 (B, L, E)",
)
def _joined_untransposed(
    x: Tensor, w_q: Tensor, w_k: Tensor, w_v: Tensor, w_o: Tensor, num_heads: int
) -> Tensor:
    q, k, v = (_split(F.linear(x, w), num_heads) for w in (w_q, w_k, w_v))
    return F.linear(F.scaled_dot_product_attention(q, k, v).reshape(x.shape), w_o)


@trap(
    "the scores are divided by the root of the whole width, not of the width of a head",
    "缩放用了整个宽度的平方根，应当是每个头宽度的平方根",
)
def _scaled_by_width(x: Tensor, w_q: Tensor, w_k: Tensor, w_v: Tensor, w_o: Tensor, num_heads: int) -> Tensor:
    q, k, v = (_split(F.linear(x, w), num_heads) for w in (w_q, w_k, w_v))
    heads = F.scaled_dot_product_attention(q, k, v, scale=x.shape[-1] ** -0.5)
    return F.linear(heads.transpose(1, 2).flatten(2), w_o)


@trap("the output projection is missing", "漏了输出投影")
def _unprojected(x: Tensor, w_q: Tensor, w_k: Tensor, w_v: Tensor, w_o: Tensor, num_heads: int) -> Tensor:
    q, k, v = (_split(F.linear(x, w), num_heads) for w in (w_q, w_k, w_v))
    return F.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2)


@trap(
    "x is multiplied by the weights as they are: nn.Linear keeps them transposed, y = x Wᵀ",
    "x 直接乘了权重：nn.Linear 存的是转置的，y = x Wᵀ",
)
def _untransposed_weights(
    x: Tensor, w_q: Tensor, w_k: Tensor, w_v: Tensor, w_o: Tensor, num_heads: int
) -> Tensor:
    q, k, v = (_split(x @ w, num_heads) for w in (w_q, w_k, w_v))
    return F.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2) @ w_o


def _attended(
    x: Tensor,
    w_q: Tensor,
    w_k: Tensor,
    w_v: Tensor,
    w_o: Tensor,
    num_heads: int,
    scale: float | None = None,
    is_causal: bool = False,
) -> Tensor:
    """Attention in heads; by its arguments, or by the order of the weights, a wrong one."""
    q, k, v = (_split(F.linear(x, w), num_heads) for w in (w_q, w_k, w_v))
    heads = F.scaled_dot_product_attention(q, k, v, scale=scale, is_causal=is_causal)
    return F.linear(heads.transpose(1, 2).flatten(2), w_o)


@trap(
    "the scores are not scaled: they are divided by √D, of the width D of a head",
    "得分没有缩放：应当除以 √D，D 是每个头的宽度",
)
def _unscaled_heads(x: Tensor, w_q: Tensor, w_k: Tensor, w_v: Tensor, w_o: Tensor, num_heads: int) -> Tensor:
    return _attended(x, w_q, w_k, w_v, w_o, num_heads, scale=1.0)


@trap(
    "a causal mask is applied: here every token looks at all",
    "加了因果掩码：本题中每个 token 都可以看所有 token",
)
def _causal_heads(x: Tensor, w_q: Tensor, w_k: Tensor, w_v: Tensor, w_o: Tensor, num_heads: int) -> Tensor:
    return _attended(x, w_q, w_k, w_v, w_o, num_heads, is_causal=True)


@trap("the scores are divided by D, not by its root", "得分除以了 D，而不是它的平方根")
def _scaled_by_d(x: Tensor, w_q: Tensor, w_k: Tensor, w_v: Tensor, w_o: Tensor, num_heads: int) -> Tensor:
    return _attended(x, w_q, w_k, w_v, w_o, num_heads, scale=num_heads / x.shape[-1])


@trap(
    "w_o is not transposed as the other weights are: nn.Linear keeps them transposed, y = x Wᵀ",
    "w_o 没有像另外三个权重那样转置：nn.Linear 存的是转置的，y = x Wᵀ",
)
def _untransposed_output(
    x: Tensor, w_q: Tensor, w_k: Tensor, w_v: Tensor, w_o: Tensor, num_heads: int
) -> Tensor:
    return _attended(x, w_q, w_k, w_v, w_o.T, num_heads)


@trap("keys and values are swapped: x W_vᵀ are the values", "key 和 value 弄反了：x W_vᵀ 才是 value")
def _values_for_keys(x: Tensor, w_q: Tensor, w_k: Tensor, w_v: Tensor, w_o: Tensor, num_heads: int) -> Tensor:
    return _attended(x, w_q, w_v, w_k, w_o, num_heads)


@trap("queries and keys are swapped: the scores are transposed", "query 和 key 弄反了：得分矩阵被转置了")
def _keys_for_queries(
    x: Tensor, w_q: Tensor, w_k: Tensor, w_v: Tensor, w_o: Tensor, num_heads: int
) -> Tensor:
    return _attended(x, w_k, w_q, w_v, w_o, num_heads)


@trap("everything is done in one head: num_heads is not used", "整个计算只用了一个头：没有用到 num_heads")
def _single_head(x: Tensor, w_q: Tensor, w_k: Tensor, w_v: Tensor, w_o: Tensor, num_heads: int) -> Tensor:
    return _attended(x, w_q, w_k, w_v, w_o, 1)


@trap(
    "a head takes every H-th feature; its features are neighbours",
    "每个头取的是间隔 H 的特征；应当取相邻的特征",
)
def _strided_heads(x: Tensor, w_q: Tensor, w_k: Tensor, w_v: Tensor, w_o: Tensor, num_heads: int) -> Tensor:
    shape = (*x.shape[:2], -1, num_heads)
    q, k, v = (F.linear(x, w).view(shape).permute(0, 3, 1, 2) for w in (w_q, w_k, w_v))
    return F.linear(F.scaled_dot_product_attention(q, k, v).permute(0, 2, 3, 1).flatten(2), w_o)


@trap(
    "softmax runs over the heads, not over the keys",
    "softmax 作用在头这一维上，应当作用在 key 上",
)
def _over_heads(x: Tensor, w_q: Tensor, w_k: Tensor, w_v: Tensor, w_o: Tensor, num_heads: int) -> Tensor:
    q, k, v = (_split(F.linear(x, w), num_heads) for w in (w_q, w_k, w_v))
    weights = (q @ k.mT / q.shape[-1] ** 0.5).softmax(1)
    return F.linear((weights @ v).transpose(1, 2).flatten(2), w_o)


@trap(
    "softmax runs over the queries: the columns sum to 1, not the rows",
    "softmax 作用在 query 维上：和为 1 的是列而不是行",
)
def _over_queries(x: Tensor, w_q: Tensor, w_k: Tensor, w_v: Tensor, w_o: Tensor, num_heads: int) -> Tensor:
    q, k, v = (_split(F.linear(x, w), num_heads) for w in (w_q, w_k, w_v))
    weights = (q @ k.mT / q.shape[-1] ** 0.5).softmax(-2)
    return F.linear((weights @ v).transpose(1, 2).flatten(2), w_o)


@trap("no maximum is subtracted: exp overflows, and ∞/∞ is NaN", "没有先减最大值：exp 溢出，∞/∞ 得 NaN")
def _unshifted(x: Tensor, w_q: Tensor, w_k: Tensor, w_v: Tensor, w_o: Tensor, num_heads: int) -> Tensor:
    q, k, v = (_split(F.linear(x, w), num_heads) for w in (w_q, w_k, w_v))
    exp = (q @ k.mT / q.shape[-1] ** 0.5).exp()
    return F.linear((exp / exp.sum(-1, keepdim=True) @ v).transpose(1, 2).flatten(2), w_o)


@judge(
    reference=_multi_head,
    traps=(
        *(
            _reshaped_heads,
            _reshaped_both_ways,
            _among_heads,
            _joined_untransposed,
            _scaled_by_width,
            _unscaled_heads,
            _scaled_by_d,
            _unprojected,
        ),
        *(
            _untransposed_weights,
            _untransposed_output,
            _causal_heads,
            _single_head,
            _values_for_keys,
            _keys_for_queries,
        ),
        *(_strided_heads, _over_heads, _over_queries, _unshifted),
    ),
    equivalent={
        "split_heads: x.view(batch, length, num_heads, width // num_heads).transpose(1, 2) → "
        "x.view(batch, length, num_heads, width // num_heads).transpose(2, 1)": "it does not matter which of "
        "the two transposed axes is named first",
        "concat_heads: heads.transpose(1, 2).flatten → heads.transpose(2, 1).flatten": "it does not "
        "matter which of the two transposed axes is named first",
        **UNMASKED,
    },
)
def check_multi_head_attention(random: Generator) -> Iterator[Case]:
    """One head, two, as many as features; batches, gradients, and scores that overflow."""

    def draw(batch: int, length: int, width: int, dtype: torch.dtype = torch.float32) -> tuple[Tensor, ...]:
        shapes = [(batch, length, width), *[(width, width)] * 4]
        x, *weights = (torch.randn(shape, generator=random, dtype=dtype) for shape in shapes)
        return x, *(w / width**0.5 for w in weights)

    yield Case({"en": "one head", "zh": "一个头"}, (*draw(1, 2, 2), 1))
    yield Case({"en": "two heads", "zh": "两个头"}, (*draw(1, 3, 4), 2))
    yield Case({"en": "a batch of sequences", "zh": "一批序列"}, (*draw(3, 5, 12), 3))
    yield Case({"en": "heads of width 1", "zh": "每个头宽 1"}, (*draw(2, 3, 4), 4))
    yield Case({"en": "16 heads of width 3", "zh": "16 个头，每个宽 3"}, (*draw(2, 3, 48), 16))
    yield Case({"en": "a single token", "zh": "只有一个 token"}, (*draw(2, 1, 6), 2))
    yield Case(
        {"en": "gradients, in float64", "zh": "梯度（float64）"},
        (*draw(2, 3, 4, torch.float64), 2),
        grad=True,
    )
    x, _, _, w_v, w_o = draw(2, 4, 32)
    w_q, w_k = torch.eye(32), torch.eye(32)
    q, k = far_apart(random, (2, 4), (2, 4), STEP)
    x[..., :16] = q.sign()
    # the first of each head's queries is ±64, of its keys 64: feature 0 has the sign, feature 1 is 1
    x[..., 1], x[..., 16:] = 1.0, k.sign()
    w_q[[0, 16]], w_k[[0, 16]] = 64 * torch.eye(32)[[0, 0]], 64 * torch.eye(32)[[1, 1]]
    yield Case(
        {"en": "scores near ±1,000", "zh": "正负上千的得分"},
        (x, w_q, w_k, w_v, w_o, 2),
    )
    # perpendicular in each head: every token looks at itself alone, and no rounding reaches a gradient
    rows = torch.tensor([[1.0, 1, -1, -1], [1, -1, 1, -1], [1, -1, -1, 1]])
    rows = torch.cat([rows[torch.randperm(3, generator=random)] for _ in range(2)], -1)  # (3, 8)
    _, _, _, w_v, w_o = draw(1, 3, 8)
    yield Case(
        {"en": "scores of 3,000, with gradients", "zh": "得分达 3,000，带梯度"},
        (rows[None], 40 * torch.eye(8), 40 * torch.eye(8), w_v, w_o, 2),
        grad=True,
    )
    yield Case({"en": "one head of width 1", "zh": "一个头，宽 1"}, (*draw(2, 3, 1), 1))
    yield Case({"en": "one token of width 1", "zh": "一个 token，宽 1"}, (*draw(1, 1, 1), 1))
    yield Case(
        {"en": "8 heads, 16 tokens", "zh": "8 个头、16 个 token"},
        (*draw(1, 16, 64), 8),
        timed=True,
    )


def _grouped(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    return F.scaled_dot_product_attention(q, k, v, enable_gqa=True)


@trap(
    "the key heads are repeated as a whole (0, 1, 0, 1): neighbouring query heads share one (0, 0, 1, 1)",
    "key 的头按整体重复了（0, 1, 0, 1）：应当是相邻的 query 头共用一个（0, 0, 1, 1）",
)
def _tiled_groups(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    k, v = (x.repeat(1, q.shape[1] // k.shape[1], 1, 1) for x in (k, v))
    return F.scaled_dot_product_attention(q, k, v)


@trap(
    "all query heads use the first key head: that is multi-query attention",
    "所有 query 头都用了第一个 key 头：那是多查询注意力（MQA）",
)
def _one_group(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    return F.scaled_dot_product_attention(q, k[:, :1].expand_as(k), v[:, :1].expand_as(v), enable_gqa=True)


@trap(
    "the query heads of a group are averaged first: each has weights of its own",
    "先把组内的 query 头取了平均：每个 query 头有自己的权重",
)
def _averaged_queries(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    groups = q.unflatten(1, (k.shape[1], -1))  # type: ignore[no-untyped-call]
    return _grouped(groups.mean(2, keepdim=True).expand_as(groups).flatten(1, 2), k, v)


@trap("the scores are not divided by √D", "得分没有除以 √D")
def _unscaled_groups(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    return F.scaled_dot_product_attention(q, k, v, scale=1.0, enable_gqa=True)


@trap("the scores are divided by D, not by its root", "得分除以了 D，而不是它的平方根")
def _by_width(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    return F.scaled_dot_product_attention(q, k, v, scale=1 / q.shape[-1], enable_gqa=True)


@trap(
    "a causal mask is applied: here every query looks at all keys",
    "加了因果掩码：本题中每个 query 都可以看所有 key",
)
def _causal_groups(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    return F.scaled_dot_product_attention(q, k, v, is_causal=True, enable_gqa=True)


def _scores(q: Tensor, k: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
    """Scores (B, H, L, S), and the values of every query head."""
    each = q.shape[1] // k.shape[1]
    return q @ k.repeat_interleave(each, 1).mT / q.shape[-1] ** 0.5, v.repeat_interleave(each, 1)


@trap(
    "softmax runs over the queries: the columns sum to 1, not the rows",
    "softmax 作用在 query 维上：和为 1 的是列而不是行",
)
def _groups_over_queries(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    scores, values = _scores(q, k, v)
    return scores.softmax(-2) @ values


@trap(
    "one softmax runs over a whole group of queries: every query has weights that sum to 1",
    "一次 softmax 跨了整组 query：每个 query 的权重各自和为 1",
)
def _group_softmax(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    scores, values = _scores(q, k, v)
    top = scores.amax(-1, keepdim=True).unflatten(1, (k.shape[1], -1)).amax(2, keepdim=True)  # type: ignore[no-untyped-call]
    exp = (scores.unflatten(1, (k.shape[1], -1)) - top).exp()  # type: ignore[no-untyped-call]
    weights: Tensor = (exp / exp.sum((2, 4), keepdim=True)).flatten(1, 2)
    return weights @ values


@trap("no maximum is subtracted: exp overflows, and ∞/∞ is NaN", "没有先减最大值：exp 溢出，∞/∞ 得 NaN")
def _unshifted_groups(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    scores, values = _scores(q, k, v)
    exp = scores.exp()
    return exp / exp.sum(-1, keepdim=True) @ values


@trap(
    "the maximum of all scores is subtracted: in a row far below it every exp is 0, and 0/0 is NaN",
    "减的是所有得分的最大值：离它很远的行 exp 全为 0，0/0 得 NaN",
)
def _one_maximum(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    scores, values = _scores(q, k, v)
    exp = (scores - scores.max()).exp()
    return exp / exp.sum(-1, keepdim=True) @ values


@judge(
    reference=_grouped,
    traps=(
        *(_tiled_groups, _one_group, _averaged_queries, _unscaled_groups, _by_width, _causal_groups),
        *(_groups_over_queries, _group_softmax, _unshifted_groups, _one_maximum),
    ),
    equivalent=UNMASKED,
)
def check_grouped_query_attention(random: Generator) -> Iterator[Case]:
    """One head of keys for two of queries, two for four; as many keys as queries, one for all."""

    def draw(
        heads: int,
        groups: int,
        *,
        batch: int = 2,
        queries: int = 3,
        keys: int = 5,
        width: int = 5,  # no square: its root is no whole number
        values: int = 6,
        dtype: torch.dtype = torch.float32,
    ) -> tuple[Tensor, ...]:
        ends = (heads, queries, width), (groups, keys, width), (groups, keys, values)
        return tuple(torch.randn(batch, *end, generator=random, dtype=dtype) for end in ends)

    yield Case(
        {"en": "two query heads, one key head", "zh": "两个 query 头，一个 key 头"},
        draw(2, 1, batch=1, keys=2),
    )
    yield Case(
        {"en": "four query heads, two key heads", "zh": "四个 query 头，两个 key 头"}, draw(4, 2, batch=1)
    )
    yield Case({"en": "a batch, groups of three", "zh": "一批，每组三个头"}, draw(6, 2))
    yield Case(
        {"en": "16 query heads, two key heads", "zh": "16 个 query 头，两个 key 头"}, draw(16, 2, width=3)
    )
    yield Case({"en": "as many key heads as query heads", "zh": "key 头与 query 头一样多"}, draw(3, 3))
    yield Case(
        {"en": "gradients, in float64", "zh": "梯度（float64）"}, draw(4, 2, dtype=torch.float64), grad=True
    )
    yield Case(
        {"en": "scores near ±256, with gradients", "zh": "得分约 ±256，带梯度"},
        (*far_apart(random, (2, 4, 3), (2, 2, 5), WITH_GRADIENTS), torch.randn(2, 2, 5, 2, generator=random)),
        grad=True,
    )
    yield Case(
        {"en": "scores near ±1,000", "zh": "正负上千的得分"},
        (*far_apart(random, (2, 4, 3), (2, 2, 5), STEP), torch.randn(2, 2, 5, 2, generator=random)),
    )
    yield Case({"en": "one new query", "zh": "只有一个新的 query"}, draw(4, 2, queries=1))
    yield Case({"en": "one key", "zh": "只有一个 key"}, draw(4, 2, keys=1))
    yield Case({"en": "one head, values of width 1", "zh": "一个头，value 宽 1"}, draw(1, 1, values=1))
    yield Case({"en": "heads of width 1", "zh": "每个头宽 1"}, draw(4, 2, width=1))
    one = draw(1, 1, batch=1, queries=1, keys=1, width=1, values=1)
    yield Case({"en": "one of everything", "zh": "各维大小都是 1"}, one)
    q, k, v = (torch.randn(1, heads, 32, 16, generator=random) for heads in (8, 2, 2))
    yield Case(
        {"en": "8 query heads, 2 key heads, 32 tokens", "zh": "8 个 query 头、2 个 key 头、32 个 token"},
        (q, k, v),
        timed=True,
    )
