"""BatchNorm against LayerNorm: the claims hold for any seed, and each falls when its cause is taken away."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor

from answers.normalization.batchnorm_vs_layernorm import demo as answer
from models.normalization.modules import BatchNorm, LayerNorm
from quizcli.demo.events import Event, Heatmap, Progress, Scalars
from tests.answers import streams
from tests.answers.seeds import seeds
from tests.answers.streams import check_repeats, check_whole, numbers, seconds

CLAIMS = [
    "batchnorm-normalizes-columns",
    "layernorm-normalizes-rows",
    "running-variance-is-unbiased",
    "running-statistics-converge",
    "batchnorm-depends-on-batch-mates",
    "layernorm-ignores-batch-mates",
    "batchnorm-eval-ignores-batch-mates",
    "one-value-per-channel-raises",
]


def run(**settings: Any) -> list[Event]:
    return list(answer.demonstrate(**(answer.QUICK | settings)))


def fallen(**settings: Any) -> set[str]:
    events = run(**settings)
    assert list(streams.claims(events)) == CLAIMS
    return streams.fallen(events)


@pytest.mark.parametrize("seed", seeds(0, 1, 2))
def test_every_claim_holds(seed: int) -> None:
    assert fallen(seed=seed) == set()


@pytest.mark.parametrize(
    "settings",
    [
        {"batch": 2, "features": 8, "trials": 10},
        {"batch": 2, "momentum": 1.0},
        {"batch": 3, "features": 100},
        {"batch": 256, "momentum": 0.01, "trials": 10},
    ],
    ids=str,
)
def test_every_claim_holds_at_the_edges_of_the_settings(settings: dict[str, Any]) -> None:
    assert fallen(**settings) == set()


class RowsLikeLayerNorm(BatchNorm):
    """The wrong axis."""

    def forward(self, x: Tensor) -> Tensor:
        super().forward(x)
        return LayerNorm(x.shape[1])(x)  # type: ignore[no-any-return]


class NeverCentred(BatchNorm):
    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x) + 1


class NeverScaled(BatchNorm):
    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x) * 3


class BatchStatisticsForEver(BatchNorm):
    def forward(self, x: Tensor) -> Tensor:
        self.training = len(x) > 1
        return super().forward(x)


class StoresBiasedVariance(BatchNorm):
    def forward(self, x: Tensor) -> Tensor:
        assert self.running_var is not None
        assert self.momentum is not None
        before = self.running_var.clone()
        y = super().forward(x)
        if self.training:
            self.running_var.copy_(before + self.momentum * (x.var(0, correction=0) - before))
        return y


class NormalizesByUnbiasedVariance(BatchNorm):
    def forward(self, x: Tensor) -> Tensor:
        y = super().forward(x)
        return y * ((len(x) - 1) / len(x)) ** 0.5 if self.training else y


class NeverUpdates(BatchNorm):
    def __init__(self, num_features: int, momentum: float) -> None:
        super().__init__(num_features, momentum=0.0)


class AcceptsOneSample(BatchNorm):
    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x) if len(x) > 1 else torch.zeros_like(x)


class ColumnsLikeBatchNorm(LayerNorm):
    """The wrong axis."""

    def forward(self, x: Tensor) -> Tensor:
        return (x - x.mean(0)) / (x.std(0, correction=0) + 1e-5)


BROKEN_BATCH_NORMS: list[tuple[Callable[..., BatchNorm], set[str]]] = [
    (RowsLikeLayerNorm, {"batchnorm-normalizes-columns", "batchnorm-depends-on-batch-mates"}),
    (NeverCentred, {"batchnorm-normalizes-columns"}),
    (NeverScaled, {"batchnorm-normalizes-columns"}),
    (BatchStatisticsForEver, {"batchnorm-eval-ignores-batch-mates", "one-value-per-channel-raises"}),
    (StoresBiasedVariance, {"running-variance-is-unbiased"}),
    (NormalizesByUnbiasedVariance, {"running-variance-is-unbiased"}),
    (NeverUpdates, {"running-variance-is-unbiased", "running-statistics-converge"}),
    (AcceptsOneSample, {"one-value-per-channel-raises"}),
]


@pytest.mark.parametrize(("broken", "expected"), BROKEN_BATCH_NORMS, ids=lambda v: getattr(v, "__name__", ""))
@pytest.mark.parametrize("batch", [2, 16])
def test_a_broken_batch_norm_is_caught(
    monkeypatch: pytest.MonkeyPatch, broken: Callable[..., BatchNorm], expected: set[str], batch: int
) -> None:
    monkeypatch.setattr(answer, "BatchNorm", broken)
    assert expected <= fallen(batch=batch)


def test_a_broken_layer_norm_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answer, "LayerNorm", ColumnsLikeBatchNorm)
    assert fallen() == {"layernorm-normalizes-rows", "layernorm-ignores-batch-mates"}


def test_the_mistakes_one_can_make_on_purpose() -> None:
    assert fallen(mistake="forgot-eval") == {"batchnorm-eval-ignores-batch-mates"}
    assert fallen(mistake="swapped") == set(CLAIMS) - {"batchnorm-eval-ignores-batch-mates"}


def test_the_same_sample_moves_as_one_over_the_square_root_of_the_batch() -> None:
    scalars = [event for event in run(trials=200) if isinstance(event, Scalars)]
    points = {event.x: event.values for event in scalars if event.panel == "moves"}
    assert sorted(points) == [1, 2, 4, 8, 16, 32, 64, 128]
    assert "BN train" not in points[1]  # refused
    assert points[8]["BN train"] / points[128]["BN train"] == pytest.approx(4, rel=0.2)
    assert {values[name] for values in points.values() for name in ("BN eval", "LN")} == {0.0}


def test_the_pictures_appear_in_the_pieces_that_are_normalized() -> None:
    frames = {"batchnorm": [], "layernorm": []}  # type: dict[str, list[Tensor]]
    for event in run(batch=10, features=40):
        if isinstance(event, Heatmap):
            assert event.values.shape == (16 if "moved" in event.title["en"] else 10, 32)
            values = numbers(event.values)
            if event.panel in frames:
                frames[event.panel].append(values.reshape(event.values.shape).isnan())
    columns, rows = frames["batchnorm"][2], frames["layernorm"][3]
    assert columns.all(0).tolist() == [False] * 3 + [True] * 29
    assert rows.all(1).tolist() == [False] * 2 + [True] * 8


@pytest.mark.parametrize("mistake", ["none", "swapped", "forgot-eval"])
def test_the_stream_is_complete(mistake: str) -> None:
    events = run(mistake=mistake)
    check_whole(events)
    done = [event.done for event in events if isinstance(event, Progress)]
    assert (done, done[0], done[-1]) == (sorted(done), 0, 1)


def test_a_run_repeats_itself_and_leaves_the_global_generator_alone() -> None:
    check_repeats(run)


def test_it_takes_as_long_as_a_person_can_watch() -> None:
    assert 4 < seconds(run()) < 12
