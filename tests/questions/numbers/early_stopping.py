"""The numbers of questions/early-stopping.yaml, computed."""

from collections.abc import Callable

import torch
from torch.optim.lr_scheduler import ReduceLROnPlateau

from models.early_stopping import EarlyStopping, best_and_last_epoch


def patience() -> float:
    """The best epoch at the moment when three in a row have brought no new best."""
    stopper = EarlyStopping(patience=3)
    for loss in (0.90, 0.70, 0.60, 0.62, 0.59, 0.61, 0.60, 0.63, 0.58):
        if stopper.step(loss):
            break
    return stopper.best_step


def lr_plateau() -> float:
    """Epochs trained with less than the full learning rate, by PyTorch's scheduler and our stopper."""
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    scheduler, stopper = ReduceLROnPlateau(optimizer, patience=5), EarlyStopping(patience=10)
    reduced = 0
    for epoch in range(1, 100):
        if optimizer.param_groups[0]["lr"] < 1.0:
            reduced += 1
        loss = 1.0 + abs(epoch - 20) / 100
        scheduler.step(loss)
        if stopper.step(loss):
            return reduced
    raise AssertionError("never stopped")


def min_delta() -> float:
    """The smallest patience that lasts to the end of a steadily falling loss."""
    losses = [1 - 0.0004 * epoch for epoch in range(1000)]
    return next(n for n in range(1, 100) if best_and_last_epoch(losses, n, 0.001)[1] == len(losses))


NUMBERS: dict[str, Callable[[], float]] = {
    "early-stopping-patience": patience,
    "early-stopping-lr-plateau": lr_plateau,
    "early-stopping-min-delta": min_delta,
}
