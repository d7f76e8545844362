"""L1 against L2: who makes weights exactly zero, who only makes them small, and why autograd cannot.

First a linear regression in which 10 of 100 weights are needed: no penalty, L2, L1 by autograd, and L1 by the
proximal step (Parikh & Boyd 2014, section 4.2). Then weights under pure gradient noise, to see what weight
decay does under Adam and under AdamW (Loshchilov & Hutter 2019).
"""

import math
import time
from collections.abc import Generator, Iterator
from typing import Annotated, Literal, NamedTuple

import torch
from torch import Tensor

from answers.kit.acts import Acts
from answers.kit.threads import one_thread
from models.regularization import ProximalSGD, l1_penalty, l2_penalty
from quizcli.demo.events import Claim, Event, Heatmap, Note, Progress, Scalars, Started, Words, array
from quizcli.demo.option import Option, Pace, Seed

TITLE = {"en": "L1 against L2: zero or only small", "zh": "L1 与 L2：恰好为零，还是只是变小"}
QUICK = {"pace": 0.0, "steps": 300}

Act = Literal["both", "regression", "decay"]
LAYOUTS: dict[Act, tuple[tuple[str, ...], ...]] = {
    "both": (("weights",), ("path", "decay")),
    "regression": (("weights",), ("path",)),
    "decay": (("decay",),),
}
SECONDS: dict[Act, tuple[float, ...]] = {"both": (3, 1), "regression": (3,), "decay": (1,)}
EXAMPLES, FEATURES, NEEDED, NOISE = 200, 100, 10, 0.5
DRAWN = 60  # of the 100 weights: the 10 that are needed, and 50 others
WATCHED = 12  # a weight that is not needed, followed step by step
FRAMES = 40
CLOSELY = range(5, 101)  # steps in which the watched weight is followed, once it has come down
NONE, L2, AUTOGRAD, PROXIMAL = "none", "l2", "autograd", "proximal"
NAMES: dict[str, Words] = {
    "truth": {"en": "truth", "zh": "真值"},
    NONE: {"en": "no penalty", "zh": "无惩罚"},
    L2: {"en": "L2", "zh": "L2"},
    AUTOGRAD: {"en": "L1 autograd", "zh": "L1 autograd"},
    PROXIMAL: {"en": "L1 proximal", "zh": "L1 近端步"},
}

# The second act: gradients are pure noise of these sizes, so nothing but the decay moves the mean.
SIZES = (0.1, 10.0)
ADAM_STEPS, ADAM_LR, DECAY = 1000, 0.002, 0.1
KEPT = (1 - ADAM_LR * DECAY) ** ADAM_STEPS  # what weight decay by itself leaves: 0.82


class Problem(NamedTuple):
    """A sparse linear regression: y = X w* + noise, w* zero but for the first 10 weights."""

    x: Tensor  # (n, 100)
    y: Tensor  # (n)
    truth: Tensor  # (100)
    start: Tensor  # (100)

    def loss(self, w: Tensor) -> Tensor:
        """Half the mean squared error."""
        return (self.x @ w - self.y).square().mean() / 2

    def pull(self, w: Tensor) -> Tensor:
        """How strongly the data pull on each weight: |∂loss/∂w|, (100)."""
        return (self.x.T @ (self.x @ w - self.y) / len(self.y)).abs()


def demonstrate(
    lam: Annotated[
        float, Option(min=0, max=2, help={"en": "strength λ of the penalty", "zh": "惩罚强度 λ"})
    ] = 0.15,
    lr: Annotated[float, Option(min=0.001, max=0.2, help={"en": "learning rate", "zh": "学习率"})] = 0.05,
    steps: Annotated[int, Option(min=50, max=5000, help={"en": "steps", "zh": "步数"})] = 400,
    act: Annotated[
        Act,
        Option(
            help={
                "en": "the regression, the decay under Adam, both",
                "zh": "只看回归、只看 Adam 下的衰减，或都看",
            }
        ),
    ] = "both",
    mistake: Annotated[
        Literal["none", "threshold-without-lr"],
        Option(help={"en": "make a mistake: see which claims fall", "zh": "故意犯错，看哪条不成立"}),
    ] = "none",
    pace: Pace = 0.1,
    seed: Seed = 0,
) -> Iterator[Event]:
    """Two acts: four ways to train one regression, and weight decay under Adam and AdamW."""
    data = dict.fromkeys(("en", "zh"), f"λ = {lam:g}") if act != "decay" else PURE_NOISE
    yield Started(data=data, layout=LAYOUTS[act])
    generator = torch.Generator().manual_seed(seed)
    problem = _problem(generator)
    acts = Acts(*SECONDS[act])
    if act != "decay":
        threshold = lam / lr if mistake == "threshold-without-lr" else lam
        with one_thread():
            weights = yield from acts.play(_regression(problem, lam, threshold, lr, steps, pace))
        yield from _sparsity_claims(problem, weights, lam, lr * steps)
        if threshold > lam:
            yield _mistake_claim(problem, weights[PROXIMAL])
        yield from _l2_claims(problem, weights, lam, lr, steps)
    if act != "regression":
        with one_thread():
            left = yield from acts.play(_decay(generator, pace))
        yield from _decay_claims(left)
    yield _what_you_saw(lam, mistake, act)


def _problem(generator: torch.Generator) -> Problem:
    x = torch.randn(EXAMPLES, FEATURES, generator=generator)
    signs = torch.randn(NEEDED, generator=generator).sign()
    truth = torch.zeros(FEATURES)
    truth[:NEEDED] = signs * (0.5 + torch.rand(NEEDED, generator=generator))
    y = x @ truth + NOISE * torch.randn(EXAMPLES, generator=generator)
    return Problem(x, y, truth, 0.3 * torch.randn(FEATURES, generator=generator))


# A regression, four times


class Run(NamedTuple):
    """One way of training the weights: with λ‖w‖₁ in the loss, or with what the optimizer does itself."""

    w: Tensor  # (100)
    optimizer: torch.optim.Optimizer
    l1_in_loss: float = 0.0

    def step(self, problem: Problem) -> None:
        """One step on all the data."""
        loss = problem.loss(self.w)
        if self.l1_in_loss:
            loss = loss + self.l1_in_loss * l1_penalty([self.w])
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()


def _runs(start: Tensor, lam: float, threshold: float, lr: float) -> dict[str, Run]:
    w = [start.clone().requires_grad_() for _ in range(4)]
    return {
        NONE: Run(w[0], torch.optim.SGD([w[0]], lr=lr)),
        L2: Run(w[1], torch.optim.SGD([w[1]], lr=lr, weight_decay=lam)),
        AUTOGRAD: Run(w[2], torch.optim.SGD([w[2]], lr=lr), l1_in_loss=lam),
        PROXIMAL: Run(w[3], ProximalSGD([w[3]], lr=lr, l1=threshold)),
    }


def _regression(
    problem: Problem, lam: float, threshold: float, lr: float, steps: int, pace: float
) -> Generator[Event, None, dict[str, Tensor]]:
    """Train all four side by side; returns their weights (100) by name."""
    yield _picture(problem, dict.fromkeys((NONE, L2, AUTOGRAD, PROXIMAL), problem.start), 0)
    runs = _runs(problem.start, lam, threshold, lr)
    weights = {name: run.w.detach() for name, run in runs.items()}
    shown = _frames(steps)
    for step in range(1, steps + 1):
        for run in runs.values():
            run.step(problem)
        if step in CLOSELY:
            yield _path(weights, step)
        if step in shown:
            yield _picture(problem, weights, step)
            yield Progress(
                done=step,
                total=steps,
                text={"en": "one regression, four ways", "zh": "同一个回归，四种做法"},
            )
            time.sleep(pace)
    return weights


def _frames(steps: int) -> set[int]:
    """The steps that are drawn: each at first, when most happens, then in growing leaps."""
    half = FRAMES // 2
    return {*range(1, half + 1), *(round(half * (steps / half) ** (k / half)) for k in range(1, half + 1))}


def _path(weights: dict[str, Tensor], step: int) -> Scalars:
    return Scalars(
        panel="path",
        x=step,
        values={name: weights[name][WATCHED].abs().item() for name in (AUTOGRAD, PROXIMAL)},
        names={name: NAMES[name] for name in (AUTOGRAD, PROXIMAL)},
        x_label={"en": "steps", "zh": "步"},
        title={"en": "|w| of a weight that is not needed", "zh": "一个多余权重的 |w|"},
    )


def _picture(problem: Problem, weights: dict[str, Tensor], step: int) -> Heatmap:
    """The weights of all runs, one row each; what is exactly zero leaves an empty cell."""
    rows = {"truth": problem.truth, **weights}
    values = torch.stack([w[:DRAWN] for w in rows.values()])  # (5, 60)
    return Heatmap(
        panel="weights",
        values=array(torch.where(values == 0, math.nan, values)),
        low=-1,
        high=1,
        diverging=True,
        y_ticks=tuple(_tick(name, _zeros(w)) for name, w in rows.items()),
        title={
            "en": f"step {step}: {DRAWN} of {FEATURES} weights; empty = exactly 0 (how many: left)",
            "zh": f"第 {step} 步：{FEATURES} 个权重中的 {DRAWN} 个；空白 = 恰好为 0（左侧为个数）",
        },
    )


def _tick(name: str, zeros: int) -> Words:
    return {language: f"{word} {zeros:2d}" for language, word in NAMES[name].items()}


def _zeros(w: Tensor) -> int:
    return int((w == 0).sum())


def _sparsity_claims(
    problem: Problem, weights: dict[str, Tensor], lam: float, travelled: float
) -> Iterator[Event]:
    yield Claim(
        id="autograd-l1-leaves-no-zeros",
        measured=_zeros(weights[AUTOGRAD]),
        relation="==",
        expected=0,
        text={
            "en": f"weights that L1 by autograd makes exactly 0, of {FEATURES}",
            "zh": f"用 autograd 求 L1 梯度，恰好为 0 的权重数（共 {FEATURES} 个）",
        },
    )
    if not 0.1 <= lam <= 0.4 or travelled < 10:
        yield Note(
            text={
                "en": f"What L1 selects is claimed for λ from 0.1 to 0.4 and steps · lr ≥ 10. "
                f"Here they are {lam:g} and {travelled:.3g}.",
                "zh": f"L1 选出哪些权重，只在 λ 为 0.1–0.4 且 步数 × 学习率 ≥ 10 时断言；"
                f"这次 λ = {lam:g}，乘积 {travelled:.3g}。",
            }
        )
        return
    w = weights[PROXIMAL]
    right = int(((w == 0) == (problem.truth == 0)).sum())
    pulls = problem.pull(w)[w == 0]
    yield Claim(
        id="proximal-l1-finds-the-zeros",
        measured=right,
        relation=">=",
        expected=95,  # seeds 0 to 7: 100; λ = 0.1: 98 or 99, λ = 0.4: 99 or 100. Autograd: 10
        text={
            "en": f"weights the proximal step gets right, of {FEATURES}: 0 where the truth is 0, else not 0",
            "zh": f"近端步判断正确的权重数（共 {FEATURES} 个）：该为 0 的才为 0",
        },
    )
    yield Claim(
        id="zeros-are-where-the-pull-is-weak",
        measured=pulls.max().item() / lam if len(pulls) else math.nan,
        relation="<=",
        expected=1.02,  # seeds 0 to 7, λ 0.1 to 0.4: 0.61 to 0.99. With a threshold of λ: 8.6 to 11.7
        why={"en": "no weight is 0", "zh": "没有一个权重为 0"},
        text={
            "en": "strongest pull of the data on a weight that is 0 ÷ λ: L1 holds it there",
            "zh": "数据对零权重的最大拉力 ÷ λ：不到 1，L1 就按得住",
        },
    )


def _mistake_claim(problem: Problem, w: Tensor) -> Claim:
    return Claim(
        id="too-large-a-threshold-zeros-needed-weights",
        measured=_zeros(w[problem.truth != 0]),
        relation=">=",
        expected=5,  # seeds 0 to 7: 10. With a threshold of lr · λ: 0
        text={
            "en": f"of the {NEEDED} needed weights, so many are 0 with the threshold λ instead of lr · λ",
            "zh": f"阈值误写成 λ 而非 lr · λ 时，{NEEDED} 个有用的权重里变成 0 的个数",
        },
    )


def _l2_claims(
    problem: Problem, weights: dict[str, Tensor], lam: float, lr: float, steps: int
) -> Iterator[Event]:
    if lam >= 0.1 and lr * steps >= 10:
        yield Claim(
            id="l2-shrinks-without-zeros",
            measured=(weights[L2].norm() / weights[NONE].norm()).item(),
            relation="<",
            expected=0.95,  # seeds 0 to 7: 0.80 to 0.85; λ = 0.1: up to 0.89. Without the penalty: 1
            text={
                "en": f"norm with L2 ÷ without: smaller, yet {_zeros(weights[L2])} weights are exactly 0",
                "zh": f"加 L2 后的范数 ÷ 不加时：变小了，但恰好为 0 的权重有 {_zeros(weights[L2])} 个",
            },
        )
    w = problem.start.clone().requires_grad_()
    optimizer = torch.optim.SGD([w], lr=lr)
    for _ in range(steps):
        optimizer.zero_grad()
        torch.autograd.backward(problem.loss(w) + lam * l2_penalty([w]))
        optimizer.step()
    yield Claim(
        id="sgd-l2-is-weight-decay",
        measured=(w.detach() - weights[L2]).abs().max().item(),
        relation="<=",
        expected=1e-5,
        text={
            "en": "SGD: λ/2‖w‖² in the loss against weight_decay=λ (largest difference)",
            "zh": "SGD：损失里加 λ/2‖w‖² 与 weight_decay=λ，权重的最大差别",
        },
    )


# Weight decay under Adam


class Left(NamedTuple):
    """What is left on average of weights that began at 1, under small and under large gradients."""

    small: float
    large: float


def _decay(generator: torch.Generator, pace: float) -> Generator[Event, None, dict[str, Left]]:
    """Adam with L2 and AdamW on weights whose gradients say nothing."""
    weights = {kind: [torch.ones(500, requires_grad=True) for _ in SIZES] for kind in ("Adam", "AdamW")}
    optimizers = [
        torch.optim.Adam(weights["Adam"], lr=ADAM_LR, weight_decay=DECAY, fused=True),
        torch.optim.AdamW(weights["AdamW"], lr=ADAM_LR, weight_decay=DECAY, fused=True),
    ]
    left: dict[str, Left] = {}
    for step in range(ADAM_STEPS + 1):
        if step % (ADAM_STEPS // FRAMES) == 0:
            left = {kind: Left(*(w.mean().item() for w in pair)) for kind, pair in weights.items()}
            yield _remaining(step, left)
            yield Progress(
                done=step, total=ADAM_STEPS, text={"en": "weight decay under Adam", "zh": "Adam 下的权重衰减"}
            )
            time.sleep(pace / 2)
        noise = torch.randn(500, generator=generator)
        for pair in weights.values():
            for w, size in zip(pair, SIZES, strict=True):
                w.grad = size * noise
        for optimizer in optimizers:
            optimizer.step()
    return left


def _remaining(step: int, left: dict[str, Left]) -> Scalars:
    return Scalars(
        panel="decay",
        x=step,
        values={
            f"{kind} ±{size:g}": value
            for kind, pair in left.items()
            for size, value in zip(SIZES, pair, strict=True)
        },
        x_label={"en": "steps", "zh": "步"},
        title={"en": "what Adam leaves of a weight of 1", "zh": "Adam 之下，权重 1 还剩多少"},
    )


def _decay_claims(left: dict[str, Left]) -> Iterator[Event]:
    adam, adamw = left["Adam"], left["AdamW"]
    yield Claim(
        id="adam-l2-is-not-weight-decay",
        measured=adam.large - adam.small,
        relation=">=",
        expected=0.5,  # seeds 0 to 7: 0.79. AdamW: 0.00
        text={
            "en": f"Adam with L2 leaves {adam.large:.2f} where gradients are large, {adam.small:.2f} where "
            "small; difference",
            "zh": f"Adam + L2：梯度大时剩 {adam.large:.2f}，梯度小时剩 {adam.small:.2f}，相差",
        },
    )
    yield Claim(
        id="adamw-decays-all-alike",
        measured=max(abs(adamw.large - KEPT), abs(adamw.small - KEPT)),
        relation="<=",
        expected=0.03,  # seeds 0 to 7: at most 0.005. Adam with L2: 0.64
        text={
            "en": f"AdamW leaves (1 − lr λ)^{ADAM_STEPS} = {KEPT:.2f} under both; largest difference",
            "zh": f"AdamW：两种梯度下都剩 (1 − lr λ)^{ADAM_STEPS} = {KEPT:.2f}，最大偏差",
        },
    )


def _what_you_saw(lam: float, mistake: str, act: Act) -> Note:
    if act == "decay":
        return Note(text=ADAM_SEEN)
    if mistake == "threshold-without-lr":
        return Note(text=FORGOT_LR)
    if lam == 0:
        return Note(text=NO_PENALTY)
    if act == "regression":
        return Note(text=PENALTIES_SEEN)
    return Note(
        text={"en": f"{PENALTIES_SEEN['en']} {ADAM_SEEN['en']}", "zh": PENALTIES_SEEN["zh"] + ADAM_SEEN["zh"]}
    )


PURE_NOISE: Words = {"en": "gradients of pure noise", "zh": "梯度全是噪声"}
PENALTIES_SEEN: Words = {
    "en": "What you just saw: L2 pulls with λw, which fades as a weight shrinks: all weights get smaller, "
    "none becomes 0. L1 pulls with λ however small the weight is, so where the data pull with less the "
    "optimum is exactly 0. Autograd jumps to and fro across it, for sign(w) never fades; the proximal step "
    "w ← sign(w) max(|w| − lr·λ, 0) lands on it. Under SGD, L2 is weight decay.",
    "zh": "刚才看到的：L2 的拉力是 λw，权重越小拉力越弱，于是普遍变小，却没有一个变成 0。L1 的拉力始终是 λ，"
    "数据的拉力不到 λ 的地方，最优值恰好是 0。但 sign(w) 不会减弱，autograd 只能在 0 两侧来回跳；"
    "近端步 w ← sign(w) max(|w| − lr·λ, 0) 则正好落在 0 上。用 SGD 时 L2 就是权重衰减。",
}
ADAM_SEEN: Words = {
    "en": "Adam divides the L2 term by the size of the gradients, so weights with large ones hardly shrink; "
    "AdamW decays all alike.",
    "zh": "Adam 会把 L2 项除以梯度的大小，梯度大的权重几乎不衰减；AdamW 则一视同仁。",
}
NO_PENALTY: Words = {
    "en": "With λ = 0 there is no penalty, and all four runs do the same. Try --lam 0.15.",
    "zh": "λ = 0 就没有惩罚，四种做法完全一样。可以试 --lam 0.15。",
}
FORGOT_LR: Words = {
    "en": "The threshold was λ instead of lr · λ on purpose. That is a penalty 1/lr times as strong: it also "
    "wipes out weights that the data pull on with more than λ.",
    "zh": "这次故意把阈值写成 λ 而不是 lr · λ，等于把惩罚放大到 1/lr 倍："
    "数据拉力大于 λ、本该保留的权重也被清零。",
}
