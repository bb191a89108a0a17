"""seccomp: system calls that no exercise needs and that could reach beyond the guest (Linux, no privileges needed).

New processes, new sockets, other programs, signals and debugging of other processes are refused with an error, as
if the user lacked the right. Threads of the guest's own are allowed.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import struct

from . import _libc

LOAD, JUMP_EQUAL, JUMP_ANY_BIT, JUMP_AT_LEAST, RETURN = 0x20, 0x15, 0x45, 0x35, 0x06
ALLOW, ERRNO, KILL = 0x7FFF0000, 0x00050000, 0x80000000
NUMBER, ARCHITECTURE, ARGUMENTS = 0, 4, 16

CLONE_THREAD = 0x00010000
OPENS_FOR_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC

MACHINES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}

# name: (number on x86_64, number on aarch64); None where the machine has no such call.
REFUSED = {
    "socket": (41, 198),
    "fork": (57, None),
    "vfork": (58, None),
    "execve": (59, 221),
    "execveat": (322, 281),
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "tkill": (200, 130),
    "rt_sigqueueinfo": (129, 138),
    "rt_tgsigqueueinfo": (297, 240),
    "pidfd_open": (434, 434),
    "pidfd_send_signal": (424, 424),
    "pidfd_getfd": (438, 438),
    "io_uring_setup": (425, 425),
    "mount": (165, 40),
    "umount2": (166, 39),
    "unshare": (272, 97),
    "setns": (308, 268),
    "pivot_root": (155, 41),
    "chroot": (161, 51),
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "keyctl": (250, 219),
    "userfaultfd": (323, 282),
    "kexec_load": (246, 104),
    "init_module": (175, 105),
    "finit_module": (313, 273),
    "reboot": (169, 142),
    "open_by_handle_at": (304, 265),
    # What guests could tell one another by: locks, memory, queues, and how busy or full the machine is.
    "flock": (73, 32),
    "memfd_create": (319, 279),
    "memfd_secret": (447, 447),
    "shmat": (30, 196),
    "shmctl": (31, 195),
    "msgctl": (71, 187),
    "msgsnd": (69, 189),
    "msgrcv": (70, 188),
    "semop": (65, 193),
    "semctl": (66, 191),
    "semtimedop": (220, 192),
    "mq_unlink": (241, 181),
    "mincore": (27, 232),
    "preadv2": (327, 286),
    "statfs": (137, 43),
    "fstatfs": (138, 44),
    "sysinfo": (99, 179),
    "inotify_init": (253, None),
    "inotify_init1": (294, 26),
    "fanotify_init": (300, 262),
    # What root may do to the machine.
    "sethostname": (170, 161),
    "setdomainname": (171, 162),
    "settimeofday": (164, 170),
    "clock_settime": (227, 112),
    "clock_adjtime": (305, 266),
    "adjtimex": (159, 171),
    "fsopen": (430, 430),
    "fsmount": (432, 432),
    "fspick": (433, 433),
    "open_tree": (428, 428),
    "move_mount": (429, 429),
    "mount_setattr": (442, 442),
    "swapon": (167, 224),
    "swapoff": (168, 225),
    "syslog": (103, 116),
    "acct": (163, 89),
    "quotactl": (179, 60),
    "quotactl_fd": (443, 443),
    "vhangup": (153, 58),
    "iopl": (172, None),
    "ioperm": (173, None),
    "delete_module": (176, 106),
    "kexec_file_load": (320, 294),
    "name_to_handle_at": (303, 264),
    "kcmp": (312, 272),
    "process_mrelease": (448, 448),
    "move_pages": (279, 239),
    "migrate_pages": (256, 238),
    "modify_ldt": (154, None),
    "personality": (135, 92),
    "setuid": (105, 146),
    "setgid": (106, 144),
    "setgroups": (116, 159),
    "setresuid": (117, 147),
    "setresgid": (119, 149),
    "setreuid": (113, 145),
    "setregid": (114, 143),
    "setfsuid": (122, 151),
    "setfsgid": (123, 152),
    "capset": (126, 91),
    # What outlives a process, and what slows down or ends another one.
    "shmget": (29, 194),
    "msgget": (68, 186),
    "semget": (64, 190),
    "mq_open": (240, 180),
    "setpriority": (141, 140),
    "sched_setscheduler": (144, 119),
    "sched_setparam": (142, 118),
    "sched_setattr": (314, 274),
    "sched_setaffinity": (203, 122),
    "ioprio_set": (251, 30),
    "process_madvise": (440, 440),
    # Landlock lets owner, mode, times and attributes of any file be changed.
    "chmod": (90, None),
    "fchmodat": (268, 53),
    "chown": (92, None),
    "lchown": (94, None),
    "fchownat": (260, 54),
    "setxattr": (188, 5),
    "lsetxattr": (189, 6),
    "fchmod": (91, 52),
    "fchmodat2": (452, 452),
    "fchown": (93, 55),
    "fsetxattr": (190, 7),
    "removexattr": (197, 14),
    "lremovexattr": (198, 15),
    "fremovexattr": (199, 16),
    "utime": (132, None),
    "utimes": (235, None),
    "futimesat": (261, None),
    "utimensat": (280, 88),
}

# Refused besides where nothing else keeps the guest from writing files.
WRITES = {
    "creat": (85, None),
    "openat2": (437, 437),
    "rename": (82, None),
    "renameat": (264, 38),
    "renameat2": (316, 276),
    "unlink": (87, None),
    "unlinkat": (263, 35),
    "mkdir": (83, None),
    "mkdirat": (258, 34),
    "rmdir": (84, None),
    "link": (86, None),
    "linkat": (265, 37),
    "symlink": (88, None),
    "symlinkat": (266, 36),
    "mknod": (133, None),
    "mknodat": (259, 33),
    "truncate": (76, 45),
}

CLONE, CLONE3 = (56, 220), (435, 435)
PRLIMIT = (302, 261)
KILL_CALL, TGKILL = (62, 129), (234, 131)
OPEN, OPENAT = (2, None), (257, 56)
FCNTL, MMAP = (72, 25), (9, 222)

HARMLESS_FCNTL = (0, 1, 2, 3, 4, 1030)
"""Commands of ``fcntl`` that concern the descriptor alone: duplicate it, its flags. The others lock, signal, watch."""

MAP_SHARED, MAP_ANONYMOUS = 0x01, 0x20


def restrict(allow_writes: bool) -> list[str]:
    """Confine this process for good.

    Args:
        allow_writes: leave writing files alone, because something else confines it.

    Returns:
        What holds from now on; empty if the kernel or the machine does not offer it.
    """
    machine = platform.machine()
    if not _libc.IS_LINUX or machine not in MACHINES or not _libc.no_new_privileges():
        return []
    program = _program(machine, allow_writes)
    code = ctypes.create_string_buffer(program)
    header = struct.pack("@HP", len(program) // 8, ctypes.addressof(code))
    try:
        _libc.call(
            "prctl",
            ctypes.c_int(_libc.PR_SET_SECCOMP),
            ctypes.c_ulong(2),
            header,
            ctypes.c_ulong(0),
            ctypes.c_ulong(0),
        )
    except OSError:
        return []
    held = ["new processes", "new network connections", "signals to other processes"]
    return held if allow_writes else [*held, "writing of files"]


def _program(machine: str, allow_writes: bool) -> bytes:
    """The filter, as classic BPF: look at the number of the call, then at an argument where it matters."""
    column = list(MACHINES).index(machine)
    own = os.getpid()
    refuse = _step(RETURN, ERRNO | errno.EPERM)
    missing = _step(RETURN, ERRNO | errno.ENOSYS)
    steps = [
        _step(LOAD, ARCHITECTURE),
        _step(JUMP_EQUAL, MACHINES[machine], 1, 0),
        _step(RETURN, KILL),
        _step(LOAD, NUMBER),
    ]
    if machine == "x86_64":  # the calls of the x32 interface share the architecture
        steps += [_step(JUMP_AT_LEAST, 0x40000000, 0, 1), _step(RETURN, KILL)]
    for numbers in [*REFUSED.values(), *(() if allow_writes else WRITES.values())]:
        if numbers[column] is not None:
            steps += [_step(JUMP_EQUAL, numbers[column], 0, 1), refuse]
    # glibc falls back from clone3, whose flags lie in memory, to clone, whose flags can be looked at.
    steps += [_step(JUMP_EQUAL, CLONE3[column], 0, 1), missing]
    steps += _if_call(CLONE[column], [_argument(0), _step(JUMP_ANY_BIT, CLONE_THREAD, 1, 0), refuse])
    for call in (KILL_CALL[column], TGKILL[column]):
        steps += _if_call(call, [_argument(0), _step(JUMP_EQUAL, own, 1, 0), refuse])
    of_own = [_argument(0), _step(JUMP_EQUAL, 0, 2, 0), _step(JUMP_EQUAL, own, 1, 0), refuse]
    steps += _if_call(PRLIMIT[column], of_own)
    count = len(HARMLESS_FCNTL)
    harmless = [_step(JUMP_EQUAL, command, count - place, 0) for place, command in enumerate(HARMLESS_FCNTL)]
    steps += _if_call(FCNTL[column], [_argument(1), *harmless, refuse])
    # Two guests that map one file can wait for each other on it, though neither may write there.
    shared = [_argument(3), _step(JUMP_ANY_BIT, MAP_ANONYMOUS, 2, 0), _step(JUMP_ANY_BIT, MAP_SHARED, 0, 1), refuse]
    steps += _if_call(MMAP[column], shared)
    if not allow_writes:
        for number, flags in ((OPEN[column], 1), (OPENAT[column], 2)):
            if number is not None:
                look = [_argument(flags), _step(JUMP_ANY_BIT, OPENS_FOR_WRITING, 0, 1), refuse]
                steps += _if_call(number, look)
    steps.append(_step(RETURN, ALLOW))
    return b"".join(steps)


def _if_call(number: int, body: list[bytes]) -> list[bytes]:
    """Run ``body`` if the call has this number, and allow what it does not refuse."""
    return [_step(JUMP_EQUAL, number, 0, len(body) + 1), *body, _step(RETURN, ALLOW)]


def _argument(index: int) -> bytes:
    """Load the low half of an argument (both machines are little-endian)."""
    return _step(LOAD, ARGUMENTS + 8 * index)


def _step(code: int, value: int, if_true: int = 0, if_false: int = 0) -> bytes:
    return struct.pack("=HBBI", code, if_true, if_false, value)
