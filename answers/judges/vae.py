"""Judges of the code questions on variational autoencoders."""

from collections.abc import Callable, Iterator

import torch
from torch import Generator, Tensor
from torch.distributions import Normal
from torch.distributions import kl_divergence as kl_of
from torch.nn import functional as F

from answers.judges.kit.casts import CAST
from answers.judges.kit.draws import halves, normal
from answers.judges.kit.kinks import KINKED, kinked
from quizcli.judge.case import Case, judge, trap

Three = tuple[Tensor, Tensor, Tensor]
Term = Callable[[Tensor, Tensor], Tensor]
Total = Callable[[Tensor, Tensor, float], Three]  # of reconstruction, KL and β


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


@trap("the noise is used unscaled: z needs σ ⊙ ε", "噪声没有缩放：z 里应是 σ ⊙ ε")
def _unscaled(mu: Tensor, logvar: Tensor, noise: Tensor) -> Tensor:
    return mu + noise


@trap("a noise of its own is drawn: the one that is given makes z", "另外抽了噪声：z 应由给定的噪声得到")
def _drawn(mu: Tensor, logvar: Tensor, noise: Tensor) -> Tensor:
    return mu + torch.exp(0.5 * logvar) * torch.randn_like(logvar)


@trap("the exponent has the wrong sign: that is 1/σ, not σ", "指数的符号反了：得到的是 1/σ，而不是 σ")
def _inverse(mu: Tensor, logvar: Tensor, noise: Tensor) -> Tensor:
    return mu + torch.exp(-0.5 * logvar) * noise


@trap(
    "no gradient reaches logvar: σ is computed outside of the graph",
    "梯度传不到 logvar：σ 是在计算图之外算的",
)
def _frozen(mu: Tensor, logvar: Tensor, noise: Tensor) -> Tensor:
    return mu + torch.exp(0.5 * logvar.detach()) * noise


@trap(
    "no gradient reaches mu or logvar: the result is detached",
    "梯度传不到 mu 和 logvar：结果被 detach 了",
)
def _detached(mu: Tensor, logvar: Tensor, noise: Tensor) -> Tensor:
    return (mu + torch.exp(0.5 * logvar) * noise).detach()


@trap("mu and logvar are exchanged", "mu 和 logvar 用反了")
def _exchanged(mu: Tensor, logvar: Tensor, noise: Tensor) -> Tensor:
    return logvar + torch.exp(0.5 * mu) * noise


@trap("the noise is multiplied by log σ, not by σ: exp is missing", "噪声乘的是 log σ，而不是 σ：漏了 exp")
def _by_log_sigma(mu: Tensor, logvar: Tensor, noise: Tensor) -> Tensor:
    return mu + 0.5 * logvar * noise


@trap("the variance is halved; σ is its root, exp(½ log σ²)", "把方差除以了 2；σ 是它的平方根，exp(½ log σ²)")
def _half_variance(mu: Tensor, logvar: Tensor, noise: Tensor) -> Tensor:
    return mu + 0.5 * logvar.exp() * noise


_RANGES = ((-30, 20), (-20, 20), (-20, 10), (-20, 2), (-10, 10), (-10, 2), (-8, 8), (-5, 5), (-4, 4))
_clamped = trap(
    "logvar is clamped: in these cases it lies beyond the bounds, and there its gradient is lost",
    "logvar 被 clamp 了：这里有的值在界外，那里的梯度也丢了",
)


def _drawn_clamped(least: float, most: float) -> Callable[..., Tensor]:
    return lambda mu, logvar, noise: mu + torch.exp(0.5 * logvar.clamp(least, most)) * noise


_CLAMPED = tuple(_clamped(_drawn_clamped(*bounds)) for bounds in _RANGES)


@trap("μ is not added", "没有加 μ")
def _without_mean(mu: Tensor, logvar: Tensor, noise: Tensor) -> Tensor:
    return torch.exp(0.5 * logvar) * noise


@judge(
    traps=(
        _by_variance,
        _by_logarithm,
        _root_of_exp,
        _unscaled,
        _drawn,
        _inverse,
        _frozen,
        _detached,
        _exchanged,
        _without_mean,
        _by_log_sigma,
        _half_variance,
        *_CLAMPED,
    ),
    equivalent={
        "from_noise: 0.5 * at_least_float32(logvar) → 0.5 * logvar": CAST,
        "from_noise: (mu + sigma * noise).to(mu.dtype) → mu + sigma * noise": CAST,
        "from_noise: (mu + sigma * noise).to(mu.dtype) → (mu + sigma * noise).to()": CAST,
    },
)
def check_reparameterize(random: Generator) -> Iterator[Case]:
    """One code, then a batch, gradients, log-variances up to 170."""
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
        grad=(0, 1),
    )
    yield Case(
        {"en": "log-variances from −170 to 170", "zh": "对数方差从 −170 到 170"},
        (draw(2, 7), torch.linspace(-170, 170, 7).expand(2, 7), 1 + draw(2, 7).abs()),
        grad=(0, 1),
    )
    small = torch.tensor([-25.0, -45.0, -75.0, -105.0, -150.0]).expand(2, 5)
    yield Case(
        {"en": "small variances, noise as large as σ is small", "zh": "方差很小，噪声相应地很大"},
        (torch.zeros(2, 5), small, (1 + draw(2, 5).abs()) * (-0.5 * small).exp()),
        grad=(0, 1),
    )
    yield Case({"en": "codes of one dimension", "zh": "编码只有一维"}, (draw(4, 1), draw(4, 1), draw(4, 1)))
    yield Case({"en": "one number", "zh": "只有一个数"}, (draw(1, 1), draw(1, 1), draw(1, 1)))
    yield Case(
        {"en": "256 codes of 64 dimensions", "zh": "256 个 64 维的编码"},
        (draw(256, 64), draw(256, 64), draw(256, 64)),
        timed=True,
    )


# The loss


def _by_distributions(logits: Tensor, x: Tensor, mu: Tensor, logvar: Tensor, beta: float = 1.0) -> Three:
    """From PyTorch's cross-entropy and PyTorch's distributions, whose log σ² needs float64."""
    reconstruction = F.binary_cross_entropy_with_logits(logits, x, reduction="sum") / len(x)
    prior = Normal(torch.zeros_like(mu).double(), 1.0)
    kl = kl_of(Normal(mu.double(), torch.exp(0.5 * logvar.double())), prior).sum().to(mu.dtype) / len(x)
    return reconstruction + beta * kl, reconstruction, kl


def _pixels(logits: Tensor, x: Tensor) -> Tensor:
    return F.binary_cross_entropy_with_logits(logits, x, reduction="none")


def _kl(mu: Tensor, logvar: Tensor) -> Tensor:
    return 0.5 * (mu.square() + logvar.exp() - 1 - logvar)


def _loss(
    reconstruction: Term | None = None, kl: Term | None = None, total: Total | None = None
) -> Callable[..., Three]:
    """The loss, in which these terms stand in the place of the right ones."""
    first = reconstruction or (lambda logits, x: _pixels(logits, x).sum(1).mean())
    second = kl or (lambda mu, logvar: _kl(mu, logvar).sum(1).mean())
    together = total or (lambda r, k, beta: (r + beta * k, r, k))

    def vae_loss(logits: Tensor, x: Tensor, mu: Tensor, logvar: Tensor, beta: float = 1.0) -> Three:
        return together(first(logits, x), second(mu, logvar), beta)

    return vae_loss


_mean_pixels = trap(
    "the cross-entropy is averaged over the pixels: the KL term then weighs too much by their number",
    "交叉熵对像素取了平均：KL 项的相对权重因此放大到像素数倍",
)(_loss(lambda logits, x: _pixels(logits, x).mean()))
_mean_codes = trap(
    "the KL divergence is averaged over the dimensions of the code; independent ones add up",
    "KL 散度对编码各维取了平均；各维独立，应相加",
)(_loss(kl=lambda mu, logvar: _kl(mu, logvar).mean()))
_both_means = trap(
    "both terms are averaged over pixels and dimensions; both are sums, averaged over the batch alone",
    "两项都对像素或各维取了平均；两项都应求和，只对批取平均",
)(_loss(lambda logits, x: _pixels(logits, x).mean(), lambda mu, logvar: _kl(mu, logvar).mean()))
_batch_sum = trap(
    "both terms are summed over the batch; return the mean per image",
    "两项都对批求了和；应返回每张图的平均值",
)(_loss(lambda logits, x: _pixels(logits, x).sum(), lambda mu, logvar: _kl(mu, logvar).sum()))
_kl_batch_sum = trap(
    "the KL divergence is summed over the batch; return the mean per image",
    "KL 散度对批求了和；应返回每张图的平均值",
)(_loss(kl=lambda mu, logvar: _kl(mu, logvar).sum()))
_negative = trap(
    "the KL divergence has the wrong sign: it is never negative",
    "KL 散度的符号反了：它不会是负的",
)(_loss(kl=lambda mu, logvar: -_kl(mu, logvar).sum(1).mean()))
_turned = trap(
    "this is KL(p ‖ q), the divergence the other way round: it is not symmetric, KL(q ‖ p) is asked",
    "算的是 KL(p ‖ q)，方向反了：KL 散度不对称，要的是 KL(q ‖ p)",
)


def _kl_turned(mu: Tensor, logvar: Tensor, precision: Tensor) -> Tensor:
    return 0.5 * ((1 + mu.square()) * precision - 1 + logvar).sum(1).mean()


_TURNED_ROUND = (
    _turned(_loss(kl=lambda mu, logvar: _kl_turned(mu, logvar, 1 / logvar.exp()))),
    _turned(_loss(kl=lambda mu, logvar: _kl_turned(mu, logvar, (-logvar).exp()))),
)
_without_half = trap("the KL divergence lacks its ½", "KL 散度少了 ½")(
    _loss(kl=lambda mu, logvar: 2 * _kl(mu, logvar).sum(1).mean())
)
_of_log_sigma = trap(
    "logvar is taken for the standard deviation's logarithm: it is log σ², not log σ",
    "把 logvar 当成了标准差的对数：它是 log σ²，不是 log σ",
)(_loss(kl=lambda mu, logvar: _kl(mu, 2 * logvar).sum(1).mean()))
_without_mu = trap("the KL divergence has no mean in it: μ² is missing", "KL 散度里没有均值：少了 μ²")(
    _loss(kl=lambda mu, logvar: _kl(torch.zeros_like(mu), logvar).sum(1).mean())
)
_without_beta = trap("beta is ignored", "没有用到 beta")(_loss(total=lambda r, k, beta: (r + k, r, k)))
_weighted = trap(
    "the KL term is returned with β in it; return it without its weight",
    "返回的 KL 项乘了 β；应返回未加权的",
)(_loss(total=lambda r, k, beta: (r + beta * k, r, beta * k)))
_beta_at_pixels = trap(
    "β weighs the wrong term: it belongs to the KL divergence", "β 乘错了项：应乘在 KL 散度上"
)(_loss(total=lambda r, k, beta: (beta * r + k, r, k)))
_other_order = trap(
    "the terms come in another order: loss, reconstruction, KL", "返回的顺序不对：依次是总损失、重构项、KL 项"
)(_loss(total=lambda r, k, beta: (r + beta * k, k, r)))
_squares = trap(
    "the squared error stands in the place of the cross-entropy: that is a Gaussian, not a Bernoulli",
    "用平方误差代替了交叉熵：那是高斯分布，不是伯努利分布",
)(_loss(lambda logits, x: (logits.sigmoid() - x).square().sum(1).mean()))
_through_sigmoid = trap(
    "the logarithm of a sigmoid that has rounded to 0 or 1: take the cross-entropy from the logits",
    "sigmoid 已舍入到 0 或 1 再取对数：应直接由 logits 算交叉熵",
)(_loss(lambda logits, x: F.binary_cross_entropy(torch.sigmoid(logits), x, reduction="none").sum(1).mean()))


def _by_logarithms(p: Tensor, x: Tensor, eps: float) -> Tensor:
    return -(x * (p + eps).log() + (1 - x) * (1 - p + eps).log())


_LOGARITHMS = tuple(
    trap(
        "the logarithm of a sigmoid that has rounded to 0 or 1: take the cross-entropy from the logits",
        "sigmoid 已舍入到 0 或 1 再取对数：应直接由 logits 算交叉熵",
    )(_loss(lambda logits, x, eps=eps: _by_logarithms(logits.sigmoid(), x, eps).sum(1).mean()))  # type: ignore[misc]
    for eps in (0.0, 1e-7, 1e-8, 1e-10, 1e-12)
)


_twice = trap("the sigmoid of a sigmoid: logits are wanted", "取了两次 sigmoid：直接用 logits 即可")(
    _loss(lambda logits, x: _pixels(logits.sigmoid(), x).sum(1).mean())
)
_pixel_batch_sum = trap(
    "the cross-entropy is summed over the batch; return the mean per image",
    "交叉熵对批求了和；应返回每张图的平均值",
)(_loss(lambda logits, x: _pixels(logits, x).sum()))
_subtracted = trap(
    "the KL term is subtracted in the loss; it is minimized, too",
    "总损失里减去了 KL 项；它也要最小化，应当加上",
)(_loss(total=lambda r, k, beta: (r - beta * k, r, k)))
# of σ² itself, of σ, and with what is put in against log 0
_OF_ROUNDED = tuple(
    trap(
        "the logarithm of a σ² that has rounded to 0: log σ² is given",
        "σ² 已舍入到 0 再取对数：log σ² 本来就已给出",
    )(_loss(kl=lambda mu, logvar, log=log: (_kl(mu, logvar) + (logvar - log(logvar)) / 2).sum(1).mean()))  # type: ignore[misc]
    for log in (
        lambda logvar: logvar.exp().log(),
        lambda logvar: 2 * torch.exp(logvar / 2).log(),
        lambda logvar: torch.exp(logvar / 2).square().log(),
        *(lambda logvar, eps=eps: (logvar.exp() + eps).log() for eps in (1e-6, 1e-7, 1e-8, 1e-10, 1e-12)),
    )
)
_CLAMPED_LOSS = tuple(
    _clamped(_loss(kl=lambda mu, logvar, b=bounds: _kl(mu, logvar.clamp(*b)).sum(1).mean()))  # type: ignore[misc]
    for bounds in _RANGES
)


_kinked = trap(*KINKED)(_loss(lambda logits, x: (kinked(logits) - logits * x).sum(1).mean()))


@judge(
    reference=_by_distributions,
    traps=(
        _kinked,
        _mean_pixels,
        _mean_codes,
        _both_means,
        _batch_sum,
        _kl_batch_sum,
        _negative,
        _without_half,
        _of_log_sigma,
        *_TURNED_ROUND,
        _without_mu,
        _without_beta,
        _weighted,
        _beta_at_pixels,
        _other_order,
        _squares,
        _through_sigmoid,
        *_LOGARITHMS,
        _twice,
        _pixel_batch_sum,
        _subtracted,
        *_OF_ROUNDED,
        *_CLAMPED_LOSS,
    ),
    equivalent={
        "kl_divergence: (at_least_float32(mu), at_least_float32(logvar)) → "
        "(mu, at_least_float32(logvar))": CAST,
        "kl_divergence: (at_least_float32(mu), at_least_float32(logvar)) → "
        "(at_least_float32(mu), logvar)": CAST,
    },
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
    yield Case({"en": "β = 4", "zh": "β = 4"}, (*given(3, 5, 2), 4.0), grad=(0, 2, 3))
    yield Case(
        {"en": "codes that say nothing: μ = 0, σ² = 1", "zh": "不含信息的编码：μ = 0，σ² = 1"},
        (*given(2, 4, 1)[:2], torch.zeros(2, 3), torch.zeros(2, 3)),
        grad=(0, 2, 3),
    )
    yield Case({"en": "β = 0", "zh": "β = 0"}, (*given(3, 3, 3), 0.0))
    logits, x, mu, logvar = given(3, 3, 3)
    yield Case(
        {"en": "β = 0, means far from 0", "zh": "β = 0，均值远离 0"},
        (logits, x, 30 * (mu + mu.sign()), logvar, 0.0),
        grad=(0, 2, 3),
    )
    yield Case({"en": "β = 250", "zh": "β = 250"}, (*given(3, 5, 2), 250.0), grad=(0, 2, 3))
    # Pixels predicted right show what one logit lacks, others what a sigmoid rounds.
    sure, nothing = halves(random, 0, 12)[None], torch.zeros(1, 2)
    yield Case(
        {"en": "pixels predicted right, logits up to ±12", "zh": "像素判断正确，logits 到 ±12"},
        (sure, (sure > 0).float(), nothing, nothing),
        grad=(0, 2, 3),
        tolerance=5e-6,
    )
    sure = halves(random, 10, 29)[None]
    yield Case(
        {"en": "pixels predicted wrong, logits of ±10 to ±29", "zh": "像素判断错误，logits 从 ±10 到 ±29"},
        (sure, (sure < 0).float(), nothing, nothing),
        grad=(0, 2, 3),
        tolerance=5e-6,
    )
    yield Case(
        {"en": "logits of ±200", "zh": "logits 为 ±200"},
        (200 * draw(2, 8).sign(), *given(2, 8, 2)[1:]),
        grad=(0, 2, 3),
    )
    for size, words in ((1e4, "10,000"), (1e7, "10⁷")):
        yield Case(
            {"en": f"logits of ±{words}", "zh": f"logits 为 ±{words}"},
            (size * draw(2, 8).sign(), *given(2, 8, 2)[1:]),
            grad=(0, 2, 3),
        )
    yield Case(
        {"en": "logits of 0, gradients", "zh": "logits 为 0，梯度"},
        (torch.zeros(2, 4), *given(2, 4, 3)[1:]),
        grad=(0, 2, 3),
    )
    logits, x, mu, _ = given(2, 4, 6)
    logvar = torch.linspace(-230, 20, 6).expand(2, 6)  # σ rounds to 0 too, below −207
    yield Case(
        {"en": "log-variances from −230 to 20", "zh": "对数方差从 −230 到 20"},
        (logits, x, mu, logvar),
        grad=(0, 2, 3),
    )
    logits, x, mu, logvar = given(2, 4, 2, torch.float64)
    yield Case(
        {"en": "log-variances down to −600, in float64", "zh": "对数方差低到 −600（float64）"},
        (logits, x, mu, logvar - torch.tensor([400, 600])),
        grad=(0, 2, 3),
    )
    yield Case(
        {"en": "β = 0.5, gradients, in float64", "zh": "β = 0.5，梯度（float64）"},
        (*given(3, 5, 4, torch.float64), 0.5),
        grad=(0, 2, 3),
    )
    yield Case({"en": "one pixel, one dimension", "zh": "一个像素，一维编码"}, given(3, 1, 1))
    yield Case({"en": "one image of one pixel", "zh": "一张只有一个像素的图"}, given(1, 1, 1))
    yield Case(
        {"en": "64 images of MNIST's size", "zh": "64 张 MNIST 大小的图"}, given(64, 784, 20), timed=True
    )
