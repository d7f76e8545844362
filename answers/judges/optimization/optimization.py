"""Judges of the code questions on optimizers: one step each."""

import math
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Generator, Tensor

from answers.judges.kit.thin_shapes import THIN, shaped
from models.optimization.optimization import adam_step
from quizcli.judge.case import Case, Trap, judge, trap

Two = tuple[Tensor, Tensor]
Three = tuple[Tensor, Tensor, Tensor]
Four = tuple[Tensor, Tensor, Tensor, Tensor]
Betas = tuple[float, float]
USUAL: Betas = (0.9, 0.999)


def normal(random: Generator, *shape: int) -> Tensor:
    """Draw from N(0, 1)."""
    return torch.randn(shape, generator=random)


def stepped(
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


_RATE_INSIDE = {
    "en": "the learning rate is within the velocity: PyTorch adds up bare gradients; lr comes last",
    "zh": "学习率乘进了速度里：PyTorch 累加的是梯度本身，最后才乘 lr",
}
_AVERAGED = {
    "en": "the gradient enters with 1 − μ: that is an average, PyTorch's velocity is a sum",
    "zh": "梯度前多乘了 1 − μ：那是滑动平均，PyTorch 的速度是累加",
}


@trap(**_RATE_INSIDE)
@_sgd_by
def _rate_inside(w: Tensor, g: Tensor, v: Tensor, lr: float, mu: float, decay: float) -> Two:
    v = mu * v + lr * (g + decay * w)
    return w - v, v


@trap(**_RATE_INSIDE)
@_sgd_by
def _downhill(w: Tensor, g: Tensor, v: Tensor, lr: float, mu: float, decay: float) -> Two:
    v = mu * v - lr * (g + decay * w)
    return w + v, v


@trap(**_AVERAGED)
@_sgd_by
def _averaged(w: Tensor, g: Tensor, v: Tensor, lr: float, mu: float, decay: float) -> Two:
    v = mu * v + (1 - mu) * (g + decay * w)
    return w - lr * v, v


@trap(**_AVERAGED)
@_sgd_by
def _averaged_later(w: Tensor, g: Tensor, v: Tensor, lr: float, mu: float, decay: float) -> Two:
    # the first velocity is the gradient itself; before it there is none, given as zeros
    v = mu * v + (1 - mu if v.any() else 1) * (g + decay * w)
    return w - lr * v, v


@trap(
    "the step looks ahead, to g + μ v: that is Nesterov's momentum; here the weight moves by v",
    "用 g + μ v 更新，那是 Nesterov 动量；这里按 v 更新",
)
@_sgd_by
def _nesterov(w: Tensor, g: Tensor, v: Tensor, lr: float, mu: float, decay: float) -> Two:
    g = g + decay * w
    v = mu * v + g
    return w - lr * (g + mu * v), v


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


@trap(
    "the decay is not multiplied by the learning rate, and bypasses the velocity: λw belongs to the gradient",
    "衰减没有乘学习率，还绕过了速度：λw 应当加进梯度",
)
@_sgd_by
def _decay_without_rate(w: Tensor, g: Tensor, v: Tensor, lr: float, mu: float, decay: float) -> Two:
    v = mu * v + g
    return (1 - decay) * w - lr * v, v


def _decayed_by_default(default: float) -> Trap:
    def step(
        w: Tensor, g: Tensor, v: Tensor | None, lr: float, mu: float = 0.9, decay: float = default
    ) -> Two:
        v = (0 if v is None else mu * v) + g + decay * w
        return w - lr * v, v

    return trap("the default of weight_decay is not 0", "weight_decay 的默认值不是 0")(step)


@trap("momentum is ignored: μ is always 0.9", "没有用到 momentum：μ 始终是 0.9")
@_sgd_by
def _fixed_momentum(w: Tensor, g: Tensor, v: Tensor, lr: float, mu: float, decay: float) -> Two:
    v = 0.9 * v + g + decay * w
    return w - lr * v, v


@trap("weight_decay is not used", "没有用到 weight_decay")
@_sgd_by
def _without_decay(w: Tensor, g: Tensor, v: Tensor, lr: float, mu: float, decay: float) -> Two:
    v = mu * v + g
    return w - lr * v, v


def _sgd(
    w: Tensor, g: Tensor, v: Tensor | None, lr: float, momentum: float = 0.9, weight_decay: float = 0.0
) -> Two:
    def make(params: list[Tensor]) -> torch.optim.Optimizer:
        return torch.optim.SGD(params, lr=lr, momentum=momentum, weight_decay=weight_decay)

    new, state = stepped(make, w, g, {} if v is None else {"momentum_buffer": v})
    # without momentum PyTorch keeps no velocity: the weight has moved by it
    return new, state["momentum_buffer"] if momentum else (w - new) / lr


@judge(
    reference=_sgd,
    traps=(
        _rate_inside,
        _downhill,
        _averaged,
        _averaged_later,
        _by_the_gradient,
        _by_the_old,
        _nesterov,
        _decay_outside,
        _decay_without_rate,
        _without_decay,
        *(_decayed_by_default(default) for default in (1e-4, 1e-2)),
        _fixed_momentum,
    ),
    equivalent={"sgd_step: grad.clone() → grad": "It is a new tensor already, the sum with the decay."},
)
def check_sgd(random: Generator) -> Iterator[Case]:
    """The first step, a later one, other settings, weight decay, large gradients."""

    def draw(*shape: int) -> Three:
        return normal(random, *shape), normal(random, *shape), normal(random, *shape)

    yield Case({"en": "the first step", "zh": "第一步"}, (*draw(3)[:2], None, 0.5))
    yield Case({"en": "a step with a velocity", "zh": "已有速度的一步"}, (*draw(3), 0.5))
    yield Case(
        {"en": "η = 0.1, μ = 0.5, three axes", "zh": "η = 0.1，μ = 0.5，三个维度"}, (*draw(2, 1, 3), 0.1, 0.5)
    )
    yield Case(
        {"en": "weight decay, the first step", "zh": "权重衰减，第一步"}, (*draw(3)[:2], None, 0.5, 0.9, 0.2)
    )
    yield Case({"en": "weight decay, later", "zh": "权重衰减，后来的一步"}, (*draw(3), 0.5, 0.9, 0.2))
    yield Case({"en": "μ = 0 with a velocity", "zh": "μ = 0，已有速度"}, (*draw(3), 0.5, 0.0))
    yield Case(
        {"en": "μ = 0 with weight decay, the first step", "zh": "μ = 0，带权重衰减，第一步"},
        (*draw(3)[:2], None, 0.5, 0.0, 0.2),
    )
    yield Case(
        {"en": "μ = 0 with weight decay, later", "zh": "μ = 0，带权重衰减，后来的一步"},
        (*draw(3), 0.5, 0.0, 0.2),
    )
    w, g, v = draw(3)
    yield Case(
        {"en": "weights of a million, no decay by default", "zh": "上百万的权重，默认没有衰减"},
        (1e6 * (w + w.sign()), g, v, 0.5),
    )
    w, g, v = draw()
    yield Case(
        {"en": "a single number, a gradient of 100 million", "zh": "单独一个数，梯度上亿"},
        (w, 1e8 * (g + g.sign()), 1e8 * v, 0.1),
    )
    yield Case({"en": "η = 0: the weight stays", "zh": "η = 0：权重不动"}, (*draw(3), 0.0))
    yield Case({"en": "η = 3, μ = 0.99", "zh": "η = 3，μ = 0.99"}, (*draw(3), 3.0, 0.99, 0.2))
    yield Case({"en": "η = 0.5, μ = 1, λ = 2", "zh": "η = 0.5，μ = 1，λ = 2"}, (*draw(3), 0.5, 1.0, 2.0))
    for sides in THIN:
        yield Case(shaped(*sides), (*draw(*sides), 0.5, 0.9, 0.2))
    yield Case({"en": "32,768 weights", "zh": "32,768 个权重"}, (*draw(128, 256), 0.1), timed=True)


# Adam


def _with_settings(move: Callable[..., Three]) -> Callable[..., Three]:
    """A step with the defaults of Adam: all eight arguments are handed on, in this order."""

    def step(
        w: Tensor,
        g: Tensor,
        m: Tensor,
        v: Tensor,
        t: int,
        lr: float = 1e-3,
        betas: Betas = USUAL,
        eps: float = 1e-8,
    ) -> Three:
        return move(w, g, m, v, t, lr, betas, eps)

    return step


def _settled(settings: Callable[..., tuple[Any, ...]]) -> Callable[..., Three]:
    """A right step with other settings, made of η, the betas and ε."""
    return _with_settings(
        lambda w, g, m, v, t, lr, betas, eps: adam_step(w, g, m, v, t, *settings(lr, betas, eps))
    )


def _direction(m: Tensor, v: Tensor, t: int, betas: Betas, eps: float) -> Tensor:
    return m / (1 - betas[0] ** t) / ((v / (1 - betas[1] ** t)).sqrt() + eps)


def _adam_by(
    divide: Callable[..., Tensor],
    square: Callable[[Tensor], Tensor] = Tensor.square,
    share: Callable[[float], float] = lambda beta: 1 - beta,  # of the gradient, in an average
) -> Callable[..., Three]:
    """A step of Adam with this way to make a direction of the new averages m and v."""

    def move(
        w: Tensor, g: Tensor, m: Tensor, v: Tensor, t: int, lr: float, betas: Betas, eps: float
    ) -> Three:
        m = betas[0] * m + share(betas[0]) * g
        v = betas[1] * v + share(betas[1]) * square(g)
        return w - lr * divide(m, v, t, betas, eps), m, v

    return _with_settings(move)


@trap("there is no bias correction: the first steps are too large", "没有做偏差修正：开头几步会过大")
@_adam_by
def _uncorrected(m: Tensor, v: Tensor, t: int, betas: Betas, eps: float) -> Tensor:
    return m / (v.sqrt() + eps)


@trap(
    "the second average is not corrected: it begins at 0 as the first does",
    "二阶平均没有做偏差修正：它和一阶平均一样从 0 开始",
)
@_adam_by
def _first_corrected(m: Tensor, v: Tensor, t: int, betas: Betas, eps: float) -> Tensor:
    return m / (1 - betas[0] ** t) / (v.sqrt() + eps)


@trap(
    "ε is under the root: near 0 it counts as √ε there; add it to the root",
    "ε 加在了根号里：平均值接近 0 时相当于加 √ε；应加在开方之后",
)
@_adam_by
def _epsilon_inside(m: Tensor, v: Tensor, t: int, betas: Betas, eps: float) -> Tensor:
    return m / (1 - betas[0] ** t) / (v / (1 - betas[1] ** t) + eps).sqrt()


@trap(
    "ε is added to the uncorrected root, as ε̂ in section 2 of the paper: the correction then scales it too",
    "ε 加在了修正之前的根上（论文第 2 节的 ε̂）：这样 ε 也会被修正系数缩放",
)
@_adam_by
def _epsilon_hat(m: Tensor, v: Tensor, t: int, betas: Betas, eps: float) -> Tensor:
    return m / (1 - betas[0] ** t) * math.sqrt(1 - betas[1] ** t) / (v.sqrt() + eps)


@trap(
    "ε is the least that the root may be; it is added to it, always",
    "把 ε 当成了根的下限；ε 应当始终加在开方之后",
)
@_adam_by
def _epsilon_least(m: Tensor, v: Tensor, t: int, betas: Betas, eps: float) -> Tensor:
    return m / (1 - betas[0] ** t) / (v / (1 - betas[1] ** t)).sqrt().clamp(min=eps)


@trap(
    "the second average never falls: that is AMSGrad",
    "二阶平均只升不降：那是 AMSGrad",
)
@_with_settings
def _never_falling(w: Tensor, g: Tensor, m: Tensor, v: Tensor, t: int, *settings: Any) -> Three:
    lr, betas, eps = settings
    _, new, square = adam_step(w, g, m, v, t, lr, betas, eps)
    square = square.maximum(v)
    return w - lr * _direction(new, square, t, betas, eps), new, square


def _nadam(ahead: int) -> Trap:
    """The mistake of Nadam: its average looks one step ahead, and is corrected for that step or for this."""

    @_with_settings
    def step(w: Tensor, g: Tensor, m: Tensor, v: Tensor, t: int, *settings: Any) -> Three:
        lr, (beta, beta2), eps = settings
        _, m, v = adam_step(w, g, m, v, t, lr, (beta, beta2), eps)
        direction = beta * m / (1 - beta ** (t + ahead)) + (1 - beta) * g / (1 - beta**t)
        return w - lr * direction / ((v / (1 - beta2**t)).sqrt() + eps), m, v

    return trap(
        "the gradient enters the step twice, through the average and by itself: that is Nadam",
        "梯度两次进入更新，一次经过平均，一次直接：那是 Nadam",
    )(step)


_epsilon_fixed = trap("eps is not used: ε is not always 1e−8", "没有用到 eps：ε 不总是 1e−8")(
    _settled(lambda lr, betas, eps: (lr, betas, 1e-8))
)


@trap(
    "there is no ε: where every gradient so far was 0, that is 0/0",
    "没有 ε：梯度一直为零时会算出 0/0",
)
@_adam_by
def _without_epsilon(m: Tensor, v: Tensor, t: int, betas: Betas, eps: float) -> Tensor:
    return m / (1 - betas[0] ** t) / (v / (1 - betas[1] ** t)).sqrt()


_one_too_far = trap(
    "the step is counted one too far: `step` is the number of this one, 1 at the first",
    "步数多数了一：step 就是这一步的序号，第一步是 1",
)(_adam_by(lambda m, v, t, betas, eps: _direction(m, v, t + 1, betas, eps)))
_always_first = trap(
    "step is not used: every step is corrected as the first", "没有用到 step：每一步都按第一步修正"
)(_adam_by(lambda m, v, t, betas, eps: _direction(m, v, 1, betas, eps)))


@trap(
    "the first average is not corrected: it begins at 0 as the second does",
    "一阶平均没有做偏差修正：它和二阶平均一样从 0 开始",
)
@_adam_by
def _second_corrected(m: Tensor, v: Tensor, t: int, betas: Betas, eps: float) -> Tensor:
    return m / ((v / (1 - betas[1] ** t)).sqrt() + eps)


@trap("the root of the second average is missing", "二阶平均没有开平方")
@_adam_by
def _rootless(m: Tensor, v: Tensor, t: int, betas: Betas, eps: float) -> Tensor:
    return m / (1 - betas[0] ** t) / (v / (1 - betas[1] ** t) + eps)


_betas_swapped = trap(
    "the betas are swapped: the first is that of the average of g, the second that of g²",
    "两个 β 弄反了：第一个用于 g 的平均，第二个用于 g² 的平均",
)(_settled(lambda lr, betas, eps: (lr, betas[::-1], eps)))
_fixed_rate = trap("lr is ignored: it is always 0.001", "没有用到 lr：始终是 0.001")(
    _settled(lambda lr, betas, eps: (1e-3, betas, eps))
)
_fixed_betas = trap(
    "the betas are ignored: they are always 0.9 and 0.999", "没有用到 betas：始终是 0.9 和 0.999"
)(_settled(lambda lr, betas, eps: (lr, USUAL, eps)))


_absolute = trap("the gradient is not squared in the second average", "二阶平均里的梯度没有平方")(
    _adam_by(_direction, square=Tensor.abs)
)
_summed_up = trap(
    "the gradient enters the averages whole: the factors 1 − β are missing",
    "梯度进入平均时没有乘 1 − β",
)(_adam_by(_direction, share=lambda beta: 1.0))
_uphill = trap("the weight moves uphill: the step is subtracted", "方向反了：更新量应当减去")(
    _adam_by(lambda m, v, t, betas, eps: -_direction(m, v, t, betas, eps))
)


@trap(
    "the weight moves by the old averages: they take in the gradient first",
    "更新权重用了旧的平均值：应先把这一步的梯度计入",
)
@_with_settings
def _by_old_averages(w: Tensor, g: Tensor, m: Tensor, v: Tensor, t: int, *settings: Any) -> Three:
    lr, betas, eps = settings
    return w - lr * _direction(m, v, t, betas, eps), *adam_step(w, g, m, v, t, *settings)[1:]


@trap(
    "the corrected averages are returned as the state, and would be corrected again in the next step",
    "把修正后的平均值当作状态返回了，下一步会再修正一次",
)
@_with_settings
def _corrected_state(w: Tensor, g: Tensor, m: Tensor, v: Tensor, t: int, *settings: Any) -> Three:
    new, m, v = adam_step(w, g, m, v, t, *settings)
    beta1, beta2 = settings[1]
    return new, m / (1 - beta1**t), v / (1 - beta2**t)


def _adam(
    w: Tensor,
    g: Tensor,
    m: Tensor,
    v: Tensor,
    step: int,
    lr: float = 1e-3,
    betas: Betas = USUAL,
    eps: float = 1e-8,
) -> Three:
    def make(params: list[Tensor]) -> torch.optim.Optimizer:
        return torch.optim.Adam(params, lr=lr, betas=betas, eps=eps)

    new, state = stepped(make, w, g, {"step": float(step - 1), "exp_avg": m, "exp_avg_sq": v})
    return new, state["exp_avg"], state["exp_avg_sq"]


def on_its_way(random: Generator, *shape: int) -> Four:
    """A weight, its gradient, and the averages of a training that has been going on."""
    w, g, m = (normal(random, *shape) for _ in range(3))
    return w, g, m / 2, 0.5 + torch.rand(shape, generator=random)


def late(random: Generator) -> Four:
    """The same, with gradients that have been larger of late, of one sign: a step is longer than η then."""
    w, g, m, v = on_its_way(random, 3)
    return w, g, m + 2 * m.sign(), v


def far_going(random: Generator) -> Four:
    """The same, with averages far above the new gradient: even of a tiny η, a step is long."""
    w, g, m, v = on_its_way(random, 3)
    return w, g + g.sign(), 1000 * (m + m.sign()), v


def near_epsilon(random: Generator) -> Four:
    """A weight with gradients of the size of the usual ε, before the first step."""
    g = 1e-8 * (0.5 + torch.rand(4, generator=random)) * torch.tensor([1.0, -1.0, 1.0, -1.0])
    return normal(random, 4), g, torch.zeros(4), torch.zeros(4)


def small(random: Generator) -> Four:
    """A weight so small that a step of 0.001 is large, before the first step."""
    return 0.01 * normal(random, 3), normal(random, 3), torch.zeros(3), torch.zeros(3)


def _corrected_at_first(last: int) -> Trap:
    """The mistake of a correction that is thought to be over after so many steps."""
    return trap(
        "late steps are not corrected: with β₂ near 1, 1 − β₂ᵗ is far from 1 for a long time",
        "后面的步没有做偏差修正：β₂ 接近 1 时，1 − β₂ᵗ 要很久才接近 1",
    )(_adam_by(lambda m, v, t, betas, eps: _direction(m, v, t if t <= last else 10**9, betas, eps)))


OF_AVERAGES = (
    _uncorrected,
    *map(_corrected_at_first, (10, 100, 1000, 10_000, 100_000)),
    _first_corrected,
    _second_corrected,
    _epsilon_inside,
    _epsilon_hat,
    _epsilon_least,
    _never_falling,
    _nadam(ahead=0),
    _nadam(ahead=1),
    _epsilon_fixed,
    _without_epsilon,
    _one_too_far,
    _always_first,
    _rootless,
    _betas_swapped,
    _fixed_rate,
    _fixed_betas,
    _absolute,
    _summed_up,
    _by_old_averages,
    _uphill,
    _corrected_state,
)


@judge(reference=_adam, traps=OF_AVERAGES)
def check_adam(random: Generator) -> Iterator[Case]:
    """The first step, a later one, other settings, the defaults, no gradient, and gradients of ε's size."""
    w, g, zero = normal(random, 3), normal(random, 3), torch.zeros(3)
    yield Case({"en": "the first step", "zh": "第一步"}, (w, g, zero, zero, 1, 0.1))
    yield Case({"en": "step 10", "zh": "第 10 步"}, (*on_its_way(random, 3), 10, 0.1))
    # 1 − 0.9999²⁰⁰⁰⁰ is 0.86 still: with whoever corrects the first steps only, the numbers part here
    yield Case(
        {"en": "step 20,000, β₂ = 0.9999", "zh": "第 20,000 步，β₂ = 0.9999"},
        (*late(random), 20_000, 0.2, (0.9, 0.9999)),
    )
    yield Case(
        {"en": "β = (0.5, 0.8), a matrix", "zh": "β = (0.5, 0.8)，矩阵"},
        (*on_its_way(random, 2, 3), 3, 0.1, (0.5, 0.8)),
    )
    yield Case(
        {"en": "no gradient in the first step", "zh": "第一步梯度为零"},
        (normal(random, 3), zero, zero, zero, 1, 0.1),
    )
    yield Case({"en": "gradients of 1e−8", "zh": "1e−8 大小的梯度"}, (*near_epsilon(random), 1, 0.1))
    yield Case({"en": "ε = 1", "zh": "ε = 1"}, (*on_its_way(random, 3), 3, 0.5, (0.5, 0.8), 1.0))
    yield Case({"en": "the usual η", "zh": "默认的 η"}, (*small(random), 1), tolerance=1e-5)
    w, g, m, v = on_its_way(random)
    yield Case(
        {"en": "a single number, a gradient of 10,000", "zh": "单独一个数，梯度上万"},
        (w, 1e4 * (g + g.sign()), 1e4 * m, 1e8 * v, 1000, 0.1),
    )
    w, g, m, v = on_its_way(random, 3)
    yield Case(
        {"en": "gradients of 100 million", "zh": "上亿的梯度"},
        (w, 1e8 * (g + g.sign()), 1e8 * m, 1e16 * v, 1000, 0.1),
    )
    # powers of 2, exact in float32: 1 − β₂ᵗ is 0.78
    yield Case(
        {"en": "step 200,000, β₂ = 1 − 2⁻¹⁷", "zh": "第 200,000 步，β₂ = 1 − 2⁻¹⁷"},
        (*late(random), 200_000, 0.2, (0.9, 1 - 2.0**-17)),
    )
    yield Case({"en": "η = 0: the weight stays", "zh": "η = 0：权重不动"}, (*far_going(random), 10, 0.0))
    yield Case({"en": "η = 3", "zh": "η = 3"}, (*on_its_way(random, 3), 10, 3.0))
    for betas in ((0.0, 0.8), (0.5, 0.0), (0.0, 0.0)):
        yield Case(
            {"en": f"β = ({betas[0]:g}, {betas[1]:g})", "zh": f"β = ({betas[0]:g}, {betas[1]:g})"},
            (*far_going(random), 3, 0.1, betas),
        )
    yield Case(
        {"en": "ε = 0, gradients of 1e−8", "zh": "ε = 0，梯度约为 1e−8"},
        (*near_epsilon(random), 1, 0.1, USUAL, 0.0),
    )
    for sides in THIN:
        yield Case(shaped(*sides), (*on_its_way(random, *sides), 3, 0.1))
    yield Case(
        {"en": "32,768 weights", "zh": "32,768 个权重"},
        (*on_its_way(random, 128, 256), 100, 0.1),
        timed=True,
    )
