"""Answers to the code questions on variational autoencoders."""

# mypy: disallow-untyped-defs=False, disallow-untyped-calls=False

import torch
from torch.distributions import Bernoulli, Independent, Normal
from torch.nn import functional as F

from tests.judge.strangers import right, wrong

DRAW = "vae-code-reparameterize"
LOSS = "vae-code-loss"


@right(DRAW)
def draw_addcmul(mu, logvar, noise):
    std = torch.exp(logvar / 2)
    return torch.addcmul(mu, std, noise)


@right(DRAW)
def draw_power(mu, log_var, eps):
    return eps.mul(2.718281828459045 ** (0.5 * log_var)).add_(mu)


@right(DRAW)
def draw_element_by_element(mu, logvar, noise):
    rows = []
    for m, v, e in zip(mu, logvar, noise, strict=True):
        rows.append(torch.stack([m[j] + (0.5 * v[j]).exp() * e[j] for j in range(len(m))]))
    return torch.stack(rows)


@right(DRAW)
def draw_by_distribution(mu, logvar, noise):
    normal = torch.distributions.AffineTransform(mu, logvar.mul(0.5).exp())
    return normal(noise)


@wrong(DRAW, told="exp(log σ²) is the variance")
def draw_by_variance(mu, logvar, noise):
    return noise * torch.exp(logvar) + mu


@wrong(DRAW, told="overflows above 88")
def draw_by_root(mu, logvar, noise):
    return mu + torch.sqrt(torch.exp(logvar)) * noise


@wrong(DRAW, told="log σ² itself")
def draw_by_logarithm(mu, logvar, noise):
    return mu + logvar * noise


@wrong(DRAW, told="noise of its own")
def draw_anew(mu, logvar, noise):
    std = torch.exp(0.5 * logvar)
    return mu + std * torch.randn_like(std)


@wrong(DRAW, told="unscaled")
def draw_unscaled(mu, logvar, noise):
    return mu + noise


@wrong(DRAW, told="the wrong sign")
def draw_sign(mu, logvar, noise):
    return mu + noise * (-0.5 * logvar).exp()


@wrong(DRAW, told="logvar is clamped")
def draw_clamped(mu, logvar, noise):
    return mu + (0.5 * logvar.clamp(-30.0, 20.0)).exp() * noise


@wrong(DRAW, told="no gradient")
def draw_without_gradient(mu, logvar, noise):
    with torch.no_grad():
        sigma = (logvar / 2).exp()
    return mu + sigma * noise


@wrong(DRAW, told="exchanged")
def draw_exchanged(mu, logvar, noise):
    return (0.5 * mu).exp() * noise + logvar


@wrong(DRAW)
def draw_softplus(mu, logvar, noise):
    return mu + F.softplus(logvar) * noise


@wrong(DRAW, told="no gradient reaches")
def draw_sampled(mu, logvar, noise):
    return (mu + (0.5 * logvar).exp() * noise).detach()


# The loss


@right(LOSS)
def loss_sums(logits, x, mu, logvar, beta=1.0):
    bce = F.binary_cross_entropy_with_logits(logits, x, reduction="sum")
    kld = -0.5 * torch.sum(1 + logvar - mu.pow(2) - logvar.exp())
    n = x.size(0)
    return [bce / n + beta * kld / n, bce / n, kld / n]


@right(LOSS)
def loss_logsumexp(logits, x, mu, logvar, beta=1.0):
    softplus = torch.logsumexp(torch.stack([torch.zeros_like(logits), logits]), 0)
    reconstruction = torch.einsum("bp->", softplus - x * logits) / len(logits)
    kl = (mu * mu + torch.expm1(logvar) - logvar).sum(-1).mul(0.5).mean()
    return reconstruction + beta * kl, reconstruction, kl


@right(LOSS)
def loss_by_distributions(logits, x, mu, logvar, beta=1.0):
    likelihood = Independent(Bernoulli(logits=logits, validate_args=False), 1).log_prob(x)
    prior, posterior = Normal(mu * 0, 1.0), Normal(mu.double(), (0.5 * logvar.double()).exp())
    kl = torch.distributions.kl_divergence(posterior, prior).sum(dim=1).mean()
    return beta * kl.to(mu.dtype) - likelihood.mean(), -likelihood.mean(), kl.to(mu.dtype)


@right(LOSS)
def loss_image_by_image(logits, x, mu, logvar, beta=1.0):
    reconstructions, kls = [], []
    for a, b, m, v in zip(logits, x, mu, logvar, strict=True):
        pixels = -(b * F.logsigmoid(a) + (1 - b) * F.logsigmoid(-a))
        reconstructions.append(pixels.sum())
        kls.append(sum(0.5 * (m[j] ** 2 + v[j].exp() - 1 - v[j]) for j in range(len(m))))
    r, k = torch.stack(reconstructions).mean(), torch.stack(kls).mean()
    return r + beta * k, r, k


def _loss(logits, x, mu, logvar, beta, reconstruction=None, kl=None):
    if reconstruction is None:
        reconstruction = F.binary_cross_entropy_with_logits(logits, x, reduction="sum") / len(x)
    if kl is None:
        kl = -0.5 * (1 + logvar - mu**2 - logvar.exp()).sum() / len(x)
    return reconstruction + beta * kl, reconstruction, kl


@wrong(LOSS, told="averaged over the pixels")
def loss_mean(logits, x, mu, logvar, beta=1.0):
    return _loss(logits, x, mu, logvar, beta, F.binary_cross_entropy_with_logits(logits, x))


@wrong(LOSS, told="averaged over the dimensions of the code")
def loss_mean_of_codes(logits, x, mu, logvar, beta=1.0):
    kl = torch.mean(-0.5 * (1 + logvar - mu**2 - logvar.exp()))
    return _loss(logits, x, mu, logvar, beta, kl=kl)


@wrong(LOSS, told="over pixels and dimensions")
def loss_means(logits, x, mu, logvar, beta=1.0):
    kl = torch.mean(-0.5 * (1 + logvar - mu**2 - logvar.exp()))
    return _loss(logits, x, mu, logvar, beta, F.binary_cross_entropy_with_logits(logits, x), kl)


@wrong(LOSS, told="summed over the batch")
def loss_batch(logits, x, mu, logvar, beta=1.0):
    bce = F.binary_cross_entropy_with_logits(logits, x, reduction="sum")
    kl = -0.5 * torch.sum(1 + logvar - mu**2 - logvar.exp())
    return bce + beta * kl, bce, kl


@wrong(LOSS, told="lacks its ½")
def loss_without_half(logits, x, mu, logvar, beta=1.0):
    return _loss(logits, x, mu, logvar, beta, kl=(mu**2 + logvar.exp() - 1 - logvar).sum(1).mean())


@wrong(LOSS, told="wrong sign")
def loss_sign(logits, x, mu, logvar, beta=1.0):
    return _loss(logits, x, mu, logvar, beta, kl=0.5 * (1 + logvar - mu**2 - logvar.exp()).sum(1).mean())


@wrong(LOSS, told="taken for the standard deviation's")
def loss_of_log_sigma(logits, x, mu, logvar, beta=1.0):
    kl = 0.5 * (mu**2 + (2 * logvar).exp() - 1 - 2 * logvar).sum(1).mean()
    return _loss(logits, x, mu, logvar, beta, kl=kl)


@wrong(LOSS, told="beta is ignored")
def loss_without_beta(logits, x, mu, logvar, beta=1.0):
    return _loss(logits, x, mu, logvar, 1.0)


@wrong(LOSS, told="without its weight")
def loss_returns_weighted(logits, x, mu, logvar, beta=1.0):
    loss, reconstruction, kl = _loss(logits, x, mu, logvar, beta)
    return loss, reconstruction, beta * kl


@wrong(LOSS, told="the wrong term")
def loss_beta_at_the_pixels(logits, x, mu, logvar, beta=1.0):
    _, reconstruction, kl = _loss(logits, x, mu, logvar, beta)
    return beta * reconstruction + kl, reconstruction, kl


@wrong(LOSS, told="squared error")
def loss_squares(logits, x, mu, logvar, beta=1.0):
    return _loss(logits, x, mu, logvar, beta, (logits.sigmoid() - x).square().sum(1).mean())


@wrong(LOSS, told="sigmoid that has rounded")
def loss_through_sigmoid(logits, x, mu, logvar, beta=1.0):
    p = torch.sigmoid(logits)
    pixels = F.binary_cross_entropy(p, x, reduction="sum") / x.shape[0]
    return _loss(logits, x, mu, logvar, beta, pixels)


@wrong(LOSS)
def loss_where(logits, x, mu, logvar, beta=1.0):
    soft = torch.where(logits > 0, logits + (-logits).exp().log1p(), logits.exp().log1p())
    return _loss(logits, x, mu, logvar, beta, (soft - x * logits).sum(1).mean())


@wrong(LOSS, told="no mean")
def loss_without_mu(logits, x, mu, logvar, beta=1.0):
    return _loss(logits, x, mu, logvar, beta, kl=0.5 * (logvar.exp() - 1 - logvar).sum(1).mean())


@wrong(LOSS)
def loss_log_of_the_variance(logits, x, mu, logvar, beta=1.0):
    var = logvar.exp()
    return _loss(logits, x, mu, logvar, beta, kl=0.5 * (mu**2 + var - 1 - var.log()).sum(1).mean())


@wrong(LOSS, told="another order")
def loss_order(logits, x, mu, logvar, beta=1.0):
    loss, reconstruction, kl = _loss(logits, x, mu, logvar, beta)
    return loss, kl, reconstruction


@right(DRAW)
def draw_noise_detached(mu, logvar, noise):
    return mu + (0.5 * logvar).exp() * noise.detach()


@right(DRAW)
def draw_noise_by_numpy(mu, logvar, noise):
    return mu + (0.5 * logvar).exp() * torch.from_numpy(noise.numpy().copy())


@wrong(DRAW)
def draw_clamped_below(mu, logvar, noise):
    return mu + (0.5 * logvar.clamp(min=-30)).exp() * noise


@wrong(DRAW)
def draw_clamped_further_down(mu, logvar, noise):
    return mu + (0.5 * logvar.clamp(min=-100)).exp() * noise


@wrong(LOSS)
def loss_free_bits_per_image(logits, x, mu, logvar, beta=1.0):
    reconstruction = F.binary_cross_entropy_with_logits(logits, x, reduction="none").sum(1).mean()
    kl = (0.5 * (mu.square() + logvar.exp() - 1 - logvar)).sum(1).clamp(min=0.5).mean()
    return reconstruction + beta * kl, reconstruction, kl


# Logarithms


@wrong(DRAW, told="exp is missing")
def draw_without_exp(mu, logvar, noise):
    std = 0.5 * logvar
    return mu + std * noise


@wrong(DRAW, told="the variance is halved")
def draw_half_variance(mu, logvar, noise):
    return mu + logvar.exp().mul(0.5) * noise


def _terms(logits, x, mu, kl, beta):
    reconstruction = F.binary_cross_entropy_with_logits(logits, x, reduction="sum") / len(x)
    kl = kl.sum() / len(x)
    return reconstruction + beta * kl, reconstruction, kl


@wrong(LOSS, told="σ² that has rounded to 0")
def loss_logarithm_of_std(logits, x, mu, logvar, beta=1.0):
    std = torch.exp(0.5 * logvar)
    return _terms(logits, x, mu, 0.5 * (mu**2 + std**2 - 1) - torch.log(std), beta)


@wrong(LOSS, told="σ² that has rounded to 0")
def loss_of_normals(logits, x, mu, logvar, beta=1.0):
    q = Normal(mu, torch.exp(0.5 * logvar), validate_args=False)
    kl = torch.distributions.kl_divergence(q, Normal(torch.zeros_like(mu), torch.ones_like(mu)))
    return _terms(logits, x, mu, kl, beta)


@wrong(LOSS, told="logvar is clamped")
def loss_clamped(logits, x, mu, logvar, beta=1.0):
    logvar = logvar.clamp(-10, 10)
    return _terms(logits, x, mu, 0.5 * (mu**2 + logvar.exp() - 1 - logvar), beta)


@wrong(LOSS, told="sigmoid of a sigmoid")
def loss_two_sigmoids(logits, x, mu, logvar, beta=1.0):
    picture = torch.sigmoid(logits)
    return _terms(picture, x, mu, 0.5 * (mu**2 + logvar.exp() - 1 - logvar), beta)


def _vae(logits, x, mu, logvar, weight, threshold=20):
    rec = (F.softplus(logits, threshold=threshold) - x * logits).sum(1).mean()
    kl = 0.5 * (mu.square() + logvar.exp() - 1 - logvar).sum(1).mean()
    return rec + weight * kl, rec, kl


@wrong("vae-code-loss")
def loss_linear_from_7(logits, x, mu, logvar, beta=1.0):
    return _vae(logits, x, mu, logvar, beta, threshold=7)


@right("vae-code-loss")
def loss_linear_from_20(logits, x, mu, logvar, beta=1.0):
    return _vae(logits, x, mu, logvar, beta)


@wrong("vae-code-loss")
def loss_beta_squared_below_1(logits, x, mu, logvar, beta=1.0):
    return _vae(logits, x, mu, logvar, beta**2 if beta < 1 else beta)


@right("vae-code-loss")
def loss_of_images_that_need_no_gradient(logits, x, mu, logvar, beta=1.0):
    rec = F.binary_cross_entropy_with_logits(logits, x.detach(), reduction="none").sum(1).mean()
    kl = 0.5 * (mu.square() + logvar.exp() - 1 - logvar).sum(1).mean()
    return rec + beta * kl, rec, kl


@wrong(LOSS)
def loss_clamped_at_250(logits, x, mu, logvar, beta=1.0):
    return _vae(logits, x, mu, logvar.clamp(-250, 25), beta)


@wrong(LOSS)
def loss_of_logits_clamped_at_20000(logits, x, mu, logvar, beta=1.0):
    return _vae(logits.clamp(-2e4, 2e4), x, mu, logvar, beta)


@wrong(LOSS, told="KL(p ‖ q)")
def loss_of_the_other_divergence(logits, x, mu, logvar, beta=1.0):
    reconstruction = F.binary_cross_entropy_with_logits(logits, x, reduction="none").sum(1).mean()
    kl = 0.5 * ((mu.square() + 1) * (-logvar).exp() - 1 + logvar).sum(1).mean()
    return reconstruction + beta * kl, reconstruction, kl


@wrong("vae-code-loss", told="the slope at z = 0 is not")
def loss_kinked_at_0(logits, x, mu, logvar, beta=1.0):
    bce = F.relu(logits) - logits * x + torch.log1p(torch.exp(-torch.abs(logits)))
    r = bce.sum(1).mean()
    k = -0.5 * torch.mean(torch.sum(1 + logvar - mu**2 - torch.exp(logvar), dim=1))
    return r + beta * k, r, k


# Settings replaced or held within bounds


@wrong(LOSS)
def loss_beta_up_to_4(logits, x, mu, logvar, beta=1.0):
    return loss_sums(logits, x, mu, logvar, min(beta, 4.0))


@wrong(LOSS)
def loss_beta_or_1(logits, x, mu, logvar, beta=1.0):
    return loss_sums(logits, x, mu, logvar, beta or 1.0)


@wrong(LOSS)
def loss_beta_of_a_thousandth_at_least(logits, x, mu, logvar, beta=1.0):
    return loss_sums(logits, x, mu, logvar, max(beta, 1e-3))
