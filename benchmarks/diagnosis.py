"""From a wrong file to the name of its mistake: ``python -m benchmarks.diagnosis [ROUNDS]``.

Two ways lead there: a save while ``watch`` runs, and ``grader.py`` with the phase's number, which starts from nothing,
runs all tests of the phase and ends after the last mistake is named. That is measured with one mistake a phase;
``python -m benchmarks.diagnosis --all [PHASE ...] [--every N]`` grades every known mistake, or one in N, once, and
shows the slowest.
"""

from __future__ import annotations

import argparse
import json
import re
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.timing import IMPORT_TORCH, PROJECT, in_turns, seconds, table
from kata.course.phases import COURSE
from kata.diagnosis.misconceptions import Misconception, by_id, catalogue
from selftest.submissions import make_target
from selftest.terminal import Terminal

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
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("rounds", type=int, nargs="?", default=5, metavar="ROUNDS")
    parser.add_argument("--all", type=int, nargs="*", metavar="PHASE")
    parser.add_argument("--every", type=int, default=1, metavar="N")
    options = parser.parse_args()
    if options.all is not None:
        for number in options.all or range(1, len(COURSE) + 1):
            _all_of(number, options.every)
        return
    rounds = options.rounds
    with tempfile.TemporaryDirectory() as folder:
        commands = {BASE: IMPORT_TORCH}
        saves = {}
        for mistake in map(by_id, MISTAKES):
            saves[f"watch:  {mistake.id}"] = _by_a_save(mistake, Path(folder), rounds)
            commands[f"grader: {mistake.id}"] = _command(mistake, Path(folder))
        medians = in_turns(commands, rounds)
        goals = dict.fromkeys([*saves, *commands], GOAL)
        del goals[BASE]
        print(table({BASE: medians.pop(BASE), **saves, **medians}, BASE, goals))


def _by_a_save(mistake: Misconception, folder: Path, rounds: int) -> float:
    """Median seconds from a save that brings the mistake in to its name on the screen of ``watch``."""
    target = make_target(folder / f"watched-{mistake.id}", solved=(mistake.phase.number,))
    path = target / mistake.phase.file
    right = path.read_text(encoding="utf-8")
    taken = []
    with Terminal(["watch", str(mistake.phase.number), "--target", target]) as terminal:
        terminal.wait_for("Next: .*\n")
        for turn in range(rounds + 1):
            started = time.perf_counter()
            path.write_text(mistake.source(), encoding="utf-8")
            seen = terminal.wait_for("Known mistake: ")
            if turn:  # the first save may wait for torch
                taken.append(time.perf_counter() - started)
            if not re.search("Known mistake: (.|\n)*Next: .*\n", seen):
                terminal.wait_for("Next: .*\n")
            path.write_text(right, encoding="utf-8")
            terminal.wait_for("Next: .*\n")
        terminal.press("q")
        terminal.end()
    return statistics.median(taken)


def _all_of(number: int, step: int) -> None:
    """Grade every mistake of a phase, or one in ``step``, once, ``import torch`` now and then; print the ratios."""
    ratios = []
    with tempfile.TemporaryDirectory() as folder:
        for turn, mistake in enumerate([entry for entry in catalogue() if entry.phase.number == number][::step]):
            if turn % 5 == 0:
                base = seconds(IMPORT_TORCH)
            target = mistake.write(Path(folder) / mistake.id)
            command = [sys.executable, str(PROJECT / "grader.py"), str(number), "--target", str(target)]
            ratios.append((seconds(command) / base, mistake.id))
    ratios.sort()
    slowest = ", ".join(f"{name} {ratio:.2f}" for ratio, name in ratios[:-4:-1])
    within = sum(ratio <= GOAL for ratio, _ in ratios)
    median = statistics.median(ratio for ratio, _ in ratios)
    print(f"phase {number}: {len(ratios)} mistakes, median {median:.2f}, {within} within {GOAL:g}, slowest {slowest}")


def _command(mistake: Misconception, folder: Path) -> list[str]:
    """Grade a folder that holds the mistake.

    Raises:
        RuntimeError: if it is not named.
    """
    target = mistake.write(folder / mistake.id)
    command = [sys.executable, str(PROJECT / "grader.py"), str(mistake.phase.number), "--target", str(target)]
    report = json.loads(subprocess.run([*command, "--json", "-"], stdout=subprocess.PIPE, check=True).stdout)
    named = [task["diagnosis"] and task["diagnosis"]["id"] for task in report["phases"][0]["tasks"]]
    if mistake.id not in named:
        raise RuntimeError(f"{mistake.id} was not named: {named}")
    return command


if __name__ == "__main__":
    main()
