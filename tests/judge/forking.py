"""Candidates by fork: torch is imported once for all of them, which makes a hundred of them cheap.

A process that is warm forks for each; what the fork does from then on, cage and all, is what every candidate
does. Linux only; elsewhere each candidate is started as it always is.
"""

from __future__ import annotations

import json
import os
import select
import socket
import subprocess
import sys
from typing import IO, cast

from tests.places import ROOT

_LIVES = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}


class Forked:
    """As much of a Popen as the referee needs."""

    def __init__(self, pid: int, ends: tuple[int, int, int], nursery: Nursery) -> None:
        self.pid = pid
        self.stdin: IO[bytes] = os.fdopen(ends[0], "wb")
        self.stdout: IO[bytes] = os.fdopen(ends[1], "rb")
        self.stderr: IO[bytes] = os.fdopen(ends[2], "rb")
        self.returncode: int | None = None
        self._nursery = nursery
        self._watched = os.pidfd_open(pid)

    def poll(self) -> int | None:
        """The exit code, where it has one."""
        try:
            return self.wait(0)
        except subprocess.TimeoutExpired:
            return None

    def wait(self, timeout: float | None = None) -> int:
        """As Popen's."""
        if self.returncode is None:
            if not select.select([self._watched], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired("candidate", timeout or 0)
            self.returncode = self._nursery.reap(self.pid)
            os.close(self._watched)
        return self.returncode


class Nursery:
    """The warm process that forks."""

    def __init__(self) -> None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen(
                [
                    sys.executable,
                    "-P",
                    "-B",
                    "-X",
                    "utf8",
                    "-c",
                    "from tests.judge.forking import serve; serve()",
                ],
                stdin=theirs.fileno(),
                env={**_LIVES, "PYTHONPATH": str(ROOT)},
            )
        self._line = ours

    def spawn(self, environ: dict[str, str], folder: str) -> subprocess.Popen[bytes]:
        """A candidate, as `spawn` starts it."""
        pipes = [os.pipe() for _ in range(3)]
        theirs = [pipes[0][0], pipes[1][1], pipes[2][1]]
        socket.send_fds(self._line, [json.dumps({"environ": environ, "folder": folder}).encode()], theirs)
        for end in theirs:
            os.close(end)
        pid = int(self._line.recv(64))
        made = Forked(pid, (pipes[0][1], pipes[1][0], pipes[2][0]), self)
        return cast("subprocess.Popen[bytes]", made)

    def reap(self, pid: int) -> int:
        """The exit code of one that has ended."""
        self._line.send(json.dumps({"reap": pid}).encode())
        return int(self._line.recv(64))

    def close(self) -> None:
        """End it."""
        self._line.close()
        self._process.wait()


def serve() -> None:
    """Body of the warm process: fork on demand, and tell how they ended."""
    import torch.optim  # noqa: F401 - once for all
    from torch.nn import functional  # noqa: F401

    from quizcli.judge.candidate import main

    main._warm_up()
    line = socket.socket(fileno=0)
    while True:
        message, ends, _, _ = socket.recv_fds(line, 65_536, 3)
        if not message:
            os._exit(0)
        order = json.loads(message)
        if "reap" in order:
            _, status = os.waitpid(order["reap"], 0)
            line.send(str(os.waitstatus_to_exitcode(status)).encode())
            continue
        if not (pid := os.fork()):
            os.setpgid(0, 0)
            _become(order, ends)
            main.main()
        os.setpgid(pid, pid)  # here too: it may be killed, as a group, before it has got that far
        for end in ends:
            os.close(end)
        line.send(str(pid).encode())


def _become(order: dict[str, object], ends: list[int]) -> None:
    for place, end in enumerate(ends):
        os.dup2(end, place)
        os.close(end)
    os.environ.clear()
    os.environ.update(cast("dict[str, str]", order["environ"]))
    os.chdir(str(order["folder"]))
    sys.path[:] = [entry for entry in sys.path if entry]
