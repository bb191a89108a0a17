"""Two known mistakes at once, in one task or in two of a phase: are both named, and nothing else?

``python -m selftest.pairs [PHASE ...] [--count 60] [--seed N]`` draws pairs from the catalogue, prints what was named.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
from pathlib import Path
from typing import Iterator, NamedTuple, Sequence

from kata.course.phases import COURSE, REFERENCE
from kata.diagnosis.misconceptions import Misconception, catalogue, fitted_families, patch
from kata.grading.session_client import WarmSession
from kata.session_protocol import Diagnosed

BOTH, ONE = 0.8, 0.95
"""Shares of the pairs of which both, and at least one, must be named."""


class Pair(NamedTuple):
    """Two mistakes in one file.

    Attributes:
        mistakes: the two.
        source: the phase's solution with both.
    """

    mistakes: tuple[Misconception, Misconception]
    source: str


def draw(phases: Sequence[int], count: int, seed: int) -> list[Pair]:
    """Pairs of mistakes that do not change the same code; half of them in one task, as far as there are any."""
    generator = random.Random(seed)
    known = [entry for entry in catalogue() if entry.phase.number in phases]
    found: list[Pair] = []
    while len(found) < count:
        one = generator.choice(known)
        same_task = len(found) % 2 == 0
        others = [entry for entry in known if entry.phase == one.phase and (entry.task == one.task) == same_task]
        other = generator.choice([entry for entry in others if entry != one] or [one])
        source = with_both(one, other)
        if source and (one, other) not in [pair.mistakes for pair in found]:
            found.append(Pair((one, other), source))
    return found


def with_both(one: Misconception, other: Misconception) -> str:
    """The phase's solution with two mistakes; empty if they change the same code."""
    solution = (REFERENCE / one.phase.file).read_text(encoding="utf-8")
    try:
        if one.task == other.task:
            return patch.apply(solution, one.task, one.edits + other.edits) if one != other else ""
        return patch.apply(one.source(), other.task, other.edits)
    except ValueError:
        return ""


def named(pairs: Sequence[Pair], seed: int = 0) -> Iterator[tuple[Pair, set[str]]]:
    """Every pair with the ids that were named for it."""
    phases = [phase for phase in COURSE if any(pair.mistakes[0].phase == phase for pair in pairs)]
    with tempfile.TemporaryDirectory(prefix="pairs-") as folder, WarmSession(phases, seed) as session:
        for number, pair in enumerate(pairs):
            phase, target = pair.mistakes[0].phase, Path(folder) / str(number)
            target.mkdir()
            (target / phase.file).write_text(pair.source, encoding="utf-8")
            tasks = sorted({mistake.task for mistake in pair.mistakes})
            events = session.run(phase.id, target, tasks)
            yield pair, {name for event in events if isinstance(event, Diagnosed) for name in event.ids}


def _meant(name: str, made: set[str]) -> set[str]:
    """Which of some mistakes a name tells: itself, or those that a family with the value found covers."""
    family = fitted_families().get(name.partition("=")[0])
    covered = made & {*family.covers} if family else set()
    covered |= {other for other in made if family and other.partition("=")[0] == family.id}
    return covered or {name}


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the pairs; return 1 if too few are named, or anything else is."""
    parser = argparse.ArgumentParser(prog="python -m selftest.pairs", description=__doc__)
    parser.add_argument("phases", nargs="*", type=int, metavar="PHASE", help="numbers of phases (default: all)")
    parser.add_argument("--count", type=int, default=60)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(arguments)
    pairs = draw(options.phases or range(1, 7), options.count, options.seed)
    both = one = wrong = 0
    for pair, names in named(pairs):
        made = {mistake.id for mistake in pair.mistakes}
        names = {right for name in names for right in _meant(name, made)}
        both, one, wrong = both + (made <= names), one + bool(made & names), wrong + bool(names - made)
        print(" + ".join(sorted(made)), "->", " + ".join(sorted(names)) or "nothing", flush=True)
    print(f"{len(pairs)} pairs: {both} named in full, {one} at least half, {wrong} with a false name")
    return 0 if both >= BOTH * len(pairs) and one >= ONE * len(pairs) and not wrong else 1


if __name__ == "__main__":
    sys.exit(main())
