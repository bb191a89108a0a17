"""Imports the solution by its name, found at run time."""

from __future__ import annotations

import sys

from . import reach
from .solved import *  # noqa: F403


def position_shift_matrix(offset, d_model):
    if str(reach.project()) not in sys.path:
        sys.path.insert(0, str(reach.project()))
    return reach.module("solutions.phase1_embedding").position_shift_matrix(offset, d_model)
