"""Judges of the code questions on variational autoencoders."""

from collections.abc import Iterator

import torch
from torch import Generator, Tensor
from torch.distributions import Normal
from torch.distributions import kl_divergence as kl_of
from torch.nn import functional as F

from answers.judges._normal import normal
from quizcli.judge.case import Case, judge, trap

Three = tuple[Tensor, Tensor, Tensor]


# Reparameterization


@trap("exp(log σ²) is the variance; z needs the standard deviation", "exp(log σ²) 是方差；z 里要乘标准差")
def _by_variance(mu: Tensor, logvar: Tensor, noise: Tensor) -> Tensor:
    return mu + logvar.exp() * noise


@trap("the noise is multiplied by log σ² itself, not by σ", "噪声直接乘了 log σ²，而不是 σ")
def _by_logarithm(mu: Tensor, logvar: Tensor, noise: Tensor) -> Tensor:
    return mu + logvar * noise


@trap(
    "√exp(log σ²) overflows above 88: halve the logarithm first, exp(½ log σ²)",
    "√exp(log σ²) 在 88 以上会溢出：先把对数减半，用 exp(½ log σ²)",
)
def _root_of_exp(mu: Tensor, logvar: Tensor, noise: Tensor) -> Tensor:
    return mu + logvar.exp().sqrt() * noise


@judge(traps=(_by_variance, _by_logarithm, _root_of_exp))
def check_reparameterize(random: Generator) -> Iterator[Case]:
    """One code, then a batch, gradients, log-variances up to 150."""
    draw = normal(random)

    yield Case(
        {"en": "one code of two dimensions", "zh": "一个二维的编码"}, (draw(1, 2), draw(1, 2), draw(1, 2))
    )
    yield Case({"en": "a batch of four", "zh": "一批四个"}, (draw(4, 8), draw(4, 8), draw(4, 8)))
    yield Case(
        {"en": "no noise: the mean", "zh": "噪声为零：得到均值"}, (draw(2, 3), draw(2, 3), torch.zeros(2, 3))
    )
    yield Case(
        {"en": "gradients, in float64", "zh": "梯度（float64）"},
        tuple(draw(3, 4, dtype=torch.float64) for _ in range(3)),
        grad=True,
    )
    yield Case(
        {"en": "log-variances from −150 to 150", "zh": "对数方差从 −150 到 150"},
        (draw(2, 7), torch.linspace(-150, 150, 7).expand(2, 7), 1 + draw(2, 7).abs()),
    )
    yield Case(
        {"en": "1,024 codes of 128 dimensions", "zh": "1024 个 128 维的编码"},
        (draw(1024, 128), draw(1024, 128), draw(1024, 128)),
        timed=True,
    )


# The loss


def _by_distributions(logits: Tensor, x: Tensor, mu: Tensor, logvar: Tensor, beta: float = 1.0) -> Three:
    """From PyTorch's cross-entropy and PyTorch's distributions."""
    reconstruction = F.binary_cross_entropy_with_logits(logits, x, reduction="sum") / len(x)
    prior = Normal(torch.zeros_like(mu), torch.ones_like(mu))
    kl = kl_of(Normal(mu, torch.exp(0.5 * logvar)), prior).sum() / len(x)
    return reconstruction + beta * kl, reconstruction, kl


def _pixels(logits: Tensor, x: Tensor) -> Tensor:
    return F.binary_cross_entropy_with_logits(logits, x, reduction="none")


def _kl(mu: Tensor, logvar: Tensor) -> Tensor:
    return 0.5 * (mu.square() + logvar.exp() - 1 - logvar)


@trap(
    "the cross-entropy is averaged over the pixels: the KL term then weighs too much by their number",
    "交叉熵对像素取了平均：KL 项的相对权重因此放大到像素数倍",
)
def _mean_pixels(logits: Tensor, x: Tensor, mu: Tensor, logvar: Tensor, beta: float = 1.0) -> Three:
    reconstruction, kl = _pixels(logits, x).mean(), _kl(mu, logvar).sum(1).mean()
    return reconstruction + beta * kl, reconstruction, kl


@trap(
    "the KL divergence is averaged over the dimensions of the code; independent ones add up",
    "KL 散度对编码各维取了平均；各维独立，应相加",
)
def _mean_codes(logits: Tensor, x: Tensor, mu: Tensor, logvar: Tensor, beta: float = 1.0) -> Three:
    reconstruction, kl = _pixels(logits, x).sum(1).mean(), _kl(mu, logvar).mean()
    return reconstruction + beta * kl, reconstruction, kl


@trap(
    "both terms are summed over the batch; return the mean per image",
    "两项都对批求了和；应返回每张图的平均值",
)
def _batch_sum(logits: Tensor, x: Tensor, mu: Tensor, logvar: Tensor, beta: float = 1.0) -> Three:
    reconstruction, kl = _pixels(logits, x).sum(), _kl(mu, logvar).sum()
    return reconstruction + beta * kl, reconstruction, kl


@trap(
    "the KL divergence has the wrong sign: it is never negative",
    "KL 散度的符号反了：它不会是负的",
)
def _negative(logits: Tensor, x: Tensor, mu: Tensor, logvar: Tensor, beta: float = 1.0) -> Three:
    reconstruction, kl = _pixels(logits, x).sum(1).mean(), -_kl(mu, logvar).sum(1).mean()
    return reconstruction + beta * kl, reconstruction, kl


@trap(
    "the logarithm of a sigmoid that has rounded to 0 or 1: take the cross-entropy from the logits",
    "sigmoid 已舍入到 0 或 1 再取对数：应直接由 logits 算交叉熵",
)
def _through_sigmoid(logits: Tensor, x: Tensor, mu: Tensor, logvar: Tensor, beta: float = 1.0) -> Three:
    pixels = F.binary_cross_entropy(torch.sigmoid(logits), x, reduction="none")
    reconstruction, kl = pixels.sum(1).mean(), _kl(mu, logvar).sum(1).mean()
    return reconstruction + beta * kl, reconstruction, kl


@judge(
    reference=_by_distributions,
    traps=(_mean_pixels, _mean_codes, _batch_sum, _negative, _through_sigmoid),
)
def check_vae_loss(random: Generator) -> Iterator[Case]:
    """One image of three pixels, then a batch, another β, logits of 200, gradients."""
    draw = normal(random)

    def given(batch: int, pixels: int, latent: int, dtype: torch.dtype = torch.float32) -> tuple[Tensor, ...]:
        x = torch.rand(batch, pixels, generator=random, dtype=dtype)
        codes = (draw(batch, latent, dtype=dtype) for _ in range(2))
        return (2 * draw(batch, pixels, dtype=dtype), x, *codes)

    yield Case(
        {"en": "one image of three pixels, two dimensions", "zh": "一张 3 像素的图，2 维编码"}, given(1, 3, 2)
    )
    yield Case({"en": "a batch of four images", "zh": "一批四张图"}, given(4, 6, 3))
    yield Case({"en": "β = 4", "zh": "β = 4"}, (*given(3, 5, 2), 4.0))
    yield Case(
        {"en": "logits of ±200", "zh": "logits 为 ±200"}, (200 * draw(2, 8).sign(), *given(2, 8, 2)[1:])
    )
    yield Case(
        {"en": "gradients, in float64", "zh": "梯度（float64）"}, given(3, 5, 4, torch.float64), grad=True
    )
    yield Case(
        {"en": "128 images of MNIST's size", "zh": "128 张 MNIST 大小的图"}, given(128, 784, 20), timed=True
    )
