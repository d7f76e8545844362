"""Judges of the code questions on generative adversarial networks."""

from collections.abc import Callable, Iterator

import torch
from torch import Generator, Tensor
from torch.nn import functional as F

from answers.judges.kit.draws import normal
from answers.judges.kit.kinks import KINKED, kinked
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
    "one mean over real and generated samples together: each cross-entropy is a mean of its own",
    "真样本和生成样本合在一起取了平均：两个交叉熵应各自取平均",
)
def _one_mean(real: Tensor, fake: Tensor) -> Two:
    count = len(real) + len(fake)
    d_loss = (_towards(real, 1) * len(real) + _towards(fake, 0) * len(fake)) / count
    return d_loss, _towards(fake, 1)


@trap(
    "real samples have the label of 0.9, one-sided label smoothing: here it is 1",
    "真样本的标签取了 0.9（单侧标签平滑）：这里应为 1",
)
def _smoothed(real: Tensor, fake: Tensor) -> Two:
    return _towards(real, 0.9) + _towards(fake, 0), _towards(fake, 1)


@trap(
    "G's loss has the label of D, 0: G wants its samples to be taken for real ones, 1",
    "生成器的损失用了判别器的标签 0：生成器希望自己的样本被当成真的，标签应为 1",
)
def _against_itself(real: Tensor, fake: Tensor) -> Two:
    return _losses(real, fake)[0], _towards(fake, 0)


@trap("D's loss lacks the generated samples", "判别器的损失漏掉了生成样本")
def _real_only(real: Tensor, fake: Tensor) -> Two:
    return _towards(real, 1), _towards(fake, 1)


@trap("D's loss has the wrong sign: both losses are minimized", "判别器损失的符号反了：两个损失都要最小化")
def _sign(real: Tensor, fake: Tensor) -> Two:
    d_loss, g_loss = _losses(real, fake)
    return -d_loss, g_loss


@trap("the losses come in the other order: D's, then G's", "返回的顺序不对：先 D 的，后 G 的")
def _other_order(real: Tensor, fake: Tensor) -> Two:
    d_loss, g_loss = _losses(real, fake)
    return g_loss, d_loss


def _logarithms(probability: Callable[[Tensor], Tensor], epsilon: float = 0.0) -> Callable[..., Two]:
    """The losses by the logarithm of probabilities computed so."""

    def losses(real: Tensor, fake: Tensor) -> Two:
        p, q = probability(real), probability(fake)
        d_loss = -(p + epsilon).log().mean() - (1 - q + epsilon).log().mean()
        return d_loss.to(real.dtype), -(q + epsilon).log().mean().to(real.dtype)

    return losses


def _of_probability(logits: Tensor, label: float) -> Tensor:
    """PyTorch's cross-entropy of probabilities, whose logarithms end at −100."""
    return F.binary_cross_entropy(logits.sigmoid(), torch.full_like(logits, label))


_rounded = trap(
    "the logarithm of a sigmoid that has rounded to 0 or 1: log sigmoid(a) can be had from the logit",
    "sigmoid 已舍入到 0 或 1 再取对数：log sigmoid(a) 应直接由 logit 算",
)
_through_sigmoid = _rounded(_logarithms(torch.sigmoid))
_by_probabilities = _rounded(
    lambda real, fake: (
        _of_probability(real, 1) + _of_probability(fake, 0),
        _of_probability(fake, 1),
    )
)
_one_by_sigmoid = _rounded(
    lambda real, fake: (_towards(real, 1) - (1 - fake.sigmoid()).log().mean(), _towards(fake, 1))
)
_through_sigmoid_in_float64 = _rounded(_logarithms(lambda a: a.double().sigmoid()))
_capped = trap(
    "an ε in the logarithm caps the losses, and where it does the gradient is 0",
    "在对数里加 ε，损失被封顶，被封顶处梯度为 0",
)
_EPSILONS = (1e-6, 1e-7, 1e-8, 1e-10, 1e-12)
_CAPPED = tuple(_capped(_logarithms(torch.sigmoid, epsilon)) for epsilon in _EPSILONS)


def _softplus(a: Tensor) -> Tensor:
    return (1 + a.exp()).log().mean()


_overflowing = trap(
    "log(1 + eᵃ) is written out: eᵃ overflows; F.softplus does not",
    "直接写了 log(1 + eᵃ)：eᵃ 会溢出；F.softplus 不会",
)
_written_out = _overflowing(lambda real, fake: (_softplus(-real) + _softplus(fake), _softplus(-fake)))


@trap(
    "the sigmoid of a sigmoid: real and fake are already logits",
    "取了两次 sigmoid：直接用 logits 即可",
)
def _twice(real: Tensor, fake: Tensor) -> Two:
    return _losses(real.sigmoid(), fake.sigmoid())


@trap(
    "G's loss is D's with the other sign: that saturates where D is sure, and its real samples are not G's",
    "生成器的损失只是把判别器的取了负号：判别器很有把握时会饱和，而且真样本与生成器无关",
)
def _zero_sum(real: Tensor, fake: Tensor) -> Two:
    d_loss, _ = _losses(real, fake)
    return d_loss, -d_loss


@trap("these are the losses of the least squares GAN", "这是最小二乘 GAN 的损失")
def _least_squares(real: Tensor, fake: Tensor) -> Two:
    return (real - 1).square().mean() + fake.square().mean(), (fake - 1).square().mean()


@trap("these are the losses of the Wasserstein GAN", "这是 Wasserstein GAN 的损失")
def _wasserstein(real: Tensor, fake: Tensor) -> Two:
    return fake.mean() - real.mean(), -fake.mean()


@trap("these are hinge losses", "这是合页损失（hinge loss）")
def _hinge(real: Tensor, fake: Tensor) -> Two:
    return (1 - real).relu().mean() + (1 + fake).relu().mean(), -fake.mean()


@trap(
    "the logits of the generated samples are detached inside: D needs their gradient too",
    "在函数里把生成样本的 logits detach 了：D 也需要它们的梯度",
)
def _detached(real: Tensor, fake: Tensor) -> Two:
    return _towards(real, 1) + _towards(fake.detach(), 0), _towards(fake, 1)


@trap(*KINKED)
def _kinked(real: Tensor, fake: Tensor) -> Two:
    return kinked(-real).mean() + kinked(fake).mean(), kinked(-fake).mean()


@judge(
    reference=_losses,
    traps=(
        _saturating,
        _kinked,
        _exchanged,
        _halved,
        _summed,
        _one_mean,
        _smoothed,
        _against_itself,
        _real_only,
        _sign,
        _other_order,
        _through_sigmoid,
        _through_sigmoid_in_float64,
        _by_probabilities,
        _one_by_sigmoid,
        *_CAPPED,
        _written_out,
        _twice,
        _least_squares,
        _zero_sum,
        _wasserstein,
        _hinge,
        _detached,
    ),
)
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
        grad=True,
    )
    for size in (6.0, 10.5, 13.5):
        yield Case(
            {"en": f"logits near ±{size:g}", "zh": f"logits 在 ±{size:g} 附近"},
            (-size + 0.1 * draw(1), torch.tensor([size, -size]) + 0.1 * draw(2)),
            grad=True,
            tolerance=1e-6,
        )
    yield Case(
        {"en": "logits of ±200", "zh": "logits 为 ±200"},
        (torch.tensor([200.0, -200.0, 3.0]), torch.tensor([200.0, -200.0]) + draw(2)),
        grad=True,
    )
    for size, words in ((1e4, "10,000"), (1e7, "10⁷")):
        yield Case(
            {"en": f"logits of ±{words}", "zh": f"logits 为 ±{words}"},
            (size * torch.tensor([1.0, -1.0]), size * torch.tensor([-1.0, 1.0, 1.0])),
            grad=True,
        )
    yield Case(
        {"en": "gradients, in float64", "zh": "梯度（float64）"},
        (draw(4, dtype=torch.float64), draw(6, dtype=torch.float64)),
        grad=True,
    )
    yield Case(
        {"en": "20,000 samples of each", "zh": "各两万个样本"}, (draw(20_000), draw(20_000)), timed=True
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


def _instead(
    d_loss: Callable[[Tensor, Tensor], Tensor] | None = None,
    g_loss: Callable[[Tensor], Tensor] | None = None,
    frozen: bool = False,
) -> Callable[..., Two]:
    """Both losses, in which these, of D's logits, stand in the place of the right ones."""

    def step_losses(g_weight: Tensor, d_weight: Tensor, real: Tensor, z: Tensor) -> Two:
        fake = z @ g_weight.mT
        for_d = real @ d_weight.mT, fake.detach() @ d_weight.mT
        for_g = fake @ (d_weight.detach() if frozen else d_weight).mT
        first = d_loss or (lambda a, b: _losses(a, b)[0])
        return first(*for_d), (g_loss or (lambda a: _towards(a, 1)))(for_g)

    return step_losses


_frozen_critic = trap(
    "D's weights are detached in G's loss: it has a gradient for them too, which D's optimizer throws away",
    "算生成器损失时 detach 了 D 的权重：它对 D 的权重也有梯度，由 D 的优化器清掉",
)(_instead(frozen=True))
_kinked_step = trap(*KINKED)(
    _instead(lambda a, b: kinked(-a).mean() + kinked(b).mean(), lambda a: kinked(-a).mean())
)
_halved_step = trap(
    "D's loss is halved: it is the sum of its two cross-entropies", "判别器损失被除以了 2：它是两个交叉熵之和"
)(_instead(lambda real, fake: _losses(real, fake)[0] / 2))
_exchanged_step = trap(
    "D's labels are exchanged: real is 1, generated is 0", "判别器的标签反了：真样本为 1，生成样本为 0"
)(_instead(lambda real, fake: _towards(real, 0) + _towards(fake, 1)))
_real_only_step = trap(
    "D's loss is of real samples only: the generated ones are missing", "判别器的损失漏掉了生成样本"
)(_instead(lambda real, fake: _towards(real, 1)))
_summed_step = trap("summed over the batch; both losses are means", "对批求了和；两个损失都应取平均")(
    _instead(
        lambda real, fake: _towards(real, 1) * len(real) + _towards(fake, 0) * len(fake),
        lambda fake: _towards(fake, 1) * len(fake),
    )
)
_against_itself_step = trap(
    "G's loss has the label of D, 0: G wants its samples to be taken for real ones, 1",
    "生成器的损失用了判别器的标签 0：生成器希望自己的样本被当成真的，标签应为 1",
)(_instead(g_loss=lambda fake: _towards(fake, 0)))
_rounded_step = _rounded(
    _instead(
        lambda real, fake: -real.sigmoid().log().mean() - (1 - fake.sigmoid()).log().mean(),
        lambda fake: -fake.sigmoid().log().mean(),
    )
)
_by_probabilities_step = _rounded(
    _instead(
        lambda real, fake: _of_probability(real, 1) + _of_probability(fake, 0),
        lambda fake: _of_probability(fake, 1),
    )
)
_CAPPED_STEP = tuple(
    _capped(_instead(lambda a, b, of=of: of(a, b)[0], lambda b, of=of: of(b, b)[1]))  # type: ignore[misc]
    for of in (_logarithms(torch.sigmoid, epsilon) for epsilon in _EPSILONS)
)
_one_mean_step = trap(
    "one mean over real and generated samples together: each cross-entropy is a mean of its own",
    "真样本和生成样本合在一起取了平均：两个交叉熵应各自取平均",
)(_instead(lambda real, fake: _one_mean.wrong(real, fake)[0]))
_detached_logits = trap(
    "D's logits of the generated samples are detached, not the samples: D learns from the real ones alone",
    "detach 的是判别器对生成样本的 logits，而不是样本：判别器只从真样本学到东西",
)(_instead(lambda real, fake: _towards(real, 1) + _towards(fake.detach(), 0)))


@trap("the losses come in the other order: D's, then G's", "返回的顺序不对：先 D 的，后 G 的")
def _other_order_step(g_weight: Tensor, d_weight: Tensor, real: Tensor, z: Tensor) -> Two:
    d_loss, g_loss = _step(g_weight, d_weight, real, z)
    return g_loss, d_loss


_ROW = "D's logits then stand in a row, not in a column; their mean is the same."


@judge(
    reference=_step,
    traps=(
        _attached,
        _crossed,
        _cut,
        _saturating_step,
        _kinked_step,
        _frozen_critic,
        _halved_step,
        _exchanged_step,
        _real_only_step,
        _summed_step,
        _against_itself_step,
        _rounded_step,
        _by_probabilities_step,
        *_CAPPED_STEP,
        _one_mean_step,
        _detached_logits,
        _other_order_step,
    ),
    equivalent={
        "step_losses: F.linear(real, d_weight) → F.linear(d_weight, real)": _ROW,
        "step_losses: F.linear(fake.detach(), d_weight) → F.linear(d_weight, fake.detach())": _ROW,
        "step_losses: F.linear(fake, d_weight) → F.linear(d_weight, fake)": _ROW,
    },
    fixed={"d_weight, axis 0 of 2": "D has one output."},
)
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
        grad=(0, 1, 3),
    )
    yield Case(
        {"en": "the same in float64", "zh": "同上（float64）"},
        given(4, 3, 6, 5, torch.float64),
        grad=(0, 1, 3),
    )
    yield Case(
        {"en": "more generated than real ones", "zh": "生成样本多于真样本"}, given(3, 3, 3, 7), grad=(0, 1, 3)
    )
    g_weight, d_weight, real, z = given(3, 2, 4, 4)
    zero = torch.zeros_like(d_weight)
    yield Case({"en": "a D of zeros", "zh": "D 的权重全为零"}, (g_weight, zero, real, z), grad=(0, 1, 3))
    for size in (6.0, 10.5, 13.5):
        real, z = -size + 0.1 * draw(1, 1), torch.tensor([[size], [-size]]) + 0.1 * draw(2, 1)
        yield Case(
            {"en": f"logits near ±{size:g}", "zh": f"logits 在 ±{size:g} 附近"},
            (torch.full((1, 1), 2.0), torch.full((1, 1), 0.5), 2 * real, z),
            grad=(0, 1, 3),
            tolerance=1e-6,
        )
    g_weight, d_weight, real, z = given(3, 2, 4, 4)
    yield Case(
        {"en": "logits of hundreds", "zh": "logits 上百"}, (g_weight, 300 * d_weight, real, z), grad=(0, 1, 3)
    )
    yield Case(
        {"en": "logits of many thousands", "zh": "logits 上万"},
        (g_weight, 3e5 * d_weight, real, z),
        grad=(0, 1, 3),
    )
    yield Case(
        {"en": "16 images of MNIST's size", "zh": "16 张 MNIST 大小的图"},
        given(784, 20, 16, 16),
        timed=True,
    )
