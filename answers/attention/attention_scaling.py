"""Why attention divides by √d: what the softmax and its gradient become as queries and keys grow wider.

The dot product of two random vectors of d numbers has variance d (Vaswani et al. 2017, section 3.2.1 and its
footnote). Undivided, the largest of 64 scores soon takes all the weight, and a softmax with all its weight in
one place passes no gradient on. Divided by √d, the scores have variance 1 at any width.
"""

import math
import time
from collections.abc import Iterator
from typing import Annotated, NamedTuple

import torch
from torch import Tensor

from models.attention.scaled_dot_product import safe_softmax as softmax
from quizcli.demo.events import Claim, Event, Heatmap, Note, Progress, Scalars, Started, Words, array
from quizcli.demo.option import Option, Pace, Seed

TITLE = {"en": "Why attention divides by √d", "zh": "注意力为什么要除以 √d"}
QUICK = {"pace": 0.0, "sets": 16}

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
    keys: Annotated[int, Option(min=32, max=512, help={"en": "keys", "zh": "键的个数"})] = 64,
    power: Annotated[
        float,
        Option(
            min=0, max=1, help={"en": "scores are divided by d to this power", "zh": "得分除以 d 的几次方"}
        ),
    ] = 0.5,
    sets: Annotated[
        int, Option(min=16, max=500, help={"en": "sets of queries and keys", "zh": "查询与键的组数"})
    ] = 32,
    pace: Pace = 0.2,
    seed: Seed = 0,
) -> Iterator[Event]:
    """Wider and wider vectors; at every width the same scores, as they are and divided."""
    divided = "÷√d" if power == 0.5 else f"÷d^{power:g}"
    yield Started(
        data={"en": f"{keys} keys · N(0, 1)", "zh": f"{keys} 个键 · N(0, 1)"},
        layout=(("entropy", "jacobian"), ("as they are", "divided")),
    )
    generator = torch.Generator().manual_seed(seed)
    pictures = [torch.full((len(DRAWN), SHOWN), math.nan) for _ in range(2)]
    found: Found = {}
    for done, width in enumerate(WIDTHS):
        scores = torch.cat([_scores(width, keys, generator) for _ in range(sets)])  # (sets · QUERIES, keys)
        both = (softmax(scores), softmax(scores / width**power))
        unscaled, scaled = (_measure(weights) for weights in both)
        found[width] = scores.var().item() / width, unscaled, scaled
        yield from _curves(width, unscaled, scaled, divided)
        for picture, weights in zip(pictures, both, strict=True):
            if width in DRAWN:
                picture[DRAWN.index(width)] = weights.sort(descending=True).values.mean(0)[:SHOWN]
        yield _picture("as they are", pictures[0], {"en": "softmax(q·k)", "zh": "softmax(q·k)"})
        yield _picture("divided", pictures[1], dict.fromkeys(("en", "zh"), f"softmax(q·k {divided})"))
        yield Progress(done=done + 1, total=len(WIDTHS), text={"en": f"d = {width}", "zh": f"d = {width}"})
        time.sleep(3 * pace)
    yield from _entropy_claims(found, keys)
    yield _gradient_claim(found)
    yield _what_you_saw(power)


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


def _curves(width: int, unscaled: Measured, scaled: Measured, divided: str) -> Iterator[Event]:
    yield Scalars(
        panel="entropy",
        x=math.log2(width),
        values={"q·k": unscaled.entropy, divided: scaled.entropy},
        x_label="log2 d",
        title={"en": "entropy of the weights", "zh": "权重的熵"},
        unit="nats",
    )
    yield Scalars(
        panel="jacobian",
        x=math.log2(width),
        values={"q·k": unscaled.jacobian, divided: scaled.jacobian},
        x_label="log2 d",
        title={"en": "softmax gradient ‖J‖, median", "zh": "softmax 的梯度 ‖J‖（中位数）"},
    )


def _picture(panel: str, weights: Tensor, title: Words) -> Heatmap:
    return Heatmap(
        panel=panel,
        values=array(weights),
        low=0.0,
        high=0.6,
        y_ticks=tuple(f"d={width}" for width in DRAWN),
        title=title,
        x_label={"en": "keys, sorted", "zh": "键（已排序）"},
    )


def _entropy_claims(found: Found, keys: int) -> Iterator[Event]:
    variance, unscaled, scaled = found[USUAL]
    uniform = math.log(keys)
    yield Claim(
        id="score-variance-is-d",
        measured=variance,
        expected=1.0,
        tolerance=0.12,  # seeds 0 to 9, here and below: 0.983 to 1.029, 16 sets or 32
        text={"en": "variance of q·k ÷ d, at d = 64", "zh": "q·k 的方差 ÷ d（d = 64）"},
    )
    yield Claim(
        id="entropy-collapses-unscaled",
        measured=unscaled.entropy,
        relation="<=",
        # 64 keys: 0.55 to 0.63 of 1.46, 32 keys: 0.5 of 1.21, 512 keys: 0.81 to 0.88 of 2.18; divided 3.7
        expected=0.35 * uniform,
        unit="nats",
        text={
            "en": f"q·k as it is, d = 64: entropy of the weights, of {uniform:.2f} at most",
            "zh": f"不缩放、d = 64 时权重的熵（最大 {uniform:.2f}）",
        },
    )
    yield Claim(
        id="entropy-kept-scaled",
        measured=scaled.entropy,
        # Scores of variance 1 leave about ln n − ½: 3.66 to 3.69. Undivided it is 0.6, divided by d 4.15.
        expected=uniform - 0.5,
        tolerance=0.15,
        unit="nats",
        text={
            "en": f"divided, d = 64: entropy of the weights, of {uniform:.2f} at most",
            "zh": f"缩放后、d = 64 时权重的熵（最大 {uniform:.2f}）",
        },
    )
    entropies = [scaled.entropy for width, (_, _, scaled) in found.items() if width >= 4]
    yield Claim(
        id="scaled-entropy-ignores-width",
        measured=max(entropies) - min(entropies),
        relation="<=",
        expected=0.09,  # 0.016 to 0.049; divided by d 0.117 to 0.123, undivided 2.6
        unit="nats",
        text={
            "en": "divided: how much the entropy varies from d = 4 to d = 1024",
            "zh": "缩放后，熵从 d = 4 到 d = 1024 变化多少",
        },
    )


def _gradient_claim(found: Found) -> Claim:
    _, unscaled, scaled = found[WIDE]
    return Claim(
        id="gradient-vanishes-unscaled",
        measured=unscaled.jacobian / scaled.jacobian if scaled.jacobian else math.nan,
        relation="<=",
        expected=0.2,  # 64 keys: at most 0.004, 512 keys: 0.07; where both are divided alike it is 1
        why={
            "en": "at d = 1024 even the divided scores are one-hot, and their gradient is exactly 0",
            "zh": "在 d = 1024 时，缩放后的权重也已是 one-hot，梯度恰为 0",
        },
        text={
            "en": f"median ‖J‖ at d = 1024, undivided ÷ divided ({unscaled.saturated:.0%} are one-hot)",
            "zh": f"d = 1024 时 ‖J‖ 的中位数：不缩放 ÷ 缩放（{unscaled.saturated:.0%} 的查询已近乎 one-hot）",
        },
    )


def _what_you_saw(power: float) -> Note:
    if power != 0.5:
        return Note(
            text={
                "en": f"The scores were divided by d^{power:g}, not by √d: their variance is "
                f"d^{1 - 2 * power:g}, so the weights still change with the width. Below ½ they sharpen as d "
                "grows, above ½ they flatten until every key gets the same.",
                "zh": f"这次得分除以的是 d 的 {power:g} 次方，而不是 √d：方差为 d 的 {1 - 2 * power:g} 次方，"
                "权重仍随维度变化。指数小于 ½，d 越大越尖；大于 ½，则越来越平，最后各键平分。",
            }
        )
    return Note(
        text={
            "en": "What you just saw: q·k adds up d independent products, so its variance is d. Undivided, "
            "the gaps between scores grow with √d and the softmax becomes one-hot: little entropy, and for "
            "most queries next to no gradient once d is large. Divided by √d the scores have variance 1 and "
            "the weights look alike at every width. In between it is subtler: at d = 64 the undivided "
            "weights are sharp already, while the median gradient is not yet small.",
            "zh": "刚才看到的：q·k 是 d 个独立乘积之和，所以方差为 d。不缩放时，得分之差随 √d 增大，"
            "softmax 趋于 one-hot：熵很小，d 很大时大多数查询几乎没有梯度。除以 √d 后得分方差为 1，"
            "各种维度下的权重都差不多。中间情况要说得细一点：d = 64 时不缩放的权重已经很尖，"
            "但梯度的中位数还不算小。",
        }
    )
