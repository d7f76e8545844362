"""U-Net's demonstration: the claims hold for any seed, and each falls when its cause is taken away."""

from typing import Any

import pytest
import torch
from torch.nn import functional as F

from answers.unet.unet import demo, skips, upconvolution
from answers.unet.unet.scenes import BLOB, DENOISE, KINDS, LINE, RING, SEGMENT, dice, scenes
from models.unet import UNet
from quizcli.demo.events import Bars, Claim, Event, Images, Note, Progress, Scalars, encode
from tests.answers.streams import check_whole, claims, fallen, filled, layout_of, numbers, seconds

SIZES = ["valid-output-is-388", "has-31030658-parameters", "transposed-size-follows-formula"]
BACKWARDS = [
    "deconvolution-is-no-inverse",
    "deconvolution-is-the-transpose",
    "kernel-three-makes-checkerboard",
]
SKIPS = ["unet-reaches-dice", "skips-lead-early", "thin-lines-need-skips"]


def run(**settings: Any) -> list[Event]:
    return list(demo.demonstrate(**(demo.QUICK | settings)))


@pytest.fixture(scope="module")
def events() -> list[Event]:
    """One quick run, looked at by several tests."""
    return run()


# What is claimed


def test_every_claim_holds(events: list[Event]) -> None:
    assert list(claims(events)) == SIZES + BACKWARDS + SKIPS
    assert fallen(events) == set()


@pytest.mark.other_seeds
@pytest.mark.parametrize("seed", [1, 2])
def test_every_claim_holds_with_other_seeds(seed: int) -> None:
    assert fallen(run(seed=seed)) == set()


def test_the_mistake_one_can_make_on_purpose() -> None:
    assert fallen(run(mistake="no-skips")) == set(SKIPS)


def test_the_noise_is_predicted_with_skips_alone() -> None:
    made = run(task="denoise")
    assert list(claims(made)) == [*SIZES, *BACKWARDS, "unet-predicts-the-noise"]
    assert fallen(made) == set()
    assert fallen(run(task="denoise", mistake="no-skips")) == {"unet-predicts-the-noise"}


def test_untrained_networks_reach_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(skips, "LR", 0.0)
    assert fallen(run()) >= {"unet-reaches-dice", "skips-lead-early"}


def test_padded_convolutions_are_not_the_paper_s(monkeypatch: pytest.MonkeyPatch) -> None:
    def padded(*arguments: Any, **settings: Any) -> UNet:
        return UNet(*arguments, **settings | {"padding": "same", "channels": 32})

    monkeypatch.setattr(demo, "UNet", padded)
    monkeypatch.setattr(upconvolution, "UNet", padded)
    assert fallen(first_acts()) == {"valid-output-is-388", "has-31030658-parameters"}


def test_another_size_of_up_convolutions_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo, "upsampled", lambda n, k, s, p: n * s)
    assert fallen(first_acts()) == {"transposed-size-follows-formula"}


def test_an_inverse_is_told_from_a_transpose(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo, "convolved", lambda x, weight: x * weight[..., 1:2, 1:2])
    monkeypatch.setattr(demo, "transposed", lambda y, weight: y / weight[..., 1:2, 1:2])
    assert fallen(first_acts()) == {"deconvolution-is-no-inverse", "deconvolution-is-the-transpose"}


def test_a_kernel_that_writes_evenly_is_told_from_a_checkerboard(monkeypatch: pytest.MonkeyPatch) -> None:
    even = upconvolution.most_to_fewest
    assert (even(2), even(3), even(4), even(6)) == (1.0, 4.0, 1.0, 1.0)
    monkeypatch.setattr(demo, "most_to_fewest", lambda kernel_size: even(2))
    assert fallen(first_acts()) == {"kernel-three-makes-checkerboard"}


@pytest.mark.parametrize(
    "settings", [{"steps": 30}, {"channels": 4}, {"depth": 1}, {"noise": 0.5}], ids=lambda s: next(iter(s))
)
def test_what_was_not_measured_is_not_promised(settings: dict[str, Any]) -> None:
    events = run(**{"steps": 30, "channels": 8} | settings)
    assert list(claims(events)) == SIZES + BACKWARDS
    assert Note(text=demo.says("nothing-settled")) in events


def first_acts() -> list[Event]:
    """All that comes before the training."""
    generator = torch.Generator().manual_seed(0)
    return [*demo._size_claims(), *demo._backwards(generator)]


# What is shown


def test_the_stream_is_complete(events: list[Event]) -> None:
    assert filled(events) == layout_of(events)
    check_whole(events)
    steps = [event.done for event in events if isinstance(event, Progress)]
    assert steps == sorted(steps)
    assert steps[-1] == 1


def test_the_sides_of_the_maps_draw_a_u(events: list[Event]) -> None:
    sizes = [event.values for event in events if isinstance(event, Scalars) and "valid" in event.values]
    valid, same = ([int(size[padding]) for size in sizes] for padding in ("valid", "same"))
    assert valid == [
        *(572, 570, 568, 284, 282, 280, 140, 138, 136, 68, 66, 64, 32, 30, 28),
        *(56, 54, 52, 104, 102, 100, 200, 198, 196, 392, 390, 388, 388),
    ]
    assert same[0] == same[-1] == 572
    assert min(same) == 35


def test_the_curves_of_sizes_do_not_stay_in_the_chart_of_dice(events: list[Event]) -> None:
    chart = [event for event in events if isinstance(event, Bars | Scalars)]
    (cleared,) = (number for number, event in enumerate(chart) if isinstance(event, Bars))
    before, after = (
        {name for event in part if isinstance(event, Scalars) for name in event.values}
        for part in (chart[:cleared], chart[cleared:])
    )
    assert before == {"valid", "same"}
    assert after == set(skips.NAMES)


def test_the_same_scene_is_seen_sharper_and_sharper(events: list[Event]) -> None:
    frames = [
        numbers(event.images).view(4, 24, 24).float() / 255
        for event in events
        if isinstance(event, Images) and event.title["en"].startswith("image, target")
    ]
    assert len(frames) >= 20
    assert all(torch.equal(frame[:2], frames[0][:2]) for frame in frames)
    first, last = ((frame[2:] - frame[1]).abs().mean((1, 2)) for frame in (frames[0], frames[-1]))
    assert (last < first).all()
    assert last[0] < last[1]  # with skips nearer to the target


def test_a_run_repeats_itself_and_leaves_the_global_generator_alone() -> None:
    before = torch.random.get_rng_state()
    small = {"steps": 30, "channels": 4, "depth": 1}
    assert [encode(event) for event in run(**small)] == [encode(event) for event in run(**small)]
    measured = [event.measured for event in run(**small, seed=1) if isinstance(event, Claim)]
    assert measured != [event.measured for event in run(**small) if isinstance(event, Claim)]
    assert torch.equal(torch.random.get_rng_state(), before)


def test_the_threads_are_left_as_they_were() -> None:
    threads = torch.get_num_threads()
    running = demo.demonstrate(steps=60, depth=2)
    seen = set()
    for event in running:
        seen.add(torch.get_num_threads())
        if isinstance(event, Progress) and event.done >= 0.45:  # its networks train
            running.close()  # type: ignore[attr-defined]
    assert seen == {threads, 1}
    assert torch.get_num_threads() == threads


def test_it_waits_only_so_that_a_person_can_watch(events: list[Event]) -> None:
    assert 2 < seconds(events) < 6


# The task


@pytest.mark.parametrize("kind", KINDS)
def test_scenes_hold_what_is_asked_for(kind: str) -> None:
    images, masks, added = scenes(200, torch.Generator().manual_seed(0), noise=0.3, kinds=(kind,))
    assert images.shape == masks.shape == (200, 1, 32, 32)
    assert set(masks.flatten().tolist()) == {0.0, 1.0}
    assert torch.equal(images[masks == 0], added[masks == 0])
    assert added.std().item() == pytest.approx(0.3, rel=0.05)
    # Only of blobs is something left when a pixel is taken off all around.
    eroded = -F.max_pool2d(-masks, 3, stride=1)
    share = (eroded.sum() / masks.sum()).item()
    assert share > 0.4 if kind == BLOB else share < 0.1
    assert masks.mean() < {BLOB: 0.2, RING: 0.12, LINE: 0.07}[kind]


def test_noise_alone_hides_the_shapes() -> None:
    still = scenes(5, torch.Generator().manual_seed(0), noise=0.0)
    assert ((still.images > 0) == (still.masks > 0)).all()
    assert still.images.max() <= 1


def test_the_whole_noise_is_a_perfect_prediction() -> None:
    scene = scenes(5, torch.Generator().manual_seed(0), noise=0.3)
    perfect, nothing = scene.noise / scene.noise.std(), torch.zeros_like(scene.noise)
    assert DENOISE.score(perfect, scene) == pytest.approx(1)
    assert DENOISE.score(nothing, scene) == pytest.approx(0, abs=0.01)
    assert DENOISE.loss(perfect, scene) == pytest.approx(0)
    torch.testing.assert_close(DENOISE.picture(perfect, scene), DENOISE.target(scene))


def test_dice_runs_from_nothing_in_common_to_all() -> None:
    masks = torch.tensor([1.0, 1.0, 0.0, 0.0])
    assert dice(masks, masks) == 1
    assert dice(1 - masks, masks) == 0
    assert dice(torch.ones(4), masks) == pytest.approx(2 * 2 / (4 + 2))
    assert dice(torch.zeros(4), torch.zeros(4)) == 0
    soft = torch.full((4,), 0.5, requires_grad=True)
    torch.autograd.backward(dice(soft, masks))
    assert soft.grad is not None
    assert (soft.grad[:2] > 0).all()
    assert (soft.grad[2:] < 0).all()


def test_without_skips_both_networks_are_one() -> None:
    recipe = skips.Recipe(steps=1, channels=4, depth=2, noise=0.0, task=SEGMENT)
    assert [network.skips for network in skips.two_networks(recipe, "none", seed=3)] == [True, False]
    first, second = skips.two_networks(recipe, "no-skips", seed=3)
    assert all(
        torch.equal(one, other) for one, other in zip(first.parameters(), second.parameters(), strict=True)
    )
