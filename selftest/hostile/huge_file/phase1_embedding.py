"""Fills the disk, 2 GiB at most."""

from __future__ import annotations

from . import solved
from .solved import *  # noqa: F403


def position_shift_matrix(offset, d_model):
    with open("full", "wb") as file:
        for _ in range(2048):
            file.write(b"x" * 2**20)
            file.flush()
    return solved.position_shift_matrix(offset, d_model)
