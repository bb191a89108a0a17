"""Grade every hostile submission and print a table: ``python -m selftest.hostile [NAME ...] [--jobs N]``."""

from __future__ import annotations

import argparse
import multiprocessing
import os
import sys
import time
from typing import Sequence

from . import cases, runs


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table; return 1 if any verdict differs from what is expected."""
    parser = argparse.ArgumentParser(prog="python -m selftest.hostile", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="which submissions (default: all)")
    parser.add_argument("--jobs", type=int, default=2, metavar="N", help="how many at a time (default: 2)")
    options = parser.parse_args(arguments)
    known = cases.names()
    unknown = sorted(set(options.names) - set(known))
    if unknown:
        parser.error(f"there is no {', '.join(unknown)}; there are {', '.join(known)}")
    without = set(os.environ.get("KATA_WITHOUT", "").split(",")) - {""}
    wanted = [name for name in options.names or known if cases.read(name).needs not in without]
    start = time.monotonic()
    row = "{:26} {:24} {:24} {:>5}  {}"
    print(row.format("submission", "expected", "got", "s", "ok"))
    differing = 0
    with multiprocessing.get_context("spawn").Pool(options.jobs, runs.adopt_orphans, maxtasksperchild=20) as pool:
        for outcome in pool.imap(runs.run, wanted):
            case = outcome.case
            ok = "no: " + "; ".join(outcome.wrong) if outcome.wrong else "yes"
            print(row.format(case.name, case.expected(), outcome.got, f"{outcome.seconds:.0f}", ok), flush=True)
            differing += bool(outcome.wrong)
    seconds = time.monotonic() - start
    print(f"{len(wanted)} submissions, {differing} not as expected, {seconds:.0f} s")
    return 1 if differing else 0


if __name__ == "__main__":
    sys.exit(main())
