"""Returns an object that hangs when it is looked at."""

from __future__ import annotations

import time

from .solved import *  # noqa: F403


class Slow:
    """Takes a minute to say anything."""

    def __repr__(self):
        time.sleep(60)
        return "slow"

    __str__ = __repr__
    __len__ = __eq__ = __bool__ = lambda self, *rest: time.sleep(60)
    __hash__ = None


def position_shift_matrix(offset, d_model):
    return Slow()
