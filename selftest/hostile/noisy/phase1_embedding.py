"""A right answer that prints a lot on the way."""

from __future__ import annotations

import sys

from . import solved
from .solved import *  # noqa: F403


def position_shift_matrix(offset, d_model):
    print("loud " * 1000)
    print("louder", file=sys.stderr)
    return solved.position_shift_matrix(offset, d_model)
