"""From results to points: pure functions, every rule of them."""

from __future__ import annotations

import dataclasses

import pytest

from kata.course.phases import COURSE, Task
from kata.grading.scoring import PhaseScore, Report, TaskScore, score_phase, score_task, untouched_task
from kata.results import ERROR, FAILED, FORBIDDEN, PASSED, TODO, Diagnosis, TestResult

PHASE = COURSE[0]
TASK = Task("sinusoidal_encoding", 30)


def result(name, state=PASSED, core=False, task=TASK.name, phase=PHASE.id, message="", seconds=0.5, output=""):
    """How one test ended."""
    return TestResult(name, phase, task, core, state, message, seconds, output)


def test_a_task_that_passes_everything_earns_everything():
    score = score_task(TASK, [result("a", core=True), result("b")], 2)
    assert score == TaskScore(TASK.name, PASSED, 30.0, 30, 2, 2)
    assert isinstance(score.score, float)


def test_points_are_in_proportion_to_the_tests_that_pass():
    results = [result("a", core=True), result("b"), result("c", FAILED, message="wrong", output="hello")]
    score = score_task(TASK, results, 3)
    assert score == TaskScore(TASK.name, FAILED, 20.0, 30, 2, 3, "wrong", "hello")


def test_points_are_rounded_to_two_digits():
    task = Task("a", 10)
    results = [result("x", core=True), result("y", FAILED), result("z", FAILED)]
    assert score_task(task, results, 3).score == 3.33


@pytest.mark.parametrize("state", [FAILED, ERROR, TODO])
def test_a_core_test_that_does_not_pass_takes_all_points(state):
    score = score_task(TASK, [result("a", state, core=True), result("b"), result("c")], 3)
    assert (score.state, score.score, score.passed, score.total) == (state, 0.0, 2, 3)


@pytest.mark.parametrize("state", [FAILED, ERROR, TODO])
def test_any_other_test_that_does_not_pass_takes_its_share(state):
    score = score_task(TASK, [result("a", core=True), result("b"), result("c", state)], 3)
    assert (score.state, score.score, score.passed, score.total) == (state, 20.0, 2, 3)


def test_any_of_several_core_tests_takes_all_points():
    score = score_task(TASK, [result("a", core=True), result("b", ERROR, core=True), result("c")], 3)
    assert score.score == 0.0


@pytest.mark.parametrize("total", [3, 1])
def test_another_number_of_results_than_tests_earns_nothing(total):
    score = score_task(TASK, [result("a", core=True), result("b")], total)
    assert score.score == 0.0
    assert score.state != PASSED
    assert (score.message, score.output) == ("not all of its tests were run", "")
    assert score.state == ERROR


def test_no_result_at_all_is_an_error():
    score = score_task(TASK, [], 4)
    assert (score.state, score.score, score.passed, score.total) == (ERROR, 0.0, 0, 4)


def test_a_task_without_tests_never_passes():
    score = score_task(TASK, [], 0)
    assert (score.state, score.score) == (ERROR, 0.0)


def test_a_parametrised_test_is_one_test_and_passes_if_all_its_cases_do():
    cases = [result("a[1]", core=True), result("a[2]", core=True), result("b[1]"), result("b[2]", FAILED)]
    score = score_task(TASK, cases, 2)
    assert (score.passed, score.total, score.score) == (1, 2, 15.0)
    cases.reverse()  # whichever case fails
    assert score_task(TASK, cases, 2).passed == 1
    assert score_task(TASK, [*cases, result("c[1]")], 3).passed == 2  # whatever its cases are called


@pytest.mark.parametrize(
    ("states", "expected"),
    [
        ((TODO, FAILED), FAILED),
        ((FAILED, ERROR), ERROR),
        ((TODO, ERROR), ERROR),
        ((ERROR, FORBIDDEN), FORBIDDEN),
        ((TODO, PASSED), TODO),
    ],
)
def test_the_worst_state_of_any_test_is_the_tasks(states, expected):
    results = [result(str(number), state, message=f"from {state}") for number, state in enumerate(states)]
    for order in (results, results[::-1]):
        score = score_task(TASK, order, len(order))
        assert score.state == expected
        assert score.message == f"from {expected}"


def test_the_message_is_that_of_the_first_test_in_the_worst_state():
    results = [result("a"), result("b", FAILED, message="one"), result("c", FAILED, message="two")]
    assert score_task(TASK, results, 3).message == "one"


def test_a_broken_rule_takes_all_points_whatever_the_tests_say():
    score = score_task(TASK, [result("a", core=True)], 1, forbidden="uses nn.Transformer")
    assert score == TaskScore(TASK.name, FORBIDDEN, 0.0, 30, 0, 1, "uses nn.Transformer")


def test_a_rule_broken_at_run_time_takes_all_points():
    score = score_task(TASK, [result("a", core=True), result("b", FORBIDDEN)], 2)
    assert (score.state, score.score, score.passed) == (FORBIDDEN, 0.0, 1)


def test_an_untouched_task_says_what_its_stub_says():
    assert untouched_task(TASK, 7, 1) == TaskScore(TASK.name, TODO, 0.0, 30, 0, 7, "Phase 1: sinusoidal_encoding")


def all_passed(phase=PHASE):
    """One passed core test for every task of a phase."""
    return [result(f"test of {task.name}", core=True, task=task.name, phase=phase.id) for task in phase.tasks]


ONE_EACH = {task.name: 1 for task in PHASE.tasks}


def test_a_phase_adds_up_its_tasks_and_their_seconds():
    strangers = [dataclasses.replace(test, seconds=99.0) for other in COURSE[1:] for test in all_passed(other)]
    score = score_phase(PHASE, [*all_passed(), *strangers], ONE_EACH, {})
    last = score_phase(COURSE[-1], [*strangers, *all_passed()], {task.name: 1 for task in COURSE[-1].tasks}, {})
    assert last.seconds == 99.0 * len(COURSE[-1].tasks)
    assert [task.name for task in score.tasks] == [task.name for task in PHASE.tasks]
    assert (score.score, score.max_score, score.seconds) == (100.0, 100.0, 0.5 * len(PHASE.tasks))
    assert isinstance(score.max_score, float)


def test_results_of_another_phase_or_task_do_not_count():
    other = COURSE[1]
    stranger = dataclasses.replace(result("x", FAILED), phase=other.id)
    assert score_phase(PHASE, [*all_passed(), stranger], ONE_EACH, {}).score == 100.0
    assert score_phase(other, all_passed(), {task.name: 1 for task in other.tasks}, {}).score == 0.0


def test_a_phase_passes_on_what_is_forbidden():
    score = score_phase(PHASE, all_passed(), ONE_EACH, {"TokenEmbedding": "no"})
    states = {task.name: (task.state, task.message) for task in score.tasks}
    assert states.pop("TokenEmbedding") == (FORBIDDEN, "no")
    assert set(states.values()) == {(PASSED, "")}
    assert score.score == 80.0


def test_a_diagnosis_goes_to_the_failed_task_it_belongs_to():
    results = all_passed()
    results[0] = dataclasses.replace(results[0], state=FAILED)
    first, second = PHASE.tasks[0].name, PHASE.tasks[1].name
    diagnoses = {
        (PHASE.id, first): Diagnosis(("x", "w"), 3),
        (PHASE.id, second): Diagnosis(("y",)),
        (COURSE[1].id, first): Diagnosis(("z",)),
    }
    score = score_phase(PHASE, results, ONE_EACH, {}, diagnoses)
    assert [task.diagnosis for task in score.tasks] == ["x", "", "", ""]
    assert (score.tasks[0].diagnoses, score.tasks[0].unexplained) == (("x", "w"), 3)
    assert score_phase(PHASE, results, ONE_EACH, {}, {}).tasks[0].diagnosis == ""
    results[0] = dataclasses.replace(results[0], state=ERROR)
    assert [task.diagnosis for task in score_phase(PHASE, results, ONE_EACH, {}, diagnoses).tasks] == [""] * 4


def tried_again(first, again, replaced, neighbour=FAILED):
    """The score of the second task, of two tests, whose neighbour is the first task."""
    one, two = PHASE.tasks[:2]
    totals = {**ONE_EACH, two.name: 2}

    def tests(states):
        return [TestResult(f"{number}", PHASE.id, two.name, False, state) for number, state in enumerate(states)]

    results = [TestResult("x", PHASE.id, one.name, False, neighbour), *tests(first)]
    second = {(PHASE.id, two.name): (replaced, tests(again))}
    return score_phase(PHASE, results, totals, {}, {}, second).tasks[1]


NEIGHBOUR = PHASE.tasks[0].name


def test_what_passes_with_a_right_neighbour_has_passed():
    score = tried_again([FAILED, TODO], [PASSED, PASSED], [NEIGHBOUR])
    assert (score.state, score.score, score.passed_given) == (PASSED, 20.0, (NEIGHBOUR,))


def test_a_neighbour_that_has_passed_is_nobody_s_excuse():
    assert tried_again([FAILED, PASSED], [PASSED, PASSED], [NEIGHBOUR], neighbour=PASSED).state == FAILED
    assert tried_again([FAILED, PASSED], [PASSED, PASSED], [PHASE.tasks[2].name]).state == FAILED


def test_of_two_tries_that_fail_the_one_counts_that_passes_more():
    better = tried_again([FAILED, ERROR], [PASSED, FAILED], [NEIGHBOUR])
    worse = tried_again([PASSED, FAILED], [FAILED, FAILED], [NEIGHBOUR])
    assert [(score.state, score.score, score.passed_given) for score in (better, worse)] == [(FAILED, 10.0, ())] * 2


def test_sums_are_rounded_to_two_digits():
    third = TaskScore("a", FAILED, 3.3333, 10, 1, 3)
    phase = PhaseScore(PHASE, (third, third))
    assert phase.score == 6.67
    assert Report("mine", 0, (phase, phase)).score == 13.34
    assert PhaseScore(PHASE, ()).seconds == 0.0


def test_a_report_adds_up_phases_and_knows_its_percentage():
    half = PhaseScore(PHASE, (TaskScore("a", FAILED, 12.5, 30, 1, 2),), 1.0)
    report = Report("mine", 0, (half, PhaseScore(COURSE[1], (), 0.0)))
    assert (report.score, report.max_score, report.percent) == (12.5, 200.0, 6.25)
    assert Report("mine", 0, ()).percent == 0.0
    assert (report.assembled, report.assembled_message, report.trust) == (None, "", "")
