"""Run suites in processes of their own and collect the results, whatever happens to those processes."""

from __future__ import annotations

import contextlib
import queue
import threading
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path
from typing import Any, Callable, Iterable, Iterator, Sequence

from ..course.dependencies import builds_on
from ..course.phases import COURSE, Phase
from ..course.suites import count_tests
from ..results import ASSEMBLED, PASSED, Results, TestResult
from ..sandbox.host.launch import can_fork
from ..session_protocol import GradeParts, Part
from ..settings import jobs
from .scheduler import Scheduler
from .session_client import Session, spelled, start_sessions
from .session_client import SuitesBroken as SuitesBroken
from .worker import Worker

MAX_JOBS = 4
"""Processes that work side by side at most; KATA_JOBS in the environment sets another number."""

NEVER, IF_ALL_PASS, ALWAYS = "never", "if-all-pass", "always"


@dataclass(frozen=True)
class Plan:
    """What to run.

    Attributes:
        phases: the phases under test.
        target: the folder they come from.
        seed: seed of all random draws.
        leave_out: (phase id, task) pairs whose tests are not run.
        assembled: whether to run the learner's six files together: NEVER, IF_ALL_PASS or ALWAYS.
    """

    phases: tuple[Phase, ...]
    target: Path
    seed: int
    leave_out: frozenset[tuple[str, str]] = frozenset()
    assembled: str = NEVER


@contextlib.contextmanager
def sessions_for(phases: Sequence[Phase]) -> Iterator[list[Session]]:
    """Sessions that wait for a plan for these phases: they import torch while it is made. They end with the block."""
    # A guest that is started gets ready while the one before it works: that is a second core's work.
    wanted = jobs(MAX_JOBS, 1 if can_fork() else 2)
    parts = sum(len(phase.tasks) for phase in phases)
    sessions = start_sessions(max(1, min(wanted, parts)))
    try:
        yield sessions
    finally:
        for session in sessions:
            session.end()


def run(
    plan: Plan,
    sessions: Sequence[Session],
    on_result: Callable[[TestResult, int], None] = lambda result, total: None,
) -> Results:
    """Run the plan to its end.

    A few sessions work side by side and take one part after another; the six files together come last, if all
    tests of the phases pass (or in any case, if so ordered).

    Args:
        plan: what to run.
        sessions: from ``sessions_for``; they have ended afterwards.
        on_result: called after every test with its result and the number of tests in all.

    Raises:
        SuitesBroken: if the suites cannot be collected.
    """
    workers: list[Worker] = []

    def so_far() -> list[TestResult]:
        return [result for worker in workers for result in list(worker.done.values())]

    def ready(phase_id: str) -> tuple[bool, list[tuple[str, str]]]:
        before = set(builds_on(phase_id))
        results = so_far()
        done = {result.test for result in results}
        tests = {test: phase for worker in workers for test, phase in list(worker.tests.items())}
        lost = [(test.phase, test.task) for test in results if test.phase in before and test.state != PASSED]
        return all(test in done for test, phase in tests.items() if phase in before), lost

    scheduler = Scheduler(
        failed=lambda: _in_order((test.phase, test.task) for test in so_far() if test.state != PASSED),
        hopeless=lambda: plan.assembled != ALWAYS and any(test.state != PASSED for test in so_far()),
        ready=ready,
    )
    orders = GradeParts(
        phases=[phase.id for phase in plan.phases],
        target=spelled(plan.target),
        seed=plan.seed,
        assembled=plan.assembled != NEVER,
        parts=_parts(plan),
        leave_out=sorted(plan.leave_out),
        alone=len(sessions) == 1,
    )
    for place, session in enumerate(sessions):
        own = replace(orders, parts=_begun_elsewhere(orders.parts, place, len(sessions)))
        workers.append(Worker(own, scheduler, session))
    _work_side_by_side(workers, scheduler, on_result)

    results = Results()
    together: list[TestResult] = []
    for worker in workers:
        for result in worker.done.values():
            (together if result.phase == ASSEMBLED else results.tests).append(result)
        results.diagnoses.update(worker.diagnoses)
        results.tried_again.update({task: (told.replaced, told.results) for task, told in worker.tried_again.items()})
    if together:
        broken = [result for result in together if result.state != PASSED]
        results.assembled = not broken
        results.assembled_message = broken[0].message if broken else ""
    held = [set(worker.held) for worker in workers if worker.held is not None]
    results.held = sorted(set.intersection(*held)) if held else None
    return results


def _parts(plan: Plan) -> list[Part]:
    """What is handed out: task by task, those of a phase after those of the phases that it builds on.

    Of a phase those with many tests come first: then nobody is left with a long one at the end.
    """
    parts = []
    for phase in sorted(plan.phases, key=lambda phase: len(builds_on(phase.id))):
        counts = count_tests(phase)
        parts += [Part(phase.id, task) for task in sorted(counts, key=lambda task: -counts[task])]
    return parts


def _begun_elsewhere(parts: Sequence[Part], place: int, sessions: int) -> list[Part]:
    """The parts in the order in which one of the sessions asks for them.

    Of the phases that may be tested at the same time, each session begins with another one: a session makes a guest
    for every phase that it has to do with, and where guests are started, not forked, that takes as long as many tests.
    """
    ordered: list[Part] = []
    for _, level in groupby(parts, key=lambda part: len(builds_on(part.phase))):
        phases = [list(of_phase) for _, of_phase in groupby(level, key=lambda part: part.phase)]
        first = place * len(phases) // sessions
        ordered += [part for of_phase in phases[first:] + phases[:first] for part in of_phase]
    return ordered


def _in_order(tasks: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Tasks, each once, in the order of the course."""
    found = set(tasks)
    return [(phase.id, task.name) for phase in COURSE for task in phase.tasks if (phase.id, task.name) in found]


def _work_side_by_side(
    workers: list[Worker], scheduler: Scheduler, on_result: Callable[[TestResult, int], None]
) -> None:
    """Run workers in threads; results are told in this thread, one after another."""
    news: queue.Queue[Any] = queue.Queue()
    threads = [threading.Thread(target=worker.run, args=(news,), daemon=True) for worker in workers]
    for worker in workers:
        scheduler.enter(worker)
    for thread in threads:
        thread.start()
    try:
        at_work = len(workers)
        while at_work:
            item = news.get()
            if item is None:
                at_work -= 1
            elif isinstance(item, Exception):
                raise item
            else:
                on_result(item, max(worker.total for worker in workers))
    finally:  # after an interruption too: nothing is left running
        scheduler.close()
        for worker in workers:
            worker.stop()
        for thread in threads:
            thread.join(timeout=10.0)
