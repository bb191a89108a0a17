"""Confine this process: limits, files, system calls."""

from __future__ import annotations

import functools
import os
import sys
from pathlib import Path
from typing import Any

import torch

from ...course.phases import PROJECT
from . import forbidden_operators, landlock, limits, seccomp
from .identity import give_up_root


def confine(config: dict[str, Any]) -> list[str]:
    """Limit this process as ``config`` says; return what holds.

    It must have one thread: the kernel confines that and those which it starts.

    Raises:
        RuntimeError: if it has more.
    """
    if _threads() > 1:
        raise RuntimeError("a thread is running already, which nothing would confine")
    limits.enter_scratch(config["scratch"])
    held = [f"limit of {name}" for name in limits.set_resource_limits()]
    held += give_up_root(config["scratch"])
    filed = []
    if config.get("landlock", True):
        readable = [Path(entry) for entry in config["readable"]]
        filed = landlock.restrict([*readable, *system_folders()], [Path(config["scratch"]), Path("/dev/null")])
    held += filed
    if config.get("seccomp", True):
        held += seccomp.restrict(allow_writes=bool(filed))
    return sorted(set(held))


def _threads() -> int:
    """How many threads this process has; 0 if the system does not say."""
    try:
        return len(os.listdir("/proc/self/task"))
    except OSError:
        return 0


ETC = ("ld.so.cache", "localtime", "nsswitch.conf", "passwd", "group", "os-release")
CPU = ("online", "possible", "present")
OWN = ("auxv", "cmdline", "fd", "maps", "stat", "statm", "status")
"""Of /etc, /sys/devices/system/cpu and /proc/self no more than this: root may read passwords and keys in the first, and
the others tell how busy the machine is, and which memory and sockets other processes have."""


@functools.lru_cache(maxsize=None)
def system_folders() -> list[Path]:
    """What Python, torch and the C library read while they work; of torch what ``forbidden_operators`` allows."""
    folders = [sys.prefix, sys.base_prefix, sys.exec_prefix, *(entry for entry in sys.path if entry)]
    system = ["/usr", "/lib", "/lib64", "/bin", "/opt", "/nix", "/dev/urandom", *(f"/etc/{name}" for name in ETC)]
    system += [f"/sys/devices/system/cpu/{name}" for name in CPU]
    own = [*(f"/proc/self/{name}" for name in OWN), "/proc/cpuinfo", "/proc/sys/vm/overcommit_memory"]
    whole = {Path(os.path.realpath(folder)) for folder in [*folders, *system]}
    torch_folder = Path(os.path.realpath(os.path.dirname(torch.__file__)))
    allowed = [torch_folder.joinpath(*name.split(".")[1:]) for name in forbidden_operators.MODULES]
    readable = [part for folder in sorted(whole) for part in without(folder, PROJECT, torch_folder)]
    readable += [part for path in allowed for part in (path, path.with_suffix(".py"))]
    return [path for path in readable if path.exists()] + [Path(entry) for entry in own]


def without(folder: Path, *hidden: Path) -> list[Path]:
    """What lies in a folder except for some folders somewhere below it: the folder itself if it holds none of them."""
    folder = Path(os.path.realpath(folder))  # or a link leads to what is hidden
    if folder in hidden:
        return []
    if not any(folder in path.parents for path in hidden):
        return [folder]
    try:
        entries = sorted(folder.iterdir())
    except OSError:
        return []
    return [part for entry in entries for part in without(entry, *hidden)]
