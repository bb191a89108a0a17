"""Notice that a file was saved, by looking at it again and again: this works on network and WSL drives too."""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Iterable

from ...source.files import complaint_about

LOOK_CLOSELY = 3.0
"""Seconds after a change in which a file is read at every look: coarse clocks give two saves one time."""

GONE = 0.5
"""Seconds after which a missing file counts as gone; editors put a new file in place of the old one."""


@dataclass
class _Seen:
    stamp: tuple[int, int] | None
    digest: bytes | None
    changed_at: float = 0.0
    missing_since: float | None = None


class Polling:
    """Watch some files, which need not exist.

    Args:
        paths: the files.
    """

    def __init__(self, paths: Iterable[Path]) -> None:
        self._seen = {path: _Seen(_stamp(path), _digest(path)) for path in paths}

    def add(self, paths: Iterable[Path]) -> None:
        """Watch further files; ones that are watched already stay as they are."""
        for path in paths:
            if path not in self._seen:
                self._seen[path] = _Seen(_stamp(path), _digest(path))

    def changed(self, now: float | None = None) -> list[Path]:
        """The files whose content is another than at the last call; a file that is gone is one of them, once."""
        now = time.monotonic() if now is None else now
        return [path for path, seen in self._seen.items() if _has_changed(path, seen, now)]


def _has_changed(path: Path, seen: _Seen, now: float) -> bool:
    stamp = _stamp(path)
    if stamp is None and seen.digest is not None:
        seen.missing_since = now if seen.missing_since is None else seen.missing_since
        if now - seen.missing_since < GONE:
            return False
    else:
        seen.missing_since = None
    if stamp == seen.stamp and now - seen.changed_at > LOOK_CLOSELY:
        return False
    digest = _digest(path)
    if digest is None and stamp is not None:  # it vanished, or cannot be read at this moment
        return False
    seen.stamp = stamp
    if digest == seen.digest:
        return False
    seen.digest, seen.changed_at = digest, now
    return True


def _stamp(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size


def _digest(path: Path) -> bytes | None:
    """Changes with what a file holds, or with why it is not read; None if there is none."""
    try:
        path.stat()
        return hashlib.sha256(complaint_about(path).encode() or path.read_bytes()).digest()
    except (OSError, ValueError):
        return None
