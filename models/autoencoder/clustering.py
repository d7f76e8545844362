"""k-means: assign every point to its nearest centre, move every centre to the mean of its points, repeat.

Neither half of a step can raise the sum of squared distances to the centres, so the steps come to an end;
where they end depends on where they began.

Lloyd 1982, "Least squares quantization in PCM"
Bishop 2006, "Pattern recognition and machine learning", section 9.1
"""

import torch
from torch import Tensor

from models.precision import at_least_float32


def k_means_step(
    x: Tensor,  # (N, D)
    centers: Tensor,  # (K, D)
) -> tuple[Tensor, Tensor]:
    """The nearest centre of every point (N), and the new centres (K, D). One without points stays."""
    if x.shape[1:] != centers.shape[1:]:
        raise ValueError(f"points {tuple(x.shape)} do not fit centres {tuple(centers.shape)}")
    x, centers = at_least_float32(x), at_least_float32(centers)  # squares of distances overflow float16
    # r_n = argmin_k ‖x_n − μ_k‖²                               (equation 9.2)
    distances = (x[:, None] - centers).square().sum(dim=-1)  # (N, K)
    labels = distances.argmin(dim=1)  # (N)
    # μ_k = Σ_{n: r_n = k} x_n / N_k                            (equation 9.4)
    sums = torch.zeros_like(centers).index_add(0, labels, x)  # (K, D)
    counts = labels.bincount(minlength=len(centers))[:, None]  # (K, 1)
    return labels, torch.where(counts > 0, sums / counts.clamp(min=1), centers)
