"""Capabilities: on Linux root gives up what sets root apart, so that it is bound as any user is."""

from __future__ import annotations

import ctypes
import sys

_DROP, _AMBIENT, _CLEAR = 24, 47, 4  # PR_CAPBSET_DROP, PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL
_VERSION = 0x20080522
_ALL = 64
READ_SEARCH = 1 << 2  # CAP_DAC_READ_SEARCH: to read what the permission bits of others do not allow


class _Header(ctypes.Structure):
    _fields_ = (("version", ctypes.c_uint32), ("process", ctypes.c_int))


class _Sets(ctypes.Structure):
    _fields_ = (
        ("effective", ctypes.c_uint32),
        ("permitted", ctypes.c_uint32),
        ("inheritable", ctypes.c_uint32),
    )


def drop(keep: int = 0) -> None:
    """Give up all capabilities but those of `keep`, for good. A process that has none keeps none."""
    if sys.platform != "linux":
        return
    kernel = ctypes.CDLL(None, use_errno=True)
    kernel.prctl(_AMBIENT, _CLEAR, 0, 0, 0)
    for capability in range(_ALL):
        kernel.prctl(_DROP, capability, 0, 0, 0)
    header, sets = _Header(_VERSION, 0), (_Sets * 2)()
    if kernel.capget(ctypes.byref(header), sets) != 0:
        raise OSError(ctypes.get_errno(), "capget")
    for part, kept in zip(sets, (keep & 0xFFFFFFFF, keep >> 32), strict=True):
        part.effective &= kept
        part.permitted &= kept
        part.inheritable = 0
    if kernel.capset(ctypes.byref(header), sets) != 0:
        raise OSError(ctypes.get_errno(), "capset")
