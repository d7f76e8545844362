"""Writing with a language model: one token at a time, the likeliest or one drawn by chance.

Temperature divides the logits: below 1 it sharpens the distribution, above 1 it flattens it. Top-k draws from
the k likeliest tokens alone (Fan et al. 2018, section 5.4, https://arxiv.org/abs/1805.04833).
"""

from collections.abc import Callable

import torch
from torch import Tensor

from models.language_models.sampling import only_top_k, tempered_softmax


def pick(
    logits: Tensor,  # (B, vocabulary)
    temperature: float = 0.0,
    top_k: int | None = None,
    generator: torch.Generator | None = None,
) -> Tensor:
    """The next token, (B, 1): the likeliest at temperature 0, else drawn from softmax(logits / temperature).

    `top_k` leaves only the k likeliest to draw from.
    """
    if temperature == 0:
        return logits.argmax(dim=-1, keepdim=True)
    if top_k is not None:
        logits = only_top_k(logits, top_k)
    return torch.multinomial(tempered_softmax(logits, temperature), 1, generator=generator)


def generate(
    logits: Callable[[Tensor], Tensor],  # (B, L) -> (B, vocabulary), of the token behind the last
    tokens: Tensor,
    max_new_tokens: int,
    end: int | None = None,
    temperature: float = 0.0,
    top_k: int | None = None,
    generator: torch.Generator | None = None,
) -> Tensor:
    """Append tokens (B, L) one by one. A sequence that has ended is filled up with the end token."""
    ended = torch.zeros(len(tokens), 1, dtype=torch.bool, device=tokens.device)
    for _ in range(max_new_tokens):
        new = pick(logits(tokens), temperature, top_k, generator)  # (B, 1)
        if end is not None:
            new = new.masked_fill(ended, end)
            ended = ended | (new == end)
        tokens = torch.cat([tokens, new], dim=1)
        if end is not None and bool(ended.all()):
            break
    return tokens
