"""Landlock: which files a guest may read and write, and no TCP (Linux 5.13 and later, no privileges needed)."""

from __future__ import annotations

import ctypes
import os
import struct
from pathlib import Path
from typing import Iterable

from . import _libc

# System call numbers are the same on all architectures.
CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446
RULE_PATH_BENEATH = 1

EXECUTE, WRITE_FILE, READ_FILE, READ_DIR = 1 << 0, 1 << 1, 1 << 2, 1 << 3
TRUNCATE = 1 << 14
IOCTL_DEV = 1 << 15

# File system rights by ABI version: 13 at first, then REFER, TRUNCATE, IOCTL_DEV.
RIGHTS = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1, 4: (1 << 15) - 1, 5: (1 << 16) - 1}
BIND_TCP, CONNECT_TCP = 1 << 0, 1 << 1
SCOPE_ABSTRACT_SOCKET, SCOPE_SIGNAL = 1 << 0, 1 << 1

READ = READ_FILE | READ_DIR | EXECUTE
FILE_RIGHTS = EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE | IOCTL_DEV


def abi() -> int:
    """The kernel's Landlock version; 0 if it has none."""
    try:
        return _libc.call("syscall", ctypes.c_long(CREATE_RULESET), None, ctypes.c_size_t(0), ctypes.c_uint(1))
    except OSError:
        return 0


def restrict(readable: Iterable[Path], writable: Iterable[Path]) -> list[str]:
    """Confine this process for good.

    Args:
        readable: files and folders (with everything below) that may be read.
        writable: folders in which files may also be made, changed and removed.

    Returns:
        What holds from now on; empty if the kernel does not offer it.
    """
    version = abi()
    if version == 0 or not _libc.no_new_privileges():
        return []
    rights = RIGHTS[min(version, 5)]
    tcp = BIND_TCP | CONNECT_TCP if version >= 4 else 0
    scope = SCOPE_ABSTRACT_SOCKET | SCOPE_SIGNAL if version >= 6 else 0
    attributes = struct.pack("QQQ", rights, tcp, scope)
    size = 24 if version >= 6 else 16 if version >= 4 else 8
    try:
        ruleset = _libc.call(
            "syscall", ctypes.c_long(CREATE_RULESET), attributes, ctypes.c_size_t(size), ctypes.c_uint(0)
        )
    except OSError:
        return []
    try:
        for path in readable:
            _allow(ruleset, path, READ & rights)
        for path in writable:
            _allow(ruleset, path, rights & ~EXECUTE)
        _libc.call("syscall", ctypes.c_long(RESTRICT_SELF), ctypes.c_int(ruleset), ctypes.c_uint(0))
    except OSError:
        return []
    finally:
        os.close(ruleset)
    held = ["reading of other files", "writing outside the scratch folder"]
    return held + (["TCP"] if tcp else []) + (["signals to other processes"] if scope else [])


def _allow(ruleset: int, path: Path, rights: int) -> None:
    """Add one rule; a path that is not there needs none."""
    try:
        descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    try:
        if not os.path.isdir(path):
            rights &= FILE_RIGHTS
        rule = struct.pack("=Qi", rights, descriptor)
        _libc.call(
            "syscall",
            ctypes.c_long(ADD_RULE),
            ctypes.c_int(ruleset),
            ctypes.c_int(RULE_PATH_BENEATH),
            rule,
            ctypes.c_uint(0),
        )
    finally:
        os.close(descriptor)
