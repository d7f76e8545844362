"""One judgement: every case asked of the candidate, and compared with what the model answer makes of it."""

from __future__ import annotations

import copy
import inspect
from collections.abc import Callable, Iterator
from importlib import import_module
from typing import Any, NamedTuple, Protocol

import msgspec
from torch import Tensor

from quizcli.demo.events import Words
from quizcli.judge.case import Case, Judge
from quizcli.judge.child import GoneError
from quizcli.judge.compare import Difference, difference, unlike
from quizcli.judge.grids import arguments, steps
from quizcli.judge.names import first_use, parameters
from quizcli.judge.perform import Performance, perform, seconds_per_call
from quizcli.judge.values import Strange, Value, packed, tensors, unpacked
from quizcli.judge.wire import Answer, Ask, CaseResult, Gave, Raised, Speed

BY_HAND = {"en": "written by hand", "zh": "亲手实现"}


class BrokenError(Exception):
    """The judge itself is wrong: it and PyTorch disagree, or it cannot draw its cases."""


class Candidate(Protocol):
    """Who is judged: a process, or in the check of a bank a function."""

    def ask(self, call: Ask) -> Answer:
        """Call the entry."""
        ...


class Local:
    """A trusted function in the place of a candidate: the model answer, or a trap."""

    def __init__(self, entry: Callable[..., Any]) -> None:
        self._entry = entry

    def ask(self, call: Ask) -> Answer:
        """Call the function; what it raises is an answer too."""
        args = [unpacked(value) for value in call.args]
        kwargs = {name: unpacked(value) for name, value in call.kwargs.items()}
        if call.timed:
            return Gave(seconds=seconds_per_call(self._entry, args, kwargs))
        calls = [(method, [unpacked(value) for value in given]) for method, given in call.calls]
        try:
            done = perform(self._entry, args, kwargs, calls, call.grad, call.seed)
        except Exception as error:  # noqa: BLE001 - a wrong shape raises in a trap as it does in a candidate
            return Raised(type(error).__name__, str(error))
        return Gave(packed(done.output), packed(done.after), packed(done.gradients))


class Trial(NamedTuple):
    """A judge, and the model answer that it knows."""

    judge: Judge
    solution: Callable[..., Any]
    seed: int

    def run(self, candidate: Candidate, text: str = "", entry: str = "") -> Iterator[CaseResult | Speed]:
        """Judge until the first case that fails; where all pass, tell how fast. Raises BrokenError.

        `text` is the candidate's source: what must not be used is looked for in it, and the names of the
        arguments of its `entry`.
        """
        import torch

        own = parameters(text, entry)
        # f(x, *rest) names fewer arguments than it is given
        names = [*own, *list(inspect.signature(self.solution).parameters)[len(own) :]]
        if use := first_use(text, self.judge.avoid):
            yield _not_by_hand(*use)
            return
        if text and self.judge.avoid:
            yield CaseResult(BY_HAND, True)
        random = torch.Generator().manual_seed(self.seed)
        timed: Case | None = None
        for number, case in enumerate(self.judge.cases(random)):
            timed = case if case.timed else timed
            result = self._judged(case, names, candidate, self.seed + number)
            yield result
            if not result.passed:
                return
        if timed is not None:
            yield self._speed(timed, candidate)

    def _judged(self, case: Case, names: list[str], candidate: Candidate, seed: int) -> CaseResult:
        names = [*names[: len(case.args)], *case.kwargs]
        expected = self._expected(case, names, seed)
        try:
            answer = candidate.ask(_asked(case, seed))
        except GoneError as error:
            return CaseResult(case.name, False, {"en": str(error), "zh": str(error)})
        if isinstance(answer, Raised):
            trap = self._trap_that_raises(case, answer, seed)
            return CaseResult(case.name, False, trap=trap, raised=answer)
        got = _performance(answer)
        found = _verdict(case, names, expected, got)
        if found is None:
            return CaseResult(case.name, True)
        given = arguments(names, [*copy.deepcopy(case.args), *case.kwargs.values()])
        given += steps([(call.method, call.args) for call in case.calls])
        trap = self._trap(case, got, expected, seed)
        return CaseResult(case.name, False, found.why, trap, (*given, *found.grids))

    def _expected(self, case: Case, names: list[str], seed: int) -> Performance:
        """What the model answer makes of the case, after PyTorch has been asked too."""
        ours = _performed(self.solution, case, seed)
        name = case.name["en"]
        if case.facts is not None:
            if false := [words["en"] for words, holds in case.facts(ours.output, *case.args) if not holds]:
                raise BrokenError(f"{name}: the model answer is refused: {false[0]}")
        elif self.judge.reference is not None:
            theirs = _performed(self.judge.reference, case, seed)
            if found := _verdict(case, names, theirs, ours):
                raise BrokenError(f"{name}: PyTorch disagrees with the model answer: {found.why['en']}")
        return ours

    def _trap(self, case: Case, got: Performance, expected: Performance, seed: int) -> Words:
        """What is said of the first trap that does what the candidate did, and that is not right."""
        plain, names = case._replace(facts=None), [""] * (len(case.args) + len(case.kwargs))
        for trap in self.judge.traps:
            answer = Local(trap.wrong).ask(_asked(case, seed))
            if isinstance(answer, Raised):
                continue
            done = _performance(answer)
            if _verdict(plain, names, expected, done) is None:
                continue
            if _verdict(plain, names, done, got) is None:
                return trap.text
        return {}

    def _trap_that_raises(self, case: Case, raised: Raised, seed: int) -> Words:
        """What is said of the first trap that raises the same."""
        for trap in self.judge.traps:
            answer = Local(trap.wrong).ask(_asked(case, seed))
            if isinstance(answer, Raised) and (answer.sort, answer.message) == (raised.sort, raised.message):
                return trap.text
        return {}

    def _speed(self, case: Case, candidate: Candidate) -> Speed:
        try:
            answer = candidate.ask(msgspec.structs.replace(_asked(case, self.seed), timed=True))
        except GoneError as error:  # what has passed has passed, but fast it is not
            raise BrokenError(str(error)) from error
        theirs = answer.seconds if isinstance(answer, Gave) else 0.0
        args, kwargs, reference = copy.deepcopy(case.args), dict(case.kwargs), self.judge.reference
        return Speed(
            theirs,
            seconds_per_call(self.solution, args, kwargs),
            seconds_per_call(reference, args, kwargs) if reference is not None else 0.0,
        )


def _asked(case: Case, seed: int) -> Ask:
    return Ask(
        args=tuple(packed(value) for value in case.args),
        kwargs={name: packed(value) for name, value in case.kwargs.items()},
        calls=tuple((method, tuple(packed(value) for value in args)) for method, args in case.calls),
        grad=case.grad,
        seed=seed,
    )


def _performance(answer: Gave) -> Performance:
    """What a candidate gave. Bytes that are no tensor are what they are: something strange."""

    def value(sent: Value) -> Any:
        try:
            return unpacked(sent)
        except (ValueError, RuntimeError) as error:
            return Strange(str(error))

    return Performance(value(answer.output), value(answer.after), value(answer.gradients))


def _performed(entry: Callable[..., Any], case: Case, seed: int) -> Performance:
    """What a trusted function makes of a case. Raises BrokenError where it raises."""
    answer = Local(entry).ask(_asked(case, seed))
    if isinstance(answer, Raised):
        raise BrokenError(f"{case.name['en']}: {answer.sort}: {answer.message}")
    return _performance(answer)


def _verdict(case: Case, names: list[str], expected: Performance, got: Performance) -> Difference | None:
    """What is wrong with a performance: its output, arguments that were changed, its gradients."""
    found = _changed(case, names, got) or _of_output(case, expected, got)
    if found is not None or not case.grad:
        return found
    wanted, given = expected.gradients or [], got.gradients or []
    for name, want, have in zip(_leaf_names(case, names), wanted, given, strict=False):
        if (found := _of_gradients(name, want, have, 10 * case.tolerance)) is not None:
            return found
    return None


def _of_gradients(name: str, wanted: Any, given: Any, tolerance: float) -> Difference | None:
    """What is wrong with one gradient; None stands for one that does not reach its argument."""
    if wanted is None and isinstance(given, Tensor) and bool(given.count_nonzero()):
        return Difference(
            {
                "en": f"a gradient reaches {name} that should not: is a detach missing?",
                "zh": f"梯度不该传到 {name}：是不是少了 detach？",
            }
        )
    if wanted is None:
        return None
    if given is None:
        return Difference(
            {
                "en": f"no gradient reaches {name}: is something detached on the way?",
                "zh": f"梯度没有传到 {name}：中间是否有 detach？",
            }
        )
    return difference(wanted, given, tolerance, {"en": f"gradient by {name}", "zh": f"对 {name} 的梯度"})


def _of_output(case: Case, expected: Performance, got: Performance) -> Difference | None:
    if case.facts is None:
        return difference(expected.output, got.output, case.tolerance)
    if (found := unlike(expected.output, got.output)) is not None:
        return found
    false = (words for words, holds in case.facts(got.output, *case.args) if not holds)
    return next((Difference(words) for words in false), None)


def _changed(case: Case, names: list[str], got: Performance) -> Difference | None:
    """The first argument that is not what it was."""
    after = got.after if isinstance(got.after, list) else []
    for name, before, now in zip(names, [*case.args, *case.kwargs.values()], after, strict=False):
        if difference(unpacked(packed(before)), now, 0.0) is not None:
            return Difference(
                {"en": f"the argument {name} was changed in place", "zh": f"原地修改了参数 {name}"}
            )
    return None


def _leaf_names(case: Case, names: list[str]) -> list[str]:
    """The argument that each floating tensor belongs to."""
    values = [*case.args, *case.kwargs.values()]
    return [
        name
        for name, value in zip(names, values, strict=False)
        for tensor in tensors(value)
        if tensor.is_floating_point()
    ]


def _not_by_hand(name: str, line: int) -> CaseResult:
    return CaseResult(
        BY_HAND,
        False,
        {
            "en": f"line {line} uses {name}, which is what this question asks for",
            "zh": f"第 {line} 行直接用了 {name}，而这正是本题要写的",
        },
    )


def load(root: str, check: str, solution: str, seed: int) -> Trial:
    """The judge and the model answer of a pack whose root is on sys.path. Raises BrokenError."""
    try:
        module, _, name = f"answers.{check}".rpartition(".")
        found = getattr(import_module(module), name)
        place, _, answer = solution.partition(":")
        right = getattr(import_module(place), answer)
    except (ImportError, AttributeError) as error:
        raise BrokenError(f"{root}: {error}") from error
    if not isinstance(found, Judge) or not callable(right):
        raise BrokenError(f"{root}: {check} is no judge, or {solution} cannot be called")
    return Trial(found, right, seed)
