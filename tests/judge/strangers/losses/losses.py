"""Answers to the code questions on losses."""

# mypy: disallow-untyped-defs=False, disallow-untyped-calls=False

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from tests.judge.strangers import right, wrong

# Softmax


@right("losses-code-softmax")
def softmax_by_numpy_rules(z, dim=-1):
    top, _ = torch.max(z, dim=dim, keepdim=True)
    e = torch.exp(z - top)
    return e / torch.sum(e, dim, keepdim=True)


@right("losses-code-softmax")
def softmax_logsumexp(x, dim=-1):
    return (x - torch.logsumexp(x, dim, keepdim=True)).exp()


@right("losses-code-softmax")
def softmax_detached_maximum(input, dim=-1):
    e = (input - input.max(dim, keepdim=True).values.detach()).exp()
    return torch.div(e, torch.sum(e, dim=dim, keepdim=True))


@right("losses-code-softmax")
def softmax_transposed_in_place(input, dim=-1):
    z = input.transpose(dim, -1)
    z = z - z.max(-1)[0].unsqueeze(-1)
    z = z.exp()
    z = z / z.sum(-1)[..., None]
    return z.transpose(dim, -1).contiguous()


@right("losses-code-softmax")
def softmax_row_by_row(input, dim=-1):
    rows = torch.movedim(input, dim, -1)
    flat = rows.reshape(-1, rows.shape[-1])
    out = []
    for row in flat:
        e = torch.exp(row - max(row.tolist()))
        out.append(e / e.sum())
    return torch.movedim(torch.stack(out).reshape(rows.shape), -1, dim)


@right("losses-code-softmax")
def softmax_one_over_sums_of_differences(input, dim=-1):
    z = input.movedim(dim, -1)
    shifted = z - z.amax(-1, keepdim=True)
    return (shifted.double().exp() / shifted.double().exp().sum(-1, True)).to(input.dtype).movedim(-1, dim)


@wrong("losses-code-softmax", told="no maximum is subtracted")
def softmax_unshifted(input, dim=-1):
    e = torch.exp(input)
    return e / e.sum(dim, keepdim=True)


@wrong("losses-code-softmax", told="")
def softmax_in_float32(input: Tensor, dim: int = -1) -> Tensor:
    e = (input.float() - input.float().amax(dim, keepdim=True)).exp()
    return (e / e.sum(dim, keepdim=True)).to(input.dtype)


@wrong("losses-code-softmax", told="maximum of the whole tensor")
def softmax_max_of_all(x, dim=-1):
    x = x - x.max()
    return x.exp() / x.exp().sum(dim=dim, keepdim=True)


@wrong("losses-code-softmax", told="mean is subtracted")
def softmax_minus_mean(x, dim=-1):
    x = x - x.mean(dim, keepdim=True)
    return x.exp() / x.exp().sum(dim=dim, keepdim=True)


@wrong("losses-code-softmax", told="logits are clamped")
def softmax_clamped(x, dim=-1):
    e = x.clamp(-80, 80).exp()
    return e / e.sum(dim, keepdim=True)


@wrong("losses-code-softmax", told="")
def softmax_clamped_far_out(x, dim=-1):
    x = x.clamp(-1e4, 1e4)
    e = (x - x.amax(dim, keepdim=True)).exp()
    return e / e.sum(dim, keepdim=True)


@wrong("losses-code-softmax", told="dim is ignored")
def softmax_last(x, dim=-1):
    e = (x - x.max(-1, keepdim=True)[0]).exp()
    return e / e.sum(-1, keepdim=True)


@wrong("losses-code-softmax", told="added to the denominator")
def softmax_with_epsilon(x, dim=-1):
    e = (x - x.max(dim, keepdim=True)[0]).exp()
    return e / (e.sum(dim, keepdim=True) + 1e-6)


@wrong("losses-code-softmax")
def softmax_detached(x, dim=-1):
    a = x.detach().numpy()
    e = np.exp(a - a.max(dim, keepdims=True))
    return torch.from_numpy(e / e.sum(dim, keepdims=True))


@wrong("losses-code-softmax", told="")
def softmax_nan_to_zero(x, dim=-1):
    e = x.exp()
    return (e / e.sum(dim, keepdim=True)).nan_to_num(0.0)


@wrong("losses-code-softmax", told="")
def softmax_minus_a_thousand(x, dim=-1):
    e = (x - 1000).exp()
    return e / e.sum(dim, keepdim=True)


# Cross-entropy


@right("losses-code-cross-entropy")
def cross_entropy_logsumexp(input, target):
    return (input.logsumexp(1) - input[torch.arange(len(input)), target]).mean()


@right("losses-code-cross-entropy")
def cross_entropy_loop(logits, labels):
    losses = []
    for row, label in zip(logits, labels.tolist(), strict=True):
        top = row.max()
        losses.append(top + (row - top).exp().sum().log() - row[label])
    return sum(losses) / len(losses)


@right("losses-code-cross-entropy")
def cross_entropy_one_hot_in_float64(x, y):
    z = x.double()
    z = z - z.max(1, keepdim=True).values
    picked = (z * F.one_hot(y, x.shape[1])).sum(1)
    return (torch.log(torch.exp(z).sum(1)) - picked).mean().to(x.dtype)


@right("losses-code-cross-entropy")
def cross_entropy_differences(input, target):
    d = input - input.gather(1, target.unsqueeze(1))
    return torch.einsum("n->", torch.logsumexp(d, -1)) / input.size(0)


@right("losses-code-cross-entropy")
def cross_entropy_in_float32(input, target):
    z = input.float().clone()
    z -= z.detach().amax(1, keepdim=True)
    return torch.take_along_dim(torch.logsumexp(z, 1, keepdim=True) - z, target[:, None], 1).mean()


@wrong("losses-code-cross-entropy", told="maximum of the whole tensor")
def cross_entropy_one_maximum(input, target):
    z = input - input.max()
    return (z.exp().sum(1).log() - z[torch.arange(len(z)), target]).mean()


@wrong("losses-code-cross-entropy", told="logarithm of a finished softmax")
def cross_entropy_float64_log_of_softmax(input, target):
    p = torch.softmax(input.double(), 1)
    return -p[torch.arange(len(p)), target].log().mean().to(input.dtype)


@wrong("losses-code-cross-entropy", told="logarithm of a finished softmax")
def cross_entropy_log_of_own_softmax(input, target):
    e = (input - input.amax(1, keepdim=True)).exp()
    p = e / e.sum(1, keepdim=True)
    return -torch.log(p[range(len(p)), target]).mean()


@wrong("losses-code-cross-entropy", told="summed over the batch")
def cross_entropy_sum(input, target):
    return (input.logsumexp(1) - input[torch.arange(len(input)), target]).sum()


@wrong("losses-code-cross-entropy", told="no maximum is subtracted")
def cross_entropy_unshifted(x, y):
    return torch.mean(torch.log(torch.sum(torch.exp(x), 1)) - x[torch.arange(len(y)), y])


@wrong("losses-code-cross-entropy", told="caps the loss")
def cross_entropy_clamped(x, y):
    p = torch.softmax(x, 1).clamp(min=1e-12)
    return -p[torch.arange(len(y)), y].log().mean()


@wrong("losses-code-cross-entropy", told="softmax twice")
def cross_entropy_of_probabilities(x, y):
    p = x.softmax(1)
    return (p.logsumexp(1) - p[torch.arange(len(y)), y]).mean()


@wrong("losses-code-cross-entropy", told="sign")
def cross_entropy_sign(x, y):
    return (x[torch.arange(len(y)), y] - x.logsumexp(1)).mean()


@wrong("losses-code-cross-entropy", told="over the batch")
def cross_entropy_over_batch(x, y):
    return (x.logsumexp(0) - x)[torch.arange(len(y)), y].mean()


@wrong("losses-code-cross-entropy", told="")
def cross_entropy_capped(x, y):
    return (x.logsumexp(1) - x[torch.arange(len(y)), y]).clamp(max=1e4).mean()


@wrong("losses-code-cross-entropy")
def cross_entropy_without_gradient(x, y):
    with torch.no_grad():
        return (x.logsumexp(1) - x[torch.arange(len(y)), y]).mean()


# Binary cross-entropy


@right("losses-code-bce-with-logits")
def bce_where_twice(input, target):
    positive = input > 0
    down = torch.where(positive, -input, input)
    return (torch.where(positive, input, torch.zeros_like(input)) + (1 + down.exp()).log()).sub(
        target * input
    ).sum() / input.numel()


@right("losses-code-bce-with-logits")
def bce_logsumexp(z, y):
    both = torch.stack([torch.zeros_like(z), z])
    return (torch.logsumexp(both, 0) - y * z).mean()


@right("losses-code-bce-with-logits")
def bce_masks(z, y):
    z, y = z.flatten(), y.flatten()
    up, down = z >= 0, z < 0
    total = ((1 - y[up]) * z[up] + torch.log1p(torch.exp(-z[up]))).sum()
    total = total + (torch.log1p(torch.exp(z[down])) - y[down] * z[down]).sum()
    return total / len(z)


@right("losses-code-bce-with-logits")
def bce_stable_sum(z, y):
    m = z.detach().clamp(min=0)
    return (m + ((-m).exp() + (z - m).exp()).log() - z * y).mean()


class _Loss(torch.autograd.Function):
    @staticmethod
    def forward(ctx, z, y):
        ctx.save_for_backward(z, y)
        return (z.clamp(min=0) + torch.log1p((-z.abs()).exp()) - z * y).mean()

    @staticmethod
    def backward(ctx, grad):
        z, y = ctx.saved_tensors
        return grad * (z.sigmoid() - y) / z.numel(), -grad * z / z.numel()


@right("losses-code-bce-with-logits")
def bce_own_backward(input, target):
    return _Loss.apply(input, target)


@wrong("losses-code-bce-with-logits", told="where computes both branches")
def bce_where(input, target):
    return (
        torch.where(input > 0, input + (-input).exp().log1p(), input.exp().log1p()) - target * input
    ).mean()


@wrong("losses-code-bce-with-logits", told="slope at z = 0")
def bce_as_in_old_documentation(input, target):
    return (input.clamp(min=0) - input * target + (1 + (-input.abs()).exp()).log()).mean()


@wrong("losses-code-bce-with-logits", told="slope at z = 0")
def bce_relu(x, y):
    return torch.mean(torch.relu(x) - x * y + torch.log(1 + torch.exp(-torch.abs(x))))


@wrong("losses-code-bce-with-logits", told="sigmoid first")
def bce_by_sigmoid(x, y):
    p = 1 / (1 + torch.exp(-x))
    return -(y * torch.log(p) + (1 - y) * torch.log(1 - p)).mean()


@wrong("losses-code-bce-with-logits", told="caps the loss")
def bce_with_epsilon(x, y):
    p, eps = torch.sigmoid(x), 1e-7
    return -(y * torch.log(p + eps) + (1 - y) * torch.log(1 - p + eps)).mean()


@wrong("losses-code-bce-with-logits", told="summed")
def bce_summed(input, target):
    m = torch.maximum(input, torch.zeros_like(input))
    return (m + (-input.abs()).exp().log1p() - target * input).sum()


@wrong("losses-code-bce-with-logits", told="exp of the logit itself")
def bce_overflowing(x, y):
    return (torch.log(1 + torch.exp(x)) - y * x).mean()


@wrong("losses-code-bce-with-logits")
def bce_of_targets_rounded(x, y):
    sign = torch.where(y > 0.5, -x, x)
    return torch.logsumexp(torch.stack([torch.zeros_like(sign), sign]), 0).mean()


@wrong("losses-code-bce-with-logits")
def bce_over_the_first_axis(x, y):
    m = torch.maximum(x, torch.zeros_like(x))
    return (m + (-x.abs()).exp().log1p() - y * x).mean(0)


@wrong("losses-code-bce-with-logits")
def bce_capped_at_a_hundred(x, y):
    p = x.sigmoid()
    return -(y * p.log().clamp(min=-100) + (1 - y) * (1 - p).log().clamp(min=-100)).mean()


# Gradients that nobody needs, finite numbers in the place of −∞


@right("losses-code-bce-with-logits")
def bce_target_detached(input, target):
    positive = torch.maximum(input, torch.zeros_like(input)) + torch.log1p((-input.abs()).exp())
    return (positive - target.detach() * input).mean()


@right("losses-code-cross-entropy")
def cross_entropy_of_differences(input, target):
    d = input - input.gather(1, target[:, None])
    return torch.logsumexp(d, 1).mean()


@wrong("losses-code-cross-entropy")
def cross_entropy_of_small_indices(input, target):
    return cross_entropy_of_differences(input, target.to(torch.int8).long() % input.shape[1])


def _shifted(x: Tensor, dim: int) -> Tensor:
    e = (x - x.amax(dim, keepdim=True)).exp()
    return e / e.sum(dim, keepdim=True)


@wrong("losses-code-softmax")
def softmax_ten_thousand_for_infinity(input, dim=-1):
    return _shifted(input.masked_fill(input == float("-inf"), -1e4), dim)


@wrong("losses-code-softmax")
def softmax_clamped_below(input, dim=-1):
    return _shifted(input.clamp(min=-1e9), dim)


@wrong("losses-code-softmax")
def softmax_least_number_for_infinity(input, dim=-1):
    return _shifted(input.nan_to_num(neginf=torch.finfo(input.dtype).min), dim)


@wrong("losses-code-softmax")
def softmax_exponents_clamped(input, dim=-1):
    e = (input - input.amax(dim, keepdim=True)).clamp(min=-11).exp()
    return e / e.sum(dim, keepdim=True)


@wrong("losses-code-softmax", told="in place of the maximum")
def softmax_epsilon_against_overflow(input, dim=-1):
    e = input.exp()
    return e / (e.sum(dim, keepdim=True) + 1e-8)


@wrong("losses-code-softmax", told="cut out of the graph")
def softmax_constant_sum(input, dim=-1):
    e = (input - input.amax(dim, keepdim=True)).exp()
    with torch.no_grad():
        total = e.sum(dim, keepdim=True)
    return e / total


@wrong("losses-code-cross-entropy", told="exp of the bare logits")
def cross_entropy_as_in_a_lecture(input, target):
    p = torch.exp(input) / torch.exp(input).sum(1, keepdim=True)
    return -torch.log(p[range(len(target)), target]).mean()


@wrong("losses-code-cross-entropy", told="cut out of the graph")
def cross_entropy_constant_sum(input, target):
    z = input - input.amax(1, keepdim=True)
    return (z.exp().sum(1).log().detach() - z[range(len(target)), target]).mean()


@wrong("losses-code-cross-entropy", told="lacks the m")
def cross_entropy_maximum_lost(input, target):
    top = input.amax(1, keepdim=True)
    return (torch.exp(input - top).sum(1).log() - input[range(len(target)), target]).mean()


@wrong("losses-code-bce-with-logits", told="clamped at −100")
def bce_as_nn_bce_loss(input, target):
    p = torch.sigmoid(input)
    yes, no = torch.clamp(torch.log(p), min=-100), torch.clamp(torch.log(1 - p), min=-100)
    return -(target * yes + (1 - target) * no).mean()


@wrong("losses-code-bce-with-logits", told="size of the batch alone")
def bce_by_examples(input, target):
    top = torch.maximum(input, torch.zeros_like(input))
    soft = top + torch.log(torch.exp(-top) + torch.exp(input - top))
    return (soft - input * target).sum() / input.size(0)


@wrong("losses-code-bce-with-logits", told="exp of the logit itself")
def bce_of_the_other_sign(input, target):
    return (torch.log(1 + torch.exp(-input)) + input * (1 - target)).mean()


@wrong("losses-code-softmax")
def softmax_back_to_float16_alone(z, dim=-1):
    x = z if z.dtype == torch.float64 else z.float()
    e = (x - x.amax(dim, keepdim=True)).exp()
    p = e / e.sum(dim, keepdim=True)
    return p.half() if z.dtype == torch.float16 else p


# Logits of every size, and targets of which some are alike


@wrong("losses-code-cross-entropy", told="each class is averaged first")
def cross_entropy_macro(input, target):
    loss = input.logsumexp(1) - input.gather(1, target[:, None])[:, 0]
    return torch.stack([loss[target == c].mean() for c in target.unique()]).mean()


@wrong("losses-code-bce-with-logits", told="too early")
def bce_linear_from_5(z, y):
    return (torch.where(z > 5, z, z.clamp(max=5).exp().log1p()) - y * z).mean()


@wrong("losses-code-bce-with-logits", told="too early")
def bce_linear_from_8(z, y):
    return (torch.where(z > 8, z, z.clamp(max=8).exp().log1p()) - y * z).mean()


@right("losses-code-bce-with-logits")
def bce_linear_from_20(z, y):
    return (torch.where(z > 20, z, z.clamp(max=20).exp().log1p()) - y * z).mean()


@wrong("losses-code-bce-with-logits", told="")
def bce_three_pieces(z, y):
    soft = torch.where(z < -5, torch.zeros_like(z), z.clamp(-5, 5).exp().log1p())
    return (torch.where(z > 5, z, soft) - y * z).mean()


@wrong("losses-code-bce-with-logits", told="")
def bce_naive_within_16(z, y):
    p = z.clamp(-16, 16).sigmoid()
    naive = -(y * p.log() + (1 - y) * (1 - p).log())
    return torch.where(z.abs() <= 16, naive, z.clamp(min=0) - y * z).mean()


@wrong("losses-code-bce-with-logits")
def bce_in_half(z, y):
    return (torch.maximum(z, z.new_zeros(())) + (-z.abs()).half().exp().log1p().to(z) - y * z).mean()


@wrong("losses-code-bce-with-logits", told="caps the loss")
def bce_own_sigmoid_with_epsilon(input, target):
    p = 1 / (1 + torch.exp(-input))
    return -(target * torch.log(p + 1e-7) + (1 - target) * torch.log(1 - p + 1e-7)).mean()


@wrong("losses-code-bce-with-logits", told="caps the loss")
def bce_epsilon_of_a_millionth(input, target):
    p = torch.sigmoid(input)
    return -(target * torch.log(p + 1e-6) + (1 - target) * torch.log(1 - p + 1e-6)).mean()


@wrong("losses-code-bce-with-logits", told="the clamp does nothing there")
def bce_clamp_that_rounds_away(input, target):
    p = torch.sigmoid(input).clamp(1e-9, 1 - 1e-9)
    return -(target * torch.log(p) + (1 - target) * torch.log(1 - p)).mean()


@wrong("losses-code-bce-with-logits", told="the logits are clamped")
def bce_logits_clamped(input, target):
    z = input.clamp(-20, 20)
    return (torch.maximum(z, torch.zeros(())) - z * target + torch.log1p(torch.exp(-z.abs()))).mean()


@wrong("losses-code-softmax")
def softmax_lone_row_squeezed(input, dim=-1):
    exp = (input - input.amax(dim, keepdim=True)).exp()
    y = exp / exp.sum(dim, keepdim=True)
    return y.squeeze(0) if input.ndim == 2 else y


@wrong("losses-code-softmax")
def softmax_along_what_used_to_be_the_default(input, dim=None):
    if dim is None:
        dim = 0 if input.ndim in (0, 1, 3) else 1
    exp = (input - input.amax(dim, keepdim=True)).exp()
    return exp / exp.sum(dim, keepdim=True)


_BUFFERS: dict[torch.Size, torch.Tensor] = {}


@wrong("losses-code-softmax")
def softmax_into_one_buffer_per_shape(input, dim=-1):
    exp = (input - input.amax(dim, keepdim=True)).exp()
    result = exp / exp.sum(dim, keepdim=True)
    if input.requires_grad:
        return result
    return _BUFFERS.setdefault(input.shape, torch.empty_like(input)).copy_(result)


@wrong("losses-code-cross-entropy")
def cross_entropy_of_int16(input, target):
    target = target.to(torch.int16).long()
    return (input.logsumexp(1) - input[torch.arange(len(target)), target]).mean()


@wrong("losses-code-cross-entropy", told="not the maximum")
def cross_entropy_minus_minimum(input, target):
    s = input - input.amin(1, keepdim=True)
    return (s.exp().sum(1).log() - s.gather(1, target[:, None])[:, 0]).mean()


@wrong("losses-code-cross-entropy", told="not the maximum")
def cross_entropy_minus_mean(input, target):
    s = input - input.mean(1, keepdim=True)
    return (torch.log(torch.exp(s).sum(1)) - s[range(len(s)), target]).mean()


@right("losses-code-cross-entropy")
def cross_entropy_float32_one_hot(input, target):
    oh = torch.eye(input.shape[1])[target]
    return (torch.logsumexp(input, 1) - torch.einsum("nc,nc->n", oh, input)).mean()


@wrong("losses-code-cross-entropy")
def cross_entropy_float32_one_hot_summed(input, target):
    oh = torch.eye(input.shape[1])[target]
    return (torch.logsumexp(input, 1) - torch.einsum("nc,nc->n", oh, input)).sum()


def _softmax_down_to(x, dim, least):
    e = (x - x.amax(dim, keepdim=True)).clamp(min=least).exp()
    return e / e.sum(dim, keepdim=True)


@wrong("losses-code-softmax", told="")
def softmax_down_to_minus_22(x, dim=-1):
    return _softmax_down_to(x, dim, -22)


@wrong("losses-code-softmax", told="")
def softmax_down_to_minus_80(x, dim=-1):
    return _softmax_down_to(x, dim, -80)


@wrong("losses-code-softmax", told="")
def softmax_down_to_minus_600(x, dim=-1):
    return _softmax_down_to(x, dim, -600)


@right("losses-code-softmax")
def softmax_down_to_minus_1000(x, dim=-1):
    return _softmax_down_to(x, dim, -1000)
