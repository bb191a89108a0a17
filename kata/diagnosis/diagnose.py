"""Name the mistake in a failing task: replay its tests with each known misconception and compare what is answered.

A misconception is named only if it behaves like the submission in every test of the task (``try_misconceptions`` says
what that means), or if several together explain the tests that fail (``several``): better no name than a wrong one. Of
mistakes with a number in them, which no list can hold, that is read off the answers (``fits``). A
task whose neighbours did not pass is tried again with right ones before (``second_try``): what passes then needs no
name, and what fails then is the task's own mistake.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Callable, Collection, Mapping, Sequence

from ..course.edition import has_reference
from ..course.phases import COURSE, Phase
from ..results import ERROR, FAILED, PASSED, TODO, TestResult
from ..sandbox.errors import TestTimeout
from ..sandbox.host.recording import Recording
from ..session_protocol import Diagnosed, Event, Judged, TriedAgain, TurnAsked, TurnGranted
from ..source.neighbours import come_along, neighbours_of
from ..source.progress import unfinished_tasks
from ..testing.alarm import alarm
from .fits import families_of, fitted
from .misconceptions import Misconception, of_task
from .misconceptions.fitted import Fitted
from .replay import TestBench
from .second_try import SecondTry, try_again
from .several import Several, find_several
from .try_misconceptions import Candidates

COMPARED = (PASSED, FAILED)
"""States of tests whose answers are compared; a crash or a time-out is no behaviour."""

FIT_SECONDS = 10.0
"""That looking for values in what was answered may take; it takes hundredths of one."""

TRIED_AGAIN = (FAILED, ERROR, TODO)


def diagnose(
    bench: TestBench,
    phase_id: str,
    task: str,
    results: Mapping[str, TestResult],
    recordings: Mapping[str, Recording],
    candidates: Sequence[Misconception] | None = None,
    inlined: Sequence[Misconception] = (),
    families: Sequence[Fitted] | None = None,
) -> Several:
    """The misconception that behaves as the submission did, or several that together do; else none.

    Afterwards the test bench is aimed at some candidate.

    Args:
        bench: runs the tests.
        phase_id, task: what failed, with neighbours that did not.
        results: test to how it ended with the submission.
        recordings: test to what the submission answered in it.
        candidates: which misconceptions are tried; None for those of the task.
        inlined: misconceptions of tasks that the code does not call and that its own code stands for: attention that
            is written out in ``MultiHeadAttention``. They are tried if none of the candidates fits.
        families: which families of mistakes with a value are tried then; None for those of the task.
    """
    items = [
        item
        for item in bench.tests(phase_id, [task])
        if item.nodeid in results and results[item.nodeid].state in COMPARED and _is_complete(recordings, item.nodeid)
    ]
    if not any(results[item.nodeid].state == FAILED for item in items):
        return Several(())
    if candidates is None:
        candidates = [entry for entry in of_task(task) if entry.task == task]
    if families is None:
        families = families_of(task)
    listed = [[entry for entry in group if not entry.fitted] for group in (candidates, inlined)]
    with tempfile.TemporaryDirectory(prefix="kata-") as folder:
        tried = Candidates(bench, items, results, recordings, Path(folder))
        for group in listed:
            for agrees in (tried.answers_alike, tried.fails_alike):
                found = [entry for entry in group if agrees(entry)]
                if found:
                    return Several(tuple(found) if len(found) == 1 else ())
        with_values = _with_values(families, [recordings[item.nodeid] for item in items])
        for entry in with_values:
            if tried.answers_alike(entry) or tried.fails_alike(entry):
                return Several((entry,))
        return find_several(tried, [*listed[0], *with_values])


def _with_values(families: Sequence[Fitted], recordings: Sequence[Recording]) -> list[Misconception]:
    """The mistakes with a value that fit, if that is found out soon: nobody tests or tells anything meanwhile."""
    try:
        with alarm(FIT_SECONDS):
            return list(fitted(families, recordings))
    except TestTimeout:
        return []


class Diagnoses:
    """Try every task that did not pass again with right neighbours, and look for the mistake in it.

    Each second try is told as a ``TriedAgain`` event, each mistake that is found as a ``Diagnosed`` event.

    Args:
        bench: runs the tests.
        target: folder of the submission.
        results, recordings: of the tests that were run here.
        send: tells the grader an event.
        ask: where other sessions test as well: asks the grader which tasks did not pass, as soon as it can say.
        not_run: tasks (phase id, name) whose tests nobody runs.
    """

    def __init__(
        self,
        bench: TestBench,
        target: Path,
        results: Mapping[str, TestResult],
        recordings: Mapping[str, Recording],
        send: Callable[[Event], None],
        ask: Callable[[TurnAsked], TurnGranted] | None = None,
        not_run: Collection[tuple[str, str]] = (),
    ) -> None:
        self._bench, self._target = bench, target
        self._results, self._recordings = results, recordings
        self._send, self._ask = send, ask
        self._not_run = set(not_run)
        self._had_turn: set[tuple[str, str]] = set()
        self._told_judged: set[tuple[str, str]] = set()

    def make(self, wait: bool = True) -> bool:
        """Diagnose what can be diagnosed now; with ``wait`` all that did not pass.

        Returns:
            Whether the test bench is aimed at something else than before.
        """
        aimed = False
        lost = self._lost()
        for phase_id, task in lost:
            if (phase_id, task) in self._had_turn:
                continue
            phase = next(phase for phase in COURSE if phase.id == phase_id)
            if self._is_unwritten(phase, task):
                self._had_turn.add((phase_id, task))
                self._tell_judged(phase_id, task)
                continue
            names = neighbours_of(phase, task, self._target)
            given = [(phase_id, name) for name in come_along(phase, names)]
            told = TurnGranted(True, lost)
            if self._ask is not None and given:
                told = self._ask(TurnAsked((phase_id, task), given, wait))
            if told.granted:
                self._had_turn.add((phase_id, task))
                doubtful = {*told.failed, *self._not_run}
                replaced = [name for name in names if (phase_id, name) in doubtful]
                found = Several(())
                aimed = True
                try:
                    found = self._diagnose(phase, task, names, replaced)
                except KeyboardInterrupt:
                    raise
                except BaseException:  # noqa: B036 (what a submission answers may confuse a comparison: no name then)
                    pass
                self._tell_judged(phase_id, task)
                if found.entries:
                    ids = [entry.id for entry in found.entries]
                    self._send(Diagnosed((phase_id, task), ids, found.unexplained))
        return aimed

    def _tell_judged(self, phase_id: str, task: str) -> None:
        if self._ask is not None and (phase_id, task) not in self._told_judged:  # another session may wait for this
            self._told_judged.add((phase_id, task))
            self._send(Judged((phase_id, task)))

    def _lost(self) -> list[tuple[str, str]]:
        """Tasks with a test that did not pass, in the order of the course."""
        lost = {(result.phase, result.task) for result in self._results.values() if result.state != PASSED}
        return [(phase.id, task.name) for phase in COURSE for task in phase.tasks if (phase.id, task.name) in lost]

    def _is_unwritten(self, phase: Phase, task: str) -> bool:
        states = {result.state for result in self._of_task(phase, task).values()}
        return states == {TODO} and task in unfinished_tasks(phase, self._target)

    def _of_task(self, phase: Phase, task: str) -> dict[str, TestResult]:
        return {name: told for name, told in self._results.items() if (told.phase, told.task) == (phase.id, task)}

    def _diagnose(self, phase: Phase, task: str, neighbours: Sequence[str], replaced: Sequence[str]) -> Several:
        results: Mapping[str, TestResult] = self._of_task(phase, task)
        recordings = self._recordings
        if replaced:
            second = self._try_again(phase, task, replaced, results)
            if second is None:
                return Several(())
            self._send(TriedAgain((phase.id, task), list(replaced), list(second.results.values())))
            results, recordings = second
        self._tell_judged(phase.id, task)  # from here on other code than the submission's is run
        called = {task, *neighbours}
        inlined = [entry for entry in of_task(task) if entry.task not in called]
        return diagnose(self._bench, phase.id, task, results, recordings, inlined=inlined)

    def _try_again(
        self, phase: Phase, task: str, replaced: Sequence[str], first: Mapping[str, TestResult]
    ) -> SecondTry | None:
        states = {result.state for result in first.values()}
        if states - {PASSED, *TRIED_AGAIN} or not has_reference(phase):
            return None
        return try_again(self._bench, self._target, phase, task, replaced, first)


def _is_complete(recordings: Mapping[str, Recording], test: str) -> bool:
    return test in recordings and recordings[test].complete
