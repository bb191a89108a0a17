"""Leaves a mark on the descriptors that it was given, and looks whether another guest has left one."""

from __future__ import annotations

import fcntl
import os

from .solved import *  # noqa: F403

MARK = os.O_APPEND | os.O_NONBLOCK
before = [fcntl.fcntl(descriptor, fcntl.F_GETFL) & MARK for descriptor in (0, 1, 2)]
for descriptor in (0, 1, 2):
    fcntl.fcntl(descriptor, fcntl.F_SETFL, MARK)
after = [fcntl.fcntl(descriptor, fcntl.F_GETFL) & MARK == MARK for descriptor in (0, 1, 2)]
raise RuntimeError(f"marks found: {before}, left: {after}")
