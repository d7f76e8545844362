"""A judgement, case by case, with judges made for the purpose."""

import random
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch
from msgspec.structs import replace
from torch import Generator, Tensor

from quizcli.judge.calls.messages import Ask, CandidateSource, CaseResult, Gave, Judgement, Reply, Speed
from quizcli.judge.calls.torch_settings import SETTINGS
from quizcli.judge.candidate.launcher import GoneError
from quizcli.judge.case import Call, Case, Judge, Trap, judge, trap
from quizcli.judge.judging.judging import BrokenError, Trial, load
from quizcli.judge.judging.side_effects import LEFT_CHANGED
from quizcli.judge.judging.trusted_functions import Local
from quizcli.judge.self_test.self_test import _of_solution, _of_trap


def double(x: Tensor, factor: float = 2.0) -> Tensor:
    """The model answer."""
    return x * factor


@trap("it adds", "用了加法")
def adds(x: Tensor, factor: float = 2.0) -> Tensor:
    """2 + 2 is 2 × 2."""
    return x + factor


@judge(reference=lambda x, factor=2.0: torch.mul(x, factor), traps=(adds,))
def check_double(random: Generator) -> Iterator[Case]:
    """Simple, with a keyword, with gradients, large."""
    x = torch.randn(3, generator=random)
    yield Case({"en": "three numbers", "zh": "三个数"}, (x,))
    yield Case({"en": "threefold", "zh": "三倍"}, (x,), {"factor": 3.0})
    yield Case({"en": "gradients", "zh": "梯度"}, (x.double(),), grad=True)
    yield Case({"en": "large", "zh": "大"}, (torch.randn(1000, generator=random),), timed=True)


def results(trial: Trial, entry: Any, text: str = "") -> list[CaseResult]:
    return [news for news in trial.run(Local(entry), text, "f") if isinstance(news, CaseResult)]


TRIAL = Trial(check_double, double, seed=1, judged=("gradients", "dtype"))


def test_the_model_answer_passes_and_is_timed() -> None:
    news = list(TRIAL.run(Local(double)))
    assert [isinstance(one, CaseResult) and one.passed for one in news[:-1]] == [True] * 4
    speed = news[-1]
    assert isinstance(speed, Speed)
    assert min(speed.theirs, speed.ours, speed.torchs) > 0


class Slow(Local):
    """Somebody right whose calls take their time, and who does not come back from the one that is timed."""

    def __init__(self, seconds: float) -> None:
        super().__init__(double)
        self.seconds = seconds
        self.timed = 0

    def ask(self, call: Ask) -> Reply:
        if call.timed:
            self.timed += 1
            raise GoneError("stopped after 30 s")
        answer = super().ask(call)
        assert isinstance(answer, Gave)
        return replace(answer, seconds=self.seconds)


def test_who_does_not_come_back_from_being_timed_is_right_all_the_same() -> None:
    candidate = Slow(0.1)
    news = list(TRIAL.run(candidate))
    assert [isinstance(one, CaseResult) and one.passed for one in news] == [True] * 4
    assert candidate.timed == 1


def test_who_is_slow_is_not_asked_again_to_be_timed() -> None:
    candidate = Slow(3.0)
    *cases, speed = TRIAL.run(candidate)
    assert [isinstance(one, CaseResult) and one.passed for one in cases] == [True] * 4
    assert isinstance(speed, Speed)
    assert (speed.theirs, candidate.timed) == (3.0, 0)


def test_a_seed_fixes_the_inputs() -> None:
    def shown(seed: int) -> object:
        return results(Trial(check_double, double, seed), lambda x, factor=2.0: x)[-1].grids

    assert shown(1) == shown(1) != shown(2)


def test_a_trap_is_told() -> None:
    last = results(TRIAL, adds.wrong)[-1]
    assert not last.passed
    assert last.trap == {"en": "it adds", "zh": "用了加法"}
    assert [grid.label for grid in last.grids] == ["x", "expected", "got"]


def test_judgement_ends_with_the_first_failure() -> None:
    told = results(TRIAL, lambda x, factor=2.0: x * 2)
    assert [one.passed for one in told] == [True, False]
    assert told[-1].name["en"] == "threefold"


@pytest.mark.parametrize(
    ("entry", "why"),
    [
        (
            lambda x, factor=2.0: (x * factor).detach(),
            "no gradient reaches x: is something detached on the way?",
        ),
        (
            lambda x, factor=2.0: (x * factor).detach() + x - x.detach(),
            "gradient with respect to x[0] should be",
        ),
        (
            lambda x, factor=2.0: x.mul_(factor) if not x.requires_grad else x * factor,
            "the argument x was changed",
        ),
        (lambda x, factor=2.0: (x * factor).float(), "output: expected float64 (3,), got float32 (3,)"),
    ],
)
def test_what_is_wrong_besides_numbers(entry: Any, why: str) -> None:
    assert results(TRIAL, entry)[-1].why["en"].startswith(why)


def test_a_gradient_that_should_not_be_there() -> None:
    @judge()
    def check(random: Generator) -> Iterator[Case]:
        x, y = torch.randn(2, 3, generator=random, dtype=torch.float64)
        yield Case({"en": "both", "zh": "两者"}, (x, y), grad=True)

    def product(x: Tensor, y: Tensor) -> Tensor:
        return x * y.detach()

    trial = Trial(check, product, 0)
    assert results(trial, product)[-1].passed
    assert results(trial, lambda x, y: x * y.detach() + 0 * y)[-1].passed  # nothing is nothing
    last = results(trial, lambda x, y: x * y)[-1]
    assert last.why["en"] == "a gradient reaches y that should not: is a detach missing?"


def test_gradients_by_some_arguments_alone() -> None:
    @judge()
    def check(random: Generator) -> Iterator[Case]:
        x, y = torch.randn(2, 3, generator=random, dtype=torch.float64)
        yield Case({"en": "one", "zh": "一个"}, (x, y), grad=(1,))

    def product(x: Tensor, y: Tensor) -> Tensor:
        return x * y

    trial = Trial(check, product, 0)
    assert results(trial, lambda x, y: x.detach() * y)[-1].passed
    assert results(trial, lambda x, y: torch.from_numpy(x.numpy()) * y)[-1].passed  # x needs no gradient
    last = results(trial, lambda x, y: x * y.detach(), "def f(a, b): ...")[-1]
    assert last.why["en"] == "no gradient reaches b: is something detached on the way?"


@pytest.mark.parametrize("why", ["two calls draw the same", "it sets the seed"])
def test_a_seed_inside_is_taken_for_no_other_mistake(why: str) -> None:
    def drawn() -> Tensor:
        return torch.randn(3)

    def seeded() -> Tensor:
        if why.startswith("it"):
            torch.manual_seed(0)
            return torch.randn(3)
        return torch.ones(3)

    def facts(output: Tensor) -> Iterator[tuple[dict[str, str], bool]]:
        yield {"en": "finite", "zh": "有限"}, bool(output.isfinite().all())

    def cases(random: Generator) -> Iterator[Case]:
        yield Case({"en": "one", "zh": "一"}, (), facts=facts)

    made = trap("its numbers would fit", "数值恰好相同")(seeded)
    last = results(Trial(Judge(cases, traps=(made,)), drawn, seed=1), seeded)[-1]
    assert not last.passed
    assert not last.trap


def _forked(x: Tensor) -> Tensor:
    with torch.random.fork_rng(devices=[]):
        return x + torch.randn_like(x)


def _of_its_own(x: Tensor) -> Tensor:
    return x + torch.randn(x.shape, generator=torch.Generator().manual_seed(torch.initial_seed()))


def _sown_again(x: Tensor) -> Tensor:
    torch.manual_seed(torch.initial_seed())
    return x + torch.randn_like(x)


def _copied(x: Tensor) -> Tensor:
    own = torch.Generator()
    own.set_state(torch.get_rng_state())
    return x + torch.randn(x.shape, generator=own)


def _sown_by_chance(x: Tensor) -> Tensor:
    torch.seed()
    return x + torch.randn_like(x)


def _drawn_from(x: Tensor) -> Tensor:
    own = torch.Generator().manual_seed(int(torch.randint(2**31, ())))
    return x + torch.randn(x.shape, generator=own)


@pytest.mark.parametrize(
    ("entry", "why"),
    [
        (_forked, "two calls in a row draw"),
        (_of_its_own, "two calls in a row draw"),
        (_sown_again, "two calls in a row draw"),
        (_copied, "two calls in a row draw"),
        (_sown_by_chance, "it gives torch's generator a new seed"),
        (_drawn_from, ""),
    ],
)
def test_torchs_generator_goes_on_from_call_to_call(entry: Any, why: str) -> None:
    def facts(output: Tensor, x: Tensor) -> Iterator[tuple[dict[str, str], bool]]:
        yield {"en": "finite", "zh": "有限"}, bool(output.isfinite().all())

    def cases(random: Generator) -> Iterator[Case]:
        yield Case({"en": "some", "zh": "一些"}, (torch.randn(9, generator=random),), facts=facts)

    last = results(Trial(Judge(cases, traps=(Trap(entry, {"en": "", "zh": ""}),)), noisy, seed=1), entry)[-1]
    assert (last.passed, last.trap) == (not why, {})
    assert last.why.get("en", "").startswith(why)


def _without_gradients(x: Tensor, factor: float = 2.0) -> Tensor:
    y = x * factor
    torch.set_grad_enabled(False)
    return y


def _in_float64(x: Tensor, factor: float = 2.0) -> Tensor:
    torch.set_default_dtype(torch.float64)
    return x * factor


def _told(x: Tensor, factor: float = 2.0) -> Tensor:
    torch.set_printoptions(precision=8)  # type: ignore[no-untyped-call]
    return x * factor


def _deterministic(x: Tensor, factor: float = 2.0) -> Tensor:
    torch.use_deterministic_algorithms(True)
    return x * factor


def _careful(x: Tensor, factor: float = 2.0) -> Tensor:
    torch.autograd.set_detect_anomaly(True)
    return x * factor


def _flushed(x: Tensor, factor: float = 2.0) -> Tensor:
    torch.set_flush_denormal(True)
    return x * factor


def _without_onednn(x: Tensor, factor: float = 2.0) -> Tensor:
    torch.backends.mkldnn.enabled = False  # type: ignore[assignment]
    return x * factor


def _with_more_threads(x: Tensor, factor: float = 2.0) -> Tensor:
    torch.set_num_threads(torch.get_num_threads() + 1)
    return x * factor


@pytest.mark.parametrize(
    ("entry", "why"),
    [
        (_without_onednn, "it leaves a setting of torch's changed for whoever calls it: oneDNN"),
        (_with_more_threads, "it leaves a setting of torch's changed for whoever calls it: the number"),
        (_without_gradients, "it leaves gradients switched off"),
        (_in_float64, "it leaves another default dtype"),
        (_told, "it leaves a setting of torch's changed for whoever calls it: how tensors are printed"),
        (_deterministic, "it leaves a setting of torch's changed for whoever calls it: deterministic"),
        pytest.param(
            _careful,
            "it leaves a setting of torch's changed for whoever calls it: the detection",
            marks=pytest.mark.filterwarnings("ignore:Anomaly"),
        ),
        (_flushed, "it leaves a setting of torch's changed for whoever calls it: how the smallest"),
    ],
)
def test_pytorchs_settings_are_everybodys(entry: Any, why: str) -> None:
    last = results(Trial(check_double, double, 1, ("gradients",)), entry)[-1]
    assert last.why["en"].startswith(why)
    assert torch.is_grad_enabled()
    assert torch.get_default_dtype() == torch.float32


def test_whatever_setting_is_looked_at_has_its_words() -> None:
    assert set(SETTINGS) <= set(LEFT_CHANGED)


def _asks_for_gradients(x: Tensor, factor: float = 2.0) -> Tensor:
    return x.requires_grad_() * factor


def _leaves_a_gradient(x: Tensor, factor: float = 2.0) -> Tensor:
    x.grad = torch.zeros_like(x)
    return x * factor


@pytest.mark.parametrize(
    ("entry", "why"),
    [
        (_asks_for_gradients, "it switches requires_grad of an argument"),
        (_leaves_a_gradient, "it writes into the .grad of an argument"),
    ],
)
def test_what_belongs_to_an_argument_is_the_callers(entry: Any, why: str) -> None:
    last = results(Trial(check_double, double, 1, ("gradients",)), entry)[-1]
    assert last.why["en"].startswith(why)
    assert not last.trap


def test_what_an_earlier_call_returned_is_the_callers() -> None:
    buffer = torch.empty(5000)

    def fills(x: Tensor, factor: float = 2.0) -> Tensor:
        if x.requires_grad:
            return x * factor
        buffer[: len(x)] = x * factor
        return buffer[: len(x)]

    last = results(TRIAL, fills)[-1]
    assert last.why["en"].startswith("it changes what an earlier call returned")
    assert results(TRIAL, lambda x, factor=2.0: fills(x, factor).clone())[-1].passed


def test_buffers_by_shape_are_found_too() -> None:
    buffers: dict[torch.Size, Tensor] = {}

    def fills(x: Tensor, factor: float = 2.0) -> Tensor:
        if x.requires_grad:
            return x * factor
        return torch.mul(x, factor, out=buffers.setdefault(x.shape, torch.empty_like(x)))

    last = results(TRIAL, fills)[-1]
    assert last.why["en"].startswith("it changes what an earlier call returned")


def _python(x: Tensor, factor: float = 2.0) -> Tensor:
    random.seed(0)
    return x * factor


def _numpy(x: Tensor, factor: float = 2.0) -> Tensor:
    np.random.seed(3)
    np.random.rand(5)
    return x * factor


def _torch_again(x: Tensor, factor: float = 2.0) -> Tensor:
    torch.manual_seed(torch.initial_seed())
    return x * factor


def _draws(x: Tensor, factor: float = 2.0) -> Tensor:
    torch.rand(3), random.random(), np.random.rand(700)
    return x * factor


def _sown_by_the_system(x: Tensor, factor: float = 2.0) -> Tensor:
    random.seed()
    return x * factor


def _numpy_by_the_system(x: Tensor, factor: float = 2.0) -> Tensor:
    np.random.seed()
    return x * factor


def _draws_much(x: Tensor, factor: float = 2.0) -> Tensor:
    np.random.randn(100_000)
    [random.random() for _ in range(20_000)]
    random.gauss(), random.getrandbits(7), np.random.rand(3)
    return x * factor


@pytest.mark.parametrize(
    ("entry", "why"),
    [
        (_python, "it gives Python's generator a new seed"),
        (_numpy, "it gives NumPy's generator a new seed"),
        (_torch_again, "it gives torch's generator a new seed"),
        (_draws, ""),
        (_sown_by_the_system, "it gives Python's generator a new seed"),
        (_numpy_by_the_system, "it gives NumPy's generator a new seed"),
        (_draws_much, ""),
    ],
)
def test_who_draws_nothing_seeds_nothing(entry: Any, why: str) -> None:
    last = results(TRIAL, entry)[-1]
    assert last.passed == (not why)
    assert last.why.get("en", "").startswith(why)


def test_what_is_kept_from_an_earlier_call_is_found() -> None:
    kept: dict[object, Tensor] = {}

    def remembers(x: Tensor, factor: float = 2.0) -> Tensor:
        return (
            kept.setdefault((x.shape, factor), (x * factor).detach()) if not x.requires_grad else x * factor
        )

    last = results(Trial(check_double, double, 1, ("gradients",)), remembers)[-1]
    assert not last.passed
    assert last.name["en"] == "three numbers, called again with other numbers"
    assert last.why["en"].startswith("output[0] should be")


def test_what_is_raised_is_told() -> None:
    last = results(TRIAL, lambda x, factor=2.0: x @ torch.ones(7))[-1]
    assert last.raised is not None
    assert last.raised.sort == "RuntimeError"


def test_arguments_have_the_persons_names() -> None:
    last = results(TRIAL, adds.wrong, "def f(values, factor=2.0): ...")[-1]
    assert last.grids[0].label == "values"


def test_arguments_without_a_name_have_ours() -> None:
    def cases(random: Generator) -> Iterator[Case]:
        yield Case({"en": "threefold", "zh": "三倍"}, (torch.ones(3), 3.0))

    last = results(Trial(Judge(cases), double, seed=1), adds.wrong, "def f(values, *rest): ...")[-1]
    assert [grid.label for grid in last.grids[:2]] == ["values", "factor"]


class Counter:
    """For calls."""

    def __init__(self, start: int) -> None:
        self.count = start

    def step(self, by: int) -> int:
        self.count += by
        return self.count


def test_objects_are_called_step_by_step() -> None:
    @judge()
    def check(random: Generator) -> Iterator[Case]:
        yield Case(
            {"en": "steps", "zh": "逐步"}, (5,), calls=(Call("step", (1,)), Call("step", (2,)), Call("count"))
        )

    class Forgetful(Counter):
        def step(self, by: int) -> int:
            return self.count + by

    trial = Trial(check, Counter, 0)
    assert results(trial, Counter)[-1].passed
    last = results(trial, Forgetful)[-1]
    assert last.why["en"] == "output[1]: expected 8, got 7"
    assert last.grids[-1].rows == ((".step(1)",), (".step(2)",), (".count()",))


def noisy(x: Tensor) -> Tensor:
    """A model answer that draws."""
    return x + torch.randn_like(x)


def test_facts_stand_for_numbers_that_are_drawn() -> None:
    @trap("no noise", "没有噪声")
    def still(x: Tensor) -> Tensor:
        return x.clone()

    @judge(traps=(still,))
    def check(random: Generator) -> Iterator[Case]:
        def facts(out: Tensor, x: Tensor) -> Iterator[tuple[dict[str, str], bool]]:
            yield {"en": "there is noise", "zh": "有噪声"}, bool((out - x).std() > 0.5)

        yield Case({"en": "many", "zh": "很多"}, (torch.zeros(1000),), facts=facts)

    trial = Trial(check, noisy, 0)
    assert results(trial, lambda x: x + torch.empty_like(x).normal_())[-1].passed
    last = results(trial, still.wrong)[-1]
    assert (last.why["en"], last.trap["en"]) == ("there is noise", "no noise")
    assert (
        results(trial, lambda x: x[:2])[-1].why["en"] == "output: expected float32 (1000,), got float32 (2,)"
    )


def test_a_judge_that_disagrees_with_pytorch_judges_nobody() -> None:
    broken = Judge(check_double.cases, reference=lambda x, factor=2.0: x + factor)
    with pytest.raises(BrokenError, match="three numbers: PyTorch disagrees"):
        results(Trial(broken, double, 0), double)

    @judge()
    def check(random: Generator) -> Iterator[Case]:
        yield Case(
            {"en": "one", "zh": "一"},
            (torch.ones(1),),
            facts=lambda out, x: [({"en": "no", "zh": "否"}, False)],
        )

    with pytest.raises(BrokenError, match="one: the model answer is refused: no"):
        results(Trial(check, double, 0), double)


def test_links_that_lead_nowhere() -> None:
    for check, solution in (
        ("judges.nothing.check_x", "models.losses:softmax"),
        ("judges.attention.attention.check_nothing", "models.losses:softmax"),
        ("judges.attention.attention.torch", "models.losses:softmax"),
        (
            "judges.attention.attention.check_scaled_dot_product_attention",
            "models.attention.attention:nothing",
        ),
    ):
        with pytest.raises(BrokenError):
            load(Judgement(".", check, solution, CandidateSource("", "x.py", "x"), 0), 0)


def test_the_proof_finds_what_is_wrong() -> None:
    assert list(_of_solution(TRIAL)) == []
    assert list(_of_trap(TRIAL, adds)) == []
    right = trap("right", "对")(double)
    assert list(_of_trap(TRIAL, right)) == ["the trap passes: right (seed 1)"]
    unknown = trap("unknown", "未知")(lambda x, factor=2.0: x - factor)
    assert list(_of_trap(TRIAL, unknown)) == ["the trap 'unknown' is taken for: nothing known (seed 1)"]
    wrong = Trial(Judge(check_double.cases), lambda x, factor=2.0: x * torch.rand(()), 1)
    assert list(_of_solution(wrong)) == []  # torch's generator is seeded before each call

    @judge()
    def nothing(random: Generator) -> Iterator[Case]:
        yield from ()

    with pytest.raises(BrokenError, match="the judge has no cases"):
        results(Trial(nothing, double, 0), double)


def test_the_gradients_of_a_random_function_are_looked_at() -> None:
    def noisy(x: Tensor) -> Tensor:
        return 3 * x + torch.randn_like(x)

    def facts(y: Tensor, x: Tensor) -> Iterator[tuple[dict[str, str], bool]]:
        yield {"en": "any", "zh": "任意"}, True

    def slopes(
        right: Tensor, wanted: Tensor, y: Tensor, slope: Tensor
    ) -> Iterator[tuple[dict[str, str], bool]]:
        yield {"en": "the slope is 3", "zh": "斜率为 3"}, torch.allclose(wanted, slope)

    @judge()
    def check(random: Generator) -> Iterator[Case]:
        yield Case({"en": "noise", "zh": "噪声"}, (torch.zeros(4),), facts=facts, grad=True, slopes=slopes)

    trial = Trial(check, noisy, seed=1)
    assert results(trial, lambda x: torch.randn_like(x) + x + x + x)[-1].passed
    through = results(trial, lambda x: x + (noisy(x) - x).detach())[-1]
    assert (through.passed, through.why["en"]) == (False, "the slope is 3")
    assert "detached" in results(trial, lambda x: noisy(x.detach()))[-1].why["en"]


def test_a_judge_that_raises_on_the_way_raises_again() -> None:
    """Cases are kept for the next candidate; those before the fault are no whole judgement."""

    @judge()
    def breaks(random: Generator) -> Iterator[Case]:
        yield Case({"en": "one", "zh": "一"}, (torch.ones(2),))
        raise ZeroDivisionError

    trial = Trial(breaks, double, 0)
    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            results(trial, double)


def test_a_judge_without_end_is_broken() -> None:
    @judge()
    def endless(random: Generator) -> Iterator[Case]:
        while True:
            yield Case({"en": "one more", "zh": "再一个"}, (torch.ones(2),))

    with pytest.raises(BrokenError, match="more than 1000 cases: without end"):
        results(Trial(endless, double, 0), double)


def test_what_the_model_answer_makes_of_a_case_is_asked_once() -> None:
    calls = []

    def counted(x: Tensor, factor: float = 2.0) -> Tensor:
        calls.append(x)
        return double(x, factor)

    trial = Trial(check_double, counted, 1, ("gradients", "dtype"))
    assert results(trial, double)[-1].passed
    asked = len(calls)
    assert not results(trial, lambda x, factor=2.0: x)[-1].passed
    assert len(calls) == asked > 0
