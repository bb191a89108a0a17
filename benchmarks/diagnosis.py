"""From a wrong file to the name of its mistake: ``python -m benchmarks.diagnosis [ROUNDS]``."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.timing import IMPORT_TORCH, PROJECT, in_turns, table
from kata.misconceptions import catalogue

BASE = "import torch"
GOAL = 3.0
MISTAKES = (
    "encoding-exponent-halved",
    "attention-not-scaled",
    "layer-norm-unbiased-variance",
    "decoder-layer-pre-norm",
    "batch-target-not-shifted",
    "greedy-without-look-ahead",
)


def main() -> None:
    """Run and print.

    Raises:
        RuntimeError: if a mistake is not named.
    """
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    known = {entry.id: entry for entry in catalogue()}
    with tempfile.TemporaryDirectory() as folder:
        commands = {BASE: IMPORT_TORCH}
        for name in MISTAKES:
            target = known[name].write(Path(folder) / name)
            command = [
                sys.executable,
                str(PROJECT / "grader.py"),
                str(known[name].phase.number),
                "--target",
                str(target),
            ]
            report = json.loads(subprocess.run([*command, "--json", "-"], stdout=subprocess.PIPE, check=True).stdout)
            named = [task["diagnosis"] and task["diagnosis"]["id"] for task in report["phases"][0]["tasks"]]
            if name not in named:
                raise RuntimeError(f"{name} was not named: {named}")
            commands[name] = command
        print(table(in_turns(commands, rounds), BASE, dict.fromkeys(MISTAKES, GOAL)))


if __name__ == "__main__":
    main()
