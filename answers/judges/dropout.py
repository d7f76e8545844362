"""The judge of the code question on dropout: a right output is random, so facts are looked at."""

import math
from collections.abc import Callable, Iterator, Sequence
from itertools import product

import torch
from torch import Generator, Tensor
from torch.nn import functional as F

from answers.judges.kit.draws import normal
from answers.judges.kit.thin_shapes import THIN, shaped
from quizcli.judge.case import Case, Fact, Trap, judge, trap

DEVIATIONS = 6  # standard deviations of the share of dropped values that are allowed


def _kept(x: Tensor, p: float) -> Tensor:
    return torch.rand_like(x) >= p


def _scale(p: float) -> float:
    return 1 / (1 - p) if p < 1 else 0.0


@trap(
    "the survivors are not divided by 1 − p: the mean shrinks, and evaluation no longer fits training",
    "保留下来的值没有除以 1 − p：均值变小，与评估时对不上",
)
def _unscaled(x: Tensor, p: float = 0.5, training: bool = True) -> Tensor:
    return x * _kept(x, p) if training else x


def _guarded(wrong: Callable[[Tensor, float], Tensor], en: str, zh: str) -> list[Trap]:
    """A mistake of training, with every way of setting p = 0 and p = 1 apart from it."""

    def answer(at_0: str, at_1: str) -> Callable[..., Tensor]:
        def dropout(x: Tensor, p: float = 0.5, training: bool = True) -> Tensor:
            at = {0.0: at_0, 1.0: at_1}.get(p, "")
            if not training or at == "x":
                return x
            return torch.zeros_like(x) if at == "zeros" else wrong(x, p)

        return dropout

    return [trap(en, zh)(answer(*ends)) for ends in product(("", "x", "zeros"), repeat=2)]


_keeps_with_p = _guarded(
    lambda x, p: x * _kept(x, 1 - p) / p,
    "p is taken for the probability of keeping a value; in PyTorch it is that of dropping it",
    "把 p 当成了保留概率；PyTorch 里 p 是丢弃概率",
)


_keeps_with_p_alone = _guarded(
    lambda x, p: x * _kept(x, 1 - p) * _scale(p),
    "values are kept with probability p, but divided by 1 − p: p is the probability of dropping them",
    "值以概率 p 保留，却除以了 1 − p：p 是丢弃概率",
)


@trap("values are dropped in evaluation too", "评估时也在丢弃")
def _always(x: Tensor, p: float = 0.5, training: bool = True) -> Tensor:
    return x * _kept(x, p) * _scale(p)


def _sharing(whole_vector: bool) -> Trap:
    """One mask for all samples; for those of a vector one number, or as many as there are."""

    def shared(x: Tensor, p: float = 0.5, training: bool = True) -> Tensor:
        alone = x if x.ndim == 0 or (x.ndim == 1 and not whole_vector) else x[0]
        return x * _kept(alone, p) * _scale(p) if training else x

    return trap(
        "all samples of the batch share one mask: every value has its own chance",
        "整批样本共用一个掩码：每个值都应独立抽取",
    )(shared)


@trap("p = 1 ends in 0/0: nobody survives to be scaled", "p = 1 时算成了 0/0：没有值保留，无从放大")
def _zero_by_zero(x: Tensor, p: float = 0.5, training: bool = True) -> Tensor:
    return x * _kept(x, p) / (1 - p) if training and p > 0 else x


@trap(
    "evaluation must not scale: the survivors have been scaled up in training",
    "评估时不该再缩放：训练时已经放大过保留下来的值",
)
def _of_2014(x: Tensor, p: float = 0.5, training: bool = True) -> Tensor:
    return x * _kept(x, p) if training else x * (1 - p)


_divided_by_p = _guarded(
    lambda x, p: x * _kept(x, p) / p,
    "the survivors are divided by p: it is 1 − p that survives",
    "保留下来的值除以了 p：应除以保留的比例 1 − p",
)


@trap(
    "p = 1 returns x as it is: nothing may survive",
    "p = 1 时原样返回了 x：一个值也不该保留",
)
def _all_at_1(x: Tensor, p: float = 0.5, training: bool = True) -> Tensor:
    return x * _kept(x, p) * _scale(p) if training and p < 1 else x


@trap(
    "evaluation multiplies by 1 − p though training has scaled up already: x must come back as it is",
    "训练时已经放大过，评估时又乘了 1 − p：应原样返回 x",
)
def _scaled_twice(x: Tensor, p: float = 0.5, training: bool = True) -> Tensor:
    return x * _kept(x, p) * _scale(p) if training else x * (1 - p)


@trap("the survivors are multiplied by 1 − p, not divided", "保留下来的值乘了 1 − p：应当是除")
def _multiplied(x: Tensor, p: float = 0.5, training: bool = True) -> Tensor:
    return x * _kept(x, p) * (1 - p) if training else x


def _values(y: Tensor, x: Tensor, p: float = 0.5, training: bool = True) -> Iterator[Fact]:
    survivors = y[y != 0].double()
    wanted = (x.double() / (1 - p))[y != 0]
    rounding = max(1e-5, 4 * torch.finfo(x.dtype).eps / (1 - p))  # 1 − p has lost digits, x / (1 − p) has too
    yield (
        {"en": "each output must be 0 or x / (1 − p)", "zh": "每个输出只能是 0 或 x / (1 − p)"},
        bool(torch.isclose(survivors, wanted, rtol=rounding).all()),
    )


def _told(y: Tensor, x: Tensor, p: float = 0.5, training: bool = True) -> Iterator[float]:
    """Mistakes of the scale differ by what becomes of the survivors."""
    kept = (y != 0) & (x != 0)
    yield (y[kept].double() / x[kept].double()).mean().item()


def _slopes(right: Tensor, right_slope: Tensor, y: Tensor, slope: Tensor) -> Iterator[Fact]:
    """The gradients of two masks: they agree where both keep a value."""
    kept = (right != 0) & (y != 0)
    yield (
        {"en": "the gradient of a dropped value must be 0", "zh": "被丢弃的值，梯度应为 0"},
        not bool(slope[y == 0].count_nonzero()),
    )
    yield (
        {
            "en": "the gradient of a value that survives must be 1 / (1 − p)",
            "zh": "保留下来的值，梯度应为 1 / (1 − p)",
        },
        bool(torch.isclose(slope[kept].double(), right_slope[kept].double(), rtol=1e-3).all()),
    )


def _all_differ(rows: Tensor) -> bool:
    """Whether no two rows of a mask are alike, by their products with one random vector."""
    weights = torch.rand(rows.shape[1], generator=Generator().manual_seed(1), dtype=torch.float64)
    return len(set((rows.double() @ weights).tolist())) == len(rows)


def _unrelated(rows: Tensor) -> bool:
    """Whether no two rows of a mask go together, or are opposites, more than chance allows.

    By Bernstein's inequality: one pair in 10¹³ is beyond this. What share of it is dropped is another fact.
    """
    p = min(max(rows.float().mean().item(), 0.01), 0.99)
    deviations = rows.float() - p
    products = deviations @ deviations.T / (p * (1 - p))
    most, n = max(p / (1 - p), (1 - p) / p), rows.shape[1]  # of one product, and how many are summed up
    allowed = 10 * most + math.sqrt((10 * most) ** 2 + 60 * n)
    return bool((products.fill_diagonal_(0).abs() < allowed).all())


def _own_chances(axis: int | None) -> dict[str, str]:
    """In words, of the parts along an axis, or of those of a vector."""
    if axis is None:
        return {
            "en": "parts of the vector have equal or related masks: each value must have its own chance",
            "zh": "向量各段的掩码相同或彼此相关：每个值都应独立抽取",
        }
    return {
        "en": f"the masks along axis {axis} are equal or related: each value must have its own chance",
        "zh": f"沿第 {axis} 维，各部分的掩码相同或彼此相关：每个值都应独立抽取",
    }


def _shares(y: Tensor, x: Tensor, p: float = 0.5, training: bool = True) -> Iterator[Fact]:
    """Each value has its own chance: there are enough rows and columns that none is like another."""
    yield from _values(y, x, p, training)
    dropped = y == 0
    dropped = dropped.view(16, -1) if y.ndim == 1 else dropped  # whatever repeats on one axis is seen here
    if 0.1 <= p <= 0.9:  # masks that are hardly ever 0, or hardly ever not, are alike by chance
        along = [dropped.movedim(axis, 0).flatten(1) for axis in range(dropped.ndim if y.ndim > 1 else 1)]
        shared = [bool((rows == rows[0]).all()) for rows in along]
        for axis, rows in enumerate(along):
            # where one mask serves a whole axis, what the others look like follows from it
            holds = not shared[axis] if any(shared) else _all_differ(rows) and _unrelated(rows)
            yield _own_chances(axis if y.ndim > 1 else None), holds
            if not holds:
                return  # of one mask many times other axes, and the share, say what chance makes of it
    share, n = dropped.double().mean().item(), dropped.numel()
    yield (
        {
            "en": f"about {p:.1%} of the outputs must be 0, not {share:.1%}",
            "zh": f"应有约 {p:.1%} 的输出为 0，实为 {share:.1%}",
        },
        abs(share - p) < DEVIATIONS * math.sqrt(p * (1 - p) / n),
    )
    if not 0.1 <= p <= 0.9:
        return
    counts = dropped.flatten(1).sum(1)
    yield (
        {
            "en": "every row has the same number of zeros: each value must have a chance of its own",
            "zh": "各行的 0 一样多：每个值都应独立抽取",
        },
        bool((counts != counts[0]).any()),
    )


def _counts(outputs: Sequence[Tensor], x: Tensor, p: float = 0.5, training: bool = True) -> Iterator[Fact]:
    yield (
        {
            "en": "every call has the same number of zeros: each value must have a chance of its own",
            "zh": "每次调用的 0 一样多：每个值都应独立抽取",
        },
        len({int((y == 0).sum()) for y in outputs}) > 1,
    )


def _scatters(outputs: Sequence[Tensor], x: Tensor, p: float = 0.5, training: bool = True) -> Iterator[Fact]:
    """How much the number of zeros differs from column to column, from row to row and from call to call."""
    dropped = torch.stack([y == 0 for y in outputs]).double()  # (calls, rows, columns)
    for en, zh, counts in (
        ("columns", "各列", dropped.sum(1).flatten()),
        ("rows", "各行", dropped.sum(2).flatten()),
        ("calls", "各次调用", dropped.sum((1, 2))),
    ):
        each, n = dropped.numel() / counts.numel(), counts.numel()
        ratio = ((counts - each * p).square().mean() / (each * p * (1 - p))).item()
        # χ² by Wilson and Hilferty, 6.5 standard deviations: by chance, one time in 10¹⁰
        least, most = ((1 - 2 / (9 * n) + sign * 6.5 * math.sqrt(2 / (9 * n))) ** 3 for sign in (-1, 1))
        holds = least < ratio < most
        yield (
            {
                "en": f"the variance of the zeros among {en} is {ratio:.2f} of what independent chances give",
                "zh": f"{zh}中 0 的个数，其方差只应与各自独立抽取时相当，这里是它的 {ratio:.2f} 倍",
            },
            holds,
        )
        if not holds:
            return  # of one mask many times the others say what chance makes of it


def _every_place(
    outputs: Sequence[Tensor], x: Tensor, p: float = 0.5, training: bool = True
) -> Iterator[Fact]:
    """No place is spared, and none is hit each time: by chance, one time in 10¹³."""
    dropped = torch.stack([y == 0 for y in outputs])
    always = [int(place) for place in (dropped.all(0) | ~dropped.any(0)).nonzero().flatten()]
    places = ", ".join(map(str, always))
    yield (
        {
            "en": f"in {len(outputs)} calls place {places} was dropped each time or never",
            "zh": f"{len(outputs)} 次调用中，第 {places} 个位置每次都被丢弃，或从未被丢弃",
        },
        not always,
    )


_NO_GENERATOR = "The question has no generator, so nobody passes one."


@judge(
    reference=F.dropout,
    traps=(
        _unscaled,
        *_keeps_with_p,
        *_keeps_with_p_alone,
        _zero_by_zero,
        _always,
        _sharing(whole_vector=False),
        _sharing(whole_vector=True),
        _of_2014,
        *_divided_by_p,
        _multiplied,
        _all_at_1,
        _scaled_twice,
    ),
    equivalent={
        "dropout: not training or p == 0.0 → not training": "A mask of ones changes nothing.",
        "dropout: torch.empty_like(x, dtype=torch.bool).bernoulli_(1.0 - p, generator=g… → "
        "torch.empty_like(x, dtype=torch.bool).bernoulli_(1.0 - p)": _NO_GENERATOR,
        "dropout: begins with generator = None": _NO_GENERATOR,
        "dropout: torch.empty_like(x, dtype=torch.bool).bernoulli_ → torch.empty_like(x).bernoulli_": (
            "The mask may be numbers of the dtype of x, too."
        ),
    },
)
def check_dropout(random: Generator) -> Iterator[Case]:
    """A few values, evaluation, batches, images, both ends of p, gradients, and many values."""
    draw = normal(random)

    yield Case(
        {"en": "24 values, p = 0.25", "zh": "24 个值，p = 0.25"},
        (draw(4, 6), 0.25),  # of a single axis, one mask for all samples would be a single number
        facts=_values,
        draws=6,
    )
    yield Case(
        {"en": "evaluation: x comes back as it is", "zh": "评估：x 原样返回"},
        (draw(3, 8), 0.25, False),
        grad=True,
    )
    yield Case(
        {"en": "a batch of 64 samples, p = 0.2", "zh": "一批 64 个样本，p = 0.2"},
        (draw(64, 128), 0.2, True),
        facts=_shares,
        telling=_told,
        spread=_counts,
        draws=6,
    )
    yield Case(
        {"en": "16 × 64 values, p = 0.5, over and over", "zh": "16 × 64 个值，p = 0.5，反复调用"},
        (draw(16, 64), 0.5, True),
        facts=_values,
        telling=_told,
        spread=_scatters,
        draws=16,
    )
    yield Case(
        {"en": "8 values, p = 0.5, 48 times", "zh": "8 个值，p = 0.5，调用 48 次"},
        (draw(8), 0.5),
        facts=_values,
        spread=_every_place,
        draws=48,
    )
    yield Case(
        {"en": "images, the usual p", "zh": "图像，默认的 p"},
        (draw(16, 8, 8, 16),),
        facts=_shares,
        telling=_told,
    )
    yield Case(
        {"en": "sequences in float64, p = 0.6", "zh": "序列（float64），p = 0.6"},
        (draw(12, 16, 20, dtype=torch.float64), 0.6, True),
        facts=_shares,
        telling=_told,
    )
    yield Case(
        {"en": "a single axis, float16, p = 0.4", "zh": "只有一维，float16，p = 0.4"},
        (draw(8192).half(), 0.4),
        facts=_shares,
        telling=_told,
    )
    yield Case(
        {"en": "a matrix in bfloat16, p = 0.8", "zh": "矩阵（bfloat16），p = 0.8"},
        (draw(100, 100).bfloat16(), 0.8),
        facts=_shares,
        telling=_told,
    )
    for p in (0.001, 0.999):
        yield Case(
            {"en": f"p = {p}, 65,536 values", "zh": f"p = {p}，65,536 个值"},
            (draw(256, 256), p),
            facts=_shares,
        )
    yield Case(
        {"en": "p = 0: nothing is dropped", "zh": "p = 0：一个也不丢"}, (draw(3, 8), 0.0, True), grad=True
    )
    # so small that no number a machine draws lies below it but 0, of which four draws hardly have one
    yield Case(
        {"en": "p = 1e−12, with gradients", "zh": "p = 1e−12，含梯度"}, (draw(4), 1e-12, True), grad=True
    )
    yield Case(
        {"en": "64 values, p = 0.4, with gradients", "zh": "64 个值，p = 0.4，含梯度"},
        (draw(64), 0.4),
        facts=_values,
        grad=True,
        slopes=_slopes,
    )
    yield Case({"en": "p = 1: everything is dropped", "zh": "p = 1：全部丢弃"}, (draw(3, 8), 1.0, True))
    yield Case(
        {
            "en": "p = 1, float64, with gradients: all of them are 0",
            "zh": "p = 1，float64，含梯度：梯度全为 0",
        },
        (draw(3, 8, dtype=torch.float64), 1.0),
        grad=True,
    )
    yield Case({"en": "p = 1, float16", "zh": "p = 1，float16"}, (draw(3, 8).half(), 1.0))
    yield Case(
        {"en": "evaluation at p = 1: x comes back all the same", "zh": "评估，p = 1：x 照样原样返回"},
        (draw(3, 8), 1.0, False),
        grad=True,
    )
    yield Case(
        {"en": "a single number without axes, p = 1e−12", "zh": "单独一个数（零维），p = 1e−12"},
        (draw(1)[0], 1e-12),  # of two draws of one value, the masks are easily alike: here none is dropped
    )
    for sides in THIN:  # of few values the masks are easily alike: here none is dropped
        yield Case(shaped(*sides), (draw(*sides), 1e-12))
    for sides in ((64, 1), (1, 64), (8, 1, 8), (8, 8, 1), (1, 64, 1, 1), (64, 1, 1, 1), (1, 1, 8, 8)):
        yield Case(shaped(*sides), (draw(*sides), 0.4), facts=_values)
    yield Case(
        {"en": "a matrix of 256 × 256", "zh": "256 × 256 的矩阵"},
        (draw(256, 256), 0.5, True),
        facts=_shares,
        telling=_told,
        timed=True,
    )
