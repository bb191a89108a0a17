"""A warm session runs phases of one folder after another, can be cancelled, and leaves nothing behind."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

import pytest

from kata.course.phases import COURSE, REFERENCE
from kata.grading.session_client import SuitesBroken, WarmSession
from kata.session_protocol import Diagnosed, Ended, TaskThrough
from selftest.session_events import results_of
from selftest.submissions import make_target, replaced, solution, with_bodies

PHASE = COURSE[0]
pytestmark = pytest.mark.timeout(120)


@pytest.fixture(scope="module")
def session():
    with WarmSession([PHASE]) as warm:
        yield warm


def run(session, target, **options):
    """The events of one order, in three parts: results by test, diagnoses by task, the end."""
    events = list(session.run(PHASE.id, Path(target), **options))
    results = {result.test: result for result in results_of(events)}
    diagnoses = {event.task[1]: event.id for event in events if isinstance(event, Diagnosed)}
    assert isinstance(events[-1], Ended)
    return results, diagnoses, events[-1]


def target_with(folder, source):
    """The solutions, with this source for phase 1."""
    target = make_target(folder, solved=tuple(range(1, 7)))
    (target / PHASE.file).write_text(source, encoding="utf-8")
    return target


def test_one_folder_after_another_is_graded(session, tmp_path):
    results, diagnoses, end = run(session, REFERENCE)
    assert {result.state for result in results.values()} == {"passed"}
    assert (diagnoses, end.cancelled) == ({}, False)

    events = list(session.run(PHASE.id, REFERENCE, first=list(results)[-1:]))
    assert results_of(events)[0].test == list(results)[-1]
    through = [(number, event.task) for number, event in enumerate(events) if isinstance(event, TaskThrough)]
    for number, task in through:
        assert all(result.task != task for result in results_of(events[number + 1 :]))
    assert {task for _, task in through} == {task.name for task in PHASE.tasks}

    results, _, _ = run(session, make_target(tmp_path / "stubs"))
    assert {result.state for result in results.values()} == {"todo"}

    broken = target_with(tmp_path / "broken", "def sinusoidal_encoding(:\n")
    results, _, _ = run(session, broken)
    assert {result.state for result in results.values()} == {"error"}
    assert all("phase1_embedding.py" in result.message for result in results.values())

    results, _, _ = run(session, REFERENCE)
    assert {result.state for result in results.values()} == {"passed"}


def test_a_known_mistake_is_named_and_an_unknown_one_is_not(session, tmp_path):
    known = replaced(solution(1), "* math.sqrt(self.d_model)", "")
    _, diagnoses, _ = run(session, target_with(tmp_path / "known", known))
    assert diagnoses == {"TokenEmbedding": "embedding-not-scaled"}

    unknown = replaced(solution(1), "* math.sqrt(self.d_model)", "* 1.2345")
    results, diagnoses, _ = run(session, target_with(tmp_path / "unknown", unknown))
    assert {result.task for result in results.values() if result.state != "passed"} == {"TokenEmbedding"}
    assert diagnoses == {}


@pytest.mark.proof
def test_a_known_mistake_in_another_style_is_named(session, tmp_path):
    body = "rows = torch.nn.functional.embedding(tokens.contiguous(), self.embedding.weight)\nreturn rows.clone()"
    styled = with_bodies(solution(1), {"TokenEmbedding.forward": body})
    _, diagnoses, _ = run(session, target_with(tmp_path / "styled", styled))
    assert diagnoses == {"TokenEmbedding": "embedding-not-scaled"}


@pytest.mark.proof
def test_two_mistakes_in_one_task_are_not_named(session, tmp_path):
    both = replaced(solution(1), "* math.sqrt(self.d_model)", "")
    both = replaced(both, "return self.embedding(tokens)", "return self.embedding(tokens).detach()")
    _, diagnoses, _ = run(session, target_with(tmp_path / "both", both))
    assert diagnoses == {}


@pytest.mark.proof
def test_chosen_tasks_first_tests_and_the_first_loss(session):
    results, _, _ = run(session, REFERENCE, tasks=["TokenEmbedding"])
    assert {result.task for result in results.values()} == {"TokenEmbedding"}
    last = list(results)[-1]
    results, _, _ = run(session, REFERENCE, tasks=["TokenEmbedding"], first=[last])
    assert next(iter(results)) == last


@pytest.mark.proof
def test_a_run_stops_at_the_first_loss(session, tmp_path):
    results, _, _ = run(session, make_target(tmp_path / "stubs"), stop_at_loss=True)
    assert [result.state for result in results.values()] == ["todo"]


def test_a_hanging_run_is_cancelled_at_once_and_the_next_one_is_right(session, tmp_path):
    source = with_bodies(solution(1), {"sinusoidal_encoding": "while True:\n    pass"})
    hanging = target_with(tmp_path / "hanging", source)
    timer = threading.Timer(1.0, session.cancel)
    timer.start()
    started = time.monotonic()
    _, diagnoses, end = run(session, hanging)
    assert end.cancelled
    assert diagnoses == {}
    assert time.monotonic() - started < 25  # far less than a test's own limit for each test
    results, _, end = run(session, REFERENCE)
    assert {result.state for result in results.values()} == {"passed"}
    assert not end.cancelled


@pytest.mark.proof
def test_a_cancel_without_an_order_does_nothing(session):
    session.cancel()
    results, _, end = run(session, REFERENCE, tasks=["TokenEmbedding"])
    assert not end.cancelled
    assert results


@pytest.mark.proof
def test_nothing_is_left_behind(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    warm = WarmSession([PHASE])
    assert isinstance(list(warm.run(PHASE.id, REFERENCE, tasks=["TokenEmbedding"]))[-1], Ended)
    pid = warm.pid
    warm.end()
    assert list(tmp_path.iterdir()) == []
    if Path("/proc").is_dir():
        time.sleep(0.5)
        ours = [entry for entry in Path("/proc").iterdir() if entry.name.isdigit() and _session_of(entry) == pid]
        assert ours == []
    with pytest.raises(SuitesBroken):
        list(warm.run(PHASE.id, REFERENCE))


def _session_of(entry: Path) -> int:
    try:
        return os.getsid(int(entry.name))
    except OSError:
        return 0
