"""From the results of tests to scores: pure functions, no input or output.

A task earns its points in proportion to the tests it passes, and nothing while one of its core tests (the plain
check of its formula) fails: a result of the right shape and the wrong values is worth nothing. A task that was tried
again with right neighbours is judged by that, unless it passed more without: one mistake costs once.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Mapping, Sequence

from ..course.phases import Phase, Task
from ..course.telling import most_telling
from ..results import ERROR, FAILED, FORBIDDEN, PASSED, TODO, Diagnosis, TestResult


@dataclass(frozen=True)
class TaskScore:
    """The verdict on one task.

    Attributes:
        name: the task.
        state: one of ``STATES``.
        score, max_score: points earned and possible.
        passed, total: tests passed and in all.
        message: what to say about the test that tells most of those that did not pass; empty if all did.
        output: what the submission printed in that test.
        diagnoses: ids of the known misconceptions that behave as the task does.
        unexplained: how many of its failing tests these do not explain.
        passed_given: the tasks that did not pass, and whose reference was put in place for this one to pass.
        not_gradable: tests in which the reference fails on this machine as well.
        seconds: how long its tests took.
        tests: the results that it is judged by.
    """

    name: str
    state: str
    score: float
    max_score: float
    passed: int
    total: int
    message: str = ""
    output: str = ""
    diagnoses: tuple[str, ...] = ()
    unexplained: int = 0
    passed_given: tuple[str, ...] = ()
    not_gradable: int = 0
    seconds: float = 0.0
    tests: tuple[TestResult, ...] = field(default=(), compare=False, repr=False)

    @property
    def blameless(self) -> bool:
        """Whether it did not pass, and only for what fails on this machine whoever wrote it."""
        return self.not_gradable > 0 and self.passed + self.not_gradable >= self.total

    @property
    def points_not_gradable(self) -> float:
        """Points that nobody can earn on this machine."""
        return round(self.max_score * self.not_gradable / self.total, 2) if self.not_gradable else 0.0

    @property
    def gradable(self) -> float:
        """Points that can be earned on this machine."""
        return round(self.max_score - self.points_not_gradable, 2)

    @property
    def diagnosis(self) -> str:
        """Id of the first misconception; empty if none is known."""
        return self.diagnoses[0] if self.diagnoses else ""


@dataclass(frozen=True)
class PhaseScore:
    """The verdict on one phase.

    Attributes:
        phase: the phase.
        tasks: its tasks' scores, in the order of the course.
        seconds: how long its tests took.
    """

    phase: Phase
    tasks: tuple[TaskScore, ...]
    seconds: float = 0.0

    @property
    def score(self) -> float:
        """Points earned."""
        return round(sum(task.score for task in self.tasks), 2)

    @property
    def max_score(self) -> float:
        """Points possible."""
        return float(self.phase.max_score)

    @property
    def points_not_gradable(self) -> float:
        """Points that nobody can earn on this machine."""
        return round(sum(task.points_not_gradable for task in self.tasks), 2)

    @property
    def gradable(self) -> float:
        """Points that can be earned on this machine."""
        return round(self.max_score - self.points_not_gradable, 2)


@dataclass(frozen=True)
class Report:
    """The verdict on a submission.

    Attributes:
        target: the folder, as the user named it.
        seed: seed of the run.
        phases: the phases that were graded.
        assembled: whether the learner's six files work together; None if that was not tried.
        assembled_message: why they do not.
        trust: how far this score can be trusted, in words.
        seconds: how long grading took, from the beginning to the end.
    """

    target: str
    seed: int
    phases: tuple[PhaseScore, ...]
    assembled: bool | None = None
    assembled_message: str = ""
    trust: str = ""
    seconds: float = 0.0

    @property
    def score(self) -> float:
        """Points earned in all."""
        return round(sum(phase.score for phase in self.phases), 2)

    @property
    def max_score(self) -> float:
        """Points possible in all."""
        return float(sum(phase.max_score for phase in self.phases))

    @property
    def not_gradable(self) -> int:
        """Tests in which the reference fails on this machine as well."""
        return sum(task.not_gradable for phase in self.phases for task in phase.tasks)

    @property
    def points_not_gradable(self) -> float:
        """Points that nobody can earn on this machine."""
        return round(sum(phase.points_not_gradable for phase in self.phases), 2)

    @property
    def gradable(self) -> float:
        """Points that can be earned on this machine."""
        return round(self.max_score - self.points_not_gradable, 2)

    @property
    def percent(self) -> float:
        """Share of the points that can be earned on this machine, 0 to 100."""
        return min(100.0, 100.0 * self.score / self.gradable) if self.gradable > 0 else 0.0


# What a task's state is when its tests disagree: the first of these that any of them has.
PRECEDENCE = (FORBIDDEN, ERROR, FAILED, TODO)


def score_task(task: Task, results: Sequence[TestResult], total: int, forbidden: str | None = None) -> TaskScore:
    """Judge one task.

    Args:
        task: the task.
        results: those of its tests that were run.
        total: how many tests the suite has for it; one without a result is never a pass.
        forbidden: the message of the rule that the task breaks, or None.
    """
    if forbidden is not None:
        return TaskScore(task.name, FORBIDDEN, 0.0, task.points, 0, total, forbidden)
    tests = _by_function(results)
    passed = sum(tests.values())
    if total > 0 and passed == total:
        return TaskScore(task.name, PASSED, float(task.points), task.points, passed, total, tests=tuple(results))
    state, message, output = _worst(results)
    core_holds = all(result.state == PASSED or result.not_gradable for result in results if result.core)
    complete = 0 < len(tests) == total and core_holds
    score = round(task.points * passed / total, 2) if complete and state != FORBIDDEN else 0.0
    own = [result for result in results if not result.not_gradable]
    not_gradable = sum(not held and _by_function(own).get(name, True) for name, held in tests.items())
    found = TaskScore(task.name, state, score, task.points, passed, total, message, output, not_gradable=not_gradable)
    return replace(found, tests=tuple(results))


def _by_function(results: Sequence[TestResult]) -> dict[str, bool]:
    """Whether each test passed; one with several cases is one test, and passes if all of them do."""
    tests: dict[str, bool] = {}
    for result in results:
        name = result.test.split("[")[0]
        tests[name] = tests.get(name, True) and result.state == PASSED
    return tests


def _worst(results: Sequence[TestResult]) -> tuple[str, str, str]:
    """State of a task that did not pass, and message and output of the test of this state that tells most."""
    for state in PRECEDENCE:
        found = [result for result in results if result.state == state]
        if found:
            told = most_telling(found)
            return state, told.message, told.output
    return ERROR, "not all of its tests were run", ""


def untouched_task(task: Task, total: int, phase_number: int) -> TaskScore:
    """The score of a task whose stub nobody has touched."""
    return TaskScore(task.name, TODO, 0.0, task.points, 0, total, f"Phase {phase_number}: {task.name}")


def score_phase(
    phase: Phase,
    results: Sequence[TestResult],
    totals: Mapping[str, int],
    forbidden: Mapping[str, str],
    diagnoses: Mapping[tuple[str, str], Diagnosis] = MappingProxyType({}),
    tried_again: Mapping[tuple[str, str], tuple[Sequence[str], Sequence[TestResult]]] = MappingProxyType({}),
) -> PhaseScore:
    """Judge one phase.

    Args:
        phase: the phase.
        results: results of its tests.
        totals: task to the number of its tests.
        forbidden: task to the message of the rule that it breaks.
        diagnoses: (phase id, task) to the misconceptions that it shows.
        tried_again: (phase id, task) to the tasks whose place the reference took, and the results with it.
    """
    scores: list[TaskScore] = []
    for task in phase.tasks:
        own = [result for result in results if result.phase == phase.id and result.task == task.name]
        score = score_task(task, own, totals[task.name], forbidden.get(task.name))
        if (phase.id, task.name) in tried_again and score.state not in (PASSED, FORBIDDEN):
            replaced, again = tried_again[phase.id, task.name]
            earlier = {other.name: other.state for other in scores}
            here = {other.name for other in phase.tasks}  # of those that are not graded nobody knows
            wrong = tuple(name for name in replaced if name not in here or earlier.get(name, PASSED) != PASSED)
            blamed = {result.test: result for result in own if result.not_gradable}
            second = score_task(task, [blamed.get(result.test, result) for result in again], totals[task.name])
            if wrong and second.passed >= score.passed:
                score = replace(second, passed_given=wrong if second.state == PASSED else ())
        if score.state == FAILED:
            told = diagnoses.get((phase.id, task.name), Diagnosis())
            score = replace(score, diagnoses=told.ids, unexplained=told.unexplained)
        scores.append(replace(score, seconds=sum(result.seconds for result in own)))
    seconds = sum(result.seconds for result in results if result.phase == phase.id)
    return PhaseScore(phase, tuple(scores), seconds)
