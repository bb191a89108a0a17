"""Remove a folder that a guest has had to itself, whatever it has made of it."""

from __future__ import annotations

import contextlib
import itertools
import os
import shutil
from pathlib import Path


def remove(folder: Path) -> None:
    """Remove a folder and all below it: closed folders and a thousand folders in one another too."""
    with contextlib.suppress(RecursionError):
        shutil.rmtree(folder, ignore_errors=True)
    numbers = itertools.count()
    while folder.is_dir():
        # What is left is too deep or closed: bring everything up by one floor, again and again.
        progress = False
        for entry in list(os.scandir(folder)):
            with contextlib.suppress(OSError):
                if not entry.is_dir(follow_symlinks=False):
                    os.unlink(entry.path)
                    progress = True
                    continue
                os.chmod(entry.path, 0o700)
                for inner in list(os.scandir(entry.path)):
                    os.rename(inner.path, folder / f".{next(numbers)}.{os.urandom(4).hex()}")
                os.rmdir(entry.path)
                progress = True
        if not progress:
            break
    with contextlib.suppress(OSError):
        os.rmdir(folder)
