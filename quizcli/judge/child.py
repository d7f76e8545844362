"""The referee's end of a candidate process: it starts it, talks to it, watches the clock, and ends it."""

from __future__ import annotations

import os
import queue
import shutil
import tempfile
from subprocess import Popen
from types import TracebackType
from typing import Self

import msgspec

from quizcli.demo.process import signal_name, spawn
from quizcli.judge.framed import Framed
from quizcli.judge.wire import Answer, Ask, Source
from quizcli.text import language, tr

PATIENCE = 5.0  # seconds for the source to load, and for each call
WARM = 60.0  # seconds to import torch, on the slowest machine
PRINTED = 4000  # bytes of what is printed that are kept
FLOOD = 32 * 2**20  # bytes of it after which the candidate is stopped
_LIVES = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
_KEPT = ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "SYSTEMROOT", "WINDIR")  # some Pythons need them to start


class GoneError(Exception):
    """The candidate's process will answer no more; the message says why, in the person's language."""


class Candidate:
    """A process for one person's source. Closing it ends it and removes its folder."""

    def __init__(self) -> None:
        self._folder = tempfile.mkdtemp(prefix="quizcli-code-")
        self._printed = b""
        self._flood = 0
        self._why = ""
        self._pipes = Framed(_spawn(self._folder), self._hear)
        self._warm = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def printed(self) -> str:
        """The beginning of what it printed."""
        return self._printed[:PRINTED].decode(errors="replace")

    def load(self, source: Source) -> Answer:
        """Have it run the source. Raises GoneError."""
        if not self._warm:
            self._next(WARM)
            self._warm = True
        return self._exchange(source)

    def ask(self, call: Ask) -> Answer:
        """Have it call the entry. Raises GoneError."""
        return self._exchange(call)

    def _exchange(self, message: Source | Ask) -> Answer:
        self._pipes.send(msgspec.msgpack.encode(message))
        payload = self._next(PATIENCE)
        try:
            answer: Answer = msgspec.msgpack.decode(payload, type=Answer)
        except msgspec.MsgspecError as error:
            raise GoneError(tr("it sent something that is no answer", "它返回的数据无法识别")) from error
        return answer

    def _next(self, patience: float) -> bytes:
        try:
            payload = self._pipes.next(patience)
        except queue.Empty:
            self._pipes.kill()
            raise GoneError(
                self._why
                or tr(
                    f"still running after {patience:g} s: an endless loop?",
                    f"运行 {patience:g} 秒后仍未结束：是不是死循环？",
                )
            ) from None
        if payload is None:
            raise GoneError(self._why or _cause(self._pipes.process.wait(PATIENCE)))
        return payload

    def _hear(self, chunk: bytes) -> None:
        """Keep the beginning of what is printed; stop who does not stop printing."""
        self._printed = (self._printed + chunk)[:PRINTED]
        self._flood += len(chunk)
        if self._flood > FLOOD and not self._why:
            self._why = tr("it prints without end", "它在不停地打印")
            self._pipes.kill()

    def close(self) -> None:
        """End the process, and remove its folder."""
        self._pipes.close()
        shutil.rmtree(self._folder, ignore_errors=True)


def _spawn(folder: str) -> Popen[bytes]:
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    home = dict.fromkeys(("HOME", "USERPROFILE", "TMPDIR", "TEMP", "TMP"), folder)
    environ = {**_LIVES, **kept, **home, "QUIZCLI_CAGE": folder, "QUIZCLI_LANG": language()}
    return spawn("quizcli.judge.candidate", environ, options=["-B"], folder=folder)


def _cause(code: int) -> str:
    """Why a process ended that should have answered."""
    if code >= 0:
        return tr(f"it ended its process itself, with exit code {code}", f"它自行结束了进程，退出码 {code}")
    name = signal_name(code)
    return tr(f"its process was ended by {name}", f"其进程被 {name} 终止")
