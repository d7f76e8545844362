"""The referee's end of a candidate process: it starts it, talks to it, watches over it, and ends it."""

from __future__ import annotations

import os
import threading
from subprocess import Popen, TimeoutExpired
from types import TracebackType
from typing import Self

import msgspec

from quizcli.judge.calls import size_limits
from quizcli.judge.calls.messages import Ask, CandidateSource, Gave, Raised, Reply
from quizcli.judge.calls.tensor_codec import Value, unpack
from quizcli.judge.candidate import folder
from quizcli.processes.framed_child import Framed
from quizcli.processes.spawn import signal_name, spawn
from quizcli.text import language, tr

PATIENCE = 30.0  # seconds for the source to load, and for each call: slow is not wrong
WARM = 60.0  # seconds to import torch, on the slowest machine
PRINTED = 4000  # bytes of what is printed that are kept
FLOOD = 32 * 2**20  # bytes of it after which the candidate is stopped
THREADS = 256  # as many as a large machine has cores
_LOOK = 0.02  # seconds between two looks at what it takes up
_LAST = 1.0  # seconds that a process has to end after its last word
_LIVES = {
    "PATH": "/usr/bin:/bin",
    "LC_ALL": "C.UTF-8",
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "TORCHDYNAMO_DISABLE": "1",  # torch.compile wants a compiler and its own processes: here it runs eagerly
}
_KEPT = ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "SYSTEMROOT", "WINDIR")  # some Pythons need them to start


class GoneError(Exception):
    """The candidate's process will answer no more; the message says why, in the person's language."""


class UnstartedError(Exception):
    """The process never came up, so that nothing was judged: a fault of this machine, not of the source."""


class Candidate:
    """A process for one person's source. Closing it ends it and removes its folder."""

    def __init__(self) -> None:
        self._folder = folder.Folder()
        self._printed = b""
        self._flood = 0
        self._why = ""
        self._pipes = Framed(_spawn(self._folder.path), self._hear, size_limits.FRAME)
        self._warm = False
        self._closed = threading.Event()
        self._watch = threading.Thread(target=self._look, daemon=True)

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

    def load(self, source: CandidateSource) -> Reply:
        """Have it run the source. Raises GoneError, UnstartedError."""
        if not self._warm:
            self._warm_up()
            self._watch.start()
        return self._exchange(source)

    def ask(self, call: Ask) -> Reply:
        """Have it call the entry. Raises GoneError."""
        return self._exchange(call)

    def _warm_up(self) -> None:
        """Wait until it is ready; nothing of a person's has run in it so far. Raises UnstartedError."""
        try:
            self._next(WARM)
        except GoneError as error:
            self._pipes.hear_out(_LAST)
            told = self.printed.strip().splitlines()
            last = f": {told[-1]}" if told else ""
            what = tr("the process for the code did not start", "运行代码的进程未能启动")
            raise UnstartedError(f"{what}: {error}{last}") from error
        self._warm = True

    def _exchange(self, message: CandidateSource | Ask) -> Reply:
        if self._pipes.ready:
            self._stop(tr("it answered what it was not asked", "它回答了没有问过的问题"))
        self._pipes.send(msgspec.msgpack.encode(message))
        payload = self._next(PATIENCE)
        try:
            return _answer(payload)
        except (ValueError, msgspec.MsgspecError, RecursionError, MemoryError) as error:
            self._pipes.kill()
            raise GoneError(_no_answer()) from error

    def _next(self, patience: float) -> bytes:
        try:
            payload = self._pipes.next(patience)
        except TimeoutError:
            self._stop(
                tr(
                    f"stopped after {patience:g} s: an endless loop?",
                    f"{patience:g} 秒后被停止：是不是死循环？",
                )
            )
            payload = None
        if self._why or payload is None:
            raise GoneError(self._why or self._cause())
        return payload

    def _cause(self) -> str:
        """Why no frame will come any more."""
        try:
            code = self._pipes.process.wait(0 if self._pipes.broken else _LAST)
        except TimeoutExpired:
            self._pipes.kill()
            if self._pipes.broken:
                return _no_answer()
            return tr("it closed the pipe that it answers through", "它关闭了用来回答的管道")
        if code >= 0:
            return tr(
                f"it ended its process itself, with exit code {code}", f"它自行结束了进程，退出码 {code}"
            )
        name = signal_name(code)
        return tr(f"its process was ended by {name}", f"其进程被 {name} 终止")

    def _hear(self, chunk: bytes) -> None:
        """Keep the beginning of what is printed; stop who does not stop printing."""
        self._printed = (self._printed + chunk)[:PRINTED]
        self._flood += len(chunk)
        if self._flood > FLOOD:
            self._stop(tr("it prints without end", "它在不停地打印"))

    def _look(self) -> None:
        """Body of a thread: stop who takes up more and more, in steps that no limit of the system counts."""
        while not self._closed.wait(_LOOK):
            if not self._folder.within_limits():
                self._stop(
                    tr(
                        f"it wrote more than {folder.BYTES >> 20} MB or {folder.FILES} files, "
                        "or made a folder",
                        f"它写入的数据超过 {folder.BYTES >> 20} MB，或超过 {folder.FILES} 个文件，"
                        "或新建了文件夹",
                    )
                )
            elif _threads(self._pipes.process.pid) > THREADS:
                self._stop(tr(f"it started more than {THREADS} threads", f"它启动的线程超过 {THREADS} 个"))
            else:
                continue
            return

    def _stop(self, why: str) -> None:
        """End the process; the first reason is the one that is told."""
        self._why = self._why or why
        self._pipes.kill()

    def close(self) -> None:
        """End the process, and remove its folder."""
        self._closed.set()
        if self._watch.ident is not None:
            self._watch.join()
        self._pipes.close()
        self._folder.remove()


def _answer(payload: bytes) -> Reply:
    """What a frame says. Raises where it is no answer, or one that no value comes out of."""
    size_limits.check(payload)
    answer: Reply = msgspec.msgpack.decode(payload, type=Reply)
    match answer:
        case Gave(output=output, after=after, gradients=gradients):
            for value in (output, after, gradients):
                _sound(value)
            return answer
        case Raised():
            line = answer.line if 0 <= answer.line < 2**31 else 0
            return Raised(answer.sort[:100], answer.message[:2000], line, answer.text[:200])


def _sound(value: Value) -> None:
    try:
        unpack(value)
    except (RuntimeError, TypeError, OverflowError) as error:
        raise ValueError(str(error)) from error


def _no_answer() -> str:
    return tr("it sent something that is no answer", "它返回的数据无法识别")


def _threads(process: int) -> int:
    """How many threads it has; 0 where the system does not tell."""
    try:
        with open(f"/proc/{process}/stat", "rb") as stream:
            return int(stream.read().rpartition(b")")[2].split()[17])
    except (OSError, IndexError):
        return 0


def _spawn(home: str) -> Popen[bytes]:
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    homes = dict.fromkeys(("HOME", "USERPROFILE", "TMPDIR", "TEMP", "TMP", "TORCHINDUCTOR_CACHE_DIR"), home)
    environ = {**_LIVES, **kept, **homes, "QUIZCLI_CAGE": home, "QUIZCLI_LANG": language()}
    return spawn("quizcli.judge.candidate.main", environ, options=["-B"], folder=home)
