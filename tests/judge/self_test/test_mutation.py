"""Judges judged by mutants of the model answer, and by what their cases never try."""

from collections.abc import Iterator

import pytest
import torch
from torch import Generator, Tensor

from models.attention.heads import grouped_query_attention
from quizcli.judge.case import Case, Judge, judge
from quizcli.judge.judging.judging import Trial
from quizcli.judge.judging.trusted_functions import Local
from quizcli.judge.self_test.coverage import untried
from quizcli.judge.self_test.mutation import survivors
from quizcli.judge.self_test.mutation.mutants import mutants
from quizcli.judge.self_test.mutation.survivors import judge_mutants
from quizcli.judge.self_test.mutation.wrapped import in_dtype
from quizcli.judge.self_test.sides import untried_sides

STARTER = "def capped(x, top=3.0, repeats=1):\n    raise NotImplementedError"


def capped(x: Tensor, top: float = 3.0, repeats: int = 1) -> Tensor:
    """The model answer of these tests: x, at most top, summed up `repeats` times."""
    result = torch.zeros_like(x)
    while repeats > 0:
        result = result + x.clamp(max=top)
        repeats -= 1
    return result


@pytest.fixture(autouse=True)
def hurried_mutants(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those that never end are stopped soon."""
    monkeypatch.setattr(survivors, "_PATIENCE", 0.5)


def cases_of(*inputs: tuple[object, ...]) -> Judge:
    @judge()
    def check(random: Generator) -> Iterator[Case]:
        for number, args in enumerate(inputs):
            yield Case({"en": f"case {number}", "zh": f"用例 {number}"}, args)

    return check


def trials(judged: Judge) -> list[Trial]:
    return [Trial(judged, capped, seed) for seed in (1, 2)]


X = torch.tensor([-1.0, 2.5, 7.0])
THOROUGH = ((X,), (X, 5.0), (X, 3.0, 2), (X, 0.0, 3), (torch.tensor([3.5]),), (X, 3.0, 0))


def test_mutants_are_made_by_rule() -> None:
    names = [mutant.name for mutant in mutants(capped)]
    assert len(set(names)) == len(names) > 15
    for name in (
        "capped: 3.0 → 6.0",
        "capped: repeats > 0 → repeats >= 0",
        "capped: result + x.clamp(max=top) → result + x",
        "capped: begins with top = 3.0",
        "capped: begins with top = top or 3.0",
        "capped: begins with repeats = repeats or 1",
        "capped: begins with torch.manual_seed(0)",
        "capped: result + x.clamp(max=top) → result - x.clamp(max=top)",
    ):
        assert name in names


def test_a_mutant_is_one_mistake() -> None:
    built = {mutant.name: mutant.build for mutant in mutants(capped)}
    assert built["capped: result + x.clamp(max=top) → result + x"]()(X).tolist() == [-1.0, 2.5, 7.0]
    assert built["capped: 3.0 → 6.0"]()(X).tolist() == [-1.0, 2.5, 6.0]
    assert capped(X).tolist() == [-1.0, 2.5, 3.0]


def test_a_mistake_may_lie_in_another_module_of_the_topic() -> None:
    """What several answers call stands once, in a module of its own: each is tried with a mistake in it."""
    query, key, value = torch.randn(3, 1, 2, 4, 8, generator=Generator().manual_seed(1)).unbind()
    right = grouped_query_attention(query, key, value)
    built = {mutant.name: mutant.build for mutant in mutants(grouped_query_attention)}
    (name,) = (name for name in built if name.startswith("scaled_scores: ") and name.endswith(".mT / scale"))
    assert not torch.allclose(built[name]()(query, key, value), right)
    assert torch.equal(grouped_query_attention(query, key, value), right)  # the real one is as it was
    assert not [name for name in built if name.startswith("at_least_float32")]  # that is nobody's topic


def test_a_careless_judge_lets_mutants_through() -> None:
    figures, faults = judge_mutants(trials(cases_of((X,))))
    assert figures.made > figures.killed > 0
    assert "a mutant passes: capped: begins with top = 3.0" in faults
    assert "a mutant passes: capped: begins with repeats = 1" in faults


def test_a_careful_judge_kills_all_that_is_not_equivalent() -> None:
    figures, faults = judge_mutants(trials(cases_of(*THOROUGH)))
    assert faults == []
    assert figures.made == figures.killed  # those that never end among them


def signed(x: Tensor, dim: int = -1, low: float = 0.0, clip: bool = True) -> Tensor:
    """A model answer with a negative default, one of 0, and one that is no number."""
    return x.softmax(dim).clamp(min=low) if clip else x


def test_an_argument_of_0_is_taken_for_none_where_another_number_is_the_default() -> None:
    names = [mutant.name for mutant in mutants(signed) if " or " in mutant.name]
    assert names == ["signed: begins with dim = dim or -1"]
    _, faults = judge_mutants(trials(cases_of(*THOROUGH[:3], (X, 0.0, 3))))
    assert "a mutant passes: capped: begins with repeats = repeats or 1" in faults
    assert "a mutant passes: capped: begins with top = top or 3.0" not in faults


def test_what_is_equivalent_has_a_reason_and_passes() -> None:
    known = {"capped: begins with top = 3.0": "nobody asks for another top", "capped: nothing": "?"}
    figures, faults = judge_mutants(trials(cases_of((X,))._replace(equivalent=known)))
    assert figures.equivalent == 1
    assert "a mutant passes: capped: begins with top = 3.0" not in faults
    assert "no mutant that passes: capped: nothing" in faults


def test_a_sample_is_a_part() -> None:
    figures, _ = judge_mutants(trials(cases_of(*THOROUGH)), sample=5)
    assert figures.made == 5


def test_a_mutant_that_passes_with_some_seeds_has_not_been_found() -> None:
    @judge()
    def check(random: Generator) -> Iterator[Case]:
        yield Case({"en": "one", "zh": "一"}, (torch.rand(1, generator=random) * 6,))

    seeds = [Trial(check, capped, seed) for seed in range(4)]
    _, faults = judge_mutants(seeds)
    assert any("(seed " in fault and "clamp" in fault for fault in faults)


def test_what_cases_never_try_is_told() -> None:
    def told(*inputs: tuple[object, ...]) -> list[str]:
        return list(untried(trials(cases_of(*inputs))[0], STARTER, "capped"))

    assert told(*THOROUGH) == []
    assert told((X,)) == [
        "top is never given anything but its default",
        "repeats is never given anything but its default",
    ]
    assert told((X, 5.0, 2)) == ["the default of top is never used", "the default of repeats is never used"]


@pytest.mark.parametrize(
    ("judged", "grad", "told"),
    [
        ((), True, ["gradients are judged: say so with `judged: [gradients]`"]),
        (("gradients",), True, []),
        (("gradients",), False, ["`judged` says gradients, and no case tries it"]),
        (("dtype",), False, ["`judged` says dtype, and no case tries it"]),
        (("precision",), False, ["`judged` says precision, and no case tries it"]),
    ],
)
def test_what_is_judged_is_announced_and_tried(judged: tuple[str, ...], grad: bool, told: list[str]) -> None:
    @judge()
    def check(random: Generator) -> Iterator[Case]:
        for args in THOROUGH:
            yield Case({"en": "case", "zh": "用例"}, args, grad=grad)

    assert list(untried(Trial(check, capped, 0, judged), STARTER, "capped")) == told


def test_other_precisions_are_right() -> None:
    for dtype in (torch.float32, torch.float64):
        assert in_dtype(capped, dtype)(X).dtype == torch.float32
        trial = Trial(cases_of(*THOROUGH, (X.double(), 1 / 3)), capped, 1)
        assert all(getattr(news, "passed", True) for news in trial.run(Local(in_dtype(capped, dtype))))


def test_sides_of_one_size_are_told() -> None:
    def told(*shapes: tuple[int, ...], **fixed: str) -> list[str]:
        cases = cases_of(*((torch.ones(shape),) for shape in shapes))
        known = {name.replace("_", " ").replace("x ", "x, "): why for name, why in fixed.items()}
        return list(untried_sides(Trial(cases._replace(fixed=known), capped, 1)))

    assert told((3,), (1,)) == []
    assert told((3,)) == ["never of size 1: x, axis 0 of 1"]
    assert told((1,)) == ["always of size 1: x, axis 0 of 1"]
    assert told((3,), x_axis_0_of_1="Three.") == []
    assert told((3,), (1,), x_axis_0_of_1="Three.") == ["not fixed: x, axis 0 of 1"]
    assert told((2, 1), (1, 3)) == []
    assert told((2, 1), (1, 1)) == ["always of size 1: x, axis 1 of 2"]
