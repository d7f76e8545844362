"""The referee's process: it holds the judges and the model answers, and one warm candidate in reserve.

It reads Judgements from stdin and answers each with CaseResults, perhaps a Speed, and an Over, in frames on
what was its stdout. It ends at once when stdin ends, also in the middle of a judgement: nobody waits for it.
"""

from __future__ import annotations

import os
import queue
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple, NoReturn

import msgspec

from quizcli.errors import QuizError
from quizcli.judge.calls.messages import (
    CandidateSource,
    CaseResult,
    Judgement,
    News,
    Over,
    Proof,
    Raised,
    Speed,
)
from quizcli.judge.candidate.folder import sweep
from quizcli.judge.candidate.launcher import Candidate, GoneError, UnstartedError
from quizcli.judge.judging.judging import BrokenError, Trial, load
from quizcli.processes.frames import frame, read_frame
from quizcli.processes.pack_imports import Room, make_room
from quizcli.processes.private_pipes import take_pipes
from quizcli.settings import load_settings
from quizcli.text import use_language

LOADED = {"en": "the file loads", "zh": "文件可以载入"}
SENTENCE = 1000  # characters
_JUDGES_OWN = (Exception, SystemExit, KeyboardInterrupt)  # what a judge may raise: it ends no process of ours


def main() -> NoReturn:
    """Warm up, a candidate beside; then judge until stdin ends."""
    inlet, outlet = take_pipes()
    use_language(load_settings().lang)
    sweep()
    reserve = Reserve()
    judgements: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(inlet, judgements, reserve), daemon=True).start()
    try:
        _serve(judgements, outlet, reserve)
    except BrokenPipeError:
        reserve.end(0)
    except BaseException:  # noqa: BLE001 - the last line of it is told
        traceback.print_exc()
        reserve.end(1)


def _serve(judgements: queue.SimpleQueue[bytes], outlet: BinaryIO, reserve: Reserve) -> NoReturn:
    import torch

    torch.set_num_threads(1)
    torch.optim.SGD([torch.zeros(1)])  # that import alone takes two seconds, and some references need it
    _send(outlet, b"")
    room: Room | None = None
    prepared: PreparedTrial | None = None
    while True:
        judgement = msgspec.msgpack.decode(judgements.get(), type=Judgement)
        if not judgement.ahead:
            _send(outlet, b"")  # who ends from here on has been ended by what it judges
        # The modules of a pack stay loaded, as they were trusted, until another pack is served, the person
        # trusts other code, or they were loaded without what was refused.
        if room is None or not room.serves(Path(judgement.root), judgement.permit):
            room, prepared = make_room(Path(judgement.root), judgement.permit), None
        if judgement.ahead:
            prepared = prepare(judgement, lambda: not judgements.empty())
            continue
        for news in ruled(judgement, reserve.candidate, room, prepared):
            _send(outlet, b"" if news is None else msgspec.msgpack.encode(news))
        reserve.renew()  # after the verdict, which has waited for nothing


def _send(outlet: BinaryIO, payload: bytes) -> None:
    outlet.write(frame(payload))
    outlet.flush()


class Reserve:
    """The candidate that waits, or is being judged. Once ended, there is none any more."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.candidate = Candidate()

    def renew(self) -> None:
        """End the old one, and warm up a new one."""
        with self._lock:
            self.candidate.close()
            self.candidate = Candidate()

    def end(self, code: int) -> NoReturn:
        """End it and this process."""
        with self._lock:
            self.candidate.close()
            os._exit(code)


def _listen(inlet: BinaryIO, judgements: queue.SimpleQueue[bytes], reserve: Reserve) -> None:
    """Body of a thread: pass on what is to be judged, and end with stdin."""
    while (payload := read_frame(inlet)) is not None:
        judgements.put(payload)
    reserve.end(0)


class PreparedTrial(NamedTuple):
    """A trial that was begun before there was anything to judge."""

    judgement: Judgement
    trial: Trial

    def serves(self, judgement: Judgement) -> bool:
        """Whether nothing but the source differs."""
        return _without_source(self.judgement) == _without_source(judgement)


def _without_source(judgement: Judgement) -> Judgement:
    source = CandidateSource("", "", "", judgement.source.avoid)
    return msgspec.structs.replace(judgement, source=source, ahead=False)


def prepare(judgement: Judgement, waits: Callable[[], bool]) -> PreparedTrial | None:
    """Draw the cases and ask the model answer, until something waits to be judged.

    Nothing is prepared where the judge is broken or refused: the judgement comes upon it again, and tells it.
    """
    try:
        trial = load(judgement, judgement.seed)
        for _ in trial.prepare():
            if waits():
                break
    except (BrokenError, *_JUDGES_OWN):
        return None
    return PreparedTrial(judgement, trial)


def ruled(
    judgement: Judgement, candidate: Candidate, room: Room, prepared: PreparedTrial | None = None
) -> Iterator[News | None]:
    """What there is to say, until code is asked for that nobody has trusted: then only that.

    None is a sign of life.
    """
    try:
        rule: Iterator[News | None] = (
            prove_judge(judgement, candidate)
            if judgement.prove
            else judge_source(judgement, candidate, prepared)
        )
        for news in rule:
            room.check()  # the judge may have swallowed the refusal
            yield news
    except QuizError as error:
        yield Over(False, judgement.seed, 0.0, refused=error.message, hint=error.hint)


def prove_judge(judgement: Judgement, candidate: Candidate) -> Iterator[News | None]:
    """What is wrong with a question and its judge."""
    from quizcli.judge.self_test.self_test import prove_question

    try:
        yield from prove_question(judgement, candidate)
    except _JUDGES_OWN as error:
        yield Proof((_told(error, judgement.root),))


def judge_source(
    judgement: Judgement, candidate: Candidate, prepared: PreparedTrial | None = None
) -> Iterator[News]:
    """All that there is to say about a source."""
    began = time.perf_counter()
    passed, broken, started = False, "", True
    try:
        if prepared is not None and prepared.serves(judgement):
            trial = prepared.trial
        else:
            trial = load(judgement, judgement.seed)
        for news in _results(trial, judgement, candidate):
            passed = not isinstance(news, CaseResult) or news.passed
            yield news
    except BrokenError as error:
        passed, broken = False, str(error)
    except UnstartedError as error:
        passed, broken, started = False, str(error), False
    except _JUDGES_OWN as error:
        passed, broken = False, _told(error, judgement.root)
    seconds = time.perf_counter() - began
    printed = candidate.printed if started else ""  # else it is our own traceback
    yield Over(passed, judgement.seed, seconds, printed, broken)


def _results(trial: Trial, judgement: Judgement, candidate: Candidate) -> Iterator[CaseResult | Speed]:
    """The results of a candidate that may be gone at any time; each case is named before it can fail."""
    try:
        answer = candidate.load(judgement.source)
        if isinstance(answer, Raised):
            yield CaseResult(LOADED, False, raised=answer)
            return
        for news in trial.run(candidate, judgement.source.text, judgement.source.entry):
            yield _short(news) if isinstance(news, CaseResult) else news
    except GoneError as error:
        yield CaseResult(LOADED, False, {"en": str(error), "zh": str(error)})


def _short(result: CaseResult) -> CaseResult:
    """What a candidate returned can be told at any length; a sentence is read up to here."""
    why = {
        lang: text if len(text) <= SENTENCE else f"{text[:SENTENCE]}…" for lang, text in result.why.items()
    }
    return msgspec.structs.replace(result, why=why)


def _told(error: BaseException, root: str) -> str:
    """What a judge raised, and where in its pack."""
    place = ""
    for step, line in traceback.walk_tb(error.__traceback__):
        if (path := Path(step.f_code.co_filename)).is_relative_to(root):
            place = f"{path.relative_to(root)}:{line}: "
    return f"{place}{type(error).__name__}: {error}"[:2000]
