"""Judge of the code question on early stopping."""

import math
from collections.abc import Callable, Iterator

import torch
from torch import Generator

from quizcli.judge.case import Case, judge, trap

Epochs = tuple[int, int]


@trap(
    "the count of bad epochs is never set back after an improvement",
    "有改善之后，计数没有归零",
)
def _never_reset(losses: list[float], patience: int, min_delta: float = 0.0) -> Epochs:
    best, best_epoch, bad = math.inf, 0, 0
    for epoch, loss in enumerate(losses, 1):
        if loss < best - min_delta:
            best, best_epoch = loss, epoch
        else:
            bad += 1
        if bad >= patience:
            return best_epoch, epoch
    return best_epoch, len(losses)


@trap(
    "one epoch too long: training ends after `patience` epochs in a row without improvement, not one more",
    "多训练了一个 epoch：连续 patience 个没有改善就该停，不是再多一个",
)
def _one_more(losses: list[float], patience: int, min_delta: float = 0.0) -> Epochs:
    return _stopped(losses, patience + 1, lambda loss, best, _: loss < best - min_delta)


def _stopped(
    losses: list[float],
    patience: int,
    better: Callable[[float, float, float], bool],
    best: float = math.inf,
    best_epoch: int = 0,
) -> Epochs:
    """Both epochs, where `better` compares a loss with the best one and with the one before it."""
    before = math.inf
    for epoch, loss in enumerate(losses, 1):
        if better(loss, best, before):
            best, best_epoch = loss, epoch
        if epoch - best_epoch >= patience:
            return best_epoch, epoch
        before = loss
    return best_epoch, len(losses)


@trap(
    "a loss is compared with that of the epoch before, not with the best so far",
    "损失是与上一个 epoch 比的，应当与目前最好的比",
)
def _than_before(losses: list[float], patience: int, min_delta: float = 0.0) -> Epochs:
    return _stopped(losses, patience, lambda loss, _, before: loss < before - min_delta)


@trap(
    "min_delta is not used: the smallest gain counts as an improvement",
    "没有用到 min_delta：再小的下降也算成了改善",
)
def _any_gain(losses: list[float], patience: int, min_delta: float = 0.0) -> Epochs:
    return _stopped(losses, patience, lambda loss, best, _: loss < best)


@trap(
    "gains below min_delta move the best loss: many small steps then never add up to an improvement",
    "不足 min_delta 的下降也更新了最佳损失：一连串小步加起来就永远算不上改善",
)
def _creeping(losses: list[float], patience: int, min_delta: float = 0.0) -> Epochs:
    best, best_epoch = math.inf, 0
    for epoch, loss in enumerate(losses, 1):
        if loss < best - min_delta:
            best_epoch = epoch
        best = min(best, loss)
        if epoch - best_epoch >= patience:
            return best_epoch, epoch
    return best_epoch, len(losses)


@trap(
    "a loss equal to the best, less min_delta, counts as an improvement: a plateau would never stop",
    "与最佳（减去 min_delta）持平也算成了改善：损失不再下降时永远不会停",
)
def _plateau(losses: list[float], patience: int, min_delta: float = 0.0) -> Epochs:
    return _stopped(losses, patience, lambda loss, best, _: loss <= best - min_delta)


@trap(
    "epochs with a loss of NaN are passed over: they are epochs without improvement",
    "跳过了损失为 NaN 的 epoch：它们也是没有改善的 epoch",
)
def _nan_skipped(losses: list[float], patience: int, min_delta: float = 0.0) -> Epochs:
    best, best_epoch, bad = math.inf, 0, 0
    for epoch, loss in enumerate(losses, 1):
        if math.isnan(loss):
            continue
        bad += 1
        if loss < best - min_delta:
            best, best_epoch, bad = loss, epoch, 0
        if bad >= patience:
            return best_epoch, epoch
    return best_epoch, len(losses)


@trap(
    "−∞ is passed over like NaN: it is below every best",
    "把 −∞ 也当成 NaN 那样没有改善：它比任何最佳都低",
)
def _finite_only(losses: list[float], patience: int, min_delta: float = 0.0) -> Epochs:
    return _stopped(losses, patience, lambda loss, best, _: math.isfinite(loss) and loss < best - min_delta)


@trap(
    "min_delta is taken as relative, a share of the best loss: it is a difference",
    "把 min_delta 当成了相对于最佳损失的比例：它是绝对差值",
)
def _relative(losses: list[float], patience: int, min_delta: float = 0.0) -> Epochs:
    return _stopped(losses, patience, lambda loss, best, _: loss < best * (1 - min_delta))


@trap("the epochs are counted from 0: they are counted from 1", "epoch 从 0 数起了：应从 1 数起")
def _from_zero(losses: list[float], patience: int, min_delta: float = 0.0) -> Epochs:
    best, last = _stopped(losses, patience, lambda loss, best, _: loss < best - min_delta)
    return best - 1, last - 1


@trap(
    "the epoch with the lowest loss is returned: it is that of the last improvement, by more than min_delta",
    "返回了损失最低的 epoch：应返回最近一次改善（超过 min_delta）的 epoch",
)
def _lowest(losses: list[float], patience: int, min_delta: float = 0.0) -> Epochs:
    _, last = _stopped(losses, patience, lambda loss, best, _: loss < best - min_delta)
    return min(range(last), key=losses.__getitem__) + 1, last


@trap(
    "losses after the end of the training are looked at: the best epoch comes before it stops",
    "看到了停止之后的损失：最佳 epoch 只能在停止之前",
)
def _foreseen(losses: list[float], patience: int, min_delta: float = 0.0) -> Epochs:
    _, last = _stopped(losses, patience, lambda loss, best, _: loss < best - min_delta)
    best, _ = _stopped(losses, len(losses) + 1, lambda loss, best, _: loss < best - min_delta)
    return best, last


@trap(
    "the first loss is always the best, even NaN or ∞: begin with infinity as the best",
    "第一个损失总被当成最佳，哪怕是 NaN 或 ∞：最佳应从无穷大开始",
)
def _first_is_best(losses: list[float], patience: int, min_delta: float = 0.0) -> Epochs:
    return _stopped(losses, patience, lambda loss, best, _: loss < best - min_delta, losses[0], 1)


@trap(
    "the first epoch is compared with itself and counts as one without improvement",
    "第一个 epoch 与自己比，算成了没有改善",
)
def _first_is_bad(losses: list[float], patience: int, min_delta: float = 0.0) -> Epochs:
    best, last = _stopped(losses, patience, lambda loss, best, _: loss < best - min_delta, losses[0])
    return max(best, 1), last


@trap(
    "min_delta is added to the best, not subtracted: a loss that is a little worse counts as an improvement",
    "min_delta 加到了最佳上，应当减去：略差一点的损失也算成了改善",
)
def _added(losses: list[float], patience: int, min_delta: float = 0.0) -> Epochs:
    return _stopped(losses, patience, lambda loss, best, _: loss < best + min_delta)


@trap(
    "whatever is not worse counts as an improvement, a plateau and NaN too: ask whether it is better",
    "凡是不更差的都算成了改善，持平和 NaN 也在内：应判断是否更好",
)
def _not_worse(losses: list[float], patience: int, min_delta: float = 0.0) -> Epochs:
    return _stopped(losses, patience, lambda loss, best, _: not loss > best - min_delta)


@judge(
    traps=(
        _never_reset,
        _one_more,
        _than_before,
        _any_gain,
        _plateau,
        _creeping,
        _nan_skipped,
        _finite_only,
        _relative,
        _from_zero,
        _lowest,
        _foreseen,
        _first_is_best,
        _first_is_bad,
        _added,
        _not_worse,
    )
)
def check_best_and_last_epoch(random: Generator) -> Iterator[Case]:
    """Losses that rise for good, that recover, that creep, that stay; NaN and ∞; both ends of patience."""

    def near(*hundredths: float, scale: float = 1.0) -> list[float]:
        """These losses in float32, each moved a little, so that none is remembered."""
        moved = torch.rand(len(hundredths), generator=random) / 1000
        return (scale * (torch.tensor(hundredths) / 100 + moved)).tolist()

    level = 1 + int(torch.randint(4, (), generator=random)) / 4  # exact in binary, as are its quarters
    yield Case({"en": "one valley", "zh": "一个谷底"}, (near(90, 70, 60, 65, 66, 67, 50), 2))
    yield Case(
        {"en": "a bad epoch, then a new best", "zh": "变差一次，又刷新最佳"},
        (near(90, 70, 75, 60, 62, 64, 66), 3),
    )
    yield Case(
        {"en": "falling, but above the best", "zh": "在下降，但没有低过最佳"},
        (near(60, 80, 75, 70, 65, 64), 3),
    )
    yield Case({"en": "never stopped", "zh": "始终没有触发"}, (near(90, 95, 80, 85, 70, 75), 2))
    yield Case({"en": "a plateau", "zh": "损失不再变化"}, ([level, *[level / 2] * 5], 3))
    yield Case(
        {"en": "the smallest of gains, no min_delta", "zh": "极小的下降，没有 min_delta"},
        ([level, level - 2e-6, level - 4e-6, level], 2),
    )
    # the smallest gain there is: the losses are those of float32, so what says so may look no closer
    high, last = 1.5 + level / 16, 2.0**-23
    yield Case(
        {
            "en": "a gain of the last digit of float32, no min_delta",
            "zh": "只降了 float32 的最后一位，没有 min_delta",
        },
        ([high, high - last, high, high], 2),
    )
    yield Case(
        {
            "en": "a gain of min_delta and the last digit of float32",
            "zh": "比 min_delta 多降 float32 的最后一位",
        },
        ([high, high - 0.25 - last, high, high], 2, 0.25),
    )
    yield Case(
        {"en": "losses of less than 10⁻¹², no min_delta", "zh": "不到 10⁻¹² 的损失，没有 min_delta"},
        (near(9, 8, 7, 6, 7, 8, scale=1e-12), 2),
    )
    yield Case(
        {"en": "gains below min_delta", "zh": "下降不足 min_delta"},
        (near(90, 75, 74, 73, 72, 71, 50), 3, 0.1),
    )
    yield Case(
        {"en": "small gains that add up to min_delta", "zh": "小步下降，累计超过 min_delta"},
        (near(90, 86, 82, 90, 78, 70), 4, 0.1),
    )
    yield Case(
        {"en": "a gain of exactly min_delta", "zh": "恰好下降 min_delta"},
        ([level, level - 0.25, level - 0.25, level], 2, 0.25),
    )
    yield Case(
        {"en": "losses far above 1, with min_delta", "zh": "远大于 1 的损失，带 min_delta"},
        (near(90, 89, 88, 87, 86, scale=1000.0), 2, 0.5),
    )
    yield Case(
        {"en": "losses of hundreds, min_delta = 5", "zh": "损失为几百，min_delta = 5"},
        (near(90, 30, 29.6, 29.62, 29.64, 10, scale=1000.0), 3, 5.0),
    )
    yield Case(
        {"en": "negative losses, with min_delta", "zh": "负的损失，带 min_delta"},
        (near(10, 40, 45, 48, 60, 60, scale=-1.0), 3, 0.1),
    )
    yield Case(
        {"en": "NaN in the middle", "zh": "中途出现 NaN"}, ([*near(90, 80), math.nan, math.nan, math.nan], 2)
    )
    yield Case(
        {"en": "NaN and ∞ at first", "zh": "一开始是 NaN 和 ∞"},
        ([math.nan, math.inf, *near(90, 95, 80, 85, 86, 87)], 3),
    )
    yield Case(
        {"en": "NaN and a new best by turns", "zh": "NaN 与新的最佳交替"},
        ([math.nan, 3.2e38, math.nan, *near(90), math.inf, *near(80)], 2),
    )
    yield Case(
        {"en": "losses of −∞", "zh": "损失为 −∞"},
        ([*near(90), -math.inf, *near(80), -math.inf, *near(60, 50)], 3),
    )
    yield Case({"en": "nothing but NaN", "zh": "全是 NaN"}, ([math.nan] * 3, 2))
    yield Case(
        {"en": "NaN and ∞, and nothing stops it", "zh": "NaN 与 ∞，且一直没有触发停止"},
        ([math.nan, math.inf], 5),
    )
    yield Case(
        {"en": "∞ at first, until patience runs out", "zh": "一开始是 ∞，直到耐心耗尽"},
        ([math.inf, math.nan, math.inf, *near(80)], 3),
    )
    yield Case({"en": "a patience of 1", "zh": "耐心为 1"}, (near(90, 80, 85, 70), 1))
    yield Case(
        {"en": "a patience of 1, NaN at first", "zh": "耐心为 1，一开始是 NaN"},
        ([math.nan, *near(90, 80)], 1),
    )
    yield Case({"en": "stopped by the last epoch", "zh": "最后一个 epoch 才触发"}, (near(90, 80, 85, 86), 2))
    yield Case({"en": "a single epoch", "zh": "只有一个 epoch"}, (near(90), 5, 0.1))
    noise = torch.rand(10_000, generator=random).tolist()
    yield Case({"en": "10,000 epochs", "zh": "10,000 个 epoch"}, (noise, 10_000), timed=True)
