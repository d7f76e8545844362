import math
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.distributions import Normal

from answers.vae import reparameterization
from answers.vae.reparameterization import DIMENSIONS, FUNCTIONS, Expectation, demonstrate, estimate
from quizcli.demo.catalogue import find_answer
from quizcli.demo.events import Claim, Event
from tests.answers.seeds import seeds
from tests.answers.streams import check_whole, claims, filled, layout_of, numbers, of_panel
from tests.places import ROOT

QUICK: dict[str, Any] = {"draws": 20000}


@pytest.fixture(scope="module")
def events() -> list[Event]:
    return list(demonstrate(**QUICK))


def run(**settings: Any) -> dict[str, Claim]:
    return claims(list(demonstrate(**QUICK | settings)))


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


# The estimators


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize(("mu", "sigma"), [(2.0, 1.0), (-0.5, 0.3)])
def test_the_exact_gradients_are_those_of_an_integral(function: str, mu: float, sigma: float) -> None:
    """d/dμ E[f(z)] = ∫ f(z) ∂q/∂μ dz, on a fine grid."""
    z = torch.linspace(mu - 9 * sigma, mu + 9 * sigma, 2_000_001, dtype=torch.float64)
    density = Normal(mu, sigma).log_prob(z).exp()  # type: ignore[no-untyped-call]
    slope = torch.trapezoid(FUNCTIONS[function].f(z) * density * (z - mu) / sigma**2, z).item()
    assert FUNCTIONS[function].gradient(mu, sigma) == pytest.approx(slope, abs=1e-4)


def test_a_pathwise_gradient_is_the_slope_of_f_at_the_draw() -> None:
    mu, sigma = 2.0, 0.5
    made = estimate(Expectation(torch.square, mu, sigma), 50, 3, generator())
    epsilon = torch.randn(50, 3, generator=generator())
    torch.testing.assert_close(made.pathwise, 2 * (mu + sigma * epsilon[:, 0]))


def test_the_score_function_is_f_times_the_slope_of_log_q() -> None:
    mu, sigma = 2.0, 0.5
    made = estimate(Expectation(torch.square, mu, sigma), 50, 3, generator())
    z = mu + sigma * torch.randn(50, 3, generator=generator())
    loc = torch.full((50, 3), mu, requires_grad=True)
    log_q = Normal(loc, sigma).log_prob(z)  # type: ignore[no-untyped-call]
    (slope,) = torch.autograd.grad(log_q.sum(), loc)
    value = z.square().sum(dim=1)
    torch.testing.assert_close(made.score, value * slope[:, 0])
    others = torch.stack([torch.cat((value[:i], value[i + 1 :])).mean() for i in range(50)])
    torch.testing.assert_close(made.baseline, (value - others) * slope[:, 0], rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("dimensions", [1, 8])
def test_variances_are_those_of_the_formulas(dimensions: int) -> None:
    """z² with z ~ N(2, 1): 4, 18n + 25n² + 70n + 87 and 18n + 42, with n dimensions more than one."""
    n = dimensions - 1
    made = estimate(Expectation(torch.square, 2.0, 1.0), 200_000, dimensions, generator())
    assert made.pathwise.var().item() == pytest.approx(4, rel=0.03)
    assert made.score.var().item() == pytest.approx(18 * n + 25 * n**2 + 70 * n + 87, rel=0.06)
    assert made.baseline.var().item() == pytest.approx(18 * n + 42, rel=0.06)
    for part in made:
        assert part.mean().item() == pytest.approx(4, abs=5 * part.std().item() / math.sqrt(200_000))


# What is shown


def test_every_panel_of_the_layout_is_filled(events: list[Event]) -> None:
    assert filled(events) == layout_of(events)


def test_the_table_shows_what_each_way_of_drawing_lets_through(events: list[Event]) -> None:
    (table,) = of_panel(events, "graph")
    draws, gradients = [row[1] for row in table.rows], [row[2] for row in table.rows]
    assert len(set(draws)) == 1  # the same draw
    assert gradients[0] == "None"
    assert gradients[1] == gradients[2] == f"{2 * float(draws[0]):.3f}"


def test_histograms_fill_one_upwards_and_one_downwards(events: list[Event]) -> None:
    frames = of_panel(events, "histogram")
    assert len(frames) == 40
    for frame in frames:
        xy = numbers(frame.xy).view(-1, 2)
        groups = torch.tensor(frame.groups)
        assert (xy[groups == 0, 1] >= 0).all()
        assert (xy[groups == 1, 1] <= 0).all()
    assert frames[-1].title["en"].startswith("20,000")


def test_means_settle_and_variances_are_drawn_for_every_dimension(events: list[Event]) -> None:
    assert [event.x for event in of_panel(events, "variance")] == list(DIMENSIONS)
    assert all(event.values["exact"] == 4 for event in of_panel(events, "mean"))


def test_the_stream_is_whole(events: list[Event]) -> None:
    check_whole(events)


def test_the_catalogue_can_read_it() -> None:
    answer = find_answer(ROOT, "reparameterization")
    assert answer.quick == reparameterization.QUICK == QUICK
    assert len(answer.claims) == 6


# What is claimed


@pytest.mark.parametrize("seed", seeds(0, 1, 2, 3, 4))
def test_every_claim_holds(seed: int) -> None:
    made = run(seed=seed)
    assert len(made) == 6
    assert all(claim.holds for claim in made.values()), made


def test_a_seed_fixes_every_measurement_and_the_global_generator_is_left_alone() -> None:
    state = torch.get_rng_state()
    one = [claim.measured for claim in run(seed=5).values()]
    assert [claim.measured for claim in run(seed=5).values()] == one
    assert [claim.measured for claim in run(seed=6).values()] != one
    assert torch.equal(torch.get_rng_state(), state)


def test_a_sample_that_kept_the_graph_would_be_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Normal, "sample", Normal.rsample)
    assert not run()["sample-cuts-the-graph"].holds


def test_sample_loses_the_pathwise_gradient_alone() -> None:
    made = run(mistake="sample")
    assert not made["pathwise-is-unbiased"].holds
    assert made["score-function-is-unbiased"].holds
    assert "pathwise-varies-less" not in made


def test_a_step_has_no_pathwise_gradient() -> None:
    made = run(function="step")
    assert made["pathwise-is-unbiased"].measured == 0
    assert not made["pathwise-is-unbiased"].holds
    assert made["score-function-is-unbiased"].holds


def test_where_f_wiggles_the_score_function_varies_less() -> None:
    made = run(function="wave")
    assert made["pathwise-is-unbiased"].holds
    assert not made["pathwise-varies-less"].holds
    assert made["pathwise-varies-less"].measured == pytest.approx(0.01, rel=0.1)


def test_small_means_promise_nothing_of_baselines() -> None:
    assert "baseline-is-not-enough" not in run(mu=0.5)


def _changed(monkeypatch: pytest.MonkeyPatch, **parts: Any) -> None:
    """Estimates with some parts made of others."""

    def changed(*arguments: Any) -> reparameterization.Estimates:
        made = estimate(*arguments)
        return made._replace(**{name: part(made) for name, part in parts.items()})

    monkeypatch.setattr(reparameterization, "estimate", changed)


def test_a_biased_score_function_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    _changed(monkeypatch, score=lambda made: 1.1 * made.score)
    assert not run()["score-function-is-unbiased"].holds


def test_a_perfect_baseline_would_be_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    _changed(monkeypatch, baseline=lambda made: made.pathwise)
    assert not run()["baseline-is-not-enough"].holds


def test_a_score_function_of_its_own_dimension_alone_would_not_grow(monkeypatch: pytest.MonkeyPatch) -> None:
    def alone(asked: Expectation, draws: int, dimensions: int, generator: torch.Generator) -> Any:
        return estimate(asked, draws, 1, generator)

    monkeypatch.setattr(reparameterization, "estimate", alone)
    assert not run()["gap-grows-with-dimension"].holds


def test_pathwise_gradients_of_a_loud_slope_vary_as_much(monkeypatch: pytest.MonkeyPatch) -> None:
    def noisy(made: reparameterization.Estimates) -> Tensor:
        return made.pathwise + 9 * torch.randn(len(made.pathwise), generator=generator())

    _changed(monkeypatch, pathwise=noisy)
    made = run()
    assert made["pathwise-is-unbiased"].holds
    assert not made["pathwise-varies-less"].holds
