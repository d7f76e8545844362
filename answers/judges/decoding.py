"""Judges of the code questions on decoding: distributions with their tail cut off, and beam search."""

import math
from collections.abc import Iterator

import torch
from torch import Generator, Tensor

from answers.judges._normal import normal
from quizcli.judge.case import Case, judge, trap

Beams = tuple[Tensor, Tensor, Tensor]


@trap("the logits are multiplied by the temperature, not divided", "logits 乘了温度，应当是除以温度")
def _multiplied(logits: Tensor, temperature: float, top_k: int) -> Tensor:
    return _top_k(logits * temperature, top_k)


def _top_k(logits: Tensor, top_k: int) -> Tensor:
    least = logits.topk(min(top_k, logits.shape[-1])).values[..., -1:]
    return logits.masked_fill(logits < least, -math.inf).softmax(-1)


@trap("the temperature is not used", "没有用到温度")
def _lukewarm(logits: Tensor, temperature: float, top_k: int) -> Tensor:
    return _top_k(logits, top_k)


@trap(
    "the logits of dropped tokens are set to 0, and e⁰ = 1 is no small weight: they must be −∞",
    "去掉的 token 的 logit 设成了 0，而 e⁰ = 1 并不小：应当设成 −∞",
)
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


@judge(traps=(_multiplied, _lukewarm, _zero_logits, _cut_probabilities, _top_of_all))
def check_top_k_probabilities(random: Generator) -> Iterator[Case]:
    """Two of four tokens, then batches, more tokens than there are, banned ones, and logits that overflow."""
    draw = normal(random)

    four = torch.arange(4.0)[torch.randperm(4, generator=random)]
    yield Case({"en": "two of four tokens", "zh": "四个 token 取两个"}, (four, 0.5, 2))
    yield Case({"en": "a batch", "zh": "一批"}, (draw(3, 6), 2.0, 3))
    yield Case({"en": "more than there are", "zh": "k 大于词表"}, (draw(2, 5), 0.7, 50))
    banned = draw(2, 6).index_fill(1, torch.randperm(6, generator=random)[:2], -math.inf)
    yield Case(
        {"en": "two banned tokens, logits −∞", "zh": "两个 token 被禁用，logit 为 −∞"}, (banned, 1.5, 3)
    )
    yield Case({"en": "k = 1", "zh": "k = 1"}, (draw(4, 6), 1.5, 1))
    yield Case(
        {"en": "gradients, in float64", "zh": "梯度（float64）"},
        (draw(2, 6, dtype=torch.float64), 0.8, 3),
        grad=True,
    )
    yield Case(
        {"en": "a temperature of 0.01", "zh": "温度 0.01"},
        (10 + torch.stack([torch.randperm(5, generator=random) for _ in range(3)]).float() / 100, 0.01, 3),
        tolerance=1e-3,
    )
    yield Case(
        {"en": "a vocabulary of 32,000", "zh": "词表 32,000"}, (3 * draw(8, 32_000), 0.8, 50), timed=True
    )


def _nucleus(logits: Tensor, top_p: float, first_out: bool = False) -> tuple[Tensor, Tensor]:
    """Probabilities from the largest on, 0 outside of the nucleus, and whose they are."""
    ordered, index = logits.softmax(-1).sort(dim=-1, descending=True)
    total = ordered.cumsum(-1)
    out = total > top_p if first_out else total - ordered >= top_p
    return ordered.masked_fill(out, 0.0), index


@trap(
    "the token that crosses p is dropped: the nucleus must hold at least p",
    "累计刚越过 p 的那个 token 被丢掉了：保留的集合至少要占到 p",
)
def _too_small(logits: Tensor, top_p: float) -> Tensor:
    kept, index = _nucleus(logits, top_p, first_out=True)
    return torch.zeros_like(kept).scatter(-1, index, kept / kept.sum(-1, keepdim=True))


@trap(
    "probabilities stay in sorted order; each must go back to its own token",
    "概率还停留在排序后的次序，应当放回各自 token 的位置",
)
def _sorted(logits: Tensor, top_p: float) -> Tensor:
    kept, _ = _nucleus(logits, top_p)
    return kept / kept.sum(-1, keepdim=True)


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


@judge(traps=(_too_small, _sorted, _unnormalized, _each_alone, _from_below))
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
    yield Case({"en": "a batch", "zh": "一批"}, (draw(3, 8), 0.75))
    peak = draw(2, 5).index_fill(1, torch.randint(5, (1,), generator=random), 6.0)
    yield Case({"en": "one token holds more than p", "zh": "一个 token 的概率就超过 p"}, (peak, 0.3))
    yield Case({"en": "p = 1", "zh": "p = 1"}, (draw(2, 6), 1.0))
    yield Case(
        {"en": "gradients, in float64", "zh": "梯度（float64）"},
        (draw(2, 6, dtype=torch.float64), 0.8),
        grad=True,
    )
    yield Case(
        {"en": "logits of 1,000", "zh": "上千的 logit"}, (1000 + 3 * draw(2, 3, 5), 0.7), tolerance=1e-3
    )
    yield Case({"en": "a vocabulary of 32,000", "zh": "词表 32,000"}, (5 * draw(2, 32_000), 0.9), timed=True)


@trap(
    "every beam keeps its own best token; the K best are sought among all beams together",
    "每个束各留了自己最好的 token；应当在所有束里一起挑最好的 K 个",
)
def _each_its_own(scores: Tensor, log_probs: Tensor) -> Beams:
    best, tokens = (scores.unsqueeze(-1) + log_probs).max(-1)
    best, beams = best.sort(dim=-1, descending=True)
    return best, beams, tokens.gather(-1, beams)


@trap(
    "the scores of the beams are left out: a continuation is as good as its beginning and its token together",
    "没有加上束原来的得分：续写的得分是前缀与新 token 之和",
)
def _without_scores(scores: Tensor, log_probs: Tensor) -> Beams:
    return _best(log_probs, scores.shape[-1])


def _best(total: Tensor, size: int) -> Beams:
    best, index = total.flatten(-2).topk(size)
    return best, index // total.shape[-1], index % total.shape[-1]


@trap("log-probabilities are multiplied; they are added", "对数概率相乘了，应当相加")
def _product(scores: Tensor, log_probs: Tensor) -> Beams:
    return _best(scores.unsqueeze(-1) * log_probs, scores.shape[-1])


@trap(
    "beam and token are swapped: index // V is the beam, index % V the token",
    "束和 token 弄反了：index // V 是束，index % V 是 token",
)
def _exchanged(scores: Tensor, log_probs: Tensor) -> Beams:
    best, beams, tokens = _best(scores.unsqueeze(-1) + log_probs, scores.shape[-1])
    return best, tokens, beams


@trap(
    "the index is divided by the number of beams K; a beam has V continuations",
    "下标除以了束的个数 K；每个束有 V 种续写",
)
def _divided_by_beams(scores: Tensor, log_probs: Tensor) -> Beams:
    size = scores.shape[-1]
    best, index = (scores.unsqueeze(-1) + log_probs).flatten(-2).topk(size)
    return best, index // size, index % size


@judge(traps=(_each_its_own, _without_scores, _product, _exchanged, _divided_by_beams))
def check_beam_step(random: Generator) -> Iterator[Case]:
    """Two beams far apart, then near ones; the first step, where one beam alone is alive; batches."""

    def draw(
        *lead: int, beams: int, tokens: int, dtype: torch.dtype = torch.float32
    ) -> tuple[Tensor, Tensor]:
        scores = -5 * torch.rand(*lead, beams, generator=random, dtype=dtype)
        logits = 2 * torch.randn(*lead, beams, tokens, generator=random, dtype=dtype)
        return scores, logits.log_softmax(-1)

    share = torch.tensor([[0.1, 0.5, 0.4], [0.7, 0.2, 0.1]])[:, torch.randperm(3, generator=random)]
    far = torch.tensor([[-1.0, -3.0], [-3.0, -1.0]])[int(torch.randint(2, (1,), generator=random))]
    yield Case({"en": "two beams, one far behind", "zh": "两个束，一个远远落后"}, (far, share.log()))
    yield Case({"en": "three beams, five tokens", "zh": "三个束、五个 token"}, draw(beams=3, tokens=5))
    yield Case({"en": "a batch", "zh": "一批"}, draw(2, beams=4, tokens=7))
    _, log_probs = draw(2, beams=3, tokens=6)
    alone = torch.tensor([0.0, -math.inf, -math.inf]).expand(2, 3).contiguous()
    yield Case(
        {"en": "the first step: the other beams are at −∞", "zh": "第一步：其余各束的得分是 −∞"},
        (alone, log_probs),
    )
    yield Case({"en": "one beam: greedy search", "zh": "一个束：贪心搜索"}, draw(3, beams=1, tokens=5))
    yield Case({"en": "float64", "zh": "float64"}, draw(2, beams=3, tokens=5, dtype=torch.float64))
    yield Case(
        {"en": "4 beams, a vocabulary of 32,000", "zh": "4 个束，词表 32,000"},
        draw(4, beams=4, tokens=32_000),
        timed=True,
    )
