"""Whether a file of a submission may be read at all, and what it is called in a message."""

from __future__ import annotations

import os
from pathlib import Path

MAX_SOURCE = 4 * 2**20
"""Bytes; a larger source file is refused."""


def complaint_about(path: Path) -> str:
    """Why a file of a submission is not read at all; empty if it is an ordinary file of its folder."""
    name = display_path(path)
    if not os.path.lexists(path):
        return f"{name} is missing: every target folder needs this file"
    if path.is_symlink() and path.resolve().parent != path.parent.resolve():
        return f"{name} is a link that leads out of its folder: put the file itself there"
    if not path.is_file():
        return f"{name} is not an ordinary file: put a Python file there"
    if path.stat().st_size > MAX_SOURCE:
        return f"{name} is larger than {MAX_SOURCE // 2**20} MiB: that is no Python file for this course"
    return ""


def display_path(path: Path) -> str:
    """``folder/file.py``: enough to find the file, the same on every machine."""
    return "/".join(path.parts[-2:])
