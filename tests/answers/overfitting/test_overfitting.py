"""Overfitting: the claims hold for any seed, and each falls when its cause is taken away."""

import os
from typing import Any

import pytest
import torch

from answers.kit.augment import Policy
from answers.kit.digits import Split
from answers.overfitting import overfitting as answer
from models.early_stopping import EarlyStopping
from quizcli.demo.device import choose
from quizcli.demo.events import Bars, Claim, Event, Note, Progress, Scalars, encode
from tests.answers import streams
from tests.answers.streams import check_whole, filled, layout_of

pytestmark = pytest.mark.usefixtures("few")
FEW = 3000, 1000
CLAIMS = [
    "wrong-labels-learnt-by-heart",
    "remedies-lower-the-test-error",
    "more-data-helps",
    "remedies-fit-training-data-worse",
    "dropout-hurts-an-underfit-network",
]
SMALL: dict[str, Any] = {**answer.QUICK, "data": "synthetic", "device": "cpu"}


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """The underfit networks do not matter here."""
    monkeypatch.setattr(answer, "SMALL_STEPS", 20)


@pytest.fixture(scope="module")
def events(few: None) -> list[Event]:
    """One run in the quick form, looked at by several tests."""
    return list(answer.demonstrate(**SMALL | {"seed": 6}))


def claims(**settings: Any) -> dict[str, Claim]:
    return streams.claims(list(answer.demonstrate(**(SMALL | settings))))


# What is claimed


def test_every_claim_holds(events: list[Event]) -> None:
    made = streams.claims(events)
    assert list(made) == CLAIMS
    assert all(claim.holds for claim in made.values()), made


@pytest.mark.other_seeds
def test_every_claim_holds_for_another_seed() -> None:
    made = claims(seed=7)
    assert list(made) == CLAIMS
    assert all(claim.holds for claim in made.values()), made


def test_remedies_that_do_nothing_are_found_out(hurried: None, monkeypatch: pytest.MonkeyPatch) -> None:
    runs = answer._runs

    def idle(sets: answer.Sets, *rest: Any) -> dict[str, answer.Run]:
        made = runs(sets._replace(larger=sets.training), 0.0, 0.0, *rest[2:])
        return {name: run._replace(policy=Policy()) for name, run in made.items()}

    monkeypatch.setattr(answer, "_runs", idle)
    monkeypatch.setattr(answer.Run, "turn", lambda *_: None)  # the knobs, too
    monkeypatch.setattr(answer, "PATIENCE", 1000)
    monkeypatch.setattr(EarlyStopping, "_improves", lambda self, metric: True)
    made = claims()
    for name in CLAIMS[1:3]:
        assert made[name].measured == pytest.approx(1.0)
        assert not made[name].holds
    assert made["remedies-fit-training-data-worse"].measured == pytest.approx(0.0)
    assert not made["remedies-fit-training-data-worse"].holds


def test_a_network_without_room_learns_nothing_by_heart(hurried: None) -> None:
    made = claims(hidden=8)
    assert list(made) == ["wrong-labels-learnt-by-heart", "dropout-hurts-an-underfit-network"]
    assert made["wrong-labels-learnt-by-heart"].measured > 10
    assert not made["wrong-labels-learnt-by-heart"].holds


def test_random_labels_alone_are_learnt_by_heart_too(hurried: None) -> None:
    made = claims(noise=1.0)
    assert list(made) == ["wrong-labels-learnt-by-heart"]
    assert made["wrong-labels-learnt-by-heart"].holds


def test_without_dropout_the_small_networks_are_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    underfit = answer._underfit
    monkeypatch.setattr(answer, "_underfit", lambda sets, p, device: underfit(sets, 0.0, device))
    monkeypatch.setattr(answer, "SMALL", 1)
    claim = claims(steps=50)["dropout-hurts-an-underfit-network"]
    assert claim.measured == 1.0
    assert not claim.holds


def test_what_is_not_promised_is_not_claimed_but_said(hurried: None) -> None:
    events = list(answer.demonstrate(**SMALL | {"steps": 60, "p": 0.2}))
    assert streams.claims(events) == {}
    assert Note(text=answer.says("not-promised")) in events


# What it works with


def test_the_sets_are_disjoint_but_for_the_larger_one_and_partly_mislabelled() -> None:
    images = torch.arange(3000, dtype=torch.int64)[:, None]  # each image is its own number
    labels = torch.arange(3000) % 10
    sets = answer._sets(Split(images, labels), Split(images, labels), 500, 0.5)
    training, larger, validation = ({*split.images[:, 0].tolist()} for split in sets[:3])
    assert (len(training), len(larger), len(validation)) == (500, 2500, 500)
    assert training < larger
    assert not larger & validation
    wrong = (sets.training.labels != labels[sets.training.images[:, 0]]).float().mean().item()
    assert sets.wrong == pytest.approx(100 * wrong)
    assert 35 < sets.wrong < 55  # half are drawn at random, and a tenth of those are right
    for share in (0.0, 1.0):
        one = answer._sets(Split(images, labels), Split(images, labels), 500, share).wrong
        assert one == 0 if share == 0 else 85 < one < 95


def test_more_images_than_there_are_become_fewer() -> None:
    images, labels = torch.zeros(600, 784, dtype=torch.uint8), torch.zeros(600, dtype=torch.int64)
    sets = answer._sets(Split(images, labels), Split(images, labels), 8000, 0.2)
    assert [len(split.images) for split in sets[:3]] == [100, 500, 100]


def test_all_runs_begin_with_the_same_weights() -> None:
    images, labels = torch.zeros(600, 784, dtype=torch.uint8), torch.zeros(600, dtype=torch.int64)
    sets = answer._sets(Split(images, labels), Split(images, labels), 100, 0.2)
    runs = answer._runs(sets, 0.5, 3.0, 16, choose("cpu"))
    first = runs[answer.NONE].model.state_dict()
    for run in runs.values():
        assert all(torch.equal(value, first[name]) for name, value in run.model.state_dict().items())


# What is shown


def test_the_stream_is_complete(events: list[Event]) -> None:
    kinds = [type(event) for event in events]
    assert kinds.index(Bars) < kinds.index(Scalars)  # a picture before the first step
    assert filled(events) == layout_of(events)
    check_whole(events)
    progress = [event for event in events if isinstance(event, Progress)]
    assert progress[-1].done == progress[-1].total


def test_the_last_bars_are_what_is_claimed(events: list[Event]) -> None:
    last = {event.panel: event for event in events if isinstance(event, Bars)}
    train, test = ([value for (value,) in last[panel].values] for panel in ("train", "test"))
    made = streams.claims(events)
    assert made["wrong-labels-learnt-by-heart"].measured == train[0]
    assert made["more-data-helps"].measured == pytest.approx(test[-1] / test[0])
    assert len(train) == len(test) == 6


def test_the_training_error_falls_live(events: list[Event]) -> None:
    first = [event.values[0][0] for event in events if isinstance(event, Bars) and event.panel == "train"]
    assert len(first) > 15
    assert first[0] > 80
    assert first[-1] < 2


def test_a_seed_fixes_every_measurement(hurried: None) -> None:
    def bars(seed: int) -> list[bytes]:
        events = answer.demonstrate(**SMALL | {"seed": seed, "steps": 50})
        return [encode(event) for event in events if isinstance(event, Bars)]

    assert bars(5) == bars(5)
    assert bars(5) != bars(6)


@pytest.mark.slow
@pytest.mark.skipif("QUIZCLI_DATA" not in os.environ, reason="needs MNIST in QUIZCLI_DATA")
def test_the_quick_form_keeps_its_promises_on_mnist(whole_sets: None) -> None:
    made = claims(data="mnist", seed=8)
    assert list(made) == CLAIMS
    assert all(claim.holds for claim in made.values()), made
