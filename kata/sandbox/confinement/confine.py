"""Confine this process: limits, files, system calls."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

from ...course.phases import PROJECT
from . import landlock, limits, seccomp


def confine(config: dict[str, Any]) -> list[str]:
    """Limit this process as ``config`` says; return what holds."""
    limits.enter_scratch(config["scratch"])
    held = [f"limit of {name}" for name in limits.set_resource_limits()]
    filed = []
    if config.get("landlock", True):
        readable = [Path(entry) for entry in config["readable"]]
        filed = landlock.restrict([*readable, *system_folders()], [Path(config["scratch"]), Path("/dev/null")])
    held += filed
    if config.get("seccomp", True):
        held += seccomp.restrict(allow_writes=bool(filed))
    return sorted(set(held))


def system_folders() -> list[Path]:
    """What Python, torch and the C library read while they work."""
    folders = [sys.prefix, sys.base_prefix, sys.exec_prefix, *(entry for entry in sys.path if entry)]
    system = ["/usr", "/lib", "/lib64", "/etc", "/bin", "/opt", "/nix", "/sys/devices", "/dev/urandom", "/dev/shm"]
    own = ["/proc/self", "/proc/cpuinfo", "/proc/meminfo", "/proc/sys", "/proc/stat"]
    whole = {Path(os.path.realpath(folder)) for folder in [*folders, *system]}
    return [part for folder in sorted(whole) for part in without(folder, PROJECT)] + [Path(entry) for entry in own]


def without(folder: Path, hidden: Path) -> list[Path]:
    """What lies in a folder except for one folder somewhere below it: the folder itself if it does not hold that."""
    if folder not in (hidden, *hidden.parents):
        return [folder]
    if folder == hidden:
        return []
    try:
        entries = sorted(folder.iterdir())
    except OSError:
        return []
    return [part for entry in entries for part in without(entry, hidden)]
