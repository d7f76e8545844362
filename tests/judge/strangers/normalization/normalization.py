"""Answers to the code questions on layer and RMS normalization."""

# mypy: disallow-untyped-defs=False, disallow-untyped-calls=False

import torch
from torch import nn

from tests.judge.strangers import right, wrong

LN = "norm-code-layer-norm"
RMS = "norm-code-rms-norm"


@right(LN)
def ln_flattened(x, normalized_shape, weight=None, bias=None, eps=1e-5):
    rows = x.float().reshape(-1, torch.Size(normalized_shape).numel())
    var, mean = torch.var_mean(rows, 1, correction=0, keepdim=True)
    y = ((rows - mean) / torch.sqrt(var + eps)).reshape(x.shape)
    y = y * (1 if weight is None else weight) + (0 if bias is None else bias)
    return y.to(x.dtype)


@right(LN)
def ln_in_double(x, normalized_shape, weight=None, bias=None, eps=1e-5):
    dims = tuple(-1 - i for i in range(len(normalized_shape)))
    z = x.double()
    z = z - z.mean(dims, keepdim=True)
    y = z / (z.pow(2).mean(dims, keepdim=True) + eps) ** 0.5
    if weight is not None:
        y = y * weight
    if bias is not None:
        y += bias
    return y.type_as(x)


@right(LN)
def ln_sample_by_sample(x, normalized_shape, weight=None, bias=None, eps=1e-5):
    layer_norm = []
    for sample in x.reshape(-1, *normalized_shape):
        z = sample.to(torch.float32)
        mu, n = z.sum() / z.numel(), z.numel()
        z = z - mu
        layer_norm.append(z * (eps + torch.einsum("i,i->", z.flatten(), z.flatten()) / n).rsqrt())
    y = torch.stack(layer_norm).reshape(x.shape)
    if weight is not None:
        y = torch.mul(y, weight)
    return (y if bias is None else torch.add(y, bias)).to(x.dtype)


@right(LN)
def ln_cast_back_before_the_weight(x, normalized_shape, weight=None, bias=None, eps=1e-5):
    dims = [*range(x.dim() - len(normalized_shape), x.dim())]
    z = x.float()
    mean = z.mean(dims, True)
    y = ((z - mean) * torch.rsqrt(z.var(dims, unbiased=False, keepdim=True) + eps)).to(x.dtype)
    y = y if weight is None else weight * y
    return y if bias is None else y + bias


def _ln(x, shape, weight, bias, eps, fix=""):
    dims = tuple(range(-len(shape), 0))
    z = x if fix == "half" else x.to(torch.promote_types(x.dtype, torch.float32))
    mean = z.mean(dims, keepdim=True)
    var = ((z - mean) ** 2).mean(dims, keepdim=True)
    if fix == "cancelled":
        var = (z**2).mean(dims, keepdim=True) - mean**2
    if fix == "unbiased":
        var = z.var(dims, keepdim=True)
    y = (z - mean) / (var.sqrt() + eps if fix == "outside" else (var + eps).sqrt())
    y = y if weight is None else y * weight
    y = y if bias is None else y + bias
    return y if fix == "float32" else y.to(x.dtype)


@wrong(LN, told="unbiased variance")
def ln_unbiased(x, normalized_shape, weight=None, bias=None, eps=1e-5):
    return _ln(x, normalized_shape, weight, bias, eps, "unbiased")


@wrong(LN, told="ε is added to the standard deviation")
def ln_outside(x, normalized_shape, weight=None, bias=None, eps=1e-5):
    return _ln(x, normalized_shape, weight, bias, eps, "outside")


@wrong(LN, told="")
def ln_annotated(x, normalized_shape, weight=None, bias=None, eps=1e-5):
    z = x.float()
    mean, std = z.mean(-1, keepdim=True), z.std(-1, keepdim=True)
    y = (z - mean) / (std + eps)
    y = y if weight is None else weight * y
    return (y if bias is None else y + bias).to(x.dtype)


@wrong(LN, told="squared in float16")
def ln_in_half(x, normalized_shape, weight=None, bias=None, eps=1e-5):
    return _ln(x, normalized_shape, weight, bias, eps, "half")


@wrong(LN, told="loses its digits")
def ln_cancelled(x, normalized_shape, weight=None, bias=None, eps=1e-5):
    return _ln(x, normalized_shape, weight, bias, eps, "cancelled")


@wrong(LN, told="eps is ignored")
def ln_fixed_eps(x, normalized_shape, weight=None, bias=None, eps=1e-5):
    return _ln(x, normalized_shape, weight, bias, 1e-5)


@wrong(LN, told="no ε")
def ln_without_eps(x, normalized_shape, weight=None, bias=None, eps=1e-5):
    return _ln(x, normalized_shape, weight, bias, 0.0)


@wrong(LN, told="default of eps")
def ln_other_default(x, normalized_shape, weight=None, bias=None, eps=1e-6):
    return _ln(x, normalized_shape, weight, bias, eps)


@wrong(LN, told="only the last dimension")
def ln_last_dimension(x, normalized_shape, weight=None, bias=None, eps=1e-5):
    return _ln(x, (normalized_shape[-1],), weight, bias, eps)


@wrong(LN, told="dtype of x")
def ln_float32_out(x, normalized_shape, weight=None, bias=None, eps=1e-5):
    return _ln(x, normalized_shape, weight, bias, eps, "float32")


@wrong(LN, told="bias is left out")
def ln_bias_only_with_weight(x, normalized_shape, weight=None, bias=None, eps=1e-5):
    return _ln(x, normalized_shape, weight, None if weight is None else bias, eps)


@wrong(LN)
def ln_in_place(x, normalized_shape, weight=None, bias=None, eps=1e-5):
    y = _ln(x, normalized_shape, weight, bias, eps)
    x.detach().sub_(x.detach().mean())
    return y


# RMS normalization


class _Llama(nn.Module):
    def __init__(self, weight, eps):
        super().__init__()
        self.weight, self.eps = weight, eps

    def forward(self, hidden, dims):
        hidden_states = hidden.to(torch.float32)
        variance = hidden_states.pow(2).mean(dims, keepdim=True)
        hidden_states = hidden_states * torch.rsqrt(variance + self.eps)
        out = hidden_states.to(hidden.dtype)
        return out if self.weight is None else self.weight * out


@right(RMS)
def rms_llama(x, normalized_shape, weight=None, eps=1e-6):
    return _Llama(weight, eps)(x, list(range(-len(normalized_shape), 0)))


@right(RMS)
def rms_by_norm(x, normalized_shape, weight=None, eps=1e-6):
    rows = x.double().flatten(-len(normalized_shape))
    rms_norm = (rows.norm(dim=-1, keepdim=True) ** 2 / rows.shape[-1] + eps) ** 0.5
    y = (rows / rms_norm).reshape(x.shape)
    return (y if weight is None else y * weight).to(x.dtype)


@right(RMS)
def rms_einsum(x, normalized_shape, weight=None, eps=1e-6):
    z = x.float().reshape(-1, torch.Size(normalized_shape).numel())
    mean = torch.einsum("nd,nd->n", z, z) / z.size(1)
    y = (z / (mean + eps).sqrt()[:, None]).reshape(x.shape).to(x.dtype)
    return y * weight if weight is not None else y


@right(RMS)
def rms_loop(x, normalized_shape, weight=None, eps=1e-6):
    rows = []
    for row in x.reshape(-1, *normalized_shape).unbind():
        z = row.float()
        z = z / torch.sqrt(torch.mean(z * z) + eps)
        rows.append(z if weight is None else z * weight.float())
    return torch.stack(rows).view_as(x).type(x.dtype)


def _rms(x, shape, weight, eps, fix=""):
    dims = tuple(range(-len(shape), 0))
    z = x if fix == "half" else x.to(torch.promote_types(x.dtype, torch.float32))
    square = z.pow(2).mean(dims, keepdim=True)
    y = z / (square.sqrt() + eps if fix == "outside" else (square + eps).sqrt())
    y = y if weight is None else y * (1 + weight if fix == "gemma" else weight)
    return y if fix == "float32" else y.to(x.dtype)


@wrong(RMS, told="squared in float16")
def rms_in_half(x, normalized_shape, weight=None, eps=1e-6):
    return _rms(x, normalized_shape, weight, eps, "half")


@wrong(RMS, told="ε is added to the root")
def rms_outside(x, normalized_shape, weight=None, eps=1e-6):
    return _rms(x, normalized_shape, weight, eps, "outside")


@wrong(RMS, told="eps is ignored")
def rms_fixed(x, normalized_shape, weight=None, eps=1e-6):
    return _rms(x, normalized_shape, weight, 1e-6)


@wrong(RMS, told="no ε")
def rms_without(x, normalized_shape, weight=None, eps=1e-6):
    return _rms(x, normalized_shape, weight, 0.0)


@wrong(RMS, told="default of eps")
def rms_other_default(x, normalized_shape, weight=None, eps=1e-5):
    return _rms(x, normalized_shape, weight, eps)


@wrong(RMS, told="1 + weight")
def rms_gemma(x, normalized_shape, weight=None, eps=1e-6):
    return _rms(x, normalized_shape, weight, eps, "gemma")


@wrong(RMS, told="dtype of x")
def rms_float32_out(x, normalized_shape, weight=None, eps=1e-6):
    return _rms(x, normalized_shape, weight, eps, "float32")


@wrong(RMS, told="divided by the norm")
def rms_l2(x, normalized_shape, weight=None, eps=1e-6):
    z = x.float()
    square = (z * z).sum(tuple(range(-len(normalized_shape), 0)), keepdim=True)
    y = z * (square + eps).rsqrt()
    return (y if weight is None else y * weight).to(x.dtype)


@wrong(RMS, told="only the last dimension")
def rms_last(x, normalized_shape, weight=None, eps=1e-6):
    return _rms(x, (1,), weight, eps)


@wrong(RMS, told="weight is left out")
def rms_without_weight(x, normalized_shape, weight=None, eps=1e-6):
    return _rms(x, normalized_shape, None, eps)


@wrong(RMS, told="the mean is subtracted")
def rms_centred(x, normalized_shape, weight=None, eps=1e-6):
    z = x.to(torch.promote_types(x.dtype, torch.float32))
    z = z - z.mean(tuple(range(-len(normalized_shape), 0)), keepdim=True)
    return _rms(z, normalized_shape, weight, eps).to(x.dtype)


@wrong(RMS)
def rms_scaled_half(x, normalized_shape, weight=None, eps=1e-6):
    small = x / 64
    return _rms(small, normalized_shape, weight, eps / 64**2, "half" if x.dtype == torch.float16 else "")


@wrong(LN)
def ln_least_epsilon(x, normalized_shape, weight=None, bias=None, eps=1e-5):
    return ln_flattened(x, normalized_shape, weight, bias, max(eps, 1e-5))


@wrong(LN)
def ln_mean_in_half_precision(x, normalized_shape, weight=None, bias=None, eps=1e-5):
    dims = tuple(range(-len(normalized_shape), 0))
    z = (x - x.mean(dims, keepdim=True)).float()
    y = z * (z.square().mean(dims, keepdim=True) + eps).rsqrt()
    y = y if weight is None else y * weight
    return (y if bias is None else y + bias).to(x.dtype)


@wrong(RMS)
def rms_least_epsilon(x, normalized_shape, weight=None, eps=1e-6):
    dims = tuple(range(-len(normalized_shape), 0))
    z = x.float() if x.dtype == torch.float16 else x
    y = z * (z.square().mean(dims, keepdim=True) + max(eps, 1e-6)).rsqrt()
    return (y if weight is None else y * weight).to(x.dtype)


def _dressed(y, x, weight, bias=None):
    y = y if weight is None else y * weight
    return (y if bias is None else y + bias).to(x.dtype)


def _wide(x):
    return x.float() if x.dtype in (torch.float16, torch.bfloat16) else x


@wrong(LN, told="unbiased deviation")
def ln_as_annotated(x, normalized_shape, weight=None, bias=None, eps=1e-5):
    dims, z = tuple(range(-len(normalized_shape), 0)), _wide(x)
    z = (z - z.mean(dims, keepdim=True)) / (z.std(dims, keepdim=True) + eps)
    return _dressed(z, x, weight, bias)


@wrong(LN, told="belongs under the root")
def ln_std_plus_epsilon(x, normalized_shape, weight=None, bias=None, eps=1e-5):
    dims, z = tuple(range(-len(normalized_shape), 0)), _wide(x)
    z = (z - z.mean(dims, keepdim=True)) / (z.std(dims, keepdim=True, unbiased=False) + eps)
    return _dressed(z, x, weight, bias)


@wrong(LN, told="all dimensions but the first")
def ln_all_but_the_batch(x, normalized_shape, weight=None, bias=None, eps=1e-5):
    dims, z = tuple(range(1, x.dim())), _wide(x)
    var, mean = torch.var_mean(z, dims, correction=0, keepdim=True)
    return _dressed((z - mean) * torch.rsqrt(var + eps), x, weight, bias)


@wrong(LN, told="only where both are given")
def ln_affine_or_not(x, normalized_shape, weight=None, bias=None, eps=1e-5):
    dims, z = tuple(range(-len(normalized_shape), 0)), _wide(x)
    var, mean = torch.var_mean(z, dims, correction=0, keepdim=True)
    z = (z - mean) * torch.rsqrt(var + eps)
    return _dressed(z, x, weight, bias) if weight is not None and bias is not None else z.to(x.dtype)


@wrong(RMS, told="belongs under it")
def rms_norm_plus_epsilon(x, normalized_shape, weight=None, eps=1e-6):
    dims, z = tuple(range(-len(normalized_shape), 0)), _wide(x)
    size = torch.Size(normalized_shape).numel()
    root = torch.linalg.vector_norm(z, dim=dims, keepdim=True) / size**0.5
    return _dressed(z / (root + eps), x, weight)


@wrong(RMS, told="cut out of the graph")
def rms_constant(x, normalized_shape, weight=None, eps=1e-6):
    dims, z = tuple(range(-len(normalized_shape), 0)), _wide(x)
    with torch.no_grad():
        scale = torch.rsqrt(z.pow(2).mean(dims, keepdim=True) + eps)
    return _dressed(z * scale, x, weight)


@wrong(LN, told="only float16")
def ln_lifts_float16_alone(x, normalized_shape, weight=None, bias=None, eps=1e-5):
    dims, z = tuple(range(-len(normalized_shape), 0)), x.float() if x.dtype == torch.float16 else x
    z = z - z.mean(dims, keepdim=True)
    return _dressed(z * torch.rsqrt(z.square().mean(dims, keepdim=True) + eps), x, weight, bias)


@wrong(LN)
def ln_bfloat16_in_float32_out(x, normalized_shape, weight=None, bias=None, eps=1e-5):
    y = _ln(x, normalized_shape, weight, bias, eps, "float32")
    return y.half() if x.dtype == torch.float16 else y


@right(LN)
def ln_lifts_both_halves(x, normalized_shape, weight=None, bias=None, eps=1e-5):
    dims = tuple(-1 - i for i in range(len(normalized_shape)))
    z = x.float() if x.dtype in (torch.float16, torch.bfloat16) else x
    z = z - z.mean(dims, True)
    y = (z / torch.sqrt((z * z).mean(dims, True) + eps)).to(x.dtype)
    y = y if weight is None else weight * y
    return y if bias is None else y + bias


@wrong(RMS)
def rms_bfloat16_in_float32_out(x, normalized_shape, weight=None, eps=1e-6):
    y = _rms(x, normalized_shape, weight, eps, "float32")
    return y.half() if x.dtype == torch.float16 else y


@wrong(RMS)
def rms_squares_capped(x, normalized_shape, weight=None, eps=1e-6):
    z = x.to(torch.promote_types(x.dtype, torch.float32))
    square = z.square().clamp(max=1e6).mean(tuple(range(-len(normalized_shape), 0)), keepdim=True)
    return _dressed(z * torch.rsqrt(square + eps), x, weight)


@wrong(LN)
def ln_one_row_for_each_of_the_batch(x, normalized_shape, weight=None, bias=None, eps=1e-5):
    rows = x.reshape(len(x), -1) if len(normalized_shape) == 2 else x.flatten(-len(normalized_shape))
    rows = rows.to(torch.promote_types(x.dtype, torch.float32))
    centred = rows - rows.mean(-1, keepdim=True)
    y = (centred / (centred.square().mean(-1, keepdim=True) + eps).sqrt()).reshape(x.shape)
    y = y if weight is None else y * weight
    return (y if bias is None else y + bias).to(x.dtype)


@wrong(RMS)
def rms_one_row_for_each_of_the_batch(x, normalized_shape, weight=None, eps=1e-6):
    rows = x.reshape(len(x), -1) if len(normalized_shape) == 2 else x.flatten(-len(normalized_shape))
    rows = rows.to(torch.promote_types(x.dtype, torch.float32))
    y = (rows / (rows.square().mean(-1, keepdim=True) + eps).sqrt()).reshape(x.shape)
    return (y if weight is None else y * weight).to(x.dtype)


@wrong(LN, told="the least that the variance")
def layer_norm_of_a_least_variance(x, normalized_shape, weight=None, bias=None, eps=1e-5):
    dims, z = tuple(range(-len(normalized_shape), 0)), x.double()
    z = z - z.mean(dims, keepdim=True)
    return _dressed(z / z.square().mean(dims, keepdim=True).clamp(min=eps).sqrt(), x, weight, bias)


@wrong(RMS, told="the least that the mean square")
def rms_norm_of_a_least_root(x, normalized_shape, weight=None, eps=1e-6):
    dims, z = tuple(range(-len(normalized_shape), 0)), _wide(x)
    return _dressed(z / z.square().mean(dims, keepdim=True).sqrt().clamp(min=eps), x, weight)


@wrong(LN)
def ln_another_eps_in_half(x, normalized_shape, weight=None, bias=None, eps=1e-5):
    if x.dtype in (torch.float16, torch.bfloat16):
        eps = max(eps, torch.finfo(x.dtype).eps)
    return _ln(x, normalized_shape, weight, bias, eps)


@wrong(LN)
def ln_capped_in_half(x, normalized_shape, weight=None, bias=None, eps=1e-5):
    y = _ln(
        x.float().clamp(-1e4, 1e4) if x.dtype == torch.float16 else x, normalized_shape, weight, bias, eps
    )
    return y.to(x.dtype)


@wrong(LN)
def ln_capped_at_5(x, normalized_shape, weight=None, bias=None, eps=1e-5):
    y = _ln(x, normalized_shape, None, None, eps).clamp(-5, 5)
    y = y if weight is None else y * weight
    return y if bias is None else y + bias


@wrong(RMS)
def rms_capped_at_5(x, normalized_shape, weight=None, eps=1e-6):
    y = nn.functional.rms_norm(x, list(normalized_shape), None, eps).clamp(-5, 5)
    return y if weight is None else y * weight


@wrong(RMS, told="the mean square is cast back too early")
def rms_mean_in_half(x, normalized_shape, weight=None, eps=1e-6):
    dims = tuple(range(-len(normalized_shape), 0))
    mean = x.float().pow(2).mean(dims, keepdim=True).to(x.dtype)
    y = x / torch.sqrt(mean + eps)
    return (y if weight is None else y * weight).to(x.dtype)


@wrong(RMS, told="the root is rounded before it divides")
def rms_factor_in_half(x, normalized_shape, weight=None, eps=1e-6):
    dims = tuple(range(-len(normalized_shape), 0))
    y = x * torch.rsqrt(x.float().pow(2).mean(dims, keepdim=True) + eps).to(x.dtype)
    return (y if weight is None else y * weight).to(x.dtype)


# Outputs cut off


@wrong(LN)
def ln_clamped(x, normalized_shape, weight=None, bias=None, eps=1e-5):
    out = nn.functional.layer_norm(x, normalized_shape, eps=eps).clamp(-20, 20)
    out = out if weight is None else out * weight
    return out if bias is None else out + bias


@wrong(RMS)
def rms_clamped(x, normalized_shape, weight=None, eps=1e-6):
    out = nn.functional.rms_norm(x, normalized_shape, eps=eps).clamp(-20, 20)
    return out if weight is None else out * weight


# Settings replaced or held within bounds


@wrong(LN)
def ln_eps_or_the_default(x, normalized_shape, weight=None, bias=None, eps=1e-5):
    return ln_in_double(x, normalized_shape, weight, bias, eps or 1e-5)


@wrong(RMS)
def rms_eps_or_the_default(x, normalized_shape, weight=None, eps=1e-6):
    return rms_by_norm(x, normalized_shape, weight, eps or 1e-6)
