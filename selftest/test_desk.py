"""Work is handed out once, the failed tasks are diagnosed in the order of the course, the six files come last."""

from __future__ import annotations

import threading

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


def test_a_diagnosis_waits_until_all_is_tested_and_the_ones_before_had_their_turn():
    desk = make_desk(failed=[ONE, TWO, THREE], named=["known"])
    for worker, task in (("x", ONE), ("y", TWO), ("x", THREE)):
        desk.take(worker, Part(*task))
    second, waiting_second = in_the_background(lambda: desk.turn("y", TWO))
    assert second == []  # x is still testing
    assert desk.turn("x", ONE) == {"failed": [ONE, TWO, THREE], "named": ["known"]}
    third, waiting_third = in_the_background(lambda: desk.turn("x", THREE))
    assert second == third == []
    desk.had_turn(ONE)
    waiting_second.join(timeout=5.0)
    assert len(second) == 1
    assert third == []
    desk.leave("y")  # it died: nobody is left to give its task a turn
    waiting_third.join(timeout=5.0)
    assert len(third) == 1


def test_nothing_more_is_handed_out_and_nobody_waits_at_a_closed_desk():
    desk = make_desk(failed=[ONE, TWO])
    desk.take("x", Part(*ONE))
    waiting = [
        in_the_background(lambda: desk.turn("y", TWO)),
        in_the_background(lambda: desk.take("x", Part(ASSEMBLED))),
    ]
    desk.close()
    for _, thread in waiting:
        thread.join(timeout=5.0)
    assert [answers for answers, _ in waiting] == [[None], [False]]
    assert not desk.take("x", Part("p9"))
