"""Starts threads with descriptors of their own, each as many as a process may have."""

from __future__ import annotations

import os
import platform

from . import reach
from .solved import *  # noqa: F403

ctypes = reach.module("ctypes")
library = ctypes.CDLL(None, use_errno=True)
CLONE = {"x86_64": 56, "aarch64": 220}[platform.machine()]
VM, FS, FILES, SIGHAND, THREAD, NEWUSER = 0x100, 0x200, 0x400, 0x800, 0x10000, 0x10000000
said = []
for flags in (VM | SIGHAND | THREAD, VM | FS | SIGHAND | THREAD, VM | FS | FILES | SIGHAND | THREAD | NEWUSER):
    ctypes.set_errno(0)
    # No stack: where it is not refused, the thread runs on this one's and nothing here goes on.
    library.syscall(*map(ctypes.c_long, (CLONE, flags, 0, 0, 0, 0)))
    said.append(os.strerror(ctypes.get_errno()))
raise RuntimeError(f"clone: {said}")
