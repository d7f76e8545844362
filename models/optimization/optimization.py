"""Steps of optimizers as functions: weight, gradient and state in, the new weight and state out.

Nothing is changed in place and nothing is remembered: what torch.optim keeps in its `state` goes in and comes
out. Arguments bear PyTorch's names, and the steps are those of PyTorch's optimizers, to the last convention.

SGD        Sutskever et al. 2013, section 2, https://proceedings.mlr.press/v28/sutskever13.html
Adam       Kingma & Ba 2015, algorithm 1, https://arxiv.org/abs/1412.6980
AdamW      Loshchilov & Hutter 2019, algorithm 2, https://arxiv.org/abs/1711.05101
Cosine     Loshchilov & Hutter 2017, equation 5, https://arxiv.org/abs/1608.03983
Warm-up    Goyal et al. 2017, section 2.2, https://arxiv.org/abs/1706.02677
Clipping   Pascanu, Mikolov & Bengio 2013, algorithm 1, https://arxiv.org/abs/1211.5063
"""

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from models.precision import at_least_float32


def sgd_step(
    param: Tensor,
    grad: Tensor,
    momentum_buffer: Tensor | None,  # None before the first step
    lr: float,
    momentum: float = 0.9,
    weight_decay: float = 0.0,
) -> tuple[Tensor, Tensor]:
    """One step of SGD with momentum, as torch.optim.SGD takes it: the new weight and the new velocity.

    Sutskever et al. 2013, section 2, keep the learning rate within the velocity (equations 1 and 2). Here it
    stands outside, so that a new learning rate acts on the whole velocity at once.
    """
    if grad.shape != param.shape:  # they would be broadcast
        raise ValueError(f"a gradient of size {tuple(grad.shape)} for a weight of size {tuple(param.shape)}")
    if momentum_buffer is not None and momentum_buffer.shape != param.shape:
        raise ValueError(
            f"a velocity of size {tuple(momentum_buffer.shape)} for a weight {tuple(param.shape)}"
        )
    # g ← ∇f(w) + λ w: under SGD an L2 penalty, and it goes through the velocity
    grad = grad + weight_decay * param
    # v ← μ v + g;  the first velocity is g itself
    velocity = grad.clone() if momentum_buffer is None else momentum * momentum_buffer + grad
    # w ← w − η v
    return param - lr * velocity, velocity


def adam_update(
    param: Tensor,
    grad: Tensor,
    exp_avg: Tensor,
    exp_avg_sq: Tensor,
    step: int,
    lr: float,
    betas: tuple[float, float],
    eps: float,
) -> tuple[Tensor, Tensor, Tensor]:
    """By how much Adam moves a weight, η m̂ / (√v̂ + ε), and the two running averages, uncorrected."""
    if grad.shape != param.shape:  # they would be broadcast
        raise ValueError(f"a gradient of size {tuple(grad.shape)} for a weight of size {tuple(param.shape)}")
    if not exp_avg.shape == exp_avg_sq.shape == param.shape:
        raise ValueError(f"expected averages of size {tuple(param.shape)}, as the weight is")
    beta1, beta2 = betas
    # m ← β₁ m + (1 − β₁) g        v ← β₂ v + (1 − β₂) g²
    exp_avg = beta1 * exp_avg + (1 - beta1) * grad
    exp_avg_sq = beta2 * exp_avg_sq + (1 - beta2) * grad * grad
    # m̂ = m / (1 − β₁ᵗ)            √v̂ = √v / √(1 − β₂ᵗ): both averages began at 0
    corrected = exp_avg / (1 - beta1**step)
    root = exp_avg_sq.sqrt() / math.sqrt(1 - beta2**step)  # v̂ itself would overflow float16
    return lr * corrected / (root + eps), exp_avg, exp_avg_sq


def adam_step(
    param: Tensor,
    grad: Tensor,
    exp_avg: Tensor,
    exp_avg_sq: Tensor,
    step: int,  # the number of this step, from 1
    lr: float = 1e-3,
    betas: tuple[float, float] = (0.9, 0.999),
    eps: float = 1e-8,
) -> tuple[Tensor, Tensor, Tensor]:
    """One step of Adam: the new weight, and the two running averages, uncorrected as they are kept.

    Kingma & Ba 2015, algorithm 1; torch.optim.Adam.
    """
    update, exp_avg, exp_avg_sq = adam_update(param, grad, exp_avg, exp_avg_sq, step, lr, betas, eps)
    # w ← w − η m̂ / (√v̂ + ε)
    return param - update, exp_avg, exp_avg_sq


def adamw_step(
    param: Tensor,
    grad: Tensor,
    exp_avg: Tensor,
    exp_avg_sq: Tensor,
    step: int,  # the number of this step, from 1
    lr: float = 1e-3,
    betas: tuple[float, float] = (0.9, 0.999),
    eps: float = 1e-8,
    weight_decay: float = 1e-2,
) -> tuple[Tensor, Tensor, Tensor]:
    """One step of AdamW: the new weight, and the two running averages, which never see the decay.

    Loshchilov & Hutter 2019, algorithm 2, with PyTorch's convention that lr multiplies the decay too;
    torch.optim.AdamW.
    """
    update, exp_avg, exp_avg_sq = adam_update(param, grad, exp_avg, exp_avg_sq, step, lr, betas, eps)
    # w ← (1 − η λ) w − η m̂ / (√v̂ + ε)
    return (1 - lr * weight_decay) * param - update, exp_avg, exp_avg_sq


def warmup_cosine(step: int, lr: float, warmup_steps: int, total_steps: int, lr_min: float = 0.0) -> float:
    """The learning rate of a step: from 0 up to lr in a line, then down to lr_min along half a cosine.

    It is lr at step `warmup_steps`, and lr_min from step `total_steps` on. Without warm-up it begins at lr.
    Goyal et al. 2017, section 2.2; Loshchilov & Hutter 2017, equation 5, with one cycle.
    """
    if step < warmup_steps:
        # η = η_max · t / W
        return lr * step / warmup_steps
    if step >= total_steps:
        return lr_min
    # η = η_min + ½ (η_max − η_min) (1 + cos(π (t − W) / (T − W)))
    progress = (step - warmup_steps) / (total_steps - warmup_steps)
    return lr_min + 0.5 * (lr - lr_min) * (1 + math.cos(math.pi * progress))


def clip_grad_norm(grads: Sequence[Tensor], max_norm: float) -> tuple[list[Tensor], Tensor]:
    """Shorten gradients to max_norm if together they are longer: the gradients, and their norm before.

    All are scaled alike, so the direction stays. Without any the norm is 0. That of float16 gradients is in
    float32, where PyTorch's is ∞ above 65,504. Pascanu, Mikolov & Bengio 2013, algorithm 1;
    torch.nn.utils.clip_grad_norm_, which does it in place.
    """
    # ‖g‖ = √Σ_i ‖g_i‖²,  one norm over all of them
    squares = (at_least_float32(grad).square().sum() for grad in grads)
    norm = sum(squares, torch.zeros(())).sqrt()  # ()
    # g ← g · min(1, c / ‖g‖);  the 1e-6 is PyTorch's, against a division by 0
    factor = (max_norm / (norm + 1e-6)).clamp(max=1.0)  # (), a tensor: no waiting for the accelerator
    return [grad * factor for grad in grads], norm
