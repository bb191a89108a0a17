"""Does what root may do: reads passwords, takes back its rights, owns a file."""

from __future__ import annotations

import os
from pathlib import Path

from .solved import *  # noqa: F403

mine = Path("mine")
mine.touch()
worked = []
tries = {
    "to be root": lambda: 1 // (os.geteuid() == 0),
    "to read passwords": lambda: Path("/etc/shadow").read_bytes(),
    "to list /etc": lambda: os.listdir("/etc"),
    "to take it back": lambda: os.setuid(0),
    "to give a file away": lambda: os.chown(mine, 0, 0),
    "to make a device": lambda: os.mknod("device", 0o20600, os.makedev(1, 1)),
    "to write to another's folder": lambda: Path("/tmp/kata-as-root").touch(),
}
for name, action in tries.items():
    try:
        action()
    except (OSError, ZeroDivisionError):
        continue
    worked.append(name)
raise RuntimeError(f"tried {len(tries)}; these worked: {worked}")
