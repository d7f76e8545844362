"""Sessions in a real terminal: keys in bursts, windows that change, a screen that is slow to take it in."""

from __future__ import annotations

import fcntl
import os
import random
import select
import signal
import struct
import sys
import termios
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from quizcli.__main__ import main
from tests.fuzz.keys import COMMANDS, KEYS, reviews
from tests.fuzz.program import OURS, PATIENCE, STATUSES, TooLong, alone, home_like

DESKS = (["code", "dropout-code-forward"], ["code", "attention-code-scaled-dot-product"], ["stats"], ["list"])
PAIRS = ((b"\x1b[?1049h", b"\x1b[?1049l"), (b"\x1b[?2004h", b"\x1b[?2004l"), (b"\x1b[?25l", b"\x1b[?25h"))


class Press(NamedTuple):
    """Keys, seconds without news after which the next ones come, whether the screen is slow, its new size."""

    keys: bytes = b""
    pause: float = 0.0
    slow: bool = False
    window: tuple[int, int] | None = None


class Ended(NamedTuple):
    """How a session ended, all that it printed, and whether the terminal is as it was."""

    status: int
    printed: bytes
    restored: bool


def one(folder: Path, seed: int) -> list[str]:
    """One session; it ends when it is asked to, leaves the terminal as it was, and loses no answer."""
    chance = random.Random(seed)
    home = home_like(folder, seed)
    store = home / "data" / "quizcli.db"
    before = reviews(store)
    ended = _session(chance.choice((*COMMANDS, *COMMANDS, *DESKS)), home, chance)
    told = [f"{word}: {ended.printed[-300:]!r}" for word in OURS if word.encode() in ended.printed]
    if ended.status not in STATUSES:
        told.append(f"exit status {ended.status}: {ended.printed[-300:]!r}")
    if not ended.restored:
        told.append("the terminal's modes are not as they were")
    told += [f"{begin!r} without its end" for begin, end in PAIRS if _open(ended.printed, begin, end)]
    if not set(before) <= set(reviews(store)):
        told.append("a review is gone")
    return told


def _open(printed: bytes, begin: bytes, end: bytes) -> bool:
    return printed.rfind(begin) > printed.rfind(end)


def _session(arguments: list[str], home: Path, chance: random.Random) -> Ended:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of threads: the child goes on without them
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})  # until there is a program to interrupt
        child, terminal = os.forkpty()
    if not child:
        _become(arguments, home)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    ended, printed = 0, b""
    try:
        _resize(terminal, 24, 80)
        modes = termios.tcgetattr(terminal)
        end = time.monotonic() + PATIENCE
        presses = _presses(chance)
        while not ended:
            if time.monotonic() > end:
                raise TooLong
            press = next(presses)
            if press.window is not None:
                _resize(terminal, *press.window)
            printed += _exchange(terminal, press)
            ended, status = os.waitpid(child, os.WNOHANG)
        printed += _exchange(terminal, Press())
        restored = termios.tcgetattr(terminal)[:4] == modes[:4]
        return Ended(os.waitstatus_to_exitcode(status), printed, restored)
    finally:
        if not ended:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
        os.close(terminal)


def _become(arguments: list[str], home: Path) -> None:
    """Be the program, as if started in this terminal; never return."""
    status = 70
    try:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        sys.stdin, sys.stdout, sys.stderr = os.fdopen(0), os.fdopen(1, "w"), os.fdopen(2, "w")
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
        sys.argv[1:] = arguments
        status = alone(main, home, {"TERM": "xterm-256color"})
        sys.stdout.flush()
    except KeyboardInterrupt:  # between these lines, which are no program of a person's
        status = 130
    finally:
        os._exit(status)


def _presses(chance: random.Random) -> Iterator[Press]:
    """Some bursts of keys, some windows; then Ctrl-C for as long as it takes."""
    yield Press(pause=0.1)
    for _ in range(chance.randrange(25)):
        keys = "".join(chance.choice(KEYS) for _ in range(chance.randrange(1, 8)))
        sizes = chance.choice((1, 2, 5, 24, 40, 200)), chance.choice((1, 3, 20, 80, 120, 500))
        yield Press(
            keys.encode("utf-8", "surrogateescape"),
            chance.choice((0.0, 0.0, 0.002, 0.01, 0.06)),
            chance.random() < 0.1,
            sizes if chance.random() < 0.15 else None,
        )
    while True:
        yield Press(b"\x03", pause=0.08)


def _exchange(terminal: int, press: Press) -> bytes:
    """Press the keys and take in what comes, until there is a pause."""
    if press.slow:
        time.sleep(0.05)  # nobody reads: the program waits for its terminal
    keys, heard = press.keys, b""
    while True:
        ready, writable, _ = select.select([terminal], [terminal] if keys else [], [], press.pause)
        try:
            if ready:
                heard += os.read(terminal, 64 if press.slow else 65_536)
            elif writable:
                keys = keys[os.write(terminal, keys[:256]) :]
        except OSError:  # nobody has it open any more, and all has been read: the process is about to end
            time.sleep(0.01)
            return heard
        if not ready and not writable and not keys:
            return heard


def _resize(terminal: int, rows: int, columns: int) -> None:
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
