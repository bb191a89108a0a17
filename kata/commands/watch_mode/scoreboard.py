"""Where a learner stands: the score of every phase, as far as it is known."""

from __future__ import annotations

import tokenize
from collections import Counter
from pathlib import Path
from typing import Collection

from ...course.phases import COURSE, Phase
from ...course.suites import count_tests
from ...grading.scoring import PhaseScore, TaskScore, score_phase, untouched_task
from ...results import ERROR, FAILED, PASSED, TODO, TestResult, shorten
from ...source.changes import compare
from ...source.files import complaint_about
from ...source.neighbours import neighbours_of
from ...source.progress import is_untouched, unfinished_tasks
from ...source.rules import forbidden_tasks
from .runner import Run


class Scoreboard:
    """The score of every phase of a folder, and what is to be run to know it.

    Args:
        target: the folder.
        lang: language of messages.
    """

    def __init__(self, target: Path, lang: str) -> None:
        self._target = target
        self._lang = lang
        self._totals = {phase.id: count_tests(phase) for phase in COURSE}
        self._scores: dict[str, PhaseScore] = {}
        self._before: dict[str, PhaseScore] = {}
        self._tried_again: dict[str, set[str]] = {}
        self._untouched: set[str] = set()
        self._failed: dict[str, list[str]] = {}
        self._known: dict[str, tuple[str, list[TestResult]]] = {}

    def prepare(self, phase: Phase) -> Run | None:
        """What to run for a phase; None for an untouched stub, whose score is known at once."""
        self._untouched.discard(phase.id)
        if is_untouched(phase, self._target):
            self._untouched.add(phase.id)
            totals = self._totals[phase.id]
            tasks = tuple(untouched_task(task, totals[task.name], phase.number) for task in phase.tasks)
            self._scores[phase.id] = self._before[phase.id] = PhaseScore(phase, tasks)
            source = self._source(phase)
            if source is not None:
                self._known[phase.id] = (source, [])
            return None
        forbidden = forbidden_tasks(phase, self._target, self._lang)
        source = self._source(phase)
        kept, rewritten, affected = self._since_last_time(phase, source)
        kept -= set(forbidden)
        results = [result for result in self._known.get(phase.id, ("", []))[1] if result.task in kept]
        return Run(
            phase,
            self._target,
            {task: shorten(why) for task, why in forbidden.items()},
            frozenset(kept),
            frozenset(rewritten - set(forbidden)),
            frozenset(affected - rewritten - set(forbidden) - set(unfinished_tasks(phase, self._target))),
            source,
            {result.test: result for result in results},
        )

    def _source(self, phase: Phase) -> str | None:
        """What the file holds; None if that cannot be read as text."""
        path = self._target / phase.file
        if complaint_about(path):
            return None
        try:
            with tokenize.open(path) as stream:  # in the encoding that the file names, as Python does
                return stream.read()
        except (OSError, SyntaxError, ValueError):
            return None

    def _since_last_time(self, phase: Phase, source: str | None) -> tuple[set[str], set[str], set[str]]:
        """The tasks of which all tests passed with an earlier source, and would with this one; those rewritten; those
        whose tests may end otherwise now."""
        if source is None or phase.id not in self._known:
            return set(), set(), set()
        before, results = self._known[phase.id]
        lost = {result.task for result in results if result.state != PASSED}
        tests = Counter(task for task, _ in {(result.task, result.test.partition("[")[0]) for result in results})
        complete = {task for task, total in self._totals[phase.id].items() if tests[task] == total}
        change = compare(phase, before, source)
        return complete - lost - change.affected, set(change.rewritten), set(change.affected)

    def so_far(self, run: Run) -> PhaseScore:
        """The score of a phase, as far as its tests have been run."""
        results = list(run.results.values())
        totals = self._totals[run.phase.id]
        return score_phase(run.phase, results, totals, run.forbidden, run.diagnoses, run.tried_again)

    def score(self, run: Run) -> PhaseScore:
        """The score of a phase whose tests have been run; it is remembered."""
        results = list(run.results.values())
        found = self.so_far(run)
        self._scores[run.phase.id] = found
        self._tried_again[run.phase.id] = {task for _, task in run.tried_again}
        self._failed[run.phase.id] = [result.test for result in results if result.state != PASSED]
        if run.source is not None:
            self._known[run.phase.id] = (run.source, results)
        return found

    def first_tests(self, run: Run) -> list[str]:
        """Tests to begin with: those of the tasks that were rewritten, then those that failed; as far as known."""
        failed = self._failed.get(run.phase.id, [])
        known = self._known.get(run.phase.id, ("", []))[1]
        rewritten = [result.test for result in known if result.task in run.rewritten]
        return list(dict.fromkeys(sorted(rewritten, key=lambda test: test not in failed) + failed))

    def of(self, phase: Phase) -> PhaseScore | None:
        """The score of a phase; None while it is not known."""
        return self._scores.get(phase.id)

    def before(self, phase: Phase) -> PhaseScore | None:
        """The last score of a phase that was told, be its file another by now."""
        return self._before.get(phase.id)

    def tell(self, phase: Phase) -> None:
        """The score of a phase has come to rest."""
        self._before[phase.id] = self._scores[phase.id]

    def nothing_written(self, phase: Phase) -> bool:
        """Whether the phase is an untouched stub."""
        return phase.id in self._untouched

    def not_passed_below(self, phase: Phase, task: TaskScore) -> list[str]:
        """What a failing task uses and what does not pass, if it could not be tried with a right one in its place."""
        score = self.of(phase)
        if score is None or task.state not in (FAILED, ERROR) or task.name in self._tried_again.get(phase.id, ()):
            return []
        wrong = {other.name for other in score.tasks if other.state != PASSED}
        return [name for name in neighbours_of(phase, task.name, self._target) if name in wrong]

    def passed(self, at_work: Phase | None = None) -> tuple[int, int]:
        """Tasks that pass, as far as known, and tasks of the whole course.

        Args:
            at_work: a phase that is being graded: it counts as it did before.
        """
        scores = {**self._before, **self._scores}
        if at_work is not None and at_work.id in self._before:
            scores[at_work.id] = self._before[at_work.id]
        states = [task.state for score in scores.values() for task in score.tasks]
        return states.count(PASSED), sum(len(phase.tasks) for phase in COURSE)

    def passed_tasks(self, phase: Phase) -> list[str]:
        """The tasks of a phase that pass."""
        score = self.of(phase)
        return [task.name for task in score.tasks if task.state == PASSED] if score else []

    def without(self, phase: Phase, results: bool = False) -> None:
        """Forget a phase's score: its file has changed.

        Args:
            phase: the phase.
            results: forget how its tests ended as well, so that all are run again.
        """
        self._scores.pop(phase.id, None)
        if results:
            self._known.pop(phase.id, None)


def task_at_hand(score: PhaseScore, rewritten: Collection[str] = ()) -> TaskScore | None:
    """The task to look at: one that fails, first of all one that was just rewritten; else the first that is to do.

    One that would pass but for a neighbour, or but for this machine, is not to be repaired. None if nothing is left.
    """
    left = [task for task in score.tasks if task.state != PASSED and task.passed + task.not_gradable < task.total]
    failing = [task for task in left if task.state != TODO]
    return next(iter([*(task for task in failing if task.name in rewritten), *failing, *left]), None)
