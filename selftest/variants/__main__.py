"""Grade every right variant: ``python -m selftest.variants [PHASE|NAME ...] [--seeds 0,1] [--jobs N]``."""

from __future__ import annotations

import argparse
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Sequence

from . import SEEDS, Variant, chosen, complaints


def main(arguments: Sequence[str] | None = None) -> int:
    """Print a table; return 1 if a right variant is not given full marks."""
    parser = argparse.ArgumentParser(prog="python -m selftest.variants", description=__doc__)
    parser.add_argument("which", nargs="*", metavar="PHASE|NAME", help="which variants (default: all)")
    parser.add_argument("--seeds", default=",".join(map(str, SEEDS)), help="seeds, with commas between them")
    parser.add_argument("--jobs", type=int, default=2, metavar="N", help="how many at a time (default: 2)")
    options = parser.parse_args(arguments)
    try:
        wanted = chosen(options.which)
    except KeyError as error:
        parser.error(error.args[0])
    seeds = [int(seed) for seed in options.seeds.split(",")]
    started = time.monotonic()
    found = prove(wanted, seeds, options.jobs)
    for variant in wanted:
        wrong = found[variant]
        print(f"{variant.phase.id:20} {variant.name:44} {'NO' if wrong else 'yes'}")
        for line in wrong:
            print(f"    {line}")
    rejected = sum(bool(wrong) for wrong in found.values())
    print(
        f"{len(wanted)} right variants, {rejected} rejected, seeds {options.seeds}, {time.monotonic() - started:.0f} s"
    )
    return 1 if rejected else 0


def prove(wanted: Sequence[Variant], seeds: Sequence[int], jobs: int = 2) -> dict[Variant, list[str]]:
    """What is wrong with each variant under all seeds; the six files together are tried under the first."""
    found: dict[Variant, list[str]] = {variant: [] for variant in wanted}
    shares = [share for share in (wanted[start::jobs] for start in range(jobs)) if share]
    work = [(share, seed, seed == seeds[0]) for seed in seeds for share in shares]

    def carry_out(job: tuple[list[Variant], int, bool]) -> None:
        for variant, wrong in complaints(*job):
            found[variant] += wrong

    with ThreadPoolExecutor(jobs) as pool:
        list(pool.map(carry_out, work))
    return found


if __name__ == "__main__":
    sys.exit(main())
