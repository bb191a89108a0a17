"""What ``watch`` runs again after a save, and what it keeps."""

from __future__ import annotations

import dataclasses

import pytest

from kata.commands.watch_mode.scoreboard import Scoreboard
from kata.course.suites import count_tests
from kata.results import FAILED, PASSED, TestResult
from selftest.submissions import make_target, phase, replaced, solution

PHASE = phase(2)
SPLIT = "split_heads"


@pytest.fixture
def target(tmp_path):
    return make_target(tmp_path / "mine", solved=(2,))


@pytest.fixture
def scoreboard(target):
    """The scoreboard after a run in which every test of phase 2 has passed."""
    found = Scoreboard(target, "en")
    found.score(ended(found))
    return found


def ended(scoreboard, **states):
    """The next run, with all its tests ended: passed, but for the tasks that have another state."""
    run = scoreboard.prepare(PHASE)
    for task, count in count_tests(PHASE).items():
        for number in range(count):
            result = TestResult(f"test_{task}_{number}", PHASE.id, task, True, states.get(task, PASSED))
            run.results.setdefault(result.test, result)
    return run


def save(target, source):
    (target / PHASE.file).write_text(source, encoding="utf-8")


CHANGED = replaced(solution(2), f"def {SPLIT}(x", f"def {SPLIT}(y")
REMARK = "\n# a remark\n"


def every():
    return {task.name for task in PHASE.tasks}


def test_the_first_time_everything_is_run(target):
    assert Scoreboard(target, "en").prepare(PHASE).kept == frozenset()


def test_what_a_save_does_not_touch_is_kept_with_its_results(scoreboard, target):
    save(target, CHANGED)
    run = scoreboard.prepare(PHASE)
    assert run.kept == every() - {SPLIT, "MultiHeadAttention"}
    assert {result.task for result in run.results.values()} == run.kept
    assert len(run.results) == sum(count for task, count in count_tests(PHASE).items() if task in run.kept)


def test_what_was_rewritten_comes_first_and_what_failed_before_the_rest(scoreboard, target):
    save(target, CHANGED)
    scoreboard.score(ended(scoreboard, split_heads=FAILED, MultiHeadAttention=FAILED))
    save(target, solution(2))
    run = scoreboard.prepare(PHASE)
    assert run.rewritten == {SPLIT}
    first = scoreboard.first_tests(run)
    assert len(first) == len(set(first))
    tasks = [test[len("test_") :].rpartition("_")[0] for test in first]
    assert tasks == sorted(tasks, key=lambda task: task != SPLIT)
    assert set(tasks) == {SPLIT, "MultiHeadAttention"}


def test_a_comment_runs_nothing(scoreboard, target):
    save(target, solution(2) + REMARK)
    assert scoreboard.prepare(PHASE).kept == every()


def test_a_task_with_a_lost_test_is_run_again(scoreboard, target):
    scoreboard.score(ended(scoreboard))
    save(target, CHANGED)
    scoreboard.score(ended(scoreboard, split_heads=FAILED))
    save(target, CHANGED + REMARK)
    assert scoreboard.prepare(PHASE).kept == every() - {SPLIT}


def test_a_task_that_was_not_run_to_its_end_is_run_again(target):
    scoreboard = Scoreboard(target, "en")
    run = ended(scoreboard)
    del run.results[f"test_{SPLIT}_0"]
    scoreboard.score(run)
    assert scoreboard.prepare(PHASE).kept == every() - {SPLIT}


def test_parametrised_cases_count_as_one_test(target):
    scoreboard = Scoreboard(target, "en")
    run = ended(scoreboard)
    first = run.results.pop(f"test_{SPLIT}_0")
    for case in "ab":
        run.results[case] = dataclasses.replace(first, test=f"{first.test}[{case}]")
    scoreboard.score(run)
    assert scoreboard.prepare(PHASE).kept == every()


def test_forgotten_results_are_not_kept(scoreboard):
    scoreboard.without(PHASE)
    assert scoreboard.prepare(PHASE).kept == every()
    scoreboard.without(PHASE, results=True)
    assert scoreboard.prepare(PHASE).kept == frozenset()


def test_a_task_that_breaks_a_rule_is_not_kept(scoreboard, target):
    save(target, replaced(solution(2), f"def {SPLIT}(", f"from torch.nn import MultiheadAttention\n\ndef {SPLIT}("))
    run = scoreboard.prepare(PHASE)
    assert run.forbidden
    assert not run.kept & set(run.forbidden)


def test_a_file_that_cannot_be_read_keeps_nothing(scoreboard, target):
    (target / PHASE.file).write_bytes(b"\xff\xfe\x00bad")
    assert scoreboard.prepare(PHASE).kept == frozenset()


def test_a_file_is_read_in_the_encoding_that_it_names(scoreboard, target):
    source = "# coding: utf-7\n" + solution(2).replace("+", "+-")
    (target / PHASE.file).write_text(source, encoding="ascii")
    assert scoreboard._source(PHASE) == "# coding: utf-7\n" + solution(2)
    (target / PHASE.file).write_text(f"{source}# +AAo-split_heads +AD0- None\n", encoding="ascii")
    assert scoreboard._source(PHASE).endswith("\nsplit_heads = None\n")
    (target / PHASE.file).write_text(f"# coding: nowhere\n{source}", encoding="ascii")
    assert scoreboard._source(PHASE) is None
