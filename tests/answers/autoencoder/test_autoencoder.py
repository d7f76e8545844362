from collections.abc import Iterator
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from answers.autoencoder import autoencoder
from answers.autoencoder.autoencoder import Side, demonstrate
from answers.kit.digits import Split, classifier
from answers.kit.labels import IMAGES
from answers.vae import vae
from models.autoencoder.autoencoder import Autoencoder
from models.vae import VAE
from quizcli.demo.catalogue import find_answer
from quizcli.demo.device import Device
from quizcli.demo.events import Claim, Event, Note, Progress, Started
from tests.answers.seeds import seeds
from tests.answers.streams import check_whole, claims, filled, layout_of, numbers, of_panel
from tests.places import ROOT

SMALL: dict[str, Any] = {"epochs": 12, "images": 2000, "data": "synthetic", "device": "cpu"}


def thorough(training: Split, device: Device) -> nn.Module:
    """A judge that has seen its few digits twenty times."""
    return classifier(Split(training.images.repeat(20, 1), training.labels.repeat(20)), device)


@pytest.fixture
def brief(few: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """The flat act is left to one test, and the judge knows its few digits."""
    monkeypatch.setattr(autoencoder, "FLAT", 20)
    monkeypatch.setattr(autoencoder, "classifier", thorough)


@pytest.fixture(scope="module")
def events(few: None) -> list[Event]:
    """One small run of both acts, looked at by several tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(autoencoder, "FRAME", 0.05)
        return list(demonstrate(**SMALL))


def run(**settings: Any) -> dict[str, Claim]:
    return claims(list(demonstrate(**SMALL | settings)))


# What is shown


def test_it_says_at_once_where_it_runs_and_on_what(events: list[Event]) -> None:
    first, *others = (event for event in events if isinstance(event, Started))
    assert first is events[0]
    assert others[-1].synthetic
    assert others[-1].data == {"en": "synthetic digits, 2,000 images", "zh": "合成数字，2,000 张图"}


def test_every_panel_of_the_layout_is_filled(events: list[Event]) -> None:
    assert filled(events) == layout_of(events)
    assert all(len(of_panel(events, panel)) > 5 for panel in layout_of(events))


def test_both_acts_are_shown_untrained_first(events: list[Event]) -> None:
    titles = [event.title["en"] for event in of_panel(events, "ae-codes")]
    assert titles[0] == "AE, 2-D: error …"
    assert "AE, 20-D: error …" in titles
    assert float(titles[-1].split()[-1]) < 120  # nats; 543 before training


def test_a_map_has_a_digit_for_each_code_and_a_circle_for_the_prior(events: list[Event]) -> None:
    for panel in ("ae-codes", "vae-codes"):
        for event in of_panel(events, panel):
            assert event.xy.shape == (len(event.groups), 2) == (400 + autoencoder.CIRCLE, 2)
            assert set(event.groups) == set(range(11))
            xy = numbers(event.xy).view(-1, 2)
            torch.testing.assert_close(xy[400:].norm(dim=1), torch.full((autoencoder.CIRCLE,), 2.0))


def test_both_decode_as_many_draws(events: list[Event]) -> None:
    last = of_panel(events, "samples")[-1]
    assert last.images.shape == (2 * autoencoder.DRAWN, 28, 28)
    assert last.columns == 2


def test_progress_rises_to_the_end(events: list[Event]) -> None:
    done = [event.done for event in events if isinstance(event, Progress) and event.unit == IMAGES]
    assert done == sorted(done)
    assert done[-1] == pytest.approx(1)


def test_the_stream_is_whole(events: list[Event]) -> None:
    check_whole(events)


def test_the_catalogue_can_read_it() -> None:
    answer = find_answer(ROOT, "autoencoder")
    assert answer.claims == (
        "data-are-60000-images",
        "code-is-smaller-than-input",
        "autoencoder-reconstructs-better",
        "codes-are-far-from-the-prior",
        "vae-samples-are-better",
    )
    assert [parameter.name for parameter in answer.parameters] == [
        *("latent", "epochs", "images", "beta", "seed", "device", "data")
    ]


def test_a_map_of_two_numbers_is_not_projected_and_one_of_more_keeps_its_signs() -> None:
    torch.manual_seed(0)
    images = torch.randint(0, 256, (500, 784), dtype=torch.uint8)
    test = Split(images, torch.arange(500) % 10)
    flat, wide = (Side(Autoencoder(784, (8,), size), test) for size in (2, 6))
    torch.testing.assert_close(flat._flat()[:400], flat.encode(images[:400].float() / 255))
    once = wide._flat()[:400]
    variances = torch.linalg.eigvalsh(wide.encode(images[:400].float() / 255).T.cov())
    torch.testing.assert_close(once.T.cov(), torch.diag(variances[[-1, -2]]), atol=1e-6, rtol=1e-3)
    wide._axes.last = -wide._axes.last
    torch.testing.assert_close(wide._flat()[:400], -once)


# What is claimed


@pytest.mark.parametrize("seed", seeds(1, 2))
def test_every_claim_holds(brief: None, seed: int) -> None:
    made = run(seed=seed)
    assert len(made) == 5
    assert [claim.id for claim in made.values() if not claim.holds] == ["data-are-60000-images"]


def test_the_whole_data_set_is_counted() -> None:
    """Of the few digits that the other tests use the claim says that they are not the set."""

    def split(count: int) -> Split:
        return Split(torch.zeros(count, 784, dtype=torch.uint8), torch.zeros(count, dtype=torch.uint8))

    assert autoencoder._data_claim(split(60_000), split(10_000)).holds
    assert not autoencoder._data_claim(split(59_999), split(10_000)).holds


def test_a_seed_fixes_every_measurement(brief: None) -> None:
    def measured(seed: int) -> list[float]:
        return [claim.measured for claim in run(seed=seed, epochs=10).values()]

    one = measured(5)
    assert measured(5) == one
    assert measured(6) != one


def test_a_code_as_wide_as_the_image_is_no_smaller(brief: None) -> None:
    assert not run(latent=784, epochs=1)["code-is-smaller-than-input"].holds


@pytest.mark.parametrize("settings", [{"latent": 9}, {"epochs": 9}])
def test_other_settings_promise_less(brief: None, settings: dict[str, Any]) -> None:
    made = list(demonstrate(**SMALL | {"epochs": 10} | settings))
    assert set(claims(made)) == {"data-are-60000-images", "code-is-smaller-than-input"}
    assert sum(isinstance(event, Note) for event in made) == 2


def test_without_the_kl_term_the_vae_is_an_autoencoder(brief: None) -> None:
    made = run(beta=0.0)
    assert not made["autoencoder-reconstructs-better"].holds
    assert not made["vae-samples-are-better"].holds
    assert made["codes-are-far-from-the-prior"].holds


def test_codes_that_are_kept_small_are_near_the_prior(brief: None, monkeypatch: pytest.MonkeyPatch) -> None:
    encode = Autoencoder.encode
    monkeypatch.setattr(Autoencoder, "encode", lambda self, x: encode(self, x).tanh())
    assert not run()["codes-are-far-from-the-prior"].holds


def test_a_vae_that_learns_nothing_samples_no_better(brief: None, monkeypatch: pytest.MonkeyPatch) -> None:
    def idle(model: VAE, images: Tensor, recipe: vae.Recipe, *_: object) -> Iterator[Tensor]:
        yield from torch.zeros(recipe.epochs * (len(images) // recipe.batch), 2)

    monkeypatch.setattr(vae, "train", idle)
    assert not run()["vae-samples-are-better"].holds
