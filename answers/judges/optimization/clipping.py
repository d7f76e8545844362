"""Judges of the code questions on gradient clipping."""

from collections.abc import Callable, Iterator

import torch
from torch import Generator, Tensor
from torch.nn.utils import clip_grad_norm_

from answers.judges.kit.casts import CAST, EMPTY
from answers.judges.kit.thin_shapes import THIN
from quizcli.judge.case import Case, judge, trap

Clipped = tuple[list[Tensor], Tensor]


def _norm(grads: list[Tensor]) -> Tensor:
    return torch.cat([grad.flatten() for grad in grads]).square().sum().sqrt()


def _scaled(grads: list[Tensor], factor: Tensor) -> list[Tensor]:
    return [grad * factor for grad in grads]


@trap(
    "each tensor is clipped by a norm of its own: that turns the direction of the whole",
    "每个张量按自己的范数裁剪：整体的方向变了",
)
def _each(grads: list[Tensor], max_norm: float) -> Clipped:
    factors = [(max_norm / (_norm([grad]) + 1e-6)).clamp(max=1) for grad in grads]
    return [grad * factor for grad, factor in zip(grads, factors, strict=True)], _norm(grads)


@trap(
    "the numbers are cut off one by one: that is clipping by value",
    "逐个数截断：那是按值裁剪（clip by value）",
)
def _by_value(grads: list[Tensor], max_norm: float) -> Clipped:
    return [grad.clamp(-max_norm, max_norm) for grad in grads], _norm(grads)


@trap(
    "short gradients are scaled up: clipping only ever shortens",
    "短的梯度被放大了：裁剪只会缩短",
)
def _always(grads: list[Tensor], max_norm: float) -> Clipped:
    norm = _norm(grads)
    return _scaled(grads, max_norm / (norm + 1e-6)), norm


@trap(
    "the norm that is returned is the one after clipping: it should be that before",
    "返回的是裁剪之后的范数：应返回裁剪之前的",
)
def _norm_after(grads: list[Tensor], max_norm: float) -> Clipped:
    clipped = _scaled(grads, (max_norm / (_norm(grads) + 1e-6)).clamp(max=1))
    return clipped, _norm(clipped)


@trap(
    "the norms of the tensors are added up: their squares are to be, then the root is taken",
    "把各张量的范数直接相加了：应把平方相加再开根号",
)
def _sum_of_norms(grads: list[Tensor], max_norm: float) -> Clipped:
    norm = torch.stack([_norm([grad]) for grad in grads]).sum()
    return _scaled(grads, (max_norm / (norm + 1e-6)).clamp(max=1)), norm


@trap(
    "what is too long is scaled to a norm of 1, not of max_norm",
    "超限的梯度缩到了范数 1，而不是 max_norm",
)
def _to_one(grads: list[Tensor], max_norm: float) -> Clipped:
    norm = _norm(grads)
    return (_scaled(grads, 1 / norm) if norm > max_norm else grads), norm


def _by(measure: Callable[[Tensor], Tensor]) -> Callable[[list[Tensor], float], Clipped]:
    """Clipping by another measure than the norm of the whole."""

    def clipped(grads: list[Tensor], max_norm: float) -> Clipped:
        norm = measure(torch.cat([grad.flatten() for grad in grads]))
        return _scaled(grads, (max_norm / (norm + 1e-6)).clamp(max=1)), norm

    return clipped


@trap("the root is missing: that is the square of the norm", "没有开根号：这是范数的平方")
@_by
def _squared(whole: Tensor) -> Tensor:
    return whole.square().sum()


@trap(
    "that is the largest of the numbers; the norm is the root of the sum of their squares",
    "这是绝对值最大的数；范数是平方和再开根号",
)
@_by
def _largest(whole: Tensor) -> Tensor:
    return whole.abs().max()


@trap(
    "the absolute values are added up: the norm is the root of the sum of the squares",
    "把绝对值加起来了：范数是平方和再开根号",
)
@_by
def _absolute(whole: Tensor) -> Tensor:
    return whole.abs().sum()


@trap("the squares are averaged: they are added up", "对平方取了平均：应当求和")
@_by
def _root_of_mean(whole: Tensor) -> Tensor:
    return whole.square().mean().sqrt()


@trap(
    "a limit of 0 is taken for none: then all gradients must become 0",
    "把上限 0 当成了不裁剪：这时梯度都应为 0",
)
def _zero_is_off(grads: list[Tensor], max_norm: float) -> Clipped:
    norm = _norm(grads)
    return _scaled(grads, (max_norm / (norm + 1e-6)).clamp(max=1)) if max_norm else grads, norm


def _torchs(grads: list[Tensor], max_norm: float) -> Clipped:
    params = [torch.zeros_like(grad, requires_grad=True) for grad in grads]
    for param, grad in zip(params, grads, strict=True):
        param.grad = grad.detach().clone()
    norm = clip_grad_norm_(params, max_norm)
    return [param.grad for param in params if param.grad is not None], norm


@judge(
    reference=_torchs,
    traps=(
        _each,
        _zero_is_off,
        _by_value,
        _always,
        _norm_after,
        _to_one,
        _sum_of_norms,
        _squared,
        _largest,
        _absolute,
        _root_of_mean,
    ),
    equivalent={
        "clip_grad_norm: at_least_float32(grad).square → grad.square": CAST,
        "clip_grad_norm: sum(squares, torch.zeros(())).sqrt → sum(squares).sqrt": EMPTY,
        "clip_grad_norm: norm + 1e-06 → norm + 2e-06": "The docstring allows any tiny number to be added.",
    },
)
def check_clip_grad_norm(random: Generator) -> Iterator[Case]:
    """One gradient, several, some that are short enough or just so, none at all, tiny and large ones."""

    def draw(*shapes: tuple[int, ...]) -> list[Tensor]:
        return [torch.randn(shape, generator=random) for shape in shapes]

    pair = [3 + torch.rand(2, generator=random)]
    yield Case({"en": "one tensor of two numbers", "zh": "一个张量，两个数"}, (pair, 1.0))
    three = [grad.sign() * (0.2 + grad.abs().clamp(max=1) / 10) for grad in draw((2, 3), (3,), (4,))]
    # tight enough to tell 1e-6, which may be added to the norm, from 1e-4
    yield Case({"en": "three tensors", "zh": "三个张量"}, (three, 0.5), tolerance=3e-6)
    yield Case({"en": "short enough already", "zh": "本来就够短"}, (draw((2, 3), (3,)), 100.0))
    yield Case({"en": "all gradients zero", "zh": "梯度全为零"}, ([torch.zeros(2), torch.zeros(3)], 1.0))
    tiny = [1e-7 * (1 + torch.rand(2, generator=random))]
    yield Case({"en": "gradients of 1e−7", "zh": "1e−7 大小的梯度"}, (tiny, 1.0), unit=1e-7)
    even = [torch.tensor([3.0, 0.0]), torch.tensor([[4.0]])]
    yield Case({"en": "exactly as long as allowed", "zh": "恰好等于上限"}, (even, 5.0))
    # a tolerance: a ten-thousandth more or less of length must show
    yield Case(
        {"en": "short enough by a ten-thousandth", "zh": "比上限短万分之一"},
        (even, 5.0005),
        tolerance=1e-5,
    )
    yield Case(
        {"en": "too long by a ten-thousandth", "zh": "比上限长万分之一"}, (even, 4.9995), tolerance=1e-5
    )
    yield Case({"en": "a little too long", "zh": "略超上限"}, (even, 4.9))
    yield Case({"en": "each short enough, together too long", "zh": "各自够短，合起来超限"}, (even, 4.5))
    yield Case(
        {"en": "a limit of 0: nothing may be left", "zh": "上限为 0：什么也不能剩"},
        (draw((2, 3), (3,)), 0.0),
        unit=0.0,
    )
    yield Case(
        {"en": "all gradients zero, and a limit of 0", "zh": "梯度全为零，上限也为 0"},
        ([torch.zeros(2), torch.zeros(3)], 0.0),
    )
    mixed = [1e9 * (grad + grad.sign()) for grad in draw((), (1, 2, 2))]
    yield Case(
        {"en": "gradients of 10⁹, one a single number", "zh": "上十亿的梯度，其一是单独一个数"},
        (mixed, 10.0),
    )
    long = [5000 * (grad + grad.sign()) for grad in draw((2, 3), (3,))]
    yield Case({"en": "a limit of 1,000, far exceeded", "zh": "上限为 1,000，远远超出"}, (long, 1000.0))
    yield Case({"en": "sides of 1", "zh": "有的边长为 1"}, (draw(*THIN), 1.0))
    yield Case({"en": "a single number in a vector", "zh": "向量里只有一个数"}, ([3 * torch.ones(1)], 0.5))
    yield Case(
        {"en": "8 matrices of 128 × 128", "zh": "8 个 128 × 128 的矩阵"},
        (draw(*[(128, 128)] * 8), 1.0),
        timed=True,
    )
