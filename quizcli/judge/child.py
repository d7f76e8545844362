"""The referee's end of a candidate process: it starts it, talks to it, watches the clock, and ends it."""

from __future__ import annotations

import os
import queue
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import IO, Self, cast

import msgspec
from msgspec import Struct

from quizcli.demo.wire import frame, read_frame
from quizcli.judge.wire import Answer, Ask, Source
from quizcli.text import language, tr

PATIENCE = 5.0  # seconds for the source to load, and for each call
WARM = 60.0  # seconds to import torch, on the slowest machine
PRINTED = 4000  # bytes of what is printed that are kept
FLOOD = 32 * 2**20  # bytes of it after which the candidate is stopped
_LIVES = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
_KEPT = (
    "LD_LIBRARY_PATH",
    "DYLD_LIBRARY_PATH",
    "SYSTEMROOT",
    "WINDIR",
)  # without these some Pythons do not start
_BOOT = "import sys; sys.path.append(sys.argv.pop()); from quizcli.judge.candidate import main; main()"


class GoneError(Exception):
    """The candidate's process will answer no more; the message says why, in the person's language."""


class _End(Struct, frozen=True):
    """The pipe's end."""


class Candidate:
    """A process for one person's source. Closing it ends it and removes its folder."""

    def __init__(self) -> None:
        self._folder = tempfile.mkdtemp(prefix="quizcli-code-")
        self._frames: queue.Queue[bytes | _End] = queue.Queue()
        self._printed = b""
        self._flood = 0
        self._why = ""
        self._process = _spawn(self._folder)
        self._readers = [
            threading.Thread(target=read, daemon=True) for read in (self._read_frames, self._read_printed)
        ]
        for reader in self._readers:
            reader.start()
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
        inlet = cast("IO[bytes]", self._process.stdin)
        with suppress(OSError):  # it has gone: reading says why
            inlet.write(frame(msgspec.msgpack.encode(message)))
            inlet.flush()
        payload = self._next(PATIENCE)
        try:
            answer: Answer = msgspec.msgpack.decode(payload, type=Answer)
        except msgspec.MsgspecError as error:
            raise GoneError(tr("it sent something that is no answer", "它返回的数据无法识别")) from error
        return answer

    def _next(self, patience: float) -> bytes:
        try:
            payload = self._frames.get(timeout=patience)
        except queue.Empty:
            self._kill()
            raise GoneError(
                self._why
                or tr(
                    f"still running after {patience:g} s: an endless loop?",
                    f"运行 {patience:g} 秒后仍未结束：是不是死循环？",
                )
            ) from None
        if isinstance(payload, _End):
            raise GoneError(self._why or _cause(self._process.wait(PATIENCE), self.printed))
        return payload

    def _read_frames(self) -> None:
        pipe = cast("IO[bytes]", self._process.stdout)
        with suppress(OSError, ValueError):
            while (payload := read_frame(pipe)) is not None:  # type: ignore[arg-type]
                self._frames.put(payload)
        self._frames.put(_End())

    def _read_printed(self) -> None:
        pipe = cast("IO[bytes]", self._process.stderr)
        with suppress(OSError, ValueError):
            while chunk := os.read(pipe.fileno(), 65_536):
                self._printed = (self._printed + chunk)[:PRINTED]
                self._flood += len(chunk)
                if self._flood > FLOOD and not self._why:
                    self._why = tr("it prints without end", "它在不停地打印")
                    self._kill()

    def _kill(self) -> None:
        if sys.platform == "win32":
            self._process.kill()
            return
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)

    def close(self) -> None:
        """End the process, and remove its folder."""
        self._kill()
        self._process.wait()
        pipes = (self._process.stdin, self._process.stdout, self._process.stderr)
        for reader in self._readers:
            reader.join(1.0)
        for pipe in pipes:
            with suppress(OSError):
                cast("IO[bytes]", pipe).close()
        shutil.rmtree(self._folder, ignore_errors=True)


def _spawn(folder: str) -> subprocess.Popen[bytes]:
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    home = dict.fromkeys(("HOME", "USERPROFILE", "TMPDIR", "TEMP", "TMP"), folder)
    environ = {**_LIVES, **kept, **home, "QUIZCLI_CAGE": folder, "QUIZCLI_LANG": language()}
    command = [sys.executable, "-P", "-B", "-X", "utf8", "-c", _BOOT, str(Path(__file__).parents[2])]
    pipe = subprocess.PIPE
    return subprocess.Popen(
        command, stdin=pipe, stdout=pipe, stderr=pipe, env=environ, cwd=folder, start_new_session=True
    )


def _cause(code: int, printed: str) -> str:
    """Why a process ended that should have answered."""
    if code >= 0:
        return tr(f"it ended its process itself, with exit code {code}", f"它自行结束了进程，退出码 {code}")
    known = {member.value: member.name for member in signal.Signals}
    name = known.get(-code, str(-code))
    return tr(f"its process was ended by {name}", f"其进程被 {name} 终止")
