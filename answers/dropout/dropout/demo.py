"""Dropout, unit by unit: who blinks out in training, what the survivors carry, why evaluation stands still.

Srivastava et al. 2014 drop units in training and shrink the weights at test time (section 4). PyTorch divides
the survivors by 1 − p in training instead and leaves evaluation alone. Either keeps the mean; doing both is a
bug, and is measured here. Then two equal networks fit the same 24 noisy points, one of them with dropout.
"""

import math
import time
from collections.abc import Iterator
from functools import partial
from typing import Annotated, Literal

import torch
from torch import Tensor

from answers.dropout.dropout.noisy_sine import Errors, fit_both
from answers.kit.acts import Acts
from models.dropout import Dropout
from quizcli.demo.events import Bars, Claim, Event, Heatmap, Note, Started, Words, array
from quizcli.demo.option import Option, Pace, Seed

TITLE = {"en": "Dropout, unit by unit", "zh": "逐个神经元看 Dropout"}
QUICK = {"pace": 0.0, "trials": 500, "steps": 300}

BLINKS, LEAPS = 20, 15  # frames of one pass each, then frames of more and more passes
BINS = 7  # of what the next neuron receives, one standard deviation wide


class Unscaled(Dropout):
    """The mistake "no-scaling": survivors keep their value, as in 2014, and nothing makes up for it later."""

    def forward(self, x: Tensor) -> Tensor:
        """Dropout without the division by 1 − p."""
        return super().forward(x) * (1 - self.p) if self.training else x


def demonstrate(
    p: Annotated[float, Option(min=0, max=0.95, help={"en": "drop rate", "zh": "丢弃率"})] = 0.5,
    units: Annotated[
        int, Option(min=32, max=512, help={"en": "units of the layer", "zh": "神经元个数"})
    ] = 288,
    trials: Annotated[
        int, Option(min=100, max=5000, help={"en": "training passes", "zh": "训练前向次数"})
    ] = 2000,
    steps: Annotated[int, Option(min=50, max=5000, help={"en": "steps of the fit", "zh": "拟合步数"})] = 600,
    mistake: Annotated[
        Literal["none", "no-scaling", "forgot-eval"],
        Option(help={"en": "make a mistake: see which claims fall", "zh": "故意犯错，看哪条不成立"}),
    ] = "none",
    pace: Pace = 0.15,
    seed: Seed = 0,
) -> Iterator[Event]:
    """Three acts: passes in training, evaluation, and a fit with and without dropout."""
    yield Started(data=f"p = {p:g}", layout=(("units", "mean"), ("below", "gap")))
    x = _activations(units)
    layer = _dropout(p, torch.Generator().manual_seed(seed), mistake)
    acts = Acts(3, 1, 3)
    passes = layer(x.expand(trials, units))  # (trials, units): every pass draws its own mask
    yield from acts.play(_training(x, passes, p, pace), "training passes", "训练模式下的前向传播")
    yield from _training_claims(x, passes, p)

    layer.train(mistake == "forgot-eval")
    evaluated = layer(x.expand(BLINKS, units))  # (BLINKS, units)
    yield from acts.play(_evaluation(x, evaluated, pace), "evaluation", "评估模式")
    yield from _evaluation_claims(x, passes, evaluated, p)
    if mistake == "forgot-eval" and p > 0:
        yield _trembling_claim(x, evaluated, p)

    if p > 0:
        layers = partial(_dropout, mistake=mistake)
        fits = fit_both(p, steps, layers, mistake != "forgot-eval", seed, pace)
        plain, dropped = yield from acts.play(fits, "a fit with and without", "用与不用 Dropout 的拟合")
        yield _gap_claim(plain, dropped, p, steps, mistake)
    yield Note(text=WHAT_YOU_SAW["nothing dropped" if p == 0 else mistake])


def _dropout(p: float, generator: torch.Generator, mistake: str) -> Dropout:
    return Unscaled(p, generator) if mistake == "no-scaling" else Dropout(p, generator)


def _width(units: int) -> int:
    """Columns of the picture of a layer, about twice its rows."""
    return round(math.sqrt(2 * units))


def _activations(units: int) -> Tensor:  # (units)
    """Rings of activations between 0.4 and 1.6, so that a missing unit is missed."""
    place = torch.arange(units)
    row, column = place // _width(units), place % _width(units)
    across, down = column / column.max() * 2 - 1, row / row.max() * 2 - 1
    return 1 + 0.6 * torch.cos(6 * torch.hypot(across, down))


def _layer_picture(panel: str, values: Tensor, high: float, title: Words, caption: Words) -> Heatmap:
    """The units of a layer as a grid; who is dropped leaves an empty cell."""
    width = _width(len(values))
    grid = torch.full((-(-len(values) // width) * width,), math.nan)
    grid[: len(values)] = torch.where(values == 0, math.nan, values)
    return Heatmap(
        panel=panel, values=array(grid.view(-1, width)), low=0, high=high, title=title, caption=caption
    )


# Training


def _training(x: Tensor, passes: Tensor, p: float, pace: float) -> Iterator[Event]:
    """The first passes one by one, then in growing leaps: masks blink while their mean settles."""
    trials, units = passes.shape
    leaps = [round(BLINKS * (trials / BLINKS) ** (k / LEAPS)) for k in range(1, LEAPS + 1)]
    for t in [*range(1, BLINKS + 1), *leaps]:
        y, so_far = passes[t - 1], passes[:t]  # (units), (t, units)
        dropped = int((y == 0).sum())
        scale = (y / x)[y != 0].mean().item() if dropped < units else 0.0
        title = {"en": f"pass {t}: {dropped} of {units} dropped", "zh": f"第 {t} 次：丢弃 {dropped}/{units}"}
        caption = {"en": f"survivors carry {scale:.2f}×", "zh": f"存活者变为 {scale:.2f} 倍"}
        yield _layer_picture("units", y, x.max().item() / (1 - p), title, caption)
        mean = (so_far.mean(0) / x).mean().item()
        var = (so_far.var(0) / x**2).mean().item() if t > 1 else 0.0
        title = {"en": f"mean of {t} passes", "zh": f"{t} 次的平均"}
        caption = {
            "en": f"mean {mean:.2f} x, variance {var:.2f} x²",
            "zh": f"均值 {mean:.2f} x，方差 {var:.2f} x²",
        }
        yield _layer_picture("mean", so_far.mean(0), 2 * x.max().item(), title, caption)
        yield _received(x, so_far, p)
        time.sleep(pace)


def _received(x: Tensor, passes: Tensor, p: float) -> Bars:
    """The sum of the layer's outputs in each pass ÷ the sum in evaluation: a bell around 1."""
    spread = math.sqrt(p / (1 - p) * x.square().sum().item()) / x.sum().item()
    width = max(spread, 0.01)
    sums = passes.sum(1) / x.sum()  # (passes)
    bins = ((sums - 1) / width).round().clamp(-(BINS // 2), BINS // 2).long() + BINS // 2
    shares = 100 * torch.bincount(bins, minlength=BINS) / len(passes)
    centres = [f"{1 + (k - BINS // 2) * width:.2f}" for k in range(BINS)]
    centres[0], centres[-1] = f"≤ {centres[0]}", f"≥ {centres[-1]}"
    centres[BINS // 2] = "eval 1.00"
    return Bars(
        panel="below",
        labels=tuple(centres),
        values=tuple((share,) for share in shares.tolist()),
        title={"en": "the next neuron receives", "zh": "下一个神经元收到的和"},
        unit="%",
    )


def _training_claims(x: Tensor, passes: Tensor, p: float) -> Iterator[Event]:
    # Tolerances are five standard errors. 20 seeds each at nine settings, p from 0.001 to 0.95: at most 3.3.
    yield Claim(
        id="mean-kept",
        measured=_mean(x, passes),
        expected=1.0,
        tolerance=5 * _mean_error(p, passes.numel()) + 1e-5,
        text={"en": "the mean over training passes ÷ the input", "zh": "训练各次输出的均值 ÷ 输入"},
    )
    ratios = passes / x
    yield Claim(
        id="survivors-scaled",
        measured=ratios[passes != 0].mean().item(),
        expected=1 / (1 - p),
        tolerance=1e-4 / (1 - p),
        text={"en": "a survivor ÷ its input is 1/(1−p)", "zh": "存活神经元的输出 ÷ 输入 = 1/(1−p)"},
    )
    if p > 0:
        yield Claim(
            id="variance-grows",
            measured=ratios.double().var(0).mean().item(),
            expected=p / (1 - p),
            tolerance=5 * _variance_error(p, *passes.shape),
            text={"en": "the variance over passes ÷ x² is p/(1−p)", "zh": "各次输出的方差 ÷ x² = p/(1−p)"},
        )


def _mean(x: Tensor, passes: Tensor) -> float:
    return (passes.double().mean(0) / x).mean().item()


def _mean_error(p: float, values: int) -> float:
    """The standard error of the mean of that many values r/(1−p), r ~ Bernoulli(1−p)."""
    return math.sqrt(p / (1 - p) / values)


def _variance_error(p: float, n: int, units: int) -> float:
    """The standard error of their variance, √((μ₄ − σ⁴(n−3)/(n−1)) / n) a unit, averaged over units."""
    q = 1 - p
    fourth = p * q * (1 - 3 * p * q) / q**4
    return math.sqrt((fourth - (p / q) ** 2 * (n - 3) / (n - 1)) / (n * units))


# Evaluation


def _evaluation(x: Tensor, evaluated: Tensor, pace: float) -> Iterator[Event]:
    """The same input again and again, in evaluation mode: nobody blinks."""
    for t, y in enumerate(evaluated[: BLINKS // 2], 1):
        change = (y - x).abs().max().item()
        title = {"en": f"evaluation, pass {t}", "zh": f"评估，第 {t} 次"}
        caption = {"en": f"largest |output − input|: {change:.2f}", "zh": f"最大 |输出 − 输入|：{change:.2f}"}
        yield _layer_picture("units", y, 2 * x.max().item(), title, caption)
        time.sleep(pace)


def _evaluation_claims(x: Tensor, passes: Tensor, evaluated: Tensor, p: float) -> Iterator[Event]:
    yield Claim(
        id="eval-is-identity",
        measured=(evaluated - x).abs().max().item(),
        relation="==",
        expected=0.0,
        text={
            "en": "evaluation returns the input (largest |change|)",
            "zh": "评估时 Dropout 原样返回输入（最大 |变化|）",
        },
    )
    if p > 0:
        yield Claim(
            id="scaling-twice-is-wrong",
            measured=(1 - p) * _mean(x, evaluated) / _mean(x, passes),
            expected=1 - p,
            tolerance=(1 - p) * 5 * _mean_error(p, passes.numel()),
            text={
                "en": "also multiplying by 1−p at test time leaves only 1−p of the training mean",
                "zh": "若测试时再乘 1−p，输出只剩训练均值的 1−p 倍",
            },
        )


def _trembling_claim(x: Tensor, evaluated: Tensor, p: float) -> Claim:
    return Claim(
        id="predictions-tremble-without-eval",
        measured=(evaluated.std(0) / x).mean().item(),
        relation=">",
        # Seeds 0 to 19, as a share of √(p/(1−p)): 0.99 to 1.01 with p = 0.5, 0.85 to 0.96 with 0.1 and 0.9.
        # In evaluation mode it is 0.
        expected=0.5 * math.sqrt(p / (1 - p)),
        text={
            "en": f"eval() forgotten: spread of the same input's output over {BLINKS} passes ÷ the input",
            "zh": f"忘了 eval()：同一输入 {BLINKS} 次输出的标准差 ÷ 输入",
        },
    )


# The fit


def _gap_claim(plain: Errors, dropped: Errors, p: float, steps: int, mistake: str) -> Event:
    if p < 0.1 or steps < 300:
        return Note(
            text={
                "en": f"p = {p:g} and {steps} steps settle nothing here: take p ≥ 0.1 and 300 steps.",
                "zh": f"p = {p:g}、{steps} 步不足以说明过拟合：请取 p ≥ 0.1，且不少于 300 步。",
            }
        )
    if p > 0.7:
        reason = _why_no_proof(p, mistake)
        return Note(
            text={
                "en": f"With p = {p:g} the training error is {dropped.train:.2f}, without dropout "
                f"{plain.train:.2f}: {reason['en']}",
                "zh": f"p = {p:g} 时训练误差为 {dropped.train:.2f}，不用 Dropout 时为 {plain.train:.2f}："
                f"{reason['zh']}",
            }
        )
    return Claim(
        id="dropout-narrows-the-gap",
        measured=dropped.gap / plain.gap,
        relation="<",
        expected=0.95,  # 20 seeds each, p from 0.1 to 0.7: at most 0.88 after 300 steps, 0.80 after 600
        text={
            "en": f"test error − training error, with p = {p:g} ÷ without dropout",
            "zh": f"测试误差 − 训练误差：p = {p:g} 时 ÷ 不用 Dropout 时",
        },
    )


def _why_no_proof(p: float, mistake: str) -> Words:
    """Why the errors of the second network say nothing, at a rate at which it fits badly in any case."""
    times = f"{1 / (1 - p):.3g}"
    return {
        "none": {
            "en": "where a network does not even fit its training data, the gap between its errors says "
            "nothing about overfitting.",
            "zh": "连训练数据都没拟合好，测试误差与训练误差之差就说明不了过拟合。",
        },
        "no-scaling": {
            "en": "the network with dropout is measured in evaluation, where its last layer receives "
            f"{times} times what it was trained on, so the gap between its errors says nothing about "
            "overfitting.",
            "zh": f"带 Dropout 的网络是在评估模式下测的，最后一层此时收到的值是训练时的 {times} 倍，"
            "所以测试误差与训练误差之差说明不了过拟合。",
        },
        "forgot-eval": {
            "en": "the network with dropout is measured while its units go on blinking, so its errors "
            "hold that noise too, and the gap between them says nothing about overfitting.",
            "zh": "测误差时带 Dropout 的网络还在随机熄灭神经元，误差里混进了这份噪声，"
            "所以测试误差与训练误差之差说明不了过拟合。",
        },
    }[mistake]


WHAT_YOU_SAW: dict[str, Words] = {
    "none": {
        "en": "What you just saw: each training pass drops other units and divides the survivors by 1−p. The "
        "mean stays, noise of variance p/(1−p)·x² comes in, and the next layer cannot rely on any one unit. "
        "In evaluation PyTorch's dropout does nothing at all. The 2014 paper multiplies the weights at test "
        "time instead, and there p is the probability of keeping a unit.",
        "zh": "刚才看到的：每次训练前向都随机丢弃另一批神经元，并把存活者除以 1−p。均值不变，却多了方差为 "
        "p/(1−p)·x² 的噪声，下一层因此不能依赖任何单个神经元。评估时 PyTorch 的 Dropout 什么也不做。"
        "2014 年的论文则是在测试时给权重乘系数，而且文中的 p 是保留概率。",
    },
    "no-scaling": {
        "en": "The survivors were left unscaled on purpose: in evaluation the next layer receives 1/(1−p) "
        "times what it was trained on, and the curve of the second network is wrong.",
        "zh": "这次故意不放大存活的神经元：评估时下一层收到的值是训练时的 1/(1−p) 倍，"
        "第二个网络的曲线也就错了。",
    },
    "forgot-eval": {
        "en": "eval() was forgotten on purpose: units go on blinking, the same input gives another "
        "prediction each time, and the curve of the second network trembles.",
        "zh": "这次故意忘了 eval()：神经元继续随机熄灭，同一输入每次得到不同的预测，"
        "第二个网络的曲线抖个不停。",
    },
    "nothing dropped": {
        "en": "With p = 0 nobody is dropped, and training and evaluation are the same thing.",
        "zh": "p = 0 时一个也不丢，训练与评估没有区别。",
    },
}
