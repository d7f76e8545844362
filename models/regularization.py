"""L1 and L2 penalties, and what an optimizer has to do with each of them.

    L1: λ Σ |w|       pulls every weight with the same force λ down to 0: sparse optima
    L2: λ/2 Σ w²      pulls with λw, ever more weakly: small weights, none of them 0

Autograd only knows a slope, and |w| has none at 0: gradient steps jump to and fro across it. The *proximal*
step solves the L1 part exactly instead, and lands on 0 (Parikh & Boyd, "Proximal algorithms", 2014, section
4.2; soft thresholding is section 6.5.2). An L2 penalty is weight decay under SGD, but not under Adam
(Loshchilov & Hutter, "Decoupled weight decay regularization", 2019, propositions 1 and 2).
"""

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from models.precision import at_least_float32


def l1_penalty(parameters: Iterable[Tensor]) -> Tensor:
    """Σ |w| over all parameters: add λ times it to the loss. Its gradient is sign(w), 0 at w = 0."""
    return _total(at_least_float32(w).abs().sum() for w in parameters)


def l2_penalty(parameters: Iterable[Tensor]) -> Tensor:
    """½ Σ w² over all parameters: add λ times it to the loss. Its gradient is w; without the ½ it is 2w."""
    return _total(0.5 * at_least_float32(w).square().sum() for w in parameters)


def penalty(parameters: list[Tensor], l1: float, l2: float) -> Tensor:  # () to be added to the loss
    """Both penalties of all parameters together, the elastic net (Zou & Hastie 2005) up to the ½."""
    # l1 Σ |w| + l2/2 Σ w²
    return l1 * l1_penalty(parameters) + l2 * l2_penalty(parameters)


def _total(terms: Iterable[Tensor]) -> Tensor:
    found = list(terms)
    if not found:
        raise ValueError("no parameters: a generator such as model.parameters() can be used once only")
    return torch.stack(found).sum()


def soft_threshold(input: Tensor, lambd: float | Tensor = 0.5) -> Tensor:
    """The proximal operator of λ‖·‖₁: move each element by λ towards 0, and to 0 what is nearer than that.

    It is argmin over u of ½ (u − w)² + λ|u|, and torch.nn.functional.softshrink.
    """
    # S_λ(w) = sign(w) · max(|w| − λ, 0)                                  (section 6.5.2)
    return input.sign() * F.relu(input.abs() - lambd)


def proximal_step(w: Tensor, grad: Tensor, lr: float, l1: float, l2: float = 0.0) -> Tensor:
    """A gradient step on the loss, whose gradient is `grad`, then a proximal one on l1 ‖w‖₁ + l2/2 ‖w‖².

    That is argmin over u of ½ ‖u − (w − η ∇f)‖² + η (l1 ‖u‖₁ + l2/2 ‖u‖²). The penalties are no part of the
    loss. Parikh & Boyd 2014, section 4.2, with 6.5.2 for L1 and 2.2 for a quadratic on top of it.
    """
    if grad.shape != w.shape:  # they would be broadcast
        raise ValueError(f"a gradient of size {tuple(grad.shape)} for a weight of size {tuple(w.shape)}")
    # w ← S_ηλ(w − η ∇f(w)) / (1 + η l2),  λ = l1: the threshold is the learning rate times λ  (section 4.2)
    # L2's gradient is taken at the new w, so no η is too large for it
    return soft_threshold(w - lr * grad, lr * l1) / (1 + lr * l2)


class ProximalSGD(torch.optim.Optimizer):
    """SGD on the loss and a proximal step on λ‖w‖₁, which must *not* be part of the loss.

    With the gradient over the whole data set this is ISTA (Beck & Teboulle, "A fast iterative
    shrinkage-thresholding algorithm", 2009). A group with `l1=0`, for biases say, takes plain SGD steps.
    """

    def __init__(self, params: Any, lr: float = 1e-3, l1: float = 0.0) -> None:
        if lr < 0 or l1 < 0:
            raise ValueError(f"lr and l1 must not be negative, got lr={lr}, l1={l1}")
        super().__init__(params, {"lr": lr, "l1": l1})

    @torch.no_grad()
    def step(self, closure: Callable[[], Tensor] | None = None) -> Tensor | None:  # type: ignore[override]
        """One step for every parameter that has a gradient; returns what `closure` returns."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            lr, l1 = group["lr"], group["l1"]
            for w in group["params"]:
                if w.grad is not None:
                    w.copy_(proximal_step(w, w.grad, lr, l1))
        return loss


@torch.no_grad()
def decay_(parameters: Iterable[Tensor], lr: float, weight_decay: float) -> None:
    """Decoupled weight decay, in place. Before each step of an Adam without any, it makes an AdamW of it."""
    for w in parameters:
        # w ← (1 − ηλ) w, whatever the gradient and its running averages are       (algorithm 2, line 12)
        w.mul_(1 - lr * weight_decay)


@torch.no_grad()
def max_norm_(weight: Tensor, max_norm: float, dim: int = 0) -> Tensor:
    """Scale down, in place, each slice of `weight` along `dim` whose norm is larger than `max_norm`.

    For nn.Linear `dim=0` bounds the weights that come into each unit, as in Srivastava et al. 2014, section
    5.1. Between updates it acts as a wall rather than as a pull: shorter vectors are left alone.
    """
    if max_norm < 0:
        raise ValueError(f"max_norm must not be negative, got {max_norm}")
    if weight.ndim < 2:
        raise ValueError(f"expected at least 2 dimensions, got weight of size {tuple(weight.shape)}")
    others = [d for d in range(weight.ndim) if d != dim % weight.ndim]
    # ‖w‖₂ ≤ c: w ← w · min(1, c / ‖w‖₂)
    norm = at_least_float32(weight).square().sum(others, keepdim=True).sqrt()  # (out, 1, …) for dim 0
    return weight.mul_((max_norm / norm.clamp(min=torch.finfo(norm.dtype).tiny)).clamp(max=1.0))
