"""Sessions that run suites: several from one program, a dead one is replaced, and nothing is left behind."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest

from kata.course.phases import COURSE, REFERENCE
from kata.grading import run as running
from kata.grading.session_client import SuitesBroken, WarmSession, start_sessions
from kata.session_protocol import Broken, GradeParts, Running

pytestmark = pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="looks for processes in /proc")

PHASE = COURSE[0]


def is_alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def until(condition, seconds=20.0):
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.05)
    return condition()


def pid_of(session):
    """A session tells its number before anything else; what it tells next is that its orders make no sense."""
    session.send(GradeParts([], "nowhere", 0))
    for _ in session.events():
        break
    return session.pid


def test_sessions_have_processes_of_their_own_and_end_one_by_one():
    first, second = sessions = start_sessions(2)
    pids = [pid_of(session) for session in sessions]
    assert len(set(pids)) == 2
    scratch = [session.scratch for session in sessions]
    assert all(folder.is_dir() for folder in scratch)
    first.end()
    assert until(lambda: not is_alive(pids[0]))
    second.end()
    assert until(lambda: not is_alive(pids[1]))
    assert not any(folder.exists() for folder in scratch)


def test_a_session_that_has_told_nothing_ends_with_its_orders():
    sessions = start_sessions(2)
    for session in sessions:
        session.end()
        session.end()
    assert not any(session.scratch.exists() for session in sessions)


@pytest.mark.parametrize("which", [0, pytest.param(1, marks=pytest.mark.proof)])
def test_a_session_that_dies_in_a_test_costs_that_test(monkeypatch, which):
    monkeypatch.setenv("KATA_JOBS", "2")
    killed = []

    def start(count):
        sessions = start_sessions(count)
        if not killed:
            events = sessions[which].events
            monkeypatch.setattr(sessions[which], "events", lambda: killed_in_a_test(sessions[which], events()))
        return sessions

    def killed_in_a_test(session, events):
        for event in events:
            if isinstance(event, Running) and not killed:
                killed.append(session.pid)
                os.kill(session.pid, signal.SIGKILL)
            yield event

    monkeypatch.setattr(running, "start_sessions", start)
    with running.sessions_for([PHASE]) as sessions:
        results = running.run(running.Plan((PHASE,), REFERENCE, 0), sessions)
    assert killed
    states = [test.state for test in results.tests]
    assert len({test.test for test in results.tests}) == len(states) > 30
    assert states.count("passed") >= len(states) - 1
    assert [test.message for test in results.tests if test.state != "passed" and "ended early" not in test.message] == [
        test.message for test in results.tests if "SIGKILL" in test.message
    ]


@pytest.mark.parametrize("told", [[], [Broken("x")]], ids=["silence", "a traceback"])
def test_a_warm_session_that_fails_one_order_takes_no_other(monkeypatch, told):
    ended = []
    monkeypatch.setattr(WarmSession, "__init__", lambda self: None)
    monkeypatch.setattr(WarmSession, "events", lambda self: iter(told))
    monkeypatch.setattr(WarmSession, "complaint", lambda self: "")
    monkeypatch.setattr(WarmSession, "end", lambda self: ended.append(self))
    session = WarmSession()
    with pytest.raises(SuitesBroken):
        list(session._events_of_order())
    assert ended == [session]
