import itertools
from typing import Any

import pytest
import torch

from answers.kit.labels import IMAGES
from answers.kit.training import Schedule, descend
from answers.vae import vae_loss
from answers.vae.vae_loss import LOSSES, demonstrate, terms, weighed
from models.vae import VAE, kl_divergence
from quizcli.demo.catalogue import find_answer
from quizcli.demo.device import choose
from quizcli.demo.events import (
    Claim,
    Event,
    Note,
    Progress,
    Started,
)
from tests.answers.seeds import seeds
from tests.answers.streams import check_whole, claims, filled, layout_of, of_panel
from tests.places import ROOT

SMALL: dict[str, Any] = {"epochs": 5, "images": 2000, "data": "synthetic", "device": "cpu"}


@pytest.fixture
def narrow(few: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Few digits and narrow networks."""
    monkeypatch.setattr(vae_loss, "HIDDEN", 64)


@pytest.fixture(scope="module")
def events(few: None) -> list[Event]:
    """One small run, looked at by several tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(vae_loss, "FRAME", 0.1)
        patch.setattr(vae_loss, "HIDDEN", 64)
        return list(demonstrate(**SMALL))


def run(**settings: Any) -> dict[str, Claim]:
    return claims(list(demonstrate(**SMALL | settings)))


# What is shown


def test_it_says_at_once_where_it_runs_and_on_what(events: list[Event]) -> None:
    first, *others = (event for event in events if isinstance(event, Started))
    assert first is events[0]
    assert others[-1].synthetic


def test_every_panel_of_the_layout_is_filled(events: list[Event]) -> None:
    assert filled(events) == layout_of(events)


def test_the_bars_are_the_three_losses_and_then_the_sweep(events: list[Event]) -> None:
    labels = [event.labels for event in of_panel(events, "terms")]
    assert labels[0] == tuple(vae_loss.NAMES.values())
    assert labels[-1] == ("β = 0.25", "β = 1", "β = 4", "β = 16")
    titles = [event.title["en"] for event in of_panel(events, "samples")]
    assert (titles[0], titles[-1]) == ("right | no KL | mean BCE", "β = 0.25 | 4 | 16")
    first, last = of_panel(events, "terms")[0], of_panel(events, "terms")[-1]
    assert all(500 < reconstruction < 600 for reconstruction, _ in first.values)  # 784 ln 2 = 543
    kls = [kl for _, kl in last.values]
    assert kls == sorted(kls, reverse=True)


def test_every_model_has_a_row_of_units_and_a_column_of_samples(events: list[Event]) -> None:
    shapes = {(event.values.shape, len(event.y_ticks)) for event in of_panel(events, "units")}
    assert shapes == {((3, 20), 3), ((4, 20), 4)}
    for event in of_panel(events, "samples"):
        assert event.images.shape == (3 * vae_loss.DRAWN, 28, 28)
        assert event.columns == 3


def test_progress_rises_to_the_end(events: list[Event]) -> None:
    done = [event.done for event in events if isinstance(event, Progress) and event.unit == IMAGES]
    assert done == sorted(done)
    assert done[0] < 0.5 < done[-1] <= 1


def test_the_stream_is_whole(events: list[Event]) -> None:
    check_whole(events)


def test_the_catalogue_can_read_it() -> None:
    answer = find_answer(ROOT, "vae-loss")
    assert answer.claims == (
        "right-loss-has-the-lowest-elbo",
        "kl-explodes-without-kl-term",
        "right-loss-uses-the-code",
        "averaged-pixels-collapse-the-posterior",
        "beta-trades-one-term-for-the-other",
        "heavy-kl-switches-units-off",
    )
    assert answer.quick == vae_loss.QUICK


# How it trains


def test_the_three_losses_are_what_they_are_called() -> None:
    reconstruction, kl = torch.tensor(784.0), torch.tensor(20.0)
    assert {name: loss(reconstruction, kl).item() for name, loss in LOSSES.items()} == {
        "right": 804,
        "no KL": 784,
        "mean BCE": 21,
    }
    assert weighed(4)(reconstruction, kl).item() == 864


def test_terms_of_a_model_are_those_of_its_images() -> None:
    torch.manual_seed(0)
    model = VAE(784, 8, 5)
    images = torch.randint(0, 256, (60, 784), dtype=torch.uint8)
    made = terms(model, images)
    mu, logvar = model.encode(images.float() / 255)
    assert made.reconstruction == terms(model, images).reconstruction  # the noise is always the same
    assert made.kl == pytest.approx(kl_divergence(mu, logvar).mean().item(), rel=1e-4)
    assert made.total == pytest.approx(made.reconstruction + made.kl)
    assert made.units.tolist() == sorted(made.units.tolist(), reverse=True)
    assert made._replace(units=torch.tensor([0.3, 0.11, 0.09, 0.0])).active == 2


def test_the_rate_warms_up_and_falls_to_nothing() -> None:
    """A single weight whose gradient is always 1 moves by Adam's rate: all of it adds up."""
    weight = torch.nn.Linear(1, 1, bias=False)
    torch.nn.init.zeros_(weight.weight)
    schedule = Schedule(epochs=2, batch=5, lr=0.1)
    places = [0.0]
    images = torch.zeros(50, 784, dtype=torch.uint8)
    total = weight.weight.sum
    for _ in descend(weight, images, schedule, choose("cpu"), lambda x: (total(), total())):
        places.append(weight.weight.item())
    rates = [before - after for before, after in itertools.pairwise(places)]
    assert len(rates) == schedule.steps(images) == 20
    assert rates[:3] == pytest.approx([0.0, 0.05, 0.1], abs=1e-4)
    assert rates[2:] == sorted(rates[2:], reverse=True)
    assert rates[-1] == pytest.approx(0.1 / 18, abs=1e-4)


def test_a_seed_fixes_every_measurement(narrow: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also when it is looked at more often."""

    def measured(seed: int) -> list[float]:
        return [claim.measured for claim in run(seed=seed).values()]

    one = measured(5)
    monkeypatch.setattr(vae_loss, "FRAME", 0.05)
    assert measured(5) == one


# What is claimed


@pytest.mark.parametrize("seed", seeds(1, 2))
def test_every_claim_holds(narrow: None, seed: int) -> None:
    made = run(seed=seed)
    assert len(made) == 6
    assert all(claim.holds for claim in made.values()), made


def test_three_right_losses_show_nothing(narrow: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vae_loss, "LOSSES", dict.fromkeys(LOSSES, weighed(1)))
    made = run()
    assert not made["right-loss-has-the-lowest-elbo"].holds
    assert not made["kl-explodes-without-kl-term"].holds
    assert not made["averaged-pixels-collapse-the-posterior"].holds


def test_a_sweep_that_weighs_nothing_shows_nothing(narrow: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vae_loss, "weighed", lambda beta: weighed(1))
    made = run()
    assert not made["beta-trades-one-term-for-the-other"].holds
    assert not made["heavy-kl-switches-units-off"].holds


@pytest.mark.parametrize(("settings", "left"), [({"epochs": 1}, 0), ({"latent": 9}, 0), ({"beta": 8.0}, 4)])
def test_other_settings_promise_less(narrow: None, settings: dict[str, Any], left: int) -> None:
    made = list(demonstrate(**SMALL | settings))
    assert len(claims(made)) == left
    assert sum(isinstance(event, Note) for event in made) == 2
