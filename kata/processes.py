"""Processes that run suites: their environment, and their end."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess


class SuitesBroken(Exception):
    """The suites themselves could not be run; no fault of the submission."""


KEPT = (
    "HOME", "KATA_TEST_TIMEOUT", "KATA_WALL_START", "KATA_WITHOUT", "LANG", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH",
    "PATH", "PYTHONHOME", "PYTHONPATH", "PYTHONUTF8", "SYSTEMROOT", "USERPROFILE",
    "VIRTUAL_ENV",
)  # fmt: skip
"""Variables of the user's environment that the process needs; the others are none of a submission's business."""


def session_environment() -> dict[str, str]:
    """The environment of a process that runs suites."""
    environment = {name: os.environ[name] for name in os.environ if name in KEPT or name.startswith("LC_")}
    environment["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    environment["PYTHONDONTWRITEBYTECODE"] = "1"
    environment["OMP_NUM_THREADS"] = "1"
    return environment


def end_process(process: subprocess.Popen[bytes]) -> None:
    """End the process and everything it started."""
    if hasattr(os, "killpg"):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    elif process.poll() is None:
        process.kill()
    process.wait()


def describe_exit(code: int) -> str:
    """How a process ended, in words."""
    if code < 0:
        try:
            name = signal.Signals(-code).name
        except ValueError:
            name = f"signal {-code}"
        return f"the process crashed ({name})"
    return f"the process ended early (exit status {code})"
