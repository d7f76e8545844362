"""Judges of the code questions on generative adversarial networks."""

from collections.abc import Callable, Iterator

import torch
from torch import Generator, Tensor
from torch.nn import functional as F

from answers.judges._normal import normal
from quizcli.judge.case import Case, judge, trap

Two = tuple[Tensor, Tensor]


def _towards(logits: Tensor, label: float) -> Tensor:
    """The cross-entropy of logits whose samples all have this label."""
    return F.binary_cross_entropy_with_logits(logits, torch.full_like(logits, label))


# The losses


def _losses(real: Tensor, fake: Tensor) -> Two:
    return _towards(real, 1) + _towards(fake, 0), _towards(fake, 1)


@trap(
    "the saturating loss of G, log(1 − D): its slope vanishes where D is sure. Maximize log D instead",
    "生成器用了饱和的损失 log(1 − D)：D 很有把握时梯度消失。应改为最大化 log D",
)
def _saturating(real: Tensor, fake: Tensor) -> Two:
    return _losses(real, fake)[0], -_towards(fake, 0)


@trap(
    "D's labels are exchanged: real is 1, generated is 0",
    "判别器的标签反了：真样本为 1，生成样本为 0",
)
def _exchanged(real: Tensor, fake: Tensor) -> Two:
    return _towards(real, 0) + _towards(fake, 1), _towards(fake, 1)


@trap(
    "D's loss is halved: it is the sum of its two cross-entropies, 2 ln 2 at D = ½",
    "判别器损失被除以了 2：它是两个交叉熵之和，D = ½ 时为 2 ln 2",
)
def _halved(real: Tensor, fake: Tensor) -> Two:
    d_loss, g_loss = _losses(real, fake)
    return d_loss / 2, g_loss


@trap("summed over the batch; both losses are means", "对批求了和；两个损失都应取平均")
def _summed(real: Tensor, fake: Tensor) -> Two:
    return _towards(real, 1) * len(real) + _towards(fake, 0) * len(fake), _towards(fake, 1) * len(fake)


@trap(
    "the logarithm of a sigmoid that has become 0 is −∞: log sigmoid(a) can be had from the logit",
    "sigmoid 变成 0 之后取对数得 −∞：log sigmoid(a) 应直接由 logit 算",
)
def _through_sigmoid(real: Tensor, fake: Tensor) -> Two:
    d_real, d_fake = real.sigmoid(), fake.sigmoid()
    return -d_real.log().mean() - (1 - d_fake).log().mean(), -d_fake.log().mean()


@judge(reference=_losses, traps=(_saturating, _exchanged, _halved, _summed, _through_sigmoid))
def check_losses(random: Generator) -> Iterator[Case]:
    """One sample of each, then batches, D = ½, logits of 200, gradients."""
    draw = normal(random)

    yield Case({"en": "one real, one generated sample", "zh": "真样本、生成样本各一个"}, (draw(1), draw(1)))
    yield Case(
        {"en": "five real, seven generated", "zh": "五个真样本，七个生成样本"}, (2 * draw(5), 2 * draw(7))
    )
    yield Case(
        {"en": "D = ½ everywhere: 2 ln 2 and ln 2", "zh": "处处 D = ½：2 ln 2 与 ln 2"},
        (torch.zeros(4), torch.zeros(4)),
    )
    yield Case(
        {"en": "logits of ±200", "zh": "logits 为 ±200"},
        (torch.tensor([200.0, -200.0, 3.0]), torch.tensor([200.0, -200.0]) + draw(2)),
    )
    yield Case(
        {"en": "gradients, in float64", "zh": "梯度（float64）"},
        (draw(4, dtype=torch.float64), draw(6, dtype=torch.float64)),
        grad=True,
    )
    yield Case(
        {"en": "100,000 samples of each", "zh": "各十万个样本"}, (draw(100_000), draw(100_000)), timed=True
    )


# Whose gradient goes where


def _step(
    g_weight: Tensor,
    d_weight: Tensor,
    real: Tensor,
    z: Tensor,
    to_d: Callable[[Tensor], Tensor] = Tensor.detach,
    to_g: Callable[[Tensor], Tensor] = Tensor.clone,
) -> Two:
    """Both losses; `to_d` and `to_g` are what happens to the generated samples on the way to each of them."""
    fake = z @ g_weight.mT
    d_loss = _towards(real @ d_weight.mT, 1) + _towards(to_d(fake) @ d_weight.mT, 0)
    return d_loss, _towards(to_g(fake) @ d_weight.mT, 1)


@trap(
    "D's loss sends a gradient to G: detach the generated samples that D learns from",
    "判别器的损失把梯度传给了生成器：给判别器训练用的生成样本要 detach",
)
def _attached(g_weight: Tensor, d_weight: Tensor, real: Tensor, z: Tensor) -> Two:
    return _step(g_weight, d_weight, real, z, to_d=Tensor.clone)


@trap(
    "the samples are detached for G's loss too, so G learns nothing: its gradient comes through D",
    "算生成器损失时也 detach 了，生成器学不到东西：它的梯度正是经过 D 传回来的",
)
def _cut(g_weight: Tensor, d_weight: Tensor, real: Tensor, z: Tensor) -> Two:
    return _step(g_weight, d_weight, real, z, to_g=Tensor.detach)


@trap(
    "detached the wrong way round: D's samples keep their history, and G's have lost it",
    "detach 用反了：该切断的没切断，生成器那一路反而断了",
)
def _crossed(g_weight: Tensor, d_weight: Tensor, real: Tensor, z: Tensor) -> Two:
    return _step(g_weight, d_weight, real, z, to_d=Tensor.clone, to_g=Tensor.detach)


@trap(
    "G's loss is the saturating one, log(1 − D): minimize −log D",
    "生成器用了饱和的损失 log(1 − D)：应最小化 −log D",
)
def _saturating_step(g_weight: Tensor, d_weight: Tensor, real: Tensor, z: Tensor) -> Two:
    d_loss, _ = _step(g_weight, d_weight, real, z)
    return d_loss, -_towards(z @ g_weight.mT @ d_weight.mT, 0)


@judge(reference=_step, traps=(_attached, _crossed, _cut, _saturating_step))
def check_step_losses(random: Generator) -> Iterator[Case]:
    """The values of both losses, then where their gradients go, then logits of hundreds."""
    draw = normal(random)

    def given(
        features: int, latent: int, reals: int, fakes: int, dtype: torch.dtype = torch.float32
    ) -> tuple[Tensor, ...]:
        shapes = (features, latent), (1, features), (reals, features), (fakes, latent)
        return tuple(draw(*shape, dtype=dtype) for shape in shapes)

    yield Case({"en": "one sample of each", "zh": "各一个样本"}, given(2, 1, 1, 1))
    yield Case({"en": "batches", "zh": "成批的样本"}, given(4, 3, 6, 5))
    yield Case(
        {"en": "whose gradient goes where", "zh": "梯度各传到哪里"},
        given(3, 2, 4, 4),
        grad=True,
    )
    yield Case(
        {"en": "the same in float64", "zh": "同上（float64）"}, given(4, 3, 6, 5, torch.float64), grad=True
    )
    g_weight, d_weight, real, z = given(3, 2, 4, 4)
    yield Case({"en": "logits of hundreds", "zh": "logits 上百"}, (g_weight, 100 * d_weight, real, z))
    yield Case(
        {"en": "256 images of MNIST's size", "zh": "256 张 MNIST 大小的图"},
        given(784, 32, 256, 256),
        timed=True,
    )
