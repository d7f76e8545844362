"""Judges of the code questions on attention."""

from collections.abc import Iterator

import torch
from torch import Generator, Tensor
from torch.nn import functional as F

from answers.judges._normal import normal
from quizcli.judge.case import Case, judge, trap


def _attention(q: Tensor, k: Tensor, v: Tensor, attn_mask: Tensor | None = None) -> tuple[Tensor, Tensor]:
    """PyTorch's own, which shows its weights where the values are the identity."""
    identity = torch.eye(k.shape[-2], dtype=v.dtype).expand(*k.shape[:-1], -1)
    return (
        F.scaled_dot_product_attention(q, k, v, attn_mask),
        F.scaled_dot_product_attention(q, k, identity, attn_mask),
    )


def _weighted(scores: Tensor, v: Tensor, attn_mask: Tensor | None, dim: int = -1) -> tuple[Tensor, Tensor]:
    if attn_mask is not None:
        scores = scores.masked_fill(~attn_mask, float("-inf"))
    weights = scores.softmax(dim)
    return weights @ v, weights


@trap("the scores are not divided by √d_k", "得分没有除以 √d_k")
def _unscaled(q: Tensor, k: Tensor, v: Tensor, attn_mask: Tensor | None = None) -> tuple[Tensor, Tensor]:
    return _weighted(q @ k.mT, v, attn_mask)


@trap("the scores are divided by d_k, not by its root", "得分除以了 d_k，而不是它的平方根")
def _divided_by_d(q: Tensor, k: Tensor, v: Tensor, attn_mask: Tensor | None = None) -> tuple[Tensor, Tensor]:
    return _weighted(q @ k.mT / q.shape[-1], v, attn_mask)


@trap(
    "softmax runs over the queries: the columns sum to 1, not the rows",
    "softmax 作用在 query 维上：和为 1 的是列而不是行",
)
def _over_queries(q: Tensor, k: Tensor, v: Tensor, attn_mask: Tensor | None = None) -> tuple[Tensor, Tensor]:
    return _weighted(q @ k.mT / q.shape[-1] ** 0.5, v, attn_mask, dim=-2)


@trap("the mask hides what it should show: True means look", "掩码用反了：True 表示可以看")
def _inverted_mask(q: Tensor, k: Tensor, v: Tensor, attn_mask: Tensor | None = None) -> tuple[Tensor, Tensor]:
    return _weighted(q @ k.mT / q.shape[-1] ** 0.5, v, None if attn_mask is None else ~attn_mask)


@trap(
    "the mask is applied after softmax: the weights no longer sum to 1",
    "掩码加在了 softmax 之后：权重的和不再是 1",
)
def _masked_late(q: Tensor, k: Tensor, v: Tensor, attn_mask: Tensor | None = None) -> tuple[Tensor, Tensor]:
    _, weights = _weighted(q @ k.mT / q.shape[-1] ** 0.5, v, None)
    weights = weights if attn_mask is None else weights * attn_mask
    return weights @ v, weights


@judge(
    reference=_attention,
    traps=(_unscaled, _divided_by_d, _over_queries, _inverted_mask, _masked_late),
)
def check_scaled_dot_product_attention(random: Generator) -> Iterator[Case]:
    """One query, then batches of heads, masks, gradients, and scores that overflow where one is careless."""
    draw = normal(random)

    yield Case(
        {"en": "one query, three keys", "zh": "一个 query，三个 key"}, (draw(1, 4), draw(3, 4), draw(3, 2))
    )
    yield Case({"en": "five queries", "zh": "五个 query"}, (draw(5, 8), draw(3, 8), draw(3, 4)))
    yield Case(
        {"en": "a batch of heads", "zh": "一批多个头"}, (draw(2, 3, 4, 8), draw(2, 3, 5, 8), draw(2, 3, 5, 6))
    )
    mask = torch.ones(4, 4, dtype=torch.bool).tril()
    yield Case({"en": "a causal mask", "zh": "因果掩码"}, (draw(4, 8), draw(4, 8), draw(4, 8), mask))
    padding = torch.tensor([True, True, True, False, False]).expand(4, 5)
    yield Case(
        {"en": "a padding mask", "zh": "填充掩码"}, (draw(2, 4, 8), draw(2, 5, 8), draw(2, 5, 8), padding)
    )
    yield Case(
        {"en": "gradients, in float64", "zh": "梯度（float64）"},
        tuple(draw(2, 3, 4, dtype=torch.float64) for _ in range(3)),
        grad=True,
    )
    yield Case(
        {"en": "scores of 1,000", "zh": "上千的得分"}, (100 * draw(3, 16), 100 * draw(4, 16), draw(4, 2))
    )
    yield Case(
        {"en": "8 heads of 128 tokens", "zh": "8 个头、128 个 token"},
        (draw(8, 128, 64), draw(8, 128, 64), draw(8, 128, 64)),
        timed=True,
    )


def _looks(lengths: Tensor, size: int) -> tuple[Tensor, Tensor]:
    """What is not in the future (L, L), and what is no padding (B, L)."""
    return torch.ones(size, size, dtype=torch.bool).tril(), torch.arange(size) >= size - lengths[:, None]


@trap("the mask is upside down: True means that a query may look", "掩码反了：True 表示可以看")
def _forbidding(lengths: Tensor, size: int) -> Tensor:
    causal, real = _looks(lengths, size)
    return ~(causal & real[:, None, None, :])


@trap("a token may not look at itself: the diagonal is missing", "token 看不到自己：漏了对角线")
def _without_diagonal(lengths: Tensor, size: int) -> Tensor:
    causal, real = _looks(lengths, size)
    return causal.tril(-1) & real[:, None, None, :]


@trap(
    "queries look ahead instead of back: rows are queries, columns keys",
    "看的是后面而不是前面：行是 query，列是 key",
)
def _into_the_future(lengths: Tensor, size: int) -> Tensor:
    causal, real = _looks(lengths, size)
    return causal.mT & real[:, None, None, :]


@trap(
    "the two masks are joined by or: a key must be neither in the future nor padding",
    "两个掩码用“或”连在了一起：既不在未来、又不是填充，才可以看",
)
def _either(lengths: Tensor, size: int) -> Tensor:
    causal, real = _looks(lengths, size)
    return causal | real[:, None, None, :]


@trap(
    "padding is hidden as a query, not as a key: real tokens still look at it",
    "填充屏蔽在了 query 上而不是 key 上：真实的 token 仍会看到填充",
)
def _padded_queries(lengths: Tensor, size: int) -> Tensor:
    causal, real = _looks(lengths, size)
    return causal & real[:, None, :, None]


@trap("padding is taken to be at the end; here it is in front", "把填充当成了在末尾；这里的填充在前面")
def _padded_behind(lengths: Tensor, size: int) -> Tensor:
    causal, real = _looks(lengths, size)
    return causal & real.flip(1)[:, None, None, :]


@judge(traps=(_forbidding, _without_diagonal, _into_the_future, _either, _padded_queries, _padded_behind))
def check_causal_padding_mask(random: Generator) -> Iterator[Case]:
    """One full sequence, then short ones behind padding, and one without any token."""

    def lengths(count: int, size: int) -> Tensor:
        return torch.randint(1, size + 1, (count,), generator=random)

    yield Case({"en": "one sequence, no padding", "zh": "一个序列，没有填充"}, (torch.tensor([3]), 3))
    padding = int(torch.randint(1, 3, (1,), generator=random))
    yield Case(
        {"en": "one sequence and its padding", "zh": "一个序列，带填充"}, (torch.tensor([2]), 2 + padding)
    )
    yield Case({"en": "a batch", "zh": "一批序列"}, (torch.cat([lengths(3, 5), torch.tensor([1, 5])]), 5))
    yield Case({"en": "all padded, to a fixed size", "zh": "都填充到固定长度"}, (lengths(2, 3), 6))
    yield Case({"en": "a sequence of length 0", "zh": "长度为 0 的序列"}, (torch.tensor([0, 2]), 3))
    yield Case({"en": "lengths in int32", "zh": "长度为 int32"}, (lengths(3, 4).int(), 4))
    yield Case(
        {"en": "32 sequences of 256 tokens", "zh": "32 个 256 token 的序列"},
        (lengths(32, 256), 256),
        timed=True,
    )


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


@judge(
    reference=_multi_head,
    traps=(_reshaped_heads, _joined_untransposed, _scaled_by_width, _unprojected, _untransposed_weights),
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
    yield Case(
        {"en": "gradients, in float64", "zh": "梯度（float64）"},
        (*draw(2, 3, 4, torch.float64), 2),
        grad=True,
    )
    x, w_q, w_k, w_v, w_o = draw(2, 4, 8)
    large = (x, 30 * w_q, 30 * w_k, w_v, w_o, 2)
    yield Case({"en": "scores near 1,000", "zh": "上千的得分"}, large, tolerance=1e-3)
    yield Case(
        {"en": "8 heads, 4 sequences of 128 tokens", "zh": "8 个头、4 个 128 token 的序列"},
        (*draw(4, 128, 256), 8),
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


@judge(
    reference=_grouped,
    traps=(_tiled_groups, _one_group, _averaged_queries, _unscaled_groups),
)
def check_grouped_query_attention(random: Generator) -> Iterator[Case]:
    """One head of keys for two of queries, two for four; as many keys as queries, one for all."""

    def draw(
        heads: int, groups: int, *, batch: int = 2, keys: int = 5, dtype: torch.dtype = torch.float32
    ) -> tuple[Tensor, ...]:
        shapes = [(batch, heads, 3, 4), (batch, groups, keys, 4), (batch, groups, keys, 6)]
        return tuple(torch.randn(shape, generator=random, dtype=dtype) for shape in shapes)

    yield Case(
        {"en": "two query heads, one key head", "zh": "两个 query 头，一个 key 头"},
        draw(2, 1, batch=1, keys=2),
    )
    yield Case(
        {"en": "four query heads, two key heads", "zh": "四个 query 头，两个 key 头"}, draw(4, 2, batch=1)
    )
    yield Case({"en": "a batch, groups of three", "zh": "一批，每组三个头"}, draw(6, 2))
    yield Case({"en": "as many key heads as query heads", "zh": "key 头与 query 头一样多"}, draw(3, 3))
    yield Case(
        {"en": "gradients, in float64", "zh": "梯度（float64）"}, draw(4, 2, dtype=torch.float64), grad=True
    )
    q, k, v = draw(4, 2)
    yield Case({"en": "scores near 1,000", "zh": "上千的得分"}, (30 * q, 30 * k, v), tolerance=1e-3)
    q, k, v = (torch.randn(2, heads, 128, 64, generator=random) for heads in (8, 2, 2))
    yield Case(
        {"en": "8 query heads, 2 key heads, 128 tokens", "zh": "8 个 query 头、2 个 key 头、128 个 token"},
        (q, k, v),
        timed=True,
    )
