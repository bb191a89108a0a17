"""Loops, ignores every signal it may and catches every exception."""

from __future__ import annotations

import contextlib
import signal

from .solved import *  # noqa: F403

for number in range(1, 32):
    with contextlib.suppress(OSError, ValueError):
        signal.signal(number, signal.SIG_IGN)
signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 32))


def position_shift_matrix(offset, d_model):
    while True:
        try:
            while True:
                pass
        except BaseException:
            continue
