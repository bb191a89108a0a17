"""Try a failed task again with the reference's code of its neighbours: one mistake costs once, also inside a phase."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import Mapping, NamedTuple, Sequence

from ..course.phases import Phase
from ..results import ERROR, FAILED, PASSED, TestResult
from ..sandbox.host.recording import Recording
from ..source.neighbours import references
from .replay import TestBench

OTHER_SIGNATURE = re.compile(r"^raises TypeError[^\n]*\(\) (missing|takes|got (an unexpected|multiple))")


MOST_SECONDS = 120.0
"""A second try that takes longer is given up."""


class SecondTry(NamedTuple):
    """How the tests of a task ended with right neighbours, and what was answered in them."""

    results: dict[str, TestResult]
    recordings: dict[str, Recording]

    @property
    def passed(self) -> bool:
        """Whether all passed."""
        return all(result.state == PASSED for result in self.results.values())


def try_again(
    bench: TestBench, target: Path, phase: Phase, task: str, replaced: Sequence[str], first: Mapping[str, TestResult]
) -> SecondTry | None:
    """Run the tests of a task with the reference in place of other tasks of its phase.

    Args:
        bench: runs the tests; afterwards it is aimed at the changed submission.
        target: folder of the submission.
        phase, task: what failed.
        replaced: the tasks that the reference takes the place of.
        first: test to how it ended without that.

    Returns:
        None if it says nothing about the task: it crashes or hangs with right neighbours as well, takes too long, or
        calls them in another way than the course has it.
    """
    bench.aim(target, neighbours=references(phase, replaced))
    lost = [name for name, result in first.items() if result.state != PASSED]
    results: dict[str, TestResult] = {}
    recordings: dict[str, Recording] = {}
    started = time.monotonic()
    for item in bench.tests(phase.id, [task], first=lost):
        if item.nodeid not in first:
            continue
        if time.monotonic() - started > MOST_SECONDS:
            return None
        recording = recordings[item.nodeid] = Recording()
        result = results[item.nodeid] = bench.run(item, recording)
        if result.state == ERROR or (result.state == FAILED and OTHER_SIGNATURE.search(result.message)):
            return None
    return SecondTry(results, recordings)
