"""Judges of the code questions on optimizers: one step each."""

from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Generator, Tensor

from models.optimization import adam_step
from quizcli.judge.case import Case, judge, trap

Two = tuple[Tensor, Tensor]
Three = tuple[Tensor, Tensor, Tensor]
Four = tuple[Tensor, Tensor, Tensor, Tensor]
Betas = tuple[float, float]


def _normal(random: Generator, *shape: int) -> Tensor:
    return torch.randn(*shape, generator=random)


def _stepped(
    make: Callable[..., Any], param: Tensor, grad: Tensor, state: dict[str, Any]
) -> tuple[Tensor, Any]:
    """The weight after one step of an optimizer that goes on from a state, and the state after it."""
    w = param.detach().clone().requires_grad_()
    w.grad = grad.detach().clone()
    optimizer = make([w])
    optimizer.state[w].update({key: torch.as_tensor(value).clone() for key, value in state.items()})
    optimizer.step()
    return w.detach(), optimizer.state[w]


# SGD with momentum


def _sgd_by(move: Callable[..., Two]) -> Callable[..., Two]:
    """A step of SGD with this way to move: of weight, gradient, old velocity (0 at first), η, μ and λ."""

    def step(w: Tensor, g: Tensor, v: Tensor | None, lr: float, mu: float = 0.9, decay: float = 0.0) -> Two:
        return move(w, g, torch.zeros_like(w) if v is None else v, lr, mu, decay)

    return step


@trap(
    "the learning rate is within the velocity: PyTorch adds up bare gradients and multiplies by lr last",
    "学习率乘进了速度里：PyTorch 累加的是梯度本身，最后才乘 lr",
)
@_sgd_by
def _rate_inside(w: Tensor, g: Tensor, v: Tensor, lr: float, mu: float, decay: float) -> Two:
    v = mu * v + lr * (g + decay * w)
    return w - v, v


@trap(
    "the gradient enters with 1 − μ: that is an average, PyTorch's velocity is a sum",
    "梯度前多乘了 1 − μ：那是滑动平均，PyTorch 的速度是累加",
)
@_sgd_by
def _averaged(w: Tensor, g: Tensor, v: Tensor, lr: float, mu: float, decay: float) -> Two:
    v = mu * v + (1 - mu) * (g + decay * w)
    return w - lr * v, v


@trap("the weight moves by the gradient, not by the velocity", "更新权重用的是梯度，而不是速度")
@_sgd_by
def _by_the_gradient(w: Tensor, g: Tensor, v: Tensor, lr: float, mu: float, decay: float) -> Two:
    g = g + decay * w
    return w - lr * g, mu * v + g


@trap(
    "the weight moves by the old velocity: the velocity is updated first",
    "更新权重用了旧的速度：应先更新速度",
)
@_sgd_by
def _by_the_old(w: Tensor, g: Tensor, v: Tensor, lr: float, mu: float, decay: float) -> Two:
    return w - lr * v, mu * v + g + decay * w


@trap(
    "the decay bypasses the velocity: in SGD, λw is part of the gradient",
    "衰减绕过了速度：在 SGD 里 λw 是梯度的一部分",
)
@_sgd_by
def _decay_outside(w: Tensor, g: Tensor, v: Tensor, lr: float, mu: float, decay: float) -> Two:
    v = mu * v + g
    return w - lr * v - lr * decay * w, v


def _sgd(
    w: Tensor, g: Tensor, v: Tensor | None, lr: float, momentum: float = 0.9, weight_decay: float = 0.0
) -> Two:
    def make(params: list[Tensor]) -> torch.optim.Optimizer:
        return torch.optim.SGD(params, lr=lr, momentum=momentum, weight_decay=weight_decay)

    new, state = _stepped(make, w, g, {} if v is None else {"momentum_buffer": v})
    return new, state["momentum_buffer"]


@judge(
    reference=_sgd,
    traps=(_rate_inside, _averaged, _by_the_gradient, _by_the_old, _decay_outside),
)
def check_sgd(random: Generator) -> Iterator[Case]:
    """The first step, a later one, other settings, weight decay, float64."""

    def draw(*shape: int) -> Three:
        return _normal(random, *shape), _normal(random, *shape), _normal(random, *shape)

    yield Case({"en": "the first step", "zh": "第一步"}, (*draw(3)[:2], None, 0.5))
    yield Case({"en": "a step with a velocity", "zh": "已有速度的一步"}, (*draw(3), 0.5))
    yield Case({"en": "η = 0.1, μ = 0.5", "zh": "η = 0.1，μ = 0.5"}, (*draw(2, 3), 0.1, 0.5))
    yield Case(
        {"en": "weight decay, the first step", "zh": "权重衰减，第一步"}, (*draw(3)[:2], None, 0.5, 0.9, 0.2)
    )
    yield Case({"en": "weight decay, later", "zh": "权重衰减，后来的一步"}, (*draw(3), 0.5, 0.9, 0.2))
    doubles = (tensor.double() for tensor in draw(2, 3))
    yield Case({"en": "float64", "zh": "float64"}, (*doubles, 0.1, 0.9, 0.01))
    yield Case({"en": "262,144 weights", "zh": "262,144 个权重"}, (*draw(512, 512), 0.1), timed=True)


# Adam


def _adam_by(divide: Callable[..., Tensor]) -> Callable[..., Three]:
    """A step of Adam, or of AdamW, with this way to make a direction of the averages m and v."""

    def step(
        w: Tensor,
        g: Tensor,
        m: Tensor,
        v: Tensor,
        t: int,
        lr: float = 1e-3,
        betas: Betas = (0.9, 0.999),
        eps: float = 1e-8,
        decay: float = 0.0,
    ) -> Three:
        m = betas[0] * m + (1 - betas[0]) * g
        v = betas[1] * v + (1 - betas[1]) * g**2
        return (1 - lr * decay) * w - lr * divide(m, v, t, betas, eps), m, v

    return step


@trap("there is no bias correction: the first steps are too large", "没有做偏差修正：开头几步会过大")
@_adam_by
def _uncorrected(m: Tensor, v: Tensor, t: int, betas: Betas, eps: float) -> Tensor:
    return m / (v.sqrt() + eps)


@trap(
    "ε is under the root: it counts as √ε there, 10,000 times as much",
    "ε 加在了根号里：相当于加 √ε，大了一万倍",
)
@_adam_by
def _epsilon_inside(m: Tensor, v: Tensor, t: int, betas: Betas, eps: float) -> Tensor:
    return m / (1 - betas[0] ** t) / (v / (1 - betas[1] ** t) + eps).sqrt()


@trap(
    "the step is counted one too far: `step` is the number of this one, 1 at the first",
    "步数多数了一：step 就是这一步的序号，第一步是 1",
)
@_adam_by
def _one_too_far(m: Tensor, v: Tensor, t: int, betas: Betas, eps: float) -> Tensor:
    return m / (1 - betas[0] ** (t + 1)) / ((v / (1 - betas[1] ** (t + 1))).sqrt() + eps)


@trap("the root of the second average is missing", "二阶平均没有开平方")
@_adam_by
def _rootless(m: Tensor, v: Tensor, t: int, betas: Betas, eps: float) -> Tensor:
    return m / (1 - betas[0] ** t) / (v / (1 - betas[1] ** t) + eps)


@trap(
    "the corrected averages are returned as the state, and would be corrected again in the next step",
    "把修正后的平均值当作状态返回了，下一步会再修正一次",
)
def _corrected_state(w: Tensor, g: Tensor, m: Tensor, v: Tensor, step: int, *settings: Any) -> Three:
    new, m, v = adam_step(w, g, m, v, step, *settings)
    beta1, beta2 = settings[1] if len(settings) > 1 else (0.9, 0.999)
    return new, m / (1 - beta1**step), v / (1 - beta2**step)


def _adam(
    w: Tensor,
    g: Tensor,
    m: Tensor,
    v: Tensor,
    step: int,
    lr: float = 1e-3,
    betas: Betas = (0.9, 0.999),
    eps: float = 1e-8,
) -> Three:
    def make(params: list[Tensor]) -> torch.optim.Optimizer:
        return torch.optim.Adam(params, lr=lr, betas=betas, eps=eps)

    new, state = _stepped(make, w, g, {"step": float(step - 1), "exp_avg": m, "exp_avg_sq": v})
    return new, state["exp_avg"], state["exp_avg_sq"]


def _on_its_way(random: Generator, *shape: int) -> Four:
    """A weight, its gradient, and the averages of a training that has been going on."""
    w, g, m = (_normal(random, *shape) for _ in range(3))
    return w, g, m / 2, 0.5 + torch.rand(*shape, generator=random)


@judge(
    reference=_adam,
    traps=(_uncorrected, _corrected_state, _epsilon_inside, _one_too_far, _rootless),
)
def check_adam(random: Generator) -> Iterator[Case]:
    """The first step, a later one, other settings, no gradient, and gradients hardly larger than ε."""
    w, g, zero = _normal(random, 3), _normal(random, 3), torch.zeros(3)
    yield Case({"en": "the first step", "zh": "第一步"}, (w, g, zero, zero, 1, 0.1))
    yield Case({"en": "step 10", "zh": "第 10 步"}, (*_on_its_way(random, 3), 10, 0.1))
    yield Case(
        {"en": "β = (0.5, 0.8), a matrix", "zh": "β = (0.5, 0.8)，矩阵"},
        (*_on_its_way(random, 2, 3), 3, 0.1, (0.5, 0.8)),
    )
    yield Case(
        {"en": "no gradient in the first step", "zh": "第一步梯度为零"},
        (_normal(random, 3), zero, zero, zero, 1, 0.1),
    )
    w, g, m, v = (tensor.double() for tensor in _on_its_way(random, 3))
    yield Case(
        {"en": "gradients of 1e−6, float64", "zh": "1e−6 大小的梯度（float64）"},
        (w, 1e-6 * g, 1e-6 * m, 1e-12 * v, 5, 0.1),
    )
    yield Case(
        {"en": "262,144 weights", "zh": "262,144 个权重"},
        (*_on_its_way(random, 512, 512), 100, 0.1),
        timed=True,
    )


# AdamW


@trap(
    "λw is added to the gradient: that is Adam with an L2 penalty, not a decoupled decay",
    "λw 加进了梯度：那是 Adam 加 L2 惩罚，不是解耦的权重衰减",
)
def _coupled(w: Tensor, g: Tensor, m: Tensor, v: Tensor, step: int, *settings: Any) -> Three:
    *others, decay = settings
    return adam_step(w, g + decay * w, m, v, step, *others)


@trap("the decay is not multiplied by the learning rate", "衰减没有乘学习率")
def _without_rate(w: Tensor, g: Tensor, m: Tensor, v: Tensor, step: int, *settings: Any) -> Three:
    *others, decay = settings
    return adam_step((1 - decay) * w, g, m, v, step, *others)


@trap(
    "the weight decays after Adam's step: what decays is the old weight",
    "先走了 Adam 的一步再衰减：要衰减的是更新之前的权重",
)
def _afterwards(w: Tensor, g: Tensor, m: Tensor, v: Tensor, step: int, *settings: Any) -> Three:
    lr, *others, decay = settings
    new, m, v = adam_step(w, g, m, v, step, lr, *others)
    return (1 - lr * decay) * new, m, v


def _adamw(w: Tensor, g: Tensor, m: Tensor, v: Tensor, step: int, *settings: Any) -> Three:
    lr, betas, eps, decay = settings

    def make(params: list[Tensor]) -> torch.optim.Optimizer:
        return torch.optim.AdamW(params, lr=lr, betas=betas, eps=eps, weight_decay=decay)

    new, state = _stepped(make, w, g, {"step": float(step - 1), "exp_avg": m, "exp_avg_sq": v})
    return new, state["exp_avg"], state["exp_avg_sq"]


@judge(
    reference=_adamw,
    traps=(_coupled, _without_rate, _afterwards, _uncorrected),
)
def check_adamw(random: Generator) -> Iterator[Case]:
    """Decay alone, the first step, a later one, no decay, other settings."""
    zero, usual = torch.zeros(3), ((0.9, 0.999), 1e-8)
    yield Case(
        {"en": "no gradient: decay alone", "zh": "梯度为零：只有衰减"},
        (1 + torch.rand(3, generator=random), zero, zero, zero, 1, 0.5, *usual, 0.1),
    )
    w, g = _normal(random, 3), _normal(random, 3)
    yield Case({"en": "the first step", "zh": "第一步"}, (w, g, zero, zero, 1, 0.5, *usual, 0.1))
    yield Case({"en": "step 10", "zh": "第 10 步"}, (*_on_its_way(random, 3), 10, 0.5, *usual, 0.1))
    yield Case({"en": "λ = 0: Adam", "zh": "λ = 0：即 Adam"}, (*_on_its_way(random, 3), 10, 0.5, *usual, 0.0))
    doubles = (tensor.double() for tensor in _on_its_way(random, 2, 3))
    yield Case(
        {"en": "β = (0.5, 0.8), ε = 1e−3, float64", "zh": "β = (0.5, 0.8)，ε = 1e−3，float64"},
        (*doubles, 3, 0.1, (0.5, 0.8), 1e-3, 0.2),
    )
    yield Case(
        {"en": "262,144 weights", "zh": "262,144 个权重"},
        (*_on_its_way(random, 512, 512), 100, 0.1, *usual, 0.01),
        timed=True,
    )
