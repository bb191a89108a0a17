"""Calls itself for ever."""

from __future__ import annotations

from .solved import *  # noqa: F403


def position_shift_matrix(offset, d_model):
    return position_shift_matrix(offset, d_model)
