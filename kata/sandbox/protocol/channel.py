"""Frames over a socket: a header and a payload, each of a checked size, numbered, with a deadline."""

from __future__ import annotations

import select
import signal
import socket
import struct
import time

MAX_HEADER = 32 * 2**20
MAX_PAYLOAD = 160 * 2**20

CHUNK, MAX_CHUNK = 1 << 16, 1 << 22
"""Bytes asked for at once, at least and at most."""

INTERRUPTIBLE = hasattr(signal, "pthread_kill")
"""Whether SIGINT ends a wait for a socket. On Windows it does not: Python looks for it between short waits."""

LOOK = 0.1

_PREFIX = struct.Struct("!4sIQQ")
"""Magic, size of the header, size of the payload, number of the frame."""

_MAGIC = b"kata"


class ChannelClosed(Exception):
    """The other side is gone."""


class ChannelTimeout(Exception):
    """The other side did not answer in time."""


class ChannelNonsense(Exception):
    """The other side sent something that is no frame, or not the next one."""


class Channel:
    """One end of a conversation.

    Args:
        connection: a connected stream socket.
    """

    def __init__(self, connection: socket.socket) -> None:
        self._socket = connection
        self._socket.setblocking(False)
        self._ahead = bytearray()  # what came with an earlier frame
        # Who puts in a frame of his own (a submission that finds the socket) is out of step from then on.
        self._sent = self._received = 0

    def send(self, header: bytes, payload: bytes = b"", deadline: float | None = None) -> None:
        """Send one frame.

        Raises:
            ChannelClosed, ChannelTimeout: the other side is gone, or does not read.
        """
        if len(header) > MAX_HEADER or len(payload) > MAX_PAYLOAD:
            raise ChannelNonsense("the message is too large")
        prefix = _PREFIX.pack(_MAGIC, len(header), len(payload), self._sent)
        self._sent += 1
        view = memoryview(b"".join((prefix, header, payload)))
        while view:
            try:
                view = view[self._socket.send(view) :]
            except BlockingIOError:
                self._wait(deadline, writing=True)
            except OSError as error:
                raise ChannelClosed(str(error)) from None

    def receive(self, deadline: float | None = None) -> tuple[bytes, bytes]:
        """Wait for one frame.

        Args:
            deadline: on the clock of ``time.monotonic``; None waits for ever.

        Raises:
            ChannelClosed, ChannelTimeout, ChannelNonsense: instead of a frame.
        """
        magic, header_size, payload_size, number = _PREFIX.unpack(self._read(_PREFIX.size, deadline))
        if magic != _MAGIC or header_size > MAX_HEADER or payload_size > MAX_PAYLOAD:
            raise ChannelNonsense("not a frame")
        if number != self._received:
            raise ChannelNonsense("a frame out of turn")
        self._received += 1
        return self._read(header_size, deadline), self._read(payload_size, deadline)

    def _read(self, size: int, deadline: float | None) -> bytes:
        while len(self._ahead) < size:
            try:
                chunk = self._socket.recv(max(CHUNK, min(size - len(self._ahead), MAX_CHUNK)))
            except BlockingIOError:
                self._wait(deadline)
                continue
            except OSError as error:
                raise ChannelClosed(str(error)) from None
            if not chunk:
                raise ChannelClosed("end of stream")
            self._ahead += chunk
        data = bytes(self._ahead[:size])
        del self._ahead[:size]
        return data

    def _wait(self, deadline: float | None, writing: bool = False) -> None:
        """Sleep until the socket is ready."""
        left = None
        if deadline is not None:
            left = deadline - time.monotonic()
            if left <= 0:
                raise ChannelTimeout
        readers, writers = ([], [self._socket]) if writing else ([self._socket], [])
        try:
            ready = select.select(readers, writers, [], left if INTERRUPTIBLE else min(left or LOOK, LOOK))
        except (OSError, ValueError) as error:
            raise ChannelClosed(str(error)) from None
        if not any(ready) and INTERRUPTIBLE:
            raise ChannelTimeout

    def fileno(self) -> int:
        """The socket's descriptor."""
        return self._socket.fileno()

    def close(self) -> None:
        """Hang up."""
        self._socket.close()
