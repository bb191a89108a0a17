"""The system calls that Python and torch need to work in a guest; ``seccomp`` refuses every other one.

Every entry is name: (number on x86_64, number on aarch64), None where the machine has no such call. Calls that are made
to tell of other processes and threads are left out, so that guests cannot easily talk by that.
"""

from __future__ import annotations

from typing import Dict, Optional, Tuple

Calls = Dict[str, Tuple[Optional[int], Optional[int]]]

ALLOWED: Calls = {
    # Read and write, over descriptors that the guest has.
    "read": (0, 63), "write": (1, 64), "readv": (19, 65), "writev": (20, 66), "pread64": (17, 67),
    "pwrite64": (18, 68), "preadv": (295, 69), "pwritev": (296, 70), "lseek": (8, 62), "close": (3, 57),
    "close_range": (436, 436), "dup": (32, 23), "dup2": (33, None), "dup3": (292, 24), "pipe": (22, None),
    "pipe2": (293, 59), "poll": (7, None), "ppoll": (271, 73), "select": (23, None), "pselect6": (270, 72),
    "epoll_create": (213, None), "epoll_create1": (291, 20), "epoll_ctl": (233, 21), "epoll_wait": (232, None),
    "epoll_pwait": (281, 22), "epoll_pwait2": (441, 441), "eventfd": (284, None), "eventfd2": (290, 19),
    "recvfrom": (45, 207), "recvmsg": (47, 212), "shutdown": (48, 210), "getsockopt": (55, 209),
    "setsockopt": (54, 208), "getsockname": (51, 204), "getpeername": (52, 205),
    # Files: Landlock says which.
    "stat": (4, None), "lstat": (6, None), "fstat": (5, 80), "newfstatat": (262, 79), "statx": (332, 291),
    "access": (21, None), "faccessat": (269, 48), "faccessat2": (439, 439), "readlink": (89, None),
    "readlinkat": (267, 78), "getdents": (78, None), "getdents64": (217, 61), "getcwd": (79, 17), "chdir": (80, 49),
    "fchdir": (81, 50), "fadvise64": (221, 223), "readahead": (187, 213), "umask": (95, 166),
    # Memory of its own.
    "brk": (12, 214), "munmap": (11, 215), "mprotect": (10, 226), "mremap": (25, 216), "madvise": (28, 233),
    "membarrier": (324, 283), "get_mempolicy": (239, 236),
    # Threads and signals of its own.
    "futex": (202, 98), "futex_waitv": (449, 449), "set_tid_address": (218, 96), "set_robust_list": (273, 99),
    "rseq": (334, 293), "sched_yield": (24, 124), "sched_get_priority_max": (146, 125),
    "sched_get_priority_min": (147, 126), "getcpu": (309, 168), "rt_sigaction": (13, 134), "rt_sigprocmask": (14, 135),
    "rt_sigreturn": (15, 139), "rt_sigpending": (127, 136), "rt_sigsuspend": (130, 133), "rt_sigtimedwait": (128, 137),
    "sigaltstack": (131, 132), "pause": (34, None), "alarm": (37, None), "setitimer": (38, 103),
    "getitimer": (36, 102), "restart_syscall": (219, 128), "wait4": (61, 260), "waitid": (247, 95), "exit": (60, 93),
    "exit_group": (231, 94), "arch_prctl": (158, None),
    # What it is, what time it is.
    "getpid": (39, 172), "getppid": (110, 173), "gettid": (186, 178), "getuid": (102, 174), "geteuid": (107, 175),
    "getgid": (104, 176), "getegid": (108, 177), "getgroups": (115, 158), "getresuid": (118, 148),
    "getresgid": (120, 150), "getpgrp": (111, None), "getrlimit": (97, 163), "setrlimit": (160, 164),
    "getrusage": (98, 165), "times": (100, 153), "uname": (63, 160), "time": (201, None), "gettimeofday": (96, 169),
    "nanosleep": (35, 101), "getrandom": (318, 278),
}  # fmt: skip

WRITES: Calls = {
    "creat": (85, None), "mkdir": (83, None), "mkdirat": (258, 34), "link": (86, None), "linkat": (265, 37),
    "symlink": (88, None), "symlinkat": (266, 36), "ftruncate": (77, 46), "fsync": (74, 82),
    "fdatasync": (75, 83), "sendfile": (40, 71), "copy_file_range": (326, 285),
}  # fmt: skip
"""Allowed where something else keeps the guest from writing wherever it likes. Nothing that removes a name: what
has none takes room on the disk as long as it is open, and nobody can count it. No ``fallocate``, which takes room that
no size tells of; no ``truncate``, which needs no descriptor: Landlock knows it from Linux 6.2 on alone."""

DEPENDS: Calls = {
    "open": (2, None), "openat": (257, 56), "mmap": (9, 222), "fcntl": (72, 25), "ioctl": (16, 29), "kill": (62, 129),
    "tgkill": (234, 131), "prlimit64": (302, 261), "clone": (56, 220), "clone3": (435, 435), "sendto": (44, 206),
    "socketpair": (53, 199), "prctl": (157, 167),
    "sched_getaffinity": (204, 123), "clock_gettime": (228, 113), "clock_getres": (229, 114),
    "clock_nanosleep": (230, 115),
}  # fmt: skip
"""Allowed or refused by an argument (``seccomp``)."""

LAST_KNOWN = 452
"""A call above it is newer than this table: the kernel is said not to have it, and the C library does without."""
