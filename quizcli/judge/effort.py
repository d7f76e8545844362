"""Cases so large that who writes plain loops is stopped before they end: slow and right is right."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import FlopCounterMode

from quizcli.judge.case import Case
from quizcli.judge.perform import called
from quizcli.judge.trial import Trial
from quizcli.text import tr, words

_MOST = (
    2_500_000  # steps; a loop over the elements of a tensor makes 200,000 a second and more, of 30 seconds
)


def too_large(trial: Trial) -> Iterator[str]:
    """Cases whose model answer makes more steps than loops in Python can make in time."""
    for _, case in trial.draw_cases():
        if (steps := _steps(trial, case)) > _MOST:
            name = words(case.name)
            yield tr(
                f"too large for loops in Python: {name}, {steps:,} steps of {_MOST:,}",
                f"用例过大，Python 循环来不及算完：{name}，{steps:,} 步，上限 {_MOST:,}",
            )


class _Elements(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Counts the elements of whatever is made."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.count = 0

    def __torch_dispatch__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        made = function(*args, **(kwargs or {}))
        for one in made if isinstance(made, tuple | list) else (made,):
            self.count += one.numel() if isinstance(one, torch.Tensor) else 0
        return made


def _steps(trial: Trial, case: Case) -> int:
    """Elements that are made, and multiplications in sums."""
    args, kwargs, calls = copy.deepcopy((case.args, dict(case.kwargs), case.calls))
    products = FlopCounterMode(display=False)
    with products, _Elements() as elements:
        made = trial.solution(*args, **kwargs)
        for method, given in calls:
            called(made, method, given)
    steps: int = products.get_total_flops() // 2 + elements.count
    return steps
