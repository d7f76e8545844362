"""Landlock: the Linux kernel keeps a process to the files it names, for good (kernel 5.13 and later)."""

from __future__ import annotations

import ctypes
import os
import stat
import sys
from collections.abc import Sequence

_CREATE, _ADD, _RESTRICT = 444, 445, 446  # system calls, the same on every architecture
_VERSION = 1  # flag of _CREATE: tell the version instead
_BENEATH = 1  # sort of rule: a folder and all below it
_EXECUTE, _WRITE, _READ, _LIST = 1, 2, 4, 8
# In the folder to write: files and folders, but no devices, sockets, pipes, links, nor moves out of it.
_KEEPING = _WRITE | _READ | _LIST | 1 << 4 | 1 << 5 | 1 << 7 | 1 << 8 | 1 << 14
_OF_FILES = _EXECUTE | _WRITE | _READ | 1 << 14  # the rights that a single file can have
# By version of the interface: 1 is that of kernel 5.13, 2 of 5.19 (moves), 3 of 6.2 (truncation).
_RIGHTS = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1, 4: (1 << 15) - 1}
_LATER = (1 << 16) - 1  # 5, of kernel 6.10: orders to devices
_TCP = 3  # bind and connect, from version 4 on, of kernel 6.7
_SCOPES = 3  # abstract sockets and signals to processes outside, from version 6 on, of 6.12
_NO_NEW_PRIVILEGES = 38


class _Ruleset(ctypes.Structure):
    _fields_ = (("files", ctypes.c_uint64), ("network", ctypes.c_uint64), ("scopes", ctypes.c_uint64))


class _Beneath(ctypes.Structure):
    _pack_ = 1
    _fields_ = (("rights", ctypes.c_uint64), ("folder", ctypes.c_int32))


def version() -> int:
    """The version of the interface that this kernel has; 0 for none."""
    if sys.platform != "linux":
        return 0
    return max(0, int(_kernel().syscall(_CREATE, None, 0, _VERSION)))


def restrict(read: Sequence[str], write: Sequence[str], listed: Sequence[str] = ()) -> bool:
    """Keep this process, and what it starts, to these files and folders; of some only the names are seen.

    Says whether the kernel can do that.
    """
    has = version()
    if not has:
        return False
    kernel = _kernel()
    rights = _RIGHTS.get(has, _LATER)
    rules = _Ruleset(rights, _TCP if has >= 4 else 0, _SCOPES if has >= 6 else 0)
    size = 8 if has < 4 else 16 if has < 6 else 24
    ruleset = kernel.syscall(_CREATE, ctypes.byref(rules), size, 0)
    if ruleset < 0:
        return False
    for path in read:
        _allow(kernel, ruleset, path, _READ | _LIST)
    for path in listed:
        _allow(kernel, ruleset, path, _LIST)
    for path in write:
        _allow(kernel, ruleset, path, rights & _KEEPING)
    _allow(kernel, ruleset, os.devnull, _READ | _WRITE)
    kernel.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0)
    done = bool(kernel.syscall(_RESTRICT, ruleset, 0) == 0)
    os.close(ruleset)
    return done


def _allow(kernel: ctypes.CDLL, ruleset: int, path: str, rights: int) -> None:
    folder = os.open(path, getattr(os, "O_PATH", 0) | os.O_CLOEXEC)
    try:
        if not stat.S_ISDIR(os.fstat(folder).st_mode):
            rights &= _OF_FILES
        rule = _Beneath(rights, folder)
        if kernel.syscall(_ADD, ruleset, _BENEATH, ctypes.byref(rule), 0) != 0:
            raise OSError(ctypes.get_errno(), f"landlock: {path}")
    finally:
        os.close(folder)


def _kernel() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)
