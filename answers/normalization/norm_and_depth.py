"""Normalization and depth: what a gradient goes through on its way back through a deep plain network.

A random gradient is sent in at the top of freshly drawn networks, and its norm is read at every layer. With
He initialization a ReLU layer keeps it. BatchNorm in between multiplies it by √(π/(π − 1)) = 1.21 a layer
(Yang et al. 2019, "A mean field theory of batch normalization", https://arxiv.org/abs/1902.08129): ReLU and
He's weights leave the batch a variance of (π − 1)/π, and BatchNorm divides by its root. LayerNorm divides
each sample by its own spread, which is 1 there. Behind a sigmoid the batch spreads by 0.21 only, and the same
division is a rescue.
"""

import math
import time
from collections.abc import Generator, Iterator
from typing import Annotated, NamedTuple

import torch
from torch import Tensor, nn

from answers.kit.acts import Acts
from models.normalization.modules import BatchNorm, LayerNorm
from quizcli.demo.events import Claim, Event, Note, Scalars, Started, Table, Words
from quizcli.demo.option import Option, Pace, Seed

TITLE = {"en": "Normalization and depth", "zh": "归一化与网络深度"}
QUICK = {"networks": 1, "pace": 0.0}

NORMS = ("plain", "LN", "BN")
PLAIN: Words = {"en": "plain", "zh": "不加"}
GAINS = (0.5, 0.75, 1.0, 1.5, 2.0)  # initializations tried at the end, as multiples of He's
THEORY = math.sqrt(math.pi / (math.pi - 1))  # 1.211: BatchNorm and ReLU, wide network, large batch


class Settings(NamedTuple):
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
    depth: Annotated[int, Option(min=10, max=100, help={"en": "ReLU layers", "zh": "ReLU 层数"})] = 50,
    sigmoid_depth: Annotated[
        int, Option(min=5, max=40, help={"en": "sigmoid layers", "zh": "sigmoid 层数"})
    ] = 20,
    width: Annotated[
        int, Option(min=16, max=512, help={"en": "units of a layer", "zh": "每层神经元数"})
    ] = 256,
    batch: Annotated[int, Option(min=8, max=512, help={"en": "samples in a batch", "zh": "批大小"})] = 128,
    gain: Annotated[
        float,
        Option(
            min=0.25,
            max=4,
            help={
                "en": "weights, as a multiple of He's or Xavier's",
                "zh": "权重尺度，相对 He/Xavier 的倍数",
            },
        ),
    ] = 1.0,
    skips: Annotated[
        bool, Option(help={"en": "residual connections around each layer", "zh": "每层加残差连接"})
    ] = False,
    networks: Annotated[
        int, Option(min=1, max=50, help={"en": "networks to draw", "zh": "随机网络个数"})
    ] = 4,
    pace: Pace = 0.05,
    seed: Seed = 0,
) -> Iterator[Event]:
    """Draw networks; send a gradient back through each, without and with normalization; then wrong scales."""
    yield Started(data=f"{width} × {depth}", layout=(("relu", "sigmoid"), ("gain", "layer")))
    settings = Settings(width, batch, gain, skips)
    stacks = {"relu": Stack(nn.ReLU(), depth, 2.0), "sigmoid": Stack(nn.Sigmoid(), sigmoid_depth, 1.0)}
    generator = torch.Generator().manual_seed(seed)
    ways, by_gain = yield from _networks(stacks, settings, networks, generator, pace)
    if depth >= 30 and width >= 128 and 64 <= batch <= 256:
        yield from _relu_claims(ways["relu"])
    else:
        yield TOO_SMALL
    if sigmoid_depth >= 12:
        yield from _sigmoid_claims(ways["sigmoid"])
    yield _scale_claim(by_gain)
    yield _what_you_saw(settings, depth, geometric_mean(ways["relu"]["BN"]))


def normalization(name: str, width: int) -> nn.Module:
    """The layer between weights and activation; none in a plain network."""
    if name == "BN":
        return BatchNorm(width, affine=False, track_running_stats=False)
    return LayerNorm(width, elementwise_affine=False) if name == "LN" else nn.Identity()


def backward(stack: Stack, settings: Settings, generator: torch.Generator) -> dict[str, Way]:
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
    stacks: dict[str, Stack], settings: Settings, networks: int, generator: torch.Generator, pace: float
) -> Generator[Event, None, tuple[Ways, dict[str, list[float]]]]:
    """Network after network, and after the first the other scales. Returns all ways, and ratios by scale."""
    acts = Acts(4, 3, *(4 / n for n in range(2, networks + 1)))  # the first one is shown slowly
    ways: Ways = {panel: {norm: [] for norm in NORMS} for panel in stacks}
    by_gain: dict[str, list[float]] = {norm: [] for norm in NORMS}
    for n in range(networks):
        for panel, stack in stacks.items():
            for norm, way in backward(stack, settings, generator).items():
                ways[panel][norm].append(way)
        yield _factors(ways)
        en, zh = f"network {n + 1}/{networks}", f"第 {n + 1}/{networks} 个网络"
        yield from acts.play(_watch(ways, stacks, pace / (n + 1)), en, zh)
        if n == 0:
            gains = _gains(stacks["relu"], settings, generator, by_gain, pace)
            yield from acts.play(gains, "other scales", "换初始化尺度")
    return ways, by_gain


def _watch(ways: Ways, stacks: dict[str, Stack], pace: float) -> Iterator[Event]:
    """The newest network's gradients go back layer by layer, over those of the networks before."""
    depths = {panel: stack.depth for panel, stack in stacks.items()}
    titles: dict[str, Words] = {
        "relu": {
            "en": f"gradient norm, {depths['relu']} ReLU",
            "zh": f"梯度范数，{depths['relu']} 层 ReLU",
        },
        "sigmoid": {
            "en": f"gradient norm, {depths['sigmoid']} sigmoid",
            "zh": f"梯度范数，{depths['sigmoid']} 层 sigmoid",
        },
    }
    for back in range(-1, max(depths.values())):
        for panel, depth in depths.items():
            if back < depth:
                newest = {norm: seen[-1].norms for norm, seen in ways[panel].items()}
                # NaN lifts the pen between two networks
                values = {norm: norms[back] if back >= 0 else math.nan for norm, norms in newest.items()}
                yield Scalars(
                    panel=panel,
                    x=float(max(back, 0)),
                    values=values,
                    names={"plain": PLAIN},
                    log=True,
                    x_label={"en": "layers back", "zh": "回传层数"},
                    title=titles[panel],
                )
        time.sleep(pace if back >= 0 else 0)


def _factors(ways: Ways) -> Table:
    """What one layer multiplies the gradient by, and the σ that its normalization divides by."""

    def cells(norm: str) -> Iterator[str]:
        for of in ways.values():
            yield f"×{per_layer(of[norm]):.3f}"
            yield "" if norm == "plain" else f"{sum(way.spread for way in of[norm]) / len(of[norm]):.2f}"

    return Table(
        panel="layer",
        columns=("", "ReLU", "σ", "sigmoid", "σ"),
        rows=(
            (PLAIN, *cells("plain")),
            ("LN", *cells("LN")),
            ("BN", *cells("BN")),
            ("√(π/(π−1))", f"×{THEORY:.3f}", "", "", ""),
        ),
        title={"en": "a layer's factor; σ it divides by", "zh": "每层的倍数；归一化除以的 σ"},
    )


def _gains(
    stack: Stack, settings: Settings, generator: torch.Generator, ratios: dict[str, list[float]], pace: float
) -> Iterator[Event]:
    """One more network, its weights scaled: first layer ÷ last layer, put into `ratios`."""
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
            title={"en": "first ÷ last, other inits", "zh": "首层 ÷ 末层，换初始化"},
        )
        time.sleep(4 * pace)


# What is claimed


def _relu_claims(ways: dict[str, list[Way]]) -> Iterator[Event]:
    # 20 seeds of one network: plain 0.991 to 1.005, LN 0.986 to 1.013, BN 1.207 to 1.214; with 30 layers of
    # 128 units and a batch of 64, 0.988 to 1.008, 0.975 to 1.019 and 1.215 to 1.230. With skips, BN 1.04.
    overall = {norm: _spoken(geometric_mean(of)) for norm, of in ways.items()}
    yield Claim(
        id="he-init-keeps-gradients",
        measured=per_layer(ways["plain"]),
        expected=1.0,
        tolerance=0.04,
        text={
            "en": f"ReLU, plain: a layer's factor; first ÷ last {overall['plain']}",
            "zh": f"ReLU 无归一化：每层的倍数（首层 ÷ 末层 = {overall['plain']}）",
        },
    )
    yield Claim(
        id="layernorm-keeps-gradients",
        measured=per_layer(ways["LN"]),
        expected=1.0,
        tolerance=0.04,
        text={
            "en": f"ReLU with LN: a layer's factor; first ÷ last {overall['LN']}",
            "zh": f"ReLU 加 LN：每层的倍数（首层 ÷ 末层 = {overall['LN']}）",
        },
    )
    yield Claim(
        id="batchnorm-explodes-in-relu",
        measured=per_layer(ways["BN"]),
        expected=THEORY,
        tolerance=0.03,
        text={
            "en": f"ReLU with BN: a layer's factor; first ÷ last {overall['BN']}",
            "zh": f"ReLU 加 BN：每层的倍数（首层 ÷ 末层 = {overall['BN']}）",
        },
    )


def _sigmoid_claims(ways: dict[str, list[Way]]) -> Iterator[Event]:
    # 20 seeds of one network: BN 1.51 to 1.65, LN 1.2e-8 to 2.9e-8, plain 1e-12; 12 layers: 1.3, 3e-5, 1e-7
    plain, layer_norm, batch_norm = (geometric_mean(ways[norm]) for norm in NORMS)
    yield Claim(
        id="batchnorm-rescues-sigmoid",
        measured=batch_norm,
        relation=">=",
        expected=0.1,
        text={
            "en": f"sigmoid with BN: first ÷ last layer (plain {_spoken(plain)})",
            "zh": f"sigmoid 加 BN：首层 ÷ 末层（无归一化 {_spoken(plain)}）",
        },
    )
    yield Claim(
        id="layernorm-does-not-rescue",
        measured=layer_norm,
        relation="<=",
        expected=1e-3,
        text={"en": "sigmoid with LN: first ÷ last layer", "zh": "sigmoid 加 LN：首层 ÷ 末层"},
    )


def _scale_claim(by_gain: dict[str, list[float]]) -> Claim:
    def change(norm: str) -> float:
        return max(by_gain[norm]) / min(by_gain[norm]) if min(by_gain[norm]) > 0 else math.inf

    return Claim(
        id="norms-forgive-the-init",
        measured=max(change("LN"), change("BN")),
        relation="<=",
        expected=1.5,  # 20 seeds: 1.01 to 1.10, where ε and rounding add up; plain 3e29, with 20 layers 3e11
        text={
            "en": f"LN, BN: first ÷ last varies by ×, ½ to 2 He (plain {_spoken(change('plain'))})",
            "zh": f"LN、BN：½ 到 2 倍 He 间，首层 ÷ 末层变化几倍（无归一化 {_spoken(change('plain'))}）",
        },
    )


def _spoken(ratio: float) -> str:
    """As a person would write it: 0.9, 11,699, 1.2e−12."""
    if 0.1 <= ratio < 1e6:
        return f"{ratio:.1f}" if ratio < 100 else f"{ratio:,.0f}"
    return f"{ratio:.2g}".replace("-", "−")


# What is said at the end

TOO_SMALL = Note(
    text={
        "en": "The factor 1.211 is that of wide networks and large batches: it is claimed for 30 layers and "
        "128 units at least, and batches of 64 to 256.",
        "zh": "1.211 是宽网络、大批量的理论值：至少 30 层、128 个神经元，且批大小为 64 到 256 时才与它比较。",
    }
)


def _what_you_saw(settings: Settings, depth: int, explosion: float) -> Note:
    total = _spoken(explosion)
    if settings.skips:
        return Note(
            text={
                "en": f"What you just saw: with skips BatchNorm's explosion is only × {total} in all. The "
                "stream along the skips grows from layer to layer, each new layer adds a smaller share, and "
                "most of the gradient returns along the skips untouched. That is how ResNets with BatchNorm "
                "get deep. Without normalization the stream doubles and doubles: there skips explode.",
                "zh": f"刚才看到的：加上残差连接，BN 的梯度爆炸总共只剩 {total} 倍。主干上的值逐层变大，"
                "新加的一层所占份额越来越小，大部分梯度沿残差连接原样传回，带 BN 的 ResNet 正是这样做深的。"
                "不加归一化时，主干一层层成倍增长，有残差连接反而爆炸。",
            }
        )
    if settings.gain != 1:
        return Note(
            text={
                "en": f"What you just saw: weights {settings.gain:g} × their right size, on purpose. A plain "
                f"ReLU layer multiplies the gradient by {settings.gain:g}, {depth - 1} times over. BatchNorm "
                "and LayerNorm divide the scale out again, so their curves have not moved, nor have their "
                "slopes: no initialization takes BatchNorm's 1.21 a layer away.",
                "zh": f"刚才看到的：故意把权重设成 {settings.gain:g} 倍。无归一化的 ReLU 网络每层都把梯度"
                f"乘以 {settings.gain:g}，连乘 {depth - 1} 次。BN 和 LN 会把这个尺度除掉，"
                "曲线没有动，斜率也没有变：BN 每层 1.21 倍，换什么初始化都去不掉。",
            }
        )
    return Note(
        text={
            "en": "What you just saw: neither layer solves vanishing and exploding gradients in general. "
            "Both forgive a wrong scale of the weights. But ReLU leaves the batch a spread of 0.83, "
            f"BatchNorm divides by it, and {depth} layers make that an explosion, × {total}. A sigmoid "
            "leaves 0.21, and the same division is the rescue; LayerNorm divides by 0.54, too much to make "
            "up for the sigmoid's flat slope. Depth takes skips and a fitting init: try --skips, --gain 0.5.",
            "zh": "刚才看到的：两种归一化都谈不上“解决了梯度消失和爆炸”。它们都能容忍权重尺度设错；"
            "但 ReLU 之后一批样本的标准差只有 0.83，BN 每层除以它，"
            f"{depth} 层就是 {total} 倍的爆炸。"
            "sigmoid 之后是 0.21，同样的除法反而救了梯度；LN 除以的是 0.54，太大，"
            "补不回 sigmoid 平缓斜率的损失。要做深还得靠残差连接和合适的初始化：可试 --skips、--gain 0.5。",
        }
    )
