"""The judge of the code question on autoencoders."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import pairwise

import torch
from torch import Generator, Tensor
from torch.nn import functional as F

from answers.judges.kit.draws import normal
from quizcli.judge.case import Case, Trap, judge, trap

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


@trap(
    "a ReLU comes before the first layer: negative inputs are lost",
    "第一层之前多了 ReLU：输入的负值都丢了",
)
def _input_cut(x: Tensor, encoder: Layers, decoder: Layers) -> Two:
    return _right(F.relu(x), encoder, decoder)


@trap("ReLU follows every layer, the last of each half too", "每一层后面都有 ReLU，连两半的最后一层也有")
def _all_cut(x: Tensor, encoder: Layers, decoder: Layers) -> Two:
    z = _stack(x, encoder, last=F.relu)
    return z, _stack(z, decoder, last=F.relu)


@trap("the biases are left out", "没有加偏置")
def _unbiased(x: Tensor, encoder: Layers, decoder: Layers) -> Two:
    return _right(x, *([(weight, bias * 0) for weight, bias in half] for half in (encoder, decoder)))


def _other_between(en: str, zh: str, between: Activation) -> Trap:
    """The mistake of another activation than ReLU."""

    def other(x: Tensor, encoder: Layers, decoder: Layers) -> Two:
        z = _stack(x, encoder, between=between)
        return z, _stack(z, decoder, between=between)

    return trap(f"{en} stands between the layers; asked for is a ReLU", f"层与层之间用了 {zh}；应为 ReLU")(
        other
    )


_OTHER_BETWEEN = (
    _other_between("a sigmoid", "sigmoid", torch.sigmoid),
    _other_between("a tanh", "tanh", torch.tanh),
    *(
        _other_between("a leaky ReLU", "leaky ReLU", partial(F.leaky_relu, negative_slope=slope))
        for slope in (0.01, 0.1, 0.2)
    ),
    _other_between("an ELU", "ELU", F.elu),
    _other_between("a SELU", "SELU", F.selu),
    _other_between("a GELU", "GELU", F.gelu),
    _other_between("a GELU", "GELU", partial(F.gelu, approximate="tanh")),
    _other_between("a SiLU", "SiLU", F.silu),
    _other_between("a softplus", "softplus", F.softplus),
    _other_between("a ReLU6", "ReLU6", F.relu6),
)


@trap(
    "the weights are not transposed: those of nn.Linear are (out, in), a layer is x Wᵀ + b",
    "权重没有转置：nn.Linear 的权重形状是 (out, in)，一层是 x Wᵀ + b",
)
def _untransposed(x: Tensor, encoder: Layers, decoder: Layers) -> Two:
    def stack(x: Tensor, layers: Layers) -> Tensor:
        for weight, bias in layers[:-1]:
            x = F.relu(x @ weight + bias)
        return x @ layers[-1][0] + layers[-1][1]

    z = stack(x, encoder)
    return z, stack(z, decoder)


@judge(
    reference=_right,
    traps=(
        _code_cut,
        _code_cut_on_the_way,
        _output_cut,
        _pictures,
        _linear,
        _input_cut,
        _all_cut,
        _unbiased,
        *_OTHER_BETWEEN,
        _untransposed,
    ),
)
def check_autoencode(random: Generator) -> Iterator[Case]:
    """A linear autoencoder, then hidden layers, unequal halves, square weights, large values, many images."""
    draw = normal(random)

    def layers(*widths: int) -> list[tuple[Tensor, Tensor]]:
        return [(draw(o, i) / i**0.5, draw(o)) for i, o in pairwise(widths)]

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
    yield Case(
        {"en": "a deeper decoder, a code wider than the inputs", "zh": "解码器更深，编码比输入还宽"},
        (draw(3, 4), layers(4, 6), layers(6, 5, 5, 5, 4)),
    )
    yield Case(
        {"en": "all layers equally wide", "zh": "各层一样宽"}, (draw(5, 4), layers(4, 4, 4), layers(4, 4, 4))
    )
    yield Case(
        {"en": "large inputs", "zh": "输入很大"},
        (1e5 * draw(6, 5), layers(5, 4, 3), layers(3, 4, 5)),
        unit=1e5,  # what remains of large terms is as uncertain as they are
    )
    yield Case(
        {"en": "one feature, and a code of one number", "zh": "一个特征，编码也只有一个数"},
        (draw(3, 1), layers(1, 4, 1), layers(1, 4, 1)),
    )
    yield Case(
        {"en": "32 images, 64-32-8 and back", "zh": "32 张图，64-32-8 再还原"},
        (draw(32, 64), layers(64, 32, 8), layers(8, 32, 64)),
        timed=True,
    )
