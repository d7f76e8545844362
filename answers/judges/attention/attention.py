"""Judges of the code questions on attention."""

from collections.abc import Callable, Iterator

import torch
from torch import Generator, Tensor
from torch.nn import functional as F

from answers.judges.kit.casts import SCORES, cast_back
from answers.judges.kit.draws import normal
from answers.judges.kit.scores import STEP, WITH_GRADIENTS, far_apart
from answers.judges.kit.thin_shapes import shaped
from quizcli.judge.case import Case, Trap, judge, trap

Two = tuple[Tensor, Tensor]


def _attention(q: Tensor, k: Tensor, v: Tensor, attn_mask: Tensor | None = None) -> Two:
    """PyTorch's own, which shows its weights where the values are the identity."""
    identity = torch.eye(k.shape[-2], dtype=v.dtype).expand(*k.shape[:-1], -1)
    if attn_mask is not None:
        attn_mask = attn_mask.expand(*q.shape[:-1], k.shape[-2])
    return (
        F.scaled_dot_product_attention(q, k, v, attn_mask),
        F.scaled_dot_product_attention(q, k, identity, attn_mask),
    )


def _weighted(scores: Tensor, v: Tensor, attn_mask: Tensor | None, dim: int = -1) -> Two:
    if attn_mask is not None:
        scores = scores.masked_fill(~attn_mask, float("-inf"))
    weights = scores.softmax(dim)
    return weights @ v, weights


@trap("the scores are not divided by √d_k", "得分没有除以 √d_k")
def _unscaled(q: Tensor, k: Tensor, v: Tensor, attn_mask: Tensor | None = None) -> Two:
    return _weighted(q @ k.mT, v, attn_mask)


@trap("the scores are divided by d_k, not by its root", "得分除以了 d_k，而不是它的平方根")
def _divided_by_d(q: Tensor, k: Tensor, v: Tensor, attn_mask: Tensor | None = None) -> Two:
    return _weighted(q @ k.mT / q.shape[-1], v, attn_mask)


@trap(
    "the scores are divided by the root of the number of keys: it is that of their width, √d_k",
    "得分除以了 key 个数的平方根：应除以 key 宽度的平方根 √d_k",
)
def _divided_by_keys(q: Tensor, k: Tensor, v: Tensor, attn_mask: Tensor | None = None) -> Two:
    return _weighted(q @ k.mT / k.shape[-2] ** 0.5, v, attn_mask)


@trap(
    "softmax runs over the queries: the columns sum to 1, not the rows",
    "softmax 作用在 query 维上：和为 1 的是列而不是行",
)
def _over_queries(q: Tensor, k: Tensor, v: Tensor, attn_mask: Tensor | None = None) -> Two:
    return _weighted(q @ k.mT / q.shape[-1] ** 0.5, v, attn_mask, dim=-2)


@trap("the mask hides what it should show: True means look", "掩码用反了：True 表示可以看")
def _inverted_mask(q: Tensor, k: Tensor, v: Tensor, attn_mask: Tensor | None = None) -> Two:
    return _weighted(q @ k.mT / q.shape[-1] ** 0.5, v, None if attn_mask is None else ~attn_mask)


@trap(
    "the mask is applied after softmax: the weights no longer sum to 1",
    "掩码加在了 softmax 之后：权重的和不再是 1",
)
def _masked_late(q: Tensor, k: Tensor, v: Tensor, attn_mask: Tensor | None = None) -> Two:
    _, weights = _weighted(q @ k.mT / q.shape[-1] ** 0.5, v, None)
    weights = weights if attn_mask is None else weights * attn_mask
    return weights @ v, weights


@trap(
    "hidden scores take part before they are masked, in the softmax or in the maximum that is subtracted: "
    "where one is far above the others, that is 0/0",
    "被遮住的得分在掩掉之前就参与了计算（在 softmax 里，或在所减的最大值里）：它远高于其余得分时，就成了 0/0",
)
def _renormalized(q: Tensor, k: Tensor, v: Tensor, attn_mask: Tensor | None = None) -> Two:
    _, weights = _weighted(q @ k.mT / q.shape[-1] ** 0.5, v, None)
    if attn_mask is not None:
        weights = weights * attn_mask
        weights = weights / weights.sum(-1, keepdim=True)
    return weights @ v, weights


@trap(
    "hidden scores are set to a finite number, and some scores are smaller still: they must be −∞",
    "被遮住的得分设成了有限的数，而有的得分比它还小：应当设成 −∞",
)
def _finite_fill(q: Tensor, k: Tensor, v: Tensor, attn_mask: Tensor | None = None) -> Two:
    scores = q @ k.mT / q.shape[-1] ** 0.5
    return _weighted(scores if attn_mask is None else scores.masked_fill(~attn_mask, -1e9), v, None)


@trap(
    "hidden scores are set to 0, or near it, and e⁰ = 1 is no small weight: they must be −∞",
    "被遮住的得分设成了 0 或接近 0 的数，而 e⁰ = 1 并不小：应当设成 −∞",
)
def _zero_fill(q: Tensor, k: Tensor, v: Tensor, attn_mask: Tensor | None = None) -> Two:
    scores = q @ k.mT / q.shape[-1] ** 0.5
    return _weighted(scores if attn_mask is None else scores.masked_fill(~attn_mask, 0.0), v, None)


@trap(
    "the mask is added to the scores: a boolean one adds 1 where a query may look, and hides nothing",
    "把掩码加到了得分上：布尔掩码只是在可以看的地方加 1，什么也没遮住",
)
def _added_mask(q: Tensor, k: Tensor, v: Tensor, attn_mask: Tensor | None = None) -> Two:
    scores = q @ k.mT / q.shape[-1] ** 0.5
    return _weighted(scores if attn_mask is None else scores + attn_mask, v, None)


@trap(
    "softmax runs over axis 1, which is that of the keys for two axes only; it is the last",
    "softmax 作用在第 1 轴上，只有二维时那才是 key 维；应当是最后一维",
)
def _over_axis_1(q: Tensor, k: Tensor, v: Tensor, attn_mask: Tensor | None = None) -> Two:
    return _weighted(q @ k.mT / q.shape[-1] ** 0.5, v, attn_mask, dim=1)


@trap("the mask is not used", "没有用到掩码")
def _unmasked(q: Tensor, k: Tensor, v: Tensor, attn_mask: Tensor | None = None) -> Two:
    return _weighted(q @ k.mT / q.shape[-1] ** 0.5, v, None)


@trap(
    "the scores are divided by the root of the width of the values, not of the keys",
    "缩放用了 value 宽度的平方根，应当是 key 宽度的平方根",
)
def _by_values(q: Tensor, k: Tensor, v: Tensor, attn_mask: Tensor | None = None) -> Two:
    return _weighted(q @ k.mT / v.shape[-1] ** 0.5, v, attn_mask)


def _shifted(scores: Tensor, top: Tensor | float, v: Tensor) -> Two:
    """Attention with another number than the row's maximum subtracted before exp."""
    exp = (scores - top).exp()
    weights = exp / exp.sum(-1, keepdim=True)
    return weights @ v, weights


def _masked_scores(q: Tensor, k: Tensor, attn_mask: Tensor | None) -> Tensor:
    scores: Tensor = q @ k.mT / q.shape[-1] ** 0.5
    return scores if attn_mask is None else scores.masked_fill(~attn_mask, float("-inf"))


_no_maximum = trap(
    "no maximum is subtracted: exp overflows, and ∞/∞ is NaN", "没有先减最大值：exp 溢出，∞/∞ 得 NaN"
)


@_no_maximum
def _unshifted(q: Tensor, k: Tensor, v: Tensor, attn_mask: Tensor | None = None) -> Two:
    return _shifted(_masked_scores(q, k, attn_mask), 0.0, v)


Mask = Callable[[Tensor, Tensor], Tensor]  # how hidden exp are made 0


def _of_masked_exp(
    q: Tensor, k: Tensor, v: Tensor, attn_mask: Tensor | None, top: Tensor | float, hide: Mask
) -> Two:
    exp = (_masked_scores(q, k, None) - top).exp()
    exp = exp if attn_mask is None else hide(exp, attn_mask)
    weights = exp / exp.sum(-1, keepdim=True)
    return weights @ v, weights


def _multiplied(exp: Tensor, attn_mask: Tensor) -> Tensor:
    return exp * attn_mask


def _filled(exp: Tensor, attn_mask: Tensor) -> Tensor:
    return exp.masked_fill(~attn_mask, 0.0)


_UNSHIFTED_EXP_MASKED = tuple(
    _no_maximum(lambda q, k, v, attn_mask=None, hide=hide: _of_masked_exp(q, k, v, attn_mask, 0.0, hide))
    for hide in (_multiplied, _filled)
)


@trap(
    "the maximum of all scores is subtracted: in a row far below it every exp is 0, and 0/0 is NaN",
    "减的是所有得分的最大值：离它很远的行 exp 全为 0，0/0 得 NaN",
)
def _one_maximum(q: Tensor, k: Tensor, v: Tensor, attn_mask: Tensor | None = None) -> Two:
    scores = _masked_scores(q, k, attn_mask)
    return _shifted(scores, scores.max(), v)


def _masked_exp(hide: Mask) -> Trap:
    def attention(q: Tensor, k: Tensor, v: Tensor, attn_mask: Tensor | None = None) -> Two:
        top = _masked_scores(q, k, attn_mask).amax(-1, keepdim=True)
        return _of_masked_exp(q, k, v, attn_mask, top, hide)

    return trap(
        "exp is taken of hidden scores too, and masked after: where they are far above the others it "
        "overflows, and 0 · ∞ is NaN, in the weights or in the gradient",
        "被遮住的得分也取了 exp，之后才掩掉：它们远高于其余得分时会溢出，0 · ∞ 得 NaN，不是权重就是梯度",
    )(attention)


@judge(
    reference=_attention,
    traps=(
        *(
            _unscaled,
            _divided_by_d,
            _divided_by_keys,
            _by_values,
            _over_queries,
            _unmasked,
            _inverted_mask,
            _masked_late,
        ),
        *(_renormalized, _finite_fill, _zero_fill, _added_mask, _over_axis_1, _unshifted, _one_maximum),
        *(*_UNSHIFTED_EXP_MASKED, _masked_exp(_multiplied), _masked_exp(_filled)),
    ),
    equivalent={
        **SCORES,
        **cast_back("attention", "scores.softmax(dim=-1)", "query.dtype"),
        "hide: ~may_look.broadcast_to(scores.shape) → ~may_look": "masked_fill broadcasts a mask "
        "itself; that the scores are not broadcast to it is for masks that no question gives",
    },
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
    padding = torch.tensor([True, True, True, False, False])
    yield Case(
        {"en": "a padding mask, the same for all", "zh": "所有序列共用的填充掩码"},
        (draw(2, 4, 8), draw(2, 5, 8), draw(2, 5, 8), padding),
    )
    rows = torch.eye(3, dtype=torch.bool) | (torch.rand(3, 3, generator=random) < 0.3)
    rows = torch.cat([rows, ~torch.eye(3, dtype=torch.bool)[:, :2]], 1)  # (3, 5)
    yield Case(
        {"en": "a mask (L, S) for all heads", "zh": "所有头共用的掩码 (L, S)"},
        (draw(3, 2, 3, 4), draw(3, 2, 5, 4), draw(3, 2, 5, 4), rows),
    )
    yield Case(
        {"en": "a mask (B, L, S), one for each sequence", "zh": "掩码 (B, L, S)，每个序列一个"},
        (draw(2, 3, 4), draw(2, 5, 4), draw(2, 5, 4), torch.stack([rows, rows.flip(1)])),
    )
    yield Case(
        {"en": "a batch of one, with one head", "zh": "一批只有一个序列，一个头"},
        (draw(1, 1, 3, 4), draw(1, 1, 5, 4), draw(1, 1, 5, 2)),
    )
    each = torch.stack([padding, padding.flip(0)])[:, None, None]  # (2, 1, 1, 5)
    yield Case(
        {"en": "a padding mask for each sequence", "zh": "每个序列各有填充掩码"},
        (draw(2, 2, 5, 8), draw(2, 2, 5, 8), draw(2, 2, 5, 8), each),
    )
    yield Case(
        {"en": "gradients under a mask, in float64", "zh": "带掩码的梯度（float64）"},
        (*(draw(2, 3, 4, dtype=torch.float64) for _ in range(3)), mask[:3, :3]),
        grad=True,
    )
    yield Case(
        {"en": "scores near ±256, with gradients", "zh": "得分约 ±256，带梯度"},
        (*far_apart(random, (2, 4), (2, 3), WITH_GRADIENTS), draw(2, 3, 2)),
        grad=True,
    )
    yield Case(
        {"en": "scores near ±1,000", "zh": "正负上千的得分"},
        (*far_apart(random, (2, 4), (2, 3), STEP), draw(2, 3, 2)),
    )
    # no unit: what is 0 must be 0; all values are above 0, for where signs cancel rounding is not relative
    values = (0.5 + torch.rand(2, 5, 3, generator=random)).masked_fill(~padding[:, None], 1e30)
    yield Case(
        {"en": "hidden values of 10³⁰: weights of exactly 0", "zh": "被遮住的 value 达 10³⁰：权重恰为 0"},
        (draw(2, 4, 8), draw(2, 5, 8), values, padding),
        unit=0.0,
    )
    # exp(90) is ∞, exp(−90) not yet 0
    order = torch.randperm(5, generator=random)
    k = torch.tensor([0.0, 1 / 64, 2 / 64, 90 / 64, -90 / 64])[order, None]
    yield Case(
        {"en": "hidden scores 90 above", "zh": "被遮住的得分高出 90"},
        (torch.tensor([[64.0], [-64.0]]), k, draw(5, 2), order < 3),
    )
    # q and −q turn the signs of the scores, which are whole; of the hidden ones, one is far above for each
    order = torch.randperm(5, generator=random)
    k = torch.tensor([0.0, 1 / 64, 2 / 64, 32.0, -32.0])[order, None]
    yield Case(
        {"en": "hidden scores 2,000 above, with gradients", "zh": "被遮住的得分高出 2,000，带梯度"},
        (torch.tensor([[64.0], [-64.0]]), k, draw(5, 2), order < 3),
        grad=True,
    )
    # a tolerance: the scores are so large that what is subtracted from them is rounded to 1/512
    k = torch.tensor([[160.0], [160 + 1 / 128], [160 + 2 / 128]])[torch.randperm(3, generator=random)]
    yield Case(
        {"en": "scores of ±20,000, about 1 apart", "zh": "得分正负两万，彼此相差 1 左右"},
        (torch.tensor([[128.0], [-128.0]]), k, draw(3, 2)),
        tolerance=5e-3,
    )
    # hidden scores are 10³⁶, the others −10³⁶: next to no number is so small that it could stand for −∞, but
    # float32's smallest, −3.4 · 10³⁸, may. Of two equal ones of this size, a logsumexp does not tell whether
    # there are two
    k = torch.tensor([-1.0, 1.0, -2.0, 1.0])[torch.randperm(4, generator=random), None]
    yield Case(
        {"en": "scores of ±10³⁶, the large ones hidden", "zh": "得分为 ±10³⁶，大的被遮住"},
        (torch.full((2, 1), 1e18), 1e18 * k, draw(4, 2), (k < 0).squeeze(1).expand(2, 4)),
    )
    each = (torch.rand(2, 2, 3, 5, generator=random) < 0.6).index_fill(-1, torch.tensor([2]), True)
    yield Case(
        {"en": "a mask (B, H, L, S), one for each head", "zh": "掩码 (B, H, L, S)，每个头一个"},
        (draw(2, 2, 3, 4), draw(2, 2, 5, 4), draw(2, 2, 5, 4), each),
    )
    yield Case(
        {"en": "a single key, its value a single number", "zh": "只有一个 key，其 value 只有一个数"},
        (draw(5, 4), draw(1, 4), draw(1, 1)),
    )
    yield Case(
        {"en": "vectors of one number, under a mask", "zh": "向量只有一个数，带掩码"},
        (draw(2, 2, 3, 1), draw(2, 2, 5, 1), draw(2, 2, 5, 1), padding),
    )
    yield Case(
        {"en": "a single key, a mask of one number", "zh": "只有一个 key，掩码只有一个数"},
        (draw(3, 4), draw(1, 4), draw(1, 2), torch.tensor([True])),
    )
    for lead in ((), (1,), (1, 1)):
        one = (*lead, 1, 1)
        yield Case(shaped(*one), (draw(*one), draw(*one), draw(*one), torch.ones(one, dtype=torch.bool)))
    yield Case(
        {"en": "2 heads of 64 tokens", "zh": "2 个头、64 个 token"},
        (draw(2, 64, 16), draw(2, 64, 16), draw(2, 64, 16)),
        timed=True,
    )


def _looks(lengths: Tensor, size: int) -> Two:
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


@trap("the future is not hidden: the mask hides padding alone", "没有遮住未来：掩码只遮住了填充")
def _not_causal(lengths: Tensor, size: int) -> Tensor:
    _, real = _looks(lengths, size)
    return real[:, None, None, :].expand(-1, 1, size, -1)


@trap("padding is not hidden: the mask is causal and no more", "没有遮住填充：只有因果掩码")
def _only_causal(lengths: Tensor, size: int) -> Tensor:
    causal, _ = _looks(lengths, size)
    return causal.expand(len(lengths), 1, -1, -1)


@trap(
    "one token too many is taken for real: the first is at size − length",
    "多算了一个真实的 token：第一个在 size − length 处",
)
def _one_too_many(lengths: Tensor, size: int) -> Tensor:
    causal, real = _looks(lengths + 1, size)
    return causal & real[:, None, None, :]


@trap(
    "the first token of each sequence is hidden as if it were padding: it is at size − length",
    "每个序列的第一个 token 被当成填充遮住了：它在 size − length 处",
)
def _one_too_few(lengths: Tensor, size: int) -> Tensor:
    causal, real = _looks(lengths - 1, size)
    return causal & real[:, None, None, :]


@trap(
    "padding looks at itself: a query that is padding sees nothing",
    "填充位置看到了自己：填充位置上的 query 应当什么也看不到",
)
def _open_diagonal(lengths: Tensor, size: int) -> Tensor:
    causal, real = _looks(lengths, size)
    return causal & real[:, None, None, :] | torch.eye(size, dtype=torch.bool)


@trap(
    "rows of padding are opened up, so that none is empty: a query that is padding sees nothing",
    "为了不让整行为空，把填充的行全打开了：填充位置上的 query 应当什么也看不到",
)
def _open_rows(lengths: Tensor, size: int) -> Tensor:
    causal, real = _looks(lengths, size)
    mask = causal & real[:, None, None, :]
    return mask | ~mask.any(-1, keepdim=True)


@trap(
    "padding is counted up to the longest sequence: all are padded to size, which may be more",
    "填充是按最长的序列算的：所有序列都填充到 size，它可能更大",
)
def _to_the_longest(lengths: Tensor, size: int) -> Tensor:
    causal, _ = _looks(lengths, size)
    return causal & (torch.arange(size) >= lengths.max() - lengths[:, None])[:, None, None, :]


@judge(
    traps=(
        *(_forbidding, _without_diagonal, _into_the_future, _not_causal, _only_causal, _either),
        *(_padded_queries, _padded_behind, _one_too_many, _one_too_few, _open_diagonal),
        *(_open_rows, _to_the_longest),
    ),
    equivalent={
        "causal_padding_mask: torch.arange(size, device=lengths.device) → torch.arange(size)": "judges give "
        "tensors of the CPU only, where both are the same",
    },
)
def check_causal_padding_mask(random: Generator) -> Iterator[Case]:
    """One full sequence, then short ones behind padding, and one without any token."""

    def lengths(count: int, size: int) -> Tensor:
        return torch.randint(1, size + 1, (count,), generator=random)

    yield Case({"en": "one sequence, no padding", "zh": "一个序列，没有填充"}, (torch.tensor([3]), 3))
    padding = int(torch.randint(1, 3, (1,), generator=random))
    yield Case(
        {"en": "one sequence and its padding", "zh": "一个序列，带填充"}, (torch.tensor([3]), 3 + padding)
    )
    yield Case({"en": "a batch", "zh": "一批序列"}, (torch.cat([lengths(3, 5), torch.tensor([1, 5])]), 5))
    yield Case({"en": "as many sequences as tokens", "zh": "序列数与长度相等"}, (lengths(4, 4), 4))
    yield Case({"en": "all padded, to a fixed size", "zh": "都填充到固定长度"}, (lengths(2, 3), 6))
    yield Case({"en": "a sequence of length 0", "zh": "长度为 0 的序列"}, (torch.tensor([0, 2]), 3))
    yield Case({"en": "a single token", "zh": "只有一个 token"}, (torch.tensor([1]), 1))
    yield Case({"en": "lengths in int32", "zh": "长度为 int32"}, (lengths(3, 4).int(), 4))
    yield Case(
        {"en": "1 token and 150 of 300", "zh": "长度 1 与 150，共 300 个位置"}, (torch.tensor([1, 150]), 300)
    )
    yield Case(
        {"en": "one sequence of up to 530 tokens", "zh": "一个序列，最长 530 个 token"},
        (torch.randint(500, 530, (1,), generator=random), 530),
        timed=True,
    )
