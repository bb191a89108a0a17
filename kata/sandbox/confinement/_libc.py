"""The few calls of Linux that Python's standard library does not offer."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1
PR_SET_DUMPABLE = 4
PR_SET_SECCOMP = 22
PR_SET_NO_NEW_PRIVS = 38
PR_SET_CHILD_SUBREAPER = 36

IS_LINUX = sys.platform.startswith("linux")
_library = ctypes.CDLL(None, use_errno=True) if IS_LINUX else None


def call(name: str, *arguments: object) -> int:
    """Call a function of the C library.

    Raises:
        OSError: if it answers below 0, or if this is not Linux.
    """
    if _library is None:
        raise OSError("only Linux offers this")
    result = getattr(_library, name)(*arguments)
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, f"{name}: {os.strerror(code)}")
    return result


def prctl(option: int, value: int = 0) -> int:
    """``prctl(option, value, 0, 0, 0)``."""
    zero = ctypes.c_ulong(0)
    return call("prctl", ctypes.c_int(option), ctypes.c_ulong(value), zero, zero, zero)


def no_new_privileges() -> bool:
    """Give up for good what set-uid programs could give; Landlock and seccomp ask for it."""
    try:
        prctl(PR_SET_NO_NEW_PRIVS, 1)
    except OSError:
        return False
    return True


def end_with_parent() -> None:
    """Have this process killed when the thread that made it ends; where that is not to be had, nothing happens."""
    if IS_LINUX:
        with contextlib.suppress(OSError):
            prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def shield_this_process() -> None:
    """Keep other processes of the same user from looking into this one's memory and open files."""
    with contextlib.suppress(OSError):
        prctl(PR_SET_DUMPABLE, 0)
