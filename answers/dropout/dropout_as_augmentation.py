"""Dropout as augmentation: is there an input whose hidden layer looks, undropped, like one after dropout?

Bouthillier et al. 2015, "Dropout as data augmentation" (https://arxiv.org/abs/1506.08700), project dropout's
noise back into input space: for a dropped pattern t they look for the input x* that minimizes

    ½ ‖ReLU(W x* + b) − t‖²

Where t > 0 the layer must give w·x + b = t, and where t = 0 it is enough that w·x + b ≤ 0. These are linear
conditions, so ½ ‖r‖², r how far each is missed, is convex. Newton's method finds its minimum: 0, or an r with
Wᵀr = 0, which proves that no input does it (Farkas: a combination of the conditions that contradicts itself).
"""

import math
from collections import deque
from collections.abc import Generator, Iterator
from typing import Annotated, NamedTuple

import torch
from torch import Tensor, nn

from answers.kit.acts import Acts
from answers.kit.digits import Split, classifier, pixels
from answers.kit.opening import begin
from models.dropout import dropout
from quizcli.demo.data import DigitsName
from quizcli.demo.device import Device
from quizcli.demo.events import Beat, Event, Heatmap, Images, Note, Progress, Scalars, array, claim, pictures
from quizcli.demo.option import Option, Seed
from quizcli.demo.texts import texts

TITLE = {"en": "Dropout as data augmentation", "zh": "把 Dropout 看作数据增强"}
QUICK = {"trials": 40, "shown": 1, "judged": 40}

says = texts(__file__)

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

    @property
    def undecided(self) -> Tensor:  # (T) bool
        """Neither hit nor proven out of reach."""
        return ~(self.hit | self.proven)


def demonstrate(
    p: Annotated[float, Option(0, 0.95, "drop rate", "丢弃率")] = 0.5,
    inputs: Annotated[int, Option(4, 40, "inputs of the random layers", "随机层的输入维数")] = 20,
    trials: Annotated[int, Option(20, 1000, "patterns for each size", "每种宽度的试验次数")] = 100,
    shown: Annotated[int, Option(1, 10, "digits to show", "展示的数字个数")] = 4,
    judged: Annotated[int, Option(10, 1000, "digits to judge", "评判的数字个数")] = 100,
    seed: Seed = 0,
    data: DigitsName = "auto",
) -> Iterator[Event]:
    """Digits whose first layer looks like one after dropout; then layers too wide for that."""
    cpu = Device(torch.device("cpu"), "cpu")  # double precision, and small
    device, training, test, *_ = yield from begin(LAYOUT, data, cpu, seed)
    yield _strip(pixels(test.images[:1]).double().expand(MASKS + 1, -1), 0, 0.0)
    yield Progress(done=0, total=1, text=says("training"))
    layer = _first(classifier(training, device))
    acts = Acts(*[1] * shown, 1, 2)
    for k in range(shown):
        digit = _show(layer, pixels(test.images[k : k + 1]).double(), p)
        yield from acts.play(digit, f"digit {k + 1}/{shown}", f"第 {k + 1}/{shown} 个手写数字")
    judge = classifier(Split(training.images[::3], training.labels[::3]), device)
    yield from acts.play(_digit_claims(layer, judge, test, judged, p), "all test digits", "全部测试数字")
    sizes = _sizes(inputs, p, trials)
    shares, undecided = yield from acts.play(sizes, "wider and wider layers", "越来越宽的层")
    yield from _size_claims(shares, undecided, inputs, p, trials)
    yield Note(text=says("what-you-saw") if p > 0 else says("nothing-dropped"))


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
    x = x.clone()
    for _ in range(STEPS):
        r = missed(layer(x), target)  # (T, H)
        slope = (r @ layer.weight).norm(dim=1)  # ‖Wᵀr‖
        miss = r.norm(dim=1)
        hit = miss <= HIT * scale
        # ‖r‖² ≤ ‖Wᵀr‖ · distance for every input that hits: where this distance is huge, there is none
        proven = ~hit & (miss.square() > slope * FAR * (1 + x.norm(dim=1)))
        yield (found := Found(x.clone(), miss / scale.clamp_min(1e-30), hit, proven))
        if not (open_ := found.undecided).any():
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
    return deque(nearest(layer, x, target, scale), maxlen=1).pop()


# Digits


def _show(layer: Layer, x: Tensor, p: float) -> Iterator[Event]:
    """One digit, and for some masks the digit on its way to what dropout makes of it."""
    x = x.expand(MASKS, -1)
    target, scale = dropped(layer, x, p)
    for step, found in enumerate(nearest(layer, x, target, scale)):
        yield _strip(torch.cat((x[:1], found.x)), step, found.miss.max().item())
        yield _pattern(layer, found, target, 0)
        yield Beat(1.2)
    yield Beat(3.6)


def _strip(images: Tensor, step: int, miss: float) -> Images:
    return Images(
        panel="digits",
        images=pictures(images.view(-1, 28, 28)),
        columns=MASKS + 1,
        title=says("digits", step=step),
        caption=says("digits-missed", miss=_spoken(miss)),
    )


def _pattern(layer: Layer, found: Found, targets: Tensor, trial: int) -> Heatmap:
    """What dropout left, what the found input gives, and their difference, unit by unit."""
    target, reached = targets[trial], layer(found.x[trial : trial + 1])[0].relu()
    rows = torch.stack((target, reached, reached - target))[:, :COLUMNS]
    return Heatmap(
        panel="pattern",
        values=array(rows / target.max().clamp_min(1e-9)),
        low=-1,
        high=1,
        diverging=True,
        y_ticks=(says("dropped"), says("reached"), says("missed")),
        title=says("pattern", units=len(target), miss=_spoken(found.miss[trial].item())),
    )


def _spoken(miss: float) -> str:
    return "0" if miss == 0 else (f"{miss:.0e}" if miss < 0.01 else f"{miss:.2f}").replace("-", "−")


def _digit_claims(layer: Layer, judge: nn.Module, test: Split, judged: int, p: float) -> Iterator[Event]:
    x = pixels(test.images[:judged]).double()
    found = search(layer, x, *dropped(layer, x, p))
    text = says("digits-are-reached", units=len(layer.bias), digits=len(x))
    yield claim("digits-are-reached", found.miss.max().item(), "<=", 1e-6, text=text)
    with torch.no_grad():
        read, before = (judge(images.float()).argmax(1) for images in (found.x, x))
    same = (read == before).double().mean().item()
    # Seeds 0 to 4, in both forms: 0.75 to 0.88 on MNIST, 0.62 to 0.78 on synthetic digits. With another
    # digit's pattern as target it is 0.18.
    yield claim("another-network-agrees", same, ">=", 0.35, text=says("another-network-agrees"))


# Wider and wider


def _sizes(inputs: int, p: float, trials: int) -> Generator[Event, None, tuple[dict[float, float], int]]:
    """Random layers of all sizes. Returns the share of patterns hit by size, and how many stay undecided."""
    shares: dict[float, float] = {}
    undecided = 0
    for size in SIZES:
        units = round(size * inputs)
        ends: list[Found] = []
        for first in range(0, trials, SHARED):
            weight = torch.randn(units, inputs, dtype=torch.double) / math.sqrt(inputs)
            layer = Layer(weight, torch.zeros(units, dtype=torch.double))
            x = torch.randn(min(SHARED, trials - first), inputs, dtype=torch.double)
            target, scale = dropped(layer, x, p)
            for found in nearest(layer, x, target, scale):
                if first == 0:
                    yield _pattern(layer, found, target, int(found.miss.argmax()))
                    yield Beat(0.6)
            ends.append(found)
        found = Found(*(torch.cat(parts) for parts in zip(*ends, strict=True)))  # in all trials
        shares[size] = found.hit.double().mean().item()
        undecided += int(found.undecided.sum())
        yield Scalars(
            panel="share",
            x=units,
            values={"hit": 100 * shares[size], "miss": 100 * found.miss.mean().item()},
            names={"hit": says("hit"), "miss": says("miss")},
            unit="%",
            x_label=says("units"),
            title=says("share", inputs=inputs),
        )
    return shares, undecided


def _size_claims(
    shares: dict[float, float], undecided: int, inputs: int, p: float, trials: int
) -> Iterator[Event]:
    narrow = min(share for size, share in shares.items() if size <= 1)
    text = says("narrow-layers-are-reachable", inputs=inputs)
    yield claim("narrow-layers-are-reachable", narrow, "==", 1.0, text=text)
    if inputs >= 10 and (0.2 <= p <= 0.8 or p == 0):
        # Seeds 0 to 9: 0.08 to 0.24, in the quick form too; p = 0.8 0.29. Without dropout 1.
        text = says("wide-layers-are-not", units=2 * inputs, more=4 * inputs, share=shares[4.0])
        yield claim("wide-layers-are-not", shares[2.0], "<=", 0.5, text=text)
    patterns = len(SIZES) * trials
    text = says("every-miss-is-proven", patterns=patterns)
    yield claim("every-miss-is-proven", undecided / patterns, "<=", 0.01, text=text)
