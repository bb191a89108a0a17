"""Raises an exception of its own that is a kind of KeyboardInterrupt."""

from __future__ import annotations

from .solved import *  # noqa: F403


class Enough(KeyboardInterrupt):
    pass


def position_shift_matrix(offset, d_model):
    raise Enough("everybody stop")
