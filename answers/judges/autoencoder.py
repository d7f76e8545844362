"""The judge of the code question on autoencoders."""

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise

import torch
from torch import Generator, Tensor
from torch.nn import functional as F

from answers.judges._normal import normal
from quizcli.judge.case import Case, judge, trap

Layers = Sequence[tuple[Tensor, Tensor]]
Two = tuple[Tensor, Tensor]
Activation = Callable[[Tensor], Tensor]


def _same(x: Tensor) -> Tensor:
    return x


def _stack(x: Tensor, layers: Layers, between: Activation = F.relu, last: Activation = _same) -> Tensor:
    for weight, bias in layers[:-1]:
        x = between(F.linear(x, weight, bias))
    return last(F.linear(x, *layers[-1]))


def _right(x: Tensor, encoder: Layers, decoder: Layers) -> Two:
    z = _stack(x, encoder)
    return z, _stack(z, decoder)


@trap(
    "a ReLU follows the last layer of the encoder: the code is linear, any real numbers",
    "编码器最后一层后面多了 ReLU：编码是线性的，可取任意实数",
)
def _code_cut(x: Tensor, encoder: Layers, decoder: Layers) -> Two:
    z = _stack(x, encoder, last=F.relu)
    return z, _stack(z, decoder)


@trap(
    "the decoder reads relu(z): no ReLU stands between the code and the decoder's first layer",
    "解码器读到的是 relu(z)：编码与解码器第一层之间没有 ReLU",
)
def _code_cut_on_the_way(x: Tensor, encoder: Layers, decoder: Layers) -> Two:
    z = _stack(x, encoder)
    return z, _stack(F.relu(z), decoder)


@trap(
    "a ReLU follows the last layer of the decoder: negative logits are lost",
    "解码器最后一层后面多了 ReLU：负的 logits 都丢了",
)
def _output_cut(x: Tensor, encoder: Layers, decoder: Layers) -> Two:
    z = _stack(x, encoder)
    return z, _stack(z, decoder, last=F.relu)


@trap("a sigmoid follows the output: logits are asked for", "输出多过了一次 sigmoid：要返回的是 logits")
def _pictures(x: Tensor, encoder: Layers, decoder: Layers) -> Two:
    z = _stack(x, encoder)
    return z, _stack(z, decoder, last=torch.sigmoid)


@trap(
    "no ReLU between the layers: all of them together are then one linear map",
    "层与层之间没有 ReLU：叠起来仍只是一个线性映射",
)
def _linear(x: Tensor, encoder: Layers, decoder: Layers) -> Two:
    z = _stack(x, encoder, between=_same)
    return z, _stack(z, decoder, between=_same)


@judge(reference=_right, traps=(_code_cut, _code_cut_on_the_way, _output_cut, _pictures, _linear))
def check_autoencode(random: Generator) -> Iterator[Case]:
    """A linear autoencoder, then hidden layers, unequal halves, gradients, MNIST's size."""
    draw = normal(random)

    def layers(*widths: int, dtype: torch.dtype = torch.float32) -> list[tuple[Tensor, Tensor]]:
        sizes = pairwise(widths)
        return [(draw(o, i, dtype=dtype) / i**0.5, draw(o, dtype=dtype)) for i, o in sizes]

    yield Case(
        {"en": "one linear layer each way", "zh": "编码、解码各一个线性层"},
        (draw(1, 3), layers(3, 2), layers(2, 3)),
    )
    yield Case(
        {"en": "one hidden layer each way, a batch", "zh": "各一个隐藏层，一批样本"},
        (draw(4, 6), layers(6, 5, 3), layers(3, 5, 6)),
    )
    yield Case(
        {"en": "a deeper encoder than decoder", "zh": "编码器比解码器深"},
        (2 * draw(5, 8), layers(8, 7, 6, 4), layers(4, 5, 8)),
    )
    double = torch.float64
    yield Case(
        {"en": "gradients, in float64", "zh": "梯度（float64）"},
        (draw(3, 5, dtype=double), layers(5, 4, 2, dtype=double), layers(2, 4, 5, dtype=double)),
        grad=True,
    )
    yield Case(
        {"en": "128 images, 784-400-20 and back", "zh": "128 张图，784-400-20 再还原"},
        (draw(128, 784), layers(784, 400, 20), layers(20, 400, 784)),
        timed=True,
    )
