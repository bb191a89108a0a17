"""How long a learner waits: grading against ``import torch``. ``python -m benchmarks.feedback [ROUNDS]``."""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

from benchmarks.timing import IMPORT_TORCH, PROJECT, in_turns, table

GRADER = [sys.executable, str(PROJECT / "grader.py")]
BASE = "import torch"
WITHOUT_ASSEMBLED = """
from kata import cli
from kata.grading import run as running

running.IF_ALL_PASS = running.NEVER
raise SystemExit(cli.main(["--target", "solutions"]))
"""
"""The grader of six solved phases without its last step, the six files together."""

GOALS = {"untouched stubs": 2.0, "all six phases solved": 8.0}


def main() -> None:
    """Run and print."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    with tempfile.TemporaryDirectory() as folder:
        touched = Path(folder) / "touched"
        shutil.copytree(PROJECT / "exercises", touched)
        for path in touched.glob("phase*.py"):  # a constant of the learner's own: no longer the stub
            path.write_text(path.read_text(encoding="utf-8") + "\nTOUCHED = True\n", encoding="utf-8")
        commands = {
            BASE: IMPORT_TORCH,
            "untouched stubs": [*GRADER, "--target", str(PROJECT / "exercises")],
            "stubs that were touched": [*GRADER, "--target", str(touched)],
            "one phase solved (2)": [*GRADER, "2", "--target", str(PROJECT / "solutions")],
            "all six phases solved": [sys.executable, "-c", WITHOUT_ASSEMBLED],
            "the same and `assembled`": [*GRADER, "--target", str(PROJECT / "solutions")],
        }
        print(table(in_turns(commands, rounds), BASE, GOALS))


if __name__ == "__main__":
    main()
