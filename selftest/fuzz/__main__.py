"""Look for mistakes between guest and host: ``python -m selftest.fuzz [--minutes M] [--seed N]``.

It ends at the first mistake, with the smallest stream or value that shows it. A stream is written to
``selftest/fuzz/corpus``: once the mistake is mended, give it a name there and keep it.
"""

from __future__ import annotations

import argparse
import hashlib
import random
import sys
from typing import Sequence

from . import streams
from .hunt import hunt


def main(arguments: Sequence[str] | None = None) -> int:
    """Return 1 if a mistake was found."""
    parser = argparse.ArgumentParser(prog="python -m selftest.fuzz", description=__doc__)
    parser.add_argument("--minutes", type=float, default=1.0, metavar="M", help="how long (default: 1)")
    parser.add_argument(
        "--seed", type=int, default=random.randrange(2**32), metavar="N", help="default: another one each time"
    )
    options = parser.parse_args(arguments)
    print(f"seed {options.seed}, {options.minutes:g} minutes", flush=True)
    told = hunt(60 * options.minutes, options.seed)
    print(f"{told.streams:,} streams, {told.values:,} values in {told.seconds:.0f} s")
    print(
        "how the host's questions ended: "
        + ", ".join(f"{name} {count:,}" for name, count in told.endings.most_common())
    )
    if told.mistake is None:
        return 0
    print(f"found: {told.mistake}")
    if told.heard is not None:
        data = told.heard.data
        path = streams.CORPUS / f"found_{hashlib.sha256(data).hexdigest()[:8]}.frames"
        path.write_bytes(data)
        print(f"asked for {', '.join(told.heard.asks)}; the stream stands in {path}:\n{data!r}")
    return 1


if __name__ == "__main__":
    sys.exit(main())
