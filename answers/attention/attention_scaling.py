"""Why attention divides by √d: what the softmax and its gradient become as queries and keys grow wider.

The dot product of two random vectors of d numbers has variance d (Vaswani et al. 2017, section 3.2.1 and its
footnote). Undivided, the largest of 64 scores soon takes all the weight, and a softmax with all its weight in
one place passes no gradient on. Divided by √d, the scores have variance 1 at any width.
"""

import math
from collections.abc import Iterator
from typing import Annotated, NamedTuple

import torch
from torch import Tensor

from models.attention.scaled_dot_product import safe_softmax as softmax
from quizcli.demo.events import Beat, Event, Heatmap, Note, Progress, Scalars, Started, Words, array, claim
from quizcli.demo.option import Option, Seed
from quizcli.demo.texts import texts

TITLE = {"en": "Why attention divides by √d", "zh": "注意力为什么要除以 √d"}
QUICK = {"sets": 16}

says = texts(__file__)

LAYOUT = (("entropy", "jacobian"), ("as they are", "divided"))
WIDTHS = (2, 4, 8, 16, 32, 64, 128, 256, 512, 1024)
USUAL, WIDE = 64, 1024  # the widths of which something is claimed
QUERIES = 32  # for each set of keys
DRAWN, SHOWN = (4, 16, 64, 256, 1024), 15  # widths and keys on the heat maps


class Measured(NamedTuple):
    """What one way of scaling makes of the same scores; sums and lists over the sets so far."""

    entropy: float  # nats, the mean over queries
    jacobian: float  # Frobenius norm of ∂softmax/∂scores, the median over queries
    saturated: float  # share of queries with more than 0.99 of the weight on one key


Found = dict[int, tuple[float, Measured, Measured]]  # by width: variance of q·k ÷ d, undivided, divided


def demonstrate(
    keys: Annotated[int, Option(32, 512, "keys", "键的个数")] = 64,
    power: Annotated[
        float, Option(0, 1, "scores are divided by d to this power", "得分除以 d 的几次方")
    ] = 0.5,
    sets: Annotated[int, Option(16, 500, "sets of queries and keys", "查询与键的组数")] = 32,
    seed: Seed = 0,
) -> Iterator[Event]:
    """Wider and wider vectors; at every width the same scores, as they are and divided."""
    divided = "÷√d" if power == 0.5 else f"÷d^{power:g}"
    yield Started(data=says("data", keys=keys), layout=LAYOUT)
    generator = torch.Generator().manual_seed(seed)
    pictures = [torch.full((len(DRAWN), SHOWN), math.nan) for _ in range(2)]
    found: Found = {}
    for done, width in enumerate(WIDTHS, 1):
        scores = torch.cat([_scores(width, keys, generator) for _ in range(sets)])  # (sets · QUERIES, keys)
        both = (softmax(scores), softmax(scores / width**power))
        unscaled, scaled = (_measure(weights) for weights in both)
        found[width] = scores.var().item() / width, unscaled, scaled
        entropies = {"q·k": unscaled.entropy, divided: scaled.entropy}
        yield _curve("entropy", width, entropies, says("entropy"), "nats")
        norms = {"q·k": unscaled.jacobian, divided: scaled.jacobian}
        yield _curve("jacobian", width, norms, says("jacobian"))
        for picture, weights in zip(pictures, both, strict=True):
            if width in DRAWN:
                picture[DRAWN.index(width)] = weights.sort(descending=True).values.mean(0)[:SHOWN]
        yield _picture("as they are", pictures[0], says("softmax"))
        yield _picture("divided", pictures[1], says("softmax-divided", divided=divided))
        yield Progress(done=done, total=len(WIDTHS), text=says("width", d=width))
        yield Beat(6)
    yield from _claims(found, keys)
    other = says("another-power", power=power, left=1 - 2 * power)
    yield Note(text=says("what-you-saw") if power == 0.5 else other)


def _scores(width: int, keys: int, generator: torch.Generator) -> Tensor:  # (QUERIES, keys)
    """Dot products of independent queries and keys, every number of them from N(0, 1)."""
    q = torch.randn(QUERIES, width, generator=generator)
    k = torch.randn(keys, width, generator=generator)
    return q @ k.T


def _measure(weights: Tensor) -> Measured:  # (n, keys)
    # H = −Σ w log w
    entropy = torch.special.entr(weights).sum(1)  # (n)
    # J = diag(w) − w wᵀ, so ‖J‖² = Σ w² − 2 Σ w³ + (Σ w²)²
    square = weights.square().sum(1)
    norm = (square - 2 * weights.pow(3).sum(1) + square.square()).clamp(min=0).sqrt()  # (n)
    saturated = (weights.amax(1) > 0.99).float().mean()
    return Measured(entropy.mean().item(), norm.median().item(), saturated.item())


def _curve(panel: str, width: int, values: dict[str, float], title: Words, unit: str = "") -> Scalars:
    return Scalars(panel=panel, x=math.log2(width), values=values, x_label="log2 d", title=title, unit=unit)


def _picture(panel: str, weights: Tensor, title: Words) -> Heatmap:
    return Heatmap(
        panel=panel,
        values=array(weights),
        low=0.0,
        high=0.6,
        y_ticks=tuple(f"d={width}" for width in DRAWN),
        title=title,
        x_label=says("keys-sorted"),
    )


def _claims(found: Found, keys: int) -> Iterator[Event]:
    variance, unscaled, scaled = found[USUAL]
    most = math.log(keys)
    # Seeds 0 to 9, here and below: 0.983 to 1.029, 16 sets or 32
    yield claim("score-variance-is-d", variance, "≈", 1.0, 0.12, text=says("score-variance-is-d"))
    # 64 keys: 0.55 to 0.63 of 1.46, 32 keys: 0.5 of 1.21, 512 keys: 0.81 to 0.88 of 2.18; divided 3.7
    text = says("entropy-unscaled", most=most)
    yield claim("entropy-collapses-unscaled", unscaled.entropy, "<=", 0.35 * most, text=text, unit="nats")
    # Scores of variance 1 leave about ln n − ½: 3.66 to 3.69. Undivided it is 0.6, divided by d 4.15.
    text = says("entropy-divided", most=most)
    yield claim("entropy-kept-scaled", scaled.entropy, "≈", most - 0.5, 0.15, text=text, unit="nats")
    entropies = [scaled.entropy for width, (_, _, scaled) in found.items() if width >= 4]
    varies = max(entropies) - min(entropies)  # 0.016 to 0.049; divided by d 0.117 to 0.123, undivided 2.6
    yield claim("scaled-entropy-ignores-width", varies, "<=", 0.09, text=says("varies"), unit="nats")
    _, unscaled, scaled = found[WIDE]
    ratio = unscaled.jacobian / scaled.jacobian if scaled.jacobian else math.nan
    text = says("gradient-ratio", saturated=unscaled.saturated)
    # 64 keys: at most 0.004, 512 keys: 0.07; where both are divided alike it is 1
    yield claim("gradient-vanishes-unscaled", ratio, "<=", 0.2, text=text, why=says("all-one-hot"))
