"""What the kernel keeps a candidate from, tried natively: without the audit hook that stands before it."""

import json
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from quizcli.judge.sandbox import landlock, seccomp
from quizcli.judge.sandbox.syscalls import ALLOWED, FEIGNED, LIMITED, Numbers
from tests.places import ROOT

LINUX = pytest.mark.skipif(not seccomp.known(), reason="no filter for this system")
X86 = pytest.mark.skipif(platform.machine() != "x86_64", reason="the numbers are those of x86-64")
LANDLOCK = pytest.mark.skipif(not landlock.version(), reason="this kernel has no Landlock")

# Of x86-64, by what they reach.
REFUSED = {
    "processes": {
        "fork": 57,
        "vfork": 58,
        "execve": 59,
        "execveat": 322,
        "ptrace": 101,
        "process_vm_readv": 310,
        "process_vm_writev": 311,
        "kcmp": 312,
        "unshare": 272,
        "setns": 308,
        "personality": 135,
        "modify_ldt": 154,
        "iopl": 172,
        "ioperm": 173,
        "vhangup": 153,
        "setsid": 112,
        "setpgid": 109,
        "kexec_load": 246,
        "kexec_file_load": 320,
        "reboot": 169,
        "acct": 163,
        "init_module": 175,
        "finit_module": 313,
        "delete_module": 176,
        "userfaultfd": 323,
        "perf_event_open": 298,
        "bpf": 321,
        "seccomp": 317,
    },
    "signals": {
        "kill": 62,
        "tkill": 200,
        "rt_sigqueueinfo": 129,
        "rt_tgsigqueueinfo": 297,
        "timer_create": 222,
        "pidfd_open": 434,
        "pidfd_send_signal": 424,
        "pidfd_getfd": 438,
        "process_madvise": 440,
        "process_mrelease": 448,
    },
    "limits and order of others": {
        "setrlimit": 160,
        "setpriority": 141,
        "ioprio_set": 251,
        "ioprio_get": 252,
        "sched_setaffinity": 203,
        "sched_setscheduler": 144,
        "sched_setparam": 142,
        "sched_setattr": 314,
        "migrate_pages": 256,
        "move_pages": 279,
        "set_mempolicy_home_node": 450,
    },
    "the clock": {
        "clock_settime": 227,
        "clock_adjtime": 305,
        "adjtimex": 159,
        "settimeofday": 164,
    },
    "users": {
        "setuid": 105,
        "setgid": 106,
        "setreuid": 113,
        "setregid": 114,
        "setresuid": 117,
        "setresgid": 119,
        "setfsuid": 122,
        "setfsgid": 123,
        "setgroups": 116,
        "capset": 126,
        "keyctl": 250,
        "add_key": 248,
        "request_key": 249,
    },
    "the system": {
        "sethostname": 170,
        "setdomainname": 171,
        "swapon": 167,
        "swapoff": 168,
        "syslog": 103,
        "quotactl": 179,
        "quotactl_fd": 443,
        "sync": 162,
        "syncfs": 306,
        "nfsservctl": 180,
        "lookup_dcookie": 212,
        "chroot": 161,
        "pivot_root": 155,
        "mount": 165,
        "umount2": 166,
        "fsopen": 430,
        "fsmount": 432,
        "fsconfig": 431,
        "fspick": 433,
        "move_mount": 429,
        "open_tree": 428,
        "mount_setattr": 442,
    },
    "System V and message queues": {
        "shmget": 29,
        "shmat": 30,
        "shmctl": 31,
        "shmdt": 67,
        "semget": 64,
        "semop": 65,
        "semctl": 66,
        "semtimedop": 220,
        "msgget": 68,
        "msgsnd": 69,
        "msgrcv": 70,
        "msgctl": 71,
        "mq_open": 240,
        "mq_unlink": 241,
        "mq_timedsend": 242,
        "mq_timedreceive": 243,
        "mq_notify": 244,
        "mq_getsetattr": 245,
        "memfd_create": 319,
        "memfd_secret": 447,
    },
    "files by the back door": {
        "chmod": 90,
        "fchmod": 91,
        "fchmodat": 268,
        "chown": 92,
        "fchown": 93,
        "lchown": 94,
        "fchownat": 260,
        "utime": 132,
        "utimes": 235,
        "utimensat": 280,
        "futimesat": 261,
        "truncate": 76,
        "rename": 82,
        "renameat": 264,
        "renameat2": 316,
        "link": 86,
        "linkat": 265,
        "symlink": 88,
        "symlinkat": 266,
        "mkdir": 83,
        "mkdirat": 258,
        "mknod": 133,
        "mknodat": 259,
        "setxattr": 188,
        "lsetxattr": 189,
        "fsetxattr": 190,
        "removexattr": 197,
        "fallocate": 285,
        "name_to_handle_at": 303,
        "open_by_handle_at": 304,
        "openat2": 437,
        "inotify_init": 253,
        "inotify_init1": 294,
        "inotify_add_watch": 254,
        "fanotify_init": 300,
        "fanotify_mark": 301,
        "flock": 73,
        "io_setup": 206,
        "io_submit": 209,
        "vmsplice": 278,
        "splice": 275,
        "tee": 276,
        "io_uring_setup": 425,
        "io_uring_enter": 426,
        "io_uring_register": 427,
        "landlock_restrict_self": 446,
    },
    "the network": {
        "socket": 41,
        "socketpair": 53,
        "connect": 42,
        "accept": 43,
        "accept4": 288,
        "bind": 49,
        "listen": 50,
        "sendto": 44,
        "recvfrom": 45,
        "sendmsg": 46,
        "recvmsg": 47,
        "sendmmsg": 307,
        "recvmmsg": 299,
    },
}
UNPRIVILEGED = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]

BEGIN = """
import ctypes, json, os, sys, resource, signal
kernel = ctypes.CDLL(None, use_errno=True)
kernel.syscall.restype = ctypes.c_long
def told(attempt):
    try:
        value = attempt()
    except OSError as error:
        return f"errno {error.errno}"
    except ValueError:  # that is how `resource` tells of EPERM
        return "errno 1"
    return "done" if value is None else repr(value)
def call(number, *args):
    ctypes.set_errno(0)
    value = kernel.syscall(*(ctypes.c_long(each) for each in (number, *args)))
    if value < 0:
        raise OSError(ctypes.get_errno(), "")
    return value
from quizcli.judge.sandbox import capabilities, landlock, limits, seccomp
limits._guard = lambda *given: lambda *event: None
"""


def native(folder: Path, attempts: list[str], setup: str = "", before: list[str] | None = None) -> list[str]:
    """What came of each, in one caged process; every argument and result is plain text."""
    text = f"{BEGIN}\n{setup}\nlimits.shut({str(folder)!r})\nos.chdir({str(folder)!r})\n" + (
        f"print(json.dumps([told(eval('lambda: ' + a)) for a in {attempts!r}]), flush=True)\nos._exit(0)"
    )
    folder.chmod(0o777)
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [*(before or []), sys.executable, "-B", "-c", text]
    ran = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=60, check=False)
    assert ran.returncode == 0, ran.stderr
    came: list[str] = json.loads(ran.stdout)
    return came


def filtered(machine: str, number: int, *args: int) -> int:
    """What the filter says to a call, worked out here: 0 for allowed, else the errno; None is feigned."""
    given = {0: number, 4: {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}[machine]}
    for place, value in enumerate(args):
        given[16 + 8 * place], given[20 + 8 * place] = value & 0xFFFFFFFF, value >> 32
    at, held, steps = 0, 0, seccomp.program(machine, 77)
    while True:
        code, yes, no, k = steps[at]
        at += 1
        match code:
            case 0x20:
                held = given.get(k, 0)
            case 0x54:
                held &= k
            case 0x15:
                at += yes if held == k else no
            case 0x35:
                at += yes if held >= k else no
            case _:
                return 0 if k == 0x7FFF0000 else -1 if k == 0x50000 else k & 0xFFFF


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
def test_the_filter_allows_what_is_listed_and_nothing_else(machine: str) -> None:
    def numbers(calls: dict[str, Numbers]) -> set[int]:
        return {number for each in calls.values() if (number := getattr(each, machine)) is not None}

    always, some, feigned = numbers(ALLOWED), numbers(LIMITED), numbers(FEIGNED)
    assert len(always) == len([n for n in ALLOWED.values() if getattr(n, machine) is not None])
    for number in (*range(600), 0x40000000, 0x40000000 + 1, 2**32 - 1):
        if number in some:
            continue
        wanted = 0 if number in always else -1 if number in feigned else 38 if number >= 424 else 1
        assert filtered(machine, number, 1, 1, 1) == wanted, number


@X86
def test_no_call_that_reaches_further_is_listed() -> None:
    listed = {numbers.x86_64 for numbers in (*ALLOWED.values(), *LIMITED.values(), *FEIGNED.values())}
    named = {number for calls in REFUSED.values() for number in calls.values()}
    assert len(named) > 150
    assert not listed & named


@pytest.mark.parametrize(
    ("call", "args", "came"),
    [
        ("clone", (0x50F00,), 0),  # a thread
        ("clone", (17,), 1),  # a process
        ("clone", (0x10010000,), 1),  # a thread in a user namespace of its own
        ("tgkill", (77, 78, 6), 0),
        ("tgkill", (78, 78, 6), 1),
        ("prlimit64", (0, 7, 0, 1), 0),
        ("prlimit64", (77, 7, 0, 1), 0),
        ("prlimit64", (0, 7, 1), 1),
        ("prlimit64", (0, 7, 2**32), 1),
        ("prlimit64", (1, 7, 0, 1), 1),
        ("fcntl", (3, 1030), 0),
        ("fcntl", (3, 8), 1),  # F_SETOWN
        ("fcntl", (3, 10), 1),  # F_SETSIG
        ("fcntl", (3, 15), 1),  # F_SETOWN_EX
        ("fcntl", (3, 1026), 1),  # F_NOTIFY
        ("fcntl", (3, 1031), 1),  # F_SETPIPE_SZ
        ("ioctl", (1, 0x5401), 0),
        ("ioctl", (1, 0x5412), 1),  # TIOCSTI
        ("ioctl", (1, 0x8901), 1),  # FIOSETOWN
        ("ioctl", (1, 0x8902), 1),  # SIOCSPGRP
        ("prctl", (15,), 0),
        ("prctl", (1, 0), 1),  # to outlive the referee
        ("prctl", (4, 1), 1),
        ("openat", (3, 0, 0), 0),
        ("openat", (3, 0, 0o1101), 0),
        ("openat", (3, 0, 0x200), 1),  # truncate what is only read
        ("openat", (3, 0, 0x410002), 1),  # O_TMPFILE
    ],
)
def test_calls_that_are_allowed_in_part(call: str, args: tuple[int, ...], came: int) -> None:
    for machine in ("x86_64", "aarch64"):
        assert filtered(machine, getattr(LIMITED[call], machine), *args) == came


@X86
@LINUX
@pytest.mark.parametrize("before", [[], UNPRIVILEGED], ids=["as-we-are", "nobody"])
def test_the_kernel_refuses_them_all(open_folder: Path, before: list[str]) -> None:
    _needs(before)
    calls = {name: number for kind in REFUSED.values() for name, number in kind.items()}
    came = native(open_folder, [f"call({n}, {os.getpid()})" for n in calls.values()], before=before)
    not_refused = [n for n, c in zip(calls, came, strict=True) if c not in ("errno 1", "errno 38")]
    assert not not_refused


def _needs(before: list[str]) -> None:
    """Whether a process can be made somebody else's here, and that one can read Python."""
    if before and (sys.platform != "linux" or os.getuid() != 0):
        pytest.skip("only root becomes nobody")
    if before and subprocess.run([*before, sys.executable, "-c", ""], check=False).returncode:
        pytest.skip("nobody cannot run this Python")


@X86
@LINUX
def test_other_processes_are_as_they_were(tmp_path: Path) -> None:
    import resource

    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as other:
        pid, limit = other.pid, resource.prlimit(other.pid, resource.RLIMIT_CPU)
        attempts = [
            f"resource.prlimit({pid}, resource.RLIMIT_CPU, (1, 1))",
            "resource.setrlimit(resource.RLIMIT_FSIZE, (1, 1))",
            f"os.setpriority(os.PRIO_PROCESS, {pid}, 10)",
            f"os.sched_setaffinity({pid}, [0])",
            f"os.sched_setscheduler({pid}, os.SCHED_IDLE, os.sched_param(0))",
            f"os.kill({pid}, 0)",
            "__import__('fcntl').fcntl(0, 8, os.getppid())",
            "os.chroot('/')",
            "os.setuid(65534)",
            "__import__('time').clock_settime(0, 1)",
            "os.abort.__name__",
            "resource.getrlimit(resource.RLIMIT_CPU)",
            "resource.prlimit(0, resource.RLIMIT_CPU)[0]",
        ]
        came = native(tmp_path, attempts)
        assert came == ["errno 1"] * 10 + ["'abort'", "(600, 600)", "600"]
        assert resource.prlimit(pid, resource.RLIMIT_CPU) == limit
        assert os.getpriority(os.PRIO_PROCESS, pid) == os.getpriority(os.PRIO_PROCESS, 0)
        other.communicate(b"\n")


@LINUX
def test_root_is_root_no_longer(tmp_path: Path) -> None:
    sets = "(ctypes.c_uint32 * 6)(); header = (ctypes.c_uint32 * 2)(0x20080522, 0)"
    asked = "kernel.capget(header, sets) or [sets[n] for n in range(6)]"
    [came] = native(tmp_path, [asked], f"sets = {sets}")
    kept = 4 if landlock.version() and os.getuid() == 0 else 0  # to read what Landlock lets be read
    assert came == str([kept, kept, 0, 0, 0, 0])
    [came] = native(tmp_path, [asked], f"sets = {sets}\nlandlock.version = lambda: 0")
    assert came == "[0, 0, 0, 0, 0, 0]"


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """One that nobody can reach too; those of pytest belong to one user."""
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        os.chmod(folder, 0o755)
        yield Path(folder)


@LANDLOCK
@LINUX
@pytest.mark.parametrize("before", [[], UNPRIVILEGED], ids=["as-we-are", "nobody"])
def test_files_of_others_are_as_they_were(open_folder: Path, before: list[str]) -> None:
    _needs(before)
    others, mine = open_folder / "others", open_folder / "mine"
    mine.mkdir()
    others.mkdir()
    others.chmod(0o777)
    secret = others / "secret"
    secret.write_text("progress")
    secret.chmod(0o666)
    link = mine / "link"
    link.symlink_to(secret)
    s, o = str(secret), str(others)
    attempts = [
        f"open({s!r}).read()",
        f"open({s!r}, 'a').close()",
        f"open({o!r} + '/new', 'w').close()",
        f"os.truncate({s!r}, 0)",
        f"os.open({s!r}, os.O_RDONLY | os.O_TRUNC)",
        f"os.chmod({s!r}, 0)",
        f"os.utime({s!r}, (1, 1))",
        f"os.chown({s!r}, os.getuid(), os.getgid())",
        f"os.setxattr({s!r}, 'user.x', b'1')",
        f"os.rename({s!r}, 'stolen')",
        f"os.link({s!r}, 'stolen')",
        f"os.listdir({o!r})",
        "open('link').read()",
        "open('link', 'w').close()",
        "os.symlink('/etc/passwd', 'passwd')",
        "os.mkfifo('pipe')",
        "open('/dev/shm/x', 'w').close()",
        "open('/proc/self/environ').read()",
        "open('/etc/passwd').read()",
        "os.open('.', os.O_TMPFILE | os.O_RDWR)",
    ]
    came = native(mine, attempts, before=before)
    assert set(came) <= {"errno 1", "errno 13"}
    # Deleting is feigned: nothing goes, here or elsewhere.
    came = native(mine, [f"os.unlink({s!r})", f"os.rmdir({o!r})", "os.unlink('link')"], before=before)
    assert came == ["done"] * 3
    assert secret.read_text() == "progress"
    assert os.listdir(others) == ["secret"]
    assert os.listdir(mine) == ["link"]
    assert secret.stat().st_mode & 0o777 == 0o666


@LINUX
def test_what_is_still_possible(tmp_path: Path) -> None:
    attempts = [
        "open('notes', 'w').write('x')",
        "open('notes').read()",
        "__import__('tempfile').TemporaryFile().write(b'x')",
        "__import__('concurrent.futures').futures.ThreadPoolExecutor(2).submit(int).result()",
        "len(os.sched_getaffinity(0)) > 0",
        "len(os.urandom(3))",
        "open(os.devnull, 'w').write('x')",
        "open('large', 'wb').write(bytes(5 * 2**20))",
        "kernel.prctl(15, b'name', 0, 0, 0)",
    ]
    came = native(tmp_path, attempts)
    assert came == ["1", "'x'", "1", "0", "True", "3", "1", "errno 27", "0"]


@LINUX
def test_without_landlock_the_hook_and_the_filter_hold(tmp_path: Path) -> None:
    """As on a kernel before 5.13."""
    home = tmp_path / "home"
    home.mkdir()
    secret = tmp_path / "secret"
    secret.write_text("progress")
    setup = "hook = limits._guard\nlandlock.version = lambda: 0"
    attempts = [
        "os.fork()",
        "os.truncate('../secret', 0)",
        "os.chmod('../secret', 0)",
        "os.rename('../secret', 'x')",
    ]
    assert native(home, attempts, setup) == ["errno 1"] * 4
    text = (
        f"{BEGIN.rpartition('limits._guard')[0]}\nlandlock.version = lambda: 0\n"
        f"limits.shut({str(home)!r})\nopen({str(secret)!r})"
    )
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", text]
    ran = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)
    assert ran.stderr.strip().splitlines()[-1] == f"PermissionError: out of reach: {secret}"
    assert secret.read_text() == "progress"


@LANDLOCK
@LINUX
@pytest.mark.parametrize("version", range(1, 8))
def test_every_version_of_landlock_keeps_files(tmp_path: Path, version: int) -> None:
    if version > landlock.version():
        pytest.skip("this kernel's is older")
    secret = tmp_path / "secret"
    secret.write_text("progress")
    home = tmp_path / "home"
    home.mkdir()
    attempts = ["open('../secret').read()", "os.truncate('../secret', 0)", "open('mine', 'w').write('x')"]
    came = native(home, attempts, f"landlock.version = lambda: {version}")
    assert came == ["errno 13", "errno 1", "1"]


@LANDLOCK
def test_installed_packages_can_be_imported_but_not_the_program(tmp_path: Path) -> None:
    site, home = tmp_path / "site-packages", tmp_path / "home"
    for folder in (site / "extra", site / "quizcli", home):
        folder.mkdir(parents=True)
    (site / "extra" / "__init__.py").write_text("what = 'extra'\n")
    secret = site / "quizcli" / "answer.py"
    secret.write_text("what = 'the answer'\n")
    attempts = ["__import__('extra').what", f"open({str(secret)!r}).read()"]
    assert native(home, attempts, f"sys.path.insert(0, {str(site)!r})") == ["'extra'", "errno 13"]
