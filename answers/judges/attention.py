"""Judges of the code questions on attention."""

from collections.abc import Iterator

import torch
from torch import Generator, Tensor
from torch.nn import functional as F

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
    avoid=("scaled_dot_product_attention", "MultiheadAttention", "multi_head_attention_forward"),
)
def check_scaled_dot_product_attention(random: Generator) -> Iterator[Case]:
    """One query, then batches of heads, masks, gradients, and scores that overflow where one is careless."""

    def draw(*shape: int, dtype: torch.dtype = torch.float32) -> Tensor:
        return torch.randn(*shape, generator=random, dtype=dtype)

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
