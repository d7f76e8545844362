"""Which known mistake a candidate has made: the one that does what it did in every case, not just in one."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor

from quizcli.demo.events import Words
from quizcli.judge.calls.call import Performance
from quizcli.judge.calls.messages import Raised
from quizcli.judge.case import Case, Trap
from quizcli.judge.judging.compare import Rules
from quizcli.judge.judging.examine import examine, false_facts
from quizcli.judge.judging.trusted_functions import Local, ask_of, performance

_TELLING = 0.05  # how far apart the numbers of one mistake may be, by chance


class CandidateResult(NamedTuple):
    """What a candidate made of a case, called once, or as often as its facts need, with these seeds."""

    case: Case
    seeds: tuple[int, ...]
    expected: tuple[Performance, ...]
    got: tuple[Performance, ...]  # () where it raised
    raised: Raised | None
    passed: bool


Try = Callable[[Trap, "CandidateResult"], "TrapResult"]


class TrapResult(NamedTuple):
    """What a trap makes of a case; of a case without facts, whether that is right."""

    done: tuple[Performance, ...]
    raised: Raised | None
    right: bool = False


def try_trap(trap: Trap, outcome: CandidateResult, rules: Rules) -> TrapResult:
    """Have a trap do what the candidate did."""
    local = Local(trap.wrong)
    answers = [local.ask(ask_of(outcome.case, seed)) for seed in outcome.seeds]
    raised = next((answer for answer in answers if isinstance(answer, Raised)), None)
    done = tuple(performance(answer) for answer in answers if not isinstance(answer, Raised))
    if raised is not None or outcome.case.facts is not None:
        return TrapResult(done, raised)
    right = all(_equal(outcome.case, e, d, rules) for e, d in zip(outcome.expected, done, strict=True))
    return TrapResult(done, None, right)


def name_mistake(
    traps: Iterable[Trap], outcomes: Sequence[CandidateResult], rules: Rules, tried: Try
) -> Words:
    """What is said of the trap that fits all outcomes; nothing where none does, or where only facts fit two.

    Of two traps that computed the same in every case the first is named: they are written down by likelihood.
    Traps that say the same are one mistake, however many are its forms. One mistake may raise or give NaN, as
    it is written; so more than what was raised must speak for it. `tried` tells what a trap makes of a case.
    """
    weak: list[Words] = []
    for trap in traps:
        fits = list(_fits(trap, outcomes, rules, tried))
        failed = {fit for fit, passed in fits if not passed}
        if not all(fit for fit, _ in fits) or failed == {"raised"}:
            continue
        if "alike" not in failed:
            return trap.text
        if trap.text not in weak:
            weak.append(trap.text)
    return weak[0] if len(weak) == 1 else {}


def _fits(
    trap: Trap, outcomes: Sequence[CandidateResult], rules: Rules, tried: Try
) -> Iterator[tuple[str, bool]]:
    """How a trap fits each outcome, and whether that passed: failed ones first, up to one it does not fit."""
    for outcome in sorted(outcomes, key=lambda outcome: outcome.passed):
        fit = _fit(outcome, tried(trap, outcome), rules)
        yield fit, outcome.passed
        if not fit:
            return


def _fit(outcome: CandidateResult, tried: TrapResult, rules: Rules) -> str:
    """Whether a trap did the "same"; of a random output perhaps only "alike": it breaks the same facts.

    Where one of them raised, and the other at least went wrong: "raised".
    """
    case = outcome.case
    if tried.raised is not None or outcome.raised is not None:
        theirs, ours = outcome.raised, tried.raised
        if (
            theirs is not None
            and ours is not None
            and (theirs.sort, theirs.message) == (ours.sort, ours.message)
        ):
            return "same"
        return "" if outcome.passed or tried.right else "raised"
    if case.facts is None and (tried.right or outcome.passed):
        return "same" if tried.right and outcome.passed else ""
    if all(_equal(case, d, g, rules) for d, g in zip(tried.done, outcome.got, strict=True)):
        return "same"
    false = false_facts(case, outcome.expected[0], tried.done)
    if false is None or false != false_facts(case, outcome.expected[0], outcome.got):
        return ""
    return "alike" if _tells_the_same(case, tried.done, outcome.got) else ""


def _tells_the_same(case: Case, one: Sequence[Performance], other: Sequence[Performance]) -> bool:
    """Whether what random outputs tell of a mistake agrees, on the average of all draws."""
    if case.telling is None:
        return True

    def told(done: Sequence[Performance]) -> list[float]:
        each = [tuple(case.telling(p.output, *case.args, **case.kwargs)) for p in done]  # type: ignore[misc]
        return [math.fsum(numbers) / len(each) for numbers in zip(*each, strict=True)]

    pairs = zip(told(one), told(other), strict=True)
    return all(math.isclose(a, b, rel_tol=_TELLING) or (math.isnan(a) and math.isnan(b)) for a, b in pairs)


def _equal(case: Case, one: Performance, other: Performance, rules: Rules) -> bool:
    """Whether two performances agree. NaN and ∞ are taken for the same: which of them comes is chance."""
    plain = case._replace(facts=None, spread=None, slopes=None)
    names = [""] * (len(case.args) + len(case.kwargs))
    return examine(plain, names, _coarse(one), _coarse(other), rules) is None


def _coarse(done: Performance) -> Performance:
    gradients = None if done.gradients is None else [_finite(value) for value in done.gradients]
    return done._replace(output=_finite(done.output), gradients=gradients)


def _finite(value: Any) -> Any:
    if isinstance(value, Tensor) and value.is_floating_point():
        return value.where(value.isfinite(), torch.nan)
    if isinstance(value, float):
        return value if abs(value) < float("inf") else float("nan")
    if isinstance(value, tuple | list):
        return [_finite(item) for item in value]
    return {key: _finite(item) for key, item in value.items()} if isinstance(value, dict) else value
