"""Grade a target folder: rules, then suites, then scores."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from typing import Callable, Collection, Mapping

from ..course.phases import COURSE, Phase
from ..course.suites import count_tests
from ..results import PASSED, TODO, TestResult, printable, shorten
from ..source.progress import is_untouched
from ..source.rules import forbidden_tasks
from . import run as running
from .scoring import PhaseScore, Report, score_phase, untouched_task
from .trust import in_words

OnResult = Callable[[TestResult, int], None]


def grade(
    target: Path,
    phases: tuple[Phase, ...] = COURSE,
    seed: int = 0,
    lang: str = "en",
    assembled: bool = False,
    on_result: OnResult = lambda result, total: None,
    name: str | None = None,
) -> Report:
    """Grade phases of a folder.

    Args:
        target: the folder; each phase under test comes from it, the others from the reference.
        phases: which phases.
        seed: seed of all random draws.
        lang: language of the grader's own messages, ``"en"`` or ``"ja"``.
        assembled: try the six files together in any case, not only when all tasks of all phases pass.
        on_result: called after every test with its result and the number of tests in all.
        name: how the user called the folder.

    Raises:
        running.SuitesBroken: if the suites cannot be run at all.
    """
    started = time.monotonic()
    untouched = {phase.id for phase in phases if is_untouched(phase, target)}
    active = tuple(phase for phase in phases if phase.id not in untouched)
    results, forbidden = running.Results(), {}
    if active or assembled:
        with running.sessions_for(active) as sessions:
            forbidden = {phase.id: forbidden_in(phase, target, lang) for phase in active}
            when = running.NEVER
            if assembled:
                when = running.ALWAYS
            elif len(active) == len(COURSE) and not any(forbidden.values()):
                when = running.IF_ALL_PASS
            leave_out = frozenset((phase, task) for phase, tasks in forbidden.items() for task in tasks)
            results = running.run(running.Plan(active, target, seed, leave_out, when), sessions, on_result)

    report = make_report(phases, target, seed, lang, results, untouched, forbidden, name)
    return replace(report, seconds=time.monotonic() - started)


def make_report(
    phases: tuple[Phase, ...],
    target: Path,
    seed: int,
    lang: str,
    results: running.Results,
    untouched: Collection[str],
    forbidden: Mapping[str, Mapping[str, str]],
    name: str | None,
) -> Report:
    """Score what came of running the tests.

    Args:
        phases, target, seed, lang, name: as for ``grade``.
        results: what the tests gave.
        untouched: ids of the phases that are still the stub.
        forbidden: of every other phase, the tasks that break a rule, and how.
    """
    totals = {phase.id: count_tests(phase) for phase in phases}
    scores = []
    for phase in phases:
        if phase.id in untouched:
            tasks = [untouched_task(task, totals[phase.id][task.name], phase.number) for task in phase.tasks]
            scores.append(PhaseScore(phase, tuple(tasks)))
        else:
            scores.append(
                score_phase(
                    phase,
                    results.tests,
                    totals[phase.id],
                    forbidden[phase.id],
                    results.diagnoses,
                    results.tried_again,
                )
            )
    return Report(
        target=printable(name or target.name),
        seed=seed,
        phases=tuple(scores),
        assembled=results.assembled,
        assembled_message=results.assembled_message,
        trust=in_words(results.held, lang),
    )


def forbidden_in(phase: Phase, target: Path, lang: str) -> dict[str, str]:
    """The tasks of a phase that break a rule, and how."""
    try:
        found = forbidden_tasks(phase, target, lang)
    except Exception as error:  # what nobody can look through earns nothing, and costs no other phase
        message = f"{phase.file} could not be checked ({type(error).__name__})"
        found = {task.name: message for task in phase.tasks}
    return {task: shorten(message) for task, message in found.items()}


def next_task(report: Report) -> tuple[Phase, str, str] | None:
    """The task to go on with: (phase, task, state).

    One that is written and fails for reasons of its own comes before one that is still to do; among these the first
    in the order of the course.
    """
    left = [
        (score.phase, task.name, task.state)
        for score in report.phases
        for task in score.tasks
        if task.state != PASSED and not task.blameless
    ]
    return next((found for found in left if found[2] != TODO), left[0] if left else None)
