"""Orders and events come out of their line of JSON as they went in; what is none is no message."""

from __future__ import annotations

import pytest

from kata.results import TestResult
from kata.session_protocol import (
    Broken,
    Collect,
    Collected,
    CollectedTest,
    Diagnosed,
    Ended,
    Finished,
    GradeParts,
    Part,
    PartAsked,
    RunTests,
    TriedAgain,
    TurnAsked,
    TurnGranted,
    decode_event,
    decode_order,
    encode,
)  # fmt: skip

TASK = ("phase2_attention", "split_heads")
EVENTS = (
    Broken("why the suites could not be run"),
    Collected([CollectedTest("a", *TASK, core=True)]),
    PartAsked(Part("phase2_attention")),
    Finished(TestResult("a", *TASK, True, "failed", "why", 0.5, "printed")),
    TurnAsked(TASK, [TASK, ("phase2_attention", "merge_heads")], wait=True),
    Diagnosed(TASK, ["a", "b"], 2),
    TriedAgain(TASK, ["merge_heads"], [TestResult("a", *TASK, True, "passed")]),
    Ended(cancelled=True),
)
ORDERS = (
    Collect(["phase1_embedding"], "somewhere", 3),
    GradeParts(["phase1_embedding"], "x", 0, parts=[Part("a"), Part("a", "b")], leave_out=[TASK], done=["t"]),
    RunTests("phase2_attention", "x", None, ["a"], True, False),
    TurnGranted(True, [TASK]),
)


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: type(event).__name__)
def test_an_event_comes_back_as_it_was(event):
    assert decode_event(encode(event)) == event


@pytest.mark.parametrize("order", ORDERS, ids=lambda order: type(order).__name__)
def test_an_order_comes_back_as_it_was(order):
    assert decode_order(encode(order), type(order)) == order


@pytest.mark.parametrize(
    "line",
    ["", "null", "[]", "{}", "7", "no json", '["Nothing", {}]', '[["Ended"], {}]', '["Ended"]', '["Ended", 1]',
     '["Ended", {"more": 1}]', '["PartAsked", {"part": 3}]', b"\xff\xfe"],
)  # fmt: skip
def test_what_is_no_event_is_none(line):
    assert decode_event(line) is None


def test_an_order_of_another_kind_is_none():
    assert decode_order(encode(RunTests("a", "b")), Collect) is None
