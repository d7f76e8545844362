"""The standard streams made fit to print on: what is printed is cleaned; and told apart when they break."""

import os
import sys
from contextlib import suppress
from typing import TextIO

from quizcli.screen.terminal.clean_stream import Door, behind


def mend() -> None:
    """Closed streams lead nowhere from now on; streams that are not UTF-8 get stand-ins for our signs; all
    that is printed passes the door, and waits there until it is taken.
    """
    # A file opened while 0, 1 or 2 is free would get its number: the store must not become stderr.
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # the lowest free number, which is this one
    if sys.platform != "win32":
        for number in range(3):
            # Another program (node, ssh) may have left the terminal or pipe that it shares with us so that no
            # write waits: Python drops what there is no room for at once.
            with suppress(OSError):
                os.set_blocking(number, True)
    if sys.stdin is None:
        sys.stdin = open(os.devnull, encoding="utf-8")  # noqa: SIM115 - for as long as the process lives
    for name in ("stdout", "stderr"):
        stream: TextIO | None = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115 - likewise
        elif (stream.encoding or "").lower().replace("-", "") != "utf8":
            from quizcli.screen.terminal.theme import make_console

            make_console(stream)
        setattr(sys, name, Door(getattr(sys, name)))


def let_go() -> None:
    """Flush the output; what nobody takes any more goes nowhere, so that Python has no trouble at its end."""
    sys.stdout, sys.stderr = behind(sys.stdout), behind(sys.stderr)
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            with suppress(OSError, ValueError):  # a stream without a number has nothing to be sent elsewhere
                os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
