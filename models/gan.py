"""The generative adversarial network: a generator G and a discriminator D, two players with opposite aims.

    min over G, max over D:  V(D, G) = E_x[log D(x)] + E_z[log(1 − D(G(z)))]                        (eq. 1)

Goodfellow et al., "Generative Adversarial Nets", 2014 (arXiv:1406.2661): the generator's other loss is in
section 3, the best discriminator in proposition 1, the value of the game at its end in theorem 1. Here D
returns logits a, D(x) = sigmoid(a), and every loss is *minimized*, each by its own player.
"""

from collections.abc import Iterable, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class Generator(nn.Module):
    """Noise to samples, by linear layers and ReLU.

    `pixels` squeezes the samples into [0, 1]. `batch_norm` normalizes each hidden layer over the batch, which
    keeps the samples of one batch apart (Radford et al., DCGAN, 2016).
    """

    def __init__(
        self,
        latent: int = 32,
        hidden: Sequence[int] = (256, 256),
        out_features: int = 784,
        pixels: bool = True,
        batch_norm: bool = True,
    ) -> None:
        super().__init__()
        self.latent = latent
        self.pixels = pixels
        layers: list[nn.Module] = []
        before = latent
        for after in hidden:
            layers += [nn.Linear(before, after), *([nn.BatchNorm1d(after)] if batch_norm else []), nn.ReLU()]
            before = after
        self.layers = nn.Sequential(*layers, nn.Linear(before, out_features))

    def forward(self, z: Tensor) -> Tensor:  # (B, latent) -> (B, out_features)
        """The samples that the noise z, `torch.randn(B, generator.latent)`, turns into."""
        _check(z, self.latent, "noise")
        x: Tensor = self.layers(z)
        return torch.sigmoid(x) if self.pixels else x


class Discriminator(nn.Module):
    """Samples to logits, by linear layers and leaky ReLU: where D is sure, some slope must be left for G."""

    def __init__(self, in_features: int = 784, hidden: Sequence[int] = (256, 256)) -> None:
        super().__init__()
        self.in_features = in_features
        layers: list[nn.Module] = []
        before = in_features
        for after in hidden:
            layers += [nn.Linear(before, after), nn.LeakyReLU(0.2)]
            before = after
        self.layers = nn.Sequential(*layers, nn.Linear(before, 1))

    def forward(self, x: Tensor) -> Tensor:  # (B, in_features) -> (B)
        """Logits of D(x): their `torch.sigmoid` is the probability, says D, that x is real."""
        _check(x, self.in_features, "flat samples")
        a: Tensor = self.layers(x)  # (B, 1)
        return a.squeeze(1)


def discriminator_loss(real: Tensor, fake: Tensor) -> Tensor:
    """D's loss from its logits of real and of generated samples: two cross-entropies, 2 ln 2 at D = ½.

    That is `F.binary_cross_entropy_with_logits` with target 1 plus the same with target 0. Never negative.
    """
    # −V = −E_x[log D(x)] − E_z[log(1 − D(G(z)))],  1 − sigmoid(a) = sigmoid(−a)                     (eq. 1)
    return -F.logsigmoid(real).mean() - F.logsigmoid(-fake).mean()


def generator_loss(fake: Tensor) -> Tensor:
    """G's usual, non-saturating loss, from D's logits of generated samples. Never negative; ln 2 at D = ½.

    Its slope −(1 − D) by the logit is steepest where D is sure that the sample is generated.
    """
    # −E_z[log D(G(z))]                                                                           (section 3)
    return -F.logsigmoid(fake).mean()


def saturating_generator_loss(fake: Tensor) -> Tensor:
    """G's loss in the minimax game, from the same logits. Never positive; −ln 2 at D = ½.

    Its slope −D by the logit vanishes where D is sure that the sample is generated: at the beginning.
    """
    # E_z[log(1 − D(G(z)))]                                                          (eq. 1, the part with G)
    return F.logsigmoid(-fake).mean()


def both_losses(real: Tensor, fake: Tensor) -> tuple[Tensor, Tensor]:
    """D's loss and G's non-saturating one, from D's logits of real and of generated samples."""
    return discriminator_loss(real, fake), generator_loss(fake)


def step_losses(
    g_weight: Tensor,  # (features, latent)
    d_weight: Tensor,  # (1, features)
    real: Tensor,  # (B, features)
    z: Tensor,  # (B, latent)
) -> tuple[Tensor, Tensor]:
    """Both losses of one training step, for a G and a D of one linear layer each.

    The generated samples are made once and judged twice: for D's loss as mere data, cut off from G; for G's
    loss with their history, through which the gradient goes back to G.
    """
    fake = F.linear(z, g_weight)  # (B, features)  G(z)
    d_real = F.linear(real, d_weight)  # (B, 1)  logits
    d_fake = F.linear(fake.detach(), d_weight)  # (B, 1)
    g_fake = F.linear(fake, d_weight)  # (B, 1)  the same numbers, with their history
    return discriminator_loss(d_real, d_fake), generator_loss(g_fake)


def best_logits(log_p: Tensor, log_q: Tensor) -> Tensor:
    """Logits of the best D there is, where the data have density p and the generated samples q."""
    if log_p.shape != log_q.shape:  # they would be broadcast
        raise ValueError(f"expected densities of one size, got {tuple(log_p.shape)}, {tuple(log_q.shape)}")
    # D*(x) = p(x) / (p(x) + q(x)) = sigmoid(log p(x) − log q(x))                             (proposition 1)
    return log_p - log_q


def _check(x: Tensor, features: int, name: str) -> None:
    if x.ndim != 2 or x.shape[1] != features:
        raise ValueError(f"expected {name} of size (B, {features}), got {tuple(x.shape)}")


def train(
    generator: Generator,
    discriminator: Discriminator,
    batches: Iterable[Tensor],  # (B, in_features)
    lr: float = 2e-4,
) -> list[tuple[float, float]]:
    """Let both players move once a batch of real samples: the losses of D and of G at each."""
    d_optimizer = torch.optim.Adam(discriminator.parameters(), lr, betas=(0.5, 0.999))
    g_optimizer = torch.optim.Adam(generator.parameters(), lr, betas=(0.5, 0.999))
    losses = []
    for real in batches:
        fake = generator(torch.randn(len(real), generator.latent, device=real.device))
        d_loss = discriminator_loss(discriminator(real), discriminator(fake.detach()))  # cut off from G
        d_optimizer.zero_grad()
        d_loss.backward()
        d_optimizer.step()
        g_loss = generator_loss(discriminator(fake))  # against the D that has just learnt
        g_optimizer.zero_grad()
        g_loss.backward()
        g_optimizer.step()
        losses.append((d_loss.item(), g_loss.item()))
    return losses
