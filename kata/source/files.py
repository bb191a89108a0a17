"""Whether a file of a submission may be read at all, and what it is called in a message."""

from __future__ import annotations

import os
import re
from pathlib import Path

from ..course.phases import PROJECT
from ..results import printable

MAX_SOURCE = 128 * 2**10
"""Bytes; a larger source file is refused. A solution has 12,000 at most; its tree takes a thousand times as many."""

LESSONS = re.compile(r"(?<![\w./\\-])lessons/(?=(?:en|ja)/\w+\.md)")
"""How a message begins to name a lesson."""


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
        return f"{name} is larger than {MAX_SOURCE // 2**10} KiB: that is no Python file for this course"
    return ""


def display_path(path: Path) -> str:
    """``folder/file.py``: enough to find the file, the same on every machine, and harmless to print."""
    return printable("/".join(path.parts[-2:]))


def from_here(path: Path) -> str:
    """What a path is called from where one stands: the way to it if it lies below, else all of it."""
    try:
        return path.absolute().relative_to(Path.cwd()).as_posix()
    except (OSError, ValueError):
        return str(path.absolute())


class Folder:
    """A folder under test and what it is called from where one stands, so that a terminal can open what is named.

    Args:
        path: the folder.
        name: how the user called it, or the project's own name for it.
    """

    def __init__(self, path: Path, name: str) -> None:
        self.path = path
        self.called = printable(_called(path, name))
        self._in_message = re.compile(rf"(?<![\w./\\-]){re.escape(printable(path.name))}/(?=[\w./-]*\.py\b)")

    def place(self, file: str, line: int | None = None) -> str:
        """``exercises/phase2_attention.py:31``."""
        return f"{self.called}/{file}" + (f":{line}" if line else "")

    def in_message(self, message: str) -> str:
        """A message that calls files as from here; it comes with ``display_path``, and lessons as in the project."""
        message = self._in_message.sub(lambda match: f"{self.called}/", message)
        return LESSONS.sub(lambda match: f"{from_here(PROJECT / 'lessons')}/", message)


def _called(path: Path, name: str) -> str:
    """The name, if it leads to the folder from here; else the way there."""
    plain = name.rstrip("/\\") or name
    try:
        if plain and os.path.realpath(plain) == os.path.realpath(path):
            return plain
    except (OSError, ValueError):
        pass
    return from_here(path)
