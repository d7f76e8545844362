"""Answers to the code question on early stopping."""

# mypy: disallow-untyped-defs=False, disallow-untyped-calls=False

import math

import torch

from tests.judge.strangers import right, wrong

STOP = "early-stopping-code-best-epoch"


@right(STOP)
def stop_by_counting(losses, patience, min_delta=0.0):
    best, best_epoch, wait = float("inf"), 0, 0
    for i, loss in enumerate(losses):
        if best - loss > min_delta:
            best, best_epoch, wait = loss, i + 1, 0
        else:
            wait += 1
            if wait >= patience:
                return best_epoch, i + 1
    return best_epoch, len(losses)


@right(STOP)
def stop_while(losses, patience, min_delta=0.0):
    epoch = kept = 0
    best = None
    while epoch < len(losses) and epoch - kept < patience:
        epoch += 1
        loss = losses[epoch - 1]
        improved = not math.isnan(loss) and loss != math.inf and (best is None or loss + min_delta < best)
        if improved:
            best, kept = loss, epoch
    return [kept, epoch]


@right(STOP)
def stop_in_torch(losses, patience, min_delta=0.0):
    values = torch.tensor(losses, dtype=torch.float64)
    best, kept = torch.tensor(torch.inf), torch.tensor(0)
    for epoch in range(1, len(values) + 1):
        if values[epoch - 1] < best - min_delta:
            best, kept = values[epoch - 1], torch.tensor(epoch)
        if epoch - kept >= patience:
            return kept, torch.tensor(epoch)
    return kept, len(values)


@right(STOP)
def stop_in_a_class(losses, patience, min_delta=0.0):
    class Stopper:
        def __init__(self):
            self.best, self.kept, self.bad = math.inf, 0, 0

        def stops(self, epoch, loss):
            if loss < self.best - min_delta:
                self.best, self.kept, self.bad = loss, epoch, 0
            else:
                self.bad += 1
            return self.bad == patience

    stopper, epoch = Stopper(), 0
    for loss in losses:
        epoch += 1
        if stopper.stops(epoch, loss):
            break
    return stopper.kept, epoch


@wrong(STOP, told="equal to the best")
def stop_plateau(losses, patience, min_delta=0.0):
    best, kept = math.inf, 0
    for epoch, loss in enumerate(losses, 1):
        if loss <= best - min_delta:
            best, kept = loss, epoch
        if epoch - kept >= patience:
            return kept, epoch
    return kept, len(losses)


@wrong(STOP, told="NaN")
def stop_skips_nan(losses, patience, min_delta=0.0):
    best, kept, wait = math.inf, 0, 0
    for epoch, loss in enumerate(losses, 1):
        if math.isnan(loss):
            continue
        wait += 1
        if loss < best - min_delta:
            best, kept, wait = loss, epoch, 0
        if wait >= patience:
            return kept, epoch
    return kept, len(losses)


@wrong(STOP, told="relative")
def stop_relative(losses, patience, min_delta=0.0):
    best, kept = math.inf, 0
    for epoch, loss in enumerate(losses, 1):
        if loss < best * (1 - min_delta):
            best, kept = loss, epoch
        if epoch - kept >= patience:
            return kept, epoch
    return kept, len(losses)


@wrong(STOP, told="counted from 1")
def stop_from_zero(losses, patience, min_delta=0.0):
    kept, last = stop_by_counting(losses, patience, min_delta)
    return kept - 1, last - 1


@wrong(STOP, told="one epoch too long")
def stop_one_more(losses, patience, min_delta=0.0):
    best, kept, wait = math.inf, 0, 0
    for epoch, loss in enumerate(losses, 1):
        if loss < best - min_delta:
            best, kept, wait = loss, epoch, 0
        else:
            wait += 1
        if wait > patience:
            return kept, epoch
    return kept, len(losses)


@wrong(STOP, told="lowest loss")
def stop_lowest(losses, patience, min_delta=0.0):
    _, last = stop_by_counting(losses, patience, min_delta)
    return min(range(last), key=losses.__getitem__) + 1, last


@wrong(STOP, told="first loss is always the best")
def stop_best_from_first(losses, patience, min_delta=0.0):
    best, kept = losses[0], 1
    for epoch, loss in enumerate(losses[1:], 2):
        if loss < best - min_delta:
            best, kept = loss, epoch
        if epoch - kept >= patience:
            return kept, epoch
    return kept, len(losses)


@wrong(STOP, told="")
def stop_finite_infinity(losses, patience, min_delta=0.0):
    best, kept = 1e9, 0
    for epoch, loss in enumerate(losses, 1):
        if loss < best - min_delta:
            best, kept = loss, epoch
        if epoch - kept >= patience:
            return kept, epoch
    return kept, len(losses)


@wrong(STOP, told="")
def stop_nan_at_once(losses, patience, min_delta=0.0):
    for epoch, loss in enumerate(losses, 1):
        if math.isnan(loss):
            return stop_by_counting(losses[:epoch], patience, min_delta)
    return stop_by_counting(losses, patience, min_delta)


@wrong(STOP, told="")
def stop_never_before_five(losses, patience, min_delta=0.0):
    kept, last = stop_by_counting(losses, patience, min_delta)
    return kept, max(last, min(5, len(losses)))


@wrong(STOP, told="")
def stop_other_default(losses, patience, min_delta=1e-4):
    return stop_by_counting(losses, patience, min_delta)


@wrong(STOP, told="")
def stop_never_reset_and_plateau(losses, patience, min_delta=0.0):
    best, kept, bad = math.inf, 0, 0
    for epoch, loss in enumerate(losses, 1):
        if loss <= best:
            best, kept = loss, epoch
        else:
            bad += 1
        if bad >= patience:
            return kept, epoch
    return kept, len(losses)


@right(STOP)
def stop_in_float32(losses, patience, min_delta=0.0):
    return stop_by_counting(torch.tensor(losses, dtype=torch.float32).tolist(), patience, min_delta)


@right(STOP)
def stop_unless_close(losses, patience, min_delta=0.0):
    """Closer than float32 can tell apart is no gain, since the losses are those of float32."""

    def better(loss, best):
        return loss < best - min_delta and not math.isclose(loss, best - min_delta, rel_tol=1e-9)

    return stop_where(better, losses, patience)


@wrong(STOP)
def stop_unless_about_as_good(losses, patience, min_delta=0.0):
    def better(loss, best):
        return loss < best - min_delta and not math.isclose(loss, best - min_delta, rel_tol=1e-6)

    return stop_where(better, losses, patience)


def stop_where(better, losses, patience, best=math.inf):
    kept, bad = 0, 0
    for epoch, loss in enumerate(losses, 1):
        bad += 1
        if better(loss, best):
            best, kept, bad = loss, epoch, 0
        if bad >= patience:
            return kept, epoch
    return kept, len(losses)


@wrong(STOP, "first loss is always the best")
def stop_from_none(losses, patience, min_delta=0.0):
    return stop_where(lambda loss, best: best is None or loss < best - min_delta, losses, patience, None)


@wrong(STOP, "compared with itself")
def stop_from_the_first(losses, patience, min_delta=0.0):
    kept, last = stop_where(lambda loss, best: loss < best - min_delta, losses, patience, losses[0])
    return max(kept, 1), last


@wrong(STOP, "added to the best")
def stop_with_delta_added(losses, patience, min_delta=0.0):
    return stop_where(lambda loss, best: loss < best + min_delta, losses, patience)


@wrong(STOP, "not worse")
def stop_unless_worse(losses, patience, min_delta=0.0):
    return stop_where(lambda loss, best: not loss > best - min_delta, losses, patience)


@wrong(STOP, told="−∞ is passed over like NaN")
def stop_finite_only(losses, patience, min_delta=0.0):
    best, at = math.inf, 0
    for epoch, loss in enumerate(losses, 1):
        if math.isfinite(loss) and loss < best - min_delta:
            best, at = loss, epoch
        if epoch - at >= patience:
            return at, epoch
    return at, len(losses)


@wrong(STOP)
def stop_infinity_is_the_first_best(losses, patience, min_delta=0.0):
    best, epoch = math.inf, 0
    for now, loss in enumerate(losses, 1):
        if loss < best - min_delta or (now == 1 and loss == math.inf):
            best, epoch = loss, now
        elif now - epoch >= patience:
            return epoch, now
    return epoch, len(losses)


@wrong(STOP)
def stop_that_counts_every_minus_infinity(losses, patience, min_delta=0.0):
    best, best_epoch = math.inf, 0
    for epoch, loss in enumerate(losses, 1):
        if loss < best - min_delta or loss == -math.inf:
            best, best_epoch = loss, epoch
        if epoch - best_epoch >= patience:
            return best_epoch, epoch
    return best_epoch, len(losses)


@wrong(STOP)
def stop_that_begins_at_the_largest_float32(losses, patience, min_delta=0.0):
    best, best_epoch = 3e38, 0
    for epoch, loss in enumerate(losses, 1):
        if loss < best - min_delta:
            best, best_epoch = loss, epoch
        if epoch - best_epoch >= patience:
            return best_epoch, epoch
    return best_epoch, len(losses)


@right(STOP)
def stop_with_tensors(losses, patience, min_delta=0.0):
    best, best_epoch, wait = torch.tensor(float("inf")), 0, 0
    for epoch, loss in enumerate(torch.tensor(losses), 1):
        if loss < best - min_delta:
            best, best_epoch, wait = loss, epoch, 0
        else:
            wait += 1
            if wait >= patience:
                return best_epoch, epoch
    return best_epoch, len(losses)


def _stopped_with(slack, rounded=lambda loss: loss):
    def stop(losses, patience, min_delta=0.0):
        best, at = math.inf, 0
        for epoch, loss in enumerate(map(rounded, losses), 1):
            if loss < best - min_delta - slack:
                best, at = loss, epoch
            elif epoch - at >= patience:
                return at, epoch
        return at, len(losses)

    return stop


@wrong(STOP)
def stop_with_a_slack_of_1e_6(losses, patience, min_delta=0.0):
    return _stopped_with(1e-6)(losses, patience, min_delta)


@wrong(STOP)
def stop_with_a_slack_of_1e_12(losses, patience, min_delta=0.0):
    return _stopped_with(1e-12)(losses, patience, min_delta)


@wrong(STOP)
def stop_after_rounding(losses, patience, min_delta=0.0):
    return _stopped_with(0.0, lambda loss: round(loss, 8) if math.isfinite(loss) else loss)(
        losses, patience, min_delta
    )


# Nothing ever improves, and nothing stops it


@wrong(STOP)
def stop_at_the_last_where_none_improved(losses, patience, min_delta=0.0):
    kept, last = stop_by_counting(losses, patience, min_delta)
    return (kept if last - kept >= patience else kept or last), last


@wrong(STOP)
def stop_at_least_at_the_first(losses, patience, min_delta=0.0):
    kept, last = stop_by_counting(losses, patience, min_delta)
    return (kept if last - kept >= patience else max(kept, 1)), last


# Small gains lost


def _stopped_by(better, losses, patience):
    best, best_epoch = math.inf, 0
    for epoch, loss in enumerate(losses, 1):
        if better(loss, best):
            best, best_epoch = loss, epoch
        if epoch - best_epoch >= patience:
            return best_epoch, epoch
    return best_epoch, len(losses)


@wrong(STOP)
def stop_unless_within_a_ten_millionth(losses, patience, min_delta=0.0):
    return _stopped_by(
        lambda loss, best: loss < best - min_delta and not math.isclose(loss, best - min_delta, rel_tol=1e-7),
        losses,
        patience,
    )


@wrong(STOP)
def stop_unless_close_to_the_limit(losses, patience, min_delta=0.0):
    return _stopped_by(
        lambda loss, best: (
            loss < best - min_delta and not (min_delta and math.isclose(loss, best - min_delta, rel_tol=1e-7))
        ),
        losses,
        patience,
    )


@right(STOP)
def stop_by_the_gain(losses, patience, min_delta=0.0):
    return _stopped_by(lambda loss, best: loss < math.inf and best - loss > min_delta, losses, patience)


@right(STOP)
def stop_by_a_sum(losses, patience, min_delta=0.0):
    return _stopped_by(lambda loss, best: loss + min_delta < best, losses, patience)


@wrong(STOP)
def stop_min_delta_up_to_1(losses, patience, min_delta=0.0):
    return stop_by_counting(losses, patience, min(min_delta, 1.0))
