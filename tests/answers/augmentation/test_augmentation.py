"""Augmentation: the moves are torchvision's, the claims hold, and each falls when its cause is taken away."""

import copy
import math
import os
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torchvision.transforms.v2 import InterpolationMode
from torchvision.transforms.v2 import functional as theirs

from answers.augmentation import augmentation as answer
from answers.kit.augment import Policy, affine, augment, turned
from quizcli.demo.events import Claim, Event, Images, Note, Progress, Scalars
from tests.answers import streams
from tests.answers.seeds import seeds
from tests.answers.streams import check_whole, filled, layout_of, numbers

pytestmark = pytest.mark.usefixtures("few")
FEW = 6000, 1000  # so that the judge can learn from them
CLAIMS = ["moves-lower-the-test-error", "moves-narrow-the-gap", "flips-hurt", "turned-six-is-a-nine"]
SMALL: dict[str, Any] = {**answer.QUICK, "data": "synthetic", "device": "cpu", "n": 500}


def run(**settings: Any) -> list[Event]:
    return list(answer.demonstrate(**(SMALL | settings)))


def claims(**settings: Any) -> dict[str, Claim]:
    return streams.claims(run(**settings))


def fallen(**settings: Any) -> set[str]:
    return streams.fallen(run(**settings))


# The moves


@pytest.mark.parametrize("angle", [0.0, 15.0, -40.0, 180.0])
@pytest.mark.parametrize(("right", "down", "scale"), [(0, 0, 1.0), (3, -2, 1.0), (-1, 4, 0.8), (2, 2, 1.2)])
def test_a_move_is_torchvisions(angle: float, right: int, down: int, scale: float) -> None:
    images = torch.rand(3, 28, 28)
    expected = theirs.affine(
        images, angle, [right, down], scale, [0.0, 0.0], interpolation=InterpolationMode.BILINEAR
    )
    one = torch.ones(3)
    moved = affine(images, one * math.radians(angle), one * scale, one, one * right, one * down)
    torch.testing.assert_close(moved, expected, rtol=1e-4, atol=1e-4)
    if (right, down, scale) == (0, 0, 1.0):
        torch.testing.assert_close(turned(images, angle), moved)


def test_a_flip_is_a_flip_and_comes_before_the_move() -> None:
    images, one = torch.rand(2, 28, 28), torch.ones(2)
    flipped = affine(images, 0 * one, one, -one, 0 * one, 0 * one)
    torch.testing.assert_close(flipped, images.flip(-1), rtol=1e-4, atol=1e-4)
    moved = affine(images, 0.3 * one, one, -one, 2 * one, one)
    torch.testing.assert_close(
        moved, affine(images.flip(-1), 0.3 * one, one, one, 2 * one, one), rtol=1e-3, atol=1e-3
    )


def test_every_picture_has_a_draw_of_its_own_within_the_policy() -> None:
    point = torch.zeros(200, 28, 28)
    point[:, 14, 14] = 1.0
    moved = augment(point, Policy(shift=2.0))
    assert len({picture.numpy().tobytes() for picture in moved}) == 200
    rows, columns = moved.sum(2).argmax(1), moved.sum(1).argmax(1)
    assert rows.min() == columns.min() == 12
    assert rows.max() == columns.max() == 16
    assert augment(point, Policy()) is point
    mirrored = (augment(torch.eye(28).expand(200, 28, 28), Policy(flip=True))[:, 0, 0] < 0.5).float().mean()
    assert 0.3 < mirrored < 0.7


# What is claimed


@pytest.mark.parametrize("seed", seeds(3, 4))
def test_every_claim_holds(seed: int) -> None:
    made = claims(seed=seed)
    assert list(made) == CLAIMS
    assert all(claim.holds for claim in made.values()), made


def test_moves_that_break_the_label_do_not_help() -> None:
    assert "moves-lower-the-test-error" in fallen(degrees=180.0)


def test_without_any_augmentation_nothing_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answer, "augment", lambda images, *_: images)
    made = claims()
    assert made["moves-lower-the-test-error"].measured == 1.0
    assert made["moves-narrow-the-gap"].measured == 1.0
    assert made["flips-hurt"].measured == 1.0
    assert not any(made[name].holds for name in CLAIMS[:3])


def test_digits_that_are_not_turned_are_what_they_were(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answer, "turned", lambda images, degrees: images)
    claim = claims()["turned-six-is-a-nine"]
    assert claim.measured < 15
    assert not claim.holds


def test_what_is_not_promised_is_not_claimed_but_said() -> None:
    for settings in ({"n": 2000}, {"steps": 60}):
        events = run(**settings)
        assert [event.id for event in events if isinstance(event, Claim)] == CLAIMS[3:]
        assert Note(text=answer.says("not-promised")) in events


# What is shown


@pytest.fixture(scope="module")
def events(few: None) -> list[Event]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(answer, "FRAME", 0.02)
        return run(steps=100)


def test_the_stream_is_complete(events: list[Event]) -> None:
    kinds = [type(event) for event in events]
    assert kinds.index(Images) < kinds.index(Scalars)  # a picture before the first step
    assert filled(events) == layout_of(events)
    check_whole(events)
    progress = [event for event in events if isinstance(event, Progress)]
    assert progress[-1].done == progress[-1].total


def test_the_pictures_are_moved_anew_in_every_frame_above_the_originals(events: list[Event]) -> None:
    frames = [event for event in events if isinstance(event, Images) and "training" in event.title["en"]]
    assert len(frames) > 3
    pixels = [numbers(event.images).view(2, -1) for event in frames]
    assert len({rows[0].numpy().tobytes() for rows in pixels}) == len(frames)
    assert len({rows[1].numpy().tobytes() for rows in pixels}) == 1


def test_the_curves_over_the_angle_begin_upright_and_end_upside_down(events: list[Event]) -> None:
    curve = {
        event.x: event.values for event in events if isinstance(event, Scalars) and event.panel == "turn"
    }
    assert sorted(curve) == list(answer.ANGLES)
    assert max(curve[0].values()) < 20 < min(curve[180].values())


def test_a_seed_fixes_every_measurement() -> None:
    def measured(seed: int) -> list[float]:
        return [claim.measured for claim in claims(seed=seed, steps=60).values()]

    assert measured(5) == measured(5)
    assert measured(5) != measured(6)


def test_the_three_begin_as_one(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Tensor] = []

    def spy(model: nn.Sequential) -> nn.Sequential:
        copied = copy.deepcopy(model)
        seen.append(torch.cat([w.detach().flatten() for w in copied.parameters()]).clone())
        return copied

    monkeypatch.setattr(answer, "deepcopy", spy)
    run(steps=50)
    assert len(seen) == 3
    assert all(torch.equal(seen[0], weights) for weights in seen)


@pytest.mark.slow
@pytest.mark.skipif("QUIZCLI_DATA" not in os.environ, reason="needs MNIST in QUIZCLI_DATA")
def test_the_quick_form_keeps_its_promises_on_mnist(whole_sets: None) -> None:
    made = claims(data="mnist", n=1000, seed=7)
    assert list(made) == CLAIMS
    assert all(claim.holds for claim in made.values()), made
