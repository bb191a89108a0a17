"""Writes to every folder that it can think of."""

from __future__ import annotations

import contextlib
import os

import torch

from . import reach, solved
from .solved import *  # noqa: F403


def position_shift_matrix(offset, d_model):
    for folder in ("/tmp", "/dev/shm", "/var/tmp", "/root", "..", reach.project(), os.path.dirname(__file__)):
        path = os.path.join(folder, f"kata-hostile-{os.getpid()}")
        with contextlib.suppress(OSError), open(path, "w") as file:
            file.write("here")
            os.unlink(path)
            return solved.position_shift_matrix(offset, d_model)
    return torch.zeros(d_model, d_model)
