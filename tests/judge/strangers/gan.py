"""Answers to the code questions on generative adversarial networks."""

# mypy: disallow-untyped-defs=False, disallow-untyped-calls=False

import torch
from torch import nn
from torch.nn import functional as F

from tests.judge.strangers import right, wrong

LOSSES = "gan-code-losses"
STEP = "gan-code-step"


@right(LOSSES)
def losses_criterion(real, fake):
    criterion = nn.BCEWithLogitsLoss()
    d_real, d_fake = criterion(real, torch.ones_like(real)), criterion(fake, torch.zeros_like(fake))
    return [d_real + d_fake, criterion(fake, torch.ones_like(fake))]


@right(LOSSES)
def losses_softplus(real, fake):
    return F.softplus(-real).mean() + F.softplus(fake).mean(), F.softplus(-fake).mean()


@right(LOSSES)
def losses_logaddexp(real, fake):
    zero = torch.zeros((), dtype=real.dtype)
    d_loss = torch.logaddexp(zero, -real).sum() / real.numel()
    d_loss += torch.logaddexp(zero, fake).sum() / fake.numel()
    return d_loss, torch.logaddexp(zero, -fake).mean()


@right(LOSSES)
def losses_by_cross_entropy(real, fake):
    def towards(logits, label):
        two = torch.stack([torch.zeros_like(logits), logits], 1)
        return F.cross_entropy(two, torch.full((len(logits),), label))

    return towards(real, 1) + towards(fake, 0), towards(fake, 1)


@right(LOSSES)
def losses_in_parts(real, fake):
    def log_sigmoid(a):
        return torch.minimum(a, torch.zeros_like(a)) - torch.log1p(torch.exp(-torch.abs(a)))

    d_loss = -log_sigmoid(real).mean()
    for part in fake.split(7):
        d_loss = d_loss - log_sigmoid(-part).sum() / len(fake)
    return d_loss, -log_sigmoid(fake).mean()


def _bce(logits, label):
    return F.binary_cross_entropy_with_logits(logits, torch.full_like(logits, label))


@wrong(LOSSES, told="saturating loss of G")
def losses_saturating(real, fake):
    return _bce(real, 1) + _bce(fake, 0), F.logsigmoid(-fake).mean()


@wrong(LOSSES, told="halved")
def losses_halved(real, fake):
    return 0.5 * (_bce(real, 1) + _bce(fake, 0)), _bce(fake, 1)


@wrong(LOSSES, told="labels are exchanged")
def losses_exchanged(real, fake):
    return _bce(real, 0) + _bce(fake, 1), _bce(fake, 1)


@wrong(LOSSES, told="summed over the batch")
def losses_summed(real, fake):
    return F.softplus(-real).sum() + F.softplus(fake).sum(), F.softplus(-fake).sum()


@wrong(LOSSES, told="mean over real and generated samples together")
def losses_one_mean(real, fake):
    logits = torch.cat([real, fake])
    labels = torch.cat([torch.ones_like(real), torch.zeros_like(fake)])
    return F.binary_cross_entropy_with_logits(logits, labels), _bce(fake, 1)


@wrong(LOSSES, told="label of 0.9")
def losses_smoothed(real, fake):
    return _bce(real, 0.9) + _bce(fake, 0.0), _bce(fake, 1.0)


@wrong(LOSSES, told="sigmoid that has rounded")
def losses_log_of_sigmoid(real, fake):
    real, fake = torch.sigmoid(real), torch.sigmoid(fake)
    return -(torch.log(real).mean() + torch.log(1 - fake).mean()), -torch.log(fake).mean()


@wrong(LOSSES, told="caps the losses")
def losses_epsilon(real, fake):
    p, q, eps = real.sigmoid(), fake.sigmoid(), 1e-8
    return -(p + eps).log().mean() - (1 - q + eps).log().mean(), -(q + eps).log().mean()


@wrong(LOSSES, told="label of D")
def losses_generator_towards_zero(real, fake):
    return _bce(real, 1) + _bce(fake, 0), _bce(fake, 0)


@wrong(LOSSES, told="least squares")
def losses_least_squares(real, fake):
    return (real - 1).square().mean() + fake.square().mean(), (fake - 1).square().mean()


@wrong(LOSSES, told="Wasserstein")
def losses_wasserstein(real, fake):
    return fake.mean() - real.mean(), -fake.mean()


@wrong(LOSSES, told="already logits")
def losses_of_probabilities(real, fake):
    p, q = real.sigmoid(), fake.sigmoid()
    return _bce(p, 1) + _bce(q, 0), _bce(q, 1)


def _soft_by_where(a):
    """Its value is right, its gradient NaN far out."""
    return torch.where(a > 0, a + (-a).exp().log1p(), a.exp().log1p()).mean()


@wrong(LOSSES, told="")
def losses_nan_gradient(real, fake):
    return _soft_by_where(-real) + _soft_by_where(fake), _soft_by_where(-fake)


@wrong(LOSSES, told="detached")
def losses_detached(real, fake):
    return _bce(real, 1) + _bce(fake.detach(), 0), _bce(fake, 1)


# Whose gradient goes where


@right(STEP)
def step_modules(g_weight, d_weight, real, z):
    def linear(weight):
        return lambda x: torch.einsum("bi,oi->bo", x, weight)

    generator, critic = linear(g_weight), linear(d_weight)
    fake = generator(z)
    bce = nn.BCEWithLogitsLoss()
    d_real, d_fake = critic(real), critic(fake.detach())
    d_loss = bce(d_real, torch.ones_like(d_real)) + bce(d_fake, torch.zeros_like(d_fake))
    g_out = critic(fake)
    return d_loss, bce(g_out, torch.ones_like(g_out))


@right(STEP)
def step_no_grad(g_weight, d_weight, real, z):
    with torch.no_grad():
        data = z @ g_weight.T
    d_loss = F.softplus(-(real @ d_weight.T)).mean() + F.softplus(data @ d_weight.T).mean()
    return d_loss, F.softplus(-(z @ g_weight.T @ d_weight.T)).mean()


@right(STEP)
def step_of_leaves(g_weight, d_weight, real, z):
    data = torch.tensor(F.linear(z, g_weight).tolist(), dtype=z.dtype)
    both = F.linear(torch.cat([real, data]), d_weight).squeeze(1)
    d_loss = -F.logsigmoid(both[: len(real)]).mean() - F.logsigmoid(-both[len(real) :]).mean()
    return d_loss, -F.logsigmoid(z @ (d_weight @ g_weight).squeeze(0)).mean()


@right(STEP)
def step_vectors(g_weight, d_weight, real, z):
    w = d_weight[0]
    fake = torch.stack([g_weight.mv(row) for row in z])
    d_loss = torch.logaddexp(torch.zeros((), dtype=z.dtype), -real.mv(w)).mean()
    d_loss = d_loss + torch.logaddexp(torch.zeros((), dtype=z.dtype), fake.data.mv(w)).mean()
    return [d_loss, torch.logaddexp(torch.zeros((), dtype=z.dtype), -fake.mv(w)).mean()]


@wrong(STEP, told="")
def step_gradient_to_the_noise(g_weight, d_weight, real, z):
    backward = F.linear(z, g_weight.detach())
    both = F.linear(torch.cat([real, backward]), d_weight).squeeze(1)
    d_loss = -F.logsigmoid(both[: len(real)]).mean() - F.logsigmoid(-both[len(real) :]).mean()
    return d_loss, -F.logsigmoid(z @ (d_weight @ g_weight).squeeze(0)).mean()


def _step(g_weight, d_weight, real, z, d=lambda fake: fake.detach(), g=lambda fake: fake):
    fake = F.linear(z, g_weight)
    d_loss = F.softplus(-F.linear(real, d_weight)).mean() + F.softplus(F.linear(d(fake), d_weight)).mean()
    return d_loss, F.softplus(-F.linear(g(fake), d_weight)).mean()


@wrong(STEP)
def step_where_a_gradient_is_nan(g_weight, d_weight, real, z):
    fake = z @ g_weight.T
    d_loss = _soft_by_where(-(real @ d_weight.T)) + _soft_by_where(fake.detach() @ d_weight.T)
    return d_loss, _soft_by_where(-(fake @ d_weight.T))


@wrong(STEP, told="D's loss sends a gradient to G")
def step_attached(g_weight, d_weight, real, z):
    return _step(g_weight, d_weight, real, z, d=lambda fake: fake)


@wrong(STEP, told="so G learns nothing")
def step_cut(g_weight, d_weight, real, z):
    return _step(g_weight, d_weight, real, z, g=lambda fake: fake.detach())


@wrong(STEP, told="wrong way round")
def step_crossed(g_weight, d_weight, real, z):
    return _step(g_weight, d_weight, real, z, lambda fake: fake, lambda fake: fake.detach())


@wrong(STEP, told="saturating")
def step_saturating(g_weight, d_weight, real, z):
    d_loss, _ = _step(g_weight, d_weight, real, z)
    return d_loss, F.logsigmoid(-(z @ g_weight.mT @ d_weight.mT)).mean()


@wrong(STEP, told="D's weights are detached")
def step_frozen_critic(g_weight, d_weight, real, z):
    d_loss, _ = _step(g_weight, d_weight, real, z)
    return d_loss, F.softplus(-F.linear(F.linear(z, g_weight), d_weight.detach())).mean()


@wrong(STEP, told="halved")
def step_halved(g_weight, d_weight, real, z):
    d_loss, g_loss = _step(g_weight, d_weight, real, z)
    return d_loss / 2, g_loss


@wrong(STEP, told="labels are exchanged")
def step_labels(g_weight, d_weight, real, z):
    fake = z @ g_weight.T
    d_loss = F.softplus(real @ d_weight.T).mean() + F.softplus(-(fake.detach() @ d_weight.T)).mean()
    return d_loss, F.softplus(-(fake @ d_weight.T)).mean()


@wrong(STEP, told="other order")
def step_order(g_weight, d_weight, real, z):
    return _step(g_weight, d_weight, real, z)[::-1]


@wrong(STEP, told="sigmoid that has rounded")
def step_through_sigmoid(g_weight, d_weight, real, z):
    fake = z @ g_weight.T
    p, q = (real @ d_weight.T).sigmoid(), (fake.detach() @ d_weight.T).sigmoid()
    return -p.log().mean() - (1 - q).log().mean(), -(fake @ d_weight.T).sigmoid().log().mean()


@wrong(STEP, told="summed")
def step_summed(g_weight, d_weight, real, z):
    d_loss, g_loss = _step(g_weight, d_weight, real[:1], z[:1])
    d_loss = F.softplus(-(real @ d_weight.T)).sum()
    fake = z @ g_weight.T
    d_loss = d_loss + F.softplus(fake.detach() @ d_weight.T).sum()
    return d_loss, F.softplus(-(fake @ d_weight.T)).sum() + 0 * g_loss


@wrong(STEP, told="real samples only")
def step_real_only(g_weight, d_weight, real, z):
    _, g_loss = _step(g_weight, d_weight, real, z)
    return F.softplus(-(real @ d_weight.T)).mean(), g_loss


def losses_linear_from(real, fake, threshold):
    """The losses by a softplus that is linear from a threshold on."""

    def softplus(t):
        return F.softplus(t, threshold=threshold).mean()

    return softplus(-real) + softplus(fake), softplus(-fake)


@wrong(LOSSES)
def losses_linear_from_5(real, fake):
    return losses_linear_from(real, fake, 5)


@wrong(LOSSES)
def losses_linear_from_10(real, fake):
    return losses_linear_from(real, fake, 10)


# Cross-entropies of probabilities


@wrong(LOSSES, told="sigmoid that has rounded")
def losses_bce_of_probabilities(real, fake):
    bce, real, fake = torch.nn.BCELoss(), torch.sigmoid(real), torch.sigmoid(fake)
    d_loss = bce(real, torch.ones_like(real)) + bce(fake, torch.zeros_like(fake))
    return d_loss, bce(fake, torch.ones_like(fake))


@wrong(LOSSES, told="written out")
def losses_log1p_of_exp(real, fake):
    d_loss = torch.log1p(torch.exp(-real)).mean() + torch.log1p(torch.exp(fake)).mean()
    return d_loss, torch.log1p(torch.exp(-fake)).mean()


@wrong(STEP, told="D's logits of the generated samples are detached")
def step_logits_detached(g_weight, d_weight, real, z):
    logits = z @ g_weight.T @ d_weight.T
    d_loss = F.softplus(-real @ d_weight.T).mean() + F.softplus(logits.detach()).mean()
    return d_loss, F.softplus(-logits).mean()


@wrong(STEP, told="one mean over real and generated")
def step_one_batch(g_weight, d_weight, real, z):
    fake = z @ g_weight.T
    logits = torch.cat([real, fake.detach()]) @ d_weight.T
    labels = torch.cat([torch.ones(len(real), 1), torch.zeros(len(fake), 1)]).to(logits)
    d_loss = F.binary_cross_entropy_with_logits(logits, labels)
    return d_loss, F.softplus(-fake @ d_weight.T).mean()


@wrong(STEP)
def step_linear_from_8(g_weight, d_weight, real, z):
    fake = z @ g_weight.T

    def soft(t):
        return F.softplus(t, threshold=8).mean()

    d_loss = soft(-(real @ d_weight.T)) + soft(fake.detach() @ d_weight.T)
    return d_loss, soft(-(fake @ d_weight.T))


@right(STEP)
def step_where_nothing_reaches_the_real_samples(g_weight, d_weight, real, z):
    fake = z @ g_weight.T
    logits = torch.cat([real, fake]).detach() @ d_weight.T
    is_real, is_fake = logits[: len(real)], logits[len(real) :]
    d_loss = F.softplus(-is_real).mean() + F.softplus(is_fake).mean()
    return d_loss, F.softplus(-(fake @ d_weight.T)).mean()


@wrong(LOSSES)
def losses_clamped_at_50000(real, fake):
    real, fake = real.clamp(-5e4, 5e4), fake.clamp(-5e4, 5e4)
    return F.softplus(-real).mean() + F.softplus(fake).mean(), F.softplus(-fake).mean()


@wrong(LOSSES, told="with the other sign")
def losses_of_the_game(real, fake):
    d_loss = F.softplus(-real).mean() + F.softplus(fake).mean()
    return d_loss, -d_loss


# The slope at a logit of 0


@wrong("gan-code-losses", told="the slope at z = 0 is not")
def losses_by_a_clamp(real, fake):
    def kinked(z):
        return F.relu(z) + torch.log1p(torch.exp(-torch.abs(z)))

    return kinked(-real).mean() + kinked(fake).mean(), kinked(-fake).mean()


@wrong("gan-code-step", told="the slope at z = 0 is not")
def step_by_a_kink(g_weight, d_weight, real, z):
    def sp(t):
        return F.relu(t) + torch.log1p(torch.exp(-t.abs()))

    fake = z @ g_weight.T
    d_loss = sp(-real @ d_weight.T).mean() + sp(fake.detach() @ d_weight.T).mean()
    return d_loss, sp(-fake @ d_weight.T).mean()
