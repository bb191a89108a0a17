"""Returns a list in a list in a list."""

from __future__ import annotations

from .solved import *  # noqa: F403


def position_shift_matrix(offset, d_model):
    value = []
    for _ in range(10_000):
        value = [value]
    return value
