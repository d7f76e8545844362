"""Which cases are tried again with other numbers: what a candidate keeps from call to call shows there."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator
from typing import Any

import torch

from quizcli.judge.case import Case

_MOST = 3
Numbered = Iterable[tuple[int, Case]]


def with_other_numbers(cases: Numbered, others: Numbered) -> Iterator[tuple[int, Case]]:
    """Of the cases of another seed, few that change between them whatever changes at all, and the first.

    A table kept by the shapes of the arguments is wrong where their numbers are others; where they are the
    same in every seed, as positions 0, 1, 2 are, no candidate is asked again for them. Large cases and those
    without one right output are left out.
    """
    seen: set[Hashable] = set()
    tried = 0
    for (_, case), (number, other) in zip(cases, others, strict=False):
        if case.facts is not None or case.timed:
            continue
        new = {place for place, one, two in _arguments(case, other) if _changed(one, two)} - seen
        if new or not tried:
            yield number, other
            seen |= new
            tried += 1
            if tried == _MOST:
                return


def _arguments(case: Case, other: Case) -> Iterator[tuple[Hashable, Any, Any]]:
    yield from (
        (place, one, two) for place, (one, two) in enumerate(zip(case.args, other.args, strict=False))
    )
    yield from ((name, case.kwargs[name], other.kwargs[name]) for name in case.kwargs.keys() & other.kwargs)
    for call, again in zip(case.calls, other.calls, strict=False):
        yield from (
            ((call.method, place), one, two)
            for place, (one, two) in enumerate(zip(call.args, again.args, strict=False))
        )


def _changed(one: Any, two: Any) -> bool:
    """Whether two values of one shape are different."""
    if isinstance(one, torch.Tensor) and isinstance(two, torch.Tensor):
        return one.shape == two.shape and one.dtype == two.dtype and not one.equal(two)
    if isinstance(one, list | tuple) and isinstance(two, list | tuple):
        pairs = list(zip(one, two, strict=False))
        return len(one) == len(two) and any(_changed(a, b) for a, b in pairs)
    if isinstance(one, dict) and isinstance(two, dict):
        return any(_changed(one[key], two[key]) for key in one.keys() & two)
    return type(one) is type(two) and bool(one != two)
