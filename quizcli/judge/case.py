"""What a judge is made of: cases, traps, facts. Imported by the judges of a pack, in the referee's process.

A judge is a generator of cases, the simplest first. Their inputs are drawn from the random generator it is
given, so that each judgement has fresh ones; what is expected is what the model answer makes of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from quizcli.demo.events import Words

if TYPE_CHECKING:
    import torch

Fact = tuple[Words, bool]  # what must be true of an output, and whether it is


class Call(NamedTuple):
    """A method of the object that the entry made, or without a name the object itself."""

    method: str
    args: tuple[Any, ...] = ()


class Case(NamedTuple):
    """One call of what the person wrote: with these arguments, as simple as what it shows allows.

    Arguments are tensors, numbers, strings, None, and tuples, lists and dicts of such. Where the entry is a
    class, `calls` are made of the object one after the other, and their results are compared. `grad`: the
    gradients by all floating tensors among the arguments are compared too, or by those of the arguments at
    these places; the others then need no gradient. `facts`, given the output and the arguments, takes the
    place of the comparison where a right output is random. Such a case is called `draws`
    times, torch's generator seeded anew before each, and the facts must hold each time; `spread`, given the
    list of all outputs and the arguments, tells facts that one call cannot show. `slopes` does for gradients
    what `facts` does for outputs: given output and gradient of the model answer, then those of the person, it
    is asked for each argument. `telling`, given output and arguments, tells the numbers by which a mistake is
    known from others that break the same facts: they agree to a twentieth. `tolerance` is relative, and
    absolute for numbers of the size `unit`.
    """

    name: Words
    args: tuple[Any, ...]
    kwargs: Mapping[str, Any] = {}
    calls: tuple[Call, ...] = ()
    grad: bool | tuple[int, ...] = False
    facts: Callable[..., Iterable[Fact]] | None = None
    draws: int = 2
    spread: Callable[..., Iterable[Fact]] | None = None
    slopes: Callable[..., Iterable[Fact]] | None = None
    telling: Callable[..., Iterable[float]] | None = None
    tolerance: float = 1e-4
    unit: float = 1.0
    timed: bool = False  # large enough to tell who is fast; one case of a judge

    @property
    def by(self) -> tuple[int, ...]:
        """The places of the arguments by which gradients are judged."""
        if isinstance(self.grad, tuple):
            return self.grad
        return tuple(range(len(self.args) + len(self.kwargs))) if self.grad else ()


class Trap(NamedTuple):
    """A mistake that people make, as code: what computes the same has made it."""

    wrong: Callable[..., Any]
    text: Words


def trap(en: str, zh: str) -> Callable[[Callable[..., Any]], Trap]:
    """Make a trap of a wrong implementation; the two texts say what is wrong with it."""
    return lambda wrong: Trap(wrong, {"en": en, "zh": zh})


class Judge(NamedTuple):
    """`cases` draws the cases. `reference` is PyTorch's own, with the same arguments, where there is one.

    `equivalent` are mutants of the model answer that no case can tell from it, each with the reason; `fixed`
    are sides of its arguments that cannot be 1, or never else, named as in `sides.py`, each with the reason.
    """

    cases: Callable[[torch.Generator], Iterator[Case]]
    reference: Callable[..., Any] | None = None
    traps: tuple[Trap, ...] = ()
    equivalent: Mapping[str, str] = {}
    fixed: Mapping[str, str] = {}


def judge(
    reference: Callable[..., Any] | None = None,
    traps: Iterable[Trap] = (),
    equivalent: Mapping[str, str] | None = None,
    fixed: Mapping[str, str] | None = None,
) -> Callable[[Callable[[torch.Generator], Iterator[Case]]], Judge]:
    """Make a judge of a generator of cases."""
    return lambda cases: Judge(cases, reference, tuple(traps), equivalent or {}, fixed or {})
