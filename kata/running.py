"""Run suites in processes of their own and collect the results, whatever happens to those processes."""

from __future__ import annotations

import contextlib
import os
import queue
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Callable, Iterable, Iterator, Sequence

from . import verdicts
from .course import COURSE, Phase
from .desk import Desk
from .jobs import Job
from .processes import SessionProcess, start_sessions
from .processes import SuitesBroken as SuitesBroken
from .results import ASSEMBLED, Results, TestResult
from .suites import count_tests

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
def sessions_for(phases: Sequence[Phase]) -> Iterator[list[SessionProcess]]:
    """Sessions that wait for a plan for these phases: they import torch while it is made. They end with the block."""
    wanted = int(os.environ.get("KATA_JOBS", "0")) or min(os.cpu_count() or 1, MAX_JOBS)
    parts = len(phases[0].tasks) if len(phases) == 1 else len(phases)
    sessions = start_sessions(max(1, min(wanted, parts)))
    try:
        yield sessions
    finally:
        for session in sessions:
            session.end()


def run(
    plan: Plan,
    sessions: Sequence[SessionProcess],
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
    jobs: list[Job] = []

    def so_far() -> list[TestResult]:
        return [result for job in jobs for result in list(job.done.values())]

    desk = Desk(
        failed=lambda: _in_order((test.phase, test.task) for test in so_far() if test.state == verdicts.FAILED),
        named=lambda: [name for job in jobs for name in list(job.diagnoses.values())],
        hopeless=lambda: plan.assembled != ALWAYS and any(test.state != verdicts.PASSED for test in so_far()),
    )
    orders = {
        "phases": [phase.id for phase in plan.phases],
        "parts": _parts(plan),
        "target": str(plan.target),
        "seed": plan.seed,
        "leave_out": sorted(plan.leave_out),
        "assembled": plan.assembled != NEVER,
        "diagnose": True,
    }
    jobs += [Job(orders, desk, session) for session in sessions]
    _work_side_by_side(jobs, desk, on_result)

    results = Results()
    together: list[TestResult] = []
    for job in jobs:
        for result in job.done.values():
            (together if result.phase == ASSEMBLED else results.tests).append(result)
        results.diagnoses.update(job.diagnoses)
    if together:
        broken = [result for result in together if result.state != verdicts.PASSED]
        results.assembled = not broken
        results.assembled_message = broken[0].message if broken else ""
    held = [set(job.held) for job in jobs if job.held is not None]
    results.held = sorted(set.intersection(*held)) if held else None
    return results


def _parts(plan: Plan) -> list[tuple[str, str | None]]:
    """What is handed out: whole phases, or the tasks of a phase that is alone.

    Those with many tests come first: then nobody is left with a long one at the end.
    """
    if len(plan.phases) == 1:
        counts = count_tests(plan.phases[0])
        return [(plan.phases[0].id, task) for task in sorted(counts, key=lambda task: -counts[task])]
    by_size = sorted(plan.phases, key=lambda phase: -sum(count_tests(phase).values()))
    return [(phase.id, None) for phase in by_size]


def _in_order(tasks: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Tasks, each once, in the order of the course."""
    found = set(tasks)
    return [(phase.id, task.name) for phase in COURSE for task in phase.tasks if (phase.id, task.name) in found]


def _work_side_by_side(jobs: list[Job], desk: Desk, on_result: Callable[[TestResult, int], None]) -> None:
    """Run jobs in threads; results are told in this thread, one after another."""
    news: queue.Queue[Any] = queue.Queue()
    threads = [threading.Thread(target=job.run, args=(news,), daemon=True) for job in jobs]
    for job in jobs:
        desk.enter(job)
    for thread in threads:
        thread.start()
    try:
        at_work = len(jobs)
        while at_work:
            item = news.get()
            if item is None:
                at_work -= 1
            elif isinstance(item, Exception):
                raise item
            else:
                on_result(item, max(job.total for job in jobs))
    finally:  # after an interruption too: nothing is left running
        desk.close()
        for job in jobs:
            job.stop()
        for thread in threads:
            thread.join(timeout=10.0)
