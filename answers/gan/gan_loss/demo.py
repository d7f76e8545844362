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
from answers.kit.threads import one_thread
from models.gan import discriminator_loss, generator_loss
from quizcli.demo.events import Claim, Event, Note, Started, Words
from quizcli.demo.option import Option, Pace, Seed

TITLE = {"en": "What a GAN's losses say", "zh": "GAN 的损失说明什么"}
QUICK = {"steps": 500, "pace": 0.0}

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
    steps: Annotated[
        int, Option(min=50, max=20_000, help={"en": "steps of both games", "zh": "两场博弈的步数"})
    ] = 1200,
    head_start: Annotated[
        int,
        Option(min=0, max=2000, help={"en": "steps that D trains alone first", "zh": "D 先单独训练的步数"}),
    ] = 150,
    eps: Annotated[
        float,
        Option(
            min=1e-12, max=0.1, help={"en": "ε of G's Adam; try 1e-10", "zh": "G 的 Adam 的 ε，可试 1e-10"}
        ),
    ] = 1e-4,
    mistake: Annotated[
        Literal["none", "minimize-probabilities", "maximize-generator"],
        Option(help={"en": "make a mistake: see which claims fall", "zh": "故意犯错，看哪条不成立"}),
    ] = "none",
    pace: Pace = 0.08,
    seed: Seed = 0,
) -> Iterator[Event]:
    """The best D in one dimension; a D that trains alone; then the same game with two losses."""
    yield Started(data={"en": f"{MODES} Gaussians", "zh": f"{MODES} 个高斯"}, layout=LAYOUT)
    losses = MISTAKES[mistake]
    acts = Acts(2, 2, 3)
    with one_thread():
        fits = fit_both("left", "right", losses.of_d, seed, pace)
        yield from _best_claims(*(yield from acts.play(fits, "1/3 the best D", "1/3 最优的 D")))
        random = torch.Generator().manual_seed(seed)
        yield from _descent_claims(_descent(ring_players(seed), losses, random))
        games = TwoGames(seed, RECIPE._replace(steps=steps, eps=eps), losses, random)
        alone = games.head_start(head_start, pace)
        ratio = yield from acts.play(alone, "2/3 D trains alone", "2/3 D 单独训练")
        healthy, starved = yield from acts.play(games.play(), "3/3 two games", "3/3 两场博弈")
    if steps >= ENOUGH["steps"] and (head_start >= ENOUGH["head_start"] or head_start == 0):
        yield from _starved_claims(ratio, starved)
        yield from _healthy_claims(healthy)
    else:
        yield _too_short()
    yield Note(text=WHAT_YOU_SAW[mistake if mistake != "none" else "tiny ε" if eps < 1e-6 else "none"])


def _best_claims(departure: float, cost: float) -> Iterator[Event]:
    yield Claim(
        id="best-d-is-the-share-of-the-density",
        measured=departure,
        relation="<=",
        expected=0.03,
        text={
            "en": "a trained D is p/(p + q), where p and q differ (mean |difference|)",
            "zh": "p、q 不同时，训练好的 D 就是 p/(p + q)（平均 |差|）",
        },
    )
    yield Claim(
        id="equal-densities-cost-2-ln-2",
        measured=cost,
        expected=2 * LN2,
        tolerance=0.005,
        unit="nats",
        text={
            "en": "the best D's loss where p = q: 2 ln 2",
            "zh": "p = q 时最优 D 的损失：2 ln 2",
        },
    )


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
        parameters = list(players[player].parameters())
        slopes = torch.autograd.grad(loss, parameters, retain_graph=True)
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
    yield Claim(
        id="descending-d-loss-raises-the-value",
        measured=descent.value,
        relation=">",
        expected=0.0,
        text={
            "en": "change of log D(x) + log(1 − D(G(z))) when D steps down its loss: D maximizes it",
            "zh": "D 沿损失下降一步后 log D(x) + log(1 − D(G(z))) 的变化：D 在最大化它",
        },
    )
    yield Claim(
        id="descending-g-loss-raises-d-of-g",
        measured=descent.believed,
        relation=">",
        expected=0.0,
        text={
            "en": "change of D(G(z)) when G steps down its loss: G minimizes its loss too",
            "zh": "G 沿损失下降一步后 D(G(z)) 的变化：G 也是最小化自己的损失",
        },
    )


# Both games


def _starved_claims(ratio: float, starved: End) -> Iterator[Event]:
    # Seeds 0 to 4, both forms: a ratio below 1e-6, a sum below 1e-4 and no mode. Without a head start the
    # ratio is 1, and this game finds all modes too, at a sum of 0.6.
    yield Claim(
        id="saturating-slope-vanishes",
        measured=ratio,
        relation="<=",
        expected=1e-3,
        text={
            "en": "what is left of G's gradient against a sure D: saturating ÷ non-saturating",
            "zh": "D 很有把握时 G 的梯度：饱和损失 ÷ 非饱和损失",
        },
    )
    yield Claim(
        id="sum-near-zero",
        measured=starved.sum,
        expected=0.0,
        tolerance=0.05,
        unit="nats",
        text={
            "en": "D's + G's loss in the saturating game: as near to zero as one could wish …",
            "zh": "饱和那场里 D 与 G 的损失之和：再接近零不过了……",
        },
    )
    yield Claim(
        id="no-mode-at-sum-zero",
        measured=starved.modes,
        relation="==",
        expected=0,
        text={
            "en": f"… and modes that it found, of {MODES}",
            "zh": f"……它找到的模态数（共 {MODES} 个）",
        },
    )


def _healthy_claims(healthy: End) -> Iterator[Event]:
    # Seeds 0 to 4, both forms: 7 or 8 modes and a sum of 2.09 to 2.23.
    yield Claim(
        id="modes-far-from-sum-zero",
        measured=healthy.modes,
        relation=">=",
        expected=5,
        text={
            "en": f"modes that the other game found: its losses sum to {healthy.sum:.2f}",
            "zh": f"另一场找到的模态数：它的损失之和为 {healthy.sum:.2f}",
        },
    )
    yield Claim(
        id="healthy-losses-near-3-ln-2",
        measured=healthy.sum,
        expected=3 * LN2,
        tolerance=0.4,
        unit="nats",
        text={
            "en": f"D's + G's loss there, {healthy.of_d:.3f} + {healthy.of_g:.3f}: 2 ln 2 + ln 2",
            "zh": f"那一场 D 与 G 的损失 {healthy.of_d:.3f} + {healthy.of_g:.3f}：2 ln 2 + ln 2",
        },
    )
    yield Claim(
        id="cross-entropies-never-negative",
        measured=healthy.least,
        relation=">=",
        expected=0.0,
        unit="nats",
        text={
            "en": "the smallest loss that either player had in that game",
            "zh": "那一场里双方损失出现过的最小值",
        },
    )


def _too_short() -> Note:
    least = "--steps {steps} --head-start {head_start}".format(**ENOUGH)
    return Note(
        text={
            "en": f"Games as short as this one promise nothing; claims need {least}.",
            "zh": f"步数太少，不作断言；至少需要 {least}。",
        }
    )


WHAT_YOU_SAW: dict[str, Words] = {
    "none": {
        "en": "What you just saw: the best D is p/(p + q); where the densities are equal it can only say ½, "
        "and its loss is 2 ln 2. Then D got a head start. Both games began there, with the same players. "
        "The minimax loss has no slope left where D is sure, so G stays where it is: D's loss is 0, G's is "
        "0, the sum is 0, and nothing was learnt. The non-saturating loss pulls G back into the game, and "
        "there the losses settle near 2 ln 2 and ln 2. A sum near zero says that D has won, not that the "
        "samples are good. (Adam divides by the size of the gradient and so hides the difference until ε is "
        "larger; hence ε = 1e-4. Try --eps 1e-10.)",
        "zh": "刚才看到的：最优的 D 就是 p/(p + q)；两个密度相等时它只能说 ½，损失为 2 ln 2。接着让 D 先练一"
        "段，两场博弈从同样的双方开始。D 很有把握时，极小极大损失没有梯度，G 原地不动：D 的损失为 0，G 的也"
        "为 0，和为 0，却什么都没学到。非饱和损失把 G 拉回博弈，损失最终停在 2 ln 2 和 ln 2 附近。损失之和接"
        "近零，说明 D 赢了，而不是样本好。（Adam 会除以梯度自身的大小，只有当梯度小于 ε 时差别才显出来，所以"
        "这里取 ε = 1e-4，可再试 --eps 1e-10。）",
    },
    "tiny ε": {
        "en": "What you just saw: with a tiny ε Adam divides even a gradient of 1e-8 by its own size, so "
        "the saturating game may get going after all and the claims about it fall. What vanishes is the "
        "slope, as the first chart shows; the optimizer decides how much that hurts.",
        "zh": "刚才看到的：ε 很小时，就算梯度只有 1e-8，Adam 也会除以它自身的大小，饱和那场因此可能重新动起"
        "来，相关断言就不再成立。消失的是梯度，第一张图看得很清楚；影响有多大，取决于优化器。",
    },
    "minimize-probabilities": {
        "en": "D minimized the sum of its probabilities of being right, on purpose: it learns to call real "
        "what is generated and the other way round. D maximizes log D(x) + log(1 − D(G(z))), which is to "
        "minimize two cross-entropies.",
        "zh": "这次故意让 D 最小化“判断正确的概率”之和：它学会的是把真的说成假的、假的说成真的。D 应当最大化"
        " log D(x) + log(1 − D(G(z)))，也就是最小化两项交叉熵。",
    },
    "maximize-generator": {
        "en": "G maximized its cross-entropy, on purpose: it learns to make samples that D rejects, and "
        "finds no mode. Each player minimizes its own loss; cross-entropies are never negative.",
        "zh": "这次故意让 G 最大化自己的交叉熵：它学会的是生成更容易被 D 识破的样本，一个模态也找不到。双方"
        "都是最小化各自的损失，而交叉熵永远不为负。",
    },
}
