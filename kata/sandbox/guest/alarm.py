"""End a call of the submission that takes too long, so that the guest can say in which line it was.

A loop in Python is interrupted by a signal; one that catches everything, or never comes back from torch, is not. Then
the host ends the guest a moment later, as it does where there are no such signals.
"""

from __future__ import annotations

import contextlib
import signal
from typing import Any, Iterator

AGAIN = 0.5
"""Seconds after which it rings again: code may catch the first one."""


class TimeIsUp(BaseException):
    """The submission has used up the time of a test. Not an ``Exception``, which a loop may catch and go on."""


class Alarm:
    """Rings once a test has run for too long."""

    def __init__(self) -> None:
        self._listening = False

    def set(self, seconds: float) -> None:
        """Ring after so many seconds; 0 for never."""
        if hasattr(signal, "setitimer"):
            signal.signal(signal.SIGALRM, self._ring)
            signal.setitimer(signal.ITIMER_REAL, seconds, AGAIN)

    @contextlib.contextmanager
    def listened_to(self) -> Iterator[None]:
        """While the submission's code runs: only then is it interrupted."""
        self._listening = True
        try:
            yield
        finally:
            self._listening = False

    def _ring(self, number: int, frame: Any) -> None:
        if self._listening:
            raise TimeIsUp
