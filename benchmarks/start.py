"""Submissions that are started against submissions that are forked: ``python -m benchmarks.start [ROUNDS]``.

Where fork is missing or unsafe (Windows, macOS) every guest is a program of its own, which imports torch again.
"""

from __future__ import annotations

import os
import sys

from benchmarks.timing import in_turns, table

BASE = "forked"
GOALS = {"started": 1.6 if (os.cpu_count() or 1) < 4 else 1.3}
GRADE = """
import os

os.environ["KATA_WALL_START"] = {start!r}
from kata import cli

raise SystemExit(cli.main(["--target", "solutions", "--fail-under", "100"]))
"""


def main() -> None:
    """Run and print."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    commands = {
        BASE: [sys.executable, "-c", GRADE.format(start="fork")],
        "started": [sys.executable, "-c", GRADE.format(start="spawn")],
    }
    print(table(in_turns(commands, rounds), BASE, GOALS))


if __name__ == "__main__":
    main()
