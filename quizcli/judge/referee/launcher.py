"""The terminal's end of the referee: started ahead of time, asked at every save."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from types import TracebackType
from typing import Self

import msgspec

from quizcli.errors import QuizError
from quizcli.judge.calls.messages import Judgement, News, Over, Proof
from quizcli.processes.framed_child import Framed
from quizcli.processes.spawn import signal_name, spawn
from quizcli.text import tr

SILENCE = 600.0  # seconds without a word after which a judge is taken to hang
LONGEST = 64 * 2**20  # bytes of one piece of news
_TAIL = 8192  # bytes of stderr to keep
_LOOK = 0.05  # seconds between two looks at whether to stop
_LAST = 1.0  # seconds for the last words of a process that has ended


class Referee:
    """A process that judges one source after the other. It warms up by itself; closing it ends it."""

    def __init__(self, environ: Mapping[str, str] | None = None) -> None:
        self._environ = environ
        self._start()

    def _start(self) -> None:
        self._tail = b""
        self._closed = False
        self._warm = self._busy = False
        self._pipes = Framed(spawn("quizcli.judge.referee.main", self._environ), self._hear, LONGEST)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def alive(self) -> bool:
        """Whether the process still runs, and can still be heard."""
        return self._pipes.process.poll() is None and not self._pipes.over

    def prepare(self, judgement: Judgement) -> None:
        """Have it do ahead what a judgement of this question and seed would wait for."""
        if self.alive and not self._busy:
            self._pipes.send(msgspec.msgpack.encode(msgspec.structs.replace(judgement, ahead=True)))

    def judge(
        self,
        judgement: Judgement,
        stopped: Callable[[], bool] = lambda: False,
        patience: float = SILENCE,
    ) -> Iterator[News]:
        """Everything that is found out about a source, as it is found out; the last is an Over or a Proof.

        `stopped` is asked while there is nothing new; where it says yes, the process is ended. A process that
        has ended since the last time, by whatever it judged, is replaced.
        """
        if self._busy or not self.alive:  # busy: the last judgement was left before its end
            self._again()
        self._busy, self._tail = True, b""
        try:
            for payload in self._payloads(msgspec.msgpack.encode(judgement), stopped, patience):
                news = msgspec.msgpack.decode(payload, type=News)
                self._busy = not isinstance(news, Over | Proof)
                yield news
                if not self._busy:
                    return
            lost = self._lost()
        except TimeoutError:
            lost = tr(
                f"the judge was stopped after {patience:g} s without a word: an endless loop in it?",
                f"评判函数 {patience:g} 秒没有任何输出，已被停止：其中是不是有死循环？",
            )
        except msgspec.MsgspecError as error:
            lost = f"{tr('the judge sent something unknown', '评判进程发来无法识别的数据')}: {error}"
        if not self._closed:
            self.close(grace=0)
            yield Over(False, judgement.seed, 0.0, broken=lost)

    def _again(self) -> None:
        self.close(grace=0)
        self._start()

    def _payloads(self, message: bytes, stopped: Callable[[], bool], patience: float) -> Iterator[bytes]:
        """The frames that are news. An empty one says first that it is warm, then that it begins to judge.

        A warm process that had ended before it could begin is replaced, once.
        """
        for _ in range(2):
            self._pipes.send(message)
            begun = False
            while (payload := self._next(stopped, patience)) is not None:
                if payload:
                    yield payload
                begun, self._warm = self._warm, True
            if begun or self._closed or not self._warm:
                return
            self._again()

    def _next(self, stopped: Callable[[], bool], patience: float) -> bytes | None:
        """The next piece of news; None where there will be none. Raises TimeoutError."""
        end = time.monotonic() + patience
        dying = False
        while True:
            with suppress(TimeoutError):
                return self._pipes.next(_LAST if dying else _LOOK)
            if stopped():
                self.close()
            if dying or self._closed:
                return None
            # A child of its own may hold the pipe open: what it has said itself is read, no more is awaited.
            dying = self._pipes.process.poll() is not None
            if not dying and time.monotonic() > end:
                raise TimeoutError

    def _lost(self) -> str:
        """Why there will be no more news."""
        from subprocess import TimeoutExpired

        try:
            code = self._pipes.process.wait(_LAST)
        except TimeoutExpired:
            return tr("the judge's process has closed its pipe", "评判进程关闭了管道")
        if code < 0:
            name = signal_name(code)
            lost = tr(f"the judge's process was ended by {name}", f"评判进程被 {name} 终止")
        else:
            lost = tr(
                f"the judge's process has ended, with exit code {code}", f"评判进程已退出，退出码 {code}"
            )
        self._pipes.hear_out(_LAST)
        told = self._tail.decode(errors="replace").strip().splitlines()
        return f"{lost}: {told[-1]}" if told else lost

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
    for item in news:
        if isinstance(item, Over) and item.refused:
            raise QuizError(item.refused, item.hint)
        yield item
