"""What ``watch`` says that a run is doing: a slow start of torch is no endless loop."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from kata.commands.watch_mode import watcher
from kata.commands.watch_mode.runner import Run
from kata.commands.watch_mode.watcher import SLOW, Watcher
from kata.course.phases import COURSE, REFERENCE
from kata.results import ERROR, FAILED, TestResult


@pytest.fixture
def status(monkeypatch):
    """The status at a moment, in seconds after the run began."""
    watching = Watcher.__new__(Watcher)
    watching._lang, watching._told_early, watching._runner = "en", False, SimpleNamespace(ready=False)
    watching._started, watching._heard, watching._starting = 100.0, 0.0, 0.0
    run = Run(COURSE[1], REFERENCE)
    run.testing = run.working = 1

    def at(seconds, ready):
        watching._runner.ready = ready
        monkeypatch.setattr(watcher.time, "monotonic", lambda: 100.0 + seconds)
        return watching._status(run)[0]

    at.watching, at.run = watching, run
    return at


def test_the_silence_of_a_run_begins_when_torch_has_started(status):
    assert status(30, ready=False) == "starting torch ..."
    assert status(31, ready=True) == "grading ... 0 tests done, 31 s"
    assert "endless loop" in status(30 + SLOW + 1, ready=True)


def test_the_silence_ends_with_every_test(status):
    status.watching._heard = 110.0
    assert "endless loop" not in status(10 + SLOW - 1, ready=True)
    assert "no test has ended for 9 s" in status(10 + SLOW + 1, ready=True)


@pytest.mark.parametrize(("state", "told"), [(FAILED, "looking for the known mistake ..."), (ERROR, "grading ...")])
def test_a_name_is_looked_for_where_there_can_be_one(status, state, told):
    status.run.testing = 0
    status.run.results["test"] = TestResult("test", COURSE[1].id, "split_heads", True, state, "", 0.0)
    assert status(1, ready=True) == told
