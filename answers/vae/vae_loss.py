"""The two terms of the VAE loss: three losses side by side, then the KL term with one weight after another.

The loss is −ELBO = reconstruction + KL (Kingma & Welling 2014, eq. 10), both summed: the one over pixels, the
other over latent units. Beside it train a loss without the KL term, and one whose cross-entropy is averaged
over pixels as `reduction="mean"` does. Then β weighs the KL term (Higgins et al. 2017), from light to heavy.
"""

from collections.abc import Callable, Generator, Iterable, Iterator
from itertools import pairwise
from typing import Annotated, NamedTuple

import torch
from torch import Tensor

from answers.kit.acts import Acts
from answers.kit.cadence import every
from answers.kit.digits import pixels
from answers.kit.opening import begin
from answers.kit.promises import promise
from answers.kit.speed import progress_of
from answers.kit.training import Schedule, descend
from models.autoencoder.autoencoder import reconstruction_error
from models.vae import VAE, vae_loss
from quizcli.demo.data import DigitsName
from quizcli.demo.device import Device, DeviceName, seed_everything
from quizcli.demo.events import Bars, Event, Heatmap, Images, Label, Note, array, claim, pictures
from quizcli.demo.option import Option, Seed
from quizcli.demo.texts import texts

TITLE = {"en": "The two terms of the VAE loss", "zh": "VAE 损失的两项，缺一不可"}
QUICK = {"images": 10000}

says = texts(__file__)

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
    images: Annotated[int, Option(1000, 60000, "training images", "训练图像数")] = 30000,
    epochs: Annotated[int, Option(1, 50, "passes over the data", "训练轮数")] = 1,
    latent: Annotated[int, Option(4, 100, "size of the latent code", "隐变量维数")] = 20,
    beta: Annotated[float, Option(0, 1000, "last β of the sweep", "最后一个 β")] = 16.0,
    seed: Seed = 0,
    device: DeviceName = "auto",
    data: DigitsName = "auto",
) -> Iterator[Event]:
    """Three losses at the same time; then three more weights of the KL term."""
    run = yield from begin(LAYOUT, data, device)
    schedule = Schedule(epochs, BATCH, LR)
    bench = Bench(run.training.images[:images], run.test.images, schedule, latent, seed, run.device)
    enough = epochs * images >= QUICK["images"] and latent >= 10

    acts = Acts(1, 1)
    made = yield from acts.play(_train(LOSSES, {}, bench), "three losses", "三种损失")
    if enough:
        yield from _loss_claims(made)
    sweep = {f"β = {b:g}": weighed(b) for b in (0.25, 4.0, beta)}
    swept = yield from acts.play(_train(sweep, {"β = 1": made["right"]}, bench), "a weight β", "权重 β")
    if (yield from promise(enough and beta >= 16, says("not-all-is-judged", images=QUICK["images"]))):
        yield from _sweep_claims(list(swept.values()))
    yield Note(text=says("what-you-saw"))


def weighed(beta: float) -> Loss:
    """The loss of a β-VAE."""
    return lambda reconstruction, kl: reconstruction + beta * kl


LOSSES: dict[str, Loss] = {
    "right": weighed(1),
    "no KL": weighed(0),
    "mean BCE": lambda reconstruction, kl: reconstruction / 784 + kl,  # a mean over the pixels
}
NAMES: dict[str, Label] = {"right": says("right"), "no KL": says("no-kl"), "mean BCE": says("mean-bce")}


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
    yield from _frame(models, _tested(models, known, few), z)
    progress = progress_of(bench.schedule.steps(bench.images), len(models) * BATCH)
    frame_due = every(seconds=FRAME)
    for step, _ in enumerate(zip(*runs, strict=True), start=1):
        if frame_due():
            yield from _frame(models, _tested(models, known, few), z)
            yield progress(step, {})
    made = _tested(models, known, bench.test)
    yield from _frame(models, made, z)
    return made


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


def _tested(models: dict[str, VAE], known: dict[str, Terms], images: Tensor) -> dict[str, Terms]:
    """The terms of all models and the known ones: a sweep by rising β, the three losses as they are."""
    made = {name: terms(model, images) for name, model in models.items()} | known
    if "right" in made:
        return made
    return dict(sorted(made.items(), key=lambda item: float(item[0].removeprefix("β = "))))


# What is shown


def _frame(models: dict[str, VAE], made: dict[str, Terms], z: Tensor) -> Iterator[Event]:
    """Terms, units and samples of all models as they are now."""
    labels = tuple(NAMES.get(name, name) for name in made)
    yield Bars(
        panel="terms",
        labels=labels,
        values=tuple((round(t.reconstruction, 1), round(t.kl, 1)) for t in made.values()),
        parts=(says("reconstruction"), "KL"),
        title=says("terms"),
        unit="nats",
    )
    yield Heatmap(
        panel="units",
        values=array(torch.stack([t.units for t in made.values()])),
        low=0,
        high=1.5,
        y_ticks=labels,
        title=says("units"),
        caption=says("units-scale"),
    )
    yield Images(
        panel="samples",
        images=pictures(torch.stack([model.sample(z) for model in models.values()], dim=1).view(-1, 28, 28)),
        columns=len(models),
        title={language: _heads(models, language) for language in ("en", "zh")},
        caption=says("samples"),
    )


def _heads(names: Iterable[str], language: str) -> str:
    """Names above as many columns: "right | no KL | mean BCE", "β = 0.25 | 4 | 16"."""
    labels = (NAMES.get(name, name) for name in names)
    heads = (label if isinstance(label, str) else label[language] for label in labels)
    return " | ".join(heads).replace("| β = ", "| ")


# What is claimed


def _loss_claims(made: dict[str, Terms]) -> Iterator[Event]:
    right, without, averaged = made["right"], made["no KL"], made["mean BCE"]
    # Seeds 0 to 4, MNIST and synthetic digits: quick 35 to 39 and 46 to 51, default 71 to 73, 87 to 91.
    # Three times the right loss: at most 1.
    lead = min(without.total, averaged.total) - right.total
    text = says("lowest-elbo", right=right, without=without, averaged=averaged)
    yield claim("right-loss-has-the-lowest-elbo", lead, ">=", 15.0, text=text, unit="nats")
    # quick 9.3 to 13.0 and 9.1 to 11.5, default 15.6 to 16.9 and 14.7 to 15.8; else 1
    text = says("kl-explodes", right=right, without=without)
    yield claim("kl-explodes-without-kl-term", without.kl / right.kl, ">=", 4.0, text=text)
    # 9.7 to 18 in all those runs; with pixels averaged about 0.
    yield claim("right-loss-uses-the-code", right.kl, ">=", 5.0, text=says("code-is-used"), unit="nats")
    # at most 3e-5 in all those runs; with pixels summed 11 to 18
    text = says("posterior-collapses", averaged=averaged)
    yield claim("averaged-pixels-collapse-the-posterior", averaged.kl, "<=", 0.5, text=text, unit="nats")


def _sweep_claims(ordered: list[Terms]) -> Iterator[Event]:
    changes = [
        change
        for light, heavy in pairwise(ordered)
        for change in (heavy.reconstruction - light.reconstruction, light.kl - heavy.kl)
    ]
    # quick 1.5 to 2.4 and 1.1 to 2.4, default 4.8 to 5.6 and 5.8 to 6.4; else about 0
    text = says("beta-trades", each=", ".join(f"{t.reconstruction:.0f} + {t.kl:.1f}" for t in ordered))
    yield claim("beta-trades-one-term-for-the-other", min(changes), ">=", 0.8, text=text, unit="nats")
    many, few = ordered[1].active, ordered[-1].active
    half = len(ordered[1].units) / 2  # of 20 units 20 in quick runs, 18 to 20 in default ones
    text = says("units-switched-off", active=ACTIVE, many=many, few=few)
    yield claim("heavy-kl-switches-units-off", many - few, ">=", half, text=text)
