"""Calibration: of all predictions made with confidence 0.8, are 80 % right?

Guo et al. 2017, "On calibration of modern neural networks", section 2, https://arxiv.org/abs/1706.04599
"""

from torch import Tensor

from models.precision import at_least_float32


def expected_calibration_error(
    probabilities: Tensor,  # (N, C)
    labels: Tensor,  # (N)
    bins: int = 15,
) -> float:
    """The mean gap between confidence and accuracy, over `bins` equal intervals of confidence.

    The confidence is the largest probability of a row; bin m holds those in ((m − 1)/M, m/M]. The first bin
    has 0 as well, and the last what a softmax has rounded up above 1.
    """
    if labels.shape != probabilities.shape[:1]:  # one label would be broadcast to all rows
        raise ValueError(f"{len(probabilities)} rows need as many labels, got {tuple(labels.shape)}")
    confidence, predicted = at_least_float32(probabilities).max(dim=-1)  # (N) each
    right = (predicted == labels).to(confidence.dtype)  # (N)
    index = (confidence * bins).ceil().long().clamp(1, bins) - 1  # (N)
    # |B_m| · acc(B_m) is the number of hits, |B_m| · conf(B_m) that expected
    empty = confidence.new_zeros(bins)
    hits = empty.index_add(0, index, right)  # (M)
    expected = empty.index_add(0, index, confidence)  # (M)
    # ECE = Σ_m |B_m| / n · |acc(B_m) − conf(B_m)|                (equation 3)
    return float((hits - expected).abs().sum() / len(labels))
