"""Raises an exception that hangs when it is printed."""

from __future__ import annotations

import time

from .solved import *  # noqa: F403


class Slow(Exception):
    """Takes a minute to print."""

    def __str__(self):
        time.sleep(60)
        return ""


def position_shift_matrix(offset, d_model):
    raise Slow
