"""What a GAN's losses say: the claims hold, and each falls when its cause is taken away."""

from typing import Any

import pytest
import torch
from torch import Tensor

from answers.gan.game import Game, Losses
from answers.gan.gan_loss import demo, line, two_games
from answers.gan.gan_loss.line import DATA, GENERATED, Gaussian
from models.gan import best_logits, generator_loss
from quizcli.demo.catalogue import find_answer
from quizcli.demo.events import (
    Event,
    Heatmap,
    Note,
    Points,
    Progress,
    Scalars,
)
from tests.answers import streams
from tests.answers.streams import check_repeats, check_whole, claims, filled, layout_of, seconds
from tests.places import ROOT

ON_THE_LINE = ["best-d-is-the-share-of-the-density", "equal-densities-cost-2-ln-2"]
DESCENT = ["descending-d-loss-raises-the-value", "descending-g-loss-raises-d-of-g"]
OF_THE_GAMES = [
    "saturating-slope-vanishes",
    "sum-near-zero",
    "no-mode-at-sum-zero",
    "modes-far-from-sum-zero",
    "healthy-losses-near-3-ln-2",
    "cross-entropies-never-negative",
]


def run(**settings: Any) -> list[Event]:
    """The quick form; without the games' claims unless they are asked for."""
    return list(demo.demonstrate(**demo.QUICK | {"steps": 50, "head_start": 20} | settings))


def fallen(**settings: Any) -> set[str]:
    return streams.fallen(run(**settings))


@pytest.fixture(scope="module")
def events() -> list[Event]:
    """The quick form, looked at by several tests."""
    return run(**demo.ENOUGH)


@pytest.fixture
def short_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """Spares the training on the line where it is not what a test is about."""
    monkeypatch.setattr(line, "STEPS", 20)


# What is shown


def test_the_stream_is_complete(events: list[Event]) -> None:
    assert filled(events) == layout_of(events)
    check_whole(events)
    done = [event.done for event in events if isinstance(event, Progress)]
    assert done == sorted(done)
    assert (done[0], done[-1]) == (0, 1)


def test_the_panels_change_with_the_acts(events: list[Event]) -> None:
    right = [type(event) for event in events if getattr(event, "panel", "") == "right"]
    acts = [kind for k, kind in enumerate(right) if k == 0 or kind is not right[k - 1]]
    assert acts == [Points, Heatmap, Points]


def test_the_slopes_part_while_d_learns(events: list[Event]) -> None:
    slopes = [event.values for event in events if isinstance(event, Scalars) and event.panel == "slopes"]
    assert len(slopes) == 31
    assert slopes[0]["saturating"] == pytest.approx(slopes[0]["non-saturating"], rel=0.5)
    assert slopes[-1]["non-saturating"] > slopes[0]["non-saturating"]
    assert slopes[-1]["saturating"] < 1e-4 * slopes[0]["saturating"]


def test_the_catalogue_can_read_it() -> None:
    answer = find_answer(ROOT, "gan-loss")
    assert set(answer.claims) == {*ON_THE_LINE, *DESCENT, *OF_THE_GAMES}
    assert answer.quick == demo.QUICK
    defaults = {parameter.name: parameter.default for parameter in answer.parameters}
    assert defaults["steps"] == demo.RECIPE.steps
    assert set(demo.MISTAKES) == set(answer.parameters[3].choices)


def test_a_run_repeats_itself_and_leaves_the_global_generator_alone(
    short_line: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(two_games, "FRAME", 1e9)  # frames come with the clock
    check_repeats(run)


def test_it_takes_as_long_as_a_person_can_watch(short_line: None) -> None:
    assert seconds(run()) > 3


def test_short_games_promise_nothing_and_say_so(short_line: None) -> None:
    events = run()
    assert not set(claims(events)) & set(OF_THE_GAMES)
    assert any("promise nothing" in event.text["en"] for event in events if isinstance(event, Note))


# What is claimed


def test_the_quick_form_keeps_what_it_claims(events: list[Event]) -> None:
    made = claims(events)
    assert list(made) == [*ON_THE_LINE, *DESCENT, *OF_THE_GAMES]
    assert all(claim.holds for claim in made.values()), made


@pytest.mark.other_seeds
@pytest.mark.parametrize("seed", [1, 2])
def test_with_other_seeds_too(seed: int) -> None:
    made = claims(run(**demo.ENOUGH, seed=seed))
    assert len(made) == 10
    assert all(claim.holds for claim in made.values()), made


def test_without_a_head_start_the_saturating_game_is_no_worse(short_line: None) -> None:
    down = fallen(**demo.ENOUGH | {"head_start": 0})
    assert {"saturating-slope-vanishes", "sum-near-zero", "no-mode-at-sum-zero"} <= down
    assert "modes-far-from-sum-zero" not in down


def test_a_generator_that_maximizes_its_loss_finds_nothing(short_line: None) -> None:
    down = fallen(**demo.ENOUGH, mistake="maximize-generator")
    assert {
        "descending-g-loss-raises-d-of-g",
        "modes-far-from-sum-zero",
        "healthy-losses-near-3-ln-2",
        "cross-entropies-never-negative",
    } <= down
    assert "descending-d-loss-raises-the-value" not in down


def test_a_discriminator_that_minimizes_its_probabilities_teaches_nothing() -> None:
    down = fallen(**demo.ENOUGH, mistake="minimize-probabilities")
    assert {
        *ON_THE_LINE[:1],
        "descending-d-loss-raises-the-value",
        "modes-far-from-sum-zero",
        "saturating-slope-vanishes",
    } <= down


def test_a_discriminator_that_does_not_learn_is_not_the_best(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(line, "LR", 0.0)
    assert ON_THE_LINE[0] in fallen()


def test_unequal_densities_cost_less(monkeypatch: pytest.MonkeyPatch) -> None:
    places = iter(torch.linspace(-1, 1, 100)[:, None] + torch.arange(4.0)[:, None, None])
    monkeypatch.setattr(Gaussian, "quantiles", lambda self, count=400: next(places))
    assert ON_THE_LINE[1] in fallen()


# The parts


@pytest.mark.parametrize("density", [DATA, GENERATED])
def test_a_gaussian_is_that_of_torch_distributions(density: Gaussian) -> None:
    normal = torch.distributions.Normal(density.mean, density.std)
    x = torch.linspace(-4, 4, 50)
    torch.testing.assert_close(density.log_density(x), normal.log_prob(x))  # type: ignore[no-untyped-call]
    share = (torch.arange(400) + 0.5) / 400
    torch.testing.assert_close(
        density.quantiles()[:, 0],
        normal.icdf(share),  # type: ignore[no-untyped-call]
        atol=1e-4,
        rtol=1e-4,
    )


def test_the_best_d_is_no_departure_from_itself() -> None:
    fit = line.Fit("left", DATA, GENERATED, Losses().of_d)
    assert fit.departure() > 0.1

    class Best(torch.nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return best_logits(DATA.log_density(x), GENERATED.log_density(x))[:, 0]

    fit._d = Best()  # type: ignore[assignment]
    assert fit.departure() == pytest.approx(0, abs=1e-6)


def test_both_games_begin_alike_and_differ_in_gs_loss_alone() -> None:
    one, other = two_games.pair(3, demo.RECIPE, demo.MISTAKES["none"])
    for mine, theirs in zip(one.players, other.players, strict=True):
        for a, b in zip(mine.parameters(), theirs.parameters(), strict=True):
            assert torch.equal(a, b)
            assert a is not b
    assert torch.equal(one.noise(5), other.noise(5))
    assert isinstance(one, Game)
    assert one._losses.of_d is other._losses.of_d
    assert one._losses.of_g is generator_loss
