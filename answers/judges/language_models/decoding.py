"""Judges of the code questions on sampling: distributions with their tail cut off."""

import math
from collections.abc import Callable, Iterator
from functools import partial
from itertools import product

import torch
from torch import Generator, Tensor

from answers.judges.kit.casts import CAST, cast_back
from answers.judges.kit.draws import normal
from answers.judges.kit.thin_shapes import THIN, shaped
from quizcli.judge.case import Case, Fact, Trap, judge, trap


@trap("the logits are multiplied by the temperature, not divided", "logits 乘了温度，应当是除以温度")
def _multiplied(logits: Tensor, temperature: float, top_k: int) -> Tensor:
    return _top_k(logits * temperature, top_k)


def _top_k(logits: Tensor, top_k: int) -> Tensor:
    least = logits.topk(min(top_k, logits.shape[-1])).values[..., -1:]
    return logits.masked_fill(logits < least, -math.inf).softmax(-1)


@trap("the temperature is not used", "没有用到温度")
def _lukewarm(logits: Tensor, temperature: float, top_k: int) -> Tensor:
    return _top_k(logits, top_k)


_ZERO = (
    "the logits of dropped tokens are set to 0, and e⁰ = 1 is no small weight: they must be −∞",
    "去掉的 token 的 logit 设成了 0，而 e⁰ = 1 并不小：应当设成 −∞",
)
_FINITE = (
    "dropped logits are set to a finite number, and kept ones may be smaller still: they must be −∞",
    "去掉的 logit 设成了有限的数，而留下的可能比它还小：应当设成 −∞",
)


@trap(*_ZERO)
def _zero_logits(logits: Tensor, temperature: float, top_k: int) -> Tensor:
    least = logits.topk(min(top_k, logits.shape[-1])).values[..., -1:]
    return (logits / temperature).masked_fill(logits < least, 0.0).softmax(-1)


@trap(
    "probabilities are cut off and not brought back to a sum of 1",
    "截断之后没有重新归一化：概率之和不是 1",
)
def _cut_probabilities(logits: Tensor, temperature: float, top_k: int) -> Tensor:
    least = logits.topk(min(top_k, logits.shape[-1])).values[..., -1:]
    return (logits / temperature).softmax(-1).masked_fill(logits < least, 0.0)


@trap(
    "the top k are taken of the whole batch; every row has its own",
    "top-k 取在了整个批次上；每一行应当各取各的",
)
def _top_of_all(logits: Tensor, temperature: float, top_k: int) -> Tensor:
    least = logits.flatten().topk(min(top_k, logits.shape[-1])).values[-1]
    return (logits / temperature).masked_fill(logits < least, -math.inf).softmax(-1)


@trap(
    "the k-th token is dropped: a logit equal to the k-th largest is kept",
    "第 k 个 token 被丢掉了：等于第 k 大的 logit 应当保留",
)
def _one_too_few(logits: Tensor, temperature: float, top_k: int) -> Tensor:
    least = logits.topk(min(top_k, logits.shape[-1])).values[..., -1:]
    return (logits / temperature).masked_fill(logits <= least, -math.inf).softmax(-1)


@trap("one token too many is kept: k + 1 of them", "多留了一个 token：留了 k + 1 个")
def _one_too_many(logits: Tensor, temperature: float, top_k: int) -> Tensor:
    return _top_k(logits / temperature, top_k + 1)


@trap(
    "the temperature divides the probabilities: it must divide the logits, before softmax",
    "温度除在了概率上：应当在 softmax 之前除 logits",
)
def _late_temperature(logits: Tensor, temperature: float, top_k: int) -> Tensor:
    return _top_k(logits, top_k) / temperature


@trap("the k least likely tokens are kept", "留下的是概率最小的 k 个 token")
def _least_likely(logits: Tensor, temperature: float, top_k: int) -> Tensor:
    most = logits.topk(min(top_k, logits.shape[-1]), largest=False).values[..., -1:]
    return (logits / temperature).masked_fill(logits > most, -math.inf).softmax(-1)


@trap("all tokens are kept: top_k is not used", "保留了全部 token：没有用到 top_k")
def _all_kept(logits: Tensor, temperature: float, top_k: int) -> Tensor:
    return (logits / temperature).softmax(-1)


@trap(*_FINITE)
def _finite_fill(logits: Tensor, temperature: float, top_k: int) -> Tensor:
    least = logits.topk(min(top_k, logits.shape[-1])).values[..., -1:]
    return (logits / temperature).masked_fill(logits < least, -1e9).softmax(-1)


def _cut(logits: Tensor, temperature: float, top_k: int) -> Tensor:
    least = logits.topk(min(top_k, logits.shape[-1])).values[..., -1:]
    return (logits / temperature).masked_fill(logits < least, -math.inf)


def _by_hand(logits: Tensor, top: Tensor | float) -> Tensor:
    """Softmax with another number than the row's maximum subtracted before exp."""
    exp = (logits - top).exp()
    return exp / exp.sum(-1, keepdim=True)


_OVERFLOWS = "no maximum is subtracted: exp overflows, and ∞/∞ is NaN", "没有先减最大值：exp 溢出，∞/∞ 得 NaN"
_ONE_MAXIMUM = (
    "the maximum of the whole tensor is subtracted: in a row far below it every exp is 0, and 0/0 is NaN",
    "减的是整个张量的最大值：离它很远的行 exp 全为 0，0/0 得 NaN",
)


@trap(*_OVERFLOWS)
def _unshifted(logits: Tensor, temperature: float, top_k: int) -> Tensor:
    return _by_hand(_cut(logits, temperature, top_k), 0.0)


@trap(*_OVERFLOWS)
def _unshifted_and_cut(logits: Tensor, temperature: float, top_k: int) -> Tensor:
    exp = (logits / temperature).exp() * _cut(logits, temperature, top_k).isfinite()
    return exp / exp.sum(-1, keepdim=True)


@trap(*_ONE_MAXIMUM)
def _one_maximum(logits: Tensor, temperature: float, top_k: int) -> Tensor:
    kept = _cut(logits, temperature, top_k)
    return _by_hand(kept, kept.max())


def _far_rows(random: Generator, tokens: int) -> Tensor:
    """Logits (3, tokens) near 1,000, 0 and −1,000, without ties, exact in float32; one token is banned."""
    rows = torch.stack([torch.randperm(tokens, generator=random) for _ in range(3)]).float() / 2
    rows = rows * torch.tensor([[1.0], [1.5], [2.0]])  # what is taken of all rows together has no ties either
    banned = torch.randint(tokens, (1,), generator=random)
    return (rows + torch.tensor([[1000.0], [0.0], [-1000.0]])).index_fill(1, banned, -math.inf)


def _lowest(random: Generator) -> Tensor:
    """Logits (2, 4) of −10³⁰ and below, one token banned: none but the least number can stand for −∞."""
    low = torch.tensor([[-1e30, -2e30, -3e30], [-1e38, -2e38, -3e38]])
    banned = torch.full((2, 1), -math.inf)
    return torch.cat([low, banned], 1)[:, torch.randperm(4, generator=random)]


def _dropped_are_0(p: Tensor, kept: Tensor) -> Iterator[Fact]:
    """Comparisons leave room for rounding; a probability of 0 has none."""
    yield (
        {
            "en": "dropped and banned tokens must have a probability of exactly 0",
            "zh": "被去掉和被禁用的 token，概率必须恰好是 0",
        },
        not bool(p[~kept].count_nonzero()),
    )
    yield (
        {"en": "kept tokens must not have a probability of 0", "zh": "保留的 token，概率不能是 0"},
        bool((p[kept] > 0).all()),
    )


def _top_k_zeros(p: Tensor, logits: Tensor, temperature: float, top_k: int) -> Iterator[Fact]:
    return _dropped_are_0(p, logits >= logits.topk(top_k).values[..., -1:])


@judge(
    traps=(
        *(_multiplied, _lukewarm, _late_temperature, _all_kept, _least_likely, _one_too_few, _one_too_many),
        *(_zero_logits, _cut_probabilities, _top_of_all, _finite_fill, _unshifted, _unshifted_and_cut),
        _one_maximum,
    ),
    equivalent={
        "tempered_softmax: at_least_float32(logits) / temperature → logits / temperature": CAST,
        **cast_back("top_k_probabilities", "probabilities", "logits.dtype"),
        "only_top_k: logits.topk(min(top_k, logits.shape[-1])) → "
        "logits.topk(min(logits.shape[-1], top_k))": "the smaller of two numbers is the same in either order",
    },
)
def check_top_k_probabilities(random: Generator) -> Iterator[Case]:
    """Two of four tokens, then batches, more tokens than there are, banned ones, and logits that overflow."""
    draw = normal(random)

    four = torch.arange(4.0)[torch.randperm(4, generator=random)]
    yield Case({"en": "two of four tokens", "zh": "四个 token 取两个"}, (four, 0.5, 2))
    yield Case({"en": "a batch", "zh": "一批"}, (draw(3, 6), 2.0, 3))
    yield Case({"en": "a batch of sequences", "zh": "一批序列"}, (draw(2, 3, 5), 1.0, 2))
    yield Case({"en": "a batch of one row", "zh": "一批只有一行"}, (draw(1, 6), 0.7, 3))
    yield Case({"en": "as many as there are", "zh": "k 等于词表大小"}, (draw(2, 5), 0.7, 5))
    yield Case({"en": "more than there are", "zh": "k 大于词表"}, (draw(2, 5), 0.7, 50))
    banned = draw(2, 6).index_fill(1, torch.randperm(6, generator=random)[:2], -math.inf)
    yield Case(
        {"en": "two banned tokens, logits −∞", "zh": "两个 token 被禁用，logit 为 −∞"}, (banned, 1.5, 3)
    )
    yield Case({"en": "banned tokens, and all kept", "zh": "有 token 被禁用，保留全部"}, (banned, 1.5, 6))
    # one row has two tokens left, the others five and six
    uneven = draw(3, 6)
    uneven[0, :4], uneven[1, 0] = -math.inf, -math.inf
    yield Case(
        {"en": "one, four and no banned tokens, k = 4", "zh": "各行分别禁用一个、四个、零个 token，k = 4"},
        (uneven[torch.randperm(3, generator=random)][:, torch.randperm(6, generator=random)], 1.5, 4),
    )
    yield Case({"en": "k = 1", "zh": "k = 1"}, (draw(4, 6), 1.5, 1))
    yield Case(
        {
            "en": "rows near 1,000, 0 and −1,000, one token banned",
            "zh": "各行在 1,000、0、−1,000 附近，一个 token 被禁用",
        },
        (_far_rows(random, 5), 2.0, 3),
    )
    yield Case(
        {"en": "a temperature of 0.01", "zh": "温度 0.01"},
        (10 + torch.stack([torch.randperm(5, generator=random) for _ in range(3)]).float() / 128, 0.01, 3),
        tolerance=1e-3,
    )
    for temperature, unit, words in (
        (1e-3, 2.0**-10, "0.001"),
        (1e-6, 2.0**-20, "10⁻⁶"),
        (1e-12, 2.0**-40, "10⁻¹²"),
        (1e3, 512.0, "1,000"),
    ):
        yield Case(
            {"en": f"a temperature of {words}", "zh": f"温度 {words}"},
            (unit * torch.randperm(5, generator=random).float(), temperature, 3),
        )
    yield Case(
        {"en": "logits of −10³⁰ and −10³⁸", "zh": "−10³⁰ 和 −10³⁸ 量级的 logit"}, (_lowest(random), 1.0, 2)
    )
    # in float64 e⁻⁷⁰⁰ is not 0
    banned = draw(3, 6, dtype=torch.float64).index_fill(
        1, torch.randint(6, (1,), generator=random), -math.inf
    )
    yield Case(
        {
            "en": "three of six tokens: the others have a probability of exactly 0",
            "zh": "六个 token 取三个：其余 token 的概率恰好是 0",
        },
        (banned, 1.5, 3),
        facts=_top_k_zeros,
    )
    yield Case(
        {"en": "10,000 of 12,000 tokens", "zh": "12,000 个 token 取 10,000 个"},
        (torch.randperm(12_000, generator=random) / 4096, 1.0, 10_000),
        tolerance=2e-6,
    )
    for sides in THIN:
        yield Case(shaped(*sides), (draw(*sides), 0.8, 2))
    yield Case(
        {"en": "a vocabulary of 32,000", "zh": "词表 32,000"}, (3 * draw(2, 32_000), 0.8, 50), timed=True
    )


def _ordered(logits: Tensor, logits_first: bool = False) -> tuple[Tensor, Tensor]:
    """Probabilities from the largest on, and whose they are.

    Whether logits are sorted, or probabilities, is the same for who is right. For a mistake it is not: other
    tokens are tied, and at p = 1 rounding decides.
    """
    if logits_first:
        ordered, index = logits.sort(dim=-1, descending=True)
        return ordered.softmax(-1), index
    ordered, index = logits.softmax(-1).sort(dim=-1, descending=True)
    return ordered, index


def _outside(logits: Tensor, top_p: float, logits_first: bool = False) -> tuple[Tensor, Tensor, Tensor]:
    """Probabilities from the largest on, which of them are outside of the nucleus, and whose they are."""
    ordered, index = _ordered(logits, logits_first)
    return ordered, ordered.cumsum(-1) - ordered >= top_p, index


def _nucleus(logits: Tensor, top_p: float, logits_first: bool = False) -> tuple[Tensor, Tensor]:
    """Probabilities from the largest on, 0 outside of the nucleus, and whose they are."""
    ordered, out, index = _outside(logits, top_p, logits_first)
    return ordered.masked_fill(out, 0.0), index


def _without_crossing(logits_first: bool, at_p: bool, keep_first: bool) -> Callable[[Tensor, float], Tensor]:
    """The token that crosses p is out; one at p itself too, or not; the likeliest perhaps in all the same."""

    def too_small(logits: Tensor, top_p: float) -> Tensor:
        ordered, index = _ordered(logits, logits_first)
        total = ordered.cumsum(-1)
        out = total >= top_p if at_p else total > top_p
        if keep_first:
            out[..., 0] = False
        kept = ordered.masked_fill(out, 0.0)
        return torch.zeros_like(kept).scatter(-1, index, kept / kept.sum(-1, keepdim=True))

    return too_small


_TOO_SMALL = tuple(
    trap(
        "the token that crosses p is dropped: the nucleus must hold at least p",
        "累计刚越过 p 的那个 token 被丢掉了：保留的集合至少要占到 p",
    )(_without_crossing(*how))
    for how in product((False, True), repeat=3)
)


@trap(
    "probabilities stay in sorted order; each must go back to its own token",
    "概率还停留在排序后的次序，应当放回各自 token 的位置",
)
def _sorted(logits: Tensor, top_p: float) -> Tensor:
    kept, _ = _nucleus(logits, top_p)
    return kept / kept.sum(-1, keepdim=True)


def _softmax_again(spare_banned: bool) -> Trap:
    """The mistake of a second softmax, in which banned tokens have a part where all are kept, or not."""

    def doubled(logits: Tensor, top_p: float) -> Tensor:
        ordered, out, index = _outside(logits, top_p)
        kept = ordered.masked_fill(out | (ordered == 0) if spare_banned else out, -math.inf).softmax(-1)
        return torch.zeros_like(kept).scatter(-1, index, kept)

    return trap(
        "a softmax is taken of the probabilities that are kept; they are divided by their sum",
        "对保留下来的概率又做了一次 softmax；应当除以它们的和",
    )(doubled)


@trap("what is kept is not brought back to a sum of 1", "保留下来的概率没有重新归一化，和不是 1")
def _unnormalized(logits: Tensor, top_p: float) -> Tensor:
    kept, index = _nucleus(logits, top_p)
    return torch.zeros_like(kept).scatter(-1, index, kept)


@trap(
    "tokens are kept whose own probability reaches p; it is the sum, from the likeliest on, that must",
    "按单个 token 的概率是否达到 p 来保留；应当看从大到小累加的和",
)
def _each_alone(logits: Tensor, top_p: float) -> Tensor:
    p = logits.softmax(-1)
    kept = p.masked_fill(p < top_p, 0.0)
    return kept / kept.sum(-1, keepdim=True)


@trap(
    "tokens are added up from the least likely on",
    "从概率最小的 token 开始累加了",
)
def _from_below(logits: Tensor, top_p: float) -> Tensor:
    ordered, index = logits.softmax(-1).sort(dim=-1)
    kept = ordered.masked_fill(ordered.cumsum(-1) - ordered >= top_p, 0.0)
    return torch.zeros_like(kept).scatter(-1, index, kept / kept.sum(-1, keepdim=True))


@trap(
    "one token more than needed is kept: those before it hold p already",
    "多留了一个 token：它前面的已经够 p 了",
)
def _too_large(logits: Tensor, top_p: float) -> Tensor:
    ordered, index = logits.softmax(-1).sort(dim=-1, descending=True)
    likelier = ordered.cumsum(-1) - ordered
    kept = ordered * (torch.cat([torch.zeros_like(likelier[..., :1]), likelier[..., :-1]], -1) < top_p)
    return torch.zeros_like(kept).scatter(-1, index, kept / kept.sum(-1, keepdim=True))


def _gathered(logits: Tensor, top_p: float, logits_first: bool) -> Tensor:
    kept, index = _nucleus(logits, top_p, logits_first)
    return (kept / kept.sum(-1, keepdim=True)).gather(-1, index)


def _mask_gathered(logits: Tensor, top_p: float, logits_first: bool) -> Tensor:
    _, out, index = _outside(logits, top_p, logits_first)
    return logits.masked_fill(out.gather(-1, index), -math.inf).softmax(-1)


_GATHERED = tuple(
    trap(
        "what was sorted is brought back by gather: index says where each came from, so it takes scatter",
        "放回原位时用了 gather：下标说的是各自来自哪里，应当用 scatter",
    )(partial(wrong, logits_first=logits_first))
    for wrong in (_gathered, _mask_gathered)
    for logits_first in (False, True)
)


def _sorted_mask(logits: Tensor, top_p: float, logits_first: bool) -> Tensor:
    _, out, _ = _outside(logits, top_p, logits_first)
    return logits.masked_fill(out, -math.inf).softmax(-1)


_SORTED_MASK = tuple(
    trap(
        "the mask of the sorted tokens is laid over the unsorted ones; it must go back to their places first",
        "排序后的掩码直接用在了没排序的 token 上；应当先放回原来的位置",
    )(partial(_sorted_mask, logits_first=logits_first))
    for logits_first in (False, True)
)


@trap(
    "the running sum is of the tokens as they stand: they must be sorted first, likeliest first",
    "按原来的次序累加了：应当先从大到小排序",
)
def _unsorted(logits: Tensor, top_p: float) -> Tensor:
    p = logits.softmax(-1)
    return logits.masked_fill(p.cumsum(-1) - p >= top_p, -math.inf).softmax(-1)


def _filled(logits: Tensor, top_p: float, value: float) -> Tensor:
    _, out, index = _outside(logits, top_p, logits_first=True)
    return logits.masked_fill(out.scatter(-1, index, out), value).softmax(-1)


@trap(*_ZERO)
def _zero_outside(logits: Tensor, top_p: float) -> Tensor:
    return _filled(logits, top_p, 0.0)


@trap(*_FINITE)
def _finite_outside(logits: Tensor, top_p: float) -> Tensor:
    return _filled(logits, top_p, -1e9)


@trap(
    "one nucleus is taken of the whole batch; every row has its own",
    "整个批次只取了一个核；每一行应当各取各的",
)
def _of_the_batch(logits: Tensor, top_p: float) -> Tensor:
    p = logits.softmax(-1)
    rows = p.sum()
    ordered = p.flatten().sort(descending=True).values
    least = ordered[(ordered.cumsum(-1) - ordered) / rows < top_p][-1]
    kept = p.masked_fill(p < least, 0.0)
    return kept / kept.sum(-1, keepdim=True)


@trap("all tokens are kept: top_p is not used", "保留了全部 token：没有用到 top_p")
def _whole(logits: Tensor, top_p: float) -> Tensor:
    return logits.softmax(-1)


def _nucleus_by_hand(logits: Tensor, top: Tensor | float, top_p: float) -> Tensor:
    ordered, index = _by_hand(logits, top).sort(dim=-1, descending=True)
    kept = ordered * (ordered.cumsum(-1) - ordered < top_p)
    return torch.zeros_like(kept).scatter(-1, index, kept / kept.sum(-1, keepdim=True))


@trap(*_OVERFLOWS)
def _unshifted_nucleus(logits: Tensor, top_p: float) -> Tensor:
    return _nucleus_by_hand(logits, 0.0, top_p)


@trap(*_ONE_MAXIMUM)
def _one_maximum_of_all(logits: Tensor, top_p: float) -> Tensor:
    return _nucleus_by_hand(logits, logits.max(), top_p)


def _between(logits: Tensor, least: float) -> float:
    """A p, at least `least`, that is as far as can be from what any number of the likeliest tokens hold."""
    held = logits.double().softmax(-1).sort(descending=True).values.cumsum(-1).flatten()  # (all tokens)
    tried = torch.arange(least, 0.96, 0.01, dtype=torch.float64)
    return round(float(tried[(tried[:, None] - held).abs().amin(1).argmax()]), 2)


def _widest(logits: Tensor, least: float, most: float) -> float:
    """The middle of the widest gap between two sums: of many tokens rounding would decide elsewhere."""
    held = logits.double().softmax(-1).sort(descending=True).values.cumsum(-1).flatten()
    # with the ends, for where few tokens hold nearly all no sum lies between
    ends = torch.tensor([least, most], dtype=held.dtype)
    held = torch.cat([held[(held > least) & (held < most)], ends]).sort().values
    place = int(held.diff().argmax())
    return float(held[place : place + 2].mean())


def _top_p_zeros(p: Tensor, logits: Tensor, top_p: float) -> Iterator[Fact]:
    _, out, index = _outside(logits, top_p)
    return _dropped_are_0(p, ~out.scatter(-1, index, out))


@judge(
    traps=(
        *(*_TOO_SMALL, _too_large, _whole, _sorted, *_GATHERED, *_SORTED_MASK, _unsorted, _unnormalized),
        *map(_softmax_again, (True, False)),
        *(_each_alone, _from_below, _of_the_batch, _zero_outside, _finite_outside),
        *(_unshifted_nucleus, _one_maximum_of_all),
    ),
    equivalent={
        "top_p_probabilities: at_least_float32(logits).softmax → logits.softmax": CAST,
        **cast_back("top_p_probabilities", "ordered.scatter(-1, index, ordered)", "logits.dtype"),
        "top_p_probabilities: ordered.masked_fill(likelier >= top_p, 0.0) → "
        "ordered.masked_fill(likelier > top_p, 0.0)": "the docstring excludes a top_p that is exactly a sum "
        "of probabilities, where rounding would decide; at 1 whatever is dropped has probability 0",
    },
)
def check_top_p_probabilities(random: Generator) -> Iterator[Case]:
    """Two of four tokens, then batches; one token that holds more than p; all; logits that overflow."""
    draw = normal(random)

    four = torch.tensor([0.4, 0.3, 0.2, 0.1]).log()
    shuffled = torch.tensor([[3, 1, 0, 2], [2, 0, 3, 1], [1, 3, 0, 2]])
    order = shuffled[int(torch.randint(3, (1,), generator=random))]
    yield Case(
        {"en": "0.4, 0.3, 0.2, 0.1 in some order, p = 0.55", "zh": "0.4、0.3、0.2、0.1 乱序，p = 0.55"},
        (four[order], 0.55),
    )
    yield Case({"en": "the same, p = 0.75", "zh": "同上，p = 0.75"}, (four[order], 0.75))
    for p in (0.6999, 0.7001):
        yield Case({"en": f"the same, p = {p}", "zh": f"同上，p = {p}"}, (four[order], p))
    logits = draw(3, 8)
    yield Case({"en": "a batch", "zh": "一批"}, (logits, _between(logits, 0.6)))
    logits = draw(2, 3, 5)
    yield Case({"en": "a batch of sequences", "zh": "一批序列"}, (logits, _between(logits, 0.4)))
    logits = draw(1, 6)
    yield Case({"en": "a batch of one row", "zh": "一批只有一行"}, (logits, _between(logits, 0.5)))
    alone = torch.tensor([0.85, 0.09, 0.03, 0.02, 0.01]).log()[torch.randperm(5, generator=random)]
    yield Case(
        {"en": "one token holds more than p", "zh": "一个 token 的概率就超过 p"}, (alone + draw(2, 1), 0.8)
    )
    yield Case({"en": "p = 0.001", "zh": "p = 0.001"}, (draw(2, 6), 0.001))
    # the likeliest two of ten tokens hold 0.25, the likeliest two of a thousand 0.0032
    ten = torch.linspace(0.13, 0.07, 10).log()[torch.randperm(10, generator=random)]
    yield Case({"en": "ten tokens near 0.1, p = 0.2", "zh": "十个 token 各约 0.1，p = 0.2"}, (ten, 0.2))
    flat = torch.randperm(1000, generator=random).float() / 1000
    yield Case({"en": "1,000 tokens, p = 0.0025", "zh": "1,000 个 token，p = 0.0025"}, (flat, 0.0025))
    # 1 − p is 1 in float32: who drops all whose sum, from the least likely on, reaches no more drops all
    yield Case({"en": "p = 10⁻⁹", "zh": "p = 10⁻⁹"}, (draw(2, 6), 1e-9))
    yield Case(
        {"en": "p = 0.993, and the last token holds 0.006", "zh": "p = 0.993，最后一个 token 占 0.006"},
        (torch.tensor([0.6, 0.3, 0.094, 0.006]).log()[order], 0.993),
    )
    five = torch.tensor([0.6, 0.39, 0.008, 0.0016, 0.0004]).log()[torch.randperm(5, generator=random)]
    yield Case(
        {"en": "p = 0.9995, and the last token holds 0.0004", "zh": "p = 0.9995，最后一个 token 占 0.0004"},
        (five, 0.9995),
        tolerance=1e-5,
    )
    yield Case({"en": "p = 1", "zh": "p = 1"}, (draw(2, 6), 1.0))
    tail = torch.tensor([1.0, 5e-3, 5e-4, 5e-5, 1e-5]).log()[torch.randperm(5, generator=random)]
    yield Case(
        {"en": "p = 1, and tokens below a thousandth", "zh": "p = 1，有的 token 概率不到千分之一"},
        (tail, 1.0),
        tolerance=2e-6,
    )
    banned = draw(2, 6).index_fill(1, torch.randperm(6, generator=random)[:2], -math.inf)
    yield Case(
        {"en": "two banned tokens, logits −∞", "zh": "两个 token 被禁用，logit 为 −∞"},
        (banned, _between(banned, 0.5)),
    )
    yield Case({"en": "banned tokens, p = 1", "zh": "有 token 被禁用，p = 1"}, (banned, 1.0))
    rows = _far_rows(random, 5)
    yield Case(
        {
            "en": "rows near 1,000, 0 and −1,000, one token banned",
            "zh": "各行在 1,000、0、−1,000 附近，一个 token 被禁用",
        },
        (rows, _between(rows, 0.5)),
    )
    yield Case(
        {"en": "logits of −10³⁰ and −10³⁸", "zh": "−10³⁰ 和 −10³⁸ 量级的 logit"}, (_lowest(random), 0.9)
    )
    shares = torch.tensor([0.4, 0.3, 0.2, 0.1, 0.0], dtype=torch.float64).log()
    yield Case(
        {
            "en": "p = 0.55: the other tokens have a probability of exactly 0",
            "zh": "p = 0.55：其余 token 的概率恰好是 0",
        },
        (shares[torch.randperm(5, generator=random)] + 3 * draw(2, 1), 0.55),
        facts=_top_p_zeros,
    )
    many = draw(4000) / 2
    yield Case(
        {"en": "a flat vocabulary of 4,000", "zh": "分布平坦的词表，4,000 个 token"},
        (many, _widest(many, 0.85, 0.95)),
    )
    for sides in THIN:
        yield Case(shaped(*sides), (logits := draw(*sides), _between(logits, 0.7)))
    many = 5 * draw(2, 16_000)
    yield Case(
        {"en": "a vocabulary of 16,000", "zh": "词表 16,000"}, (many, _widest(many, 0.5, 0.8)), timed=True
    )
