"""What a guest may use up, and what it starts with: resources, environment, descriptors, working folder."""

from __future__ import annotations

import contextlib
import mmap
import os
import sys
import tempfile
from pathlib import Path

from ...course.phases import PROJECT

MEMORY = 3 * 2**30
"""Bytes of address space beyond what the process has when it starts."""

FILE_SIZE = 16 * 2**20
CPU_SECONDS = 600
OPEN_FILES = 256
THREADS = 64
"""Beyond those that the whole machine runs when the guest starts: the kernel counts all of the user's together."""


def set_resource_limits() -> list[str]:
    """Limit memory, file size, CPU time, open files and core dumps; return what could be set."""
    try:
        import resource
    except ImportError:  # Windows
        return []
    wanted = {
        "address space": ("RLIMIT_AS", _address_space() + MEMORY),
        "file size": ("RLIMIT_FSIZE", FILE_SIZE),
        "CPU time": ("RLIMIT_CPU", CPU_SECONDS),
        "open files": ("RLIMIT_NOFILE", OPEN_FILES),
        "core dumps": ("RLIMIT_CORE", 0),
    }
    running = _threads_of_the_machine()
    if running:
        wanted["threads"] = ("RLIMIT_NPROC", running + THREADS)
    done = []
    for name, (limit, value) in wanted.items():
        number = getattr(resource, limit, None)
        if number is None:
            continue
        try:
            _, hard = resource.getrlimit(number)
            value = value if hard == resource.RLIM_INFINITY else min(value, hard)
            resource.setrlimit(number, (value, value))
            if limit != "RLIMIT_AS" or _is_refused(value):
                done.append(name)
        except (ValueError, OSError):
            continue
    return done


def _is_refused(size: int) -> bool:
    """Whether so much memory cannot be had; macOS takes the limit and does not hold it."""
    try:
        mmap.mmap(-1, size).close()
    except (OSError, ValueError, OverflowError):
        return True
    return False


def _threads_of_the_machine() -> int:
    """How many threads there are, of all users; 0 if the system does not say."""
    try:
        return int(Path("/proc/loadavg").read_text().split()[3].partition("/")[2])
    except (OSError, ValueError, IndexError):
        return 0


def _address_space() -> int:
    """Bytes of address space in use now."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[0])
        return pages * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError):
        return 16 * 2**30


NO_ACCELERATOR = {"CUDA_VISIBLE_DEVICES": "-1", "HIP_VISIBLE_DEVICES": "-1"}
"""Variables that hide NVIDIA's and AMD's devices from a process that is about to import torch. Sessions and guests have
no use for one. Not empty values: Windows takes an empty variable for none."""

KEPT = ("PATH", "LANG", "LC_ALL", "LC_CTYPE", "SYSTEMROOT", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "VIRTUAL_ENV")


def clean_environment(scratch: str) -> dict[str, str]:
    """The environment of a guest: nothing of the user's but what programs need to start."""
    environment = {name: os.environ[name] for name in KEPT if name in os.environ}
    environment.update(HOME=scratch, TMPDIR=scratch, TEMP=scratch, TMP=scratch)
    environment.update(OMP_NUM_THREADS="1", PYTHONDONTWRITEBYTECODE="1", PYTHONNOUSERSITE="1", **NO_ACCELERATOR)
    return environment


def starting_environment() -> dict[str, str]:
    """What a server or a guest is started with: a guest finds it in its memory, whatever ``os.environ`` says later."""
    if os.name != "posix":
        return {**os.environ, **NO_ACCELERATOR}
    kept = {name: os.environ[name] for name in os.environ if name in KEPT or name.startswith(("PYTHON", "LC_"))}
    return {**kept, **NO_ACCELERATOR, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}


def enter_scratch(scratch: str) -> None:
    """Make the scratch folder the place of work, and the environment a clean one."""
    clean = clean_environment(scratch)
    for name in list(os.environ):
        if name not in clean:
            del os.environ[name]
    os.environ.update(clean)
    os.chdir(scratch)
    tempfile.tempdir = scratch  # it would try whether it can delete there
    project = str(PROJECT)
    sys.path[:] = [entry for entry in sys.path if entry and os.path.realpath(entry) != project]
    sys.argv[:] = ["guest"]
    sys.dont_write_bytecode = True


def open_standard_descriptors(output: int) -> None:
    """Open 0 (nothing), 1 and 2 (``output``) anew: what a guest sets on one that was handed down, other guests see."""
    try:
        own = os.open(f"/proc/self/fd/{output}", os.O_WRONLY)
    except OSError:  # not Linux
        own = output
    for opened, descriptors in ((os.open(os.devnull, os.O_RDWR), (0,)), (own, (1, 2))):
        for descriptor in descriptors:
            os.dup2(opened, descriptor)
        if opened > 2:
            os.close(opened)


def close_other_descriptors(keep: set[int]) -> None:
    """Close every descriptor but the standard ones and ``keep``."""
    open_now = list(range(3, 1024))
    for folder in ("/dev/fd", "/proc/self/fd"):  # macOS has the former alone; it may end who closes what is not his
        with contextlib.suppress(OSError, ValueError):
            open_now = [int(name) for name in os.listdir(folder)]
    for descriptor in open_now:
        if descriptor > 2 and descriptor not in keep:
            try:
                os.close(descriptor)
            except OSError:
                continue
