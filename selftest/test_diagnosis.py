"""Which misconception is named, and how few tests that takes: with a bench that only says which of them agree."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from kata import diagnosis
from kata.isolation.transcript import Recording
from kata.misconceptions import of_task
from kata.results import TestResult
from kata.verdicts import FAILED, PASSED

PHASE, TASK = "phase2_attention", "split_heads"
CANDIDATES = [entry.id for entry in of_task(TASK) if entry.task == TASK]
SUBMISSION = CANDIDATES[1]
SECONDS = {"quick": 0.01, "slow": 0.4, "failing": 0.2, "also quick": 0.02, "middling": 0.1}


class Bench:
    """Tests by name; ``refused_by`` says which of them a candidate does not answer as the submission did."""

    def __init__(self, refused_by):
        self.refused_by = refused_by
        self.tried = []

    def tests(self, phase_id, tasks):
        assert (phase_id, tasks) == (PHASE, [TASK])
        return [SimpleNamespace(nodeid=name) for name in SECONDS]

    def aim(self, target: Path, within: Path):
        assert target.parent == within
        self.aimed = target.name

    def behaves_as(self, item, ended, recording):
        assert (ended, recording.complete) == (result(item.nodeid), True)
        self.tried.append((self.aimed, item.nodeid))
        return item.nodeid not in self.refused_by(self.aimed)


def result(name):
    state = FAILED if name == "failing" else PASSED
    return TestResult(name, PHASE, TASK, False, state, seconds=SECONDS[name])


def diagnose(refused_by, named=(), incomplete=()):
    bench = Bench(refused_by)
    recordings = {name: Recording() for name in SECONDS}
    for name in incomplete:
        recordings[name].complete = False
    results = {name: result(name) for name in SECONDS}
    found = diagnosis.diagnose(bench, PHASE, TASK, results, recordings, failed=[TASK], named=named)
    return found and found.id, bench.tried


def test_the_one_that_agrees_in_every_test_is_named():
    found, tried = diagnose(lambda name: [] if name == SUBMISSION else ["slow"])
    assert found == SUBMISSION
    assert {test for name, test in tried if name == SUBMISSION} == set(SECONDS)


@pytest.mark.parametrize("test", SECONDS)
def test_one_test_that_differs_is_enough_to_say_nothing(test):
    found, _ = diagnose(lambda name: [test])
    assert found is None


def test_two_that_agree_are_not_told_apart():
    found, _ = diagnose(lambda name: [] if name in CANDIDATES[:2] else ["quick"])
    assert found is None


def test_what_failed_in_another_way_than_by_an_answer_is_not_compared():
    found, tried = diagnose(lambda name: [], incomplete=["failing"])
    assert (found, tried) == (None, [])


def test_the_test_that_refused_a_candidate_is_asked_sooner_of_the_next():
    _, tried = diagnose(lambda name: ["middling"])
    asked = {name: [test for candidate, test in tried if candidate == name] for name in CANDIDATES}
    first, *later = asked.values()
    assert first[-1] == "middling" and len(first) > 1
    assert all(len(tests) < len(first) for tests in later)
    assert len(later[-1]) == 1


def test_a_slow_test_is_not_asked_first_because_it_refused_one_candidate():
    _, tried = diagnose(lambda name: ["slow"] if name == CANDIDATES[0] else ["quick"])
    assert [test for candidate, test in tried if candidate in CANDIDATES[1:]] == ["quick"] * len(CANDIDATES[1:])


def test_a_mistake_that_was_named_for_another_task_is_looked_for_in_a_few_tests_and_nothing_else_is_tried():
    found, tried = diagnose(lambda name: [], named=[SUBMISSION])
    assert found == SUBMISSION
    assert [name for name, _ in tried] == [SUBMISSION] * diagnosis.A_LOOK
