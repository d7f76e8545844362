"""Answers to the code questions on positions and on the encoder layer."""

# mypy: disallow-untyped-defs=False, disallow-untyped-calls=False

import math

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from tests.judge.strangers import right, wrong

SINUSOIDS = "transformer-code-sinusoids"
ROTARY = "transformer-code-rotary"
LAYER = "transformer-code-encoder-layer"


# Sinusoids


@right(SINUSOIDS)
def sinusoids_by_exp_and_log(positions, d_model):
    pe = torch.zeros(len(positions), d_model)
    div_term = torch.exp(torch.arange(0, d_model, 2).float() * (-math.log(10000.0) / d_model))
    pe[:, 0::2] = torch.sin(positions.unsqueeze(1) * div_term)
    pe[:, 1::2] = torch.cos(positions.unsqueeze(1) * div_term)
    return pe


@right(SINUSOIDS)
def sinusoids_loops(positions, d_model):
    rows = []
    for pos in positions.tolist():
        row = []
        for i in range(d_model):
            angle = pos / 10000 ** (2 * (i // 2) / d_model)
            row.append(math.cos(angle) if i % 2 else math.sin(angle))
        rows.append(row)
    return torch.tensor(rows)


@right(SINUSOIDS)
def sinusoids_numpy_table(positions, d_model):
    i = np.arange(d_model)
    angles = positions.numpy()[:, None] / np.power(10000, 2 * (i // 2) / np.float32(d_model))
    angles[:, 0::2], angles[:, 1::2] = np.sin(angles[:, 0::2]), np.cos(angles[:, 1::2])
    return torch.from_numpy(angles)


@right(SINUSOIDS)
def sinusoids_as_phases(positions, d_model):
    i = torch.arange(d_model, dtype=torch.float64)
    frequency = 10000 ** -((i - i % 2) / d_model)
    return torch.sin(torch.outer(positions.double(), frequency) + math.pi / 2 * (i % 2))


@right(SINUSOIDS)
def sinusoids_whole_table(positions, d_model):
    position = torch.arange(int(positions.max()) + 1).reshape(-1, 1)
    angles = position / torch.pow(10000, torch.arange(0, d_model, 2, dtype=torch.float32) / d_model)
    return torch.stack([angles.sin(), angles.cos()], 2).reshape(-1, d_model)[positions]


def _sinusoids(angles):
    return torch.stack([angles.sin(), angles.cos()], -1).flatten(-2)


@wrong(SINUSOIDS)
def sinusoids_at_most_5000(positions, d_model):
    theta = 10000 ** (-torch.arange(0, d_model, 2) / d_model)
    return _sinusoids(torch.arange(5000)[:, None] * theta)[positions]


@wrong(SINUSOIDS, told="order of the positions")
def sinusoids_counted(positions, d_model):
    theta = 10000 ** (-torch.arange(0, d_model, 2) / d_model)
    return _sinusoids(torch.arange(len(positions))[:, None] * theta)


@wrong(SINUSOIDS, told="exponent is i/d")
def sinusoids_of_pair_numbers(positions, d_model):
    theta = 10000 ** (-torch.arange(d_model // 2) / d_model)
    return _sinusoids(positions[:, None] * theta)


@wrong(SINUSOIDS, told="base is not 10,000")
def sinusoids_of_base_1000(positions, d_model):
    theta = 1000 ** (-torch.arange(0, d_model, 2) / d_model)
    return _sinusoids(positions[:, None] * theta)


@wrong(SINUSOIDS, told="last pair")
def sinusoids_to_the_end(positions, d_model):
    half = d_model // 2
    theta = 10000 ** (-torch.arange(half) / max(half - 1, 1))
    return _sinusoids(positions[:, None] * theta)


@wrong(SINUSOIDS, told="counted from 1")
def sinusoids_from_one(positions, d_model):
    theta = 10000 ** (-torch.arange(0, d_model, 2) / d_model)
    return _sinusoids((positions + 1)[:, None] * theta)


@wrong(SINUSOIDS)
def sinusoids_in_bfloat16(positions, d_model):
    theta = 10000 ** (-torch.arange(0, d_model, 2) / d_model)
    return _sinusoids(positions[:, None].bfloat16() * theta)


@wrong(SINUSOIDS)
def sinusoids_in_halves_from_one(positions, d_model):
    angles = (positions + 1)[:, None] * 10000 ** (-torch.arange(0, d_model, 2) / d_model)
    return torch.cat([angles.sin(), angles.cos()], -1)


# Rotations


@right(ROTARY)
def rotary_complex(x, positions):
    freqs = 1.0 / (10000 ** (torch.arange(0, x.shape[-1], 2).float() / x.shape[-1]))
    turns = torch.outer(positions.float(), freqs)
    cis = torch.polar(torch.ones_like(turns), turns)
    pairs = torch.view_as_complex(x.float().reshape(*x.shape[:-1], -1, 2))
    return torch.view_as_real(pairs * cis).flatten(-2).type_as(x)


@right(ROTARY)
def rotary_rotate_every_two(x, positions):
    theta = 10000.0 ** (-torch.arange(0, x.shape[-1], 2) / x.shape[-1])
    angle = (positions[:, None] * theta).repeat_interleave(2, dim=-1)
    rotated = torch.stack((-x[..., 1::2], x[..., ::2]), dim=-1).flatten(-2)
    return (x * angle.cos() + rotated * angle.sin()).to(x.dtype)


@right(ROTARY)
def rotary_matrices(x, positions):
    d = x.shape[-1]
    out = []
    for t, m in enumerate(positions.tolist()):
        turn = torch.zeros(d, d)
        for i in range(d // 2):
            a = m * 10000 ** (-2 * i / d)
            block = torch.tensor([[math.cos(a), -math.sin(a)], [math.sin(a), math.cos(a)]])
            turn[2 * i : 2 * i + 2, 2 * i : 2 * i + 2] = block
        out.append(x[..., t, :].float() @ turn.T)
    return torch.stack(out, dim=-2).to(x.dtype)


@right(ROTARY)
def rotary_in_place_on_a_clone(x, positions):
    out = x.clone()
    for i in range(x.shape[-1] // 2):
        a = positions.double() / 10000 ** (2 * i / x.shape[-1])
        c, s = a.cos().to(x.dtype), a.sin().to(x.dtype)
        out[..., 2 * i] = x[..., 2 * i] * c - x[..., 2 * i + 1] * s
        out[..., 2 * i + 1] = x[..., 2 * i + 1] * c + x[..., 2 * i] * s
    return out


def _turned(x, positions, theta=None, keep=True):
    if theta is None:
        theta = 10000 ** (-torch.arange(0, x.shape[-1], 2) / x.shape[-1])
    angle = positions[:, None] * theta
    c, s = angle.cos(), angle.sin()
    a, b = x[..., ::2], x[..., 1::2]
    out = torch.stack([a * c - b * s, b * c + a * s], -1).flatten(-2)
    return out.to(x.dtype) if keep else out


@wrong(ROTARY)
def rotary_promoted(x, positions):
    return _turned(x, positions, keep=False)


@wrong(ROTARY, told="bfloat16")
def rotary_positions_in_dtype(x, positions):
    return _turned(x, positions.to(x.dtype))


@wrong(ROTARY)
def rotary_cache_of_4096(x, positions):
    theta = 10000 ** (-torch.arange(0, x.shape[-1], 2) / x.shape[-1])
    return _turned(x, torch.arange(4096)[positions], theta)


@wrong(ROTARY, told="order of the positions")
def rotary_counted(x, positions):
    return _turned(x, torch.arange(x.shape[-2]))


@wrong(ROTARY, told="order of the positions")
def rotary_from_the_first(x, positions):
    return _turned(x, positions[0] + torch.arange(x.shape[-2]))


@wrong(ROTARY, told="exponent is i/D")
def rotary_of_pair_numbers(x, positions):
    return _turned(x, positions, 10000 ** (-torch.arange(x.shape[-1] // 2) / x.shape[-1]))


@wrong(ROTARY, told="paired with i + D/2")
def rotary_llama(x, positions):
    theta = 10000 ** (-torch.arange(0, x.shape[-1], 2) / x.shape[-1])
    angle = torch.cat([positions[:, None] * theta] * 2, -1)
    first, second = x.chunk(2, -1)
    return (x * angle.cos() + torch.cat([-second, first], -1) * angle.sin()).to(x.dtype)


@wrong(ROTARY, told="base is not 10,000")
def rotary_of_base_500000(x, positions):
    return _turned(x, positions, 500_000 ** (-torch.arange(0, x.shape[-1], 2) / x.shape[-1]))


@wrong(ROTARY)
def rotary_detached(x, positions):
    return _turned(x.detach(), positions)


@wrong(ROTARY)
def rotary_with_numpy_in_float16(x, positions):
    return _turned(x.half(), positions).to(x.dtype)


@wrong(ROTARY)
def rotary_added(x, positions):
    theta = 10000 ** (-torch.arange(0, x.shape[-1], 2) / x.shape[-1])
    return (x + _sinusoids(positions[:, None] * theta)).to(x.dtype)


# The encoder layer


def _attend(x, w_in, w_out, heads, **how):
    q, k, v = (t.unflatten(-1, (heads, -1)).transpose(1, 2) for t in F.linear(x, w_in).chunk(3, -1))
    return F.linear(F.scaled_dot_product_attention(q, k, v, **how).transpose(1, 2).flatten(2), w_out)


def _norm(x, eps=1e-5):
    return F.layer_norm(x, x.shape[-1:], eps=eps)


def _layer(x, w_in, w_out, w_1, w_2, heads, norm_first=False, *, norm=_norm, active=F.relu, **how):
    def feed(x):
        return F.linear(active(F.linear(x, w_1)), w_2)

    if norm_first:
        x = x + _attend(norm(x), w_in, w_out, heads, **how)
        return x + feed(norm(x))
    x = norm(x + _attend(x, w_in, w_out, heads, **how))
    return norm(x + feed(x))


@right(LAYER)
def layer_of_functions(*args, **kwargs):
    return _layer(*args, **kwargs)


@right(LAYER)
def layer_of_modules(x, in_proj, out_proj, lin1, lin2, num_heads, norm_first=False):
    width = x.shape[-1]
    attention = nn.MultiheadAttention(width, num_heads, bias=False, batch_first=True, dtype=x.dtype)
    norm = nn.LayerNorm(width, elementwise_affine=False)
    weights = {"in_proj_weight": in_proj, "out_proj.weight": out_proj}

    def attend(z):
        return torch.func.functional_call(attention, weights, (z, z, z))[0]

    def mlp(z):
        return (z @ lin1.T).clamp(min=0) @ lin2.T

    if norm_first:
        x = x + attend(norm(x))
        return x + mlp(norm(x))
    x = norm(x + attend(x))
    return norm(x + mlp(x))


@right(LAYER)
def layer_by_hand(x, w_in, w_out, w_1, w_2, heads, norm_first=False):
    d = x.shape[-1] // heads

    def layer_norm(z):
        mean, var = z.mean(-1, keepdim=True), z.var(-1, keepdim=True, unbiased=False)
        return (z - mean) / torch.sqrt(var + 1e-5)

    def attend(z):
        w_q, w_k, w_v = w_in.chunk(3)
        out = []
        for h in range(heads):
            q, k, v = (z @ w[h * d : (h + 1) * d].T for w in (w_q, w_k, w_v))
            out.append((q @ k.mT / d**0.5).softmax(-1) @ v)
        return torch.cat(out, -1) @ w_out.T

    for sublayer in (attend, lambda z: torch.relu(z @ w_1.T) @ w_2.T):
        x = x + sublayer(layer_norm(x)) if norm_first else layer_norm(x + sublayer(x))
    return x


@right(LAYER)
def layer_einsum(x, w_in, w_out, w_1, w_2, num_heads, norm_first=False):
    e = x.shape[-1]

    def norm(z):
        z = z - z.mean(-1, keepdim=True)
        return z * torch.rsqrt(z.square().mean(-1, keepdim=True) + 1e-5)

    def attend(z):
        q, k, v = torch.einsum("ble,thde->tbhld", z, w_in.view(3, num_heads, -1, e))
        s = torch.einsum("bhld,bhsd->bhls", q, k) / math.sqrt(e / num_heads)
        heads = torch.einsum("bhls,bhsd->bhld", torch.softmax(s, -1), v)
        return torch.einsum("bhld,ehd->ble", heads, w_out.view(e, num_heads, -1))

    x = x + attend(norm(x)) if norm_first else norm(x + attend(x))
    hidden = torch.maximum((norm(x) if norm_first else x) @ w_1.mT, torch.zeros(()))
    return x + hidden @ w_2.mT if norm_first else norm(x + hidden @ w_2.mT)


@wrong(LAYER, told="GELU")
def layer_gelu(*args, **kwargs):
    return _layer(*args, **kwargs, active=F.gelu)


@wrong(LAYER, told="n − 1")
def layer_unbiased(*args, **kwargs):
    def norm(x):
        return (x - x.mean(-1, keepdim=True)) / (x.var(-1, keepdim=True) + 1e-5).sqrt()

    return _layer(*args, **kwargs, norm=norm)


@wrong(LAYER, told="eps")
def layer_eps_outside(*args, **kwargs):
    def norm(x):
        return (x - x.mean(-1, keepdim=True)) / (x.std(-1, keepdim=True, unbiased=False) + 1e-5)

    return _layer(*args, **kwargs, norm=norm)


@wrong(LAYER)
def layer_other_eps(*args, **kwargs):
    return _layer(*args, **kwargs, norm=lambda x: _norm(x, 1e-6))


@wrong(LAYER, told="not scaled")
def layer_unscaled(*args, **kwargs):
    return _layer(*args, **kwargs, scale=1.0)


@wrong(LAYER, told="causal")
def layer_causal(*args, **kwargs):
    return _layer(*args, **kwargs, is_causal=True)


@wrong(LAYER, told="last LayerNorm")
def layer_final_norm(x, w_in, w_out, w_1, w_2, heads, norm_first=False):
    out = _layer(x, w_in, w_out, w_1, w_2, heads, norm_first)
    return _norm(out) if norm_first else out


@wrong(LAYER, told="attention has no residual")
def layer_attention_alone(x, w_in, w_out, w_1, w_2, heads, norm_first=False):
    def feed(z):
        return F.linear(F.linear(z, w_1).relu(), w_2)

    if norm_first:
        x = _attend(_norm(x), w_in, w_out, heads)
        return x + feed(_norm(x))
    x = _norm(_attend(x, w_in, w_out, heads))
    return _norm(x + feed(x))


@wrong(LAYER, told="norm_first is not used")
def layer_always_post(x, w_in, w_out, w_1, w_2, heads, norm_first=False):
    return _layer(x, w_in, w_out, w_1, w_2, heads)


@wrong(LAYER, told="default")
def layer_pre_by_default(x, w_in, w_out, w_1, w_2, heads, norm_first=True):
    return _layer(x, w_in, w_out, w_1, w_2, heads, norm_first)


@wrong(LAYER, told="over the whole sequence")
def layer_norm_of_the_sequence(*args, **kwargs):
    return _layer(*args, **kwargs, norm=lambda x: F.layer_norm(x, x.shape[1:]))


@wrong(LAYER, told="no ReLU")
def layer_linear(*args, **kwargs):
    return _layer(*args, **kwargs, active=lambda x: x)


@wrong(ROTARY)
def rotary_guessed_layout(x, positions):
    swap = x.ndim == 4 and x.shape[1] == len(positions)
    x = x.transpose(1, 2) if swap else x
    theta = 10_000.0 ** (-torch.arange(0, x.shape[-1], 2, dtype=torch.float64) / x.shape[-1])
    angle = positions.double()[:, None] * theta
    a, b = x[..., 0::2].double(), x[..., 1::2].double()
    turned = torch.stack([a * angle.cos() - b * angle.sin(), b * angle.cos() + a * angle.sin()], -1)
    turned = turned.flatten(-2).to(x.dtype)
    return turned.transpose(1, 2) if swap else turned


def _layer_of(x, w_in, w_out, w_up, w_down, heads, norm_first, relu):
    def norm(z):
        return F.layer_norm(z, z.shape[-1:])

    def attend(z):
        q, k, v = (part.unflatten(-1, (heads, -1)).transpose(1, 2) for part in F.linear(z, w_in).chunk(3, -1))
        return F.linear(F.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2), w_out)

    def feed(z):
        return F.linear(relu(F.linear(z, w_up)), w_down)

    if norm_first:
        x = x + attend(norm(x))
        return x + feed(norm(x))
    x = norm(x + attend(x))
    return norm(x + feed(x))


@wrong(LAYER)
def layer_relu6(x, w_in, w_out, w_up, w_down, heads, norm_first=False):
    return _layer_of(x, w_in, w_out, w_up, w_down, heads, norm_first, F.relu6)


@wrong(LAYER)
def layer_relu_capped_at_20(x, w_in, w_out, w_up, w_down, heads, norm_first=False):
    return _layer_of(x, w_in, w_out, w_up, w_down, heads, norm_first, lambda z: z.clamp(0, 20))


# Layouts


@wrong(SINUSOIDS, told="with j the dimension")
def sinusoids_dimension_for_pair(positions, d_model):
    pe = torch.zeros(len(positions), d_model)
    for row, pos in enumerate(positions.tolist()):
        for i in range(0, d_model, 2):
            pe[row, i] = math.sin(pos / (10000 ** ((2 * i) / d_model)))
            pe[row, i + 1] = math.cos(pos / (10000 ** ((2 * (i + 1)) / d_model)))
    return pe


def _frequencies(x):
    return 10000.0 ** (-torch.arange(0, x.shape[-1], 2) / x.shape[-1])


@wrong(ROTARY, told="laid out in two ways")
def rotary_angles_in_halves(x, positions):
    angles = torch.outer(positions.float(), _frequencies(x))
    angles = torch.cat([angles, angles], -1)
    turned = torch.stack([-x[..., 1::2], x[..., ::2]], -1).flatten(-2)
    return (x * angles.cos() + turned * angles.sin()).to(x.dtype)


@wrong(ROTARY, told="frequencies are rounded")
def rotary_angles_in_dtype(x, positions):
    angles = torch.outer(positions.to(x.dtype), _frequencies(x).to(x.dtype))
    cos, sin = angles.cos().repeat_interleave(2, -1), angles.sin().repeat_interleave(2, -1)
    return x * cos + torch.stack([-x[..., 1::2], x[..., ::2]], -1).flatten(-2) * sin


@wrong(ROTARY, told="turned already")
def rotary_views_overwritten(x, positions):
    angles = torch.outer(positions.float(), _frequencies(x))
    out = x.clone()
    first, second = out[..., ::2], out[..., 1::2]
    first[:] = first * angles.cos() - second * angles.sin()
    second[:] = first * angles.sin() + second * angles.cos()
    return out


def _layer_with(split, join, attention=F.scaled_dot_product_attention, parts=(0, 1, 2), eps=1e-5):
    """An encoder layer whose attention is made of these."""

    def layer(
        x, in_proj_weight, out_proj_weight, linear1_weight, linear2_weight, num_heads, norm_first=False
    ):
        def norm(x):
            return F.layer_norm(x, x.shape[-1:], eps=eps)

        def attend(x):
            qkv = F.linear(x, in_proj_weight).chunk(3, -1)
            q, k, v = (split(qkv[part], num_heads) for part in parts)
            return F.linear(join(attention(q, k, v)).reshape(x.shape), out_proj_weight)

        def feed(x):
            return F.linear(F.linear(x, linear1_weight).relu(), linear2_weight)

        for sublayer in (attend, feed):
            x = x + sublayer(norm(x)) if norm_first else norm(x + sublayer(x))
        return x

    return layer


def _heads(x, count):
    return x.unflatten(-1, (count, -1)).transpose(1, 2)


def _back(x):
    return x.transpose(1, 2)


def _flat(x):
    return x


def _reshaped(x, count):
    return x.reshape(len(x), count, x.shape[1], -1)


def _by_width(q, k, v):
    return torch.softmax(q @ k.mT / (q.shape[1] * q.shape[-1]) ** 0.5, -1) @ v


def _over_queries(q, k, v):
    return torch.softmax(q @ k.mT / q.shape[-1] ** 0.5, -2) @ v


right(LAYER)(_layer_with(_heads, _back))
wrong(LAYER, told="only reshaped")(_layer_with(_reshaped, _flat))
wrong(LAYER, told="only reshaped")(_layer_with(_reshaped, _back))
wrong(LAYER, told="without transposing back")(_layer_with(_heads, _flat))
wrong(LAYER, told="root of the whole width")(_layer_with(_heads, _back, _by_width))
wrong(LAYER, told="over the queries")(_layer_with(_heads, _back, _over_queries))
wrong(LAYER, told="in another order")(_layer_with(_heads, _back, parts=(2, 1, 0)))
wrong(LAYER, told="eps is missing or too small")(_layer_with(_heads, _back, eps=1e-12))
wrong(LAYER, told="num_heads is not used")(_layer_with(lambda x, _: x.unsqueeze(1), _flat))


@wrong(ROTARY)
def rotary_positions_modulo(x, positions):
    theta = 10000.0 ** (-torch.arange(0, x.shape[-1], 2) / x.shape[-1])
    angles = (positions % 2**17)[:, None] * theta
    cos, sin, a, b = angles.cos().to(x.dtype), angles.sin().to(x.dtype), x[..., ::2], x[..., 1::2]
    return torch.stack([a * cos - b * sin, a * sin + b * cos], -1).flatten(-2)


@wrong(SINUSOIDS)
def sinusoids_up_to_100000(positions, d_model):
    theta = 10000.0 ** (-torch.arange(0, d_model, 2) / d_model)
    return _sinusoids(positions.clamp(max=100_000)[:, None] * theta)


@right(SINUSOIDS)
def sinusoids_all_of_sin(positions, d_model):
    theta = torch.exp(torch.arange(0, d_model, 2) * (-math.log(10_000) / d_model))
    angles = torch.einsum("l,i->li", positions.float(), theta).repeat_interleave(2, 1)
    return torch.sin(angles + torch.tensor([0, math.pi / 2]).repeat(d_model // 2))


@wrong(LAYER, told="")
def layer_clamped_scores(x, in_proj, out_proj, up, down, num_heads, norm_first=False):
    def attend(y):
        q, k, v = (y @ in_proj.T).unflatten(-1, (3, num_heads, -1)).permute(2, 0, 3, 1, 4)
        weights = (q @ k.mT / math.sqrt(q.shape[-1])).clamp(-30, 30).softmax(-1)
        return (weights @ v).transpose(1, 2).flatten(2) @ out_proj.T

    def norm(y):
        return F.layer_norm(y, y.shape[-1:])

    def feed(y):
        return F.linear(F.linear(y, up).relu(), down)

    if norm_first:
        x = x + attend(norm(x))
        return x + feed(norm(x))
    x = norm(x + attend(x))
    return norm(x + feed(x))


def _layer_of_two_norms(x, w_in, w_out, w_1, w_2, heads, norm_first, first, second):
    eps = iter((first, second))  # in either order of norm and block, the first one runs first
    return _layer(x, w_in, w_out, w_1, w_2, heads, norm_first, norm=lambda x: _norm(x, next(eps)))


@wrong(LAYER)
def layer_other_eps_second(x, w_in, w_out, w_1, w_2, heads, norm_first=False):
    return _layer_of_two_norms(x, w_in, w_out, w_1, w_2, heads, norm_first, 1e-5, 1e-12)


@wrong(LAYER)
def layer_other_eps_first(x, w_in, w_out, w_1, w_2, heads, norm_first=False):
    return _layer_of_two_norms(x, w_in, w_out, w_1, w_2, heads, norm_first, 1e-6, 1e-5)


@wrong(LAYER)
def layer_other_eps_second_where_normed_after(x, w_in, w_out, w_1, w_2, heads, norm_first=False):
    second = 1e-5 if norm_first else 1e-6
    return _layer_of_two_norms(x, w_in, w_out, w_1, w_2, heads, norm_first, 1e-5, second)


@wrong(LAYER)
def layer_other_eps_second_where_normed_first(x, w_in, w_out, w_1, w_2, heads, norm_first=False):
    second = 1e-6 if norm_first else 1e-5
    return _layer_of_two_norms(x, w_in, w_out, w_1, w_2, heads, norm_first, 1e-5, second)


@right("transformer-code-encoder-layer")
def encoder_with_nn_layer_norms(
    x, in_proj_weight, out_proj_weight, linear1_weight, linear2_weight, num_heads, norm_first=False
):
    batch, length, width = x.shape
    d = width // num_heads
    norm1, norm2 = torch.nn.LayerNorm(width), torch.nn.LayerNorm(width)

    def sa(t):
        q, k, v = (
            y.view(batch, length, num_heads, d).transpose(1, 2) for y in (t @ in_proj_weight.T).chunk(3, -1)
        )
        mixed = torch.softmax(q @ k.mT / d**0.5, -1) @ v
        return mixed.transpose(1, 2).reshape(batch, length, width) @ out_proj_weight.T

    def ff(t):
        return torch.relu(t @ linear1_weight.T) @ linear2_weight.T

    if norm_first:
        x = x + sa(norm1(x))
        return x + ff(norm2(x))
    x = norm1(x + sa(x))
    return norm2(x + ff(x))
