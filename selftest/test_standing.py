"""What ``watch`` runs again after a save, and what it keeps."""

from __future__ import annotations

import dataclasses

import pytest

from kata import verdicts
from kata.results import TestResult
from kata.suites import count_tests
from kata.watching.standing import Standing
from selftest.submissions import make_target, phase, replaced, solution

PHASE = phase(2)
SPLIT = "split_heads"


@pytest.fixture
def target(tmp_path):
    return make_target(tmp_path / "mine", solved=(2,))


@pytest.fixture
def standing(target):
    """The standing after a run in which every test of phase 2 has passed."""
    found = Standing(target, "en")
    found.score(ended(found))
    return found


def ended(standing, **states):
    """The next run, with all its tests ended: passed, but for the tasks that have another state."""
    run = standing.prepare(PHASE)
    for task, count in count_tests(PHASE).items():
        for number in range(count):
            result = TestResult(f"test_{task}_{number}", PHASE.id, task, True, states.get(task, verdicts.PASSED))
            run.results.setdefault(result.test, result)
    return run


def save(target, source):
    (target / PHASE.file).write_text(source, encoding="utf-8")


CHANGED = replaced(solution(2), f"def {SPLIT}(x", f"def {SPLIT}(y")
REMARK = "\n# a remark\n"


def every():
    return {task.name for task in PHASE.tasks}


def test_the_first_time_everything_is_run(target):
    assert Standing(target, "en").prepare(PHASE).kept == frozenset()


def test_what_a_save_does_not_touch_is_kept_with_its_results(standing, target):
    save(target, CHANGED)
    run = standing.prepare(PHASE)
    assert run.kept == every() - {SPLIT, "MultiHeadAttention"}
    assert {result.task for result in run.results.values()} == run.kept
    assert len(run.results) == sum(count for task, count in count_tests(PHASE).items() if task in run.kept)


def test_what_was_rewritten_comes_first_and_what_failed_before_the_rest(standing, target):
    save(target, CHANGED)
    standing.score(ended(standing, split_heads=verdicts.FAILED, MultiHeadAttention=verdicts.FAILED))
    save(target, solution(2))
    run = standing.prepare(PHASE)
    assert run.rewritten == {SPLIT}
    first = standing.first_tests(run)
    assert len(first) == len(set(first))
    tasks = [test[len("test_") :].rpartition("_")[0] for test in first]
    assert tasks == sorted(tasks, key=lambda task: task != SPLIT)
    assert set(tasks) == {SPLIT, "MultiHeadAttention"}


def test_a_comment_runs_nothing(standing, target):
    save(target, solution(2) + REMARK)
    assert standing.prepare(PHASE).kept == every()


def test_a_task_with_a_lost_test_is_run_again(standing, target):
    standing.score(ended(standing))
    save(target, CHANGED)
    standing.score(ended(standing, split_heads=verdicts.FAILED))
    save(target, CHANGED + REMARK)
    assert standing.prepare(PHASE).kept == every() - {SPLIT}


def test_a_task_that_was_not_run_to_its_end_is_run_again(target):
    standing = Standing(target, "en")
    run = ended(standing)
    del run.results[f"test_{SPLIT}_0"]
    standing.score(run)
    assert standing.prepare(PHASE).kept == every() - {SPLIT}


def test_parametrised_cases_count_as_one_test(target):
    standing = Standing(target, "en")
    run = ended(standing)
    first = run.results.pop(f"test_{SPLIT}_0")
    for case in "ab":
        run.results[case] = dataclasses.replace(first, test=f"{first.test}[{case}]")
    standing.score(run)
    assert standing.prepare(PHASE).kept == every()


def test_forgotten_results_are_not_kept(standing):
    standing.without(PHASE)
    assert standing.prepare(PHASE).kept == every()
    standing.without(PHASE, results=True)
    assert standing.prepare(PHASE).kept == frozenset()


def test_a_task_that_breaks_a_rule_is_not_kept(standing, target):
    save(target, replaced(solution(2), f"def {SPLIT}(", f"from torch.nn import MultiheadAttention\n\ndef {SPLIT}("))
    run = standing.prepare(PHASE)
    assert run.forbidden
    assert not run.kept & set(run.forbidden)


def test_a_file_that_cannot_be_read_keeps_nothing(standing, target):
    (target / PHASE.file).write_bytes(b"\xff\xfe\x00bad")
    assert standing.prepare(PHASE).kept == frozenset()
