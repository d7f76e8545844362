"""Two unbiased gradients of E[f(z)], z ~ N(μ, σ²): through the draw, and by the score function.

The pathwise estimator (Kingma & Welling 2014, section 2.4) writes z = μ + σε and differentiates f; the score
function (Williams 1992; Mohamed et al. 2020, section 4) differentiates log q(z) and needs f only as a number.
Both have the exact gradient as their mean. The board shows what a single draw says: how far each scatters.
"""

import math
from collections.abc import Callable, Generator, Iterator
from typing import Annotated, Literal, NamedTuple

import torch
from torch import Tensor
from torch.distributions import Normal

from answers.kit.acts import Acts
from answers.kit.seeding import weights
from models.vae import reparameterize
from quizcli.demo.events import Beat, Event, Note, Points, Progress, Scalars, Started, Table, array, claim
from quizcli.demo.option import Option, Seed
from quizcli.demo.texts import texts

TITLE = {"en": "Reparameterization against the score function", "zh": "重参数化与得分函数：两种梯度估计"}
QUICK = {"draws": 20000}

says = texts(__file__)

LAYOUT = (("histogram", "graph"), ("mean", "variance"))
SAMPLED = 100  # draws that ask whether gradients arrive
WATCHED, FRAMES = 900, 30  # draws that come in few by few, and pictures meanwhile
BINS, STEP = 60, 0.01  # of a histogram: columns, and the share that a dot stands for
DIMENSIONS = (1, 2, 4, 8, 16, 32, 64)
NAMES = {
    "pathwise": says("pathwise"),
    "score": says("score"),
    "exact": says("exact"),
    "baseline": says("baseline"),
}
WHAT_YOU_SAW = {
    "square": says("saw-square"),
    "step": says("saw-step"),
    "wave": says("saw-wave"),
    "sample": says("saw-sample"),
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


class Expectation(NamedTuple):
    """E[f(z)], z ~ N(μ, σ²), and whether z is drawn as .sample() does, cut from the graph."""

    f: Callable[[Tensor], Tensor]
    mu: float
    sigma: float
    cut: bool = False


class Estimates(NamedTuple):
    """One gradient estimate from each draw, by each method, (n) each."""

    pathwise: Tensor
    score: Tensor
    baseline: Tensor


def demonstrate(
    mu: Annotated[float, Option(-5, 5, "mean of q", "q 的均值 μ")] = 2.0,
    sigma: Annotated[float, Option(0.1, 5, "standard deviation of q", "q 的标准差 σ")] = 1.0,
    draws: Annotated[int, Option(1000, 1000000, "draws", "采样次数")] = 100000,
    function: Annotated[
        Literal["square", "step", "wave"],
        Option(en="f: z², [z > 0] or sin 10z", zh="f：z²、[z > 0] 或 sin 10z"),
    ] = "square",
    mistake: Annotated[
        Literal["none", "sample"], Option(en="sample: draw with .sample()", zh="sample：误用 .sample() 采样")
    ] = "none",
    seed: Seed = 0,
) -> Iterator[Event]:
    """What .sample() cuts; both estimators' histograms and means; how their variances grow with dimension."""
    chosen, cut = FUNCTIONS[function], mistake == "sample"
    exact = chosen.gradient(mu, sigma)
    asked = Expectation(chosen.f, mu, sigma, cut)
    yield Started(data=f"f(z) = {chosen.said}, z ~ N({mu:g}, {sigma:g}²)", layout=LAYOUT)
    acts = Acts(1, 3, 2)
    yield from acts.play(_graph(asked, seed), "does the graph reach μ?", "梯度能传到 μ 吗？")
    generator = torch.Generator().manual_seed(seed)
    estimates = estimate(asked, draws, 1, generator)
    yield from acts.play(_filling(estimates, exact), "a gradient from each draw", "每次采样一个梯度")
    yield from _mean_claims(estimates, exact)
    widening = _widening(asked, draws // 5, generator)
    variances = yield from acts.play(widening, "longer and longer z", "z 的维数越来越高")
    if function == "wave" or (function == "square" and not cut):
        yield from _variance_claims(variances, function == "square" and abs(mu) >= 2 * sigma)
    yield Note(text=WHAT_YOU_SAW[mistake if cut else function])


def estimate(asked: Expectation, draws: int, dimensions: int, generator: torch.Generator) -> Estimates:
    """Estimates of d/dμ₁ E[Σᵢ f(zᵢ)], one from each draw of z (dimensions)."""
    loc = torch.full((draws, dimensions), asked.mu, requires_grad=True)  # one copy of μ for each draw
    epsilon = torch.randn(draws, dimensions, generator=generator)
    # z = μ + σε: ∂z/∂μ = 1
    z = loc + asked.sigma * epsilon  # (draws, dimensions)
    z = z.detach() if asked.cut else z
    value = asked.f(z).sum(dim=1)  # (draws)
    # ∇μ f(z) = f′(z)                                                     (pathwise)
    pathwise = torch.autograd.grad(value.sum(), loc)[0][:, 0] if z.requires_grad else torch.zeros(draws)
    # f(z) ∇μ log q(z) = f(z) (z − μ)/σ²                                  (score function)
    value, score = value.detach(), epsilon[:, 0] / asked.sigma
    # (f(z) − b) ∇μ log q(z), b the mean of f over the other draws: it does not depend on this z, so no bias
    others = (value.sum() - value) / (draws - 1)
    return Estimates(pathwise, value * score, (value - others) * score)


# Act 1


# Ways to draw z ~ N(μ, σ²), as one writes them down; torch.distributions draws from the global generator.
WAYS: dict[str, Callable[[Tensor, float], Tensor]] = {
    "q.sample()": lambda mu, sigma: Normal(mu, sigma).sample(),  # type: ignore[no-untyped-call]
    "q.rsample()": lambda mu, sigma: Normal(mu, sigma).rsample(),
    "μ + σ⊙ε": lambda mu, sigma: reparameterize(mu, torch.full_like(mu, 2 * math.log(sigma))),
}


def _graph(asked: Expectation, seed: int) -> Iterator[Event]:
    """The same draw three times: what .sample(), .rsample() and our own reparameterize() let through."""
    arrived, rows = [], []
    for name, draw in WAYS.items():
        loc = torch.full((1, SAMPLED), asked.mu, requires_grad=True)
        with weights(seed):
            z = draw(loc, asked.sigma)
        (gradient,) = torch.autograd.grad(asked.f(z).sum(), loc) if z.requires_grad else (None,)
        arrived.append(0 if gradient is None else len(gradient[0]))
        rows.append((name, f"{z[0, 0].item():.3f}", "None" if gradient is None else f"{gradient[0, 0]:.3f}"))
    yield Table(panel="graph", columns=("z =", "z", "∂f/∂μ"), rows=tuple(rows), title=says("one-draw"))
    text = says("sample-cuts", draws=SAMPLED, through=arrived[1])
    yield claim("sample-cuts-the-graph", arrived[0], "==", 0, text=text)


# Act 2


def _filling(estimates: Estimates, exact: float) -> Iterator[Event]:
    """Draws come in one by one, then in leaps: both histograms fill, both means settle."""
    draws = len(estimates.score)
    both = torch.cat([part[:WATCHED] for part in estimates[:2]])
    low, high = both.quantile(torch.tensor([0.002, 0.98])).tolist()
    leaps = [round(WATCHED * (draws / WATCHED) ** (k / 10)) for k in range(1, 11)]
    for n in [*range(WATCHED // FRAMES, WATCHED + 1, WATCHED // FRAMES), *leaps]:
        yield _histogram(estimates, n, low, high)
        if n <= WATCHED:
            pathwise, score = (part[:n].mean().item() for part in estimates[:2])
            yield Scalars(
                panel="mean",
                x=n,
                values={"pathwise": pathwise, "score": score, "exact": exact},
                title=says("mean"),
                x_label=says("draws"),
                names=NAMES,
            )
        yield Beat(1)


def _histogram(estimates: Estimates, n: int, low: float, high: float) -> Points:
    """Shares of the first n estimates in each bin, as columns of dots: pathwise up, score function down.

    The last column on each side also holds what lies beyond.
    """
    bins = torch.linspace(low, high, BINS + 1)
    centres = (bins[1:] + bins[:-1]) / 2
    columns, groups = [], []
    for group, values in enumerate(estimates[:2]):
        inside = values[:n].clamp(low, high)
        shares = torch.histc(inside, BINS, low, high) / n  # (BINS)
        levels = torch.arange(0.0, 1.0, STEP) * (1 - 2 * group)  # 0, STEP, … up; 0, −STEP, … down
        filled = levels.abs()[None, :] < shares[:, None]  # (BINS, levels)
        at, level = filled.nonzero(as_tuple=True)
        columns.append(torch.stack((centres[at], levels[level]), dim=1))
        groups += [group] * len(at)
    pathwise, score = (part[:n].std().item() for part in estimates[:2])
    return Points(
        panel="histogram",
        xy=array(torch.cat(columns)),
        groups=tuple(groups),
        group_names=(says("pathwise"), says("score-function")),
        title=says("gradients", n=n),
        caption=says("deviations", pathwise=pathwise, score=score),
    )


def _mean_claims(estimates: Estimates, exact: float) -> Iterator[Event]:
    # Tolerances are five standard errors; 30 seeds, 20,000 and 100,000 draws: at most 2.9.
    mean, error = _mean_and_error(estimates.pathwise)
    yield claim("pathwise-is-unbiased", mean, "≈", exact, 5 * error, text=says("pathwise-is-unbiased"))
    mean, error = _mean_and_error(estimates.score)
    yield claim("score-function-is-unbiased", mean, "≈", exact, 5 * error, text=says("score-is-unbiased"))


def _mean_and_error(values: Tensor) -> tuple[float, float]:
    """The mean, and its standard error."""
    values = values.double()
    return values.mean().item(), (values.std() / math.sqrt(len(values))).item()


# Act 3


def _widening(
    asked: Expectation, draws: int, generator: torch.Generator
) -> Generator[Event, None, list[list[float]]]:
    """Longer and longer z; returns the variances of the estimators at each length."""
    variances: list[list[float]] = []
    for done, d in enumerate(DIMENSIONS, 1):
        variances.append([v.var().item() for v in estimate(asked, draws, d, generator)])
        yield Scalars(
            panel="variance",
            x=d,
            values=dict(zip(Estimates._fields, variances[-1], strict=True)),
            title=says("variance"),
            x_label=says("dimensions"),
            names=NAMES,
            log=True,
        )
        yield Progress(done=done, total=len(DIMENSIONS))
        yield Beat(3)
    return variances


def _variance_claims(variances: list[list[float]], all_of_them: bool) -> Iterator[Event]:
    pathwise, score, baseline = variances[0]
    ratio = score / pathwise
    # (m⁴ + 14m² + 15) / 4 with m = μ/σ, here 21.75; 60 runs: 19.0 to 24.8; sin 10z: 0.01
    text = says("pathwise-varies-less", score=score, pathwise=pathwise)
    yield claim("pathwise-varies-less", ratio, ">=", 10.0, text=text)
    if not all_of_them:
        return
    # (8m² + 10) / 4, here 10.5; 60 runs: 8.8 to 12.3
    text = says("baseline-is-not-enough", score=score, baseline=baseline, pathwise=pathwise)
    yield claim("baseline-is-not-enough", baseline / pathwise, ">=", 5.0, text=text)
    # (18n + 25n² + 70n + 87) / 87 with n = 63, here 1,205; 60 runs: 1,056 to 1,395
    growth = variances[-1][1] / variances[-1][0] / ratio
    text = says("gap-grows", dimensions=DIMENSIONS[-1])
    yield claim("gap-grows-with-dimension", growth, ">=", 300.0, text=text)
