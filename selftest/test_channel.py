"""Frames over a socket: what is sent arrives, and what is no frame, late or cut off says so."""

from __future__ import annotations

import socket
import threading
import time

import pytest

from kata.sandbox.protocol import channel as channels
from kata.sandbox.protocol.channel import Channel, ChannelClosed, ChannelNonsense, ChannelTimeout


@pytest.fixture
def pair():
    ends = socket.socketpair()
    yield Channel(ends[0]), Channel(ends[1])
    for end in ends:
        end.close()


@pytest.fixture
def raw():
    """A channel, and a bare socket at its other end."""
    ends = socket.socketpair()
    yield Channel(ends[0]), ends[1]
    for end in ends:
        end.close()


def soon(seconds=0.2):
    return time.monotonic() + seconds


@pytest.mark.parametrize("sizes", [(0, 0), (1, 0), (0, 1), (100, 100_000), (70_000, 3_000_000)], ids=str)
def test_a_frame_arrives_as_it_was_sent(pair, sizes):
    header, payload = (bytes(range(256)) * (size // 256 + 1) for size in sizes)
    sender = threading.Thread(target=pair[0].send, args=(header[: sizes[0]], payload[: sizes[1]]))
    sender.start()
    assert pair[1].receive(soon(30)) == (header[: sizes[0]], payload[: sizes[1]])
    sender.join()


def test_frames_arrive_one_by_one_and_in_order(pair):
    for number in range(100):
        pair[0].send(b"%d" % number, b"x" * number)
    assert [pair[1].receive(soon(30)) for _ in range(100)] == [(b"%d" % n, b"x" * n) for n in range(100)]


def test_a_frame_in_pieces_is_put_together(raw):
    channel, bare = raw
    frame = channels._PREFIX.pack(b"kata", 3, 4, 0) + b"abcdefg"

    def dribble():
        for byte in frame:
            bare.send(bytes([byte]))
            time.sleep(0.001)

    thread = threading.Thread(target=dribble)
    thread.start()
    assert channel.receive(soon(30)) == (b"abc", b"defg")
    thread.join()


def test_silence_ends_at_the_deadline(pair):
    start = time.monotonic()
    with pytest.raises(ChannelTimeout):
        pair[0].receive(soon())
    assert time.monotonic() - start < 10
    with pytest.raises(ChannelTimeout):
        pair[0].receive(time.monotonic() - 1.0)


def test_a_byte_now_and_then_does_not_move_the_deadline(raw):
    channel, bare = raw
    bare.send(channels._PREFIX.pack(b"kata", 1000, 0, 0))
    stop = threading.Event()

    def dribble():
        while not stop.wait(0.02):
            bare.send(b"x")

    thread = threading.Thread(target=dribble)
    thread.start()
    with pytest.raises(ChannelTimeout):
        channel.receive(soon())
    stop.set()
    thread.join()


def test_a_reader_that_does_not_read_ends_at_the_deadline(pair):
    with pytest.raises(ChannelTimeout):
        pair[0].send(b"", b"x" * 50_000_000, soon())


@pytest.mark.parametrize("sent", [b"", b"ka", channels._PREFIX.pack(b"kata", 10, 0, 0), b"kata\0\0\0\5\0"])
def test_an_end_in_the_middle_is_an_end(raw, sent):
    channel, bare = raw
    bare.send(sent)
    bare.close()
    with pytest.raises(ChannelClosed):
        channel.receive(soon(30))


def test_sending_to_nobody_says_so(pair):
    pair[1].close()
    with pytest.raises(ChannelClosed):
        pair[0].send(b"x", b"y" * 1_000_000)


@pytest.mark.parametrize(
    "prefix",
    [
        b"HTTP/1.1 200 OK\r\nServer: x",
        channels._PREFIX.pack(b"Kata", 0, 0, 0),
        channels._PREFIX.pack(b"kata", channels.MAX_HEADER + 1, 0, 0),
        channels._PREFIX.pack(b"kata", 0, channels.MAX_PAYLOAD + 1, 0),
        channels._PREFIX.pack(b"kata", 2**32 - 1, 2**64 - 1, 0),
    ],
    ids=repr,
)
def test_what_is_no_frame_is_nonsense_at_once(raw, prefix):
    channel, bare = raw
    bare.send(prefix)
    with pytest.raises(ChannelNonsense):
        channel.receive(soon(30))


@pytest.mark.parametrize("numbers", [(1,), (0, 0), (0, 2)], ids=str)
def test_a_frame_that_was_put_in_or_left_out_is_noticed(raw, numbers):
    channel, bare = raw
    for number in numbers:
        bare.send(channels._PREFIX.pack(b"kata", 1, 0, number) + b"x")
    for _ in numbers[1:]:
        assert channel.receive(soon(30)) == (b"x", b"")
    with pytest.raises(ChannelNonsense, match="out of turn"):
        channel.receive(soon(30))


def test_a_large_promise_takes_no_memory_before_it_is_kept(raw):
    resource = pytest.importorskip("resource")
    channel, bare = raw
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    bare.send(channels._PREFIX.pack(b"kata", channels.MAX_HEADER, channels.MAX_PAYLOAD, 0))
    with pytest.raises(ChannelTimeout):
        channel.receive(soon())
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 20_000  # KiB


def test_a_message_that_is_too_large_is_not_sent(pair):
    with pytest.raises(ChannelNonsense):
        pair[0].send(bytes(channels.MAX_HEADER + 1))
