"""Run ``python grader.py`` as a user does, in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kata.course.phases import PROJECT

TEST_TIMEOUT = "4"
"""Seconds that one test of a submission may take in these runs, so that endless loops end soon."""


@dataclass(frozen=True)
class Run:
    """What a run of the grader left behind.

    Attributes:
        status: exit status.
        out, err: standard output and standard error.
    """

    status: int
    out: str
    err: str

    @property
    def report(self) -> dict[str, Any]:
        """Standard output, which is to hold JSON and nothing else."""
        return json.loads(self.out)


def environment(**more: str) -> dict[str, str]:
    """The environment of a run, without what the selftest's own pytest or a terminal put there."""
    dropped = ("PYTEST_", "COLUMNS", "LINES", "FORCE_COLOR", "NO_COLOR", "TERM", "PYTHONIOENCODING", "TTY_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(dropped)}
    return {**kept, "PYTHONUTF8": "1", "PYTHONDONTWRITEBYTECODE": "1", **more}


def run_grader(
    *arguments: object, cwd: Path = PROJECT, timeout: float = 240, encoding: str = "utf-8", **more: str
) -> Run:
    """Run the grader to its end.

    Args:
        arguments: its command line.
        cwd: the folder to stand in.
        timeout: seconds after which it counts as hanging.
        encoding: of what it says; PYTHONIOENCODING asks for another one.
        more: further environment variables.
    """
    command = [sys.executable, str(PROJECT / "grader.py"), *map(str, arguments)]
    done = subprocess.run(command, cwd=cwd, env=environment(**more), capture_output=True, timeout=timeout, check=False)
    return Run(done.returncode, done.stdout.decode(encoding), done.stderr.decode(encoding))


def run_pytest(*arguments: object, timeout: float = 120, **more: str) -> Run:
    """Run ``python -m pytest`` in the project."""
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *map(str, arguments)]
    done = subprocess.run(
        command, cwd=PROJECT, env=environment(**more), capture_output=True, timeout=timeout, check=False
    )
    return Run(done.returncode, done.stdout.decode("utf-8"), done.stderr.decode("utf-8"))


def tasks_of(report: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Task name to its entry in the JSON report."""
    return {task["name"]: task for phase in report["phases"] for task in phase["tasks"]}


def scores_of(report: dict[str, Any]) -> dict[int, float]:
    """Phase number to its score in the JSON report."""
    return {phase["phase"]: phase["score"] for phase in report["phases"]}
