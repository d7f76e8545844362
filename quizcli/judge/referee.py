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

from quizcli.demo.wire import frame, read_frame
from quizcli.demo.worker import make_room
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
    root = ""
    try:
        while (payload := read_frame(inlet)) is not None:
            judgement = msgspec.msgpack.decode(payload, type=Judgement)
            if judgement.root != root:  # a referee serves one pack: its modules stay loaded
                make_room(Path(root := judgement.root).resolve())
            for news in (proven if judgement.prove else judged)(judgement, reserve):
                outlet.write(frame(msgspec.msgpack.encode(news)))
                outlet.flush()
            reserve.close()
            reserve = Candidate()  # after the verdict, which has waited for nothing
    finally:
        reserve.close()
    sys.stdout.flush()
    os._exit(0)


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
