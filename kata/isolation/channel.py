"""Frames over a socket: a header and a payload, each of a checked size, with a deadline."""

from __future__ import annotations

import socket
import struct
import time

MAX_HEADER = 32 * 2**20
MAX_PAYLOAD = 512 * 2**20

_PREFIX = struct.Struct("!4sIQ")
_MAGIC = b"kata"


class ChannelClosed(Exception):
    """The other side is gone."""


class ChannelTimeout(Exception):
    """The other side did not answer in time."""


class ChannelNonsense(Exception):
    """The other side sent something that is no frame."""


class Channel:
    """One end of a conversation.

    Args:
        connection: a connected stream socket.
    """

    def __init__(self, connection: socket.socket) -> None:
        self._socket = connection

    def send(self, header: bytes, payload: bytes = b"", deadline: float | None = None) -> None:
        """Send one frame.

        Raises:
            ChannelClosed, ChannelTimeout: the other side is gone, or does not read.
        """
        if len(header) > MAX_HEADER or len(payload) > MAX_PAYLOAD:
            raise ChannelNonsense("the message is too large")
        data = b"".join((_PREFIX.pack(_MAGIC, len(header), len(payload)), header, payload))
        try:
            self._socket.settimeout(_left(deadline))
            self._socket.sendall(data)
        except socket.timeout:
            raise ChannelTimeout from None
        except OSError as error:
            raise ChannelClosed(str(error)) from None

    def receive(self, deadline: float | None = None) -> tuple[bytes, bytes]:
        """Wait for one frame.

        Args:
            deadline: on the clock of ``time.monotonic``; None waits for ever.

        Raises:
            ChannelClosed, ChannelTimeout, ChannelNonsense: instead of a frame.
        """
        magic, header_size, payload_size = _PREFIX.unpack(self._read(_PREFIX.size, deadline))
        if magic != _MAGIC or header_size > MAX_HEADER or payload_size > MAX_PAYLOAD:
            raise ChannelNonsense("not a frame")
        return self._read(header_size, deadline), self._read(payload_size, deadline)

    def _read(self, size: int, deadline: float | None) -> bytes:
        buffer = bytearray(size)
        view = memoryview(buffer)
        filled = 0
        while filled < size:
            try:
                self._socket.settimeout(_left(deadline))
                count = self._socket.recv_into(view[filled:])
            except socket.timeout:
                raise ChannelTimeout from None
            except OSError as error:
                raise ChannelClosed(str(error)) from None
            if count == 0:
                raise ChannelClosed("end of stream")
            filled += count
        return bytes(buffer)

    def fileno(self) -> int:
        """The socket's descriptor."""
        return self._socket.fileno()

    def close(self) -> None:
        """Hang up."""
        self._socket.close()


def _left(deadline: float | None) -> float | None:
    if deadline is None:
        return None
    left = deadline - time.monotonic()
    if left <= 0:
        raise ChannelTimeout
    return left
