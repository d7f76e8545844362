"""The stopper on any sequence of metrics, against a plain search and PyTorch's own count of bad epochs."""

import io
import math
from typing import Literal

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from models.early_stopping import EarlyStopping, best_and_last_epoch

metrics = st.lists(
    st.one_of(st.integers(-4, 4).map(float), st.floats(allow_nan=True, allow_infinity=True)), max_size=30
)
modes = st.sampled_from(["min", "max"])


class Weight(nn.Module):
    """A model whose only weight says which epoch it is from."""

    def __init__(self) -> None:
        super().__init__()
        self.epoch = nn.Parameter(torch.zeros(()))

    def train_one_epoch(self) -> None:
        with torch.no_grad():
            self.epoch.add_(1)  # in place, as optimizers do


def run(stopper: EarlyStopping, sequence: list[float]) -> tuple[int | None, float]:
    """The epoch of the stop (None: ran to the end), and the epoch whose weights the model holds then."""
    model = Weight()
    for epoch, metric in enumerate(sequence, 1):
        model.train_one_epoch()
        if stopper.step(metric, model):
            return epoch, model.epoch.item()
    return None, model.epoch.item()


def test_the_example_of_the_question_bank() -> None:
    losses = [0.90, 0.70, 0.60, 0.62, 0.59, 0.61, 0.60, 0.63, 0.58]
    stopper = EarlyStopping(patience=3)
    assert run(stopper, losses) == (8, 5)
    assert (stopper.best, stopper.best_step, stopper.waited, stopper.stopped) == (0.59, 5, 3, True)
    assert run(EarlyStopping(patience=1), losses) == (4, 3)
    assert run(EarlyStopping(patience=3, restore_best=False), losses) == (8, 8)
    assert run(EarlyStopping(patience=5), losses) == (None, 9)


def test_min_delta_asks_for_more_than_a_little() -> None:
    creeping = [1.0, 0.99, 0.98, 0.97, 0.96]
    assert run(EarlyStopping(patience=2), creeping) == (None, 5)
    assert run(EarlyStopping(patience=2, min_delta=0.05), creeping) == (3, 1)
    assert run(EarlyStopping(patience=4, min_delta=0.035), creeping) == (None, 5)


@given(sequence=metrics, patience=st.integers(1, 6), min_delta=st.sampled_from([0.0, 0.5, 2.0]), mode=modes)
@settings(max_examples=400, deadline=None)
def test_it_stops_where_pytorch_would_lower_the_learning_rate(
    sequence: list[float], patience: int, min_delta: float, mode: Literal["min", "max"]
) -> None:
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    # ReduceLROnPlateau acts when there have been *more* than `patience` bad epochs.
    plateau = torch.optim.lr_scheduler.ReduceLROnPlateau(
        optimizer, mode, patience=patience - 1, threshold=min_delta, threshold_mode="abs"
    )
    expected = None
    for epoch, metric in enumerate(sequence, 1):
        plateau.step(metric)
        if optimizer.param_groups[0]["lr"] < 1:
            expected = epoch
            break
    assert run(EarlyStopping(patience, min_delta, mode), sequence)[0] == expected


@given(sequence=metrics, patience=st.integers(1, 6), mode=modes)
@settings(max_examples=400, deadline=None)
def test_the_model_ends_with_the_weights_of_the_first_best_epoch(
    sequence: list[float], patience: int, mode: Literal["min", "max"]
) -> None:
    stopper = EarlyStopping(patience, mode=mode)
    stop, held = run(stopper, sequence)
    seen = sequence[:stop]
    worst = math.inf if mode == "min" else -math.inf
    good = [metric for metric in seen if not math.isnan(metric) and metric != worst]
    assert stopper.steps == len(seen)
    if not good:
        assert (stopper.best_step, stopper.best_weights) == (0, None)
        assert held == len(seen)  # nothing was good enough to go back to
        return
    best = min(good) if mode == "min" else max(good)
    assert stopper.best == best
    assert stopper.best_step == seen.index(best) + 1
    assert (stop is None) == (stopper.waited < patience)
    if stop is not None:
        assert held == stopper.best_step


@given(sequence=metrics, patience=st.integers(1, 6), mode=modes)
@settings(max_examples=200, deadline=None)
def test_the_two_modes_are_mirror_images(
    sequence: list[float], patience: int, mode: Literal["min", "max"]
) -> None:
    other: Literal["min", "max"] = "max" if mode == "min" else "min"
    mirrored = [-metric for metric in sequence]
    assert run(EarlyStopping(patience, mode=mode), sequence) == run(
        EarlyStopping(patience, mode=other), mirrored
    )


@given(sequence=metrics, patience=st.integers(1, 5))
@settings(max_examples=100, deadline=None)
def test_more_patience_never_ends_with_a_worse_metric(sequence: list[float], patience: int) -> None:
    hasty, calm = EarlyStopping(patience), EarlyStopping(patience + 1)
    run(hasty, sequence)
    run(calm, sequence)
    assert calm.steps >= hasty.steps
    assert calm.best <= hasty.best


@given(sequence=metrics, cut=st.integers(0, 30), patience=st.integers(1, 6))
@settings(max_examples=100, deadline=None)
def test_a_saved_stopper_goes_on_as_if_nothing_had_happened(
    sequence: list[float], cut: int, patience: int
) -> None:
    whole, first = EarlyStopping(patience), EarlyStopping(patience)
    expected = run(whole, sequence)
    model = Weight()
    stopped = None
    stopper = first
    for epoch, metric in enumerate(sequence, 1):
        if epoch - 1 == cut:
            file = io.BytesIO()
            torch.save(stopper.state_dict(), file)
            file.seek(0)
            stopper = EarlyStopping(patience)
            stopper.load_state_dict(torch.load(file, weights_only=True))
        model.train_one_epoch()
        if stopper.step(metric, model):
            stopped = epoch
            break
    assert (stopped, model.epoch.item()) == expected
    assert (stopper.best_step, stopper.steps) == (whole.best_step, whole.steps)


def test_a_diverged_run_stops_with_the_weights_it_had_before() -> None:
    assert run(EarlyStopping(patience=3), [0.5, 0.4, math.nan, math.nan, math.nan, 0.1]) == (5, 2)
    assert run(EarlyStopping(patience=2), [math.nan, math.nan]) == (2, 2)
    assert run(EarlyStopping(patience=2), [math.nan, 0.5, math.nan, math.nan]) == (4, 2)


def test_the_best_weights_are_a_copy_with_buffers_and_dtypes() -> None:
    model = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Linear(4, 2).double())
    stopper = EarlyStopping(patience=1, device="cpu")
    before = {name: value.clone() for name, value in model.state_dict().items()}
    assert not stopper.step(torch.tensor(1.0), model)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(1)
        model[:2](torch.randn(8, 3))  # moves BatchNorm's running statistics
    assert any(not torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert stopper.step(2.0, model)
    for name, value in model.state_dict().items():
        assert torch.equal(value, before[name])
        assert value.dtype == before[name].dtype


def test_after_the_last_epoch_the_best_weights_can_be_had_too() -> None:
    model, stopper = Weight(), EarlyStopping(patience=9)
    assert not stopper.restore(model)
    for metric in (2.0, 1.0, 3.0):
        model.train_one_epoch()
        assert not stopper.step(metric, model)
    assert model.epoch.item() == 3
    assert stopper.restore(model)
    assert model.epoch.item() == 2


def test_without_a_model_it_only_counts() -> None:
    stopper = EarlyStopping(patience=2)
    assert [stopper.step(metric) for metric in (1.0, 2.0, 0.5, 0.6, 0.7)] == [False] * 4 + [True]
    assert stopper.best_weights is None
    assert not EarlyStopping().stopped


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"patience": 0}, "patience must be at least 1"),
        ({"min_delta": -0.1}, "min_delta must not be negative"),
        ({"min_delta": math.nan}, "min_delta must not be negative"),
        ({"mode": "auto"}, "mode must be 'min' or 'max'"),
    ],
    ids=str,
)
def test_wrong_settings_are_named(wrong: dict[str, object], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        EarlyStopping(**wrong)  # type: ignore[arg-type]


@given(sequence=metrics, patience=st.integers(1, 6), min_delta=st.sampled_from([0.0, 0.5, 1.0]))
@settings(max_examples=200, deadline=None)
def test_the_function_stops_where_the_stopper_does(
    sequence: list[float], patience: int, min_delta: float
) -> None:
    stopper = EarlyStopping(patience, min_delta)
    for metric in sequence:
        if stopper.step(metric):
            break
    assert best_and_last_epoch(sequence, patience, min_delta) == (stopper.best_step, stopper.steps)
