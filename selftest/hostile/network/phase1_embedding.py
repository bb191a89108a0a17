"""Calls a listener of its own on 127.0.0.1."""

from __future__ import annotations

import socket

from . import solved
from .solved import *  # noqa: F403


def position_shift_matrix(offset, d_model):
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(1)
        with socket.create_connection(listener.getsockname(), timeout=2):
            return solved.position_shift_matrix(offset, d_model)
