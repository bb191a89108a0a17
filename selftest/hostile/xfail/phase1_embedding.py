"""Declares that it is expected to fail."""

from __future__ import annotations

from . import reach
from .solved import *  # noqa: F403


def position_shift_matrix(offset, d_model):
    reach.module("pytest").xfail("as expected")
