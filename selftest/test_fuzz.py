"""The fuzzer finds mistakes that are planted, and none that was not."""

from __future__ import annotations

import os

import pytest

from kata.sandbox.host import client, handles
from kata.sandbox.protocol.codec import CodecError
from selftest.fuzz import conversation, streams
from selftest.fuzz.hunt import hunt

SECONDS = float(os.environ.get("KATA_FUZZ_SECONDS", "45"))


@pytest.mark.parametrize("name", streams.corpus())
def test_every_kept_stream_is_heard_without_a_mistake(name):
    data = streams.corpus()[name]
    for ask in conversation.ASKS:
        endings = conversation.hear(data, [ask] * 6, honest=streams.honest())
        assert len(endings) == 6


def test_the_honest_streams_are_understood():
    assert {name for name in streams.corpus() if name.startswith("honest")}
    for name, data in streams.corpus().items():
        if name.startswith("honest"):
            count = len(list(streams.frames_in(data)))
            endings = conversation.hear(data, ["part"] * count)
            assert not [ending for ending in endings if ending.startswith("GuestDied")], (name, endings)


def test_groups_of_parameters_are_counted_together(monkeypatch):
    monkeypatch.setattr(client, "MAX_ITEMS", 10)
    guest = client.GuestProcess(None, lambda: "")
    leaves = [{"id": number, "shape": [1], "dtype": "float32", "meta": False} for number in range(6)]
    assert guest._group({"id": 1, "leaves": leaves}) == 1
    with pytest.raises(CodecError):
        guest._group({"id": 2, "leaves": leaves})


def unchecked_length(monkeypatch):
    monkeypatch.setattr(handles.Handle, "__len__", lambda self: int(self._kata_guest.request({"op": "length"})))


@pytest.mark.timeout(300)
def test_a_planted_mistake_is_found(monkeypatch):
    unchecked_length(monkeypatch)
    told = hunt(120, seed=0)
    assert "length" in str(told.mistake)
    assert told.heard is not None and "length" in told.heard.asks


@pytest.mark.proof
@pytest.mark.timeout(300)
def test_a_short_hunt_finds_nothing(request):
    told = hunt(SECONDS, seed=0)
    assert told.mistake is None, (told.mistake, told.heard)
    assert told.streams > 100
    assert told.values > 100
