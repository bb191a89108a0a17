"""Works for a while, then claims to be untouched."""

from __future__ import annotations

from .solved import *  # noqa: F403


def position_shift_matrix(offset, d_model):
    raise NotImplementedError
