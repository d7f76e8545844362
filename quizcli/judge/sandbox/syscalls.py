"""The system calls that a candidate may make, by the kernel's names, with their numbers on two architectures.

What is not here is refused, whatever later kernels add. The list is what Python, torch and the C libraries
were seen to use (strace of all model answers in the cage), and the harmless relatives that other versions
of them use in their place.
"""

from __future__ import annotations

from typing import NamedTuple


class Numbers(NamedTuple):
    """Of one system call; None where an architecture does not have it."""

    x86_64: int | None
    aarch64: int | None


ALLOWED = {
    # memory of its own
    "brk": Numbers(12, 214),
    "mmap": Numbers(9, 222),
    "munmap": Numbers(11, 215),
    "mprotect": Numbers(10, 226),
    "mremap": Numbers(25, 216),
    "madvise": Numbers(28, 233),
    "msync": Numbers(26, 227),
    "mincore": Numbers(27, 232),
    "membarrier": Numbers(324, 283),
    "get_mempolicy": Numbers(239, 236),
    "set_mempolicy": Numbers(238, 237),
    "mbind": Numbers(237, 235),
    "map_shadow_stack": Numbers(453, 453),
    "mseal": Numbers(462, 462),
    # reading; which files, Landlock says
    "read": Numbers(0, 63),
    "pread64": Numbers(17, 67),
    "readv": Numbers(19, 65),
    "preadv": Numbers(295, 69),
    "preadv2": Numbers(327, 286),
    "lseek": Numbers(8, 62),
    "close": Numbers(3, 57),
    "close_range": Numbers(436, 436),
    "dup": Numbers(32, 23),
    "dup2": Numbers(33, None),
    "dup3": Numbers(292, 24),
    "stat": Numbers(4, None),
    "fstat": Numbers(5, 80),
    "lstat": Numbers(6, None),
    "newfstatat": Numbers(262, 79),
    "statx": Numbers(332, 291),
    "statfs": Numbers(137, 43),
    "fstatfs": Numbers(138, 44),
    "access": Numbers(21, None),
    "faccessat": Numbers(269, 48),
    "faccessat2": Numbers(439, 439),
    "readlink": Numbers(89, None),
    "readlinkat": Numbers(267, 78),
    "getdents": Numbers(78, None),
    "getdents64": Numbers(217, 61),
    "getcwd": Numbers(79, 17),
    "chdir": Numbers(80, 49),
    "fchdir": Numbers(81, 50),
    "fadvise64": Numbers(221, 223),
    "readahead": Numbers(187, 213),
    # writing; how much, RLIMIT_FSIZE and the referee say, who has one folder to look into: there is no mkdir
    "write": Numbers(1, 64),
    "pwrite64": Numbers(18, 68),
    "writev": Numbers(20, 66),
    "pwritev": Numbers(296, 70),
    "pwritev2": Numbers(328, 287),
    "fsync": Numbers(74, 82),
    "fdatasync": Numbers(75, 83),
    "ftruncate": Numbers(77, 46),
    "creat": Numbers(85, None),
    "umask": Numbers(95, 166),
    "sendfile": Numbers(40, 71),
    "copy_file_range": Numbers(326, 285),
    # waiting
    "poll": Numbers(7, None),
    "ppoll": Numbers(271, 73),
    "select": Numbers(23, None),
    "pselect6": Numbers(270, 72),
    "epoll_create": Numbers(213, None),
    "epoll_create1": Numbers(291, 20),
    "epoll_ctl": Numbers(233, 21),
    "epoll_wait": Numbers(232, None),
    "epoll_pwait": Numbers(281, 22),
    "epoll_pwait2": Numbers(441, 441),
    "eventfd": Numbers(284, None),
    "eventfd2": Numbers(290, 19),
    "pipe": Numbers(22, None),
    "pipe2": Numbers(293, 59),
    "timerfd_create": Numbers(283, 85),
    "timerfd_settime": Numbers(286, 86),
    "timerfd_gettime": Numbers(287, 87),
    "signalfd": Numbers(282, None),
    "signalfd4": Numbers(289, 74),
    "pause": Numbers(34, None),
    "nanosleep": Numbers(35, 101),
    "clock_nanosleep": Numbers(230, 115),
    "restart_syscall": Numbers(219, 128),
    # threads
    "futex": Numbers(202, 98),
    "futex_waitv": Numbers(449, 449),
    "futex_wake": Numbers(454, 454),
    "futex_wait": Numbers(455, 455),
    "futex_requeue": Numbers(456, 456),
    "set_robust_list": Numbers(273, 99),
    "set_tid_address": Numbers(218, 96),
    "rseq": Numbers(334, 293),
    "sched_yield": Numbers(24, 124),
    "sched_getaffinity": Numbers(204, 123),
    "sched_getparam": Numbers(143, 121),
    "sched_getscheduler": Numbers(145, 120),
    "sched_get_priority_max": Numbers(146, 125),
    "sched_get_priority_min": Numbers(147, 126),
    "sched_rr_get_interval": Numbers(148, 127),
    "arch_prctl": Numbers(158, None),
    "exit": Numbers(60, 93),
    "exit_group": Numbers(231, 94),
    "gettid": Numbers(186, 178),
    # signals, as far as they concern itself
    "rt_sigaction": Numbers(13, 134),
    "rt_sigprocmask": Numbers(14, 135),
    "rt_sigreturn": Numbers(15, 139),
    "rt_sigpending": Numbers(127, 136),
    "rt_sigtimedwait": Numbers(128, 137),
    "rt_sigsuspend": Numbers(130, 133),
    "sigaltstack": Numbers(131, 132),
    "alarm": Numbers(37, None),
    "getitimer": Numbers(36, 102),
    "setitimer": Numbers(38, 103),
    # asking
    "getpid": Numbers(39, 172),
    "getppid": Numbers(110, 173),
    "getuid": Numbers(102, 174),
    "geteuid": Numbers(107, 175),
    "getgid": Numbers(104, 176),
    "getegid": Numbers(108, 177),
    "getresuid": Numbers(118, 148),
    "getresgid": Numbers(120, 150),
    "getgroups": Numbers(115, 158),
    "getpgrp": Numbers(111, None),
    "getpgid": Numbers(121, 155),
    "getsid": Numbers(124, 156),
    "getpriority": Numbers(140, 141),
    "getrlimit": Numbers(97, 163),
    "getrusage": Numbers(98, 165),
    "times": Numbers(100, 153),
    "time": Numbers(201, None),
    "gettimeofday": Numbers(96, 169),
    "clock_gettime": Numbers(228, 113),
    "clock_getres": Numbers(229, 114),
    "uname": Numbers(63, 160),
    "sysinfo": Numbers(99, 179),
    "getcpu": Numbers(309, 168),
    "getrandom": Numbers(318, 278),
    "capget": Numbers(125, 90),
    "wait4": Numbers(61, 260),
    "waitid": Numbers(247, 95),
}

# Allowed with some arguments only, see `seccomp`.
LIMITED = {
    "clone": Numbers(56, 220),
    "tgkill": Numbers(234, 131),
    "prlimit64": Numbers(302, 261),
    "fcntl": Numbers(72, 25),
    "ioctl": Numbers(16, 29),
    "prctl": Numbers(157, 167),
    "open": Numbers(2, None),
    "openat": Numbers(257, 56),
}

# These say that they have been done, and do nothing: a file that is deleted and still mapped would take up
# disk that nobody sees, and temporary files delete themselves. The whole folder goes in the end.
FEIGNED = {
    "unlink": Numbers(87, None),
    "unlinkat": Numbers(263, 35),
    "rmdir": Numbers(84, None),
}

SECCOMP = Numbers(317, 277)
FIRST_OF_LATER_KERNELS = 424  # from here on both count alike; what is missing there, libraries do without
