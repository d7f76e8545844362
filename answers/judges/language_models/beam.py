"""Judge of the code question on beam search."""

import math
from collections.abc import Iterator

import torch
from torch import Generator, Tensor

from answers.judges.kit.thin_shapes import shaped
from quizcli.judge.case import Case, judge, trap

Beams = tuple[Tensor, Tensor, Tensor]


_own_best = trap(
    "every beam keeps its own best token; the K best are sought among all beams together",
    "每个束各留了自己最好的 token；应当在所有束里一起挑最好的 K 个",
)


@_own_best
def _each_its_own(scores: Tensor, log_probs: Tensor) -> Beams:
    best, tokens = (scores.unsqueeze(-1) + log_probs).max(-1)
    best, beams = best.sort(dim=-1, descending=True)
    return best, beams, tokens.gather(-1, beams)


@_own_best
def _each_its_likeliest(scores: Tensor, log_probs: Tensor) -> Beams:
    """The same, but for a beam at −∞, where all sums are alike and the tokens are not."""
    best, tokens = log_probs.max(-1)
    best, beams = (scores + best).sort(dim=-1, descending=True)
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


@trap("the continuations come worst first; the best must come first", "续写从差到好排列了，应当从好到差")
def _worst_first(scores: Tensor, log_probs: Tensor) -> Beams:
    best, beams, tokens = _best(scores.unsqueeze(-1) + log_probs, scores.shape[-1])
    return best.flip(-1), beams.flip(-1), tokens.flip(-1)


@trap("the K least likely continuations are taken", "取成了最不可能的 K 个续写")
def _least_likely(scores: Tensor, log_probs: Tensor) -> Beams:
    negative, beams, tokens = _best(-(scores.unsqueeze(-1) + log_probs), scores.shape[-1])
    return -negative, beams, tokens


@trap(
    "the score returned is that of the token alone: the beam's own must be in it",
    "返回的得分只是新 token 的：应当把束原来的得分也加上",
)
def _token_scores(scores: Tensor, log_probs: Tensor) -> Beams:
    _, beams, tokens = _best(scores.unsqueeze(-1) + log_probs, scores.shape[-1])
    return log_probs.flatten(-2).gather(-1, beams * log_probs.shape[-1] + tokens), beams, tokens


@trap("the scores are normalized by length, which is not asked for", "按长度归一化了得分，本题不要求")
def _halved(scores: Tensor, log_probs: Tensor) -> Beams:
    best, beams, tokens = _best(scores.unsqueeze(-1) + log_probs, scores.shape[-1])
    return best / 2, beams, tokens


@trap("the scores returned are probabilities, not log-probabilities", "返回的得分是概率，应当是对数概率")
def _probabilities(scores: Tensor, log_probs: Tensor) -> Beams:
    best, beams, tokens = _best((scores.unsqueeze(-1) + log_probs).exp(), scores.shape[-1])
    return best, beams, tokens


@judge(
    traps=(
        *(_each_its_own, _each_its_likeliest, _without_scores, _token_scores, _product, _exchanged),
        *(_divided_by_beams, _worst_first, _least_likely, _halved, _probabilities),
    )
)
def check_beam_step(random: Generator) -> Iterator[Case]:
    """Two beams far apart, then near ones; the first step, where one beam alone is alive; batches."""

    def draw(*lead: int, beams: int, tokens: int) -> tuple[Tensor, Tensor]:
        """Drawn again until no two of the best are so near to each other that rounding could swap them."""
        while True:
            scores = -5 * torch.rand(*lead, beams, generator=random)
            log_probs = (2 * torch.randn(*lead, beams, tokens, generator=random)).log_softmax(-1)
            best = (scores.unsqueeze(-1) + log_probs).flatten(-2).topk(beams + 1).values
            if float(best.diff(dim=-1).amax()) < -1e-3:
                return scores, log_probs

    share = torch.tensor([[0.1, 0.5, 0.4], [0.7, 0.2, 0.1]])[:, torch.randperm(3, generator=random)]
    far = torch.tensor([[-1.0, -3.0], [-3.0, -1.0]])[int(torch.randint(2, (1,), generator=random))]
    yield Case({"en": "two beams, one far behind", "zh": "两个束，一个远远落后"}, (far, share.log()))
    yield Case({"en": "three beams, five tokens", "zh": "三个束、五个 token"}, draw(beams=3, tokens=5))
    yield Case({"en": "as many beams as tokens", "zh": "束数等于词表大小"}, draw(beams=3, tokens=3))
    yield Case({"en": "a batch", "zh": "一批"}, draw(2, beams=4, tokens=7))
    _, log_probs = draw(2, beams=3, tokens=6)
    alone = torch.tensor([0.0, -math.inf, -math.inf]).expand(2, 3).contiguous()
    yield Case(
        {"en": "the first step: the other beams are at −∞", "zh": "第一步：其余各束的得分是 −∞"},
        (alone, log_probs),
    )
    yield Case({"en": "one beam: greedy search", "zh": "一个束：贪心搜索"}, draw(3, beams=1, tokens=5))
    yield Case({"en": "two axes in front", "zh": "前面有两个轴"}, draw(2, 3, beams=3, tokens=4))
    yield Case({"en": "a batch of one", "zh": "一批只有一个"}, draw(1, beams=3, tokens=5))
    yield Case(
        {"en": "one beam, a vocabulary of one token", "zh": "一个束，词表只有一个 token"},
        (-5 * torch.rand(2, 1, generator=random), torch.zeros(2, 1, 1)),
    )
    yield Case({"en": "one beam, no batch", "zh": "一个束，没有批"}, draw(beams=1, tokens=4))
    yield Case({"en": "two batches of one", "zh": "两批，各只有一个"}, draw(2, 1, beams=2, tokens=4))
    for lead in ((), (1, 1)):
        yield Case(
            shaped(*lead, 1, 1, what="log_probs"),
            (draw(*lead, beams=1, tokens=2)[0], torch.zeros(*lead, 1, 1)),
        )
    # e^−20,000 is 0: whoever leaves the logarithm loses everything
    certain = torch.tensor([[0.6, 0.3, 0.1], [0.15, 0.05, 0.8]])[:, torch.randperm(3, generator=random)]
    yield Case(
        {"en": "scores of −20,000", "zh": "−20,000 左右的得分"},
        (torch.tensor([-20_000.0, -20_001.0]), certain.log()),
    )
    # each beam has one token to go on with, and no number is below all scores
    sure = torch.full((2, 3), -math.inf)
    sure[0, int(torch.randint(3, (1,), generator=random))] = 0.0
    sure[1, int(torch.randint(3, (1,), generator=random))] = 0.0
    far = torch.tensor([-1e30, -2e30])[torch.randperm(2, generator=random)]
    yield Case(
        {"en": "scores of −10³⁰, certain tokens", "zh": "得分在 −10³⁰ 量级，token 是确定的"}, (far, sure)
    )
    # the second beam's token is below whatever number one might write for a banned one
    low = torch.tensor([0.0, -30_000.0])[torch.randperm(2, generator=random)]
    yield Case(
        {"en": "a score of −30,000, certain tokens", "zh": "得分为 −30,000，token 是确定的"}, (low, sure)
    )
    # all of the best tokens are the last ones, whose numbers do not fit into 16 bits
    scores, log_probs = draw(beams=2, tokens=4_000)
    many = torch.full((2, 70_000), -40.0)
    many[:, -4_000:] = log_probs
    yield Case(
        {"en": "2 beams, a vocabulary of 70,000", "zh": "2 个束，词表 70,000"}, (scores, many), timed=True
    )
