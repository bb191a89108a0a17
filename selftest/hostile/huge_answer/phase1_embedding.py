"""Returns a tensor expanded from one number to a terabyte."""

from __future__ import annotations

import torch

from .solved import *  # noqa: F403


def position_shift_matrix(offset, d_model):
    return torch.zeros(1).expand(2**38)
