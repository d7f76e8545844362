"""One call of an entry, the same for the person's, for the model answer and for the traps."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from quizcli.judge.values import tensors


class Performance(NamedTuple):
    """What came of a call: the output, the arguments as they are afterwards, gradients by the arguments."""

    output: Any
    after: Any
    gradients: list[Any] | None


def perform(
    entry: Callable[..., Any],
    args: Sequence[Any],
    kwargs: Mapping[str, Any],
    calls: Sequence[tuple[str, Sequence[Any]]],
    grad: bool,
    seed: int,
) -> Performance:
    """Call the entry. Raises whatever it raises; RuntimeError where no gradient reaches its output."""
    import torch

    given = [*args, *kwargs.values()]
    leaves = [t for t in tensors(given) if t.is_floating_point()] if grad else []
    for leaf in leaves:
        leaf.requires_grad_()
    torch.manual_seed(seed)
    output = entry(*args, **kwargs)
    if calls:
        output = [_called(output, method, arguments) for method, arguments in calls]
    gradients = _gradients(output, leaves, seed) if grad else None
    return Performance(output, given, gradients)


def _called(made: Any, method: str, args: Sequence[Any]) -> Any:
    attribute = getattr(made, method) if method else made
    return attribute(*args) if callable(attribute) else attribute


def _gradients(output: Any, leaves: list[Any], seed: int) -> list[Any]:
    """Gradients of a random weighting of all outputs, so that no part of an error cancels another."""
    import torch

    random = torch.Generator().manual_seed(seed)
    total = torch.zeros((), dtype=torch.float64)
    for out in tensors(output):
        if out.is_floating_point():
            weights = torch.randn(out.shape, generator=random, dtype=torch.float64)
            total = total + (out.double() * weights).sum()
    if not total.requires_grad:
        return [None] * len(leaves)
    return list(torch.autograd.grad(total, leaves, allow_unused=True))


def seconds_per_call(
    entry: Callable[..., Any], args: Sequence[Any], kwargs: Mapping[str, Any], budget: float = 0.02
) -> float:
    """The best time of a call, in seconds, out of as many as the budget allows (three at least)."""
    import torch

    best = float("inf")
    with torch.no_grad():
        entry(*args, **kwargs)
        end = time.perf_counter() + budget
        runs = 0
        while runs < 3 or time.perf_counter() < end:
            began = time.perf_counter()
            entry(*args, **kwargs)
            best = min(best, time.perf_counter() - began)
            runs += 1
    return best
