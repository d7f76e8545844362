"""The numbers of questions/autoencoder.yaml, computed."""

from collections.abc import Callable

import torch


def pca_error() -> float:
    """tr((I − P) C) where P projects onto the two leading singular vectors of C, in a rotated basis."""
    generator = torch.Generator().manual_seed(0)
    rotation, _ = torch.linalg.qr(torch.randn(4, 4, dtype=torch.float64, generator=generator))
    covariance = rotation @ torch.diag(torch.tensor([5, 3, 1.5, 0.5], dtype=torch.float64)) @ rotation.T
    leading = torch.linalg.svd(covariance).U[:, :2]
    lost = torch.eye(4, dtype=torch.float64) - leading @ leading.T
    return float((lost @ covariance).trace())


NUMBERS: dict[str, Callable[[], float]] = {"autoencoder-pca-error": pca_error}
