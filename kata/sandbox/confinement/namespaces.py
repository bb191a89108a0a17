"""Namespaces for all guests of a server: a network without a way out, files that keep no time of access (Linux, where
permitted: as root)."""

from __future__ import annotations

import contextlib
import ctypes
import os
from pathlib import Path

from . import _libc

CLONE_NEWNET, CLONE_NEWNS = 0x40000000, 0x00020000

REMOUNT, NOATIME, BIND, REC, PRIVATE = 1 << 5, 1 << 10, 1 << 12, 1 << 14, 1 << 18
KEPT = {"ro": 1 << 0, "nosuid": 1 << 1, "nodev": 1 << 2, "noexec": 1 << 3, "nodiratime": 1 << 11}
"""Options of a mount that another look at it must not lose."""


def leave_the_network() -> list[str]:
    """Move this process, and what it forks, into an empty network; return what holds from now on."""
    try:
        _libc.call("unshare", ctypes.c_int(CLONE_NEWNET))
    except OSError:
        return []
    return ["the network"]


def stop_times_of_access() -> None:
    """See to it that files do not keep the time at which this process, or what it forks, has read them.

    A guest could leave marks for others by that, which outlast it. Where this is not permitted, nothing happens.
    """
    with contextlib.suppress(OSError):
        _libc.call("unshare", ctypes.c_int(CLONE_NEWNS))
        _mount("/", REC | PRIVATE)
        for line in Path("/proc/self/mountinfo").read_text().splitlines():
            place, options = line.split()[4:6]
            flags = sum(KEPT.get(option, 0) for option in options.split(","))
            with contextlib.suppress(OSError):
                _mount(place.encode().decode("unicode_escape"), REMOUNT | BIND | NOATIME | flags)


def _mount(place: str, flags: int) -> None:
    _libc.call("mount", None, os.fsencode(place), None, ctypes.c_ulong(flags), None)
