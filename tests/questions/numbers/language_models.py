"""The numbers of questions/language-models.yaml, computed."""

from collections.abc import Callable

import torch


def kv_fit() -> float:
    """Whole sequences in 40 GiB; keys and values of one sequence shaped by torch without being allocated."""
    layers, kv_heads, tokens, width = 80, 8, 8192, 128
    cache = torch.empty(2, layers, kv_heads, tokens, width, dtype=torch.bfloat16, device="meta")
    return float(40 * 2**30 // (cache.numel() * cache.element_size()))


def decoding() -> float:
    """Temperature 0.5, then the smallest set that reaches 0.8, then the share of the first token in it."""
    logits = torch.tensor([0.4, 0.3, 0.2, 0.1], dtype=torch.float64).log()
    likely = (logits / 0.5).softmax(0)
    before = likely.cumsum(0) - likely  # what the more likely tokens hold already
    kept = likely[before < 0.8]
    return float(kept[0] / kept.sum())


NUMBERS: dict[str, Callable[[], float]] = {
    "language-models-kv-fit": kv_fit,
    "language-models-decoding": decoding,
}
