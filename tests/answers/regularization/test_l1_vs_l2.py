"""L1 against L2: the claims hold for any seed, and each falls when its cause is taken away."""

from typing import Any

import pytest
import torch
from torch import Tensor

from answers.regularization import l1_vs_l2 as answer
from quizcli.demo.events import Claim, Event, Heatmap, Note, Progress
from tests.answers import streams
from tests.answers.seeds import seeds
from tests.answers.streams import check_repeats, check_whole, filled, layout_of, numbers

CLAIMS = [
    "autograd-l1-leaves-no-zeros",
    "proximal-l1-finds-the-zeros",
    "zeros-are-where-the-pull-is-weak",
    "l2-shrinks-without-zeros",
    "sgd-l2-is-weight-decay",
    "adam-l2-is-not-weight-decay",
    "adamw-decays-all-alike",
]


def run(**settings: Any) -> list[Event]:
    return list(answer.demonstrate(**(answer.QUICK | {"steps": 200} | settings)))


def claims(**settings: Any) -> dict[str, Claim]:
    return streams.claims(run(**settings))


def fallen(**settings: Any) -> set[str]:
    return streams.fallen(run(**settings))


@pytest.mark.parametrize("seed", seeds(5, 6, 7, 8))
def test_every_claim_holds(seed: int) -> None:
    made = claims(seed=seed)
    assert list(made) == CLAIMS
    assert all(claim.holds for claim in made.values()), made


@pytest.mark.parametrize("lam", [0.1, 0.4])
@pytest.mark.parametrize("lr", [0.05, 0.2])
def test_every_claim_holds_at_the_edges_of_the_settings(lam: float, lr: float) -> None:
    made = claims(lam=lam, lr=lr)
    assert list(made) == CLAIMS
    assert all(claim.holds for claim in made.values()), made


def test_what_is_not_promised_is_not_claimed_but_said() -> None:
    for settings in ({"lam": 0.05}, {"lam": 2.0, "lr": 0.2}, {"lr": 0.01}):
        events = run(**settings)
        made = {event.id: event for event in events if isinstance(event, Claim)}
        assert "proximal-l1-finds-the-zeros" not in made
        assert all(claim.holds for claim in made.values()), made
        assert any(isinstance(event, Note) and "is claimed for" in event.text["en"] for event in events)


def test_the_mistake_one_can_make_on_purpose() -> None:
    for seed in range(3):
        made = claims(mistake="threshold-without-lr", seed=seed)
        assert {id_ for id_, claim in made.items() if not claim.holds} == set(CLAIMS[1:3])
        assert made["too-large-a-threshold-zeros-needed-weights"].measured == 10


def test_the_right_threshold_zeros_none_of_the_needed_weights(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answer, "_threshold", lambda _recipe, lam: lam)
    claim = claims(mistake="threshold-without-lr")["too-large-a-threshold-zeros-needed-weights"]
    assert claim.measured == 0
    assert not claim.holds


def test_autograd_that_steps_proximally_makes_zeros(monkeypatch: pytest.MonkeyPatch) -> None:
    runs = answer._runs

    def swapped(start: Tensor, lr: float) -> dict[str, answer.Run]:
        made = runs(start, lr)
        return made | {answer.AUTOGRAD: made[answer.PROXIMAL], answer.PROXIMAL: made[answer.AUTOGRAD]}

    monkeypatch.setattr(answer, "_runs", swapped)
    made = claims()
    assert {id_ for id_, claim in made.items() if not claim.holds} == set(CLAIMS[:3])
    assert made["autograd-l1-leaves-no-zeros"].measured == 90
    assert made["proximal-l1-finds-the-zeros"].measured == 10  # the needed ones: not 0, and rightly so


def test_without_weight_decay_nothing_shrinks(monkeypatch: pytest.MonkeyPatch) -> None:
    runs = answer._runs

    def plain(start: Tensor, lr: float) -> dict[str, answer.Run]:
        made = runs(start, lr)
        return made | {answer.L2: made[answer.L2]._replace(option="")}

    monkeypatch.setattr(answer, "_runs", plain)
    assert fallen() == {"l2-shrinks-without-zeros", "sgd-l2-is-weight-decay"}


def test_a_penalty_without_the_half_is_not_weight_decay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answer, "l2_penalty", lambda ws: sum(w.square().sum() for w in ws))
    assert fallen() == {"sgd-l2-is-weight-decay"}


def test_adam_and_adamw_cannot_be_mistaken_for_one_another(monkeypatch: pytest.MonkeyPatch) -> None:
    adam, adamw = torch.optim.Adam, torch.optim.AdamW
    monkeypatch.setattr(torch.optim, "Adam", adamw)
    assert fallen() == {"adam-l2-is-not-weight-decay"}
    monkeypatch.setattr(torch.optim, "Adam", adam)
    monkeypatch.setattr(torch.optim, "AdamW", adam)
    assert fallen() == {"adamw-decays-all-alike"}


def test_exact_zeros_are_empty_cells() -> None:
    frames = [event for event in run() if isinstance(event, Heatmap)]
    assert {frame.values.shape for frame in frames} == {(5, 60)}
    empty = [numbers(frame.values).view(5, 60).isnan().sum(1).tolist() for frame in frames]
    assert empty[0] == [50, 0, 0, 0, 0]
    assert empty[-1] == [50, 0, 0, 0, 50]
    assert [row[-1] for row in empty] != sorted([row[-1] for row in empty], reverse=True)
    assert frames[-1].y_ticks[-1] == {"en": "L1 proximal 90", "zh": "L1 近端步 90"}


@pytest.mark.parametrize("mistake", ["none", "threshold-without-lr"])
def test_the_stream_is_complete(mistake: str) -> None:
    events = run(mistake=mistake)
    assert isinstance(events[2], Heatmap)  # a picture before an optimizer is built
    assert filled(events) == layout_of(events)
    check_whole(events)
    progress = [event for event in events if isinstance(event, Progress)]
    assert all(event.done <= event.total for event in progress)
    assert progress[-1].done == progress[-1].total


def test_without_a_penalty_all_runs_are_one() -> None:
    events = run(lam=0.0)
    last = [event for event in events if isinstance(event, Heatmap)][-1]
    rows = numbers(last.values).view(5, 60)[1:]
    torch.testing.assert_close(rows, rows[:1].expand_as(rows))
    assert isinstance(events[-1], Note)
    assert "λ = 0" in events[-1].text["en"]


def test_a_run_repeats_itself_and_leaves_the_global_generator_alone() -> None:
    check_repeats(run, seed=3)
