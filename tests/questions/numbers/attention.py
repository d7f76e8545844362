"""The numbers of questions/attention.yaml, computed."""

from collections.abc import Callable

import torch


def score_spread() -> float:
    """√d from the sum of the variances of d products, each of them E[q²] E[k²] = 1."""
    d, mean_square = 64, 1.0
    return float(sum(mean_square * mean_square for _ in range(d)) ** 0.5)


def score_memory() -> float:
    """MiB of the scores of 16 heads and 4,096 tokens, shaped by torch without being allocated."""
    scores = torch.empty(1, 16, 4096, 4096, dtype=torch.float16, device="meta")
    return scores.numel() * scores.element_size() / 2**20


NUMBERS: dict[str, Callable[[], float]] = {
    "attention-score-spread": score_spread,
    "attention-score-memory": score_memory,
}
