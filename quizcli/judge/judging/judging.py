"""One judgement: every case asked of the candidate, and compared with what the model answer makes of it."""

from __future__ import annotations

import copy
import inspect
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from importlib import import_module
from typing import Any, Protocol

import torch
from msgspec import structs

from quizcli.demo.events import Words
from quizcli.judge.calls.call import GO_ON, Performance, seconds_per_call
from quizcli.judge.calls.messages import Ask, CaseResult, Gave, Judgement, Raised, Reply, Speed
from quizcli.judge.calls.tensor_codec import tensors
from quizcli.judge.calls.watch import THREADS
from quizcli.judge.candidate.launcher import GoneError
from quizcli.judge.case import Case, Judge, Trap
from quizcli.judge.judging.compare import Difference, Rules
from quizcli.judge.judging.examine import (
    ALWAYS_THE_SAME,
    PUT_BACK,
    compare_draws,
    compare_row,
    compare_starts,
    examine,
    not_again,
)
from quizcli.judge.judging.repeats import with_other_numbers
from quizcli.judge.judging.side_effects import LEFT_CHANGED, RESEEDED, States, left_changed, reseeded
from quizcli.judge.judging.single_precision import in_single
from quizcli.judge.judging.source_rules import parameters
from quizcli.judge.judging.tensor_window import arguments, steps
from quizcli.judge.judging.traps import CandidateResult, TrapResult, name_mistake, try_trap
from quizcli.judge.judging.trusted_functions import Local, ask_of, performance
from quizcli.text import tr

BY_HAND = {"en": "written by hand", "zh": "亲手实现"}
_SEEDS = 1000  # more than there are cases, and than a case has draws
# They say all there is to say, and are no mistakes of the question.
_SAY_ALL = (ALWAYS_THE_SAME, PUT_BACK, *RESEEDED.values(), *LEFT_CHANGED.values())
_LOOK_ON = 1.0  # seconds for the cases after the first that fails: they tell which mistake it was
_SMALL = 400  # elements: at 1,800 steps in a second loops over them take some seconds
_LOOKED = 6  # cases in which each operator is looked at: what is used is used in most of them
_SLOW = 0.5  # seconds of a call that need not be measured again


Expected = list[tuple[int, Performance]]  # seed of a call, and what the model answer makes of it


class BrokenError(Exception):
    """The judge itself is wrong: it and PyTorch disagree, or it cannot draw its cases."""


class Judged(Protocol):
    """Who is judged: a process, or in the check of a bank a function."""

    def ask(self, call: Ask) -> Reply:
        """Call the entry."""
        ...


@dataclass
class Examination:
    """Somebody who is judged, and what is known of them from case to case."""

    candidate: Judged
    names: Sequence[str] = ()  # what they call the arguments
    states: States = field(default_factory=dict)  # of the generators after a call, by the seed before it
    looked: int = 0  # cases in which each operator was looked at


class Trial:
    """A judge, the model answer that it knows, and what the question says is judged.

    Cases, and what model answer and traps make of them, are kept: a proof has many candidates for one trial.
    """

    def __init__(
        self,
        judge: Judge,
        solution: Callable[..., Any],
        seed: int,
        judged: tuple[str, ...] = (),
        avoid: tuple[str, ...] = (),
    ) -> None:
        self.judge = judge
        self.solution = solution
        self.seed = seed
        self.judged = judged
        self.avoid = avoid
        self._to_draw: Iterator[tuple[int, Case]] | None = None
        self._drawn: list[tuple[int, Case]] = []
        self._expected: dict[int, Expected] = {}
        self._traps: dict[tuple[int, int], TrapResult] = {}
        self._singles: dict[int, tuple[Case, Expected] | None] = {}  # by the case, in float32
        self._second: Trial | None = None  # the same with another seed

    @property
    def rules(self) -> Rules:
        """What is compared beside the values."""
        return Rules("dtype" in self.judged, "precision" in self.judged)

    def run(self, candidate: Judged, text: str = "", entry: str = "") -> Iterator[CaseResult | Speed]:
        """Judge until the first case that fails; where all pass, tell how fast. Raises BrokenError.

        `text` is the candidate's source: the names of the arguments of its `entry` are looked up in it.
        """
        sitting = Examination(candidate, _names(text, entry, self.solution))
        passed: list[CandidateResult] = []
        cases = self.draw_cases()
        for number, case in cases:
            result, outcome = self.judge_case(case, self.expect(case, number), sitting)
            if not result.passed:
                # a seed inside says all there is to say; its numbers would fit a trap by chance
                if outcome is not None and result.why not in _SAY_ALL:
                    outcomes = [*passed, outcome, *self._others(cases, sitting)]
                    trap = name_mistake(self.judge.traps, outcomes, self.rules, self._tried)
                    result = structs.replace(result, trap=trap)
                yield result
                return
            yield result
            passed += [outcome] if outcome is not None else []
        sitting = replace(sitting, looked=0)
        for second, number, case in self._with_other_numbers():
            result, _ = second.judge_case(case, second.expect(case, number), sitting)
            if not result.passed:
                yield structs.replace(result, name=_again(case.name))
                return
        if text and (failed := self._from_the_start(candidate)):
            yield failed
            return
        if text and self.avoid:
            yield CaseResult(BY_HAND, True)
        for outcome in passed:
            if outcome.case.timed:
                yield from self._speed(outcome, candidate)

    def draw_cases(self) -> Iterator[tuple[int, Case]]:
        """The cases of this seed, numbered. Raises whatever the judge raises, each time; BrokenError too."""
        for place in range(_SEEDS):
            if place == len(self._drawn):
                try:
                    if self._to_draw is None:
                        random = torch.Generator().manual_seed(self.seed)
                        self._to_draw = enumerate(self.judge.cases(random))
                    self._drawn.append(next(self._to_draw))
                except StopIteration:
                    if not self._drawn:
                        raise BrokenError(tr("the judge has no cases", "评判没有任何用例")) from None
                    return
                except BaseException:
                    # Else the next one would be judged by the cases before it, and no word of the rest.
                    self._to_draw, self._drawn = None, []
                    raise
            yield self._drawn[place]
        raise BrokenError(tr(f"more than {_SEEDS} cases: without end?", f"用例超过 {_SEEDS} 个：没有尽头？"))

    def _with_other_numbers(self) -> Iterator[tuple[Trial, int, Case]]:
        if self._second is None:
            self._second = Trial(self.judge, self.solution, self.seed + _SEEDS, self.judged, self.avoid)
        for number, case in with_other_numbers(self.draw_cases(), self._second.draw_cases()):
            yield self._second, number, case

    def prepare(self) -> Iterator[None]:
        """Do ahead, step by step, what a judgement waits for. Raises BrokenError."""
        for number, case in self.draw_cases():
            self.expect(case, number)
            yield
        for second, number, case in self._with_other_numbers():
            second.expect(case, number)
            yield

    def expect(self, case: Case, number: int) -> Expected:
        """Seed and performance of the model answer, once or for every draw, after PyTorch has been asked too.

        Raises BrokenError.
        """
        if number not in self._expected:
            self._expected[number] = self._right(case, number)
        return self._expected[number]

    def _right(self, case: Case, number: int) -> Expected:
        first = (self.seed + number) * _SEEDS
        seeds = [first + draw for draw in range(1 if case.facts is None else max(case.draws, 2))]
        ours = [_performed(self.solution, case, seed) for seed in seeds]
        names, name = [""] * (len(case.args) + len(case.kwargs)), case.name["en"]
        if case.facts is not None:
            # the model answer too must make the facts true
            found = next(filter(None, (examine(case, names, o, o, self.rules) for o in ours)), None)
            if found := found or compare_draws(case, ours, ours):
                raise BrokenError(f"{name}: the model answer is refused: {found.why['en']}")
        elif self.judge.reference is not None:
            theirs = _performed(self.judge.reference, case, seeds[0])
            if found := examine(case, names, theirs, ours[0], self.rules):
                raise BrokenError(f"{name}: PyTorch disagrees with the model answer: {found.why['en']}")
        return list(zip(seeds, ours, strict=True))

    def judge_case(
        self,
        case: Case,
        expected: Expected,
        sitting: Examination,
    ) -> tuple[CaseResult, CandidateResult | None]:
        """One case, and what came of it where the candidate answered."""
        names = _as_given(case, sitting.names)
        seeds, ours = [seed for seed, _ in expected], [done for _, done in expected]
        got: list[Performance] = []
        looked_at = bool(self.avoid) and sitting.looked < _LOOKED and _is_small(case, ours[0])
        sitting.looked += looked_at
        for seed in seeds:
            try:
                answer = sitting.candidate.ask(ask_of(case, seed, looked_at))
            except GoneError as error:
                return CaseResult(case.name, False, {"en": str(error), "zh": str(error)}), None
            if isinstance(answer, Raised):
                if (asked := self._asked_for(case, seeds)) is not None:
                    return self.judge_case(*asked, sitting)
                outcome = CandidateResult(case, tuple(seeds), tuple(ours), (), answer, passed=False)
                return CaseResult(case.name, False, raised=answer), outcome
            if answer.used is not None:
                return _not_by_hand(*answer.used), None
            got.append(performance(answer))
        found = next(
            filter(None, (examine(case, names, e, g, self.rules) for e, g in zip(ours, got, strict=True))),
            None,
        )
        if found is None and case.facts is not None:
            found = compare_draws(case, ours, got)
            # what is wrong with a call that nobody seeded is no known mistake
            if found is None and (again := self._in_a_row(case, ours, got, names, sitting.candidate)):
                return CaseResult(case.name, False, again.why, grids=again.grids), None
        found = found or reseeded(seeds, ours, got, sitting.states) or left_changed(got)
        outcome = CandidateResult(case, tuple(seeds), tuple(ours), tuple(got), None, found is None)
        if found is None:
            return CaseResult(case.name, True), outcome
        given = arguments(names, [*copy.deepcopy(case.args), *case.kwargs.values()])
        given += steps([(call.method, call.args) for call in case.calls])
        return CaseResult(case.name, False, found.why, grids=(*given, *found.grids)), outcome

    def _asked_for(self, case: Case, seeds: Sequence[int]) -> tuple[Case, Expected] | None:
        """The case in float32, and what is right there; None where it is so, or dtypes are judged."""
        if self.rules.dtype or self.rules.precision:
            return None
        if id(case) not in self._singles:  # which lives as long as this
            single = in_single(case)
            self._singles[id(case)] = single and (
                single,
                [(seed, _performed(self.solution, single, seed)) for seed in seeds],
            )
        return self._singles[id(case)]

    def _in_a_row(
        self,
        case: Case,
        ours: list[Performance],
        got: list[Performance],
        names: Sequence[str],
        candidate: Judged,
    ) -> Difference | None:
        """What is wrong where a random function is called again, and nobody has set a seed meanwhile.

        Each of these calls must be as right as the first ones: what raises or does not come is wrong.
        """
        case = case._replace(grad=False, slopes=None)  # gradients are weighted by the seed
        row = got[-1:]
        for _ in got[1:]:
            try:
                answer = candidate.ask(ask_of(case, GO_ON))
            except GoneError as error:
                return not_again(str(error))
            if isinstance(answer, Raised):
                return not_again(f"{answer.sort}: {answer.message}")
            done = performance(answer)
            if found := examine(case, names, ours[-1], done, self.rules):
                return found
            row.append(done)
        return compare_row(ours, row)

    def _from_the_start(self, candidate: Judged) -> CaseResult | None:
        """The first random case, if somebody draws the same for it in every process, whatever the seed."""
        for number, case in self.draw_cases():
            seeds, ours = zip(*self.expect(case, number)[:2], strict=True)
            if case.facts is None or compare_starts(ours, ours[:1]) is None:
                continue
            try:
                answers = [candidate.ask(structs.replace(ask_of(case, seed), anew=True)) for seed in seeds]
            except GoneError:
                return None  # it may not be able to begin twice; what it was asked for, it has done
            got = [performance(answer) for answer in answers if isinstance(answer, Gave)]
            found = compare_starts(ours, got) if len(got) == len(ours) else None
            return found and CaseResult(case.name, False, found.why)
        return None

    def _others(self, cases: Iterator[tuple[int, Case]], sitting: Examination) -> Iterator[CandidateResult]:
        """What the candidate makes of the cases to come: they tell one mistake from another."""
        end = time.monotonic() + _LOOK_ON
        for number, case in cases:
            if time.monotonic() > end:
                return
            if not case.timed:
                _, outcome = self.judge_case(case, self.expect(case, number), replace(sitting, states={}))
                if outcome is None:
                    return
                yield outcome

    def _tried(self, trap: Trap, outcome: CandidateResult) -> TrapResult:
        """What a trap makes of a case."""
        key = id(trap), id(outcome.case)  # both live as long as this
        if key not in self._traps:
            self._traps[key] = try_trap(trap, outcome, self.rules)
        return self._traps[key]

    def _speed(self, timed: CandidateResult, candidate: Judged) -> Iterator[Speed]:
        """How long a call takes. Who is right need not be fast; who is slow is not asked again."""
        case, theirs = timed.case, timed.got[0].seconds
        if theirs < _SLOW:
            try:
                answer = candidate.ask(structs.replace(ask_of(case, self.seed), timed=True))
            except GoneError:
                return
            theirs = answer.seconds if isinstance(answer, Gave) and answer.seconds > 0 else theirs
        args, kwargs, reference = copy.deepcopy(case.args), dict(case.kwargs), self.judge.reference
        yield Speed(
            theirs,
            seconds_per_call(self.solution, args, kwargs),
            seconds_per_call(reference, args, kwargs) if reference is not None else 0.0,
        )


def _names(text: str, entry: str, solution: Callable[..., Any]) -> list[str]:
    """What the person calls the arguments; f(x, *rest) names fewer than it is given."""
    own = parameters(text, entry)
    return [*own, *list(inspect.signature(solution).parameters)[len(own) :]]


def _is_small(case: Case, right: Performance) -> bool:
    """Whether there is time to look at each operator that even loops over its elements run."""
    given = [*case.args, *case.kwargs.values(), *(call.args for call in case.calls), right.output]
    return sum(tensor.numel() for tensor in tensors(given)) <= _SMALL


def _again(name: Words) -> Words:
    return {"en": f"{name['en']}, called again with other numbers", "zh": f"{name['zh']}，换一组数再次调用"}


def _as_given(case: Case, names: Sequence[str]) -> list[str]:
    """The name of each argument of a case."""
    count = len(case.args)
    return [*[*names, *[""] * count][:count], *case.kwargs]


def _performed(entry: Callable[..., Any], case: Case, seed: int) -> Performance:
    """What a trusted function makes of a case. Raises BrokenError where it raises."""
    answer = Local(entry).ask(ask_of(case, seed))
    if isinstance(answer, Raised):
        raise BrokenError(f"{case.name['en']}: {answer.sort}: {answer.message}")
    return performance(answer)


def _not_by_hand(name: str, line: int) -> CaseResult:
    en, zh = (f"line {line}", f"第 {line} 行") if line else ("it", "代码")
    if name == THREADS:
        why = {
            "en": f"{en} starts a thread, where nobody sees whether it is written by hand: do without one",
            "zh": f"{zh}启动了线程，而在线程里无法看出是否亲手实现：请不要使用线程",
        }
    else:
        why = {
            "en": f"{en} uses {name}, which this question asks you to do without",
            "zh": f"{zh}用了 {name}，而本题要求不用它",
        }
    return CaseResult(BY_HAND, False, why)


def load(judgement: Judgement, seed: int) -> Trial:
    """The judge and the model answer of a pack whose root is on sys.path. Raises BrokenError."""
    root, check, solution = judgement.root, judgement.check, judgement.solution
    try:
        module, _, name = f"answers.{check}".rpartition(".")
        found = getattr(import_module(module), name)
        place, _, answer = solution.partition(":")
        right = getattr(import_module(place), answer)
    except (ImportError, AttributeError) as error:
        raise BrokenError(f"{root}: {error}") from error
    if not isinstance(found, Judge) or not callable(right):
        raise BrokenError(f"{root}: {check} is no judge, or {solution} cannot be called")
    return Trial(found, right, seed, judgement.judged, judgement.source.avoid)
