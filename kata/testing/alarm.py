"""The alarm of this process, in case a test hangs it and not only the submission."""

from __future__ import annotations

import contextlib
import signal
import threading
from typing import Any, Iterator

from ..sandbox import interrupts
from ..sandbox.errors import TestTimeout

HOST_SECONDS = 30.0
"""By which a test may exceed the limit that the guest has, before this process is taken to hang itself."""

AGAIN = 0.5
"""Seconds after which it rings again: code that catches everything in a loop swallows the first alarm."""


def set_alarm(seconds: float, limit: float) -> tuple[Any, tuple[float, float]]:
    """Raise ``TestTimeout`` after so many seconds, which tells of ``limit``; the handler and the timer before."""

    def ring(number: int, frame: Any) -> None:
        if not interrupts.in_conversation():  # else it rings again
            raise TestTimeout(f"no answer after {limit:g} s")

    return signal.signal(signal.SIGALRM, ring), signal.setitimer(signal.ITIMER_REAL, seconds, AGAIN)


@contextlib.contextmanager
def alarm(seconds: float) -> Iterator[None]:
    """Raise ``TestTimeout`` within after so many seconds (0: never), where there are such alarms."""
    if not seconds or not hasattr(signal, "setitimer") or threading.current_thread() is not threading.main_thread():
        yield
        return
    handler, (left, interval) = set_alarm(seconds, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, handler)
        if left:
            signal.setitimer(signal.ITIMER_REAL, left, interval)
