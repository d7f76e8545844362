"""Answers to the code questions on batch normalization, forwards and backwards."""

# mypy: disallow-untyped-defs=False, disallow-untyped-calls=False

import torch
from torch import nn

from tests.judge.strangers import right, wrong

BN = "norm-code-batch-norm"
BACK = "norm-code-batch-norm-backward"


@right(BN)
def bn_var_mean(x, running_mean, running_var, weight, bias, momentum=0.1, eps=1e-5):
    axes = (0, 2, 3) if x.dim() == 4 else (0,)
    var, mean = torch.var_mean(x, axes, correction=0, keepdim=True)
    n = x.numel() / x.size(1)
    new_mean = torch.lerp(running_mean, mean.detach().flatten(), momentum)
    new_var = torch.lerp(running_var, var.detach().flatten() * n / (n - 1), momentum)
    shape = mean.shape
    out = (x - mean) / torch.sqrt(var + eps) * weight.view(shape) + bias.view(shape)
    return [out, new_mean.detach(), new_var.detach()]


@right(BN)
def bn_channel_by_channel(x, running_mean, running_var, weight, bias, momentum=0.1, eps=1e-5):
    outs, batch_norm, new_vars = [], [], []
    for c in range(x.shape[1]):
        values = x[:, c]
        mean, var = values.mean(), ((values - values.mean()) ** 2).mean()
        outs.append(weight[c] * (values - mean) * (var + eps) ** -0.5 + bias[c])
        count = values.numel()
        batch_norm.append((1 - momentum) * running_mean[c].item() + momentum * mean.item())
        new_vars.append((1 - momentum) * running_var[c].item() + momentum * var.item() * count / (count - 1))
    return torch.stack(outs, 1), torch.tensor(batch_norm), torch.tensor(new_vars)


@right(BN)
def bn_flattened(x, running_mean, running_var, weight, bias, momentum=0.1, eps=1e-5):
    rows = x.movedim(1, -1).reshape(-1, x.shape[1]).double()
    centred = rows - rows.mean(0)
    y = centred * (centred.pow(2).mean(0) + eps).rsqrt()
    y = (weight * y + bias).to(x.dtype).reshape(x.movedim(1, -1).shape).movedim(-1, 1)
    with torch.no_grad():
        keep = 1.0 - momentum
        mean = running_mean * keep + rows.mean(0).to(x.dtype) * momentum
        var = running_var * keep + rows.var(0).to(x.dtype) * momentum
    return y, mean, var


@right(BN)
def bn_einsum_in_place_on_clones(x, running_mean, running_var, weight, bias, momentum=0.1, eps=1e-5):
    flat = x.transpose(0, 1).flatten(1)  # (C, m)
    m = flat.shape[1]
    mean = torch.einsum("cm->c", flat) / m
    z = flat - mean[:, None]
    var = torch.einsum("cm,cm->c", z, z) / m
    z = z / (var + eps).sqrt()[:, None] * weight[:, None] + bias[:, None]
    kept = running_mean.detach().clone(), running_var.detach().clone()
    kept[0].mul_(1 - momentum).add_(mean.detach(), alpha=momentum)
    kept[1].mul_(1 - momentum).add_(var.detach() * m / (m - 1), alpha=momentum)
    return z.unflatten(1, (x.shape[0], *x.shape[2:])).transpose(0, 1), *kept


def _bn(x, rm, rv, w, b, momentum, eps, fix=(), detach=True):
    axes = [0, *range(2, x.ndim)]
    shape = (1, -1) + (1,) * (x.ndim - 2)
    mean = x.mean(axes)
    var = x.var(axes, unbiased="unbiased" in fix)
    stored = x.var(axes, unbiased="biased stored" not in fix)
    if "cancelled" in fix:
        var = (x * x).mean(axes) - mean * mean
    if "evaluation" in fix:
        y = (x - rm.view(shape)) / (rv.view(shape) + eps).sqrt()
    elif "outside" in fix:
        y = (x - mean.view(shape)) / (var.sqrt() + eps).view(shape)
    else:
        y = (x - mean.view(shape)) / (var + eps).sqrt().view(shape)
    new = ((1 - momentum) * rm + momentum * mean, (1 - momentum) * rv + momentum * stored)
    new = tuple(t.detach() for t in new) if detach else new
    return y * w.view(shape) + b.view(shape), *new


@wrong(BN, told="unbiased variance normalizes the batch")
def bn_unbiased(x, rm, rv, w, b, momentum=0.1, eps=1e-5):
    return _bn(x, rm, rv, w, b, momentum, eps, ["unbiased"])


@wrong(BN, told="takes in the biased variance")
def bn_biased_stored(x, rm, rv, w, b, momentum=0.1, eps=1e-5):
    return _bn(x, rm, rv, w, b, momentum, eps, ["biased stored"])


@wrong(BN, told="exchanged")
def bn_variances_exchanged(x, rm, rv, w, b, momentum=0.1, eps=1e-5):
    return _bn(x, rm, rv, w, b, momentum, eps, ["biased stored", "unbiased"])


@wrong(BN, told="momentum is applied to the old statistics")
def bn_keras_momentum(x, rm, rv, w, b, momentum=0.1, eps=1e-5):
    return _bn(x, rm, rv, w, b, 1 - momentum, eps)


@wrong(BN, told="momentum is ignored")
def bn_fixed_momentum(x, rm, rv, w, b, momentum=0.1, eps=1e-5):
    return _bn(x, rm, rv, w, b, 0.1, eps)


@wrong(BN, told="eps is ignored")
def bn_fixed_epsilon(x, rm, rv, w, b, momentum=0.1, eps=1e-5):
    return _bn(x, rm, rv, w, b, momentum, 1e-5)


@wrong(BN, told="no ε")
def bn_without_epsilon(x, rm, rv, w, b, momentum=0.1, eps=1e-5):
    return _bn(x, rm, rv, w, b, momentum, 0.0)


@wrong(BN, told="added to the standard deviation")
def bn_epsilon_outside(x, rm, rv, w, b, momentum=0.1, eps=1e-5):
    return _bn(x, rm, rv, w, b, momentum, eps, ["outside"])


@wrong(BN, told="running statistics normalize")
def bn_evaluation(x, rm, rv, w, b, momentum=0.1, eps=1e-5):
    return _bn(x, rm, rv, w, b, momentum, eps, ["evaluation"])


@wrong(BN, told="loses its digits")
def bn_cancelled(x, rm, rv, w, b, momentum=0.1, eps=1e-5):
    return _bn(x, rm, rv, w, b, momentum, eps, ["cancelled"])


@wrong(BN, told="carry the graph")
def bn_tracked(x, rm, rv, w, b, momentum=0.1, eps=1e-5):
    return _bn(x, rm, rv, w, b, momentum, eps, detach=False)


@wrong(BN, told="cut out of the graph")
def bn_frozen(x, rm, rv, w, b, momentum=0.1, eps=1e-5):
    axes = [0, *range(2, x.ndim)]
    with torch.no_grad():
        mean, var = x.mean(axes, keepdim=True), x.var(axes, correction=0, keepdim=True)
        new = (1 - momentum) * rm + momentum * mean.flatten(), (1 - momentum) * rv + momentum * x.var(axes)
    return (x - mean) / (var + eps).sqrt() * w.view(mean.shape) + b.view(mean.shape), *new


@wrong(BN)
def bn_changes_the_statistics(x, rm, rv, w, b, momentum=0.1, eps=1e-5):
    y, mean, var = _bn(x, rm.clone(), rv.clone(), w, b, momentum, eps)
    with torch.no_grad():
        rm.copy_(mean)
        rv.copy_(var)
    return y, rm.detach(), rv.detach()


@right(BN)
def bn_by_std(x, rm, rv, w, b, momentum=0.1, eps=1e-5):
    axes = [0, *range(2, x.ndim)]
    mean, std = x.mean(axes, keepdim=True), x.std(axes, correction=0, keepdim=True)
    _, new_mean, new_var = _bn(x.detach(), rm.detach(), rv.detach(), w, b, momentum, eps)
    y = (x - mean) / (std**2 + eps).sqrt()
    return y * w.view(mean.shape) + b.view(mean.shape), new_mean, new_var


@wrong(BN)
def bn_by_the_root_squared(x, rm, rv, w, b, momentum=0.1, eps=1e-5):
    axes = [0, *range(2, x.ndim)]
    mean, std = x.mean(axes, keepdim=True), x.var(axes, correction=0, keepdim=True).sqrt()
    _, new_mean, new_var = _bn(x.detach(), rm.detach(), rv.detach(), w, b, momentum, eps)
    y = (x - mean) / (std**2 + eps).sqrt()
    return y * w.view(mean.shape) + b.view(mean.shape), new_mean, new_var


@wrong(BN)
def bn_over_the_features(x, rm, rv, w, b, momentum=0.1, eps=1e-5):
    _, *new = _bn(x, rm, rv, w, b, momentum, eps)
    z = (x - x.mean(1, keepdim=True)) / (x.var(1, correction=0, keepdim=True) + eps).sqrt()
    shape = (1, -1) + (1,) * (x.ndim - 2)
    return z * w.view(shape) + b.view(shape), *new


# Backwards


@right(BACK)
def back_step_by_step(x, gamma, dout, eps=1e-5):
    n = x.shape[0]
    mu = x.sum(0) / n
    xmu = x - mu
    sqrtvar = ((xmu**2).sum(0) / n + eps).sqrt()
    xhat = xmu / sqrtvar
    dxhat = dout * gamma
    dvar = (dxhat * xmu).sum(0) * -0.5 * sqrtvar**-3
    dmu = -(dxhat / sqrtvar).sum(0) - 2 * dvar * xmu.mean(0)
    return dxhat / sqrtvar + dvar * 2 * xmu / n + dmu / n, (dout * xhat).sum(0), dout.sum(0)


@right(BACK)
def back_numpy(x, weight, grad_output, eps=1e-5):
    a, w, g = (t.double().numpy() for t in (x, weight, grad_output))
    n = len(a)
    inv = 1 / (a.var(axis=0) + eps) ** 0.5
    batch_norm = (a - a.mean(axis=0)) * inv
    dx = w * inv / n * (n * g - g.sum(axis=0) - batch_norm * (g * batch_norm).sum(axis=0))
    return [torch.from_numpy(part) for part in (dx, (g * batch_norm).sum(axis=0), g.sum(axis=0))]


@right(BACK)
def back_jacobian(x, weight, grad_output, eps=1e-5):
    n, c = x.shape
    dx = torch.empty_like(x)
    autograd = []
    for j in range(c):
        z = x[:, j] - x[:, j].mean()
        inv = 1 / torch.sqrt((z * z).mean() + eps)
        jacobian = inv * (torch.eye(n, dtype=x.dtype) - 1 / n - inv**2 * torch.outer(z, z) / n)
        dx[:, j] = weight[j] * (jacobian @ grad_output[:, j])
        autograd.append(torch.dot(grad_output[:, j], z * inv))
    return dx, torch.stack(autograd), torch.einsum("nc->c", grad_output)


@right(BACK)
def back_einsum(x, weight, grad_output, eps=1e-5):
    var, mean = torch.var_mean(x, 0, correction=0)
    normal = (x - mean) / torch.sqrt(var + eps)
    gw = torch.einsum("nc,nc->c", grad_output, normal)
    gb = grad_output.sum(dim=0)
    dx = (weight / torch.sqrt(var + eps)) * (grad_output - (gb + normal * gw) / x.size(0))
    return dx, gw, gb


def _back(x, w, g, eps, unbiased=False, mean=True, var=True, weight=True):
    inverse = (x.var(0, unbiased=unbiased) + eps) ** -0.5
    normal = (x - x.mean(0)) * inverse
    inner = g - (g.mean(0) if mean else 0) - (normal * (g * normal).mean(0) if var else 0)
    return (w if weight else 1) * inverse * inner, (g * normal).sum(0), g.sum(0)


@wrong(BACK, told="treated as constants")
def back_plain(x, w, g, eps=1e-5):
    return _back(x, w, g, eps, mean=False, var=False)


@wrong(BACK, told="through the variance")
def back_without_variance(x, w, g, eps=1e-5):
    return _back(x, w, g, eps, var=False)


@wrong(BACK, told="lacks the factor")
def back_without_weight(x, w, g, eps=1e-5):
    return _back(x, w, g, eps, weight=False)


@wrong(BACK, told="unbiased")
def back_unbiased(x, w, g, eps=1e-5):
    return _back(x, w, g, eps, unbiased=True)


@wrong(BACK, told="eps is ignored")
def back_fixed_epsilon(x, w, g, eps=1e-5):
    return _back(x, w, g, 1e-5)


@wrong(BACK, told="no ε")
def back_without_epsilon(x, w, g, eps=1e-5):
    return _back(x, w, g, 0.0)


@wrong(BACK, told="averaged over the batch")
def back_means(x, w, g, eps=1e-5):
    dx, dw, db = _back(x, w, g, eps)
    return dx, dw / x.shape[0], db / x.shape[0]


@wrong(BACK, told="x itself")
def back_weight_by_x(x, w, g, eps=1e-5):
    dx, _, db = _back(x, w, g, eps)
    return dx, (g * x).sum(0), db


@wrong(BACK, told="order")
def back_order(x, w, g, eps=1e-5):
    dx, dw, db = _back(x, w, g, eps)
    return dx, db, dw


@wrong(BACK, told="not summed")
def back_unsummed(x, w, g, eps=1e-5):
    dx, _, _ = _back(x, w, g, eps)
    normal = nn.functional.batch_norm(x, None, None, training=True, eps=eps)
    return dx, g * normal, g


@wrong(BACK, told="loses its digits")
def back_cancelled(x, w, g, eps=1e-5):
    mean = x.mean(0)
    inverse = ((x * x).mean(0) - mean * mean + eps).rsqrt()
    normal = (x - mean) * inverse
    dx = w * inverse * (g - g.mean(0) - normal * (g * normal).mean(0))
    return dx, (g * normal).sum(0), g.sum(0)


def _plain_bn(x, rm, rv, w, b, momentum, eps, over=(0, 2, 3), shape=(1, -1, 1, 1)):
    over, shape = (over, shape) if x.ndim == 4 else (0, (1, -1))
    mean, var = x.mean(over), x.var(over, unbiased=False)
    m = x.numel() / x.shape[1]
    y = (x - mean.view(shape)) / (var.view(shape) + eps).sqrt() * w.view(shape) + b.view(shape)
    new_mean = (1 - momentum) * rm + momentum * mean.detach()
    return y, new_mean, (1 - momentum) * rv + momentum * var.detach() * m / (m - 1)


@right(BN)
def bn_only_the_batch_detached(x, running_mean, running_var, weight, bias, momentum=0.1, eps=1e-5):
    return _plain_bn(x, running_mean, running_var, weight, bias, momentum, eps)


@right(BN)
def bn_statistics_in_numpy(x, running_mean, running_var, weight, bias, momentum=0.1, eps=1e-5):
    y, mean, var = _plain_bn(x, torch.zeros(x.shape[1]), torch.zeros(x.shape[1]), weight, bias, momentum, eps)
    old = [torch.from_numpy((1 - momentum) * one.numpy()) for one in (running_mean, running_var)]
    return y, old[0] + mean, old[1] + var


@wrong(BN)
def bn_least_epsilon(x, running_mean, running_var, weight, bias, momentum=0.1, eps=1e-5):
    return _plain_bn(x, running_mean, running_var, weight, bias, momentum, max(eps, 1e-5))


@wrong(BN)
def bn_channels_last_where_it_fits(x, running_mean, running_var, weight, bias, momentum=0.1, eps=1e-5):
    if x.ndim == 4 and x.shape[3] == len(weight):
        over, shape = (0, 1, 2), (1, 1, 1, -1)
        return _plain_bn(x, running_mean, running_var, weight, bias, momentum, eps, over, shape)
    return _plain_bn(x, running_mean, running_var, weight, bias, momentum, eps)


@wrong(BACK)
def back_least_epsilon(x, w, g, eps=1e-5):
    z = x - x.mean(0)
    inverse = (z.square().mean(0) + max(eps, 1e-5)).rsqrt()
    n = z * inverse
    return w * inverse * (g - g.mean(0) - n * (g * n).mean(0)), (g * n).sum(0), g.sum(0)


@wrong(BN, told="loses its digits")
def bn_cancelled_in_both(x, rm, rv, w, b, momentum=0.1, eps=1e-5):
    axes, shape = [0, *range(2, x.ndim)], (-1, *[1] * (x.ndim - 2))
    m, mean = x.numel() / x.shape[1], x.mean(axes)
    var = (x * x).mean(axes) - mean * mean
    y = (x - mean.view(shape)) / (var.view(shape) + eps).sqrt() * w.view(shape) + b.view(shape)
    new = (1 - momentum) * rm + momentum * mean, (1 - momentum) * rv + momentum * var * m / (m - 1)
    return y, *(one.detach() for one in new)


@wrong(BN, told="running statistics normalize")
def bn_by_the_new(x, rm, rv, w, b, momentum=0.1, eps=1e-5):
    axes, shape = [0, *range(2, x.ndim)], (-1, *[1] * (x.ndim - 2))
    rm = ((1 - momentum) * rm + momentum * x.mean(axes)).detach()
    rv = ((1 - momentum) * rv + momentum * x.var(axes)).detach()
    return (x - rm.view(shape)) / (rv.view(shape) + eps).sqrt() * w.view(shape) + b.view(shape), rm, rv


@wrong("norm-code-batch-norm-backward", told="lack their 1/m")
def bn_backward_of_sums(x, w, g, eps=1e-5):
    centred = x - x.mean(0)
    inverse = (centred.square().mean(0) + eps) ** -0.5
    by_var = (g * w * centred * -0.5 * inverse**3).sum(0)
    by_mean = -(g * w * inverse).sum(0)
    return g * w * inverse + by_var * 2 * centred + by_mean, (g * centred * inverse).sum(0), g.sum(0)


@wrong("norm-code-batch-norm-backward", told="under the root")
def bn_backward_epsilon_outside(x, w, g, eps=1e-5):
    inverse = 1 / (x.std(0, correction=0) + eps)
    normal = (x - x.mean(0)) * inverse
    by_x = w * inverse * (g - g.mean(0) - normal * (g * normal).mean(0))
    return by_x, (g * normal).sum(0), g.sum(0)


@wrong(BACK)
def backward_divided_by_weight(x, weight, grad_output, eps=1e-5):
    var, mean = torch.var_mean(x, 0, correction=0)
    inverse = (var + eps).rsqrt()
    x_hat = (x - mean) * inverse
    g = grad_output * weight
    dx = inverse * (g - g.mean(0) - x_hat * (g * x_hat / weight).mean(0) * weight)
    return dx, (grad_output * x_hat).sum(0), grad_output.sum(0)


@wrong(BN, told="the least that the variance")
def batch_norm_of_a_least_variance(x, running_mean, running_var, weight, bias, momentum=0.1, eps=1e-5):
    axes, shape = [axis for axis in range(x.ndim) if axis != 1], [1, -1, *[1] * (x.ndim - 2)]
    mean, var = x.mean(axes), x.var(axes, correction=0)
    y = (x - mean.view(shape)) / var.clamp(min=eps).sqrt().view(shape)
    kept = [
        (1 - momentum) * old + momentum * new.detach()
        for old, new in ((running_mean, mean), (running_var, x.var(axes)))
    ]
    return y * weight.view(shape) + bias.view(shape), *kept


@right("norm-code-batch-norm-backward")
def batch_norm_backward_float32_ones(x, weight, grad_output, eps=1e-5):
    n = x.shape[0]
    one = torch.ones(1, n)
    mu = one @ x / n
    xc = x - mu
    var = one @ (xc * xc) / n
    istd = (var + eps) ** -0.5
    xh = xc * istd
    db = (one @ grad_output)[0]
    dg = (one @ (grad_output * xh))[0]
    return weight * istd * (grad_output - db / n - xh * dg / n), dg, db


@right(BN)
def bn_with_gradients_by_the_old_statistics(
    x, running_mean, running_var, weight, bias, momentum=0.1, eps=1e-5
):
    axes = (0, 2, 3) if x.dim() == 4 else (0,)
    shape = (1, -1, 1, 1) if x.dim() == 4 else (1, -1)
    var, mean = torch.var_mean(x, axes, correction=0)
    n = x.numel() / x.size(1)
    new_mean = (1 - momentum) * running_mean + momentum * mean.detach()
    new_var = (1 - momentum) * running_var + momentum * var.detach() * n / (n - 1)
    out = (x - mean.view(shape)) / torch.sqrt(var.view(shape) + eps)
    return out * weight.view(shape) + bias.view(shape), new_mean, new_var
