"""Does a folder behave as another one did in a test: the requests are repeated, the test is run only if need be."""

import signal
from types import SimpleNamespace

import pytest
import torch

from kata.course.phases import SUITES
from kata.diagnosis import replay
from kata.diagnosis.replay import TestBench
from kata.results import FAILED, PASSED, TestResult
from kata.sandbox.errors import GuestDied, TestTimeout
from kata.sandbox.host import recording as recordings
from kata.sandbox.host.recording import Recording
from kata.sandbox.protocol.codec import Encoder
from kata.testing.outcome import Verdict

TEST = SimpleNamespace(nodeid="a test", path=SUITES / "test_phase2_masks.py")
REQUEST = (b"{}", b"")


def answer(value, number=1):
    encoder = Encoder(lambda thing: {"id": number, "type": "Thing"})
    return encoder.message({"ok": [object(), torch.tensor([value])], "changed": {}})


class Submission:
    """Gives these answers one after another, when it is asked again; an exception is raised."""

    def __init__(self, answers):
        self._answers = answers
        self.asked = 0

    def repeat(self, under_test, recording, limit, tape):
        assert (under_test, limit) == ("phase2_attention", 7.0)
        for exchange, given in zip(recording.exchanges, self._answers):
            if isinstance(given, BaseException):
                raise given
            self.asked += 1
            tape.note(exchange.request, given)
            if not tape.numbered_alike:
                return


def behaves(recorded, repeated, rerun=None, ended=FAILED, ask=TestBench.behaves_as):
    """Whether answers count as those that were recorded; ``rerun``: (state, answers) if the test is run."""
    recording = Recording()
    for value in recorded:
        recording.note(REQUEST, value)
    kata = SimpleNamespace(submission=Submission(repeated), target=None, limit=7.0, usual_limit=lambda: 7.0)
    bench = TestBench(kata, [])
    runs = []

    def run(item, tape=None):
        assert item is TEST and rerun is not None, "the test is run"
        runs.append(item)
        for value in rerun[1] if tape is not None else ():
            tape.note(REQUEST, value)
        return TestResult("a test", "", "", False, rerun[0])

    bench.run = run
    arguments = [recording] if ask is TestBench.passes_too else [TestResult("a test", "", "", False, ended), recording]
    found = ask(bench, TEST, *arguments)
    assert len(runs) == (rerun is not None)
    return found, kata.submission.asked


def test_the_same_answers_are_the_same_behaviour_and_the_test_is_not_run():
    assert behaves([answer(1.0), answer(2.0)], [answer(1.0), answer(2.0)]) == (True, 2)


def test_the_first_answer_that_differs_ends_it():
    assert behaves([answer(1.0), answer(2.0), answer(3.0)], [answer(1.0), answer(5.0), answer(3.0)]) == (False, 2)


@pytest.mark.parametrize(("state", "expected"), [(FAILED, True), (PASSED, False)])
def test_where_an_answer_differs_by_rounding_the_test_that_failed_decides(state, expected):
    rounded = [answer(1.0 + 1e-6), answer(2.0)]
    assert behaves([answer(1.0), answer(2.0)], rounded, rerun=(state, rounded)) == (expected, 2)


def test_with_other_numbers_the_requests_cannot_be_repeated_but_the_test_can_be_run():
    renumbered = [answer(1.0, number=4), answer(2.0, number=5)]
    assert behaves([answer(1.0), answer(2.0)], renumbered, rerun=(FAILED, renumbered)) == (True, 1)
    assert behaves([answer(1.0), answer(2.0)], renumbered, rerun=(FAILED, [answer(1.0), answer(5.0)])) == (False, 1)
    assert behaves([answer(1.0), answer(2.0)], renumbered, rerun=(FAILED, renumbered[:1])) == (False, 1)
    passed = (PASSED, [answer(1.0), answer(5.0)])
    assert behaves([answer(1.0), answer(2.0)], renumbered, rerun=passed, ended=PASSED) == (False, 1)


@pytest.mark.parametrize("end", [GuestDied("gone"), TestTimeout("no answer")], ids=lambda end: type(end).__name__)
def test_a_guest_that_ends_behaves_in_no_known_way(end):
    assert behaves([answer(1.0), answer(2.0)], [answer(1.0), end]) == (False, 1)


def test_rounding_makes_no_difference_to_a_test_that_passed():
    rounded = [answer(1.0 + 1e-6), answer(2.0)]
    assert behaves([answer(1.0), answer(2.0)], rounded, ended=PASSED) == (True, 2)
    assert behaves([answer(1.0), answer(2.0)], [answer(1.0), answer(5.0)], ended=PASSED) == (False, 2)


def passes(repeated, rerun=None):
    return behaves([answer(1.0), answer(2.0)], repeated, rerun, ask=TestBench.passes_too)


def test_a_test_passes_with_the_answers_it_has_passed_with():
    assert passes([answer(1.0), answer(2.0)]) == (True, 2)
    assert passes([answer(1.0 + 1e-6), answer(2.0)]) == (True, 2)


@pytest.mark.parametrize("other", [[answer(1.0), answer(5.0)], [answer(5.0), answer(2.0)], [answer(1.0, number=4)]])
@pytest.mark.parametrize(("state", "expected"), [(PASSED, True), (FAILED, False)])
def test_other_answers_may_be_right_as_well(other, state, expected):
    assert passes(other, rerun=(state, []))[0] == expected


def test_a_guest_that_ends_passes_nothing():
    assert passes([answer(1.0), GuestDied("gone")]) == (False, 1)


@pytest.mark.parametrize("error", [GeneratorExit("x"), SystemExit(1), BaseException("x")], ids=repr)
def test_what_ends_a_program_ends_one_test(monkeypatch, error):
    kata = SimpleNamespace(submission=SimpleNamespace(take_output=str), target=None, limit=7.0, usual_limit=lambda: 7.0)
    item = SimpleNamespace(nodeid="a", path=TEST.path, get_closest_marker=lambda name: None)
    monkeypatch.setattr(replay.run_test, "fresh_arguments", lambda item, kata: {})

    def call(*args):
        raise error

    monkeypatch.setattr(replay.run_test, "call", call)
    monkeypatch.setattr(replay.run_test, "verdict_on", lambda error, target: Verdict(FAILED, repr(error)))
    assert TestBench(kata, []).run(item).message == repr(error)


def test_a_host_that_hangs_is_interrupted():
    if not hasattr(signal, "setitimer"):
        pytest.skip("no alarms here")
    with pytest.raises(TestTimeout), replay.alarm(0.1):
        while True:
            pass


def test_recordings_share_one_room(monkeypatch):
    monkeypatch.setattr(recordings, "MAX_KEPT", Recording.kept + 10)
    one, other = Recording(), Recording()
    one.note((b"12", b"34"), (b"5", b"6"))
    other.note((b"12", b"34"), (b"5", b"6"))
    assert (one.complete, other.complete) == (True, False)
    before = Recording.kept
    del one
    assert Recording.kept == before - 6
