"""A worker follows its session, replaces one that dies, and lets nobody wait for what died with it."""

import queue

import pytest

from kata.grading import worker as workers
from kata.grading.scheduler import Scheduler
from kata.results import ERROR, FAILED, PASSED, TestResult
from kata.session_protocol import (
    Broken,
    Collected,
    CollectedTest,
    Ended,
    Finished,
    GradeParts,
    Part,
    PartAsked,
    Running,
    TurnGranted,
)  # fmt: skip

PHASE = "phase2_attention"


def ended(test, task, state=PASSED):
    return Finished(TestResult(test, PHASE, task, False, state))


def collected(*tests):
    return Collected([CollectedTest(test, PHASE, task, core=False) for test, task in tests])


class Session:
    """Tells these events, then is gone."""

    scratch = "nowhere"

    def __init__(self, events):
        self._events = events
        self.heard = []

    def send(self, data):
        self.heard.append(data)

    def events(self):
        yield from self._events

    def end(self):
        pass

    def how_it_ended(self):
        return "the process crashed"

    def complaint(self):
        return ""


@pytest.fixture
def scheduler():
    scheduler = Scheduler(lambda: [(PHASE, "split_heads")], lambda: False)
    scheduler.enter("other")
    return scheduler


def run(monkeypatch, scheduler, *sessions):
    first, *later = sessions
    monkeypatch.setattr(workers, "start_sessions", lambda count: [later.pop(0)])
    worker = workers.Worker(GradeParts([], "nowhere", 0), scheduler, first)
    scheduler.enter(worker)
    news = queue.Queue()
    worker.run(news)
    assert not later
    return worker, list(iter(news.get_nowait, None))


def dies_in(test):
    tests = [("a", "split_heads"), ("b", "merge_heads"), ("c", "merge_heads")]
    part = PartAsked(Part(PHASE))
    return Session([collected(*tests), part, ended("a", "split_heads", FAILED), Running(test)])


def test_one_that_dies_costs_the_test_and_the_rest_is_run_by_another(monkeypatch, scheduler):
    second = Session([collected(("c", "merge_heads")), ended("c", "merge_heads"), Ended()])
    worker, news = run(monkeypatch, scheduler, dies_in("b"), second)
    assert {name: result.state for name, result in worker.done.items()} == {"a": FAILED, "b": ERROR, "c": PASSED}
    assert [result.test for result in news] == ["a", "b", "c"]
    assert second.heard[0].done == ["a", "b"]


def test_nobody_waits_for_the_diagnosis_of_what_died_with_its_session(monkeypatch, scheduler):
    turns = []

    class Second(Session):
        def events(self):
            yield collected(("c", "merge_heads"))
            yield PartAsked(Part("phase3_layers"))  # it is through with phase 2
            turns.append(scheduler.turn("other", (PHASE, "MultiHeadAttention"), [(PHASE, "split_heads")], wait=False))
            yield Ended()

    run(monkeypatch, scheduler, dies_in("b"), Second([]))
    assert turns == [TurnGranted(True, [(PHASE, "split_heads")])]


@pytest.mark.parametrize("last", [[], [Broken("GeneratorExit")]], ids=["silence", "a traceback"])
def test_what_comes_after_the_tests_costs_no_result(monkeypatch, scheduler, last):
    first = Session([collected(("a", "split_heads")), PartAsked(Part(PHASE)), ended("a", "split_heads", FAILED), *last])
    second = Session([collected(("a", "split_heads")), Ended()])
    worker, news = run(monkeypatch, scheduler, first, second)
    assert {name: result.state for name, result in worker.done.items()} == {"a": FAILED}
    assert (second.heard[0].done, second.heard[0].diagnose) == (["a"], False)


def test_suites_that_cannot_be_run_say_so_in_harmless_words(monkeypatch, scheduler):
    worker, news = run(
        monkeypatch, scheduler, Session([collected(("a", "split_heads")), Broken("\x1b[2J\n::error::x")])
    )
    assert str(news[0]).splitlines() == [" [2J", ": :error::x"]
