"""Namespaces: a network of its own, without a way out, for all guests of a server (Linux, where permitted)."""

from __future__ import annotations

import ctypes

from . import _libc

CLONE_NEWNET = 0x40000000


def leave_the_network() -> list[str]:
    """Move this process, and what it forks, into an empty network; return what holds from now on."""
    try:
        _libc.call("unshare", ctypes.c_int(CLONE_NEWNET))
    except OSError:
        return []
    return ["the network"]
