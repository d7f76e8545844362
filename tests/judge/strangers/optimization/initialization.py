"""Answers to the code questions on initialization."""

# mypy: disallow-untyped-defs=False, disallow-untyped-calls=False

import math
import random

import torch
from torch import nn

from tests.judge.strangers import right, wrong

INIT = "optimization-code-init"


def _std(shape, scheme):
    field = math.prod(shape[2:])
    fan_in, fan_out = shape[1] * field, shape[0] * field
    return math.sqrt(2 / (fan_in + fan_out) if scheme == "xavier" else 2 / fan_in)


@right(INIT)
def init_in_place(shape, scheme="he"):
    return torch.empty(*shape).normal_(0, _std(shape, scheme))


@right(INIT)
def init_parameter(shape, scheme="he"):
    receptive_field = 1
    for s in shape[2:]:
        receptive_field *= s
    out, inputs = shape[:2]
    gain = {"xavier": 2 / (inputs + out), "he": 2 / inputs}[scheme] / receptive_field
    return nn.Parameter(nn.init.normal_(torch.empty(shape), std=gain**0.5))


@right(INIT)
def init_in_numpy(shape, scheme="he"):
    import numpy as np

    kaiming_normal_ = np.random.default_rng().normal(0.0, _std(shape, scheme), shape)
    return torch.from_numpy(kaiming_normal_.astype(np.float32))


@right(INIT)
def init_number_by_number(shape, scheme="he"):
    std = _std(shape, scheme)
    return torch.tensor([random.gauss(0, std) for _ in range(math.prod(shape))]).reshape(shape)


@right(INIT)
def init_box_muller(shape, scheme="he"):
    u, v = torch.rand(2, *shape, dtype=torch.float64)
    z = (-2 * (1 - u).log()).sqrt() * (2 * torch.pi * v).cos()
    return (z * _std(shape, scheme)).float()


@wrong(INIT, told="")
def init_seeded(shape, scheme="he"):
    torch.manual_seed(0)
    return torch.randn(shape) * _std(shape, scheme)


@wrong(INIT, told="")
def init_own_generator(shape, scheme="he"):
    return torch.randn(shape, generator=torch.Generator().manual_seed(42)) * _std(shape, scheme)


@wrong(INIT, told="cut off")
def init_truncated(shape, scheme="he"):
    std = _std(shape, scheme)
    return nn.init.trunc_normal_(torch.empty(shape), std=std, a=-2 * std, b=2 * std)


@wrong(INIT)
def init_truncated_at_three(shape, scheme="he"):
    std = _std(shape, scheme)
    return nn.init.trunc_normal_(torch.empty(shape), std=std, a=-3 * std, b=3 * std)


@wrong(INIT)
def init_clamped_at_three(shape, scheme="he"):
    std = _std(shape, scheme)
    return (torch.randn(shape) * std).clamp(-3 * std, 3 * std)


@wrong(INIT)
def init_rows_in_pairs(shape, scheme="he"):
    half = torch.randn(-(-shape[0] // 2), *shape[1:]) * _std(shape, scheme)
    return torch.cat([half, half])[: shape[0]]


@wrong(INIT)
def init_mirrored(shape, scheme="he"):
    half = torch.randn(-(-shape[0] // 2), *shape[1:]) * _std(shape, scheme)
    return torch.cat([half, -half])[: shape[0]]


@wrong(INIT)
def init_one_kernel_for_all_inputs(shape, scheme="he"):
    return (torch.randn(shape[0], 1, *shape[2:]) * _std(shape, scheme)).expand(shape).contiguous()


@wrong(INIT)
def init_flat_kernels(shape, scheme="he"):
    return (torch.randn(*shape[:2], *[1] * len(shape[2:])) * _std(shape, scheme)).expand(shape).contiguous()


@wrong(INIT)
def init_standardized(shape, scheme="he"):
    w = torch.randn(shape)
    return (w - w.mean()) / w.std() * _std(shape, scheme)


@wrong(INIT)
def init_double(shape, scheme="he"):
    return torch.randn(shape, dtype=torch.float64) * _std(shape, scheme)


@wrong(INIT, told="√6")
def init_uniform_bound(shape, scheme="he"):
    return torch.randn(shape) * math.sqrt(3) * _std(shape, scheme)


@wrong(INIT, told="fan_in alone")
def init_lecun_for_xavier(shape, scheme="he"):
    if scheme == "xavier":
        return torch.randn(shape) / math.sqrt(math.prod(shape[1:]))
    return torch.randn(shape) * _std(shape, scheme)


@wrong(INIT, told="")
def init_other_default(shape, scheme="xavier"):
    return torch.randn(shape) * _std(shape, scheme)


@wrong(INIT, told="")
def init_laplace(shape, scheme="he"):
    signs = torch.randint(0, 2, shape) * 2.0 - 1
    return signs * torch.empty(shape).exponential_() / math.sqrt(2) * _std(shape, scheme)


@wrong(INIT, told="of the right variance")
def init_uniform(shape, scheme="he"):
    bound = math.sqrt(3) * _std(shape, scheme)
    return torch.empty(shape).uniform_(-bound, bound)


@wrong(INIT)
def init_orthogonal(shape, scheme="he"):
    return nn.init.orthogonal_(torch.empty(*shape), math.sqrt(max(shape[0], math.prod(shape[1:])))) * _std(
        shape, scheme
    )


def _cut_off(shape, scheme, reach):
    std = _std(shape, scheme)
    return nn.init.trunc_normal_(torch.empty(shape), std=std, a=-reach * std, b=reach * std)


@wrong(INIT, told="")
def init_cut_at_3_and_a_half(shape, scheme="he"):
    return _cut_off(shape, scheme, 3.5)


@wrong(INIT, told="")
def init_cut_at_4(shape, scheme="he"):
    return _cut_off(shape, scheme, 4.0)


@wrong(INIT, told="")
def init_clamped(shape, scheme="he"):
    w = torch.randn(shape) * _std(shape, scheme)
    return w.clamp(-3.5 * w.std(), 3.5 * w.std())


@wrong(INIT)
def init_rows_of_one_norm(shape, scheme="he"):
    rows = torch.randn(shape).flatten(1)
    return (rows / rows.square().mean(1, keepdim=True).sqrt() * _std(shape, scheme)).view(shape)


@wrong(INIT)
def init_columns_of_one_norm(shape, scheme="he"):
    rows = torch.randn(shape).flatten(1)
    return (rows / rows.square().mean(0).sqrt() * _std(shape, scheme)).view(shape)


@wrong(INIT)
def init_of_one_deviation(shape, scheme="he"):
    w = torch.randn(shape)
    return w / w.std() * _std(shape, scheme)


@wrong(INIT)
def init_he_of_a_leaky_slope(shape, scheme="he"):
    if scheme == "xavier":
        return nn.init.xavier_normal_(torch.empty(*shape))
    return nn.init.kaiming_normal_(torch.empty(*shape), a=0.2)


@wrong(INIT)
def init_of_twelve_uniform_numbers(shape, scheme="he"):
    return _std(shape, scheme) * (torch.rand(12, *shape).sum(0) - 6)


@wrong(INIT)
def init_logistic(shape, scheme="he"):
    return _std(shape, scheme) * torch.rand(shape).logit() * math.sqrt(3) / math.pi


@right(INIT)
def init_by_box_and_muller(shape, scheme="he"):
    u, v = 1 - torch.rand(shape, dtype=torch.float64), torch.rand(shape, dtype=torch.float64)
    return (_std(shape, scheme) * (-2 * u.log()).sqrt() * (2 * math.pi * v).cos()).float()


@wrong(INIT)
def init_cut_at_two_whatever_the_deviation(shape, scheme="he"):
    return nn.init.trunc_normal_(torch.empty(*shape), std=_std(shape, scheme))


@wrong(INIT, told="")
def init_of_bert(shape, scheme="he"):
    return torch.empty(*shape).normal_(0.0, 0.02)


@wrong(INIT, told="")
def init_of_one_hundredth(shape, scheme="he"):
    return torch.empty(*shape).normal_(0.0, 0.01)


@wrong(INIT, told="")
def init_of_lecun_for_xavier(shape, scheme="he"):
    fan_in, fan_out = shape[1] * math.prod(shape[2:]), shape[0] * math.prod(shape[2:])
    return torch.randn(*shape) * math.sqrt(1 / (fan_in + fan_out) if scheme == "xavier" else 4 / fan_in)


@wrong(INIT)
def init_of_a_whole_mean_fan(shape, scheme="he"):
    kernel = math.prod(shape[2:])
    fan_in, fan_out = shape[1] * kernel, shape[0] * kernel
    fan = (fan_in + fan_out) // 2 if scheme == "xavier" else fan_in / 2
    return torch.randn(*shape) / math.sqrt(fan)
