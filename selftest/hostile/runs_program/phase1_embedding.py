"""Runs another program."""

from __future__ import annotations

import os

from . import solved
from .solved import *  # noqa: F403


def position_shift_matrix(offset, d_model):
    os.posix_spawn("/bin/true", ["true"], {})
    return solved.position_shift_matrix(offset, d_model)
