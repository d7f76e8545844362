"""The judge of the code question on AdamW: Adam's step, and a decay that does not go through it."""

from collections.abc import Callable, Iterator

import torch
from torch import Generator, Tensor

from answers.judges.kit.thin_shapes import THIN, shaped
from answers.judges.optimization.optimization import (
    OF_AVERAGES,
    USUAL,
    Betas,
    Three,
    far_going,
    late,
    near_epsilon,
    normal,
    on_its_way,
    small,
    stepped,
)
from models.optimization.optimization import adam_step
from quizcli.judge.case import Case, Trap, judge, trap

Adam = Callable[[Tensor, Tensor], Three]  # the step of a weight and a gradient


def _adamw_by(
    move: Callable[[Adam, Tensor, Tensor, float, float], Three],
    default: float = 1e-2,
    adam: Callable[..., Three] = adam_step,
) -> Callable[..., Three]:
    """A step of AdamW with this way to join Adam's step and the decay: of w, g, η and λ."""

    def step(
        w: Tensor,
        g: Tensor,
        m: Tensor,
        v: Tensor,
        t: int,
        lr: float = 1e-3,
        betas: Betas = USUAL,
        eps: float = 1e-8,
        decay: float = default,
    ) -> Three:
        return move(lambda w, g: adam(w, g, m, v, t, lr, betas, eps), w, g, lr, decay)

    return step


def _right(adam: Adam, w: Tensor, g: Tensor, lr: float, decay: float) -> Three:
    return adam((1 - lr * decay) * w, g)


def _decayed(known: Trap) -> Trap:
    """A mistake in Adam's step, made by who gets the decay right."""
    return Trap(_adamw_by(_right, adam=known.wrong), known.text)


_coupled = trap(
    "λw is added to the gradient: that is Adam with an L2 penalty, not a decoupled decay",
    "λw 加进了梯度：那是 Adam 加 L2 惩罚，不是解耦的权重衰减",
)(_adamw_by(lambda adam, w, g, lr, decay: adam(w, g + decay * w)))
_without_rate = trap("the decay is not multiplied by the learning rate", "衰减没有乘学习率")(
    _adamw_by(lambda adam, w, g, lr, decay: adam((1 - decay) * w, g))
)


@trap(
    "the weight decays after Adam's step: what decays is the old weight",
    "先走了 Adam 的一步再衰减：要衰减的是更新之前的权重",
)
@_adamw_by
def _afterwards(adam: Adam, w: Tensor, g: Tensor, lr: float, decay: float) -> Three:
    new, m, v = adam(w, g)
    return (1 - lr * decay) * new, m, v


_without_decay = trap("weight_decay is not used: that is Adam", "没有用到 weight_decay：这就是 Adam")(
    _adamw_by(lambda adam, w, g, lr, decay: adam(w, g))
)
_fixed_decay = trap("weight_decay is ignored: λ is always 0.01", "没有用到 weight_decay：λ 始终是 0.01")(
    _adamw_by(lambda adam, w, g, lr, decay: adam((1 - lr * 1e-2) * w, g))
)
_twice = trap(
    "the weight decays twice, by itself and through the gradient: λw does not enter the gradient",
    "衰减了两次，一次直接，一次经过梯度：λw 不该加进梯度",
)(_adamw_by(lambda adam, w, g, lr, decay: adam((1 - lr * decay) * w, g + decay * w)))
_growing = trap("the weight grows: the decay is subtracted", "权重反而变大了：衰减应当减去")(
    _adamw_by(lambda adam, w, g, lr, decay: adam((1 + lr * decay) * w, g))
)
_OTHER_DEFAULT = tuple(
    trap("the default of weight_decay is not 0.01", "weight_decay 的默认值不是 0.01")(
        _adamw_by(_right, default)
    )
    for default in (0.0, 0.1, 1e-4)
)


def _adamw(
    w: Tensor,
    g: Tensor,
    m: Tensor,
    v: Tensor,
    step: int,
    lr: float = 1e-3,
    betas: Betas = USUAL,
    eps: float = 1e-8,
    decay: float = 1e-2,
) -> Three:
    def make(params: list[Tensor]) -> torch.optim.Optimizer:
        return torch.optim.AdamW(params, lr=lr, betas=betas, eps=eps, weight_decay=decay)

    new, state = stepped(make, w, g, {"step": float(step - 1), "exp_avg": m, "exp_avg_sq": v})
    return new, state["exp_avg"], state["exp_avg_sq"]


@judge(
    reference=_adamw,
    traps=(
        _coupled,
        _without_rate,
        _afterwards,
        _without_decay,
        _fixed_decay,
        _twice,
        _growing,
        *_OTHER_DEFAULT,
        *map(_decayed, OF_AVERAGES),
    ),
)
def check_adamw(random: Generator) -> Iterator[Case]:
    """Decay alone, the first step, a later one, no decay, other settings, the defaults."""
    zero, usual = torch.zeros(3), (USUAL, 1e-8)
    yield Case(
        {"en": "no gradient: decay alone", "zh": "梯度为零：只有衰减"},
        (1 + torch.rand(3, generator=random), zero, zero, zero, 1, 0.5, *usual, 0.1),
    )
    w, g = normal(random, 3), normal(random, 3)
    yield Case({"en": "the first step", "zh": "第一步"}, (w, g, zero, zero, 1, 0.5, *usual, 0.1))
    yield Case({"en": "step 10", "zh": "第 10 步"}, (*on_its_way(random, 3), 10, 0.5, *usual, 0.1))
    yield Case(
        {"en": "step 20,000, β₂ = 0.9999", "zh": "第 20,000 步，β₂ = 0.9999"},
        (*late(random), 20_000, 0.2, (0.9, 0.9999), 1e-8, 0.1),
    )
    yield Case({"en": "λ = 0: Adam", "zh": "λ = 0：即 Adam"}, (*on_its_way(random, 3), 10, 0.5, *usual, 0.0))
    yield Case(
        {"en": "β = (0.5, 0.8), ε = 0.1", "zh": "β = (0.5, 0.8)，ε = 0.1"},
        (*on_its_way(random, 2, 3), 3, 0.1, (0.5, 0.8), 0.1, 0.2),
    )
    yield Case(
        {"en": "gradients of 1e−8, the usual settings but η", "zh": "1e−8 大小的梯度，除 η 外用默认设置"},
        (*near_epsilon(random), 1, 0.1),
    )
    yield Case({"en": "the usual η", "zh": "默认的 η"}, (*small(random), 1), tolerance=1e-5)
    w, g, m, v = on_its_way(random)
    yield Case(
        {"en": "a single weight of 10,000, the usual λ", "zh": "单独一个上万的权重，默认的 λ"},
        (1e4 * (w + w.sign()), g, m, v, 1000, 0.1),
    )
    w, g, m, v = on_its_way(random, 3)
    yield Case(
        {"en": "gradients of 100 million", "zh": "上亿的梯度"},
        (w, 1e8 * (g + g.sign()), 1e8 * m, 1e16 * v, 1000, 0.1, *usual, 0.1),
    )
    # powers of 2, exact in float32: 1 − β₂ᵗ is 0.78
    yield Case(
        {"en": "step 200,000, β₂ = 1 − 2⁻¹⁷", "zh": "第 200,000 步，β₂ = 1 − 2⁻¹⁷"},
        (*late(random), 200_000, 0.2, (0.9, 1 - 2.0**-17), 1e-8, 0.1),
    )
    yield Case(
        {"en": "η = 0: the weight stays", "zh": "η = 0：权重不动"}, (*far_going(random), 10, 0.0, *usual, 0.1)
    )
    yield Case({"en": "η = 3", "zh": "η = 3"}, (*on_its_way(random, 3), 10, 3.0, *usual, 0.1))
    yield Case({"en": "λ = 2", "zh": "λ = 2"}, (*on_its_way(random, 3), 10, 0.2, *usual, 2.0))
    for betas in ((0.0, 0.8), (0.5, 0.0), (0.0, 0.0)):
        yield Case(
            {"en": f"β = ({betas[0]:g}, {betas[1]:g})", "zh": f"β = ({betas[0]:g}, {betas[1]:g})"},
            (*far_going(random), 3, 0.1, betas, 1e-8, 0.1),
        )
    yield Case(
        {"en": "ε = 0, gradients of 1e−8", "zh": "ε = 0，梯度约为 1e−8"},
        (*near_epsilon(random), 1, 0.1, USUAL, 0.0, 0.1),
    )
    for sides in THIN:
        yield Case(shaped(*sides), (*on_its_way(random, *sides), 3, 0.1))
    yield Case(
        {"en": "32,768 weights", "zh": "32,768 个权重"},
        (*on_its_way(random, 128, 256), 100, 0.1, *usual, 0.01),
        timed=True,
    )
