"""Two unbiased gradients of E[f(z)], z ~ N(μ, σ²): through the draw, and by the score function.

The pathwise estimator (Kingma & Welling 2014, section 2.4) writes z = μ + σε and differentiates f; the score
function (Williams 1992; Mohamed et al. 2020, section 4) differentiates log q(z) and needs f only as a number.
Both have the exact gradient as their mean. The board shows what a single draw says: how far each scatters.
"""

import math
import time
from collections.abc import Callable, Generator, Iterator
from typing import Annotated, Literal, NamedTuple

import torch
from torch import Tensor
from torch.distributions import Normal

from answers.kit.acts import Acts
from models.vae import reparameterize
from quizcli.demo.events import Claim, Event, Note, Points, Progress, Scalars, Started, Table, Words, array
from quizcli.demo.option import Option, Pace, Seed

TITLE = {"en": "Reparameterization against the score function", "zh": "重参数化与得分函数：两种梯度估计"}
QUICK = {"pace": 0.0, "draws": 20000}

LAYOUT = (("histogram", "graph"), ("mean", "variance"))
SAMPLED = 100  # draws that ask whether gradients arrive
WATCHED, FRAMES = 900, 30  # draws that come in few by few, and pictures meanwhile
BINS, STEP = 60, 0.01  # of a histogram: columns, and the share that a dot stands for
DIMENSIONS = (1, 2, 4, 8, 16, 32, 64)


NAMES: dict[str, Words] = {
    "pathwise": {"en": "pathwise", "zh": "路径"},
    "score": {"en": "score", "zh": "得分函数"},
    "exact": {"en": "exact", "zh": "精确"},
    "baseline": {"en": "baseline", "zh": "加基线"},
}


class Function(NamedTuple):
    """A function of one number, and what d/dμ E[f(z)] is exactly for z ~ N(μ, σ²)."""

    f: Callable[[Tensor], Tensor]
    gradient: Callable[[float, float], float]
    said: str


FUNCTIONS = {
    "square": Function(torch.square, lambda mu, sigma: 2 * mu, "z²"),
    # P(z > 0) = Φ(μ/σ)
    "step": Function(
        lambda z: (z > 0).to(z.dtype) + 0 * z,
        lambda mu, sigma: math.exp(-0.5 * (mu / sigma) ** 2) / (sigma * math.sqrt(2 * math.pi)),
        "[z > 0]",
    ),
    # E[sin kz] = sin(kμ) exp(−k²σ²/2)
    "wave": Function(
        lambda z: torch.sin(10 * z),
        lambda mu, sigma: 10 * math.cos(10 * mu) * math.exp(-50 * sigma**2),
        "sin 10z",
    ),
}


class Estimates(NamedTuple):
    """One gradient estimate from each draw, by each method, (n) each."""

    pathwise: Tensor
    score: Tensor
    baseline: Tensor


def demonstrate(
    mu: Annotated[float, Option(min=-5, max=5, help={"en": "mean of q", "zh": "q 的均值 μ"})] = 2.0,
    sigma: Annotated[
        float, Option(min=0.1, max=5, help={"en": "standard deviation of q", "zh": "q 的标准差 σ"})
    ] = 1.0,
    draws: Annotated[int, Option(min=1000, max=1000000, help={"en": "draws", "zh": "采样次数"})] = 100000,
    function: Annotated[
        Literal["square", "step", "wave"],
        Option(help={"en": "f: z², [z > 0] or sin 10z", "zh": "f：z²、[z > 0] 或 sin 10z"}),
    ] = "square",
    mistake: Annotated[
        Literal["none", "sample"],
        Option(help={"en": "sample: draw with .sample()", "zh": "sample：误用 .sample() 采样"}),
    ] = "none",
    pace: Pace = 0.1,
    seed: Seed = 0,
) -> Iterator[Event]:
    """What .sample() cuts; both estimators' histograms and means; how their variances grow with dimension."""
    chosen = FUNCTIONS[function]
    exact = chosen.gradient(mu, sigma)
    yield Started(data=f"f(z) = {chosen.said}, z ~ N({mu:g}, {sigma:g}²)", layout=LAYOUT)
    acts = Acts(1, 3, 2)
    yield from acts.play(_graph(chosen.f, mu, sigma, seed), "does the graph reach μ?", "梯度能传到 μ 吗？")
    generator = torch.Generator().manual_seed(seed)
    cut = mistake == "sample"
    estimates = estimate(chosen.f, mu, sigma, draws, 1, cut, generator)
    filling = _filling(estimates, exact, pace)
    yield from acts.play(filling, "a gradient from each draw", "每次采样一个梯度")
    yield from _mean_claims(estimates, exact)
    widening = _widening(chosen.f, mu, sigma, draws // 5, cut, generator, pace)
    variances = yield from acts.play(widening, "longer and longer z", "z 的维数越来越高")
    if function == "wave" or (function == "square" and not cut):
        yield from _variance_claims(variances, function == "square" and abs(mu) >= 2 * sigma)
    yield Note(text=WHAT_YOU_SAW[mistake if cut else function])


def estimate(
    f: Callable[[Tensor], Tensor],
    mu: float,
    sigma: float,
    draws: int,
    dimensions: int,
    cut: bool,
    generator: torch.Generator,
) -> Estimates:
    """Estimates of d/dμ₁ E[Σᵢ f(zᵢ)], one from each draw of z (dimensions). `cut` draws as .sample() does."""
    loc = torch.full((draws, dimensions), mu, requires_grad=True)  # one copy of μ for each draw
    epsilon = torch.randn(draws, dimensions, generator=generator)
    # z = μ + σε: ∂z/∂μ = 1
    z = loc + sigma * epsilon  # (draws, dimensions)
    z = z.detach() if cut else z
    value = f(z).sum(dim=1)  # (draws)
    # ∇μ f(z) = f′(z)                                                     (pathwise)
    pathwise = torch.autograd.grad(value.sum(), loc)[0][:, 0] if z.requires_grad else torch.zeros(draws)
    # f(z) ∇μ log q(z) = f(z) (z − μ)/σ²                                  (score function)
    value, score = value.detach(), epsilon[:, 0] / sigma
    # (f(z) − b) ∇μ log q(z), b the mean of f over the other draws: it does not depend on this z, so no bias
    others = (value.sum() - value) / (draws - 1)
    return Estimates(pathwise, value * score, (value - others) * score)


# Act 1


def _graph(f: Callable[[Tensor], Tensor], mu: float, sigma: float, seed: int) -> Iterator[Event]:
    """The same draw three times: what .sample(), .rsample() and our own reparameterize() let through."""
    arrived, rows = [], []
    for name in ("q.sample()", "q.rsample()", "μ + σ⊙ε"):
        loc = torch.full((1, SAMPLED), mu, requires_grad=True)
        q = Normal(loc, sigma)
        with torch.random.fork_rng(devices=[]):  # torch.distributions draws from the global generator
            torch.manual_seed(seed)
            if name == "q.sample()":
                z = q.sample()  # type: ignore[no-untyped-call]
            elif name == "q.rsample()":
                z = q.rsample()
            else:
                z = reparameterize(loc, torch.full_like(loc, 2 * math.log(sigma)))
        (gradient,) = torch.autograd.grad(f(z).sum(), loc) if z.requires_grad else (None,)
        arrived.append(0 if gradient is None else len(gradient[0]))
        rows.append((name, f"{z[0, 0].item():.3f}", "None" if gradient is None else f"{gradient[0, 0]:.3f}"))
    yield Table(
        panel="graph",
        columns=("z =", "z", "∂f/∂μ"),
        rows=tuple(rows),
        title={"en": "one draw, three ways", "zh": "同一次采样，三种写法"},
    )
    yield Claim(
        id="sample-cuts-the-graph",
        measured=arrived[0],
        relation="==",
        expected=0,
        text={
            "en": f"of {SAMPLED} draws by .sample(), how many pass a gradient to μ (rsample: {arrived[1]})",
            "zh": f"用 .sample() 采样 {SAMPLED} 次，能把梯度传给 μ 的次数（.rsample()：{arrived[1]}）",
        },
    )


# Act 2


def _filling(estimates: Estimates, exact: float, pace: float) -> Iterator[Event]:
    """Draws come in one by one, then in leaps: both histograms fill, both means settle."""
    draws = len(estimates.score)
    both = torch.cat([part[:WATCHED] for part in estimates[:2]])
    low, high = both.quantile(torch.tensor([0.002, 0.98])).tolist()
    leaps = [round(WATCHED * (draws / WATCHED) ** (k / 10)) for k in range(1, 11)]
    for n in [*range(WATCHED // FRAMES, WATCHED + 1, WATCHED // FRAMES), *leaps]:
        yield _histogram(estimates, n, low, high)
        if n <= WATCHED:
            yield Scalars(
                panel="mean",
                x=n,
                values={
                    "pathwise": estimates.pathwise[:n].mean().item(),
                    "score": estimates.score[:n].mean().item(),
                    "exact": exact,
                },
                title={"en": "mean of the gradients so far", "zh": "目前所有梯度的均值"},
                x_label={"en": "draws", "zh": "次"},
                names=NAMES,
            )
        time.sleep(pace)


def _histogram(estimates: Estimates, n: int, low: float, high: float) -> Points:
    """Shares of the first n estimates in each bin, as columns of dots: pathwise up, score function down.

    The last column on each side also holds what lies beyond.
    """
    bins = torch.linspace(low, high, BINS + 1)
    centres = (bins[1:] + bins[:-1]) / 2
    columns, groups = [], []
    for group, values in enumerate((estimates.pathwise, estimates.score)):
        inside = values[:n].clamp(low, high)
        shares = torch.histc(inside, BINS, low, high) / n  # (BINS)
        levels = torch.arange(0.0, 1.0, STEP) * (1 - 2 * group)  # 0, STEP, … up; 0, −STEP, … down
        filled = levels.abs()[None, :] < shares[:, None]  # (BINS, levels)
        at, level = filled.nonzero(as_tuple=True)
        columns.append(torch.stack((centres[at], levels[level]), dim=1))
        groups += [group] * len(at)
    sd = [part[:n].std().item() for part in (estimates.pathwise, estimates.score)]
    return Points(
        panel="histogram",
        xy=array(torch.cat(columns)),
        groups=tuple(groups),
        group_names=({"en": "pathwise", "zh": "路径"}, {"en": "score function", "zh": "得分函数"}),
        title={"en": f"{n:,} gradients: pathwise ↑ score ↓", "zh": f"{n:,} 个梯度：路径 ↑ 得分 ↓"},
        caption={
            "en": f"standard deviations {sd[0]:.1f} and {sd[1]:.1f}",
            "zh": f"标准差：{sd[0]:.1f} 和 {sd[1]:.1f}",
        },
    )


def _mean_claims(estimates: Estimates, exact: float) -> Iterator[Event]:
    means, errors = (
        [of(part.double()).item() for part in estimates[:2]] for of in (torch.mean, _standard_error)
    )
    yield Claim(
        id="pathwise-is-unbiased",
        measured=means[0],
        expected=exact,
        tolerance=5 * errors[0],  # standard errors; 30 seeds, 20,000 and 100,000 draws: at most 2.9
        text={"en": "mean of the pathwise gradients = the exact one", "zh": "路径梯度的均值 = 精确梯度"},
    )
    yield Claim(
        id="score-function-is-unbiased",
        measured=means[1],
        expected=exact,
        tolerance=5 * errors[1],
        text={
            "en": "mean of the score-function gradients = the exact one",
            "zh": "得分函数梯度的均值 = 精确梯度",
        },
    )


def _standard_error(values: Tensor) -> Tensor:
    return values.std() / math.sqrt(len(values))


# Act 3


def _widening(
    f: Callable[[Tensor], Tensor],
    mu: float,
    sigma: float,
    draws: int,
    cut: bool,
    generator: torch.Generator,
    pace: float,
) -> Generator[Event, None, list[list[float]]]:
    """Longer and longer z; returns the variances of the estimators at each length."""
    variances: list[list[float]] = []
    for done, d in enumerate(DIMENSIONS, 1):
        variances.append([v.var().item() for v in estimate(f, mu, sigma, draws, d, cut, generator)])
        yield _variances(d, variances[-1])
        yield Progress(done=done, total=len(DIMENSIONS))
        time.sleep(3 * pace)
    return variances


def _variances(dimensions: int, variances: list[float]) -> Scalars:
    pathwise, score, baseline = variances
    return Scalars(
        panel="variance",
        x=dimensions,
        values={"pathwise": pathwise, "score": score, "baseline": baseline},
        title={"en": "variance of one gradient", "zh": "单个梯度的方差"},
        x_label={"en": "dimensions", "zh": "维"},
        names=NAMES,
        log=True,
    )


def _variance_claims(variances: list[list[float]], promised: bool) -> Iterator[Event]:
    pathwise, score, baseline = variances[0]
    yield Claim(
        id="pathwise-varies-less",
        measured=score / pathwise,
        relation=">=",
        expected=10.0,  # (m⁴ + 14m² + 15) / 4 with m = μ/σ, here 21.75; 60 runs: 19.0 to 24.8; sin 10z: 0.01
        text={
            "en": f"variance: score function {score:.3g} ÷ pathwise {pathwise:.3g}",
            "zh": f"方差：得分函数 {score:.3g} ÷ 路径 {pathwise:.3g}",
        },
    )
    if not promised:
        return
    yield Claim(
        id="baseline-is-not-enough",
        measured=baseline / pathwise,
        relation=">=",
        expected=5.0,  # (8m² + 10) / 4, here 10.5; 60 runs: 8.8 to 12.3
        text={
            "en": f"with a baseline, {score:.3g} becomes {baseline:.3g}: that ÷ pathwise {pathwise:.3g}",
            "zh": f"加基线后由 {score:.3g} 降到 {baseline:.3g}，再 ÷ 路径 {pathwise:.3g}",
        },
    )
    longest = variances[-1]
    yield Claim(
        id="gap-grows-with-dimension",
        measured=longest[1] / longest[0] / (score / pathwise),
        relation=">=",
        expected=300.0,  # (18n + 25n² + 70n + 87) / 87 with n = 63, here 1,205; 60 runs: 1,056 to 1,395
        text={
            "en": f"variance ratio score ÷ pathwise: with {DIMENSIONS[-1]} dimensions ÷ with one",
            "zh": f"方差比（得分函数 ÷ 路径）：{DIMENSIONS[-1]} 维时 ÷ 1 维时",
        },
    )


WHAT_YOU_SAW: dict[str, Words] = {
    "square": {
        "en": "What you just saw: both estimates average to the exact gradient, so reparameterization "
        "removes no bias; it removes variance. With z = μ + σε the gradient is the slope of f at the draw. "
        "The score function sees f as a mere number and finds its slope by luck, the less so the more "
        "dimensions share that number; a baseline helps, not enough. That is why VAEs draw with rsample().",
        "zh": "刚才看到的：两种估计的均值都等于精确梯度，所以重参数化消除的不是偏差，而是方差。"
        "写成 z = μ + σε，梯度就是 f 在采样点的斜率；得分函数只把 f 当作一个数，斜率全靠碰运气，"
        "共用这个数的维度越多越糟，加基线有用，但还不够。所以 VAE 用 rsample() 采样。",
    },
    "step": {
        "en": "What you just saw: a step has slope 0 wherever a draw lands, so the pathwise gradient is "
        "always 0, and wrong. The score function never asks for a slope and is right. Discrete codes, and "
        "rewards from outside, need it (REINFORCE), or a smooth stand-in such as Gumbel-softmax.",
        "zh": "刚才看到的：阶跃函数在每个采样点上斜率都是 0，路径梯度恒为 0，是错的；得分函数不需要斜率，"
        "结果是对的。离散编码、外部给的奖励都要用它（REINFORCE），或者用 Gumbel-softmax 之类的光滑替代。",
    },
    "wave": {
        "en": "What you just saw: f wiggles so fast that it is steep wherever a draw lands, while its mean "
        "hardly moves. Here the score function varies less: neither method is better for every f (Mohamed et "
        "al. 2020). Losses of neural networks are usually smooth enough for the pathwise one.",
        "zh": "刚才看到的：f 振荡得太快，采样点处的斜率都很大，期望却几乎不动。这时反而是得分函数的方差小："
        "没有哪种方法对所有 f 都更好（Mohamed 等 2020）。神经网络的损失通常足够光滑，适合用路径梯度。",
    },
    "sample": {
        "en": "What you just saw: .sample() draws outside the graph, as detach() would. No error is raised "
        "as long as something else in the loss has a gradient; the encoder just never hears from the "
        "decoder. Use .rsample(), or μ + σ·randn_like(σ).",
        "zh": "刚才看到的：.sample() 在计算图之外采样，效果等于 detach()。只要损失里还有别的项带梯度，"
        "就不会报错，只是解码器的梯度永远传不到编码器。应当用 .rsample()，或 μ + σ·randn_like(σ)。",
    },
}
