"""Dropout, unit by unit: the claims hold for any seed, and each falls when its cause is taken away."""

import inspect
import re
from collections.abc import Iterator
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from answers.dropout.dropout import demo as answer
from answers.kit.errors import Errors
from models.dropout import Dropout
from quizcli.demo.events import (
    Bars,
    Claim,
    Event,
    Heatmap,
    Note,
    Points,
    Progress,
)
from tests.answers import streams
from tests.answers.seeds import seeds
from tests.answers.streams import check_repeats, check_whole, numbers, seconds

OF_THE_LAYER = [
    "mean-kept",
    "survivors-scaled",
    "variance-grows",
    "eval-is-identity",
    "scaling-twice-is-wrong",
]
GAP = "dropout-narrows-the-gap"


def run(**settings: Any) -> list[Event]:
    """The quick form without the fit's last claim, unless `steps` asks for it."""
    return list(answer.demonstrate(**(answer.QUICK | {"steps": 50} | settings)))


def claims(**settings: Any) -> dict[str, Claim]:
    return streams.claims(run(**settings))


def fallen(**settings: Any) -> set[str]:
    return streams.fallen(run(**settings))


@pytest.mark.parametrize("seed", seeds(0, 1, 2))
def test_every_claim_holds(seed: int) -> None:
    measured = claims(seed=seed, steps=answer.QUICK["steps"])
    assert list(measured) == [*OF_THE_LAYER, GAP]
    assert all(claim.holds for claim in measured.values())
    assert measured[GAP].measured < 0.9


@pytest.mark.parametrize("p", [0.001, 0.1, 0.3, 0.75, 0.95])
@pytest.mark.parametrize("size", [{"units": 32, "trials": 100}, {"units": 512, "trials": 1000}], ids=str)
def test_every_claim_of_the_layer_holds_at_any_rate_and_size(p: float, size: dict[str, int]) -> None:
    measured = claims(p=p, **size)
    assert list(measured) == OF_THE_LAYER
    assert all(claim.holds for claim in measured.values())


def test_with_nothing_dropped_there_is_less_to_claim() -> None:
    assert list(claims(p=0.0)) == ["mean-kept", "survivors-scaled", "eval-is-identity"]
    assert fallen(p=0.0) == set()
    note = run(p=0.0)[-1]
    assert isinstance(note, Note)
    assert "nobody is dropped" in note.text["en"]


@pytest.mark.parametrize(
    ("settings", "said"),
    [({"p": 0.05, "steps": 300}, "p = 0.05"), ({"p": 0.5, "steps": 299}, "299 steps")],
    ids=str,
)
def test_too_little_is_not_claimed_but_said(settings: dict[str, Any], said: str) -> None:
    events = run(**settings)
    assert GAP not in [event.id for event in events if isinstance(event, Claim)]
    assert any(isinstance(event, Note) and said in event.text["en"] for event in events)


def test_a_rate_at_which_nothing_is_fitted_is_no_proof() -> None:
    events = run(p=0.9, steps=300)
    assert GAP not in [event.id for event in events if isinstance(event, Claim)]
    notes = [event.text["en"] for event in events if isinstance(event, Note)]
    assert any("does not even fit" in note for note in notes)


class KeepsAll(Dropout):
    def forward(self, x: Tensor) -> Tensor:
        return x


class Gaussian(Dropout):
    """Noise of the right mean and variance that drops nobody."""

    def forward(self, x: Tensor) -> Tensor:
        if not self.training:
            return x
        spread: float = (self.p / (1 - self.p)) ** 0.5
        return x * (1 + spread * torch.randn(x.shape, generator=self.generator))


class SameMaskAlways(Dropout):
    def forward(self, x: Tensor) -> Tensor:
        if not self.training:
            return x
        return x * (torch.arange(x.shape[-1]) % 2) / (1 - self.p)


class ShrinksInEvaluation(Dropout):
    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x) if self.training else x * (1 - self.p)


class NeverEvaluates(Dropout):
    def forward(self, x: Tensor) -> Tensor:
        self.training = True
        return super().forward(x)


class WrongRate(Dropout):
    """Drops twice as rarely as it says."""

    def __init__(self, p: float, generator: torch.Generator) -> None:
        super().__init__(p / 2, generator)


BROKEN: list[tuple[type[Dropout], set[str]]] = [
    (KeepsAll, {"survivors-scaled", "variance-grows"}),
    (Gaussian, {"survivors-scaled"}),
    (SameMaskAlways, {"variance-grows"}),
    (answer.Unscaled, {"mean-kept", "survivors-scaled", "variance-grows", "scaling-twice-is-wrong"}),
    (ShrinksInEvaluation, {"eval-is-identity", "scaling-twice-is-wrong"}),
    (NeverEvaluates, {"eval-is-identity"}),
    (WrongRate, {"survivors-scaled", "variance-grows"}),
]


@pytest.mark.parametrize(("broken", "expected"), BROKEN, ids=lambda value: getattr(value, "__name__", ""))
def test_a_broken_dropout_is_caught(
    monkeypatch: pytest.MonkeyPatch, broken: type[Dropout], expected: set[str]
) -> None:
    monkeypatch.setattr(answer, "Dropout", broken)
    assert expected <= fallen()


def test_without_dropout_in_the_network_the_gap_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answer, "Dropout", KeepsAll)
    gap = claims(steps=300)[GAP]
    assert gap.measured == pytest.approx(1.0, abs=1e-3)
    assert not gap.holds


def test_the_mistakes_one_can_make_on_purpose() -> None:
    assert fallen(mistake="no-scaling") == set(OF_THE_LAYER) - {"eval-is-identity"}
    assert "eval-is-identity" in fallen(mistake="forgot-eval")


def test_predictions_tremble_only_where_eval_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    trembling = claims(mistake="forgot-eval")["predictions-tremble-without-eval"]
    assert trembling.holds
    assert trembling.measured == pytest.approx(1.0, abs=0.05)
    monkeypatch.setattr(answer, "Dropout", KeepsAll)
    assert "predictions-tremble-without-eval" in fallen(mistake="forgot-eval")


def test_unscaled_survivors_break_what_was_learnt() -> None:
    gap = claims(mistake="no-scaling", steps=300)[GAP]
    assert gap.measured > 1  # in evaluation the last layer receives twice what it was trained on


def heatmaps(panel: str, **settings: Any) -> Iterator[Tensor]:
    for event in run(**settings):
        if isinstance(event, Heatmap) and event.panel == panel:
            values = numbers(event.values)
            yield values.reshape(event.values.shape)


def test_dropped_units_leave_empty_cells_and_come_back_in_evaluation() -> None:
    frames = list(heatmaps("units", p=0.5, units=288))
    assert {tuple(frame.shape) for frame in frames} == {(12, 24)}
    training, evaluation = frames[:-10], frames[-10:]
    assert all(0.3 < frame.isnan().double().mean() < 0.7 for frame in training)
    assert len({frame.isnan().numpy().tobytes() for frame in training}) == len(training)
    assert all(torch.equal(frame, evaluation[0]) for frame in evaluation)
    survivors = ~training[0].isnan()
    torch.testing.assert_close(training[0][survivors], 2 * evaluation[0][survivors])


@given(units=st.integers(32, 512))
@settings(max_examples=50, deadline=None)
def test_any_number_of_units_fills_a_grid_that_a_small_panel_can_draw(units: int) -> None:
    x = answer._activations(units)
    assert x.min() > 0  # so that zero means dropped
    assert x.max() <= 1.6
    event = answer._layer_picture("units", x, 1.0, {}, {})
    rows, columns = event.values.shape
    assert rows <= 17
    assert columns <= 32
    assert units <= rows * columns < units + columns


def test_the_bell_gathers_all_passes() -> None:
    bars = [event for event in run(p=0.3) if isinstance(event, Bars)]
    for event in bars:
        assert sum(share for (share,) in event.values) == pytest.approx(100, abs=1e-3)
        assert event.labels[3] == "eval 1.00"
    shares = [share for (share,) in bars[-1].values]
    assert max(shares) == shares[3]


@pytest.mark.parametrize("p", [0.0, 0.5])
@pytest.mark.parametrize("mistake", ["none", "no-scaling", "forgot-eval"])
def test_the_stream_is_complete(p: float, mistake: str) -> None:
    events = run(p=p, mistake=mistake)
    check_whole(events)
    done = [event.done for event in events if isinstance(event, Progress)]
    assert done == sorted(done)
    assert done[0] == 0
    assert done[-1] == (1 if p > 0 else pytest.approx(4 / 7))  # nothing dropped: there is no fit


def test_the_picture_of_the_fit_holds_the_points_and_both_curves() -> None:
    points = [event for event in run() if isinstance(event, Points)]
    assert len(points) == 25
    for event in points:
        assert event.xy.shape == (len(event.groups), 2)
        assert [event.groups.count(group) for group in range(3)] == [24, 120, 120]
        assert event.group_names == ("y", "p = 0", "p = 0.5")


def test_a_run_repeats_itself_and_leaves_the_global_generator_alone() -> None:
    check_repeats(run)


def test_it_takes_as_long_as_a_person_can_watch() -> None:
    assert 4 < seconds(run(steps=inspect.signature(answer.demonstrate).parameters["steps"].default)) < 12


@pytest.mark.parametrize("dropped", [Errors(0.23, 0.30), Errors(4.82, 6.12)])
def test_what_is_said_of_a_network_that_does_not_fit_holds_whichever_way_the_gap_goes(
    dropped: Errors,
) -> None:
    note = answer._gap_claim(Errors(0.0, 0.27), dropped, 0.8, 600, "none")
    assert isinstance(note, Note)
    assert "narrow" not in note.text["en"]
    assert "says nothing about overfitting" in note.text["en"]
    assert f"{dropped.train:.2f}，不用 Dropout 时为 0.00：" in note.text["zh"]


@pytest.mark.parametrize(
    ("mistake", "en", "zh"),
    [
        ("none", "does not even fit its training data", "连训练数据都没拟合好"),
        ("no-scaling", "receives 5 times what it was trained on", "收到的值是训练时的 5 倍"),
        ("forgot-eval", "while its units go on blinking", "还在随机熄灭神经元"),
    ],
)
def test_a_large_error_is_put_down_to_the_mistake_that_was_made(mistake: str, en: str, zh: str) -> None:
    notes = [event for event in run(p=0.8, steps=300, mistake=mistake) if isinstance(event, Note)]
    said, *_ = [note.text for note in notes if "the training error is" in note.text["en"]]
    assert en in said["en"]
    assert zh in said["zh"]
    assert ("does not even fit" in said["en"]) == (mistake == "none")
    assert ("没拟合好" in said["zh"]) == (mistake == "none")


@pytest.mark.parametrize("mistake", ["no-scaling", "forgot-eval"])
def test_the_error_of_a_mistake_is_not_that_of_the_network(mistake: str) -> None:
    """Without it the error is far smaller, so that it is no underfitting."""
    plain, mistaken = (errors(p=0.8, mistake=each) for each in ("none", mistake))
    assert mistaken > 1.5 * plain


def errors(**settings: Any) -> float:
    """The training error that the note of a high rate names."""
    texts = [event.text["en"] for event in run(steps=300, **settings) if isinstance(event, Note)]
    (found,) = [
        re.search(r"training error is ([\d.]+),", text) for text in texts if "training error is" in text
    ]
    assert found
    return float(found[1])
