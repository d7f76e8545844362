import os
from collections.abc import Iterator
from typing import Any

import pytest
import torch
from torch import Tensor

from answers.kit.digits import Split, digit_score, pixels, shuffled
from answers.kit.labels import IMAGES
from answers.vae import vae
from answers.vae.vae import Recipe, demonstrate
from models.vae import VAE, kl_divergence, vae_loss
from quizcli.demo.catalogue import find_answer
from quizcli.demo.device import choose
from quizcli.demo.events import Claim, Event, Images, Points, Progress, Scalars, Started
from tests.answers.streams import check_whole, claims, filled, layout_of, numbers, of_panel
from tests.places import ROOT

SMALL: dict[str, Any] = {"epochs": 3, "batch": 25, "data": "synthetic", "device": "cpu"}
QUICK: dict[str, Any] = {**vae.QUICK, "seed": 7}


@pytest.fixture(scope="module")
def events(few: None) -> list[Event]:
    """One small run, looked at by several tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(vae, "FRAME", 0.05)
        return list(demonstrate(**SMALL))


def run(**settings: Any) -> dict[str, Claim]:
    return claims(list(demonstrate(**SMALL | settings)))


# What is shown


def test_it_says_at_once_where_it_runs_and_on_what(events: list[Event]) -> None:
    first, *others = (event for event in events if isinstance(event, Started))
    assert first is events[0]
    assert others[-1].data == {"en": "synthetic digits, 2,000 images", "zh": "合成数字，2,000 张图"}
    assert others[-1].synthetic
    assert others[-1].device == choose("cpu").label


def test_every_panel_of_the_layout_is_filled(events: list[Event]) -> None:
    assert filled(events) == layout_of(events)


def test_the_untrained_samples_are_there_before_the_first_step(events: list[Event]) -> None:
    kinds = [type(event) for event in events]
    assert kinds.index(Images) < kinds.index(Scalars)
    assert kinds.index(Points) < kinds.index(Scalars)


def test_the_curves_fall_and_add_up(events: list[Event]) -> None:
    nats = of_panel(events, "nats")
    training = {event.x: event.values for event in nats if "train" in event.values}
    train = {x: values["train"] for x, values in training.items()}
    test = [event.values["test"] for event in nats if "test" in event.values]
    for values in training.values():
        assert values["train"] == pytest.approx(values["reconstruction"] + values["KL"])
    assert train[25] > train[225]
    assert test[0] > test[-1]
    assert len(test) >= 3


def test_progress_rises_to_the_end_and_tells_the_speed(events: list[Event]) -> None:
    steps = [event for event in events if isinstance(event, Progress) and event.unit == IMAGES]
    assert [step.done for step in steps] == sorted(step.done for step in steps)
    # looked at every 25 of 240 steps; what was shown before them has moved the bar already
    assert 6 / 7 * 225 / 240 <= steps[-1].done / steps[-1].total < 6 / 7
    assert all(step.rate and step.rate > 0 for step in steps)
    assert steps[-1].text == {"en": "epoch 3/3", "zh": "第 3/3 轮"}


def test_the_samples_are_the_same_codes_in_every_frame(few: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vae, "FRAME", 0.0)
    frames = [
        numbers(event.images).float()
        for event in demonstrate(**SMALL | {"lr": 1e-6, "epochs": 1})
        if isinstance(event, Images)
    ]
    assert len(frames) > 50
    assert frames[0].shape == (32, 28, 28)
    assert (frames[0] - frames[-1]).abs().max() <= 2  # a hardly trained decoder draws hardly other pictures


def test_the_samples_change_while_it_trains(events: list[Event]) -> None:
    frames = of_panel(events, "samples")
    assert len(frames) >= 3
    assert frames[0].images.shape == (32, 28, 28)
    assert frames[0].images.data != frames[-1].images.data


def test_the_map_has_a_digit_for_each_point(events: list[Event]) -> None:
    last = of_panel(events, "latent")[-1]
    assert last.xy.shape == (500, 2)
    assert len(last.groups) == 500
    assert set(last.groups) == set(range(10))
    assert "principal" in last.caption["en"]


def test_a_flat_latent_space_is_not_projected() -> None:
    model, test = untrained(latent=2)
    view = vae._View(model, test)
    torch.testing.assert_close(view._project(), model.encode(pixels(test.images))[0].detach())


def test_the_map_shows_the_two_largest_variances_and_keeps_its_signs() -> None:
    model, test = untrained(latent=6)
    view = vae._View(model, test)
    once = view._project()
    variances = torch.linalg.eigvalsh(model.encode(pixels(test.images))[0].detach().T.cov())
    torch.testing.assert_close(once.T.cov(), torch.diag(variances[[-1, -2]]), atol=1e-6, rtol=1e-3)
    view._axes.last = -view._axes.last
    torch.testing.assert_close(view._project(), -once)


def untrained(latent: int) -> tuple[VAE, Split]:
    torch.manual_seed(0)
    images = torch.randint(0, 256, (200, 784), dtype=torch.uint8)
    return VAE(latent=latent), Split(images, torch.arange(200) % 10)


def test_the_stream_is_whole(events: list[Event]) -> None:
    check_whole(events)


def test_the_catalogue_can_read_it() -> None:
    answer = find_answer(ROOT, "vae")
    assert answer.claims == (
        "kl-nonnegative",
        "elbo-reached",
        "kl-explodes-without-kl-term",
        "samples-are-digits",
    )
    assert [parameter.name for parameter in answer.parameters] == [
        *("epochs", "latent", "beta", "batch", "lr", "seed", "device", "data")
    ]
    assert answer.quick == vae.QUICK


# How it trains


def test_a_seed_fixes_every_measurement(few: None) -> None:
    def measured(seed: int) -> list[float]:
        return [claim.measured for claim in run(seed=seed, epochs=1).values()]

    one = measured(5)
    assert measured(5) == one
    assert measured(6) != one


def test_an_epoch_takes_every_image_once_in_batches_of_equal_size() -> None:
    rows = list(shuffled(torch.zeros(103, 784), batch=10, epochs=2))
    assert [len(batch) for batch in rows] == [10] * 20
    first, second = torch.cat(rows[:10]), torch.cat(rows[10:])
    assert len(set(first.tolist())) == len(set(second.tolist())) == 100
    assert not torch.equal(first, second)


def test_the_rate_warms_up_and_falls_to_nothing() -> None:
    shares = [vae._schedule(k / 100) for k in range(101)]
    assert shares[0] == shares[100] == 0
    assert shares[10] == max(shares) == 1
    assert shares[:11] == sorted(shares[:11])
    assert shares[10:] == sorted(shares[10:], reverse=True)


# What is claimed


def test_a_small_run_keeps_what_it_claims(events: list[Event]) -> None:
    made = claims(events)
    assert set(made) == {"kl-nonnegative", "samples-are-digits"}  # its batch is not the one promised for
    assert made["kl-nonnegative"].holds


@pytest.mark.parametrize(
    ("changed", "synthetic", "bound"),
    [
        ({}, False, 106.5),
        ({"epochs": 50}, False, 106.5),
        ({}, True, 97.5),
        (vae.QUICK, False, 120.0),
        (vae.QUICK | {"epochs": 3}, True, 114.0),
        ({"epochs": 1}, False, None),
        ({"latent": 2}, False, None),
        ({"beta": 0.0}, False, None),
        ({"beta": 4.0}, True, None),
        ({"batch": 64}, False, None),
        ({"lr": 0.001}, False, None),
    ],
)
def test_a_bound_is_promised_for_the_measured_recipes_alone(
    changed: dict[str, Any], synthetic: bool, bound: float | None
) -> None:
    assert vae.promised(vae.RECIPE._replace(**changed), synthetic) == bound


def test_the_default_settings_are_the_recipe() -> None:
    settings = {parameter.name: parameter.default for parameter in find_answer(ROOT, "vae").parameters}
    assert Recipe(**{name: settings[name] for name in Recipe._fields}) == vae.RECIPE  # type: ignore[arg-type]


def test_an_untrained_model_reaches_nothing(few: None, monkeypatch: pytest.MonkeyPatch) -> None:
    def idle(model: VAE, images: Tensor, *_: object) -> Iterator[Tensor]:
        yield from torch.zeros(50, 2)

    monkeypatch.setattr(vae, "train", idle)
    made = run(**vae.QUICK)
    assert not made["elbo-reached"].holds
    assert not made["samples-are-digits"].holds


def test_averaging_over_pixels_instead_of_summing_is_found_out(
    few: None, monkeypatch: pytest.MonkeyPatch
) -> None:

    def averaged(*arguments: Any) -> tuple[Tensor, Tensor, Tensor]:
        _, reconstruction, kl = vae_loss(*arguments)
        return reconstruction / 784 + kl, reconstruction / 784, kl

    monkeypatch.setattr(vae, "vae_loss", averaged)
    made = run(**vae.QUICK | {"epochs": 8})
    assert not made["elbo-reached"].holds
    assert not made["samples-are-digits"].holds


def test_noise_is_not_taken_for_digits(few: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(VAE, "sample", lambda self, z: torch.rand(len(z), 784))
    assert not run()["samples-are-digits"].holds


def test_one_digit_over_and_over_is_not_enough(few: None, monkeypatch: pytest.MonkeyPatch) -> None:
    sample = VAE.sample
    monkeypatch.setattr(VAE, "sample", lambda self, z: sample(self, z[:1].expand_as(z)))
    assert run()["samples-are-digits"].measured == pytest.approx(1, abs=0.01)


def test_a_wrong_sign_in_the_kl_term_is_found_out(few: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vae, "kl_divergence", lambda mu, logvar: -kl_divergence(mu, logvar))
    assert not run(epochs=1)["kl-nonnegative"].holds


def test_without_the_kl_term_the_kl_explodes(few: None, monkeypatch: pytest.MonkeyPatch) -> None:
    made = run(beta=0.0)
    assert set(made) == {"kl-nonnegative", "kl-explodes-without-kl-term"}
    assert made["kl-explodes-without-kl-term"].holds
    monkeypatch.setattr(vae, "vae_loss", lambda *arguments: vae_loss(*arguments[:4]))
    assert not run(beta=0.0)["kl-explodes-without-kl-term"].holds


def test_the_score_runs_from_one_to_the_number_of_digits() -> None:
    certain = torch.eye(10).repeat(5, 1) * 50  # (50, 10) logits
    judge = torch.nn.Identity()
    assert digit_score(judge, certain) == pytest.approx(10, abs=1e-3)
    assert digit_score(judge, certain[:1].repeat(50, 1)) == pytest.approx(1)
    assert digit_score(judge, torch.zeros(50, 10)) == pytest.approx(1)


# The real thing


@pytest.mark.slow
@pytest.mark.parametrize("settings", [{}, {"beta": 0.0}])
def test_the_quick_form_keeps_its_promises_on_synthetic_digits(
    whole_sets: None, settings: dict[str, Any]
) -> None:
    made = claims(list(demonstrate(**QUICK | {"data": "synthetic"} | settings)))
    assert len(made) == (2 if settings else 3)
    assert all(claim.holds for claim in made.values()), made


@pytest.mark.slow
@pytest.mark.skipif("QUIZCLI_DATA" not in os.environ, reason="needs MNIST in QUIZCLI_DATA")
def test_the_quick_form_keeps_its_promises_on_mnist(whole_sets: None) -> None:
    made = claims(list(demonstrate(**QUICK | {"data": "mnist"})))
    assert len(made) == 3
    assert all(claim.holds for claim in made.values()), made


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_it_trains_in_bfloat16_on_a_gpu(few: None) -> None:
    made = run(device="cuda", epochs=20)
    assert choose("cuda").fused
    assert all(claim.holds for claim in made.values()), made
