"""`quizcli bank check --run`: every code question of a pack is proved by running it."""

from __future__ import annotations

import sys
from collections.abc import Iterable

from msgspec import Struct
from msgspec.structs import replace

from quizcli.bank.diagnostic import Mistake
from quizcli.bank.types import Code
from quizcli.demo.launcher import environment
from quizcli.errors import ExitStatus, QuizError
from quizcli.judge.calls.messages import Mutants, Over, Proof
from quizcli.judge.referee.launcher import Referee, unless_refused
from quizcli.judge.request import judgement_of
from quizcli.packs.check import Target
from quizcli.packs.pack import load
from quizcli.packs.trust import require_trust
from quizcli.permit import Permit
from quizcli.screen.terminal.clean_stream import steer
from quizcli.session.reword import line_of
from quizcli.settings import Settings
from quizcli.text import tr

SEED = 1


class Thoroughness(Struct, frozen=True):
    """How thoroughly: with so many seeds; with mutants (0: all) or without; one question or all."""

    seeds: int = 3
    mutants: int | None = None
    only: str = ""


class Proved(Struct, frozen=True):
    """What came of it: how many code questions were run, what is wrong, what became of the mutants."""

    questions: int = 0
    mistakes: tuple[Mistake, ...] = ()
    mutants: Mutants | None = None


def prove(target: Target, settings: Settings, plan: Thoroughness) -> Proved:
    """Prove the code questions of a target, each mistake at its place. Progress goes to stderr.

    Raises QuizError where the pack's code is not trusted, or where there is no question of that id.
    """
    banks = [bank for bank in load(target.pack, None).banks if target.only in ("", bank.path)]
    codes = [(bank, question) for bank in banks for question in bank.questions if isinstance(question, Code)]
    if plan.only:
        codes = [(bank, question) for bank, question in codes if question.id == plan.only]
        if not codes:
            message = tr(f"no code question {plan.only!r} here", f"这里没有代码题 {plan.only!r}")
            raise QuizError(
                message, tr("`quizcli code` lists them.", "`quizcli code` 列出全部代码题。"), ExitStatus.USAGE
            )
    if not codes:
        return Proved()
    permit = require_trust(target.pack, settings)
    mistakes: list[Mistake] = []
    figures: list[Mutants] = []
    referee = Referee(environment(settings))
    try:
        for number, (bank, question) in enumerate(codes, start=1):
            _progress(f"{number}/{len(codes)} {question.id}")
            if not referee.alive:  # a judge has ended its process: the next one needs another
                referee.close()
                referee = Referee(environment(settings))
            told, mutants = _proof(target, question, referee, plan, permit)
            line = line_of(target.pack.root / bank.path, question.id)
            mistakes += [Mistake(bank.path, line, 1, question.id, message) for message in told]
            figures += [mutants] if mutants is not None else []
    finally:
        referee.close()
        _progress("")
    return Proved(len(codes), tuple(mistakes), total(figures))


def total(figures: Iterable[Mutants | None]) -> Mutants | None:
    """The sum of what is there; None where nothing is."""
    there = [figure for figure in figures if figure is not None]
    if not there:
        return None
    return Mutants(
        sum(figure.made for figure in there),
        sum(figure.killed for figure in there),
        sum(figure.equivalent for figure in there),
    )


def _proof(
    target: Target, question: Code, referee: Referee, plan: Thoroughness, permit: Permit
) -> tuple[list[str], Mutants | None]:
    starter, file = str(question.starter), f"{question.id}.py"
    request = judgement_of(question, target.pack.root, starter, file, permit, SEED)
    told: list[str] = []
    mutants: Mutants | None = None
    request = replace(request, prove=True, rounds=plan.seeds, mutants=plan.mutants)
    for news in unless_refused(referee.judge(request)):
        if isinstance(news, Proof):
            told += news.faults
            mutants = news.mutants
        elif isinstance(news, Over):  # the referee's process has ended
            told.append(news.broken)
    return told, mutants


def _progress(told: str) -> None:
    if sys.stderr.isatty():
        steer(sys.stderr, "\r\x1b[2K")
        print(told, end="", file=sys.stderr, flush=True)
