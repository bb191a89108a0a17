"""Name the mistake in a failing task: replay its tests with each known misconception and compare what is answered.

A misconception is named only if it behaves like the submission in every test of the task (``candidates`` says what that
means): better no name than a wrong one. One that was named for another task already is looked for first, in a few
tests.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Callable, Iterable, Mapping, Sequence

from ..course.phases import COURSE
from ..results import FAILED, PASSED, TestResult
from ..sandbox.host.recording import Recording
from ..session_protocol import Diagnosed, Event, TurnAsked, TurnGranted
from .candidates import Candidates
from .misconceptions import Misconception, of_task
from .replay import TestBench

COMPARED = (PASSED, FAILED)
"""States of tests whose answers are compared; a crash or a time-out is no behaviour."""

A_LOOK = 3
"""Tests that must agree before a mistake that was named for another task explains this one as well."""


def diagnose(
    bench: TestBench,
    phase_id: str,
    task: str,
    results: Mapping[str, TestResult],
    recordings: Mapping[str, Recording],
    failed: Iterable[str] = (),
    named: Iterable[str] = (),
    candidates: Sequence[Misconception] | None = None,
) -> Misconception | None:
    """The misconception that behaves as the submission did; None if there is none, or more than one.

    Afterwards the test bench is aimed at some candidate.

    Args:
        bench: runs the tests.
        phase_id, task: what failed.
        results: test to how it ended with the submission.
        recordings: test to what the submission answered in it.
        failed: the tasks of the phase that failed; a mistake of another task is tried only if that failed, too.
        named: ids that were named for other tasks already; one of them explains this task as well.
        candidates: which misconceptions are tried; None for those of the catalogue.
    """
    items = [
        item
        for item in bench.tests(phase_id, [task])
        if item.nodeid in results and results[item.nodeid].state in COMPARED and _is_complete(recordings, item.nodeid)
    ]
    if not any(results[item.nodeid].state == FAILED for item in items):
        return None
    if candidates is None:
        candidates = [entry for entry in of_task(task) if entry.task == task or entry.task in failed]
    # What was named for another task is to be repaired first in any case: a look is enough, and nothing else is tried.
    known = [entry for entry in candidates if entry.id in named]
    others = [entry for entry in candidates if entry.id not in named]
    with tempfile.TemporaryDirectory(prefix="kata-") as folder:
        tried = Candidates(bench, items, results, recordings, Path(folder))
        for group, agrees in (
            (known, lambda entry: tried.answers_alike(entry, A_LOOK)),
            (others, tried.answers_alike),
            (known, tried.fails_alike),
            (others, tried.fails_alike),
        ):
            found = [entry for entry in group if agrees(entry)]
            if found:
                return found[0] if len(found) == 1 else None
    return None


class Diagnoses:
    """Look for the mistake in every task with a failed test; tell each that is found as a ``Diagnosed`` event.

    Args:
        bench: runs the tests.
        results, recordings: of the tests that were run here.
        send: tells the grader an event.
        ask: where other sessions test as well: asks the grader whether it is a task's turn. Then ``Diagnosed`` comes
            for every task, without an id if nothing was found.
    """

    def __init__(
        self,
        bench: TestBench,
        results: Mapping[str, TestResult],
        recordings: Mapping[str, Recording],
        send: Callable[[Event], None],
        ask: Callable[[TurnAsked], TurnGranted] | None = None,
    ) -> None:
        self._bench = bench
        self._results, self._recordings = results, recordings
        self._send, self._ask = send, ask
        self._had_turn: set[tuple[str, str]] = set()
        self._named: list[str] = []

    def make(self, wait: bool = True) -> bool:
        """Diagnose what can be diagnosed now; with ``wait`` all that failed.

        Returns:
            Whether the test bench is aimed at something else than before.
        """
        began_with = len(self._had_turn)
        failed = self._failed()
        for phase_id, task in failed:
            if (phase_id, task) in self._had_turn:
                continue
            told = TurnGranted(True, failed, self._named)
            if self._ask is not None:
                after = [(phase_id, other) for other in _explaining_tasks(task)]
                told = self._ask(TurnAsked((phase_id, task), after, wait))
            if told.granted:
                self._had_turn.add((phase_id, task))
                self._diagnose(phase_id, task, told)
        return len(self._had_turn) > began_with

    def _failed(self) -> list[tuple[str, str]]:
        """Tasks with a failed test, in the order of the course."""
        lost = {(result.phase, result.task) for result in self._results.values() if result.state == FAILED}
        return [(phase.id, task.name) for phase in COURSE for task in phase.tasks if (phase.id, task.name) in lost]

    def _diagnose(self, phase_id: str, task: str, told: TurnGranted) -> None:
        own = {
            name: result for name, result in self._results.items() if (result.phase, result.task) == (phase_id, task)
        }
        also_failed = [other for phase, other in told.failed if phase == phase_id]
        found = diagnose(self._bench, phase_id, task, own, self._recordings, also_failed, told.named)
        if found is not None:
            self._named.append(found.id)
        if found is not None or self._ask is not None:  # whoever comes next waits for this
            self._send(Diagnosed((phase_id, task), found.id if found else None))


def _explaining_tasks(task: str) -> list[str]:
    """The other tasks whose mistakes make this one fail as well."""
    return sorted({entry.task for entry in of_task(task)} - {task})


def _is_complete(recordings: Mapping[str, Recording], test: str) -> bool:
    return test in recordings and recordings[test].complete
