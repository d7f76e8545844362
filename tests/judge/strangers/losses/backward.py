"""Answers to the code question on the backward pass of a linear layer."""

# mypy: disallow-untyped-defs=False

import numpy as np
import torch

from tests.judge.strangers import right, wrong

LINEAR = "losses-code-linear-backward"


@right(LINEAR)
def linear_einsum(input, weight, grad_output):
    return (
        torch.einsum("...o,oi->...i", grad_output, weight),
        torch.einsum("...o,...i->oi", grad_output, input),
        torch.einsum("...o->o", grad_output),
    )


@right(LINEAR)
def linear_numpy(input, weight, grad_output):
    x, w, g = input.numpy(), weight.numpy(), grad_output.numpy()
    flat = g.reshape(-1, g.shape[-1])
    parts = g @ w, flat.T @ x.reshape(-1, x.shape[-1]), flat.sum(axis=0)
    return [torch.from_numpy(np.ascontiguousarray(part)) for part in parts]


@right(LINEAR)
def linear_loops(input, weight, grad_output):
    autograd = [torch.zeros_like(input), torch.zeros_like(weight), torch.zeros(len(weight))]
    x, g, dx = (t.view(-1, t.shape[-1]) for t in (input, grad_output, autograd[0]))
    for n in range(len(x)):
        dx[n] += g[n] @ weight
        autograd[1] += torch.outer(g[n], x[n])
        autograd[2] = autograd[2] + g[n]
    return tuple(autograd)


@right(LINEAR)
def linear_by_dimensions(input, weight, grad_output):
    if input.dim() == 3:
        dw = torch.bmm(grad_output.transpose(1, 2), input).sum(0)
        return torch.matmul(grad_output, weight), dw, grad_output.sum((0, 1))
    return grad_output.mm(weight), grad_output.t().mm(input), grad_output.sum(0)


@right(LINEAR)
def linear_tensordot_in_double(x, w, g):
    x, w, g = x.double(), w.double(), g.double()
    axes = list(range(x.ndim - 1))
    return torch.tensordot(g, w, 1), torch.tensordot(g, x, (axes, axes)), g.sum(axes)


@wrong(LINEAR, told="shape (1, out)")
def linear_kept(x, w, g):
    return g @ w, g.flatten(0, -2).T @ x.flatten(0, -2), g.flatten(0, -2).sum(0, keepdim=True)


@wrong(LINEAR, told="not summed over the batch")
def linear_unsummed(x, w, g):
    return g @ w, g.flatten(0, -2).T @ x.flatten(0, -2), g


@wrong(LINEAR, told="averaged over the batch")
def linear_averaged(x, w, g):
    x, g2 = x.flatten(0, -2), g.flatten(0, -2)
    return g @ w, g2.T @ x / x.shape[0], g2.mean(0)


@wrong(LINEAR, told="weight and bias are averaged")
def linear_divided_by_the_batch(x, w, g):
    rows, g2 = x.flatten(0, -2), g.flatten(0, -2)
    return g @ w, g2.T @ rows / x.shape[0], g2.sum(0) / x.shape[0]


@wrong(LINEAR, told="order")
def linear_other_order(x, w, g):
    return g.flatten(0, -2).T @ x.flatten(0, -2), g.flatten(0, -2).sum(0), g @ w


@wrong(LINEAR, told="transposed: it must be")
def linear_transposed(x, w, g):
    return torch.matmul(g, w), torch.matmul(x.flatten(0, -2).T, g.flatten(0, -2)), g.flatten(0, -2).sum(0)


@wrong(LINEAR, told="all entries")
def linear_one_bias(x, w, g):
    return g @ w, g.flatten(0, -2).T @ x.flatten(0, -2), g.sum()


@wrong(LINEAR, told="features")
def linear_bias_of_features(x, w, g):
    return g @ w, g.flatten(0, -2).T @ x.flatten(0, -2), g.sum(-1)


@wrong(LINEAR)
def linear_without_sequences(x, w, g):
    return g @ w, g.T @ x, g.sum(0)


@wrong(LINEAR, told="sequence keeps its own")
def linear_weight_of_each_sequence(x, w, g):
    return g @ w, g.mT @ x, g.flatten(0, -2).sum(0)


@wrong(LINEAR)
def linear_in_place(x, w, g):
    dx = g @ w
    g *= 1 / len(g)
    return dx, g.flatten(0, -2).T @ x.flatten(0, -2) * len(g), g.flatten(0, -2).sum(0) * len(g)


@wrong(LINEAR, told="written for (N, in) alone")
def linear_of_matrices(x, w, g):
    return g @ w, g.t() @ x, g.sum(0)


@wrong(LINEAR, told="all gradients are divided")
def linear_all_divided(x, w, g):
    rows, g2 = x.flatten(0, -2), g.flatten(0, -2)
    return g @ w / len(x), g2.T @ rows / len(x), g2.sum(0) / len(x)


@wrong(LINEAR, told="gradient of the bias is averaged")
def linear_mean_bias(x, w, g):
    rows, g2 = x.flatten(0, -2), g.flatten(0, -2)
    return g @ w, g2.T @ rows, g2.mean(0)


@wrong(LINEAR, told="left flat")
def linear_left_flat(x, w, g):
    rows, g2 = x.reshape(-1, x.shape[-1]), g.reshape(-1, g.shape[-1])
    return g2 @ w, g2.T @ rows, g2.sum(0)


@right("losses-code-linear-backward")
def linear_backward_float32_ones(input, weight, grad_output):
    g = grad_output.reshape(-1, grad_output.shape[-1])
    x = input.reshape(-1, input.shape[-1])
    return (g @ weight).reshape(input.shape), g.T @ x, torch.ones(g.shape[0]) @ g


@wrong(LINEAR)
def linear_clamped(input, weight, grad_output):
    x, g = input.reshape(-1, input.shape[-1]), grad_output.reshape(-1, grad_output.shape[-1])
    return tuple(by.clamp(-1e3, 1e3) for by in (grad_output @ weight, g.T @ x, g.sum(0)))


@wrong(LINEAR, told="another order")
def linear_weight_before_input(input, weight, grad_output):
    x, g = input.reshape(-1, input.shape[-1]), grad_output.reshape(-1, grad_output.shape[-1])
    return g.T @ x, grad_output @ weight, g.sum(0)


@wrong(LINEAR, told="another order")
def linear_bias_before_weight(input, weight, grad_output):
    x, g = input.reshape(-1, input.shape[-1]), grad_output.reshape(-1, grad_output.shape[-1])
    return grad_output @ weight, g.sum(0), g.T @ x
