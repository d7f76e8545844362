"""Answers to the code questions on optimizers."""

# mypy: disallow-untyped-defs=False, disallow-untyped-calls=False

import math

import torch

from tests.judge.strangers import right, wrong

SGD, ADAM, ADAMW = "optimization-code-sgd-momentum", "optimization-code-adam", "optimization-code-adamw"


# SGD with momentum


@right(SGD)
def sgd_after_the_source(param, grad, momentum_buffer, lr, momentum=0.9, weight_decay=0.0):
    d_p = grad.clone()
    if weight_decay != 0:
        d_p = d_p.add(param, alpha=weight_decay)
    if momentum_buffer is None:
        buf = torch.clone(d_p).detach()
    else:
        buf = momentum_buffer.clone().mul_(momentum).add_(d_p)
    return param.add(buf, alpha=-lr), buf


@right(SGD)
def sgd_number_by_number(param, grad, momentum_buffer, lr, momentum=0.9, weight_decay=0.0):
    old = [0.0] * param.numel() if momentum_buffer is None else momentum_buffer.flatten().tolist()
    sgd = [
        momentum * v + g + weight_decay * w
        for v, g, w in zip(old, grad.flatten().tolist(), param.flatten().tolist(), strict=True)
    ]
    new = [w - lr * v for w, v in zip(param.flatten().tolist(), sgd, strict=True)]
    return [torch.tensor(new).reshape(param.shape), torch.tensor(sgd).reshape(param.shape)]


@right(SGD)
def sgd_in_numpy(param, grad, momentum_buffer, lr, momentum=0.9, weight_decay=0.0):
    w, g = param.numpy(), grad.numpy()
    v = 0 * w if momentum_buffer is None else momentum_buffer.numpy()
    v = momentum * v + (g + weight_decay * w)
    return torch.as_tensor(w - lr * v), torch.as_tensor(v)


@right(SGD)
def sgd_lerped(param, grad, momentum_buffer, lr, momentum=0.9, weight_decay=0.0):
    with torch.no_grad():
        g = torch.add(grad.float(), param.float(), alpha=weight_decay)
        v = (
            g
            if momentum_buffer is None
            else torch.addcmul(g, momentum_buffer.float(), torch.tensor(momentum))
        )
        return (param.float() - v.mul(lr), v)


@wrong(SGD, told="Nesterov")
def sgd_nesterov(param, grad, momentum_buffer, lr, momentum=0.9, weight_decay=0.0):
    g = grad + weight_decay * param
    v = g if momentum_buffer is None else momentum * momentum_buffer + g
    return param - lr * (g + momentum * v), v


@wrong(SGD, told="within the velocity")
def sgd_cs231n(param, grad, momentum_buffer, lr, momentum=0.9, weight_decay=0.0):
    v = torch.zeros_like(param) if momentum_buffer is None else momentum_buffer
    v = momentum * v - lr * (grad + weight_decay * param)
    return param + v, v


@wrong(SGD, told="1 − μ")
def sgd_damped_after_the_first(param, grad, momentum_buffer, lr, momentum=0.9, weight_decay=0.0):
    g = grad + weight_decay * param
    v = g if momentum_buffer is None else momentum * momentum_buffer + (1 - momentum) * g
    return param - lr * v, v


@wrong(SGD, told="weight_decay is not used")
def sgd_without_decay(param, grad, momentum_buffer, lr, momentum=0.9, weight_decay=0.0):
    v = grad if momentum_buffer is None else momentum * momentum_buffer + grad
    return param - lr * v, v


@wrong(SGD)
def sgd_in_place(param, grad, momentum_buffer, lr, momentum=0.9, weight_decay=0.0):
    g = grad + weight_decay * param
    v = g if momentum_buffer is None else momentum_buffer.mul_(momentum).add_(g)
    return param - lr * v, v


@wrong(SGD, told="")
def sgd_other_default(param, grad, momentum_buffer, lr, momentum=0.95, weight_decay=0.0):
    g = grad + weight_decay * param
    v = g if momentum_buffer is None else momentum * momentum_buffer + g
    return param - lr * v, v


@wrong(SGD, told="not multiplied by the learning rate")
def sgd_decay_without_rate(param, grad, momentum_buffer, lr, momentum=0.9, weight_decay=0.0):
    v = grad if momentum_buffer is None else momentum * momentum_buffer + grad
    return (1 - weight_decay) * param - lr * v, v


@wrong(SGD, told="")
def sgd_decays_from_the_second_step_on(param, grad, momentum_buffer, lr, momentum=0.9, weight_decay=0.0):
    if momentum_buffer is None:
        return param - lr * grad, grad
    v = momentum * momentum_buffer + grad + weight_decay * param
    return param - lr * v, v


@wrong(SGD, told="")
def sgd_clipped(param, grad, momentum_buffer, lr, momentum=0.9, weight_decay=0.0):
    g = grad.clamp(-100, 100) + weight_decay * param
    v = g if momentum_buffer is None else momentum * momentum_buffer + g
    return param - lr * v, v


@wrong(SGD, told="")
def sgd_two_mistakes(param, grad, momentum_buffer, lr, momentum=0.9, weight_decay=0.0):
    v = torch.zeros_like(param) if momentum_buffer is None else momentum_buffer
    v = momentum * v + (1 - momentum) * grad
    return param - lr * v, v


# Adam and AdamW


def _moments(grad, exp_avg, exp_avg_sq, betas):
    return torch.lerp(grad, exp_avg, betas[0]), betas[1] * exp_avg_sq + (1 - betas[1]) * grad * grad


@right(ADAM)
def adam_after_the_source(param, grad, exp_avg, exp_avg_sq, step, lr=1e-3, betas=(0.9, 0.999), eps=1e-8):
    beta1, beta2 = betas
    adam = exp_avg.clone().lerp_(grad, 1 - beta1)
    adam_sq = exp_avg_sq.clone().mul_(beta2).addcmul_(grad, grad, value=1 - beta2)
    denom = (adam_sq.sqrt() / (1 - beta2**step) ** 0.5).add_(eps)
    return torch.addcdiv(param, adam, denom, value=-lr / (1 - beta1**step)), adam, adam_sq


@right(ADAM)
def adam_number_by_number(param, grad, exp_avg, exp_avg_sq, step, lr=1e-3, betas=(0.9, 0.999), eps=1e-8):
    b1, b2 = betas
    new, ms, vs = [], [], []
    numbers = (t.double().flatten().tolist() for t in (param, grad, exp_avg, exp_avg_sq))
    for w, g, m, v in zip(*numbers, strict=True):
        m, v = b1 * m + (1 - b1) * g, b2 * v + (1 - b2) * g * g
        new.append(w - lr * (m / (1 - math.pow(b1, step))) / (math.sqrt(v / (1 - b2**step)) + eps))
        ms.append(m)
        vs.append(v)
    return [torch.tensor(values).reshape(param.shape) for values in (new, ms, vs)]


@right(ADAM)
def adam_in_numpy(param, grad, exp_avg, exp_avg_sq, step, lr=1e-3, betas=(0.9, 0.999), eps=1e-8):
    import numpy as np

    w, g, m, v = (t.numpy().astype(np.float64) for t in (param, grad, exp_avg, exp_avg_sq))
    m = betas[0] * m + (1 - betas[0]) * g
    v = betas[1] * v + (1 - betas[1]) * np.square(g)
    update = lr * (m / (1 - betas[0] ** step)) / (np.sqrt(v / (1 - betas[1] ** step)) + eps)
    return tuple(torch.from_numpy(np.asarray(a)) for a in (w - update, m, v))


@right(ADAM)
def adam_rescaled(param, grad, exp_avg, exp_avg_sq, step, lr=1e-3, betas=(0.9, 0.999), eps=1e-8):
    m, v = _moments(grad, exp_avg, exp_avg_sq, betas)
    root = (1 - betas[1] ** step) ** 0.5
    # as in section 2 of the paper, with its ε̂ = ε √(1 − β₂ᵗ)
    return param - lr * root / (1 - betas[0] ** step) * m / (v.sqrt() + eps * root), m, v


@wrong(ADAM, told="")
def adam_other_rate(param, grad, exp_avg, exp_avg_sq, step, lr=1e-2, betas=(0.9, 0.999), eps=1e-8):
    return adam_rescaled(param, grad, exp_avg, exp_avg_sq, step, lr, betas, eps)


@wrong(ADAM, told="")
def adam_other_betas(param, grad, exp_avg, exp_avg_sq, step, lr=1e-3, betas=(0.9, 0.99), eps=1e-8):
    return adam_rescaled(param, grad, exp_avg, exp_avg_sq, step, lr, betas, eps)


@wrong(ADAM, told="")
def adam_other_epsilon(param, grad, exp_avg, exp_avg_sq, step, lr=1e-3, betas=(0.9, 0.999), eps=1e-7):
    return adam_rescaled(param, grad, exp_avg, exp_avg_sq, step, lr, betas, eps)


@wrong(ADAM, told="eps is not used")
def adam_own_epsilon(param, grad, exp_avg, exp_avg_sq, step, lr=1e-3, betas=(0.9, 0.999), eps=1e-8):
    return adam_rescaled(param, grad, exp_avg, exp_avg_sq, step, lr, betas, 1e-8)


@wrong(ADAM, told="uncorrected")
def adam_epsilon_hat(param, grad, exp_avg, exp_avg_sq, step, lr=1e-3, betas=(0.9, 0.999), eps=1e-8):
    m, v = _moments(grad, exp_avg, exp_avg_sq, betas)
    rate = lr * (1 - betas[1] ** step) ** 0.5 / (1 - betas[0] ** step)
    return param - rate * m / (v.sqrt() + eps), m, v


@wrong(ADAM, told="swapped")
def adam_betas_swapped(param, grad, exp_avg, exp_avg_sq, step, lr=1e-3, betas=(0.9, 0.999), eps=1e-8):
    beta2, beta1 = betas
    return adam_rescaled(param, grad, exp_avg, exp_avg_sq, step, lr, (beta1, beta2), eps)


@wrong(ADAM, told="under the root")
def adam_epsilon_inside(param, grad, exp_avg, exp_avg_sq, step, lr=1e-3, betas=(0.9, 0.999), eps=1e-8):
    m, v = _moments(grad, exp_avg, exp_avg_sq, betas)
    return param - lr * m / (1 - betas[0] ** step) * (v / (1 - betas[1] ** step) + eps).rsqrt(), m, v


@wrong(ADAM, told="second average is not corrected")
def adam_first_corrected_only(param, grad, exp_avg, exp_avg_sq, step, lr=1e-3, betas=(0.9, 0.999), eps=1e-8):
    m, v = _moments(grad, exp_avg, exp_avg_sq, betas)
    return param - lr * m / (1 - betas[0] ** step) / (v.sqrt() + eps), m, v


@wrong(ADAM, told="late steps are not corrected")
def adam_corrected_for_ten_steps(
    param, grad, exp_avg, exp_avg_sq, step, lr=1e-3, betas=(0.9, 0.999), eps=1e-8
):
    m, v = _moments(grad, exp_avg, exp_avg_sq, betas)
    if step > 10:
        return param - lr * m / (v.sqrt() + eps), m, v
    return adam_rescaled(param, grad, exp_avg, exp_avg_sq, step, lr, betas, eps)


@wrong(ADAM)
def adam_in_place(param, grad, exp_avg, exp_avg_sq, step, lr=1e-3, betas=(0.9, 0.999), eps=1e-8):
    exp_avg.mul_(betas[0]).add_(grad, alpha=1 - betas[0])
    exp_avg_sq.mul_(betas[1]).addcmul_(grad, grad, value=1 - betas[1])
    denom = (exp_avg_sq / (1 - betas[1] ** step)).sqrt() + eps
    return param - lr * exp_avg / (1 - betas[0] ** step) / denom, exp_avg, exp_avg_sq


@wrong(ADAM, told="gradient is not squared")
def adam_absolute(param, grad, exp_avg, exp_avg_sq, step, lr=1e-3, betas=(0.9, 0.999), eps=1e-8):
    m = betas[0] * exp_avg + (1 - betas[0]) * grad
    v = betas[1] * exp_avg_sq + (1 - betas[1]) * grad.abs()
    return param - lr * m / (1 - betas[0] ** step) / ((v / (1 - betas[1] ** step)).sqrt() + eps), m, v


@wrong(ADAM, told="")
def adam_two_mistakes(param, grad, exp_avg, exp_avg_sq, step, lr=1e-3, betas=(0.9, 0.999), eps=1e-8):
    m, v = _moments(grad, exp_avg, exp_avg_sq, betas)
    return param - lr * m / (v + eps).sqrt(), m, v


@right(ADAMW)
def adamw_after_the_source(
    param, grad, exp_avg, exp_avg_sq, step, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=1e-2
):
    param = param.clone()
    param.mul_(1 - lr * weight_decay)
    return adam_after_the_source(param, grad, exp_avg, exp_avg_sq, step, lr, betas, eps)


@right(ADAMW)
def adamw_as_in_the_paper(
    param, grad, exp_avg, exp_avg_sq, step, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=1e-2
):
    m, v = _moments(grad, exp_avg, exp_avg_sq, betas)
    m_hat, v_hat = m / (1 - betas[0] ** step), v / (1 - betas[1] ** step)
    return param - lr * (m_hat / (torch.sqrt(v_hat) + eps) + weight_decay * param), m, v


@right(ADAMW)
def adamw_number_by_number(
    param, grad, exp_avg, exp_avg_sq, step, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=1e-2
):
    new, m, v = adam_number_by_number(param, grad, exp_avg, exp_avg_sq, step, lr, betas, eps)
    return new - torch.as_tensor(lr * weight_decay, dtype=new.dtype) * param, m, v


@right(ADAMW)
def adamw_in_numpy(
    param, grad, exp_avg, exp_avg_sq, step, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=1e-2
):
    decayed = param.double() - lr * weight_decay * param.double()
    return adam_in_numpy(decayed, grad, exp_avg, exp_avg_sq, step, lr, betas, eps)


@wrong(ADAMW, told="default of weight_decay")
def adamw_other_decay(
    param, grad, exp_avg, exp_avg_sq, step, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0
):
    return adamw_as_in_the_paper(param, grad, exp_avg, exp_avg_sq, step, lr, betas, eps, weight_decay)


@wrong(ADAMW, told="")
def adamw_other_rate(
    param, grad, exp_avg, exp_avg_sq, step, lr=1e-4, betas=(0.9, 0.999), eps=1e-8, weight_decay=1e-2
):
    return adamw_as_in_the_paper(param, grad, exp_avg, exp_avg_sq, step, lr, betas, eps, weight_decay)


@wrong(ADAMW, told="")
def adamw_other_betas(
    param, grad, exp_avg, exp_avg_sq, step, lr=1e-3, betas=(0.9, 0.95), eps=1e-8, weight_decay=1e-2
):
    return adamw_as_in_the_paper(param, grad, exp_avg, exp_avg_sq, step, lr, betas, eps, weight_decay)


@wrong(ADAMW, told="")
def adamw_other_epsilon(
    param, grad, exp_avg, exp_avg_sq, step, lr=1e-3, betas=(0.9, 0.999), eps=1e-6, weight_decay=1e-2
):
    return adamw_as_in_the_paper(param, grad, exp_avg, exp_avg_sq, step, lr, betas, eps, weight_decay)


@wrong(ADAMW, told="weight_decay is not used")
def adamw_without_decay(
    param, grad, exp_avg, exp_avg_sq, step, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=1e-2
):
    return adam_rescaled(param, grad, exp_avg, exp_avg_sq, step, lr, betas, eps)


@wrong(ADAMW, told="added to the gradient")
def adamw_coupled(
    param, grad, exp_avg, exp_avg_sq, step, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=1e-2
):
    return adam_rescaled(param, grad + weight_decay * param, exp_avg, exp_avg_sq, step, lr, betas, eps)


@wrong(ADAMW, told="under the root")
def adamw_epsilon_inside(
    param, grad, exp_avg, exp_avg_sq, step, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=1e-2
):
    decayed = param * (1 - lr * weight_decay)
    return adam_epsilon_inside(decayed, grad, exp_avg, exp_avg_sq, step, lr, betas, eps)


@wrong(ADAMW, told="swapped")
def adamw_betas_swapped(
    param, grad, exp_avg, exp_avg_sq, step, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=1e-2
):
    decayed = param * (1 - lr * weight_decay)
    return adam_betas_swapped(decayed, grad, exp_avg, exp_avg_sq, step, lr, betas, eps)


@wrong(ADAMW, told="decays after")
def adamw_afterwards(
    param, grad, exp_avg, exp_avg_sq, step, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=1e-2
):
    new, m, v = adam_rescaled(param, grad, exp_avg, exp_avg_sq, step, lr, betas, eps)
    return new - lr * weight_decay * new, m, v


@wrong(ADAMW, told="")
def adamw_coupled_and_uncorrected(
    param, grad, exp_avg, exp_avg_sq, step, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=1e-2
):
    m, v = _moments(grad + weight_decay * param, exp_avg, exp_avg_sq, betas)
    return param - lr * m / (v.sqrt() + eps), m, v


@wrong(SGD)
def sgd_momentum_or_the_default(param, grad, momentum_buffer, lr, momentum=0.9, weight_decay=0.0):
    momentum = momentum or 0.9
    d = grad + weight_decay * param
    v = d if momentum_buffer is None else momentum * momentum_buffer + d
    return param - lr * v, v.clone()


# Settings that are not used, averages that are updated too late or not as averages


def _adam(w, g, m, v, t, lr, betas, eps):
    m, v = betas[0] * m + (1 - betas[0]) * g, betas[1] * v + (1 - betas[1]) * g**2
    return w - lr * m / (1 - betas[0] ** t) / ((v / (1 - betas[1] ** t)).sqrt() + eps), m, v


@wrong(ADAM, told="lr is ignored")
def adam_fixed_rate(param, grad, exp_avg, exp_avg_sq, step, lr=1e-3, betas=(0.9, 0.999), eps=1e-8):
    return _adam(param, grad, exp_avg, exp_avg_sq, step, 1e-3, betas, eps)


@wrong(ADAM, told="betas are ignored")
def adam_fixed_betas(param, grad, exp_avg, exp_avg_sq, step, lr=1e-3, betas=(0.9, 0.999), eps=1e-8):
    return _adam(param, grad, exp_avg, exp_avg_sq, step, lr, (0.9, 0.999), eps)


@wrong(ADAM, told="step is not used")
def adam_always_the_first(param, grad, exp_avg, exp_avg_sq, step, lr=1e-3, betas=(0.9, 0.999), eps=1e-8):
    return _adam(param, grad, exp_avg, exp_avg_sq, 1, lr, betas, eps)


@wrong(ADAM, told="old averages")
def adam_too_late(param, grad, exp_avg, exp_avg_sq, step, lr=1e-3, betas=(0.9, 0.999), eps=1e-8):
    m, v = exp_avg / (1 - betas[0] ** step), exp_avg_sq / (1 - betas[1] ** step)
    return param - lr * m / (v.sqrt() + eps), *_moments(grad, exp_avg, exp_avg_sq, betas)


@wrong(ADAM, told="1 − β are missing")
def adam_adding_up(param, grad, exp_avg, exp_avg_sq, step, lr=1e-3, betas=(0.9, 0.999), eps=1e-8):
    m, v = betas[0] * exp_avg + grad, betas[1] * exp_avg_sq + grad**2
    return param - lr * m / (1 - betas[0] ** step) / ((v / (1 - betas[1] ** step)) ** 0.5 + eps), m, v


@wrong(ADAMW, told="λ is always 0.01")
def adamw_fixed_decay(
    param, grad, exp_avg, exp_avg_sq, step, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=1e-2
):
    return _adam(param * (1 - lr * 0.01), grad, exp_avg, exp_avg_sq, step, lr, betas, eps)


@wrong(ADAMW, told="decays twice")
def adamw_on_top_of_l2(
    param, grad, exp_avg, exp_avg_sq, step, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=1e-2
):
    grad = grad + weight_decay * param
    return _adam(param * (1 - lr * weight_decay), grad, exp_avg, exp_avg_sq, step, lr, betas, eps)


@wrong(SGD, told="momentum is ignored")
def sgd_fixed_momentum(param, grad, momentum_buffer, lr, momentum=0.9, weight_decay=0.0):
    v = grad + weight_decay * param
    v = v if momentum_buffer is None else 0.9 * momentum_buffer + v
    return param - lr * v, v


def _corrected_at_first(w, g, m, v, step, lr, betas, eps):
    """As if a thousand steps were enough for 0.999ᵗ to be gone."""
    m = betas[0] * m + (1 - betas[0]) * g
    v = betas[1] * v + (1 - betas[1]) * g * g
    if step > 1000:
        return w - lr * m / (v.sqrt() + eps), m, v
    m_hat, v_hat = m / (1 - betas[0] ** step), v / (1 - betas[1] ** step)
    return w - lr * m_hat / (v_hat.sqrt() + eps), m, v


@wrong(ADAM)
def adam_corrected_at_first(w, g, m, v, step, lr=1e-3, betas=(0.9, 0.999), eps=1e-8):
    return _corrected_at_first(w, g, m, v, step, lr, betas, eps)


@wrong(ADAMW)
def adamw_corrected_at_first(w, g, m, v, step, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.01):
    return _corrected_at_first(w * (1 - lr * weight_decay), g, m, v, step, lr, betas, eps)


@wrong("optimization-code-adam")
def adam_step_up_to_lr(param, grad, exp_avg, exp_avg_sq, step, lr=1e-3, betas=(0.9, 0.999), eps=1e-8):
    new, m, v = _adam(param, grad, exp_avg, exp_avg_sq, step, lr, betas, eps)
    return param + (new - param).clamp(-lr, lr), m, v


@wrong("optimization-code-adam")
def adam_corrected_for_2500_steps(
    param, grad, exp_avg, exp_avg_sq, step, lr=1e-3, betas=(0.9, 0.999), eps=1e-8
):
    return _adam(param, grad, exp_avg, exp_avg_sq, step if step <= 2500 else 10**9, lr, betas, eps)


@right("optimization-code-adam")
def adam_powers_in_float32(param, grad, exp_avg, exp_avg_sq, step, lr=1e-3, betas=(0.9, 0.999), eps=1e-8):
    return _adam(param, grad, exp_avg, exp_avg_sq, torch.tensor(step), lr, torch.tensor(betas), eps)


@wrong("optimization-code-sgd-momentum", told="")
def sgd_decay_by_default(param, grad, momentum_buffer, lr, momentum=0.9, weight_decay=1e-5):
    g = grad + weight_decay * param
    v = g if momentum_buffer is None else momentum * momentum_buffer + g
    return param - lr * v, v


@wrong("optimization-code-sgd-momentum", told="default of weight_decay")
def sgd_decays_by_default(param, grad, velocity, lr, momentum=0.9, weight_decay=1e-4):
    velocity = (0 if velocity is None else momentum * velocity) + grad + weight_decay * param
    return param - lr * velocity, velocity


@wrong(SGD)
def sgd_plain_without_momentum(param, grad, momentum_buffer, lr, momentum=0.9, weight_decay=0.0):
    if momentum == 0:
        return param - lr * grad, grad.clone()
    return sgd_after_the_source(param, grad, momentum_buffer, lr, momentum, weight_decay)


@wrong(SGD)
def sgd_plain_in_a_later_step(param, grad, momentum_buffer, lr, momentum=0.9, weight_decay=0.0):
    if momentum == 0 and momentum_buffer is not None:
        return param - lr * grad, grad.clone()
    return sgd_after_the_source(param, grad, momentum_buffer, lr, momentum, weight_decay)


@wrong(ADAM, told="late steps are not corrected")
def adam_that_stops_to_correct(param, grad, exp_avg, exp_avg_sq, step, lr=1e-3, betas=(0.9, 0.999), eps=1e-8):
    first, second = betas
    exp_avg = first * exp_avg + (1 - first) * grad
    exp_avg_sq = second * exp_avg_sq + (1 - second) * grad**2
    if step < 1000:
        hat, hat_sq = exp_avg / (1 - first**step), exp_avg_sq / (1 - second**step)
    else:
        hat, hat_sq = exp_avg, exp_avg_sq
    return param - lr * hat / (hat_sq.sqrt() + eps), exp_avg, exp_avg_sq


def _adam_by(move, grad, m, v, step, betas):
    """Adam with this way to move, of the corrected average and of the root."""
    m, v = _moments(grad, m, v, betas)
    return move(m / (1 - betas[0] ** step), (v / (1 - betas[1] ** step)).sqrt()), m, v


@wrong(ADAM, told="the least that the root")
def adam_of_a_least_root(w, g, m, v, step, lr=1e-3, betas=(0.9, 0.999), eps=1e-8):
    return _adam_by(lambda m, root: w - lr * m / root.clamp(min=eps), g, m, v, step, betas)


@wrong(ADAM, told="Nadam")
def adam_with_nesterov(w, g, m, v, step, lr=1e-3, betas=(0.9, 0.999), eps=1e-8):
    def move(m, root):
        return w - lr * (betas[0] * m + (1 - betas[0]) * g / (1 - betas[0] ** step)) / (root + eps)

    return _adam_by(move, g, m, v, step, betas)


@wrong(ADAM, told="Nadam")
def adam_with_nesterov_of_dozat(w, g, m, v, step, lr=1e-3, betas=(0.9, 0.999), eps=1e-8):
    def move(m, root):
        m = m * (1 - betas[0] ** step) / (1 - betas[0] ** (step + 1))
        return w - lr * (betas[0] * m + (1 - betas[0]) * g / (1 - betas[0] ** step)) / (root + eps)

    return _adam_by(move, g, m, v, step, betas)


@wrong(ADAM, told="AMSGrad")
def adam_that_never_forgets(w, g, m, v, step, lr=1e-3, betas=(0.9, 0.999), eps=1e-8):
    new, new_v = _moments(g, m, v, betas)
    new_v = new_v.maximum(v)
    root = (new_v / (1 - betas[1] ** step)).sqrt() + eps
    return w - lr * new / (1 - betas[0] ** step) / root, new, new_v


# Gradients cut off


@wrong(ADAM)
def adam_with_clamped_gradients(
    param, grad, exp_avg, exp_avg_sq, step, lr=1e-3, betas=(0.9, 0.999), eps=1e-8
):
    grad = grad.clamp(-1e6, 1e6)
    m = betas[0] * exp_avg + (1 - betas[0]) * grad
    v = betas[1] * exp_avg_sq + (1 - betas[1]) * grad**2
    return param - lr * m / (1 - betas[0] ** step) / ((v / (1 - betas[1] ** step)).sqrt() + eps), m, v


@wrong(ADAMW)
def adamw_with_clamped_gradients(
    param, grad, exp_avg, exp_avg_sq, step, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=1e-2
):
    grad = grad.clamp(-1e6, 1e6)
    m = betas[0] * exp_avg + (1 - betas[0]) * grad
    v = betas[1] * exp_avg_sq + (1 - betas[1]) * grad**2
    direction = m / (1 - betas[0] ** step) / ((v / (1 - betas[1] ** step)).sqrt() + eps)
    return (1 - lr * weight_decay) * param - lr * direction, m, v


@wrong(ADAM, told="betas are swapped")
def adam_with_swapped_betas(param, grad, exp_avg, exp_avg_sq, step, lr=1e-3, betas=(0.9, 0.999), eps=1e-8):
    b2, b1 = betas
    m = b1 * exp_avg + (1 - b1) * grad
    v = b2 * exp_avg_sq + (1 - b2) * grad**2
    return param - lr * m / (1 - b1**step) / ((v / (1 - b2**step)).sqrt() + eps), m, v


# Settings replaced or held within bounds


def _sgd_of(name, settings):
    @wrong(SGD)
    def step(param, grad, momentum_buffer, lr, momentum=0.9, weight_decay=0.0):
        return sgd_after_the_source(param, grad, momentum_buffer, *settings(lr, momentum, weight_decay))

    step.__name__ = name


_sgd_of("sgd_lr_or_a_tenth", lambda lr, mu, decay: (lr or 0.1, mu, decay))
_sgd_of("sgd_lr_up_to_1", lambda lr, mu, decay: (min(lr, 1), mu, decay))
_sgd_of("sgd_momentum_up_to_0_9", lambda lr, mu, decay: (lr, min(mu, 0.9), decay))
_sgd_of("sgd_decay_up_to_1", lambda lr, mu, decay: (lr, mu, min(decay, 1)))


def _adam_of(name, settings):
    @wrong(ADAM)
    def step(w, g, m, v, step, lr=1e-3, betas=(0.9, 0.999), eps=1e-8):
        return _adam(w, g, m, v, step, *settings(lr, betas, eps))

    @wrong(ADAMW)
    def step_w(w, g, m, v, step, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.01):
        lr, betas, eps = settings(lr, betas, eps)
        return _adam(w * (1 - lr * weight_decay), g, m, v, step, lr, betas, eps)

    step.__name__, step_w.__name__ = f"adam_{name}", f"adamw_{name}"


_adam_of("lr_or_the_default", lambda lr, betas, eps: (lr or 1e-3, betas, eps))
_adam_of("lr_of_1e_4_at_least", lambda lr, betas, eps: (max(lr, 1e-4), betas, eps))
_adam_of("lr_up_to_1", lambda lr, betas, eps: (min(lr, 1), betas, eps))
_adam_of("eps_or_the_default", lambda lr, betas, eps: (lr, betas, eps or 1e-8))
_adam_of("first_beta_or_the_default", lambda lr, betas, eps: (lr, (betas[0] or 0.9, betas[1]), eps))
_adam_of("second_beta_or_the_default", lambda lr, betas, eps: (lr, (betas[0], betas[1] or 0.999), eps))
_adam_of("betas_of_a_tenth_at_least", lambda lr, betas, eps: (lr, tuple(max(b, 0.1) for b in betas), eps))


@wrong(ADAMW)
def adamw_decay_up_to_one_half(w, g, m, v, step, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.01):
    return _adam(w * (1 - lr * min(weight_decay, 0.5)), g, m, v, step, lr, betas, eps)


@wrong(ADAM, told="late steps are not corrected")
def adam_corrected_for_100_000_steps(w, g, m, v, step, lr=1e-3, betas=(0.9, 0.999), eps=1e-8):
    return _adam(w, g, m, v, step if step <= 100_000 else 10**9, lr, betas, eps)
