"""Leaves threads running and printing, for 20 s."""

from __future__ import annotations

import os
import threading
import time

import torch

from .solved import *  # noqa: F403


def chatter():
    """Print until the time is over."""
    end = time.monotonic() + 20
    while time.monotonic() < end:
        os.write(1, b"x" * 1000)
        time.sleep(0.01)


for _ in range(4):
    threading.Thread(target=chatter, daemon=True).start()


def position_shift_matrix(offset, d_model):
    return torch.zeros(d_model, d_model)
