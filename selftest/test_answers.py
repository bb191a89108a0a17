"""The host and the server of its guests stay in step, whatever interrupts their conversation."""

from __future__ import annotations

import os
import signal
import socket
import time

import pytest

from kata.course.phases import COURSE, REFERENCE
from kata.sandbox import interrupts
from kata.sandbox.errors import TestTimeout
from kata.sandbox.host import submission as walled
from kata.sandbox.host.launch import can_fork, start_server
from kata.sandbox.protocol import answers
from kata.sandbox.protocol.channel import ChannelClosed, ChannelTimeout

PHASE = COURSE[0].id
pytestmark = pytest.mark.skipif(not can_fork(), reason="there is a server of guests where processes can fork")


@pytest.fixture
def pair():
    near, far = socket.socketpair()
    yield answers.Answers(near), far
    near.close()
    far.close()


def test_an_answer_that_nobody_waited_for_is_not_taken_for_the_next_one(pair):
    here, there = pair
    before = len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else 0
    read, write = os.pipe()
    answers.send(there, {"number": 1, "pid": 7}, read)
    answers.send(there, {"number": 2, "status": 0})
    answers.send(there, {"number": 3, "pid": 8}, write)
    answer, descriptor = here.to(3, 5.0)
    assert answer["pid"] == 8
    os.write(descriptor, b"x")
    assert os.read(read, 1) == b"x"  # its own descriptor, not that of the first answer
    assert [(one["number"], one["brings"]) for one in here.unclaimed] == [(1, True), (2, False)]
    for one in (read, write, descriptor):
        os.close(one)
    assert not before or len(os.listdir("/proc/self/fd")) == before


def test_no_answer_is_told_as_such(pair):
    here, there = pair
    with pytest.raises(ChannelTimeout):
        here.to(1, 0.05)
    there.close()
    with pytest.raises(ChannelClosed):
        here.to(1, 5.0)


@pytest.fixture
def tells_its_folder(tmp_path):
    """Two submissions that say where they come from."""
    for name in ("one", "other"):
        folder = tmp_path / name
        folder.mkdir()
        (folder / f"{PHASE}.py").write_text(f"def whose():\n    return {name!r}\n", encoding="utf-8")
    submission = walled.WalledSubmission(tmp_path / "one", REFERENCE, False, start_server())
    yield submission, tmp_path
    submission.close()


def whose(submission):
    submission.begin(PHASE, 0, 60.0)
    return submission.phase(PHASE, PHASE).whose()


@pytest.mark.timeout(120)
@pytest.mark.parametrize("interrupted", ["end", "spawn"])
def test_after_an_interruption_a_submission_meets_its_own_guest(tells_its_folder, monkeypatch, interrupted):
    submission, folder = tells_its_folder
    assert whose(submission) == "one"
    server, real = submission._server, answers.Answers.to
    asked = {"end": 1, "spawn": 2}[interrupted]  # a guest is ended before the next one is made
    calls = []

    def to(self, number, seconds):
        calls.append(number)
        if len(calls) == asked:
            raise TestTimeout("in the middle of a conversation")
        return real(self, number, seconds)

    monkeypatch.setattr(answers.Answers, "to", to)
    with pytest.raises(TestTimeout):
        submission.aim(folder / "other")
        whose(submission)
    submission.aim(folder / "other")
    assert whose(submission) == "other"
    submission.aim(folder / "one")
    assert whose(submission) == "one"
    assert not server._answers.unclaimed


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="there are no alarms here")
@pytest.mark.timeout(1)
def test_the_alarm_of_a_test_waits_for_the_end_of_the_conversation():
    said = False
    with pytest.raises(TestTimeout):
        with interrupts.conversation():
            time.sleep(1.6)
            said = True
        time.sleep(5.0)
    assert said
