"""Seccomp: the Linux kernel refuses a process every system call but those of `syscalls`, for good.

So other processes, their signals, limits and priorities, the network, System V objects, message queues,
mounts, users, the clock, and whatever a later kernel adds are out of reach, for root too.
"""

from __future__ import annotations

import ctypes
import os
import platform
import signal
import sys
from typing import NamedTuple

from quizcli.judge.sandbox.syscalls import ALLOWED, FEIGNED, FIRST_OF_LATER_KERNELS, LIMITED, SECCOMP, Numbers

_LOAD, _AND, _EQUALS, _AT_LEAST, _RETURN = 0x20, 0x54, 0x15, 0x35, 0x06
_NUMBER, _ARCHITECTURE, _ARGUMENTS = 0, 4, 16  # where they stand in what the kernel shows the filter
_ALLOW, _FEIGN, _REFUSE, _MISSING = 0x7FFF0000, 0x00050000, 0x00050000 | 1, 0x00050000 | 38  # EPERM, ENOSYS
_SET_FILTER, _ALL_THREADS = 1, 1
_NO_NEW_PRIVILEGES, _PARENT_DEATH_SIGNAL = 38, 1
_ARCHITECTURES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}

_THREAD = 0x10000  # the flag of `clone` that makes a thread, no process
_NAMESPACES = 0x7E020000  # those that make a namespace
_TEMPORARY, _TRUNCATE, _HOW = 0x400000, 0x200, 3  # O_TMPFILE, O_TRUNC, O_ACCMODE: flags of `open`
_FCNTL = (0, 1, 2, 3, 4, 5, 6, 7, 1030, 36, 37, 38, 1032)  # copies, flags, locks; not whom to signal
_IOCTL = (0x5401, 0x802C542A, 0x5413, 0x541B, 0x5421, 0x5450, 0x5451)  # is it a terminal, how wide; FIO…
_PRCTL = (2, 3, 15, 16, 21, 23, 38, 39, 0x53564D41)  # names, what only asks; PR_SET_VMA of malloc

Step = tuple[int, int, int, int]  # code, how far to jump if true, if false, operand


class _Check(NamedTuple):
    """What half of an argument, after a mask, must be one of."""

    argument: int
    values: tuple[int, ...]
    mask: int = 0xFFFFFFFF
    high: bool = False


class _Step(ctypes.Structure):
    _fields_ = (
        ("code", ctypes.c_ushort),
        ("yes", ctypes.c_ubyte),
        ("no", ctypes.c_ubyte),
        ("k", ctypes.c_uint),
    )


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("steps", ctypes.POINTER(_Step)))


def known() -> bool:
    """Whether this system is one that the filter is written for."""
    return sys.platform == "linux" and platform.machine() in _ARCHITECTURES


def restrict() -> bool:
    """Refuse all other calls from now on, in this process and its threads. Whether the system can do that."""
    if not known():
        return False
    steps = program(platform.machine(), os.getpid())
    filled = _Program(len(steps), (_Step * len(steps))(*(_Step(*step) for step in steps)))
    kernel = ctypes.CDLL(None, use_errno=True)
    kernel.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0)
    number = getattr(SECCOMP, platform.machine())
    return bool(kernel.syscall(number, _SET_FILTER, _ALL_THREADS, ctypes.byref(filled)) == 0)


def end_with_parent() -> None:
    """Have the kernel end this process with its parent: an endless loop would outlive it."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PARENT_DEATH_SIGNAL, signal.SIGKILL, 0, 0, 0)


def program(machine: str, process: int) -> list[Step]:
    """The filter of one architecture, for the process of this id."""

    def of(numbers: Numbers) -> int | None:
        found: int | None = getattr(numbers, machine)
        return found

    steps: list[Step] = [
        (_LOAD, 0, 0, _ARCHITECTURE),
        (_EQUALS, 1, 0, _ARCHITECTURES[machine]),
        (_RETURN, 0, 0, _REFUSE),  # 32-bit calls have other numbers; those of x32 are refused as late ones
        (_LOAD, 0, 0, _NUMBER),
    ]
    for calls, told in ((ALLOWED, _ALLOW), (FEIGNED, _FEIGN)):
        for numbers in calls.values():
            if (number := of(numbers)) is not None:
                steps += [(_EQUALS, 0, 1, number), (_RETURN, 0, 0, told)]
    for name, checks in _limited(process).items():
        if (number := of(LIMITED[name])) is not None:
            rule = _rule(checks)
            steps += [(_EQUALS, 0, len(rule), number), *rule]
    return [
        *steps,
        (_AT_LEAST, 0, 1, FIRST_OF_LATER_KERNELS),
        (_RETURN, 0, 0, _MISSING),
        (_RETURN, 0, 0, _REFUSE),
    ]


def _limited(process: int) -> dict[str, tuple[_Check, ...]]:
    """With which arguments the calls may be made that others would suffer from."""
    how = (0, 1, 2, 3, _TRUNCATE | 1, _TRUNCATE | 2)
    # To truncate what is only read is possible before Landlock's third version; a file without a name
    # would not be counted.
    flags = [(_Check(n, (0,), _TEMPORARY), _Check(n, how, _TRUNCATE | _HOW)) for n in (1, 2)]
    return {
        "clone": (_Check(0, (_THREAD,), _THREAD | _NAMESPACES),),
        "tgkill": (_Check(0, (process,)),),  # `abort` does that
        "prlimit64": (_Check(0, (0, process)), _Check(2, (0,)), _Check(2, (0,), high=True)),  # ask, not set
        "fcntl": (_Check(1, _FCNTL),),
        "ioctl": (_Check(1, _IOCTL),),
        "prctl": (_Check(0, _PRCTL),),
        "open": flags[0],
        "openat": flags[1],
    }


def _rule(checks: tuple[_Check, ...]) -> list[Step]:
    """Allow where all checks hold."""
    steps: list[Step] = []
    for check in checks:
        steps += [(_LOAD, 0, 0, _ARGUMENTS + 8 * check.argument + 4 * check.high), (_AND, 0, 0, check.mask)]
        left = len(check.values)
        steps += [(_EQUALS, left - place, 0, value) for place, value in enumerate(check.values)]
        steps += [(_RETURN, 0, 0, _REFUSE)]
    return [*steps, (_RETURN, 0, 0, _ALLOW)]
