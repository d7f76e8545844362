"""The proof of a code question: its starter fails, its model answer passes, each of its traps is recognized.

The starter is judged as any candidate is, in its cage. Model answer and traps are the pack's own code and run
where this module is imported.
"""

from __future__ import annotations

from collections.abc import Iterator

from quizcli.judge.calls.messages import CaseResult, Judgement, Mutants, Proof, Raised
from quizcli.judge.candidate.launcher import Candidate, GoneError, UnstartedError
from quizcli.judge.case import Trap
from quizcli.judge.judging.judging import BrokenError, Trial, load
from quizcli.judge.judging.trusted_functions import Local
from quizcli.judge.self_test.coverage import untried
from quizcli.judge.self_test.effort import too_large
from quizcli.judge.self_test.mutation.survivors import judge_mutants
from quizcli.judge.self_test.mutation.wrapped import right_forms
from quizcli.judge.self_test.sides import untried_sides
from quizcli.text import tr, words

_TRAPPED = 10  # seeds, at most, with which each trap must be told: there are many more traps than answers
_MUTATED = 3  # seeds, at most, with which each mutant must be refused


def prove_question(judgement: Judgement, candidate: Candidate) -> Iterator[Proof | None]:
    """What is wrong with a code question; nothing where it is sound. What is judged is its starter.

    Many seeds take long: None after each says that it goes on.
    """
    faults: list[str] = []
    figures: Mutants | None = None
    try:
        kept: list[Trial] = []  # not all: each holds what its candidates made of its cases
        for k in range(judgement.rounds):
            trial = load(judgement, judgement.seed + k)
            faults += _of_solution(trial)
            for trap in trial.judge.traps if k < _TRAPPED else ():
                faults += _of_trap(trial, trap)
            kept += [trial] if k < _MUTATED else []
            yield None
        faults += untried(kept[0], judgement.source.text, judgement.source.entry)
        faults += _of_starter(kept[0], judgement, candidate)
        if judgement.mutants is not None:
            figures, survivors = judge_mutants(kept, judgement.mutants or None)
            faults += [*survivors, *untried_sides(kept[0]), *too_large(kept[0])]
    except (BrokenError, UnstartedError) as error:
        faults.append(str(error))
    yield Proof(tuple(faults), figures)


def _of_solution(trial: Trial) -> Iterator[str]:
    """The model answer must pass, in every precision that is allowed."""
    for form, entry in right_forms(trial):
        results = [news for news in trial.run(Local(entry)) if isinstance(news, CaseResult)]
        for result in results:
            if not result.passed:
                told = words(result.why) or (result.raised.message if result.raised else "")
                at = f"{words(result.name)} (seed {trial.seed}{form and ', '}{form}): {told}"
                yield tr(f"the model answer fails: {at}", f"参考答案未通过：{at}")


def _of_trap(trial: Trial, trap: Trap) -> Iterator[str]:
    """A trap must fail, and be told by its own text."""
    name = words(trap.text)
    results = [news for news in trial.run(Local(trap.wrong)) if isinstance(news, CaseResult)]
    if results[-1].passed:
        yield tr(
            f"the trap passes: {name} (seed {trial.seed})", f"陷阱通过了评判：{name}（种子 {trial.seed}）"
        )
    elif results[-1].trap != trap.text:
        taken = words(results[-1].trap) or tr("nothing known", "未知错误")
        yield tr(
            f"the trap {name!r} is taken for: {taken} (seed {trial.seed})",
            f"陷阱“{name}”被认作：{taken}（种子 {trial.seed}）",
        )


def _of_starter(trial: Trial, judgement: Judgement, candidate: Candidate) -> Iterator[str]:
    try:
        answer = candidate.load(judgement.source)
    except GoneError as error:
        yield tr(f"the starter does not load: {error}", f"起始代码无法载入：{error}")
        return
    if isinstance(answer, Raised):
        told = f"{answer.sort}: {answer.message} ({answer.line})"
        yield tr(f"the starter does not load: {told}", f"起始代码无法载入：{told}")
        return
    source = judgement.source
    results = [r for r in trial.run(candidate, source.text, source.entry) if isinstance(r, CaseResult)]
    if all(result.passed for result in results):
        yield tr("the starter passes: it gives the answer away", "起始代码直接通过了，泄露了答案")
