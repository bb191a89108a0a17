"""Tries every way to tell another guest something: locks, memory, queues, sockets, counters of the machine."""

from __future__ import annotations

import fcntl
import mmap
import os
import platform
import socket
import struct

from . import reach
from .solved import *  # noqa: F403

ctypes = reach.module("ctypes")

library = ctypes.CDLL(None, use_errno=True)
NUMBERS = {"x86_64": 0, "aarch64": 1}
CALLS = {
    "memfd_create": (319, 279),
    "flock": (73, 32),
    "shmget": (29, 194),
    "msgget": (68, 186),
    "semget": (64, 190),
    "sysinfo": (99, 179),
    "inotify_init1": (294, 26),
    "sethostname": (170, 161),
    "settimeofday": (164, 170),
    "fsopen": (430, 430),
    "io_uring_setup": (425, 425),
}
worked = []


def attempt(name, action):
    try:
        action()
    except (OSError, ValueError):
        return
    worked.append(name)


def system_call(numbers):
    number = numbers[NUMBERS[platform.machine()]]
    ctypes.set_errno(0)
    # Bad arguments: where the call is not refused, it does nothing either. A name of length 0 would be set.
    second = -1 if numbers == CALLS["sethostname"] else 0
    library.syscall(ctypes.c_long(number), *map(ctypes.c_long, (-1, second, 0, 0)))
    if ctypes.get_errno() == 1:
        raise OSError("refused")


def shared_socket():
    with socket.socket(socket.AF_UNIX) as ours:
        ours.bind("\0kata")


with open(os.__file__, "rb") as everybodys:
    lock = struct.pack("hhqqi", fcntl.F_RDLCK, 0, 0, 0, 0)
    commands = ("F_GETLK", "F_SETLK", "F_OFD_GETLK", "F_OFD_SETLK", "F_SETLEASE", "F_NOTIFY", "F_SETOWN", "F_SETSIG")
    for name in [name for name in commands if hasattr(fcntl, name)]:
        attempt(name, lambda name=name: fcntl.fcntl(everybodys, getattr(fcntl, name), lock))
    attempt("flock", lambda: fcntl.flock(everybodys, fcntl.LOCK_SH))
    attempt("mmap", lambda: mmap.mmap(everybodys.fileno(), 0, mmap.MAP_SHARED, mmap.PROT_READ))
    attempt("statvfs", lambda: os.fstatvfs(everybodys.fileno()))
for name in CALLS:
    attempt(name, lambda numbers=CALLS[name]: system_call(numbers))
attempt("abstract socket", shared_socket)
for path in ("/dev/shm", "/proc/stat", "/proc/meminfo", "/proc/loadavg", "/proc/sys/fs/file-nr"):
    attempt(path, lambda path=path: os.listdir(path) if os.path.isdir(path) else open(path).close())
raise RuntimeError(f"{len(CALLS)} calls and the rest were tried; these worked: {worked}")
