"""What this machine breaks is never told as the learner's: the reference takes the same test."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from kata.course.phases import Task
from kata.diagnosis.misconceptions import by_id
from kata.grading.scoring import score_task
from kata.results import ERROR, FAILED, PASSED, TestResult
from kata.session.reference_check import ReferenceCheck
from selftest import platforms
from selftest.grader_runs import run_grader, tasks_of

BROKEN = Path(platforms.__file__).parent / "broken_torch"
PHASE = "phase1_embedding"


def result(test, state=PASSED, message="", **more):
    return TestResult(test, PHASE, "TokenEmbedding", more.pop("core", False), state, message, **more)


class Bench:
    """Notes which tests the reference takes, and lets it fail in some of them."""

    def __init__(self, fails=()):
        self.items = [SimpleNamespace(nodeid=test) for test in "abcd"]
        self.fails, self.taken = fails, []

    def aim(self, target):
        assert target.name == "solutions"

    def run(self, item):
        self.taken.append(item.nodeid)
        return (
            result(item.nodeid, FAILED, "no kernel", broke=True) if item.nodeid in self.fails else result(item.nodeid)
        )


def broke(test, message="raises RuntimeError at phase1_embedding.py:12: no kernel"):
    return result(test, FAILED, message, broke=True)


def test_the_reference_takes_one_of_the_tests_that_end_alike():
    bench = Bench()
    assert ReferenceCheck(bench).not_gradable([broke("a"), broke("b"), result("c"), result("d", FAILED, "wrong")]) == []
    assert bench.taken == ["a"]


def test_where_it_was_not_run_nobody_knows_whether_it_fails():
    bench = Bench()
    bench.run = lambda item: result(item.nodeid, ERROR, "not run: 2 tests of it ran out of time already")
    assert ReferenceCheck(bench).not_gradable([broke("a")]) == []


@pytest.mark.parametrize("message", ["no answer after 30 s", "no process for the submission could be made (x)"])
def test_that_it_died_is_believed_where_nothing_else_runs_alone(message):
    bench = Bench()
    bench.run = lambda item: result(item.nodeid, ERROR, message, broke=True)
    assert ReferenceCheck(bench).not_gradable([broke("a")]) == []
    assert [found.test for found in ReferenceCheck(bench, alone=True).not_gradable([broke("a")])] == ["a"]


def test_where_it_fails_it_takes_the_others_too_each_once():
    bench = Bench(fails="ab")
    check = ReferenceCheck(bench)
    for _ in range(2):
        blamed = check.not_gradable([broke("a"), broke("b"), broke("c"), broke("d", "raises TypeError: other")])
        assert [found.test for found in blamed] == ["a", "b"]
    assert all(found.state == ERROR and found.not_gradable for found in blamed)
    assert all("the reference fails here too" in found.message for found in blamed)
    assert bench.taken == ["a", "b", "c", "d"]


def test_a_task_loses_nothing_by_tests_that_nobody_passes_here():
    task = Task("TokenEmbedding", 20)
    blamed = result("a", ERROR, "the machine", core=True, not_gradable=True)
    score = score_task(task, [blamed, result("b"), result("c"), result("d")], 4)
    assert (score.score, score.points_not_gradable, score.not_gradable) == (15.0, 5.0, 1)
    score = score_task(task, [blamed, result("b"), result("c"), result("d", FAILED, "wrong")], 4)
    assert (score.score, score.points_not_gradable, score.state) == (10.0, 5.0, ERROR)
    cases = [result("a[1]", ERROR, "the machine", not_gradable=True), result("a[2]", FAILED, "wrong")]
    assert score_task(task, cases, 1).not_gradable == 0


@pytest.mark.timeout(240)
@pytest.mark.parametrize("start", ["fork", pytest.param("spawn", marks=pytest.mark.proof)])
def test_a_broken_machine_costs_no_point_and_names_no_mistake(tmp_path, start):
    mistake = by_id("embedding-not-scaled")
    target = mistake.write(tmp_path / "mine")
    run = run_grader(1, "--target", target, "--json", "-", PYTHONPATH=str(BROKEN), KATA_WALL_START=start)
    assert run.status == 3
    tasks = tasks_of(run.report)
    for name in ("sinusoidal_encoding", "PositionalEncoding"):
        task = tasks[name]
        assert task["state"] == "error"
        assert "the reference fails here too" in task["message"]
        assert "python grader.py doctor" in task["message"]
        assert task["score"] + task["points_not_gradable"] == pytest.approx(task["max_score"], abs=0.02)
        assert task["diagnosis"] is None
        assert task["not_gradable"] > 0
    own = tasks["TokenEmbedding"]
    assert (own["state"], own["not_gradable"], own["diagnosis"]["id"]) == ("failed", 0, mistake.id)
