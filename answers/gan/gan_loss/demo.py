"""What the losses of a GAN say, and what they do not: the best D, the slope left for G, a sum near zero.

Goodfellow et al. 2014: the best discriminator is the data's share of the density (proposition 1) and costs
2 ln 2 where the densities are equal (theorem 1). Against a D that is sure, the minimax loss has no slope
left, the non-saturating one has (section 3). Two games from the same start, on a ring of eight Gaussians.
"""

import copy
from collections.abc import Iterator
from typing import Annotated, Literal, NamedTuple

import torch
from torch import Tensor

from answers.gan.game import COUNTED, LATENT, LN2, MODES, Losses, Players, Recipe, ring, ring_players
from answers.gan.gan_loss.line import fit_both
from answers.gan.gan_loss.two_games import End, TwoGames
from answers.kit.acts import Acts
from answers.kit.promises import promise
from answers.kit.threads import one_thread
from models.gan import discriminator_loss, generator_loss
from quizcli.demo.events import Event, Note, Started, Words, claim
from quizcli.demo.option import Option, Seed
from quizcli.demo.texts import texts

TITLE = {"en": "What a GAN's losses say", "zh": "GAN 的损失说明什么"}
QUICK = {"steps": 500}

says = texts(__file__)

LAYOUT = (("left", "right"), ("slopes", "losses"))
RECIPE = Recipe(steps=1200, batch=256, lr=0.008)
ENOUGH = {"steps": 500, "head_start": 150}  # what the claims were measured with, at least


def minimized_probabilities(real: Tensor, fake: Tensor) -> Tensor:
    """The mistake: D minimizes the sum of its two probabilities of being right."""
    return torch.sigmoid(real).mean() + torch.sigmoid(-fake).mean()


def maximized_loss(fake: Tensor) -> Tensor:
    """The mistake: G maximizes its cross-entropy."""
    return -generator_loss(fake)


MISTAKES = {
    "none": Losses(),
    "minimize-probabilities": Losses(of_d=minimized_probabilities),
    "maximize-generator": Losses(of_g=maximized_loss),
}


def demonstrate(
    steps: Annotated[int, Option(50, 20_000, "steps of both games", "两场博弈的步数")] = 1200,
    head_start: Annotated[
        int, Option(0, 2000, "steps that D trains alone first", "D 先单独训练的步数")
    ] = 150,
    eps: Annotated[
        float, Option(1e-12, 0.1, "ε of G's Adam; try 1e-10", "G 的 Adam 的 ε，可试 1e-10")
    ] = 1e-4,
    mistake: Annotated[
        Literal["none", "minimize-probabilities", "maximize-generator"],
        Option(en="make a mistake: see which claims fall", zh="故意犯错，看哪条不成立"),
    ] = "none",
    seed: Seed = 0,
) -> Iterator[Event]:
    """The best D in one dimension; a D that trains alone; then the same game with two losses."""
    yield Started(data=says("gaussians", modes=MODES), layout=LAYOUT)
    losses = MISTAKES[mistake]
    acts = Acts(2, 2, 3)
    with one_thread():
        fits = fit_both("left", "right", losses.of_d, seed)
        yield from _best_claims(*(yield from acts.play(fits, "1/3 the best D", "1/3 最优的 D")))
        random = torch.Generator().manual_seed(seed)
        yield from _descent_claims(_descent(ring_players(seed), losses, random))
        games = TwoGames(seed, RECIPE._replace(steps=steps, eps=eps), losses, random)
        alone = games.head_start(head_start)
        ratio = yield from acts.play(alone, "2/3 D trains alone", "2/3 D 单独训练")
        healthy, starved = yield from acts.play(games.play(), "3/3 two games", "3/3 两场博弈")
    long = steps >= ENOUGH["steps"] and (head_start >= ENOUGH["head_start"] or head_start == 0)
    if (yield from promise(long, says("too-short", **ENOUGH))):
        yield from _starved_claims(ratio, starved)
        yield from _healthy_claims(healthy)
    yield Note(text=_what_you_saw(mistake, eps))


def _best_claims(departure: float, cost: float) -> Iterator[Event]:
    yield claim("best-d-is-the-share-of-the-density", departure, "<=", 0.03, text=says("best-d"))
    text = says("equal-densities")
    yield claim("equal-densities-cost-2-ln-2", cost, "≈", 2 * LN2, 0.005, text=text, unit="nats")


# Who descends what


class Descent(NamedTuple):
    """What a small step of each player down its own loss changes."""

    value: float  # of the game, eq. 1, after D's step
    believed: float  # mean D(G(z)) after G's step


def _descent(players: Players, losses: Losses, random: torch.Generator) -> Descent:
    real, z = ring(COUNTED, random), torch.randn(COUNTED, LATENT, generator=random)

    def judged(of: Players) -> tuple[Tensor, Tensor]:
        return of.discriminator(real), of.discriminator(of.generator(z))

    def descended(player: int, loss: Tensor) -> Players:
        slopes = torch.autograd.grad(loss, list(players[player].parameters()), retain_graph=True)
        moved = copy.deepcopy(players)
        with torch.no_grad():
            for parameter, slope in zip(moved[player].parameters(), slopes, strict=True):
                parameter.sub_(0.1 * slope)
        return moved

    before, fake = judged(players)
    after = judged(descended(1, losses.of_d(before, fake)))
    believed = torch.sigmoid(judged(descended(0, losses.of_g(fake)))[1]).mean()
    return Descent(
        (-discriminator_loss(*after) + discriminator_loss(before, fake)).item(),
        (believed - torch.sigmoid(fake).mean()).item(),
    )


def _descent_claims(descent: Descent) -> Iterator[Event]:
    text = says("d-maximizes-the-value")
    yield claim("descending-d-loss-raises-the-value", descent.value, ">", 0.0, text=text)
    yield claim("descending-g-loss-raises-d-of-g", descent.believed, ">", 0.0, text=says("g-minimizes-too"))


# Both games


def _starved_claims(ratio: float, starved: End) -> Iterator[Event]:
    # Seeds 0 to 4, both forms: a ratio below 1e-6, a sum below 1e-4 and no mode. Without a head start the
    # ratio is 1, and this game finds all modes too, at a sum of 0.6.
    yield claim("saturating-slope-vanishes", ratio, "<=", 1e-3, text=says("slope-vanishes"))
    yield claim("sum-near-zero", starved.sum, "≈", 0.0, 0.05, text=says("sum-near-zero"), unit="nats")
    yield claim("no-mode-at-sum-zero", starved.modes, "==", 0, text=says("no-mode", modes=MODES))


def _healthy_claims(healthy: End) -> Iterator[Event]:
    # Seeds 0 to 4, both forms: 7 or 8 modes and a sum of 2.09 to 2.23.
    text = says("other-modes", sum=healthy.sum)
    yield claim("modes-far-from-sum-zero", healthy.modes, ">=", 5, text=text)
    text = says("other-sum", of_d=healthy.of_d, of_g=healthy.of_g)
    yield claim("healthy-losses-near-3-ln-2", healthy.sum, "≈", 3 * LN2, 0.4, text=text, unit="nats")
    text = says("never-negative")
    yield claim("cross-entropies-never-negative", healthy.least, ">=", 0.0, text=text, unit="nats")


def _what_you_saw(mistake: str, eps: float) -> Words:
    match mistake:
        case "minimize-probabilities":
            return says("saw-minimized-probabilities")
        case "maximize-generator":
            return says("saw-maximized-loss")
    return says("saw-tiny-eps") if eps < 1e-6 else says("what-you-saw")
