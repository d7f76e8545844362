"""Judges of the code questions on language models: the cache, and low-rank adaptation."""

from collections.abc import Iterator

import torch
from torch import Generator, Tensor
from torch.nn import functional as F

from quizcli.judge.case import Case, judge, trap

Cached = tuple[Tensor, Tensor, Tensor]


def _appended(past: Tensor | None, new: Tensor) -> Tensor:
    return new if past is None else torch.cat([past, new], dim=-2)


def _cached(
    q: Tensor, k: Tensor, v: Tensor, past_k: Tensor | None = None, past_v: Tensor | None = None
) -> Cached:
    """PyTorch's own attention over the whole cache."""
    k, v = _appended(past_k, k), _appended(past_v, v)
    return F.scaled_dot_product_attention(q, k, v), k, v


@trap(
    "is_causal=True counts from the first key: the new query sees the oldest token alone; it needs no mask",
    "is_causal=True 从第一个 key 数起：唯一的 query 就只看得到最早的那个 token；这里不需要掩码",
)
def _causal(
    q: Tensor, k: Tensor, v: Tensor, past_k: Tensor | None = None, past_v: Tensor | None = None
) -> Cached:
    k, v = _appended(past_k, k), _appended(past_v, v)
    return F.scaled_dot_product_attention(q, k, v, is_causal=True), k, v


@trap(
    "the new token looks at the past only: it must be appended before it attends",
    "新 token 只看了过去：应当先拼进缓存，再算注意力",
)
def _past_only(
    q: Tensor, k: Tensor, v: Tensor, past_k: Tensor | None = None, past_v: Tensor | None = None
) -> Cached:
    seen = (k, v) if past_k is None or past_v is None else (past_k, past_v)
    return F.scaled_dot_product_attention(q, *seen), _appended(past_k, k), _appended(past_v, v)


@trap(
    "the new token is put in front of the old ones; the cache is in the order of the text",
    "新 token 拼在了最前面；缓存应当按文本的先后排列",
)
def _in_front(
    q: Tensor, k: Tensor, v: Tensor, past_k: Tensor | None = None, past_v: Tensor | None = None
) -> Cached:
    k = k if past_k is None else torch.cat([k, past_k], dim=-2)
    v = v if past_v is None else torch.cat([v, past_v], dim=-2)
    return F.scaled_dot_product_attention(q, k, v), k, v


@trap(
    "what is returned is the old cache: the next step would not know this token",
    "返回的还是旧缓存：下一步就看不到这个 token 了",
)
def _forgotten(
    q: Tensor, k: Tensor, v: Tensor, past_k: Tensor | None = None, past_v: Tensor | None = None
) -> Cached:
    out, new_k, new_v = _cached(q, k, v, past_k, past_v)
    return out, new_k if past_k is None else past_k, new_v if past_v is None else past_v


@judge(reference=_cached, traps=(_causal, _past_only, _in_front, _forgotten))
def check_cached_attention(random: Generator) -> Iterator[Case]:
    """The first token, the third, batches of heads; gradients; a long past."""

    def draw(*lead: int, past: int, width: int = 4, dtype: torch.dtype = torch.float32) -> tuple[Tensor, ...]:
        lengths = (1, 1, 1, past, past)
        return tuple(torch.randn(*lead, n, width, generator=random, dtype=dtype) for n in lengths)

    first = draw(1, 1, past=0, width=2)[:3]
    yield Case(
        {"en": "the first token, nothing cached", "zh": "第一个 token，缓存还是空的"}, (*first, None, None)
    )
    yield Case({"en": "the third token", "zh": "第三个 token"}, draw(1, 1, past=2, width=2))
    yield Case({"en": "a batch of heads", "zh": "一批多个头"}, draw(2, 3, past=5))
    yield Case(
        {"en": "gradients, in float64", "zh": "梯度（float64）"},
        draw(2, 2, past=3, dtype=torch.float64),
        grad=True,
    )
    q, k, v, past_k, past_v = draw(2, 2, past=4, width=16)
    large = (30 * q, 30 * k, v, 30 * past_k, past_v)
    yield Case({"en": "scores near 1,000", "zh": "上千的得分"}, large, tolerance=1e-3)
    yield Case(
        {"en": "8 heads, 1,024 cached tokens", "zh": "8 个头，已缓存 1,024 个 token"},
        draw(1, 8, past=1024, width=64),
        timed=True,
    )


def _merged(x: Tensor, weight: Tensor, lora_a: Tensor, lora_b: Tensor, alpha: float) -> Tensor:
    """One linear map with the update merged into its weight."""
    return F.linear(x, weight + alpha / len(lora_a) * lora_b @ lora_a)


def _adapted(x: Tensor, weight: Tensor, lora_a: Tensor, lora_b: Tensor, scale: float) -> Tensor:
    return F.linear(x, weight) + scale * F.linear(F.linear(x, lora_a), lora_b)


@trap("the update is not scaled by α/r", "更新量没有乘 α/r")
def _unscaled(x: Tensor, weight: Tensor, lora_a: Tensor, lora_b: Tensor, alpha: float) -> Tensor:
    return _adapted(x, weight, lora_a, lora_b, 1.0)


@trap("the update is scaled by α, not by α/r", "更新量乘的是 α，不是 α/r")
def _without_rank(x: Tensor, weight: Tensor, lora_a: Tensor, lora_b: Tensor, alpha: float) -> Tensor:
    return _adapted(x, weight, lora_a, lora_b, alpha)


@trap(
    "α is divided by the width of the input, not by the rank: A is (r, I)",
    "α 除以了输入的宽度而不是秩：A 的形状是 (r, I)",
)
def _by_width(x: Tensor, weight: Tensor, lora_a: Tensor, lora_b: Tensor, alpha: float) -> Tensor:
    return _adapted(x, weight, lora_a, lora_b, alpha / lora_a.shape[1])


@trap(
    "α/√r belongs to a variant (rsLoRA); here the scale is α/r",
    "α/√r 是另一种变体（rsLoRA）；这里的系数是 α/r",
)
def _by_root(x: Tensor, weight: Tensor, lora_a: Tensor, lora_b: Tensor, alpha: float) -> Tensor:
    return _adapted(x, weight, lora_a, lora_b, alpha / len(lora_a) ** 0.5)


@trap("the frozen map is missing: only the update is returned", "漏了冻结的权重：只返回了更新量")
def _update_alone(x: Tensor, weight: Tensor, lora_a: Tensor, lora_b: Tensor, alpha: float) -> Tensor:
    return _adapted(x, torch.zeros_like(weight), lora_a, lora_b, alpha / len(lora_a))


@judge(reference=_merged, traps=(_unscaled, _without_rank, _by_width, _by_root, _update_alone))
def check_lora_linear(random: Generator) -> Iterator[Case]:
    """Rank 2 on one vector, then batches, rank 1, the start where B is zero, gradients."""

    def draw(
        *lead: int, inputs: int, outputs: int, rank: int, dtype: torch.dtype = torch.float32
    ) -> tuple[Tensor, ...]:
        shapes = [(*lead, inputs), (outputs, inputs), (rank, inputs), (outputs, rank)]
        return tuple(torch.randn(shape, generator=random, dtype=dtype) for shape in shapes)

    yield Case(
        {"en": "one vector, rank 2", "zh": "一个向量，秩 2"}, (*draw(1, inputs=3, outputs=2, rank=2), 4.0)
    )
    yield Case(
        {"en": "a batch of sequences", "zh": "一批序列"}, (*draw(2, 3, inputs=5, outputs=4, rank=3), 6.0)
    )
    yield Case({"en": "rank 1", "zh": "秩 1"}, (*draw(4, inputs=5, outputs=3, rank=1), 2.0))
    x, weight, lora_a, lora_b = draw(4, inputs=6, outputs=5, rank=2)
    yield Case({"en": "the start: B is zero", "zh": "起点：B 为零"}, (x, weight, lora_a, 0 * lora_b, 8.0))
    yield Case(
        {"en": "gradients, in float64", "zh": "梯度（float64）"},
        (*draw(3, inputs=5, outputs=4, rank=2, dtype=torch.float64), 3.0),
        grad=True,
    )
    x, weight, lora_a, lora_b = draw(64, inputs=1024, outputs=1024, rank=8)
    yield Case(
        {"en": "1,024 × 1,024, rank 8", "zh": "1,024 × 1,024，秩 8"},
        (x / 32, weight, lora_a, lora_b, 16.0),
        tolerance=1e-3,
        timed=True,
    )
