"""What a judge asks for beside the values is what the question says, in both languages."""

import inspect

import pytest

from quizcli.judge.calls.tensor_codec import tensors
from quizcli.judge.case import Case
from tests.judge.test_strangers import CODES, SEED, trial_of

GRADIENTS = sorted(name for name, code in CODES.items() if "gradients" in code.judged)


def floating(case: Case, names: list[str]) -> dict[str, int]:
    """The arguments that hold numbers with a slope, and their places."""
    named = zip([*names[: len(case.args)], *case.kwargs], [*case.args, *case.kwargs.values()], strict=True)
    places = enumerate(named)
    return {
        name: place
        for place, (name, value) in places
        if any(tensor.is_floating_point() for tensor in tensors(value))
    }


@pytest.mark.parametrize("question", GRADIENTS)
def test_gradients_are_judged_by_each_argument_or_by_those_that_the_docstring_names(question: str) -> None:
    trial = trial_of(question, SEED)
    names = list(inspect.signature(trial.solution).parameters)
    given: set[str] = set()
    judged: set[str] = set()
    for _, case in trial.draw_cases():
        places = floating(case, names)
        given |= set(places)
        judged |= {name for name, place in places.items() if place in case.by}
    assert judged
    if given - judged:
        starter = CODES[question].starter
        assert "gradient" in str(starter.en), given - judged
        assert "梯度" in str(starter.zh), given - judged
