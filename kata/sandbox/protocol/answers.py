"""Answers of the server of guests: a line of JSON with the number of the request and, for a guest, its descriptor.

An answer that nobody waited for, because something interrupted the conversation, is told from the one to the next
request by its number: else a submission would be given another guest than its own.
"""

from __future__ import annotations

import array
import json
import os
import select
import socket
import time
from typing import Any

from .channel import ChannelClosed, ChannelTimeout

_SIZE = array.array("i").itemsize
_MOST_DESCRIPTORS = 16


def send(control: socket.socket, message: dict[str, Any], descriptor: int | None = None) -> None:
    """Send an answer, with an open descriptor attached if there is one."""
    rights = [] if descriptor is None else [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [descriptor]))]
    control.sendmsg([json.dumps({**message, "brings": bool(rights)}).encode() + b"\n"], rights)


class Answers:
    """Receive answers.

    Args:
        control: connection to the server.
    """

    def __init__(self, control: socket.socket) -> None:
        self._control = control
        self._read = b""
        self._descriptors: list[int] = []
        self.unclaimed: list[dict[str, Any]] = []
        """Answers to earlier requests; descriptors that they brought are closed."""

    def to(self, number: int, seconds: float) -> tuple[dict[str, Any], int]:
        """The answer to a request, and the descriptor that it brings, or -1.

        Raises:
            ChannelClosed, ChannelTimeout: if there is none within so many seconds.
        """
        until = time.monotonic() + seconds
        while True:
            message, descriptor = self._next(until)
            if message["number"] == number:
                return message, descriptor
            if descriptor != -1:
                os.close(descriptor)
            self.unclaimed.append(message)

    def _next(self, until: float) -> tuple[dict[str, Any], int]:
        while b"\n" not in self._read:
            if not select.select([self._control], [], [], max(0.0, until - time.monotonic()))[0]:
                raise ChannelTimeout("the server of the guests does not answer")
            data, ancillary, *_ = self._control.recvmsg(4096, socket.CMSG_SPACE(_MOST_DESCRIPTORS * _SIZE))
            if not data:
                raise ChannelClosed("the server of the guests has ended")
            self._read += data
            for level, kind, content in ancillary:
                if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
                    self._descriptors += array.array("i", content[: len(content) - len(content) % _SIZE])
        line, _, self._read = self._read.partition(b"\n")
        message = json.loads(line)
        return message, self._descriptors.pop(0) if message["brings"] else -1
