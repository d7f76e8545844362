"""Early stopping that looks over the shoulder of a run without ending it."""

from copy import deepcopy

from torch import nn

from models.early_stopping import EarlyStopping


class Watcher:
    """A stopper with a model of its own, which is that of the run until it stops: the run can then go on."""

    def __init__(self, stopper: EarlyStopping, model: nn.Module) -> None:
        self.stopper = stopper
        self.model = deepcopy(model)

    def look(self, metric: float, model: nn.Module) -> None:
        """One more measurement of the run."""
        if self.stopper.stopped:
            return
        self.model.load_state_dict(model.state_dict())
        self.stopper.step(metric, self.model)

    def kept(self) -> nn.Module:
        """A model with the best weights so far, or with the latest ones where none are restored."""
        model = deepcopy(self.model)
        self.stopper.restore(model)
        return model
