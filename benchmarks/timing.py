"""Time commands in turns, so that a noisy machine treats all of them alike."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Mapping, Sequence

PROJECT = Path(__file__).resolve().parent.parent

IMPORT_TORCH = [sys.executable, "-c", "import torch"]


def seconds(command: Sequence[str]) -> float:
    """Wall-clock seconds of one run; its output is thrown away.

    Raises:
        RuntimeError: if the command fails.
    """
    started = time.perf_counter()
    done = subprocess.run(command, cwd=PROJECT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    taken = time.perf_counter() - started
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)} failed:\n{done.stdout.decode('utf-8', 'replace')[-2000:]}")
    return taken


def in_turns(commands: Mapping[str, Sequence[str]], rounds: int) -> dict[str, float]:
    """Median seconds of each command over ``rounds`` rounds, after one round to warm the disk's cache."""
    taken: dict[str, list[float]] = {name: [] for name in commands}
    for turn in range(rounds + 1):
        for name, command in commands.items():
            spent = seconds(command)
            if turn > 0:
                taken[name].append(spent)
    return {name: statistics.median(values) for name, values in taken.items()}


def table(medians: Mapping[str, float], base: str, goals: Mapping[str, float]) -> str:
    """Seconds and ratios to ``base`` as lines of text, with the goal where there is one."""
    lines = [f"{'':34}{'seconds':>9}{'ratio':>8}{'goal':>8}"]
    for name, value in medians.items():
        goal = f"<= {goals[name]:g}" if name in goals else ""
        lines.append(f"{name:34}{value:9.2f}{value / medians[base]:8.2f}{goal:>8}")
    return "\n".join(lines)
