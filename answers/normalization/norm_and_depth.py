"""Normalization and depth: what a gradient goes through on its way back through a deep plain network.

A random gradient is sent in at the top of freshly drawn networks, and its norm is read at every layer. With
He initialization a ReLU layer keeps it. BatchNorm in between multiplies it by √(π/(π − 1)) = 1.21 a layer
(Yang et al. 2019, "A mean field theory of batch normalization", https://arxiv.org/abs/1902.08129): ReLU and
He's weights leave the batch a variance of (π − 1)/π, and BatchNorm divides by its root. LayerNorm divides
each sample by its own spread, which is 1 there. Behind a sigmoid the batch spreads by 0.21 only, and the same
division is a rescue.
"""

import math
from collections.abc import Generator, Iterator
from typing import Annotated, NamedTuple

import torch
from torch import Tensor, nn

from answers.kit.acts import Acts
from answers.kit.promises import promise
from models.normalization.modules import BatchNorm, LayerNorm
from quizcli.demo.events import Beat, Claim, Event, Note, Scalars, Started, Table, Words, claim
from quizcli.demo.option import Option, Seed
from quizcli.demo.texts import texts

TITLE = {"en": "Normalization and depth", "zh": "归一化与网络深度"}
QUICK = {"networks": 1}

says = texts(__file__)

NORMS = ("plain", "LN", "BN")
PLAIN: Words = {"en": "plain", "zh": "不加"}
ACTIVATIONS = {"relu": "ReLU", "sigmoid": "sigmoid"}  # by panel
GAINS = (0.5, 0.75, 1.0, 1.5, 2.0)  # initializations tried at the end, as multiples of He's
THEORY = math.sqrt(math.pi / (math.pi - 1))  # 1.211: BatchNorm and ReLU, wide network, large batch


class Build(NamedTuple):
    """What all networks of a run have in common."""

    width: int
    batch: int
    gain: float
    skips: bool


class Stack(NamedTuple):
    """Equal layers: weights, normalization if any, activation."""

    activation: nn.Module
    depth: int
    variance: float  # of a weight, times the width: 2 is He's, 1 is Xavier's


class Way(NamedTuple):
    """The gradient's way back: its norm at each layer's output ÷ the last one's, from last to first."""

    norms: list[float]  # depth of them, the first is 1
    spread: float  # the σ that the normalization divides by, root mean square over the layers

    @property
    def ratio(self) -> float:
        """First layer ÷ last layer."""
        return self.norms[-1]


Ways = dict[str, dict[str, list[Way]]]  # by panel and by normalization: one for each network so far


def demonstrate(
    depth: Annotated[int, Option(10, 100, "ReLU layers", "ReLU 层数")] = 50,
    sigmoid_depth: Annotated[int, Option(5, 40, "sigmoid layers", "sigmoid 层数")] = 20,
    width: Annotated[int, Option(16, 512, "units of a layer", "每层神经元数")] = 256,
    batch: Annotated[int, Option(8, 512, "samples in a batch", "批大小")] = 128,
    gain: Annotated[
        float,
        Option(0.25, 4, "weights, as a multiple of He's or Xavier's", "权重尺度，相对 He/Xavier 的倍数"),
    ] = 1.0,
    skips: Annotated[bool, Option(en="residual connections around each layer", zh="每层加残差连接")] = False,
    networks: Annotated[int, Option(1, 50, "networks to draw", "随机网络个数")] = 4,
    seed: Seed = 0,
) -> Iterator[Event]:
    """Draw networks; send a gradient back through each, without and with normalization; then wrong scales."""
    yield Started(data=f"{width} × {depth}", layout=(("relu", "sigmoid"), ("gain", "layer")))
    settings = Build(width, batch, gain, skips)
    stacks = {"relu": Stack(nn.ReLU(), depth, 2.0), "sigmoid": Stack(nn.Sigmoid(), sigmoid_depth, 1.0)}
    generator = torch.Generator().manual_seed(seed)
    ways, by_gain = yield from _networks(stacks, settings, networks, generator)
    in_the_limit = depth >= 30 and width >= 128 and 64 <= batch <= 256
    if (yield from promise(in_the_limit, says("too-small"))):
        yield from _relu_claims(ways["relu"])
    if sigmoid_depth >= 12:
        yield from _sigmoid_claims(ways["sigmoid"])
    yield _scale_claim(by_gain)
    yield Note(text=_what_you_saw(settings, depth, geometric_mean(ways["relu"]["BN"])))


def normalization(name: str, width: int) -> nn.Module:
    """The layer between weights and activation; none in a plain network."""
    if name == "BN":
        return BatchNorm(width, affine=False, track_running_stats=False)
    return LayerNorm(width, elementwise_affine=False) if name == "LN" else nn.Identity()


def backward(stack: Stack, settings: Build, generator: torch.Generator) -> dict[str, Way]:
    """One network drawn at random, and the way of one gradient back through it, for each normalization."""
    width, batch, gain, skips = settings
    std = gain * math.sqrt(stack.variance / width)
    weights = std * torch.randn(stack.depth, width, width, generator=generator)
    x = torch.randn(batch, width, generator=generator)
    arriving = torch.randn(batch, width, generator=generator)  # in place of a loss: any gradient will do
    return {norm: _way(stack, norm, weights, x, arriving, skips) for norm in NORMS}


def _way(stack: Stack, name: str, weights: Tensor, x: Tensor, arriving: Tensor, skips: bool) -> Way:
    norm = normalization(name, x.shape[1])
    across = 0 if name == "BN" else 1  # the batch for BatchNorm, the sample's own features for LayerNorm
    outputs, spreads = [], []
    x = x.detach().requires_grad_()  # else the first layer would be no part of the graph
    for weight in weights:
        z = x @ weight.T  # (batch, width)
        spreads.append(z.detach().std(across, correction=0).mean())
        y = stack.activation(norm(z))
        x = x + y if skips else y
        outputs.append(x)
    gradients = torch.autograd.grad(x, outputs, arriving)  # depth of (batch, width)
    norms = torch.stack([gradient.double().norm() for gradient in reversed(gradients)])
    return Way((norms / norms[0]).tolist(), torch.stack(spreads).median().item())


def geometric_mean(ways: list[Way]) -> float:
    """Of the ratios first layer ÷ last layer: they are products of many factors."""
    return math.exp(sum(math.log(way.ratio) if way.ratio > 0 else -math.inf for way in ways) / len(ways))


def per_layer(ways: list[Way]) -> float:
    """What one layer multiplies the gradient by."""
    return float(geometric_mean(ways) ** (1 / (len(ways[0].norms) - 1)))


# What is to be seen


def _networks(
    stacks: dict[str, Stack], settings: Build, networks: int, generator: torch.Generator
) -> Generator[Event, None, tuple[Ways, dict[str, list[float]]]]:
    """Network after network, and after the first the other scales. Returns all ways, and ratios by scale."""
    acts = Acts(4, 3, *(4 / n for n in range(2, networks + 1)))  # the first one is shown slowly
    ways: Ways = {panel: {norm: [] for norm in NORMS} for panel in stacks}
    by_gain: dict[str, list[float]] = {}
    for n in range(1, networks + 1):
        for panel, stack in stacks.items():
            for norm, way in backward(stack, settings, generator).items():
                ways[panel][norm].append(way)
        yield _factors(ways)
        newest = _watch(ways, stacks, beats=0.5 / n)
        yield from acts.play(newest, f"network {n}/{networks}", f"第 {n}/{networks} 个网络")
        if n == 1:
            gains = _gains(stacks["relu"], settings, generator)
            by_gain = yield from acts.play(gains, "other scales", "换初始化尺度")
    return ways, by_gain


def _watch(ways: Ways, stacks: dict[str, Stack], beats: float) -> Iterator[Event]:
    """The newest network's gradients go back layer by layer, over those of the networks before."""
    for back in range(-1, max(stack.depth for stack in stacks.values())):
        for panel, stack in stacks.items():
            if back < stack.depth:
                newest = {norm: seen[-1].norms for norm, seen in ways[panel].items()}
                yield Scalars(
                    panel=panel,
                    x=float(max(back, 0)),
                    # NaN lifts the pen between two networks
                    values={norm: norms[back] if back >= 0 else math.nan for norm, norms in newest.items()},
                    names={"plain": PLAIN},
                    log=True,
                    x_label=says("layers-back"),
                    title=says("gradient-norm", depth=stack.depth, activation=ACTIVATIONS[panel]),
                )
        if back >= 0:
            yield Beat(beats)


def _factors(ways: Ways) -> Table:
    """What one layer multiplies the gradient by, and the σ that its normalization divides by."""

    def cells(norm: str) -> Iterator[str]:
        for of in ways.values():
            yield f"×{per_layer(of[norm]):.3f}"
            yield "" if norm == "plain" else f"{sum(way.spread for way in of[norm]) / len(of[norm]):.2f}"

    return Table(
        panel="layer",
        columns=("", *(label for name in ACTIVATIONS.values() for label in (name, "σ"))),
        rows=(
            *((PLAIN if norm == "plain" else norm, *cells(norm)) for norm in NORMS),
            ("√(π/(π−1))", f"×{THEORY:.3f}", "", "", ""),
        ),
        title=says("factors"),
    )


def _gains(
    stack: Stack, settings: Build, generator: torch.Generator
) -> Generator[Event, None, dict[str, list[float]]]:
    """One more network, its weights scaled. Returns first layer ÷ last layer, at each scale."""
    ratios: dict[str, list[float]] = {norm: [] for norm in NORMS}
    state = generator.get_state()
    for gain in GAINS:
        generator.set_state(state)
        ways = backward(stack, settings._replace(gain=gain), generator)
        for norm, way in ways.items():
            ratios[norm].append(way.ratio)
        yield Scalars(
            panel="gain",
            x=gain,
            values={norm: way.ratio for norm, way in ways.items()},
            names={"plain": PLAIN},
            log=True,
            x_label={"en": "× He init", "zh": "× He"},
            title=says("other-inits"),
        )
        yield Beat(2)
    return ratios


# What is claimed


def _relu_claims(ways: dict[str, list[Way]]) -> Iterator[Event]:
    # 20 seeds of one network: plain 0.991 to 1.005, LN 0.986 to 1.013, BN 1.207 to 1.214; with 30 layers of
    # 128 units and a batch of 64, 0.988 to 1.008, 0.975 to 1.019 and 1.215 to 1.230. With skips, BN 1.04.
    plain, layer_norm, batch_norm = (per_layer(ways[norm]) for norm in NORMS)
    overall = {norm: _spoken(geometric_mean(of)) for norm, of in ways.items()}
    text = says("he-init-keeps-gradients", overall=overall["plain"])
    yield claim("he-init-keeps-gradients", plain, "≈", 1.0, 0.04, text=text)
    text = says("layernorm-keeps-gradients", overall=overall["LN"])
    yield claim("layernorm-keeps-gradients", layer_norm, "≈", 1.0, 0.04, text=text)
    text = says("batchnorm-explodes-in-relu", overall=overall["BN"])
    yield claim("batchnorm-explodes-in-relu", batch_norm, "≈", THEORY, 0.03, text=text)


def _sigmoid_claims(ways: dict[str, list[Way]]) -> Iterator[Event]:
    # 20 seeds of one network: BN 1.51 to 1.65, LN 1.2e-8 to 2.9e-8, plain 1e-12; 12 layers: 1.3, 3e-5, 1e-7
    plain, layer_norm, batch_norm = (geometric_mean(ways[norm]) for norm in NORMS)
    text = says("batchnorm-rescues-sigmoid", plain=_spoken(plain))
    yield claim("batchnorm-rescues-sigmoid", batch_norm, ">=", 0.1, text=text)
    text = says("layernorm-does-not-rescue")
    yield claim("layernorm-does-not-rescue", layer_norm, "<=", 1e-3, text=text)


def _scale_claim(by_gain: dict[str, list[float]]) -> Claim:
    def change(norm: str) -> float:
        return max(by_gain[norm]) / min(by_gain[norm]) if min(by_gain[norm]) > 0 else math.inf

    # 20 seeds: 1.01 to 1.10, where ε and rounding add up; plain 3e29, with 20 layers 3e11
    text = says("norms-forgive-the-init", plain=_spoken(change("plain")))
    return claim("norms-forgive-the-init", max(change("LN"), change("BN")), "<=", 1.5, text=text)


def _spoken(ratio: float) -> str:
    """As a person would write it: 0.9, 11,699, 1.2e−12."""
    if 0.1 <= ratio < 1e6:
        return f"{ratio:.1f}" if ratio < 100 else f"{ratio:,.0f}"
    return f"{ratio:.2g}".replace("-", "−")


def _what_you_saw(settings: Build, depth: int, explosion: float) -> Words:
    if settings.skips:
        return says("saw-skips", total=_spoken(explosion))
    if settings.gain != 1:
        return says("saw-wrong-scale", gain=settings.gain, times=depth - 1)
    return says("what-you-saw", depth=depth, total=_spoken(explosion))
