"""The proof of a code question: its starter fails, its model answer passes, each of its traps is recognized.

The starter is judged as any candidate is, in its cage. Model answer and traps are the pack's own code and run
where this module is imported.
"""

from __future__ import annotations

from collections.abc import Iterator

from quizcli.judge.case import Trap
from quizcli.judge.child import Candidate, GoneError
from quizcli.judge.trial import BrokenError, Local, Trial, load
from quizcli.judge.wire import CaseResult, Judgement, Raised

ROUNDS = 3  # seeds that the model answer must pass and each trap must fall into


def faults(judgement: Judgement, candidate: Candidate) -> Iterator[str]:
    """What is wrong with a code question, in English; nothing where it is sound. It judges the starter."""
    try:
        trials = [
            load(judgement.root, judgement.check, judgement.solution, judgement.seed + k)
            for k in range(ROUNDS)
        ]
        for trial in trials:
            yield from _of_solution(trial)
        for trap in trials[0].judge.traps:
            yield from _of_trap(trials, trap)
        yield from _of_starter(trials[0], judgement, candidate)
    except BrokenError as error:
        yield str(error)


def _of_solution(trial: Trial) -> Iterator[str]:
    results = [news for news in trial.run(Local(trial.solution)) if isinstance(news, CaseResult)]
    if not results:
        yield "the judge has no cases"
    for result in results:
        if not result.passed:
            told = result.why.get("en") or (result.raised.message if result.raised else "")
            yield f"the model answer fails {result.name['en']!r} (seed {trial.seed}): {told}"


def _of_trap(trials: list[Trial], trap: Trap) -> Iterator[str]:
    """A trap must fail for every seed, and be told by its own text (or by that of a fact that it breaks)."""
    for trial in trials:
        results = [news for news in trial.run(Local(trap.wrong)) if isinstance(news, CaseResult)]
        last = results[-1]
        if last.passed:
            yield f"the trap {trap.text['en']!r} passes (seed {trial.seed})"
        elif last.trap != trap.text:
            taken = last.trap.get("en") or "nothing known"
            yield f"the trap {trap.text['en']!r} is taken for {taken!r} (seed {trial.seed})"


def _of_starter(trial: Trial, judgement: Judgement, candidate: Candidate) -> Iterator[str]:
    try:
        answer = candidate.load(judgement.source)
    except GoneError as error:
        yield f"the starter does not load: {error}"
        return
    if isinstance(answer, Raised):
        yield f"the starter does not load: {answer.sort}: {answer.message} (line {answer.line})"
        return
    source = judgement.source
    results = [r for r in trial.run(candidate, source.text, source.entry) if isinstance(r, CaseResult)]
    if all(result.passed for result in results):
        yield "the starter passes: it gives the answer away"
