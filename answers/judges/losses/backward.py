"""Judges of the code questions that do without autograd."""

from collections.abc import Callable, Iterator

import torch
from torch import Generator, Tensor
from torch.nn import functional as F

from quizcli.judge.case import Case, Trap, judge, trap

Three = tuple[Tensor, Tensor, Tensor]


def _flat(*tensors: Tensor) -> tuple[Tensor, ...]:
    return tuple(tensor.reshape(-1, tensor.shape[-1]) for tensor in tensors)


def _right(input: Tensor, weight: Tensor, grad_output: Tensor) -> Three:
    x, g = _flat(input, grad_output)
    return grad_output @ weight, g.mT @ x, g.sum(0)


def _divided(divisors: Callable[[Tensor], tuple[int, int, int]]) -> Callable[..., Three]:
    """The gradients, each divided by a number that is made of the input."""

    def backward(input: Tensor, weight: Tensor, grad_output: Tensor) -> Three:
        gradients = _right(input, weight, grad_output)
        by_x, by_w, by_b = (g / d for g, d in zip(gradients, divisors(input), strict=True))
        return by_x, by_w, by_b

    return backward


def _rows(input: Tensor) -> int:
    return input.numel() // input.shape[-1]


_mean = trap(
    "the gradients of weight and bias are averaged over the batch: they are sums, the loss is the average",
    "weight 和 bias 的梯度对批取了平均：应当求和，要平均的是损失",
)
_AVERAGED = (
    _mean(_divided(lambda x: (1, _rows(x), _rows(x)))),
    _mean(_divided(lambda x: (1, len(x), len(x)))),
)
_mean_of_all = trap(
    "all gradients are divided by the size of the batch: if the loss is an average, grad_output is already",
    "三个梯度都除以了批的大小：损失若取了平均，grad_output 里已经除过了",
)
_ALL_AVERAGED = (
    _mean_of_all(_divided(lambda x: (_rows(x),) * 3)),
    _mean_of_all(_divided(lambda x: (len(x),) * 3)),
)
_mean_bias = trap(
    "the gradient of the bias is averaged over the examples: it is their sum",
    "bias 的梯度对样本取了平均：应当求和",
)
_BIAS_AVERAGED = (
    _mean_bias(_divided(lambda x: (1, 1, _rows(x)))),
    _mean_bias(_divided(lambda x: (1, 1, len(x)))),
)

_of_matrices = trap(
    "written for (N, in) alone: sequences, (B, T, in), have one axis more",
    "只考虑了 (N, in)：序列是 (B, T, in)，多一维",
)
_FOR_MATRICES = (
    _of_matrices(  # Tensor.T, without its warning
        lambda input, weight, grad_output: (
            grad_output @ weight,
            grad_output.permute(*reversed(range(grad_output.ndim))) @ input,
            grad_output.sum(0),
        )
    ),
    _of_matrices(
        lambda input, weight, grad_output: (grad_output @ weight, grad_output.t() @ input, grad_output.sum(0))
    ),
)


@trap(
    "the gradient of the input is left flat: it has the shape of the input",
    "input 的梯度没有变回原来的形状：应与 input 相同",
)
def _flat_input(input: Tensor, weight: Tensor, grad_output: Tensor) -> Three:
    by_x, by_w, by_b = _right(input, weight, grad_output)
    return _flat(by_x)[0], by_w, by_b


@trap(
    "the gradient of the weight is transposed: it must be (out, in), as the weight is",
    "weight 的梯度转置了：形状应与 weight 一样是 (out, in)",
)
def _transposed(input: Tensor, weight: Tensor, grad_output: Tensor) -> Three:
    x, g = _flat(input, grad_output)
    return grad_output @ weight, x.mT @ g, g.sum(0)


@trap("the gradient of the bias is not summed over the batch", "bias 的梯度没有对批求和")
def _unsummed(input: Tensor, weight: Tensor, grad_output: Tensor) -> Three:
    x, g = _flat(input, grad_output)
    return grad_output @ weight, g.mT @ x, grad_output


@trap(
    "only the first axis is summed: every position of a sequence shares the weight and the bias too",
    "只对第一维求了和：序列的各个位置同样共享 weight 和 bias",
)
def _first_axis(input: Tensor, weight: Tensor, grad_output: Tensor) -> Three:
    x, g = _flat(input, grad_output)
    return grad_output @ weight, g.mT @ x, grad_output.sum(0)


@trap(
    "weight is transposed on the way back too: forward is x Wᵀ, so backward is g W",
    "反向时也用了 Wᵀ：前向是 x Wᵀ，反向应是 g W",
)
def _forward_again(input: Tensor, weight: Tensor, grad_output: Tensor) -> Three:
    x, g = _flat(input, grad_output)
    return grad_output @ weight.mT, g.mT @ x, g.sum(0)


@trap("the bias gradient has the shape (1, out), not (out)", "bias 的梯度形状是 (1, out)，应为 (out)")
def _kept(input: Tensor, weight: Tensor, grad_output: Tensor) -> Three:
    x, g = _flat(input, grad_output)
    return grad_output @ weight, g.mT @ x, g.sum(0, keepdim=True)


@trap(
    "all entries are summed for the bias: each output feature has a bias of its own",
    "bias 的梯度把所有元素都加起来了：每个输出特征各有一个 bias",
)
def _one_bias(input: Tensor, weight: Tensor, grad_output: Tensor) -> Three:
    x, g = _flat(input, grad_output)
    return grad_output @ weight, g.mT @ x, g.sum()


@trap(
    "the bias gradient is summed over the features: sum over the examples",
    "bias 的梯度对特征求了和：应对样本求和",
)
def _over_features(input: Tensor, weight: Tensor, grad_output: Tensor) -> Three:
    x, g = _flat(input, grad_output)
    return grad_output @ weight, g.mT @ x, grad_output.sum(-1)


@trap(
    "each sequence keeps its own gradient of the weight: sum them, all share one weight",
    "每个序列各留了一份 weight 的梯度：它们共用一个 weight，应加起来",
)
def _for_each_sequence(input: Tensor, weight: Tensor, grad_output: Tensor) -> Three:
    return grad_output @ weight, grad_output.mT @ input, _flat(grad_output)[0].sum(0)


def _ordered(order: tuple[int, int, int]) -> Trap:
    """The gradients, right but in another order."""

    def backward(input: Tensor, weight: Tensor, grad_output: Tensor) -> Three:
        gradients = _right(input, weight, grad_output)
        first, second, third = (gradients[place] for place in order)
        return first, second, third

    return trap(
        "the gradients come in another order: those of the input, the weight, the bias",
        "返回的顺序不对：依次是对输入、权重、偏置的梯度",
    )(backward)


_OTHER_ORDERS = tuple(_ordered(order) for order in ((1, 2, 0), (1, 0, 2), (0, 2, 1), (2, 1, 0), (2, 0, 1)))


def _autograd(input: Tensor, weight: Tensor, grad_output: Tensor) -> Three:
    x, w = input.detach().clone().requires_grad_(), weight.detach().clone().requires_grad_()
    b = torch.zeros(weight.shape[0], dtype=weight.dtype, requires_grad=True)
    with torch.enable_grad():
        by_x, by_w, by_b = torch.autograd.grad(F.linear(x, w, b), (x, w, b), grad_output)
    return by_x, by_w, by_b


@judge(
    reference=_autograd,
    traps=(
        *_AVERAGED,
        *_ALL_AVERAGED,
        *_BIAS_AVERAGED,
        *_FOR_MATRICES,
        _flat_input,
        _transposed,
        _unsummed,
        _first_axis,
        _forward_again,
        _kept,
        _one_bias,
        _over_features,
        _for_each_sequence,
        *_OTHER_ORDERS,
    ),
)
def check_linear_backward(random: Generator) -> Iterator[Case]:
    """One example, a batch, a batch of sequences, float64."""

    def draw(*shape: int, outputs: int, dtype: torch.dtype = torch.float32) -> Three:
        """Inputs of this shape, the weight, and a gradient of the outputs."""
        sizes = (shape, (outputs, shape[-1]), (*shape[:-1], outputs))
        x, weight, grad = (torch.randn(*size, generator=random, dtype=dtype) for size in sizes)
        return x, weight, grad

    yield Case({"en": "one example", "zh": "一个样本"}, draw(1, 2, outputs=3))
    yield Case({"en": "a batch of four", "zh": "四个样本"}, draw(4, 3, outputs=2))
    yield Case({"en": "a square weight", "zh": "方阵 weight"}, draw(4, 3, outputs=3))
    yield Case({"en": "three examples, 3 to 3", "zh": "三个样本，3 → 3"}, draw(3, 3, outputs=3))
    yield Case({"en": "one feature, one output", "zh": "一个特征，一个输出"}, draw(3, 1, outputs=1))
    yield Case({"en": "a batch of sequences", "zh": "一批序列"}, draw(2, 3, 4, outputs=5))
    yield Case(
        {"en": "one sequence of one position", "zh": "一个序列，只有一个位置"}, draw(1, 1, 2, outputs=3)
    )
    yield Case({"en": "sequences, 3 to 3", "zh": "序列，3 → 3"}, draw(3, 3, 3, outputs=3))
    yield Case({"en": "sequences, 1 to 1", "zh": "序列，1 → 1"}, draw(2, 3, 1, outputs=1))
    yield Case({"en": "one position, 3 to 1", "zh": "一个位置，3 → 1"}, draw(4, 1, 3, outputs=1))
    yield Case({"en": "float64", "zh": "float64"}, draw(5, 4, outputs=3, dtype=torch.float64))
    x, weight, grad = draw(4, 3, outputs=2)
    yield Case(
        {"en": "gradients of 1,000,000", "zh": "上百万的梯度"},
        (x, weight, 1e6 * (grad + grad.sign())),
        unit=1e6,
    )
    yield Case(
        {"en": "64 examples, 64 to 32", "zh": "64 个样本，64 → 32"},
        draw(64, 64, outputs=32),
        timed=True,
    )
