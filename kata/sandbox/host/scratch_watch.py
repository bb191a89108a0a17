"""Keep an eye on what guests write: each file is limited by the kernel, all of them together are limited here."""

from __future__ import annotations

import contextlib
import errno
import os
import signal
import threading
from pathlib import Path
from typing import Iterator

MOST_BYTES = 256 * 2**20
MOST_FILES = 10_000
SECONDS = 0.25

LONG, MOST_LONG = 1000, 30
"""A path is followed from a folder on the way once it is so long; so many times, then it counts as too deep."""

OVERFULL = f"it wrote more than {MOST_FILES:,} files or {MOST_BYTES >> 20} MiB, or put it where nobody can look"


class ScratchWatch:
    """Ends a guest whose scratch folder has grown too large. It looks every quarter of a second."""

    def __init__(self) -> None:
        self._folders: dict[int, Path] = {}
        self._overfull: set[int] = set()
        self._closed = threading.Event()
        self._thread: threading.Thread | None = None

    def enter(self, pid: int, folder: Path) -> None:
        """A guest comes, with the folder that it may write to."""
        self._overfull.discard(pid)
        self._folders[pid] = folder
        if self._thread is None:
            self._thread = threading.Thread(target=self._look, daemon=True)
            self._thread.start()

    def leave(self, pid: int) -> Path | None:
        """A guest is gone; return its folder."""
        return self._folders.pop(pid, None)

    def was_overfull(self, pid: int) -> bool:
        """Whether a guest was ended because of what it wrote."""
        return pid in self._overfull

    def close(self) -> None:
        """Look no longer."""
        self._closed.set()

    def _look(self) -> None:
        while not self._closed.wait(SECONDS):
            for pid, folder in list(self._folders.items()):
                if is_overfull(folder) and pid in self._folders:
                    self._overfull.add(pid)
                    with contextlib.suppress(OSError):
                        os.kill(pid, getattr(signal, "SIGKILL", signal.SIGTERM))


def is_overfull(folder: Path, most_bytes: int = MOST_BYTES, most_files: int = MOST_FILES) -> bool:
    """Whether a folder, with all below it, holds too much, or something that cannot be looked at.

    A guest may not delete or rename anything, so whatever it has written is found here.
    """
    size = count = 0
    try:
        for entry in _below(str(folder)):
            count += 1
            with contextlib.suppress(FileNotFoundError):
                if not entry.is_dir(follow_symlinks=False):
                    told = entry.stat(follow_symlinks=False)
                    size += max(told.st_size, _room(told))
            if count > most_files or size > most_bytes:
                return True
    except OSError as error:
        return error.errno in (errno.EACCES, errno.EPERM, errno.ENAMETOOLONG)
    return False


def _room(told: os.stat_result) -> int:
    """Bytes that a file takes on the disk, but for its last block: some may be kept behind its end."""
    return 512 * getattr(told, "st_blocks", 0) - getattr(told, "st_blksize", 0)  # Windows does not tell


def _below(folder: str) -> Iterator[os.DirEntry[str]]:
    """Everything below a folder, however long the path to it becomes."""
    if os.open not in os.supports_dir_fd or os.scandir not in os.supports_fd:  # Windows
        waiting = [folder]
        while waiting:
            with os.scandir(waiting.pop()) as entries:
                for entry in entries:
                    yield entry
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(entry.path)
        return
    flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW
    bases = [os.open(folder, flags)]
    try:
        to_visit = [(bases[0], ".")]
        while to_visit:
            base, path = to_visit.pop()
            here = os.open(path, flags, dir_fd=base)
            try:
                if len(path) > LONG:
                    if len(bases) > MOST_LONG:
                        raise OSError(errno.ENAMETOOLONG, os.strerror(errno.ENAMETOOLONG))
                    bases.append(os.dup(here))
                    base, path = bases[-1], "."
                with os.scandir(here) as entries:
                    for entry in entries:
                        yield entry
                        if entry.is_dir(follow_symlinks=False):
                            to_visit.append((base, f"{path}/{entry.name}"))
            finally:
                os.close(here)
    finally:
        for base in bases:
            os.close(base)
