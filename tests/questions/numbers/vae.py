"""The numbers of questions/vae.yaml, computed."""

from collections.abc import Callable

import torch
from torch.distributions import Normal, kl_divergence
from torch.nn import functional as F


def kl_value() -> float:
    """PyTorch's KL divergence of 20 normal posteriors, summed."""
    mean, log_variance = torch.ones(20, dtype=torch.float64), torch.zeros(20, dtype=torch.float64)
    posterior = Normal(mean, (0.5 * log_variance).exp())
    prior = Normal(torch.zeros_like(mean), torch.ones_like(mean))
    return kl_divergence(posterior, prior).sum().item()


def untrained_loss() -> float:
    """The summed cross-entropy of 784 logits of 0; the pixels do not matter."""
    pixels = torch.rand(784, dtype=torch.float64)
    return F.binary_cross_entropy_with_logits(torch.zeros_like(pixels), pixels, reduction="sum").item()


NUMBERS: dict[str, Callable[[], float]] = {
    "vae-kl-value": kl_value,
    "vae-untrained-loss": untrained_loss,
}
