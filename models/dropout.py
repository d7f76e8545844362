"""Dropout: in each training pass, silence every unit with probability p and scale up the survivors.

A unit that cannot count on its neighbours must be useful on its own. This is *inverted* dropout, as in
PyTorch: survivors are divided by 1 − p while training, so the mean stays and evaluation is the identity.
The 2014 paper writes p for the probability of *keeping* a unit and multiplies the weights by it at test
time instead. Do one or the other, never both.

    E[y] = x        Var[y] = p / (1 − p) · x²

Hinton et al. 2012, https://arxiv.org/abs/1207.0580
Srivastava et al. 2014, section 4 (the model) and section 10 (scaling at training time instead),
https://jmlr.org/papers/v15/srivastava14a.html
"""

import torch
from torch import Tensor, nn


def dropout(
    x: Tensor, p: float = 0.5, training: bool = True, generator: torch.Generator | None = None
) -> Tensor:
    """Zero each element of x with probability p, divide the others by 1 − p; the identity when not training.

    `generator` draws the mask and must live on x's device; without one (as torch.compile demands) the global
    generator does, and on the CPU the masks are those of torch.nn.functional.dropout.
    Raises ValueError where p is no probability.
    """
    if not 0.0 <= p <= 1.0:
        raise ValueError(f"dropout probability must lie between 0 and 1, got {p}")
    if not training or p == 0.0:
        return x
    if p == 1.0:
        return x * 0.0  # nobody survives to be scaled up
    # r ~ Bernoulli(1 − p), one for each element
    keep = torch.empty_like(x, dtype=torch.bool).bernoulli_(1.0 - p, generator=generator)
    # y = r ⊙ x / (1 − p)
    return x * keep / (1.0 - p)


class Dropout(nn.Module):
    """Inverted dropout as a layer: noise in training mode, the identity in evaluation mode."""

    def __init__(self, p: float = 0.5, generator: torch.Generator | None = None) -> None:
        super().__init__()
        if not 0.0 <= p <= 1.0:
            raise ValueError(f"dropout probability must lie between 0 and 1, got {p}")
        self.p = p
        self.generator = generator

    def forward(self, x: Tensor) -> Tensor:  # any shape -> the same
        """Drop units of x in training mode; return x itself in evaluation mode."""
        return dropout(x, self.p, self.training, self.generator)

    def extra_repr(self) -> str:
        """What print(module) shows between the brackets."""
        return f"p={self.p}"
