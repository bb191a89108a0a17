"""Writes to files that it has deleted, or that never had a name: nobody finds them."""

from __future__ import annotations

import os

from .solved import *  # noqa: F403

worked = []
for number in range(3):
    with open(f"file{number}", "wb") as file:
        file.write(bytes(100))
tries = {
    "unlink": lambda: os.unlink("file0"),
    "unlinkat": lambda: os.unlink("file0", dir_fd=os.open(".", os.O_RDONLY)),
    "rename over another": lambda: os.rename("file1", "file2"),
    "replace": lambda: os.replace("file1", "file2"),
    "no name": lambda: os.open(".", os.O_TMPFILE | os.O_RDWR),
}
for name, action in tries.items():
    try:
        action()
    except OSError:
        continue
    worked.append(name)
raise RuntimeError(f"{len(os.listdir('.'))} files; tried {len(tries)}; these worked: {worked}")
