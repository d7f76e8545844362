"""Judges of the code questions on language models: the cache, and low-rank adaptation."""

from collections.abc import Iterator

import torch
from torch import Generator, Tensor
from torch.nn import functional as F

from answers.judges.kit.casts import UNMASKED
from answers.judges.kit.scores import STEP, far_apart
from answers.judges.kit.thin_shapes import shaped
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


@trap(
    "the new token looks at the new token alone: it must attend to the whole cache",
    "新 token 只看了它自己：应当看整个缓存",
)
def _new_alone(
    q: Tensor, k: Tensor, v: Tensor, past_k: Tensor | None = None, past_v: Tensor | None = None
) -> Cached:
    return F.scaled_dot_product_attention(q, k, v), _appended(past_k, k), _appended(past_v, v)


@trap("the scores are not divided by √D", "得分没有除以 √D")
def _unscaled_cache(
    q: Tensor, k: Tensor, v: Tensor, past_k: Tensor | None = None, past_v: Tensor | None = None
) -> Cached:
    k, v = _appended(past_k, k), _appended(past_v, v)
    return F.scaled_dot_product_attention(q, k, v, scale=1.0), k, v


@trap("keys and values are swapped in the attention", "算注意力时 key 和 value 弄反了")
def _swapped(
    q: Tensor, k: Tensor, v: Tensor, past_k: Tensor | None = None, past_v: Tensor | None = None
) -> Cached:
    k, v = _appended(past_k, k), _appended(past_v, v)
    return F.scaled_dot_product_attention(q, v, k), k, v


@trap("keys and values are returned in the wrong order: keys first", "返回的次序不对：先 key 后 value")
def _values_first(
    q: Tensor, k: Tensor, v: Tensor, past_k: Tensor | None = None, past_v: Tensor | None = None
) -> Cached:
    out, k, v = _cached(q, k, v, past_k, past_v)
    return out, v, k


@trap(
    "softmax runs over the queries: there is one, so every weight is 1",
    "softmax 作用在 query 维上：只有一个 query，权重就全是 1",
)
def _over_queries(
    q: Tensor, k: Tensor, v: Tensor, past_k: Tensor | None = None, past_v: Tensor | None = None
) -> Cached:
    k, v = _appended(past_k, k), _appended(past_v, v)
    return (q @ k.mT / q.shape[-1] ** 0.5).softmax(-2) @ v, k, v


@trap("no maximum is subtracted: exp overflows, and ∞/∞ is NaN", "没有先减最大值：exp 溢出，∞/∞ 得 NaN")
def _unshifted(
    q: Tensor, k: Tensor, v: Tensor, past_k: Tensor | None = None, past_v: Tensor | None = None
) -> Cached:
    k, v = _appended(past_k, k), _appended(past_v, v)
    exp = (q @ k.mT / q.shape[-1] ** 0.5).exp()
    return exp / exp.sum(-1, keepdim=True) @ v, k, v


@trap(
    "the maximum of all scores is subtracted: in a head far below it every exp is 0, and 0/0 is NaN",
    "减的是所有得分的最大值：离它很远的头 exp 全为 0，0/0 得 NaN",
)
def _one_maximum(
    q: Tensor, k: Tensor, v: Tensor, past_k: Tensor | None = None, past_v: Tensor | None = None
) -> Cached:
    k, v = _appended(past_k, k), _appended(past_v, v)
    scores = q @ k.mT / q.shape[-1] ** 0.5
    exp = (scores - scores.max()).exp()
    return exp / exp.sum(-1, keepdim=True) @ v, k, v


_BEFORE_LAST = "of four axes the last but one is number 2"


@judge(
    reference=_cached,
    traps=(
        *(_causal, _past_only, _new_alone, _in_front, _forgotten, _values_first, _swapped, _unscaled_cache),
        *(_over_queries, _unshifted, _one_maximum),
    ),
    equivalent={
        "behind: torch.cat([past, new], dim=-2) → torch.cat([past, new], dim=2)": _BEFORE_LAST,
        **UNMASKED,
    },
    fixed={
        "query, axis 2 of 4": "One token is new.",
        "key, axis 2 of 4": "One token is new.",
        "value, axis 2 of 4": "One token is new.",
    },
)
def check_cached_attention(random: Generator) -> Iterator[Case]:
    """The first token, the third, batches of heads; large scores; a long past."""

    def draw(*lead: int, past: int, width: int = 4) -> tuple[Tensor, ...]:
        lengths = (1, 1, 1, past, past)
        return tuple(torch.randn(*lead, n, width, generator=random) for n in lengths)

    yield Case(
        {"en": "the first token, nothing cached", "zh": "第一个 token，缓存还是空的"},
        draw(1, 1, past=0, width=2)[:3],
    )
    first = draw(2, 2, past=0, width=3)[:3]
    yield Case(
        {"en": "the first token, None for the cache", "zh": "第一个 token，缓存传 None"}, (*first, None, None)
    )
    yield Case({"en": "the third token", "zh": "第三个 token"}, draw(1, 1, past=2, width=2))
    # as long a cache as the step before has returned, with other keys: beams are reordered between two steps
    yield Case(
        {"en": "the fourth token, behind the cache of another beam", "zh": "第四个 token，缓存来自另一个束"},
        draw(1, 1, past=3, width=2),
    )
    yield Case({"en": "the second token, three heads", "zh": "第二个 token，三个头"}, draw(2, 3, past=1))
    yield Case({"en": "a batch of heads", "zh": "一批多个头"}, draw(2, 3, past=5))
    q, keys = far_apart(random, (2, 2), (2, 2, 5), STEP)
    _, _, v, _, past_v = draw(2, 2, past=4, width=16)
    yield Case(
        {"en": "scores near ±1,000", "zh": "正负上千的得分"},
        (q.unsqueeze(-2), keys[..., -1:, :], v, keys[..., :-1, :], past_v),
    )
    yield Case({"en": "heads of width 1", "zh": "每个头宽 1"}, draw(2, 3, past=4, width=1))
    yield Case({"en": "5,000 cached tokens", "zh": "已缓存 5,000 个 token"}, draw(1, 1, past=5000, width=2))
    yield Case(
        {"en": "8 heads, 256 cached tokens", "zh": "8 个头，已缓存 256 个 token"},
        draw(1, 8, past=256, width=16),
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


@trap("the update is scaled by r/α: it is α/r", "更新量乘的是 r/α，应当是 α/r")
def _upside_down(x: Tensor, weight: Tensor, lora_a: Tensor, lora_b: Tensor, alpha: float) -> Tensor:
    return _adapted(x, weight, lora_a, lora_b, len(lora_a) / alpha)


@trap(
    "α is divided by the width of the output, not by the rank: B is (O, r)",
    "α 除以了输出的宽度而不是秩：B 的形状是 (O, r)",
)
def _by_outputs(x: Tensor, weight: Tensor, lora_a: Tensor, lora_b: Tensor, alpha: float) -> Tensor:
    return _adapted(x, weight, lora_a, lora_b, alpha / len(lora_b))


@trap("the update is scaled twice, by (α/r)²", "更新量缩放了两次，乘的是 (α/r)²")
def _scaled_twice(x: Tensor, weight: Tensor, lora_a: Tensor, lora_b: Tensor, alpha: float) -> Tensor:
    return _adapted(x, weight, lora_a, lora_b, (alpha / len(lora_a)) ** 2)


@trap(
    "the frozen map is scaled too; α/r belongs to the update alone",
    "冻结的映射也被缩放了；α/r 只乘在更新量上",
)
def _all_scaled(x: Tensor, weight: Tensor, lora_a: Tensor, lora_b: Tensor, alpha: float) -> Tensor:
    return alpha / len(lora_a) * _adapted(x, weight, lora_a, lora_b, 1.0)


@trap("the update is missing: only the frozen map is returned", "漏了更新量：只返回了冻结的映射")
def _frozen_alone(x: Tensor, weight: Tensor, lora_a: Tensor, lora_b: Tensor, alpha: float) -> Tensor:
    return F.linear(x, weight)


@trap("the update is subtracted", "更新量被减去了，应当加上")
def _subtracted(x: Tensor, weight: Tensor, lora_a: Tensor, lora_b: Tensor, alpha: float) -> Tensor:
    return _adapted(x, weight, lora_a, lora_b, -alpha / len(lora_a))


@judge(
    reference=_merged,
    traps=(
        *(_unscaled, _without_rank, _by_width, _by_outputs, _by_root, _upside_down, _scaled_twice),
        *(_all_scaled, _update_alone, _frozen_alone, _subtracted),
    ),
)
def check_lora_linear(random: Generator) -> Iterator[Case]:
    """Rank 2 on one vector, then batches, rank 1, the start where B is zero, gradients."""

    def draw(
        *lead: int, inputs: int, outputs: int, rank: int, dtype: torch.dtype = torch.float32
    ) -> tuple[Tensor, ...]:
        shapes = [(*lead, inputs), (outputs, inputs), (rank, inputs), (outputs, rank)]
        return tuple(torch.randn(shape, generator=random, dtype=dtype) for shape in shapes)

    yield Case(
        {"en": "one vector, rank 2", "zh": "一个向量，秩 2"}, (*draw(inputs=3, outputs=2, rank=2), 4.0)
    )
    yield Case(
        {"en": "a batch of one vector", "zh": "一批只有一个向量"},
        (*draw(1, inputs=3, outputs=2, rank=2), 4.0),
    )
    yield Case(
        {"en": "a batch of sequences, α = 64", "zh": "一批序列，α = 64"},
        (*draw(2, 3, inputs=5, outputs=4, rank=3), 64.0),
    )
    yield Case({"en": "rank 1", "zh": "秩 1"}, (*draw(4, inputs=5, outputs=3, rank=1), 2.0))
    yield Case({"en": "α = 0.5", "zh": "α = 0.5"}, (*draw(2, inputs=4, outputs=3, rank=2), 0.5))
    yield Case({"en": "α = 2.5", "zh": "α = 2.5"}, (*draw(2, inputs=4, outputs=3, rank=2), 2.5))
    for alpha in (0.0, 0.01, 256.0):
        yield Case(
            {"en": f"α = {alpha:g}", "zh": f"α = {alpha:g}"},
            (*draw(2, inputs=4, outputs=3, rank=2), alpha),
        )
    x, weight, lora_a, lora_b = draw(2, inputs=4, outputs=3, rank=3)
    yield Case(
        {"en": "rank 3, two rows of A equal", "zh": "秩 3，A 有两行相同"},
        (x, weight, lora_a[[0, 1, 0]], lora_b, 2.0),
    )
    x, weight, lora_a, lora_b = draw(4, inputs=6, outputs=5, rank=2)
    yield Case({"en": "the start: B is zero", "zh": "起点：B 为零"}, (x, weight, lora_a, 0 * lora_b, 8.0))
    yield Case(
        {"en": "gradients, in float64", "zh": "梯度（float64）"},
        (*draw(3, inputs=5, outputs=4, rank=2, dtype=torch.float64), 3.0),
        grad=True,
    )
    yield Case({"en": "one input", "zh": "一个输入"}, (*draw(3, inputs=1, outputs=4, rank=2), 3.0))
    yield Case(
        {"en": "one output, sequences of one token", "zh": "一个输出，序列只有一个 token"},
        (*draw(2, 1, inputs=4, outputs=1, rank=2), 3.0),
    )
    for lead in ((), (1,), (1, 1)):
        yield Case(shaped(*lead, 1, what="x"), (*draw(*lead, inputs=1, outputs=1, rank=1), 3.0))
    x, weight, lora_a, lora_b = draw(8, inputs=128, outputs=128, rank=8)
    yield Case(
        {"en": "128 × 128, rank 8", "zh": "128 × 128，秩 8"},
        (x / 12, weight, lora_a, lora_b, 16.0),
        tolerance=1e-3,
        timed=True,
    )
