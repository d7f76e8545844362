"""Early stopping: the claims hold for any seed, and each falls when its cause is taken away."""

from typing import Any

import pytest
import torch
from torch import nn

from answers.early_stopping import early_stopping as answer
from answers.kit.noisy_sine import Examples
from models.early_stopping import EarlyStopping
from quizcli.demo.events import Claim, Event, Note, Points, Progress, Scalars
from tests.answers import streams
from tests.answers.seeds import seeds
from tests.answers.streams import check_repeats, check_whole, filled, layout_of

OF_THE_STOPPER = ["best-weights-are-restored", "state-dict-is-no-copy"]
OF_THE_RUN = ["restored-beats-last", "first-rise-is-too-early", "training-loss-does-not-tell"]


def run(**settings: Any) -> list[Event]:
    return list(answer.demonstrate(**settings))


def claims(**settings: Any) -> dict[str, Claim]:
    return streams.claims(run(**settings))


def fallen(**settings: Any) -> set[str]:
    return streams.fallen(run(**settings))


@pytest.mark.parametrize("seed", seeds(10, 11, 12))
def test_every_claim_holds(seed: int) -> None:
    made = claims(seed=seed)
    assert list(made) == OF_THE_STOPPER + OF_THE_RUN
    assert all(claim.holds for claim in made.values()), made


@pytest.mark.parametrize(
    "settings",
    [{"patience": 1}, {"batch": 40}, {"min_delta": 0.1}, {"patience": 500}, {"epochs": 299}],
    ids=str,
)
def test_what_is_not_promised_is_not_claimed_but_said(settings: dict[str, Any]) -> None:
    events = run(**({"epochs": 30} | settings))
    made = {event.id: event for event in events if isinstance(event, Claim)}
    assert list(made) == OF_THE_STOPPER
    assert all(claim.holds for claim in made.values()), made
    assert Note(text=answer.says("not-promised")) in events


@pytest.mark.parametrize("mistake", ["no-copy", "no-restore"])
@pytest.mark.parametrize("seed", seeds(0, 1, 2))
def test_the_mistakes_one_can_make_on_purpose(mistake: str, seed: int) -> None:
    made = claims(mistake=mistake, seed=seed, epochs=150)
    assert not made["best-weights-are-restored"].holds
    assert made["unrestored-weights-are-worse"].holds


def test_restored_weights_are_no_worse(monkeypatch: pytest.MonkeyPatch) -> None:
    stopper = answer._stopper
    monkeypatch.setattr(answer, "_stopper", lambda patience, delta, mistake: stopper(patience, delta, "none"))
    claim = claims(mistake="no-restore", epochs=150)["unrestored-weights-are-worse"]
    assert claim.measured == pytest.approx(1.0, abs=1e-6)
    assert not claim.holds


def test_a_state_dict_that_copies_would_be_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    state_dict = nn.Module.state_dict

    def copying(self: nn.Module, *arguments: Any, **named: Any) -> dict[str, torch.Tensor]:
        return {name: value.clone() for name, value in state_dict(self, *arguments, **named).items()}

    monkeypatch.setattr(nn.Module, "state_dict", copying)
    assert fallen(epochs=100) == {"state-dict-is-no-copy"}


class StopsWithTheLast(EarlyStopping):
    """Takes every epoch for the best."""

    def _improves(self, metric: float) -> bool:
        return True


def test_a_stopper_that_takes_the_last_weights_gains_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answer, "EarlyStopping", StopsWithTheLast)
    made = claims()
    assert made["restored-beats-last"].measured == pytest.approx(1.0)
    assert not made["restored-beats-last"].holds
    assert not made["training-loss-does-not-tell"].holds
    assert not made["best-weights-are-restored"].holds


def test_on_a_curve_without_noise_the_first_rise_is_the_right_place(monkeypatch: pytest.MonkeyPatch) -> None:
    error = answer.error
    curve = iter(range(10_000))

    def smooth(model: nn.Module, split: Examples) -> float:
        if len(split.x) != answer.VALIDATION:
            return error(model, split)
        return abs(next(curve) - 40.0)

    monkeypatch.setattr(answer, "error", smooth)
    made = claims()
    assert made["first-rise-is-too-early"].measured == 1.0
    assert not made["first-rise-is-too-early"].holds


@pytest.mark.parametrize("mistake", ["none", "no-copy", "no-restore"])
def test_the_stream_is_complete(mistake: str) -> None:
    events = run(mistake=mistake, epochs=60, patience=5)
    assert isinstance(events[1], Points)  # a picture before the first step
    assert filled(events) == layout_of(events)
    check_whole(events)
    progress = [event for event in events if isinstance(event, Progress)]
    assert progress[-1].done == progress[-1].total == 60
    assert "stopped at" in progress[-1].text["en"]


def test_the_best_so_far_falls_until_the_stop_and_ends_there() -> None:
    scalars = [event for event in run() if isinstance(event, Scalars)]
    best = [event.values["best"] for event in scalars if "best" in event.values]
    assert best == sorted(best, reverse=True)
    assert 30 < len(best) < len(scalars) == 300
    assert best[-1] == best[-31]  # a patience of 30
    assert min(event.values["validation"] for event in scalars[: len(best)]) == best[-1]


def test_the_run_goes_on_as_if_nobody_had_watched() -> None:
    def losses(patience: int) -> list[float]:
        events = run(patience=patience, epochs=60)
        return [event.values["train"] for event in events if isinstance(event, Scalars)]

    assert losses(1) == losses(500)


def test_a_run_repeats_itself_and_leaves_the_global_generator_alone() -> None:
    check_repeats(run, seed=3, epochs=40)
