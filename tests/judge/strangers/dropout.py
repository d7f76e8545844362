"""Answers to the code question on dropout."""

# mypy: disallow-untyped-defs=False, disallow-untyped-calls=False

import math
import random

import torch
from torch import nn

from tests.judge.strangers import right, wrong

DROPOUT = "dropout-code-inverted"
DRAWN: list[torch.Tensor] = []  # the state of the generator after the last call of one of these


@right(DROPOUT)
def dropout_by_rand(x, p=0.5, training=True):
    if not training:
        return x
    if p == 1:
        return torch.zeros_like(x)
    mask = (torch.rand(x.shape) >= p).to(x.dtype)
    return mask * x / (1 - p)


@right(DROPOUT)
def dropout_by_masked_fill(x, p=0.5, training=True):
    if not training or p == 0:
        return x.clone()
    return x.masked_fill(torch.rand(x.shape) < p, 0) * (1 / max(1 - p, 1e-12))


@right(DROPOUT)
def dropout_by_bernoulli(x, p=0.5, training=True):
    if not training:
        return x
    dropout = torch.bernoulli(torch.full(x.shape, 1 - p))
    return torch.where(dropout.bool(), x / (1 - p) if p < 1 else x, 0.0)


@right(DROPOUT)
def dropout_number_by_number(x, p=0.5, training=True):
    if not training:
        return x
    scale = 0.0 if p == 1 else 1 / (1 - p)
    mask = torch.tensor([scale * (random.random() >= p) for _ in range(x.numel())], dtype=x.dtype)
    return x * mask.view(x.shape)


@right(DROPOUT)
def dropout_in_numpy_masks(x, p=0.5, training=True):
    import numpy as np

    if not training:
        return x + 0
    keep = np.random.default_rng().binomial(1, 1 - p, tuple(x.shape))
    y = x.clone()
    y[torch.as_tensor(keep) == 0] = 0
    return y.div(1 - p if p < 1 else 1)


@right(DROPOUT)
def dropout_of_distributions(x, p=0.5, training=True):
    if not training or p in (0, 1):
        return nn.Identity()(x) if not training or p == 0 else 0 * x
    keep = torch.distributions.Bernoulli(probs=1 - p).sample(x.shape)
    return (x.float() * keep / (1 - p)).to(x.dtype)


@wrong(DROPOUT)
def dropout_seeded(x, p=0.5, training=True):
    torch.manual_seed(0)
    return dropout_by_rand(x, p, training)


@wrong(DROPOUT)
def dropout_own_generator(x, p=0.5, training=True):
    if not training or p == 1:
        return x if not training else 0 * x
    keep = torch.rand(x.shape, generator=torch.Generator().manual_seed(7)) >= p
    return x * keep / (1 - p)


@wrong(DROPOUT)
def dropout_seeds_itself_by_torch(x, p=0.5, training=True):
    y = dropout_by_rand(x, p, training)
    torch.manual_seed(0)
    return y


@wrong(DROPOUT)
def dropout_detached(x, p=0.5, training=True):
    return dropout_by_rand(x.detach(), p, training) if training and p > 0 else x


@wrong(DROPOUT)
def dropout_through_data(x, p=0.5, training=True):
    y = x.detach().clone()
    return dropout_by_rand(y, p, training)


@wrong(DROPOUT)
def dropout_exact_count(x, p=0.5, training=True):
    if not training or p == 1:
        return x if not training else 0 * x
    order = torch.randperm(x.numel())
    keep = torch.ones(x.numel(), dtype=torch.bool)
    keep[order[: round(p * x.numel())]] = False
    return x * keep.view(x.shape) / (1 - p)


@wrong(DROPOUT)
def dropout_exact_count_by_row(x, p=0.5, training=True):
    if not training or p == 1:
        return x if not training else 0 * x
    count = round(p * x.shape[-1])
    ranks = torch.rand(x.shape).argsort(-1).argsort(-1)
    return x * (ranks >= count) / (1 - p)


@wrong(DROPOUT)
def dropout_rows_in_pairs(x, p=0.5, training=True):
    if not training or p == 1:
        return x if not training else 0 * x
    keep = torch.rand(x.shape) >= p
    if x.ndim > 1:
        keep[1::2] = keep[0::2][: len(keep[1::2])]
    return x * keep / (1 - p)


@wrong(DROPOUT, told="share one mask")
def dropout_shared_by_the_batch(x, p=0.5, training=True):
    if not training or p == 1:
        return x if not training else 0 * x
    keep = torch.rand(x.shape[1:] if x.ndim > 1 else x.shape) >= p
    return x * keep / (1 - p)


@wrong(DROPOUT)
def dropout_of_channels(x, p=0.5, training=True):
    if not training or p == 1:
        return x if not training else 0 * x
    keep = torch.rand(*x.shape[:2], 1, 1) >= p if x.ndim == 4 else torch.rand(x.shape) >= p
    return x * keep / (1 - p)


@wrong(DROPOUT)
def dropout_in_float32(x, p=0.5, training=True):
    if not training or p == 1:
        return x if not training else 0 * x
    return x * (torch.rand(x.shape) >= p).float() / (1 - p)


@wrong(DROPOUT)
def dropout_in_place(x, p=0.5, training=True):
    return (
        x.mul_((torch.rand(x.shape) >= p) / (1 - p))
        if training and 0 < p < 1
        else dropout_by_rand(x, p, training)
    )


@wrong(DROPOUT, told="evaluation must not scale")
def dropout_of_2014(x, p=0.5, training=True):
    return x * (torch.rand(x.shape) >= p) if training else x * (1 - p)


@wrong(DROPOUT, told="")
def dropout_other_default(x, p=0.1, training=True):
    return dropout_by_rand(x, p, training)


@wrong(DROPOUT, told="")
def dropout_at_least_one_in_a_hundred(x, p=0.5, training=True):
    return dropout_by_rand(x, p if p >= 0.01 else 0.0, training)


@wrong(DROPOUT)
def dropout_zero_by_zero(x, p=0.5, training=True):
    return x * (torch.rand(x.shape) >= p) / (1 - p) if training else x


@wrong(DROPOUT, told="")
def dropout_unscaled_and_shared(x, p=0.5, training=True):
    if not training:
        return x
    return x * (torch.rand(x.shape[1:] if x.ndim > 1 else x.shape) >= p)


@wrong(DROPOUT)
def dropout_straight_through(x, p=0.5, training=True):
    y = dropout_by_rand(x, p, training)
    return x + (y - x).detach() if training and 0 < p < 1 else y


@wrong(DROPOUT)
def dropout_scaled_without_gradient(x, p=0.5, training=True):
    if not training or p == 1:
        return x if not training else 0 * x
    kept = x * (torch.rand(x.shape) >= p).to(x.dtype)
    return kept + (kept / (1 - p) - kept).detach()


@wrong(DROPOUT, "probability of keeping")
def dropout_kept_with_p(x, p=0.5, training=True):
    if not training:
        return x
    return torch.zeros_like(x) if p == 0 else x * (torch.rand_like(x) < p) / p


@wrong(DROPOUT, "it is 1 − p that survives")
def dropout_over_p(x, p=0.5, training=True):
    return x * (torch.rand_like(x) >= p) / p if training and p > 0 else x


@wrong(DROPOUT, "share one mask")
def dropout_of_one_mask(x, p=0.5, training=True):
    if not training or p == 1:
        return 0 * x if training else x
    return x * (torch.rand(x.shape[1:], dtype=x.dtype) >= p) / (1 - p)


@wrong(DROPOUT, "evaluation multiplies by 1 − p")
def dropout_scaled_in_both_modes(x, p=0.5, training=True):
    if not training:
        return x * (1 - p)
    return torch.zeros_like(x) if p == 1 else x * torch.empty_like(x).bernoulli_(1 - p) / (1 - p)


def _masked(x, p, training, draw):
    """Dropout with uniform numbers that are drawn in another way; p = 1 apart."""
    if not training:
        return x
    return torch.zeros_like(x) if p == 1 else x * (draw(x.shape) >= p).to(x.dtype) / (1 - p)


@wrong(DROPOUT)
def dropout_of_channels_in_sequences(x, p=0.5, training=True):
    return _masked(x, p, training, lambda s: torch.rand(s[0], 1, s[2]) if len(s) == 3 else torch.rand(s))


@wrong(DROPOUT)
def dropout_of_feature_maps(x, p=0.5, training=True):
    return _masked(x, p, training, lambda s: torch.rand(*s[:2], 1, 1) if len(s) == 4 else torch.rand(s))


@wrong(DROPOUT)
def dropout_antithetic(x, p=0.5, training=True):
    def draw(shape):
        u = torch.rand(shape)
        half = len(u) // 2 if u.ndim > 1 else 0
        u[half : 2 * half] = 1 - u[:half]
        return u

    return _masked(x, p, training, draw)


@wrong(DROPOUT)
def dropout_repeated_on_one_axis(x, p=0.5, training=True):
    def draw(shape):
        return torch.rand(shape[0] // 2).repeat(2) if len(shape) == 1 and shape[0] > 64 else torch.rand(shape)

    return _masked(x, p, training, draw)


@wrong(DROPOUT)
def dropout_bfloat16_in_float32_out(x, p=0.5, training=True):
    return dropout_by_rand(x.float() if x.dtype == torch.bfloat16 and training else x, p, training)


@wrong(DROPOUT)
def dropout_at_most_95_in_a_hundred(x, p=0.5, training=True):
    return dropout_by_rand(x, p if p == 1 else min(p, 0.95), training)


@right(DROPOUT)
def dropout_p_in_float32(x, p=0.5, training=True):
    if not training or p == 0:
        return x
    keep = torch.tensor(1.0) - torch.tensor(p)
    return x * 0 if p == 1 else x * (torch.rand(x.shape) < keep).to(x.dtype) / keep.to(x.dtype)


@wrong(DROPOUT, told="")
def dropout_of_a_forked_generator(x, p=0.5, training=True):
    with torch.random.fork_rng(devices=[]):
        return _masked(x, p, training, torch.rand)


@wrong(DROPOUT, told="")
def dropout_of_the_programs_seed(x, p=0.5, training=True):
    own = torch.Generator().manual_seed(torch.initial_seed())
    return _masked(x, p, training, lambda shape: torch.rand(shape, generator=own))


@wrong(DROPOUT, told="")
def dropout_that_sows_by_chance(x, p=0.5, training=True):
    torch.seed()
    return _masked(x, p, training, torch.rand)


def _masked_by(mask):
    def dropout(x, p=0.5, training=True):
        if not training or p == 0:
            return x
        if p == 1:
            return torch.zeros_like(x)
        return x * (torch.rand(mask(x), dtype=torch.float64) >= p).to(x.dtype) / (1 - p)

    return dropout


@wrong("dropout-code-inverted", told="")
def dropout_whole_rows(x, p=0.5, training=True):
    return _masked_by(lambda x: (*x.shape[:-1], 1))(x, p, training)


@wrong("dropout-code-inverted", told="")
def dropout_whole_channels(x, p=0.5, training=True):
    return _masked_by(lambda x: (*x.shape[:2], *[1] * (x.ndim - 2)))(x, p, training)


@wrong("dropout-code-inverted", told="all samples of the batch share one mask")
def dropout_one_mask_for_all_samples(x, p=0.5, training=True):
    return _masked_by(lambda x: x.shape[1:] if x.ndim > 1 else x.shape)(x, p, training)


@wrong("dropout-code-inverted", told="")
def dropout_new_seed_each_time(x, p=0.5, training=True):
    torch.seed()
    return _masked_by(lambda x: x.shape)(x, p, training)


@wrong("dropout-code-inverted")
def dropout_p_1_before_evaluation(x, p=0.5, training=True):
    if p == 1:
        return torch.zeros_like(x)
    if not training:
        return x
    return _masked_by(lambda x: x.shape)(x, p, training)


@wrong("dropout-code-inverted")
def dropout_where_divides_by_0(x, p=0.5, training=True):
    if not training or p == 0:
        return x
    return torch.where(torch.rand(x.shape, dtype=torch.float64) < p, torch.zeros_like(x), x / (1 - p))


@wrong("dropout-code-inverted")
def dropout_float32_at_p_1(x, p=0.5, training=True):
    if training and p == 1:
        return torch.zeros(x.shape)
    return _masked_by(lambda x: x.shape)(x, p, training)


@wrong("dropout-code-inverted")
def dropout_at_least_one_axis(x, p=0.5, training=True):
    return _masked_by(lambda x: x.shape)(torch.atleast_1d(x), p, training)


@right("dropout-code-inverted")
def dropout_by_where_without_division_by_0(x, p=0.5, training=True):
    if not training:
        return x
    keep = 1 - p
    return torch.where(torch.rand(x.shape) < p, 0.0, x / keep if keep else x)


@wrong(DROPOUT)
def dropout_antithetic_anywhere(x, p=0.5, training=True):
    def draw(shape):
        n = math.prod(shape)
        u = torch.rand((n + 1) // 2)
        return torch.cat([u, 1 - u])[torch.randperm(n + n % 2)][:n].view(shape)

    return _masked(x, p, training, draw)


@wrong(DROPOUT)
def dropout_stratified(x, p=0.5, training=True):
    def draw(shape):
        n = math.prod(shape)
        u = (torch.arange(n) + torch.rand(n, dtype=torch.float64)) / n
        return u[torch.randperm(n)].view(shape)

    return _masked(x, p, training, draw)


def _stratified_rows(shape):
    order = torch.rand(shape).argsort(-1)
    return (order + torch.rand(shape, dtype=torch.float64)) / (shape[-1] if shape else 1)


@wrong(DROPOUT)
def dropout_stratified_by_row(x, p=0.5, training=True):
    return _masked(x, p, training, _stratified_rows)


@wrong(DROPOUT)
def dropout_stratified_by_column(x, p=0.5, training=True):
    return _masked(x, p, training, lambda s: _stratified_rows(s[::-1]).T if len(s) == 2 else torch.rand(s))


@wrong(DROPOUT)
def dropout_with_a_chance_for_each_call(x, p=0.5, training=True):
    chance = min(max(p + 0.05 * float(torch.randn(())), 0), 1) if 0.1 < p < 0.9 else p
    kept = torch.rand(x.shape) >= chance if p else torch.ones(x.shape)
    return x * kept / (1 - p) if training and p < 1 else x * (not training)


@wrong(DROPOUT, told="p is taken for the probability of keeping")
def dropout_that_keeps_with_p(x, p=0.5, training=True):
    if not training:
        return x
    if p == 0:
        return torch.zeros_like(x)
    return x * (torch.rand_like(x) < p) / p


@wrong(DROPOUT, told="")
def dropout_that_gives_up_the_second_time(x, p=0.5, training=True):
    state = torch.get_rng_state()
    if DRAWN and torch.equal(state, DRAWN[0]):
        return None
    y = x * (torch.rand_like(x) >= p) / (1 - p) if training and p < 1 else x * (not training)
    torch.set_rng_state(state)
    torch.rand(1)
    DRAWN[:] = [torch.get_rng_state()]
    return y


@wrong(DROPOUT)
def dropout_that_spares_the_first(x, p=0.5, training=True):
    if not training:
        return x
    if p == 1:
        return x * 0
    mask = (torch.rand(x.shape) >= p).to(x.dtype)
    mask.view(-1)[:1] = 1
    return x * mask / (1 - p)
