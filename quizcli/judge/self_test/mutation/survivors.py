"""Which mutants of a model answer a judge lets through, and which of them compute the same."""

from __future__ import annotations

import random
import signal
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from quizcli.judge.calls.messages import Mutants
from quizcli.judge.case import Case
from quizcli.judge.judging.judging import Examination, Expected, Trial
from quizcli.judge.judging.trusted_functions import Local
from quizcli.judge.self_test.mutation.mutants import Mutant, mutants
from quizcli.judge.self_test.mutation.wrapped import wrong_around
from quizcli.text import tr

_PATIENCE = 3  # seconds for one mutant and one seed: it may never end

ExpectedCases = list[tuple[Case, Expected]]


class _Endless(BaseException):
    """A mutant runs on and on."""


def judge_mutants(trials: Sequence[Trial], sample: int | None = None) -> tuple[Mutants, list[str]]:
    """The figures, and what is wrong: survivors without a reason, reasons without a survivor.

    A mutant is killed when it is refused with every trial's seed: one that passes with some is a verdict by
    chance. `sample`: only so many mutants, drawn by the first trial's seed.
    """
    first = trials[0]
    every = [*mutants(first.solution), *wrong_around(first)]
    if sample is not None and len(every) > sample:
        every = random.Random(first.seed).sample(every, sample)
    prepared = [[(c, trial.expect(c, number)) for number, c in trial.draw_cases()] for trial in trials]
    known = first.judge.equivalent
    killed, faults, survived = 0, [], set()
    for mutant in every:
        passes = [t.seed for t, cases in zip(trials, prepared, strict=True) if not _refused(mutant, t, cases)]
        if not passes:
            killed += 1
            continue
        survived.add(mutant.name)
        if mutant.name not in known:
            seeds = "" if len(passes) == len(trials) else f" (seed {', '.join(map(str, passes))})"
            told = tr(f"a mutant passes{seeds}: {mutant.name}", f"变异体通过了评判{seeds}：{mutant.name}")
            faults.append(told)
    if sample is None:
        for name in known:
            if name not in survived:
                told = tr(f"no mutant that passes: {name}", f"没有这样通过的变异体：{name}")
                faults.append(told)
    return Mutants(len(every), killed, len(survived & set(known))), faults


def _refused(mutant: Mutant, trial: Trial, prepared: ExpectedCases) -> bool:
    """Whether the judge refuses it, or it never ends."""
    try:
        with warnings.catch_warnings(), _at_most(_PATIENCE):
            warnings.simplefilter("ignore")
            sitting = Examination(Local(mutant.build()))
            return any(not trial.judge_case(case, expected, sitting)[0].passed for case, expected in prepared)
    except _Endless:
        return True


@contextmanager
def _at_most(seconds: float) -> Iterator[None]:
    """Raise _Endless after so many seconds; where the system has no timer, wait."""
    if not hasattr(signal, "setitimer"):
        yield
        return

    def stop(number: int, frame: object) -> None:
        raise _Endless

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
