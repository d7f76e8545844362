"""The referee's process: it holds the judges and the model answers, and one warm candidate in reserve.

It reads Judgements from stdin and answers each with CaseResults, perhaps a Speed, and an Over, in frames on
what was its stdout. It ends when stdin ends.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import msgspec

from quizcli.demo.room import Room, make_room
from quizcli.demo.wire import frame, read_frame
from quizcli.errors import QuizError
from quizcli.judge.child import Candidate, GoneError
from quizcli.judge.trial import BrokenError, Trial, load
from quizcli.judge.wire import CaseResult, Judgement, News, Over, Raised, Speed
from quizcli.settings import load_settings
from quizcli.text import use_language

LOADED = {"en": "the file loads", "zh": "文件可以载入"}


def main() -> NoReturn:
    """Warm up, a candidate beside; then judge until stdin ends."""
    inlet, outlet = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(2, 1)
    use_language(load_settings().lang)
    reserve = Candidate()
    import torch

    torch.set_num_threads(1)
    torch.optim.SGD([torch.zeros(1)])  # that import alone takes two seconds, and some references need it
    outlet.write(frame(b""))
    outlet.flush()
    served: Judgement | None = None
    try:
        while (payload := read_frame(inlet)) is not None:
            judgement = msgspec.msgpack.decode(payload, type=Judgement)
            # The modules of a pack stay loaded, as they were trusted, until another pack is served or the
            # person trusts other code.
            if served is None or (served.root, served.permit) != (judgement.root, judgement.permit):
                room = make_room(Path(judgement.root), judgement.permit)
                served = judgement
            for news in ruled(judgement, reserve, room):
                outlet.write(frame(msgspec.msgpack.encode(news)))
                outlet.flush()
            reserve.close()
            reserve = Candidate()  # after the verdict, which has waited for nothing
    finally:
        reserve.close()
    sys.stdout.flush()
    os._exit(0)


def ruled(judgement: Judgement, candidate: Candidate, room: Room) -> Iterator[News]:
    """What there is to say, until code is asked for that nobody has trusted: then only that."""
    room.refusal = None  # of an earlier judgement: what was changed may be as it was again
    try:
        for news in (proven if judgement.prove else judged)(judgement, candidate):
            room.check()  # the judge may have swallowed the refusal
            yield news
    except QuizError as error:
        yield Over(False, judgement.seed, 0.0, refused=error.message, hint=error.hint)


def proven(judgement: Judgement, candidate: Candidate) -> Iterator[News]:
    """What is wrong with a question and its judge."""
    from quizcli.judge.proof import proof

    yield proof(judgement, candidate)


def judged(judgement: Judgement, candidate: Candidate) -> Iterator[News]:
    """All that there is to say about a source."""
    began = time.perf_counter()
    passed, broken = False, ""
    try:
        trial = load(judgement, judgement.seed)
        for news in _results(trial, judgement, candidate):
            passed = not isinstance(news, CaseResult) or news.passed
            yield news
    except BrokenError as error:
        passed, broken = False, str(error)
    seconds = time.perf_counter() - began
    yield Over(passed, judgement.seed, seconds, candidate.printed, broken)


def _results(trial: Trial, judgement: Judgement, candidate: Candidate) -> Iterator[CaseResult | Speed]:
    """The results of a candidate that may be gone at any time; each case is named before it can fail."""
    try:
        answer = candidate.load(judgement.source)
        if isinstance(answer, Raised):
            yield CaseResult(LOADED, False, raised=answer)
            return
        yield from trial.run(candidate, judgement.source.text, judgement.source.entry)
    except GoneError as error:
        yield CaseResult(LOADED, False, {"en": str(error), "zh": str(error)})
