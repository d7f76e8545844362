"""Normalization and depth: the claims hold for any seed, and each falls when its cause is taken away."""

import inspect
import math
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from answers.normalization import norm_and_depth as answer
from models.normalization.modules import BatchNorm, LayerNorm
from quizcli.demo.events import Claim, Event, Note, Progress, Scalars, Table
from tests.answers import streams
from tests.answers.seeds import seeds
from tests.answers.streams import check_repeats, check_whole, seconds

RELU = ["he-init-keeps-gradients", "layernorm-keeps-gradients", "batchnorm-explodes-in-relu"]
SIGMOID = ["batchnorm-rescues-sigmoid", "layernorm-does-not-rescue"]
SCALE = "norms-forgive-the-init"
SMALL: dict[str, Any] = answer.QUICK | {"depth": 30, "sigmoid_depth": 12, "width": 128, "batch": 64}


def run(**settings: Any) -> list[Event]:
    return list(answer.demonstrate(**(SMALL | settings)))


def fallen(**settings: Any) -> set[str]:
    events = run(**settings)
    assert list(streams.claims(events)) == [*RELU, *SIGMOID, SCALE]
    return streams.fallen(events)


@pytest.mark.parametrize("seed", seeds(0, 1, 2))
def test_every_claim_holds(seed: int) -> None:
    assert fallen(seed=seed) == set()


def test_every_claim_holds_in_the_quick_form() -> None:
    assert fallen(depth=50, sigmoid_depth=20, width=256, batch=128) == set()


def test_a_wrong_scale_breaks_the_plain_network_only() -> None:
    assert fallen(gain=0.5) == {"he-init-keeps-gradients"}
    assert fallen(gain=1.5) == {"he-init-keeps-gradients"}


def test_skips_take_the_explosion_away_and_bring_one() -> None:
    assert fallen(skips=True) == {
        "he-init-keeps-gradients",
        "batchnorm-explodes-in-relu",
        "layernorm-does-not-rescue",
    }


class NeverDivides(BatchNorm):
    """Centres the batch, and leaves its scale."""

    def forward(self, x: Tensor) -> Tensor:
        return x - x.mean(0)


class StopsGradients(LayerNorm):
    """Its σ and μ are right; what comes back through it is scaled down."""

    def forward(self, x: Tensor) -> Tensor:
        y = super().forward(x)
        return 0.9 * y + 0.1 * y.detach()


def test_without_its_division_batch_norm_neither_explodes_nor_rescues_nor_forgives(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(answer, "BatchNorm", lambda width, **_: NeverDivides(width))
    assert fallen() == {"batchnorm-explodes-in-relu", "batchnorm-rescues-sigmoid", SCALE}


def test_a_layer_norm_that_scales_gradients_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answer, "LayerNorm", StopsGradients)
    assert fallen() == {"layernorm-keeps-gradients"}


def test_a_layer_norm_that_is_a_batch_norm_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answer, "LayerNorm", lambda width, **_: BatchNorm(width))
    assert fallen() == {"layernorm-keeps-gradients", "layernorm-does-not-rescue"}


@pytest.mark.parametrize("settings", [{"depth": 29}, {"width": 127}, {"batch": 63}], ids=str)
def test_too_little_is_not_claimed_but_said(settings: dict[str, Any]) -> None:
    events = run(**settings)
    assert [event.id for event in events if isinstance(event, Claim)] == [*SIGMOID, SCALE]
    assert Note(text=answer.says("too-small")) in events
    shallow = run(sigmoid_depth=11)
    assert [event.id for event in shallow if isinstance(event, Claim)] == [*RELU, SCALE]


@pytest.mark.parametrize("norm", answer.NORMS)
@pytest.mark.parametrize("skips", [False, True])
def test_the_way_back_is_that_of_a_network_of_pytorch(norm: str, skips: bool) -> None:
    settings = answer.Build(width=8, batch=6, gain=1.0, skips=skips)
    stack = answer.Stack(nn.ReLU(), 3, 2.0)
    way = answer.backward(stack, settings, torch.Generator().manual_seed(0))[norm]
    generator = torch.Generator().manual_seed(0)
    weights = 0.5 * torch.randn(3, 8, 8, generator=generator)
    x, arriving = (torch.randn(6, 8, generator=generator) for _ in range(2))
    layers = {"plain": nn.Identity(), "LN": nn.LayerNorm(8), "BN": nn.BatchNorm1d(8)}
    outputs = [x.requires_grad_()]
    for weight in weights:
        y = torch.relu(layers[norm](nn.functional.linear(outputs[-1], weight)))
        outputs.append(outputs[-1] + y if skips else y)
        outputs[-1].retain_grad()
    torch.autograd.backward(outputs[-1], arriving)
    gradients = [output.grad for output in reversed(outputs[1:])]
    norms = [gradient.norm().item() for gradient in gradients if gradient is not None]
    assert way.norms == pytest.approx([value / norms[0] for value in norms], rel=1e-4)


def test_overflow_is_no_proof() -> None:
    events = run(depth=100, gain=4.0, width=16, batch=8)
    assert isinstance(events[-1], Note)


@pytest.mark.parametrize("settings", [{"skips": True}, {"gain": 2.0}, {"networks": 2}], ids=str)
def test_the_stream_is_complete(settings: dict[str, Any]) -> None:
    events = run(**settings)
    check_whole(events)
    done = [event.done for event in events if isinstance(event, Progress)]
    assert (done, done[0], done[-1]) == (sorted(done), 0, 1)


def test_a_curve_goes_from_the_last_layer_to_the_first_and_begins_anew_with_each_network() -> None:
    curve = [event for event in run(networks=2) if isinstance(event, Scalars) and event.panel == "relu"]
    assert [event.x for event in curve] == [0, *range(30)] * 2
    lifted = [k for k, event in enumerate(curve) if math.isnan(event.values["BN"])]
    assert lifted == [0, 31]
    assert curve[1].values == {"plain": 1, "LN": 1, "BN": 1}
    assert curve[-1].values["BN"] > 100


def test_the_table_shows_what_bn_divides_by() -> None:
    *_, table = (event for event in run() if isinstance(event, Table))
    rows = {str(row[0]): [str(cell) for cell in row[1:]] for row in table.rows}
    assert float(rows["BN"][1]) == pytest.approx(math.sqrt((math.pi - 1) / math.pi), abs=0.02)
    assert float(rows["LN"][1]) == pytest.approx(1.0, abs=0.02)
    assert rows[str(answer.PLAIN)][1] == ""


def test_a_run_repeats_itself_and_leaves_the_global_generator_alone() -> None:
    check_repeats(run)


def test_it_takes_as_long_as_a_person_can_watch() -> None:
    networks = inspect.signature(answer.demonstrate).parameters["networks"].default
    assert 3 < seconds(run(networks=networks, width=16, depth=50)) < 8
