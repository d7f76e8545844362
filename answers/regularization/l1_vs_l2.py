"""L1 against L2: who makes weights exactly zero, who only makes them small, and why autograd cannot.

First a linear regression in which 10 of 100 weights are needed: no penalty, L2, L1 by autograd, and L1 by the
proximal step (Parikh & Boyd 2014, section 4.2). Then weights under pure gradient noise, to see what weight
decay does under Adam and under AdamW (Loshchilov & Hutter 2019).
"""

import math
from collections.abc import Callable, Generator, Iterator
from typing import Annotated, Literal, NamedTuple

import torch
from torch import Tensor

from answers.kit.acts import Acts
from answers.kit.labels import STEPS
from answers.kit.promises import promise
from answers.kit.sentences import joined
from answers.kit.threads import one_thread
from answers.kit.training import minimize
from models.regularization import ProximalSGD, l1_penalty, l2_penalty
from quizcli.demo.events import Beat, Event, Heatmap, Note, Progress, Scalars, Started, Words, array, claim
from quizcli.demo.knobs import Knob
from quizcli.demo.option import Option, Seed
from quizcli.demo.texts import texts

TITLE = {"en": "L1 against L2: zero or only small", "zh": "L1 与 L2：恰好为零，还是只是变小"}
QUICK = {"steps": 300}

says = texts(__file__)

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
NAMES = {
    "truth": says("truth"),
    NONE: says("no-penalty"),
    L2: says("l2"),
    AUTOGRAD: says("autograd"),
    PROXIMAL: says("proximal"),
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


class Recipe(NamedTuple):
    """How the regression is trained each time."""

    lam: float  # the strength of the penalty
    threshold: float  # of the proximal step ÷ lr: as large, but for the mistake
    lr: float
    steps: int

    @property
    def travelled(self) -> float:
        """How far weights come, in units of the gradient."""
        return self.lr * self.steps


def demonstrate(
    lam: Annotated[float, Option(0, 2, "strength λ of the penalty", "惩罚强度 λ", live=True)] = 0.15,
    lr: Annotated[float, Option(0.001, 0.2, "learning rate", "学习率")] = 0.05,
    steps: Annotated[int, Option(50, 5000, "steps", "步数")] = 400,
    act: Annotated[
        Act,
        Option(en="the regression, the decay under Adam, both", zh="只看回归、只看 Adam 下的衰减，或都看"),
    ] = "both",
    mistake: Annotated[
        Literal["none", "threshold-without-lr"],
        Option(en="make a mistake: see which claims fall", zh="故意犯错，看哪条不成立"),
    ] = "none",
    seed: Seed = 0,
) -> Iterator[Event]:
    """Two acts: four ways to train one regression, and weight decay under Adam and AdamW."""
    data = says("pure-noise") if act == "decay" else says("strength", lam=lam)
    yield Started(data=data, layout=LAYOUTS[act])
    generator = torch.Generator().manual_seed(seed)
    problem = _problem(generator)
    acts = Acts(*SECONDS[act])
    if act != "decay":
        recipe = Recipe(lam, lam / lr if mistake == "threshold-without-lr" else lam, lr, steps)
        with one_thread():
            weights = yield from acts.play(_regression(problem, recipe))
        yield from _sparsity_claims(problem, weights, recipe)
        yield from _l2_claims(problem, weights, recipe)
    if act != "regression":
        with one_thread():
            left = yield from acts.play(_decay(generator))
        yield from _decay_claims(left["Adam"], left["AdamW"])
    yield Note(text=_what_you_saw(lam, mistake, act))


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
    option: str = ""  # of the optimizer, in which λ goes
    in_loss: bool = False

    def losses(self, problem: Problem, lam: Callable[[], float]) -> Iterator[Tensor]:
        """The loss on all the data, without end."""
        while True:
            if self.option:
                self.optimizer.param_groups[0][self.option] = lam()
            loss = problem.loss(self.w)
            yield loss + lam() * l1_penalty([self.w]) if self.in_loss and lam() else loss


def _runs(start: Tensor, lr: float) -> dict[str, Run]:
    w = [start.clone().requires_grad_() for _ in range(4)]
    return {
        NONE: Run(w[0], torch.optim.SGD([w[0]], lr=lr)),
        L2: Run(w[1], torch.optim.SGD([w[1]], lr=lr), option="weight_decay"),
        AUTOGRAD: Run(w[2], torch.optim.SGD([w[2]], lr=lr), in_loss=True),
        PROXIMAL: Run(w[3], ProximalSGD([w[3]], lr=lr, l1=0.0), option="l1"),
    }


def _threshold(recipe: Recipe, lam: Callable[[], float]) -> Callable[[], float]:
    """That of the proximal step ÷ lr, by mistake or rightly."""
    return (lambda: lam() / recipe.lr) if recipe.threshold > recipe.lam else lam


def _regression(problem: Problem, recipe: Recipe) -> Generator[Event, None, dict[str, Tensor]]:
    """Train all four side by side; returns their weights (100) by name."""
    yield _picture(problem, dict.fromkeys((NONE, L2, AUTOGRAD, PROXIMAL), problem.start), 0)
    runs = _runs(problem.start, recipe.lr)
    lam: Callable[[], float] = Knob("lam", recipe.lam)
    weights = {name: run.w.detach() for name, run in runs.items()}
    strengths = dict.fromkeys(runs, lam) | {PROXIMAL: _threshold(recipe, lam)}
    descents = [minimize(run.optimizer, run.losses(problem, strengths[name])) for name, run in runs.items()]
    shown = _frames(recipe.steps)
    for step in range(1, recipe.steps + 1):
        for descent in descents:
            next(descent)
        if step in CLOSELY:
            yield _path(weights, step)
        if step in shown:
            yield _picture(problem, weights, step)
            yield Progress(done=step, total=recipe.steps, text=says("four-ways"))
            yield Beat(1)
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
        x_label=STEPS,
        title=says("path"),
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
        title=says("weights", step=step, drawn=DRAWN, features=FEATURES),
    )


def _tick(name: str, zeros: int) -> Words:
    return {language: f"{word} {zeros:2d}" for language, word in NAMES[name].items()}


def _zeros(w: Tensor) -> int:
    return int((w == 0).sum())


def _sparsity_claims(problem: Problem, weights: dict[str, Tensor], recipe: Recipe) -> Iterator[Event]:
    text = says("no-zeros", features=FEATURES)
    yield claim("autograd-l1-leaves-no-zeros", _zeros(weights[AUTOGRAD]), "==", 0, text=text)
    w, lam, travelled = weights[PROXIMAL], recipe.lam, recipe.travelled
    settled = 0.1 <= lam <= 0.4 and travelled >= 10
    if (yield from promise(settled, says("not-promised", lam=lam, travelled=travelled))):
        right = int(((w == 0) == (problem.truth == 0)).sum())
        # seeds 0 to 7: 100; λ = 0.1: 98 or 99, λ = 0.4: 99 or 100. Autograd: 10
        text = says("finds-the-zeros", features=FEATURES)
        yield claim("proximal-l1-finds-the-zeros", right, ">=", 95, text=text)
        pulls = problem.pull(w)[w == 0]
        pull = pulls.max().item() / lam if len(pulls) else math.nan
        # seeds 0 to 7, λ 0.1 to 0.4: 0.61 to 0.99. With a threshold of λ: 8.6 to 11.7
        text, why = says("weak-pull"), says("no-weight-is-zero")
        yield claim("zeros-are-where-the-pull-is-weak", pull, "<=", 1.02, text=text, why=why)
    if recipe.threshold > lam:
        zeroed = _zeros(w[problem.truth != 0])  # seeds 0 to 7: 10. With a threshold of lr · λ: 0
        text = says("zeroed-by-mistake", needed=NEEDED)
        yield claim("too-large-a-threshold-zeros-needed-weights", zeroed, ">=", 5, text=text)


def _l2_claims(problem: Problem, weights: dict[str, Tensor], recipe: Recipe) -> Iterator[Event]:
    if recipe.lam >= 0.1 and recipe.travelled >= 10:
        left = (weights[L2].norm() / weights[NONE].norm()).item()
        # seeds 0 to 7: 0.80 to 0.85; λ = 0.1: up to 0.89. Without the penalty: 1
        text = says("shrinks", zeros=_zeros(weights[L2]))
        yield claim("l2-shrinks-without-zeros", left, "<", 0.95, text=text)
    w = problem.start.clone().requires_grad_()
    losses = (problem.loss(w) + recipe.lam * l2_penalty([w]) for _ in range(recipe.steps))
    for _ in minimize(torch.optim.SGD([w], lr=recipe.lr), losses):
        pass
    difference = (w.detach() - weights[L2]).abs().max().item()
    yield claim("sgd-l2-is-weight-decay", difference, "<=", 1e-5, text=says("sgd-decay"))


# Weight decay under Adam


class Left(NamedTuple):
    """What is left on average of weights that began at 1, under small and under large gradients."""

    small: float
    large: float


def _decay(generator: torch.Generator) -> Generator[Event, None, dict[str, Left]]:
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
            yield Progress(done=step, total=ADAM_STEPS, text=says("adam-decay"))
            yield Beat(0.5)
        noise = torch.randn(500, generator=generator)
        for pair in weights.values():
            for w, size in zip(pair, SIZES, strict=True):
                w.grad = size * noise
        for optimizer in optimizers:
            optimizer.step()
    return left


def _remaining(step: int, left: dict[str, Left]) -> Scalars:
    values = {
        f"{kind} ±{size:g}": value
        for kind, pair in left.items()
        for size, value in zip(SIZES, pair, strict=True)
    }
    return Scalars(panel="decay", x=step, values=values, x_label=STEPS, title=says("remaining"))


def _decay_claims(adam: Left, adamw: Left) -> Iterator[Event]:
    apart = adam.large - adam.small  # seeds 0 to 7: 0.79. AdamW: 0.00
    text = says("adam-leaves", large=adam.large, small=adam.small)
    yield claim("adam-l2-is-not-weight-decay", apart, ">=", 0.5, text=text)
    # seeds 0 to 7: at most 0.005. Adam with L2: 0.64
    difference = max(abs(adamw.large - KEPT), abs(adamw.small - KEPT))
    text = says("adamw-leaves", steps=ADAM_STEPS, kept=KEPT)
    yield claim("adamw-decays-all-alike", difference, "<=", 0.03, text=text)


def _what_you_saw(lam: float, mistake: str, act: Act) -> Words:
    if act == "decay":
        return says("saw-adam")
    if mistake == "threshold-without-lr":
        return says("saw-forgot-lr")
    if lam == 0:
        return says("saw-no-penalty")
    return says("saw-penalties") if act == "regression" else joined(says("saw-penalties"), says("saw-adam"))
