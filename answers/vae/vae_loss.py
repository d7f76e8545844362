"""The two terms of the VAE loss: three losses side by side, then the KL term with one weight after another.

The loss is −ELBO = reconstruction + KL (Kingma & Welling 2014, eq. 10), both summed: the one over pixels, the
other over latent units. Beside it train a loss without the KL term, and one whose cross-entropy is averaged
over pixels as `reduction="mean"` does. Then β weighs the KL term (Higgins et al. 2017), from light to heavy.
"""

import time
from collections.abc import Callable, Generator, Iterable, Iterator
from itertools import pairwise
from typing import Annotated, NamedTuple

import torch
from torch import Tensor

from answers.kit.acts import Acts
from answers.kit.digits import IMAGES, pixels, splits
from answers.kit.training import Schedule, descend
from models.autoencoder.autoencoder import reconstruction_error
from models.vae import VAE, vae_loss
from quizcli.demo.data import DigitsName, load_digits
from quizcli.demo.device import Device, DeviceName, choose, seed_everything
from quizcli.demo.events import (
    Bars,
    Claim,
    Event,
    Heatmap,
    Images,
    Label,
    Note,
    Progress,
    Started,
    array,
    pictures,
)
from quizcli.demo.option import Option, Seed

TITLE = {"en": "The two terms of the VAE loss", "zh": "VAE 损失的两项，缺一不可"}
QUICK = {"images": 10000}

LAYOUT = (("terms", "samples"), ("units",))
HIDDEN, BATCH, LR = 128, 64, 0.005
FRAME = 0.3  # seconds between two frames
TESTED, DRAWN = 500, 8  # test images of a frame, and pictures of each model
ACTIVE = 0.1  # nats: a latent unit with less says nothing

Loss = Callable[[Tensor, Tensor], Tensor]  # reconstruction and KL, nats an image -> what is minimized


class Terms(NamedTuple):
    """What a model costs on test images, in nats an image."""

    reconstruction: float
    kl: float
    units: Tensor  # (latent), the KL of each latent unit, in falling order

    @property
    def total(self) -> float:
        """−ELBO."""
        return self.reconstruction + self.kl

    @property
    def active(self) -> int:
        """Latent units that say something."""
        return int((self.units > ACTIVE).sum())


def demonstrate(
    images: Annotated[
        int, Option(min=1000, max=60000, help={"en": "training images", "zh": "训练图像数"})
    ] = 30000,
    epochs: Annotated[int, Option(min=1, max=50, help={"en": "passes over the data", "zh": "训练轮数"})] = 1,
    latent: Annotated[
        int, Option(min=4, max=100, help={"en": "size of the latent code", "zh": "隐变量维数"})
    ] = 20,
    beta: Annotated[
        float, Option(min=0, max=1000, help={"en": "last β of the sweep", "zh": "最后一个 β"})
    ] = 16.0,
    seed: Seed = 0,
    device: DeviceName = "auto",
    data: DigitsName = "auto",
) -> Iterator[Event]:
    """Three losses at the same time; then three more weights of the KL term."""
    chosen = choose(device)
    yield Started(device=chosen.label, layout=LAYOUT)
    digits = yield from load_digits(data)
    yield Started(device=chosen.label, data=digits.label, synthetic=digits.synthetic, layout=LAYOUT)
    training, test = splits(digits, chosen)
    bench = Bench(training.images[:images], test.images, Schedule(epochs, BATCH, LR), latent, seed, chosen)
    promised = epochs * images >= QUICK["images"] and latent >= 10

    acts = Acts(1, 1)
    made = yield from acts.play(_train(LOSSES, {}, bench), "three losses", "三种损失")
    if promised:
        yield from _loss_claims(made)
    sweep = {f"β = {b:g}": weighed(b) for b in (0.25, 4.0, beta)}
    swept = yield from acts.play(_train(sweep, {"β = 1": made["right"]}, bench), "a weight β", "权重 β")
    if promised and beta >= 16:
        yield from _sweep_claims(swept)
    else:
        yield Note(
            text={
                "en": f"Not all is judged: that takes {QUICK['images']:,} images, codes of 10 and β = 16.",
                "zh": f"有些结论不作判定：需要 {QUICK['images']:,} 幅图像、10 维隐变量、β 不小于 16。",
            }
        )
    yield WHAT_YOU_SAW


def weighed(beta: float) -> Loss:
    """The loss of a β-VAE."""
    return lambda reconstruction, kl: reconstruction + beta * kl


LOSSES: dict[str, Loss] = {
    "right": weighed(1),
    "no KL": weighed(0),
    "mean BCE": lambda reconstruction, kl: reconstruction / 784 + kl,  # a mean over the pixels
}

NAMES: dict[str, Label] = {
    "right": {"en": "right", "zh": "正确"},
    "no KL": {"en": "no KL", "zh": "无 KL"},
    "mean BCE": {"en": "mean BCE", "zh": "平均 BCE"},
}


class Bench(NamedTuple):
    """What every model of the run is trained and tested with."""

    images: Tensor  # (n, 784)
    test: Tensor  # (m, 784)
    schedule: Schedule
    latent: int
    seed: int
    device: Device


def _train(
    losses: dict[str, Loss], known: dict[str, Terms], bench: Bench
) -> Generator[Event, None, dict[str, Terms]]:
    """Train a VAE with each loss, step by step in turn, and show them; returns their test terms."""
    models, runs = {}, []
    for name, loss in losses.items():
        seed_everything(bench.seed)  # equal weights at the start
        models[name] = VAE(784, HIDDEN, bench.latent).to(bench.device.torch_device)
        runs.append(_run(models[name], loss, bench))
    z = torch.randn(DRAWN, bench.latent, device=bench.images.device)
    few = bench.test[:: max(1, len(bench.test) // TESTED)]
    yield from _frame(models, known, few, z)
    steps = bench.schedule.steps(bench.images)
    began = shown = time.perf_counter()
    for step, _ in enumerate(zip(*runs, strict=True), start=1):
        if time.perf_counter() - shown < FRAME:
            continue
        yield from _frame(models, known, few, z)
        yield Progress(
            done=step,
            total=steps,
            rate=len(models) * step * BATCH / (time.perf_counter() - began),
            unit=IMAGES,
        )
        shown = time.perf_counter()
    yield from _frame(models, known, bench.test, z)
    return {name: terms(model, bench.test) for name, model in models.items()} | known


def _run(model: VAE, loss: Loss, bench: Bench) -> Iterator[Tensor]:
    def of_batch(x: Tensor) -> tuple[Tensor, Tensor]:
        with bench.device.autocast():
            logits, mu, logvar = model(x)
        _, reconstruction, kl = vae_loss(logits.float(), x, mu.float(), logvar.float())
        return loss(reconstruction, kl), kl

    return descend(model, bench.images, bench.schedule, bench.device, of_batch)


@torch.no_grad()
def terms(model: VAE, images: Tensor) -> Terms:
    """Both terms on images (n, 784), and the KL of each latent unit."""
    x = pixels(images)
    mu, logvar = model.encode(x)
    # The same noise whenever it is asked, and none taken from the training: looking must not change the run.
    noise = torch.Generator(x.device).manual_seed(0)
    z = mu + torch.exp(0.5 * logvar) * torch.randn(mu.shape, generator=noise, device=x.device)
    logits = model.decode(z)
    # KL = −½ Σⱼ (1 + log σⱼ² − μⱼ² − σⱼ²), kept apart by unit
    units = -0.5 * (1 + logvar - mu.square() - logvar.exp()).mean(dim=0)  # (latent)
    kl = units.sum().item()
    return Terms(reconstruction_error(logits, x).mean().item(), kl, units.sort(descending=True)[0])


# What is shown


def _frame(models: dict[str, VAE], known: dict[str, Terms], images: Tensor, z: Tensor) -> Iterator[Event]:
    """Terms, units and samples of all models as they are now."""
    made = _in_order({name: terms(model, images) for name, model in models.items()} | known)
    labels = tuple(NAMES.get(name, name) for name in made)
    yield Bars(
        panel="terms",
        labels=labels,
        values=tuple((round(t.reconstruction, 1), round(t.kl, 1)) for t in made.values()),
        parts=({"en": "reconstruction", "zh": "重构"}, "KL"),
        title={"en": "−ELBO on test images", "zh": "测试集 −ELBO"},
        unit="nats",
    )
    yield Heatmap(
        panel="units",
        values=array(torch.stack([t.units for t in made.values()])),
        low=0,
        high=1.5,
        y_ticks=labels,
        title={"en": "KL of each latent unit", "zh": "各隐变量的 KL"},
        caption={"en": "0 to 1.5 nats; dark: unused", "zh": "0–1.5 nat，暗处未被使用"},
    )
    yield Images(
        panel="samples",
        images=pictures(torch.stack([model.sample(z) for model in models.values()], dim=1).view(-1, 28, 28)),
        columns=len(models),
        title={language: _heads(models, language) for language in ("en", "zh")},
        caption={"en": "draws from N(0, I), decoded", "zh": "从 N(0, I) 采样并解码"},
    )


def _heads(names: Iterable[str], language: str) -> str:
    """Names above as many columns: "right | no KL | mean BCE", "β = 0.25 | 4 | 16"."""
    labels = (NAMES.get(name, name) for name in names)
    heads = (label if isinstance(label, str) else label[language] for label in labels)
    return " | ".join(heads).replace("| β = ", "| ")


def _in_order(made: dict[str, Terms]) -> dict[str, Terms]:
    """The sweep by rising β; the three losses as they are."""
    if "right" in made:
        return made
    return dict(sorted(made.items(), key=lambda item: float(item[0].removeprefix("β = "))))


# What is claimed


def _loss_claims(made: dict[str, Terms]) -> Iterator[Event]:
    right, without, averaged = made["right"], made["no KL"], made["mean BCE"]
    yield Claim(
        id="right-loss-has-the-lowest-elbo",
        measured=min(without.total, averaged.total) - right.total,
        relation=">=",
        # Seeds 0 to 4, MNIST and synthetic digits: quick 35 to 39 and 46 to 51, default 71 to 73, 87 to 91.
        # Three times the right loss: at most 1.
        expected=15.0,
        unit="nats",
        text={
            "en": f"−ELBO: no KL {without.total:.1f}, mean BCE {averaged.total:.1f}; "
            f"the lower − the right loss's {right.total:.1f} = {right.reconstruction:.1f} + {right.kl:.1f}",
            "zh": f"−ELBO：无 KL 项 {without.total:.1f}，BCE 取平均 {averaged.total:.1f}；"
            f"较低者 − 正确损失的 {right.total:.1f}（{right.reconstruction:.1f} + {right.kl:.1f}）",
        },
    )
    yield Claim(
        id="kl-explodes-without-kl-term",
        measured=without.kl / right.kl,
        relation=">=",
        expected=4.0,  # quick 9.3 to 13.0 and 9.1 to 11.5, default 15.6 to 16.9 and 14.7 to 15.8; else 1
        text={
            "en": f"KL without its term {without.kl:.1f} ÷ with it {right.kl:.1f}",
            "zh": f"KL：去掉 KL 项 {without.kl:.1f} ÷ 正确损失 {right.kl:.1f}",
        },
    )
    yield Claim(
        id="right-loss-uses-the-code",
        measured=right.kl,
        relation=">=",
        # 9.7 to 18 in all those runs; with pixels averaged about 0.
        expected=5.0,
        unit="nats",
        text={
            "en": "KL with the right loss: what a code tells of its image",
            "zh": "正确损失的 KL：编码携带的图像信息",
        },
    )
    yield Claim(
        id="averaged-pixels-collapse-the-posterior",
        measured=averaged.kl,
        relation="<=",
        expected=0.5,  # at most 3e-5 in all those runs; with pixels summed 11 to 18
        unit="nats",
        text={
            "en": f"KL with pixels averaged instead of summed (reconstruction {averaged.reconstruction:.1f})",
            "zh": f"交叉熵对像素取平均时的 KL（重构误差 {averaged.reconstruction:.1f}）",
        },
    )


def _sweep_claims(made: dict[str, Terms]) -> Iterator[Event]:
    ordered = list(_in_order(made).values())
    changes = [
        change
        for light, heavy in pairwise(ordered)
        for change in (heavy.reconstruction - light.reconstruction, light.kl - heavy.kl)
    ]
    said = ", ".join(f"{t.reconstruction:.0f} + {t.kl:.1f}" for t in ordered)
    yield Claim(
        id="beta-trades-one-term-for-the-other",
        measured=min(changes),
        relation=">=",
        expected=0.8,  # quick 1.5 to 2.4 and 1.1 to 2.4, default 4.8 to 5.6 and 5.8 to 6.4; else about 0
        unit="nats",
        text={
            "en": f"each larger β: reconstruction up, KL down, at least by this ({said})",
            "zh": f"β 每加大一档，重构误差升、KL 降，至少变化这么多（{said}）",
        },
    )
    many, few = ordered[1].active, ordered[-1].active
    yield Claim(
        id="heavy-kl-switches-units-off",
        measured=many - few,
        relation=">=",
        # of 20 units 20 in quick runs, 18 to 20 in default ones
        expected=len(ordered[1].units) / 2,
        text={
            "en": f"latent units above {ACTIVE} nats: {many} with β = 1, minus {few} at the end",
            "zh": f"KL 高于 {ACTIVE} nat 的隐变量个数：β = 1 时 {many} − 最后 {few}",
        },
    )


WHAT_YOU_SAW = Note(
    text={
        "en": "What you just saw: cross-entropy is half of the VAE loss. Without the KL term codes run away "
        "from the prior: good reconstructions, no samples. With pixels averaged the other half is lost: one "
        "nat of KL then costs as much as 784 nats of reconstruction, units shut down (posterior collapse), "
        "and every picture is the same blur. β moves between the two ends, from distortion to rate; only β "
        "= 1 with both terms summed is the bound on log p(x).",
        "zh": "刚才看到的：交叉熵只是 VAE 损失的一半。去掉 KL 项，编码就远离先验：重构好，却采不出样。"
        "对像素取平均则丢了另一半：1 nat 的 KL 抵得上 784 nat 的重构误差，隐变量一个个停用（后验坍塌），"
        "每张图都是同一团模糊。β 在两端之间移动，用重构误差换码率；只有 β = 1 且两项都求和时，"
        "才是 log p(x) 的下界。",
    }
)
