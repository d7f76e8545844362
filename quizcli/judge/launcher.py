"""The terminal's end of the referee: started ahead of time, asked at every save."""

from __future__ import annotations

import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self, cast

import msgspec

from quizcli.demo.wire import frame, read_frame
from quizcli.judge.wire import Judgement, News, Over, Proof
from quizcli.text import tr

if TYPE_CHECKING:
    from typing import IO

_BOOT = "import sys; sys.path.append(sys.argv.pop()); from quizcli.judge.referee import main; main()"
_TAIL = 8192  # bytes of stderr to keep
_LOOK = 0.05  # seconds between two looks at whether to stop


class Referee:
    """A process that judges one source after the other. It warms up by itself; closing it ends it."""

    def __init__(self, environ: Mapping[str, str] | None = None) -> None:
        command = [sys.executable, "-P", "-X", "utf8", "-c", _BOOT, str(Path(__file__).parents[2])]
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(
            command, stdin=pipe, stdout=pipe, stderr=pipe, env=environ, start_new_session=True
        )
        self._frames: queue.Queue[bytes | None] = queue.Queue()
        self._tail = b""
        self._closed = False
        self._readers = [
            threading.Thread(target=read, daemon=True) for read in (self._read_frames, self._read_stderr)
        ]
        for reader in self._readers:
            reader.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def alive(self) -> bool:
        """Whether the process still runs."""
        return self._process.poll() is None

    def judge(self, judgement: Judgement, stopped: Callable[[], bool] = lambda: False) -> Iterator[News]:
        """Everything that is found out about a source, as it is found out; the last is an Over or a Proof.

        `stopped` is asked while there is nothing new; where it says yes, the process is ended.
        """
        inlet = cast("IO[bytes]", self._process.stdin)
        with suppress(OSError):  # it has gone: reading says so
            inlet.write(frame(msgspec.msgpack.encode(judgement)))
            inlet.flush()
        while (payload := self._next(stopped)) is not None:
            if not payload:
                continue  # it is warm now
            news = msgspec.msgpack.decode(payload, type=News)
            yield news
            if isinstance(news, Over | Proof):
                return
        if not self.alive and self._closed:
            return
        told = self._tail.decode(errors="replace").strip().splitlines()
        lost = tr("the judge's process has ended", "评判进程已退出")
        yield Over(False, judgement.seed, 0.0, broken=f"{lost}: {told[-1] if told else ''}")

    def _next(self, stopped: Callable[[], bool]) -> bytes | None:
        while True:
            with suppress(queue.Empty):
                return self._frames.get(timeout=_LOOK)
            if stopped():
                self.close(grace=0)
                return None

    def _read_frames(self) -> None:
        pipe = cast("IO[bytes]", self._process.stdout)
        with suppress(OSError, ValueError):
            while (payload := read_frame(pipe)) is not None:  # type: ignore[arg-type]
                self._frames.put(payload)
        self._frames.put(None)

    def _read_stderr(self) -> None:
        pipe = cast("IO[bytes]", self._process.stderr)
        with suppress(OSError, ValueError):
            while chunk := os.read(pipe.fileno(), 65_536):
                self._tail = (self._tail + chunk)[-_TAIL:]

    def close(self, grace: float = 1.0) -> None:
        """End the process after the grace; its candidate ends with it. May be called twice."""
        self._closed = True
        with suppress(OSError):
            cast("IO[bytes]", self._process.stdin).close()
        try:
            self._process.wait(grace)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if sys.platform != "win32":
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)
        for reader in self._readers:
            reader.join(1.0)
        for pipe in (self._process.stdout, self._process.stderr):
            cast("IO[bytes]", pipe).close()
