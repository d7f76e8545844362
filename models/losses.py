"""Losses of classifiers and their gradients, from logits and without overflow.

exp overflows float32 above 88.7, and the logarithm of a probability that has underflowed is −∞. So a loss
never goes through the probability: the logarithm and the exponential are put together on paper first, and
what is left of the exponential is moved to where its largest exponent is 0.

Names and arguments are those of torch.nn.functional, where log_softmax is told its dimension.

Goodfellow, Bengio & Courville 2016, "Deep Learning", sections 4.1 (overflow) and 6.2.2 (output units),
https://www.deeplearningbook.org
Szegedy et al. 2016, section 7 (label smoothing), https://arxiv.org/abs/1512.00567
"""

import torch
from torch import Tensor

from models.precision import at_least_float32


def softmax(input: Tensor, dim: int = -1) -> Tensor:
    """Softmax along `dim`: at least 0, and 1 in sum. It does not see a number added to all logits.

    Goodfellow, Bengio & Courville 2016, section 4.1.
    """
    if input.numel() == 0:
        return input  # which has no maximum
    # p_i = e^(z_i − m) / Σ_j e^(z_j − m),  m = max_j z_j: no exponent is above 0, and the sum is at least 1
    shifted = input - input.amax(dim=dim, keepdim=True)
    exp = at_least_float32(shifted).exp()  # of 100,000 logits the sum overflows float16
    return (exp / exp.sum(dim=dim, keepdim=True)).to(input.dtype)


def log_softmax(input: Tensor) -> Tensor:
    """The logarithm of the softmax over the classes of logits (N, C, …), at least in float32.

    Goodfellow, Bengio & Courville 2016, section 6.2.2.3.
    """
    z = at_least_float32(input)  # of 100,000 classes the sum overflows float16
    # log p_i = z_i − m − log Σ_j e^(z_j − m),  m = max_j z_j
    shifted = z - z.amax(dim=1, keepdim=True)  # (N, C, …)
    return shifted - shifted.exp().sum(dim=1, keepdim=True).log()


def nll_loss(input: Tensor, target: Tensor) -> Tensor:
    """The mean of −log p of the right classes, from all log p (N, C, …) and class indices (N, …)."""
    if target.shape != input.shape[:1] + input.shape[2:]:  # gather would take fewer without a word
        raise ValueError(f"one class index a row of {tuple(input.shape)}, got {tuple(target.shape)}")
    # L = −1/N Σ_n log p_{n, y_n}
    return -input.gather(1, target[:, None]).mean()  # ()


def cross_entropy(input: Tensor, target: Tensor) -> Tensor:
    """Cross-entropy of logits (N, C) with class indices (N): −log of the right class's probability, its mean.

    Every index must be that of a class: there is no ignore_index.
    Goodfellow, Bengio & Courville 2016, section 6.2.2.3.
    """
    loss = nll_loss(log_softmax(input), target)  # ()
    return loss.to(input.dtype)


def binary_cross_entropy_with_logits(input: Tensor, target: Tensor) -> Tensor:
    """Binary cross-entropy of logits with targets in [0, 1], any one shape: the mean over all elements.

    Goodfellow, Bengio & Courville 2016, section 6.2.2.2. With relu the values would be the same. But at
    z = 0, where a layer of zeros begins, autograd takes its slope as 0, as it does that of |z|: the gradient
    σ(0) = ½ would be lost.
    """
    if target.shape != input.shape:  # they would be broadcast, (3, 1) and (3) to 9 losses
        raise ValueError(f"expected targets of size {tuple(input.shape)}, got {tuple(target.shape)}")
    # L = −y log σ(z) − (1 − y) log(1 − σ(z)) = log(1 + e^z) − y z
    # log(1 + e^z) = max(z, 0) + log(1 + e^−|z|): no exponent is above 0
    maximum = torch.maximum(input, input.new_zeros(()))  # at a tie its slope is shared: ½
    return (maximum + (-input.abs()).exp().log1p() - target * input).mean()  # ()


def smoothed_cross_entropy(input: Tensor, target: Tensor, label_smoothing: float = 0.1) -> Tensor:
    """Cross-entropy of logits (N, C) with smoothed class indices (N), its mean.

    The right class gives ε of its 1 away, and all K classes share it, the right one included: it keeps
    1 − ε + ε/K. Szegedy et al. 2016, section 7; torch.nn.functional.cross_entropy(label_smoothing=ε).
    """
    log_p = log_softmax(input)  # (N, C)
    # L = −Σ_k q_k log p_k,  q_k = (1 − ε) [k = y] + ε/K
    loss = (1 - label_smoothing) * nll_loss(log_p, target) - label_smoothing * log_p.mean()  # ()
    return loss.to(input.dtype)


def linear_backward(input: Tensor, weight: Tensor, grad_output: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Gradients of y = x Wᵀ + b by x, W and b, from that by y: the chain rule, no autograd.

    input (…, in), weight (out, in), grad_output (…, out). Each gradient has the shape of what it belongs to.
    Goodfellow, Bengio & Courville 2016, section 6.5.4, algorithm 6.4.
    """
    if input.shape[:-1] != grad_output.shape[:-1]:  # other axes could make as many examples
        raise ValueError(f"a gradient of size {tuple(grad_output.shape)} for inputs {tuple(input.shape)}")
    if weight.shape != (grad_output.shape[-1], input.shape[-1]):
        raise ValueError(f"expected a weight of size {(grad_output.shape[-1], input.shape[-1])}")
    # all examples meet the same W and b, so their gradients add up: one long batch
    x = input.reshape(-1, input.shape[-1])  # (N, in)
    g = grad_output.reshape(-1, grad_output.shape[-1])  # (N, out)
    # ∂L/∂x = g W    ∂L/∂W = Σ_n g_n x_nᵀ = gᵀ x    ∂L/∂b = Σ_n g_n
    return grad_output @ weight, g.mT @ x, g.sum(dim=0)  # (…, in), (out, in), (out)
