"""A named mistake is the mistake: all cases are looked at, and what is left out does not pass."""

from collections.abc import Iterator
from typing import Any

import pytest
import torch
from torch import Generator, Tensor

from quizcli.judge.calls.messages import Ask, CandidateSource, CaseResult, Gave, Reply
from quizcli.judge.candidate.launcher import Candidate
from quizcli.judge.case import Case, Fact, judge, trap
from quizcli.judge.judging.judging import Trial
from quizcli.judge.judging.trusted_functions import Local


def normalize(x: Tensor, eps: float = 1e-3) -> Tensor:
    """The model answer of these tests."""
    return (x - x.mean()) / (x.var(correction=0) + eps).sqrt()


@trap("divided by N − 1", "除以了 N − 1")
def unbiased(x: Tensor, eps: float = 1e-3) -> Tensor:
    return (x - x.mean()) / (x.var() + eps).sqrt()


@trap("eps is ignored", "没有用到 eps")
def without_eps(x: Tensor, eps: float = 1e-3) -> Tensor:
    return (x - x.mean()) / x.var(correction=0).sqrt()


@trap("not shifted", "没有平移")
def unshifted(x: Tensor, eps: float = 1e-3) -> Tensor:
    return x / (x.var(correction=0) + eps).sqrt()


@judge(traps=(unbiased, without_eps, unshifted))
def check(random: Generator) -> Iterator[Case]:
    yield Case({"en": "a mean of 0", "zh": "均值 0"}, (torch.tensor([-1.0, 1.0]), 0.0), grad=True)
    yield Case({"en": "three", "zh": "三个"}, (torch.randn(3, generator=random), 0.0))
    yield Case({"en": "constant", "zh": "常数"}, (torch.ones(3),))


TRIAL = Trial(check, normalize, 1, ("gradients",))


def last(entry: Any) -> CaseResult:
    return [news for news in TRIAL.run(Local(entry)) if isinstance(news, CaseResult)][-1]


@pytest.mark.parametrize("wrong", [unbiased, without_eps, unshifted])
def test_a_mistake_is_named(wrong: Any) -> None:
    assert last(wrong.wrong).trap == wrong.text


def test_a_mistake_that_looks_like_another_at_first_is_not_given_its_name() -> None:
    def first_two_only(x: Tensor, eps: float = 1e-3) -> Tensor:
        return unbiased.wrong(x, eps) if len(x) == 2 else x

    told = last(first_two_only)
    assert not told.passed
    assert told.name["en"] == "a mean of 0"
    assert told.trap == {}


def test_two_mistakes_at_once_are_neither() -> None:
    def both(x: Tensor, eps: float = 1e-3) -> Tensor:
        return x / x.var().sqrt()

    assert last(both).trap == {}


def test_infinite_and_nan_are_the_same_mistake() -> None:
    def another_order(x: Tensor, eps: float = 1e-3) -> Tensor:
        return torch.nan_to_num(without_eps.wrong(x, eps), nan=float("inf"))

    assert last(another_order).trap == without_eps.text


# What is left out


class Forger:
    """A right candidate that leaves something out of its answers."""

    def __init__(self, **left_out: Any) -> None:
        self._left_out = left_out

    def ask(self, call: Ask) -> Reply:
        answer = Local(normalize).ask(call)
        assert isinstance(answer, Gave)
        fields = {name: getattr(answer, name) for name in answer.__struct_fields__}
        return Gave(**{**fields, **self._left_out})


@pytest.mark.parametrize("left_out", [{"after": None}, {"gradients": None}, {"output": None}])
def test_what_is_missing_is_wrong(left_out: dict[str, Any]) -> None:
    results = [news for news in TRIAL.run(Forger(**left_out)) if isinstance(news, CaseResult)]
    assert not results[-1].passed
    assert all(news.passed for news in TRIAL.run(Forger()) if isinstance(news, CaseResult))


def test_some_gradients_are_not_all() -> None:
    from quizcli.judge.calls.tensor_codec import packed

    for gradients in ([], [torch.zeros(2)] * 2, "many"):
        forger = Forger(gradients=packed(gradients))
        results = [news for news in TRIAL.run(forger) if isinstance(news, CaseResult)]
        assert not results[-1].passed


# What is random


def noisy(x: Tensor) -> Tensor:
    return x + torch.randn_like(x)


@trap("half the noise", "噪声减半")
def quiet(x: Tensor) -> Tensor:
    return x + 0.5 * torch.randn_like(x)


def _facts(y: Tensor, x: Tensor) -> Iterator[Fact]:
    yield {"en": "a spread of 1", "zh": "标准差为 1"}, 0.9 < (y - x).std().item() < 1.1


def _spread(outputs: list[Tensor], x: Tensor) -> Iterator[Fact]:
    yield {"en": "the draws differ", "zh": "各次不同"}, torch.stack(outputs).std(0).min().item() > 0


@judge(traps=(quiet,))
def check_noisy(random: Generator) -> Iterator[Case]:
    for number in range(2):
        x = torch.randn(2000, generator=random)
        yield Case({"en": f"{number}", "zh": f"{number}"}, (x,), facts=_facts, spread=_spread, draws=4)


def random_last(entry: Any) -> CaseResult:
    trial = Trial(check_noisy, noisy, 1)
    return [news for news in trial.run(Local(entry)) if isinstance(news, CaseResult)][-1]


def seeded(x: Tensor) -> Tensor:
    torch.manual_seed(0)
    return noisy(x)


def seeded_apart(x: Tensor) -> Tensor:
    with torch.random.fork_rng():
        return seeded(x)


def own_generator(x: Tensor) -> Tensor:
    return x + torch.randn(x.shape, generator=torch.Generator().manual_seed(0))


def test_draws_that_are_always_the_same_are_told() -> None:
    assert random_last(noisy).passed
    for entry in (seeded, seeded_apart, own_generator):
        assert random_last(entry).why["en"] == "two calls draw the same random numbers: is a seed set inside?"


@pytest.mark.parametrize(
    ("begins", "draws", "passes"),
    [
        ("G = torch.Generator().manual_seed(0)", "torch.randn(x.shape, generator=G)", False),
        ("G = torch.Generator()", "torch.randn(x.shape, generator=G)", False),  # begins at one seed as well
        ("R = np.random.RandomState(0)", "torch.tensor(R.randn(*x.shape)).to(x)", False),
        ("R = np.random.default_rng()", "torch.tensor(R.standard_normal(x.shape)).to(x)", True),
        ("G = torch.Generator(); G.seed()", "torch.randn(x.shape, generator=G)", True),
        ("", "torch.randn_like(x)", True),
    ],
)
def test_a_generator_that_begins_alike_in_every_process_is_told(
    begins: str, draws: str, passes: bool, forked: None
) -> None:
    text = f"import numpy as np\nimport torch\n{begins}\ndef noisy(x): return x + {draws}\n"
    with Candidate() as candidate:
        candidate.load(CandidateSource(text, "mine.py", "noisy"))
        ruled = Trial(check_noisy, noisy, 1).run(candidate, text, "noisy")
        last = [news for news in ruled if isinstance(news, CaseResult)][-1]
    assert last.passed == passes, last.why
    assert passes or last.why["en"].startswith("run anew, it draws the same random numbers")


def test_a_generator_that_is_seeded_inside_is_told_where_nothing_is_random() -> None:
    def meddling(x: Tensor, eps: float = 1e-3) -> Tensor:
        torch.manual_seed(7)
        return normalize(x, eps)

    def building(x: Tensor, eps: float = 1e-3) -> Tensor:
        torch.nn.Linear(3, 3)  # draws, and seeds nothing
        return normalize(x, eps)

    assert last(meddling).why["en"].startswith("it gives torch's generator a new seed")
    assert last(building).passed


def test_a_random_mistake_is_named_by_the_facts_it_breaks() -> None:
    def quiet_in_another_order(x: Tensor) -> Tensor:
        return x + 0.5 * torch.empty_like(x).normal_()

    def from_numpys_generator(x: Tensor) -> Tensor:
        return x + 0.5 * torch.randn(5000)[: len(x)]

    for entry in (quiet_in_another_order, from_numpys_generator):
        assert random_last(entry).trap == quiet.text
    assert random_last(lambda x: x).trap == {}
