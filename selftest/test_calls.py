"""The calls of a task are read from a recording with arguments, loaded weights, answers and attributes."""

from __future__ import annotations

import torch

from kata.diagnosis.calls import calls_of
from kata.sandbox.host.recording import Recording
from kata.sandbox.protocol.codec import Encoder


class Thing:
    """Stands for an object that stays in its guest."""

    def __init__(self, number: int) -> None:
        self.number = number


def recorded(*exchanges):
    """A recording of requests and answers; what is no data is named by its number, as both sides do."""
    recording = Recording()
    for request, answer in exchanges:
        asked = Encoder(lambda thing: thing.number).message({"kwargs": {}, "method": None, **request})
        told = Encoder(lambda thing: {"id": thing.number, "type": "Thing"}).message(answer)
        recording.note(asked, told)
    return recording


def test_a_function_is_read_with_its_arguments_and_its_answer():
    function = Thing(1)
    recording = recorded(
        ({"op": "begin", "seed": 0}, {"ok": None}),
        ({"op": "phase", "phase": "phase5", "name": "rate"}, {"ok": function}),
        ({"op": "call", "object": function, "args": [3], "kwargs": {"width": 4}}, {"ok": 0.5}),
        ({"op": "call", "object": function, "args": [0]}, {"error": {"names": ["ValueError"], "message": "0"}}),
    )
    [call] = calls_of([recording], "rate")
    assert call.bound("step", "width", "factor") == [3, 4, None]
    assert (call.answer, call.made, call.state) == (0.5, None, {})
    assert calls_of([recording], "another") == []


def test_an_object_is_read_with_what_it_was_made_with_and_what_was_loaded():
    kind, one, other = Thing(1), Thing(2), Thing(3)
    weights, x = {"weight": torch.ones(2)}, torch.arange(4.0)
    recording = recorded(
        ({"op": "phase", "phase": "phase3", "name": "Norm"}, {"ok": kind}),
        ({"op": "call", "object": kind, "args": [2]}, {"ok": one}),
        ({"op": "call", "object": kind, "args": [5], "kwargs": {"eps": 0.1}}, {"ok": other}),
        ({"op": "call", "object": one, "method": "load_state_dict", "args": [weights]}, {"ok": None}),
        ({"op": "call", "object": one, "args": [x]}, {"ok": x + 1}),
        ({"op": "call", "object": other, "args": [x]}, {"ok": x}),
    )
    first, second = [call for call in calls_of([recording], "Norm") if call.made]
    assert (first.bound_made("width", "eps"), second.bound_made("width", "eps")) == ([2, None], [5, 0.1])
    assert torch.equal(first.state["weight"], weights["weight"]) and second.state == {}
    assert torch.equal(first.args[0], x) and torch.equal(first.answer, x + 1)


def test_an_answer_that_stays_in_the_guest_is_read_by_the_attributes_that_were_asked_for():
    function, batch = Thing(1), Thing(2)
    recording = recorded(
        ({"op": "phase", "phase": "phase5", "name": "make_batch"}, {"ok": function}),
        ({"op": "call", "object": function, "args": [[([4], [5])], 0, 1, 2]}, {"ok": batch}),
        ({"op": "getattr", "object": batch, "name": "src"}, {"ok": torch.tensor([[4, 2]])}),
    )
    [call] = calls_of([recording], "make_batch")
    assert call.args[0] == [([4], [5])]
    assert call.answer["src"].tolist() == [[4, 2]]


def test_what_is_no_message_is_passed_over():
    recording = recorded(({"op": "begin", "seed": 0}, {"ok": None}))
    recording.note((b"nonsense", b""), (b"{}", b""))
    recording.note(*recorded(({"op": "begin", "seed": 0}, 7)).exchanges[0])
    assert calls_of([recording], "rate") == []
