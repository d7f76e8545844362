"""The program, run in this process with a home of its own, and what may never come of it."""

from __future__ import annotations

import io
import os
import shutil
import signal
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple
from unittest import mock

from quizcli.__main__ import run
from quizcli.text import use_language

STATUSES = (0, 1, 2, 3, 130)
OURS = ("a mistake in quizcli", "这是 quizcli 的错误", "Traceback (most recent call last)")
PATIENCE = 20  # seconds for one input, on a busy machine


class Ran(NamedTuple):
    """How a command line ended."""

    status: int
    out: str
    err: str


class TooLong(BaseException):
    """An input has kept the program busy."""


def template(folder: Path) -> Path:
    """A home in which a few cards have been answered and the banks are compiled."""
    home = folder / "template"
    home.mkdir(exist_ok=True)
    answered = quizcli([], home, " 3" * 12 + "q")
    assert answered.status == 0, answered.err
    return home


def home_like(folder: Path, seed: int) -> Path:
    """A copy of the template, which is in the same folder."""
    home = folder / f"home-{seed}"
    shutil.copytree(folder / "template", home, symlinks=True)
    return home


def quizcli(
    arguments: Sequence[str],
    home: Path,
    keys: str | bytes = b"",
    environ: Mapping[str, str] | None = None,
) -> Ran:
    """Run a command line in a home; no process can be started. Raises TooLong."""
    typed = keys.encode("utf-8", "surrogateescape") if isinstance(keys, str) else keys
    stdin = io.TextIOWrapper(io.BytesIO(typed), encoding="utf-8", errors="surrogateescape")
    out, err = io.BytesIO(), io.BytesIO()
    stdout = io.TextIOWrapper(out, encoding="utf-8", errors="backslashreplace")
    stderr = io.TextIOWrapper(err, encoding="utf-8", errors="backslashreplace")
    with mock.patch.multiple(sys, stdin=stdin, stdout=stdout, stderr=stderr), at_most(PATIENCE):
        status = alone(lambda: run(arguments), home, environ)
        for stream in (stdout, stderr):
            stream.flush()
    return Ran(status, out.getvalue().decode(errors="replace"), err.getvalue().decode(errors="replace"))


def alone(begin: Callable[[], int], home: Path, environ: Mapping[str, str] | None = None) -> int:
    """The exit status of the program in a home, on the streams that there are, without processes."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("QUIZCLI")}
    clean |= {
        "HOME": str(home),
        "QUIZCLI_HOME": str(home),
        "QUIZCLI_LANG": "en",
        "QUIZCLI_OFFLINE": "1",
        "EDITOR": "true",
    }
    here = os.getcwd()
    with (
        mock.patch.dict(os.environ, {**clean, **(environ or {})}, clear=True),
        mock.patch("subprocess.Popen", side_effect=PermissionError(1, "no processes here")),
    ):
        try:
            os.chdir(home)
            return int(begin())
        except SystemExit as end:  # completion, Rich and main() end the process themselves
            return end.code if isinstance(end.code, int) else 1
        finally:
            os.chdir(here)
            use_language("en")


def faults(ran: Ran) -> list[str]:
    """What may never be seen."""
    found = [word for word in OURS if word in ran.err or word in ran.out]
    if ran.status not in STATUSES:
        found.append(f"exit status {ran.status}")
    if ran.status == 1 and not ran.err.strip():
        found.append("an error without a word")
    return [f"{fault}: {ran.err.strip()[-300:]}" for fault in found]


@contextmanager
def at_most(seconds: float) -> Iterator[None]:
    """Raise TooLong after so many seconds."""

    def stop(number: int, frame: object) -> None:
        raise TooLong

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
