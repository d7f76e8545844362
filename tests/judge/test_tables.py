"""What is kept from one call to the next by the shapes of arguments is found out, in every question.

The model answer itself, handed an argument that it has seen before with the same shapes: a table of angles or
masks that was made once does as much.
"""

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from quizcli.judge.calls.messages import CaseResult
from quizcli.judge.judging.judging import load as load_trial
from quizcli.judge.judging.trusted_functions import Local
from quizcli.judge.request import judgement_of
from tests.judge.test_strangers import CODES

FUNCTIONS = sorted(CODES)


def shapes(value: Any) -> Any:
    """What numbers do not change."""
    if isinstance(value, float):
        return float
    if isinstance(value, torch.Tensor):
        return tuple(value.shape), value.dtype
    return [shapes(each) for each in value] if isinstance(value, list | tuple) else repr(value)


def with_a_table(answer: Callable[..., Any], name: str) -> Callable[..., Any]:
    """The answer, whose argument of this name is that of the first call with the same shapes of all."""
    signature = inspect.signature(answer)
    kept: dict[str, Any] = {}

    def entry(*args: Any, **kwargs: Any) -> Any:
        bound = signature.bind(*args, **kwargs)
        key = repr([shapes(value) for value in bound.arguments.values()])
        if name in bound.arguments:
            bound.arguments[name] = kept.setdefault(key, bound.arguments[name])
        return answer(*bound.args, **bound.kwargs)

    return entry


def tables(question: str) -> list[str]:
    trial = load_trial(judgement_of(CODES[question], Path(), "", "answer.py", seed=1), 1)
    if inspect.isclass(trial.solution):
        return []
    return [
        name for name, each in inspect.signature(trial.solution).parameters.items() if "Tensor" in str(each)
    ]


@pytest.mark.parametrize(("question", "name"), [(q, name) for q in FUNCTIONS for name in tables(q)])
def test_a_table_by_shapes_is_found_out(question: str, name: str) -> None:
    seed = len(question) + len(name)
    trial = load_trial(judgement_of(CODES[question], Path(), "", "answer.py", seed=seed), seed)
    entry = with_a_table(trial.solution, name)
    results = [news for news in trial.run(Local(entry)) if isinstance(news, CaseResult)]
    assert not results[-1].passed
