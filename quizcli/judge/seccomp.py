"""Seccomp: the Linux kernel refuses a process other processes, their signals, and the network, for good."""

from __future__ import annotations

import ctypes
import os
import platform
import signal
import sys
from typing import NamedTuple

_LOAD, _EQUALS, _ALL_OF, _RETURN, _AT_LEAST = 0x20, 0x15, 0x45, 0x06, 0x35
_NUMBER, _ARCHITECTURE, _ARGUMENT = 0, 4, 16  # where they stand in what the kernel shows the filter
_ALLOW, _REFUSE, _MISSING = 0x7FFF0000, 0x00050000 | 1, 0x00050000 | 38  # allow, EPERM, ENOSYS
_THREAD = 0x10000  # the flag of `clone` that makes a thread, no process
_SECCOMP, _FILTER, _NO_NEW_PRIVILEGES, _PARENT_DEATH_SIGNAL = 22, 2, 38, 1


class _Calls(NamedTuple):
    """Numbers of system calls on one architecture."""

    architecture: int
    refused: tuple[int, ...]
    clone: int
    tgkill: int
    clone3: int = 435


# fork vfork execve execveat · socket socketpair connect · kill tkill ptrace process_vm_readv/writev
# · unshare setns mount bpf · io_uring_setup pidfd_open pidfd_send_signal pidfd_getfd
_LATE = (425, 434, 424, 438)
_KNOWN = {
    "x86_64": _Calls(
        0xC000003E, (57, 58, 59, 322, 41, 53, 42, 62, 200, 101, 310, 311, 272, 308, 165, 321, *_LATE), 56, 234
    ),
    "aarch64": _Calls(
        0xC00000B7, (221, 281, 198, 199, 203, 129, 130, 117, 270, 271, 97, 268, 40, 280, *_LATE), 220, 131
    ),
}


class _Step(ctypes.Structure):
    _fields_ = (
        ("code", ctypes.c_ushort),
        ("yes", ctypes.c_ubyte),
        ("no", ctypes.c_ubyte),
        ("k", ctypes.c_uint),
    )


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("steps", ctypes.POINTER(_Step)))


def restrict() -> bool:
    """Refuse these calls from now on, in this process and its threads. Whether the system can do that."""
    calls = _KNOWN.get(platform.machine())
    if sys.platform != "linux" or calls is None:
        return False
    steps = _filter(calls)
    program = _Program(len(steps), (_Step * len(steps))(*(_Step(*step) for step in steps)))
    kernel = ctypes.CDLL(None, use_errno=True)
    kernel.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0)
    return bool(kernel.prctl(_SECCOMP, _FILTER, ctypes.byref(program), 0, 0) == 0)


def end_with_parent() -> None:
    """Have the kernel end this process with its parent: an endless loop would outlive it."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PARENT_DEATH_SIGNAL, signal.SIGKILL, 0, 0, 0)


def _filter(calls: _Calls) -> list[tuple[int, int, int, int]]:
    """(code, jump if true, jump if false, operand) of each step."""
    steps = [
        (_LOAD, 0, 0, _ARCHITECTURE),
        (_EQUALS, 1, 0, calls.architecture),
        (_RETURN, 0, 0, _REFUSE),  # 32-bit calls have other numbers
        (_LOAD, 0, 0, _NUMBER),
        (_AT_LEAST, 0, 1, 0x40000000),  # and so have those of x32
        (_RETURN, 0, 0, _REFUSE),
    ]
    for number in calls.refused:
        steps += [(_EQUALS, 0, 1, number), (_RETURN, 0, 0, _REFUSE)]
    steps += [(_EQUALS, 0, 1, calls.clone3), (_RETURN, 0, 0, _MISSING)]  # its flags cannot be seen: use clone
    # A thread may be made, and a signal be sent to oneself (`abort` does that).
    steps += [(_EQUALS, 0, 3, calls.clone), (_LOAD, 0, 0, _ARGUMENT), (_ALL_OF, 1, 0, _THREAD)]
    steps += [(_RETURN, 0, 0, _REFUSE)]
    steps += [(_LOAD, 0, 0, _NUMBER), (_EQUALS, 0, 3, calls.tgkill), (_LOAD, 0, 0, _ARGUMENT)]
    steps += [(_EQUALS, 1, 0, os.getpid()), (_RETURN, 0, 0, _REFUSE)]
    return [*steps, (_RETURN, 0, 0, _ALLOW)]
