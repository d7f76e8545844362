"""Cases so large that whoever writes plain loops is stopped before they end: slow and right is right."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import FlopCounterMode

from quizcli.judge.calls.call import called
from quizcli.judge.case import Case
from quizcli.judge.judging.judging import Trial
from quizcli.text import tr, words

# A loop over the elements of tensors makes 90,000 steps in a second of the processor where operators are not
# looked at one by one, as in all large cases. A call has 30 seconds; this leaves twice as much as is needed.
_MOST = 1_400_000


def too_large(trial: Trial) -> Iterator[str]:
    """Cases whose model answer makes more steps than loops in Python can make in time."""
    for _, case in trial.draw_cases():
        if (steps := _steps(trial, case)) > _MOST:
            name = words(case.name)
            yield tr(
                f"too large for loops in Python: {name}, {steps:,} steps, {_MOST:,} at most",
                f"用例过大，Python 循环来不及算完：{name}，{steps:,} 步，上限 {_MOST:,}",
            )


class _Elements(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Counts the elements of whatever is computed; a view of something is not."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.count = 0

    def __torch_dispatch__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        made = function(*args, **(kwargs or {}))
        parts = made if isinstance(made, tuple | list) else (made,)
        for one, returned in zip(parts, function._schema.returns, strict=False):
            is_view = returned.alias_info is not None and not returned.alias_info.is_write
            self.count += one.numel() if isinstance(one, torch.Tensor) and not is_view else 0
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
