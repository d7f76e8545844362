"""One call of an entry, the same for the person's, for the model answer and for the traps."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any, NamedTuple

import torch

from quizcli.judge.calls.generators import generator_state, sow, sown_again
from quizcli.judge.calls.tensor_codec import tensors
from quizcli.judge.calls.torch_settings import SETTINGS
from quizcli.judge.calls.watch import Watch


class Performance(NamedTuple):
    """What came of a call: the output, the arguments as they are afterwards, gradients of the arguments.

    `state` is a checksum of torch's generator after the call; `seconds` is the time of the call; `seeded`
    says whose generator was given a seed, `left` what is not as it was before: one of SETTINGS, or what
    belongs to an argument beside its values.
    """

    output: Any
    after: Any
    gradients: list[Any] | None
    state: int = 0
    seconds: float = 0.0
    seeded: str = ""
    left: str = ""


GO_ON = -1  # in the place of a seed: the generators go on where they are


def perform(
    entry: Callable[..., Any],
    args: Sequence[Any],
    kwargs: Mapping[str, Any],
    calls: Sequence[tuple[str, Sequence[Any]]],
    grad: Sequence[int],
    seed: int,
    watch: Watch | None = None,
    operators: bool = False,
) -> Performance:
    """Call the entry. Raises whatever it raises. `watch` sees what it uses; with `operators` each of them.

    Gradients are taken by the floating tensors of the arguments at the places `grad`.
    """
    given = [*args, *kwargs.values()]
    leaves = [t for t in tensors([given[place] for place in grad]) if t.is_floating_point()]
    for leaf in leaves:
        leaf.requires_grad_()
    marks = _marks(given)
    sown = None if seed == GO_ON else sow(seed)
    settings = {name: read() for name, (read, _) in SETTINGS.items()}
    left = ""
    began = time.perf_counter()
    with _watched(watch, operators):
        output = entry(*args, **kwargs)
        if calls:
            output = [called(output, method, arguments) for method, arguments in calls]
    seconds = time.perf_counter() - began
    seeded, end = sown_again(sown) if sown is not None else "", generator_state()
    for name, (read, write) in SETTINGS.items():
        if read() != settings[name]:
            left = name
            write(settings[name])
    left = left or next((name for name, mark in _marks(given).items() if mark != marks[name]), "")
    gradients = None
    if grad:
        # A backward of one's own is looked at too; where autograd is forbidden, no gradients are asked for.
        with _watched(watch, operators):
            gradients = _gradients(output, leaves, seed)
    return Performance(output, given, gradients, end, seconds, seeded, left)


def _marks(given: Sequence[Any]) -> dict[str, list[Any]]:
    """What the caller of a function finds at its tensors beside their values."""
    own = list(tensors(given))
    return {
        "requires_grad": [tensor.requires_grad for tensor in own],
        ".grad": [tensor.grad is None for tensor in own if tensor.is_leaf],
    }


def called(made: Any, method: str, args: Sequence[Any]) -> Any:
    """What a method of the object gives, the object itself without a name, or an attribute."""
    attribute = getattr(made, method) if method else made
    return attribute(*args) if callable(attribute) else attribute


@contextmanager
def _watched(watch: Watch | None, operators: bool) -> Iterator[None]:
    """Look at what runs, and at nothing of our own beside it: each call that is seen costs time."""
    with ExitStack() as stack:
        if watch is not None:
            if operators:
                stack.enter_context(watch.operators())
            stack.enter_context(watch)
        yield


def _gradients(output: Any, leaves: list[Any], seed: int) -> list[Any]:
    """Gradients of a random weighting of all outputs, so that no part of an error cancels another."""
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
    entry: Callable[..., Any], args: Sequence[Any], kwargs: Mapping[str, Any], budget: float = 0.001
) -> float:
    """The best time of a call, in seconds, out of as many as the budget allows (one at least)."""
    best = float("inf")
    with torch.no_grad():
        end = time.perf_counter() + budget
        runs = 0
        while runs < 1 or time.perf_counter() < end:
            began = time.perf_counter()
            entry(*args, **kwargs)
            best = min(best, time.perf_counter() - began)
            runs += 1
    return best
