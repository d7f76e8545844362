"""What a candidate may not do: the limits that its process gives itself before it reads the person's source.

Three layers, each as far as the platform has it. Python's audit hooks refuse files, processes, sockets and
foreign functions everywhere; native code gets around them. POSIX limits bound processor time, memory and
files. On Linux the kernel itself refuses all files but the libraries and the temporary folder (Landlock),
and every system call that reaches beyond the process (seccomp), and root is root no longer (capabilities);
no code gets out of these three. What grows by many small steps, files and threads, the referee counts.

What this is for: slips (an endless loop, a deleted folder) and pasted code that one has not read. It is no
place to run what one believes to be hostile: without Landlock and seccomp, native code gets around the hooks.
"""

from __future__ import annotations

import os
import sys
import sysconfig
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from quizcli.judge.sandbox import capabilities, landlock, seccomp
from quizcli.text import tr

MEMORY = 2 * 2**30  # bytes beyond what the warm process has
PROCESSOR = 600  # seconds, should nobody watch the clock any more
FILE = 4 * 2**20  # bytes of a file that is written
OPEN = 128  # files

# Audit events that nothing a candidate has to do causes.
_REFUSED = (
    "ctypes.dlopen",
    "ctypes.dlsym",
    "ctypes.call_function",
    "ctypes.string_at",
    "ctypes.wstring_at",
    "os.exec",
    "os.fork",
    "os.forkpty",
    "os.kill",
    "os.killpg",
    "os.mkdir",
    "os.posix_spawn",
    "os.spawn",
    "os.startfile",
    "os.system",
    "pty.spawn",
    "socket.__new__",
    "socket.bind",
    "socket.connect",
    "socket.getaddrinfo",
    "socket.gethostbyname",
    "subprocess.Popen",
    "winreg.OpenKey",
    "winreg.ConnectRegistry",
)
# Those that change a file or folder, named by their first or by their first two arguments.
_CHANGING = {
    "os.chmod": 1,
    "os.chown": 1,
    "os.link": 2,
    "os.remove": 1,
    "os.rename": 2,
    "os.rmdir": 1,
    "os.symlink": 2,
    "os.truncate": 1,
    "os.utime": 1,
    "shutil.rmtree": 1,
}
_LOOKING = ("os.listdir", "os.scandir")


def shut(folder: str) -> None:
    """Close the cage. Only `folder`, the temporary one, can be written; only it and the libraries be read."""
    home = str(Path(folder).resolve())
    readable, sites = [*libraries(), home], site_folders()
    # What lies beside this package in a checkout, models among them, is not to be imported.
    sys.path[:] = [e for e in sys.path if os.path.realpath(e) in sites or _within(e, readable)]
    seccomp.end_with_parent()
    _limit()
    kept = landlock.restrict(read=readable, listed=sites, write=[home])
    # Python may lie in a folder that only its owner may pass, and root has passed it so far.
    capabilities.drop(keep=capabilities.READ_SEARCH if kept else 0)
    seccomp.restrict()
    sys.addaudithook(_guard(readable, sites, home))


def site_folders() -> list[str]:
    """Where packages are installed: these folders can be listed, so that their packages are found."""
    named = {os.path.realpath(e) for e in sys.path if e.endswith(("site-packages", "dist-packages"))}
    return sorted(folder for folder in named if os.path.isdir(folder))


def libraries() -> list[str]:
    """Where Python and its packages live, quizcli itself left out: the model answers are in there."""
    own = str(Path(__file__).resolve().parents[2])
    paths = sysconfig.get_paths()
    places = [paths["stdlib"], paths["platstdlib"], f"{sys.base_prefix}/lib", f"{sys.base_exec_prefix}/lib"]
    found = [place for place in places if os.path.isdir(place)]
    for site in site_folders():
        found += [str(child) for child in Path(site).iterdir() if not child.name.startswith("quizcli")]
    system = [
        "/usr/lib",
        "/usr/lib64",
        "/lib",
        "/lib64",
        "/usr/local/lib",
        "/etc/ld.so.cache",
        "/usr/share/zoneinfo",
    ]
    system += [
        "/dev/null",
        "/dev/urandom",
        "/dev/zero",
        "/proc/cpuinfo",
        "/proc/meminfo",
        "/sys/devices/system/cpu",
    ]
    real = {os.path.realpath(place) for place in (*found, *system) if os.path.exists(place)}
    return sorted(place for place in real if not own.startswith(place + os.sep) and place != own)


def _within(path: str, folders: Sequence[str]) -> bool:
    real = os.path.realpath(path)
    return any(real == folder or real.startswith(folder + os.sep) for folder in folders)


def _limit() -> None:
    """The limits that POSIX knows. Those of processes bind every user but root, and count threads too."""
    if sys.platform == "win32":
        return
    import resource

    limits = {
        resource.RLIMIT_CPU: PROCESSOR,
        resource.RLIMIT_FSIZE: FILE,
        resource.RLIMIT_NOFILE: OPEN,
        resource.RLIMIT_CORE: 0,
    }
    if not seccomp.known():
        limits[resource.RLIMIT_NPROC] = 0
    if sys.platform == "linux":
        pages = int(Path("/proc/self/statm").read_text().split()[0])
        limits[resource.RLIMIT_AS] = pages * resource.getpagesize() + MEMORY
    for limit, value in limits.items():
        _, hard = resource.getrlimit(limit)
        if hard != resource.RLIM_INFINITY:
            value = min(value, hard)
        resource.setrlimit(limit, (value, value))


def _guard(readable: Sequence[str], sites: Sequence[str], home: str) -> Any:
    """The audit hook. Once added, nothing takes it away."""
    refused, changing, looking = frozenset(_REFUSED), dict(_CHANGING), frozenset(_LOOKING)
    within, fspath, isdir = _within, os.fsdecode, os.path.isdir

    def hook(event: str, args: tuple[Any, ...]) -> None:
        if event == "os.mkdir" and isdir(args[0]) and within(fspath(args[0]), [home]):
            return  # it is there: torch makes sure of the folder for its caches when it is asked for more
        if event == "ctypes.dlopen" and args[0] and within(fspath(args[0]), sites):
            return  # a package's own, as torchvision's; to look anything up in it is refused all the same
        if event in refused:
            raise PermissionError(tr(f"not allowed here: {event}", f"此处不允许：{event}"))
        if event == "open":
            path, mode, flags = args
            if isinstance(path, int):
                return
            writes = bool(
                (isinstance(mode, str) and set(mode) & set("wax+")) or (isinstance(flags, int) and flags & 3)
            )
            allowed = [home] if writes and fspath(path) != os.devnull else readable
        elif event in changing:
            for path in args[: changing[event]]:
                if not isinstance(path, int) and not within(fspath(path), [home]):
                    raise PermissionError(tr(f"out of reach: {path}", f"无权访问：{path}"))
            return
        elif event in looking:
            path, allowed = args[0] or ".", readable
            if isinstance(path, int) or os.path.realpath(fspath(path)) in sites:
                return
        else:
            return
        if not within(fspath(path), allowed):
            raise PermissionError(tr(f"out of reach: {path}", f"无权访问：{path}"))

    return hook
