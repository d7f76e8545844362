"""Why attention divides by √d: the claims hold for any seed, and each falls when its cause is taken away."""

import math
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from answers.attention import attention_scaling as answer
from quizcli.demo.events import Event, Heatmap, Progress
from tests.answers import streams
from tests.answers.seeds import seeds
from tests.answers.streams import check_repeats, check_whole, filled, layout_of, numbers, seconds

CLAIMS = [
    "score-variance-is-d",
    "entropy-collapses-unscaled",
    "entropy-kept-scaled",
    "scaled-entropy-ignores-width",
    "gradient-vanishes-unscaled",
]


def run(**chosen: Any) -> list[Event]:
    return list(answer.demonstrate(**answer.QUICK | chosen))


def fallen(**chosen: Any) -> set[str]:
    events = run(**chosen)
    assert list(streams.claims(events)) == CLAIMS
    return streams.fallen(events)


@pytest.mark.parametrize("seed", seeds(0, 1, 2))
@pytest.mark.parametrize("keys", [32, 64])
def test_every_claim_holds(seed: int, keys: int) -> None:
    assert fallen(seed=seed, keys=keys) == set()


def test_every_claim_holds_with_many_keys() -> None:
    assert fallen(keys=512) == set()


def test_undivided_twice_and_divided_too_much() -> None:
    kept = {"entropy-kept-scaled", "scaled-entropy-ignores-width"}
    assert fallen(power=0.0) == kept | {"gradient-vanishes-unscaled"}
    assert fallen(power=1.0) == kept


def test_scores_of_another_size_are_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    scores = answer._scores

    def normalized(width: int, keys: int, generator: torch.Generator) -> Tensor:
        return scores(width, keys, generator) / math.sqrt(width)  # as if queries and keys had length 1

    monkeypatch.setattr(answer, "_scores", normalized)
    assert {"score-variance-is-d", "entropy-collapses-unscaled", "gradient-vanishes-unscaled"} <= fallen()


@given(keys=st.integers(2, 9), spread=st.floats(0, 4), seed=st.integers(0, 99))
@settings(max_examples=40, deadline=None)
def test_the_norm_is_that_of_the_jacobian(keys: int, spread: float, seed: int) -> None:
    scores = spread * torch.randn(1, keys, generator=torch.Generator().manual_seed(seed))
    weights = scores.softmax(1)
    jacobian = torch.diag(scores.softmax(1)[0]) - scores.softmax(1).T @ scores.softmax(1)
    measured = answer._measure(weights)
    assert measured.jacobian == pytest.approx(jacobian.norm().item(), abs=1e-3)
    assert measured.entropy == pytest.approx(-(weights * weights.log()).sum().item(), abs=1e-4)
    assert 0 <= measured.entropy <= math.log(keys) + 1e-5


def test_the_stream_is_complete() -> None:
    events = run()
    assert filled(events) == layout_of(events)
    check_whole(events)
    assert [event.done for event in events if isinstance(event, Progress)] == list(range(1, 11))
    assert events[-1] != run(power=0.4)[-1]


def test_the_maps_are_the_mean_weights_of_the_largest_keys() -> None:
    last = [event for event in run(keys=32) if isinstance(event, Heatmap)][-1]
    values = numbers(last.values)
    assert values.shape == (5, 15)
    assert (values[:, 1:] <= values[:, :-1]).all()
    assert (values.sum(1) <= 1).all()


def test_a_run_repeats_itself_and_leaves_the_global_generator_alone() -> None:
    check_repeats(run)


def test_it_waits_only_so_that_a_person_can_watch() -> None:
    assert 4 < seconds(run()) < 8
