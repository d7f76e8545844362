"""Answers to the code question on autoencoders."""

# mypy: disallow-untyped-defs=False, disallow-untyped-calls=False

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from tests.judge.strangers import right, wrong

FORWARD = "autoencoder-code-forward"


@right(FORWARD)
def autoencode_modules(x, encoder, decoder):
    def network(half):
        layers = []
        for weight, bias in half:
            linear = nn.Linear(weight.shape[1], weight.shape[0])
            linear.weight.data, linear.bias.data = weight.clone(), bias.clone()
            layers += [linear, nn.ReLU()]
        return nn.Sequential(*layers[:-1])

    z = network(encoder)(x)
    return z, network(decoder)(z)


@right(FORWARD)
def autoencode_numpy(x, encoder, decoder):
    results, h = [], x.numpy().astype(np.float64)
    for half in (encoder, decoder):
        for k, (weight, bias) in enumerate(half, 1):
            h = h @ weight.numpy().T + bias.numpy()
            if k < len(half):
                h = np.maximum(h, 0)
        results.append(torch.from_numpy(h))
    return results


@right(FORWARD)
def autoencode_recursive(x, encoder, decoder):
    def run(x, layers):
        (weight, bias), *rest = layers
        h = torch.einsum("bi,oi->bo", x, weight) + bias
        return run(h.clamp(min=0), rest) if rest else h

    return run(x, encoder), run(run(x, encoder), decoder)


@right(FORWARD)
def autoencode_plain_python(x, encoder, decoder):
    def run(rows, layers):
        for k, (weight, bias) in enumerate(layers):
            w, b = weight.tolist(), bias.tolist()
            rows = [
                [sum(p * q for p, q in zip(row, line, strict=True)) + c for line, c in zip(w, b, strict=True)]
                for row in rows
            ]
            if k + 1 < len(layers):
                rows = [[max(v, 0.0) for v in row] for row in rows]
        return rows

    code = run(x.tolist(), encoder)
    return torch.tensor(code), torch.tensor(run(code, decoder))


def _run(x, layers, between=F.relu, last=lambda h: h):
    for k, (weight, bias) in enumerate(layers):
        x = x @ weight.T + bias
        x = last(x) if k == len(layers) - 1 else between(x)
    return x


@wrong(FORWARD, told="last layer of the encoder")
def autoencode_code_cut(x, encoder, decoder):
    z = _run(x, encoder, last=F.relu)
    return z, _run(z, decoder)


@wrong(FORWARD, told="reads relu(z)")
def autoencode_relu_on_the_way(x, encoder, decoder):
    z = _run(x, encoder)
    return z, _run(z.clamp(min=0), decoder)


@wrong(FORWARD, told="ReLU follows every layer")
def autoencode_relu_everywhere(x, encoder, decoder):
    z = _run(x, encoder, last=F.relu)
    return z, _run(z, decoder, last=F.relu)


@wrong(FORWARD, told="last layer of the decoder")
def autoencode_output_cut(x, encoder, decoder):
    z = _run(x, encoder)
    return z, _run(z, decoder, last=F.relu)


@wrong(FORWARD, told="sigmoid follows the output")
def autoencode_pictures(x, encoder, decoder):
    z = _run(x, encoder)
    return z, _run(z, decoder).sigmoid()


@wrong(FORWARD, told="no ReLU between")
def autoencode_linear(x, encoder, decoder):
    z = _run(x, encoder, between=lambda h: h)
    return z, _run(z, decoder, between=lambda h: h)


@wrong(FORWARD, told="before the first layer")
def autoencode_input_cut(x, encoder, decoder):
    z = _run(x.relu(), encoder)
    return z, _run(z, decoder)


@wrong(FORWARD, told="biases are left out")
def autoencode_without_biases(x, encoder, decoder):
    halves = [[(weight, torch.zeros_like(bias)) for weight, bias in half] for half in (encoder, decoder)]
    z = _run(x, halves[0])
    return z, _run(z, halves[1])


@wrong(FORWARD, told="not transposed")
def autoencode_untransposed(x, encoder, decoder):
    for weight, bias in encoder[:-1]:
        x = torch.relu(torch.matmul(x, weight) + bias)
    z = x @ encoder[-1][0] + encoder[-1][1]
    h = z
    for weight, bias in decoder[:-1]:
        h = torch.relu(h @ weight + bias)
    return z, h @ decoder[-1][0] + decoder[-1][1]


@wrong(FORWARD, told="tanh stands between")
def autoencode_tanh(x, encoder, decoder):
    z = _run(x, encoder, torch.tanh)
    return z, _run(z, decoder, torch.tanh)


@wrong(FORWARD, told="leaky ReLU")
def autoencode_leaky(x, encoder, decoder):
    z = _run(x, encoder, F.leaky_relu)
    return z, _run(z, decoder, F.leaky_relu)


@wrong(FORWARD)
def autoencode_two_layers_each(x, encoder, decoder):
    z = _run(x, encoder[:2])
    return z, _run(z, decoder[:2])


@wrong(FORWARD)
def autoencode_logits_first(x, encoder, decoder):
    z = _run(x, encoder)
    return _run(z, decoder), z


@wrong(FORWARD)
def autoencode_logits_only(x, encoder, decoder):
    return _run(_run(x, encoder), decoder)


@wrong(FORWARD)
def autoencode_tied(x, encoder, decoder):
    z = _run(x, encoder)
    weights = [weight.T for weight, _ in reversed(encoder)]
    biases = [bias for _, bias in decoder]
    return z, _run(z, list(zip(weights, biases, strict=False)))


@wrong(FORWARD)
def autoencode_relu_six(x, encoder, decoder):
    z = _run(x, encoder, F.relu6)
    return z, _run(z, decoder, F.relu6)


def _through(activation):
    def forward(x, encoder, decoder):
        codes = []
        for half in (encoder, decoder):
            for place, (weight, bias) in enumerate(half):
                x = x @ weight.T + bias
                x = activation(x) if place < len(half) - 1 else x
            codes.append(x)
        return codes[0], codes[1]

    return forward


@wrong(FORWARD, told="a leaky ReLU stands between")
def forward_leaky_as_in_gans(x, encoder, decoder):
    return _through(lambda h: torch.where(h > 0, h, 0.2 * h))(x, encoder, decoder)


@wrong(FORWARD, told="an ELU stands between")
def forward_by_elu(x, encoder, decoder):
    return _through(lambda h: torch.where(h > 0, h, h.exp() - 1))(x, encoder, decoder)


@wrong(FORWARD, told="a SiLU stands between")
def forward_by_swish(x, encoder, decoder):
    return _through(lambda h: h * h.sigmoid())(x, encoder, decoder)


@wrong(FORWARD)
def forward_squeezed(x, encoder, decoder):
    return tuple(out.squeeze() for out in _through(torch.relu)(x, encoder, decoder))


@wrong(FORWARD)
def forward_clamped_at_5000(x, encoder, decoder):
    z = _run(x, encoder)
    return z, _run(z, decoder).clamp(max=5000)
