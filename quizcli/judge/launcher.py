"""The terminal's end of the referee: started ahead of time, asked at every save."""

from __future__ import annotations

import queue
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from types import TracebackType
from typing import Self

import msgspec

from quizcli.demo.process import spawn
from quizcli.errors import QuizError
from quizcli.judge.framed import Framed
from quizcli.judge.wire import Judgement, News, Over, Proof
from quizcli.text import tr

_TAIL = 8192  # bytes of stderr to keep
_LOOK = 0.05  # seconds between two looks at whether to stop


class Referee:
    """A process that judges one source after the other. It warms up by itself; closing it ends it."""

    def __init__(self, environ: Mapping[str, str] | None = None) -> None:
        self._tail = b""
        self._closed = False
        self._pipes = Framed(spawn("quizcli.judge.referee", environ), self._hear)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def alive(self) -> bool:
        """Whether the process still runs."""
        return self._pipes.process.poll() is None

    def judge(self, judgement: Judgement, stopped: Callable[[], bool] = lambda: False) -> Iterator[News]:
        """Everything that is found out about a source, as it is found out; the last is an Over or a Proof.

        `stopped` is asked while there is nothing new; where it says yes, the process is ended.
        """
        self._pipes.send(msgspec.msgpack.encode(judgement))
        while (payload := self._next(stopped)) is not None:
            if not payload:
                continue  # it is warm now
            news = msgspec.msgpack.decode(payload, type=News)
            yield news
            if isinstance(news, Over | Proof):
                return
        if self._closed:
            return
        told = self._tail.decode(errors="replace").strip().splitlines()
        lost = tr("the judge's process has ended", "评判进程已退出")
        yield Over(False, judgement.seed, 0.0, broken=f"{lost}: {told[-1] if told else ''}")

    def _next(self, stopped: Callable[[], bool]) -> bytes | None:
        while True:
            with suppress(queue.Empty):
                return self._pipes.next(_LOOK)
            if stopped():
                self.close(grace=0)
                return None

    def _hear(self, chunk: bytes) -> None:
        self._tail = (self._tail + chunk)[-_TAIL:]

    def close(self, grace: float = 1.0) -> None:
        """End the process after the grace; its candidate ends with it. May be called twice."""
        from subprocess import TimeoutExpired

        self._closed = True
        self._pipes.hang_up()
        with suppress(TimeoutExpired):
            self._pipes.process.wait(grace)
        self._pipes.close()


def unless_refused(news: Iterator[News]) -> Iterator[News]:
    """The news; QuizError where the pack's code is not what the person has trusted."""
    for one in news:
        if isinstance(one, Over) and one.refused:
            raise QuizError(one.refused, one.hint)
        yield one
