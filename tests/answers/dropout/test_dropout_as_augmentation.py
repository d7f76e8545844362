"""Dropout as augmentation: the claims hold for any seed, and each falls when its cause is taken away."""

import inspect
from functools import partial
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from answers.dropout import dropout_as_augmentation as answer
from quizcli.demo.events import Claim, Event, Heatmap, Images, Progress, Scalars, encode
from tests.answers import streams
from tests.answers.seeds import seeds
from tests.answers.streams import check_whole, seconds

pytestmark = pytest.mark.usefixtures("few")
FEW = 4000, 1000
DIGITS = ["digits-are-reached", "another-network-agrees"]
SIZES = ["narrow-layers-are-reachable", "wide-layers-are-not", "every-miss-is-proven"]


def run(**settings: Any) -> list[Event]:
    return list(answer.demonstrate(**(answer.QUICK | {"data": "synthetic"} | settings)))


def fallen(**settings: Any) -> set[str]:
    events = run(**settings)
    assert list(streams.claims(events)) == [*DIGITS, *SIZES]
    return streams.fallen(events)


@pytest.mark.parametrize("seed", seeds(0, 1, 2))
def test_every_claim_holds(seed: int) -> None:
    assert fallen(seed=seed) == set()


@pytest.mark.parametrize("setting", [{"p": 0.2}, {"p": 0.8}, {"inputs": 10}, {"inputs": 40}], ids=str)
def test_claims_about_sizes_hold_at_other_settings(setting: dict[str, Any]) -> None:
    assert not fallen(**setting) & set(SIZES)


def test_where_nothing_is_dropped_every_layer_is_reachable() -> None:
    assert fallen(p=0.0) == {"wide-layers-are-not"}


def test_too_small_or_extreme_is_not_claimed() -> None:
    for setting in ({"p": 0.1}, {"p": 0.9}, {"inputs": 9}):
        ids = [event.id for event in run(**setting) if isinstance(event, Claim)]
        assert ids == [*DIGITS, SIZES[0], SIZES[2]]


def test_too_few_steps_reach_nothing_and_prove_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answer, "STEPS", 2)
    assert fallen() >= {"digits-are-reached", "narrow-layers-are-reachable", "every-miss-is-proven"}


def test_another_digits_pattern_is_read_as_that_digit(monkeypatch: pytest.MonkeyPatch) -> None:
    right = answer.dropped

    def shifted(layer: answer.Layer, x: Tensor, p: float) -> tuple[Tensor, Tensor]:
        return right(layer, x.roll(1, 0), p)

    monkeypatch.setattr(answer, "dropped", shifted)
    assert fallen() >= {"another-network-agrees"}


def random_layer(inputs: int, units: int, generator: torch.Generator) -> answer.Layer:
    draw = partial(torch.randn, generator=generator, dtype=torch.double)
    return answer.Layer(draw(units, inputs), draw(units))


@given(inputs=st.integers(1, 12), units=st.integers(1, 30), p=st.floats(0, 1), seed=st.integers(0, 2**32 - 1))
@settings(max_examples=60, deadline=None)
def test_what_is_found_is_a_hit_or_has_a_certificate(inputs: int, units: int, p: float, seed: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    layer = random_layer(inputs, units, generator)
    x = torch.randn(5, inputs, generator=generator, dtype=torch.double)
    h = layer(x).relu()
    target = h * (torch.rand(h.shape, generator=generator) >= p)
    found = answer.search(layer, x, target, h.norm(dim=1))
    r = answer.missed(layer(found.x), target)
    assert not (found.hit & found.proven).any()
    for k in range(5):
        if found.hit[k]:
            torch.testing.assert_close(layer(found.x[k : k + 1]).relu()[0], target[k], rtol=0, atol=1e-6)
        if found.proven[k]:
            # Farkas: r is a combination of the conditions, ≥ 0 for the inequalities, that contradicts itself
            assert (r[k][target[k] == 0] >= 0).all()
            assert (layer.weight.T @ r[k]).norm() < 1e-3 * r[k].norm()
            assert r[k] @ (target[k] - layer.bias) < 0


def test_the_input_itself_is_found_at_once() -> None:
    generator = torch.Generator().manual_seed(0)
    layer = random_layer(6, 20, generator)
    x = torch.randn(4, 6, generator=generator, dtype=torch.double)
    target = layer(x).relu()
    (found,) = answer.nearest(layer, x, target, target.norm(dim=1))
    assert found.hit.all()
    assert torch.equal(found.x, x)


def test_two_conditions_that_contradict_each_other_are_known_to() -> None:
    layer = answer.Layer(torch.tensor([[1.0], [1.0]]).double(), torch.zeros(2).double())
    x = torch.ones(1, 1).double()
    found = answer.search(layer, x, torch.tensor([[1.0, 0.0]]).double(), torch.ones(1).double())
    assert found.proven.item()
    assert found.x.item() == pytest.approx(0.5)  # in the middle


def test_the_share_falls_as_layers_widen_and_the_miss_grows() -> None:
    points = [event for event in run(trials=100) if isinstance(event, Scalars)]
    assert [event.x for event in points] == [10, 15, 20, 25, 30, 35, 40, 60, 80]
    hits = [event.values["hit"] for event in points]
    assert hits[:3] == [100, 100, 100]
    assert hits[-1] == 0
    assert points[-1].values["miss"] > points[-3].values["miss"] > 1


def test_a_digit_stays_in_front_while_its_dropped_versions_change() -> None:
    strips = [event.images for event in run() if isinstance(event, Images)]
    assert {strip.shape for strip in strips} == {(answer.MASKS + 1, 28, 28)}
    first = {strip.data[: 28 * 28] for strip in strips}
    assert len(first) == 1
    assert strips[-1].data[: 28 * 28] != strips[-1].data[28 * 28 : 2 * 28 * 28]


@pytest.mark.parametrize("p", [0.0, 0.5, 0.95])
def test_the_stream_is_complete(p: float) -> None:
    events = run(p=p)
    acts = [event for event in events if isinstance(event, Progress) and event.total == 1]  # data came first
    done = [event.done for event in acts]
    assert (done, done[-1]) == (sorted(done), 1)
    check_whole(events)
    assert all(event.values.shape[0] == 3 for event in events if isinstance(event, Heatmap))


def test_a_run_repeats_itself() -> None:
    first = [encode(event) for event in run()]
    assert [encode(event) for event in run()] == first
    assert [encode(event) for event in run(seed=1)] != first


def test_it_takes_as_long_as_a_person_can_watch() -> None:
    assert 4 < seconds(run(shown=inspect.signature(answer.demonstrate).parameters["shown"].default)) < 14
