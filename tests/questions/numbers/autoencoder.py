"""The numbers of questions/autoencoder.yaml, computed."""

from collections.abc import Callable

import torch
from torch.nn import functional as F


def pca_error() -> float:
    """tr((I − P) C) where P projects onto the two leading singular vectors of C, in a rotated basis."""
    generator = torch.Generator().manual_seed(0)
    rotation, _ = torch.linalg.qr(torch.randn(4, 4, dtype=torch.float64, generator=generator))
    covariance = rotation @ torch.diag(torch.tensor([5, 3, 1.5, 0.5], dtype=torch.float64)) @ rotation.T
    leading = torch.linalg.svd(covariance).U[:, :2]
    lost = torch.eye(4, dtype=torch.float64) - leading @ leading.T
    return float((lost @ covariance).trace())


def masked() -> float:
    """Cut an image into patches, mask three quarters of them, count the rest."""
    patches = F.unfold(torch.zeros(1, 1, 224, 224), kernel_size=16, stride=16)  # (1, 256, patches)
    order = torch.randperm(patches.shape[-1], generator=torch.Generator().manual_seed(0))
    masked_count = round(0.75 * len(order))
    return float(patches[..., order[masked_count:]].shape[-1])


NUMBERS: dict[str, Callable[[], float]] = {
    "autoencoder-pca-error": pca_error,
    "autoencoder-masked": masked,
}
