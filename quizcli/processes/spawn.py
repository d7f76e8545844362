"""How the program starts and ends child processes of its own, the same on every platform."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from quizcli.errors import QuizError
from quizcli.text import tr

if TYPE_CHECKING:
    from subprocess import Popen

# The child finds quizcli where this process found it, whichever else may be installed; from then on that
# place, which may hold anything, is at the end of the path, where it hides nothing.
# Not -m: without -P that imports from the current folder, and with -P it does not find a mere checkout.
_BOOT = (
    "import sys; sys.path.insert(0, sys.argv.pop()); import quizcli; sys.path.append(sys.path.pop(0)); "
    "from {module} import main; main()"
)


def folder_for_children() -> str | None:
    """None, for that of this process; where it has been deleted, another one, as torch needs one."""
    try:
        os.getcwd()
    except FileNotFoundError:
        return os.path.abspath(os.sep)
    return None


def spawn(
    module: str,
    environ: Mapping[str, str] | None,
    *,
    options: Sequence[str] = (),
    arguments: Sequence[str] = (),
    folder: str | None = None,
) -> Popen[bytes]:
    """Start `main` of a module with pipes at all three ends; `options` are those of Python itself.

    QuizError where the system allows no more processes.
    """
    import subprocess  # not on the way to the first question

    # -P: import nothing from the current folder. Its own session or group keeps the terminal's Ctrl-C away.
    command = [sys.executable, "-P", "-X", "utf8", *options, "-c", _BOOT.format(module=module), *arguments]
    try:
        return subprocess.Popen(
            [*command, str(Path(__file__).parents[2])],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environ,
            cwd=folder or folder_for_children(),
            start_new_session=True,
            creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),  # Windows only
        )
    except OSError as error:  # no more processes, memory or open files
        raise QuizError(
            tr(
                f"no process could be started: {error.strerror or error}",
                f"无法启动进程：{error.strerror or error}",
            ),
            tr("End other programs and try again.", "请结束其他程序后重试。"),
        ) from error


def kill(process: Popen[bytes]) -> None:
    """Kill a child and, where the system has groups of processes, its children."""
    if sys.platform == "win32":
        process.kill()
        return
    with suppress(ProcessLookupError, PermissionError):  # macOS: EPERM for a group of zombies
        os.killpg(process.pid, signal.SIGKILL)


def signal_name(code: int) -> str:
    """The name of the signal that a negative exit code tells of."""
    known = {member.value: member.name for member in signal.Signals}
    return known.get(-code, tr(f"signal {-code}", f"信号 {-code}"))
