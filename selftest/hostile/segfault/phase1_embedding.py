"""Reads address 0."""

from __future__ import annotations

from . import reach
from .solved import *  # noqa: F403


def position_shift_matrix(offset, d_model):
    reach.module("ctypes").string_at(0)
