"""Early stopping: keep the weights that did best on validation data, stop when nothing better comes for long.

Algorithm 7.1 of Goodfellow, Bengio & Courville, "Deep Learning", 2016, section 7.8; how patient to be is the
subject of Prechelt, "Early stopping – but when?", 1998.

    stopper = EarlyStopping(patience=10)
    for epoch in range(epochs):
        train(model)                                 # in train() mode, on training data
        if stopper.step(validate(model), model):     # in eval() mode, on validation data
            break
    stopper.restore(model)                           # also right where the epochs ran out first
"""

import math
from collections.abc import Sequence
from typing import Any, Literal

import torch
from torch import Tensor, nn


def best_and_last_epoch(losses: Sequence[float], patience: int, min_delta: float = 0.0) -> tuple[int, int]:
    """The epoch whose weights are kept, and the last one that is trained, both counted from 1.

    `losses` are those on validation data, epoch by epoch, as far as one would go. Training ends after
    `patience` epochs in a row that are not better than the best by more than `min_delta`. 0 is the best epoch
    where none ever was better than infinity.
    """
    best, best_epoch = math.inf, 0
    for epoch, loss in enumerate(losses, 1):
        if improves(loss, best, min_delta):
            best, best_epoch = loss, epoch
        if epoch - best_epoch >= patience:
            return best_epoch, epoch
    return best_epoch, len(losses)


def improves(loss: float, best: float, min_delta: float) -> bool:
    """Whether a loss is better than the best so far by more than min_delta. NaN never is."""
    return loss < best - min_delta


class EarlyStopping:
    """Counts the measurements in a row without improvement, and says stop after `patience` of them.

    An improvement is a metric better than the best so far by more than `min_delta`. NaN never is one, so a
    diverged run stops, and with the weights it had before. `device` is where the copy of the best weights is
    kept: "cpu" where the accelerator's memory is dear, None for where the model is.
    """

    def __init__(
        self,
        patience: int = 10,
        min_delta: float = 0.0,
        mode: Literal["min", "max"] = "min",
        restore_best: bool = True,
        device: torch.device | str | None = None,
    ) -> None:
        if patience < 1:
            raise ValueError(f"patience must be at least 1, got {patience}")
        if not min_delta >= 0:
            raise ValueError(f"min_delta must not be negative, got {min_delta}")
        if mode not in ("min", "max"):
            raise ValueError(f"mode must be 'min' or 'max', got {mode!r}")
        self.patience = patience
        self.min_delta = min_delta
        self.mode = mode
        self.restore_best = restore_best
        self.device = device
        self.best = math.inf if mode == "min" else -math.inf
        self.best_step = 0  # the measurement that was best, counted from 1; 0 before there is one
        self.steps = 0  # measurements so far
        self.best_weights: dict[str, Any] | None = None

    @property
    def waited(self) -> int:
        """Measurements since the best one."""
        return self.steps - self.best_step

    @property
    def stopped(self) -> bool:
        """Whether patience is at its end."""
        return self.waited >= self.patience

    def step(self, metric: float | Tensor, model: nn.Module | None = None) -> bool:
        """Take in one measurement. True: stop now; `model` then holds the best weights again.

        Without a model, or with restore_best=False, nothing is copied and nothing restored.
        """
        metric = float(metric)
        self.steps += 1
        if self._improves(metric):
            self.best, self.best_step = metric, self.steps
            if model is not None and self.restore_best:
                self.best_weights = self._copy(model)
        if self.stopped and model is not None:
            self.restore(model)
        return self.stopped

    def _improves(self, metric: float) -> bool:
        sign = 1 if self.mode == "min" else -1  # what is to be large, negated, is a loss
        return improves(sign * metric, sign * self.best, self.min_delta)

    def _copy(self, model: nn.Module) -> dict[str, Any]:
        # state_dict() returns the live tensors, which the optimizer goes on changing: without a copy the best
        # weights would always be the latest ones. Buffers, such as BatchNorm's statistics, belong to them.
        return {
            name: value.detach().to(self.device or value.device, copy=True)
            if isinstance(value, Tensor)
            else value
            for name, value in model.state_dict().items()
        }

    def restore(self, model: nn.Module) -> bool:
        """Load the best weights into `model`, wherever it is; False where none have been kept."""
        if self.best_weights is None:
            return False
        model.load_state_dict(self.best_weights)
        return True

    def state_dict(self) -> dict[str, Any]:
        """All that a resumed run needs, for torch.save. The settings are not part of it."""
        return {
            "best": self.best,
            "best_step": self.best_step,
            "steps": self.steps,
            "best_weights": self.best_weights,
        }

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on from what `state_dict` returned."""
        self.best = state_dict["best"]
        self.best_step = state_dict["best_step"]
        self.steps = state_dict["steps"]
        self.best_weights = state_dict["best_weights"]
