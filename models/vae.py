"""The variational autoencoder, with Bernoulli pixels and a Gaussian code.

Kingma & Welling, "Auto-Encoding Variational Bayes", 2014 (arXiv:1312.6114): the estimator is eq. 10, the KL
divergence appendix B, the network appendix C. One hidden layer on each side; 784-400-20 is usual for MNIST.
"""

from collections.abc import Iterable

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from models.autoencoder.autoencoder import reconstruction_error
from models.precision import at_least_float32


class VAE(nn.Module):
    """Encoder q(z|x), a diagonal Gaussian, and decoder p(x|z), one Bernoulli for each pixel."""

    def __init__(self, in_features: int = 784, hidden: int = 400, latent: int = 20) -> None:
        super().__init__()
        self.latent = latent
        self.encoder = nn.Linear(in_features, hidden)
        self.mu = nn.Linear(hidden, latent)
        self.logvar = nn.Linear(hidden, latent)
        self.decoder = nn.Linear(latent, hidden)
        self.logits = nn.Linear(hidden, in_features)

    def encode(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """q(z|x) = N(z; μ(x), σ²(x)), as μ and log σ²: any real number is a valid log σ²."""
        h = F.relu(self.encoder(x))  # (B, hidden)
        return self.mu(h), self.logvar(h)  # (B, latent) each

    def decode(self, z: Tensor) -> Tensor:
        """Logits of p(x|z) = Bernoulli(x; sigmoid(logits)); `torch.sigmoid` of them is the picture."""
        h = F.relu(self.decoder(z))  # (B, hidden)
        logits: Tensor = self.logits(h)  # (B, in_features)
        return logits

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Encode, draw a code, decode: logits (B, in_features), μ and log σ² (B, latent)."""
        mu, logvar = self.encode(x)
        z = reparameterize(mu, logvar)  # (B, latent)
        return self.decode(z), mu, logvar

    @torch.no_grad()
    def sample(self, z: Tensor) -> Tensor:
        """Pictures in [0, 1] of the codes z, e.g. `torch.randn(n, vae.latent)` from the prior."""
        return torch.sigmoid(self.decode(z))


def reparameterize(mu: Tensor, logvar: Tensor, noise: Tensor | None = None) -> Tensor:
    """Draw z ~ N(μ, σ²) so that gradients reach μ and σ: all chance is in ε, which has no parameters.

    `noise` is the ε to use; without it one is drawn.
    """
    return from_noise(mu, logvar, torch.randn_like(mu) if noise is None else noise)


def from_noise(mu: Tensor, logvar: Tensor, noise: Tensor) -> Tensor:
    """The draw z ~ N(μ, σ²) that standard normal noise ε turns into."""
    if not mu.shape == logvar.shape == noise.shape:  # one ε would be broadcast to the whole batch
        raise ValueError(
            f"expected log σ² and ε of the size of μ, {tuple(mu.shape)}, got {tuple(logvar.shape)} and "
            f"{tuple(noise.shape)}"
        )
    sigma = torch.exp(0.5 * at_least_float32(logvar))  # (B, latent)  e^12 overflows float16
    # z = μ + σ ⊙ ε,  ε ~ N(0, I)                                         (section 2.4)
    return (mu + sigma * noise).to(mu.dtype)  # (B, latent)


def kl_divergence(mu: Tensor, logvar: Tensor) -> Tensor:
    """KL(q(z|x) ‖ N(0, I)) of each image in nats, shape (B,). Never negative."""
    if mu.shape != logvar.shape:  # they would be broadcast
        raise ValueError(f"expected log σ² of size {tuple(mu.shape)}, got {tuple(logvar.shape)}")
    mu, logvar = at_least_float32(mu), at_least_float32(logvar)  # e^12 overflows float16
    # KL = −½ Σⱼ (1 + log σⱼ² − μⱼ² − σⱼ²)                                (appendix B)
    return -0.5 * (1 + logvar - mu.square() - logvar.exp()).sum(dim=1)  # (B,)


def vae_loss(
    logits: Tensor, x: Tensor, mu: Tensor, logvar: Tensor, beta: float = 1.0
) -> tuple[Tensor, Tensor, Tensor]:
    """The negative ELBO and its two terms, in nats per image (mean over the batch): loss, reconstruction, KL.

    `beta` weighs the KL term in the loss alone (Higgins et al., β-VAE, 2017); 1 is the ELBO.
    """
    if len(logits) != len(mu):
        raise ValueError(f"expected as many codes as images, got {len(mu)} and {len(logits)}")
    # −ELBO = −E_q[log p(x|z)] + KL(q(z|x) ‖ p(z))                        (eq. 10, one draw of z)
    reconstruction = reconstruction_error(logits, x).mean()
    kl = kl_divergence(mu, logvar).mean()
    return reconstruction + beta * kl, reconstruction, kl


def train(vae: VAE, batches: Iterable[Tensor], lr: float = 1e-3) -> list[float]:
    """Teach a VAE from batches of pictures in [0, 1], (B, in_features): its loss at each, in nats."""
    optimizer = torch.optim.Adam(vae.parameters(), lr)
    losses = []
    for x in batches:
        logits, mu, logvar = vae(x)
        loss, _, _ = vae_loss(logits, x, mu, logvar)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses
