"""Work is handed out once, a diagnosis comes after those that may explain the task, the six files come last."""

from __future__ import annotations

import threading

import pytest

from kata.desk import Desk, Part
from kata.results import ASSEMBLED

ONE, TWO, THREE = ("p1", "a"), ("p1", "b"), ("p2", "c")


def make_desk(failed=(), named=(), hopeless=False, workers=("x", "y")):
    desk = Desk(lambda: list(failed), lambda: list(named), lambda: hopeless)
    for worker in workers:
        desk.enter(worker)
    return desk


def in_the_background(call):
    """Start a call that may wait; a list that gets its result, and the thread."""
    answers = []
    thread = threading.Thread(target=lambda: answers.append(call()), daemon=True)
    thread.start()
    thread.join(timeout=0.2)
    return answers, thread


def test_a_part_goes_to_the_first_who_asks_and_stays_there():
    desk = make_desk()
    assert desk.take("x", Part("p1"))
    assert not desk.take("y", Part("p1"))
    assert desk.take("x", Part("p1"))  # after a crash the same worker asks again
    assert desk.take("y", Part(*THREE))
    assert desk.has("x", *ONE)
    assert desk.has("y", *THREE)
    assert not desk.has("x", *THREE)


def test_the_six_files_wait_until_everybody_else_has_gone():
    desk = make_desk()
    answers, thread = in_the_background(lambda: desk.take("x", Part(ASSEMBLED)))
    assert answers == []
    assert not desk.take("y", Part(ASSEMBLED))
    desk.leave("y")
    thread.join(timeout=5.0)
    assert answers == [True]


def test_the_six_files_are_not_tried_where_it_is_pointless():
    assert not make_desk(hopeless=True).take("x", Part(ASSEMBLED))


def turn(desk, worker, task, after=(), wait=True):
    return desk.turn(worker, task, after, wait)


TOLD = {"failed": [ONE, TWO, THREE], "named": ["known"]}


def test_a_diagnosis_that_nothing_else_explains_is_made_at_once():
    desk = make_desk(failed=[ONE, TWO, THREE], named=["known"])
    desk.take("x", Part(*ONE))
    desk.take("y", Part(*TWO))  # and is still at it
    assert turn(desk, "x", ONE, wait=False) == TOLD


@pytest.mark.parametrize("first", [Part(*ONE), Part("p1")], ids=["task", "phase"])
def test_a_diagnosis_waits_until_what_may_explain_it_is_tested_and_had_its_turn(first):
    desk = make_desk(failed=[ONE, TWO, THREE], named=["known"])
    desk.take("x", first)
    desk.take("y", Part(*TWO))
    assert turn(desk, "y", TWO, [ONE], wait=False) is None  # x is still testing
    second, waiting = in_the_background(lambda: turn(desk, "y", TWO, [ONE]))
    assert second == []
    assert turn(desk, "x", ONE) == TOLD
    assert turn(desk, "y", TWO, [ONE], wait=False) is None  # tested now, and not diagnosed
    waiting.join(timeout=1.0)
    assert second == []
    desk.had_turn(ONE)
    waiting.join(timeout=5.0)
    assert second == [TOLD]
    assert turn(desk, "y", TWO, [ONE], wait=False) == TOLD


def test_what_has_passed_has_no_turn_to_wait_for():
    desk = make_desk(failed=[TWO])
    desk.take("x", Part(*ONE))
    desk.take("y", Part(*TWO))
    assert not desk.take("x", Part(*TWO))  # asks for more: it is through with the first
    assert turn(desk, "y", TWO, [ONE], wait=False) == {"failed": [TWO], "named": []}


def test_what_nobody_has_taken_yet_may_still_be_tested_and_in_the_end_has_no_tests():
    desk = make_desk(failed=[TWO])
    desk.take("y", Part(*TWO))
    assert turn(desk, "y", TWO, [ONE], wait=False) is None
    assert turn(desk, "y", TWO, [ONE], wait=True) is not None


@pytest.mark.parametrize("failed", [[ONE, TWO], [TWO]], ids=["failed", "passed"])
def test_nobody_waits_for_one_that_is_gone(failed):
    desk = make_desk(failed=failed)
    desk.take("x", Part(*ONE))
    desk.take("y", Part(*TWO))
    waited, waiting = in_the_background(lambda: turn(desk, "y", TWO, [ONE]))
    assert waited == []
    desk.leave("x")
    waiting.join(timeout=5.0)
    assert waited == [{"failed": failed, "named": []}]


def test_nothing_more_is_handed_out_and_nobody_waits_at_a_closed_desk():
    desk = make_desk(failed=[ONE, TWO])
    desk.take("x", Part(*ONE))
    waiting = [
        in_the_background(lambda: turn(desk, "y", TWO, [ONE])),
        in_the_background(lambda: desk.take("x", Part(ASSEMBLED))),
    ]
    desk.close()
    for _, thread in waiting:
        thread.join(timeout=5.0)
    assert [answers for answers, _ in waiting] == [[None], [False]]
    assert not desk.take("x", Part("p9"))
    assert turn(desk, "y", TWO) is None
