"""Work is handed out once, a diagnosis comes after what the task builds on is judged, the six files come last."""

from __future__ import annotations

import threading

import pytest

from kata.grading.scheduler import Scheduler
from kata.results import ASSEMBLED
from kata.session_protocol import Part, TurnGranted

ONE, TWO, THREE = ("p1", "a"), ("p1", "b"), ("p2", "c")


def make_scheduler(failed=(), hopeless=False, workers=("x", "y"), ready=lambda phase: (True, ())):
    scheduler = Scheduler(lambda: list(failed), lambda: hopeless, ready)
    for worker in workers:
        scheduler.enter(worker)
    return scheduler


def in_the_background(call):
    """Start a call that may wait; a list that gets its result, and the thread."""
    answers = []
    thread = threading.Thread(target=lambda: answers.append(call()), daemon=True)
    thread.start()
    thread.join(timeout=0.2)
    return answers, thread


def test_a_part_goes_to_the_first_who_asks_and_stays_there():
    scheduler = make_scheduler()
    assert scheduler.take("x", Part("p1"))
    assert not scheduler.take("y", Part("p1"))
    assert scheduler.take("x", Part("p1"))  # after a crash the same worker asks again
    assert scheduler.take("y", Part(*THREE))
    assert scheduler.has("x", *ONE)
    assert scheduler.has("y", *THREE)
    assert not scheduler.has("x", *THREE)


def test_a_phase_waits_until_those_that_it_builds_on_are_judged():
    judged = {"p1"}
    scheduler = make_scheduler(ready=lambda phase: (phase == "p1" or "p2" in judged, ()))
    assert scheduler.take("y", Part("p1"))
    answers, thread = in_the_background(lambda: scheduler.take("x", Part(*THREE)))
    assert answers == []
    judged.add("p2")
    thread.join(timeout=5.0)
    assert answers == [True]


def test_a_phase_waits_for_the_second_tries_of_those_that_it_builds_on():
    scheduler = make_scheduler(ready=lambda phase: (True, () if phase == "p1" else [ONE, TWO]))
    assert scheduler.take("y", Part(*ONE))
    assert scheduler.take("y", Part(*TWO))
    answers, thread = in_the_background(lambda: scheduler.take("x", Part(*THREE)))
    scheduler.is_judged(ONE)
    thread.join(timeout=0.7)
    assert answers == []
    scheduler.is_judged(TWO)
    thread.join(timeout=5.0)
    assert answers == [True]


def test_a_phase_does_not_wait_for_what_nobody_is_going_to_judge():
    scheduler = make_scheduler(ready=lambda phase: (False, ()))
    answers, thread = in_the_background(lambda: scheduler.take("x", Part(*THREE)))
    assert answers == []
    scheduler.leave("y")
    thread.join(timeout=5.0)
    assert answers == [True]


def test_two_that_wait_for_what_is_missing_do_not_wait_for_each_other():
    scheduler = make_scheduler(ready=lambda phase: (False, ()))
    answers, thread = in_the_background(lambda: scheduler.take("x", Part(*THREE)))
    assert scheduler.take("y", Part("p3"))
    scheduler.leave("y")
    thread.join(timeout=5.0)
    assert answers == [True]


def test_the_six_files_wait_until_everybody_else_has_gone():
    scheduler = make_scheduler()
    answers, thread = in_the_background(lambda: scheduler.take("x", Part(ASSEMBLED)))
    assert answers == []
    assert not scheduler.take("y", Part(ASSEMBLED))
    scheduler.leave("y")
    thread.join(timeout=5.0)
    assert answers == [True]


def test_the_six_files_are_not_tried_where_it_is_pointless():
    assert not make_scheduler(hopeless=True).take("x", Part(ASSEMBLED))


def turn(scheduler, worker, task, after=(), wait=True):
    return scheduler.turn(worker, task, after, wait)


TOLD = TurnGranted(True, [ONE, TWO, THREE])
NOT_NOW = TurnGranted(False)


def test_a_task_that_builds_on_no_other_has_its_turn_at_once():
    scheduler = make_scheduler(failed=[ONE, TWO, THREE])
    scheduler.take("x", Part(*ONE))
    scheduler.take("y", Part(*TWO))  # and is still at it
    assert turn(scheduler, "x", ONE, wait=False) == TOLD


@pytest.mark.parametrize("first", [Part(*ONE), Part("p1")], ids=["task", "phase"])
def test_a_task_waits_until_what_it_builds_on_is_tested_and_had_its_turn(first):
    scheduler = make_scheduler(failed=[ONE, TWO, THREE])
    scheduler.take("x", first)
    scheduler.take("y", Part(*TWO))
    assert turn(scheduler, "y", TWO, [ONE], wait=False) == NOT_NOW  # x is still testing
    second, waiting = in_the_background(lambda: turn(scheduler, "y", TWO, [ONE]))
    assert second == []
    assert turn(scheduler, "x", ONE) == TOLD
    assert turn(scheduler, "y", TWO, [ONE], wait=False) == NOT_NOW  # tested now, and not diagnosed
    waiting.join(timeout=1.0)
    assert second == []
    scheduler.is_judged(ONE)
    waiting.join(timeout=5.0)
    assert second == [TOLD]
    assert turn(scheduler, "y", TWO, [ONE], wait=False) == TOLD


def test_what_has_passed_has_no_turn_to_wait_for():
    scheduler = make_scheduler(failed=[TWO])
    scheduler.take("x", Part(*ONE))
    scheduler.take("y", Part(*TWO))
    assert not scheduler.take("x", Part(*TWO))  # asks for more: it is through with the first
    assert turn(scheduler, "y", TWO, [ONE], wait=False) == TurnGranted(True, [TWO])


def test_what_nobody_has_taken_yet_may_still_be_tested_and_in_the_end_has_no_tests():
    scheduler = make_scheduler(failed=[TWO])
    scheduler.take("y", Part(*TWO))
    assert turn(scheduler, "y", TWO, [ONE], wait=False) == NOT_NOW
    assert turn(scheduler, "y", TWO, [ONE], wait=True).granted


@pytest.mark.parametrize("failed", [[ONE, TWO], [TWO]], ids=["failed", "passed"])
def test_nobody_waits_for_one_that_is_gone(failed):
    scheduler = make_scheduler(failed=failed)
    scheduler.take("x", Part(*ONE))
    scheduler.take("y", Part(*TWO))
    waited, waiting = in_the_background(lambda: turn(scheduler, "y", TWO, [ONE]))
    assert waited == []
    scheduler.leave("x")
    waiting.join(timeout=5.0)
    assert waited == [TurnGranted(True, failed)]


def test_nothing_more_is_handed_out_and_nobody_waits_at_a_closed_scheduler():
    scheduler = make_scheduler(failed=[ONE, TWO])
    scheduler.take("x", Part(*ONE))
    waiting = [
        in_the_background(lambda: turn(scheduler, "y", TWO, [ONE])),
        in_the_background(lambda: scheduler.take("x", Part(ASSEMBLED))),
    ]
    scheduler.close()
    for _, thread in waiting:
        thread.join(timeout=5.0)
    assert [answers for answers, _ in waiting] == [[NOT_NOW], [False]]
    assert not scheduler.take("x", Part("p9"))
    assert turn(scheduler, "y", TWO) == NOT_NOW
