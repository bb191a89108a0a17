"""Which misconception is named, and how few tests that takes: with a bench that only says which of them agree."""

import itertools
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from kata.course.phases import COURSE, REFERENCE
from kata.diagnosis import diagnose as diagnosis
from kata.diagnosis.misconceptions import of_task
from kata.diagnosis.second_try import SecondTry
from kata.diagnosis.several import Several
from kata.results import FAILED, FORBIDDEN, PASSED, TODO, TestResult
from kata.sandbox.host.recording import Recording
from kata.session_protocol import Diagnosed, Judged, TriedAgain, TurnAsked, TurnGranted
from kata.source.neighbours import neighbours_of
from selftest.submissions import make_target, solution, with_bodies

PHASE, TASK = "phase2_attention", "split_heads"
CANDIDATES = [entry.id for entry in of_task(TASK) if entry.task == TASK and not entry.fitted]
SUBMISSION = CANDIDATES[1]
SECONDS = {"quick": 0.01, "slow": 0.4, "failing": 0.2, "also quick": 0.02, "middling": 0.1}


class Bench:
    """Tests by name; ``refused_by`` says which of them a candidate does not answer as the submission did.

    Those in ``passed_by`` it passes nevertheless.
    """

    def __init__(self, refused_by, passed_by):
        self.refused_by, self.passed_by = refused_by, passed_by
        self.tried, self.passing = [], []

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

    def passes_too(self, item, recording):
        assert recording.complete
        self.passing.append((self.aimed, item.nodeid))
        return item.nodeid not in self.refused_by(self.aimed) or item.nodeid in self.passed_by(self.aimed)


def result(name):
    state = FAILED if name == "failing" else PASSED
    return TestResult(name, PHASE, TASK, False, state, seconds=SECONDS[name])


def diagnose(refused_by, incomplete=(), passed_by=lambda name: ()):
    bench = Bench(refused_by, passed_by)
    recordings = {name: Recording() for name in SECONDS}
    for name in incomplete:
        recordings[name].complete = False
    results = {name: result(name) for name in SECONDS}
    found = diagnosis.diagnose(bench, PHASE, TASK, results, recordings)
    diagnose.passing = bench.passing
    return (found.entries[0].id if found.entries else None), bench.tried


def first_round(tried):
    """Candidate to the tests that it was tried in before the first one is tried again."""
    groups = [(name, [test for _, test in group]) for name, group in itertools.groupby(tried, lambda pair: pair[0])]
    return dict(groups[: len(CANDIDATES)])


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
    first, *later = first_round(tried).values()
    assert first[-1] == "middling" and len(first) > 1
    assert all(len(tests) < len(first) for tests in later)
    assert len(later[-1]) == 1


def test_a_slow_test_is_not_asked_first_because_it_refused_one_candidate():
    _, tried = diagnose(lambda name: ["slow"] if name == CANDIDATES[0] else ["quick"])
    assert list(first_round(tried).values())[1:] == [["quick"]] * len(CANDIDATES[1:])


def test_where_nobody_answers_alike_throughout_one_that_fails_alike_and_passes_the_rest_is_named():
    first, _, third, fourth = CANDIDATES
    refused = {
        first: ["quick", "failing"],
        SUBMISSION: ["quick", "slow"],
        third: ["failing"],
        fourth: ["slow", "quick"],
    }
    passed = {SUBMISSION: ["quick", "slow"], fourth: ["slow"]}
    found, tried = diagnose(refused.get, passed_by=lambda name: passed.get(name, SECONDS))
    assert found == SUBMISSION
    assert len(tried) == len(set(tried))  # nothing is compared twice
    assert {name for name, _ in diagnose.passing} == {SUBMISSION, fourth}


def test_two_that_fail_alike_and_pass_the_rest_are_not_told_apart():
    found, _ = diagnose(
        lambda name: ["quick"] if name in CANDIDATES[:2] else ["failing"], passed_by=lambda name: SECONDS
    )
    assert found is None


def test_one_that_answers_alike_throughout_comes_before_those_that_fail_alike():
    found, _ = diagnose(lambda name: [] if name == SUBMISSION else ["quick"], passed_by=lambda name: SECONDS)
    assert found == SUBMISSION
    assert diagnose.passing == []


class Asked:
    """Answers whose turn it is, and hears what is told."""

    def __init__(self, answers):
        self.answers = answers
        self.heard = []

    def ask(self, event):
        self.heard.append(event)
        return self.answers.pop(0)

    def send(self, event):
        self.heard.append(event)


@pytest.fixture
def calls(monkeypatch):
    """Stands in for the work and takes note of it: the mistake in split_heads is named, second tries fail."""
    heard = []

    def named(bench, phase_id, task, results, recordings, inlined):
        heard.append((task, sorted(results), recordings))
        return Several((SimpleNamespace(id="split-x"),) if task == "split_heads" else ())

    def again(bench, target, phase, task, replaced, first):
        heard.append((task, list(replaced)))
        results = {name: replace(result, message="again") for name, result in first.items()}
        return SecondTry(results, {"again": task})

    monkeypatch.setattr(diagnosis, "diagnose", named)
    monkeypatch.setattr(diagnosis, "try_again", again)
    return heard


SPLIT, MERGE, MULTI_HEAD = (PHASE, "split_heads"), (PHASE, "merge_heads"), (PHASE, "MultiHeadAttention")
BUILT_ON = [(PHASE, name) for name in ("scaled_dot_product_attention", "split_heads", "merge_heads")]


def of_two_tasks():
    """Results of three tests; in the order of the course ``split_heads`` comes first."""
    states = {"a": ("MultiHeadAttention", FAILED), "b": ("split_heads", FAILED), "c": ("merge_heads", PASSED)}
    return {name: TestResult(name, PHASE, task, False, state) for name, (task, state) in states.items()}


def again(task, replaced, name):
    return TriedAgain((PHASE, task), replaced, [TestResult(name, PHASE, task, False, FAILED, "again")])


def test_alone_every_failed_task_has_its_turn_with_right_neighbours_in_place_of_those_that_failed(calls):
    asked = Asked([])
    diagnoses = diagnosis.Diagnoses(None, REFERENCE, of_two_tasks(), {"first": 1}, asked.send)
    assert diagnoses.make()
    assert calls == [
        ("split_heads", ["b"], {"first": 1}),
        ("MultiHeadAttention", ["split_heads"]),
        ("MultiHeadAttention", ["a"], {"again": "MultiHeadAttention"}),
    ]
    assert asked.heard == [Diagnosed(SPLIT, ["split-x"]), again("MultiHeadAttention", ["split_heads"], "a")]
    assert not diagnoses.make()


def test_one_whose_neighbours_passed_is_not_tried_again(calls):
    results = of_two_tasks()
    del results["b"]
    diagnosis.Diagnoses(None, REFERENCE, results, {}, Asked([]).send).make()
    assert calls == [("MultiHeadAttention", ["a"], {})]


def test_one_that_was_not_run_is_replaced_like_one_that_failed(calls):
    results = of_two_tasks()
    del results["b"]
    diagnosis.Diagnoses(None, REFERENCE, results, {}, Asked([]).send, not_run=[MERGE, ("other", "split_heads")]).make()
    assert calls[0] == ("MultiHeadAttention", ["merge_heads"])


@pytest.mark.parametrize("state", [FORBIDDEN, TODO])
def test_one_that_breaks_a_rule_or_is_not_finished_is_not_tried_again(calls, state, tmp_path):
    target = make_target(tmp_path / "mine", solved=(2,))
    if state == TODO:
        unfinished = with_bodies(solution(2), {"MultiHeadAttention.__init__": "raise NotImplementedError"})
        (target / f"{PHASE}.py").write_text(unfinished, encoding="utf-8")
    results = of_two_tasks()
    results["a"] = replace(results["a"], state=state)
    diagnosis.Diagnoses(None, target, results, {}, Asked([]).send).make()
    assert ("MultiHeadAttention", ["split_heads"]) not in calls


def test_side_by_side_a_task_is_diagnosed_when_its_turn_has_come_and_only_once(calls):
    told = TurnGranted(True, [MERGE, ("phase1_embedding", "TokenEmbedding")])
    asked = Asked([TurnGranted(False), told])
    diagnoses = diagnosis.Diagnoses(None, REFERENCE, of_two_tasks(), {}, asked.send, asked.ask)
    assert diagnoses.make(wait=False)  # split_heads builds on nothing
    assert diagnoses.make(wait=True)
    assert not diagnoses.make(wait=True)
    assert asked.heard == [
        Judged(SPLIT),
        Diagnosed(SPLIT, ["split-x"]),
        TurnAsked(MULTI_HEAD, BUILT_ON, wait=False),
        TurnAsked(MULTI_HEAD, BUILT_ON, wait=True),
        again("MultiHeadAttention", ["merge_heads"], "a"),
        Judged(MULTI_HEAD),
    ]


@pytest.mark.parametrize("phase", COURSE, ids=lambda phase: phase.id)
def test_no_task_waits_for_one_that_waits_for_it(phase):
    order = [task.name for task in phase.tasks]
    for task in order:
        assert set(neighbours_of(phase, task, REFERENCE)) <= set(order[: order.index(task)])
