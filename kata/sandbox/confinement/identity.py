"""Root's rights: where the grader has them, a guest gives them up (Linux)."""

from __future__ import annotations

import os
import struct

from . import _libc

NOBODY = 65534
"""User and group that own nothing, by the numbers that Linux reserves for them."""

PR_SET_KEEPCAPS = 8
CAP_DAC_READ_SEARCH = 2
CAPABILITY_VERSION = 0x20080522

GIVEN_UP = "root's rights"


def give_up_root(scratch: str) -> list[str]:
    """Become a user that owns nothing, if this process is root; return what holds from now on.

    It keeps the right to read what others own, because Python may lie in root's own folder; Landlock says what it may
    read of all that.

    Args:
        scratch: folder of this guest, which stays its own.
    """
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        return [GIVEN_UP]
    if not _libc.IS_LINUX:
        return []
    parent = os.getppid()
    try:
        os.chown(scratch, NOBODY, NOBODY)
        _libc.prctl(PR_SET_KEEPCAPS, 1)
        os.setgroups([])
        os.setresgid(NOBODY, NOBODY, NOBODY)
        os.setresuid(NOBODY, NOBODY, NOBODY)
        kept = 1 << CAP_DAC_READ_SEARCH  # effective, permitted, inheritable; the second word has the higher ones
        _libc.call("capset", struct.pack("=Ii", CAPABILITY_VERSION, 0), struct.pack("=6I", kept, kept, 0, 0, 0, 0))
        _libc.end_with_parent()  # the kernel forgets it when rights change
        if os.getppid() != parent:
            os._exit(1)
    except OSError:  # a container that knows one user alone
        return [GIVEN_UP] if os.geteuid() != 0 else []
    return [GIVEN_UP]
