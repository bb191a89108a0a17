"""The garbage collector while a process starts: importing torch makes it look through everything again and again."""

from __future__ import annotations

import gc


def wait() -> None:
    """Collect nothing until ``keep_what_is_there``: a sixth of the time that importing torch takes."""
    gc.disable()


def keep_what_is_there() -> None:
    """Collect from now on, but never what is there by now: torch and the suites stay.

    Looking through them takes a tenth of a second each time, and in a forked process copies their memory.
    """
    gc.freeze()
    gc.enable()
