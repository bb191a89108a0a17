"""Whether a file of a submission may be read at all, and what it is called in a message."""

from __future__ import annotations

import os
from pathlib import Path

from ..results import printable

MAX_SOURCE = 4 * 2**20
"""Bytes; a larger source file is refused."""


def complaint_about(path: Path) -> str:
    """Why a file of a submission is not read at all; empty if it is an ordinary file of its folder."""
    name = display_path(path)
    if not os.path.lexists(path):
        return f"{name} is missing: every target folder needs this file"
    if path.is_symlink() and os.path.dirname(os.path.realpath(path)) != os.path.realpath(path.parent):
        return f"{name} is a link that leads out of its folder: put the file itself there"
    try:
        is_file, size = path.is_file(), path.stat().st_size
    except (OSError, ValueError, RuntimeError):  # a link that leads in circles, a folder that is closed
        is_file, size = False, 0
    if not is_file:
        return f"{name} is not an ordinary file: put a Python file there"
    if size > MAX_SOURCE:
        return f"{name} is larger than {MAX_SOURCE // 2**20} MiB: that is no Python file for this course"
    return ""


def display_path(path: Path) -> str:
    """``folder/file.py``: enough to find the file, the same on every machine, and harmless to print."""
    return printable("/".join(path.parts[-2:]))
