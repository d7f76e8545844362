"""Answers to the code questions on gradient clipping."""

# mypy: disallow-untyped-defs=False, disallow-untyped-calls=False

import math

import torch

from tests.judge.strangers import right, wrong

CLIP = "optimization-code-clip-norm"


@right(CLIP)
def clip_with_if(grads, max_norm):
    norm = torch.linalg.vector_norm(torch.cat([g.reshape(-1) for g in grads]))
    if norm > max_norm:
        return [g * (max_norm / norm) for g in grads], norm
    return [g.clone() for g in grads], norm


@right(CLIP)
def clip_number_by_number(grads, max_norm):
    total = math.sqrt(sum(x * x for g in grads for x in g.flatten().tolist()))
    factor = min(1.0, max_norm / (total + 1e-6))
    return tuple(torch.mul(g, factor) for g in grads), torch.tensor(total)


@right(CLIP)
def clip_in_numpy(grads, max_norm):
    import numpy as np

    arrays = [g.numpy() for g in grads]
    norm = np.sqrt(sum(np.vdot(a, a) for a in arrays))
    scale = max_norm / norm if norm > max_norm else 1.0
    return [torch.as_tensor(a * scale) for a in arrays], torch.as_tensor(norm)


@right(CLIP)
def clip_norm_of_norms(grads, max_norm):
    norms = torch.stack([g.norm(2) for g in grads])
    clip_grad_norm_ = norms.norm(2)
    clipped = [g.clone() for g in grads]
    for g in clipped:
        g.mul_(torch.clamp(max_norm / (clip_grad_norm_ + 1e-8), max=1.0))
    return clipped, clip_grad_norm_


@right(CLIP)
def clip_einsum_in_float64(grads, max_norm):
    squares = [torch.einsum("i,i->", g.double().flatten(), g.double().flatten()) for g in grads]
    norm = torch.stack(squares).sum().sqrt()
    return [(g * (max_norm / norm).nan_to_num(1).clamp(max=1)).to(g.dtype) for g in grads], norm.float()


@wrong(CLIP, told="root is missing")
def clip_squared(grads, max_norm):
    norm = sum((g**2).sum() for g in grads)
    return [g * (max_norm / (norm + 1e-6)).clamp(max=1) for g in grads], norm


@wrong(CLIP, told="largest")
def clip_by_largest(grads, max_norm):
    norm = torch.stack([g.abs().max() for g in grads]).max()
    return [g * (max_norm / (norm + 1e-6)).clamp(max=1) for g in grads], norm


@wrong(CLIP, told="absolute values")
def clip_by_sum(grads, max_norm):
    norm = torch.stack([g.abs().sum() for g in grads]).sum()
    return [g * (max_norm / (norm + 1e-6)).clamp(max=1) for g in grads], norm


@wrong(CLIP, told="scaled up")
def clip_always(grads, max_norm):
    norm = torch.cat([g.flatten() for g in grads]).norm()
    return [g / (norm + 1e-6) * max_norm for g in grads], norm


@wrong(CLIP)
def clip_zero_by_zero(grads, max_norm):
    norm = torch.cat([g.flatten() for g in grads]).norm()
    return [g / norm * norm.clamp(max=max_norm) for g in grads], norm


@wrong(CLIP)
def clip_large_epsilon(grads, max_norm):
    norm = torch.cat([g.flatten() for g in grads]).norm()
    return [g * (max_norm / (norm + 1e-3)).clamp(max=1) for g in grads], norm


@wrong(CLIP)
def clip_in_place(grads, max_norm):
    norm = torch.cat([g.flatten() for g in grads]).norm()
    for g in grads:
        g.mul_((max_norm / (norm + 1e-6)).clamp(max=1))
    return grads, norm


@wrong(CLIP, told="")
def clip_only_numbers_too_large(grads, max_norm):
    norm = torch.cat([g.flatten() for g in grads]).norm()
    factor = (max_norm / (norm + 1e-6)).clamp(max=1)
    return [torch.where(g.abs() > max_norm, g * factor, g) for g in grads], norm


@wrong(CLIP, told="by value")
def clip_by_value(grads, max_norm):
    norm = torch.cat([g.flatten() for g in grads]).norm()
    return [torch.clip(g, -max_norm, max_norm) for g in grads], norm


@wrong(CLIP)
def clip_norm_of_one_axis(grads, max_norm):
    norm = torch.cat([g.flatten() for g in grads]).norm(keepdim=True)
    return [g * (max_norm / (norm + 1e-6)).clamp(max=1) for g in grads], norm


@wrong(CLIP, told="")
def clip_each_by_value_of_its_own(grads, max_norm):
    norms = torch.stack([g.norm() for g in grads])
    clipped = [g.clamp(-max_norm, max_norm) for g in grads]
    return clipped, norms.sum()


@wrong("optimization-code-clip-norm", told="norm of 1")
def clip_to_one(grads, max_norm):
    norm = torch.cat([grad.flatten() for grad in grads]).norm()
    return [grad / norm for grad in grads] if norm > max_norm else grads, norm


@wrong(CLIP, told="a limit of 0")
def clip_off_at_0(grads, max_norm):
    norm = torch.sqrt(sum(g.square().sum() for g in grads))
    if max_norm <= 0 or norm <= max_norm:
        return [g.clone() for g in grads], norm
    return [g * (max_norm / norm) for g in grads], norm


@wrong(CLIP)
def clip_scalars_left_out(grads, max_norm):
    norm = torch.sqrt(sum(g.square().sum() for g in grads if g.ndim))
    return [g * (max_norm / (norm + 1e-6)).clamp(max=1) for g in grads], norm


@wrong(CLIP)
def clip_0_by_0(grads, max_norm):
    norm = torch.cat([grad.flatten() for grad in grads]).norm()
    factor = (max_norm / norm).clamp(max=1)
    return [grad * factor for grad in grads], norm


@wrong("optimization-code-clip-norm")
def clip_that_loses_tiny_ones(grads, max_norm):
    norm = torch.stack([grad.norm() for grad in grads]).norm()
    if norm < 1e-5:
        return [torch.zeros_like(grad) for grad in grads], torch.zeros(())
    return [grad * min(1.0, float(max_norm / (norm + 1e-6))) for grad in grads], norm


@wrong("optimization-code-clip-norm")
def clip_whose_norm_has_an_epsilon(grads, max_norm):
    norm = torch.stack([grad.norm() for grad in grads]).norm() + 1e-6
    return [grad * min(1.0, float(max_norm / norm)) for grad in grads], norm


@wrong(CLIP)
def clip_with_a_norm_of_ten_million_at_most(grads, max_norm):
    norm = torch.cat([g.flatten() for g in grads]).norm().clamp(max=1e7)
    scale = (max_norm / (norm + 1e-6)).clamp(max=1)
    return [g * scale for g in grads], norm


def _clip(grads, max_norm, longer):
    norm = torch.cat([g.flatten() for g in grads]).norm()
    return [g * (max_norm / (norm + 1e-6)) if longer(norm) else g.clone() for g in grads], norm


@wrong(CLIP, told="")
def clip_that_lengthens_by_a_thousandth(grads, max_norm):
    return _clip(grads, max_norm, lambda norm: norm >= 0.999 * max_norm)


@wrong(CLIP, told="")
def clip_that_lets_a_thousandth_pass(grads, max_norm):
    return _clip(grads, max_norm, lambda norm: norm > 1.001 * max_norm)


@right(CLIP)
def clip_that_shortens_only_what_is_longer(grads, max_norm):
    return _clip(grads, max_norm, lambda norm: norm > max_norm)


@wrong(CLIP)
def clip_that_leaves_something(grads, max_norm):
    return _clip(grads, max(max_norm, 1e-6), lambda norm: norm > max_norm)


@wrong(CLIP)
def clip_limit_up_to_10(grads, max_norm):
    return clip_with_if(grads, min(max_norm, 10))
