"""Dropout as augmentation: is there an input whose hidden layer looks, undropped, like one after dropout?

Bouthillier et al. 2015, "Dropout as data augmentation" (https://arxiv.org/abs/1506.08700), project dropout's
noise back into input space: for a dropped pattern t they look for the input x* that minimizes

    ½ ‖ReLU(W x* + b) − t‖²

Where t > 0 the layer must give w·x + b = t, and where t = 0 it is enough that w·x + b ≤ 0. These are linear
conditions, so ½ ‖r‖², r how far each is missed, is convex. Newton's method finds its minimum: 0, or an r with
Wᵀr = 0, which proves that no input does it (Farkas: a combination of the conditions that contradicts itself).
"""

import math
import time
from collections.abc import Generator, Iterator
from typing import Annotated, NamedTuple

import torch
from torch import Tensor, nn

from answers.kit.acts import Acts
from answers.kit.digits import Split, classifier, pixels, splits
from models.dropout import dropout
from quizcli.demo.data import DigitsName, load_digits
from quizcli.demo.device import choose, seed_everything
from quizcli.demo.events import (
    Claim,
    Event,
    Heatmap,
    Images,
    Note,
    Progress,
    Scalars,
    Started,
    array,
    pictures,
)
from quizcli.demo.option import Option, Pace, Seed

TITLE = {"en": "Dropout as data augmentation", "zh": "把 Dropout 看作数据增强"}
QUICK = {"trials": 40, "shown": 1, "judged": 40, "pace": 0.0}

LAYOUT = (("digits", "share"), ("pattern",))
MASKS = 2  # dropped versions of a digit that are shown together
SIZES = (0.5, 0.75, 1.0, 1.25, 1.5, 1.75, 2.0, 3.0, 4.0)  # units of a random layer, for each input
SHARED = 20  # inputs that share a random layer
COLUMNS = 60  # units that a panel of the window's width can draw
STEPS = 100  # of Newton's method at most; 10 are usual
HIT = 1e-8  # of the activations' norm: nearer counts as exact
FAR = 1e4  # times as far as the found input: an exact one would have to be beyond


class Layer(NamedTuple):
    """A linear layer in double precision, to be followed by ReLU."""

    weight: Tensor  # (H, n)
    bias: Tensor  # (H)

    def __call__(self, x: Tensor) -> Tensor:  # (T, n) -> (T, H)
        """Before ReLU."""
        return torch.addmm(self.bias, x, self.weight.T)


class Found(NamedTuple):
    """Inputs so far, how far their patterns miss the targets, and which of these are decided."""

    x: Tensor  # (T, n)
    miss: Tensor  # (T)  ‖r‖ ÷ ‖activations before dropout‖
    hit: Tensor  # (T) bool
    proven: Tensor  # (T) bool: out of reach


def demonstrate(
    p: Annotated[float, Option(min=0, max=0.95, help={"en": "drop rate", "zh": "丢弃率"})] = 0.5,
    inputs: Annotated[
        int, Option(min=4, max=40, help={"en": "inputs of the random layers", "zh": "随机层的输入维数"})
    ] = 20,
    trials: Annotated[
        int, Option(min=20, max=1000, help={"en": "patterns for each size", "zh": "每种宽度的试验次数"})
    ] = 100,
    shown: Annotated[int, Option(min=1, max=10, help={"en": "digits to show", "zh": "展示的数字个数"})] = 4,
    judged: Annotated[
        int, Option(min=10, max=1000, help={"en": "digits to judge", "zh": "评判的数字个数"})
    ] = 100,
    pace: Pace = 0.12,
    seed: Seed = 0,
    data: DigitsName = "auto",
) -> Iterator[Event]:
    """Digits whose first layer looks like one after dropout; then layers too wide for that."""
    yield Started(layout=LAYOUT)
    digits = yield from load_digits(data)
    yield Started(data=digits.label, synthetic=digits.synthetic, layout=LAYOUT)
    device = choose("cpu")  # double precision, and small
    training, test = splits(digits, device)
    seed_everything(seed)
    yield _strip(pixels(test.images[:1]).double().expand(MASKS + 1, -1), 0, 0.0)
    yield Progress(done=0, total=1, text={"en": "training a network", "zh": "训练网络"})
    layer = _first(classifier(training, device))
    acts = Acts(*[1] * shown, 1, 2)
    for k in range(shown):
        digit = _show(layer, pixels(test.images[k : k + 1]).double(), p, pace)
        yield from acts.play(digit, f"digit {k + 1}/{shown}", f"第 {k + 1}/{shown} 个手写数字")
    judge = classifier(Split(training.images[::3], training.labels[::3]), device)
    yield from acts.play(_digit_claims(layer, judge, test, judged, p), "all test digits", "全部测试数字")
    sizes = _sizes(inputs, p, trials, pace)
    shares, undecided = yield from acts.play(sizes, "wider and wider layers", "越来越宽的层")
    yield from _size_claims(shares, undecided, inputs, p, trials)
    yield _what_you_saw(p)


def _first(network: nn.Module) -> Layer:
    weight, bias = list(network.parameters())[:2]
    return Layer(weight.detach().double(), bias.detach().double())


def dropped(layer: Layer, x: Tensor, p: float) -> tuple[Tensor, Tensor]:
    """The hidden pattern with some units off, the others as they were; and the norm it had before."""
    h = layer(x).relu()
    # Without the factor 1/(1 − p): the paper drops as in 2014. Without a bias it would only scale x*.
    return dropout(h, p) * (1 - p), h.norm(dim=1)


def missed(z: Tensor, target: Tensor) -> Tensor:
    """How far each unit is from what is asked of it."""
    # r = z − t where t > 0, max(z, 0) where t = 0
    return torch.where(target > 0, z - target, z.clamp_min(0))


def nearest(layer: Layer, x: Tensor, target: Tensor, scale: Tensor) -> Iterator[Found]:
    """Newton's method on ½ ‖r‖², from x; yields before the first step and after each."""
    x, miss = x.clone(), torch.full_like(scale, math.inf)
    hit, proven = torch.zeros_like(scale, dtype=torch.bool), torch.zeros_like(scale, dtype=torch.bool)
    for _ in range(STEPS):
        r = missed(layer(x), target)  # (T, H)
        slope = (r @ layer.weight).norm(dim=1)  # ‖Wᵀr‖
        miss = r.norm(dim=1)
        hit = miss <= HIT * scale
        # ‖r‖² ≤ ‖Wᵀr‖ · distance for every input that hits: where this distance is huge, there is none
        proven = ~hit & (miss.square() > slope * FAR * (1 + x.norm(dim=1)))
        yield Found(x.clone(), miss / scale.clamp_min(1e-30), hit, proven)
        if not (open_ := ~(hit | proven)).any():
            return
        x[open_] = _step(layer, x[open_], target[open_], r[open_])


def _step(layer: Layer, x: Tensor, target: Tensor, r: Tensor) -> Tensor:
    """The shortest step that would meet all conditions now missed, shortened until it helps."""
    felt = ((target > 0) | (layer(x) > 0)).double()  # (T, H) conditions that are felt here
    active = layer.weight * felt[:, :, None]  # (T, H, n)
    # d = −Aᵀ (A Aᵀ + λ)⁻¹ r
    square = active @ active.mT + 1e-7 * torch.eye(r.shape[1], dtype=r.dtype)  # (T, H, H)
    step: Tensor = -(torch.linalg.solve(square, r)[:, None, :] @ active)[:, 0]  # (T, n)
    length = torch.ones(len(x), 1, dtype=x.dtype)
    now, fall = r.square().sum(1, keepdim=True), ((r @ layer.weight) * step).sum(1, keepdim=True)
    for _ in range(20):
        then = missed(layer(x + length * step), target).square().sum(1, keepdim=True)
        worse = then > now * (1 + 1e-14) + 1e-3 * length * fall
        if not worse.any():
            break
        length = torch.where(worse, length / 2, length)
    return x + length * step


def search(layer: Layer, x: Tensor, target: Tensor, scale: Tensor) -> Found:
    """The end of Newton's method."""
    for found in nearest(layer, x, target, scale):
        last = found
    return last


# Digits


def _show(layer: Layer, x: Tensor, p: float, pace: float) -> Iterator[Event]:
    """One digit, and for some masks the digit on its way to what dropout makes of it."""
    x = x.expand(MASKS, -1)
    target, scale = dropped(layer, x, p)
    for step, found in enumerate(nearest(layer, x, target, scale)):
        yield _strip(torch.cat((x[:1], found.x)), step, found.miss.max().item())
        yield _pattern(layer, found.x[0], target[0], found.miss[0].item())
        time.sleep(pace)
    time.sleep(3 * pace)


def _strip(images: Tensor, step: int, miss: float) -> Images:
    return Images(
        panel="digits",
        images=pictures(images.view(-1, 28, 28)),
        columns=MASKS + 1,
        title={
            "en": f"a digit; dropped, as inputs: step {step}",
            "zh": f"原图；Dropout 后对应的输入：第 {step} 步",
        },
        caption={
            "en": f"hidden pattern missed by {_spoken(miss)}",
            "zh": f"隐藏层还差 {_spoken(miss)}",
        },
    )


def _pattern(layer: Layer, x: Tensor, target: Tensor, miss: float) -> Heatmap:
    """What dropout left, what the found input gives, and their difference, unit by unit."""
    reached = layer(x[None])[0].relu()
    rows = torch.stack((target, reached, reached - target))[:, :COLUMNS]
    units = len(target)
    return Heatmap(
        panel="pattern",
        values=array(rows / target.max().clamp_min(1e-9)),
        low=-1,
        high=1,
        diverging=True,
        y_ticks=(
            {"en": "dropped", "zh": "丢弃后"},
            {"en": "reached", "zh": "达到的"},
            {"en": "missed", "zh": "差"},
        ),
        title={
            "en": f"hidden pattern of {units} units, missed by {_spoken(miss)} of its norm",
            "zh": f"{units} 个神经元的隐藏层，相对差 {_spoken(miss)}",
        },
    )


def _spoken(miss: float) -> str:
    return "0" if miss == 0 else (f"{miss:.0e}" if miss < 0.01 else f"{miss:.2f}").replace("-", "−")


def _digit_claims(layer: Layer, judge: nn.Module, test: Split, judged: int, p: float) -> Iterator[Event]:
    x = pixels(test.images[:judged]).double()
    found = search(layer, x, *dropped(layer, x, p))
    yield Claim(
        id="digits-are-reached",
        measured=found.miss.max().item(),
        relation="<=",
        expected=1e-6,
        text={
            "en": f"784 pixels, {len(layer.bias)} units: pattern missed, worst of {len(x)} digits",
            "zh": f"784 像素、{len(layer.bias)} 个神经元：{len(x)} 个数字中最大的差",
        },
    )
    with torch.no_grad():
        read, before = (judge(images.float()).argmax(1) for images in (found.x, x))
    yield Claim(
        id="another-network-agrees",
        measured=(read == before).double().mean().item(),
        relation=">=",
        # Seeds 0 to 4, in both forms: 0.75 to 0.88 on MNIST, 0.62 to 0.78 on synthetic digits. With another
        # digit's pattern as target it is 0.18.
        expected=0.35,
        text={
            "en": "share that another network still reads as the same digit",
            "zh": "另一个网络仍读成同一数字的比例",
        },
    )


# Wider and wider


def _sizes(
    inputs: int, p: float, trials: int, pace: float
) -> Generator[Event, None, tuple[dict[float, float], int]]:
    """Random layers of all sizes. Returns the share of patterns hit by size, and how many stay undecided."""
    shares: dict[float, float] = {}
    undecided = 0
    for size in SIZES:
        units = round(size * inputs)
        results: list[Found] = []
        for first in range(0, trials, SHARED):
            count = min(SHARED, trials - first)
            layer = Layer(
                torch.randn(units, inputs, dtype=torch.double) / math.sqrt(inputs),
                torch.zeros(units, dtype=torch.double),
            )
            x = torch.randn(count, inputs, dtype=torch.double)
            target, scale = dropped(layer, x, p)
            for found in nearest(layer, x, target, scale):
                if first == 0:
                    worst = int(found.miss.argmax())
                    yield _pattern(layer, found.x[worst], target[worst], found.miss[worst].item())
                    time.sleep(pace / 2)
            results.append(found)
        shares[size] = torch.cat([found.hit for found in results]).double().mean().item()
        undecided += sum(int((~found.hit & ~found.proven).sum()) for found in results)
        miss = torch.cat([found.miss for found in results])
        yield Scalars(
            panel="share",
            x=units,
            values={"hit": 100 * shares[size], "miss": 100 * miss.mean().item()},
            names={"hit": {"en": "reachable", "zh": "可达"}, "miss": {"en": "missed", "zh": "差距"}},
            unit="%",
            x_label={"en": "units", "zh": "神经元"},
            title={"en": f"{inputs} inputs, random layer", "zh": f"{inputs} 维输入，随机层"},
        )
    return shares, undecided


def _size_claims(
    shares: dict[float, float], undecided: int, inputs: int, p: float, trials: int
) -> Iterator[Event]:
    yield Claim(
        id="narrow-layers-are-reachable",
        measured=min(share for size, share in shares.items() if size <= 1),
        relation="==",
        expected=1.0,
        text={
            "en": f"share of patterns hit exactly, up to {inputs} units",
            "zh": f"不超过 {inputs} 个神经元时，精确可达的比例",
        },
    )
    if inputs >= 10 and (0.2 <= p <= 0.8 or p == 0):
        yield Claim(
            id="wide-layers-are-not",
            measured=shares[2.0],
            relation="<=",
            # Seeds 0 to 9: 0.08 to 0.24, in the quick form too; p = 0.8 0.29. Without dropout 1.
            expected=0.5,
            text={
                "en": f"the same with {2 * inputs} units (with {4 * inputs}: {shares[4.0]:.0%})",
                "zh": f"{2 * inputs} 个神经元时的比例（{4 * inputs} 个时为 {shares[4.0]:.0%}）",
            },
        )
    yield Claim(
        id="every-miss-is-proven",
        measured=undecided / (len(SIZES) * trials),
        relation="<=",
        expected=0.01,
        text={
            "en": f"share of {len(SIZES) * trials:,} patterns neither hit nor proven out of reach",
            "zh": f"{len(SIZES) * trials:,} 个模式中，既未达到、又未证明不可达的比例",
        },
    )


def _what_you_saw(p: float) -> Note:
    if p == 0:
        return Note(
            text={
                "en": "With p = 0 nothing is dropped: the input itself gives the pattern, in any layer.",
                "zh": "p = 0 时什么也没丢：不管层有多宽，输入本身就给出这个模式。",
            }
        )
    return Note(
        text={
            "en": "What you just saw: dropout on a hidden layer can be read as augmentation, each mask as "
            "another input, here a digit with noise that fits the layer. But an exact one exists only where "
            "the layer has few units for its inputs. Each kept unit is an equation, each silent one an "
            "inequality; beyond about 1.5 units an input they begin to contradict each other. Then only a "
            "nearest input is left, and that is what Bouthillier et al. look for.",
            "zh": "刚才看到的：隐藏层上的 Dropout 可以理解成数据增强，每个掩码对应另一个输入，"
            "在这里就是叠加了特定噪声的数字。但只有神经元相对输入不多时才有精确对应的输入："
            "每个保留的神经元是一个等式，每个不激活的是一个不等式，神经元超过输入维数约 1.5 倍后，"
            "条件开始互相矛盾，只剩最接近的输入。Bouthillier 等人求的就是它。",
        }
    )
