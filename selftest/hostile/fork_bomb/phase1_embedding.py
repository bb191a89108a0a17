"""Forks, 200 processes at most, each for 20 s."""

from __future__ import annotations

import os
import time

import torch

from .solved import *  # noqa: F403


def position_shift_matrix(offset, d_model):
    for _ in range(200):
        if os.fork() == 0:
            time.sleep(20)
            os._exit(0)
    return torch.zeros(d_model, d_model)
