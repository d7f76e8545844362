"""A VAE against its twin with a skip: what each claim rests on, and that it falls without it."""

from collections.abc import Iterator
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from answers.kit.digits import Split, classifier, pixels
from answers.unet import unet_vs_vae as answer
from answers.unet.unet_vs_vae import SkipVAE, decoded, entropy
from answers.vae.vae import evaluate
from models.vae import VAE
from quizcli.demo.device import Device
from quizcli.demo.events import Event, Images, Note, Progress, Scalars
from tests.answers.streams import check_whole, claims, fallen, filled, layout_of, numbers, seconds

SMALL: dict[str, Any] = {**answer.QUICK, "epochs": 8, "device": "cpu", "data": "synthetic"}
FEW = 2000, 2000
CLAIMS = [
    "skips-reconstruct-better",
    "skips-empty-the-code",
    "swapped-z-changes-nothing",
    "skips-carry-the-image",
    "vae-samples-digits",
    "skips-leave-nothing-to-sample",
]


@pytest.fixture(scope="module", autouse=True)
def brief(few: None) -> Iterator[None]:
    """Small batches, and a judge that sees its few digits ten times."""

    def judge(training: Split, device: Device) -> nn.Module:
        return classifier(Split(training.images.repeat(10, 1), training.labels.repeat(10)), device)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(answer, "classifier", judge)
        patch.setattr(answer, "BATCH", 50)
        yield


@pytest.fixture(scope="module")
def events(brief: None) -> list[Event]:
    """One small run, looked at by several tests."""
    return list(answer.demonstrate(**SMALL))


def run(**settings: Any) -> list[Event]:
    return list(answer.demonstrate(**SMALL | settings))


# What is claimed


def test_every_claim_holds(events: list[Event]) -> None:
    assert list(claims(events)) == CLAIMS
    assert fallen(events) == set()


@pytest.mark.other_seeds
@pytest.mark.parametrize("seed", [1, 2])
def test_every_claim_holds_with_other_seeds(seed: int) -> None:
    assert fallen(run(seed=seed)) == set()


def test_two_plain_vaes_bring_all_claims_about_skips_down() -> None:
    assert fallen(run(mistake="no-skips")) == set(CLAIMS) - {"vae-samples-digits"}


def test_without_the_kl_term_the_code_is_not_empty() -> None:
    made = run(beta=0.0)
    assert "skips-empty-the-code" in fallen(made)
    assert "vae-samples-digits" not in claims(made)  # not measured for such a β


def test_an_untrained_vae_samples_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def idle(*_: object) -> Iterator[Tensor]:
        yield from torch.zeros(10, 2)

    monkeypatch.setattr(answer, "train", idle)
    assert fallen(run()) >= {"vae-samples-digits", "swapped-z-changes-nothing", "skips-reconstruct-better"}


def test_too_few_images_settle_nothing() -> None:
    made = run(epochs=1)
    assert not claims(made)
    assert Note(text=answer.says("too-few")) in made


# The twin


def test_the_twin_is_the_vae_but_for_what_comes_across() -> None:
    torch.manual_seed(0)
    vae, twin = VAE(12, 7, 3).double(), SkipVAE(12, 7, 3).double()
    weights = vae.state_dict()
    weights["logits.weight"] = torch.cat((torch.zeros(12, 7), weights["logits.weight"]), 1)
    twin.load_state_dict(weights)  # a skip that nobody reads
    x, z = torch.rand(5, 12, dtype=torch.float64), torch.randn(5, 3, dtype=torch.float64)
    torch.testing.assert_close(decoded(twin, z, x), decoded(vae, z, x))
    torch.testing.assert_close(twin.encode(x), vae.encode(x))
    torch.testing.assert_close(twin.sample(z), vae.sample(z))


def test_without_an_image_nothing_comes_across() -> None:
    twin, z = SkipVAE(12, 7, 3), torch.randn(5, 3)
    torch.testing.assert_close(twin.decode(z), twin.decode(z, torch.zeros(5, 7)))
    assert not torch.allclose(twin.decode(z), twin.decode(z, twin.across(torch.rand(5, 12))))


def test_gradients_reach_the_encoder_past_the_code() -> None:
    twin = SkipVAE(12, 7, 3)
    logits = twin.decode(torch.zeros(5, 3), twin.across(torch.rand(5, 12)))
    torch.autograd.backward(logits.square().sum())
    assert twin.encoder.weight.grad is not None
    assert twin.encoder.weight.grad.any()
    assert twin.mu.weight.grad is None


def test_the_least_error_is_that_of_the_image_itself() -> None:
    x = torch.rand(6, 9)
    assert entropy((x > 0.5).float()) == 0
    assert entropy(torch.full((6, 9), 0.5)) == pytest.approx(9 * 0.6931472)
    images = torch.randint(0, 256, (6, 9), dtype=torch.uint8)
    for network in (VAE(9, 4, 2), SkipVAE(9, 4, 2)):
        error, kl = evaluate(network, images)
        assert error >= entropy(pixels(images))
        assert kl >= 0


# What is shown


def test_the_stream_is_complete(events: list[Event]) -> None:
    assert filled(events) == layout_of(events)
    check_whole(events)
    rates = [event for event in events if isinstance(event, Progress) and event.rate]
    assert rates[-1].done / rates[-1].total == pytest.approx(0.8)  # then come the exchanges


def test_a_new_z_makes_another_picture_of_the_vae_alone(events: list[Event]) -> None:
    new_z = answer.says("new-z")
    *_, one, other = (event for event in events if isinstance(event, Images) and event.title == new_z)
    before, after = (numbers(event.images).view(-1, 3, 28, 28).float() / 255 for event in (one, other))
    image, vae, skips = ((after - before)[:, column].abs().mean().item() for column in range(3))
    assert image == 0
    assert vae > 0.03
    assert skips < 0.01


def test_every_act_is_shown(events: list[Event]) -> None:
    titles = [event.title["en"] for event in events if isinstance(event, Images)]
    own_z, new_z, swapped, no_image = (
        answer.says(name)["en"] for name in ("own-z", "new-z", "swapped", "no-image")
    )
    assert {own_z, new_z, swapped, no_image} == set(titles)
    assert titles.count(swapped) == titles.count(no_image) == answer.FRAMES


def test_a_seed_fixes_every_measurement() -> None:
    def measured(seed: int) -> list[float]:
        return [
            value
            for event in run(seed=seed, epochs=1)
            if isinstance(event, Scalars)
            for value in event.values.values()
        ]

    one = measured(5)
    assert measured(5) == one
    assert measured(6) != one


def test_it_takes_as_long_as_a_person_can_watch() -> None:
    assert 3 < seconds(run(epochs=1)) < 8
