"""seccomp: the system calls that a guest may make (Linux, no privileges needed); ``system_calls`` lists them.

All others are refused with an error, as if the user lacked the right: new processes, sockets with a name, other
programs, signals to and debugging of other processes, whatever only root may do. Threads of its own are allowed.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import socket
import struct

from . import _libc
from .system_calls import ALLOWED, DEPENDS, LAST_KNOWN, WRITES

LOAD, AND, JUMP_EQUAL, JUMP_ANY_BIT, JUMP_AT_LEAST, RETURN = 0x20, 0x54, 0x15, 0x45, 0x35, 0x06
ALLOW, ERRNO, KILL = 0x7FFF0000, 0x00050000, 0x80000000
NUMBER, ARCHITECTURE, ARGUMENTS = 0, 4, 16

OF_A_THREAD, BESIDE = 0x10F00, 0x7C0000
"""Flags of ``clone`` that make a thread which shares everything, descriptors too (or each had a table of its own, with
as many again), and those that C libraries add to them."""

WITHOUT_NAME = 0o20000000
"""Of O_TMPFILE: a file that nobody finds."""

OPENS_FOR_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC

MACHINES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}

HARMLESS_FCNTL = (0, 1, 2, 3, 4, 1030)
"""Commands of ``fcntl`` that concern the descriptor, or the open file behind it, which no other guest has: to duplicate
it, and its flags. The others lock, signal, watch."""

MAP_SHARED, MAP_ANONYMOUS = 0x01, 0x20

HARMLESS_IOCTL = (0x5401, 0x5413, 0x541B, 0x5421, 0x5450, 0x5451)
"""Is it a terminal, and how wide; how much can be read; whether it blocks, and whether a program inherits it."""

HARMLESS_PRCTL = (3, 15, 16, 21, 39, 0x53564D41)
"""Names of the thread and of memory, and what holds for this process."""

CLOCKS = 32
"""A clock's number beyond is another process's or thread's: how long that has worked."""


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
    allow, refuse, missing = (_step(RETURN, what) for what in (ALLOW, ERRNO | errno.EPERM, ERRNO | errno.ENOSYS))
    steps = [
        _step(LOAD, ARCHITECTURE),
        _step(JUMP_EQUAL, MACHINES[machine], 1, 0),
        _step(RETURN, KILL),
        _step(LOAD, NUMBER),
    ]
    if machine == "x86_64":  # the calls of the x32 interface share the architecture
        steps += [_step(JUMP_AT_LEAST, 0x40000000, 0, 1), _step(RETURN, KILL)]
    for numbers in [*ALLOWED.values(), *(WRITES.values() if allow_writes else ())]:
        if numbers[column] is not None:
            steps += [_step(JUMP_EQUAL, numbers[column], 0, 1), allow]

    def one_of(argument: int, *values: int) -> list[bytes]:
        count = len(values)
        return [
            _argument(argument),
            *(_step(JUMP_EQUAL, value, count - place, 0) for place, value in enumerate(values)),
            refuse,
        ]

    refused_flags = WITHOUT_NAME if allow_writes else WITHOUT_NAME | OPENS_FOR_WRITING
    # Who opens a file for reading may empty it all the same, where Landlock does not know of it (before Linux 6.2).
    empties = [_step(JUMP_ANY_BIT, os.O_WRONLY | os.O_RDWR, 2, 0), _step(JUMP_ANY_BIT, os.O_TRUNC, 0, 1), refuse]
    opens = [_step(JUMP_ANY_BIT, refused_flags, 0, 1), refuse, *empties]
    clock = [_argument(0), _step(JUMP_AT_LEAST, CLOCKS, 0, 1), refuse]
    bodies = {
        "open": [_argument(1), *opens],
        "openat": [_argument(2), *opens],
        # Two guests that map one file can wait for each other on it, though neither may write there.
        "mmap": [_argument(3), _step(JUMP_ANY_BIT, MAP_ANONYMOUS, 2, 0), _step(JUMP_ANY_BIT, MAP_SHARED, 0, 1), refuse],
        "fcntl": one_of(1, *HARMLESS_FCNTL),
        "ioctl": one_of(1, *HARMLESS_IOCTL),
        "kill": one_of(0, own),
        "tgkill": one_of(0, own),
        "prlimit64": one_of(0, 0, own),
        "clone": [_argument(0), _step(AND, ~BESIDE & 0xFFFFFFFF), _step(JUMP_EQUAL, OF_A_THREAD, 1, 0), refuse],
        # glibc falls back from clone3, whose flags lie in memory, to clone, whose flags can be looked at.
        "clone3": [missing],
        # To the other end of a pair alone: an address would be that of another guest's socket.
        "sendto": [*one_of(4, 0), _argument(4, high=True), _step(JUMP_EQUAL, 0, 1, 0), refuse],
        "socketpair": one_of(0, socket.AF_UNIX),
        "prctl": one_of(0, *HARMLESS_PRCTL),
        "sched_getaffinity": one_of(0, 0, own),
        "clock_gettime": clock,
        "clock_getres": clock,
        "clock_nanosleep": clock,
    }
    for name, body in bodies.items():
        number = DEPENDS[name][column]
        if number is not None:
            steps += _if_call(number, body)
    steps += [_step(JUMP_AT_LEAST, LAST_KNOWN + 1, 0, 1), missing, refuse]
    return b"".join(steps)


def _if_call(number: int, body: list[bytes]) -> list[bytes]:
    """Run ``body`` if the call has this number, and allow what it does not refuse."""
    return [_step(JUMP_EQUAL, number, 0, len(body) + 1), *body, _step(RETURN, ALLOW)]


def _argument(index: int, high: bool = False) -> bytes:
    """Load a half of an argument (both machines are little-endian)."""
    return _step(LOAD, ARGUMENTS + 8 * index + 4 * high)


def _step(code: int, value: int, if_true: int = 0, if_false: int = 0) -> bytes:
    return struct.pack("=HBBI", code, if_true, if_false, value)
