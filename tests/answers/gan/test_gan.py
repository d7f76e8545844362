"""The game on the ring and on digits: its claims hold, and each falls when its cause is taken away."""

import math
from collections.abc import Generator, Iterator
from functools import cache
from typing import Any, cast

import pytest
import torch
from torch import Tensor, nn

from answers.gan import game, gan
from answers.gan.game import (
    CPU,
    Coverage,
    Game,
    Players,
    Recipe,
    centres,
    coverage,
    ring,
    ring_players,
    rings,
)
from answers.kit.digits import Split, classifier
from answers.kit.threads import one_thread
from models.gan import Discriminator, discriminator_loss
from models.gan import Generator as Net
from quizcli.demo.catalogue import find_answer
from quizcli.demo.datasets.synthetic import synthetic_digits
from quizcli.demo.device import Device
from quizcli.demo.events import (
    Event,
    Heatmap,
    Images,
    Note,
    Points,
    Progress,
    Scalars,
    Started,
    encode,
)
from tests.answers.streams import check_whole, claims, filled, layout_of, numbers
from tests.places import ROOT

RING = ["all-modes-covered", "samples-near-the-ring", "d-loss-near-2-ln-2"]
LOST = ["momentum-loses-modes", "narrow-d-loses-modes"]
DIGITS = "generated-digits-are-digits"
SHORT: dict[str, Any] = {"ring_steps": 50, "steps": 50, "data": "synthetic", "device": "cpu"}


@cache
def judge(_: Device) -> nn.Module:
    """The classifier after thirty passes over the few digits."""
    tensors = finished(synthetic_digits(train=2000, test=10))
    images, labels = tensors["train_images"].flatten(1), tensors["train_labels"].long()
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return classifier(Split(images.repeat(30, 1), labels.repeat(30)), CPU)


def finished(steps: Generator[Event, None, dict[str, Tensor]]) -> dict[str, Tensor]:
    while True:
        try:
            next(steps)
        except StopIteration as stop:
            return cast(dict[str, Tensor], stop.value)


@pytest.fixture(scope="module", autouse=True)
def _judged(few: None) -> Iterator[None]:
    """Few digits have a judge that knows them, made once for this module."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(gan, "classifier", lambda training, device: judge(device))
        patch.setattr(gan, "FRAME", 0.05)
        yield


@pytest.fixture(scope="module")
def events() -> list[Event]:
    """The quick form, looked at by several tests."""
    return run(**gan.QUICK)


def run(**settings: Any) -> list[Event]:
    return list(gan.demonstrate(**SHORT | settings))


def panel(events: list[Event], name: str, kind: type) -> list[Any]:
    return [event for event in events if isinstance(event, kind) and getattr(event, "panel", "") == name]


# What is shown


def test_the_stream_is_complete(events: list[Event]) -> None:
    first, *others = (event for event in events if isinstance(event, Started))
    assert first is events[0]
    assert others[-1].data == {"en": "synthetic digits, 2,000 images", "zh": "合成数字，2,000 张图"}
    assert others[-1].synthetic
    assert filled(events) == layout_of(events)
    check_whole(events)


def test_a_picture_is_there_before_the_first_step(events: list[Event]) -> None:
    shown = [type(event) for event in events[1:] if not isinstance(event, Progress)]
    assert shown[:2] == [Points, Heatmap]


def test_the_ring_moves_and_real_points_stay(events: list[Event]) -> None:
    frames = [numbers(event.xy).view(-1, 2) for event in panel(events, "samples", Points)]
    assert len(frames) >= 4
    real, fake = [frame[: game.DRAWN] for frame in frames], [frame[game.DRAWN :] for frame in frames]
    assert all(torch.equal(points, real[0]) for points in real)
    assert (fake[0] - fake[-1]).abs().mean() > 0.5


def test_the_digits_change_while_it_plays(events: list[Event]) -> None:
    frames = panel(events, "samples", Images)
    assert len(frames) >= 3
    assert frames[0].images.shape == (gan.SHOWN, 28, 28)
    assert frames[0].images.data != frames[-1].images.data
    shares = panel(events, "judge", Heatmap)[-1]
    assert shares.values.shape == (1, 10)
    assert numbers(shares.values).sum() == pytest.approx(1)


def test_the_curves_go_on_from_the_ring_to_the_digits(events: list[Event]) -> None:
    curves = panel(events, "losses", Scalars)
    assert [event.x for event in curves] == list(range(gan.LOOK, 901, gan.LOOK))
    assert all(event.values["2 ln 2"] == pytest.approx(2 * math.log(2)) for event in curves)
    assert all(event.values["ln 2"] == pytest.approx(math.log(2)) for event in curves)
    told = [event.text.get("en", "") for event in events if isinstance(event, Progress)]
    assert list(dict.fromkeys(text for text in told if text[:1].isdigit())) == ["1/2 ring", "2/2 digits"]


def test_the_catalogue_can_read_it() -> None:
    answer = find_answer(ROOT, "gan")
    assert set(answer.claims) == {*RING, *LOST, DIGITS}
    assert answer.quick == gan.QUICK
    defaults = {parameter.name: parameter.default for parameter in answer.parameters}
    assert (defaults["ring_steps"], defaults["steps"]) == (gan.RING.steps, gan.DIGITS.steps)
    assert (defaults["beta1"], defaults["width"]) == (gan.RING.beta1, gan.WIDTH)


def test_a_seed_fixes_every_measurement_and_every_picture() -> None:
    def seen(seed: int) -> list[bytes]:
        return [encode(event) for event in run(seed=seed) if isinstance(event, Scalars)]

    one = seen(5)
    assert seen(5) == one
    assert seen(6) != one


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({}, "well above zero"),
        ({"beta1": 0.9}, "momentum"),
        ({"width": 6}, "as its critic"),
        ({"loss": "saturating"}, "−ln 2"),
    ],
    ids=str,
)
def test_short_runs_promise_nothing_and_the_last_note_fits_the_settings(
    settings: dict[str, Any], said: str
) -> None:
    events = run(**settings)
    assert not claims(events)
    notes = [event.text["en"] for event in events if isinstance(event, Note)]
    assert sum("too few" in note for note in notes) == 2
    assert said in notes[-1]


# What is claimed


def test_the_quick_form_keeps_what_it_claims(events: list[Event]) -> None:
    made = claims(events)
    assert list(made) == [*RING, DIGITS]
    assert all(claim.holds for claim in made.values()), made


@pytest.mark.other_seeds
@pytest.mark.parametrize("seed", [1, 2])
def test_the_ring_is_found_with_other_seeds(seed: int) -> None:
    made = claims(run(ring_steps=700, seed=seed))
    assert list(made) == RING
    assert all(claim.holds for claim in made.values()), made


def idle(self: Game, batches: Iterator[Tensor]) -> Iterator[Tensor]:
    yield from torch.zeros(1500, 2)


def test_players_that_never_learn_reach_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Game, "play", idle)
    made = claims(run(**gan.QUICK))
    assert list(made) == [*RING, DIGITS]
    assert not any(claim.holds for claim in made.values()), made


def test_momentum_makes_the_players_circle() -> None:
    made = claims(run(ring_steps=700, beta1=0.9))
    assert not made["all-modes-covered"].holds
    assert made[LOST[0]].holds


def test_a_discriminator_too_narrow_to_see_eight_places_teaches_none() -> None:
    made = claims(run(ring_steps=700, width=6))
    assert not made["all-modes-covered"].holds
    assert not made["samples-near-the-ring"].holds
    assert made[LOST[1]].holds


def test_it_is_the_momentum_and_the_width_that_lose_modes(monkeypatch: pytest.MonkeyPatch) -> None:
    class Steady(Game):
        def __init__(self, players: Players, recipe: Recipe, *others: Any) -> None:
            super().__init__(players, recipe._replace(beta1=0.5), *others)

    monkeypatch.setattr(gan, "Game", Steady)
    monkeypatch.setattr(gan, "ring_players", lambda seed, width: ring_players(seed))
    made = claims(run(ring_steps=700, beta1=0.9, width=6))
    assert list(made) == [*RING, *LOST]
    assert not any(made[id_].holds for id_ in LOST)


def test_one_point_over_and_over_covers_one_mode(monkeypatch: pytest.MonkeyPatch) -> None:
    samples = Game.samples
    monkeypatch.setattr(Game, "play", idle)
    monkeypatch.setattr(Game, "samples", lambda self, z: samples(self, z)[:1].expand(len(z), -1))
    made = claims(run(**gan.QUICK))
    assert made["all-modes-covered"].measured <= 1
    assert made[DIGITS].measured == pytest.approx(1, abs=0.01)


# The ring and the game


def test_real_points_are_good_and_cover_all_modes() -> None:
    x = ring(20_000, torch.Generator().manual_seed(0))
    modes, good = coverage(x)
    assert modes == 8
    assert good == pytest.approx(1 - math.exp(-4.5), abs=0.003)  # Rayleigh: within three σ in two dimensions


def test_a_mode_with_less_than_a_fifth_of_its_share_is_not_covered() -> None:
    x = centres().repeat_interleave(torch.tensor([120, 120, 120, 120, 120, 120, 120, 20]), dim=0)
    assert coverage(x) == Coverage(7, 1.0)
    assert coverage(torch.zeros(10, 2)) == Coverage(0, 0.0)


def new_game(steps: int = 4, seed: int = 0) -> tuple[Game, Iterator[Tensor]]:
    random = torch.Generator().manual_seed(seed)
    return Game(ring_players(seed), Recipe(steps, 16, 0.01), random), rings(16, random)


def test_a_step_is_that_of_two_plain_optimizers() -> None:
    ours, batches = new_game(steps=1)
    players, _ = ring_players(0), None
    random = torch.Generator().manual_seed(0)
    real = ring(16, random)
    z = torch.randn(16, 8, generator=random)
    optimizers = [torch.optim.Adam(p.parameters(), lr=0.01, betas=(0.5, 0.9)) for p in players]
    fake = players.generator(z)
    loss = discriminator_loss(players.discriminator(real), players.discriminator(fake.detach()))
    torch.autograd.backward(loss)
    optimizers[1].step()
    of_g = -torch.log(torch.sigmoid(players.discriminator(fake))).mean()
    torch.autograd.backward(of_g)
    optimizers[0].step()
    (losses,) = ours.play(batches)
    torch.testing.assert_close(losses, torch.stack((loss, of_g)).detach())
    for mine, plain in zip(ours.players, players, strict=True):
        for name, parameter in mine.state_dict().items():
            torch.testing.assert_close(parameter, plain.state_dict()[name], atol=1e-5, rtol=1e-4)


def test_the_rate_is_full_for_half_of_the_game_and_falls_to_nothing() -> None:
    ours, batches = new_game(steps=4)
    rates = []
    for _ in ours.play(batches):
        rates.append([optimizer.param_groups[0]["lr"] for optimizer in ours._optimizers])
    assert rates == [[0.01, 0.01], [0.01, 0.01], [0.01, 0.01], [0.005, 0.005]]


def test_looking_at_samples_changes_nothing() -> None:
    random = torch.Generator().manual_seed(0)
    players = Players(Net(3, (5,), 4), Discriminator(4, (5,)))
    ours = Game(players, Recipe(1, 8, 0.01), random, device=CPU)
    z = ours.noise(6)
    before = {name: value.clone() for name, value in players.generator.state_dict().items()}
    torch.testing.assert_close(ours.samples(z), ours.samples(z))
    assert players.generator.training
    for name, value in players.generator.state_dict().items():
        assert torch.equal(value, before[name])


def test_the_players_of_the_ring_leave_the_global_generator_alone() -> None:
    before = torch.random.get_rng_state()
    ring_players(3)
    assert torch.equal(torch.random.get_rng_state(), before)


def test_the_verdict_stands_as_the_plane_does() -> None:
    class Upper(Discriminator):
        def forward(self, x: Tensor) -> Tensor:
            return 9 * x[:, 1] + x[:, 0]  # sure of what lies above, and a little of what lies to the right

    event = game.verdict("judge", Upper(2, ()), {}, {})
    values = numbers(event.values).view(12, 24)
    assert values[0].min() > 0.99
    assert values[-1].max() < 0.01
    assert (values[6].diff() > 0).all()


def test_one_thread_gives_the_others_back() -> None:
    before = torch.get_num_threads()
    with one_thread():
        assert torch.get_num_threads() == 1
    assert torch.get_num_threads() == before


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_it_plays_on_a_gpu() -> None:
    made = claims(run(device="cuda", **gan.QUICK))
    assert all(claim.holds for claim in made.values()), made
