"""Gives names to the ends of socket pairs, and looks for the threads and the clocks of others."""

from __future__ import annotations

import fcntl
import os
import socket
import struct
import time

from . import reach
from .solved import *  # noqa: F403

ctypes = reach.module("ctypes")

PARENT = os.getppid()
worked = []


def attempt(name, action):
    try:
        action()
    except (OSError, ValueError):
        return
    worked.append(name)


def process_clock(pid):
    return (~pid << 3) | 2


one, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
one.send(b"hello")
pair_works = other.recv(5) == b"hello"
name = f"\0kata-{os.getpid()}"
attempt("bind", lambda: other.bind(name))
attempt("connect", lambda: one.connect(name))
attempt("sendto", lambda: one.sendto(b"hello", name))
attempt("sendmsg", lambda: one.sendmsg([b"hello"]))
attempt("listen", lambda: socket.socketpair()[0].listen())
attempt("affinity", lambda: os.sched_getaffinity(PARENT))
attempt("priority", lambda: os.getpriority(os.PRIO_PROCESS, PARENT))
attempt("group", lambda: os.getpgid(PARENT))
attempt("session", lambda: os.getsid(PARENT))
attempt("scheduler", lambda: os.sched_getscheduler(PARENT))
attempt("clock", lambda: time.clock_gettime(process_clock(PARENT)))
attempt("terminal", lambda: fcntl.ioctl(one, 0x5412, struct.pack("c", b"x")))
attempt("splice", lambda: os.splice(0, 1, 1) if hasattr(os, "splice") else os.getpgid(PARENT))
attempt("sync", lambda: ctypes.CDLL(None, use_errno=True).syncfs(0) and os.getpgid(PARENT))
raise RuntimeError(f"a pair works: {pair_works}; these worked: {worked}")
