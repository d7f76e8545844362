"""An autoencoder and a VAE side by side: who reconstructs better, and whose codes can be drawn at random.

Both are 784-200-code-200-784 and see the same digits as often; the VAE (Kingma & Welling 2014) adds noise to
its codes and the KL term to its loss. First a code is two numbers, which a map can show as they are, then
twenty. Draws from N(0, I), decoded by both, show what an autoencoder's loss never asked for.
"""

import math
from collections.abc import Iterator, Sequence
from typing import Annotated

import torch
from torch import Tensor, nn

from answers.kit.acts import Acts
from answers.kit.cadence import every
from answers.kit.digits import Split, classifier, digit_score, pixels
from answers.kit.opening import begin
from answers.kit.principal_axes import PrincipalAxes
from answers.kit.promises import promise
from answers.kit.speed import progress_of
from answers.kit.training import Schedule, descend
from answers.vae import vae
from models.autoencoder.autoencoder import Autoencoder, reconstruction_loss
from models.vae import VAE
from quizcli.demo.data import DigitsName
from quizcli.demo.device import Device, DeviceName
from quizcli.demo.events import Claim, Event, Images, Note, Points, array, claim, pictures
from quizcli.demo.option import Option, Seed
from quizcli.demo.texts import texts

TITLE = {"en": "Autoencoder and VAE: copying and inventing", "zh": "自编码器与 VAE：会复原，也会生成吗？"}
QUICK = {"epochs": 1, "images": 20000}

says = texts(__file__)

LAYOUT = (("ae-codes", "vae-codes", "samples"),)
FLAT = 2  # the code of the first act
HIDDEN, BATCH, LR = 200, 64, 0.005
FRAME = 0.3  # seconds between two frames
MAPPED, DRAWN = 400, 8  # test images on a map, and draws from the prior that both decode
JUDGED = 2000  # samples shown to the classifier
CIRCLE = 60  # points of the circle that stands for N(0, I) on a map, two standard deviations wide


def demonstrate(
    latent: Annotated[int, Option(2, 1000, "numbers in a code (second act)", "编码维数（第二幕）")] = 20,
    epochs: Annotated[int, Option(1, 50, "passes over the data", "训练轮数")] = 2,
    images: Annotated[int, Option(1000, 60000, "training images", "训练图像数")] = 30000,
    beta: Annotated[float, Option(0, 100, "weight of the VAE's KL term", "VAE 中 KL 项的权重 β")] = 1.0,
    seed: Seed = 0,
    device: DeviceName = "auto",
    data: DigitsName = "auto",
) -> Iterator[Event]:
    """Train both with codes of two numbers, then with codes of the size asked for, and measure the latter."""
    run = yield from begin(LAYOUT, data, device, seed)
    few = run.training.images[:images]
    sizes = tuple(dict.fromkeys((FLAT, latent)))
    acts = Acts(*(2 if size == latent else 1 for size in sizes))
    for size in sizes:
        recipe = vae.Recipe(epochs, size, beta, BATCH, LR)
        pair = (
            Side(Autoencoder(784, (HIDDEN,), size).to(run.device.torch_device), run.test),
            Side(VAE(784, HIDDEN, size).to(run.device.torch_device), run.test),
        )
        # the first act is there for its map: half the images will do
        shown = few if size == latent else few[: len(few) // 2]
        yield from acts.play(_train(pair, shown, recipe, run.device))
    judge = classifier(run.training, run.device)
    yield _data_claim(run.training, run.test)
    yield from _claims(pair, run.test, judge, epochs * len(few))
    yield Note(text=says("without-kl-term") if beta == 0 else says("what-you-saw"))


class Side:
    """One of the two networks, and its half of the picture."""

    def __init__(self, model: Autoencoder | VAE, test: Split) -> None:
        self.model = model
        self.name = "AE" if isinstance(model, Autoencoder) else "VAE"
        self._x = pixels(test.images[:MAPPED])  # (MAPPED, 784)
        self._groups = (*test.labels[:MAPPED].tolist(), *[10] * CIRCLE)
        self._prior = self.draw(DRAWN)  # (DRAWN, latent), the same in every frame
        self._axes = PrincipalAxes(model.latent)

    def draw(self, n: int) -> Tensor:
        """Codes from N(0, I), (n, latent)."""
        return torch.randn(n, self.model.latent, device=self._x.device)

    @torch.no_grad()
    def encode(self, x: Tensor) -> Tensor:
        """The codes (n, latent) of images (n, 784); of the VAE their means."""
        return self.model.encode(x) if isinstance(self.model, Autoencoder) else self.model.encode(x)[0]

    def train(self, images: Tensor, recipe: vae.Recipe, device: Device) -> Iterator[Tensor]:
        """Train; yields each step's reconstruction error, on the device."""
        if isinstance(self.model, VAE):
            return (terms[0] for terms in vae.train(self.model, images, recipe, device))
        model = self.model

        def loss(x: Tensor) -> tuple[Tensor, Tensor]:
            with device.autocast():
                logits = model(x)
            error = reconstruction_loss(logits.float(), x)
            return error, error

        return descend(model, images, Schedule(recipe.epochs, recipe.batch, recipe.lr), device, loss)

    @torch.no_grad()
    def error(self, images: Tensor) -> float:
        """Mean reconstruction error of images (n, 784) in nats; the VAE's of noisy codes, as trained."""
        if isinstance(self.model, VAE):
            return vae.evaluate(self.model, images)[0]
        x = pixels(images)
        return reconstruction_loss(self.model(x), x).item()

    def map(self, error: str) -> Points:
        """Where the codes of the same test images are, and where N(0, I) is."""
        return Points(
            panel=f"{self.name.lower()}-codes",
            xy=array(self._flat()),
            groups=self._groups,
            group_names=tuple("0123456789N"),
            title=says("map", name=self.name, size=self.model.latent, error=error),
            caption=says("flat") if self.model.latent == 2 else says("projected"),
        )

    def samples(self) -> Tensor:
        """The same draws from the prior, decoded, (DRAWN, 28, 28)."""
        return self.model.sample(self._prior).view(-1, 28, 28)

    def _flat(self) -> Tensor:
        """Codes and circle (n, 2): as they are, or the codes along their first two principal components."""
        codes = self.encode(self._x).cpu()  # (MAPPED, latent)
        if codes.shape[1] > 2:
            codes = codes @ self._axes(codes)
        angle = torch.linspace(0, 2 * math.pi, CIRCLE)
        # N(0, I) is N(0, I) along any two axes: the same circle
        return torch.cat((codes, 2 * torch.stack((angle.cos(), angle.sin()), dim=1)))


def _train(pair: tuple[Side, Side], images: Tensor, recipe: vae.Recipe, device: Device) -> Iterator[Event]:
    """Train both, step by step in turn, and show both every now and then."""
    steps = recipe.epochs * (len(images) // recipe.batch)
    yield from _frame(pair, ("…", "…"))
    sums, since = torch.zeros(2, device=images.device), 0
    progress, frame_due = progress_of(steps, recipe.batch), every(seconds=FRAME)
    turns = zip(*(side.train(images, recipe, device) for side in pair), strict=True)
    for step, errors in enumerate(turns, start=1):
        sums += torch.stack(errors)
        if frame_due() or step == steps:
            yield from _frame(pair, [f"{error:.1f}" for error in (sums / (step - since)).tolist()])
            yield progress(step, says("codes", latent=recipe.latent))
            sums.zero_()
            since = step


def _frame(pair: tuple[Side, Side], errors: Sequence[str]) -> Iterator[Event]:
    """Both maps, and draws from the prior decoded by each: one column for each."""
    for side, error in zip(pair, errors, strict=True):
        yield side.map(error)
    drawn = pictures(torch.stack([side.samples() for side in pair], dim=1).flatten(0, 1))
    yield Images(panel="samples", images=drawn, columns=2, title=says("decoded"), caption=says("draws"))


def _data_claim(training: Split, test: Split) -> Claim:
    """The set as LeCun et al. 1998, section III-A, mixed it anew; the synthetic digits have its form."""
    count, size = training.images.shape
    text = says("training-images", size=size, test=len(test.images))
    return claim("data-are-60000-images", count, "≈", 60_000, text=text)


def _claims(pair: tuple[Side, Side], test: Split, judge: nn.Module, seen: int) -> Iterator[Event]:
    """What can be said of codes of any size; then what was measured for those of at least ten numbers."""
    latent = pair[0].model.latent
    share = pair[0].encode(pixels(test.images[:1])).numel() / test.images.shape[1]
    yield claim("code-is-smaller-than-input", share, "<", 1.0, text=says("code-is-smaller", latent=latent))
    if (yield from promise(latent >= 10 and seen >= 20000, says("too-little"))):
        yield from _reconstruction_claim(pair, test)
        yield from _codes_claim(pair, test)
        yield from _samples_claim(pair, judge)


def _reconstruction_claim(pair: tuple[Side, Side], test: Split) -> Iterator[Event]:
    plain, noisy = (side.error(test.images) for side in pair)
    # Seeds 0 to 4, MNIST and synthetic digits: quick 23.3 to 28.4 and 22.7 to 29.6, default 16.3 to 18.6
    # and 19.6 to 20.1. With --beta 0 the quick form has 0.6 to 6.7.
    text = says("reconstructs-better", noisy=noisy, plain=plain)
    yield claim("autoencoder-reconstructs-better", noisy - plain, ">=", 10.0, text=text, unit="nats")


def _codes_claim(pair: tuple[Side, Side], test: Split) -> Iterator[Event]:
    plain, variational = (side.encode(pixels(test.images)).square().mean().sqrt().item() for side in pair)
    # 2.83 to 3.07 and 3.23 to 3.45; 3.26 to 3.46 and 3.84 to 3.95. The VAE's codes have 0.9 to 1.0.
    text = says("codes-are-far", variational=variational)
    yield claim("codes-are-far-from-the-prior", plain, ">=", 2.0, text=text)


def _samples_claim(pair: tuple[Side, Side], judge: nn.Module) -> Iterator[Event]:
    plain, variational = (digit_score(judge, side.model.sample(side.draw(JUDGED))) for side in pair)
    # 1.49 to 1.66 and 1.39 to 1.67; 2.28 to 2.48 and 2.00 to 2.13. With --beta 0 it is 0.86 to 1.14.
    text = says("samples-are-better", variational=variational, plain=plain)
    yield claim("vae-samples-are-better", variational / plain, ">=", 1.25, text=text)
