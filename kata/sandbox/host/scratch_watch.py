"""Keep an eye on what guests write: each file is limited by the kernel, all of them together are limited here."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from pathlib import Path

MOST_BYTES = 256 * 2**20
MOST_FILES = 10_000
SECONDS = 0.25

OVERFULL = f"it wrote more than {MOST_FILES:,} files or {MOST_BYTES >> 20} MiB"


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
    """Whether a folder, with all below it, holds too much; it stops looking as soon as it knows."""
    size, count, waiting = 0, 0, [str(folder)]
    while waiting:
        with contextlib.suppress(OSError), os.scandir(waiting.pop()) as entries:
            for entry in entries:
                count += 1
                with contextlib.suppress(OSError):
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(entry.path)
                    else:
                        size += entry.stat(follow_symlinks=False).st_size
                if count > most_files or size > most_bytes:
                    return True
    return False
