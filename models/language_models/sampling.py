"""Choosing the next token: distributions with their tail cut off, and one step of beam search.

Sampling from all tokens now and then picks one of the many that are hardly possible. Top-k keeps a fixed
number of tokens, top-p as many as hold the probability p. Beam search does not sample: it keeps the K
likeliest beginnings.

Fan et al. 2018, section 5.4 (top-k), https://arxiv.org/abs/1805.04833
Holtzman et al. 2020, section 3 (top-p, temperature), https://arxiv.org/abs/1904.09751
"""

import math

from torch import Tensor

from models.precision import at_least_float32


def tempered_softmax(logits: Tensor, temperature: float) -> Tensor:
    """The distribution of logits (…, V) at a temperature above 0, in float32 where they are less precise."""
    # softmax(u / t)
    return (at_least_float32(logits) / temperature).softmax(dim=-1)  # near 0 it would overflow float16


def only_top_k(logits: Tensor, top_k: int) -> Tensor:
    """The top_k largest of logits (…, V), −∞ in place of all others; what equals the least of them stays."""
    largest = logits.topk(min(top_k, logits.shape[-1])).values
    least = largest[..., -1:]  # (…, 1), the smallest to be kept
    return logits.masked_fill(logits < least, -math.inf)  # (…, V)


def top_k_probabilities(
    logits: Tensor,  # (…, V)
    temperature: float,
    top_k: int,
) -> Tensor:
    """The distribution (…, V) of the top_k likeliest tokens; all others have probability 0."""
    probabilities = tempered_softmax(only_top_k(logits, top_k), temperature)
    return probabilities.to(logits.dtype)


def top_p_probabilities(
    logits: Tensor,  # (…, V)
    top_p: float,
) -> Tensor:
    """The distribution (…, V) of the nucleus, the fewest likeliest tokens that hold at least top_p."""
    # (…, V) each, likeliest first
    ordered, index = at_least_float32(logits).softmax(dim=-1).sort(descending=True)
    likelier = ordered.cumsum(dim=-1) - ordered  # (…, V), all before a token
    # the smallest set with Σ P(x) ≥ p: those before a token do not hold p yet
    ordered = ordered.masked_fill(likelier >= top_p, 0.0)
    # P′(x) = P(x) / Σ P(x)
    ordered = ordered / ordered.sum(dim=-1, keepdim=True)
    return ordered.scatter(-1, index, ordered).to(logits.dtype)  # each back to its token


def beam_step(
    scores: Tensor,  # (…, K)
    log_probs: Tensor,  # (…, K, V)
) -> tuple[Tensor, Tensor, Tensor]:
    """The K best continuations of K beams by a token: their scores, beams and tokens, (…, K), best first."""
    if scores.shape != log_probs.shape[:-1]:  # the score of one beam would be broadcast to all
        raise ValueError(f"expected scores of size {tuple(log_probs.shape[:-1])}, got {tuple(scores.shape)}")
    # log p(y₁ … y_t) = log p(y₁ … y_{t−1}) + log p(y_t | y₁ … y_{t−1})
    total = scores.unsqueeze(-1) + log_probs  # (…, K, V)
    best, index = total.flatten(-2).topk(scores.shape[-1])  # (…, K) each
    vocabulary = log_probs.shape[-1]
    return best, index // vocabulary, index % vocabulary
