"""`quizcli bank check --run`: every code question of a pack is proved by running it."""

from __future__ import annotations

import sys

from quizcli.bank.examine import Target
from quizcli.bank.mistake import Mistake
from quizcli.bank.packs import load
from quizcli.bank.trust import trusted
from quizcli.bank.types import Bank, Code
from quizcli.cli.editing import line_of
from quizcli.demo.launcher import environment
from quizcli.judge.launcher import Referee, unless_refused
from quizcli.judge.wire import Judgement, Over, Proof, Source
from quizcli.permit import Permit
from quizcli.screen.door import steer
from quizcli.settings import Settings

SEED = 1


def unsound(target: Target, settings: Settings) -> list[Mistake]:
    """What is wrong with each code question of the target, at its place. Progress goes to stderr.

    Raises QuizError where the pack's code is not trusted.
    """
    banks = [bank for bank in load(target.pack, None).banks if target.only in ("", bank.path)]
    codes = [(bank, question) for bank in banks for question in bank.questions if isinstance(question, Code)]
    if not codes:
        return []
    permit = trusted(target.pack, settings)
    mistakes: list[Mistake] = []
    with Referee(environment(settings)) as referee:
        for number, (bank, question) in enumerate(codes, start=1):
            if sys.stderr.isatty():
                steer(sys.stderr, "\r\x1b[2K")
                print(f"{number}/{len(codes)} {question.id}", end="", file=sys.stderr, flush=True)
            mistakes += _faults(target, bank, question, referee, permit)
    if sys.stderr.isatty():
        steer(sys.stderr, "\r\x1b[2K")
    return mistakes


def _faults(target: Target, bank: Bank, question: Code, referee: Referee, permit: Permit) -> list[Mistake]:
    source = Source(str(question.starter), f"{question.id}.py", question.entry)
    request = Judgement(
        str(target.pack.root), question.check, question.solution, source, SEED, prove=True, permit=permit
    )
    told: list[str] = []
    for news in unless_refused(referee.judge(request)):
        if isinstance(news, Proof):
            told += news.faults
        elif isinstance(news, Over):  # the referee's process has ended
            told.append(news.broken)
    line = line_of(target.pack.root / bank.path, question.id)
    return [Mistake(bank.path, line, 1, question.id, message) for message in told]
