"""A VAE, and the same network with a skip connection across: who needs the code z?

A VAE as Kingma & Welling's of 2014, 784-400-20, beside a U-shaped twin that also hands the encoder's hidden
layer across to the decoder, as U-Net does (Ronneberger, Fischer & Brox 2015). Both minimize −ELBO over the
same digits. The twin reconstructs better, and its z carries nothing: so there is nothing to sample.
"""

import time
from collections.abc import Iterator
from typing import Annotated, Literal, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from answers.kit.acts import Acts
from answers.kit.digits import Split, classifier, digit_score, pixels, splits
from answers.kit.threads import one_thread
from answers.vae.vae import Recipe, train
from models.autoencoder.autoencoder import reconstruction_error
from models.vae import VAE, kl_divergence, reparameterize
from quizcli.demo.data import DigitsName, load_digits
from quizcli.demo.device import Device, DeviceName, choose, seed_everything
from quizcli.demo.events import Claim, Event, Images, Note, Progress, Scalars, Started, Words, pictures
from quizcli.demo.option import Option, Pace, Seed

TITLE = {"en": "A VAE, and a U-Net with a code at its bottom", "zh": "VAE 与底部带编码的 U-Net"}
QUICK = {"images": 20_000, "pace": 0.0}

LAYOUT = (("pictures", "nats"),)
BATCH, LR = 128, 0.005
LOOKS = 32  # how often the networks are looked at while they learn
NAMES: dict[str, Words] = {
    "VAE: error": {"en": "VAE: error", "zh": "VAE：误差"},
    "VAE: KL": {"en": "VAE: KL", "zh": "VAE：KL"},
    "skips: error": {"en": "skips: error", "zh": "跳跃：误差"},
    "skips: KL": {"en": "skips: KL", "zh": "跳跃：KL"},
}
# Titles of the pictures; the columns stand in the order of their names.
OWN_Z: Words = {"en": "image, VAE, skips: own z", "zh": "原图、VAE、跳跃：自己的 z"}
NEW_Z: Words = {"en": "image, VAE, skips: new z", "zh": "原图、VAE、跳跃：换 z"}
SWAPPED: Words = {"en": "z of this, skips of that →", "zh": "z 来自此、跳跃来自彼 →"}
NO_IMAGE: Words = {"en": "no image, VAE, skips: new z", "zh": "无原图、VAE、跳跃：新 z"}
SHOWN = 4  # test images on the screen, as many as fit
WATCHED, JUDGED = 250, 2000  # test images for the curves, and for the claims
FRAMES = 12  # of each act after the training


class SkipVAE(VAE):
    """The VAE's network with a skip: the decoder also reads the encoder's hidden layer."""

    def __init__(self, in_features: int = 784, hidden: int = 400, latent: int = 20) -> None:
        super().__init__(in_features, hidden, latent)
        self.logits = nn.Linear(2 * hidden, in_features)

    def across(self, x: Tensor) -> Tensor:
        """What the skip hands to the decoder."""
        return F.relu(self.encoder(x))  # (B, hidden)

    def decode(self, z: Tensor, skip: Tensor | None = None) -> Tensor:
        """Logits from the code and the skip; without an image nothing comes across: zeros."""
        h = F.relu(self.decoder(z))  # (B, hidden)
        skip = torch.zeros_like(h) if skip is None else skip
        logits: Tensor = self.logits(torch.cat((skip, h), dim=-1))  # (B, in_features)
        return logits

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Encode, draw a code, decode with the skip: logits, μ and log σ²."""
        mu, logvar = self.encode(x)
        return self.decode(reparameterize(mu, logvar), self.across(x)), mu, logvar


def demonstrate(
    epochs: Annotated[int, Option(min=1, max=50, help={"en": "passes over the data", "zh": "训练轮数"})] = 1,
    images: Annotated[
        int, Option(min=1000, max=60_000, help={"en": "images to learn from", "zh": "训练图片数"})
    ] = 60_000,
    latent: Annotated[
        int, Option(min=2, max=100, help={"en": "size of the latent code", "zh": "隐变量维数"})
    ] = 20,
    beta: Annotated[
        float, Option(min=0, max=10, help={"en": "weight of the KL term", "zh": "KL 项的权重 β"})
    ] = 1.0,
    mistake: Annotated[
        Literal["none", "no-skips"],
        Option(help={"en": "no-skips: two plain VAEs", "zh": "no-skips：两个都是普通 VAE"}),
    ] = "none",
    pace: Pace = 0.1,
    seed: Seed = 0,
    device: DeviceName = "auto",
    data: DigitsName = "auto",
) -> Iterator[Event]:
    """Train both networks on the same digits; then exchange the codes, then the skips."""
    chosen = choose(device)
    yield Started(device=chosen.label, layout=LAYOUT)
    digits = yield from load_digits(data)
    yield Started(device=chosen.label, data=digits.label, synthetic=digits.synthetic, layout=LAYOUT)
    training, test = splits(digits, chosen)
    training = Split(training.images[:images], training.labels[:images])
    seed_everything(seed)
    vae = VAE(latent=latent).to(chosen.torch_device)
    twin = (SkipVAE if mistake == "none" else VAE)(latent=latent).to(chosen.torch_device)
    pair = Pair(vae, twin, test)
    acts = Acts(4, 1)
    with one_thread():
        yield from acts.play(_train(pair, training, Recipe(epochs, latent, beta, BATCH, LR), chosen))
        yield from acts.play(_exchanges(pair, pace), "exchanges", "交换")
        yield from _claims(pair, classifier(training, chosen), epochs * len(training.images), beta)
    yield Note(text=WHAT_YOU_SAW["no KL" if beta == 0 else mistake])


class Pair(NamedTuple):
    """The VAE, its twin with the skip, and images that neither has learnt from."""

    vae: VAE
    twin: VAE
    test: Split


@torch.no_grad()
def decoded(network: VAE, z: Tensor, x: Tensor) -> Tensor:
    """Pictures in [0, 1] of the codes z, with the skip of the images x where the network has one."""
    if isinstance(network, SkipVAE):
        return torch.sigmoid(network.decode(z, network.across(x)))
    return network.sample(z)


# Learning


def _train(pair: Pair, training: Split, recipe: Recipe, device: Device) -> Iterator[Event]:
    """Both networks step by step; now and then the curves, and the pictures."""
    steps = recipe.epochs * (len(training.images) // recipe.batch)
    yield from _look(0, pair, own=True)
    both = zip(
        train(pair.vae, training.images, recipe, device),
        train(pair.twin, training.images, recipe, device),
        strict=True,
    )
    began = time.perf_counter()
    for step, _ in enumerate(both, start=1):
        look, rest = divmod(step, max(1, steps // LOOKS))
        if rest == 0 or step == steps:
            yield from _look(step, pair, own=look // 4 % 2 == 0)
            yield Progress(
                done=step,
                total=steps,
                text={"en": "training", "zh": "训练"},
                rate=step * recipe.batch / (time.perf_counter() - began),
                unit={"en": "images", "zh": "图"},
            )


def _look(step: int, pair: Pair, own: bool) -> Iterator[Event]:
    """One frame: both terms of both networks, and their pictures from their own z or from a draw."""
    x = pixels(pair.test.images[: 4 * WATCHED : 4])
    floor = entropy(x)
    values: dict[str, float] = {}
    for name, network in (("VAE", pair.vae), ("skips", pair.twin)):
        error, kl = terms(network, x)
        values |= {f"{name}: error": error - floor, f"{name}: KL": kl}
    yield Scalars(
        panel="nats",
        x=step,
        values=values,
        names=NAMES,
        title={"en": "reconstruction error and KL", "zh": "重构误差与 KL"},
        unit="nats",
        x_label={"en": "steps", "zh": "步"},
        log=True,
    )
    yield _pictures(pair, own)


@torch.no_grad()
def terms(network: VAE, x: Tensor) -> tuple[float, float]:
    """Reconstruction error and KL in nats, means over images (n, 784); one draw of z for each."""
    logits, mu, logvar = network(x)
    return reconstruction_error(logits, x).mean().item(), kl_divergence(mu, logvar).mean().item()


def entropy(x: Tensor) -> float:
    """The least reconstruction error there is, that of y = x: the pixels are grey, and log-loss never 0."""
    return F.binary_cross_entropy(x, x, reduction="none").sum(dim=1).mean().item()


def _pictures(pair: Pair, own: bool) -> Images:
    """Test images, and what both networks make of them with their own z or a draw from the prior."""
    x = pixels(pair.test.images[:SHOWN])  # (SHOWN, 784)
    columns = [x]
    for network in (pair.vae, pair.twin):
        with torch.no_grad():
            z = reparameterize(*network.encode(x))
        columns.append(decoded(network, z if own else torch.randn_like(z), x))
    return _grid(columns, OWN_Z if own else NEW_Z)


def _grid(columns: list[Tensor], title: Words) -> Images:
    stacked = torch.stack(columns, dim=1)  # (SHOWN, columns, 784)
    return Images(
        panel="pictures", images=pictures(stacked.view(-1, 28, 28)), columns=len(columns), title=title
    )


# Exchanges


def _exchanges(pair: Pair, pace: float) -> Iterator[Event]:
    """The skips of another image; nothing but the prior; and a new z for each frame."""
    x = pixels(pair.test.images)
    latent = pair.vae.latent
    for frame in range(FRAMES):
        here, there = x[:SHOWN], x[(frame + 1) * SHOWN :][:SHOWN]
        with torch.no_grad():
            z = pair.twin.encode(here)[0]
        yield _grid([here, there, decoded(pair.twin, z, there)], SWAPPED)
        time.sleep(pace)
    for _ in range(FRAMES):
        z = torch.randn(SHOWN, latent, device=x.device)
        nothing = torch.zeros(SHOWN, 784, device=x.device)
        yield _grid([nothing, pair.vae.sample(z), pair.twin.sample(z)], NO_IMAGE)
        time.sleep(pace)
    for _ in range(FRAMES):
        yield _pictures(pair, own=False)
        time.sleep(pace)


# Claims


def _claims(pair: Pair, judge: nn.Module, seen: int, beta: float) -> Iterator[Event]:
    """All on test images. `seen`: how many images were learnt from, counted once an epoch.

    Bounds: seeds 0 to 5 of the quick form, seeds 0 to 4 of the default one, on MNIST and on synthetic digits.
    """
    if seen < 15_000:
        yield Note(text=TOO_FEW)
        return
    x = pixels(pair.test.images[:JUDGED])
    yield from _code_claims(pair, x)
    yield from _exchange_claims(pair, judge, x)
    yield from _sample_claims(pair, judge, seen, beta)


def _exchange_claims(pair: Pair, judge: nn.Module, x: Tensor) -> Iterator[Event]:
    def alike(y: Tensor, wanted: Tensor) -> float:
        """The share of pictures y that the judge reads as the same digit as the images `wanted`."""
        share: float = (judge(y).argmax(dim=1) == judge(wanted).argmax(dim=1)).float().mean().item()
        return share

    z = torch.randn(len(x), pair.vae.latent, device=x.device)
    plain = alike(decoded(pair.vae, z, x), x)
    yield Claim(
        id="swapped-z-changes-nothing",
        measured=alike(decoded(pair.twin, z, x), x),
        relation=">=",
        expected=0.75,  # at least 0.91, by default 0.97; from a VAE 0.09 to 0.11
        text={
            "en": f"with skips and z from the prior, still read as the image's digit (VAE {plain:.2f})",
            "zh": f"有跳跃连接，z 换成先验采样：仍与原图认作同一数字的比例（VAE {plain:.2f}）",
        },
    )
    with torch.no_grad():
        own = pair.twin.encode(x)[0]
    other = x.roll(1, 0)
    yield Claim(
        id="skips-carry-the-image",
        measured=alike(decoded(pair.twin, own, other), other),
        relation=">=",
        expected=0.75,  # at least 0.90, by default 0.97; a VAE, which has its own z alone, 0.09 to 0.10
        text={
            "en": "z of one image, skips of another: read as the other's digit",
            "zh": "z 来自一幅图、跳跃连接来自另一幅：与后者认作同一数字的比例",
        },
    )


def _code_claims(pair: Pair, x: Tensor) -> Iterator[Event]:
    floor = entropy(x)
    (error, kl), (twin_error, twin_kl) = (terms(network, x) for network in (pair.vae, pair.twin))
    yield Claim(
        id="skips-reconstruct-better",
        measured=(twin_error - floor) / (error - floor),
        relation="<=",
        expected=0.6,  # 0.35 to 0.40, by default 0.19 to 0.21; two VAEs 1.02 to 1.04
        text={
            "en": f"reconstruction error above the least, skips ÷ VAE ({twin_error - floor:.1f} ÷ "
            f"{error - floor:.1f} nats)",
            "zh": f"超出下限的重构误差，有跳跃 ÷ VAE（{twin_error - floor:.1f} ÷ {error - floor:.1f} nat）",
        },
    )
    yield Claim(
        id="skips-empty-the-code",
        measured=twin_kl,
        relation="<=",
        expected=3.0,  # 0.65 to 1.22, by default 0.05 to 0.09; a VAE's is 10.7 to 24.5
        unit="nats",
        text={
            "en": f"KL of the network with skips: what z tells of the image (VAE {kl:.1f})",
            "zh": f"有跳跃连接时的 KL，即 z 携带的信息（VAE {kl:.1f}）",
        },
    )


def _sample_claims(pair: Pair, judge: nn.Module, seen: int, beta: float) -> Iterator[Event]:
    z = torch.randn(JUDGED, pair.vae.latent, device=pair.test.images.device)
    score, twin_score = (digit_score(judge, network.sample(z)) for network in (pair.vae, pair.twin))
    if 0.5 <= beta <= 2 and pair.vae.latent >= 10:
        yield Claim(
            id="vae-samples-digits",
            measured=score,
            relation=">=",
            # 2.10 to 2.93, by default 3.84 to 5.02; noise has 1.0 to 1.5, an untrained decoder 1.0
            expected=2.8 if seen >= 60_000 else 1.8,
            text={
                "en": f"{JUDGED:,} draws from the prior, decoded by the VAE: scored 1 to 10 by a classifier",
                "zh": f"VAE 从先验采样 {JUDGED:,} 幅：分类器打分，1–10",
            },
        )
    yield Claim(
        id="skips-leave-nothing-to-sample",
        measured=twin_score,
        relation="<=",
        expected=1.3,  # 1.00 to 1.02; a VAE in its place has at least 2.1
        text={
            "en": f"the same draws with skips, but without an image: scored alike (VAE {score:.1f})",
            "zh": f"同样的 z 送入有跳跃连接的网络，但没有图像：同样打分（VAE {score:.1f}）",
        },
    )


TOO_FEW: Words = {
    "en": "Too few images to settle anything: learn from 15,000 at least.",
    "zh": "训练图片太少，不足以下结论：至少要 15,000 幅次。",
}

WHAT_YOU_SAW: dict[str, Words] = {
    "none": {
        "en": "What you just saw: two equal networks, one loss. In the VAE all must pass through z: z has to "
        "tell of the image, the KL term holds it near the prior, draws from the prior become digits. With a "
        "skip the decoder gets the image past z, and sharper; z would only cost KL, so the network leaves it "
        "at the prior. Exchange z, and nothing happens; exchange the skip, and the other image comes out; "
        "without an image there is nothing to decode. So U-Nets map images to images, and a VAE models "
        "images. Diffusion models do generate with U-Nets, but step by step, from a noisy image.",
        "zh": "刚才看到的：两个同样的网络，同一个损失。VAE 里一切都要经过 z，z 就必须说清图像，"
        "KL 项又把它约束在先验附近，于是从先验采样能得到数字。"
        "有了跳跃连接，图像绕过 z 直达解码器，而且更清晰；再用 z 只会白交 KL，网络就让它停在先验上。"
        "换掉 z，什么也不变；换掉跳跃连接，出来的是另一幅图；没有图像，就没有东西可解码。"
        "所以 U-Net 做图到图的映射，VAE 给图像分布建模。"
        "扩散模型也用 U-Net 生成，但起点是噪声图，逐步去噪。",
    },
    "no-skips": {
        "en": "Both networks were plain VAEs on purpose: both need their z, and the claims about skips fall.",
        "zh": "这次故意让两个网络都是普通 VAE：两个都离不开 z，关于跳跃连接的几条也就不成立。",
    },
    "no KL": {
        "en": "With β = 0 nobody charges for z: the code is far from the prior in both networks, though the "
        "one with skips hardly needs it, and draws from the prior are no good digits.",
        "zh": "β = 0 时用 z 不要钱：两个网络的编码都远离先验（有跳跃连接的其实并不需要它），"
        "从先验采样也得不到像样的数字。",
    },
}
